"""How far weighting by class and weighting by sample can move NC1 apart."""

from functools import cache

import numpy as np

from neuralcollapse import ClassStatistics, metrics
from neuralcollapse.claims.claim import Evidence, Measure


def two_weightings(means, spreads, sizes):
    """NC1 by sample over NC1 by class, quotient and pseudo-inverse.

    Parameters
    ----------
    means, spreads : ndarray, shape (K, d)
        Class c has half its samples at means[c] + spreads[c], half at means[c] - spreads[c].
    sizes : sequence of int, shape (K,)
        Even.

    Returns
    -------
    ndarray, shape (2,)
    """
    labels = np.repeat(np.arange(len(sizes)), sizes)
    signs = np.concatenate([np.resize([1.0, -1.0], size) for size in sizes])
    statistics = ClassStatistics(*means.shape)
    statistics.update(means[labels] + signs[:, None] * spreads[labels], labels)
    return np.array(
        [
            metric(statistics, weighting="sample") / metric(statistics, weighting="class")
            for metric in (metrics.within_class_variability_trace, metrics.within_class_variability)
        ]
    )


def sharp_bounds(ratio, num_classes):
    """Least and largest factor of sample over class weighting, for a ratio of class sizes.

    Parameters
    ----------
    ratio : float
    num_classes : int

    Returns
    -------
    tuple of float
    """
    return (1 / ratio, ratio) if num_classes > 2 else two_class_bounds(ratio, num_classes)


def two_class_bounds(ratio, num_classes):
    """What `sharp_bounds` gives for two classes, whatever their number."""
    return (ratio + 1) / (2 * ratio), (ratio + 1) / 2


@cache
def _search(sizes, steps=70):
    """Inverse of the least and the largest factor found by hill climbing, in this order."""
    generator = np.random.default_rng(4)
    found = {-1: [], 1: []}
    for which in (0, 1):
        for sign in (1, -1):
            state = generator.normal(size=(2, len(sizes), 2))
            best, step = two_weightings(*state, sizes)[which] ** sign, 0.5
            for _ in range(steps):
                trial = state + step * generator.normal(size=state.shape)
                value = two_weightings(*trial, sizes)[which] ** sign
                if value > best:
                    state, best, step = trial, value, 1.5 * step
                else:
                    step = max(0.9 * step, 1e-3)
            found[sign].append(best)
    return max(found[-1]), max(found[1])


def check_weightings(bounds):
    """Climb for class means and spreads that move the two weightings apart, either way."""
    excess, missing = [], []
    for sizes in ((2, 8), (8, 2), (2, 6, 10), (8, 2, 2), (2, 4, 4, 12)):
        least, largest = bounds(max(sizes) / min(sizes), len(sizes))
        below, above = _search(sizes)
        excess += [below * least, above / largest]
    for count in (2, 3, 5):  # one class between others, and it alone has spread
        means = np.append(0.0, np.resize([1.0, -1.0], count - 1))[:, None]
        spreads = np.append(1.0, np.zeros(count - 1))[:, None]
        for end, sizes in enumerate(((2, 14), (14, 2))):
            attained = two_weightings(means, spreads, [sizes[0]] + [sizes[1]] * (count - 1))
            missing.append(np.abs(attained / bounds(7, count)[end] - 1).max())
    return Evidence(
        (
            Measure("farthest factor found by search, over its end", max(excess), "<=", 1 + 1e-9),
            Measure("where the ends are attained, relative gap", max(missing), "<=", 1e-9),
        )
    )
