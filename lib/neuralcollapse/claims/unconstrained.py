"""Claims of the page collapse/unconstrained-features: optima, saddles, small starts, budgets."""

import numpy as np
import torch
from scipy.optimize import minimize
from scipy.special import softmax, xlogy
from torch.nn import functional

from neuralcollapse.claims.claim import Claim, Evidence, Measure
from neuralcollapse.claims.free_flow import balanced, distances, flow, nuisances, start
from neuralcollapse.claims.penalised_network import penalised_digits
from neuralcollapse.theory.unconstrained import (
    budget_decays,
    collapse_bound,
    free_objective,
    free_optimum,
    minimise_free,
    orbit_dimension,
    zero_spectrum,
)

PAGE = "collapse/unconstrained-features"
CASES = (  # classes, samples per class, dimension, decay of weights and of features
    (3, 4, 2, 0.02, 0.007),
    (5, 3, 6, 0.011, 0.03),
    (6, 2, 9, 0.004, 0.05),
    (7, 5, 7, 2e-3, 4e-3),
    (4, 6, 4, 0.09, 0.2),  # zero phase
)


def hessian(weight, features, bias, labels, *, weight_decay, feature_decay, loss):
    """Hessian of the objective by automatic differentiation.

    Parameters
    ----------
    weight, features, bias, labels, weight_decay, feature_decay, loss
        As for `free_objective`.

    Returns
    -------
    ndarray, shape (num_parameters, num_parameters), float64
    """
    parts = [torch.from_numpy(p) for p in (weight, features, bias) if p is not None]
    sizes, targets = [p.numel() for p in parts], torch.from_numpy(np.asarray(labels))

    def objective(flat):
        pieces = [p.reshape(q.shape) for p, q in zip(flat.split(sizes), parts, strict=True)]
        logits = pieces[1] @ pieces[0].T + (pieces[2] if bias is not None else 0)
        if loss == "cross_entropy":
            value = functional.cross_entropy(logits, targets)
        else:
            rest = logits - functional.one_hot(targets, logits.shape[1])
            value = rest.square().sum() / 2 / len(targets)
        squares = [piece.square().sum() for piece in pieces[:2]]
        return value + weight_decay / 2 * squares[0] + feature_decay / 2 * squares[1]

    flat = torch.cat([p.reshape(-1) for p in parts])
    return torch.autograd.functional.hessian(objective, flat).numpy()


def check_product(price):
    """Hold the decay of random factors against ``price(weight_decay, feature_decay)``."""
    generator = np.random.default_rng(0)
    identity, balance, below, left = [], [], [], []
    for count, samples, dimension in ((3, 5, 2), (4, 4, 6), (6, 9, 3)):
        for decays in ((0.3, 0.3), (0.02, 1.7), (5.0, 0.4)):
            root = np.sqrt(decays)
            weight, features = (
                generator.normal(size=(rows, dimension)) for rows in (count, samples)
            )
            u, s, vt = np.linalg.svd(features @ weight.T, full_matrices=False)
            live = s > 1e-9
            polar = u[:, live] @ vt[live]
            cost = (decays[0] * (weight**2).sum() + decays[1] * (features**2).sum()) / 2
            rest = ((root[0] * weight - root[1] * polar.T @ features) ** 2).sum() / 2
            rest += decays[1] / 2 * ((features - polar @ polar.T @ features) ** 2).sum()
            identity.append(abs(cost - price(*decays) * s.sum() - rest))

            def logarithm(x, cut=count * dimension, rows=(count, samples), decays=decays):
                w, h = x[:cut].reshape(rows[0], -1), x[cut:].reshape(rows[1], -1)
                cost = (decays[0] * (w**2).sum() + decays[1] * (h**2).sum()) / 2
                nuclear = np.linalg.svd(h @ w.T, compute_uv=False).sum()
                return np.log(cost / (price(*decays) * nuclear))

            start = np.concatenate([weight.ravel(), features.ravel()])
            end = minimize(logarithm, start, method="L-BFGS-B")
            below.append(-end.fun)
            left.append(end.fun)
            w, h = (part.reshape(-1, dimension) for part in np.split(end.x, [count * dimension]))
            gap = decays[0] * w.T @ w - decays[1] * h.T @ h
            balance.append(np.abs(gap).max() / np.abs(decays[0] * w.T @ w).max())
    return Evidence(
        (
            Measure("largest error of the identity", np.max(identity), "<=", 1e-9),
            Measure("largest log-ratio below the bound", np.max(below), "<=", 1e-12),
            Measure("all bounds reached to 1e-6", np.max(left) <= 1e-6, "==", 1),
            Measure("all ends balanced to 0.01", np.max(balance) <= 1e-2, "==", 1),
        )
    )


