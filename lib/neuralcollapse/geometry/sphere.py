"""The unit sphere: bases of its tangent spaces."""

import numpy as np


def tangent_bases(points):
    """Orthonormal bases of the tangent spaces of the sphere at unit vectors.

    Parameters
    ----------
    points : ndarray, shape (num_points, dimension)
        Unit rows.

    Returns
    -------
    ndarray, shape (num_points, dimension, dimension - 1), float64
        Columns of a Householder reflection that takes the point to a coordinate axis.

    Raises
    ------
    ValueError
        If `points` is not two-dimensional.

    Examples
    --------
    >>> tangent_bases(np.array([[1.0, 0.0]])) + 0.0
    array([[[0.],
            [1.]]])
    """
    if np.ndim(points) != 2:
        raise ValueError(f"points: expected shape (num_points, dimension), got {np.shape(points)}")
    normal = np.array(points, dtype=np.float64)
    normal[:, 0] += np.where(normal[:, 0] >= 0, 1.0, -1.0)
    outer = normal[:, :, None] * normal[:, None, :]
    scale = 2 / (normal * normal).sum(axis=1)
    return (np.eye(normal.shape[1]) - scale[:, None, None] * outer)[:, :, 1:]
