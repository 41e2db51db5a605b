"""Tensors of safetensors files, read piece by piece at their place in the file.

The package checks the file. It maps it to memory privately, which a system may refuse for a file
larger than memory, so the values come by plain reads, as those of npy files do.
"""

import json
import math
from functools import partial

import numpy as np
import torch

from neuralcollapse.files.arrays import StoredArray, damaged, fill

_DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U64": torch.uint64,
    "U32": torch.uint32,
    "U16": torch.uint16,
    "U8": torch.uint8,
    "BOOL": torch.bool,
    "C64": torch.complex64,
}
_SHORT = {torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2}  # which numpy does not have


def read_safetensors(path, argument):
    """Find the tensors of a safetensors file.

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
        If the file is cut short or malformed.
    ImportError
        If safetensors is not installed.
    """
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError as error:
        raise ImportError(
            f"{argument}: reading {path} needs safetensors; pip install neuralcollapse[files]"
        ) from error
    try:
        with safe_open(path, framework="np") as checked:
            names = list(checked.keys())
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(size))
    except (SafetensorError, OSError) as error:
        raise damaged(argument, path, error) from error
    arrays = {}
    for name in names:
        shape, stored = tuple(header[name]["shape"]), _DTYPES.get(header[name]["dtype"])
        start = 8 + size + header[name]["data_offsets"][0]
        wanted = torch.float32 if stored in _SHORT else stored
        dtype = np.dtype(object) if wanted is None else torch.empty(0, dtype=wanted).numpy().dtype
        place = f"{argument}: {name} of {path}"
        read = partial(_read, path, start, shape, stored, wanted, argument)
        if wanted is None:
            read = partial(_refuse, place, header[name]["dtype"])
        arrays[name] = StoredArray(name, place, shape, dtype, read)
    return arrays


def _refuse(place, dtype, rows):
    raise TypeError(f"{place}: expected real numbers, got dtype {dtype}; save it as float32")
    yield


def _read(path, start, shape, stored, wanted, argument, rows):
    try:
        with path.open("rb") as file:
            file.seek(start)
            for first in range(0, shape[0], rows):
                own = (min(rows, shape[0] - first), *shape[1:])
                block = np.empty(math.prod(own) * stored.itemsize, np.uint8)
                fill(file, block)
                yield torch.from_numpy(block).view(stored).reshape(own).to(wanted).numpy()
    except (EOFError, OSError) as error:
        raise damaged(argument, path, error) from error
