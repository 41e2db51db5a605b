"""Folders of parquet files: a task a file."""

import numpy as np

from neuralcollapse.files import file_statistics, open_features
from neuralcollapse.files.measure import as_class_sizes
from neuralcollapse.integrations.dask.tasks import agreed, count_all, imported, merged, rule
from neuralcollapse.metrics import measure_statistics
from neuralcollapse.statistics import as_labels, check_weighting


def measure_parquet(
    folder,
    weight=None,
    bias=None,
    *,
    names=("features", "labels"),
    weighting="class",
    num_classes=None,
    center=False,
):
    """Measure every metric of neural collapse of features in a folder of parquet files.

    Parameters
    ----------
    folder : str or Path
        Of parquet files, in folders ``key=value`` or not, that every worker sees at this place.
        A task reads one file, a block at a time; write many files rather than one.
    weight : array_like or Tensor, shape (num_classes, num_features), optional
        Of the last linear layer.
    bias : array_like or Tensor, shape (num_classes,), optional
    names : tuple of (str, str)
        Of the columns of features and labels, as `open_features` takes them.
    weighting : {"class", "sample"}
        Whether each class or each sample counts alike.
    num_classes : int, optional
        The rows of `weight`, or the largest label plus one, unless given.
    center : bool
        Remove the mean row of `weight` (and the mean of `bias`) first.

    Returns
    -------
    CollapseReport
        As `measure` gives it for all features in memory, up to rounding.

    Raises
    ------
    TypeError, ValueError
        As `measure`; a row that holds NaN is named with its file.
    ImportError
        If Dask or pyarrow is not installed.
    """
    imported()
    source = open_features(folder, names=names)
    num_classes = agreed(num_classes, weight, bias, source.num_features)
    statistics = _statistics(source, num_classes, weighting)
    mismatches = None
    if weight is not None:
        mismatches = _mismatches(source, statistics, weight, bias)
    return measure_statistics(
        statistics, weight, bias, weighting=weighting, center=center, mismatches=mismatches
    )


def parquet_statistics(
    folder, num_classes=None, *, names=("features", "labels"), weighting="class"
):
    """Take the statistics of features in a folder of parquet files, a task a file.

    Parameters
    ----------
    folder : str or Path
        As `measure_parquet` takes it. The column of labels is read here first.
    num_classes : int, optional
        The largest label plus one unless given.
    names : tuple of (str, str)
        Of the columns of features and labels.
    weighting : {"class", "sample"}
        What the statistics are kept for.

    Returns
    -------
    ClassStatistics
        The same to the last bit, whatever the scheduler and its workers.

    Raises
    ------
    TypeError, ValueError
        Naming the argument, and file and row where a value is wrong.
    ImportError
        If Dask or pyarrow is not installed.
    """
    imported()
    return _statistics(open_features(folder, names=names), num_classes, weighting)


def parquet_mismatches(folder, statistics, weight, bias=None, *, names=("features", "labels")):
    """Count the samples in a folder of parquet files where classifier and nearest centre disagree.

    Parameters
    ----------
    folder : str or Path
    statistics : ClassStatistics
        Of these features.
    weight : array_like or Tensor, shape (num_classes, num_features)
    bias : array_like or Tensor, shape (num_classes,), optional
    names : tuple of (str, str)
        Of the columns of features and labels.

    Returns
    -------
    int
        For the `mismatches` of `measure_statistics`.

    Raises
    ------
    TypeError, ValueError
        If shapes do not fit, or a value is NaN or infinite.
    ImportError
        If Dask or pyarrow is not installed.
    """
    imported()
    return _mismatches(open_features(folder, names=names), statistics, weight, bias)


def _statistics(source, num_classes, weighting):
    dask = imported()
    check_weighting(weighting)
    as_labels(source.labels, source.num_samples, num_classes)
    classes, counts = np.unique(source.labels, return_counts=True)
    sizes = as_class_sizes([classes], [counts], num_classes, source.num_features)
    shared, task = dask.delayed(sizes), dask.delayed(_file_state)
    return merged([task(part, shared, weighting) for part in source.parts()])


def _mismatches(source, statistics, weight, bias):
    parts = [(part, f"a row of {part.path}") for part in source.parts()]
    return count_all(rule(statistics, weight, bias), parts)


def _file_state(part, class_sizes, weighting):
    return file_statistics(part, weighting=weighting, class_sizes=class_sizes).state()