def _against_descent(cases, loss, biases, formula):
    """Gaps between closed form and descent: objective, Gram matrix, duality, bias."""
    objectives, grams, duals, leans = [], [], [], []
    for count, samples, dimension, weight_decay, feature_decay in cases:
        decays = {"weight_decay": weight_decay, "feature_decay": feature_decay}
        labels = balanced(count, samples)
        for biased in biases:
            optimum = formula(count, samples, biased, decays)
            found = minimise_free(labels, dimension, loss=loss, biased=biased, seed=1, **decays)
            objectives.append(abs(found.objective - optimum.objective))
            scale = max(optimum.weight_gram.max(), 1)
            grams.append(np.abs(found.weight @ found.weight.T - optimum.weight_gram).max() / scale)
            ratio = np.sqrt(weight_decay / (samples * feature_decay))
            duals.append(np.abs(found.features - ratio * found.weight[labels]).max())
            leans.append(np.ptp(found.bias) if biased else 0)
    return Evidence(
        (
            Measure("largest gap of the objective", np.max(objectives), "<=", 1e-8),
            Measure("all products of weights within 1e-4", np.max(grams) <= 1e-4, "==", 1),
            Measure(
                "all features a multiple of their weights, to 1e-4", np.max(duals) <= 1e-4, "==", 1
            ),
            Measure("all biases uniform to 1e-4", np.max(leans) <= 1e-4, "==", 1),
        )
    )


def check_cross_entropy(counted):
    """Descend, and compare with the closed form for ``counted(samples)`` samples a class."""

    def formula(count, samples, biased, decays):
        return free_optimum(count, counted(samples), biased=biased, **decays)

    return _against_descent(CASES, "cross_entropy", (True, False), formula)


def check_squared(shape):
    """Descend on the squared loss; the optimum is that of a bias where ``shape(biased)``."""
    cases = [
        (count, samples, max(dimension, count), *decays)
        for count, samples, dimension, *decays in CASES
    ]

    def formula(count, samples, biased, decays):
        return free_optimum(count, samples, loss="squared", biased=shape(biased), **decays)

    return _against_descent(cases, "squared", (True, False), formula)


def check_few_dimensions(available):
    """Descend in fewer dimensions than classes; ``available(K, d)`` directions are learnt."""
    gaps, tight, lengths = [], [], []
    for count, samples, dimension in ((4, 3, 2), (5, 2, 3), (6, 2, 5)):
        decays = {"weight_decay": 0.012, "feature_decay": 0.03}
        optimum = free_optimum(count, samples, loss="squared", biased=False, **decays)
        learnt = available(count, dimension)
        value = (learnt * optimum.objective + (count - learnt) / 2) / count
        for seed in range(2):
            found = minimise_free(
                balanced(count, samples),
                dimension,
                loss="squared",
                biased=False,
                seed=seed,
                **decays,
            )
            gaps.append(abs(found.objective - value))
            values = np.linalg.eigvalsh(found.weight.T @ found.weight) * optimum.ratio
            tight.append(np.abs(values - optimum.gain).max())
            rows = np.linalg.norm(found.weight, axis=1)
            lengths.append(rows.std() / rows.mean())
    return Evidence(
        (
            Measure("largest gap of the objective", np.max(gaps), "<=", 1e-8),
            Measure("all frames tight to 1e-4", np.max(tight) <= 1e-4, "==", 1),
            Measure("some rows differ in length by a tenth", np.max(lengths) >= 0.1, "==", 1),
        )
    )


