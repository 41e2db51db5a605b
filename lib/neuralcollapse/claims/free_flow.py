"""Gradient flows of free features without decay: starts, paths, distances from collapse."""

from functools import cache

import numpy as np

from neuralcollapse.theory.unconstrained import squared_flow


def balanced(num_classes, samples_per_class):
    """Labels of classes of one size, in order."""
    return np.repeat(np.arange(num_classes), samples_per_class)


def start(scale, seed, *, balance=False, num_classes=4, samples_per_class=5, dimension=8):
    """Draw weights and features of one scale, with W'W = H'H if `balance`; uniform bias."""
    generator = np.random.default_rng(seed)
    labels = balanced(num_classes, samples_per_class)
    weight = generator.normal(size=(num_classes, dimension)) * scale / np.sqrt(dimension)
    features = generator.normal(size=(len(labels), dimension)) * scale / np.sqrt(dimension)
    if balance:
        features = np.linalg.qr(generator.normal(size=(len(labels), num_classes)))[0] @ weight
    return weight, features, np.full(num_classes, 1 / num_classes), labels


@cache
def flow(scale, seed, balance=False):
    """Follow the flow from such a start for 600 units of time.

    Parameters
    ----------
    scale : float
        Standard deviation of weights and features, times the root of the dimension.
    seed : int
    balance : bool

    Returns
    -------
    FreeFlow
    """
    return squared_flow(*start(scale, seed, balance=balance), np.linspace(0, 600, 31))


def nuisances(weight, features, bias, labels):
    """What never grows along the flow: spread in classes, mean and bias, sum of rows; squared."""
    count = len(weight)
    means = np.stack([features[labels == c].mean(axis=0) for c in range(count)])
    lean, rows = bias - 1 / count, weight.sum(axis=0)
    return np.array(
        [
            ((features - means[labels]) ** 2).sum(),
            (lean**2).sum() + len(labels) * (means.mean(axis=0) ** 2).sum(),
            (rows**2).sum() + lean.sum() ** 2,
        ]
    )


def distances(weight, features, labels):
    r"""How far a point is from strong collapse.

    Parameters
    ----------
    weight, features, labels

    Returns
    -------
    eigenvalues : float
        Largest distance of an eigenvalue of the centred products of weights from $\sqrt n$.
    duality : float
        Squared distance of the centred weights from $\sqrt n$ times the centred means.
    spread : float
        Within-class over between-class scatter.
    misfit : float
        Largest error of the centred logits of class means.
    """
    count = len(weight)
    samples = len(labels) // count
    means = np.stack([features[labels == c].mean(axis=0) for c in range(count)])
    centred, rest = means - means.mean(axis=0), features - means[labels]
    rows = weight - weight.mean(axis=0)
    values = np.linalg.eigvalsh(rows @ rows.T)[1:]
    return (
        float(np.abs(values - np.sqrt(samples)).max()),
        float(((rows - np.sqrt(samples) * centred) ** 2).sum()),
        float((rest**2).sum() / (samples * (centred**2).sum())),
        float(np.abs(centred @ rows.T - np.eye(count) + 1 / count).max()),
    )
