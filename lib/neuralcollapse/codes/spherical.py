r"""Spherical codes: points on a sphere whose largest pairwise cosine is as small as can be found.

Random starts are annealed in one batch, the best are brought to a local minimum by an
interior-point method, and Newton's method on the contacts, the pairs at the coherence, gives the
last digits. What comes out is a stationary point to rounding; that it is the *best* is a matter of
how many starts agree, never a proof.
"""

import warnings
from operator import index

import numpy as np
from scipy.linalg import lstsq
from scipy.optimize import minimize

from neuralcollapse.codes.annealing import anneal, cooling_steps
from neuralcollapse.codes.code import CONTACT_TOLERANCE, Code
from neuralcollapse.codes.interior import descend
from neuralcollapse.geometry import contacts
from neuralcollapse.geometry.arrays import as_directions, as_whole
from neuralcollapse.geometry.hulls import nearest_hull_point
from neuralcollapse.geometry.sphere import tangent_bases

_FEWEST, _MOST = 64, 1024  # starts
_COSINES = 2**17  # in a batch, which then fits the cache of a processor
_SMALL = 224  # tangent coordinates up to which a descent takes well under a second
_SHAKES, _SHAKE = 3, 1e-3  # symmetric starts may descend to a saddle, a hair above the minimum
_SAME = 1e-9  # local minima whose coherences are nearer are one
_BALANCED = 1e-12
_CONTACT_GUESSES = (1e-5, 1e-7, 1e-9)