def check_zero_phase(critical):
    """Descend where ``critical(K, n)`` is just over and under 1; only over it may all be zero."""
    over, under = [], []
    for count, samples in ((3, 4), (5, 2)):
        for loss in ("cross_entropy", "squared"):
            for dimension in (1, count + 1):
                for value in (1.05, 0.95):
                    decay = value / critical(count, samples)
                    decays = {"weight_decay": 3 * decay, "feature_decay": decay / 3}
                    found = minimise_free(
                        balanced(count, samples), dimension, loss=loss, scale=2.0, **decays
                    )
                    (over if value > 1 else under).append(np.linalg.norm(found.weight))
    return Evidence(
        (
            Measure(
                "all norms below 0.001 over the threshold",
                np.max(over) <= 1e-3,
                "==",
                1,
            ),
            Measure("least norm of a classifier under it", np.min(under), ">=", 0.01),
        )
    )


def check_value_at_rest(stretch):
    """Compare objectives with what logits say of them, at critical points times `stretch`."""
    gaps = {"cross_entropy": [], "squared": []}
    decays = {"weight_decay": 0.01, "feature_decay": 0.02}
    for sizes, dimension in (((4, 4, 4), 2), ((9, 2, 1, 5), 3), ((3, 3, 3, 3, 3, 3), 2)):
        labels = np.repeat(np.arange(len(sizes)), sizes)
        targets = np.eye(len(sizes))[labels]
        for loss, found_gaps in gaps.items():
            for biased in (True, False):
                found = minimise_free(labels, dimension, biased=biased, loss=loss, **decays)
                weight, bias = stretch * found.weight, found.bias
                value, _ = free_objective(weight, found.features, bias, labels, loss=loss, **decays)
                logits = found.features @ weight.T
                if loss == "cross_entropy":
                    shares = softmax(logits + (bias if biased else 0), axis=1)
                    stated = -xlogy(shares, shares).sum() / len(labels)
                else:
                    parts = [p - biased * p.mean(axis=0) for p in (targets, logits)]
                    stated = ((parts[0] ** 2).sum() - (parts[1] ** 2).sum()) / 2 / len(labels)
                found_gaps.append(abs(value - stated))
    return Evidence(
        (
            Measure("largest gap, cross-entropy", np.max(gaps["cross_entropy"]), "<=", 1e-7),
            Measure("largest gap, squared loss", np.max(gaps["squared"]), "<=", 1e-7),
        )
    )


def critical_point(sizes, dimension, extra, loss, seed=0):
    """Least eigenvalue where descent in few dimensions ends, with `extra` zero ones added."""
    labels = np.repeat(np.arange(len(sizes)), sizes)
    decays = {"weight_decay": 0.01, "feature_decay": 0.02}
    found = minimise_free(labels, dimension, loss=loss, seed=seed, **decays)
    wider = [np.pad(part, ((0, 0), (0, extra))) for part in (found.weight, found.features)]
    matrix = hessian(*wider, found.bias, labels, loss=loss, **decays)
    return float(np.linalg.eigvalsh(matrix)[0])


def check_benign(dimension):
    """Descend in ``dimension(K)`` dimensions from many starts; look for curvature at saddles."""
    spread, curvature = [], []
    for sizes in ((2, 2, 2, 2, 2), (5, 1, 2, 1, 3)):
        labels = np.repeat(np.arange(len(sizes)), sizes)
        for loss in ("cross_entropy", "squared"):
            ends = minimise_free(
                labels,
                dimension(len(sizes)),
                weight_decay=0.01,
                feature_decay=0.01,
                loss=loss,
                starts=8,
                seed=1,
            ).objectives
            spread.append(np.ptp(ends))
            curvature.append(critical_point(sizes, 2, 1, loss))
    return Evidence(
        (
            Measure("all 8 descents end alike, to 1e-8", np.max(spread) <= 1e-8, "==", 1),
            Measure("largest least eigenvalue at a saddle", np.max(curvature), "<=", -1e-4),
        )
    )


