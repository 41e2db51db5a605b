"""The layer-peeled model: slow loops, fifty digits, other solvers, limits, and bad input."""

import mpmath
import numpy as np
import pytest
from scipy.optimize import check_grad, minimize

from neuralcollapse.claims.peeled import RATIOS, peeled_sweep
from neuralcollapse.metrics import imbalance_report
from neuralcollapse.theory.layer_peeled import (
    class_shares,
    group_optimum,
    minimise_peeled,
    optimality_gap,
    peeled_factors,
    peeled_loss,
    threshold_growth,
    threshold_point,
    threshold_ratio,
    threshold_reach,
    vanishing_ratio,
)
from neuralcollapse.theory.unconstrained import minimise_free

BUDGETS = {"weight_budget": 1.0, "feature_budget": 5.0}
CASES = [  # large, small, ratio, budget of rows, of features
    (5, 5, 1.0, 1.0, 5.0),
    (5, 5, 6.5, 0.8, 2.2),
    (4, 3, 40.0, 2.0, 0.9),
    (1, 4, 3.0, 1.0, 2.0),
    (3, 1, 7.0, 2.0, 1.0),  # one small class has none to merge with
    (1, 1, 5.0, 1.0, 1.0),
    (7, 3, 1e4, 3.0, 3.0),  # zero
    (2, 6, 30.0, 0.3, 0.2),
    (1, 2, 1.01, 0.1, 0.1),
    (5, 5, 1e8, 1.0, 5.0),
    (1, 3, 1e9, 1e-2, 1e-2),  # never zero, however rare
]


def same(weight_budget, feature_budget=None):
    return {"weight_budget": weight_budget, "feature_budget": feature_budget or weight_budget}


def test_the_loss_agrees_with_a_slow_loop():
    generator = np.random.default_rng(0)
    logits, shares = generator.normal(size=(4, 4)), generator.dirichlet(np.ones(4))
    total = 0.0
    for k in range(4):
        total -= shares[k] * np.log(np.exp(logits[k, k]) / sum(np.exp(z) for z in logits[k]))
    assert np.isclose(peeled_loss(logits, shares)[0], total, rtol=1e-13)
    error = check_grad(
        lambda z: peeled_loss(z.reshape(4, 4), shares)[0],
        lambda z: peeled_loss(z.reshape(4, 4), shares)[1].ravel(),
        logits.ravel(),
    )
    assert error < 1e-6


@pytest.mark.parametrize("case", CASES)
def test_two_equations_are_certified_and_agree_with_a_descent(case):
    large, small, ratio, *both = case
    budgets = same(*both)
    optimum = group_optimum(large, small, ratio, **budgets)
    radius = (large + small) * np.sqrt(both[0] * both[1])
    assert np.isclose(np.linalg.svd(optimum.logits)[1].sum(), radius, rtol=1e-10)
    assert abs(optimality_gap(optimum.logits, optimum.shares, **budgets)) < 1e-12
    found = minimise_peeled(optimum.shares, large + small - 1, seed=3, **budgets)
    assert abs(found.loss - optimum.loss) < 1e-10
    assert abs(found.price - optimum.price) < 1e-7
    assert np.allclose(found.weight @ found.weight.T, optimum.weight_gram, atol=1e-5)
    assert np.allclose(found.features @ found.features.T, optimum.feature_gram, atol=1e-5)


@pytest.mark.parametrize("sizes", [(5, 5), (1, 3), (30, 2), (2, 200), (1, 1), (4, 1)])
@pytest.mark.parametrize("reach", [1e-3, 0.3, 30.0, 200.0])
def test_the_certificate_closes_for_extreme_ratios_and_budgets(sizes, reach):
    for ratio in (1.0, 1.001, 1e6, 1e12):
        optimum = group_optimum(*sizes, ratio, **same(reach))
        radius = sum(sizes) * reach
        gap = optimality_gap(optimum.logits, optimum.shares, **same(reach))
        assert abs(gap) < 1e-11 * max(radius, 1)
        assert np.isclose(np.linalg.svd(optimum.logits)[1].sum(), radius, rtol=1e-7)


