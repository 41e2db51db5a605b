"""Class vectors, one a row: what metrics accept, and passes over them a block at a time."""

import math

import torch

from neuralcollapse.geometry.arrays import DegenerateGeometryError as DegenerateGeometryError
from neuralcollapse.statistics import as_features, as_tensor

_BLOCK_ENTRIES = 2**20  # float64 entries of a block: 8 MiB
NEAR = 1e-6  # of the squared lengths, below which a squared distance is computed from differences


def as_vectors(vectors, name="vectors"):
    """Return class vectors as a float64 tensor of shape (num_classes, num_features).

    Parameters
    ----------
    vectors : array_like or Tensor, shape (num_classes, num_features)
    name : str
        How errors call the argument.

    Returns
    -------
    Tensor, shape (num_classes, num_features), float64

    Raises
    ------
    ValueError
        If there are fewer than two vectors, or NaN or infinity among the entries.
    """
    tensor = as_features(vectors, name).to(torch.float64)
    if len(tensor) < 2:
        raise ValueError(
            f"{name}: expected shape (num_classes, num_features) with at least two classes, "
            f"got {tuple(tensor.shape)}"
        )
    if not all_finite(tensor):
        row = int((~torch.isfinite(tensor)).any(1).nonzero()[0])
        raise ValueError(f"{name}: row {row} holds NaN or infinity; remove or repair it first")
    return tensor


def as_vector(values, size, name):
    """Return one number a class, or one a feature, as a float64 tensor.

    Parameters
    ----------
    values : array_like or Tensor, shape (size,)
    size : int
    name : str
        How errors call the argument.

    Returns
    -------
    Tensor, shape (size,), float64

    Raises
    ------
    TypeError
        If the entries are not real numbers.
    ValueError
        If the shape differs, or NaN or infinity is among the entries.
    """
    tensor = as_tensor(values, name)
    if tensor.is_complex() or tensor.dtype == torch.bool:
        raise TypeError(f"{name}: expected real numbers, got {tensor.dtype}")
    if tensor.shape != (size,):
        raise ValueError(f"{name}: expected shape ({size},), got {tuple(tensor.shape)}")
    if not torch.isfinite(tensor).all():
        raise ValueError(f"{name}: holds NaN or infinity; remove or repair it first")
    return tensor.to(torch.float64)


def all_finite(tensor):
    """Whether no entry is NaN or infinite; without a table of booleans where all is well."""
    return bool(torch.isfinite(tensor.sum())) or bool(torch.isfinite(tensor).all())


def directions(vectors):
    """Scale rows to unit length.

    Parameters
    ----------
    vectors : Tensor, shape (num_classes, num_features), float64

    Returns
    -------
    unit : Tensor, shape (num_classes, num_features), float64
        Zero where a row is.
    lengths : Tensor, shape (num_classes,), float64
        In units of the largest entry of each row, so that squares neither overflow nor vanish.
    """
    largest = torch.maximum(vectors.amax(1), -vectors.amin(1))[:, None]
    unit = vectors / largest.where(largest > 0, 1.0)
    lengths = torch.linalg.vector_norm(unit, dim=1)
    unit /= lengths.where(lengths > 0, 1.0)[:, None]
    return unit, lengths


def as_unit_vectors(vectors, name="vectors"):
    """Return class vectors scaled to unit length.

    Parameters
    ----------
    vectors : array_like or Tensor, shape (num_classes, num_features)
    name : str
        How errors call the argument.

    Returns
    -------
    Tensor, shape (num_classes, num_features), float64

    Raises
    ------
    DegenerateGeometryError
        If a vector is zero.
    """
    unit, lengths = directions(as_vectors(vectors, name))
    if not lengths.all():
        row = int((lengths == 0).nonzero()[0])
        raise DegenerateGeometryError(f"{name}: row {row} is zero, so its direction is undefined")
    return unit


def recompute_near(squared, scale, left, right):
    """Compute squared distances again, from differences, where inner products have lost them.

    Parameters
    ----------
    squared : Tensor, shape (num_left, num_right), float64
        Changed in place where it is below `NEAR` times the scale, a bounded number at a time.
    scale : Tensor, shape (num_left, num_right), float64
        Sums of both squared lengths.
    left, right : Tensor, shapes (num_left, num_features) and (num_right, num_features)
    """
    step = max(1, _BLOCK_ENTRIES // left.shape[1])
    for pairs in (squared < NEAR * scale).nonzero().split(step):
        i, j = pairs.unbind(1)
        squared[i, j] = (left[i] - right[j]).square().sum(1)


def power_of_two(table):
    """Power of two that brings the entries of a table below 2 in magnitude."""
    largest = float(torch.maximum(table.amax(), -table.amin()))
    return math.ldexp(1.0, math.frexp(largest)[1] - 1)


def row_slices(table, entries=None):
    """Yield slices of rows that hold a bounded number of entries.

    Parameters
    ----------
    table : Tensor, two-dimensional
    entries : int, optional
        Entries a row stands for; those of `table` unless given.

    Yields
    ------
    slice
    """
    step = max(1, _BLOCK_ENTRIES // (entries or table.shape[1]))
    for start in range(0, len(table), step):
        yield slice(start, min(start + step, len(table)))


def triangular_factor(table):
    r"""R of a QR decomposition, so that $A^\top A=R^\top R$, without forming a product or Q.

    Parameters
    ----------
    table : Tensor, shape (num_rows, num_features), float64
        A; taken in blocks of rows, each on top of the R so far.

    Returns
    -------
    Tensor, shape (min(num_rows, num_features), num_features), float64
        With the singular values and right singular vectors of A.
    """
    factor = table[:0]
    step = 4 * table.shape[1]
    for start in range(0, len(table), step):
        stacked = torch.cat([factor, table[start : start + step]])
        factor = torch.linalg.qr(stacked, mode="r").R
    return factor
