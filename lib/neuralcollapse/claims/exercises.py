"""Checkers for the exercises: pass your function, read what is wrong with it."""

import numpy as np

from neuralcollapse import codes
from neuralcollapse.geometry import regular_polygon
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


def check_symmetrise(function):
    """Check a reader's map from weights to the code halfway to their hardmax features.

    Parameters
    ----------
    function : callable
        ``function(weights)`` with an array of unit rows; returns an array of the same shape.

    Raises
    ------
    AssertionError
        With a hint, at the first case that fails.

    Examples
    --------
    >>> check_symmetrise(lambda w: codes.symmetrised_code(w, codes.hardmax_features(w)))
    correct on 3 cases
    """
    generator = np.random.default_rng(0)
    crowded = generator.normal(size=(5, 3)) + 2 * np.eye(1, 3)
    cases = {
        "a regular pentagon": (regular_polygon(5), "at self-duality the code is the weights"),
        "random weights": (
            generator.normal(size=(6, 4)),
            "add weight and feature, then scale to length 1",
        ),
        "weights in a cap": (crowded, "add weight and feature, then scale to length 1"),
    }
    for name, (weights, hint) in cases.items():
        weights = weights / np.linalg.norm(weights, axis=1, keepdims=True)
        expected = codes.symmetrised_code(weights, codes.hardmax_features(weights))
        got = np.asarray(function(weights), dtype=float)
        if got.shape != expected.shape:
            raise AssertionError(f"{name}: expected shape {expected.shape}, got {got.shape}")
        gap = np.abs(got - expected).max()
        if not gap < 1e-9:
            raise AssertionError(f"{name}: entries are off by {gap:.3g}; {hint}")
    print(f"correct on {len(cases)} cases")
