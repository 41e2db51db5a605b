r"""NRC3: is the Gram matrix of the last layer the root of the covariance, less a constant?

Of a network that predicts $n$ real targets of covariance $\Sigma$ (ddof = 0), NRC3 asks whether
$WW^\top$ is a multiple of $\Sigma^{1/2}-\sqrt\gamma\,I$ for some $\gamma$ up to the least
eigenvalue of $\Sigma$ [andriopoulos2024]. Inputs are read, never written.
"""

import numpy as np

from neuralcollapse.geometry.arrays import (
    DegenerateGeometryError,
    as_nonnegative,
    as_points,
)

_ROUNDING = 1e-12  # share of a matrix's norm up to which its traceless part counts as 0


def nrc3(weight, targets, *, gamma=None):
    r"""Squared distance of $WW^\top$ from $\Sigma^{1/2}-\sqrt\gamma\,I$, both of norm 1.

    Parameters
    ----------
    weight : array_like or Tensor, shape (num_targets, num_features)
    targets : array_like or Tensor, shape (num_samples, num_targets)
        At least two columns: with one, both matrices are the number 1 whatever the network.
    gamma : float, optional
        From 0 to the least eigenvalue of $\Sigma$, in squared units of the targets. The one that
        makes the distance least, `best_gamma`, unless given.

    Returns
    -------
    float
        Dimensionless, in [0, 2]; 0 at collapse.

    Raises
    ------
    ValueError
        If shapes do not fit, there is one target only, or gamma is out of range.
    DegenerateGeometryError
        If the layer is zero or the targets are constant, or gamma takes all of $\Sigma^{1/2}$ away.

    Notes
    -----
    Source: [andriopoulos2024]; gamma in closed form: the book. If $\Sigma$ is a multiple of the
    identity, gamma makes no difference, and the distance says whether $WW^\top$ is one too.

    Examples
    --------
    >>> targets = [[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]]  # roots 2 / r and 1 / r
    >>> round(nrc3([[2.0, 0.0], [0.0, 0.0]], targets, gamma=0.5), 12)
    0.0
    """
    gram, root = _tables(weight, targets)
    if gamma is None:
        gamma = 0.0 if is_isotropic(root) else best_gamma(weight, targets)
    least = np.linalg.eigvalsh(root)[0] ** 2
    if as_nonnegative(gamma, "gamma") > least * (1 + 1e-9):
        raise ValueError(
            f"gamma: expected a number from 0 to the least eigenvalue of the covariance, "
            f"{least:.6g}, got {gamma}"
        )
    model = root - np.sqrt(gamma) * np.eye(len(root))
    if np.linalg.norm(model) <= _ROUNDING * np.linalg.norm(root):
        raise DegenerateGeometryError("gamma: leaves nothing of the covariance; take a smaller one")
    return float(np.square(gram / np.linalg.norm(gram) - model / np.linalg.norm(model)).sum())


def best_gamma(weight, targets):
    r"""The gamma that makes `nrc3` least, in closed form.

    Parameters
    ----------
    weight : array_like or Tensor, shape (num_targets, num_features)
    targets : array_like or Tensor, shape (num_samples, num_targets)

    Returns
    -------
    float
        From 0 to the least eigenvalue of $\Sigma$, in squared units of the targets; $\lambda_H
        \lambda_W$ at the optimum of free features.

    Raises
    ------
    ValueError
        If shapes do not fit, or there is one target only.
    DegenerateGeometryError
        If the layer is zero, the targets are constant, or $\Sigma$ is a multiple of the
        identity: then every gamma does the same.

    Notes
    -----
    With $S=\Sigma^{1/2}$, $G=WW^\top$, traceless parts $S'$, $G'$ and $a=\langle G',S'\rangle$:
    $\sqrt\gamma=\frac1n(\operatorname{tr}S-\operatorname{tr}G\,\|S'\|^2/a)$, clipped to
    $[0,\sqrt{\lambda_{\min}}]$, if $a>0$; otherwise 0. Source: the book.

    Examples
    --------
    >>> best_gamma([[1.0, 0.0], [0.0, 1.0]], [[1, 1], [-1, -1], [1, 0], [-1, 0]])  # a = 0
    0.0
    >>> targets = [[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]]
    >>> round(best_gamma([[2.0, 0.0], [0.0, 0.0]], targets), 12)  # all of the second root
    0.5
    """
    gram, root = _tables(weight, targets)
    if is_isotropic(root):
        raise DegenerateGeometryError(
            "targets: their covariance is a multiple of the identity, so every gamma does the same"
        )
    count, bare = len(root), _traceless(root)
    agreement = (_traceless(gram) * bare).sum()
    if agreement <= _ROUNDING * np.linalg.norm(gram) * np.linalg.norm(bare):
        return 0.0
    shift = (np.trace(root) - np.trace(gram) * np.square(bare).sum() / agreement) / count
    return float(np.clip(shift, 0, np.linalg.eigvalsh(root)[0]) ** 2)


def _tables(weight, targets):
    weight, targets = as_points(weight, "weight"), as_points(targets, "targets")
    if targets.shape[1] < 2:
        raise ValueError(
            "targets: expected at least two columns, got 1; with one target NRC3 is 0 for every "
            "network and says nothing"
        )
    check_weight(weight, targets.shape[1])
    scaled = weight / max(np.abs(weight).max(), np.finfo(float).tiny)
    if not scaled.any():
        raise DegenerateGeometryError("weight: the layer is zero, so its Gram matrix is too")
    return scaled @ scaled.T, target_root(targets)


def check_weight(weight, count):
    """Raise if the layer has not one row a target."""
    if len(weight) != count:
        raise ValueError(f"weight: expected {count} rows, one a target, got {len(weight)}")


def target_root(targets):
    """Return the symmetric square root of the covariance of targets, ddof = 0."""
    rest = targets - targets.mean(axis=0)
    if np.abs(rest).max() <= _ROUNDING * np.abs(targets).max():
        raise DegenerateGeometryError("targets: all are equal, so their covariance is zero")
    _, values, rows = np.linalg.svd(np.linalg.qr(rest / np.sqrt(len(rest)), mode="r"))
    roots = np.zeros(len(rows))
    roots[: len(values)] = values
    return (rows.T * roots) @ rows


def _traceless(table):
    return table - np.trace(table) / len(table) * np.eye(len(table))


def is_isotropic(root):
    """Whether a covariance, given by its root, is a multiple of the identity."""
    return np.linalg.norm(_traceless(root)) <= _ROUNDING * np.linalg.norm(root)
