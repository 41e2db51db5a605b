"""NC3: is the classifier, up to scale, the matrix of centred class means?"""

import math

import torch

from neuralcollapse.metrics.products import product_deviation
from neuralcollapse.metrics.vectors import (
    DegenerateGeometryError,
    as_vector,
    as_vectors,
    power_of_two,
    row_slices,
)


def self_duality(weight, means):
    r"""Squared distance of the normalised classifier from the normalised centred means.

    Parameters
    ----------
    weight : array_like or Tensor, shape (num_classes, num_features)
        Classifier W, one row a class.
    means : array_like or Tensor, shape (num_classes, num_features)
        Centred class means M, one row a class.

    Returns
    -------
    float
        $\bigl\|\frac W{\|W\|_F}-\frac M{\|M\|_F}\bigr\|_F^2$; dimensionless, in [0, 4]; 0 at
        collapse, 2 when the two are orthogonal.

    Raises
    ------
    ValueError
        If the shapes differ.
    DegenerateGeometryError
        If either is zero.

    Notes
    -----
    Source: [papyan2020].

    Examples
    --------
    >>> self_duality([[1.0, 0.0], [0.0, 0.0]], [[0.0, 2.0], [0.0, 0.0]])
    2.0
    """
    weight, means = _pair(weight, means)
    first, second = _length(weight, "weight"), _length(means, "means")
    return float(
        sum(
            (_unit(weight[rows], *first) - _unit(means[rows], *second)).square().sum()
            for rows in row_slices(weight)
        )
    )


def self_duality_product(weight, means):
    r"""Frobenius distance of the normalised product $WM^\top$ from the simplex Gram matrix.

    Parameters
    ----------
    weight, means : array_like or Tensor, shape (num_classes, num_features)
        Classifier and centred class means, one row a class.

    Returns
    -------
    float
        Dimensionless, in [0, 2]; 0 at collapse.

    Raises
    ------
    ValueError
        If the shapes differ.
    DegenerateGeometryError
        If the product is zero.

    Notes
    -----
    Source: [zhu2021]. It also vanishes when W is the pseudo-inverse of means that form no
    simplex, so by itself it does not test self-duality; `self_duality` does.

    Examples
    --------
    >>> round(self_duality_product([[1.0], [-1.0]], [[3.0], [-3.0]]), 12)
    0.0
    """
    weight, means = _pair(weight, means)
    return product_deviation(weight, means, "weight @ means.T")


def bias_alignment(weight, bias, global_mean):
    r"""Length of the scores that the global mean receives, $\|W\mu_G+b\|_2$, up to a common shift.

    Parameters
    ----------
    weight : array_like or Tensor, shape (num_classes, num_features)
    bias : array_like or Tensor, shape (num_classes,)
    global_mean : array_like or Tensor, shape (num_features,)

    Returns
    -------
    float
        In units of logits, at least 0; 0 at collapse: the bias cancels the global mean, and no
        class is preferred before a feature is seen. The mean over classes is removed, for
        softmax does not see it.

    Raises
    ------
    ValueError
        If the shapes do not fit, a value is NaN or infinite, or the scores overflow float64.

    Notes
    -----
    Source: [zhu2021], there without removing the mean.

    Examples
    --------
    >>> bias_alignment([[1.0], [-1.0]], [-2.0, 2.0], [2.0])
    0.0
    """
    weight = as_vectors(weight, "weight")
    bias = as_vector(bias, len(weight), "bias").to(weight.device)
    global_mean = as_vector(global_mean, weight.shape[1], "global_mean").to(weight.device)
    scores = weight @ global_mean + bias
    scores = scores - scores.mean()
    power = power_of_two(scores)
    length = float((scores / power).norm()) * power
    if not math.isfinite(length):
        raise ValueError(
            "weight, bias, global_mean: the scores of the global mean overflow float64; scale "
            "weight and bias down"
        )
    return length


def _pair(weight, means):
    weight, means = as_vectors(weight, "weight"), as_vectors(means, "means")
    if weight.shape != means.shape:
        raise ValueError(
            f"weight: expected shape {tuple(means.shape)} as the means have, "
            f"got {tuple(weight.shape)}; a Linear layer's weight has one row a class already"
        )
    return weight, means.to(weight.device)


def _length(matrix, name):
    """Largest entry, and Frobenius norm in its units."""
    largest = torch.maximum(matrix.amax(), -matrix.amin())
    if largest == 0:
        raise DegenerateGeometryError(f"{name}: the matrix is zero, so it has no direction")
    squares = sum((matrix[rows] / largest).square().sum() for rows in row_slices(matrix))
    return largest, squares.sqrt()


def _unit(rows, largest, norm):
    return rows / largest / norm
