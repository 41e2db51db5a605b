"""Class statistics as one vector of float64: what travels between processes and metrics.

A vector holds the sizes, which scatter is kept, and every moment, so that any two can be merged
by the pairwise update of [chan1983], where a sum of means would be wrong. Counts are exact below
2**53.
"""

import numpy as np
import torch

from neuralcollapse.statistics import ClassStatistics, merge_all

_ORDER = ("counts", "means", "squared_deviations", "scatter")
_HEAD = 5  # version, kept, num_classes, num_features, whether class sizes follow
_WHOLE = ("counts", "class_sizes")


def pack(statistics):
    """Write statistics into one vector.

    Parameters
    ----------
    statistics : ClassStatistics

    Returns
    -------
    Tensor, shape (length,), float64
        On the device of the statistics; `unpack` gives them back to the last bit.

    Examples
    --------
    >>> pack(ClassStatistics(1, 1).update([[2.0]], [0])).tolist()
    [1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 2.0, 0.0, 0.0]
    """
    state = statistics.state()
    names = [*_ORDER, "class_sizes"] if "class_sizes" in state else _ORDER
    head = [state["version"], state["kept"], *state["means"].shape, len(names) - len(_ORDER)]
    parts = [np.array(head, dtype=np.float64)]
    parts += [state[name].ravel().astype(np.float64, copy=False) for name in names]
    return torch.from_numpy(np.concatenate(parts)).to(statistics.means.device)


def unpack(vector):
    """Read statistics from a vector.

    Parameters
    ----------
    vector : Tensor, shape (length,), float64

    Returns
    -------
    ClassStatistics
        On the device of the vector, and independent of it.

    Raises
    ------
    ValueError
        If the vector is not one that `pack` wrote.

    Examples
    --------
    >>> unpack(pack(ClassStatistics(1, 1).update([[2.0]], [0]))).means.item()
    2.0
    """
    values = vector.detach().cpu().numpy()
    if values.dtype != np.float64 or values.ndim != 1 or len(values) < _HEAD:
        raise ValueError(
            f"vector: expected float64 of at least {_HEAD} entries that pack() wrote, got "
            f"{values.dtype} of shape {values.shape}"
        )
    version, kept, num_classes, num_features, sized = _whole(values[:_HEAD])
    stack = () if kept else (num_classes,)
    shapes = {
        "counts": (num_classes,),
        "means": (num_classes, num_features),
        "squared_deviations": (num_classes,),
        "scatter": (*stack, num_features, num_features),
    }
    if sized:
        shapes["class_sizes"] = (num_classes,)
    lengths = [int(np.prod(shape)) for shape in shapes.values()]
    if len(values) != _HEAD + sum(lengths):
        raise ValueError(
            f"vector: expected {_HEAD + sum(lengths)} entries for {num_classes} classes of "
            f"{num_features} features, got {len(values)}"
        )
    pieces = np.split(values[_HEAD:], np.cumsum(lengths)[:-1])
    state = {"version": version, "kept": kept}
    for (name, shape), piece in zip(shapes.items(), pieces, strict=True):
        state[name] = (np.array(_whole(piece)) if name in _WHOLE else piece).reshape(shape)
    return ClassStatistics.from_state(state, device=vector.device)


def merge_packed(vectors):
    """Merge statistics written as vectors.

    Parameters
    ----------
    vectors : Tensor, shape (parts, length), float64
        Of disjoint parts of the data, one a row.

    Returns
    -------
    Tensor, shape (length,), float64
        Of all parts together.

    Examples
    --------
    >>> halves = [pack(ClassStatistics(1, 1).update([[x]], [0])) for x in (1.0, 3.0)]
    >>> unpack(merge_packed(torch.stack(halves))).means.item()
    2.0
    """
    return pack(merge_all(unpack(vector) for vector in vectors))


def merge_processes(statistics):
    """Merge what every process of ``torch.distributed`` has seen.

    Parameters
    ----------
    statistics : ClassStatistics
        Of this process's share of the data, of the same set-up everywhere.

    Returns
    -------
    ClassStatistics
        The same in every process; the statistics themselves where there is only one process.
        All processes have to call, for it waits for them.
    """
    if not several_processes():
        return statistics
    own = pack(statistics)
    gathered = [torch.empty_like(own) for _ in range(torch.distributed.get_world_size())]
    torch.distributed.all_gather(gathered, own)
    return merge_all(map(unpack, gathered))


def sum_processes(numbers):
    """Sum whole numbers over the processes of ``torch.distributed``.

    Parameters
    ----------
    numbers : Tensor of int64
        Of one shape everywhere.

    Returns
    -------
    Tensor of int64
        The numbers themselves where there is only one process. All processes have to call.

    Examples
    --------
    >>> sum_processes(torch.tensor([3]))
    tensor([3])
    """
    if several_processes():
        numbers = numbers.clone()
        torch.distributed.all_reduce(numbers)
    return numbers


def fail_together(error, device):
    """Raise an error in every process if one of them has met one, so that none waits for it.

    Parameters
    ----------
    error : Exception or None
        What this process has met.
    device : torch.device
        Of this process.

    Raises
    ------
    Exception
        The error itself, or a RuntimeError where only another process has one.
    """
    failed = sum_processes(torch.tensor([int(error is not None)], device=device)).item()
    if error is not None:
        raise error
    if failed:
        raise RuntimeError(f"{failed} of the other processes failed in this pass; see its message")


def several_processes():
    """Whether this process is one of several of ``torch.distributed``.

    Returns
    -------
    bool

    Examples
    --------
    >>> several_processes()
    False
    """
    distributed = torch.distributed
    if not (distributed.is_available() and distributed.is_initialized()):
        return False
    return distributed.get_world_size() > 1


def _whole(values):
    finite = np.where(np.isfinite(values), values, -0.5)
    whole = finite.astype(np.int64)
    if not np.array_equal(whole, finite):
        raise ValueError("vector: expected whole numbers where counts are; pack() did not write it")
    return whole.tolist()
