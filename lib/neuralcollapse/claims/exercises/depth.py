"""Exercises of the page on low rank."""

import numpy as np

from neuralcollapse.theory.deep_unconstrained import deep_collapse_value


def check_deep_value(function):
    """Check a reader's least objective under deep collapse.

    Parameters
    ----------
    function : callable
        ``function(num_classes, depth, weight_decay)`` returns a number.

    Raises
    ------
    AssertionError
        With a hint, at the first case that fails.

    Examples
    --------
    >>> check_deep_value(deep_collapse_value)
    correct on 5 cases
    """
    cases = {
        "one layer": (3, 1, 0.1, "two factors: c - c^2 / 2 with c = 0.3"),
        "weak decay": (10, 4, 0.004, "m = L + 1 factors share the gain: s^(2/m)"),
        "two layers": (7, 2, 0.02, "m = L + 1 factors share the gain: s^(2/m)"),
        "a minimum that loses": (10, 3, 0.035, "compare with s = 0, where the value is 1/2"),
        "strong decay": (10, 6, 0.5, "with no other stationary point s = 0 is best: 1/2"),
    }
    for name, (num_classes, depth, decay, hint) in cases.items():
        found = function(num_classes, depth, decay)
        expected = deep_collapse_value(num_classes, depth, decay)
        if not np.isclose(found, expected, rtol=1e-8, atol=0):
            raise AssertionError(f"{name}: expected {expected:.9g}, got {found:.9g}; {hint}")
    print(f"correct on {len(cases)} cases")
