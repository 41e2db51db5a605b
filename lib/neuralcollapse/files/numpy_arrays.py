"""Arrays of npy and npz files, read piece by piece at their place in the file.

Nothing is unpickled. Plain reads serve where a memory map would: a block costs its own size and
no address space besides, and a file that is cut short meanwhile is an error, not a crash. Members
of an npz archive stream through `zipfile`, compressed or not, which checks them to the last byte.
"""

import math
import zipfile
import zlib
from functools import partial
from lzma import LZMAError
from tokenize import TokenError

import numpy as np
from numpy.lib import format as npy

from neuralcollapse.files.arrays import StoredArray, damaged, fill

_LARGEST_WHOLE = 2**30  # bytes of a member that has to be read at once
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    LZMAError,
    EOFError,
    OSError,
    ValueError,
    TypeError,  # a header with keys that are none
    RuntimeError,  # an encrypted member
    NotImplementedError,  # a compression that zipfile does not know
    SyntaxError,  # a header that is no dictionary
    TokenError,
)


def read_npy(path, argument):
    """Find the one array of an npy file.

    Parameters
    ----------
    path : Path
    argument : str
        What errors call the file.

    Returns
    -------
    dict of str to StoredArray
        Under the empty name.

    Raises
    ------
    ValueError
        If the file is cut short or malformed, or holds objects.
    """
    return {"": _array("", path, argument, partial(path.open, "rb"), path.stat().st_size)}


def read_npz(path, argument):
    """Find the arrays of an npz archive.

    Parameters
    ----------
    path : Path
    argument : str
        What errors call the file.

    Returns
    -------
    dict of str to StoredArray

    Raises
    ------
    ValueError
        If the archive is cut short or malformed. A member that holds objects is an error when it
        is asked for.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if info.filename.endswith(".npy")]
    except _DAMAGE as error:
        raise damaged(argument, path, error) from error
    arrays = {}
    for info in members:
        name = info.filename.removesuffix(".npy")
        opener = partial(_Member, path, info.filename)
        arrays[name] = _array(name, path, argument, opener, info.file_size)
    return arrays


class _Member:
    """A member of an archive as a file, closed together with the archive."""

    def __init__(self, path, member):
        self._archive = zipfile.ZipFile(path)
        try:
            self._file = self._archive.open(member)
        except BaseException:
            self._archive.close()
            raise
        self.read, self.readinto = self._file.read, self._file.readinto
        self.tell = self._file.tell

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._file.close()
        self._archive.close()


def _array(name, path, argument, opener, size):
    """Read the header of an array, and check that the array is all there."""
    try:
        with opener() as file:
            version = npy.read_magic(file)
            if version not in _HEADERS:
                raise ValueError(f"version {version} of the format, which is for records")
            shape, by_columns, dtype = _HEADERS[version](file)
            start = file.tell()
    except _DAMAGE as error:
        raise damaged(argument, f"{name} of {path}" if name else path, error) from error
    place = f"{argument}: {name} of {path}" if name else f"{argument}: {path}"
    if dtype.hasobject:
        return StoredArray(name, place, shape, dtype, partial(_refuse, place))
    expected = math.prod(shape) * dtype.itemsize
    if size - start != expected or min(shape, default=0) < 0:
        raise damaged(
            argument,
            f"{name} of {path}" if name else path,
            f"{expected} bytes announced for shape {shape} of {dtype}, {size - start} there",
        )
    by_columns = by_columns and len(shape) > 1
    if by_columns and not name:
        read = partial(_read_columns, opener, start, shape, dtype)
    elif by_columns:
        read = partial(_read_whole, opener, start, shape, dtype, place)
    else:
        read = partial(_read_rows, opener, start, shape, dtype)
    return StoredArray(name, place, shape, dtype, partial(_guarded, read, argument, path))


def _refuse(place, rows):
    raise ValueError(
        f"{place} holds Python objects, which only pickle could read; save an array of numbers"
    )
    yield


def _guarded(read, argument, path, rows):
    blocks = read(rows)
    while True:
        try:
            block = next(blocks, None)
        except _Stated:
            raise
        except _DAMAGE as error:
            raise damaged(argument, path, error) from error
        if block is None:
            return
        yield block


class _Stated(ValueError):
    """An error whose message is complete."""


def _read_rows(opener, start, shape, dtype, rows):
    with opener() as file:
        fill(file, np.empty(start, np.uint8))
        for first in range(0, shape[0], rows):
            block = np.empty((min(rows, shape[0] - first), *shape[1:]), dtype)
            fill(file, block)
            yield block


def _read_columns(opener, start, shape, dtype, rows):
    """Blocks of rows of an array that lies column by column."""
    columns = math.prod(shape[1:])
    with opener() as file:
        for first in range(0, shape[0], rows):
            block = np.empty((columns, min(rows, shape[0] - first)), dtype)
            for place, column in enumerate(block):
                file.seek(start + (place * shape[0] + first) * dtype.itemsize)
                fill(file, column)
            yield block.T.reshape(-1, *shape[1:], order="F")


def _read_whole(opener, start, shape, dtype, place, rows):
    """Rows of an array that lies column by column in an archive, where nothing seeks."""
    if math.prod(shape) * dtype.itemsize > _LARGEST_WHOLE:
        raise _Stated(
            f"{place} lies column by column, so an archive cannot give its rows one after the "
            "other; save numpy.ascontiguousarray(...) of it, or an npy file"
        )
    with opener() as file:
        fill(file, np.empty(start, np.uint8))
        block = np.empty(shape[::-1], dtype)
        fill(file, block)
    for first in range(0, shape[0], rows):
        yield block.T[first : first + rows]
