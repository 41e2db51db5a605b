r"""Softmax codes: points as far from the hull of the others as can be found.

The problem is to maximise $t$ subject to $\langle w_k-w_j,h_k\rangle\ge t$ for $j\ne k$ over unit
vectors $w_k$ and $h_k$ [jiang2024]. Pairs $(W,H)$ are annealed, then improved by linear programs in
the tangent spaces: after each, the best $H$ is computed exactly as the direction from the hull, so
every accepted step raises the true distance. Nothing here knows of coherence: the solver is an
independent check of `spherical_code`.
"""

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from neuralcollapse.codes.code import Code
from neuralcollapse.codes.distance import hardmax_features, one_vs_rest_distance
from neuralcollapse.codes.spherical import annealed, check_request
from neuralcollapse.geometry.sphere import tangent_bases

_IMPROVED = 12  # annealed starts worth linear programs
_PROGRAMS = 60
_FIRST_RADIUS = 0.05
_LAST_RADIUS = 1e-12
_SAME = 1e-8
_CONTACT = 1e-6  # of cosines; linear programs leave them good to about 1e-8


def softmax_code(num_points, dimension, *, seed=0, starts=None):
    r"""Find a code of large one-vs-rest distance, without the help of coherence.

    Parameters
    ----------
    num_points : int
        At least 2.
    dimension : int
        At least 1; in one dimension there are only two different points.
    seed : int
        Fixes the random starts.
    starts : int, optional
        Random starts; by default 1,024, fewer where each is cooled more slowly.

    Returns
    -------
    Code
        Its `residual` is $\|\sum_{kj}\theta_{kj}g_{kj}\|$ with $g_{kj}$ the gradients in $(W,H)$ of
        the margins $\langle w_k-w_j,h_k\rangle$ and multipliers $\theta\ge0$ of sum 1 from the last
        linear program; its `hits` are counted among the best annealed starts, a lower bound; its
        contacts are pairs within 1e-6 of the coherence, for points are good to about 1e-8 only.

    Raises
    ------
    ValueError
        If there is no such code, starts is below 1, or the seed is negative.

    Examples
    --------
    >>> round(softmax_code(4, 3, starts=4).one_vs_rest_distance, 9)
    1.333333333
    """
    num_points, dimension, seed, starts = check_request(num_points, dimension, seed, starts)
    if dimension == 1:
        return Code.of([[1.0], [-1.0]], residual=0.0, starts=starts, hits=starts)
    candidates = annealed(_separation, 2 * num_points, dimension, starts, seed)
    margins = [_least_margin(*np.split(pair, 2)) for pair in candidates]
    order = np.argsort(margins, kind="stable")[::-1][:_IMPROVED]
    improved = [_improve(candidates[place, :num_points]) for place in order]
    distances = np.array([distance for distance, _, _ in improved])
    _, points, residual = improved[int(distances.argmax())]
    hits = int((distances > distances.max() - _SAME).sum())
    return Code.of(points, residual=residual, starts=starts, hits=hits, tolerance=_CONTACT)


def _separation(pairs, beta):
    r"""Minus the gradient of $\frac1\beta\log\sum_{j\ne k}e^{\beta\langle w_j-w_k,h_k\rangle}$."""
    count = pairs.shape[1] // 2
    weights, features = pairs[:, :count], pairs[:, count:]
    itself = np.arange(count)
    pressure = features @ weights.transpose(0, 2, 1)
    pressure -= pressure[:, itself, itself][:, :, None]
    pressure[:, itself, itself] = -np.inf
    pressure -= pressure.max(axis=(1, 2), keepdims=True)
    np.exp(beta * pressure, out=pressure)
    pressure *= count / pressure.sum(axis=(1, 2), keepdims=True)
    own = pressure.sum(axis=2, keepdims=True)
    on_weights = own * features - pressure.transpose(0, 2, 1) @ features
    on_features = own * weights - pressure @ weights
    return np.concatenate([on_weights, on_features], axis=1)


def _least_margin(weights, features):
    logits = features @ weights.T
    margins = np.diag(logits)[:, None] - logits
    np.fill_diagonal(margins, np.inf)
    return margins.min()


def _improve(points):
    """Sequential linear programs; returns distance, points and residual."""
    points = points / np.linalg.norm(points, axis=1, keepdims=True)
    distance, radius, residual = one_vs_rest_distance(points), _FIRST_RADIUS, np.inf
    for _ in range(_PROGRAMS):
        step, gain, residual = _linear_program(points, radius)
        trial = points + step
        trial /= np.linalg.norm(trial, axis=1, keepdims=True)
        reached = one_vs_rest_distance(trial)
        if reached > distance:
            # A radius that follows the step keeps its scale near that of the problem.
            radius = min(_FIRST_RADIUS, 2 * radius)
            points, distance = trial, reached
        else:
            radius /= 4
        if radius < _LAST_RADIUS or gain < 1e-16:
            break
    return distance, points, residual


def _linear_program(points, radius):
    """Best step of the linearised problem within `radius`, its gain, and the residual there."""
    count, dimension = points.shape
    inner = dimension - 1
    features = hardmax_features(points)
    bases = tangent_bases(points), tangent_bases(features)
    k, j = np.nonzero(~np.eye(count, dtype=bool))
    margins = ((points[k] - points[j]) * features[k]).sum(axis=1)
    own = np.einsum("pdm,pd->pm", bases[0][k], features[k])
    other = -np.einsum("pdm,pd->pm", bases[0][j], features[k])
    turn = np.einsum("pdm,pd->pm", bases[1][k], points[k] - points[j])
    rows = np.repeat(np.arange(len(k)), inner)
    places = [k, j, count + k]
    columns = [(place[:, None] * inner + np.arange(inner)).ravel() for place in places]
    size = 2 * count * inner
    gradients = csr_array(
        (
            np.concatenate([own.ravel(), other.ravel(), turn.ravel()]),
            (np.tile(rows, 3), np.concatenate(columns)),
        ),
        shape=(len(k), size),
    )
    # In units of the radius, so that the solver's absolute tolerances shrink with the steps.
    system = csr_array(np.column_stack([-gradients.toarray(), np.ones(len(k))]))
    solved = linprog(
        np.append(np.zeros(size), -1.0),
        A_ub=system,
        b_ub=(margins - margins.min()) / radius,
        bounds=[(-1, 1)] * size + [(None, None)],
        method="highs",
    )
    if solved.x is None:
        return np.zeros_like(points), 0.0, np.inf
    multipliers = np.maximum(-solved.ineqlin.marginals, 0)
    residual = np.linalg.norm(gradients.T @ (multipliers / multipliers.sum()))
    step = radius * solved.x[: count * inner].reshape(count, inner)
    return np.einsum("idm,im->id", bases[0], step), radius * solved.x[-1], float(residual)
