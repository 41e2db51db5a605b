"""Exercises of the page on regression."""

import numpy as np

from neuralcollapse.claims.regression_optima import draw
from neuralcollapse.theory.regression import regression_optimum


def check_regression_value(function):
    """Check a reader's least value of free features with real targets.

    Parameters
    ----------
    function : callable
        ``function(targets, weight_decay, feature_decay, dimension)`` returns it.

    Raises
    ------
    AssertionError
        With a hint, at the first case that fails.

    Examples
    --------
    >>> check_regression_value(
    ...     lambda y, w, h, d: regression_optimum(
    ...         y, weight_decay=w, feature_decay=h, dimension=d
    ...     ).objective
    ... )
    correct on 5 cases
    """
    cases = {  # eigenvalues of the covariance run from 4 to 1/4
        "small decays": (4, 0.1, 0.2, 6, "every direction pays sqrt(c lambda) - c / 2"),
        "unequal decays": (3, 0.9, 0.001, 3, "only the product of the decays matters"),
        "some directions lost": (5, 1.0, 1.2, 8, "a direction below c costs half its eigenvalue"),
        "all directions lost": (3, 3.0, 2.0, 4, "then the value is half the trace"),
        "few dimensions": (4, 0.3, 0.1, 2, "keep the largest, as many as there are dimensions"),
    }
    for name, (count, weight_decay, feature_decay, dimension, hint) in cases.items():
        targets = draw(30, count)
        found = function(targets, weight_decay, feature_decay, dimension)
        expected = regression_optimum(
            targets, weight_decay=weight_decay, feature_decay=feature_decay, dimension=dimension
        ).objective
        if not np.isclose(found, expected, rtol=1e-9, atol=0):
            raise AssertionError(f"{name}: expected {expected:.9g}, got {found:.9g}; {hint}")
    print(f"correct on {len(cases)} cases")