def test_factors_have_the_grams_of_the_optimum():
    optimum = group_optimum(4, 3, 1.2, **same(1.3, 0.4))
    weight, features = peeled_factors(optimum.logits, 6, **same(1.3, 0.4))
    assert np.allclose(weight @ weight.T, optimum.weight_gram, atol=1e-12)
    assert np.allclose(features @ features.T, optimum.feature_gram, atol=1e-12)
    assert np.allclose(features @ weight.T, optimum.logits, atol=1e-12)
    with pytest.raises(ValueError, match="the rank of logits"):
        peeled_factors(optimum.logits, 5, **same(1))


def test_equal_classes_are_the_simplex_of_the_balanced_page():
    optimum = group_optimum(3, 4, 1.0, **BUDGETS)
    gain = 7 / 6 * np.sqrt(5)
    assert np.allclose(optimum.logits, gain * (np.eye(7) - 1 / 7), atol=1e-10)
    assert np.isclose(optimum.loss, np.log1p(6 * np.exp(-gain)), rtol=1e-12)
    assert not optimum.merged
    assert not optimum.vanished


def test_the_gap_of_zero_logits_is_the_first_slope():
    shares = class_shares(1, 2, 3)
    slope = shares[:, None] * (np.full((3, 3), 1 / 3) - np.eye(3))
    expected = 3 * np.sqrt(5) * np.sqrt(np.linalg.eigvalsh(slope @ slope.T)[-1])
    assert np.isclose(optimality_gap(np.zeros((3, 3)), shares, **BUDGETS), expected)


@pytest.mark.parametrize("sizes", [(5, 5), (1, 3), (6, 2), (2, 7)])
def test_the_threshold_is_stationary_with_fifty_digits(sizes):
    """The loss plus nuclear norm at the price of a small class, differentiated, is at rest."""
    large, small = sizes
    leak = 0.3 * large / (large + small)
    ratio, reach = threshold_point(large, small, leak)
    with mpmath.workdps(50):
        a, b, k = mpmath.mpf(large), mpmath.mpf(small), mpmath.mpf(large + small)

        def value(alpha, beta, x, y):
            own = mpmath.log(
                1 + (a - 1) * mpmath.exp(-alpha) + b * mpmath.exp(-alpha * (1 - 1 / a) - x)
            )
            other = mpmath.log(
                1 + (b - 1) * mpmath.exp(-beta) + a * mpmath.exp(-beta * (1 - 1 / b) - y)
            )
            norm = (a - 1) * alpha + (b - 1) * beta
            norm += mpmath.sqrt(a * b / k * (a * x**2 + b * y**2))
            return mpmath.mpf(ratio) * a * own + b * other + norm

        y = mpmath.log(a * (1 - leak) / (b * leak))
        spread = mpmath.sqrt(b / k - mpmath.mpf(leak) ** 2 * b / a)
        x = spread * y / leak
        rest = k * reach - mpmath.sqrt(a * b / k * (a * x**2 + b * y**2))
        point = [rest / (a - 1) if large > 1 else mpmath.mpf(1), mpmath.mpf(0), x, y]
        for place in range(4):
            order = tuple(int(index == place) for index in range(4))
            slope = mpmath.diff(value, tuple(point), order)
            assert abs(slope) < 1e-11


@pytest.mark.parametrize("sizes", [(5, 5), (1, 3), (8, 2), (2, 30)])
def test_ratio_and_reach_are_inverse_and_increase(sizes):
    reaches = np.geomspace(1e-3, 30, 12)
    ratios = [threshold_ratio(*sizes, **same(reach)) for reach in reaches]
    assert (np.diff(ratios) > 0).all()
    assert ratios[0] > 1
    back = [threshold_reach(*sizes, ratio) for ratio in ratios]
    assert np.allclose(back, reaches, rtol=1e-9)


def test_the_phase_changes_exactly_at_the_threshold():
    for sizes, reach in (((5, 5), 5**0.5), ((3, 4), 0.7), ((1, 5), 1.1)):
        ratio = threshold_ratio(*sizes, **same(reach))
        assert not group_optimum(*sizes, ratio * (1 - 1e-8), **same(reach)).merged
        assert group_optimum(*sizes, ratio * (1 + 1e-8), **same(reach)).merged
        last = vanishing_ratio(*sizes, **same(reach))
        if np.isfinite(last):
            assert last > ratio
            assert not group_optimum(*sizes, last * (1 - 1e-6), **same(reach)).vanished
            assert group_optimum(*sizes, last * (1 + 1e-6), **same(reach)).vanished


