"""Exercises of the page on long tails: the certificate of an optimum."""

import numpy as np

from neuralcollapse.theory.layer_peeled import group_optimum, optimality_gap


def check_gap(function):
    """Check a reader's bound on how much better any logits within the budgets can be.

    Parameters
    ----------
    function : callable
        ``function(logits, shares, radius)`` returns it.

    Raises
    ------
    AssertionError
        With a hint, at the first case that fails.

    Examples
    --------
    >>> def gap(logits, shares, radius):
    ...     reach = radius / len(shares)
    ...     budgets = {"weight_budget": reach, "feature_budget": reach}
    ...     return optimality_gap(logits, shares, **budgets)
    >>> check_gap(gap)
    correct on 4 cases
    """
    optimum = group_optimum(2, 3, 4.0, weight_budget=1.5, feature_budget=1.5)
    tilted = np.random.default_rng(0).normal(size=(5, 5))
    cases = {
        "zero logits": (np.zeros((5, 5)), "the spectral norm of the slope times the radius"),
        "random logits": (tilted / 3, "row k of the slope has the weight of class k"),
        "large logits": (tilted * 400, "subtract the largest logit before you exponentiate"),
        "the optimum": (optimum.logits, "here it is zero"),
    }
    for name, (logits, hint) in cases.items():
        found = function(logits, optimum.shares, 7.5)
        expected = optimality_gap(logits, optimum.shares, weight_budget=1.5, feature_budget=1.5)
        if not np.isclose(found, expected, rtol=1e-9, atol=1e-11):
            raise AssertionError(f"{name}: expected {expected:.9g}, got {found:.9g}; {hint}")
    print(f"correct on {len(cases)} cases")
