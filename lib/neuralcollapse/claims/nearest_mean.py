"""Errors of the nearest of several means that come from a few shots: exact, and made large."""

import numpy as np
from scipy.stats import binom


def line_error(places, masses, num_shots):
    """Error of the nearest of two means from a few shots, classes on a line, exactly.

    Parameters
    ----------
    places, masses : ndarray, shape (2, 2)
        Two atoms of each of two classes.
    num_shots : int

    Returns
    -------
    error, variance : float
        Probability that a new sample goes to the wrong class, ties counted as half, both classes
        alike; and the class-distance normalised variance.
    """
    counts = np.arange(num_shots + 1)
    means, chances = [], []
    for place, mass in zip(places, masses, strict=True):
        likely = binom.pmf(counts, num_shots, mass[1])
        keep = likely > 1e-15
        means.append((place[0] + (place[1] - place[0]) * counts / num_shots)[keep])
        chances.append(likely[keep])
    joint = np.outer(*chances)
    error = 0.0
    for place, mass, sign in zip(places, masses, (1, -1), strict=True):
        for x, chance in zip(place, mass, strict=True):
            nearer = np.abs(x - means[0])[:, None] - np.abs(x - means[1])[None]
            lost = np.where(np.abs(nearer) < 1e-12, 0.5, sign * nearer > 0)
            error += chance * (joint * lost).sum() / 2
    centers = (places * masses).sum(axis=1)
    spread = (masses * np.square(places - centers[:, None])).sum()
    return float(error), float(spread / 2 / np.square(centers[0] - centers[1]))


def far_atoms(rare, beyond):
    """Two classes with means 0 and 1 and a rare atom each, `beyond` the middle between them.

    Parameters
    ----------
    rare : float
        Mass of the far atoms.
    beyond : float
        Distance of the far atoms from the middle.

    Returns
    -------
    places, masses : ndarray, shape (2, 2)
    """
    far = 0.5 + beyond
    near = -far * rare / (1 - rare)
    masses = np.array([[1 - rare, rare]] * 2)
    return np.array([[near, far], [1 - near, 1 - far]]), masses


def worst_lines(num_shots, starts=4, steps=250):
    """Climb towards a large error for its variance, over two classes of two atoms.

    Parameters
    ----------
    num_shots : int
    starts, steps : int

    Returns
    -------
    float
        Largest quotient of error and variance.
    """

    def quotient(x):
        masses = np.array([[1 / (1 + np.exp(-x[0]))], [1 / (1 + np.exp(-x[1]))]])
        masses = np.hstack([1 - masses, masses])
        error, variance = line_error(x[2:].reshape(2, 2), masses, num_shots)
        return error / variance if np.isfinite(variance) and variance > 0 else 0.0

    found = []
    for seed in range(starts):
        generator = np.random.default_rng(seed)
        best = np.append([-2.0, -2.0], far_atoms(0.1, 0.1)[0]) + generator.normal(size=6) / 5
        top, reach = quotient(best), 0.3
        for _ in range(steps):
            trial = best + reach * generator.normal(size=6)
            value = quotient(trial)
            best, top, reach = (
                (trial, value, reach) if value > top else (best, top, max(0.98 * reach, 1e-4))
            )
        found.append(top)
    return max(found)


def cloud_error(num_shots, seed, num_classes=5, num_features=20, trials=400):
    """Error of the nearest mean for round normal clouds, from samples.

    Parameters
    ----------
    num_shots, seed : int
    num_classes, num_features, trials : int

    Returns
    -------
    float
        Over (K - 1) times the class-distance normalised variance.
    """
    generator = np.random.default_rng(seed)
    centers = generator.normal(size=(num_classes, num_features))
    scales = generator.uniform(0.3, 1.5, size=(num_classes, 1))
    gaps = np.square(centers[:, None] - centers).sum(axis=2)
    spreads = num_features * scales[:, 0] ** 2
    off = ~np.eye(num_classes, dtype=bool)
    variance = (np.add.outer(spreads, spreads)[off] / (2 * gaps[off])).mean()
    draw = lambda *shape: generator.normal(size=(*shape, num_classes, num_features))  # noqa: E731
    means = centers + scales / num_shots**0.5 * draw(trials)
    samples = centers + scales * draw(trials)
    distances = np.linalg.norm(samples[:, :, None] - means[:, None], axis=3)
    error = np.mean(distances.argmin(axis=2) != np.arange(num_classes))
    return error / ((num_classes - 1) * variance)


def few_shot_factor(num_shots, num_features):
    """The factor of the page, 4 (1 + 1/sqrt(m))^2."""
    return 4 * (1 + num_shots**-0.5) ** 2


def dimension_factor(num_shots, num_features):
    """A factor that falls with the number of features."""
    return 16 * (1 / num_features + 1 / num_shots)
