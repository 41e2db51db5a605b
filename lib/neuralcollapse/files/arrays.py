"""Arrays that lie in a file: their shape at once, their rows a block at a time."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np

_READERS = {
    ".npy": "neuralcollapse.files.numpy_arrays.read_npy",
    ".npz": "neuralcollapse.files.numpy_arrays.read_npz",
    ".safetensors": "neuralcollapse.files.tensors.read_safetensors",
    ".parquet": "neuralcollapse.files.tables.read_parquet",
}
_PICKLES = {".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle", ".joblib"}


@dataclass(frozen=True, eq=False)
class StoredArray:
    """An array in a file, of which nothing but the shape was read.

    Attributes
    ----------
    name : str
        Of the member, tensor or column; empty where the file holds one array only.
    place : str
        How errors call it: argument, name and file.
    shape : tuple of int
    dtype : numpy.dtype
        Of what is read; bfloat16 and shorter floats come as float32, which holds them exactly.
    read : callable
        ``read(rows)`` opens the file and yields arrays of at most that many rows, in order.
    """

    name: str
    place: str
    shape: tuple[int, ...]
    dtype: np.dtype
    read: Callable[[int], Iterator[np.ndarray]]

    def blocks(self, rows):
        """Yield arrays of at most `rows` rows, in order; ValueError if the file falls short."""
        seen = 0
        for block in self.read(rows):
            seen += len(block)
            yield block
        if seen != self.shape[0]:
            raise ValueError(
                f"{self.place}: {seen} rows where {self.shape[0]} were announced; "
                "the file changed while it was read, start again"
            )

    def whole(self):
        """Return all rows in one array."""
        blocks = list(self.blocks(max(1, self.shape[0])))
        return np.concatenate(blocks) if blocks else np.empty(self.shape, self.dtype)


@dataclass(frozen=True, eq=False)
class PartedArray(StoredArray):
    """An array whose rows lie in several files.

    Attributes
    ----------
    parts : callable
        ``parts()`` yields the path of each file and its rows as a `StoredArray`.
    """

    parts: Callable[[], Iterator[tuple[Path, StoredArray]]]


def read_arrays(path, argument):
    """Find the arrays of a file without reading them.

    Parameters
    ----------
    path : str or Path
        An npy, npz, safetensors or parquet file, or a folder of parquet files.
    argument : str
        What errors call the file.

    Returns
    -------
    dict of str to StoredArray
        By name, in the order of the file.

    Raises
    ------
    ValueError
        If there is no such file, it is of another kind, cut short or malformed, or it holds
        objects that only pickle could read.
    ImportError
        If the kind needs a package that is not installed.
    """
    path = Path(path)
    kind = kind_of(path, argument)
    module, function = _READERS[kind].rsplit(".", 1)
    return getattr(import_module(module), function)(path, argument)


def kind_of(path, argument):
    """Return the kind of a file, named by a suffix; a folder is one of parquet files.

    Parameters
    ----------
    path : Path
    argument : str

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If there is nothing there, or the suffix is of no kind that is read.
    """
    if os.path.isdir(path):  # unlike Path.is_dir, False where it cannot be told
        return ".parquet"
    suffix = path.suffix.lower()
    if suffix in _PICKLES:
        raise ValueError(
            f"{argument}: {path} may hold pickled objects, which run code when they are loaded; "
            "save the arrays with numpy.savez or safetensors.torch.save_file instead"
        )
    if suffix not in _READERS:
        raise ValueError(
            f"{argument}: expected a file ending in {', '.join(_READERS)}, got {path}; "
            "save the arrays with numpy.savez"
        )
    try:
        with path.open("rb"):
            return suffix
    except OSError as error:
        raise ValueError(
            f"{argument}: cannot read {path}: {error.strerror}; check the name and its rights"
        ) from error


def damaged(argument, path, reason):
    """Return the error for a file that is cut short or malformed.

    Parameters
    ----------
    argument : str
    path : Path
    reason : object

    Returns
    -------
    ValueError
    """
    reason = " ".join(str(reason).split()) or "it ends too early"
    return ValueError(
        f"{argument}: {path} is cut short or malformed ({reason}); write or copy it again"
    )


def fill(file, block):
    """Read bytes until an array is full; EOFError if there are too few.

    Parameters
    ----------
    file : binary file
    block : ndarray
        Contiguous.
    """
    view = memoryview(block.reshape(-1).view(np.uint8))
    while view:
        count = file.readinto(view)
        if not count:
            raise EOFError("it ends too early")
        view = view[count:]


def check_real(array):
    """Raise TypeError unless an array holds real numbers; ValueError for pickled objects.

    Parameters
    ----------
    array : StoredArray
    """
    if array.dtype.kind == "O":
        next(array.read(1), None)  # what only pickle could read says so
    if array.dtype.kind not in "fiu":
        raise TypeError(
            f"{array.place}: expected real numbers, got dtype {array.dtype}; save it as numbers"
        )


def listed(arrays):
    """Say what a file holds, for errors.

    Parameters
    ----------
    arrays : dict of str to StoredArray

    Returns
    -------
    str

    Examples
    --------
    >>> listed({})
    'nothing'
    """
    words = [f"{name} {array.shape}" for name, array in arrays.items()]
    return ", ".join(words[:12]) + (", ..." if len(words) > 12 else "") or "nothing"
