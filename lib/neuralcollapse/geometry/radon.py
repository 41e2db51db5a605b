r"""Radon partitions: two disjoint sets of points whose convex hulls meet.

Any $d+2$ points of $\R^d$ have an affine dependency, $\sum_ic_iw_i=0$ with $\sum_ic_i=0$ and
$c\ne0$. The points with $c_i>0$ and the others have a common point in their hulls [radon1921].
"""

from dataclasses import dataclass

import numpy as np

from neuralcollapse.geometry.arrays import as_points, power_of_two

_ZERO = 1e-12  # of the largest coefficient: rounding, and its sign is nobody's choice


@dataclass(frozen=True, eq=False)
class RadonPartition:
    """A partition of points into two parts whose convex hulls meet.

    Attributes
    ----------
    first, second : tuple of int
        Row indices; neither is empty, together they are all rows.
    weights : ndarray, shape (num_points,), float64
        Not negative, summing to 1 over each part.
    point : ndarray, shape (dimension,), float64
        The common point, the mean of what the weights make of either part.
    residual : float
        Distance between what they make of one part and of the other, in units of the points;
        ideally rounding.
    """

    first: tuple[int, ...]
    second: tuple[int, ...]
    weights: np.ndarray
    point: np.ndarray
    residual: float


def radon_partition(points):
    r"""Split points into two parts whose convex hulls meet.

    Parameters
    ----------
    points : array_like, shape (num_points, dimension)
        At least ``dimension + 2`` rows. The first ``dimension + 2`` are split, the others join the
        second part with weight 0.

    Returns
    -------
    RadonPartition
        The first point with a coefficient that is not 0 is in the first part.

    Raises
    ------
    ValueError
        If there are fewer points: those of a simplex have no such partition.

    Examples
    --------
    >>> square = radon_partition([[1, 0], [0, 1], [-1, 0], [0, -1]])
    >>> square.first, square.second
    ((0, 2), (1, 3))
    """
    points = as_points(points)
    count, dimension = points.shape
    if count < dimension + 2:
        raise ValueError(
            f"points: {count} points in dimension {dimension} may have no Radon partition; "
            f"expected at least {dimension + 2}"
        )
    power = power_of_two(points)  # changes no digit, and now nothing overflows
    points = np.ldexp(points, -power)
    used = points[: dimension + 2]
    centred = used - used.mean(axis=0)
    scale = max(np.abs(centred).max(), np.finfo(float).tiny)
    system = np.vstack([centred.T / scale, np.ones(len(used))])
    dependency = np.zeros(count)
    dependency[: len(used)] = np.linalg.svd(system)[2][-1]
    dependency[np.abs(dependency) <= _ZERO * np.abs(dependency).max()] = 0
    dependency *= np.sign(dependency[np.flatnonzero(dependency)[0]])
    in_first = dependency > 0
    weights = np.abs(dependency)
    for part in (in_first, ~in_first):
        weights[part] /= weights[part].sum()
    ends = [weights[part] @ points[part] for part in (in_first, ~in_first)]
    return RadonPartition(
        tuple(np.flatnonzero(in_first).tolist()),
        tuple(np.flatnonzero(~in_first).tolist()),
        weights,
        np.ldexp((ends[0] + ends[1]) / 2, power),
        float(np.ldexp(np.linalg.norm(ends[0] - ends[1]), power)),
    )
