"""The unit sphere: bases of its tangent spaces."""

import numpy as np

from neuralcollapse.geometry.arrays import as_points


def tangent_bases(points):
    """Orthonormal bases of the tangent spaces of the sphere at unit vectors.

    Parameters
    ----------
    points : array_like, shape (num_points, dimension)
        Unit rows.

    Returns
    -------
    ndarray, shape (num_points, dimension, dimension - 1), float64
        Columns of a Householder reflection that takes the point to a coordinate axis.

    Raises
    ------
    ValueError
        If `points` is not two-dimensional, is empty, or holds NaN or infinity.

    Examples
    --------
    >>> tangent_bases(np.array([[1.0, 0.0]])) + 0.0
    array([[[0.],
            [1.]]])
    """
    normal = as_points(points)
    normal[:, 0] += np.where(normal[:, 0] >= 0, 1.0, -1.0)
    outer = normal[:, :, None] * normal[:, None, :]
    scale = 2 / (normal * normal).sum(axis=1)
    return (np.eye(normal.shape[1]) - scale[:, None, None] * outer)[:, :, 1:]
