r"""The joint problem: what minimises the loss when weights and features are both free.

At low temperature the loss is $e^{-(1-\mu^*)/\tau}$ times the least *Gaussian energy*
$\sum_{k\ne j}e^{(\langle u_k,u_j\rangle-\mu^*)/\tau}$, up to a vanishing error. In the orthoplex
regime $\mu^*=0$, and for $d+2\le n<2d$ codes that are not quite orthogonal win: with
$m=n-d$ and $q=2d-n$, the m antipodal pairs and q obtuse vectors

$$\pm\cos\theta\,e_a+\sin\theta\,z_0\quad(a\le m),\qquad z_1,\dots,z_q,$$

where $z_0,\dots,z_q$ is a regular simplex orthogonal to the $e_a$. For $q=1$ they are lifted pairs
and an apex, a square pyramid in three dimensions.
"""

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax

from neuralcollapse.codes.distance import as_code, as_temperature, as_unit, margins
from neuralcollapse.geometry import simplex_etf
from neuralcollapse.geometry.arrays import as_number, as_whole


def gaussian_energy(points, temperature):
    r"""Sum over ordered pairs of $e^{\langle u_k,u_j\rangle/\tau}$.

    Parameters
    ----------
    points : array_like, shape (num_points, dimension)
        A code: different unit rows.
    temperature : float
        Positive.

    Returns
    -------
    float
        Dimensionless and positive; infinite where it overflows. Equal to
        $e^{1/\tau}\sum_{k\ne j}e^{-\|u_k-u_j\|^2/2\tau}$. Least over all codes of an orthoplex
        regime it is $K_{1/\tau}$, the limit of the scaled loss.

    Raises
    ------
    ValueError
        If `points` is not a code or the temperature is not positive.

    Examples
    --------
    >>> gaussian_energy([[1, 0], [-1, 0], [0, 1], [0, -1]], 0.01)
    8.0
    """
    points = as_code(points)
    temperature = as_temperature(temperature)
    pairs = ~np.eye(len(points), dtype=bool)
    with np.errstate(over="ignore"):
        return float(np.exp((points @ points.T)[pairs] / temperature).sum())


def scaled_loss(weights, features, temperature):
    r"""Cross-entropy in the unit of the orthoplex regime, $ne^{1/\tau}\mathcal L_\tau(W,H)$.

    Parameters
    ----------
    weights, features : array_like, shape (num_points, dimension)
        Unit rows.
    temperature : float
        At least 0.002; not far below, the scale overflows.

    Returns
    -------
    float
        Dimensionless and positive; the number of orthogonal ordered pairs at low temperature,
        if weights and features are one orthoplex softmax code.

    Raises
    ------
    ValueError
        As `cross_entropy`, and if the temperature is too low.

    Examples
    --------
    >>> square = [[1, 0], [-1, 0], [0, 1], [0, -1]]
    >>> round(scaled_loss(square, square, 0.01), 6)
    8.0
    """
    temperature = as_temperature(temperature)
    if temperature < 0.002:
        raise ValueError(f"temperature: expected at least 0.002, got {temperature}")
    exponents = margins(weights, features) / temperature
    np.fill_diagonal(exponents, -np.inf)
    return float(np.exp(_log_losses(exponents) + 1 / temperature).sum())


def lifted_pairs(num_points, dimension, angle):
    r"""Antipodal pairs tilted by an angle towards one direction, and obtuse vectors against it.

    Parameters
    ----------
    num_points, dimension : int
        $d+2\le n<2d$.
    angle : float
        $\theta$ in radians. At 0 the points are an orthoplex with q points replaced by obtuse
        ones, a softmax code.

    Returns
    -------
    ndarray, shape (num_points, dimension), float64
        The pairs, one after the other, then $z_1,\dots,z_q$.

    Raises
    ------
    ValueError
        If n and d are out of range, or the angle is not finite.

    Examples
    --------
    >>> print(lifted_pairs(5, 3, 0.0) + 0.0)
    [[ 1.  0.  0.]
     [-1.  0.  0.]
     [ 0.  1.  0.]
     [ 0. -1.  0.]
     [ 0.  0. -1.]]
    """
    pairs, rest = batches(num_points, dimension)
    angle = as_number(angle, "angle")
    up, obtuse = _obtuse(rest)
    points = np.zeros((2 * pairs + rest, pairs + rest))
    for a in range(pairs):
        for row, sign in ((2 * a, 1), (2 * a + 1, -1)):
            points[row, a] = sign * np.cos(angle)
            points[row, pairs:] = np.sin(angle) * up
    points[2 * pairs :, pairs:] = obtuse
    return points


def exact_weights(num_points, dimension, angle):
    r"""A softmax code: antipodal pairs, and one batch with nearly all its weight on two points.

    Parameters
    ----------
    num_points, dimension : int
        $d+2\le n<2d$.
    angle : float
        $\theta\in[0,\pi/4]$. Only the last pair is lifted; the others stay orthogonal to it.

    Returns
    -------
    ndarray, shape (num_points, dimension), float64

    Raises
    ------
    ValueError
        If n, d or the angle are out of range.

    Examples
    --------
    >>> from neuralcollapse.geometry import coherence
    >>> abs(coherence(exact_weights(8, 5, 0.3))) < 1e-15
    True
    """
    points = lifted_pairs(num_points, dimension, 0.0)
    expected = "a number from 0 to pi / 4"
    if not 0 <= as_number(angle, "angle", expected) <= np.pi / 4:
        raise ValueError(f"angle: expected {expected}, got {angle}; beyond, products are positive")
    pairs, _ = batches(num_points, dimension)
    lifted = slice(2 * pairs - 2, 2 * pairs)
    points[lifted] = lifted_pairs(num_points, dimension, angle)[lifted]
    return points


