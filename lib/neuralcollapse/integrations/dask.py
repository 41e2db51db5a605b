"""Features of a Dask cluster: statistics where the data is, merged as a tree.

One task a chunk turns features into the state of a `ClassStatistics`; states are merged eight at a
time, always in the order of the chunks, so that the report does not depend on which worker did
what, or did it twice. A worker that dies is replaced by Dask, and only its chunks are done again.
"""

from functools import partial

import numpy as np

from neuralcollapse.files import file_statistics, open_features
from neuralcollapse.files.measure import as_class_sizes
from neuralcollapse.metrics import count_mismatches, measure_statistics
from neuralcollapse.statistics import ClassStatistics, as_labels, check_weighting, merge_all

__all__ = [
    "array_mismatches",
    "array_statistics",
    "measure_array",
    "measure_parquet",
    "parquet_mismatches",
    "parquet_statistics",
]

_BRANCHES = 8  # states merged by one task


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
    num_classes = _agreed(num_classes, weight)
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
    dask = _imported()
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
    return _merged(states)


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
    rule = _rule(statistics, weight, bias)
    parts = [([block], _place(i, known)) for i, block in enumerate(blocks)]
    return _count_all(rule, parts)


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
    num_classes = _agreed(num_classes, weight)
    statistics = parquet_statistics(folder, num_classes, names=names, weighting=weighting)
    mismatches = None
    if weight is not None:
        mismatches = parquet_mismatches(folder, statistics, weight, bias, names=names)
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
    dask = _imported()
    check_weighting(weighting)
    source = open_features(folder, names=names)
    as_labels(source.labels, source.num_samples, num_classes)
    classes, counts = np.unique(source.labels, return_counts=True)
    sizes = as_class_sizes([classes], [counts], num_classes, source.num_features)
    shared = dask.delayed(sizes)
    task = dask.delayed(_file_state)
    return _merged([task(part, shared, weighting) for part in source.parts()])


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
    _imported()
    source = open_features(folder, names=names)
    parts = [(part, f"a row of {part.path}") for part in source.parts()]
    return _count_all(_rule(statistics, weight, bias), parts)


def _imported():
    try:
        import dask
        import dask.array
    except ImportError as error:
        raise ImportError(
            "features: measuring on a cluster needs Dask; pip install neuralcollapse[cluster]"
        ) from error
    return dask


def _agreed(num_classes, weight):
    if weight is None:
        return num_classes
    if num_classes not in (None, len(weight)):
        raise ValueError(
            f"num_classes: expected {len(weight)}, one for each row of weight, got {num_classes}"
        )
    return len(weight)


def _blocks(features):
    """The chunks of the features as tasks, each with all its columns."""
    dask = _imported()
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
    dask = _imported()
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
    with _Named(place):
        labels = as_labels(labels, len(labels), num_classes).numpy()
    return len(labels), *np.unique(labels, return_counts=True)


def _chunk_state(features, labels, setup, place):
    statistics = ClassStatistics(**setup)
    with _Named(place):
        statistics.update(features, labels)
    return statistics.state()


def _file_state(part, class_sizes, weighting):
    return file_statistics(part, weighting=weighting, class_sizes=class_sizes).state()


def _merged(states):
    """Statistics of all states: a tree of merges, of neighbours and in their order."""
    dask = _imported()
    join = dask.delayed(_join)
    while len(states) > 1:
        groups = [states[i : i + _BRANCHES] for i in range(0, len(states), _BRANCHES)]
        states = [join(group) if len(group) > 1 else group[0] for group in groups]
    (state,) = dask.compute(*states)
    return ClassStatistics.from_state(state)


def _join(states):
    return merge_all(map(ClassStatistics.from_state, states)).state()


def _rule(statistics, weight, bias):
    present = statistics.present
    return partial(
        count_mismatches,
        centers=statistics.means[present],
        weight=weight,
        bias=bias,
        classes=present,
    )


def _count_all(rule, parts):
    """Mismatches of all parts, each an iterable of blocks with the words for its place."""
    dask = _imported()
    rule = dask.delayed(rule)
    return sum(dask.compute(*(dask.delayed(_mismatches)(rule, *part) for part in parts)))


def _mismatches(rule, blocks, place):
    blocks = blocks.blocks() if hasattr(blocks, "blocks") else ((block,) for block in blocks)
    with _Named(place):
        return sum(rule(features) for features, *_ in blocks if len(features))


class _Named:
    """Adds to errors where in the data they arose."""

    def __init__(self, place):
        self.place = place

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None and issubclass(kind, (TypeError, ValueError)):
            raise kind(f"{error} (in {self.place})") from error
