r"""How many dimensions pay: unit codes of rank r between the circle and the simplex.

A *flat* code has equal non-zero singular values $\sqrt{K/r}$, so that
$\|W\|_{S_q}^q=K(r/K)^{1-q/2}$. Of all codes of rank r none has less cross-entropy than
$\log K-\beta+\log M_r(\beta)$, which evenly spread codes approach as K grows. The two together are
the cost of rank r.
"""

import numpy as np
from scipy.special import logsumexp

from neuralcollapse.geometry.arrays import as_number, as_positive, as_whole
from neuralcollapse.theory.circle.bessel import as_beta, log_sphere_moment


def rank_exchange(rank, beta):
    r"""Scaled penalty at which evenly spread codes of rank r and r + 1 cost the same.

    Parameters
    ----------
    rank : int
        The smaller rank r, at least 1.
    beta : float
        Inverse temperature, at least 0; dimensionless.

    Returns
    -------
    float
        $x_r=\lambda\sqrt K=\frac{\log M_r(\beta)-\log M_{r+1}(\beta)}{\sqrt{r+1}-\sqrt r}$ for the
        nuclear norm, in nats; above it rank r costs less. Positive for positive `beta`; relative
        error below 1e-12 up to $\beta=1000$ at every rank.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    With $t_k$ the terms of $M_{r+1}={}_0F_1(;\frac{r+1}2;\frac{\beta^2}4)$, those of $M_r$ are
    $t_k\prod_{i<k}(1+\frac1{r+2i})$, so the difference of logarithms is one logarithm of a mean,
    in which nothing cancels.

    Examples
    --------
    Rank 1 against rank 2 is $\log\cosh\beta-\log I_0(\beta)$ over $\sqrt2-1$:

    >>> f"{rank_exchange(1, 1.0):.6f}"
    '0.477692'
    """
    rank = as_whole(rank, "rank", 1)
    beta = as_beta(beta)
    if beta == 0:
        return 0.0
    order = np.arange(int(beta) + 64)
    terms = 2 * np.log(beta / 2) - np.log(order + 1) - np.log((rank + 1) / 2 + order)
    logs = np.concatenate([[0], np.cumsum(terms)])
    ratios = np.concatenate([[0], np.cumsum(np.log1p(1 / (rank + 2.0 * order)))])
    weights = np.exp(logs - logsumexp(logs))
    gap = np.log1p(weights @ np.expm1(ratios))
    return float(gap * (np.sqrt(rank + 1) + np.sqrt(rank)))


def flat_exchange(rank, q=1.0):
    r"""Limit of the exchange of ranks at small inverse temperature, in units of its square.

    Parameters
    ----------
    rank : int
        The smaller rank r, at least 1.
    q : float
        Schatten exponent, between 0 and 2, both excluded.

    Returns
    -------
    float
        $\hat x_r=\frac1{2r(r+1)\left((r+1)^{1-q/2}-r^{1-q/2}\right)}$, the value of $\lambda
        K^{q/2}/\beta^2$ at which spectra of r and r + 1 equal parts exchange; dimensionless.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    For $q=1$ and rank 1, $(1+\sqrt2)/4$:

    >>> round(flat_exchange(1), 6)
    0.603553
    """
    rank = as_whole(rank, "rank", 1)
    power = 1 - _exponent(q) / 2
    step = rank**power * np.expm1(power * np.log1p(1 / rank))
    return float(1 / (2 * rank * (rank + 1) * step))


def rank_law(num_classes, beta, regularisation, q=1.0):
    r"""Real rank at which small inverse temperatures balance cross-entropy and penalty.

    Parameters
    ----------
    num_classes : int
        At least 2.
    beta : float
        Inverse temperature, positive; dimensionless.
    regularisation : float
        Strength $\lambda$ of the penalty $\lambda\|W\|_{S_q}^q$, positive, in nats.
    q : float
        Schatten exponent, between 0 and 2, both excluded.

    Returns
    -------
    float
        $r^*=\left[\frac{\beta^2}{(2-q)\lambda K^{q/2}}\right]^{2/(4-q)}$, not cut to $[1,K-1]$.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> round(rank_law(100, 1.0, 1 / 80), 12)
    4.0
    """
    num_classes = as_whole(num_classes, "num_classes", 2)
    beta, q = as_beta(beta), _exponent(q)
    regularisation = as_positive(regularisation, "regularisation")
    if beta == 0:
        raise ValueError(
            "beta: expected a positive inverse temperature, got 0; the law is for ratios"
        )
    scaled = regularisation * num_classes ** (q / 2) / beta**2
    return float(((2 - q) * scaled) ** (-2 / (4 - q)))


def isotropic_cost(num_classes, rank, beta, regularisation, q=1.0):
    r"""Cost of an ideal evenly spread code of a rank: the bound on cross-entropy and a flat
    spectrum.

    Parameters
    ----------
    num_classes : int
        At least 2.
    rank : float
        At least 1.
    beta : float
        Inverse temperature, at least 0; dimensionless.
    regularisation : float
        Strength $\lambda$ of the penalty, positive, in nats.
    q : float
        Schatten exponent, between 0 and 2, both excluded.

    Returns
    -------
    float
        $\log K-\beta+\log M_r(\beta)+\lambda K(r/K)^{1-q/2}$, in nats.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> value = isotropic_cost(9, 1, 0.0, 0.1)
    >>> bool(np.isclose(value, np.log(9) + 0.3))
    True
    """
    num_classes = as_whole(num_classes, "num_classes", 2)
    rank = as_number(rank, "rank", "a number from 1 on")
    if rank < 1:
        raise ValueError(f"rank: expected a number from 1 on, got {rank}")
    beta, q = as_beta(beta), _exponent(q)
    regularisation = as_positive(regularisation, "regularisation")
    penalty = regularisation * num_classes * (rank / num_classes) ** (1 - q / 2)
    return float(np.log(num_classes) - beta + log_sphere_moment(rank, beta) + penalty)


def best_isotropic_rank(num_classes, beta, regularisation, q=1.0):
    """Whole rank of least isotropic cost.

    Parameters
    ----------
    num_classes : int
        At least 2.
    beta : float
        Inverse temperature, at least 0; dimensionless.
    regularisation : float
        Strength of the penalty, positive, in nats.
    q : float
        Schatten exponent, between 0 and 2, both excluded.

    Returns
    -------
    int
        From 1 to ``num_classes - 1``; the smallest if several cost the same.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> best_isotropic_rank(100, 1.0, 0.03)
    2
    """
    num_classes = as_whole(num_classes, "num_classes", 2)
    ranks = range(1, num_classes)
    costs = [isotropic_cost(num_classes, rank, beta, regularisation, q) for rank in ranks]
    return int(np.argmin(costs)) + 1


def _exponent(q):
    q = as_number(q, "q", "a number between 0 and 2")
    if not 0 < q < 2:
        raise ValueError(f"q: expected a number between 0 and 2, both excluded, got {q}")
    return q
