r"""Subspaces and the angles between them.

The principal angles $0\le\theta_1\le\dots\le\theta_m\le\pi/2$ between two subspaces have as
cosines the singular values of $Q_1^\top Q_2$, with orthonormal bases in the columns of $Q_i$.
"""

import numpy as np
from scipy.linalg import subspace_angles

from neuralcollapse.geometry.arrays import as_points


def principal_angles(first, second):
    r"""Angles between the row spaces of two configurations.

    Parameters
    ----------
    first, second : array_like, shape (m, dimension) and (n, dimension)
        Rows span the subspaces, for instance class means and classifier rows. Rows that depend
        on others add nothing.

    Returns
    -------
    ndarray, shape (min(rank(first), rank(second)),), float64
        In radians, ascending, in $[0,\pi/2]$; zero when one space contains the other, as class
        means and classifier do at collapse. Small angles keep their relative accuracy (the
        sine is used, [knyazev2002]).

    Raises
    ------
    ValueError
        If the ambient dimensions differ, or a configuration is zero or not finite.

    Examples
    --------
    >>> principal_angles([[1, 0, 0]], [[0, 1, 0], [0, 0, 1]])
    array([1.57079633])
    """
    first, second = as_points(first, "first"), as_points(second, "second")
    if first.shape[1] != second.shape[1]:
        raise ValueError(
            f"second: expected rows of dimension {first.shape[1]} as in first, "
            f"got {second.shape[1]}"
        )
    bases = [_row_basis(first, "first"), _row_basis(second, "second")]
    return np.sort(subspace_angles(*bases))


def _row_basis(points, name):
    _, singular_values, rows = np.linalg.svd(points, full_matrices=False)
    rank = int(
        (singular_values > max(points.shape) * np.finfo(float).eps * singular_values[0]).sum()
    )
    if rank == 0:
        raise ValueError(f"{name}: every row is zero, so it spans nothing")
    return rows[:rank].T
