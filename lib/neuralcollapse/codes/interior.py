r"""A primal-dual interior-point method for the largest cosine, to machine precision.

The problem is to minimise $t$ subject to $s_{ij}=t-\langle w_i,w_j\rangle\ge0$ with $w_i$ on the
sphere. Newton's method follows the solutions of

$$
\sum_{i<j}\lambda_{ij}=1,\qquad\sum_j\lambda_{ij}w_j\parallel w_i,\qquad\lambda_{ij}s_{ij}=\kappa
$$

as $\kappa\to0$, in coordinates of the tangent spaces. Let $A_{ij}$ be the tangential part of $w_j$
at $w_i$. A step $\delta$ changes the cosine of $i$ and $j$ by
$A_{ij}^\top\delta_i+A_{ji}^\top\delta_j$ to first order, so the Newton matrix has the blocks
$\frac{\lambda_{ij}}{s_{ij}}A_{ij}A_{ji}^\top+\lambda_{ij}B_i^\top B_j$ off the diagonal, with $B_i$
a basis of the tangent space at $w_i$.
"""

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from neuralcollapse.geometry.sphere import tangent_bases

LAST_BARRIER = 1e-13  # kappa; slacks of contacts end near it, and rounding of cosines lies below
_FIRST_SLACK = 3e-3  # about what annealing leaves; a larger one undoes its choice of minimum
_FAST = 1e-8  # below, the path is straight and the barrier falls a thousandfold at a time
_STEPS = 400
_LEAST_SHIFT = 1e-8  # of a matrix of unit diagonal
_CENTRED = 0.1  # squared Newton decrement, over kappa, at which the barrier is lowered


def descend(points):
    r"""Move a configuration to a nearby local minimum of its coherence.

    Parameters
    ----------
    points : ndarray, shape (num_points, dimension)
        Unit rows, dimension at least 2.

    Returns
    -------
    points : ndarray, shape (num_points, dimension), float64
        Cosines of contacts agree to about 1e-12; points without contact keep away from others.
    multipliers : ndarray, shape (num_points, num_points), float64
        $\lambda_{ij}$: symmetric, not negative, zero on the diagonal.

    Examples
    --------
    >>> points, _ = descend(np.array([[1.0, 0.0], [0.0, 1.0], [0.6, -0.8]]))
    >>> float((points @ points.T)[0, 1].round(9))
    -0.5
    """
    count = len(points)
    pairs = np.triu_indices(count, 1)
    off = ~np.eye(count, dtype=bool)
    barrier = _FIRST_SLACK / len(pairs[0])  # multipliers of sum 1 make that the harmonic mean
    shift = 0.0
    level = (points @ points.T)[pairs].max() + 10 * barrier
    multipliers = np.where(off, barrier / np.where(off, level - points @ points.T, 1), 0)
    for _ in range(_STEPS):
        slacks = np.where(off, level - points @ points.T, 1)
        bases = tangent_bases(points)
        pulls = np.einsum("idm,jd->ijm", bases, points)
        target = np.where(off, barrier / slacks, 0)
        stiffness = np.where(off, multipliers / slacks, 0)
        step, rise, shift = _newton_step(
            points, bases, pulls, multipliers, stiffness, target, pairs, shift
        )
        change = np.einsum("ijm,im->ij", pulls, step)
        change = rise - change - change.T  # of the slacks
        slope = rise - (target * change)[pairs].sum()
        moved = np.einsum("idm,im->id", bases, step)
        fraction, points, level = _line_search(
            points, level, slacks, moved, rise, slope, barrier, pairs
        )
        update = np.where(off, target - multipliers - stiffness * change, 0)
        shrinking = update < 0
        room = (multipliers[shrinking] / -update[shrinking]).min() if shrinking.any() else 1
        multipliers = multipliers + min(1.0, 0.995 * room) * update
        # Keep each product of slack and multiplier within a factor of the barrier.
        centre = np.where(off, barrier / np.where(off, level - points @ points.T, 1), 0)
        multipliers = np.clip(multipliers, 1e-3 * centre, 1e3 * centre)
        if fraction < 1e-6 or (fraction == 1 and -slope < _CENTRED * barrier):
            if barrier <= LAST_BARRIER:
                break
            barrier = max(LAST_BARRIER, (0.3 if barrier > _FAST else 1e-3) * barrier)
    return points, multipliers


def _newton_step(points, bases, pulls, multipliers, stiffness, target, pairs, shift):
    """Step in tangent coordinates, shape (num_points, dimension - 1), rise of the level, shift."""
    count, dimension = points.shape
    inner = dimension - 1
    flat = bases.transpose(1, 0, 2).reshape(dimension, -1)
    overlaps = (flat.T @ flat).reshape(count, inner, count, inner)  # tangent bases, in pairs
    stiff = stiffness[:, :, None] * pulls
    blocks = stiff.transpose(0, 2, 1)[:, :, :, None] * pulls.transpose(1, 0, 2)[:, None]
    blocks += multipliers[:, None, :, None] * overlaps
    diagonal = stiff.transpose(0, 2, 1) @ pulls
    curvature = (multipliers * (points @ points.T)).sum(axis=1)
    diagonal -= curvature[:, None, None] * np.eye(inner)
    place = np.arange(count)
    blocks[place, :, place, :] = diagonal
    size = count * inner
    matrix = np.empty((size + 1, size + 1))
    matrix[:-1, :-1] = blocks.reshape(size, size)
    matrix[-1, :-1] = matrix[:-1, -1] = -stiff.sum(axis=1).ravel()
    matrix[-1, -1] = stiffness[pairs].sum()
    right = np.append(-np.einsum("ij,ijm->im", target, pulls).ravel(), target[pairs].sum() - 1)
    scale = 1 / np.sqrt(np.maximum(np.abs(np.diag(matrix)), np.finfo(float).tiny))
    solution, shift = _solve_descending(scale[:, None] * matrix * scale, scale * right, shift)
    solution *= scale
    return solution[:-1].reshape(count, inner), solution[-1], shift


def _solve_descending(matrix, right, shift):
    """Solve with a shift that makes the matrix positive definite, so that the step descends.

    The search for one starts below the shift of the last step, for the matrices change slowly.
    """
    shift = shift / 2 if shift > _LEAST_SHIFT else 0.0
    while True:
        shifted = matrix.copy()
        shifted.flat[:: len(matrix) + 1] += shift
        try:
            factor = cho_factor(shifted, overwrite_a=True, check_finite=False)
        except LinAlgError:
            shift = max(4 * shift, _LEAST_SHIFT)
        else:
            return cho_solve(factor, right, check_finite=False), shift


def _line_search(points, level, slacks, moved, rise, slope, barrier, pairs):
    """Longest fraction of the step that keeps slacks positive and lowers the barrier function."""
    value = level - barrier * np.log(slacks[pairs]).sum()
    fraction = 1.0
    while True:
        trial = points + fraction * moved
        trial /= np.linalg.norm(trial, axis=1, keepdims=True)
        new_level = level + fraction * rise
        new = (new_level - trial @ trial.T)[pairs]
        if (new > 0.005 * slacks[pairs]).all():
            new_value = new_level - barrier * np.log(new).sum()
            if new_value <= value + 1e-4 * fraction * slope + np.finfo(float).eps * abs(level):
                return fraction, trial, new_level
        fraction *= 0.6
        if fraction < 1e-6:
            return fraction, points, level
