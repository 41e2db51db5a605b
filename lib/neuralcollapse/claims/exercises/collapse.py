"""Exercises of the pages on neural collapse."""

import numpy as np

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
