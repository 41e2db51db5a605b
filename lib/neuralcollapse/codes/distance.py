r"""What a code is judged by: one-vs-rest distance, hardmax and cross-entropy loss.

A code is n unit vectors $w_1,\dots,w_n$ of $\R^d$, its *coherence* $\mu$ the largest of their
pairwise cosines, and its *one-vs-rest distance*
$\rho(W)=\min_k\operatorname{dist}(w_k,\operatorname{conv}\{w_j\}_{j\ne k})$ [jiang2024]. A
*spherical code* minimises $\mu$, a *softmax code* maximises $\rho$.
"""

import math
from fractions import Fraction

import numpy as np
from scipy.special import logsumexp

from neuralcollapse.geometry.arrays import as_number, as_points
from neuralcollapse.geometry.hulls import HullPoint, nearest_hull_point

UNIT_TOLERANCE = 1e-9  # of lengths; what is nearer to 1 is normalised to the last digit
REPEAT_TOLERANCE = 1e-12  # points nearer than this are the same point
_RELATIVE = 1e-9  # largest relative error of a distance; larger ones are solved exactly


def as_unit(points, name="points"):
    """Return `points` as float64 unit rows.

    Parameters
    ----------
    points : array_like, shape (num_points, dimension)
        Rows of length 1 to within 1e-9.
    name : str
        How errors call the argument.

    Returns
    -------
    ndarray, shape (num_points, dimension), float64
        Lengths 1 to rounding.

    Raises
    ------
    ValueError
        If a row is not of length 1, or holds NaN or infinity.

    Examples
    --------
    >>> as_unit([[0.6, 0.8]])
    array([[0.6, 0.8]])
    """
    array = as_points(points, name)
    lengths = np.linalg.norm(array, axis=1)
    off = np.abs(lengths - 1)
    if off.max() > UNIT_TOLERANCE:
        row = int(off.argmax())
        raise ValueError(
            f"{name}: expected rows of length 1, row {row} has length {lengths[row]:.6g}; "
            "scale them with geometry.as_directions"
        )
    return array / lengths[:, None]


def as_code(points, name="points"):
    """Return `points` as float64 unit rows, at least two and all different.

    Parameters
    ----------
    points : array_like, shape (num_points, dimension)
    name : str
        How errors call the argument.

    Returns
    -------
    ndarray, shape (num_points, dimension), float64

    Raises
    ------
    ValueError
        As `as_unit`, and if there is one row only or two rows coincide.

    Examples
    --------
    >>> as_code([[1, 0], [0, 1]])
    array([[1., 0.],
           [0., 1.]])
    """
    array = as_unit(points, name)
    if len(array) < 2:
        raise ValueError(f"{name}: a code needs at least 2 points, got {len(array)}")
    for row in range(1, len(array)):
        gaps = np.linalg.norm(array[:row] - array[row], axis=1)
        if gaps.min() < REPEAT_TOLERANCE:
            raise ValueError(
                f"{name}: rows {int(gaps.argmin())} and {row} coincide; a code has different points"
            )
    return array


def as_temperature(temperature):
    """Return a temperature as a float.

    Parameters
    ----------
    temperature : float
        Positive and no denormal number, so that its inverse is finite.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If it is anything else.

    Examples
    --------
    >>> as_temperature(1)
    1.0
    """
    value = as_number(temperature, "temperature", "a positive number")
    if value < np.finfo(float).tiny:
        raise ValueError(f"temperature: expected a positive number, got {temperature}")
    return value


def one_vs_rest_distances(points):
    r"""Distance of every point to the convex hull of the others.

    Parameters
    ----------
    points : array_like, shape (num_points, dimension)
        A code: different unit rows.

    Returns
    -------
    ndarray, shape (num_points,), float64
        $r_k$, dimensionless, in (0, 2]; $n/(n-1)$ for a simplex.

    Raises
    ------
    ValueError
        If `points` is not a code.
    Examples
    --------
    >>> one_vs_rest_distances([[1, 0], [0, 1], [-1, 0], [0, -1]])
    array([1., 1., 1., 1.])
    """
    points = as_code(points)
    return np.array([found.distance for found in _projections(points)])


def one_vs_rest_distance(points):
    r"""The least distance of a point to the convex hull of the others.

    Parameters
    ----------
    points : array_like, shape (num_points, dimension)
        A code: different unit rows.

    Returns
    -------
    float
        $\rho$, dimensionless, in (0, 2], at least one minus the coherence; the larger the better,
        and a softmax code has the largest.

    Raises
    ------
    ValueError
        If `points` is not a code.

    Examples
    --------
    >>> one_vs_rest_distance([[1, 0], [-1, 0]])
    2.0
    """
    return float(one_vs_rest_distances(points).min())