def spherical_code(num_points, dimension, *, seed=0, starts=None):
    r"""Find a code of small coherence.

    Parameters
    ----------
    num_points : int
        At least 2.
    dimension : int
        At least 1; in one dimension there are only two different points.
    seed : int
        Fixes the random starts.
    starts : int, optional
        Random starts to anneal; more find better codes. 1,024 by default, fewer where cooling is
        slower. For every eight one more, up to 12 in all, is not annealed.

    Returns
    -------
    Code
        Its `residual` is $\|\sum_{ij}\lambda_{ij}g_{ij}\|$ with $g_{ij}$ the gradients of the
        cosines of contacts and $\lambda\ge0$ of sum 1; its `hits` are counted among the best
        annealed starts and some that were not annealed, the only ones brought to a minimum: a
        lower bound.

    Raises
    ------
    ValueError
        If there is no such code, starts is below 1, or the seed is negative.

    Examples
    --------
    >>> round(spherical_code(4, 3, starts=4).coherence, 12)
    -0.333333333333
    """
    num_points, dimension, seed, starts = check_request(num_points, dimension, seed, starts)
    if dimension == 1:
        return Code.of([[1.0], [-1.0]], residual=0.0, starts=starts, hits=starts)
    candidates = annealed(_repulsion, num_points, dimension, starts, seed)
    coherences = [_largest_cosine(points) for points in candidates]
    worth = _polished(num_points, dimension)
    generator = np.random.default_rng(seed)
    extra = min(worth // 4, starts // 8)  # without annealing, for what no gas favours
    raw = generator.normal(size=(extra, num_points, dimension))
    chosen = candidates[np.argsort(coherences, kind="stable")[:worth]]
    descended = []
    for points in (*chosen, *map(as_directions, raw)):
        points, multipliers = descend(points)
        descended.append((_largest_cosine(points), points, multipliers))
    best = min(descended, key=lambda found: found[0])
    hits = sum(bool(found[0] < best[0] + _SAME) for found in descended)
    for _ in range(_SHAKES):
        noise = generator.normal(scale=_SHAKE, size=best[1].shape)
        points, multipliers = descend(as_directions(best[1] + noise))
        shaken = (_largest_cosine(points), points, multipliers)
        best = min(best, shaken, key=lambda found: found[0])
    points, residual = polish(*best[1:])
    return Code.of(points, residual=residual, starts=starts + len(raw), hits=hits)


def check_request(num_points, dimension, seed, starts):
    """Validate what a solver is asked for.

    Parameters
    ----------
    num_points, dimension, seed : int
    starts : int or None

    Returns
    -------
    tuple of int
        The same, `starts` chosen by size if it was None.

    Raises
    ------
    ValueError
        If there is no such code, starts is below 1, or the seed is negative.

    Examples
    --------
    >>> check_request(3, 2, 0, None)
    (3, 2, 0, 1024)
    """
    num_points, dimension = index(num_points), index(dimension)
    if num_points < 2:
        raise ValueError(f"num_points: a code needs at least 2 points, got {num_points}")
    if dimension < 1:
        raise ValueError(f"dimension: expected at least 1, got {dimension}")
    if dimension == 1 and num_points > 2:
        raise ValueError(
            f"dimension: the line holds 2 different unit vectors, not {num_points}; use at least 2"
        )
    if starts is None:
        effort = cooling_steps(num_points, dimension) / cooling_steps(1, 1)
        effort *= max(1, num_points / 32)
        starts = max(_FEWEST, int(_MOST / effort))
    starts = index(starts)
    if starts < 1:
        raise ValueError(f"starts: expected at least 1, got {starts}")
    return num_points, dimension, as_whole(seed, "seed", 0), starts


def annealed(force, num_vectors, dimension, starts, seed):
    """Annealed configurations, batch by batch.

    Parameters
    ----------
    force : callable
        As for `annealing.anneal`.
    num_vectors, dimension, starts, seed : int

    Returns
    -------
    ndarray, shape (starts, num_vectors, dimension), float64

    Examples
    --------
    >>> annealed(_repulsion, 3, 2, 2, 0).shape
    (2, 3, 2)
    """
    generator = np.random.default_rng(seed)
    most = max(16, _COSINES // num_vectors**2)
    batches = [min(most, starts - done) for done in range(0, starts, most)]
    return np.concatenate(
        [anneal(force, batch, num_vectors, dimension, generator) for batch in batches]
    )


def _repulsion(points, beta):
    r"""Minus the gradient of $\frac1\beta\log\sum_{i\ne j}e^{\beta\langle x_i,x_j\rangle}$."""
    itself = np.arange(points.shape[1])
    weights = points @ points.transpose(0, 2, 1)
    weights[:, itself, itself] = -2
    weights -= weights.max(axis=(1, 2), keepdims=True)
    np.exp(beta * weights, out=weights)
    return -len(itself) * (weights @ points) / weights.sum(axis=(1, 2))[:, None, None]


def _polished(num_points, dimension):
    """How many annealed starts are worth a descent, whose steps cost the cube of its size."""
    size = num_points * (dimension - 1)
    return max(4, int(48 * min(1, (_SMALL / size) ** 2)))


def polish(points, multipliers):
    r"""Bring the contacts of a local minimum to the last digit and centre its rattlers.

    Parameters
    ----------
    points : ndarray, shape (num_points, dimension)
    multipliers : ndarray, shape (num_points, num_points)
        As `interior.descend` returns them.

    Returns
    -------
    points : ndarray, shape (num_points, dimension), float64
    residual : float

    Examples
    --------
    >>> points, residual = polish(*descend(np.eye(3)))
    >>> bool(residual < 1e-12)
    True
    """
    points = _tighten(points)
    points = _centre_rattlers(points, multipliers)
    return points, _stationarity(points, multipliers)


def _largest_cosine(points):
    return (points @ points.T)[np.triu_indices(len(points), 1)].max()


def _gradients(points, first, second):
    """Gradients of contact cosines in tangent coordinates, one row a contact; and the bases."""
    bases = tangent_bases(points)
    rows = np.zeros((len(first), len(points), points.shape[1] - 1))
    row = np.arange(len(first))
    rows[row, first] = np.einsum("pdm,pd->pm", bases[first], points[second])
    rows[row, second] = np.einsum("pdm,pd->pm", bases[second], points[first])
    return rows.reshape(len(first), -1), bases


def _tighten(points):
    """Newton's method on equal cosines of the contacts, whichever guess of them is consistent."""
    for guess in _CONTACT_GUESSES:
        first, second = contacts(points, tolerance=guess).T
        trial = points
        for _ in range(5):
            cosines = (trial[first] * trial[second]).sum(axis=1)
            gradients, bases = _gradients(trial, first, second)
            system = np.column_stack([gradients, -np.ones(len(first))])
            step = lstsq(system, cosines.max() - cosines, lapack_driver="gelsy", cond=1e-10)[0]
            step = step[:-1].reshape(len(points), -1)
            trial = trial + np.einsum("idm,im->id", bases, step)
            trial /= np.linalg.norm(trial, axis=1, keepdims=True)
        cosines = (trial[first] * trial[second]).sum(axis=1)
        if np.ptp(cosines) < 1e-14 and _largest_cosine(trial) < _largest_cosine(points) + 1e-11:
            return trial
    return points


def _centre_rattlers(points, multipliers):
    """Move each point that nothing presses to where its largest cosine is locally smallest."""
    points = points.copy()
    pressure = multipliers.sum(axis=1)
    for place in np.flatnonzero(pressure < 1e-6 * pressure.max()):
        others = np.delete(points, place, axis=0)
        start = points[place]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # SLSQP steps off its bounds
            found = minimize(
                lambda x: x[-1],
                np.append(start, (others @ start).max()),
                jac=lambda x: np.append(np.zeros(len(x) - 1), 1.0),
                constraints=[
                    {
                        "type": "ineq",
                        "fun": lambda x, others=others: x[-1] - others @ x[:-1],
                        "jac": lambda x, others=others: np.column_stack(
                            [-others, np.ones(len(others))]
                        ),
                    },
                    {
                        "type": "eq",
                        "fun": lambda x: x[:-1] @ x[:-1] - 1,
                        "jac": lambda x: np.append(2 * x[:-1], 0.0),
                    },
                ],
                method="SLSQP",
                options={"ftol": 1e-15},
            )
        moved = found.x[:-1] / np.linalg.norm(found.x[:-1])
        if (others @ moved).max() < (others @ start).max() - CONTACT_TOLERANCE:
            points[place] = moved
    return points


def _stationarity(points, multipliers):
    """Length of the best convex combination of contact gradients near the given multipliers."""
    first, second = contacts(points, tolerance=CONTACT_TOLERANCE).T
    gradients, _ = _gradients(points, first, second)
    guess = multipliers[first, second] / multipliers[first, second].sum()
    # The nearest multipliers for which the combination vanishes and the sum stays 1.
    system = np.vstack([gradients.T, np.ones(len(first))])
    wanted = -np.append(gradients.T @ guess, 0.0)
    guess = guess + lstsq(system, wanted, lapack_driver="gelsy", cond=1e-10)[0]
    guess = np.maximum(guess, 0)
    residual = float(np.linalg.norm(gradients.T @ (guess / guess.sum())))
    if residual > _BALANCED:  # the nearest multipliers were not all positive; others may be
        residual = nearest_hull_point(gradients, np.zeros(gradients.shape[1])).distance
    return residual
