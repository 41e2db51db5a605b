"""All pairs of class vectors, a block of rows at a time, for spreads over pairs."""

import torch

from neuralcollapse.metrics.vectors import (
    DegenerateGeometryError,
    as_unit_vectors,
    recompute_near,
)

_BLOCK_ENTRIES = 2**22  # float64 entries of a block of pairs: 32 MiB


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
        recompute_near(squared, scale, vectors[rows], vectors)
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
