"""Exercises of the page on two codes."""

import numpy as np

from neuralcollapse.theory.circle import cross_entropy_gap


def check_cross_entropy_gap(function):
    """Check a reader's gap between circle and simplex where subtraction loses its digits.

    Parameters
    ----------
    function : callable
        ``function(num_classes, beta)`` returns the loss of the circle less that of the simplex.

    Raises
    ------
    AssertionError
        With a hint, at the first case that fails.

    Examples
    --------
    >>> check_cross_entropy_gap(cross_entropy_gap)
    correct on 5 cases
    """
    cases = {
        "eleven classes": (11, 1.0, "average e^(beta cosine) over the points, then the logarithm"),
        "many classes": (100_003, 2.0, "the difference is near log I0(beta), not log K"),
        "small beta": (7, 1e-5, "both losses are near log K: subtract before the logarithm"),
        "tiny beta": (50, 1e-9, "the first order cancels exactly: leave it out from the start"),
        "large beta": (6, 60.0, "both losses are tiny: log1p of the sum without the own term"),
    }
    for name, (num_classes, beta, hint) in cases.items():
        found, expected = function(num_classes, beta), cross_entropy_gap(num_classes, beta)
        if not np.isclose(found, expected, rtol=1e-8, atol=0):
            raise AssertionError(f"{name}: expected {expected:.9g}, got {found:.9g}; {hint}")
    print(f"correct on {len(cases)} cases")
