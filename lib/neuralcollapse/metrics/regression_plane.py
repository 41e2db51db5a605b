r"""NRC1 and NRC2: do the features of a regression fill no more dimensions than there are targets?

With features $h_i\in\R^d$ and a last layer $W\in\R^{n\times d}$, NRC1 asks whether features lie in
the plane of their $n$ principal directions, NRC2 whether they lie in the row space of $W$
[andriopoulos2024]. Inputs are read, never written.
"""

import numpy as np

from neuralcollapse.geometry.arrays import (
    DegenerateGeometryError,
    as_directions,
    as_points,
    as_whole,
)

_ROUNDING = 1e-12  # relative spread up to which features count as equal


def nrc1(features, num_targets, *, centered=False):
    r"""Share of the features off the plane of their first principal directions.

    Parameters
    ----------
    features : array_like or Tensor, shape (num_samples, num_features)
    num_targets : int
        $n$, at most `num_features`.
    centered : bool
        Whether to subtract the mean feature; see the notes.

    Returns
    -------
    float
        Dimensionless, in [0, 1]; 0 at collapse.

    Raises
    ------
    ValueError
        If an argument is out of range, or a feature is zero and so has no direction.
    DegenerateGeometryError
        If all features are equal.

    Notes
    -----
    The published form [andriopoulos2024] averages $\|\tilde h_i-P\tilde h_i\|^2$ over features of
    length 1, with $P$ the projection on the $n$ principal directions of the features. Principal
    directions are those of the *centred* features, so a mean off their plane counts.
    Centred is the share of the variance that the directions leave, $1-\sum_{j\le n}$ of
    `explained_variance`, in which long features count more.

    Examples
    --------
    >>> features = [[2.0, 1.0], [-2.0, 1.0]]
    >>> round(nrc1(features, 1), 12), nrc1(features, 1, centered=True)
    (0.2, 0.0)
    """
    features = as_points(features, "features")
    num_targets = as_whole(num_targets, "num_targets", 1)
    if num_targets > features.shape[1]:
        raise ValueError(
            f"num_targets: expected at most {features.shape[1]}, as many as there are features, "
            f"got {num_targets}"
        )
    _, _, rows = np.linalg.svd(_deviations(features), full_matrices=False)
    return _off(features, rows[:num_targets], centered)


def nrc2(features, weight, *, centered=False):
    r"""Share of the features off the row space of the last layer.

    Parameters
    ----------
    features : array_like or Tensor, shape (num_samples, num_features)
    weight : array_like or Tensor, shape (num_targets, num_features)
    centered : bool
        Whether to subtract the mean feature, and average shares of the variance.

    Returns
    -------
    float
        Dimensionless, in [0, 1]; 0 at collapse.

    Raises
    ------
    ValueError
        If an argument does not fit, or a feature is zero and so has no direction.
    DegenerateGeometryError
        If the layer is zero, or all features are equal and `centered`.

    Notes
    -----
    Source: [andriopoulos2024], there not centred.

    Examples
    --------
    >>> round(nrc2([[3.0, 4.0], [0.0, 1.0]], [[2.0, 0.0]]), 12)
    0.82
    """
    features, weight = as_points(features, "features"), as_points(weight, "weight")
    if features.shape[1] != weight.shape[1]:
        raise ValueError(
            f"weight: expected {features.shape[1]} columns, one a feature, got {weight.shape[1]}"
        )
    _, values, rows = np.linalg.svd(weight, full_matrices=False)
    live = values > max(weight.shape) * np.finfo(float).eps * values[0]
    if not live.any():
        raise DegenerateGeometryError("weight: the layer is zero, so it spans nothing")
    return _off(features, rows[live], centered)


def explained_variance(features):
    """Shares of the variance of features along their principal directions.

    Parameters
    ----------
    features : array_like or Tensor, shape (num_samples, num_features)

    Returns
    -------
    ndarray, shape (min(num_samples, num_features),), float64
        Dimensionless, falling, of sum 1; at collapse no more are positive than there are targets.

    Raises
    ------
    DegenerateGeometryError
        If all features are equal.

    Examples
    --------
    >>> explained_variance([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    array([0.8, 0.2])
    """
    squares = np.square(np.linalg.svd(_deviations(as_points(features, "features")))[1])
    return squares / squares.sum()


def _off(features, rows, centered):
    """Share of features off the space of orthonormal rows."""
    if centered:
        features = _deviations(features)
        features = features / np.linalg.norm(features) * np.sqrt(len(features))
    else:
        features = as_directions(features, "features")
    rest = features - features @ rows.T @ rows
    return float(np.square(rest).sum() / len(features))


def _deviations(features):
    rest = features - features.mean(axis=0)
    if np.abs(rest).max() <= _ROUNDING * np.abs(features).max():
        raise DegenerateGeometryError("features: all are equal, so they have no directions")
    return rest
