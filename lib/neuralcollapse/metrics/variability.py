r"""NC1: does the spread within a class vanish beside the spread between classes?

Three definitions are in use. The pseudo-inverse one, $\frac1K\operatorname{tr}\Sigma_W\Sigma_B^+$
[papyan2020], weighs each direction by the spread of class means along it. The quotient
$\operatorname{tr}\Sigma_W/\operatorname{tr}\Sigma_B$ [beaglehole2024] weighs none. The
class-distance normalised variance [galanti2022] compares classes pair by pair. All are zero at
collapse, and around an exact simplex they agree up to constants (`prop-three-variabilities`).
"""

import warnings

import torch

from neuralcollapse.metrics.pairs import pair_sums
from neuralcollapse.metrics.vectors import DegenerateGeometryError, triangular_factor
from neuralcollapse.statistics.products import squared_lengths


def within_class_variability(statistics, *, weighting="class", samples=None):
    r"""NC1 by pseudo-inverse: $\frac1K\operatorname{tr}(\Sigma_W\Sigma_B^+)$.

    Parameters
    ----------
    statistics : ClassStatistics
    weighting : {"class", "sample"}
        One choice for both scatters and the global mean.
    samples : iterable of tuple (Tensor, Tensor), optional
        Features and labels, all that `statistics` have seen, for a second pass; needed where these
        keep no scatter. It costs $NKd$ instead of the scatter's $Nd^2$.

    Returns
    -------
    float
        Dimensionless, at least 0; 0 at collapse.

    Raises
    ------
    DegenerateGeometryError
        If all class means coincide.
    ValueError
        If the statistics have no scatter of this weighting, and `samples` is not given.

    Warns
    -----
    UserWarning
        If the class means span fewer than min(K - 1, d) dimensions: the directions they do not
        span are left out, as the pseudo-inverse has it.

    Notes
    -----
    $\Sigma_B$ has rank at most K - 1. Its inverse is taken on the singular vectors of the
    centred, weighted means, cut at the top K - 1 and at rounding level, that of the features'
    own dtype: noise is never inverted, which is what makes the metric huge or negative in float32
    code, and for features of a LayerNorm, which fill one dimension less than they have. Source:
    [papyan2020].

    Examples
    --------
    >>> from neuralcollapse import ClassStatistics
    >>> statistics = ClassStatistics(2, 1).update([[-1.0], [-3.0], [1.0], [3.0]], [0, 0, 1, 1])
    >>> round(within_class_variability(statistics), 12)
    0.125
    """
    weights = statistics.class_weights(weighting)
    rows = statistics.centered_means(weighting)
    rows *= weights.sqrt()[:, None]
    attainable = min(len(weights) - 1, rows.shape[1])
    cut = max(rows.shape) * torch.finfo(rows.dtype).eps
    if len(rows) > 2 * rows.shape[1]:
        rows = triangular_factor(rows)  # same singular values and directions, far fewer rows
    _, spreads, directions = torch.linalg.svd(rows, full_matrices=False)
    cut *= spreads[0]
    resolution = statistics.resolution * float(weights.max().sqrt())
    cut = max(float(cut), resolution, statistics.rounding)
    rank = int((spreads[:attainable] > cut).sum())
    if rank == 0:
        raise DegenerateGeometryError(
            "statistics: all class means coincide, so there is no between-class spread to "
            "compare with"
        )
    if rank < attainable:
        warnings.warn(
            f"the class means span {rank} of {attainable} dimensions; within_class_variability "
            "leaves the others out, within_class_variability_trace does not",
            stacklevel=2,
        )
    whitening = directions[:rank] / spreads[:rank, None]
    if samples is None:
        within = statistics.within_class_scatter(weighting)
        return float(((whitening @ within) * whitening).sum() / len(weights))
    shares = torch.zeros_like(statistics.squared_deviations)
    shares[statistics.present] = weights / statistics.counts[statistics.present]
    total = 0
    for features, labels in samples:
        deviations = features.to(shares, copy=True)
        deviations -= statistics.means[labels]
        total += shares[labels] @ squared_lengths(deviations @ whitening.T)
    return float(total / len(weights))


def within_class_variability_trace(statistics, *, weighting="class"):
    r"""NC1 by quotient: $\operatorname{tr}\Sigma_W/\operatorname{tr}\Sigma_B$.

    Parameters
    ----------
    statistics : ClassStatistics
    weighting : {"class", "sample"}

    Returns
    -------
    float
        Dimensionless, at least 0; 0 at collapse.

    Raises
    ------
    DegenerateGeometryError
        If all class means coincide.

    Notes
    -----
    Source: [beaglehole2024], layer by layer. Only traces enter, so it is the cheapest of the
    three and never ill-conditioned.

    Examples
    --------
    >>> from neuralcollapse import ClassStatistics
    >>> statistics = ClassStatistics(2, 1).update([[-1.0], [-3.0], [1.0], [3.0]], [0, 0, 1, 1])
    >>> within_class_variability_trace(statistics)
    0.25
    """
    weights = statistics.class_weights(weighting)
    between = weights @ squared_lengths(statistics.centered_means(weighting))
    if not between > 0:
        raise DegenerateGeometryError(
            "statistics: all class means coincide, so there is no between-class spread to "
            "compare with"
        )
    return float(weights @ statistics.class_variances() / between)


def class_distance_normalized_variance(statistics):
    r"""NC1 pair by pair: the mean of $(\sigma_c^2+\sigma_{c'}^2)/(2\|\mu_c-\mu_{c'}\|^2)$.

    Parameters
    ----------
    statistics : ClassStatistics

    Returns
    -------
    float
        Dimensionless, at least 0; 0 at collapse. Every pair of classes counts alike, whatever
        the class sizes.

    Raises
    ------
    DegenerateGeometryError
        If two class means coincide.

    Notes
    -----
    $\sigma_c^2$ is the mean squared distance to the class mean. Source: [galanti2022]. Distances
    come from inner products, a block of pairs at a time; those lost to cancellation are
    computed again from differences.

    Examples
    --------
    >>> from neuralcollapse import ClassStatistics
    >>> statistics = ClassStatistics(2, 1).update([[-1.0], [-3.0], [1.0], [3.0]], [0, 0, 1, 1])
    >>> class_distance_normalized_variance(statistics)
    0.0625
    """
    return pairwise_quotient(statistics.class_variances(), statistics)


def pairwise_quotient(spreads, statistics):
    r"""Mean over pairs of classes of $(s_c+s_{c'})/(2\|\mu_c-\mu_{c'}\|^2)$.

    Parameters
    ----------
    spreads : Tensor, shape (number of classes present,), float64
        One number $s_c$ a class, for instance its variance.
    statistics : ClassStatistics
        Holds the class means.

    Returns
    -------
    float

    Raises
    ------
    DegenerateGeometryError
        If two class means coincide, or there is only one.
    """
    means = statistics.centered_means()
    if len(means) < 2:
        raise DegenerateGeometryError("statistics: a distance between classes needs two of them")
    spreads = spreads.to(means)
    sums = pair_sums(means, absolute=False, spreads=spreads, resolution=statistics.resolution)
    return sums.class_distance_normalized_variance(statistics.present)
