r"""What random ReLU features do to cosines, and to the variability within classes.

For Gaussian weights and infinite width, features $\max(0,\langle v,x\rangle)$ of two vectors of
angle $\arccos\rho$ have inner product $\frac12\|x\|\|z\|\kappa(\rho)$ with
$\kappa(\rho)=\frac1\pi\bigl(\sqrt{1-\rho^2}+\rho(\pi-\arccos\rho)\bigr)$ [cho2009]. This is convex,
with $\kappa(-1)=0$ and $\kappa(1)=\kappa'(1)=1$: small angles hardly shrink, large ones do.
"""

import numpy as np

from neuralcollapse.geometry.arrays import DegenerateGeometryError, as_number, as_reals
from neuralcollapse.theory.gram_recursion import as_gram

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
        In [0, 1], at least `cosine` up to rounding; dimensionless.

    Raises
    ------
    ValueError
        If a number is NaN or beyond [-1, 1] by more than 1e-6.

    Notes
    -----
    Infinite width, Gaussian weights, no bias. Source: [cho2009].

    Examples
    --------
    >>> relu_cosine([-1.0, 1.0]).round(12) + 0.0
    array([0., 1.])
    """
    cosine = as_reals(cosine, "cosine")
    if (np.abs(cosine) > 1 + 1e-6).any():
        raise ValueError("cosine: expected numbers in [-1, 1]; divide by the lengths of vectors")
    cosine = np.clip(cosine, -1, 1)
    kernel = (np.sqrt(1 - cosine**2) + cosine * (np.pi - np.arccos(cosine))) / np.pi
    return np.clip(kernel, 0, 1)


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
    gram = as_gram(gram)
    if not (np.diag(gram) > 0).all():
        raise ValueError("gram: expected a positive diagonal; leave out samples that are zero")
    lengths = np.sqrt(np.diag(gram))
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

    Raises
    ------
    ValueError
        If `cosine` is out of range.

    Examples
    --------
    >>> bool(np.isclose(relu_factor(0.0), np.pi / (np.pi - 1)))
    True
    """
    cosine = as_number(cosine, "cosine", "a number from -1 to below 1")
    if not -1 <= cosine < 1:
        raise ValueError(
            f"cosine: expected a number from -1 to below 1, got {cosine}; the limit at 1 is 1"
        )
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
    gram, labels = as_gram(gram), np.asarray(labels)
    if labels.shape != (len(gram),):
        raise ValueError(f"labels: expected {len(gram)}, one a row of gram, got {labels.shape}")
    classes, sizes = np.unique(labels, return_counts=True)
    shares = (labels[:, None] == classes) / sizes
    means = shares.T @ gram @ shares
    within = (shares.mean(axis=1) * np.diag(gram)).sum() - np.trace(means) / len(classes)
    between = np.trace(means) / len(classes) - means.mean()
    # Products of equal means differ by rounding, which is no distance.
    if not between > len(gram) * np.finfo(float).eps * np.diag(gram).mean():
        raise DegenerateGeometryError("gram: all class means coincide")
    return float(within / between)
