r"""Reference frames: the figures that class means are compared with.

A *simplex equiangular tight frame* of K points is, up to rotation, the rows of
$\sqrt{K/(K-1)}\,(I_K-\tfrac1K\mathbf 1\mathbf 1^\top)$: unit vectors with pairwise cosine
$-1/(K-1)$, the least that K unit vectors can all have. An *orthoplex* is the 2d points
$\pm e_i$. A *regular polygon* is n equally spaced points of the circle.
"""

import numpy as np
from scipy.linalg import helmert

from neuralcollapse.geometry.arrays import as_whole


def simplex_etf(num_points, dimension=None):
    r"""Vertices of a regular simplex on the unit sphere.

    Parameters
    ----------
    num_points : int
        At least 2.
    dimension : int, optional
        Of the ambient space, at least `num_points - 1` (the default). Further coordinates are zero.

    Returns
    -------
    ndarray, shape (num_points, dimension), float64
        Unit rows, dimensionless, with $\langle u_i,u_j\rangle=-1/(n-1)$ for $i\ne j$ and zero sum.

    Raises
    ------
    ValueError
        If a number is not whole, `num_points` is below 2, or `dimension` below `num_points - 1`.

    Notes
    -----
    The columns of the Helmert matrix are an orthonormal basis of the complement of the all-ones
    vector, so its transpose, scaled by $\sqrt{n/(n-1)}$, is the frame [papyan2020].

    Examples
    --------
    >>> simplex_etf(2)
    array([[ 1.],
           [-1.]])
    """
    num_points = as_whole(num_points, "num_points", 2, "a simplex needs at least 2 points")
    least = num_points - 1
    dimension = least if dimension is None else as_whole(dimension, "dimension", 1)
    if dimension < least:
        raise ValueError(
            f"dimension: a simplex of {num_points} points needs at least {least} dimensions, "
            f"got {dimension}; with fewer, see the softmax codes"
        )
    vertices = np.sqrt(num_points / least) * helmert(num_points).T
    return np.pad(vertices, ((0, 0), (0, dimension - least)))


def orthoplex(dimension):
    r"""Vertices $\pm e_1,\dots,\pm e_d$ of the cross-polytope.

    Parameters
    ----------
    dimension : int
        At least 1.

    Returns
    -------
    ndarray, shape (2 * dimension, dimension), float64
        Antipodal pairs in consecutive rows; pairwise cosines are 0, or -1 within a pair.

    Raises
    ------
    ValueError
        If `dimension` is not whole or below 1.

    Examples
    --------
    >>> orthoplex(1)
    array([[ 1.],
           [-1.]])
    """
    dimension = as_whole(dimension, "dimension", 1, "an orthoplex needs at least 1 dimension")
    return np.kron(np.eye(dimension), [[1.0], [-1.0]])


def regular_polygon(num_points):
    r"""Points $(\cos 2\pi k/n,\sin 2\pi k/n)$, $k=0,\dots,n-1$.

    Parameters
    ----------
    num_points : int
        At least 2.

    Returns
    -------
    ndarray, shape (num_points, 2), float64
        Unit rows; the largest pairwise cosine is $\cos 2\pi/n$.

    Raises
    ------
    ValueError
        If `num_points` is not whole or below 2.

    Examples
    --------
    >>> regular_polygon(4).round(12) + 0.0
    array([[ 1.,  0.],
           [ 0.,  1.],
           [-1.,  0.],
           [ 0., -1.]])
    """
    num_points = as_whole(num_points, "num_points", 2, "a polygon needs at least 2 points")
    angles = 2 * np.pi * np.arange(num_points) / num_points
    return np.column_stack([np.cos(angles), np.sin(angles)])
