r"""Codes without a positive product, written as weighted graphs.

Give the edges $ij$ of a graph weights $a_{ij}=a_{ji}\ge0$, let vertex $i$ *leak* by $\ell_i\ge0$,
and let its degree $D_i=\sum_{j\ne i}a_{ij}+\ell_i$ be positive. The matrix with diagonal 1 and
entries $-a_{ij}/\sqrt{D_iD_j}$, the normalised Laplacian of the graph [chung1997], is the Gram
matrix of unit vectors with no positive product, and every such code arises so. Connected components
of the graph are mutually orthogonal; one without leak is linearly dependent, with weights
$\sqrt{D_i}$.
"""

import numpy as np
from scipy.linalg import eigh
from scipy.sparse.csgraph import connected_components

from neuralcollapse.codes.distance import as_unit
from neuralcollapse.geometry.arrays import as_points, as_tolerance

ZERO = 1e-9  # products nearer to 0 than this are 0, and so are eigenvalues of Gram matrices


def graph_code(adjacency, *, leaks=None, dimension=None):
    r"""Return the code whose Gram matrix is the normalised Laplacian of a weighted graph.

    Parameters
    ----------
    adjacency : array_like, shape (num_points, num_points)
        Symmetric weights $a_{ij}\ge0$ with zero diagonal.
    leaks : array_like, shape (num_points,), optional
        $\ell_i\ge0$, by default all 0. A component in which one leaks is linearly independent.
    dimension : int, optional
        Of the space, at least the rank (the default): points less components without leak.

    Returns
    -------
    ndarray, shape (num_points, dimension), float64
        Unit rows with $\langle w_i,w_j\rangle=-a_{ij}/\sqrt{D_iD_j}$.

    Raises
    ------
    ValueError
        If the weights are not such, if a vertex has neither edge nor leak, or if `dimension` is
        below the rank.

    Examples
    --------
    >>> points = graph_code([[0, 1, 1], [1, 0, 1], [1, 1, 0]])  # equal weights: a simplex
    >>> points.shape
    (3, 2)
    >>> print(round(points[0] @ points[1], 12))
    -0.5
    """
    adjacency = _as_weights(adjacency)
    count = len(adjacency)
    leaks = _as_leaks(np.zeros(count) if leaks is None else leaks, count)
    # Products do not depend on the unit of the weights, and in this one degrees do not overflow.
    unit = 2.0**-64 if max(adjacency.max(), leaks.max()) > 2.0**900 else 1.0
    adjacency, leaks = unit * adjacency, unit * leaks
    degrees = adjacency.sum(axis=1) + leaks
    if not degrees.all():
        vertex = int(degrees.argmin())
        raise ValueError(
            f"adjacency: vertex {vertex} has no edge and no leak; a leak makes it a free point"
        )
    scales = 1 / np.sqrt(degrees)
    gram = np.eye(count) - scales[:, None] * adjacency * scales
    parts, labels = connected_components(adjacency, directed=False)
    tight = parts - len(np.unique(labels[leaks > 0]))
    rank = count - tight
    dimension = rank if dimension is None else dimension
    if dimension < rank:
        raise ValueError(
            f"dimension: this graph has {tight} components without leak and its {count} points "
            f"span {rank} dimensions, got {dimension}"
        )
    values, vectors = eigh(gram)
    points = vectors[:, tight:] * np.sqrt(np.maximum(values[tight:], 0))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return np.pad(points, ((0, 0), (0, dimension - rank)))


