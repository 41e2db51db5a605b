r"""Codes of the orthoplex regime $d+2\le n\le2d$: any of them, the named ones, their batches.

There a code is a spherical code, and a softmax code, exactly when no product is positive
[alcala2026]. It then falls into mutually orthogonal *batches*, each spanning one dimension less
than it has points, and *free* points that are linearly independent. There are at least $n-d$
batches.
"""

from operator import index

import numpy as np
from scipy.linalg import block_diag

from neuralcollapse.codes.graphs import ZERO, components, graph_code, obtuse_gram
from neuralcollapse.geometry.arrays import as_whole
from neuralcollapse.geometry.frames import simplex_etf


def orthoplex_code(batch_sizes, *, free=0, dimension=None, seed=0):
    r"""Draw a softmax code of the orthoplex regime; every one of them can come.

    Parameters
    ----------
    batch_sizes : sequence of int
        Points of each batch, at least 2 each; at least two batches.
    free : int
        Number of points outside the batches.
    dimension : int, optional
        Of the space; by default the least, points less batches. Each further dimension needs one
        more batch.
    seed : int or Generator
        Fixes the draw.

    Returns
    -------
    ndarray, shape (num_points, dimension), float64
        Unit rows in random order and position; coherence 0, one-vs-rest distance 1.

    Raises
    ------
    ValueError
        If a size is too small, or there are too few batches for `dimension`.

    Notes
    -----
    A batch is the code of a random connected graph: a random tree, further edges with a
    probability that is drawn too, exponential weights. So its Gram matrix is the identity less a
    random irreducible matrix of spectral radius 1. Free points have a random graph, connected or
    not, and leaks; see `graph_code`.

    Examples
    --------
    >>> points = orthoplex_code((2, 3), free=1)
    >>> points.shape
    (6, 4)
    >>> free, batches = orthogonal_batches(points)
    >>> len(free), sorted(len(batch) for batch in batches)
    (1, [2, 3])
    """
    sizes = [index(size) for size in batch_sizes]
    if min(sizes, default=0) < 2 or len(sizes) < 2:
        raise ValueError(
            f"batch_sizes: expected at least two batches of at least 2 points, got {sizes}; "
            "one batch or none is the simplex regime"
        )
    if free < 0:
        raise ValueError(f"free: expected a number of points, got {free}")
    count = sum(sizes) + free
    least = count - len(sizes)
    dimension = least if dimension is None else dimension
    if not least <= dimension <= count - 2:
        raise ValueError(
            f"dimension: {len(sizes)} batches of {count} points in all lie in the orthoplex regime "
            f"of {least} to {count - 2} dimensions, got {dimension}"
        )
    generator = np.random.default_rng(seed)
    blocks = [_connected_weights(size, generator) for size in sizes]
    leaks = np.zeros(count)
    if free:
        blocks.append(_some_weights(free, generator))
        leaks[-free:] = generator.exponential(size=free)
    points = graph_code(block_diag(*blocks), leaks=leaks, dimension=dimension)
    return generator.permutation(points) @ _rotation(dimension, generator)


def union_of_simplices(dimensions):
    r"""Regular simplices in mutually orthogonal subspaces.

    Parameters
    ----------
    dimensions : sequence of int
        Of the simplices, at least 1 each; one of dimension x has x + 1 vertices.

    Returns
    -------
    ndarray, shape (num_points, dimension), float64
        Unit rows, simplex after simplex, in the sum of the dimensions.

    Raises
    ------
    ValueError
        If there is no dimension or one is below 1.

    Examples
    --------
    >>> union_of_simplices([1, 1])
    array([[ 1.,  0.],
           [-1.,  0.],
           [ 0.,  1.],
           [ 0., -1.]])
    """
    dimensions = [index(dimension) for dimension in dimensions]
    if min(dimensions, default=0) < 1:
        raise ValueError(f"dimensions: expected integers of at least 1, got {dimensions}")
    return block_diag(*(simplex_etf(dimension + 1) for dimension in dimensions))


