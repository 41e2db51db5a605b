r"""One feature a class, a classifier, two budgets of norm, and classes of any sizes.

With shares $p_k=n_k/N$ the model of [fang2021] minimises $\sum_kp_k\,\ell(Wh_k,k)$, $\ell$ the
cross-entropy, under $\frac1K\sum_k\|w_k\|^2\le E_W$ and $\frac1K\sum_k\|h_k\|^2\le E_H$. In the
logits $Z=HW^\top$ the budgets say $\|Z\|_*\le K\sqrt{E_WE_H}$, a convex condition, if there are
$K-1$ dimensions; the book proves it.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp

from neuralcollapse.geometry.arrays import as_points, as_positive, as_reals, as_whole


@dataclass(frozen=True, eq=False)
class PeeledMinimum:
    """The best end of some descents.

    Attributes
    ----------
    weight, features : ndarray, shape (num_classes, dimension), float64
        They spend both budgets.
    loss : float
    gap : float
        `optimality_gap`: no point of any dimension is better by more; 0 at an optimum of the
        convex problem.
    price : float
        Spectral norm of the slope of the loss in the logits; at an optimum the multiplier of the
        budget, by how much the loss falls for one more unit of nuclear norm.
    losses : ndarray, shape (starts,), float64
        Where each descent ended.
    """

    weight: np.ndarray
    features: np.ndarray
    loss: float
    gap: float
    price: float
    losses: np.ndarray


def class_shares(num_majority, num_minority, ratio):
    """Shares of the samples where large classes have `ratio` times the samples of small ones.

    Parameters
    ----------
    num_majority, num_minority : int
        Number of large and of small classes, at least 1.
    ratio : float
        Samples of a large class over those of a small one, positive.

    Returns
    -------
    ndarray, shape (num_majority + num_minority,), float64
        Large classes first; they sum to 1.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> class_shares(1, 2, 2)
    array([0.5 , 0.25, 0.25])
    """
    sizes = np.ones(
        as_whole(num_majority, "num_majority", 1) + as_whole(num_minority, "num_minority", 1)
    )
    sizes[: int(num_majority)] = as_positive(ratio, "ratio")
    return sizes / sizes.sum()


def peeled_loss(logits, shares):
    r"""Return the loss $\sum_kp_k\,\ell(z_k,k)$ and its slope in the logits.

    Parameters
    ----------
    logits : array_like, shape (num_classes, num_classes)
        Row k holds the scores of the feature of class k.
    shares : array_like, shape (num_classes,)
        Positive, of sum 1.

    Returns
    -------
    value : float
        In nats.
    slope : ndarray, shape (num_classes, num_classes), float64

    Raises
    ------
    ValueError
        If shapes do not fit or shares are no distribution.

    Examples
    --------
    >>> value, slope = peeled_loss([[0, 0], [0, 0]], [0.5, 0.5])
    >>> bool(np.isclose(value, np.log(2)))
    True
    >>> slope
    array([[-0.25,  0.25],
           [ 0.25, -0.25]])
    """
    return _loss(*_as_problem(logits, shares))


def optimality_gap(logits, shares, *, weight_budget, feature_budget):
    r"""Bound on how much better any logits within the budgets can be.

    Parameters
    ----------
    logits : array_like, shape (num_classes, num_classes)
        $Z$, of nuclear norm at most $\rho=K\sqrt{E_WE_H}$.
    shares : array_like, shape (num_classes,)
    weight_budget, feature_budget : float
        Mean squared length allowed to the rows of the classifier and to features, positive.

    Returns
    -------
    float
        $\langle\nabla F,Z\rangle+\rho\|\nabla F\|_2$, in nats, at least 0 up to rounding, and 0
        exactly at the optima: $F$ lies above its tangent, which is least on the ball of nuclear
        norm $\rho$ by $\rho$ times the spectral norm of the slope.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> round(optimality_gap(np.zeros((2, 2)), [0.5, 0.5], weight_budget=1, feature_budget=1), 9)
    1.0
    """
    logits, shares = _as_problem(logits, shares)
    radius = len(shares) * _reach(weight_budget, feature_budget)
    slope = _loss(logits, shares)[1]
    return float((slope * logits).sum() + radius * np.linalg.norm(slope, 2))


def peeled_factors(logits, dimension, *, weight_budget, feature_budget):
    r"""Classifier and features with given logits, as short as can be.

    Parameters
    ----------
    logits : array_like, shape (num_classes, num_classes)
        $Z=USV^\top$, of rank at most `dimension`.
    dimension : int
    weight_budget, feature_budget : float

    Returns
    -------
    weight, features : ndarray, shape (num_classes, dimension), float64
        $W=tVS^{1/2}$ and $H=t^{-1}US^{1/2}$ with $t=(E_W/E_H)^{1/4}$: their squared norms
        are $t^{\pm2}\|Z\|_*$, at most the budgets if $\|Z\|_*\le K\sqrt{E_WE_H}$.

    Raises
    ------
    ValueError
        If the rank exceeds `dimension`, or an argument is out of range.

    Examples
    --------
    >>> W, H = peeled_factors([[2, -2], [-2, 2]], 1, weight_budget=1, feature_budget=4)
    >>> np.round(H @ W.T, 12)
    array([[ 2., -2.],
           [-2.,  2.]])
    >>> round(float((H**2).sum() / (W**2).sum()), 9)
    4.0
    """
    logits = as_points(logits, "logits")
    dimension = as_whole(dimension, "dimension", 1)
    weight_budget = as_positive(weight_budget, "weight_budget")
    feature_budget = as_positive(feature_budget, "feature_budget")
    left, values, right = np.linalg.svd(logits)
    rank = int((values > 1e-12 * values[0]).sum())
    if rank > dimension:
        raise ValueError(
            f"dimension: expected at least the rank of logits, {rank}, got {dimension}"
        )
    tilt = (weight_budget / feature_budget) ** 0.25
    weight, features = np.zeros((2, len(logits), dimension))
    weight[:, :rank] = tilt * right[:rank].T * np.sqrt(values[:rank])
    features[:, :rank] = left[:, :rank] * np.sqrt(values[:rank]) / tilt
    return weight, features


def minimise_peeled(shares, dimension, *, weight_budget, feature_budget, seed=0, starts=1):
    """Minimise the loss within both budgets by L-BFGS from random starts.

    Parameters
    ----------
    shares : array_like, shape (num_classes,)
        Positive, of sum 1.
    dimension : int
        Of features and classifier, at least 1.
    weight_budget, feature_budget : float
        Positive.
    seed, starts : int

    Returns
    -------
    PeeledMinimum

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Both matrices are scaled to spend their budgets exactly, and the descent moves what is scaled;
    it knows of no convex problem, no symmetry and no threshold.

    Examples
    --------
    >>> found = minimise_peeled([0.5, 0.5], 1, weight_budget=1, feature_budget=1)
    >>> bool(np.isclose(found.loss, np.log1p(np.exp(-2))))  # w = -+1, h = -+1
    True
    """
    shares = _as_shares(shares)
    dimension, starts = as_whole(dimension, "dimension", 1), as_whole(starts, "starts", 1)
    count, reach = len(shares), _reach(weight_budget, feature_budget)
    lengths = np.sqrt(count * np.array([float(weight_budget), float(feature_budget)]))

    def scaled(flat):
        pair = flat.reshape(2, count, dimension)
        norms = np.linalg.norm(pair, axis=(1, 2))
        return pair * (lengths / norms)[:, None, None], norms

    def objective(flat):
        (weight, features), norms = scaled(flat)
        value, slope = _loss(features @ weight.T, shares)
        slopes = np.stack([slope.T @ features, slope @ weight])
        units = flat.reshape(slopes.shape) / norms[:, None, None]
        slopes -= units * (slopes * units).sum(axis=(1, 2), keepdims=True)
        return value, (slopes * (lengths / norms)[:, None, None]).ravel()

    generator = np.random.default_rng(seed)
    options = {"ftol": 0, "gtol": 1e-10, "maxiter": 20_000, "maxfun": 40_000, "maxcor": 30}
    found = []
    for _ in range(starts):
        start = generator.normal(size=2 * count * dimension)
        found.append(minimize(objective, start, jac=True, method="L-BFGS-B", options=options))
    best = min(found, key=lambda end: end.fun)
    weight, features = scaled(best.x)[0]
    logits = features @ weight.T
    value, slope = _loss(logits, shares)
    price = np.linalg.norm(slope, 2)
    gap = (slope * logits).sum() + count * reach * price
    losses = np.array([end.fun for end in found])
    return PeeledMinimum(weight, features, value, float(gap), float(price), losses)


def _loss(logits, shares):
    logs = logits - logsumexp(logits, axis=1, keepdims=True)
    slope = shares[:, None] * (np.exp(logs) - np.eye(len(shares)))
    return float(-shares @ np.diag(logs)), slope


def _reach(weight_budget, feature_budget):
    """Geometric mean of the budgets: all that the logits see of them."""
    product = as_positive(weight_budget, "weight_budget")
    return float(np.sqrt(product * as_positive(feature_budget, "feature_budget")))


def _as_shares(shares):
    shares = as_reals(shares, "shares")
    if shares.ndim != 1 or len(shares) < 2 or shares.min() <= 0 or abs(shares.sum() - 1) > 1e-9:
        raise ValueError(
            f"shares: expected at least two positive numbers of sum 1, got {shares}; "
            "divide class sizes by their sum"
        )
    return shares


def _as_problem(logits, shares):
    logits, shares = as_points(logits, "logits"), _as_shares(shares)
    if logits.shape != (len(shares), len(shares)):
        raise ValueError(
            f"logits: expected shape ({len(shares)}, {len(shares)}), one row and one column a "
            f"class, got {logits.shape}"
        )
    return logits, shares
