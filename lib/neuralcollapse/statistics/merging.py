"""Statistics collected apart, joined: a tree of merges, and the numbers that travel."""

import numpy as np
import torch

from neuralcollapse.statistics.inputs import as_tensor

VERSION = 1
DIGITS = 52  # of float64
KEPT = (None, "class", "sample")  # a number stands for the weighting, so that no text travels


def merge_all(parts):
    """Join statistics of disjoint parts of the data.

    Parameters
    ----------
    parts : iterable of ClassStatistics
        At least one, all of the same set-up; left as they were. A generator is read one at a
        time, and at most one for every doubling of their number is held.

    Returns
    -------
    ClassStatistics
        Of all parts together, as if one had seen everything.

    Raises
    ------
    TypeError, ValueError
        If there is no part, or they were set up differently.

    Notes
    -----
    Merged as a tree, by the pairwise update of [chan1983]: rounding grows with the logarithm of
    the number of parts, not with the number itself.

    Examples
    --------
    >>> from neuralcollapse import ClassStatistics
    >>> halves = [ClassStatistics(1, 1).update([[x]], [0]) for x in (1.0, 3.0)]
    >>> merge_all(halves).num_samples, merge_all(halves).means.item()
    (2, 2.0)
    """
    waiting = []  # (level, statistics of 2**level parts), levels falling
    for part in parts:
        merged = 0, _copy(part)
        while waiting and waiting[-1][0] == merged[0]:
            merged = merged[0] + 1, waiting.pop()[1].merge(merged[1])
        waiting.append(merged)
    if not waiting:
        raise ValueError("parts: expected at least one ClassStatistics, got none")
    whole = waiting.pop()[1]
    while waiting:
        whole = waiting.pop()[1].merge(whole)
    return whole


def _copy(part):
    if not hasattr(part, "from_state"):
        raise TypeError(f"parts: expected ClassStatistics, got {type(part).__name__}")
    return part.from_state(part.state(), device=part.means.device)


def pack(statistics, scatter):
    """Everything that statistics hold, as arrays of numpy and plain numbers."""
    state = {
        "version": VERSION,
        "kept": KEPT.index(statistics.weighting),
        "digits": statistics.digits,
        "counts": _array(statistics.counts),
        "means": _array(statistics.means),
        "squared_deviations": _array(statistics.squared_deviations),
        "scatter": _array(scatter),
    }
    if statistics.class_sizes is not None:
        state["class_sizes"] = _array(statistics.class_sizes)
    return state


def unpack(state):
    """Check what `pack` gave, and return weighting, digits and the tensors.

    Raises
    ------
    ValueError
        If an entry is missing, of another version, has the wrong shape or dtype, holds NaN,
        infinity or a negative count, or does not fit the others.
    """
    names = ("version", "kept", "digits", "counts", "means", "squared_deviations", "scatter")
    missing = [name for name in names if name not in state]
    if missing:
        raise ValueError(f"state: {missing[0]!r} is missing; expected what state() returned")
    version, kept, digits = (np.asarray(state[name]) for name in names[:3])
    if version.shape != () or version != VERSION:
        raise ValueError(
            f"state: expected version {VERSION}, got {version}; "
            "collect the statistics again, or read them with the library that wrote them"
        )
    if kept.shape != () or kept not in range(len(KEPT)):
        raise ValueError(f"state: 'kept': expected 0, 1 or 2, got {kept}")
    if digits.shape != () or digits not in range(DIGITS + 1):
        raise ValueError(f"state: 'digits': expected 0 to {DIGITS}, got {digits}")
    weighting = KEPT[int(kept)]
    tensors = {name: as_tensor(state[name], f"state: {name!r}") for name in names[3:]}
    means = tensors["means"]
    if means.ndim != 2 or 0 in means.shape:
        raise ValueError(
            f"state: 'means': expected shape (num_classes, num_features), got {tuple(means.shape)}"
        )
    num_classes, num_features = means.shape
    stack = () if weighting else (num_classes,)
    if not weighting and tensors["scatter"].shape[:1] == (0,):
        stack = (0,)  # kept without
    shapes = {
        "counts": (num_classes,),
        "means": (num_classes, num_features),
        "squared_deviations": (num_classes,),
        "scatter": (*stack, num_features, num_features),
    }
    if weighting == "class":
        if "class_sizes" not in state:
            raise ValueError("state: 'class_sizes' is missing; expected what state() returned")
        tensors["class_sizes"] = as_tensor(state["class_sizes"], "state: 'class_sizes'")
        shapes["class_sizes"] = (num_classes,)
    for name, shape in shapes.items():
        values = tensors[name]
        whole = name in ("counts", "class_sizes")
        dtype = torch.int64 if whole else torch.float64
        if values.shape != shape or values.dtype != dtype:
            raise ValueError(
                f"state: {name!r}: expected {dtype} of shape {shape}, "
                f"got {values.dtype} of shape {tuple(values.shape)}"
            )
        if not torch.isfinite(values).all():
            raise ValueError(f"state: {name!r}: holds NaN or infinity")
        if name not in ("means", "scatter") and (values < 0).any():
            raise ValueError(f"state: {name!r}: expected no negative value")
    return weighting, int(digits), tensors


def _array(tensor):
    return tensor.detach().cpu().numpy().copy()
