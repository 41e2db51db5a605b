r"""Gradient descent with weight decay on the product of complex embeddings, many networks at once.

Logits of a pair are $z_c=\beta\operatorname{Re}\sum_j\overline{w_{cj}}e_{aj}e_{bj}$, the loss is
cross-entropy of the label $a+b$ modulo $P$, averaged over all $P^2$ pairs. Gradients of real
functions of complex numbers are written as complex numbers: derivative along the real axis plus $i$
times that along the imaginary one.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ClockRun:
    """Weights along a descent.

    Attributes
    ----------
    steps : ndarray, shape (num_checkpoints,), int64
    embeddings, weights : ndarray, complex128
        Shape (num_checkpoints, num_seeds, modulus, dimension).
    accuracy : ndarray, shape (num_seeds,), float64
        On all pairs, after the last step.
    """

    steps: np.ndarray
    embeddings: np.ndarray
    weights: np.ndarray
    accuracy: np.ndarray


def polygon_weights(modulus, dimension, frequency=1):
    """Return a classifier that is a regular polygon in its first coordinate and 0 elsewhere."""
    weights = np.zeros((modulus, dimension), dtype=complex)
    weights[:, 0] = np.exp(2j * np.pi * (frequency * np.arange(modulus) % modulus) / modulus)
    return weights


def gaussian_embeddings(seeds, modulus, dimension):
    """Draw embeddings of mean square 1 an entry, one network a seed."""
    shape = (2, modulus, dimension)
    draws = np.array([np.random.default_rng(seed).normal(size=shape) for seed in seeds])
    return (draws[:, 0] + 1j * draws[:, 1]) / np.sqrt(2)


def clock_gradients(embeddings, weights, beta):
    """Mean loss over all pairs and its gradients.

    Parameters
    ----------
    embeddings, weights : ndarray, shape (num_seeds, modulus, dimension), complex128
    beta : float

    Returns
    -------
    of_embeddings, of_weights : ndarray, shape (num_seeds, modulus, dimension), complex128
    losses, accuracies : ndarray, shape (num_seeds,), float64
        Mean cross-entropy in nats, and the share of pairs that are right.
    """
    seeds, modulus, dimension = embeddings.shape
    pairs = modulus**2
    features = (embeddings[:, :, None] * embeddings[:, None]).reshape(seeds, pairs, dimension)
    turned = weights.swapaxes(1, 2)
    logits = beta * (features.real @ turned.real + features.imag @ turned.imag)
    labels = (np.arange(modulus)[:, None] + np.arange(modulus)).ravel() % modulus
    accuracies = (logits.argmax(axis=2) == labels).mean(axis=1)
    logits -= logits.max(axis=2, keepdims=True)
    residuals = np.exp(logits)
    totals = residuals.sum(axis=2, keepdims=True)
    losses = (np.log(totals[..., 0]) - logits[:, np.arange(pairs), labels]).mean(axis=1)
    residuals /= totals
    residuals[:, np.arange(pairs), labels] -= 1
    residuals *= beta / pairs
    pulled = (residuals @ weights).reshape(seeds, modulus, modulus, dimension)
    of_embeddings = 2 * (pulled * embeddings.conj()[:, None]).sum(axis=2)
    return of_embeddings, residuals.swapaxes(1, 2) @ features, losses, accuracies


def descend(embeddings, weights, *, beta, learning_rate, weight_decay, steps, every=1, frozen=True):
    """Run gradient descent on embeddings and, unless it is frozen, on the classifier.

    Parameters
    ----------
    embeddings : ndarray, shape (num_seeds, modulus, dimension), complex128
    weights : ndarray, shape (modulus, dimension) or (num_seeds, modulus, dimension), complex128
    beta, learning_rate, weight_decay : float
        The penalty is half the weight decay times the squared norm of what is trained.
    steps, every : int
        In all, and between checkpoints.
    frozen : bool
        Whether the classifier stays as it is.

    Returns
    -------
    ClockRun
    """
    weights = np.broadcast_to(weights, embeddings.shape)
    path = []
    for step in range(steps + 1):
        of_embeddings, of_weights, _, accuracy = clock_gradients(embeddings, weights, beta)
        if step % every == 0:
            path.append((step, embeddings, weights))
        if step < steps:
            shrunk = 1 - learning_rate * weight_decay
            embeddings = shrunk * embeddings - learning_rate * of_embeddings
            if not frozen:
                weights = shrunk * weights - learning_rate * of_weights
    columns = (np.array(column) for column in zip(*path, strict=True))
    return ClockRun(*columns, accuracy)


def character_share(embeddings, frequency=1):
    """Share of the energy of embeddings in one character of the first coordinate.

    Parameters
    ----------
    embeddings : ndarray, shape (..., modulus, dimension), complex128
    frequency : int

    Returns
    -------
    ndarray, shape (...), float64
        In [0, 1]; 1 if all rows are that character times one number.
    """
    modulus = embeddings.shape[-2]
    turns = np.exp(-2j * np.pi * (frequency * np.arange(modulus) % modulus) / modulus)
    along = np.abs((embeddings[..., 0] * turns).sum(axis=-1)) ** 2 / modulus
    return along / (np.abs(embeddings) ** 2).sum(axis=(-2, -1))


def off_plane_energy(rows):
    """Squared norm of all coordinates but the first, shape (..., modulus, dimension) to (...)."""
    return (np.abs(rows[..., 1:]) ** 2).sum(axis=(-2, -1))
