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


def sharp_bound(ratio, num_classes):
    """Largest factor between the two weightings: the ratio of class sizes, or less for K = 2."""
    return ratio if num_classes > 2 else (ratio + 1) / 2


@cache
def _search(sizes, steps=70):
    """Largest factor between the two weightings, either way, found by hill climbing."""
    generator = np.random.default_rng(4)
    found = []
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
            found.append(best)
    return max(found)


def check_weightings(bound):
    """Climb for class means and spreads that move the two weightings apart."""
    excess, missing = [], []
    for sizes in ((2, 8), (2, 6, 10), (8, 2, 2), (2, 4, 4, 12)):
        excess.append(_search(sizes) / bound(max(sizes) / min(sizes), len(sizes)))
    for count in (3, 5):  # a large class between small ones, and it alone has spread
        means = np.append(0.0, np.resize([1.0, -1.0], count - 1))[:, None]
        spreads = np.append(1.0, np.zeros(count - 1))[:, None]
        attained = two_weightings(means, spreads, [14] + [2] * (count - 1))
        missing.append(np.abs(attained / bound(7, count) - 1).max())
    two = two_weightings(np.array([[0.0], [1.0]]), np.array([[1.0], [0.0]]), [14, 2])
    missing.append(np.abs(two / bound(7, 2) - 1).max())
    return Evidence(
        (
            Measure("largest factor found by search, over the bound", max(excess), "<=", 1 + 1e-9),
            Measure("where it is attained, relative gap", max(missing), "<=", 1e-9),
        )
    )
