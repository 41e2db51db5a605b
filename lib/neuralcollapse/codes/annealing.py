r"""Annealing: many random starts cooled at once towards codes of small coherence.

The free energy $\frac1\beta\log\sum_{i\ne j}e^{\beta\langle x_i,x_j\rangle}$ tends to the coherence
as the inverse temperature $\beta$ grows. All starts take momentum steps on the sphere in one
batch. Each begins at its own temperature: starts that all begin cold end in the same wrong basin
for some numbers of points, starts that all begin hot miss codes that no warm gas favours.
"""

import numpy as np

COLDEST = 2000.0  # the coherence is then known to about 1e-3, enough to rank starts
_STEPS = 600
_WARMEST, _COLD = 3.0, 600.0
_MOMENTUM = 0.9
_GAIN = 0.25  # step over the curvature bound beta / num_points; above 0.5 some starts oscillate
_LONGEST_STEP = 0.2  # radians, nearly; keeps the first steps on the sphere


def anneal(num_points, dimension, starts, generator):
    """Cool random configurations and rank them by coherence.

    Parameters
    ----------
    num_points, dimension : int
        At least 2 each.
    starts : int
        Configurations cooled in one batch.
    generator : numpy.random.Generator

    Returns
    -------
    points : ndarray, shape (starts, num_points, dimension), float64
        Unit rows to single precision, best configuration first.
    coherences : ndarray, shape (starts,), float64
        Ascending.

    Examples
    --------
    >>> points, coherences = anneal(2, 2, 1, np.random.default_rng(0))
    >>> bool(coherences[0] < -0.99)
    True
    """
    points = generator.normal(size=(starts, num_points, dimension)).astype(np.float32)
    points /= _lengths(points)
    first = np.geomspace(_WARMEST, _COLD, starts)[:, None, None]
    velocity = np.zeros_like(points)
    itself = np.arange(num_points)
    for step in range(_STEPS):
        beta = (first * (COLDEST / first) ** (step / _STEPS)).astype(np.float32)
        weights = points @ points.transpose(0, 2, 1)
        weights[:, itself, itself] = -2
        weights -= weights.max(axis=(1, 2), keepdims=True)
        np.exp(beta * weights, out=weights)
        force = weights @ points / weights.sum(axis=(1, 2), keepdims=True)
        force -= (force * points).sum(axis=2, keepdims=True) * points
        velocity = _MOMENTUM * velocity - (2 * _GAIN * num_points / beta) * force
        velocity *= np.minimum(1, _LONGEST_STEP / np.maximum(_lengths(velocity), 1e-30))
        points = points + velocity
        points /= _lengths(points)
    points = points.astype(np.float64)
    cosines = points @ points.transpose(0, 2, 1)
    cosines[:, itself, itself] = -2
    coherences = cosines.max(axis=(1, 2))
    order = coherences.argsort(kind="stable")
    return points[order], coherences[order]


def _lengths(vectors):
    return np.sqrt((vectors * vectors).sum(axis=2, keepdims=True))
