"""Class vectors, and passes over all pairs of them that never hold the whole K x K array."""

import torch

from neuralcollapse.geometry.arrays import DegenerateGeometryError
from neuralcollapse.statistics import as_features, as_tensor

_BLOCK_ENTRIES = 2**22  # float64 entries of a block of pairs: 32 MiB
_NEAR = 1e-6  # squared distances below this fraction of the norms are computed from differences


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
    if not torch.isfinite(tensor).all():
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
    tensor = as_vectors(vectors, name)
    largest = tensor.abs().amax(dim=1, keepdim=True)
    tensor = tensor / largest.where(largest > 0, 1.0)  # squares neither overflow nor vanish
    lengths = tensor.norm(dim=1)
    if not lengths.all():
        row = int((lengths == 0).nonzero()[0])
        raise DegenerateGeometryError(f"{name}: row {row} is zero, so its direction is undefined")
    return tensor / lengths[:, None]


def pair_blocks(left, right=None):
    """Yield the inner products of all pairs, a block of rows at a time.

    Parameters
    ----------
    left, right : Tensor, shape (num_classes, num_features)
        `right` is `left` unless given.

    Yields
    ------
    rows : Tensor of int64
        Indices of the rows in this block.
    block : Tensor, shape (len(rows), num_classes)
        Entry (i, j) is the inner product of left[rows[i]] and right[j].
    """
    right = left if right is None else right
    step = max(1, _BLOCK_ENTRIES // len(right))
    for start in range(0, len(left), step):
        rows = torch.arange(start, min(start + step, len(left)), device=left.device)
        yield rows, left[rows] @ right.T


def squared_distance_blocks(vectors, resolution, names):
    """Yield the squared distances of each vector to all others, a block of rows at a time.

    Parameters
    ----------
    vectors : Tensor, shape (num_classes, num_features), float64
        At least two; centred, so that a common offset costs no digits.
    resolution : float
        Distance up to which two class means count as one.
    names : list of int
        Class index of each row, for errors.

    Yields
    ------
    rows : Tensor of int64
        Indices of the rows in this block.
    squared : Tensor, shape (len(rows), num_classes)
        Infinite where a vector meets itself.

    Raises
    ------
    DegenerateGeometryError
        If two class means are the same.
    """
    norms = vectors.square().sum(1)
    for rows, block in pair_blocks(vectors):
        scale = norms[rows, None] + norms
        squared = scale - 2 * block
        squared[torch.arange(len(rows)), rows] = torch.inf
        near = (squared < _NEAR * scale).nonzero()
        for i, j in (part.T for part in near.split(max(1, _BLOCK_ENTRIES // vectors.shape[1]))):
            squared[i, j] = (vectors[rows[i]] - vectors[j]).square().sum(1)
        same = (squared <= resolution**2).nonzero()
        if len(same):
            first, second = names[rows[same[0, 0]]], names[same[0, 1]]
            raise DegenerateGeometryError(
                f"statistics: classes {first} and {second} have the same mean"
            )
        yield rows, squared


def cosine_blocks(vectors, name="vectors"):
    """Yield the cosines of all ordered pairs of different class vectors, in blocks.

    Parameters
    ----------
    vectors : array_like or Tensor, shape (num_classes, num_features)
    name : str
        How errors call the argument.

    Yields
    ------
    Tensor, shape (number of pairs in the block,)
    """
    for rows, block in pair_blocks(as_unit_vectors(vectors, name)):
        off_diagonal = torch.ones_like(block, dtype=torch.bool)
        off_diagonal[torch.arange(len(rows)), rows] = False
        yield block[off_diagonal]
