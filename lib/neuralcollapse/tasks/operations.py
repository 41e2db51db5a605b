r"""Operations on residues as classification tasks: two tokens in, the residue of the result out.

All $P^2$ pairs are known, so a task is the table of the operation and the set of pairs to learn.
"""

import operator
from dataclasses import dataclass, replace

import numpy as np
import torch

from neuralcollapse.geometry.arrays import as_number, as_whole


@dataclass(frozen=True, eq=False)
class OperationTable:
    """A binary operation on P tokens, with the pairs that are trained on.

    Attributes
    ----------
    name : str
    labels : Tensor, shape (modulus, modulus), int64
        Class of the pair (row, column).
    train : Tensor, shape (modulus, modulus), bool
        Pairs to train on; the others are the test set, which may be empty.
    num_classes : int
    """

    name: str
    labels: torch.Tensor
    train: torch.Tensor
    num_classes: int

    @property
    def modulus(self):
        """Number of tokens."""
        return len(self.labels)

    @property
    def left(self):
        """First tokens as a column; with `right` it broadcasts to all pairs."""
        return torch.arange(self.modulus)[:, None]

    @property
    def right(self):
        """Second tokens as a row."""
        return torch.arange(self.modulus)[None]

    def hold_out(self, train_fraction, *, seed=0, mirrored=True):
        """Return the task with a random part of the pairs to train on.

        Parameters
        ----------
        train_fraction : float
            Share of the pairs to train on, in (0, 1].
        seed : int
            Of the draw, at least 0.
        mirrored : bool
            Keep (a, b) and (b, a) on the same side. Otherwise most pairs of the test set have
            their mirror image in training, and a network that ignores the order knows them.

        Returns
        -------
        OperationTable

        Raises
        ------
        ValueError
            If the fraction is out of range or leaves no pair to train on.

        Examples
        --------
        >>> task = modular_addition(5).hold_out(0.6)
        >>> int(task.train.sum()), bool((task.train == task.train.T).all())
        (15, True)
        """
        fraction = as_number(train_fraction, "train_fraction", "a share of the pairs in (0, 1]")
        wanted = round(fraction * self.modulus**2)
        if not (0 < fraction <= 1 and wanted > 0):
            raise ValueError(
                f"train_fraction: expected a share of the pairs in (0, 1], got {train_fraction}"
            )
        order = _rng(seed).permutation(self.modulus**2)
        if mirrored:
            train = self._mirrored(order, wanted)
        else:
            train = np.zeros(self.modulus**2, bool)
            train[order[:wanted]] = True
        train = torch.from_numpy(train.reshape(self.labels.shape))
        return replace(self, train=train)

    def _mirrored(self, order, wanted):
        """The first pairs in this order with their mirrors; diagonal pairs settle the parity."""
        rows, columns = np.divmod(order, self.modulus)
        train = np.zeros(self.labels.shape, bool)
        left = wanted
        for row, column in zip(rows, columns, strict=True):
            size = 1 + (row != column)
            if not train[row, column] and size <= left:
                train[row, column] = train[column, row] = True
                left -= size
        if left:  # the diagonal ran out: one pair of it makes room for a pair and its mirror
            last = order[rows == columns][-1]
            free = np.flatnonzero(~train[rows, columns])[0]
            train.flat[last] = False
            train[rows[free], columns[free]] = train[columns[free], rows[free]] = True
        return train

    def relabel(self, *, seed=0):
        """Return the task with classes renamed by a random permutation.

        Parameters
        ----------
        seed : int
            Of the draw, at least 0.

        Returns
        -------
        OperationTable
            As easy as before for networks that do not know the order of classes.

        Examples
        --------
        >>> sorted(modular_addition(3).relabel().labels[0].tolist())
        [0, 1, 2]
        """
        names = torch.from_numpy(_rng(seed).permutation(self.num_classes))
        return replace(self, name=f"{self.name}, relabelled", labels=names[self.labels])

    def shuffle(self, *, seed=0):
        """Return the task with the labels of all pairs permuted at random.

        Parameters
        ----------
        seed : int
            Of the draw, at least 0.

        Returns
        -------
        OperationTable
            Class sizes stay, structure goes.

        Examples
        --------
        >>> task = modular_addition(3)
        >>> task.shuffle().labels.flatten().bincount()
        tensor([3, 3, 3])
        """
        order = torch.from_numpy(_rng(seed).permutation(self.modulus**2))
        labels = self.labels.flatten()[order].view_as(self.labels)
        return replace(self, name=f"{self.name}, shuffled", labels=labels)


