r"""How far a configuration is from a frame, when position in space does not matter.

With both configurations scaled to unit Frobenius norm, the distance
$\min_{s\ge0,\,Q^\top Q=I}\|A-sBQ\|_F=\sqrt{1-\|A^\top B\|_*^2}$ is an orthogonal Procrustes
problem [schonemann1966].
"""

import numpy as np

from neuralcollapse.geometry.arrays import as_points


def distance_to_frame(points, frame):
    r"""Distance of `points` to `frame` up to rotation, reflection and scale.

    Parameters
    ----------
    points : array_like, shape (num_points, dimension)
        Not zero. Centre class means before calling: translation is not removed.
    frame : array_like, shape (num_points, frame_dimension)
        Row i of `points` is matched with row i of `frame`. The smaller space is padded.

    Returns
    -------
    float
        Dimensionless, in [0, 1]; 0 when `points` is a rotated and scaled copy of `frame`.

    Raises
    ------
    ValueError
        If the numbers of points differ, or a configuration is zero or not finite.

    Notes
    -----
    The value is computed from the residual of the best fit, so it is exact near zero, where
    $\sqrt{1-\|A^\top B\|_*^2}$ would lose half of the digits.

    Examples
    --------
    >>> round(distance_to_frame([[0, 2], [0, -2]], [[1], [-1]]), 12)
    0.0
    """
    points, frame = as_points(points), as_points(frame, "frame")
    if len(points) != len(frame):
        raise ValueError(
            f"frame: expected {len(points)} points, one for each row of points, got {len(frame)}"
        )
    dimension = max(points.shape[1], frame.shape[1])
    points, frame = (
        _unit_frobenius(np.pad(array, ((0, 0), (0, dimension - array.shape[1]))), name)
        for array, name in ((points, "points"), (frame, "frame"))
    )
    left, overlaps, right = np.linalg.svd(frame.T @ points)
    return float(np.linalg.norm(points - overlaps.sum() * frame @ (left @ right)))


def _unit_frobenius(array, name):
    largest = np.abs(array).max()
    if largest == 0:
        raise ValueError(f"{name}: every row is zero, so it has no shape to compare")
    array = array / largest  # squares neither overflow nor vanish
    return array / np.linalg.norm(array)
