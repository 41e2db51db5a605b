"""Features with labels in files, from any framework and larger than memory."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neuralcollapse.files.arrays import PartedArray, StoredArray, check_real, listed, read_arrays
from neuralcollapse.geometry.arrays import as_whole
from neuralcollapse.statistics import as_labels

_BLOCK_ENTRIES = 2**21  # of features; 16 MiB in float64, of which statistics hold a few


@dataclass(frozen=True, eq=False)
class FeatureFile:
    """Features in a file with their labels in memory; what `open_features` returns.

    Attributes
    ----------
    path : Path
    num_samples, num_features : int
    dtype : numpy.dtype
        Of the blocks; bfloat16 and shorter floats come as float32, which holds them exactly.
    labels : ndarray, shape (num_samples,), int64
        Class indices from 0.
    """

    path: Path
    num_samples: int
    num_features: int
    dtype: np.dtype
    labels: np.ndarray
    _array: StoredArray

    @property
    def name(self):
        """What the array of the features is called in the file; empty in an npy file."""
        return self._array.name

    def blocks(self, rows=None):
        """Yield features and labels, a block of samples at a time, in the order of the file.

        Parameters
        ----------
        rows : int, optional
            Most samples of a block; by default as many as make 16 MiB in float64.

        Yields
        ------
        features : ndarray, shape (at most rows, num_features)
        labels : ndarray, shape (at most rows,), int64

        Raises
        ------
        ValueError
            If `rows` is no whole number from 1 on, or the file proves damaged on the way. Values
            are not looked at: what sums them refuses NaN.
        """
        if rows is None:
            rows = max(1, _BLOCK_ENTRIES // self.num_features)
        rows = min(as_whole(rows, "rows", 1), self.num_samples)
        start = 0
        for features in self._array.blocks(rows):
            yield features, self.labels[start : start + len(features)]
            start += len(features)

    def parts(self):
        """Return the files that these features lie in, each as one to read alone.

        Returns
        -------
        list of FeatureFile
            In the order of the blocks, those without samples left out; itself alone where one
            file holds everything.
        """
        if not isinstance(self._array, PartedArray):
            return [self]
        found, start = [], 0
        for path, array in self._array.parts():
            count = array.shape[0]
            if count:
                labels = self.labels[start : start + count]
                found.append(FeatureFile(path, count, self.num_features, self.dtype, labels, array))
            start += count
        return found


def open_features(path, labels=None, *, names=("features", "labels")):
    """Open a file of features and read its labels; the features stay where they are.

    Parameters
    ----------
    path : str or Path
        An npz, npy, safetensors or parquet file, or a folder of parquet files, which are read in
        the order of their paths. What would have to be unpickled is refused.
    labels : str or Path, optional
        File of the labels, of any of these kinds; an npy file of features needs one. The same
        file unless given.
    names : tuple of (str, str)
        Of features and labels in their files. In a parquet file the features are one column of
        lists, or several of numbers named by a pattern, as ``"x*"``; where "features" is not
        found it stands for all columns of floating-point numbers. A file of one array needs no
        name.

    Returns
    -------
    FeatureFile

    Raises
    ------
    TypeError, ValueError
        If a file is missing, cut short, malformed or of another kind, a name is not in it, there
        is no sample, features are not real numbers in two axes, or labels are not one class
        index from 0 for each row. The message names the argument.
    ImportError
        If safetensors or pyarrow is needed and missing.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = f"{folder}/features.npz"
    ...     np.savez(file, features=np.eye(3), labels=[0, 0, 1])
    ...     for block, classes in open_features(file).blocks(rows=2):
    ...         print(block.shape, classes.tolist())
    (2, 3) [0, 0]
    (1, 3) [1]
    """
    path = Path(path)
    feature_name, label_name = _as_names(names)
    arrays = read_arrays(path, "features")
    array = _features(arrays, feature_name, label_name, path)
    check_real(array)
    if len(array.shape) != 2:
        raise ValueError(
            f"{array.place}: expected shape (num_samples, num_features), got {array.shape}; "
            "flatten other axes first"
        )
    if 0 in array.shape:
        raise ValueError(
            f"{array.place}: expected samples and features, got shape {array.shape}; give a file "
            "that holds some"
        )
    stored = _labels(arrays, labels, label_name, path)
    if stored.shape != array.shape[:1]:  # before they are read: they may be no labels at all
        raise ValueError(
            f"{stored.place}: expected shape {array.shape[:1]}, one label for each row of "
            f"features, got {stored.shape}; give the labels of these rows"
        )
    check_real(stored)
    indices = as_labels(stored.whole(), array.shape[0], name=stored.place)
    return FeatureFile(path, *array.shape, array.dtype, indices.numpy(), array)


def _as_names(names):
    try:
        first, second = names
    except (TypeError, ValueError):
        first = second = None
    if not (isinstance(first, str) and isinstance(second, str)):
        raise ValueError(f"names: expected two, of features and of labels, got {names!r}")
    return first, second


def _features(arrays, name, label_name, path):
    if name in arrays or set(arrays) == {""}:
        found = arrays.get(name, arrays.get(""))
        if len(found.shape) != 1:
            return found
    if hasattr(arrays, "parts"):
        from neuralcollapse.files.tables import feature_columns

        found = feature_columns(arrays, name, label_name, "features", path)
        if found is not None:
            return found
    if name in arrays or set(arrays) == {""}:
        return arrays.get(name, arrays.get(""))
    raise ValueError(
        f"features: nothing is named {name!r} in {path}, which holds {listed(arrays)}; say which "
        "with names"
    )


def _labels(arrays, labels, name, path):
    if labels is None and set(arrays) == {""}:
        raise ValueError(
            f"labels: {path} holds one array, the features; give the file of the labels as labels"
        )
    path = path if labels is None else Path(labels)
    arrays = read_arrays(path, "labels")  # anew if it is the same file: errors name the argument
    if name in arrays:
        return arrays[name]
    if labels is not None and len(arrays) == 1:
        return next(iter(arrays.values()))
    raise ValueError(
        f"labels: nothing is named {name!r} in {path}, which holds {listed(arrays)}; say which "
        "with names, or give another file as labels"
    )
