"""Checkers of the page on regression: descents and built points against closed forms."""

from functools import cache
from itertools import combinations

import numpy as np
import torch
from scipy.optimize import minimize_scalar

from neuralcollapse.claims.claim import Evidence, Measure
from neuralcollapse.metrics import best_gamma, nrc1, nrc2, nrc3
from neuralcollapse.theory.regression import (
    minimise_regression,
    regression_objective,
    regression_optimum,
)

CASES = (  # samples, targets, dimension, decay of weights and of features
    (40, 4, 7, 0.02, 0.05),
    (40, 3, 3, 0.3, 0.01),
    (25, 5, 9, 0.7, 0.9),
    (30, 4, 4, 1.1, 0.9),
    (30, 3, 5, 4.0, 3.0),
)


def draw(samples, count, seed=0):
    """Draw correlated targets, shape (samples, count), with covariance eigenvalues 1/4 to 4."""
    generator = np.random.default_rng([samples, count, seed])
    scores = generator.normal(size=(samples, count))
    scores = np.linalg.qr(scores - scores.mean(axis=0))[0] * np.sqrt(samples)
    turn = np.linalg.qr(generator.normal(size=(count, count)))[0]
    return scores * np.geomspace(2, 0.5, count) @ turn.T + generator.normal(size=count)


@cache
def descended(samples, count, dimension, weight_decay, feature_decay, seed=0):
    """Targets, and where a descent from a random start ended: weight, features, bias, value."""
    targets = draw(samples, count)
    decays = {"weight_decay": weight_decay, "feature_decay": feature_decay}
    return targets, *minimise_regression(targets, dimension, seed=seed, **decays)


def check_optimum(shrunk):
    """Descend, and compare with roots of eigenvalues cut down to ``shrunk(root, root of c)``."""
    values, grams, duals, residuals, biases = [], [], [], [], []
    for case in CASES:
        weight_decay, feature_decay = case[3:]
        targets, weight, features, bias, value = descended(*case)
        price = np.sqrt(weight_decay * feature_decay)
        mean, covariance = targets.mean(axis=0), np.cov(targets.T, ddof=0)
        eigenvalues, basis = np.linalg.eigh(covariance)
        roots = np.sqrt(eigenvalues)
        left = shrunk(roots, price)
        values.append(abs(value - (np.square(roots - left) / 2 + price * left).sum()))
        gram = np.sqrt(feature_decay / weight_decay) * (basis * left) @ basis.T
        grams.append(np.abs(weight @ weight.T - gram).max())
        whitened = (targets - mean) @ (basis / roots) @ basis.T
        dual = np.sqrt(weight_decay / feature_decay) * whitened @ weight
        duals.append(np.abs(features - dual).max())
        spread = np.cov((features @ weight.T + bias - targets).T, ddof=0)
        residuals.append(np.abs(spread - (basis * np.square(roots - left)) @ basis.T).max())
        biases.append(np.abs(bias - mean).max())
    return Evidence(
        (
            Measure("largest gap of the objective", np.max(values), "<=", 1e-8),
            Measure("all products of weights within 1e-5", np.max(grams) <= 1e-5, "==", 1),
            Measure("all features within 1e-5", np.max(duals) <= 1e-5, "==", 1),
            Measure("all residual covariances within 1e-5", np.max(residuals) <= 1e-5, "==", 1),
            Measure("all biases the mean, to 1e-5", np.max(biases) <= 1e-5, "==", 1),
        )
    )


def check_collapse(residual):
    """Measure collapse where descents end; ``residual(covariance, c)`` is that of the errors."""
    planes, duals, gammas, norms, spreads = [], [], [], [], []
    for case in CASES[:2]:
        weight_decay, feature_decay = case[3:]
        c = weight_decay * feature_decay
        targets, weight, features, bias, _ = descended(*case)
        planes += [nrc1(features, case[1]), nrc2(features, weight)]
        duals.append(nrc3(weight, targets, gamma=c))
        gammas.append(abs(best_gamma(weight, targets) / c - 1))
        shares = feature_decay * np.square(features).sum() / len(features)
        norms.append(abs(shares / weight_decay / np.square(weight).sum() - 1))
        spread = np.cov((features @ weight.T + bias - targets).T, ddof=0)
        spreads.append(np.abs(spread / c - residual(np.cov(targets.T, ddof=0), c) / c).max())
    return Evidence(
        (
            Measure("largest NRC1 or NRC2", np.max(planes), "<=", 1e-8),
            Measure("largest NRC3 with gamma = c", np.max(duals), "<=", 1e-8),
            Measure("best gamma within 0.001 of c", np.max(gammas) <= 1e-3, "==", 1),
            Measure("both penalties alike to 1e-5", np.max(norms) <= 1e-5, "==", 1),
            Measure("residual covariance over c right to 1e-3", np.max(spreads) <= 1e-3, "==", 1),
        )
    )


