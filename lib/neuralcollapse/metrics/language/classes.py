"""One number a class: lengths, alignment with the classifier; and agreement, one a sample."""

from neuralcollapse.metrics.decision import nearest_center_mismatch
from neuralcollapse.metrics.language.moments import centered_kept, kept_classes, spread_of
from neuralcollapse.metrics.vectors import DegenerateGeometryError, as_unit_vectors, as_vectors


def norm_spread(statistics, *, minimum_count=1):
    r"""NC2 of lengths: $\mathrm{Std}_c\log\|m_c\|$.

    Parameters
    ----------
    statistics : ClassStatistics
    minimum_count : int
        Classes with fewer samples are left out.

    Returns
    -------
    float
        In nats, at least 0; 0 when all lengths are equal. A common scale cancels, which it does
        not in $\mathrm{Std}/|\Avg|$ of the same logarithms [wu2024], whose denominator can be 0.

    Raises
    ------
    DegenerateGeometryError
        If a class mean equals the global mean.

    Examples
    --------
    >>> from neuralcollapse import ClassStatistics
    >>> cross = [[1.0, 0.0], [-1.0, 0.0], [0.0, 2.718281828459045], [0.0, -2.718281828459045]]
    >>> round(norm_spread(ClassStatistics(4, 2).update(cross, range(4))), 12)
    0.5
    """
    lengths = centered_kept(statistics, minimum_count)[1].norm(dim=1)
    if not lengths.all():
        raise DegenerateGeometryError(
            "statistics: a class mean equals the global mean, so its length has no logarithm"
        )
    return float(lengths.log().std(correction=0))


def duality_spread(statistics, weight, *, minimum_count=1):
    r"""NC3 and UNC3: mean and spread over classes of $\cos(w_c,m_c)$.

    Parameters
    ----------
    statistics : ClassStatistics
    weight : array_like or Tensor, shape (num_classes, num_features)
        Classifier, one row for each class of the statistics, taken as it is: subtract its mean
        row first to see what softmax sees.
    minimum_count : int
        Classes with fewer samples are left out.

    Returns
    -------
    Spread
        Dimensionless; mean 1 and std 0 at self-duality, whatever the lengths.

    Raises
    ------
    ValueError
        If the shape of `weight` does not fit.
    DegenerateGeometryError
        If a row or a centred mean is zero.

    Notes
    -----
    Source: [wu2024].

    Examples
    --------
    >>> from neuralcollapse import ClassStatistics
    >>> statistics = ClassStatistics(2, 1).update([[5.0], [7.0]], [0, 1])
    >>> duality_spread(statistics, [[-1.0], [-3.0]])
    Spread(mean=0.0, std=1.0)
    """
    kept, means = centered_kept(statistics, minimum_count)
    rows = as_vectors(weight, "weight").to(means.device)
    if rows.shape != statistics.means.shape:
        raise ValueError(
            f"weight: expected shape {tuple(statistics.means.shape)}, one row a class of the "
            f"statistics, got {tuple(rows.shape)}"
        )
    unit = as_unit_vectors(rows[kept], "weight")
    return spread_of([(unit * as_unit_vectors(means, "means")).sum(1)])


def agreement(features, statistics, weight, bias=None, *, minimum_count=1):
    r"""NC4: share of samples where classifier and nearest class mean agree.

    Parameters
    ----------
    features : array_like or Tensor, shape (num_samples, num_features)
        Usually not those the statistics come from.
    statistics : ClassStatistics
    weight : array_like or Tensor, shape (num_classes, num_features)
        The classifier chooses among all its rows.
    bias : array_like or Tensor, shape (num_classes,), optional
        Part of the decision.
    minimum_count : int
        Classes with fewer samples are no candidates of the nearest mean.

    Returns
    -------
    float
        Dimensionless, in [0, 1]; 1 at collapse. One minus `nearest_center_mismatch`.

    Raises
    ------
    ValueError
        If shapes do not fit, there is no sample, or a value is NaN or infinite.

    Notes
    -----
    Source: [wu2024], on held-out tokens.

    Examples
    --------
    >>> from neuralcollapse import ClassStatistics
    >>> statistics = ClassStatistics(2, 1).update([[0.0], [4.0]], [0, 1])
    >>> agreement([[1.0], [3.0]], statistics, [[-1.0], [1.0]])
    0.5
    """
    kept = kept_classes(statistics, minimum_count)
    centers = statistics.means[kept]
    return 1 - nearest_center_mismatch(features, centers, weight, bias, classes=kept)