def modular_addition(modulus):
    r"""Addition of residues, $y=a+b\bmod P$, all pairs to train on.

    Parameters
    ----------
    modulus : int
        At least 2.

    Returns
    -------
    OperationTable

    Raises
    ------
    ValueError
        If `modulus` is not whole or below 2.

    Examples
    --------
    >>> modular_addition(3).labels
    tensor([[0, 1, 2],
            [1, 2, 0],
            [2, 0, 1]])
    """
    modulus = as_whole(modulus, "modulus", 2)
    tokens = torch.arange(modulus)
    labels = (tokens[:, None] + tokens) % modulus
    return _table(f"addition modulo {modulus}", labels)


def exclusive_or(bits):
    r"""Addition in $\mathbb Z_2^m$: bitwise exclusive or of numbers below $2^m$.

    A group without elements of order above 2: no character of it goes round a circle.

    Parameters
    ----------
    bits : int
        The number m, at least 1.

    Returns
    -------
    OperationTable

    Raises
    ------
    ValueError
        If `bits` is not whole or below 1.

    Examples
    --------
    >>> exclusive_or(1).labels
    tensor([[0, 1],
            [1, 0]])
    """
    bits = as_whole(bits, "bits", 1)
    tokens = torch.arange(2**bits)
    return _table(f"exclusive or of {bits} bits", tokens[:, None] ^ tokens)


def latin_square(order, *, seed=0, moves=None):
    r"""A random Latin square: each class once in every row and column, like a group, but none.

    Parameters
    ----------
    order : int
        At least 2.
    seed : int
        Of the draw, at least 0.
    moves : int, optional
        Of the Markov chain, at least; ``order**3`` unless given.

    Returns
    -------
    OperationTable

    Raises
    ------
    ValueError
        If a number is not whole or out of range.

    Notes
    -----
    The chain of Jacobson and Matthews, whose stationary law is uniform [jacobson1996], started at
    the cyclic square. It passes through improper squares, with one entry counted -1, and stops at
    the first proper square after `moves` moves.

    Examples
    --------
    >>> square = latin_square(5).labels
    >>> bool((square.sort(0).values == square.sort(1).values.T).all())
    True
    """
    order = as_whole(order, "order", 2)
    moves = order**3 if moves is None else as_whole(moves, "moves", 0)
    rng = _rng(seed)
    tokens = np.arange(order)
    cube = np.zeros((order,) * 3, np.int8)  # row, column, class
    cube[tokens[:, None], tokens, (tokens[:, None] + tokens) % order] = 1
    improper = None
    while moves > 0 or improper is not None:
        improper = _move(cube, improper, rng)
        moves -= 1
    return _table(f"Latin square of order {order}", torch.from_numpy(cube.argmax(2)))


def _move(cube, improper, rng):
    """Turn a subcube of eight entries in place; return the new improper cell, or None."""
    if improper is None:
        order = len(cube)
        while True:
            cell = rng.integers(order, size=3)
            if cube[tuple(cell)] == 0:
                break
    else:
        cell = improper
    row, column, label = cell
    lines = cube[:, column, label], cube[row, :, label], cube[row, column, :]
    others = [rng.choice(np.flatnonzero(line == 1)) for line in lines]
    for corner in np.ndindex(2, 2, 2):
        place = tuple(b if turned else a for a, b, turned in zip(cell, others, corner, strict=True))
        cube[place] += -1 if sum(corner) % 2 else 1
    return np.array(others) if cube[tuple(others)] < 0 else None


def _table(name, labels):
    return OperationTable(
        name=name,
        labels=labels,
        train=torch.ones_like(labels, dtype=torch.bool),
        num_classes=len(labels),
    )


def _rng(seed):
    try:
        number = operator.index(seed)
    except TypeError:
        number = -1
    if number < 0:
        raise ValueError(f"seed: expected a whole number from 0 on, got {seed!r}")
    return np.random.default_rng(number)