def eigenbasis_reading(matrix, count):
    """Keep the `count` largest eigenvalues of a symmetric matrix, set the others to 0."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors[:, -count:] * values[-count:]) @ vectors[:, -count:].T


def column_reading(matrix, count):
    """Return $BB^*$ for the first `count` columns $B$ of the principal root of a matrix."""
    values, vectors = np.linalg.eigh(matrix)
    columns = ((vectors * np.sqrt(values.astype(complex))) @ vectors.T)[:, :count]
    return (columns @ columns.conj().T).real


def reading_errors(reading):
    """Relative errors of ``reading(A, number kept)`` as Gram matrix, where c cuts some of four."""
    errors = []
    for seed in range(3):
        targets = draw(60, 4, seed)
        c = 1.0  # eigenvalues are 4, 1.59, 0.63 and 0.25
        weight, *_ = minimise_regression(targets, 7, weight_decay=c, feature_decay=1.0, seed=seed)
        values, vectors = np.linalg.eigh(np.cov(targets.T, ddof=0))
        matrix = (vectors * (np.sqrt(values) - np.sqrt(c))) @ vectors.T
        gram = weight @ weight.T
        found = reading(matrix, int((values > c).sum()))
        errors.append(np.linalg.norm(found - gram) / np.linalg.norm(gram))
    return np.array(errors)


def check_truncation(reading):
    """Hold a reading of the truncated optimum against descents."""
    errors = reading_errors(reading)
    return Evidence(
        (Measure("largest relative error of the Gram matrix", errors.max(), "<=", 1e-5),)
    )


def critical_point(targets, dimension, chosen, weight_decay, feature_decay):
    """Weight, features and bias built on some eigenvectors, by rank of their eigenvalue."""
    values, vectors = np.linalg.eigh(np.cov(targets.T, ddof=0))
    values, vectors = values[::-1][list(chosen)], vectors[:, ::-1][:, list(chosen)]
    scale = (feature_decay / weight_decay) ** 0.25
    rows = np.zeros((len(chosen), dimension))
    np.fill_diagonal(rows, scale * np.sqrt(np.sqrt(values) - np.sqrt(weight_decay * feature_decay)))
    mean = targets.mean(axis=0)
    return vectors @ rows, (targets - mean) @ (vectors / np.sqrt(values)) @ rows / scale**2, mean


def least_curvature(weight, features, bias, targets, weight_decay, feature_decay):
    """Least eigenvalue of the Hessian by automatic differentiation."""
    parts = [torch.from_numpy(part) for part in (weight, features, bias)]
    sizes, truth = [part.numel() for part in parts], torch.from_numpy(targets)

    def objective(flat):
        pieces = [p.reshape(q.shape) for p, q in zip(flat.split(sizes), parts, strict=True)]
        errors = pieces[1] @ pieces[0].T + pieces[2] - truth
        total = (errors.square().sum() + feature_decay * pieces[1].square().sum()) / len(truth)
        return (total + weight_decay * pieces[0].square().sum()) / 2

    flat = torch.cat([part.reshape(-1) for part in parts])
    hessian = torch.autograd.functional.hessian(objective, flat).numpy()
    return float(np.linalg.eigvalsh(hessian)[0])


def check_landscape(lowest):
    """Build points on every set of eigenvectors; ``lowest(chosen, paying, d)`` are the minima."""
    targets, decays = draw(10, 4), (0.5, 0.8)
    named = dict(zip(("weight_decay", "feature_decay"), decays, strict=True))
    values = np.linalg.eigvalsh(np.cov(targets.T, ddof=0))[::-1]
    paying, roots = int((values > 0.4).sum()), np.sqrt(values) - np.sqrt(0.4)
    slopes, gaps, minima, saddles = [], [], [], []
    for dimension in (1, 2, 3, 4):
        for size in range(min(dimension, paying) + 1):
            for chosen in combinations(range(paying), size):
                point = critical_point(targets, dimension, chosen, *decays)
                value, gradients = regression_objective(*point, targets, **named)
                slopes.append(max(np.abs(slope).max() for slope in gradients))
                gaps.append(abs(value - (values.sum() - np.square(roots[list(chosen)]).sum()) / 2))
                curvature = least_curvature(*point, targets, *decays)
                (minima if lowest(chosen, paying, dimension) else saddles).append(curvature)
    return Evidence(
        (
            Measure("largest slope", np.max(slopes), "<=", 1e-10),
            Measure("largest error of the value", np.max(gaps), "<=", 1e-10),
            Measure("least curvature at minima", np.round(np.min(minima), 9), ">=", 0),
            Measure("largest least curvature elsewhere", np.max(saddles), "<=", -1e-3),
        )
    )


def unnormalised_gamma(weight, targets):
    """The gamma that is best where neither matrix is scaled to norm 1."""
    values = np.linalg.eigvalsh(np.cov(targets.T, ddof=0))
    shift = (np.sqrt(values).sum() - np.square(weight).sum()) / len(values)
    return float(np.clip(shift, 0, np.sqrt(values[0])) ** 2)


def check_gamma(fit):
    """Hold ``fit(weight, targets)`` against a search over gamma, on drawn and on mutated layers."""
    generator, worst, exact = np.random.default_rng(0), [], []

    def excess(weight, targets):
        top = np.linalg.eigvalsh(np.cov(targets.T, ddof=0))[0]
        distance = lambda root: nrc3(weight, targets, gamma=min(root**2, top))  # noqa: E731
        grid = np.linspace(0, np.sqrt(top), 21)
        best = min(grid, key=distance)
        step = np.sqrt(top) / 20
        limits = (max(best - step, 0), min(best + step, np.sqrt(top)))
        found = minimize_scalar(distance, bounds=limits, method="bounded", options={"xatol": 1e-9})
        return nrc3(weight, targets, gamma=fit(weight, targets)) - min(distance(best), found.fun)

    for count in (2, 3, 5):
        for start in range(4):
            targets = draw(20, count, start)
            weight = generator.normal(size=(count, count + 1))
            if start == 3:  # against the covariance: a is negative
                weight = np.linalg.inv(np.cov(targets.T, ddof=0))
            highest = excess(weight, targets)
            for _ in range(8):
                moved = weight + 0.3 * generator.normal(size=weight.shape)
                if (value := excess(moved, targets)) > highest:
                    weight, highest = moved, value
            worst.append(highest)
        for ratio in (1.0, 30.0):
            targets = draw(20, count)
            decays = {"weight_decay": 0.05, "feature_decay": 0.05 * ratio}
            weight, *_ = regression_optimum(targets, **decays).factors(count)
            exact.append(abs(fit(weight, targets) / (0.0025 * ratio) - 1))
    return Evidence(
        (
            Measure("largest NRC3 above that of the search", np.max(worst), "<=", 1e-9),
            Measure("largest relative error against c at optima", np.max(exact), "<=", 1e-6),
        )
    )


def check_no_decay(decay):
    """Build the minimisers without decay, and see what they cost and how they measure."""
    generator, samples, count, dimension = np.random.default_rng(0), 30, 3, 6
    targets, excess, flats, planes, duals = draw(samples, count), [], [], [], []
    decays = {"weight_decay": decay, "feature_decay": decay}
    least = regression_optimum(targets, **decays).objective if decay else 0.0
    for scale in (1e-2, 1.0, 1e2):
        for power in (-4, 0, 1):
            values, vectors = np.linalg.eigh(np.cov(targets.T, ddof=0))
            weight = (vectors * values**power) @ generator.normal(size=(count, dimension))
            bias, free = generator.normal(size=count), generator.normal(size=(samples, dimension))
            inverse = np.linalg.pinv(weight)
            features = (targets - bias) @ inverse.T
            loose = free - free @ (inverse @ weight).T
            features = features + scale * loose * np.linalg.norm(features) / np.linalg.norm(loose)
            value, _ = regression_objective(weight, features, bias, targets, **decays)
            excess.append(value - least)
            flats.append(nrc1(features, count))
            planes.append(nrc2(features, weight))
            duals.append(nrc3(weight, targets))
    return Evidence(
        (
            Measure("largest objective above the least", np.max(excess), "<=", 1e-12),
            Measure("largest NRC1", np.max(flats), ">=", 0.1),
            Measure("least NRC2", np.min(planes), "<=", 0.01),
            Measure("largest NRC2", np.max(planes), ">=", 0.99),
            Measure("largest NRC3", np.max(duals), ">=", 1),
        )
    )
