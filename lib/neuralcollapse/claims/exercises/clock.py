"""Exercises of the page on training the clock."""

import numpy as np


def check_around(function):
    r"""Check a reader's order of the residues around a circle.

    Parameters
    ----------
    function : callable
        ``function(weights)`` takes rows, shape (modulus, dimension), near a circle in a plane, and
        returns the residues in the order of their angles, starting with 0, in either sense.

    Raises
    ------
    AssertionError
        With a hint, at the first case that fails.

    Examples
    --------
    >>> def around(weights):
    ...     u, s, _ = np.linalg.svd(weights, full_matrices=False)
    ...     angles = np.arctan2(u[:, 1] * s[1], u[:, 0] * s[0])
    ...     return np.argsort((angles - angles[0]) % (2 * np.pi))
    >>> check_around(around)
    correct on 5 cases
    """
    generator = np.random.default_rng(0)
    cases = [(5, 1, 2), (7, 3, 2), (11, 4, 6), (12, 5, 6), (23, 9, 12)]
    for modulus, frequency, dimension in cases:
        turns = 2 * np.pi * (frequency * np.arange(modulus) / modulus + generator.random())
        plane = np.linalg.qr(generator.normal(size=(dimension, 2)))[0]
        weights = 3 * np.column_stack([np.cos(turns), np.sin(turns)]) @ plane.T
        weights += 0.01 * generator.normal(size=weights.shape)
        got = np.asarray(function(weights.copy())).tolist()
        name = f"P = {modulus}, frequency {frequency}, dimension {dimension}"
        if sorted(got) != list(range(modulus)) or got[0] != 0:
            raise AssertionError(f"{name}: expected every residue once, 0 first, got {got}")
        step = pow(frequency, -1, modulus)
        forward = [step * place % modulus for place in range(modulus)]
        if got not in (forward, forward[:1] + forward[:0:-1]):
            raise AssertionError(
                f"{name}: expected {forward} or its reverse, got {got}; neighbours on the circle "
                "differ by the inverse of the frequency"
            )
    print(f"correct on {len(cases)} cases")
