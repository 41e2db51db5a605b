"""One number a pair of classes, a block of pairs at a time: no K x K array is held."""

import math
import warnings
from dataclasses import dataclass

import torch

from neuralcollapse.geometry.arrays import as_positive
from neuralcollapse.metrics.language.blocks import cosine_blocks, squared_distance_blocks
from neuralcollapse.metrics.language.moments import centered_kept, spread_of
from neuralcollapse.metrics.vectors import as_unit_vectors


@dataclass(frozen=True)
class PairVariability:
    r"""Both aggregators of $V_{cc'}=(\sigma_c^2+\sigma_{c'}^2)/(2D_{cc'}^{2k})$ over pairs.

    Attributes
    ----------
    log_mean : float
        $\log\Avg V_{cc'}$, ruled by the closest pairs; in nats, and -inf at collapse.
    mean_log : float
        $\Avg\log V_{cc'}$, the typical pair; at most `log_mean`.
    """

    log_mean: float
    mean_log: float


def pair_variability(statistics, *, exponent=1, minimum_count=1):
    r"""NC1 pair by pair, with an exponent: $V_{cc'}=(\sigma_c^2+\sigma_{c'}^2)/(2D_{cc'}^{2k})$.

    Parameters
    ----------
    statistics : ClassStatistics
    exponent : float
        $k>0$. With 1 [galanti2022] a common scale of the features cancels; with 2 [wu2024] it
        does not, and features $s$ times as long lower both aggregators by $2\log s$.
    minimum_count : int
        Classes with fewer samples are left out; a class of one sample has no spread.

    Returns
    -------
    PairVariability

    Raises
    ------
    DegenerateGeometryError
        If two class means coincide.

    Warns
    -----
    UserWarning
        If two classes have no spread while others have: `mean_log` is then -inf.

    Examples
    --------
    >>> import math
    >>> from neuralcollapse import ClassStatistics
    >>> statistics = ClassStatistics(2, 1).update([[-1.0], [-3.0], [1.0], [3.0]], [0, 0, 1, 1])
    >>> found = pair_variability(statistics, exponent=2)
    >>> round(math.exp(-found.log_mean), 9), round(math.exp(-found.mean_log), 9)
    (256.0, 256.0)
    """
    k = as_positive(exponent, "exponent")
    kept, means = centered_kept(statistics, minimum_count)
    spreads = statistics.squared_deviations[kept] / statistics.counts[kept]
    pairs = len(kept) * (len(kept) - 1)
    sum_of_logs, log_of_sum = means.new_zeros(()), means.new_full((), -torch.inf)
    for rows, squared in squared_distance_blocks(means, statistics.resolution, kept.tolist()):
        logs = ((spreads[rows, None] + spreads) / 2).log() - k * squared.log()  # self: -inf
        log_of_sum = torch.logaddexp(log_of_sum, logs.logsumexp((0, 1)))
        logs[torch.arange(len(rows)), rows] = 0
        sum_of_logs += logs.sum()
    found = PairVariability(float(log_of_sum) - math.log(pairs), float(sum_of_logs) / pairs)
    if math.isinf(found.mean_log) and not math.isinf(found.log_mean):
        warnings.warn(
            "two classes have no spread, so mean_log is -inf; a class of one sample has none: "
            "raise minimum_count",
            stacklevel=2,
        )
    return found


def hyperspherical_uniformity(statistics, *, kernel="log", minimum_count=1):
    r"""GNC2: spread over pairs of $-\log\|\hat m_c-\hat m_{c'}\|$, or of $\|\cdot\|^{-s}$.

    Parameters
    ----------
    statistics : ClassStatistics
    kernel : {"log"} or float
        The logarithm, or the exponent $s>0$ of a Riesz kernel.
    minimum_count : int
        Classes with fewer samples are left out.

    Returns
    -------
    Spread
        Dimensionless (logarithms in nats); std 0 when all angles are equal. For a simplex the
        mean is $-\frac12\log\frac{2K}{K-1}$ (`prop-log-kernel`).

    Raises
    ------
    DegenerateGeometryError
        If a class mean equals the global mean, or two directions coincide.

    Notes
    -----
    Source: [wu2024]. The coefficient divides by a mean that changes sign; prefer `std`.

    Examples
    --------
    >>> import math
    >>> from neuralcollapse import ClassStatistics
    >>> found = hyperspherical_uniformity(ClassStatistics(2, 1).update([[5.0], [7.0]], [0, 1]))
    >>> round(found.mean / math.log(2), 12), found.std
    (-1.0, 0.0)
    """
    if isinstance(kernel, str) and kernel != "log":
        raise ValueError(f"kernel: expected 'log' or a positive exponent, got {kernel!r}")
    if kernel != "log":
        kernel = as_positive(kernel, "kernel")
    kept, means = centered_kept(statistics, minimum_count)
    unit = as_unit_vectors(means, "means")
    resolution = max(statistics.resolution / float(means.norm(dim=1).min()), 1e-15)
    return spread_of(
        -block.log() / 2 if kernel == "log" else block ** (-kernel / 2)
        for block in (
            squared[squared < torch.inf]
            for _, squared in squared_distance_blocks(unit, resolution, kept.tolist())
        )
    )


def interference(statistics, *, minimum_count=1):
    r"""NC2 of angles: spread over pairs of $\cos(m_c,m_{c'})$.

    Parameters
    ----------
    statistics : ClassStatistics
    minimum_count : int
        Classes with fewer samples are left out.

    Returns
    -------
    Spread
        Dimensionless. A simplex has mean $-\frac1{K-1}$ and std 0; with $K>d+1$ classes std 0 is
        out of reach.

    Raises
    ------
    DegenerateGeometryError
        If a class mean equals the global mean.

    Notes
    -----
    Source: [wu2024]; std is `equiangular` [papyan2020]. A mean near 0 makes the coefficient large.

    Examples
    --------
    >>> from neuralcollapse import ClassStatistics
    >>> interference(ClassStatistics(2, 1).update([[5.0], [7.0]], [0, 1]))
    Spread(mean=-1.0, std=0.0)
    """
    return spread_of(cosine_blocks(centered_kept(statistics, minimum_count)[1], "means"))
