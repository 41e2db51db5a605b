r"""Where two convex hulls meet, and how far from 0.

If the hulls of two parts of a code meet in $x$, every point of the code has $x$ in the hull of the
others, and $\rho(W)^2\le1-\|x\|^2$. So a common point of large norm is a bound. To maximise a norm
over a polytope is hard in general; a linear programme repeated along its own answer climbs to a
vertex, and what it finds is a bound all the same.
"""

import numpy as np
from scipy.optimize import linprog

from neuralcollapse.geometry.arrays import as_points

_GAIN = 1e-12  # of the squared norm at unit scale; below it a step is rounding
_FEASIBLE = 1e-10  # by how much the linear programmes may miss an equation at unit scale
_INFEASIBLE = 2  # the status by which linprog says so


def farthest_common_point(first, second):
    r"""A point of large norm that lies in two convex hulls.

    Parameters
    ----------
    first, second : array_like, shape (num_points, dimension)
        The points of either hull; the two may differ in number.

    Returns
    -------
    ndarray, shape (dimension,), float64, or None
        The best vertex of the intersection found from the directions of the axes, or None if the
        hulls do not meet. No common point of larger norm is known, though one may exist: a lower
        bound of the largest norm. Hulls count as meeting if they come within about $10^{-9}$ times
        the largest coordinate of each other, and the point lies that near to both.

    Raises
    ------
    ValueError
        If the dimensions differ.
    ArithmeticError
        If a linear programme ends without an answer.

    Examples
    --------
    >>> farthest_common_point([[1, 0], [-1, 0]], [[0, 1], [0, -1]]).tolist()
    [0.0, 0.0]
    >>> farthest_common_point([[1, 0]], [[-1, 0]]) is None
    True
    """
    first, second = as_points(first, "first"), as_points(second, "second")
    dimension = first.shape[1]
    if second.shape[1] != dimension:
        raise ValueError(f"second: expected dimension {dimension}, got {second.shape[1]}")
    exponent = int(np.frexp(max(np.abs(first).max(), np.abs(second).max()))[1])
    first, second = np.ldexp(first, -exponent), np.ldexp(second, -exponent)  # exact, below 1
    best = None
    for start in (*np.eye(dimension), *-np.eye(dimension)):
        point = _farthest_along(first, second, start)
        if point is None:
            return None
        while True:
            further = _farthest_along(first, second, point)
            if further is None or further @ further <= point @ point + _GAIN:
                break
            point = further
        if best is None or point @ point > best @ best + _GAIN:
            best = point
    return np.ldexp(best, exponent)


def _farthest_along(first, second, direction):
    """The common point of largest inner product with `direction`, or None."""
    size, other = len(first), len(second)
    equal = np.block(
        [
            [first.T, -second.T],
            [np.ones((1, size)), np.zeros((1, other))],
            [np.zeros((1, size)), np.ones((1, other))],
        ]
    )
    cost = np.concatenate([-first @ direction, np.zeros(other)])
    right = np.concatenate([np.zeros(first.shape[1]), [1.0, 1.0]])
    found = linprog(
        cost,
        A_eq=equal,
        b_eq=right,
        bounds=(0, None),
        method="highs",
        options={"primal_feasibility_tolerance": _FEASIBLE},
    )
    if found.status == _INFEASIBLE:
        return None
    if found.status != 0:
        raise ArithmeticError(f"the linear programme has no answer: {found.message}")
    return found.x[:size] @ first
