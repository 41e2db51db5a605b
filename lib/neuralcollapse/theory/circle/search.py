r"""Unit codes that trade cross-entropy against the nuclear norm, over all ranks.

The objective is $F(W)=L_\beta(W)+\lambda\|W\|_*$ over matrices with rows of length 1. It is
neither convex nor smooth: it has a kink wherever the rank drops, and many local minima. So a
search starts at every rank, from random codes and from the codes one would guess, smooths the kink
away and lets it come back. What it returns is an upper bound on the minimum and a local minimum,
not a proof.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import block_diag
from scipy.optimize import minimize

from neuralcollapse.geometry import regular_polygon, simplex_etf
from neuralcollapse.geometry.arrays import as_directions, as_nonnegative, as_number, as_whole
from neuralcollapse.theory.circle.bessel import as_beta

SMOOTHING = (0.3, 0.1, 0.03, 0.01, 1e-3)  # of singular values, in units of sqrt(K)
FINISHED = 4  # candidates that are followed to the end
PRESENT = 0.02  # a singular value above this part of sqrt(K) counts towards the rank


@dataclass(frozen=True, eq=False)
class FoundCode:
    """The best unit code that a search has met.

    Attributes
    ----------
    weights : ndarray, shape (num_classes, rank), float64
        Unit rows in the coordinates of their span.
    objective : float
        In nats; no smoothing in it.
    rank : int
    start : str
        From what the search came there.
    """

    weights: np.ndarray
    objective: float
    rank: int
    start: str


def code_objective(weights, beta, regularisation):
    r"""Mean cross-entropy of a unit code plus a multiple of its nuclear norm.

    Parameters
    ----------
    weights : array_like, shape (num_classes, dimension)
        Rows are scaled to length 1.
    beta : float
        Inverse temperature, at least 0; dimensionless.
    regularisation : float
        $\lambda$, in nats.

    Returns
    -------
    float
        $\frac1K\sum_k\log\sum_je^{\beta(\langle w_k,w_j\rangle-1)}+\lambda\|W\|_*$, in nats.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    Two opposite points, with nuclear norm $\sqrt2$:

    >>> value = code_objective([[1.0], [-1.0]], 0.5, 0.1)
    >>> bool(np.isclose(value, np.log(1 + np.exp(-1)) + 0.1 * np.sqrt(2)))
    True
    """
    weights = as_directions(weights, "weights")
    beta = as_beta(beta)
    regularisation = as_number(regularisation, "regularisation")
    loss = _cross_entropy(weights, beta)[0]
    return float(loss + regularisation * np.linalg.svd(weights, compute_uv=False).sum())


def settle(weights, beta, regularisation, *, iterations=400):
    r"""Descend from a code to a local minimum of the objective, letting its rank fall.

    Parameters
    ----------
    weights : array_like, shape (num_classes, dimension)
        The start; the rank never exceeds `dimension`.
    beta : float
        Inverse temperature, at least 0; dimensionless.
    regularisation : float
        Strength of the penalty on the nuclear norm, at least 0, in nats.
    iterations : int
        Most steps of each of two stages.

    Returns
    -------
    weights : ndarray, shape (num_classes, rank), float64
    objective : float

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    First the singular values $s$ enter as $\sqrt{s^2+(\epsilon s_0)^2}$, with $s_0=\sqrt K$ and a
    small $\epsilon$; then those that have fallen to it are dropped and the rest descends once more
    without. A code whose rank would have to grow again is left where it is.

    Examples
    --------
    >>> square = [[1.0, 0.1], [0.1, 1.0], [-1.0, 0.1], [0.0, -1.0]]
    >>> settle(square, 1.0, 0.2)[0].shape
    (4, 2)
    """
    weights = as_directions(weights, "weights")
    beta, regularisation = as_beta(beta), as_nonnegative(regularisation, "regularisation")
    iterations = as_whole(iterations, "iterations", 1)
    weights, _ = _descend(weights, beta, regularisation, SMOOTHING[-1], iterations)
    weights = _in_span(weights)
    while True:
        again = _in_span(_descend(weights, beta, regularisation, 1e-9, iterations)[0])
        if again.shape == weights.shape:
            return again, code_objective(again, beta, regularisation)
        weights = again


def best_unit_code(num_classes, beta, regularisation, *, starts=6, ranks=None, seed=0):
    r"""Search for the unit code of least objective, over all ranks.

    Parameters
    ----------
    num_classes : int
        At least 3.
    beta : float
        Inverse temperature, at least 0; dimensionless.
    regularisation : float
        Strength $\lambda$ of the penalty on the nuclear norm, at least 0, in nats.
    starts : int
        Random codes in full dimension, from which the smoothing falls step by step; and as many
        again, one after the other at each of `ranks`.
    ranks : iterable of int, optional
        Ranks at which random codes start, by default all from 1 to ``num_classes - 1``.
    seed : int

    Returns
    -------
    FoundCode

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> best_unit_code(6, 1.0, 0.14, starts=1).rank
    2
    """
    num_classes = as_whole(num_classes, "num_classes", 3)
    beta, regularisation = as_beta(beta), as_nonnegative(regularisation, "regularisation")
    starts = as_whole(starts, "starts", 0)
    ranks = range(1, num_classes) if ranks is None else _ranks(ranks, num_classes)
    generator = np.random.default_rng(seed)
    candidates = []
    for _ in range(starts):
        weights = as_directions(generator.normal(size=(num_classes, num_classes - 1)))
        for smoothing in SMOOTHING[:-1]:
            weights, _ = _descend(weights, beta, regularisation, smoothing, 60)
        candidates.append(("annealed", weights))
        for rank in ranks:
            weights = as_directions(generator.normal(size=(num_classes, rank)))
            candidates.append((f"rank {rank}", weights))
    candidates += guesses(num_classes).items()
    rough = [
        (_descend(weights, beta, regularisation, SMOOTHING[-1], 120, 1e-10), start)
        for start, weights in candidates
    ]
    rough.sort(key=lambda item: item[0][1])
    best = None
    for (weights, _), start in rough[:FINISHED]:
        weights, objective = settle(weights, beta, regularisation)
        if best is None or objective < best.objective - 1e-12:
            best = FoundCode(weights, objective, weights.shape[1], start)
    return best


def guesses(num_classes):
    """Codes that one would guess, by name.

    Parameters
    ----------
    num_classes : int
        At least 3.

    Returns
    -------
    dict of str to ndarray, shape (num_classes, dimension)
        The simplex, orthogonal sums of two, three and four simplices, the polygon, two frequencies
        of circles, points at the two ends of a segment.

    Raises
    ------
    ValueError
        If `num_classes` is not whole or below 3.

    Examples
    --------
    >>> sorted(guesses(3))
    ['one pair of ends', 'polygon', 'simplex']
    """
    num_classes = as_whole(num_classes, "num_classes", 3)
    found = {"simplex": simplex_etf(num_classes), "polygon": regular_polygon(num_classes)}
    for parts in range(2, min(4, num_classes // 2) + 1):
        sizes = [num_classes // parts + (place < num_classes % parts) for place in range(parts)]
        found[f"{parts} simplices"] = block_diag(*map(simplex_etf, sizes))
    if num_classes >= 5:
        turns = np.arange(num_classes) * 2 * np.pi / num_classes
        circles = [np.column_stack([np.cos(f * turns), np.sin(f * turns)]) for f in (1, 2)]
        found["two circles"] = np.hstack(circles) / np.sqrt(2)
    found["one pair of ends"] = (-1.0) ** np.arange(num_classes)[:, None]
    return found


def _cross_entropy(weights, beta):
    logits = beta * (weights @ weights.T - 1)
    top = logits.max(axis=1, keepdims=True)
    shares = np.exp(logits - top)
    totals = shares.sum(axis=1, keepdims=True)
    return float((np.log(totals) + top).mean()), shares / totals


def _descend(weights, beta, regularisation, smoothing, iterations, tolerance=1e-15):
    """L-BFGS on unnormalised rows, singular values smoothed by `smoothing` sqrt(K)."""
    count = len(weights)
    floor = smoothing**2 * count

    def objective(flat):
        rows = flat.reshape(weights.shape)
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        unit = rows / lengths
        loss, shares = _cross_entropy(unit, beta)
        values, vectors = np.linalg.eigh(unit.T @ unit)
        roots = np.sqrt(np.maximum(values, 0) + floor)
        slope = beta / count * (shares + shares.T) @ unit
        slope += regularisation * (unit @ vectors / roots) @ vectors.T
        slope -= unit * (slope * unit).sum(axis=1, keepdims=True)
        return loss + regularisation * roots.sum(), (slope / lengths).ravel()

    options = {"maxiter": iterations, "ftol": tolerance, "gtol": 1e-9, "maxcor": 20}
    found = minimize(objective, weights.ravel(), jac=True, method="L-BFGS-B", options=options)
    return as_directions(found.x.reshape(weights.shape)), found.fun


def _in_span(weights):
    """The code in coordinates of its leading singular vectors, the small ones dropped."""
    left, values, _ = np.linalg.svd(weights, full_matrices=False)
    keep = max(1, int((values > PRESENT * np.sqrt(len(weights))).sum()))
    cut = left[:, :keep] * values[:keep]
    lost = np.linalg.norm(cut, axis=1) < 1e-9
    cut[lost] = cut[lost] + np.eye(keep)[0]  # a row that was all in what is dropped
    return as_directions(cut)


def _ranks(ranks, num_classes):
    if not np.iterable(ranks):
        raise ValueError(f"ranks: expected a sequence of ranks, got {ranks}; write [{ranks}]")
    ranks = [as_whole(rank, "ranks", 1) for rank in ranks]
    if max(ranks, default=1) > num_classes:
        raise ValueError(f"ranks: expected ranks up to {num_classes}, one a class, got {ranks}")
    return ranks
