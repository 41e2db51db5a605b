r"""NC2: do the class vectors form a simplex equiangular tight frame?

The functions take vectors, one a row: pass centred class means
(`ClassStatistics.centered_means`) or the classifier. Softmax does not see a common shift of the
classifier's rows, but these metrics do; centre the rows first to compare architectures.
"""

import torch

from neuralcollapse.metrics.pairs import pair_sums
from neuralcollapse.metrics.products import product_deviation
from neuralcollapse.metrics.vectors import DegenerateGeometryError, as_vectors, row_slices


def equinorm(vectors):
    r"""Coefficient of variation of the lengths: $\mathrm{Std}_c\|v_c\|/\mathrm{Avg}_c\|v_c\|$.

    Parameters
    ----------
    vectors : array_like or Tensor, shape (num_classes, num_features)
        Centred class means, or classifier rows.

    Returns
    -------
    float
        Dimensionless, at least 0; 0 at collapse. Standard deviation with ddof = 0.

    Raises
    ------
    DegenerateGeometryError
        If all vectors are zero.

    Notes
    -----
    Source: [papyan2020].

    Examples
    --------
    >>> round(equinorm([[1.0, 0.0], [0.0, 3.0]]), 12)
    0.5
    """
    vectors = as_vectors(vectors)
    largest = torch.maximum(vectors.amax(), -vectors.amin())
    if largest == 0:
        raise DegenerateGeometryError("vectors: every row is zero, so there is no length to vary")
    lengths = torch.cat([(vectors[rows] / largest).norm(dim=1) for rows in row_slices(vectors)])
    return float(lengths.std(correction=0) / lengths.mean())


def equiangular(vectors):
    r"""Standard deviation of the pairwise cosines, $\mathrm{Std}_{c\ne c'}\cos(v_c,v_{c'})$.

    Parameters
    ----------
    vectors : array_like or Tensor, shape (num_classes, num_features)
        Centred class means, or classifier rows; none zero.

    Returns
    -------
    float
        Dimensionless, in [0, 1]; 0 at collapse.

    Raises
    ------
    DegenerateGeometryError
        If a vector is zero.

    Notes
    -----
    Source: [papyan2020]. Any equiangular configuration gives 0, an orthogonal one for instance;
    `max_angle_deviation` asks for the simplex.

    Examples
    --------
    >>> equiangular([[1.0, 0.0], [0.0, 3.0]])
    0.0
    """
    return pair_sums(as_vectors(vectors), absolute=False).equiangular()


def max_angle_deviation(vectors):
    r"""Mean distance of the cosines from the simplex: $\mathrm{Avg}_{c\ne c'}|\cos+\frac1{K-1}|$.

    Parameters
    ----------
    vectors : array_like or Tensor, shape (num_classes, num_features)
        Centred class means, or classifier rows; none zero.

    Returns
    -------
    float
        Dimensionless, in [0, 2]; 0 at collapse, for $-1/(K-1)$ is the cosine of the largest
        angle that K vectors can all keep from each other.

    Raises
    ------
    DegenerateGeometryError
        If a vector is zero.

    Notes
    -----
    Source: [papyan2020].

    Examples
    --------
    >>> max_angle_deviation([[1.0, 0.0], [0.0, 3.0]])
    1.0
    """
    return pair_sums(as_vectors(vectors)).max_angle_deviation()


def simplex_gram_deviation(vectors):
    r"""Frobenius distance of the normalised Gram matrix from that of a simplex.

    Parameters
    ----------
    vectors : array_like or Tensor, shape (num_classes, num_features)
        Usually the classifier W; not all zero.

    Returns
    -------
    float
        $\bigl\|\frac{VV^\top}{\|VV^\top\|_F}-\frac1{\sqrt{K-1}}(I-\frac1K\mathbf 1\mathbf 1^\top)
        \bigr\|_F$; dimensionless, in [0, 2]; 0 at collapse. Lengths and angles enter together.

    Raises
    ------
    DegenerateGeometryError
        If all vectors are zero.

    Notes
    -----
    Source: [zhu2021].

    Examples
    --------
    >>> round(simplex_gram_deviation([[1.0], [-1.0]]), 12)
    0.0
    """
    vectors = as_vectors(vectors)
    return product_deviation(vectors, vectors, "vectors")


def simplex_gram_mean_square(vectors):
    r"""Mean squared entry of the difference between the cosine matrix and that of a simplex.

    Parameters
    ----------
    vectors : array_like or Tensor, shape (num_classes, num_features)
        Centred class means, or classifier rows; none zero.

    Returns
    -------
    float
        $\frac1{K^2}\|\tilde V\tilde V^\top-\frac K{K-1}(I-\frac1K\mathbf 1\mathbf 1^\top)\|_F^2$
        with unit rows $\tilde v_c$; dimensionless, in [0, 4]; 0 at collapse.

    Raises
    ------
    DegenerateGeometryError
        If a vector is zero.

    Notes
    -----
    Source: [beaglehole2024].

    Examples
    --------
    >>> simplex_gram_mean_square([[1.0, 0.0], [0.0, 3.0]])
    0.5
    """
    return pair_sums(as_vectors(vectors), absolute=False).simplex_gram_mean_square()
