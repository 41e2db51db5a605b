"""Exercises of the page on unconstrained features."""

import numpy as np

from neuralcollapse.theory.unconstrained import free_optimum


def check_free_value(function):
    """Check a reader's least cross-entropy objective of free features.

    Parameters
    ----------
    function : callable
        ``function(num_classes, samples_per_class, weight_decay, feature_decay)`` returns it.

    Raises
    ------
    AssertionError
        With a hint, at the first case that fails.

    Examples
    --------
    >>> check_free_value(
    ...     lambda k, n, w, h: free_optimum(k, n, weight_decay=w, feature_decay=h).objective
    ... )
    correct on 5 cases
    """
    cases = {
        "five classes": (5, 3, 0.011, 0.03, "both decay terms together are (K - 1) c s / K"),
        "many samples": (4, 900, 0.001, 0.002, "c grows with the root of the samples of a class"),
        "unequal decays": (7, 2, 0.2, 1e-4, "only the product of the decays matters"),
        "zero phase": (3, 8, 0.3, 0.4, "from c = 1 on the value is log K"),
        "tiny decay": (10, 5, 1e-19, 1e-19, "log1p(-P), not log(1 - P)"),
    }
    for name, (num_classes, samples, weight_decay, feature_decay, hint) in cases.items():
        found = function(num_classes, samples, weight_decay, feature_decay)
        expected = free_optimum(
            num_classes, samples, weight_decay=weight_decay, feature_decay=feature_decay
        ).objective
        if not np.isclose(found, expected, rtol=1e-9, atol=0):
            raise AssertionError(f"{name}: expected {expected:.9g}, got {found:.9g}; {hint}")
    print(f"correct on {len(cases)} cases")
