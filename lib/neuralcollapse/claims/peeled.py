"""Claims of the page `long-tails` on the layer-peeled model: relaxation, prices, thresholds."""

import numpy as np

from neuralcollapse.claims.claim import Claim, Evidence, Measure
from neuralcollapse.metrics import imbalance_report
from neuralcollapse.theory.layer_peeled import (
    class_shares,
    group_optimum,
    minimise_peeled,
    peeled_factors,
    threshold_growth,
    threshold_point,
    threshold_ratio,
    vanishing_ratio,
)

PAGE = "collapse/long-tails"
RATIOS = (1.0, 2.0, 5.0, 10.0, 12.0, 14.0, 20.0, 30.0, 100.0)


def check_relaxation(available):
    """Descend in ``available(num_classes)`` dimensions; the certificate must close the gap."""
    generator, gaps, logits, sums, factors = np.random.default_rng(0), [], [], [], []
    for count in (3, 4, 6):
        shares = generator.dirichlet(np.full(count, 1.5))
        budgets = {"weight_budget": generator.uniform(0.5, 2), "feature_budget": 3.0}
        found = minimise_peeled(shares, available(count), starts=2, seed=1, **budgets)
        roomy = minimise_peeled(shares, 2 * count, seed=2, **budgets)
        gaps.append(found.gap)
        scores = roomy.features @ roomy.weight.T
        logits.append(np.abs(found.features @ found.weight.T - scores).max())
        sums.append(np.abs(found.weight.sum(axis=0)).max())
        small = peeled_factors(scores - scores.mean(axis=1, keepdims=True), count - 1, **budgets)
        spent = [(part**2).sum() / count for part in small]
        factors.append(max(np.divide(spent, list(budgets.values()))) - 1)
    return Evidence(
        (
            Measure("all within 1e-6 of the convex problem, certified", max(gaps) <= 1e-6, "==", 1),
            Measure("all logits those of 2K dimensions, to 0.001", max(logits) <= 1e-3, "==", 1),
            Measure("all classifiers of sum 0, to 0.001", max(sums) <= 1e-3, "==", 1),
            Measure("most a factorisation overspends", np.max(factors), "<=", 1e-9),
        )
    )


def check_price(unequal):
    """Descend with three small classes that differ by the share ``unequal``, at many budgets."""
    sizes = np.array([20.0, 9.0, 4.0, 1 + unequal, 1.0, 1 - unequal])
    shares, above, below = sizes / sizes.sum(), [], []
    for budget in (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0, 10.0):
        found = minimise_peeled(shares, 5, weight_budget=budget, feature_budget=1.0)
        rare = found.weight[3:]
        spread = np.linalg.norm(rare - rare.mean(axis=0), axis=1).max()
        (below if shares[3:].max() <= found.price else above).append(spread)
    return Evidence(
        (
            Measure("budgets with the price below the share", len(above), ">=", 2),
            Measure("budgets with the price over the share", len(below), ">=", 2),
            Measure("none merged while the price is below", min(above) >= 1e-2, "==", 1),
            Measure("all merged to 1e-4 where it is over", max(below) <= 1e-4, "==", 1),
        )
    )


def _rare_rows(sizes, ratio, budgets):
    """Spread and largest length of the rows of small classes where a descent ends."""
    found = minimise_peeled(class_shares(*sizes, ratio), sum(sizes) - 1, **budgets)
    rare = found.weight[sizes[0] :]
    spread = np.linalg.norm(rare - rare.mean(axis=0), axis=1).max()
    return spread, np.linalg.norm(rare, axis=1).max()


def check_threshold(reach):
    """Descend 3 per cent below and over both thresholds, with ``reach(E_W, E_H)`` for E."""
    over, under, gone, left, falls = [], [], [], [], []
    cases = ((5, 5, 1, 5), (2, 3, 0.4, 3), (1, 4, 2, 0.5), (7, 3, 1.5, 6), (4, 2, 0.5, 2))
    for *sizes, weight_budget, feature_budget in cases:
        budgets = {"weight_budget": weight_budget, "feature_budget": feature_budget}
        both = dict.fromkeys(budgets, reach(weight_budget, feature_budget))
        ratio = threshold_ratio(*sizes, **both)
        over.append(_rare_rows(sizes, 1.03 * ratio, budgets)[0])
        under.append(_rare_rows(sizes, max(0.97 * ratio, 1), budgets)[0])
        last = vanishing_ratio(*sizes, **both)
        if np.isfinite(last):
            gone.append(_rare_rows(sizes, 1.03 * last, budgets)[1])
            left.append(_rare_rows(sizes, 0.97 * last, budgets)[1])
        leaks = np.geomspace(0.05, 0.999, 40) * sizes[0] / sum(sizes)
        falls += [np.diff([threshold_point(*sizes, leak) for leak in leaks], axis=0).max()]
    return Evidence(
        (
            Measure("merged to 1e-4 over each threshold", max(over) <= 1e-4, "==", 1),
            Measure("separate by 0.01 below each", min(under) >= 1e-2, "==", 1),
            Measure("thresholds of vanishing", len(gone), ">=", 2),
            Measure("rows zero to 1e-4 over each of them", max(gone, default=1) <= 1e-4, "==", 1),
            Measure("rows of 0.01 below each", min(left, default=0) >= 1e-2, "==", 1),
            Measure("largest step of ratio or reach as the leak grows", max(falls), "<=", 0),
        )
    )


