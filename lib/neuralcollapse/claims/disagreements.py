"""Where two metrics of one property disagree: exact cases, identities, and their checkers."""

from fractions import Fraction
from itertools import combinations

import numpy as np
import sympy

from neuralcollapse import ClassStatistics, metrics
from neuralcollapse.claims.claim import Evidence, Measure
from neuralcollapse.geometry import simplex_etf

VARIABILITIES = ("pseudo-inverse", "quotient", "log of mean", "mean of logs")
# Half base and a third of the height of a triangle of means; variances along base, height, normal.
TRIANGLES = ((1, 1, 0, 0, 1), (1, 2, 0, 1, 1), (2, 2, 1, 1, 1))


def triangle_features(base, height, *variances):
    """Features in space with exactly these moments.

    Parameters
    ----------
    base, height : float
        Class means are (-base, -height), (base, -height) and (0, 2 height) in the plane.
    *variances : float
        Of every class along the three axes.

    Returns
    -------
    features : ndarray, shape (18, 3)
    labels : ndarray of int, shape (18,)
    """
    means = np.array([[-base, -height, 0], [base, -height, 0], [0, 2 * height, 0]], dtype=float)
    steps = np.diag(np.sqrt(3 * np.array(variances, dtype=float)))
    cloud = np.concatenate([steps, -steps])
    return np.repeat(means, 6, axis=0) + np.tile(cloud, (3, 1)), np.repeat(np.arange(3), 6)


def triangle_values(base, height, *variances):
    """The four NC1 of such features as exact fractions, in the order of `VARIABILITIES`.

    Parameters
    ----------
    base, height, *variances : int

    Returns
    -------
    list of Fraction
        The last two without their logarithms, the product of pairs in place of their mean log.
    """
    spread = [Fraction(2, 3) * base**2, Fraction(2) * height**2]
    within = Fraction(sum(variances))
    inverse = sum((Fraction(v) / s for v, s in zip(variances, spread, strict=False)), Fraction())
    near, far = within / (4 * base**2), within / (base**2 + 9 * height**2)
    return [inverse / 3, within / sum(spread), (near + 2 * far) / 3, near * far**2]


def segment_values(half, along, across):
    """The four NC1 of two classes at -half and half, as exact fractions."""
    within = Fraction(along + across)
    pair = within / (4 * half**2)
    return [Fraction(along, half**2) / 2, within / half**2, pair, pair]


def measured(features, labels):
    """The four NC1 by the library, in the order of `VARIABILITIES`."""
    statistics = ClassStatistics(int(labels.max()) + 1, features.shape[1])
    statistics.update(features, labels)
    pairs = metrics.pair_variability(statistics)
    return [
        metrics.within_class_variability(statistics),
        metrics.within_class_variability_trace(statistics),
        pairs.log_mean,
        pairs.mean_log,
    ]


def check_disagreements(values):
    """Count the pairs of NC1 that order some two of the given cases in opposite ways."""
    discordant = {
        (i, j)
        for first, second in combinations(values, 2)
        for i, j in combinations(range(4), 2)
        if (first[i] - second[i]) * (first[j] - second[j]) < 0
    }
    gaps = []
    for case in TRIANGLES:
        exact = [float(value) for value in triangle_values(*case)]
        exact[2:] = np.log(exact[2]), np.log(exact[3]) / 3
        gaps.append(np.abs(np.subtract(exact, measured(*triangle_features(*case)))).max())
    return Evidence(
        (
            Measure("pairs of metrics in opposite order, of 6", len(discordant), "==", 6),
            Measure("exact fractions against the library", max(gaps), "<=", 1e-12),
        )
    )


