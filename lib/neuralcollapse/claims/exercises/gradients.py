"""Exercise of the page on gradients that make features."""

import numpy as np

from neuralcollapse.theory.learned_kernel import best_cosine


def check_best_cosine(function):
    """Check a reader's best cosine between classes for targets 2 y - 1.

    Parameters
    ----------
    function : callable
        ``function(num_classes, samples_per_class, ridge)`` returns a number.

    Raises
    ------
    AssertionError
        With a hint, at the first case that fails.

    Examples
    --------
    >>> check_best_cosine(best_cosine)
    correct on 5 cases
    """
    cases = {
        "ten classes": ((10, 40, 1e-9), "set the derivative of the cost to 0"),
        "a ridge that counts": ((7, 3, 0.6), "the ridge adds mu / n to every eigenvalue over n"),
        "four classes": ((4, 5, 0.2), "the eigenvalue of T T^T on the ones is n (K - 2)^2"),
        "three classes": ((3, 9, 0.1), "the cosine may be negative"),
        "two classes": ((2, 9, 0.1), "two vectors have no cosine below -1 / (K - 1)"),
    }
    for name, (arguments, hint) in cases.items():
        found, expected = float(function(*arguments)), best_cosine(*arguments)
        if not np.isclose(found, expected, rtol=1e-8, atol=1e-12):
            raise AssertionError(f"{name}: expected {expected:.6g}, got {found:.6g}; {hint}")
    print(f"correct on {len(cases)} cases")