def code_graph(points, *, tolerance=ZERO):
    r"""Return the weighted graph of a code without positive products.

    Parameters
    ----------
    points : array_like, shape (num_points, dimension)
        Unit rows with no positive product.
    tolerance : float
        In [0, 1). Products and eigenvalues up to this size are 0; raise it for a code found by
        search.

    Returns
    -------
    adjacency : ndarray, shape (num_points, num_points), float64
        $a_{ij}=-c_ic_j\langle w_i,w_j\rangle$, where $c$ is, on each component, the positive
        eigenvector of the Gram matrix to its least eigenvalue $\lambda$, of length 1.
    leaks : ndarray, shape (num_points,), float64
        $\ell_i=\lambda c_i^2$; exactly 0 where the component is dependent. Degrees are
        $D_i=c_i^2$, and sum to 1 over each component.

    Raises
    ------
    ValueError
        If rows are not of length 1, a product is positive, or the tolerance is out of range.

    Examples
    --------
    >>> adjacency, leaks = code_graph([[1, 0, 0], [-1, 0, 0], [0, 1, 0]])
    >>> adjacency.round(12) + 0.0
    array([[0. , 0.5, 0. ],
           [0.5, 0. , 0. ],
           [0. , 0. , 0. ]])
    >>> leaks.round(12)
    array([0., 0., 1.])
    """
    gram = obtuse_gram(points, tolerance)
    adjacency, leaks = np.zeros_like(gram), np.zeros(len(gram))
    for part in components(gram):
        values, vectors = eigh(gram[np.ix_(part, part)])
        weights = np.abs(vectors[:, 0])
        adjacency[np.ix_(part, part)] = -np.outer(weights, weights) * gram[np.ix_(part, part)]
        leaks[part] = weights**2 * (values[0] if values[0] > tolerance else 0)
    np.fill_diagonal(adjacency, 0)
    return adjacency, leaks


def obtuse_gram(points, tolerance=ZERO):
    """Return the Gram matrix of unit rows without positive products, rounding set to 0.

    Parameters
    ----------
    points : array_like, shape (num_points, dimension)
    tolerance : float

    Returns
    -------
    ndarray, shape (num_points, num_points), float64
        Diagonal 1, products within `tolerance` of 0 exactly 0.

    Raises
    ------
    ValueError
        If rows are not of length 1, or a product is positive; the message names the rows.

    Examples
    --------
    >>> obtuse_gram([[1, 0], [0, 1]])
    array([[1., 0.],
           [0., 1.]])
    """
    points, tolerance = as_unit(points), as_tolerance(tolerance)
    gram = points @ points.T
    gram[np.abs(gram) <= tolerance] = 0
    np.fill_diagonal(gram, 0)
    if gram.max() > 0:
        first, second = (int(row) for row in np.unravel_index(gram.argmax(), gram.shape))
        raise ValueError(
            f"points: rows {first} and {second} have product {gram.max():.6g}; expected no "
            "positive product, as in softmax codes of d + 2 to 2d points"
        )
    np.fill_diagonal(gram, 1)
    return gram


def components(gram):
    """Return the connected components of the graph of products that are not 0.

    Parameters
    ----------
    gram : ndarray, shape (num_points, num_points)

    Returns
    -------
    list of ndarray of int
        Indices, ascending in each component; components by their least index.

    Examples
    --------
    >>> [part.tolist() for part in components(np.array([[1, 0, -1], [0, 1, 0], [-1, 0, 1]]))]
    [[0, 2], [1]]
    """
    parts, labels = connected_components(gram, directed=False)
    return [np.flatnonzero(labels == part) for part in range(parts)]


def _as_weights(adjacency):
    adjacency = as_points(adjacency, "adjacency")
    if adjacency.shape[0] != adjacency.shape[1]:
        raise ValueError(f"adjacency: expected a square matrix, got shape {adjacency.shape}")
    if (adjacency < 0).any() or adjacency.diagonal().any() or (adjacency != adjacency.T).any():
        raise ValueError("adjacency: expected a symmetric matrix, not negative, with diagonal 0")
    return adjacency


def _as_leaks(leaks, count):
    leaks = np.asarray(leaks, dtype=np.float64)
    if leaks.shape != (count,):
        raise ValueError(f"leaks: expected shape ({count},), got {leaks.shape}")
    if not (np.isfinite(leaks).all() and (leaks >= 0).all()):
        raise ValueError("leaks: expected finite numbers, none of them negative")
    return leaks