def hardmax_features(points):
    r"""The unit vectors that separate each point from the others by the widest margin.

    Parameters
    ----------
    points : array_like, shape (num_points, dimension)
        A code: different unit rows.

    Returns
    -------
    ndarray, shape (num_points, dimension), float64
        Unit rows $h_k=(w_k-p_k)/r_k$, where $p_k$ is the point of the hull of the others nearest
        to $w_k$: the only minimiser of $\max_{j\ne k}\langle w_j-w_k,h\rangle$, of value $-r_k$.

    Raises
    ------
    ValueError
        If `points` is not a code.

    Examples
    --------
    >>> hardmax_features([[1, 0], [-1, 0]])
    array([[ 1.,  0.],
           [-1.,  0.]])
    """
    points = as_code(points)
    away = points - np.array([found.point for found in _projections(points)])
    return away / np.linalg.norm(away, axis=1, keepdims=True)


def hardmax_loss(weights, features):
    r"""The largest $\langle w_j-w_k,h_k\rangle$ over $j\ne k$.

    Parameters
    ----------
    weights, features : array_like, shape (num_points, dimension)
        Unit rows $w_k$ and $h_k$.

    Returns
    -------
    float
        Dimensionless, in [-2, 2]; a hardmax code has the least, minus the one-vs-rest distance
        of its weights.

    Raises
    ------
    ValueError
        If shapes differ or rows are not of length 1.

    Examples
    --------
    >>> hardmax_loss([[1, 0], [-1, 0]], [[1, 0], [-1, 0]])
    -2.0
    """
    differences = margins(weights, features)
    np.fill_diagonal(differences, -np.inf)
    return float(differences.max())


def cross_entropy(weights, features, temperature):
    r"""Cross-entropy of a classifier with unit weights on unit features, one a class.

    Parameters
    ----------
    weights, features : array_like, shape (num_points, dimension)
        Unit rows $w_k$ and $h_k$.
    temperature : float
        Positive.

    Returns
    -------
    float
        $\frac1n\sum_k\log\sum_je^{\langle w_j-w_k,h_k\rangle/\tau}$ in nats; positive, and accurate
        relative to its size however small.

    Raises
    ------
    ValueError
        If shapes differ, rows are not of length 1, or the temperature is not positive.

    Examples
    --------
    >>> round(cross_entropy([[1, 0], [-1, 0]], [[1, 0], [-1, 0]], 1.0), 6)
    0.126928
    """
    temperature = as_temperature(temperature)
    exponents = margins(weights, features) / temperature
    np.fill_diagonal(exponents, -np.inf)
    return float(np.logaddexp(0, logsumexp(exponents, axis=1)).mean())


def margins(weights, features):
    r"""Every $\langle w_j-w_k,h_k\rangle$.

    Parameters
    ----------
    weights, features : array_like, shape (num_points, dimension)
        Unit rows $w_k$ and $h_k$, at least two.

    Returns
    -------
    ndarray, shape (num_points, num_points), float64
        Row k, column j; diagonal 0.

    Raises
    ------
    ValueError
        If shapes differ, rows are not of length 1, or there is one row only.

    Examples
    --------
    >>> margins([[1, 0], [-1, 0]], [[1, 0], [-1, 0]])
    array([[ 0., -2.],
           [-2.,  0.]])
    """
    weights, features = as_unit(weights, "weights"), as_unit(features, "features")
    if weights.shape != features.shape:
        raise ValueError(f"features: expected shape {weights.shape}, got {features.shape}")
    if len(weights) < 2:
        raise ValueError("weights: a loss compares classes and needs at least 2, got 1")
    logits = features @ weights.T
    return logits - np.diag(logits)[:, None]


def _projections(points):
    return [_projection(np.delete(points, k, axis=0), points[k]) for k in range(len(points))]


def _projection(others, point):
    try:
        found = nearest_hull_point(others, point)
        if found.residual <= _RELATIVE * found.distance**2:
            return found
    except ArithmeticError:
        pass
    # Close or nearly dependent points defeat rounding. Floats are fractions: solve exactly.
    from neuralcollapse.codes.exact import exact_nearest_hull_point

    exact = exact_nearest_hull_point(_fractions(others), _fractions(point[None])[0])
    return HullPoint(
        np.array(exact.point, dtype=float),
        np.array(exact.weights, dtype=float),
        math.sqrt(exact.distance_squared),
        0.0,
    )


def _fractions(array):
    return [[Fraction(float(entry)) for entry in row] for row in array]
