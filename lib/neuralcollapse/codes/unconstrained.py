r"""Unconstrained features: minimise the loss over weights and features alike.

A network that can send every class anywhere has only the last layer's loss to lower: over unit
$w_1,\dots,w_n$ and $h_1,\dots,h_n$ of $\R^d$ it minimises
$\mathcal L_\tau=\frac1n\sum_k\log\sum_je^{\langle w_j-w_k,h_k\rangle/\tau}$ [jiang2024]. *Tied*
features are the weights themselves, as in [lu2022].

At low temperature the loss and its gradient underflow long before the minimum, and a descent
started there stops at a random code. So the search lowers $\tau\log(n\mathcal L_\tau)$, computed
without leaving the logarithms, and cools down to $\tau$ in steps. The minimum can jump from one
code to another on the way, and a descent that starts hot stays with the first: every start draws
its own first temperature.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp

from neuralcollapse.codes.distance import as_temperature, cross_entropy

HIT_TOLERANCE = 1e-7  # of tau log L: starts that end nearer to the best have found it too
_HOTTEST = 1.0  # first temperatures lie between this and the one asked for
_COOLING = 2.0  # largest factor between descents


@dataclass(frozen=True, eq=False)
class LossMinimum:
    """The best weights and features found.

    Attributes
    ----------
    weights, features : ndarray, shape (num_points, dimension), float64
        Unit rows; the same array if tied.
    loss : float
        Cross-entropy at the temperature asked for, in nats.
    starts, hits : int
        Random starts, and how many of them ended at the best loss.
    """

    weights: np.ndarray
    features: np.ndarray
    loss: float
    starts: int
    hits: int


def minimise_cross_entropy(num_points, dimension, temperature, *, seed=0, starts=10, tied=False):
    r"""Minimise cross-entropy over unit weights and unit features, from random starts.

    Parameters
    ----------
    num_points : int
        Classes, at least 2.
    dimension : int
        Of the features, at least 2: on a line points cannot pass each other.
    temperature : float
        Positive.
    seed : int
    starts : int
        Random starts, at least 1, the first from temperature 1, the others from a random one.
    tied : bool
        Whether features are the weights themselves.

    Returns
    -------
    LossMinimum
        A local minimum, the best of the starts; `hits` says how many of them agree.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> found = minimise_cross_entropy(3, 2, 0.5)
    >>> bool(np.isclose(found.loss, np.log1p(2 * np.exp(-1.5 / 0.5))))
    True
    """
    for name, value, least in (
        ("num_points", num_points, 2),
        ("dimension", dimension, 2),
        ("starts", starts, 1),
    ):
        if value < least:
            raise ValueError(f"{name}: expected at least {least}, got {value}")
    temperature = as_temperature(temperature)
    generator = np.random.default_rng(seed)
    ends = []
    for number in range(starts):
        start = generator.normal(size=(1 if tied else 2, num_points, dimension))
        share = generator.uniform() if number else 1.0
        hottest = temperature * max(1.0, _HOTTEST / temperature) ** share
        ends.append(_cool(start, hottest, temperature))
    values = np.array([value for _, value in ends])
    weights, features = (ends[values.argmin()][0][place] for place in (0, -1))
    return LossMinimum(
        weights,
        features,
        cross_entropy(weights, features, temperature),
        starts,
        int((values <= values.min() + HIT_TOLERANCE).sum()),
    )


def log_loss(weights, features, temperature):
    r"""Return $\tau\log(n\mathcal L_\tau)$ and its gradients, for rows of any length.

    Parameters
    ----------
    weights, features : ndarray, shape (num_points, dimension), float64
    temperature : float

    Returns
    -------
    value : float
    to_weights, to_features : ndarray, shape (num_points, dimension), float64
    """
    exponents = features @ weights.T
    exponents = (exponents - np.diag(exponents)[:, None]) / temperature
    np.fill_diagonal(exponents, -np.inf)
    wrong = logsumexp(exponents, axis=1)
    log_losses = _log_softplus(wrong)
    value = logsumexp(log_losses)
    # d softplus = sigmoid, and both over the total loss before either underflows.
    shares = np.exp(exponents - np.logaddexp(0, wrong)[:, None] - value)
    shares -= np.diag(shares.sum(axis=1))
    return temperature * value, shares.T @ features, shares @ weights


def _cool(points, hottest, temperature):
    """Descend from `points`, one array of rows a factor, through falling temperatures."""
    descents = 1 + int(np.ceil(np.log(hottest / temperature) / np.log(_COOLING)))
    for tau in np.geomspace(hottest, temperature, descents) if descents > 1 else [temperature]:
        found = minimize(
            _on_the_sphere,
            points.ravel(),
            (points.shape, tau),
            jac=True,
            method="L-BFGS-B",
            options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 3000, "maxfun": 6000},
        )
        points = found.x.reshape(points.shape)
        points = points / np.linalg.norm(points, axis=2, keepdims=True)
    return points, found.fun


def _on_the_sphere(flat, shape, temperature):
    points = flat.reshape(shape)
    lengths = np.linalg.norm(points, axis=2, keepdims=True)
    unit = points / lengths
    value, to_weights, to_features = log_loss(unit[0], unit[-1], temperature)
    gradient = np.stack([to_weights, to_features]) if len(unit) == 2 else to_weights + to_features
    gradient = gradient.reshape(shape)
    gradient = gradient - (gradient * unit).sum(axis=2, keepdims=True) * unit
    return value, (gradient / lengths).ravel()


def _log_softplus(exponents):
    """log log(1 + e^x), which is x + O(e^x) far below zero."""
    small = exponents < -30
    safe = np.where(small, 0.0, exponents)
    return np.where(small, exponents, np.log(np.logaddexp(0, safe)))