def test_only_the_product_of_the_budgets_matters():
    first = threshold_ratio(4, 3, weight_budget=0.1, feature_budget=20)
    assert np.isclose(first, threshold_ratio(4, 3, weight_budget=4, feature_budget=0.5))


def test_vanishing_ends_at_the_stated_budget():
    large, small = 5, 5
    spread = np.sqrt(small / 10)
    last = large * (large - 1) / 10 * np.log(large * spread / (small * (1 - spread)))
    assert np.isfinite(vanishing_ratio(large, small, **same(last * 0.999)))
    assert vanishing_ratio(large, small, **same(last * 1.001)) == np.inf
    assert vanishing_ratio(1, 5, **same(0.1)) == np.inf


def test_growth_is_approached():
    factor, rate = threshold_growth(3, 4)
    errors = [
        abs(np.log(threshold_ratio(3, 4, **same(reach)) / factor) - rate * reach)
        for reach in (10, 40, 160)
    ]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.2


def test_ratios_beyond_the_largest_float_are_infinite():
    assert threshold_ratio(5, 5, **same(1e6)) == np.inf


def test_acceptance_the_cosine_of_small_classes_passes_between_10_and_30():
    """Between ratios 10 and 30 at the budgets 5 and 1, from descents, in the window asked for."""
    found = peeled_sweep((10.0, 30.0), **BUDGETS)
    cosines = [imbalance_report(end.weight, range(5, 10)).minority for end in found]
    assert cosines[0] < 0.999 < cosines[1]
    assert 12 < threshold_ratio(5, 5, **BUDGETS) <= 12.5
    assert {10.0, 30.0} <= set(RATIOS)


def test_a_generic_solver_of_the_convex_problem_finds_no_less():
    """Four numbers by SLSQP, from the formula of the logits only."""
    budgets, shares = same(1.2, 0.9), class_shares(3, 3, 4.0)
    optimum = group_optimum(3, 3, 4.0, **budgets)
    side = np.repeat([1.0, 0.0], 3)

    def logits(p):
        within = np.zeros((6, 6))
        within[:3, :3] = p[0] * (np.eye(3) - 1 / 3)
        within[3:, 3:] = p[1] * (np.eye(3) - 1 / 3)
        return within + np.outer(p[2] * side - p[3] * (1 - side), side - 0.5)

    def room(p):
        return 6 * np.sqrt(1.08) - np.linalg.svd(logits(p))[1].sum()

    found = minimize(
        lambda p: peeled_loss(logits(p), shares)[0],
        [1.0, 0.5, 0.5, 0.5],
        method="SLSQP",
        constraints={"type": "ineq", "fun": room},
        options={"ftol": 1e-14},
    )
    assert abs(found.fun - optimum.loss) < 1e-7


@pytest.mark.parametrize(("factor", "merged"), [(1.1, True), (0.9, False)])
def test_penalised_classes_merge_from_n_equal_to_n_squared_times_the_decays(factor, merged):
    """The exercise on penalties: sizes 9, 9, 2, 2."""
    labels = np.repeat(np.arange(4), (9, 9, 2, 2))
    product = factor * 2 / len(labels) ** 2
    decays = {"weight_decay": product / 0.02, "feature_decay": 0.02}
    end = minimise_free(labels, 4, biased=False, seed=1, **decays)
    distance = np.linalg.norm(end.weight[2] - end.weight[3])
    assert (distance < 1e-3) == merged
    assert np.linalg.norm(end.weight[0] - end.weight[1]) > 0.1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: class_shares(0, 2, 2), "num_majority"),
        (lambda: class_shares(2, 2, -1), "ratio"),
        (lambda: peeled_loss(np.zeros((2, 2)), [0.5, 0.6]), "divide class sizes"),
        (lambda: peeled_loss(np.zeros((2, 3)), [0.5, 0.5]), "logits"),
        (lambda: minimise_peeled([0.5, 0.5], 0, **BUDGETS), "dimension"),
        (lambda: minimise_peeled([0.5, 0.5], 1, **same(1, -1)), "feature_budget"),
        (lambda: group_optimum(2, 2, 0.5, **BUDGETS), "at least 1"),
        (lambda: threshold_point(2, 2, 0.5), "leak"),
        (lambda: threshold_ratio(2, 1, **BUDGETS), "none to merge with"),
        (lambda: threshold_reach(2, 2, 1.0), "never merge"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
