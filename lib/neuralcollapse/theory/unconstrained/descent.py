r"""The same objective, minimised directly: any labels, any dimension, any loss of the two.

Nothing here knows the closed forms. It is what they are held against, and what is left where
they do not apply: unequal classes, too few dimensions.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp

from neuralcollapse.geometry.arrays import as_nonnegative, as_points, as_reals, as_whole
from neuralcollapse.theory.unconstrained.optima import LOSSES


@dataclass(frozen=True, eq=False)
class FreeMinimum:
    """The best end of some descents.

    Attributes
    ----------
    weight : ndarray, shape (num_classes, dimension), float64
    features : ndarray, shape (num_samples, dimension), float64
    bias : ndarray, shape (num_classes,), float64, or None
    objective : float
    slope : float
        Largest absolute entry of the gradient there; 0 at a critical point.
    objectives : ndarray, shape (starts,), float64
        Where each descent ended.
    """

    weight: np.ndarray
    features: np.ndarray
    bias: np.ndarray | None
    objective: float
    slope: float
    objectives: np.ndarray


def free_objective(
    weight, features, bias, labels, *, weight_decay, feature_decay, loss="cross_entropy"
):
    r"""Return objective and gradients of classifier, features and bias.

    Parameters
    ----------
    weight : array_like, shape (num_classes, dimension)
    features : array_like, shape (num_samples, dimension)
    bias : array_like, shape (num_classes,), or None
    labels : array_like of int, shape (num_samples,)
    weight_decay, feature_decay : float
        Half of each times the squared Frobenius norm is added; 0 is allowed.
    loss : {"cross_entropy", "squared"}

    Returns
    -------
    value : float
    gradients : tuple of ndarray
        With respect to weight, features and bias; the last is None without bias.

    Raises
    ------
    ValueError
        If the loss is unknown or shapes or labels do not fit.

    Examples
    --------
    >>> value, _ = free_objective(
    ...     np.zeros((2, 1)), np.zeros((2, 1)), None, [0, 1], weight_decay=1, feature_decay=1
    ... )
    >>> bool(np.isclose(value, np.log(2)))
    True
    """
    if loss not in LOSSES:
        raise ValueError(f"loss: expected one of {LOSSES}, got {loss!r}")
    weight, features, bias = as_model(weight, features, bias)
    labels = as_classes(labels, len(weight), len(features))
    return objective_of(weight, features, bias, labels, weight_decay, feature_decay, loss)


def objective_of(weight, features, bias, labels, weight_decay, feature_decay, loss):
    """`free_objective` of arguments that are checked already: descents call it often."""
    samples, own = np.arange(len(features)), labels
    logits = features @ weight.T + (0 if bias is None else bias)
    if loss == "cross_entropy":
        logs = logits - logsumexp(logits, axis=1, keepdims=True)
        value, slope = -logs[samples, own].mean(), np.exp(logs)
        slope[samples, own] -= 1
    else:
        slope = logits.copy()
        slope[samples, own] -= 1
        value = (slope**2).sum() / 2 / len(samples)
    slope /= len(samples)
    value += weight_decay / 2 * (weight**2).sum() + feature_decay / 2 * (features**2).sum()
    gradients = (
        slope.T @ features + weight_decay * weight,
        slope @ weight + feature_decay * features,
        None if bias is None else slope.sum(axis=0),
    )
    return float(value), gradients


def minimise_free(
    labels,
    dimension,
    *,
    weight_decay,
    feature_decay,
    loss="cross_entropy",
    biased=True,
    num_classes=None,
    scale=1.0,
    seed=0,
    starts=1,
):
    """Minimise the objective by L-BFGS from random starts.

    Parameters
    ----------
    labels : array_like of int, shape (num_samples,)
        Class indices from 0; classes may have any sizes.
    dimension : int
        Of the features, at least 1.
    weight_decay, feature_decay : float
        At least 0.
    loss : {"cross_entropy", "squared"}
    biased : bool
        Whether there is a bias, free of decay; it starts at 0.
    num_classes : int, optional
        The largest label plus one unless given.
    scale : float
        Standard deviation of weights and features as they are drawn.
    seed : int
    starts : int

    Returns
    -------
    FreeMinimum

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> found = minimise_free([0, 1], 1, weight_decay=2.0, feature_decay=2.0)
    >>> bool(abs(found.weight).max() < 1e-6)  # c = 4: zero is best
    True
    """
    if loss not in LOSSES:
        raise ValueError(f"loss: expected one of {LOSSES}, got {loss!r}")
    labels = as_classes(labels)
    weight_decay = as_nonnegative(weight_decay, "weight_decay")
    feature_decay = as_nonnegative(feature_decay, "feature_decay")
    scale = as_nonnegative(scale, "scale")
    dimension = as_whole(dimension, "dimension", 1)
    starts = as_whole(starts, "starts", 1)
    least = int(labels.max()) + 1
    count = least if num_classes is None else as_whole(num_classes, "num_classes", least)
    shapes = [(count, dimension), (len(labels), dimension)] + [(count,)] * biased
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]

    def unpack(flat):
        parts = [p.reshape(s) for p, s in zip(np.split(flat, ends), shapes, strict=True)]
        return parts if biased else [*parts, None]

    def objective(flat):
        value, gradients = objective_of(*unpack(flat), labels, weight_decay, feature_decay, loss)
        return value, np.concatenate([g.ravel() for g in gradients if g is not None])

    generator = np.random.default_rng(seed)
    found = []
    for _ in range(starts):
        start = scale * generator.normal(size=sum(int(np.prod(shape)) for shape in shapes))
        if biased:
            start[-count:] = 0
        found.append(
            minimize(
                objective,
                start,
                jac=True,
                method="L-BFGS-B",
                options={"ftol": 0, "gtol": 1e-10, "maxiter": 20_000, "maxfun": 40_000},
            )
        )
    best = min(found, key=lambda end: end.fun)
    return FreeMinimum(
        *unpack(best.x),
        float(best.fun),
        float(np.abs(objective(best.x)[1]).max()),
        np.array([end.fun for end in found]),
    )


def as_model(weight, features, bias):
    """Return classifier, features and bias as float64 arrays of shapes that fit.

    Parameters
    ----------
    weight : array_like, shape (num_classes, dimension)
    features : array_like, shape (num_samples, dimension)
    bias : array_like, shape (num_classes,), or None

    Returns
    -------
    tuple of ndarray

    Raises
    ------
    ValueError
        If they are not finite or shapes do not fit.

    Examples
    --------
    >>> as_model([[1]], [[2]], None)
    (array([[1.]]), array([[2.]]), None)
    """
    weight, features = as_points(weight, "weight"), as_points(features, "features")
    if weight.shape[1] != features.shape[1]:
        raise ValueError(
            f"features: expected {weight.shape[1]} columns as weight, got {features.shape[1]}"
        )
    if bias is not None:
        bias = as_reals(bias, "bias")
        if bias.shape != (len(weight),):
            raise ValueError(f"bias: expected shape ({len(weight)},), got {bias.shape}")
    return weight, features, bias


def as_classes(labels, num_classes=None, num_samples=None):
    """Return labels as an array of class indices, none of which would be read from the end.

    Parameters
    ----------
    labels : array_like of int, shape (num_samples,)
    num_classes, num_samples : int, optional
        Checked if given.

    Returns
    -------
    ndarray of int, shape (num_samples,)

    Raises
    ------
    ValueError
        If they are no whole numbers from 0, too large, or not one a sample.

    Examples
    --------
    >>> as_classes([0, 1, 1])
    array([0, 1, 1])
    """
    labels = np.asarray(labels)
    fits = labels.ndim == 1 and labels.size and labels.dtype.kind in "iu" and labels.min() >= 0
    if not fits or (num_classes is not None and labels.max() >= num_classes):
        below = "" if num_classes is None else f" and below {num_classes}"
        raise ValueError(
            f"labels: expected whole numbers from 0{below}, one a sample, got {labels}"
        )
    if num_samples is not None and len(labels) != num_samples:
        raise ValueError(
            f"labels: expected {num_samples}, one a row of features, got {len(labels)}"
        )
    return labels
