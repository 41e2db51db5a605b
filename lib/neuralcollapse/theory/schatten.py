r"""Schatten norms, and the factors that a product of several layers is cheapest in.

$\|A\|_{S_q}=(\sum_i\sigma_i(A)^q)^{1/q}$. Over all factorisations $A=F_m\cdots F_1$ the least
$\sum_i\|F_i\|_F^2$ is $m\|A\|_{S_{2/m}}^{2/m}$ (`prop-decay-is-schatten`).
"""

import numpy as np

from neuralcollapse.geometry.arrays import as_points, as_positive, as_whole

__all__ = [
    "balanced_factors",
    "schatten_norm",
]


def schatten_norm(matrix, q):
    r"""Schatten norm of a matrix; a quasi-norm below exponent 1.

    Parameters
    ----------
    matrix : array_like, shape (num_rows, num_columns)
        Any real dtype. Float32 entries bring rounding of their own, which is left out as well.
    q : float
        Exponent, positive.

    Returns
    -------
    float
        $\|A\|_{S_q}=(\sum_i\sigma_i^q)^{1/q}$ over the singular values above rounding; at least 0.
        `q` 1 is the nuclear norm, 2 the Frobenius norm.

    Raises
    ------
    ValueError
        If `q` is not positive or so small that the norm is beyond float64, or `matrix` is not a
        finite table.

    Examples
    --------
    >>> float(round(schatten_norm([[3, 0], [0, 4]], 2), 12))
    5.0
    """
    q = as_positive(q, "q")
    _, values, _ = _above_rounding(matrix)
    if values.size == 0:
        return 0.0
    with np.errstate(over="ignore"):
        norm = float(values[0] * ((values / values[0]) ** q).sum() ** (1 / q))
    if np.isinf(norm):
        raise ValueError(f"q: the norm of exponent {q} is beyond float64 here; take a larger one")
    return norm


def balanced_factors(matrix, depth):
    r"""Split a matrix into factors that share each singular value alike.

    Parameters
    ----------
    matrix : array_like, shape (num_rows, num_columns)
    depth : int
        Number m of factors, at least 2.

    Returns
    -------
    list of ndarray
        $F_1,\dots,F_m$ with $F_m\cdots F_1=A$, through spaces of rank(A) dimensions (1 for the
        zero matrix). Each has $\|F_i\|_F^2=\|A\|_{S_{2/m}}^{2/m}$, and no factors have a smaller
        sum of squares.

    Raises
    ------
    ValueError
        If `depth` is below 2 or `matrix` is not a finite table.

    Examples
    --------
    >>> first, second = balanced_factors([[4.0]], 2)
    >>> (second @ first).round(12).tolist(), abs(first).round(12).tolist()
    ([[4.0]], [[2.0]])
    """
    depth = as_whole(depth, "depth", 2)
    left, values, right = _above_rounding(matrix)
    matrix = as_points(matrix, "matrix")
    if values.size == 0:
        left, values, right = np.zeros((len(matrix), 1)), np.zeros(1), np.zeros_like(matrix[:1])
    roots = values ** (1 / depth)
    return [roots[:, None] * right, *[np.diag(roots)] * (depth - 2), left * roots]


def _above_rounding(matrix):
    """Singular vectors and values, without the values that are rounding."""
    single = str(getattr(matrix, "dtype", "")).endswith("float32")
    matrix = as_points(matrix, "matrix")
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    # Below q = 1 a singular value of 1e-16 would count as much as 1e-8 or more.
    unit = np.finfo(np.float32 if single else np.float64).eps
    rank = int((values > max(matrix.shape) * unit * values[0]).sum())
    return left[:, :rank], values[:rank], right[:rank]