def check_growth(rate):
    """Hold logarithms of the threshold at large budgets against ``rate(k_A, k_B)`` and C."""
    slopes, constants = [], []
    for sizes in ((5, 5), (1, 3), (3, 6), (8, 2)):
        factor, _ = threshold_growth(*sizes)
        growth = rate(*sizes)
        reach = 600 / growth
        log_ratio = np.log(threshold_ratio(*sizes, weight_budget=reach, feature_budget=reach))
        slopes.append(abs(log_ratio / reach / growth - 1))
        constants.append(abs(log_ratio - growth * reach - np.log(factor)))
    return Evidence(
        (
            Measure("largest relative error of the rate", np.max(slopes), "<=", 0.01),
            Measure("largest error of the logarithm", np.max(constants), "<=", 0.2),
        )
    )


def peeled_sweep(ratios, *, weight_budget, feature_budget, starts=2):
    """Descend for five large and five small classes at some ratios.

    Parameters
    ----------
    ratios : sequence of float
    weight_budget, feature_budget : float
    starts : int

    Returns
    -------
    list of PeeledMinimum
    """
    budgets = {"weight_budget": weight_budget, "feature_budget": feature_budget}
    return [
        minimise_peeled(class_shares(5, 5, ratio), 10, starts=starts, **budgets) for ratio in ratios
    ]


def check_minority(weight_budget):
    """Descend at a feature budget of 5 over ratios; where does the cosine pass 0.999?"""
    budgets = {"weight_budget": weight_budget, "feature_budget": 5.0}
    found = peeled_sweep(RATIOS, **budgets)
    reports = [imbalance_report(end.weight, range(5, 10)) for end in found]
    exact = [group_optimum(5, 5, ratio, **budgets) for ratio in RATIOS]
    minority = np.array([report.minority for report in reports])
    passed = np.array(RATIOS)[minority >= 0.999]
    lasting = bool(len(passed)) and (minority[np.array(RATIOS) >= passed[0]] >= 0.999).all()
    starts = max(np.ptp(end.losses) for end in found)
    errors = [abs(end.loss - optimum.loss) for end, optimum in zip(found, exact, strict=True)]
    return Evidence(
        (
            Measure(
                "last ratio with cosine below 0.999", RATIOS[(minority < 0.999).sum() - 1], ">=", 10
            ),
            Measure("first ratio from 0.999 on", passed[0] if lasting else np.inf, "<=", 30),
            Measure("cosine of large classes at the end", reports[-1].majority, "<=", -0.2),
            Measure("length of small over large at the end", reports[-1].length_ratio, "<=", 0.2),
            Measure("largest difference between starts", starts, "<=", 1e-8),
            Measure("largest distance to the two equations", np.max(errors), "<=", 1e-8),
            Measure("all gaps certified to 1e-6", max(end.gap for end in found) <= 1e-6, "==", 1),
        )
    )


CLAIMS = (
    Claim(
        identifier="prop-peeled-relaxation",
        page=PAGE,
        statement="From K - 1 dimensions on the layer-peeled model is a convex problem in its "
        "logits; the optimal logits are unique and factors are known.",
        kind="proved",
        source="here, the relaxation fang2021",
        hypotheses="any class sizes, positive budgets",
        checker=check_relaxation,
        instance=lambda: {"available": lambda count: count - 1},
        control_statement="one dimension less is enough",
        control=lambda: {"available": lambda count: count - 2},
    ),
    Claim(
        identifier="prop-merging-price",
        page=PAGE,
        statement="Classes of equal share are one vector at the optimum if and only if that share "
        "is at most the price of nuclear norm.",
        kind="proved",
        source="here",
        hypotheses="two classes or more of equal size, others of any size, at least K - 1 "
        "dimensions",
        checker=check_price,
        instance=lambda: {"unequal": 0.0},
        control_statement="also if their sizes differ by 5 per cent",
        control=lambda: {"unequal": 0.05},
    ),
    Claim(
        identifier="prop-minority-threshold",
        page=PAGE,
        statement="Small classes merge from a finite ratio on, a curve in one parameter, and "
        "vanish from another, if at all.",
        kind="proved",
        source="here",
        hypotheses="two sizes of classes, at least two small ones, at least K - 1 dimensions",
        checker=check_threshold,
        instance=lambda: {"reach": lambda w, h: np.sqrt(w * h)},
        control_statement="with the arithmetic mean of the budgets",
        control=lambda: {"reach": lambda w, h: (w + h) / 2},
    ),
    Claim(
        identifier="cor-threshold-growth",
        page=PAGE,
        statement="The threshold grows exponentially in the geometric mean of the budgets, with "
        "known rate and factor.",
        kind="proved",
        source="here",
        hypotheses="as for the threshold, as the budgets grow",
        checker=check_growth,
        instance=lambda: {"rate": lambda large, small: threshold_growth(large, small)[1]},
        control_statement="at the rate K / k_A, as if every large class cost alike",
        control=lambda: {"rate": lambda large, small: (large + small) / large},
    ),
    Claim(
        identifier="obs-minority-collapse",
        page=PAGE,
        statement="With five large and five small classes and budgets 1 and 5 descents pass "
        "cosine 0.999 of the small classes between ratios 10 and 30.",
        kind="numerical",
        source="fang2021, experiment here",
        hypotheses="K = 10, d = 10, 9 ratios, two starts each, gaps certified to 1e-6",
        checker=check_minority,
        instance=lambda: {"weight_budget": 1.0},
        control_statement="whatever the budget of the classifier, 5 for instance",
        control=lambda: {"weight_budget": 5.0},
    ),
)
