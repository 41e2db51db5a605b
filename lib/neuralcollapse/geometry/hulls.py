r"""Convex hulls: the nearest point, with the certificate that it is the nearest.

The point $p$ of $\operatorname{conv}\{x_1,\dots,x_n\}$ nearest to $z$ is the only one with
$\langle x_j-p,z-p\rangle\le0$ for all $j$. Wolfe's algorithm [wolfe1976] finds it in finitely many
steps as a convex combination of affinely independent points, its *corral*.
"""

from dataclasses import dataclass

import numpy as np

from neuralcollapse.geometry.arrays import as_points, power_of_two

_STEPS_PER_POINT = 50  # far above what is ever needed; a guard against cycling on rounding
_ROUNDING = 16 * np.finfo(float).eps


@dataclass(frozen=True, eq=False)
class HullPoint:
    r"""The point of a convex hull that is nearest to a target.

    Attributes
    ----------
    point : ndarray, shape (dimension,), float64
    weights : ndarray, shape (num_points,), float64
        Not negative, summing to 1; ``weights @ points`` is `point`.
    distance : float
        From target to hull, in units of the points.
    residual : float
        $\max_j\langle x_j-p,z-p\rangle$, in squared units; ideally at most rounding. The distance
        is at most ``residual / distance`` too large, so it bounds the error. Infinite where it
        overflows.
    """

    point: np.ndarray
    weights: np.ndarray
    distance: float
    residual: float


def nearest_hull_point(points, target):
    r"""Nearest point of the convex hull of `points` to `target`.

    Parameters
    ----------
    points : array_like, shape (num_points, dimension)
        At least one row; rows may repeat or depend on each other.
    target : array_like, shape (dimension,)

    Returns
    -------
    HullPoint

    Raises
    ------
    ValueError
        If shapes do not fit, or an entry is NaN or infinite.
    ArithmeticError
        If the optimality condition is not met to rounding of the largest coordinate. A distance
        far below that is known less well relative to its size; see `residual`.

    Examples
    --------
    >>> nearest_hull_point([[1, 1], [1, -1]], [0, 0]).distance
    1.0
    """
    points = as_points(points)
    target = as_points(np.atleast_2d(target), "target")
    if target.shape != (1, points.shape[1]):
        raise ValueError(f"target: expected shape ({points.shape[1]},), got {target.shape[1:]}")
    # A power of two changes no digit, and now nothing overflows.
    power = power_of_two(points, target)
    points, target = np.ldexp(points, -power), np.ldexp(target, -power)
    shifted = points - target
    scale = max(np.abs(shifted).max(), np.finfo(float).tiny)
    weights = _wolfe(shifted / scale)
    point = weights @ shifted
    distance = float(np.linalg.norm(point))
    residual = float(distance**2 - (shifted @ point).min())
    if residual > 1e3 * _ROUNDING * scale**2:
        raise ArithmeticError(
            f"points: nearest point not found, residual {residual:.1e} times 4**{power}"
        )
    with np.errstate(over="ignore"):
        return HullPoint(
            np.ldexp(target[0] + point, power),
            weights,
            float(np.ldexp(distance, power)),
            float(np.ldexp(residual, 2 * power)),
        )


def _wolfe(points):
    """Convex weights of the point of least norm; largest coordinate of `points` is 1."""
    squares = np.einsum("nd,nd->n", points, points)
    corral = [int(squares.argmin())]
    weights = np.array([1.0])
    for _ in range(_STEPS_PER_POINT * len(points)):
        point = weights @ points[corral]
        heights = points @ point
        entering = int(heights.argmin())
        if entering in corral or point @ point - heights[entering] <= _ROUNDING:
            break
        corral.append(entering)
        weights = np.append(weights, 0.0)
        while True:
            affine = _affine_weights(points[corral])
            if (affine > 0).all():
                weights = affine
                break
            # Walk from the old point towards the affine minimiser until a weight vanishes.
            leaving = affine <= 0
            ratios = weights[leaving] / np.maximum(weights[leaving] - affine[leaving], 1e-300)
            weights = weights + ratios.min() * (affine - weights)
            stay = weights > _ROUNDING
            stay[np.flatnonzero(leaving)[ratios.argmin()]] = False
            corral = [index for index, kept in zip(corral, stay, strict=True) if kept]
            weights = weights[stay] / weights[stay].sum()
    full = np.zeros(len(points))
    full[corral] = weights
    return full


def _affine_weights(corral):
    """Weights, summing to 1, of the point of least norm in the affine span of the rows."""
    base, edges = corral[0], corral[1:] - corral[0]
    rest = np.linalg.lstsq(edges.T, -base, rcond=None)[0]
    return np.concatenate([[1 - rest.sum()], rest])
