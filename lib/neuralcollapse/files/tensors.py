"""Tensors of safetensors files, read slice by slice."""

from functools import partial

import numpy as np
import torch

from neuralcollapse.files.arrays import StoredArray, damaged

_DTYPES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U64": "uint64",
    "U32": "uint32",
    "U16": "uint16",
    "U8": "uint8",
    "BOOL": "bool",
    "C64": "complex64",
}


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
    opener = partial(safe_open, path, framework="pt")
    arrays = {}
    try:
        with opener() as file:
            for name in file.keys():  # noqa: SIM118, it is no dictionary
                part = file.get_slice(name)
                shape = tuple(part.get_shape())
                dtype = np.dtype(_DTYPES.get(part.get_dtype(), "float32"))
                place = f"{argument}: {name} of {path}"
                read = partial(_read, opener, name, shape, dtype, argument, path)
                arrays[name] = StoredArray(name, place, shape, dtype, read)
    except (SafetensorError, OSError) as error:
        raise damaged(argument, path, error) from error
    return arrays


def _read(opener, name, shape, dtype, argument, path, rows):
    """Blocks of rows; each opens the file anew, so that pages already read leave memory."""
    from safetensors import SafetensorError

    for first in range(0, shape[0], rows):
        try:
            with opener() as file:
                block = file.get_slice(name)[first : first + rows]
        except (SafetensorError, OSError) as error:
            raise damaged(argument, path, error) from error
        wanted = getattr(torch, dtype.name)
        yield block.to(wanted).numpy()
