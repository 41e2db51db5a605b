"""Variance against squared gradients: normal laws, worst polynomials, steps between two pieces."""

from itertools import product

import numpy as np
import torch
from scipy.linalg import eigh

from neuralcollapse.metrics import class_distance_normalized_variance, geometric_collapse
from neuralcollapse.models import MLP
from neuralcollapse.statistics import ClassStatistics


def top_eigenvalue(covariance):
    """Largest eigenvalue of a covariance."""
    return float(np.linalg.eigvalsh(covariance)[-1])


def mean_eigenvalue(covariance):
    """Mean of its eigenvalues."""
    return float(np.trace(covariance) / len(covariance))


def polynomial_ratio(covariance, degree=5):
    """Largest variance over squared gradient, among polynomials under a normal law in the plane.

    Parameters
    ----------
    covariance : ndarray, shape (2, 2)
    degree : int
        Of the polynomials, at most.

    Returns
    -------
    float
        A generalised eigenvalue; quadrature is exact for polynomials.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(degree + 1)
    z = np.array(list(product(nodes, repeat=2)))
    weights = np.outer(weights, weights).ravel() / weights.sum() ** 2
    powers = [(i, j) for i in range(degree + 1) for j in range(degree + 1 - i) if i + j]
    basis = [np.polynomial.hermite_e.HermiteE.basis(i) for i in range(degree + 1)]
    values = np.array([basis[i](z[:, 0]) * basis[j](z[:, 1]) for i, j in powers])
    slopes = np.array(
        [
            [
                basis[i].deriv()(z[:, 0]) * basis[j](z[:, 1]),
                basis[i](z[:, 0]) * basis[j].deriv()(z[:, 1]),
            ]
            for i, j in powers
        ]
    )
    centered = values - values @ weights[:, None]
    variance = centered * weights @ centered.T
    slopes = np.einsum("ab,fbn->fan", np.linalg.inv(np.linalg.cholesky(covariance)).T, slopes)
    energy = np.einsum("fan,gan,n->fg", slopes, slopes, weights)
    return float(eigh(variance, energy, eigvals_only=True)[-1])


def mixture(covariances, centers):
    """Variance and collapse of the linear map along the top eigenvector of the first covariance.

    Parameters
    ----------
    covariances : ndarray, shape (num_classes, d, d)
    centers : ndarray, shape (num_classes, d)

    Returns
    -------
    variance, collapse : float
        Of the normal laws themselves, not of samples.
    """
    direction = np.linalg.eigh(covariances[0])[1][:, -1]
    spreads = np.einsum("i,cij,j->c", direction, covariances, direction)
    gaps = np.square(np.subtract.outer(centers @ direction, centers @ direction))
    off = ~np.eye(len(centers), dtype=bool)
    pairs = np.add.outer(spreads, spreads)
    return (pairs[off] / (2 * gaps[off])).mean(), (1 / gaps[off]).mean()


def gaussian_case(seed):
    """A random network, samples of three normal classes in six dimensions and their covariances."""
    rng, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    network = MLP((6, 16, 6, 2), generator=generator, normalize=False).body
    roots = rng.normal(size=(3, 6, 6)) / 2
    inputs = np.concatenate(
        [2 * rng.normal(size=6) + rng.normal(size=(400, 6)) @ root.T for root in roots]
    )
    covariances = np.einsum("cij,ckj->cik", roots, roots)
    return network, torch.from_numpy(inputs), np.repeat([0, 1, 2], 400), covariances


def step_network(height):
    """A network of three ReLUs: a step of the first coordinate, the second coordinate unchanged.

    Parameters
    ----------
    height : float
        Of the step, which rises for first coordinates from -1/2 to 1/2.

    Returns
    -------
    callable
    """

    def network(batch):
        x, y = batch[:, :1], batch[:, 1:]
        step = torch.relu(x + 0.5) - torch.relu(x - 0.5) - 0.5
        return torch.cat([height * step, torch.relu(y)], dim=1)

    return network


def two_pieces(gap, samples=400):
    """Points of two classes, each spread evenly over a segment with a gap in its middle.

    Parameters
    ----------
    gap : float
        In [0, 2).
    samples : int
        Of each class, even.

    Returns
    -------
    inputs : Tensor, shape (2 * samples, 2)
        First coordinates fill [-1, -gap/2] and [gap/2, 1]; second coordinates are 1 or 2.
    labels : Tensor of int64
    """
    places = (torch.arange(samples // 2, dtype=torch.float64) + 0.5) / (samples // 2)
    right = gap / 2 + (1 - gap / 2) * places
    x = torch.cat([-right, right])
    inputs = torch.cat([torch.stack([x, torch.full_like(x, y)], dim=1) for y in (1.0, 2.0)])
    return inputs, torch.arange(2).repeat_interleave(samples)


def step_measures(gap, height):
    """Variance and geometric collapse of a step over two classes.

    Parameters
    ----------
    gap, height : float

    Returns
    -------
    variance, collapse : float
    """
    inputs, labels = two_pieces(gap)
    network = step_network(height)
    statistics = ClassStatistics(2, 2).update(network(inputs), labels)
    return (
        class_distance_normalized_variance(statistics),
        geometric_collapse(network, inputs, labels),
    )
