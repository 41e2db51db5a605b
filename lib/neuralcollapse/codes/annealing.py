r"""Annealing: many random starts cooled at once.

All starts take momentum steps on the sphere in one batch, along a force that sharpens as the
inverse temperature $\beta$ grows. Each begins at its own temperature: starts that all begin cold
end in the same wrong basin for some numbers of points, starts that all begin warm miss codes that
no warm gas favours.
"""

import numpy as np

_COLDEST = 2000.0  # a largest cosine is then known to about 1e-3, enough to rank starts
_STEPS = 600
_WARMEST, _COLD = 3.0, 600.0
_MOMENTUM = 0.9
_GAIN = 0.5  # step in units of 1 / beta, for forces of length about 1; from 1 on some oscillate
_LONGEST_STEP = 0.2  # nearly radians; keeps the first steps on the sphere


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
    for step in range(_STEPS):
        beta = (first * (_COLDEST / first) ** (step / _STEPS)).astype(np.float32)
        pull = force(vectors, beta)
        pull -= (pull * vectors).sum(axis=2, keepdims=True) * vectors
        velocity = _MOMENTUM * velocity + (_GAIN / beta) * pull
        velocity *= np.minimum(1, _LONGEST_STEP / np.maximum(_lengths(velocity), 1e-30))
        vectors = vectors + velocity
        vectors /= _lengths(vectors)
    return vectors.astype(np.float64)


def _lengths(vectors):
    return np.sqrt((vectors * vectors).sum(axis=2, keepdims=True))
