r"""Hill climbing over codes, for claims that random trials would not test.

A margin $t$ with features $h_k$ in the unit ball and $\langle w_k-w_j,h_k\rangle\ge t$ for all
$j\ne k$ makes the one-vs-rest distance smooth: its largest value is $\rho(W)$ where that is
positive. Sequential quadratic programming then moves weights and features together.
"""

import numpy as np
from scipy.optimize import minimize

from neuralcollapse.codes import hardmax_features, one_vs_rest_distance
from neuralcollapse.geometry import radon_partition
from neuralcollapse.geometry.arrays import as_directions

_DISTINCT = 1e-6  # points nearer than this have merged, and are no code


def climb(points, score, *, cosine=None, radon=None, steps=150):
    r"""Raise a score of a code from a start.

    Parameters
    ----------
    points : array_like, shape (num_points, dimension)
        The start, a code.
    score : callable
        ``score(margin, cosine, square)`` of the margin $t$, the inner product of the first two
        rows and the squared norm of the Radon point; returns its value and the three derivatives.
    cosine : float, optional
        Value at which to hold the inner product of the first two rows.
    radon : {None, "free", "zero"}
        Whether to keep a point in the hulls of both parts of the start's Radon partition, and
        whether to keep it at 0.
    steps : int

    Returns
    -------
    ndarray, shape (num_points, dimension), float64, or None
        Where the search ends, None if points have merged. Score it afresh: constraints hold to
        about 1e-9 only.
    """
    problem = _Problem(np.asarray(points, dtype=float), score, cosine, radon)
    found = minimize(
        problem.objective,
        problem.start,
        jac=True,
        method="SLSQP",
        constraints=[
            {"type": "ineq", "fun": problem.gaps, "jac": problem.gaps_slope},
            {"type": "eq", "fun": problem.equal, "jac": problem.equal_slope},
        ],
        options={"maxiter": steps, "ftol": 1e-12},
    )
    if not np.isfinite(found.x).all():
        return None
    code = as_directions(problem.unpack(found.x)[0])
    apart = np.linalg.norm(code[:, None] - code, axis=2) + np.eye(len(code))
    return code if apart.min() > _DISTINCT else None


class _Problem:
    """Variables: weights, features, margin, and two sets of convex weights in one vector."""

    def __init__(self, points, score, cosine, radon):
        self.count, self.dimension = points.shape
        self.score, self.cosine, self.radon = score, cosine, radon
        mass = []
        if radon:
            split = radon_partition(points)
            self.parts = [np.isin(np.arange(self.count), p) for p in (split.first, split.second)]
            mass = split.weights
        features, margin = hardmax_features(points), one_vs_rest_distance(points)
        self.start = np.concatenate([points.ravel(), features.ravel(), [margin], mass])
        self.pairs = np.nonzero(~np.eye(self.count, dtype=bool))
        grid = np.arange(2 * points.size).reshape(2, self.count, self.dimension)
        self.at_weights, self.at_features = grid  # places of the coordinates in the vector
        self.at_margin = 2 * points.size

    def unpack(self, z):
        return z[self.at_weights], z[self.at_features], z[self.at_margin], z[self.at_margin + 1 :]

    def objective(self, z):
        weights, _, margin, mass = self.unpack(z)
        slope = np.zeros_like(z)
        point = np.zeros(self.dimension)
        if self.radon:
            point = (mass * self.parts[0]) @ weights
        value, by_margin, by_cosine, by_square = self.score(
            margin, weights[0] @ weights[1], point @ point
        )
        slope[self.at_margin] = by_margin
        slope[self.at_weights[0]] += by_cosine * weights[1]
        slope[self.at_weights[1]] += by_cosine * weights[0]
        if self.radon:
            slope[self.at_weights] += 2 * by_square * np.outer(mass * self.parts[0], point)
            slope[self.at_margin + 1 :] = 2 * by_square * self.parts[0] * (weights @ point)
        return -value, -slope

    def gaps(self, z):
        weights, features, margin, mass = self.unpack(z)
        logits = features @ weights.T
        gaps = (np.diag(logits)[:, None] - logits - margin)[self.pairs]
        return np.concatenate([gaps, 1 - (features**2).sum(axis=1), mass])

    def gaps_slope(self, z):
        weights, features, _, mass = self.unpack(z)
        k, j = self.pairs
        rows = np.arange(len(k))[:, None]
        slope = np.zeros((len(k) + self.count + len(mass), len(z)))
        slope[rows, self.at_weights[k]] = features[k]
        slope[rows, self.at_weights[j]] = -features[k]
        slope[rows, self.at_features[k]] = weights[k] - weights[j]
        slope[: len(k), self.at_margin] = -1
        rows = len(k) + np.arange(self.count)[:, None]
        slope[rows, self.at_features] = -2 * features
        slope[len(k) + self.count :, self.at_margin + 1 :] = np.eye(len(mass))
        return slope

    def equal(self, z):
        weights, _, _, mass = self.unpack(z)
        found = [(weights**2).sum(axis=1) - 1]
        if self.cosine is not None:
            found.append([weights[0] @ weights[1] - self.cosine])
        if self.radon:
            ends = [(mass * part) @ weights for part in self.parts]
            found += [ends[0] - ends[1], [mass[part].sum() - 1 for part in self.parts]]
            found += [ends[0]] if self.radon == "zero" else []
        return np.concatenate(found)

    def equal_slope(self, z):
        weights, _, _, mass = self.unpack(z)
        lengths = np.zeros((self.count, len(z)))
        lengths[np.arange(self.count)[:, None], self.at_weights] = 2 * weights
        found = [lengths]
        if self.cosine is not None:
            row = np.zeros((1, len(z)))
            row[0, self.at_weights[0]], row[0, self.at_weights[1]] = weights[1], weights[0]
            found.append(row)
        if self.radon:
            ends = [self._end_slope(weights, mass * part, part, len(z)) for part in self.parts]
            sums = np.zeros((2, len(z)))
            sums[:, self.at_margin + 1 :] = self.parts
            found += [ends[0] - ends[1], sums]
            found += [ends[0]] if self.radon == "zero" else []
        return np.concatenate(found)

    def _end_slope(self, weights, mass, part, size):
        slope = np.zeros((self.dimension, size))
        for axis in range(self.dimension):
            slope[axis, self.at_weights[:, axis]] = mass
            slope[axis, self.at_margin + 1 :] = part * weights[:, axis]
        return slope
