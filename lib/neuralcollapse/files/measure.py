"""Measure features that lie in a file: two passes, and never more than a block in memory."""

import numpy as np

from neuralcollapse.metrics import count_mismatches, measure_statistics
from neuralcollapse.statistics import ClassStatistics, as_labels, check_weighting

_LARGEST_MEANS = 2**33  # bytes that class means may take before a label is taken for a mistake


def measure_file(
    source, weight=None, bias=None, *, weighting="class", center=False, rows=None, progress=None
):
    """Measure every metric of neural collapse of features in a file.

    Parameters
    ----------
    source : FeatureFile
        As `open_features` returns it.
    weight : array_like or Tensor, shape (num_classes, num_features), optional
        Of the last linear layer, for instance from `open_classifier`.
    bias : array_like or Tensor, shape (num_classes,), optional
    weighting : {"class", "sample"}
        Whether each class or each sample counts alike.
    center : bool
        Remove the mean row of `weight` (and the mean of `bias`) first.
    rows : int, optional
        Most samples of a block; by default as many as make 16 MiB in float64.
    progress : callable, optional
        Called with the number of samples of each block that is done.

    Returns
    -------
    CollapseReport
        As `measure` gives it for all features at once. Statistics take one pass over the file,
        and decisions a second one if there is a classifier.

    Raises
    ------
    TypeError, ValueError
        As `measure`; the row that holds NaN is counted from the start of the file.

    Warns
    -----
    UserWarning
        As `measure`.

    Examples
    --------
    >>> import tempfile
    >>> from neuralcollapse.files import open_features
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = f"{folder}/features.npz"
    ...     np.savez(file, features=[[-1.0], [-3.0], [1.0], [3.0]], labels=[0, 0, 1, 1])
    ...     report = measure_file(open_features(file), weight=[[-1.0], [1.0]])
    >>> round(report.within_class_variability, 12), report.nearest_center_mismatch
    (0.125, 0.0)
    """
    statistics = file_statistics(
        source,
        None if weight is None else len(weight),
        weighting=weighting,
        rows=rows,
        progress=progress,
    )
    mismatches = None
    if weight is not None:
        mismatches = file_mismatches(source, statistics, weight, bias, rows=rows, progress=progress)
    return measure_statistics(
        statistics, weight, bias, weighting=weighting, center=center, mismatches=mismatches
    )


def file_statistics(
    source, num_classes=None, *, weighting="class", class_sizes=None, rows=None, progress=None
):
    """Take the statistics of features in a file, in one pass.

    Parameters
    ----------
    source : FeatureFile
    num_classes : int, optional
        The largest label plus one unless given.
    weighting : {"class", "sample"}
        What the statistics are kept for.
    class_sizes : array_like of int, shape (num_classes,), optional
        Samples each class has altogether, where this file is a part of the data; counted here
        unless given.
    rows : int, optional
        Most samples of a block.
    progress : callable, optional
        Called with the number of samples of each block that is done.

    Returns
    -------
    ClassStatistics

    Raises
    ------
    ValueError
        If a label is out of range, fewer than two classes have samples, a value is NaN or
        infinite, or class means would not fit in memory.
    """
    check_weighting(weighting)
    if class_sizes is not None:
        num_classes = len(class_sizes)
    as_labels(source.labels, source.num_samples, num_classes)
    if class_sizes is None:
        classes, counts = np.unique(source.labels, return_counts=True)
        class_sizes = as_class_sizes([classes], [counts], num_classes, source.num_features)
    statistics = ClassStatistics(
        len(class_sizes),
        source.num_features,
        weighting=weighting,
        class_sizes=class_sizes if weighting == "class" else None,
    )
    start = 0
    for features, labels in source.blocks(rows):
        try:
            statistics.update(features, labels)
        except ValueError:
            _find_not_finite(features, start, source.path)
            raise
        start += len(features)
        if progress is not None:
            progress(len(features))
    return statistics


def file_mismatches(source, statistics, weight, bias=None, *, rows=None, progress=None):
    """Count the samples of a file where classifier and nearest class centre disagree.

    Parameters
    ----------
    source : FeatureFile
    statistics : ClassStatistics
        Of these features.
    weight : array_like or Tensor, shape (num_classes, num_features)
    bias : array_like or Tensor, shape (num_classes,), optional
    rows : int, optional
        Most samples of a block.
    progress : callable, optional
        Called with the number of samples of each block that is done.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If shapes do not fit, or a value is NaN or infinite.
    """
    present = statistics.present
    centers = statistics.means[present]
    total = 0
    for features, _ in source.blocks(rows):
        total += count_mismatches(features, centers, weight, bias, classes=present)
        if progress is not None:
            progress(len(features))
    return total


def as_class_sizes(classes, counts, num_classes, num_features):
    """Return how many samples each class has, from what was counted in parts.

    Parameters
    ----------
    classes : sequence of ndarray of int
        Labels of each part, each once; checked already.
    counts : sequence of ndarray of int
        How often they occur.
    num_classes : int, optional
        The largest label plus one unless given.
    num_features : int

    Returns
    -------
    ndarray, shape (num_classes,), int64

    Raises
    ------
    ValueError
        If fewer than two classes have samples, or class means would not fit in memory.
    """
    classes, counts = np.concatenate(classes), np.concatenate(counts)
    if num_classes is None:
        num_classes = int(classes.max(initial=-1)) + 1
    if num_classes * num_features * 8 > _LARGEST_MEANS:
        raise ValueError(
            f"labels: {num_classes} classes of {num_features} features take "
            f"{num_classes * num_features * 8 / 2**30:.0f} GiB for their means alone; is "
            f"{num_classes - 1} a class? Number the classes from 0 on"
        )
    class_sizes = np.zeros(num_classes, dtype=np.int64)
    np.add.at(class_sizes, classes, counts)
    if np.count_nonzero(class_sizes) < 2:
        raise ValueError(
            "labels: at least two classes are needed, got "
            f"{np.count_nonzero(class_sizes)}; collapse compares classes with each other"
        )
    return class_sizes


def _find_not_finite(features, start, path):
    """Raise, if a value is NaN or infinite, with its row counted from the start of the file."""
    bad = np.flatnonzero(~np.isfinite(features).all(axis=1))
    if len(bad):
        raise ValueError(
            f"features: row {start + int(bad[0])} of {path} holds NaN or infinity; remove or "
            "repair it first"
        )
