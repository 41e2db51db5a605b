r"""Convex hulls in space: faces as polygons, and edges.

The hull of points $u_1,\dots,u_n$ of the sphere in $\R^3$, not all in a plane, is a polyhedron
with every $u_i$ as a vertex. Qhull [barber1996] cuts it into triangles; those in one plane are
put together again here, within a tolerance. What comes out is held to be a closed surface of a
ball: every edge is run through once in each direction, and $V-E+F=2$.
"""

import numpy as np
from scipy.spatial import ConvexHull

from neuralcollapse.geometry.arrays import as_directions

_TOLERANCE = 1e-6  # codes are solved far more exactly, and what is not coplanar is farther off


def faces(points, *, tolerance=_TOLERANCE):
    """Faces of the convex hull of points on the sphere in space.

    Parameters
    ----------
    points : array_like, shape (num_points, 3)
        Different directions, at least four and not all in a plane; lengths do not matter.
    tolerance : float
        A point this near to the plane of a face belongs to it. In units of the radius.

    Returns
    -------
    tuple of tuple of int
        Rows of `points` around each face, counter-clockwise seen from outside, the least row
        first; faces in ascending order.

    Raises
    ------
    ValueError
        If points are not in space, repeat, or lie in a plane.
    ArithmeticError
        If planes within the tolerance do not make a polyhedron.

    Examples
    --------
    >>> faces([[1, 0, 0], [-1, 1, 0], [-1, -1, 0], [0, 0, 1]])
    ((0, 1, 3), (0, 2, 1), (0, 3, 2), (1, 2, 3))
    """
    points = _in_space(points, tolerance)
    planes = ConvexHull(points).equations
    found = {}
    for *normal, offset in planes:
        members = np.flatnonzero(points @ normal + offset > -tolerance)
        found.setdefault(tuple(members), np.array(normal))
    polygons = tuple(sorted(_around(points, *face) for face in found.items()))
    directed = [pair for polygon in polygons for pair in _sides(polygon)]
    closed = sorted(directed) == sorted({(b, a) for a, b in directed})
    corners = len({corner for corner, _ in directed})
    if not closed or corners != len(points) or corners - len(directed) // 2 + len(polygons) != 2:
        raise ArithmeticError(
            f"points: planes within tolerance {tolerance:g} do not make a polyhedron of "
            f"{len(points)} corners; give a smaller tolerance, or more exact points"
        )
    return polygons


def edges(points, *, tolerance=_TOLERANCE):
    """Edges of the convex hull of points on the sphere in space.

    Parameters
    ----------
    points : array_like, shape (num_points, 3)
        Different directions, at least four and not all in a plane; lengths do not matter.
    tolerance : float
        A point this near to the plane of a face belongs to it. In units of the radius.

    Returns
    -------
    ndarray, shape (num_edges, 2), int
        Pairs of rows, the lesser first, in ascending order.

    Raises
    ------
    ValueError, ArithmeticError
        As `faces`.

    Examples
    --------
    >>> edges([[1, 0, 0], [-1, 1, 0], [-1, -1, 0], [0, 0, 1]]).tolist()
    [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]
    """
    polygons = faces(points, tolerance=tolerance)
    return np.array(sorted(p for polygon in polygons for p in _sides(polygon) if p[0] < p[1]))


def _in_space(points, tolerance):
    points = as_directions(points)
    if points.shape[1] != 3:
        raise ValueError(
            f"points: expected shape (num_points, 3), got {points.shape}; "
            "only configurations in space are polyhedra"
        )
    for row in range(1, len(points)):
        gaps = np.linalg.norm(points[:row] - points[row], axis=1)
        if gaps.min() <= tolerance:
            raise ValueError(
                f"points: rows {int(gaps.argmin())} and {row} have one direction; leave one out"
            )
    spread = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
    if len(points) < 4 or spread[2] <= tolerance:
        raise ValueError(
            f"points: all {len(points)} lie in a plane, so their hull is a polygon and no "
            "polyhedron; draw it in that plane"
        )
    return points


def _around(points, members, normal):
    """Rows `members` of one plane, counter-clockwise about its outward normal."""
    spokes = points[list(members)] - points[list(members)].mean(axis=0)
    first = spokes[0] / np.linalg.norm(spokes[0])
    turn = np.arctan2(spokes @ np.cross(normal, first), spokes @ first)
    order = [int(members[place]) for place in np.argsort(turn)]
    least = order.index(min(order))
    return tuple(order[least:] + order[:least])


def _sides(polygon):
    return zip(polygon, polygon[1:] + polygon[:1], strict=True)
