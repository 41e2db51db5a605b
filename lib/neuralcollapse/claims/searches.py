"""Adversarial searches among unit vectors, for checkers that try to break a statement."""

import numpy as np
from scipy.optimize import minimize

from neuralcollapse.geometry import coherence
from neuralcollapse.geometry.arrays import as_directions


def random_code(generator, num_points, dimension):
    """Points drawn uniformly on the sphere."""
    return as_directions(generator.normal(size=(num_points, dimension)))


def sharpest_feature(edges, start):
    """Least t with ``edges @ h <= t`` over the unit ball, by sequential squares."""
    found = minimize(
        lambda x: x[-1],
        np.append(start, (edges @ start).max()),
        jac=lambda x: np.eye(len(x))[-1],
        method="SLSQP",
        constraints=[
            {
                "type": "ineq",
                "fun": lambda x: x[-1] - edges @ x[:-1],
                "jac": lambda x: np.column_stack([-edges, np.ones(len(edges))]),
            },
            {
                "type": "ineq",
                "fun": lambda x: 1 - x[:-1] @ x[:-1],
                "jac": lambda x: np.append(-2 * x[:-1], 0),
            },
        ],
        options={"maxiter": 200, "ftol": 1e-15},
    )
    return as_directions([found.x[:-1]])[0]


def climb(height, start, generator, steps=200, reach=0.5):
    """Hill climbing among unit rows (or one unit vector): keep a random step if it goes up."""
    best, top = start, height(start)
    for _ in range(steps):
        trial = best + reach * generator.normal(size=best.shape)
        trial = trial / np.linalg.norm(trial, axis=-1, keepdims=True)
        value = height(trial)
        if value > top:
            best, top = trial, value
        else:
            reach = max(0.97 * reach, 1e-7)
    return best


def push_apart(num_points, dimension, seed):
    """A local minimum of coherence: least t with all cosines at most t, by sequential squares."""
    pairs = np.triu_indices(num_points, 1)
    unpack = lambda x: x[:-1].reshape(num_points, dimension)  # noqa: E731

    def slack(x):
        points = unpack(x)
        return x[-1] - (points @ points.T)[pairs]

    def slack_gradient(x):
        points, rows = unpack(x), np.arange(len(pairs[0]))
        gradient = np.zeros((len(rows), num_points, dimension))
        gradient[rows, pairs[0]] = -points[pairs[1]]
        gradient[rows, pairs[1]] = -points[pairs[0]]
        return np.column_stack([gradient.reshape(len(rows), -1), np.ones(len(rows))])

    def length_gradient(x):
        gradient = np.zeros((num_points, num_points, dimension))
        gradient[np.arange(num_points), np.arange(num_points)] = 2 * unpack(x)
        return np.column_stack([gradient.reshape(num_points, -1), np.zeros(num_points)])

    start = random_code(np.random.default_rng(seed), num_points, dimension)
    found = minimize(
        lambda x: x[-1],
        np.append(start.ravel(), coherence(start)),
        jac=lambda x: np.eye(len(x))[-1],
        method="SLSQP",
        constraints=[
            {"type": "ineq", "fun": slack, "jac": slack_gradient},
            {
                "type": "eq",
                "fun": lambda x: np.sum(unpack(x) ** 2, axis=1) - 1,
                "jac": length_gradient,
            },
        ],
        options={"maxiter": 500, "ftol": 1e-15},
    )
    return as_directions(unpack(found.x))
