"""Free features for regression, minimised directly. Nothing here knows the closed forms."""

import numpy as np
from scipy.optimize import minimize

from neuralcollapse.geometry.arrays import as_nonnegative, as_points, as_positive, as_whole


def regression_objective(weight, features, bias, targets, *, weight_decay, feature_decay):
    r"""Return objective and gradients of layer, features and bias.

    Parameters
    ----------
    weight : array_like, shape (num_targets, dimension)
    features : array_like, shape (num_samples, dimension)
    bias : array_like, shape (num_targets,)
    targets : array_like, shape (num_samples, num_targets)
    weight_decay, feature_decay : float
        0 is allowed.

    Returns
    -------
    value : float
        In squared units of the targets.
    gradients : tuple of ndarray
        With respect to weight, features and bias.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> decays = {"weight_decay": 1.0, "feature_decay": 1.0}
    >>> regression_objective([[1.0]], [[1.0], [-1.0]], [0.0], [[3.0], [-3.0]], **decays)[0]
    3.0
    """
    for name, value in (("weight_decay", weight_decay), ("feature_decay", feature_decay)):
        as_nonnegative(value, name)
    weight, features = as_points(weight, "weight"), as_points(features, "features")
    count = len(features)
    errors = features @ weight.T + np.asarray(bias, dtype=float) - as_points(targets, "targets")
    value = (np.square(errors).sum() + feature_decay * np.square(features).sum()) / count
    value = (value + weight_decay * np.square(weight).sum()) / 2
    gradients = (
        errors.T @ features / count + weight_decay * weight,
        (errors @ weight + feature_decay * features) / count,
        errors.mean(axis=0),
    )
    return float(value), gradients


def minimise_regression(targets, dimension, *, weight_decay, feature_decay, seed=0, scale=1.0):
    """Descend from a random start by a quasi-Newton method; the closed form is not used.

    Parameters
    ----------
    targets : array_like, shape (num_samples, num_targets)
    dimension : int
        Of the features.
    weight_decay, feature_decay : float
        0 is allowed.
    seed : int
    scale : float
        Standard deviation of weights and features at the start.

    Returns
    -------
    weight, features, bias : ndarray
        Where the descent ended.
    value : float
        The objective there, in squared units of the targets.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> *_, value = minimise_regression([[3.0], [-3.0]], 1, weight_decay=1, feature_decay=1)
    >>> round(value, 6)
    2.5
    """
    targets = as_points(targets, "targets")
    dimension, scale = as_whole(dimension, "dimension", 1), as_positive(scale, "scale")
    (samples, count), generator = targets.shape, np.random.default_rng(seed)
    shapes = ((count, dimension), (samples, dimension), (count,))
    cuts = np.cumsum([np.prod(shape) for shape in shapes])[:-1]
    root = np.sqrt(samples)  # features enter as H / sqrt(N), which evens out the curvatures

    def unpack(flat):
        pieces = [p.reshape(s) for p, s in zip(np.split(flat, cuts), shapes, strict=True)]
        return pieces[0], pieces[1] * root, pieces[2]

    def evaluate(flat):
        value, slopes = regression_objective(
            *unpack(flat), targets, weight_decay=weight_decay, feature_decay=feature_decay
        )
        return value, np.concatenate([slopes[0].ravel(), root * slopes[1].ravel(), slopes[2]])

    start = scale * generator.normal(size=cuts[-1] + count)
    start[cuts[0] : cuts[1]] /= root
    limits = {"maxiter": 20000, "maxfun": 40000, "ftol": 0, "gtol": 1e-10, "maxcor": 30}
    end = minimize(evaluate, start, jac=True, method="L-BFGS-B", options=limits)
    return *unpack(end.x), float(end.fun)
