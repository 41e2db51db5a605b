r"""Factors of low rank for the deep problem, built from the edges of a complete graph.

Let the $K=\binom r2$ classes be the edges of the complete graph on r vertices, and B the r by K
table with a 1 where a vertex lies on an edge. Middle layers are B, of rank r. The last layer is
$M_L=J-B^\top B$: $-1$ on the diagonal, 0 where two edges share a vertex, 1 where they do not. Its
ReLU is the adjacency matrix A of the Kneser graph of pairs (the Petersen graph for r = 5), strongly
regular and of full rank, so the classifier can be $A^{-1}$ [sukenik2024].
"""

from itertools import combinations

import numpy as np
import sympy

from neuralcollapse.geometry.arrays import as_whole
from neuralcollapse.theory.schatten import balanced_factors

__all__ = [
    "collapse_factors",
    "edge_incidence",
    "graph_blocks",
    "graph_cost_power",
    "graph_factors",
    "kneser_adjacency",
    "plane_factors",
]

_FEWEST = "with 3 vertices or fewer every two edges meet and nothing is left after the ReLU"


def edge_incidence(num_vertices):
    """Table of which vertex lies on which edge of a complete graph.

    Parameters
    ----------
    num_vertices : int
        r, at least 2.

    Returns
    -------
    ndarray, shape (r, r (r - 1) / 2), float64
        1 or 0; edges in lexicographic order, two ones a column.

    Raises
    ------
    ValueError
        If `num_vertices` is below 2.

    Examples
    --------
    >>> edge_incidence(3)
    array([[1., 1., 0.],
           [1., 0., 1.],
           [0., 1., 1.]])
    """
    num_vertices = as_whole(num_vertices, "num_vertices", 2)
    edges = np.array(list(combinations(range(num_vertices), 2)))
    return (np.arange(num_vertices)[:, None, None] == edges).any(axis=2).astype(float)


def kneser_adjacency(num_vertices):
    """Adjacency matrix of the graph of edges, joined where they share no vertex.

    Parameters
    ----------
    num_vertices : int
        r, at least 4.

    Returns
    -------
    ndarray, shape (K, K) with K = r (r - 1) / 2, float64
        Symmetric, 0 or 1, invertible. Eigenvalues (r-2)(r-3)/2, once; 1; and 3 - r, r - 1 times.

    Raises
    ------
    ValueError
        If `num_vertices` is below 4.

    Examples
    --------
    >>> kneser_adjacency(4).sum(axis=0)  # three disjoint pairs of edges
    array([1., 1., 1., 1., 1., 1.])
    """
    incidence = edge_incidence(as_whole(num_vertices, "num_vertices", 4, _FEWEST))
    return np.maximum(1 - incidence.T @ incidence, 0)


def graph_factors(num_vertices, depth):
    r"""Return the factors of the graph solution with outputs $I$.

    Parameters
    ----------
    num_vertices : int
        r, at least 4; there are K = r (r - 1) / 2 classes.
    depth : int
        Number L of weight matrices, at least 2. With 2 there is no room for B, and $M_2$ is
        $J-B^\top B$ itself.

    Returns
    -------
    list of ndarray
        $M_1,W_1,\dots,W_L$: $W_1M_1=B$ in balanced factors, identities,
        $W_{L-1}=\frac12(\mathbf 1\mathbf 1^\top-2B^\top)$ and $W_L=A^{-1}$.

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> [len(factor) for factor in graph_factors(4, 4)]  # 4 dimensions up to the last layer
    [4, 4, 4, 6, 6]
    """
    depth = as_whole(depth, "depth", 2)
    adjacency = kneser_adjacency(num_vertices)
    incidence = edge_incidence(num_vertices)
    if depth == 2:
        opening = balanced_factors(1 - incidence.T @ incidence, 2)
    else:
        middle = [np.eye(len(incidence))] * (depth - 3)
        opening = [*balanced_factors(incidence, 2), *middle, 0.5 - incidence.T]
    return [*opening, np.linalg.inv(adjacency)]


