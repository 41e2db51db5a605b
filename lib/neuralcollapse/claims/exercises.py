"""Checkers for the exercises: pass your function, read what is wrong with it."""

import numpy as np

from neuralcollapse.codes import phase_diagram
from neuralcollapse.metrics import measure


def check_nc1(function):
    """Check a reader's pseudo-inverse NC1 on cases where common versions go wrong.

    Parameters
    ----------
    function : callable
        ``function(features, labels)`` with arrays of shape (num_samples, num_features) and
        (num_samples,); returns a number.

    Raises
    ------
    AssertionError
        With a hint, at the first case that fails.

    Examples
    --------
    >>> check_nc1(lambda features, labels: measure(features, labels).within_class_variability)
    correct on 4 cases
    """
    cases = {
        "balanced classes, few dimensions": (4, [30] * 4, 3, 0.0, "compare with the definition"),
        "more dimensions than classes": (
            3,
            [30] * 3,
            20,
            0.0,
            "the between-class scatter has rank K - 1; invert only that",
        ),
        "unequal class sizes": (
            4,
            [5, 80, 20, 40],
            3,
            0.0,
            "weigh classes alike: average class covariances, and centre on the mean of the means",
        ),
        "a mean far from zero": (4, [30] * 4, 8, 1e7, "subtract means before you multiply"),
    }
    for name, (num_classes, sizes, dimension, offset, hint) in cases.items():
        generator = np.random.default_rng(len(name))
        labels = np.repeat(np.arange(num_classes), sizes)
        spread = generator.uniform(0.2, 1, size=num_classes)[labels, None]
        features = generator.normal(size=(num_classes, dimension))[labels] + offset
        features += spread * generator.normal(size=features.shape)
        expected = measure(features, labels).within_class_variability
        got = float(function(features, labels))
        if not np.isclose(got, expected, rtol=1e-5):
            raise AssertionError(f"{name}: expected {expected:.6g}, got {got:.6g}; {hint}")
    print(f"correct on {len(cases)} cases")


def check_best_dimensions(function):
    """Check a reader's search for the best sizes of simplices.

    Parameters
    ----------
    function : callable
        ``function(num_points, dimension, temperature)`` returns the dimensions of the simplices
        with the least loss, in any order.

    Raises
    ------
    AssertionError
        With a hint, at the first case that fails.

    Examples
    --------
    >>> def look_up(num_points, dimension, temperature):
    ...     phases = phase_diagram(num_points, dimension)
    ...     return next(p.dimensions for p in phases if p.tau_low < temperature < p.tau_high)
    >>> check_best_dimensions(look_up)
    correct on 24 cases
    """
    cases = 0
    for num_points, dimension in ((4, 2), (6, 4), (9, 6), (12, 8), (14, 10)):
        for phase in phase_diagram(num_points, dimension):
            low, high = float(phase.tau_low), min(float(phase.tau_high), 2.0)
            for share in (0.1, 0.9) if high - low > 0.02 else (0.5,):
                tau = low + share * (high - low)
                got = tuple(sorted(function(num_points, dimension, tau), reverse=True))
                if sum(got) != dimension or len(got) != num_points - dimension:
                    raise AssertionError(
                        f"n = {num_points}, d = {dimension}: expected {num_points - dimension} "
                        f"dimensions with sum {dimension}, got {got}"
                    )
                if got != phase.dimensions:
                    raise AssertionError(
                        f"n = {num_points}, d = {dimension}, temperature {tau:.4f}: expected "
                        f"{phase.dimensions}, got {got}; a simplex in x dimensions has x + 1 "
                        "points, and all partitions compete, not only the extremes"
                    )
                cases += 1
    print(f"correct on {cases} cases")