def check_strict_saddle(counted):
    """Differentiate twice at zero; spectra must be those for ``counted(samples)`` samples."""
    gaps, wrong = [], 0
    for count, samples, dimension in ((3, 2, 2), (4, 3, 1)):
        for loss in ("cross_entropy", "squared"):
            for biased in (True, False):
                for c in (0.3, 0.97, 1.03):
                    root = c / count / np.sqrt(samples)
                    decays = {"weight_decay": 2.5 * root, "feature_decay": root / 2.5}
                    optimum = free_optimum(count, samples, loss=loss, biased=biased, **decays)
                    _, _, bias = optimum.factors(count)
                    zeros = [np.zeros((rows, dimension)) for rows in (count, count * samples)]
                    matrix = hessian(*zeros, bias, balanced(count, samples), loss=loss, **decays)
                    values = np.linalg.eigvalsh(matrix)
                    stated = zero_spectrum(
                        count, counted(samples), dimension, loss=loss, biased=biased, **decays
                    )
                    wrong += (stated[0] < -1e-12) != (c < 1)
                    gaps.append(
                        max(abs(values[0] - stated[0]), abs(values[-1] - stated[-1]))
                        if len(values) != len(stated)
                        else np.abs(values - stated).max()
                    )
    return Evidence(
        (
            Measure("largest error of an eigenvalue", np.max(gaps), "<=", 1e-9),
            Measure("signs that contradict c < 1", wrong, "==", 0),
        )
    )


def check_flat_directions(orbit):
    """Count the flat directions at the optimum, which should be ``orbit(rank, dimension)``."""
    errors, least, gaps = [], [], []
    for count, samples, dimension in ((3, 2, 5), (4, 2, 4), (2, 3, 4)):
        for loss in ("cross_entropy", "squared"):
            for biased in (True, False):
                decays = {"weight_decay": 0.02, "feature_decay": 0.05}
                optimum = free_optimum(count, samples, loss=loss, biased=biased, **decays)
                parts = optimum.factors(dimension)
                matrix = hessian(*parts, balanced(count, samples), loss=loss, **decays)
                values = np.linalg.eigvalsh(matrix)
                flat = orbit(optimum.rank, dimension) + (biased and loss == "cross_entropy")
                errors.append(abs(int((np.abs(values) < 1e-9).sum()) - flat))
                least.append(values[0])
                gaps.append(values[np.abs(values) >= 1e-9].min())
    return Evidence(
        (
            Measure("least eigenvalue", np.min(least), ">=", -1e-9),
            Measure("largest error of the number of zeros", np.max(errors), "==", 0),
            Measure("least eigenvalue that is not zero", np.min(gaps), ">=", 1e-4),
        )
    )


def check_small_start(bound):
    """Follow flows; distances from collapse must stay below what `bound(start)` allows."""
    moved, grown, misfits, beyond = [], [], [], []
    for scale in (1.0, 0.3, 0.1):
        for seed, balance in ((0, False), (1, True)):
            path = flow(scale, seed, balance)
            first = start(scale, seed, balance=balance)
            points = zip(path.weights, path.features, path.biases, strict=True)
            conserved, nuisance = [], []
            for weight, features, bias in points:
                conserved.append(weight.T @ weight - features.T @ features)
                nuisance.append(nuisances(weight, features, bias, path.labels))
            moved.append(np.abs(np.array(conserved) - conserved[0]).max())
            grown.append(np.diff(nuisance, axis=0).max())
            count, delta = len(path.weights[0]), bound(*first)
            values, duality, spread, misfit = distances(
                path.weights[-1], path.features[-1], path.labels
            )
            misfits.append(misfit)
            between = max((count - 1) * (np.sqrt(5) - delta), 0)
            square = (count - 1) * (1.25 / np.sqrt(5) + delta / 5) * delta**2
            beyond += [values - delta, duality - square]
            beyond.append(spread * between - nuisances(*first)[0])
    return Evidence(
        (
            Measure("largest change of W'W - H'H", np.max(moved), "<=", 1e-8),
            Measure("largest growth of a nuisance", np.max(grown), "<=", 1e-8),
            Measure("largest misfit of the class means", np.max(misfits), "<=", 1e-6),
            Measure("largest distance beyond its bound", np.max(beyond), "<=", 1e-6),
        )
    )


