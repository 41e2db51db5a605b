"""Exercises of the page on points on a circle."""

import numpy as np

from neuralcollapse.theory.circle import hessian_spectrum


def check_spectrum(function):
    """Check a reader's spectrum of the Hessian of the angular potential at equal angles.

    Parameters
    ----------
    function : callable
        ``function(num_classes, beta)`` returns the eigenvalues of the Fourier modes 0 to K - 1.

    Raises
    ------
    AssertionError
        With a hint, at the first case that fails.

    Examples
    --------
    >>> check_spectrum(hessian_spectrum)
    correct on 4 cases
    """
    cases = {
        "two points": (2, 1.3, "each k sums over all j, itself included"),
        "five points": (5, 2.0, "the variance takes off the squared mean, -B^2"),
        "large beta": (12, 2000.0, "subtract beta from the exponents before exp"),
        "many points": (100_000, 3.0, "an FFT gives all modes at once"),
    }
    for name, (num_classes, beta, hint) in cases.items():
        found = np.asarray(function(num_classes, beta))
        if found.shape != (num_classes,):
            raise AssertionError(f"{name}: expected {num_classes} values, got {found.shape}")
        expected = hessian_spectrum(num_classes, beta)
        error = np.abs(found - expected).max()
        if not error <= 1e-9 * max(1.0, np.abs(expected).max()):
            raise AssertionError(f"{name}: the largest error is {error:.2g}; {hint}")
    print(f"correct on {len(cases)} cases")