def low_entropy_code(num_points, dimension):
    r"""One regular simplex as large as possible, and an orthoplex beside it.

    Parameters
    ----------
    num_points, dimension : int
        With `dimension` + 2 to 2 `dimension` points.

    Returns
    -------
    ndarray, shape (num_points, dimension), float64
        A simplex of $2d-n+2$ points and $n-d-1$ antipodal pairs (Definition 11 of [alcala2026],
        reconstructed).

    Raises
    ------
    ValueError
        Outside the orthoplex regime.

    Examples
    --------
    >>> [len(batch) for batch in orthogonal_batches(low_entropy_code(6, 4))[1]]
    [4, 2]
    """
    num_points, dimension = regime(num_points, dimension)
    batches = num_points - dimension
    return union_of_simplices([dimension - batches + 1] + [1] * (batches - 1))


def high_entropy_code(num_points, dimension):
    r"""As many regular simplices as there must be batches, of sizes as equal as possible.

    Parameters
    ----------
    num_points, dimension : int
        With `dimension` + 2 to 2 `dimension` points.

    Returns
    -------
    ndarray, shape (num_points, dimension), float64
        $m=n-d$ simplices of $\lfloor n/m\rfloor$ or one more points, larger ones first
        (Definition 11 of [alcala2026], reconstructed).

    Raises
    ------
    ValueError
        Outside the orthoplex regime.

    Examples
    --------
    >>> [len(batch) for batch in orthogonal_batches(high_entropy_code(6, 4))[1]]
    [3, 3]
    """
    num_points, dimension = regime(num_points, dimension)
    batches = num_points - dimension
    least, more = divmod(dimension, batches)
    return union_of_simplices([least + 1] * more + [least] * (batches - more))


def orthogonal_batches(points, *, tolerance=ZERO):
    r"""Decompose a code without positive products into free points and orthogonal batches.

    Parameters
    ----------
    points : array_like, shape (num_points, dimension)
        Unit rows with no positive product.
    tolerance : float
        In [0, 1). Products and eigenvalues up to this size are 0; raise it for a code found by
        search.

    Returns
    -------
    free : tuple of int
        Rows that are linearly independent and orthogonal to all batches, ascending.
    batches : tuple of tuple of int
        Rows of each batch, ascending; batches by their least row. A batch spans one dimension less
        than it has points, and 0 is a positive combination of them. There are as many as points
        exceed the rank.

    Raises
    ------
    ValueError
        If rows are not of length 1, a product is positive, or the tolerance is out of range.

    Examples
    --------
    >>> orthogonal_batches([[1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0], [0, 0, 1]])
    ((4,), ((0, 2), (1, 3)))
    """
    gram = obtuse_gram(points, tolerance)
    free, batches = [], []
    for part in components(gram):
        independent = np.linalg.eigvalsh(gram[np.ix_(part, part)])[0] > tolerance
        if independent:
            free += part.tolist()
        else:
            batches.append(tuple(part.tolist()))
    return tuple(sorted(free)), tuple(batches)


def regime(num_points, dimension):
    """Refuse sizes outside the orthoplex regime.

    Parameters
    ----------
    num_points, dimension : int

    Returns
    -------
    tuple of int
        Both, as Python integers.

    Raises
    ------
    ValueError
        Unless `dimension` + 2 <= `num_points` <= 2 `dimension`.

    Examples
    --------
    >>> regime(6, 4)
    (6, 4)
    """
    dimension = as_whole(dimension, "dimension", 2)
    num_points = as_whole(num_points, "num_points", 4)
    if not dimension + 2 <= num_points <= 2 * dimension:
        raise ValueError(
            f"num_points: expected the orthoplex regime, which in {dimension} dimensions has "
            f"{dimension + 2} to {2 * dimension} points, got {num_points}; for fewer see "
            "geometry.simplex_etf"
        )
    return num_points, dimension


def _some_weights(count, generator):
    """Weights of a random graph whose density is random too."""
    weights = np.zeros((count, count))
    above = np.triu_indices(count, 1)
    present = generator.random(len(above[0])) < generator.random()
    weights[above] = present * generator.exponential(size=len(above[0]))
    return weights + weights.T


def _connected_weights(count, generator):
    """Weights of a random connected graph: a random tree below further edges."""
    weights = _some_weights(count, generator)
    order = generator.permutation(count)
    for place in range(1, count):
        older, newer = order[generator.integers(place)], order[place]
        weights[older, newer] = weights[newer, older] = generator.exponential()
    return weights


def _rotation(dimension, generator):
    """Return an orthogonal matrix, uniformly distributed."""
    basis, upper = np.linalg.qr(generator.normal(size=(dimension, dimension)))
    return basis * np.sign(upper.diagonal())
