"""What statistics and metrics accept: features, labels and numbers of any layout, as tensors."""

import numpy as np
import torch


def as_features(features, name="features"):
    """Return a two-dimensional real tensor, not copied where that can be avoided.

    Parameters
    ----------
    features : array_like or Tensor, shape (num_samples, num_features)
    name : str
        How errors call the argument.

    Returns
    -------
    Tensor, shape (num_samples, num_features)
        Of the dtype that came in.

    Raises
    ------
    TypeError
        If the entries are not real numbers.
    ValueError
        If the shape is not two-dimensional.

    Examples
    --------
    >>> as_features([[1.0, 2.0]]).dtype
    torch.float64
    """
    tensor = as_tensor(features, name)
    if tensor.is_complex() or tensor.dtype == torch.bool:
        raise TypeError(f"{name}: expected real numbers, got {tensor.dtype}")
    if tensor.ndim != 2:
        raise ValueError(
            f"{name}: expected shape (num_samples, num_features), got {tuple(tensor.shape)}; "
            "flatten other axes first"
        )
    return tensor


def as_labels(labels, num_samples, num_classes=None, name="labels"):
    """Return integer labels as an int64 tensor, checked against sizes.

    Parameters
    ----------
    labels : array_like or Tensor of integers, shape (num_samples,)
    num_samples : int
    num_classes : int, optional
        Upper bound (exclusive) of the labels, where it is known.
    name : str
        How errors call the argument.

    Returns
    -------
    Tensor, shape (num_samples,), int64

    Raises
    ------
    TypeError
        If the labels are not integers.
    ValueError
        If their number differs from `num_samples`, or one is out of range.

    Examples
    --------
    >>> as_labels([0, 2], num_samples=2, num_classes=3)
    tensor([0, 2])
    """
    tensor = as_tensor(labels, name)
    if tensor.numel() == 0:
        tensor = tensor.to(torch.int64)  # an empty list has no integers to show
    if tensor.is_floating_point() or tensor.is_complex() or tensor.dtype == torch.bool:
        raise TypeError(
            f"{name}: expected integers, one class index a sample, got {tensor.dtype}; "
            "convert with .astype(int) or .long()"
        )
    if tensor.ndim != 1 or len(tensor) != num_samples:
        raise ValueError(
            f"{name}: expected shape ({num_samples},), one label for each row of features, "
            f"got {tuple(tensor.shape)}"
        )
    tensor = tensor.to(torch.int64)
    if num_samples:
        low, high = int(tensor.min()), int(tensor.max())
        if low < 0:
            raise ValueError(
                f"{name}: expected class indices from 0, got {low}; drop ignored samples first"
            )
        if num_classes is not None and high >= num_classes:
            raise ValueError(
                f"{name}: expected class indices below {num_classes}, got {high}; "
                "relabel, or give more classes"
            )
    return tensor


def as_tensor(values, name):
    """Return numbers of any layout as a tensor, not copied where that can be avoided.

    Parameters
    ----------
    values : array_like or Tensor
    name : str
        How errors call the argument.

    Returns
    -------
    Tensor
        Of the dtype that came in, or the nearest one torch has.

    Raises
    ------
    TypeError, ValueError
        If these are not numbers, or rows have different lengths.
    """
    if isinstance(values, torch.Tensor):
        return values.detach()
    if isinstance(values, (list, tuple)) and values and isinstance(values[0], torch.Tensor):
        return torch.stack([value.detach() for value in values])
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError(f"{name}: expected an array, got rows of different lengths") from None
    if array.dtype.kind not in "biufc":
        raise TypeError(
            f"{name}: expected numbers, got dtype {array.dtype}; convert them first, names of "
            "classes by numpy.unique(names, return_inverse=True)"
        )
    if array.dtype == np.longdouble:
        array = array.astype(np.float64)
    if array.dtype.kind == "u" and array.dtype.itemsize > 1:
        array = array.astype(np.int64)
    if not array.flags.writeable or not array.dtype.isnative or min(array.strides, default=0) < 0:
        array = np.array(array, dtype=array.dtype.newbyteorder("="))
    return torch.from_numpy(array)
