r"""Largest of many affine scores: screened in float32, every near tie decided in float64.

For rows $r_c\in\mathbb R^d$ and offsets $a_c$ the score of x is $\langle r_c,x\rangle+a_c$. Rounded
to float32 with unit roundoff $u=2^{-24}$, added up in any order, it differs from the exact score by

$$E=u\bigl((d+4)\,\|x\|\max_c\|r_c\|+3\max_c|a_c|\bigr)$$

at most, up to one percent for terms of higher order: $(d+2)u$ for two rounded factors and a sum of
d products, the rest for the offset, as in section 3.1 of Higham's *Accuracy and Stability of
Numerical Algorithms*. Powers of two bring all entries below 2 first; an entry that underflows adds
at most $2^{-126}$ per product. Where the two largest scores are more than $2E$ apart, and the error
of float64 besides, float32 and float64 name the same row; elsewhere float64 decides alone.

A guess costs less to confirm than a row to find. With P the projection onto p directions, those
along which the rows are longest,

$$\langle r_c,x\rangle\le\langle Pr_c,Px\rangle+\|r_c-Pr_c\|\,\|x-Px\|,$$

a product of width p + 1 instead of d. Where the score of the guessed row is above the largest of
these bounds of the others, by 2E again, it is the largest. Where it is below the score of the row
whose bound that is, it is not.
"""

import math
from functools import cached_property, partial

import torch

from neuralcollapse.metrics.vectors import all_finite, power_of_two, row_slices
from neuralcollapse.statistics.products import gram, product, squared_lengths

