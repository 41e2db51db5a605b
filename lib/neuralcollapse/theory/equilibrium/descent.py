"""Quasi-Newton descent on linear models, to hold closed forms against."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax

from neuralcollapse.geometry.arrays import as_positive, as_whole
from neuralcollapse.theory.equilibrium.costs import CORES
from neuralcollapse.theory.equilibrium.squared import _check_problem


@dataclass(frozen=True)
class LinearModel:
    """What descent on a linear model ends in.

    Attributes
    ----------
    value : float
        Of the objective.
    weight : ndarray, shape (num_classes, dimension)
    matrix : ndarray, shape (dimension, dimension)
        Of the core; zero without one.
    features : ndarray, shape (num_samples, dimension)
        Before the core.
    mapped : ndarray, shape (num_samples, dimension)
        After the core: what the classifier is given.
    slope : float
        Largest entry of the gradient at the end.
    """

    value: float
    weight: np.ndarray
    matrix: np.ndarray
    features: np.ndarray
    mapped: np.ndarray
    slope: float


def minimise_linear_model(
    class_sizes,
    dimension,
    *,
    core="equilibrium",
    loss="squared",
    weight_decay,
    feature_decay,
    layer_decay,
    radius=None,
    seed=0,
    scale=0.3,
    steps=4000,
):
    r"""Descend on the objective of a linear model from a random start.

    Parameters
    ----------
    class_sizes : sequence of int
    dimension : int
        Of the features.
    core : {"none", "one_step", "equilibrium", "explicit"}
    loss : {"squared", "cross_entropy"}
        The mean over samples; squared is half the squared distance from the one-hot target.
    weight_decay, feature_decay, layer_decay : float
        $\lambda_W$, $\lambda_H$, $\lambda_A$, positive.
    radius : float, optional
        Largest spectral norm of $A$, below 1 for an equilibrium; without bound unless given. A
        matrix beyond it is scaled back but pays for what it was, or descent could not shrink it.
    seed : int
    scale : float
        Standard deviation of the entries at the start.
    steps : int
        Of L-BFGS, at most.

    Returns
    -------
    LinearModel
        A local minimum; try some seeds.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> decays = {"weight_decay": 0.125, "feature_decay": 0.125, "layer_decay": 1}
    >>> round(minimise_linear_model([4, 4], 3, **decays).value, 6)  # 5 / 14
    0.357143
    """
    sizes, _, layer_decay = _check_problem(class_sizes, weight_decay, feature_decay, layer_decay)
    dimension = as_whole(dimension, "dimension", 1)
    steps = as_whole(steps, "steps", 1)
    if core not in CORES:
        raise ValueError(f"core: expected one of {CORES}, got {core!r}")
    if loss not in ("squared", "cross_entropy"):
        raise ValueError(f"loss: expected 'squared' or 'cross_entropy', got {loss!r}")
    if radius is not None:
        as_positive(radius, "radius")
    labels = np.repeat(np.arange(len(sizes)), sizes)
    decays = (weight_decay, layer_decay, feature_decay)
    shapes = [(len(sizes), dimension), (dimension, dimension), (len(labels), dimension)]
    ends = np.cumsum([0, *(rows * columns for rows, columns in shapes)])

    def unpack(z):
        weight, matrix, features = (
            z[a:b].reshape(shape) for (a, b), shape in zip(pairwise(ends), shapes, strict=True)
        )
        return weight, matrix, features

    def objective(z):
        weight, matrix, features = unpack(z)
        scaled, back = _scaled(matrix, radius)
        response = _response(core, scaled)
        mapped = features @ response.T
        value, slope = _loss(mapped @ weight.T, labels, loss)
        tables = [weight, matrix, features]
        slopes = [
            slope.T @ mapped,
            back(_response_slope(core, response, weight.T @ slope.T @ features)),
            slope @ weight @ response,
        ]
        for place, (decay, table) in enumerate(zip(decays, tables, strict=True)):
            value += decay / 2 * (table**2).sum()
            slopes[place] = slopes[place] + decay * table
        return value, np.concatenate([part.ravel() for part in slopes])

    start = np.random.default_rng(seed).normal(0, scale, size=ends[-1])
    start[ends[1] : ends[2]] *= 0 if core == "none" else 1
    options = {"maxiter": steps, "maxfun": 2 * steps, "ftol": 1e-16, "gtol": 1e-11, "maxcor": 30}
    found = minimize(objective, start, jac=True, method="L-BFGS-B", options=options)
    weight, matrix, features = unpack(found.x)
    matrix, _ = _scaled(matrix, radius)
    return LinearModel(
        value=float(found.fun),
        weight=weight,
        matrix=matrix,
        features=features,
        mapped=features @ _response(core, matrix).T,
        slope=float(np.abs(found.jac).max()),
    )


def _loss(logits, labels, loss):
    """Mean loss and its derivative by the logits."""
    targets = np.eye(logits.shape[1])[labels]
    if loss == "squared":
        difference = logits - targets
        return (difference**2).sum() / (2 * len(labels)), difference / len(labels)
    scores = log_softmax(logits, axis=1)
    return -(scores * targets).sum() / len(labels), (np.exp(scores) - targets) / len(labels)


def _response(core, matrix):
    identity = np.eye(len(matrix))
    if core == "equilibrium":
        return np.linalg.inv(identity - matrix)
    return {"none": identity, "one_step": identity + matrix, "explicit": matrix}[core]


def _response_slope(core, response, slope):
    """Derivative by the matrix, given the one by the response."""
    if core == "equilibrium":
        return response.T @ slope @ response.T
    return np.zeros_like(slope) if core == "none" else slope


def _scaled(matrix, radius):
    """Scale a matrix back to a spectral norm; also what takes its slope to the unscaled one."""
    if radius is None:
        return matrix, lambda slope: slope
    left, values, right = np.linalg.svd(matrix)
    if values[0] <= radius:
        return matrix, lambda slope: slope
    share = radius / values[0]

    def back(slope):
        along = (slope * matrix).sum() / values[0]
        return share * (slope - along * np.outer(left[:, 0], right[0]))

    return share * matrix, back
