r"""How far a product $LR^\top$ of class vectors is, up to scale, from a simplex Gram matrix.

With $T=\frac1{\sqrt{K-1}}(I-\frac1K\mathbf 1\mathbf 1^\top)$, of Frobenius norm 1, the distance is
$\|P-T\|_F$ for $P=LR^\top/\|LR^\top\|_F$. Up to K = 2d it is summed entry by entry, so it is exact
near zero. Beyond, its square is $2-2\langle P,T\rangle$ with

$$\langle LR^\top,T\rangle=\tfrac1{\sqrt{K-1}}\sum_i\langle l_i-\bar l,r_i-\bar r\rangle,\qquad
\|LR^\top\|_F^2=\langle L^\top L,R^\top R\rangle,$$

which costs $Kd^2$ instead of $K^2d$. Nothing is lost: P has rank at most d and T has K - 1
singular values $1/\sqrt{K-1}$, so the square is at least $1-\frac d{K-1}\ge\frac12$.
"""

import torch

from neuralcollapse.geometry.arrays import DegenerateGeometryError
from neuralcollapse.metrics.vectors import power_of_two, row_slices, triangular_factor
from neuralcollapse.statistics.products import gram

_CANCELLED = 1e-4  # below this fraction of its bound the squared norm of a product is summed anew


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
    sides = [(side, power_of_two(side)) for side in (left, right)]
    few = len(left) <= 2 * left.shape[1]
    square = _by_entries(*sides, name) if few else _by_features(*sides, name, left is right)
    return float(square.clamp(min=0).sqrt())


def _rows(scaled, rows):
    side, power = scaled
    return side[rows] / power


def _by_entries(left, right, name):
    count = len(left[0])
    everything = _rows(right, slice(None)).T
    slices = list(row_slices(left[0], count))
    total = sum((_rows(left, rows) @ everything).square().sum() for rows in slices)
    scale = _checked(total, name).sqrt()
    total = torch.zeros_like(scale)
    for rows in slices:
        difference = (_rows(left, rows) @ everything) / scale + 1 / (count * (count - 1) ** 0.5)
        difference.diagonal(rows.start).sub_(1 / (count - 1) ** 0.5)
        total += difference.square().sum()
    return total


def _by_features(left, right, name, equal):
    count, slices = len(left[0]), list(row_slices(left[0]))
    centers = [side.mean(0) / power for side, power in (left, right)]
    along, grams = 0, [0, 0]
    for rows in slices:
        blocks = [_rows(left, rows)]
        blocks.append(blocks[0] if equal else _rows(right, rows))
        grams[0] = grams[0] + gram(blocks[0])
        grams[1] = grams[0] if equal else grams[1] + gram(blocks[1])
        first, second = (block - center for block, center in zip(blocks, centers, strict=True))
        along += (first * second).sum()
    squared = (grams[0] * grams[1]).sum()
    if squared < _CANCELLED * grams[0].norm() * grams[1].norm():
        factor = triangular_factor(left[0]) / left[1]
        squared = sum((_rows(right, rows) @ factor.T).square().sum() for rows in slices)
    return 2 - 2 * along / ((count - 1) * _checked(squared, name)).sqrt()


def _checked(squared, name):
    if not squared > 0:
        raise DegenerateGeometryError(f"{name}: the product is zero, so it has no shape to compare")
    return squared