def free_features(num_points, dimension, tilt):
    r"""Features for `exact_weights`: equal to the weights, but the exact pairs lean to the batch.

    Parameters
    ----------
    num_points, dimension : int
        $d+2\le n<2d$.
    tilt : tuple of two float
        The angle $\theta$ of the weights, in radians, and the length s of $sz_0$, which is added to
        the weights of the other pairs before they are scaled to length 1.

    Returns
    -------
    ndarray, shape (num_points, dimension), float64

    Raises
    ------
    ValueError
        If n, d or the angle are out of range, or s is not finite.

    Examples
    --------
    >>> free_features(5, 3, (0.0, 0.75))[0]
    array([0.8, 0. , 0.6])
    """
    angle, lean = (as_number(part, "tilt") for part in tilt)
    features = exact_weights(num_points, dimension, angle)
    pairs, rest = batches(num_points, dimension)
    features[: 2 * pairs - 2, pairs:] = lean * _obtuse(rest)[0]
    return features / np.linalg.norm(features, axis=1, keepdims=True)


def joint_descent(weights, features, temperature):
    r"""Descend the loss in weights and features together, from given ones.

    Parameters
    ----------
    weights, features : array_like, shape (num_points, dimension)
        Unit rows to start from. An exact softmax code may be a critical point: disturb it first.
    temperature : float
        At least 0.002.

    Returns
    -------
    weights, features : ndarray, shape (num_points, dimension), float64
        A local minimum, as far as a quasi-Newton method on the logarithm of the loss gets.

    Raises
    ------
    ValueError
        As `scaled_loss`.

    Examples
    --------
    >>> import numpy as np
    >>> line = np.array([[1.0, 0.0], [np.cos(3), np.sin(3)]])
    >>> weights, features = joint_descent(line, line, 0.5)
    >>> bool(np.isclose(weights[0] @ weights[1], -1))
    True
    """
    start = np.stack([as_unit(weights, "weights"), as_unit(features, "features")])
    scaled_loss(weights, features, temperature)  # refuses what it refuses
    beta, rows = 1 / temperature, np.arange(start.shape[1])

    def log_loss(flat):
        free = flat.reshape(start.shape)
        lengths = np.linalg.norm(free, axis=2, keepdims=True)
        unit = free / lengths
        logits = beta * unit[1] @ unit[0].T
        wrong = logits - logits[rows, rows][:, None]
        wrong[rows, rows] = -np.inf
        log_sums = logsumexp(wrong, axis=1)
        log_losses = np.where(log_sums < -30, log_sums, np.log(np.logaddexp(0, log_sums)))
        # The share of class k in the gradient of log(sum of losses), times the softmax of its row.
        share = softmax(log_losses) * np.exp(log_sums - np.logaddexp(0, log_sums) - log_losses)
        pull = share[:, None] * softmax(wrong, axis=1)
        pull[rows, rows] = -share
        gradient = beta * np.stack([pull.T @ unit[1], pull @ unit[0]])
        gradient -= (gradient * unit).sum(axis=2, keepdims=True) * unit
        return logsumexp(log_losses), (gradient / lengths).ravel()

    options = {"ftol": 1e-15, "gtol": 1e-10, "maxiter": 2000, "maxfun": 4000}
    found = minimize(log_loss, start.ravel(), jac=True, method="L-BFGS-B", options=options)
    ends = found.x.reshape(start.shape)
    ends /= np.linalg.norm(ends, axis=2, keepdims=True)
    return ends[0], ends[1]


def batches(num_points, dimension):
    """Return m = n - d and q = 2d - n, the numbers of pairs and of other points.

    Parameters
    ----------
    num_points, dimension : int

    Returns
    -------
    pairs, rest : int

    Raises
    ------
    ValueError
        Unless d + 2 <= n < 2d, both whole.

    Examples
    --------
    >>> batches(5, 3)
    (2, 1)
    """
    num_points = as_whole(num_points, "num_points", 1)
    dimension = as_whole(dimension, "dimension", 1)
    if not dimension + 2 <= num_points < 2 * dimension:
        raise ValueError(
            f"num_points: expected {dimension + 2} to {2 * dimension - 1} points in dimension "
            f"{dimension}, got {num_points}; for twice the dimension the orthoplex is the only code"
        )
    return num_points - dimension, 2 * dimension - num_points


def _obtuse(rest):
    simplex = simplex_etf(rest + 1, rest)
    up, obtuse = simplex[0], simplex[1:]
    if rest == 1:  # a line has a direction already
        return np.array([1.0]), np.array([[-1.0]])
    return up, obtuse


def _log_losses(exponents):
    """Logarithm of the loss of each row, which may be too small for a float itself."""
    log_sums = logsumexp(exponents, axis=1)
    small = log_sums < -37  # there log(1 + x) is x to the last digit
    return np.where(small, log_sums, np.log(np.logaddexp(0, np.where(small, 0.0, log_sums))))
