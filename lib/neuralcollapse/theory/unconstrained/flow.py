r"""Gradient flow of the squared loss without decay, and what a start leaves behind.

Along the flow of $\frac1{2N}\|HW^\top+\mathbf 1b^\top-Y\|_F^2$ the matrix $W^\top W-H^\top H$ does
not change, and three nuisances never grow: the spread within classes, the mean feature together
with the bias, the sum of the classifier's rows. Their sizes at the start bound the distance from
collapse at the end [mixon2022].
"""

from dataclasses import dataclass

import numpy as np
from scipy.integrate import solve_ivp

from neuralcollapse.theory.unconstrained.descent import as_classes, as_model, objective_of


@dataclass(frozen=True, eq=False)
class FreeFlow:
    """A path of the gradient flow.

    Attributes
    ----------
    times : ndarray, shape (num_times,), float64
    weights : ndarray, shape (num_times, num_classes, dimension), float64
    features : ndarray, shape (num_times, num_samples, dimension), float64
    biases : ndarray, shape (num_times, num_classes), float64
    losses : ndarray, shape (num_times,), float64
        Half the squared residual a sample.
    labels : ndarray of int, shape (num_samples,)
    """

    times: np.ndarray
    weights: np.ndarray
    features: np.ndarray
    biases: np.ndarray
    losses: np.ndarray
    labels: np.ndarray


def squared_flow(weight, features, bias, labels, times):
    r"""Follow the gradient flow of the squared loss without decay.

    Parameters
    ----------
    weight : ndarray, shape (num_classes, dimension), float64
    features : ndarray, shape (num_samples, dimension), float64
    bias : ndarray, shape (num_classes,), float64
        All three at time 0.
    labels : array_like of int, shape (num_samples,)
    times : array_like of float, shape (num_times,)
        Ascending, from 0 on; dimensionless: a bias alone approaches its optimum at rate 1.

    Returns
    -------
    FreeFlow

    Raises
    ------
    ValueError
        If the times do not ascend from 0 or later, or shapes or labels do not fit.
    FloatingPointError
        If the integration fails.

    Notes
    -----
    Explicit Runge-Kutta of order 8 with relative tolerance 1e-10: conserved quantities hold to
    about nine digits.

    Examples
    --------
    >>> flow = squared_flow(np.eye(2), np.eye(2), np.full(2, 0.0), [0, 1], [0.0, 1.0])
    >>> flow.losses.tolist()  # all is fitted: nothing moves
    [0.0, 0.0]
    """
    times = np.asarray(times, dtype=np.float64)
    ascend = times.ndim == 1 and np.isfinite(times).all() and (np.diff(times) > 0).all()
    if not (ascend and times.size and times[0] >= 0):
        raise ValueError(f"times: expected ascending numbers from 0 on, got {times}")
    start = as_model(weight, features, bias)
    labels = as_classes(labels, len(start[0]), len(start[1]))
    ends = np.cumsum([part.size for part in start])[:-1]

    def unpack(flat):
        return [p.reshape(s.shape) for p, s in zip(np.split(flat, ends), start, strict=True)]

    def loss(flat):
        return objective_of(*unpack(flat), labels, 0, 0, "squared")

    def velocity(_, flat):
        return -np.concatenate([gradient.ravel() for gradient in loss(flat)[1]])

    path, time = [np.concatenate([part.ravel() for part in start])], 0.0
    for until in times:  # stop at each: interpolated values are far less exact than steps
        if until > time:
            options = {"method": "DOP853", "t_eval": [until], "rtol": 1e-10, "atol": 1e-13}
            found = solve_ivp(velocity, (time, until), path[-1], **options)
            if not found.success:
                raise FloatingPointError(f"the flow could not be followed: {found.message}")
            path.append(found.y[:, -1])
        else:
            path.append(path[-1])
        time = until
    path = path[1:]
    parts = [np.stack(part) for part in zip(*map(unpack, path), strict=True)]
    losses = np.array([loss(flat)[0] for flat in path])
    return FreeFlow(times, *parts, losses, labels)


def collapse_bound(weight, features, bias, labels):
    r"""Bound, from a start, the distance from collapse at which its flow can end.

    Parameters
    ----------
    weight : ndarray, shape (num_classes, dimension), float64
    features : ndarray, shape (num_samples, dimension), float64
    bias : ndarray, shape (num_classes,), float64
    labels : array_like of int, shape (num_samples,)
        Every class with the same number of samples.

    Returns
    -------
    float
        $\delta=\|D\|+\frac1K\bigl(\|W^\top\mathbf 1\|^2+\gamma^2\bigr)+\|\beta\|^2+N\|\mu_G\|^2
        +\|H'\|_F^2$ with $D=W^\top W-H^\top H$ (operator norm), $\beta=b-\frac1K\mathbf 1$,
        $\gamma=\mathbf 1^\top\beta$ and $H'$ the features less their class means. At zero loss
        every non-zero eigenvalue of the centred $WW^\top$ is within $\delta$ of $\sqrt n$.

    Raises
    ------
    ValueError
        If shapes or labels do not fit, or classes differ in size.

    Examples
    --------
    >>> collapse_bound(np.eye(2), np.zeros((2, 2)), np.full(2, 0.5), [0, 1])  # D = I, two rows of W
    2.0
    """
    weight, features, bias = as_model(weight, features, bias)
    count = len(weight)
    labels = as_classes(labels, count, len(features))
    sizes = np.bincount(labels, minlength=count)
    if sizes.min() != sizes.max():
        raise ValueError(f"labels: expected classes of one size, got {sizes.tolist()} samples")
    lean = bias - 1 / count
    means = np.stack([features[labels == c].mean(axis=0) for c in range(count)])
    spread = features - means[labels]
    return float(
        np.linalg.norm(weight.T @ weight - features.T @ features, 2)
        + ((weight.sum(axis=0) ** 2).sum() + lean.sum() ** 2) / count
        + (lean**2).sum()
        + len(features) * (means.mean(axis=0) ** 2).sum()
        + (spread**2).sum()
    )
