r"""The code halfway between weights and features.

For unit rows $w_k$, $h_k$ with $\langle w_k,h_k\rangle\ge0$ the *symmetrised code* has the rows
$\hat u_k=(w_k+h_k)/|w_k+h_k|$. Its pairs are at least as far apart as the margins of $(W,H)$:
$\langle\hat u_k,\hat u_j\rangle\le1-\frac12\langle w_k-w_j,h_k-h_j\rangle$.
"""

import numpy as np

from neuralcollapse.codes.distance import as_unit


def aligned_features(weights, features):
    r"""Reflect the features that point away from their weight.

    Parameters
    ----------
    weights, features : array_like, shape (num_points, dimension)
        Unit rows $w_k$ and $h_k$.

    Returns
    -------
    ndarray, shape (num_points, dimension), float64
        Unit rows $h_k-2\min(0,\langle w_k,h_k\rangle)\,w_k$. No margin
        $\langle w_k-w_j,h_k\rangle$ is smaller than before. Features at collapse come back as
        they are.

    Raises
    ------
    ValueError
        If shapes differ or rows are not of length 1.

    Examples
    --------
    >>> aligned_features([[1, 0]], [[-0.6, 0.8]])
    array([[0.6, 0.8]])
    """
    weights, features = _pair(weights, features)
    cosines = np.sum(weights * features, axis=1, keepdims=True)
    return features - 2 * np.minimum(0, cosines) * weights


def symmetrised_code(weights, features):
    r"""The unit vectors halfway between each weight and its feature, reflected where needed.

    Parameters
    ----------
    weights, features : array_like, shape (num_points, dimension)
        Unit rows $w_k$ and $h_k$. A feature with $\langle w_k,h_k\rangle<0$ is first reflected in
        the hyperplane orthogonal to $w_k$, which only widens margins; so $w_k+h_k$ is never
        shorter than $\sqrt2$, and opposite vectors give $\hat u_k=w_k$.

    Returns
    -------
    ndarray, shape (num_points, dimension), float64
        Unit rows $\hat u_k$; equal to `weights` at self-duality. Their coherence is at most one
        minus the one-vs-rest distance of `weights` if `features` are its hardmax features.

    Raises
    ------
    ValueError
        If shapes differ or rows are not of length 1.

    Examples
    --------
    >>> symmetrised_code([[1, 0]], [[0.28, 0.96]])
    array([[0.8, 0.6]])
    """
    weights, features = _pair(weights, features)
    sums = weights + aligned_features(weights, features)
    return sums / np.linalg.norm(sums, axis=1, keepdims=True)


def _pair(weights, features):
    weights, features = as_unit(weights, "weights"), as_unit(features, "features")
    if weights.shape != features.shape:
        raise ValueError(f"features: expected shape {weights.shape}, got {features.shape}")
    return weights, features
