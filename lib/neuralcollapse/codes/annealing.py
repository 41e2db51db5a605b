r"""Annealing: many random starts cooled at once.

All starts take momentum steps on the sphere in one batch, along a force that sharpens as the
inverse temperature $\beta$ grows. Each begins at its own temperature: starts that all begin cold
end in the same wrong basin for some numbers of points, starts that all begin warm miss codes that
no warm gas favours.
"""

import numpy as np

_COLDEST = 2000.0  # a largest cosine is then known to about 1e-3, enough to rank starts
_STEPS = 600
_SMALL, _MOST_SLOWLY = 75, 8  # coordinates that cool in _STEPS steps; the most times as many
_WARMEST, _COLD = 3.0, 600.0
_MOMENTUM = 0.95
_GAIN = 0.5  # step in units of 1 / beta, for forces of length about 1; from 1 on some oscillate
_LONGEST_STEP = 0.2  # nearly radians; keeps the first steps on the sphere


def cooling_steps(num_vectors, dimension):
    """How slowly to cool: a start in many coordinates is worth several that are cooled fast.

    Parameters
    ----------
    num_vectors, dimension : int

    Returns
    -------
    int
        In proportion to the number of tangent coordinates, between two bounds.

    Examples
    --------
    >>> cooling_steps(24, 3), cooling_steps(75, 3), cooling_steps(1000, 3)
    (600, 1200, 4800)
    """
    return int(_STEPS * min(_MOST_SLOWLY, max(1, num_vectors * (dimension - 1) / _SMALL)))


def anneal(force, starts, num_vectors, dimension, generator):
    r"""Cool random configurations of unit vectors.

    Parameters
    ----------
    force : callable
        ``force(vectors, beta)`` with arrays of shape (starts, num_vectors, dimension) and
        (starts, 1, 1), float32; returns the descent direction of a free energy times the number
        of vectors, so that its rows have length about 1.
    starts, num_vectors, dimension : int
    generator : numpy.random.Generator

    Returns
    -------
    ndarray, shape (starts, num_vectors, dimension), float64
        Unit rows to single precision.

    Examples
    --------
    >>> apart = lambda x, beta: -x[:, ::-1]
    >>> x = anneal(apart, 1, 2, 2, np.random.default_rng(0))[0]
    >>> bool(x[0] @ x[1] < -0.99)
    True
    """
    vectors = generator.normal(size=(starts, num_vectors, dimension)).astype(np.float32)
    vectors /= _lengths(vectors)
    first = np.geomspace(_WARMEST, _COLD, starts)[:, None, None]
    velocity = np.zeros_like(vectors)
    steps = cooling_steps(num_vectors, dimension)
    for step in range(steps):
        beta = (first * (_COLDEST / first) ** (step / steps)).astype(np.float32)
        pull = force(vectors, beta)
        pull -= (pull * vectors).sum(axis=2, keepdims=True) * vectors
        velocity = _MOMENTUM * velocity + (_GAIN / beta) * pull
        velocity *= np.minimum(1, _LONGEST_STEP / np.maximum(_lengths(velocity), 1e-30))
        vectors = vectors + velocity
        vectors /= _lengths(vectors)
    return vectors.astype(np.float64)


def _lengths(vectors):
    return np.sqrt((vectors * vectors).sum(axis=2, keepdims=True))