def check_large_start(scale):
    """Follow flows from starts of a scale, to zero loss, and see how far they end from collapse."""
    fits, spreads, angles = [], [], []
    for seed in range(3):
        path = flow(scale, seed)
        values, _, spread, _ = distances(path.weights[-1], path.features[-1], path.labels)
        fits.append(path.losses[-1])
        spreads.append(spread)
        angles.append(values)
    return Evidence(
        (
            Measure("all losses at the end below 1e-6", np.max(fits) <= 1e-6, "==", 1),
            Measure("least scatter within classes over between", np.min(spreads), ">=", 0.5),
            Measure("least distance of the eigenvalues", np.min(angles), ">=", 0.5),
        )
    )


def constrained(num_classes, samples_per_class, dimension, budgets, loss, seed):
    """Minimise the loss where two budgets of norm bound classifier and features.

    Parameters
    ----------
    num_classes, samples_per_class, dimension : int
    budgets : (float, float)
        Mean squared length of the rows of W, and of the features.
    loss : {"cross_entropy", "squared"}
    seed : int

    Returns
    -------
    value : float
    weight, features : ndarray
    """
    labels = balanced(num_classes, samples_per_class)
    shapes = (num_classes, dimension), (len(labels), dimension)
    cut = num_classes * dimension
    bounds = budgets[0] * num_classes, budgets[1] * len(labels)

    def parts(x):
        inner = x[: cut + len(labels) * dimension]
        return inner[:cut].reshape(shapes[0]), inner[cut:].reshape(shapes[1]), x[inner.size :]

    def value(x):
        found, slopes = free_objective(
            *parts(x), labels, weight_decay=0, feature_decay=0, loss=loss
        )
        return found, np.concatenate([s.ravel() for s in slopes])

    def room(x):
        weight, features, _ = parts(x)
        return np.array([bounds[0] - (weight**2).sum(), bounds[1] - (features**2).sum()])

    def room_slope(x):
        weight, features, _ = parts(x)
        slopes = np.zeros((2, x.size))
        slopes[0, :cut] = -2 * weight.ravel()
        slopes[1, cut : cut + features.size] = -2 * features.ravel()
        return slopes

    begin = np.random.default_rng(seed).normal(size=cut + len(labels) * dimension)
    begin = np.concatenate([begin / np.sqrt(begin.size), np.zeros(num_classes)])
    found = minimize(
        value,
        begin,
        jac=True,
        method="SLSQP",
        constraints={"type": "ineq", "fun": room, "jac": room_slope},
        options={"maxiter": 800, "ftol": 1e-15},
    )
    weight, features, _ = parts(found.x)
    return float(found.fun), weight, features


def check_budgets(loss):
    """Minimise under budgets; the end must be the penalised optimum of matching decays."""
    gaps, spent, simplex = [], [], []
    for count, samples, dimension, budgets in (
        (3, 2, 3, (2.0, 0.7)),
        (4, 2, 3, (1.5, 3.0)),
        (3, 3, 2, (0.2, 0.4)),
    ):
        decays = budget_decays(count, samples, weight_budget=budgets[0], feature_budget=budgets[1])
        optimum = free_optimum(count, samples, weight_decay=decays[0], feature_decay=decays[1])
        spent.append(abs(optimum.weight_norm**2 / count / budgets[0] - 1))
        spent.append(abs(optimum.feature_norm**2 / count / samples / budgets[1] - 1))
        reach = count / (count - 1) * np.sqrt(budgets[0] * budgets[1])
        if loss == "cross_entropy":
            least = np.log1p((count - 1) * np.exp(-reach))
        else:
            least = (count - 1) / (2 * count) * max(1 - reach, 0) ** 2
        value, weight, _ = constrained(count, samples, dimension, budgets, loss, 3)
        gaps.append(abs(value - least))
        simplex.append(np.abs(weight @ weight.T - optimum.weight_gram).max())
    return Evidence(
        (
            Measure("largest gap of the least loss", np.max(gaps), "<=", 1e-8),
            Measure("largest relative error of a budget spent", np.max(spent), "<=", 1e-9),
            Measure("all classifiers as stated, to 0.001", np.max(simplex) <= 1e-3, "==", 1),
        )
    )


