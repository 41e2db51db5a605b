"""Products of a tall table with itself, at half the price."""

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
