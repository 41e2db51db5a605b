r"""Largest of many affine scores: screened in float32, every near tie decided in float64.

For rows $r_c\in\mathbb R^d$ and offsets $a_c$ the score of x is $\langle r_c,x\rangle+a_c$. Rounded
to float32 with unit roundoff $u=2^{-24}$, added up in any order, it differs from the exact score by

$$E=u\bigl((d+4)\,\|x\|\max_c\|r_c\|+3\max_c|a_c|\bigr)$$

at most, up to one percent for terms of higher order: $(d+2)u$ for two rounded factors and a sum of
d products, the rest for the offset, as in section 3.1 of Higham's *Accuracy and Stability of
Numerical Algorithms*. Powers of two
bring all entries below 2 first; an entry that underflows adds at most $2^{-126}$ per product. Where
the two largest scores are more than $2E$ apart, and the error of float64 besides, float32 and
float64 name the same row; elsewhere float64 decides alone.
"""

import math

import numpy as np
import torch

from neuralcollapse.metrics.vectors import all_finite, power_of_two, row_slices

_SINGLE, _DOUBLE = 2.0**-24, 2.0**-53  # unit roundoff
_LARGEST_OFFSET = 2.0**100  # in scaled units; beyond, float32 might overflow


class AffineScores:
    """Scores of points that are given relative to an origin.

    Parameters
    ----------
    rows : Tensor, shape (num_rows, num_features), float64
    offsets : Tensor, shape (num_rows,), float64
        At the origin.
    exact : callable
        Maps points of shape (n, num_features) in float64, not relative, to their scores.
    shift : float
        Length of the origin: how far points may be from zero beyond their distance to it.
    """

    def __init__(self, rows, offsets, exact, shift):
        self.exact, self.shift, self.offsets = exact, shift, offsets
        self.power = power_of_two(rows)
        self.single = torch.empty(rows.shape, dtype=torch.float32, device=rows.device)
        self.longest = 0.0
        for block in row_slices(rows):
            scaled = rows[block] / self.power
            self.single[block] = scaled.to(torch.float32)
            self.longest = max(self.longest, float(scaled.norm(dim=1).max()))

    def errors(self, lengths, power):
        """Bound E, scaled, for points of given scaled lengths; infinite where nothing is known."""
        width = self.single.shape[1]
        offset = float(self.offsets.abs().max()) / power / self.power
        if not offset < _LARGEST_OFFSET or not _full_precision(self.single.device):
            return torch.full_like(lengths, math.inf)
        shift = self.shift / power
        single = _SINGLE * ((width + 4) * lengths * self.longest + 3 * offset)
        double = _DOUBLE * ((2 * width + 16) * (lengths + 2 * shift) * self.longest + 6 * offset)
        return 1.02 * (single + double) + (width + 1) * 2.0**-120

    def screened(self, moved, power):
        """Scores in float32 of scaled points, shape (n, num_rows)."""
        offsets = (self.offsets / power / self.power).to(torch.float32)
        return _product(moved.to(torch.float32), self.single).add_(offsets)

    def argmax(self, points, moved, lengths, power):
        """Index of the largest score of each point, as float64 has it.

        Parameters
        ----------
        points : Tensor, shape (n, num_features), float64
        moved : Tensor, shape (n, num_features), float64
            The points relative to the origin, divided by `power`.
        lengths : Tensor, shape (n,), float64
            Of the rows of `moved`.
        power : float

        Returns
        -------
        Tensor, shape (n,), int64
            The lowest index where scores tie exactly.
        """
        errors = self.errors(lengths, power)
        if not torch.isfinite(errors).all():
            return self._decide(points)
        best, gap = two_largest(self.screened(moved, power))
        near = (gap <= 2 * errors).nonzero().squeeze(1)
        if len(near):
            best[near] = self._decide(points[near])
        return best

    def _decide(self, points):
        scores = self.exact(points)
        if not all_finite(scores):
            raise ValueError(
                "features, weight: scores overflow float64; scale them down, collapse does not "
                "depend on their scale"
            )
        return scores.argmax(1)


def _product(points, rows):
    if points.device.type == "cpu":  # never in bfloat16, whatever torch is told
        return torch.from_numpy(np.matmul(points.numpy(), rows.numpy().T))
    return points @ rows.T


def two_largest(scores):
    """Index of the largest score of each row, and by how much it is the largest."""
    each = torch.arange(len(scores), device=scores.device)
    if scores.device.type == "cpu":
        best = torch.from_numpy(scores.numpy().argmax(1))  # several times as fast as in torch
    else:
        best = scores.argmax(1)
    top = scores[each, best].to(torch.float64)
    scores[each, best] = -math.inf
    return best, top - scores.amax(1)


def _full_precision(device):
    """Whether float32 products are float32 throughout, not TF32."""
    return device.type == "cpu" or torch.get_float32_matmul_precision() == "highest"
