"""Classes that count, and the mean and spread of one number a class or a pair."""

import math
from dataclasses import dataclass

import torch

from neuralcollapse.geometry.arrays import as_whole
from neuralcollapse.metrics.vectors import DegenerateGeometryError


@dataclass(frozen=True)
class Spread:
    r"""Mean and standard deviation of numbers, one a class or one a pair of classes.

    Attributes
    ----------
    mean : float
    std : float
        With ddof = 0; 0 when all are equal.

    Examples
    --------
    >>> Spread(mean=-2.0, std=1.0).coefficient
    0.5
    """

    mean: float
    std: float

    @property
    def coefficient(self):
        """Coefficient of variation, std over |mean|; NaN where the mean is 0."""
        return self.std / abs(self.mean) if self.mean else math.nan


def kept_classes(statistics, minimum_count):
    """Return the classes with at least `minimum_count` samples.

    Parameters
    ----------
    statistics : ClassStatistics
    minimum_count : int
        At least 1.

    Returns
    -------
    Tensor of int64

    Raises
    ------
    ValueError
        If `minimum_count` is no whole number from 1 on.
    DegenerateGeometryError
        If fewer than two classes have that many.
    """
    least = as_whole(minimum_count, "minimum_count", 1)
    kept = (statistics.counts >= least).nonzero().squeeze(1)
    if len(kept) < 2:
        raise DegenerateGeometryError(
            f"statistics: {len(kept)} classes have {least} samples or more (minimum_count), "
            "and collapse compares two at least"
        )
    return kept


def centered_kept(statistics, minimum_count):
    """Return the classes kept, and their means less the average of these.

    Parameters
    ----------
    statistics : ClassStatistics
    minimum_count : int

    Returns
    -------
    kept : Tensor of int64, shape (K,)
    means : Tensor, shape (K, num_features), float64
        Centred twice, which removes the rounding of a mean far from the origin.
    """
    kept = kept_classes(statistics, minimum_count)
    means = statistics.means[kept]
    means = means - means.mean(0)
    means = means - means.mean(0)
    return kept, torch.where(means.norm(dim=1, keepdim=True) > statistics.resolution, means, 0.0)


def spread_of(blocks):
    """Return mean and standard deviation of all entries of some blocks, in one pass.

    Parameters
    ----------
    blocks : iterable of Tensor
        Not empty.

    Returns
    -------
    Spread
        Merged by the pairwise update of [chan1983], so nothing cancels.
    """
    count, mean, squares = 0, 0.0, 0.0
    for block in blocks:
        shift = block.mean() - mean
        total = count + block.numel()
        squares = squares + (block - block.mean()).square().sum()
        squares = squares + shift**2 * count * block.numel() / total
        mean, count = mean + shift * block.numel() / total, total
    return Spread(float(mean), math.sqrt(float(squares) / count))
