r"""What random ReLU features do to cosines, and to the variability within classes.

For Gaussian weights and infinite width, features $\max(0,\langle v,x\rangle)$ of two vectors of
angle $\arccos\rho$ have inner product $\frac12\|x\|\|z\|\kappa(\rho)$ with
$\kappa(\rho)=\frac1\pi\bigl(\sqrt{1-\rho^2}+\rho(\pi-\arccos\rho)\bigr)$ [cho2009]. This is convex,
with $\kappa(-1)=0$ and $\kappa(1)=\kappa'(1)=1$: small angles hardly shrink, large ones do.
"""

import numpy as np

from neuralcollapse.geometry.arrays import DegenerateGeometryError, as_points

__all__ = ["gram_variability", "relu_cosine", "relu_factor", "relu_gram"]


def relu_cosine(cosine):
    r"""Cosine of random ReLU features, $\kappa(\rho)$.

    Parameters
    ----------
    cosine : array_like
        Of the inputs, in [-1, 1]; rounding beyond is cut.

    Returns
    -------
    ndarray, of the shape of `cosine`, float64
        In [0, 1], at least `cosine`; dimensionless.

    Notes
    -----
    Infinite width, Gaussian weights, no bias. Source: [cho2009].

    Examples
    --------
    >>> relu_cosine([-1.0, 1.0]).round(12) + 0.0
    array([0., 1.])
    """
    cosine = np.clip(np.asarray(cosine, dtype=float), -1, 1)
    return (np.sqrt(1 - cosine**2) + cosine * (np.pi - np.arccos(cosine))) / np.pi


def relu_gram(gram):
    r"""Gram matrix of random ReLU features, up to the factor 1/2.

    Parameters
    ----------
    gram : array_like, shape (num_samples, num_samples)
        Of the inputs; positive diagonal.

    Returns
    -------
    ndarray, shape (num_samples, num_samples), float64
        Same diagonal as `gram`.

    Examples
    --------
    >>> relu_gram([[4.0, -4.0], [-4.0, 4.0]]).round(12) + 0.0
    array([[4., 0.],
           [0., 4.]])
    """
    gram = as_points(gram, "gram")
    lengths = np.sqrt(np.diag(gram))
    if not (lengths > 0).all():
        raise ValueError("gram: expected a positive diagonal; leave out samples that are zero")
    scale = np.outer(lengths, lengths)
    return scale * relu_cosine(gram / scale)


def relu_factor(cosine):
    r"""By what random ReLU features multiply the variability of nearly collapsed classes.

    Parameters
    ----------
    cosine : float
        Of any two class means, in [-1, 1).

    Returns
    -------
    float
        $\frac{1-\rho}{1-\kappa(\rho)}$; from 1 as $\rho\to1$ to 2 at $\rho=-1$, dimensionless.

    Examples
    --------
    >>> bool(np.isclose(relu_factor(0.0), np.pi / (np.pi - 1)))
    True
    """
    return float((1 - cosine) / (1 - relu_cosine(cosine)))


def gram_variability(gram, labels):
    r"""NC1 by quotient, $\operatorname{tr}\Sigma_W/\operatorname{tr}\Sigma_B$, of a Gram matrix.

    Parameters
    ----------
    gram : array_like, shape (num_samples, num_samples)
        Of features.
    labels : array_like of int, shape (num_samples,)

    Returns
    -------
    float
        Dimensionless, at least 0; 0 at collapse. Every class counts alike.

    Raises
    ------
    DegenerateGeometryError
        If all class means coincide.

    Notes
    -----
    The same as `metrics.within_class_variability_trace` of the features. Source:
    [beaglehole2024].

    Examples
    --------
    >>> features = np.array([[-1.0], [-3.0], [1.0], [3.0]])
    >>> gram_variability(features @ features.T, [0, 0, 1, 1])
    0.25
    """
    gram, labels = as_points(gram, "gram"), np.asarray(labels)
    classes, sizes = np.unique(labels, return_counts=True)
    shares = (labels[:, None] == classes) / sizes
    means = shares.T @ gram @ shares
    within = (shares.mean(axis=1) * np.diag(gram)).sum() - np.trace(means) / len(classes)
    between = np.trace(means) / len(classes) - means.mean()
    if not between > 0:
        raise DegenerateGeometryError("gram: all class means coincide")
    return float(within / between)