def check_network(widths, regularisation=0.1):
    """Train networks with penalised features; compare with the optimum of free ones."""
    objectives, reports, optimum = penalised_digits(widths, regularisation)
    excess = objectives / optimum.objective - 1
    duality = max(report.self_duality for report in reports)
    return Evidence(
        (
            Measure("networks below the free optimum", int((excess < 0).sum()), "==", 0),
            Measure("networks within one per cent of it", int((excess <= 0.01).sum()), "==", 3),
            Measure("NC3 at most 0.001 in all", duality <= 1e-3, "==", 1),
        )
    )


CLAIMS = (
    Claim(
        identifier="lem-product-nuclear",
        page=PAGE,
        statement="Half the decay of two factors is at least the geometric mean of the decays "
        "times the nuclear norm of their product, with equality exactly for balanced factors.",
        kind="proved",
        source="here, the inequality classical",
        hypotheses="positive decays",
        checker=check_product,
        instance=lambda: {"price": lambda w, h: np.sqrt(w * h)},
        control_statement="the arithmetic mean of the decays",
        control=lambda: {"price": lambda w, h: (w + h) / 2},
    ),
    Claim(
        identifier="thm-free-cross-entropy",
        page=PAGE,
        statement="With cross-entropy and decay of classifier and free features the optimum is a "
        "self-dual simplex with every sample at its class mean, of stated norms, or zero.",
        kind="proved",
        source="zhu2021, proof here",
        hypotheses="n samples in each of K classes, at least K - 1 dimensions, bias free or none",
        checker=check_cross_entropy,
        instance=lambda: {"counted": lambda samples: samples},
        control_statement="the same formula without the number of samples",
        control=lambda: {"counted": lambda samples: 1},
    ),
    Claim(
        identifier="thm-free-squared",
        page=PAGE,
        statement="With squared loss the optimum is an orthogonal frame without bias, a simplex "
        "with one, self-dual, of stated norms, or zero.",
        kind="proved",
        source="here, after zhou2022 and tirer2022",
        hypotheses="n samples in each of K classes, K dimensions (K - 1 with bias)",
        checker=check_squared,
        instance=lambda: {"shape": lambda biased: biased},
        control_statement="a simplex with bias or without",
        control=lambda: {"shape": lambda biased: True},
    ),
    Claim(
        identifier="cor-few-dimensions",
        page=PAGE,
        statement="With squared loss, no bias and d < K dimensions every tight frame is optimal, "
        "rows of unequal lengths included.",
        kind="proved",
        source="here",
        hypotheses="balanced classes, c < 1",
        checker=check_few_dimensions,
        instance=lambda: {"available": lambda count, dimension: dimension},
        control_statement="K - 1 dimensions do as well as K",
        control=lambda: {"available": lambda count, d: count if d == count - 1 else d},
    ),
    Claim(
        identifier="prop-value-at-rest",
        page=PAGE,
        statement="At every critical point the objective is the mean entropy of the predictions; "
        "with squared loss, half of what the logits lack of the targets' mean square.",
        kind="proved",
        source="here",
        hypotheses="any labels and dimension, bias free or none",
        checker=check_value_at_rest,
        instance=lambda: {"stretch": 1.0},
        control_statement="away from critical points too (classifier 5 per cent longer)",
        control=lambda: {"stretch": 1.05},
    ),
    Claim(
        identifier="prop-zero-phase",
        page=PAGE,
        statement="From c = K sqrt(n lambda_W lambda_H) = 1 on zero is the only critical point; "
        "below 1 descent ends elsewhere.",
        kind="proved",
        source="here",
        hypotheses="balanced classes, any dimension, either loss",
        checker=check_zero_phase,
        instance=lambda: {"critical": lambda count, samples: count * np.sqrt(samples)},
        control_statement="the threshold N sqrt(lambda_W lambda_H) = 1",
        control=lambda: {"critical": lambda count, samples: count * samples},
    ),
    Claim(
        identifier="thm-benign-landscape",
        page=PAGE,
        statement="Every critical point is a global minimum or has negative curvature.",
        kind="proved",
        source="here, after zhu2021, zhou2022 and shen2024",
        hypotheses="any labels, at least K dimensions (K - 1 for softmax or with bias)",
        checker=check_benign,
        instance=lambda: {"dimension": lambda count: count - 1},
        control_statement="two dimensions are enough",
        control=lambda: {"dimension": lambda count: 2},
    ),
    Claim(
        identifier="prop-strict-saddle",
        page=PAGE,
        statement="The spectrum of the Hessian at zero is known, and has a negative eigenvalue if "
        "and only if c < 1.",
        kind="proved",
        source="here",
        hypotheses="balanced classes, any dimension, either loss",
        checker=check_strict_saddle,
        instance=lambda: {"counted": lambda samples: samples},
        control_statement="the spectrum without the number of samples",
        control=lambda: {"counted": lambda samples: 1},
    ),
    Claim(
        identifier="prop-flat-directions",
        page=PAGE,
        statement="The Hessian at the optimum has no negative eigenvalue, and zeros exactly for "
        "rotations, and for a constant in the bias with cross-entropy.",
        kind="proved",
        source="here",
        hypotheses="balanced classes, c < 1, dimensions as in the theorems",
        checker=check_flat_directions,
        instance=lambda: {"orbit": orbit_dimension},
        control_statement="one zero for each of the d (d - 1) / 2 planes of rotation",
        control=lambda: {"orbit": lambda rank, dimension: dimension * (dimension - 1) // 2},
    ),
    Claim(
        identifier="prop-small-initialisation",
        page=PAGE,
        statement="Without decay, distances from strong collapse at zero loss are bounded by "
        "squares of the start.",
        kind="proved",
        source="here, after mixon2022",
        hypotheses="balanced classes, squared loss, gradient flow that reaches zero loss",
        checker=check_small_start,
        instance=lambda: {"bound": collapse_bound},
        control_statement="the conserved W'W - H'H alone decides",
        control=lambda: {"bound": lambda w, h, b, y: np.linalg.norm(w.T @ w - h.T @ h, 2)},
    ),
    Claim(
        identifier="obs-large-initialisation",
        page=PAGE,
        statement="From large weights and features the flow without decay reaches zero loss far "
        "from collapse.",
        kind="observed",
        source="here",
        hypotheses="K = 4, n = 5, d = 8, three seeds, scale 2",
        checker=check_large_start,
        instance=lambda: {"scale": 2.0},
        control_statement="from scale 0.1",
        control=lambda: {"scale": 0.1},
    ),
    Claim(
        identifier="prop-layer-peeled",
        page=PAGE,
        statement="With cross-entropy, budgets of norm instead of decays have the same optima, and "
        "both budgets are spent.",
        kind="proved",
        source="here, for the model of fang2021",
        hypotheses="balanced classes, positive budgets, at least K - 1 dimensions",
        checker=check_budgets,
        instance=lambda: {"loss": "cross_entropy"},
        control_statement="with squared loss too",
        control=lambda: {"loss": "squared"},
    ),
    Claim(
        identifier="obs-network-optimum",
        page=PAGE,
        statement="A perceptron with decay of its features and classifier comes within one per "
        "cent of the optimum of free features.",
        kind="observed",
        source="here",
        hypotheses="200 digits, c = 0.1, one hidden layer of 128, three seeds",
        checker=check_network,
        instance=lambda: {"widths": (64, 128, 32)},
        control_statement="so does a linear map of the pixels",
        control=lambda: {"widths": (64, 32)},
    ),
)
