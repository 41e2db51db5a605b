"""Coefficients of variation of logarithms: what scale and a mean near 0 do to them."""

import numpy as np

from neuralcollapse import ClassStatistics, metrics
from neuralcollapse.claims.claim import Evidence, Measure


def check_log_lengths(metric):
    """Reach given values of a metric of the lengths by scale alone."""
    generator = np.random.default_rng(0)
    misses, moved = [], []
    for count, dimension in ((3, 2), (10, 5), (40, 8)):
        means = generator.normal(size=(count, dimension))
        means -= means.mean(0)
        logs = np.log(np.linalg.norm(means, axis=1))
        spread = spread_of_logs(means)
        for target in (0.01, 1.0, 100.0):
            for sign in (-1, 1):
                scale = np.exp(sign * logs.std() / target - logs.mean())
                misses.append(abs(metric(scale * means) / target - 1))
                moved.append(abs(spread_of_logs(scale * means) / spread - 1))
    return Evidence(
        (
            Measure("relative distance from the value wanted", max(misses), "<=", 1e-9),
            Measure("relative change of Std of log lengths", max(moved), "<=", 1e-12),
        )
    )


def spread_of_logs(means):
    """`norm_spread` of given centred class means."""
    return metrics.norm_spread(
        ClassStatistics(len(means), means.shape[1]).update(means, range(len(means)))
    )


def log_length_coefficient(means):
    """Coefficient of variation of log lengths, the statistic that scale moves."""
    logs = np.log(np.linalg.norm(means, axis=1))
    return logs.std() / abs(logs.mean())


def check_circle_coefficient(points):
    """Hold mean and Std of the log kernel on a circle against theory, and watch its CoV grow."""
    gaps, coefficients = [], []
    for count in (5, 50, 500):
        found = metrics.hyperspherical_uniformity(
            ClassStatistics(count, 2).update(points(count), range(count))
        )
        gaps.append(abs(found.mean + np.log(count) / (count - 1)))
        coefficients.append(found.coefficient)
    limit = np.pi / np.sqrt(12)
    return Evidence(
        (
            Measure("mean against -log K / (K-1)", max(gaps), "<=", 1e-9),
            Measure("Std at 500 from pi / (2 sqrt 3)", abs(found.std - limit), "<=", 0.05),
            Measure(
                "coefficient at 500 over that at 5", coefficients[2] / coefficients[0], ">=", 10
            ),
        )
    )


def regular_polygon(count):
    """Corners of a regular polygon on the unit circle; ndarray, shape (count, 2)."""
    angles = 2 * np.pi * np.arange(count) / count
    return np.column_stack([np.cos(angles), np.sin(angles)])


def random_circle(count):
    """Points drawn on the unit circle; ndarray, shape (count, 2)."""
    angles = np.random.default_rng(count).uniform(0, 2 * np.pi, size=count)
    return np.column_stack([np.cos(angles), np.sin(angles)])
