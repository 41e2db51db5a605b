r"""Gram matrices from layer to layer: kernel regression, gradient outer product, random map.

In high dimension a smooth kernel acts like a linear one plus a ridge; take that of the predictor
and of the random map, after [beaglehole2024]. What is left of a layer acts on the Gram matrix $G$
of samples of length 1 alone. With one-hot targets $Y$, $A=(G+\lambda_kI)^{-1}Y$ and a linear
kernel the gradient outer product is $X^\top AA^\top X$, so stretched samples have Gram matrix
$GAA^\top G$; scaled back to length 1 by its diagonal $D$ and mapped at random,

$$G\mapsto\frac{D^{-1/2}(GA)(GA)^\top D^{-1/2}+\lambda_\Phi I}{1+\lambda_\Phi} .$$

With K classes of n samples $G_*=(YY^\top+\lambda_\Phi I)/(1+\lambda_\Phi)$ stays where it is.
"""

from dataclasses import dataclass

import numpy as np

from neuralcollapse.geometry.arrays import as_nonnegative, as_points, as_positive, as_whole

__all__ = ["GramRates", "collapsed_gram", "gram_rates", "gram_step", "largest_stable_ridge"]


@dataclass(frozen=True)
class GramRates:
    """By what small deviations from collapse are multiplied in a layer, to first order.

    Attributes
    ----------
    within : float
        For deviations inside classes, ``K (K - 1) (n - 1)`` independent ones; below 1.
    between : float
        For cosines between classes, ``K (K - 1) / 2`` independent ones.
    """

    within: float
    between: float

    @property
    def rate(self):
        """The larger of the two; dimensionless, and collapse is stable if it is below 1."""
        return max(self.within, self.between)

    @property
    def stable(self):
        """Whether every small deviation dies out."""
        return self.rate < 1


def gram_step(gram, labels, kernel_ridge, feature_ridge):
    r"""One layer of the recursion.

    Parameters
    ----------
    gram : array_like, shape (num_samples, num_samples)
        Symmetric; 1 on the diagonal.
    labels : array_like of int, shape (num_samples,)
        From 0.
    kernel_ridge : float
        $\lambda_k$, positive; dimensionless.
    feature_ridge : float
        $\lambda_\Phi$, at least 0; dimensionless.

    Returns
    -------
    ndarray, shape (num_samples, num_samples), float64
        Symmetric, positive semi-definite, 1 on the diagonal.

    Raises
    ------
    ValueError
        If shapes do not fit, the matrix is not symmetric, or a ridge is out of range.

    Notes
    -----
    A reading of [beaglehole2024]; the form is ours.

    Examples
    --------
    >>> gram_step([[1.0, 0.0], [0.0, 1.0]], [0, 1], 0.5, 0.25)
    array([[1., 0.],
           [0., 1.]])
    """
    gram = as_gram(gram)
    targets = _one_hot(labels, len(gram))
    kernel_ridge, feature_ridge = _ridges(kernel_ridge, feature_ridge)
    identity = np.eye(len(gram))
    rows = gram @ np.linalg.solve(gram + kernel_ridge * identity, targets)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows @ rows.T + feature_ridge * identity) / (1 + feature_ridge)


def collapsed_gram(labels, feature_ridge=0.0):
    r"""Return the collapsed Gram matrix $(YY^\top+\lambda_\Phi I)/(1+\lambda_\Phi)$.

    Parameters
    ----------
    labels : array_like of int, shape (num_samples,)
    feature_ridge : float

    Returns
    -------
    ndarray, shape (num_samples, num_samples), float64

    Examples
    --------
    >>> collapsed_gram([0, 0, 1], 1.0)
    array([[1. , 0.5, 0. ],
           [0.5, 1. , 0. ],
           [0. , 0. , 1. ]])
    """
    targets = _one_hot(labels, len(labels))
    _, feature_ridge = _ridges(1.0, feature_ridge)
    return (targets @ targets.T + feature_ridge * np.eye(len(targets))) / (1 + feature_ridge)


def gram_rates(samples_per_class, kernel_ridge, feature_ridge):
    r"""Exact rates of the recursion near collapse, for classes of equal size.

    Parameters
    ----------
    samples_per_class : int
        n, at least 2.
    kernel_ridge, feature_ridge : float
        $\lambda_k$, positive, and $\lambda_\Phi$, at least 0.

    Returns
    -------
    GramRates
        With $e=\frac{\lambda_\Phi}{1+\lambda_\Phi}$ and $g=\frac{n+\lambda_\Phi}{1+\lambda_\Phi}$,
        $\frac n{n+\lambda_\Phi}\frac{\lambda_k}{\lambda_k+e}$ within classes and
        $\frac{2n\lambda_k}{(n+\lambda_\Phi)(g+\lambda_k)}$ between them.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> rates = gram_rates(3, 1.5, 1.0)
    >>> rates.within, rates.between
    (0.5625, 0.6428571428571429)
    """
    count = as_whole(samples_per_class, "samples_per_class", 2)
    kernel_ridge, feature_ridge = _ridges(kernel_ridge, feature_ridge)
    rest = feature_ridge / (1 + feature_ridge)
    along = (count + feature_ridge) / (1 + feature_ridge)
    return GramRates(
        within=count / (count + feature_ridge) * kernel_ridge / (kernel_ridge + rest),
        between=2 * count * kernel_ridge / ((count + feature_ridge) * (along + kernel_ridge)),
    )


def largest_stable_ridge(samples_per_class, feature_ridge):
    r"""Kernel ridge up to which collapse is stable under the recursion.

    Parameters
    ----------
    samples_per_class : int
        n, at least 2.
    feature_ridge : float
        $\lambda_\Phi$, positive.

    Returns
    -------
    float
        $g\frac{n+\lambda_\Phi}{n-\lambda_\Phi}$; infinite if $n\le\lambda_\Phi$.

    Examples
    --------
    >>> largest_stable_ridge(3, 1.0)
    4.0
    """
    count = as_whole(samples_per_class, "samples_per_class", 2)
    feature_ridge = as_positive(
        feature_ridge,
        "feature_ridge",
        "without it deviations within classes stay as they are, whatever the kernel ridge",
    )
    if count <= feature_ridge:
        return float("inf")
    return (count + feature_ridge) ** 2 / ((1 + feature_ridge) * (count - feature_ridge))


def as_gram(gram):
    """Return a Gram matrix, checked to be square and symmetric.

    Parameters
    ----------
    gram : array_like, shape (num_samples, num_samples)

    Returns
    -------
    ndarray, shape (num_samples, num_samples), float64

    Raises
    ------
    ValueError
        If it is no such matrix.

    Examples
    --------
    >>> as_gram([[1, 0], [0, 1]])
    array([[1., 0.],
           [0., 1.]])
    """
    gram = as_points(gram, "gram")
    square = len(gram) == gram.shape[1]
    if not (square and np.allclose(gram, gram.T, rtol=0, atol=1e-6 * np.abs(gram).max())):
        raise ValueError(f"gram: expected a symmetric matrix, got shape {gram.shape}")
    return gram


def _one_hot(labels, count):
    labels = np.asarray(labels)
    if labels.shape != (count,) or labels.dtype.kind not in "iu" or labels.min() < 0:
        raise ValueError(f"labels: expected {count} integers from 0, one a sample, got {labels}")
    return np.eye(labels.max() + 1)[labels]


def _ridges(kernel_ridge, feature_ridge):
    return (
        as_positive(kernel_ridge, "kernel_ridge"),
        as_nonnegative(feature_ridge, "feature_ridge"),
    )
