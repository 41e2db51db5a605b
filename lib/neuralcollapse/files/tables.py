"""Columns of parquet files, or of a folder of them, read batch by batch."""

import math
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

import numpy as np

from neuralcollapse.files.arrays import PartedArray, StoredArray, damaged

_BUFFER = 2**16  # bytes of a column read at once: a group of rows may be larger than memory


@dataclass(frozen=True)
class _Part:
    """One file, its number of rows, and what the names of its folders say (``label=3``)."""

    path: str
    num_rows: int
    keys: dict


class Columns(dict):
    """Columns by name, with the files they lie in."""

    def __init__(self, parts):
        super().__init__()
        self.parts = parts


def read_parquet(path, argument):
    """Find the columns of a parquet file or a folder of them.

    Parameters
    ----------
    path : Path
        A folder is read in the order of its paths; folder names ``key=value`` make a column.
    argument : str
        What errors call the file.

    Returns
    -------
    Columns
        Of `StoredArray`. A column of lists has two axes; all its lists must be of one length.

    Raises
    ------
    ValueError
        If a file is cut short or malformed, or the folder holds none.
    ImportError
        If pyarrow is not installed.
    """
    try:
        import pyarrow as arrow
        import pyarrow.dataset as datasets
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise ImportError(
            f"{argument}: reading {path} needs pyarrow; pip install neuralcollapse[files]"
        ) from error
    try:
        dataset = datasets.dataset(str(path), format="parquet", partitioning="hive")
        schema, parts = None, []
        for fragment in sorted(dataset.get_fragments(), key=lambda fragment: fragment.path):
            count = parquet.read_metadata(fragment.path).num_rows
            keys = datasets.get_partition_keys(fragment.partition_expression)
            parts.append(_Part(fragment.path, count, keys))
            if count and schema is None:  # parts without rows may not know their types
                schema = fragment.physical_schema
        schema = dataset.schema if schema is None else schema
        schema = [*schema, *(key for key in dataset.schema if key.name not in schema.names)]
    except (arrow.ArrowException, OSError) as error:
        raise damaged(argument, path, error) from error
    if not parts:
        raise ValueError(f"{argument}: no parquet files in {path}; name the folder that holds them")
    arrays = Columns(parts)
    for column in schema:
        place = f"{argument}: {column.name} of {path}"
        shape = (sum(part.num_rows for part in parts),)
        kind = column.type
        if hasattr(kind, "value_type") and not arrow.types.is_dictionary(kind):
            width = kind.list_size if arrow.types.is_fixed_size_list(kind) else None
            if width is None:
                width = _first_width(parts, column.name, argument)
            shape, kind = (*shape, width), kind.value_type
        try:
            dtype = np.dtype(kind.to_pandas_dtype())
        except (NotImplementedError, TypeError):
            dtype = np.dtype(object)
        arrays[column.name] = _stored(
            column.name, place, shape, dtype, parts, (column.name,), argument
        )
    return arrays


def feature_columns(arrays, name, label_name, argument, path):
    """Choose the columns that hold features.

    Parameters
    ----------
    arrays : Columns
    name : str
        Of one column, or a pattern of several, as ``x*``. Where neither is found, "features"
        stands for all columns of floating-point numbers.
    label_name : str
        Column left out.
    argument : str
    path : Path

    Returns
    -------
    StoredArray or None
        With two axes; None if no column fits.
    """
    if name in arrays and len(arrays[name].shape) == 2:
        return arrays[name]
    numbers = {
        key: array
        for key, array in arrays.items()
        if len(array.shape) == 1 and array.dtype.kind in "fiu" and key != label_name
    }
    chosen = [name] if name in numbers else [key for key in numbers if fnmatchcase(key, name)]
    if name == "features" and not chosen:
        chosen = [key for key, array in numbers.items() if array.dtype.kind == "f"]
    if not chosen:
        return None
    first = numbers[chosen[0]]
    dtype = np.result_type(*(numbers[key].dtype for key in chosen))
    shape = (*first.shape, len(chosen))
    place = f"{argument}: {name} of {path}"
    return _stored(name, place, shape, dtype, arrays.parts, tuple(chosen), argument)


