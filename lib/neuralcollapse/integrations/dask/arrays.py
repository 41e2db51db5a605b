"""Dask arrays of features: a task a chunk."""

import numpy as np

from neuralcollapse.files.measure import as_class_sizes
from neuralcollapse.integrations.dask.tasks import (
    Named,
    agreed,
    count_all,
    imported,
    merged,
    rule,
)
from neuralcollapse.metrics import measure_statistics
from neuralcollapse.statistics import ClassStatistics, as_labels, check_weighting


def measure_array(
    features, labels, weight=None, bias=None, *, weighting="class", num_classes=None, center=False
):
    """Measure every metric of neural collapse of features in a Dask array.

    Parameters
    ----------
    features : dask.array.Array, shape (num_samples, num_features)
        Chunked along the samples; chunks along the features are joined. It is computed once, and
        a second time for NC4 if there is a classifier: persist what is dear to compute.
    labels : dask.array.Array or array_like of integers, shape (num_samples,)
        Class indices from 0. They are computed once more than the features.
    weight : array_like or Tensor, shape (num_classes, num_features), optional
        Of the last linear layer.
    bias : array_like or Tensor, shape (num_classes,), optional
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
        As `measure`; what is wrong in a chunk is said with the rows of the chunk.
    ImportError
        If Dask is not installed.

    Examples
    --------
    >>> import dask.array as da
    >>> features = da.from_array(np.array([[-1.0], [-3.0], [1.0], [3.0]]), chunks=(2, 1))
    >>> report = measure_array(features, [0, 0, 1, 1], weight=[[-1.0], [1.0]])
    >>> round(report.within_class_variability, 12), report.nearest_center_mismatch
    (0.125, 0.0)
    """
    _blocks(features)
    num_classes = agreed(num_classes, weight, bias, features.shape[1])
    statistics = array_statistics(features, labels, num_classes, weighting=weighting)
    mismatches = None
    if weight is not None:
        mismatches = array_mismatches(features, statistics, weight, bias)
    return measure_statistics(
        statistics, weight, bias, weighting=weighting, center=center, mismatches=mismatches
    )


def array_statistics(features, labels, num_classes=None, *, weighting="class"):
    """Take the statistics of features in a Dask array, a task a chunk.

    Parameters
    ----------
    features : dask.array.Array, shape (num_samples, num_features)
    labels : dask.array.Array or array_like of integers, shape (num_samples,)
        Counted in a pass of their own, for the weight of a sample must be known when it comes.
    num_classes : int, optional
        The largest label plus one unless given.
    weighting : {"class", "sample"}
        What the statistics are kept for.

    Returns
    -------
    ClassStatistics
        The same to the last bit, whatever the scheduler and its workers.

    Raises
    ------
    TypeError, ValueError
        Naming the argument, and the rows of the chunk where one is wrong.
    ImportError
        If Dask is not installed.

    Examples
    --------
    >>> import dask.array as da
    >>> features = da.from_array(np.array([[0.0], [2.0], [5.0]]), chunks=(2, 1))
    >>> array_statistics(features, [0, 0, 1]).means.tolist()
    [[1.0], [5.0]]
    """
    dask = imported()
    check_weighting(weighting)
    blocks = _blocks(features)
    label_blocks = _label_blocks(features, labels, num_classes)
    known = np.cumsum([0, *features.chunks[0]])
    counted = dask.compute(
        *(
            dask.delayed(_count)(block, num_classes, _place(i, known))
            for i, block in enumerate(label_blocks)
        )
    )
    lengths, classes, counts = zip(*counted, strict=True)
    known = np.cumsum([0, *lengths])  # of a Dask data frame they were not
    sizes = as_class_sizes(classes, counts, num_classes, features.shape[1])
    setup = {
        "num_classes": len(sizes),
        "num_features": features.shape[1],
        "weighting": weighting,
        "class_sizes": sizes if weighting == "class" else None,
    }
    setup = dask.delayed(setup)
    states = [
        dask.delayed(_chunk_state)(block, label_block, setup, _place(i, known))
        for i, (block, label_block) in enumerate(zip(blocks, label_blocks, strict=True))
    ]
    return merged(states)


