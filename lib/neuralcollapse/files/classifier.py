"""The last linear layer, found in a file of weights."""

from pathlib import Path

import numpy as np

from neuralcollapse.files.arrays import check_real, listed, read_arrays


def open_classifier(
    path, *, weight=None, bias=None, num_features=None, num_classes=None, besides=()
):
    """Read the weight and bias of the last linear layer from a file.

    Parameters
    ----------
    path : str or Path
        An npz, npy, safetensors or parquet file, or a folder of parquet files; the saved state of
        a whole network as well as that of its head. What would have to be unpickled is refused.
    weight : str, optional
        Name of the matrix. Unless given, it is the one matrix that fits `num_features` and
        `num_classes`; among several, the one named "weight".
    bias : str, optional
        Name of the bias. Unless given, it is the vector named as `weight` is, with "bias" for its
        last "weight"; or the one vector with as many entries as `weight` has rows. The empty name
        means none.
    num_features : int, optional
        Columns that `weight` must have.
    num_classes : int, optional
        Rows that `weight` must have at least: the largest label plus one.
    besides : collection of str
        Names that are no part of the layer: those of features and labels in the same file.

    Returns
    -------
    weight : ndarray, shape (num_classes, num_features)
    bias : ndarray, shape (num_classes,), or None
        If the layer has none.

    Raises
    ------
    TypeError, ValueError
        If the file is missing, cut short, malformed or of another kind, a name is not in it, no
        matrix fits or several do, or one is transposed; the message lists what the file holds.
    ImportError
        If safetensors or pyarrow is needed and missing.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = f"{folder}/head.npz"
    ...     np.savez(file, **{"fc.weight": np.eye(2), "fc.bias": np.ones(2), "conv": np.eye(3)})
    ...     weight, bias = open_classifier(file, num_features=2)
    >>> weight.shape, bias.tolist()
    ((2, 2), [1.0, 1.0])
    """
    path = Path(path)
    arrays = read_arrays(path, "weight")
    arrays = {name: array for name, array in arrays.items() if name not in besides}
    found = _weight(arrays, weight, num_features, num_classes, path)
    matrix = _numbers(found)
    vector = _bias(arrays, bias, found.name, len(matrix), path)
    return matrix, None if vector is None else _numbers(vector)


def _weight(arrays, name, num_features, num_classes, path):
    if name is not None and set(arrays) != {""}:
        if name not in arrays:
            raise ValueError(
                f"weight: nothing is named {name!r} in {path}, which holds {listed(arrays)}"
            )
        chosen = {name: arrays[name]}
    else:
        chosen = {key: array for key, array in arrays.items() if len(array.shape) == 2}
    fitting = [
        array
        for array in chosen.values()
        if len(array.shape) == 2
        and num_features in (None, array.shape[1])
        and array.shape[0] >= max(2, num_classes or 0)
    ]
    if len(fitting) > 1:
        named = [array for array in fitting if array.name == "weight"]
        if not named:
            several = listed({array.name: array for array in fitting})
            raise ValueError(
                f"weight: several matrices of {path} could be the classifier: {several}; say "
                "which by its name"
            )
        fitting = named
    if not fitting:
        _explain(chosen, arrays, num_features, num_classes, path)
    return fitting[0]


def _explain(chosen, arrays, num_features, num_classes, path):
    """Raise for want of a matrix that fits."""
    rows = "num_classes" if num_classes is None else f"at least {num_classes}"
    columns = "num_features" if num_features is None else num_features
    expected = f"expected shape ({rows}, {columns}) to fit features and labels"
    for array in chosen.values():
        if len(array.shape) == 2 and array.shape[0] == num_features:
            raise ValueError(
                f"{array.place}: {expected}, got {array.shape}; its classes seem to be columns: "
                "save its transpose"
            )
    raise ValueError(
        f"weight: {expected}, but {path} holds {listed(chosen if len(chosen) == 1 else arrays)}; "
        "give the file of the layer that the features go into"
    )


def _bias(arrays, name, weight_name, size, path):
    if name == "" or set(arrays) == {""}:
        if name:
            raise ValueError(f"bias: {path} holds one array, the weight; save both in one npz file")
        return None
    if name is not None:
        if name not in arrays or arrays[name].shape != (size,):
            raise ValueError(
                f"bias: expected {name!r} of shape ({size},) in {path}, which holds "
                f"{listed(arrays)}"
            )
        return arrays[name]
    head, found, tail = weight_name.rpartition("weight")
    partner = arrays.get(f"{head}bias{tail}") if found else None
    if partner is not None:
        if partner.shape != (size,):
            raise ValueError(
                f"{partner.place}: expected shape ({size},), one entry for each row of weight, "
                f"got {partner.shape}; name another as bias"
            )
        return partner
    if found and "." in weight_name:
        return None  # the layer of a network's state that has no bias, whatever others have
    vectors = [array for array in arrays.values() if array.shape == (size,)]
    if len(vectors) > 1:
        raise ValueError(
            f"bias: several vectors of {path} could be it: "
            f"{listed({array.name: array for array in vectors})}; name one as bias, or the empty "
            "name if the layer has none"
        )
    return vectors[0] if vectors else None


def _numbers(array):
    check_real(array)
    values = array.whole()
    if not np.isfinite(values).all():
        raise ValueError(f"{array.place} holds NaN or infinity; remove or repair it first")
    return values