def check_product_duality(metric):
    """Ask for a metric of W and M that is 0 at W = M^+ and at an exact fit of squared loss."""
    generator = np.random.default_rng(2)
    found, formula = [], []
    for count, dimension in ((3, 3), (6, 8), (10, 9)):
        for stretch in (1.0, 10.0):
            means = generator.normal(size=(count, dimension))
            means *= stretch ** -np.arange(dimension)[None, :].clip(max=3)
            means -= means.mean(0)
            weight = np.linalg.pinv(means, rcond=1e-10).T
            found.append(metric(weight, means))
            sizes = np.linalg.norm(means) * np.linalg.norm(weight)
            distance = metrics.self_duality(weight, means)
            formula.append(abs(distance - 2 + 2 * (count - 1) / sizes))
        labels = np.repeat(np.arange(count), 4)
        features = generator.normal(size=(4 * count, 4 * count + 2))
        design = np.column_stack([features, np.ones(len(labels))])
        fit = np.linalg.lstsq(design, np.eye(count)[labels], rcond=None)[0]
        means = np.stack([features[labels == c].mean(0) for c in range(count)])
        found.append(metric(fit[:-1].T, means - means.mean(0)))
    signs = np.array([[1.0], [-1.0]])
    means, weight = signs * [1, 0], signs * [1, 1]  # simplices both, W not in the span of M
    found.append(metric(weight, means))
    askew = metrics.self_duality(weight, means)
    return Evidence(
        (
            Measure("largest value of the metric", max(found), "<=", 1e-8),
            Measure(
                "NC3 of two simplices askew, from 2 - sqrt 2", abs(askew - 2 + 2**0.5), "<=", 1e-12
            ),
            Measure("NC3 at M^+ against its formula", max(formula), "<=", 1e-9),
        )
    )


def check_common_row(weighting):
    """Hold NC3 under a common row against the formula, means centred by the given weighting."""
    generator = np.random.default_rng(3)
    gaps, gains = [], []
    for count, dimension in ((3, 5), (10, 4), (10, 20)):
        labels = np.repeat(np.arange(count), generator.integers(2, 30, size=count))
        features = generator.normal(size=(count, dimension))[labels]
        features += 0.3 * generator.normal(size=features.shape)
        statistics = ClassStatistics(count, dimension).update(features, labels)
        means = statistics.centered_means(weighting).numpy()
        centred = means + 0.5 * generator.normal(size=means.shape)
        centred -= centred.mean(0)
        least = metrics.self_duality(centred, means)
        for size in (0.1, 1.0, 10.0):
            weight = centred + size * generator.normal(size=dimension)
            shrink = np.linalg.norm(centred) / np.linalg.norm(weight)
            value = metrics.self_duality(weight, means)
            gaps.append(abs(value - (2 - (2 - least) * shrink)))
            gains.append(value - least)
    return Evidence(
        (
            Measure("NC3 against its formula", max(gaps), "<=", 1e-12),
            Measure("least excess over NC3 of the centred W", min(gains), ">=", -1e-12),
        )
    )


def check_orthoplex_centring(code):
    """Evaluate GNC3 of self-dual codes exactly, with means as they are and centred."""
    wrong, exact = 0, []
    for dimension in (2, 3, 4, 5):
        rows = sympy.Matrix(code(dimension))
        count = rows.shape[0]
        mean = sympy.ones(1, count) * rows / count
        cosines = [
            (rows.row(k) * (rows.row(k) - mean).T)[0] / (rows.row(k) - mean).norm()
            for k in range(count)
        ]
        centred = sympy.simplify(1 - sum(cosines) / count)
        n = sympy.Integer(count)
        formula = (n - 1) / n * (1 - n / sympy.sqrt(n**2 + 1))
        wrong += int(sympy.simplify(centred - formula) != 0)
        points = np.array(rows.tolist(), dtype=float)
        statistics = ClassStatistics(count, dimension).update(points, range(count))
        exact.append(abs(1 - metrics.duality_spread(statistics, points).mean - float(centred)))
    return Evidence(
        (
            Measure("dimensions where the exact value is not the formula", wrong, "==", 0),
            Measure("exact value against the library", max(exact), "<=", 1e-12),
        )
    )


def check_bias_decision(distance):
    """Decide collapsed features with and without bias, the global mean that far along a mean."""
    with_bias, without = [], []
    for count in (2, 3, 10):
        means = simplex_etf(count, count + 1)
        center = distance * means[0]
        features = np.repeat(center + means, 3, axis=0)
        arguments = features, center + means, means
        with_bias.append(metrics.nearest_center_mismatch(*arguments, -means @ center))
        without.append(metrics.nearest_center_mismatch(*arguments) - (1 - 1 / count))
    return Evidence(
        (
            Measure("NC4 with bias", max(with_bias), "==", 0),
            Measure("NC4 without, from (K-1)/K", np.abs(without).max(), "<=", 1e-12),
        )
    )
