r"""Angles of the rows in their plane: are they equally spaced, and in which order?

$\vartheta_k$ is the angle of row k in the plane of the two largest singular values. Equal gaps say
nothing of the order of the labels: points in any order are a regular polygon. A *character*
$\vartheta_k=\vartheta_0+2\pi fk/K$ says both.
"""

import numpy as np

from neuralcollapse.geometry.arrays import DegenerateGeometryError
from neuralcollapse.geometry.cyclic.plane import TopPlane

SHORT = 1e-9  # of the longest row; the angle of a shorter projection would be rounding


def plane_angles(matrix):
    r"""Angles of the rows in the plane of the two largest singular values.

    Parameters
    ----------
    matrix : array_like or Tensor, shape (num_classes, dimension)
        Every row with a part in the plane.

    Returns
    -------
    ndarray, shape (num_classes,), float64
        In radians, in $(-\pi,\pi]$; defined up to a common rotation and orientation, and their
        order as rows is kept.

    Raises
    ------
    ValueError
        As `plane_coordinates`, and if a row has no part in the plane.

    Examples
    --------
    >>> angles = plane_angles([[1, 0], [0, 1], [-1, 0], [0, -1]])
    >>> np.abs(np.diff(np.unwrap(angles)) * 2 / np.pi).round(12)
    array([1., 1., 1.])
    """
    return angles_in(TopPlane.of(matrix, "matrix"))


def gap_deviation(matrix):
    r"""Unordered deviation from equal angles.

    Parameters
    ----------
    matrix : array_like or Tensor, shape (num_classes, dimension)
        At least two rows, every row with a part in the plane.

    Returns
    -------
    float
        Standard deviation (ddof = 0) over mean of the K gaps between neighbouring angles of the
        whole turn; dimensionless, in $[0,\sqrt{K-1}]$. 0 on a regular polygon in any order of its
        labels, about 1 for random angles, $\sqrt{g-1}$ if g labels share each vertex of a polygon.

    Raises
    ------
    ValueError
        As `plane_angles`, and if there is only one row.

    Notes
    -----
    The mean gap is $2\pi/K$. Angles are at most 1e-15 or so from exact, and so are the gaps.

    Examples
    --------
    >>> round(gap_deviation([[1, 0], [-1, 0], [0, 1], [0, -1]]), 12)
    0.0
    """
    return gap_deviation_of(angles_in(TopPlane.of(matrix, "matrix")), "matrix")


def character_coherence(matrix):
    r"""Ordered agreement with the nearest character.

    Parameters
    ----------
    matrix : array_like or Tensor, shape (num_classes, dimension)
        At least three rows, every row with a part in the plane.

    Returns
    -------
    float
        $\max_f\bigl|\frac1K\sum_ke^{i(\vartheta_k-2\pi fk/K)}\bigr|$ over $f\ne0,K/2$ modulo
        K, so over both orientations; dimensionless, in [0, 1]. 1 on a character, faithful or not;
        about $\sqrt{\log K/K}$ for random angles; 0 if all angles agree.

    Raises
    ------
    ValueError
        As `plane_angles`, and if there are fewer than three rows.

    Notes
    -----
    It is the order parameter of [kuramoto1984] after the best character is taken off. Frequency 0
    is left out, because on it a collapsed code would score 1, and so is K/2, which is a sign and
    no circle. Multiplying the labels by a unit of $\mathbb Z_K$ permutes the frequencies and
    changes nothing; a random relabelling destroys the coherence and keeps `gap_deviation`.

    Examples
    --------
    >>> round(character_coherence([[1, 0], [0, 1], [-1, 0], [0, -1]]), 12)
    1.0
    >>> round(character_coherence([[1, 0], [-1, 0], [0, 1], [0, -1]]), 12)
    0.5
    """
    return coherence_of(angles_in(TopPlane.of(matrix, "matrix")), "matrix")


def angles_in(plane):
    """Angles in a plane already decomposed, refusing rows that have none."""
    radii = plane.radii
    longest = np.linalg.norm(plane.points, axis=1).max()
    if radii.min() <= SHORT * longest:
        row = int(np.argmin(radii))
        raise DegenerateGeometryError(
            f"{plane.name}: row {row} has no part in the plane and so no angle; leave it out"
        )
    return np.arctan2(plane.coordinates[:, 1], plane.coordinates[:, 0])


def gap_deviation_of(angles, name):
    """Deviation of the gaps between sorted angles."""
    if len(angles) < 2:
        raise DegenerateGeometryError(f"{name}: gaps lie between at least two rows, got 1")
    ordered = np.sort(angles)
    gaps = np.diff(ordered, append=ordered[0] + 2 * np.pi)
    return float(gaps.std() / gaps.mean())


def coherence_of(angles, name):
    """Largest Fourier coefficient of the unit phases, real frequencies left out."""
    if len(angles) < 3:
        raise DegenerateGeometryError(
            f"{name}: a character that is no sign needs at least three rows, got {len(angles)}"
        )
    coefficients = np.abs(np.fft.fft(np.exp(1j * angles))) / len(angles)
    coefficients[0] = 0
    if len(angles) % 2 == 0:
        coefficients[len(angles) // 2] = 0
    return float(min(1.0, coefficients.max()))
