r"""A clock network under a slow ramp of its weight decay, for the page circle/optimal-rank.

The network is that of `clock_descent`, at inverse temperature 1, where the scale is free. The decay
rises or falls in steps.
"""

import numpy as np

from neuralcollapse.claims.clock_descent import clock_gradients


def circle_network(modulus, coordinates, amplitude):
    """Embeddings and classifier on one character, in the first of some coordinates.

    Parameters
    ----------
    modulus : int
    coordinates : int
    amplitude : float
        Largest logit, in nats; split so that weight decay is least.

    Returns
    -------
    ndarray, shape (2, modulus, coordinates), complex128
        Embeddings, then classifier.
    """
    network = np.zeros((2, modulus, coordinates), complex)
    character = np.exp(2j * np.pi * np.arange(modulus) / modulus)
    classifier = (amplitude / 2) ** (1 / 3)
    network[0, :, 0] = np.sqrt(2) * classifier * character
    network[1, :, 0] = classifier * character
    return network


def ramp(network, decays, *, steps=600, noise=1e-3, seed=0):
    """Train at one decay after the other, each time from where the last ended and a little noise.

    Parameters
    ----------
    network : ndarray, shape (2, modulus, coordinates), complex128
    decays : iterable of float
        Weight decay times modulus.
    steps : int
        Of gradient descent at each decay, at most; fewer where the gradient vanishes.
    noise : float
        Standard deviation of what is added to every real parameter before each decay.
    seed : int

    Returns
    -------
    norms : ndarray, shape (num_decays,), float64
        Largest length of an embedding at the end of each decay.
    losses : ndarray, shape (num_decays,), float64
        Objective less log of the modulus, in nats.
    network : ndarray
        As it is left.
    """
    generator = np.random.default_rng(seed)
    network = network.copy()
    norms, losses = [], []
    for decay in decays:
        shape = (*network.shape, 2)
        network += noise * generator.normal(size=shape) @ [1, 1j]
        for _ in range(steps):
            loss, slope = objective(network, decay)
            network -= 0.3 * network.shape[1] * slope
            if np.abs(slope).max() < 1e-7:
                break
        norms.append(np.linalg.norm(network[0], axis=1).max())
        losses.append(loss - np.log(network.shape[1]))
    return np.array(norms), np.array(losses), network


def objective(network, decay):
    """Mean cross-entropy over all pairs plus weight decay, and its gradient.

    Parameters
    ----------
    network : ndarray, shape (2, modulus, coordinates), complex128
    decay : float
        Weight decay times modulus.

    Returns
    -------
    value : float
    gradient : ndarray, shape (2, modulus, coordinates), complex128
        Derivative by the real parts plus i times that by the imaginary parts.
    """
    of_embeddings, of_weights, losses, _ = clock_gradients(network[:1], network[1:], 1.0)
    penalty = decay / network.shape[1]
    value = losses[0] + penalty / 2 * np.sum(np.abs(network) ** 2)
    return value, penalty * network + np.concatenate([of_embeddings, of_weights])
