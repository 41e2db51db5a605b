r"""Sums over all pairs of class vectors: one sweep over half of the pairs, a tile at a time.

For vectors $v_1,\dots,v_K\in\mathbb R^d$ with directions $u_i=v_i/\|v_i\|$ and cosines
$c_{ij}=\langle u_i,u_j\rangle$, NC2 needs $\sum_{i\ne j}(c_{ij}-\bar c)^2$ and the sums of
$|c_{ij}+\frac1{K-1}|$ and of their squares; NC1 pair by pair needs
$\sum_{i\ne j}(s_i+s_j)/\|v_i-v_j\|^2$. No array of K x K entries is ever held.

Up to K = 2d every sum is taken entry by entry, which is exact near zero. Beyond, sums of squares
come from d x d matrices: with $\bar u$ the mean of the $u_i$, $x_i=u_i-\bar u$, X their table,
$w=\frac1K\sum\|x_i\|^2$ and $p_i=\langle x_i,\bar u\rangle$,

$$\sum_{i\ne j}(c_{ij}-\bar c)^2=\|X^\top X\|_F^2+2K\|p\|^2-\tfrac{K^2w^2}{K-1},\qquad
\sum_{i\ne j}\bigl(c_{ij}+\tfrac1{K-1}\bigr)^2=\sum_{i\ne j}(c_{ij}-\bar c)^2
+\tfrac{K^3\|\bar u\|^4}{K-1}.$$

The one term that is subtracted is at most $\frac d{K-1}\le\frac12$ of the first, since
$X^\top X$ has d eigenvalues of sum $Kw$: at most one bit is lost. Nor is anything near zero there.
The cosine matrix of a simplex has K - 1 eigenvalues $\frac K{K-1}$, so every matrix of rank d
stays $\frac K{K-1}\sqrt{K-1-d}$ away from it in the Frobenius norm.
"""

import math
from dataclasses import dataclass

import torch

from neuralcollapse.metrics.vectors import (
    NEAR,
    DegenerateGeometryError,
    directions,
    recompute_near,
    row_slices,
)
from neuralcollapse.statistics.products import gram, product

_TILE = 768  # vectors a side: two tables of 4.5 MiB of float64, which a cache holds


@dataclass(frozen=True, eq=False)
class PairSums:
    r"""What all ordered pairs of different class vectors add up to.

    Attributes
    ----------
    count : int
        K.
    absolute, squares, deviations : float
        Sums of $|c_{ij}+\frac1{K-1}|$, of $(c_{ij}+\frac1{K-1})^2$, of $(c_{ij}-\bar c)^2$.
    quotients : float
        Sum of $(s_i+s_j)/(2\|v_i-v_j\|^2)$.
    nearest : Tensor, shape (K,), float64, or None
        Distance of each vector to the nearest other one; known with spreads, unless two are the
        same.
    zero : int or None
        A row without direction, which leaves the angles undefined.
    same : tuple of int, or None
        Two rows without distance, which leave the quotients undefined.
    """

    count: int
    absolute: float
    squares: float
    deviations: float
    quotients: float
    nearest: torch.Tensor | None
    zero: int | None
    same: tuple | None

    @property
    def pairs(self):
        """Number of ordered pairs."""
        return self.count * (self.count - 1)

    def equiangular(self):
        """Standard deviation of the cosines."""
        self._check_angles()
        return math.sqrt(self.deviations / self.pairs)

    def max_angle_deviation(self):
        """Mean distance of the cosines from the simplex."""
        self._check_angles()
        return self.absolute / self.pairs

    def simplex_gram_mean_square(self):
        """Mean squared distance of the cosine matrix from that of a simplex."""
        self._check_angles()
        return self.squares / self.count**2

    def class_distance_normalized_variance(self, classes):
        """Mean over pairs of mean variance over squared distance; `classes` names the rows."""
        if self.same is not None:
            first, second = (int(classes[row]) for row in self.same)
            raise DegenerateGeometryError(
                f"statistics: classes {first} and {second} have the same mean"
            )
        return self.quotients / self.pairs

    def _check_angles(self):
        if self.zero is not None:
            raise DegenerateGeometryError(
                f"vectors: row {self.zero} is zero, so its direction is undefined"
            )


def pair_sums(vectors, *, absolute=True, spreads=None, resolution=0.0):
    """Sum over all pairs of class vectors.

    Parameters
    ----------
    vectors : Tensor, shape (num_classes, num_features), float64
        At least two, finite.
    absolute : bool
        Whether to sum distances of cosines from the simplex, too, which takes a sweep at any K.
    spreads : Tensor, shape (num_classes,), float64, optional
        The $s_i$ of the quotients, for instance class variances; none is summed without.
    resolution : float
        Distance up to which two vectors count as the same.

    Returns
    -------
    PairSums
        What was not asked for is 0. One block of 768 x 768 pairs at a time is held, besides the
        directions.
    """
    sweep = _Sweep(vectors, spreads, resolution)
    few = len(vectors) <= 2 * vectors.shape[1]
    entries = sweep.zero is None and few
    absolute = sweep.zero is None and absolute
    if entries or absolute or spreads is not None:
        for rows, columns in _half(len(vectors)):
            sweep.add(rows, columns, entries=entries, absolute=absolute)
    if sweep.zero is None and not few:
        sweep.add_squares_from_features()
    return sweep.result()


