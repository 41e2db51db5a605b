"""Products of a tall table with itself, without a second table."""

import numpy as np
import torch


def gram(rows):
    """Return rows.T @ rows.

    Parameters
    ----------
    rows : Tensor, shape (num_rows, num_features), float64

    Returns
    -------
    Tensor, shape (num_features, num_features), float64
        Exactly symmetric on the CPU: numpy sees that both sides are one table and computes half.

    Examples
    --------
    >>> gram(torch.tensor([[1.0, 2.0], [0.0, 1.0]], dtype=torch.float64)).tolist()
    [[1.0, 2.0], [2.0, 5.0]]
    """
    if rows.device.type != "cpu":
        return rows.T @ rows
    table = rows.numpy()
    return torch.from_numpy(table.T @ table)


def product(left, right, out=None):
    """Return left @ right.T; on the CPU in the precision of its arguments, whatever torch is told.

    Parameters
    ----------
    left, right : Tensor, shapes (num_left, width) and (num_right, width)
        Of one dtype, float32 or float64.
    out : Tensor, shape (num_left, num_right), optional
        Written to and returned.

    Returns
    -------
    Tensor, shape (num_left, num_right)

    Examples
    --------
    >>> product(torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, 4.0]])).tolist()
    [[11.0]]
    """
    if left.device.type != "cpu":
        return torch.matmul(left, right.T, out=out)
    table = None if out is None else out.numpy()
    table = np.matmul(left.numpy(), right.numpy().T, out=table)
    return torch.from_numpy(table)


def squared_lengths(rows):
    """Return the squared length of each row.

    Parameters
    ----------
    rows : Tensor, shape (num_rows, num_features), float64

    Returns
    -------
    Tensor, shape (num_rows,), float64
        Without a table of squares on the CPU.

    Examples
    --------
    >>> squared_lengths(torch.tensor([[3.0, 4.0]], dtype=torch.float64))
    tensor([25.], dtype=torch.float64)
    """
    if rows.device.type != "cpu":
        return rows.square().sum(1)
    table = rows.numpy()
    return torch.from_numpy(np.einsum("ij,ij->i", table, table))
