r"""NC2: do the class vectors form a simplex equiangular tight frame?

The functions take vectors, one a row: pass centred class means
(`ClassStatistics.centered_means`) or the classifier. Softmax does not see a common shift of the
classifier's rows, but these metrics do; centre the rows first to compare architectures.
"""

import torch

from neuralcollapse.metrics.vectors import (
    DegenerateGeometryError,
    as_unit_vectors,
    as_vectors,
    cosine_blocks,
    pair_blocks,
)


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
    largest = vectors.abs().max()
    if largest == 0:
        raise DegenerateGeometryError("vectors: every row is zero, so there is no length to vary")
    lengths = (vectors / largest).norm(dim=1)
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
    unit = as_unit_vectors(vectors)
    pairs = len(unit) * (len(unit) - 1)
    mean = sum(block.sum() for block in cosine_blocks(unit)) / pairs
    squares = sum((block - mean).square().sum() for block in cosine_blocks(unit))
    return float(torch.sqrt(squares / pairs))


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
    vectors = as_vectors(vectors)
    count = len(vectors)
    total = sum((block + 1 / (count - 1)).abs().sum() for block in cosine_blocks(vectors))
    return float(total / (count * (count - 1)))


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
    return product_deviation(as_vectors(vectors), as_vectors(vectors), "vectors")


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
    vectors = as_vectors(vectors)
    count = len(vectors)
    total = sum((block + 1 / (count - 1)).square().sum() for block in cosine_blocks(vectors))
    return float(total / count**2)


def product_deviation(left, right, name):
    r"""Frobenius distance of $LR^\top/\|LR^\top\|_F$ from the normalised simplex Gram matrix.

    Parameters
    ----------
    left, right : Tensor, shape (num_classes, num_features), float64
    name : str
        How errors call the product.

    Returns
    -------
    float
        Dimensionless, in [0, 2]; summed entry by entry, so it is exact near zero.

    Raises
    ------
    DegenerateGeometryError
        If the product is zero.
    """
    count = len(left)
    left, right = (side / side.abs().max().clamp(min=1e-300) for side in (left, right))
    scale = torch.sqrt(sum(block.square().sum() for _, block in pair_blocks(left, right)))
    if scale == 0:
        raise DegenerateGeometryError(f"{name}: the product is zero, so it has no shape to compare")
    total = left.new_zeros(())
    for rows, block in pair_blocks(left, right):
        target = torch.full_like(block, -1 / count)
        target[torch.arange(len(rows)), rows] += 1
        total += (block / scale - target / (count - 1) ** 0.5).square().sum()
    return float(total.sqrt())
