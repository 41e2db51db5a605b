"""One call that measures a network, from its features or from their statistics."""

import warnings

import numpy as np
import torch

from neuralcollapse.geometry.arrays import as_whole
from neuralcollapse.metrics.angles import equinorm, simplex_gram_deviation
from neuralcollapse.metrics.decision import Decisions
from neuralcollapse.metrics.duality import bias_alignment, self_duality, self_duality_product
from neuralcollapse.metrics.pairs import pair_sums
from neuralcollapse.metrics.report import CollapseReport
from neuralcollapse.metrics.variability import (
    within_class_variability,
    within_class_variability_trace,
)
from neuralcollapse.metrics.vectors import DegenerateGeometryError, as_vector, as_vectors
from neuralcollapse.statistics import ClassStatistics, as_features, as_labels, check_weighting

_BLOCK_ENTRIES = 2**19  # float64 entries of a block of features: 4 MiB
_FEW = 2  # with as many features a class NC1 is cheaper in the second pass that NC4 takes anyway


def measure(
    features, labels, weight=None, bias=None, *, weighting="class", num_classes=None, center=False
):
    r"""Measure every metric of neural collapse that the input allows.

    Parameters
    ----------
    features : array_like or Tensor, shape (num_samples, num_features)
        Inputs of the last linear layer, of any real dtype, bfloat16 included.
    labels : array_like or Tensor of integers, shape (num_samples,)
        Class indices from 0.
    weight : array_like or Tensor, shape (num_classes, num_features), optional
        Of the last linear layer; NC3, NC4 and the angles of the classifier need it.
    bias : array_like or Tensor, shape (num_classes,), optional
        Of the last linear layer. Without it the layer is taken to have none.
    weighting : {"class", "sample"}
        Whether each class or each sample counts alike, in both scatters and the global mean.
    num_classes : int, optional
        The rows of `weight`, or the largest label plus one, unless given.
    center : bool
        Remove the mean row of `weight` (and the mean of `bias`) first. Softmax does not see a
        common shift of the rows, but NC2 and NC3 of the classifier do.

    Returns
    -------
    CollapseReport
        Moments with ddof = 0, computed in float64 from one pass over the features. NC4 takes a
        second, in which NC1 by pseudo-inverse is finished where the features are at least twice as
        many as the classes. What cannot be computed is None.

    Raises
    ------
    TypeError, ValueError
        If lengths, shapes or dtypes do not fit, a label is out of range, fewer than two classes
        are present, or a value is NaN or infinite; the message names the argument.

    Warns
    -----
    UserWarning
        If a class has no sample (statistics are over the classes present), or a metric is
        undefined for this input.

    Examples
    --------
    >>> report = measure([[-1.0], [-3.0], [1.0], [3.0]], [0, 0, 1, 1], weight=[[-1.0], [1.0]])
    >>> round(report.within_class_variability, 12), report.bias_alignment
    (0.125, None)
    """
    check_weighting(weighting)
    features = as_features(features)
    weight, bias = _as_classifier(weight, bias, features.shape[1], features.device, center)
    if weight is not None and num_classes not in (None, len(weight)):
        raise ValueError(
            f"num_classes: expected {len(weight)}, one for each row of weight, got {num_classes}"
        )
    if num_classes is not None and (
        not isinstance(num_classes, (int, np.integer)) or isinstance(num_classes, bool)
    ):
        raise TypeError(f"num_classes: expected an integer, got {num_classes!r}")
    num_classes = num_classes if weight is None else len(weight)
    labels = as_labels(labels, len(features), num_classes)
    if num_classes is None:
        num_classes = int(labels.max()) + 1 if len(labels) else 0
    counts = torch.bincount(labels, minlength=num_classes)
    _check_present(counts, "labels", stacklevel=3)
    labels = labels.to(features.device)
    again = None
    if weight is not None and _FEW * num_classes <= features.shape[1]:
        again = _blocks(features, labels, num_classes)
    statistics = _collect(features, labels, counts, weighting, scatter=again is None)
    pairs = _pairs_of_means(statistics, weighting)
    mismatches = None
    if weight is not None:
        centers, present = statistics.means_present(), statistics.present
        mismatches = Decisions(centers, weight, bias, present, pairs.nearest).count(
            features, labels
        )
    return _report(statistics, weight, bias, weighting, mismatches, pairs, again)


def measure_statistics(
    statistics, weight=None, bias=None, *, weighting=None, center=False, mismatches=None
):
    r"""Measure what `measure` does, from class statistics instead of features.

    Parameters
    ----------
    statistics : ClassStatistics
        Of all samples, whatever the number of passes, processes or machines that made them.
    weight : array_like or Tensor, shape (num_classes, num_features), optional
    bias : array_like or Tensor, shape (num_classes,), optional
        Of the last linear layer, as in `measure`.
    weighting : {None, "class", "sample"}
        None takes what the statistics were kept for, and "class" where they answer for both.
    center : bool
        Remove the mean row of `weight` (and the mean of `bias`) first.
    mismatches : int, optional
        Samples that classifier and nearest class mean decide differently, from
        `count_mismatches` over all batches. Needs a second pass over the features, once the means
        are known; without it NC4 is None.

    Returns
    -------
    CollapseReport
        What cannot be computed is None.

    Raises
    ------
    TypeError, ValueError
        As `measure`, and if the statistics were kept for the other weighting, or `mismatches` is
        no number of samples.

    Warns
    -----
    UserWarning
        As `measure`.

    Examples
    --------
    >>> from neuralcollapse import ClassStatistics
    >>> statistics = ClassStatistics(2, 1).update([[-1.0], [-3.0], [1.0], [3.0]], [0, 0, 1, 1])
    >>> report = measure_statistics(statistics, weight=[[-1.0], [1.0]], mismatches=0)
    >>> round(report.within_class_variability, 12), report.nearest_center_mismatch
    (0.125, 0.0)
    """
    if not isinstance(statistics, ClassStatistics):
        raise TypeError(f"statistics: expected ClassStatistics, got {type(statistics).__name__}")
    weighting = weighting or statistics.weighting or "class"
    check_weighting(weighting)
    device = statistics.means.device
    weight, bias = _as_classifier(weight, bias, statistics.num_features, device, center)
    if weight is not None and len(weight) != statistics.num_classes:
        raise ValueError(
            f"weight: expected {statistics.num_classes} rows, one a class of the statistics, "
            f"got {len(weight)}"
        )
    if mismatches is not None:
        if weight is None:
            raise ValueError("mismatches: given without weight; nothing decides without one")
        mismatches = as_whole(mismatches, "mismatches", 0)
        if mismatches > statistics.num_samples:
            raise ValueError(
                f"mismatches: expected at most {statistics.num_samples}, the number of samples, "
                f"got {mismatches}"
            )
    _check_present(statistics.counts, "statistics", stacklevel=3)
    pairs = _pairs_of_means(statistics, weighting)
    return _report(statistics, weight, bias, weighting, mismatches, pairs)


