"""Exercises of the page on locking and phase alignment."""

import numpy as np


def check_locking_time(function):
    r"""Check a reader's time at which the order parameter reaches a target.

    Parameters
    ----------
    function : callable
        ``function(resultant, target, beta, learning_rate, modulus)`` returns the time at which the
        closed locking curve that starts at `resultant` reaches `target`.

    Raises
    ------
    AssertionError
        With a hint, at the first case that fails.

    Examples
    --------
    >>> def time(start, end, beta, learning_rate, modulus):
    ...     odds = [2 * np.log(r) - np.log1p(-r) - np.log1p(r) for r in (start, end)]
    ...     return (odds[1] - odds[0]) * modulus / (2 * beta * learning_rate)
    >>> check_locking_time(time)
    correct on 4 cases
    """
    root = float(np.sqrt(0.5))
    cases = {
        "from sqrt(1/2) to sqrt(9/10)": (
            (root, float(np.sqrt(0.9)), 1.0, 0.5, 7),
            7 * np.log(9),
            "solve the curve for t",
        ),
        "a target already reached": ((0.5, 0.5, 2.0, 0.1, 11), 0.0, "nothing is left to do"),
        "a tiny start": (
            (1e-200, root, 4.0, 1.0, 8),
            200 * np.log(10) * 2,
            "the square of the start underflows, its logarithm does not",
        ),
        "a target just below 1": (
            (root, 1 - 2.0**-52, 1.0, 1.0, 4),
            2 * np.log(2.0**51),
            "1 - r^2 cancels; factor it",
        ),
    }
    for name, (arguments, expected, hint) in cases.items():
        with np.errstate(all="ignore"):
            got = float(function(*map(np.float64, arguments[:4]), arguments[4]))
        if not np.isclose(got, expected, rtol=1e-3, atol=1e-9):
            raise AssertionError(f"{name}: expected {expected:.6g}, got {got:.6g}; {hint}")
    print(f"correct on {len(cases)} cases")