_SINGLE, _DOUBLE = 2.0**-24, 2.0**-53  # unit roundoff
_LARGEST_OFFSET = 2.0**100  # in scaled units; beyond, float32 might overflow
_PART = 3  # a guess is tried in a third of the dimensions,
_MANY = 4  # if there are four times as many rows as dimensions: projections cost, too
_BLOCK_ENTRIES = 2**22  # float32 scores at a time: 16 MiB
LEAST_ROWS = 256  # fewer make products slow, however many scores each point has
_UP = 1 + 2.0**-40  # above the rounding of squared lengths in float64


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

    Attributes
    ----------
    tries : bool
        Whether guesses are tried first; given up once most of a batch were tried in vain.
    """

    def __init__(self, rows, offsets, exact, shift):
        self.exact, self.shift, self.offsets = exact, shift, offsets
        self._rows, self.tries = rows, len(rows) >= _MANY * rows.shape[1]
        self.power = power_of_two(rows)
        self.single = torch.empty(rows.shape, dtype=torch.float32, device=rows.device)
        self._space, self.longest = self.single[:0, 0], 0.0
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
        table = self._table(len(moved))
        return product(moved.to(torch.float32), self.single, out=table).add_(offsets)

    def _table(self, height):
        """Where scores are written, the same memory each time: a fresh one costs as they do."""
        size = height * len(self.single)
        if self._space.numel() < size:
            self._space = self.single.new_empty(size)
        return self._space[:size].view(height, len(self.single))

    def argmax(self, points, moved, lengths, power, guess=None):
        """Index of the largest score of each point, as float64 has it.

        Parameters
        ----------
        points : Tensor, shape (n, num_features), float64
        moved : Tensor, shape (n, num_features), float64
            The points relative to the origin, divided by `power`.
        lengths : Tensor, shape (n,), float64
            Of the rows of `moved`.
        power : float
        guess : Tensor, shape (n,), int64, optional
            Indices that are likely right; they change the time and not the answer.

        Returns
        -------
        Tensor, shape (n,), int64
            The lowest index where scores tie exactly.
        """
        errors = self.errors(lengths, power)
        if not torch.isfinite(errors).all():
            return self._in_parts(self._decide, points)
        find = partial(self._in_parts, partial(self._find, power))
        if guess is None or not self.tries:
            return find(points, moved, errors)
        sure = self._in_parts(partial(self._try, power), guess, moved, lengths, errors)[:, 0]
        best, rest = guess.clone(), self._given_up(sure)
        best[rest] = find(points[rest], moved[rest], errors[rest])
        return best

    def agrees(self, points, moved, lengths, power, guess):
        """Whether the largest score of each point is the guessed one; arguments as in `argmax`."""
        errors = self.errors(lengths, power)
        if not self.tries or not torch.isfinite(errors).all():
            return self.argmax(points, moved, lengths, power) == guess
        tried = self._in_parts(partial(self._try, power), guess, moved, lengths, errors)
        agrees, rest = tried[:, 0].clone(), self._given_up(tried.any(1))
        found = self._in_parts(partial(self._find, power), points[rest], moved[rest], errors[rest])
        agrees[rest] = found == guess[rest]
        return agrees

    def _in_parts(self, rule, *tables):
        """What a rule says of all points, a bounded number of scores at a time."""
        step = max(LEAST_ROWS, _BLOCK_ENTRIES // len(self.single))
        starts = range(0, max(1, len(tables[0])), step)
        return torch.cat([rule(*(table[i : i + step] for table in tables)) for i in starts])

    def _find(self, power, points, moved, errors):
        best, gap = two_largest(self.screened(moved, power))
        near = (gap <= 2 * errors).nonzero().squeeze(1)
        if len(near):
            best[near] = self._decide(points[near])
        return best

    def _try(self, power, guess, moved, lengths, errors):
        """Whether the guessed score surely is the largest, and whether another surely is larger."""
        axes, cut = self._cut
        part = moved @ axes
        rest = (_UP * lengths.square() - part.square().sum(1)).sqrt()
        offsets = (self.offsets / power / self.power).to(torch.float32)
        points = torch.cat([part, rest[:, None]], 1).to(torch.float32)
        bounds = product(points, cut, out=self._table(len(points))).add_(offsets)
        each, single = torch.arange(len(guess), device=guess.device), moved.to(torch.float32)
        bounds[each, guess] = -math.inf
        rival = largest(bounds)
        scores = [(single * self.single[rows]).sum(1) + offsets[rows] for rows in (guess, rival)]
        own, other, bound = (x.to(torch.float64) for x in (*scores, bounds[each, rival]))
        return torch.stack([own - bound, other - own], 1) > 2 * errors[:, None]

    def _given_up(self, settled):
        """Which points are left, after a look at whether trying them first paid."""
        rest = (~settled).nonzero().squeeze(1)
        self.tries = _PART * len(rest) <= (_PART - 1) * len(settled)
        return rest

    @cached_property
    def _cut(self):
        """Directions along which the rows are longest, and each row: its part, its rest."""
        width, product_ = self._rows.shape[1], 0
        for block in row_slices(self._rows):
            product_ = product_ + gram(self._rows[block] / self.power)
        axes = torch.linalg.eigh(product_).eigenvectors[:, width - width // _PART :]
        cut = self.single.new_empty(len(self._rows), axes.shape[1] + 1)
        for block in row_slices(self._rows):
            rows = self._rows[block] / self.power
            part = rows @ axes
            cut[block, :-1] = part
            cut[block, -1] = (_UP * squared_lengths(rows) - part.square().sum(1)).sqrt()
        return axes, cut

    def _decide(self, points):
        scores = self.exact(points)
        if not all_finite(scores):
            raise ValueError(
                "features, weight: scores overflow float64; scale them down, collapse does not "
                "depend on their scale"
            )
        return scores.argmax(1)


def two_largest(scores):
    """Index of the largest score of each row, and by how much it is the largest."""
    each, best = torch.arange(len(scores), device=scores.device), largest(scores)
    top = scores[each, best].to(torch.float64)
    scores[each, best] = -math.inf
    return best, top - scores.amax(1)


def largest(scores):
    """Index of the largest score of each row."""
    if scores.device.type == "cpu":
        return torch.from_numpy(scores.numpy().argmax(1))  # several times as fast as in torch
    return scores.argmax(1)


def _full_precision(device):
    """Whether float32 products are float32 throughout, not TF32."""
    return device.type == "cpu" or torch.backends.cuda.matmul.fp32_precision in ("none", "ieee")
