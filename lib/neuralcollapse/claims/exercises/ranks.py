"""Exercises of the page on optimal ranks."""

from neuralcollapse.theory.circle import flat_exchange


def check_equal_parts(function):
    """Check a reader's number of equal parts where rounding and loops go wrong.

    Parameters
    ----------
    function : callable
        ``function(x)`` with a positive number; returns the whole number r that minimises
        1 / (2 r) + x sqrt(r).

    Raises
    ------
    AssertionError
        With a hint, at the first case that fails.

    Examples
    --------
    >>> def parts(x):
    ...     r = max(1, int(x ** (-2 / 3)) - 2)
    ...     while flat_exchange(r) > x:
    ...         r += 1
    ...     return r
    >>> check_equal_parts(parts)
    correct on 11 cases
    """
    cases = [(2.0, 1, "one part is the least there can be")]
    for rank in (1, 2, 3, 40):
        for side, expected in ((1.001, rank), (0.999, rank + 1)):
            hint = "the real law rounded is not the best whole number"
            cases.append((side * flat_exchange(rank), expected, hint))
    for rank in (10**6, 10**8):
        x = (flat_exchange(rank) * flat_exchange(rank - 1)) ** 0.5
        cases.append((x, rank, "start near the law; subtract no nearly equal square roots"))
    for x, expected, hint in cases:
        got = function(x)
        if got != expected:
            raise AssertionError(f"x = {x:.6g}: expected {expected}, got {got}; {hint}")
    print(f"correct on {len(cases)} cases")
