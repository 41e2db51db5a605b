r"""The holes of a code: where its rattlers can be, and how near two of them can come.

Take away the rattlers of a code of coherence $\mu>0$. The points $x$ of the sphere with
$\langle x,v_j\rangle\le\mu$ for all $v_j$ that are left form *holes*. Two points of different holes
are nearest at *vertices*, where $d-1$ of the inequalities are equalities with independent $v_j$:
so the vertices, which can be listed, say whether two rattlers can touch.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.sparse.csgraph import connected_components

from neuralcollapse.codes.code import Code

_ACTIVE = 1e-8  # an inequality within this of equality is one
_NEAR = 1e-6  # the same for a vertex, which is less accurate than the points
_SAME = 1e-6  # vertices nearer than this are one
_SAMPLES = np.arange(1, 16) / 16  # of an edge, to see whether it lies in the hole


@dataclass(frozen=True, eq=False)
class Holes:
    r"""Vertices of the holes that a code has without its rattlers.

    Attributes
    ----------
    coherence : float
        $\mu$ of the code.
    vertices : ndarray, shape (num_vertices, dimension), float64
        Unit rows.
    labels : ndarray, shape (num_vertices,), int
        To which hole a vertex belongs, from 0.
    between : float
        Largest cosine of two vertices of different holes; -1 with fewer than two holes.
    within : float
        Smallest cosine of two vertices of one hole; 1 without holes.
    """

    coherence: float
    vertices: np.ndarray
    labels: np.ndarray
    between: float
    within: float

    @property
    def num_holes(self):
        """How many holes have an interior."""
        return int(self.labels.max(initial=-1)) + 1

    @property
    def exclude_contact(self):
        r"""Whether no two points of holes have the cosine $\mu$.

        True if vertices of different holes stay below it and those of one hole above; that a
        hole is narrower than a right angle is taken for granted.
        """
        return self.between < self.coherence < self.within


def holes(points):
    r"""List the vertices of the holes that are left when the rattlers are taken away.

    Parameters
    ----------
    points : array_like, shape (num_points, dimension)
        A code of positive coherence in at least three dimensions.

    Returns
    -------
    Holes
        All subsets of d - 1 points are tried: fit for d up to 6 and a few dozen points. In three
        dimensions the list is complete; from four on, points that lie in the span of fewer than
        d - 1 of their neighbours may be missing.

    Raises
    ------
    ValueError
        If `points` is not a code, its coherence is not positive, or the dimension is below 3.

    Examples
    --------
    >>> import numpy as np
    >>> cap = [[0.6, 0, 0.8], [-0.3, 0.27**0.5, 0.8], [-0.3, -(0.27**0.5), 0.8]]
    >>> found = holes([*cap, [0, 0, -1]])  # three touch, the fourth rattles below them
    >>> found.num_holes
    1
    """
    code = Code.of(points)
    if code.points.shape[1] < 3:
        raise ValueError(f"points: expected at least 3 columns, got {code.points.shape[1]}")
    if code.coherence <= 0:
        raise ValueError(
            f"points: expected a positive coherence, got {code.coherence:.3g}; a code of "
            "coherence at most 0 has no holes to search"
        )
    others = np.delete(code.points, code.rattlers, axis=0)
    vertices = hole_vertices(others, code.coherence)
    labels = _components(vertices, others, code.coherence)
    sizes = np.bincount(labels)
    keep = sizes[labels] > 1  # a hole of one vertex has no interior
    vertices = vertices[keep]
    labels = np.unique(labels[keep], return_inverse=True)[1]
    cosines = vertices @ vertices.T
    same = labels[:, None] == labels
    return Holes(
        coherence=code.coherence,
        vertices=vertices,
        labels=labels,
        between=float(cosines[~same].max(initial=-1)),
        within=float(cosines[same].min(initial=1)),
    )


def hole_vertices(points, coherence):
    r"""List the vertices of what caps around points leave of the sphere.

    Parameters
    ----------
    points : ndarray, shape (num_points, dimension)
        Unit rows $v_j$.
    coherence : float
        $\mu$, the cosine of the caps' radius, positive.

    Returns
    -------
    ndarray, shape (num_vertices, dimension), float64
        The $x$ with $\langle x,v_j\rangle\le\mu$ for all $j$ and equality for $d-1$ independent
        ones, each once.

    Examples
    --------
    >>> import numpy as np
    >>> vertices = hole_vertices(np.eye(3)[:2], 0.6)
    >>> np.abs(vertices.round(2))
    array([[0.6 , 0.6 , 0.53],
           [0.6 , 0.6 , 0.53]])
    """
    count, dimension = points.shape
    subsets = np.array(list(combinations(range(count), dimension - 1)))
    left, values, right = np.linalg.svd(points[subsets], full_matrices=True)
    independent = values[:, -1] > 1e-9
    left, values, right = left[independent], values[independent], right[independent]
    scaled = left.sum(axis=1) * coherence / values  # of the least solution, in the row space
    least = np.einsum("si,sij->sj", scaled, right[:, :-1])
    rest = 1 - np.sum(least**2, axis=1)
    real = rest > -_ACTIVE
    least, height = least[real], np.sqrt(np.maximum(rest[real], 0))[:, None]
    normals = right[real, -1]
    found = np.concatenate([least + height * normals, least - height * normals])
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    found = found[(found @ points.T).max(axis=1) <= coherence + _ACTIVE]
    vertices = []
    for candidate in found:
        if all(np.linalg.norm(candidate - vertex) > _SAME for vertex in vertices):
            vertices.append(candidate)
    return np.array(vertices).reshape(-1, dimension)


def _components(vertices, others, coherence):
    """Number the holes: vertices joined by an edge that lies in the hole share one."""
    count, dimension = vertices.shape
    active = vertices @ others.T >= coherence - _NEAR
    joined = np.eye(count, dtype=bool)
    for first, second in combinations(range(count), 2):
        common = others[active[first] & active[second]]
        if len(common) >= dimension - 2 and np.linalg.matrix_rank(common) <= dimension - 1:
            joined[first, second] = _edge_lies_inside(
                vertices[first], vertices[second], common, others, coherence
            )
    return connected_components(joined, directed=False)[1]


def _edge_lies_inside(start, end, common, others, coherence):
    """Walk the circle on which the common products stay equal to the coherence."""
    center = np.linalg.pinv(common) @ (common @ start)
    from_center, to_end = start - center, end - center
    radius = np.linalg.norm(from_center)
    if radius < _SAME or np.linalg.norm(from_center + to_end) < _SAME:
        return False
    arc = (1 - _SAMPLES[:, None]) * from_center + _SAMPLES[:, None] * to_end
    arc = center + radius * arc / np.linalg.norm(arc, axis=1, keepdims=True)
    return bool((arc @ others.T).max() <= coherence + _ACTIVE)