def array_mismatches(features, statistics, weight, bias=None):
    """Count the samples of a Dask array where classifier and nearest class centre disagree.

    Parameters
    ----------
    features : dask.array.Array, shape (num_samples, num_features)
    statistics : ClassStatistics
        Of these features.
    weight : array_like or Tensor, shape (num_classes, num_features)
    bias : array_like or Tensor, shape (num_classes,), optional

    Returns
    -------
    int
        For the `mismatches` of `measure_statistics`.

    Raises
    ------
    TypeError, ValueError
        If shapes do not fit, or a value is NaN or infinite.
    ImportError
        If Dask is not installed.
    """
    blocks = _blocks(features)
    known = np.cumsum([0, *features.chunks[0]])
    decide = rule(statistics, weight, bias)
    parts = [([block], _place(i, known)) for i, block in enumerate(blocks)]
    return count_all(decide, parts)


def _blocks(features):
    """The chunks of the features as tasks, each with all its columns."""
    dask = imported()
    if not isinstance(features, dask.array.Array):
        raise TypeError(
            f"features: expected a Dask array, got {type(features).__name__}; use measure, or "
            "dask.array.from_array(features, chunks=(rows, num_features))"
        )
    if features.ndim != 2 or np.isnan(features.shape[1]):
        raise ValueError(
            f"features: expected shape (num_samples, num_features), got {features.shape}; "
            "flatten other axes first"
        )
    if features.dtype.kind not in "iuf":
        raise TypeError(f"features: expected real numbers, got {features.dtype}")
    if features.numblocks[1] > 1:
        features = features.rechunk({1: features.shape[1]})
    return features.to_delayed()[:, 0].tolist()


def _label_blocks(features, labels, num_classes):
    """The chunks of the labels as tasks, cut where the features are cut."""
    dask = imported()
    if not isinstance(labels, dask.array.Array):
        labels = np.asarray(labels)
        if np.isnan(features.shape[0]):
            raise TypeError(
                f"labels: expected a Dask array chunked as features are, whose length is unknown, "
                f"got {type(labels).__name__}"
            )
        labels = as_labels(labels, features.shape[0], num_classes).numpy()
        labels = dask.array.from_array(labels, chunks=(features.chunks[0],))
    if labels.dtype.kind not in "iu":
        raise TypeError(
            f"labels: expected integers, one class index a sample, got {labels.dtype}; "
            "convert with .astype(int)"
        )
    unknown = np.isnan(features.shape[0]) or np.isnan(labels.shape).any()
    alike = labels.numblocks == features.numblocks[:1] if unknown else None
    if labels.ndim != 1 or alike is False or not (unknown or len(labels) == len(features)):
        raise ValueError(
            f"labels: expected shape ({features.shape[0]},) in {features.numblocks[0]} chunks, "
            f"one label for each row of features, got {labels.shape} in {labels.numblocks} chunks"
        )
    if not unknown:
        labels = labels.rechunk((features.chunks[0],))
    return labels.to_delayed().tolist()


def _place(index, known):
    """Words for a chunk: its rows, or its number where lengths are not known yet."""
    start, stop = known[index : index + 2]
    if np.isnan(stop):
        return f"a row of chunk {index}"
    return f"rows {int(start)} to {int(stop) - 1}"


def _count(labels, num_classes, place):
    """Number of labels of a chunk, the classes among them, and how often each occurs."""
    with Named(place):
        labels = as_labels(labels, len(labels), num_classes).numpy()
    return len(labels), *np.unique(labels, return_counts=True)


def _chunk_state(features, labels, setup, place):
    statistics = ClassStatistics(**setup)
    with Named(place):
        statistics.update(features, labels)
    return statistics.state()
