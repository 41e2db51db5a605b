"""Checkers for the exercises: pass your function, read what is wrong with it."""

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


def check_certified_margin(function):
    r"""Check a reader's margin from a loss on losses where the plain formula fails.

    Parameters
    ----------
    function : callable
        ``function(loss, num_classes, temperature)`` returns $-\tau\log(e^{n\mathcal L}-1)$.

    Raises
    ------
    AssertionError
        With a hint, at the first case that fails.

    Examples
    --------
    >>> check_certified_margin(lambda loss, n, tau: -tau * np.log(np.expm1(n * loss)))
    Traceback (most recent call last):
    ...
    AssertionError: a loss of 100: expected -10, got -inf; the exponential overflows, the margin not
    """
    cases = {
        "a loss of 0.1": (0.1, 5, 0.1, 0.0432752, "compare with the formula"),
        "a tiny loss": (1e-22, 5, 0.02, 0.9809487, "e^x - 1 loses every digit of a tiny x"),
        "a loss of 100": (100.0, 10, 0.01, -10.0, "the exponential overflows, the margin not"),
    }
    for name, (loss, num_classes, temperature, expected, hint) in cases.items():
        with np.errstate(all="ignore"):
            got = float(function(loss, num_classes, temperature))
        if not np.isclose(got, expected, rtol=1e-6):
            raise AssertionError(f"{name}: expected {expected:.6g}, got {got:.6g}; {hint}")
    print(f"correct on {len(cases)} cases")
