"""Exercises of the page on language models."""

import numpy as np

from neuralcollapse.geometry import simplex_etf
from neuralcollapse.metrics import hyperspherical_uniformity
from neuralcollapse.statistics import ClassStatistics


def check_kernel_spread(function):
    """Check a reader's spread of logarithmic kernels where means are off centre and many.

    Parameters
    ----------
    function : callable
        ``function(means)`` with class means of shape (num_classes, num_features), not centred;
        returns a number.

    Raises
    ------
    AssertionError
        With a hint, at the first case that fails.

    Examples
    --------
    >>> def spread(means):
    ...     statistics = ClassStatistics(*means.shape).update(means, np.arange(len(means)))
    ...     return hyperspherical_uniformity(statistics).std
    >>> check_kernel_spread(spread)
    correct on 4 cases
    """
    generator = np.random.default_rng(0)
    plane = generator.normal(size=(12, 2))
    cases = {
        "a simplex": (simplex_etf(4, 3), "all kernels are equal: the spread is 0"),
        "more classes than dimensions": (plane, "each pair once, and no class with itself"),
        "the same, three times as long": (3 * plane, "scale the centred means to length 1"),
        "the same, far from the origin": (plane + 50, "subtract the mean of the means first"),
    }
    for name, (means, hint) in cases.items():
        statistics = ClassStatistics(*means.shape).update(means, np.arange(len(means)))
        expected = hyperspherical_uniformity(statistics).std
        got = float(function(means.copy()))
        if not np.isclose(got, expected, rtol=1e-7, atol=1e-7):
            raise AssertionError(f"{name}: expected {expected:.6g}, got {got:.6g}; {hint}")
    print(f"correct on {len(cases)} cases")