class _Sweep:
    def __init__(self, vectors, spreads, resolution):
        self.vectors, self.spreads, self.resolution = vectors, spreads, resolution
        self.count = len(vectors)
        self.unit, lengths = directions(vectors)
        zero = (lengths == 0).nonzero()
        self.zero = int(zero[0]) if len(zero) else None
        self.same = self.nearest = None
        self.absolute, self.squares, self.deviations, self.quotients = vectors.new_zeros(4)
        self._tiles = vectors.new_empty(2, min(_TILE, self.count) ** 2)
        self.center = self.unit.mean(0)
        spread = sum(self._centered(rows).square().sum() for rows in row_slices(self.unit))
        self.width = spread / self.count
        self.mean = self.center.square().sum() - self.width / (self.count - 1)
        if spreads is not None:
            self.lengths = torch.linalg.vector_norm(vectors, dim=1)
            self.norms = self.lengths.square()
            self.nearest = torch.full_like(self.norms, math.inf)

    def add(self, rows, columns, *, entries, absolute):
        """Take in the pairs of a tile; one off the diagonal stands for its mirror image, too."""
        cosines = product(self.unit[rows], self.unit[columns], out=self._tile(0, rows, columns))
        diagonal = rows == columns
        times = 1 if diagonal else 2
        if self.spreads is not None and self.same is None:
            self.quotients += times * self._quotients(rows, columns, cosines, diagonal)
        if entries:
            moved = self._tile(1, rows, columns)
            for total, shift in ((self.deviations, -self.mean), (self.squares, self._target)):
                torch.add(cosines, shift, out=moved)
                if diagonal:
                    moved.fill_diagonal_(0)
                total += times * torch.dot(moved.view(-1), moved.view(-1))
        if absolute:
            cosines += self._target
            if diagonal:
                cosines.fill_diagonal_(0)
            self.absolute += times * cosines.abs_().sum()

    def add_squares_from_features(self):
        """Both sums of squares by the identities above; for K > 2d."""
        count, product, along = self.count, 0, 0
        for rows in row_slices(self.unit):
            centered = self._centered(rows)
            product = product + gram(centered)
            along += (centered @ self.center).square().sum()
        spread = (count * self.width) ** 2 / (count - 1)
        self.deviations = product.square().sum() + 2 * count * along - spread
        shift = count**3 / (count - 1) * self.center.square().sum() ** 2
        self.squares = self.deviations + shift

    def result(self):
        """What was added up."""
        known = self.nearest is not None and self.same is None
        nearest = self.nearest.sqrt() if known else None
        sums = (self.absolute, self.squares, self.deviations, self.quotients)
        return PairSums(self.count, *map(float, sums), nearest, self.zero, self.same)

    @property
    def _target(self):
        return 1 / (self.count - 1)

    def _centered(self, rows):
        return self.unit[rows] - self.center

    def _tile(self, which, rows, columns):
        """One of two tables that every tile is written into: fresh ones cost more than sums."""
        height, width = rows.stop - rows.start, columns.stop - columns.start
        return self._tiles[which, : height * width].view(height, width)

    def _quotients(self, rows, columns, cosines, diagonal):
        squared = self._tile(1, rows, columns)
        torch.mul(cosines, self.lengths[columns], out=squared)
        squared *= -2 * self.lengths[rows, None]
        squared += self.norms[columns]
        squared += self.norms[rows, None]
        if diagonal:
            squared.fill_diagonal_(math.inf)
        nearest = squared.amin(1)
        if nearest.amin() < NEAR * (self.norms[rows].amax() + self.norms[columns].amax()):
            scale = self.norms[rows, None] + self.norms[columns]
            recompute_near(squared, scale, self.vectors[rows], self.vectors[columns])
            nearest = squared.amin(1)
        if nearest.amin() <= self.resolution**2:
            first, second = (squared <= self.resolution**2).nonzero()[0].tolist()
            self.same = rows.start + first, columns.start + second
            return 0
        self.nearest[rows] = torch.minimum(self.nearest[rows], nearest)
        if not diagonal:
            self.nearest[columns] = torch.minimum(self.nearest[columns], squared.amin(0))
        inverse = squared.reciprocal_()
        total = self.spreads[rows] @ inverse.sum(1) + (inverse @ self.spreads[columns]).sum()
        return total / 2


def _half(count):
    """Tiles (rows, columns) on and above the diagonal, as slices."""
    edges = [slice(start, min(start + _TILE, count)) for start in range(0, count, _TILE)]
    for position, rows in enumerate(edges):
        for columns in edges[position:]:
            yield rows, columns