def collapse_factors(num_classes, depth):
    """Return identities: deep collapse with outputs the identity.

    Parameters
    ----------
    num_classes : int
        At least 1.
    depth : int
        Number L of weight matrices, at least 1.

    Returns
    -------
    list of ndarray

    Examples
    --------
    >>> len(collapse_factors(3, 4))
    5
    """
    num_classes = as_whole(num_classes, "num_classes", 1)
    return [np.eye(num_classes)] * (as_whole(depth, "depth", 1) + 1)


def graph_blocks(num_classes, depth, num_vertices):
    """Return a graph solution on the first classes, deep collapse on each of the others.

    Parameters
    ----------
    num_classes : int
        K, at least r (r - 1) / 2.
    depth : int
        Number L of weight matrices, at least 2.
    num_vertices : int
        r, at least 4.

    Returns
    -------
    list of list of ndarray
        One or two blocks for `scaled_factors`.

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> [block[0].shape[1] for block in graph_blocks(8, 4, 4)]
    [6, 2]
    """
    blocks = [graph_factors(num_vertices, depth)]
    size = blocks[0][0].shape[1]
    rest = as_whole(num_classes, "num_classes", size) - size
    return blocks + ([collapse_factors(rest, depth)] if rest else [])


def plane_factors(num_classes, depth):
    r"""Return factors with outputs $I$ whose layers before the last ReLU have rank 2.

    Parameters
    ----------
    num_classes : int
        K, at least 2.
    depth : int
        Number L of weight matrices, at least 3.

    Returns
    -------
    list of ndarray
        Middle layers hold the points $(1,k)$, $k=1,\dots,K$; the last has the entries $k-i+1$,
        whose ReLU is triangular, and $W_L$ is its inverse, second differences.

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> [len(factor) for factor in plane_factors(5, 4)]
    [2, 2, 2, 5, 5]
    """
    depth = as_whole(depth, "depth", 3)
    places = np.arange(as_whole(num_classes, "num_classes", 2), dtype=float)
    points = np.stack([np.ones_like(places), places + 1])
    steps = [np.eye(len(places), k=k) for k in range(3)]
    last = np.stack([-places, np.ones_like(places)], axis=1)
    middle = [np.eye(2)] * (depth - 3)
    return [*balanced_factors(points, 2), *middle, last, steps[0] - 2 * steps[1] + steps[2]]


def graph_cost_power(num_vertices, depth):
    r"""Product of the squared norms of the graph solution's factors, exactly.

    Parameters
    ----------
    num_vertices : int or sympy.Expr
        r, at least 4.
    depth : int
        L, at least 2.

    Returns
    -------
    sympy.Expr
        $G^{L+1}$: $\|B\|_*^2\,r^{L-3}\,\frac{Kr}4\,c_L$ for $L\ge3$, with
        $\|B\|_*=\sqrt{2(r-1)}+(r-1)\sqrt{r-2}$, and $\|J-B^\top B\|_*^2\,c_L$ for $L=2$;
        $c_L=\binom{r-2}2^{-2}+\frac{r(r-3)}2+\frac{r-1}{(r-3)^2}$.

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> graph_cost_power(4, 4)  # below 6 ** 5 = 7776
    1728*sqrt(3) + 3456
    """
    depth = as_whole(depth, "depth", 2)
    if not isinstance(num_vertices, sympy.Expr):
        num_vertices = sympy.Integer(as_whole(num_vertices, "num_vertices", 4, _FEWEST))
    r, classes = num_vertices, num_vertices * (num_vertices - 1) / 2
    inverse = 4 / ((r - 2) * (r - 3)) ** 2 + r * (r - 3) / 2 + (r - 1) / (r - 3) ** 2
    if depth == 2:
        opening = classes - 2 * (r - 1) + (r - 1) * (r - 2)
        return sympy.expand(opening**2 * inverse)
    opening = 2 * (r - 1) + (r - 1) ** 2 * (r - 2)
    opening += 2 * (r - 1) * sympy.sqrt(2 * (r - 1) * (r - 2))
    return sympy.expand(opening * r ** (depth - 3) * classes * r / 4 * inverse)