def _pairs_of_means(statistics, weighting):
    return pair_sums(
        statistics.centered_means(weighting),
        spreads=statistics.class_variances(),
        resolution=statistics.resolution,
    )


def _report(statistics, weight, bias, weighting, mismatches, pairs, samples=None):
    present, variability = statistics.present, None
    if statistics.scatter or samples is not None:
        variability = _or_none(
            within_class_variability, statistics, weighting=weighting, samples=samples
        )
    values = {
        "within_class_variability": variability,
        "within_class_variability_trace": _or_none(
            within_class_variability_trace, statistics, weighting=weighting
        ),
        "class_distance_normalized_variance": _or_none(
            pairs.class_distance_normalized_variance, present
        ),
    }
    means = statistics.centered_means(weighting)
    values |= {
        "equinorm_means": _or_none(equinorm, means),
        "equiangular_means": _or_none(pairs.equiangular),
        "max_angle_deviation_means": _or_none(pairs.max_angle_deviation),
        "simplex_gram_mean_square_means": _or_none(pairs.simplex_gram_mean_square),
    }
    if weight is not None:
        rows = weight if len(present) == len(weight) else weight[present]
        pairs = pair_sums(rows)
        values |= {
            "equinorm_weights": _or_none(equinorm, rows),
            "equiangular_weights": _or_none(pairs.equiangular),
            "max_angle_deviation_weights": _or_none(pairs.max_angle_deviation),
            "simplex_gram_deviation_weights": _or_none(simplex_gram_deviation, rows),
            "self_duality": _or_none(self_duality, rows, means),
            "self_duality_product": _or_none(self_duality_product, rows, means),
        }
    if mismatches is not None:
        values["nearest_center_mismatch"] = mismatches / statistics.num_samples
    if bias is not None:
        values["bias_alignment"] = bias_alignment(
            rows, bias[present], statistics.global_mean(weighting)
        )
    return CollapseReport(
        num_samples=statistics.num_samples,
        num_classes=len(present),
        num_features=statistics.num_features,
        weighting=weighting,
        **values,
    )


def _check_present(counts, name, stacklevel):
    empty = (counts == 0).nonzero().squeeze(1).tolist()
    if len(counts) - len(empty) < 2:
        raise ValueError(
            f"{name}: at least two classes are needed, got {len(counts) - len(empty)}; "
            "collapse compares classes with each other"
        )
    if empty:
        listed = ", ".join(map(str, empty[:10])) + (", ..." if len(empty) > 10 else "")
        warnings.warn(
            f"{name}: no sample of class {listed} ({len(empty)} of {len(counts)}); the report is "
            "over the classes present",
            stacklevel=stacklevel,
        )


def _collect(features, labels, counts, weighting, scatter):
    kept = {"scatter": False}
    if scatter:
        kept = {"weighting": weighting, "class_sizes": counts if weighting == "class" else None}
    size = len(counts), features.shape[1]
    statistics, start = ClassStatistics(*size, device=features.device, **kept), 0
    for block, its_labels in _blocks(features, labels, len(counts)):
        try:
            statistics.update(block, its_labels)
        except ValueError as error:
            if start == 0 or "row " not in str(error):
                raise
            raise ValueError(f"{error} (the batch starts at row {start})") from None
        start += len(block)
    return statistics


def _blocks(features, labels, num_classes):
    step = max(1, _BLOCK_ENTRIES // features.shape[1])
    # A block costs a row more for each of its classes; with many it had better be longer.
    step = max(step, min(4 * num_classes, 2 * step))
    for start in range(0, len(features), step):
        yield features[start : start + step], labels[start : start + step]


def _as_classifier(weight, bias, num_features, device, center):
    if weight is None:
        if bias is not None:
            raise ValueError("bias: given without weight; a bias alone classifies nothing")
        return None, None
    weight = as_vectors(weight, "weight").to(device)
    if weight.shape[1] != num_features:
        raise ValueError(
            f"weight: expected shape (num_classes, {num_features}) to fit the features, "
            f"got {tuple(weight.shape)}; transpose it if classes are columns"
        )
    if bias is not None:
        bias = as_vector(bias, len(weight), "bias").to(device)
    if center:
        weight = weight - weight.mean(0)
        bias = None if bias is None else bias - bias.mean()
    return weight, bias


def _or_none(metric, *arguments, **options):
    try:
        return metric(*arguments, **options)
    except DegenerateGeometryError as error:
        warnings.warn(f"{metric.__name__} is undefined here and left out: {error}", stacklevel=4)
        return None
