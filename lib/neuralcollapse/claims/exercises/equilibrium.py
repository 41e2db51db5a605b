"""Exercises of the page on equilibrium models."""

import numpy as np
from scipy.optimize import root


def check_implicit_gradient(function):
    """Check a reader's gradient through the fixed point of tanh(A z + x).

    Parameters
    ----------
    function : callable
        ``function(matrix, injection, gradient)`` with arrays of shape (dimension, dimension),
        (dimension,) and (dimension,); returns an array of shape (dimension,).

    Raises
    ------
    AssertionError
        With a hint, at the first case that fails.

    Examples
    --------
    >>> check_implicit_gradient(lambda matrix, injection, gradient: gradient * 0)
    Traceback (most recent call last):
    ...
    AssertionError: no layer: expected 0.419974, got 0; without a matrix z is tanh(x)
    """
    cases = {
        "no layer": (0.0, "without a matrix z is tanh(x)"),
        "a weak layer": (0.3, "slopes are taken at the fixed point, not at x"),
        "a strong layer": (0.95, "the matrix is transposed: it acts backwards here"),
    }
    for name, (radius, hint) in cases.items():
        generator = np.random.default_rng(3)
        matrix = generator.normal(size=(5, 5))
        matrix *= radius / np.linalg.norm(matrix, 2)
        injection, gradient = np.array([1.0, -0.3, 0.2, 0.6, -1.2]), np.eye(5)[0]
        expected = np.zeros(5)
        for place, step in enumerate(1e-5 * np.eye(5)):
            ends = [_fixed_point(matrix, injection + side * step) @ gradient for side in (1, -1)]
            expected[place] = (ends[0] - ends[1]) / 2e-5
        found = np.asarray(function(matrix, injection, gradient))
        worst = np.abs(found - expected).argmax()
        if not np.allclose(found, expected, rtol=1e-5, atol=1e-7):
            raise AssertionError(
                f"{name}: expected {expected[worst]:.6g}, got {found[worst]:.6g}; {hint}"
            )
    print(f"correct on {len(cases)} cases")


def _fixed_point(matrix, injection):
    solved = root(lambda z: z - np.tanh(matrix @ z + injection), np.zeros(5), tol=1e-13)
    return solved.x
