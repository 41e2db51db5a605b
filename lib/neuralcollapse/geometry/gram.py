r"""Gram matrices and what they say about a configuration: coherence, contacts and ranks.

For points $u_1,\dots,u_n$ the Gram matrix is $G_{ij}=\langle u_i,u_j\rangle$; it determines the
configuration up to rotation. *Coherence* is the largest pairwise cosine. The soft ranks
replace counting singular values by weighing them.
"""

import numpy as np

from neuralcollapse.geometry.arrays import (
    DegenerateGeometryError,
    as_directions,
    as_points,
    as_tolerance,
)


def gram_matrix(points):
    r"""Inner products of all pairs of rows.

    Parameters
    ----------
    points : array_like, shape (num_points, dimension)

    Returns
    -------
    ndarray, shape (num_points, num_points), float64
        $G=XX^\top$, in squared units of `points`.

    Raises
    ------
    ValueError
        If `points` is not a finite two-dimensional array.

    Examples
    --------
    >>> gram_matrix([[1, 0], [1, 2]])
    array([[1., 1.],
           [1., 5.]])
    """
    array = as_points(points)
    return array @ array.T


def coherence(points):
    r"""Largest cosine between two different rows.

    Parameters
    ----------
    points : array_like, shape (num_points, dimension)
        At least two rows, none of them zero; lengths do not matter.

    Returns
    -------
    float
        Dimensionless, in $[-1/(n-1),1]$; a simplex attains the lower end, repeated directions
        the upper one. The sign is kept: this is not the largest *absolute* cosine of
        compressed sensing.

    Raises
    ------
    ValueError
        If there are fewer than two rows or a row is zero.

    Examples
    --------
    >>> coherence([[1, 0], [0, 2], [-3, 0]])
    0.0
    """
    directions = as_directions(points)
    if len(directions) < 2:
        raise ValueError("points: coherence compares pairs and needs at least two rows, got 1")
    cosines = directions @ directions.T
    np.fill_diagonal(cosines, -np.inf)
    return float(cosines.max())


def contacts(points, *, tolerance=1e-6):
    r"""Pairs of rows whose cosine is the largest.

    Parameters
    ----------
    points : array_like, shape (num_points, dimension)
        At least two rows, none of them zero; lengths do not matter.
    tolerance : float
        How far below the coherence a cosine may be; dimensionless, in [0, 1). Pairs of a best
        code that do not touch stay much farther below.

    Returns
    -------
    ndarray, shape (num_contacts, 2), int
        Rows i < j with $\cos(u_i,u_j)\ge\mu-$ `tolerance`, in ascending order; at least one.

    Raises
    ------
    ValueError
        As `coherence`, and if the tolerance is out of range.

    Notes
    -----
    A pair u, v at the largest cosine $\mu\in(-1,1)$ spans an edge of the convex hull of the unit
    vectors: if $\langle p,u+v\rangle\ge1+\mu$ for another p, one of $\langle p,u\rangle$ and
    $\langle p,v\rangle$ is at least $\frac{1+\mu}2>\mu$. So the hull touches the plane
    $\langle x,u+v\rangle=1+\mu$ in that edge alone.

    Examples
    --------
    >>> contacts([[1, 0], [0, 2], [-3, 0]]).tolist()
    [[0, 1], [1, 2]]
    """
    tolerance = as_tolerance(tolerance)
    largest = coherence(points)
    directions = as_directions(points)
    return np.argwhere(np.triu(directions @ directions.T >= largest - tolerance, k=1))


def effective_rank(matrix):
    r"""Exponential of the entropy of the normalised singular values.

    Parameters
    ----------
    matrix : array_like, shape (m, n)
        Not zero.

    Returns
    -------
    float
        $\exp\bigl(-\sum_i p_i\log p_i\bigr)$ with $p_i=\sigma_i/\sum_j\sigma_j$ [roy2007];
        dimensionless, between 1 and the rank. Class means at collapse have K - 1.

    Raises
    ------
    ValueError
        If the matrix is zero or not finite.

    Examples
    --------
    >>> round(effective_rank([[1, 0], [0, 1]]), 12)
    2.0
    """
    singular_values = _singular_values(matrix)
    weights = singular_values / singular_values.sum()
    weights = weights[weights > 0]
    return float(np.exp(-(weights * np.log(weights)).sum()))


def stable_rank(matrix):
    r"""Squared Frobenius norm over squared spectral norm.

    Parameters
    ----------
    matrix : array_like, shape (m, n)
        Not zero.

    Returns
    -------
    float
        $\sum_i\sigma_i^2/\sigma_1^2$; dimensionless, between 1 and the rank. Class means at
        collapse have K - 1.

    Raises
    ------
    ValueError
        If the matrix is zero or not finite.

    Examples
    --------
    >>> stable_rank([[2, 0], [0, 1]])
    1.25
    """
    singular_values = _singular_values(matrix)
    return float(((singular_values / singular_values[0]) ** 2).sum())


def participation_ratio(matrix):
    r"""Number of singular directions that share the energy.

    Parameters
    ----------
    matrix : array_like, shape (m, n)
        Not zero.

    Returns
    -------
    float
        $(\sum_i\sigma_i^2)^2/\sum_i\sigma_i^4$; dimensionless, between `stable_rank` and the
        rank. A circle has 2, a simplex K - 1.

    Raises
    ------
    ValueError
        If the matrix is zero or not finite.

    Examples
    --------
    >>> participation_ratio([[2, 0], [0, 0]]), round(participation_ratio([[1, 0], [0, 1]]), 12)
    (1.0, 2.0)
    """
    return participation_of(_singular_values(matrix))


def participation_of(singular_values):
    """Participation ratio of singular values that are already known."""
    energies = singular_values**2
    return float(energies.sum() ** 2 / (energies**2).sum())


def _singular_values(matrix):
    array = as_points(matrix, "matrix")
    largest = np.abs(array).max()
    if largest == 0:
        raise DegenerateGeometryError(
            "matrix: the zero matrix has no rank to weigh; every entry is 0"
        )
    return np.linalg.svd(array / largest, compute_uv=False)