def _stored(name, place, shape, dtype, parts, columns, argument):
    """Columns of all parts as one array, which can be had part by part as well."""
    read = partial(_read, parts, columns, shape[1:], dtype, argument)
    split = partial(_split, name, place, shape, dtype, parts, columns, argument)
    return PartedArray(name, place, shape, dtype, read, split)


def _split(name, place, shape, dtype, parts, columns, argument):
    for part in parts:
        own = (part.num_rows, *shape[1:])
        read = partial(_read, [part], columns, shape[1:], dtype, argument)
        yield Path(part.path), StoredArray(name, place, own, dtype, read)


def _first_width(parts, name, argument):
    """Length of the first list of a column, 0 if there is none."""
    for part in parts:
        for batch in _batches(part, [name], 1, argument):
            return 0 if batch.column(0).null_count else len(batch.column(0)[0])
    return 0


def _batches(part, names, rows, argument):
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    try:
        file = parquet.ParquetFile(
            part.path, buffer_size=_BUFFER, pre_buffer=False, page_checksum_verification=True
        )
        with file:
            yield from file.iter_batches(rows, columns=names, use_threads=False)
    except (arrow.ArrowException, OSError) as error:
        raise damaged(argument, part.path, error) from error


def _read(parts, names, inner, dtype, argument, rows):
    """Blocks of one column, or of several side by side."""
    for part in parts:
        stored = [name for name in names if name not in part.keys]
        seen = 0
        batches = _batches(part, stored, rows, argument) if stored else _nothing(part, rows)
        for batch in batches:
            count = batch.num_rows if stored else batch
            missing = set(stored) - set(batch.schema.names) if stored else ()
            if missing:
                raise ValueError(
                    f"{argument}: {part.path} has no column {min(missing)} as other parts have; "
                    "write the parts alike"
                )
            columns = [
                np.full(count, part.keys[name], dtype if isinstance(part.keys[name], int) else None)
                if name in part.keys
                else _numbers(batch.column(name), name, inner, part, seen, argument)
                for name in names
            ]
            seen += count
            for name, column in zip(names, columns, strict=True):
                width = math.prod(inner) if len(names) == 1 else 1
                if len(column) != count * width or not np.can_cast(column.dtype, dtype):
                    raise TypeError(
                        f"{argument}: {name} of {part.path} holds {len(column) // max(1, count)} x "
                        f"{column.dtype} a row where other parts hold {width} x {dtype}; write "
                        "the parts alike"
                    )
            block = columns[0] if len(names) == 1 else np.column_stack(columns)
            yield block.reshape(count, *inner).astype(dtype, copy=False)


def _nothing(part, rows):
    """Sizes of the blocks of a part that need not be opened."""
    for first in range(0, part.num_rows, rows):
        yield min(rows, part.num_rows - first)


def _numbers(column, name, inner, part, seen, argument):
    """Entries of a column as an array, lists one after the other."""
    place = f"{argument}: {name} of {part.path}"
    if column.null_count:
        row = seen + int(np.flatnonzero(column.is_null().to_numpy(zero_copy_only=False))[0])
        raise ValueError(f"{place} has nothing in row {row}; fill it in or leave the row out")
    if hasattr(column.type, "value_type") and hasattr(column, "flatten"):
        width = inner[0] if inner else 0
        lengths = np.asarray(column.value_lengths()) if hasattr(column, "value_lengths") else None
        if lengths is not None and (lengths != width).any():
            row = int(np.flatnonzero(lengths != width)[0])
            raise ValueError(
                f"{place} has a list of {lengths[row]} numbers in row {seen + row} where the "
                f"first has {width}; features need one length"
            )
        column = column.flatten()
        if column.null_count:
            place_of_null = np.flatnonzero(column.is_null().to_numpy(zero_copy_only=False))[0]
            row = seen + int(place_of_null) // max(1, width)
            raise ValueError(f"{place} has a gap in row {row}; fill it in or leave the row out")
    return column.to_numpy(zero_copy_only=False)
