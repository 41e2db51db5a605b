r"""Modified Bessel functions as the circle needs them: logarithms and ratios, never overflowing.

$M_d(\beta)$ is the mean of $e^{\beta u_1}$ over the unit sphere of $\mathbb R^d$: $M_1=\cosh\beta$,
$M_2=I_0(\beta)$, $M_3=\sinh\beta/\beta$.
"""

import numpy as np
from scipy.special import ive, logsumexp

from neuralcollapse.geometry.arrays import as_nonnegative, as_number, as_reals, as_whole


def as_beta(beta):
    """Return an inverse temperature as a float, at least 0, or raise ValueError."""
    return as_nonnegative(beta, "beta")


def log_sphere_moment(dimension, beta):
    r"""Logarithm of the mean of $e^{\beta u_1}$ over the unit sphere.

    Parameters
    ----------
    dimension : float
        Of the space, at least 1; the formula makes sense between whole numbers.
    beta : float
        Inverse temperature, at least 0; dimensionless.

    Returns
    -------
    float
        $\log M_d(\beta)$ in nats, from 0 at $\beta=0$ up to $\beta$; relative error below 1e-12
        up to $\beta=1000$.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    $M_d(\beta)={}_0F_1(;d/2;\beta^2/4)$, a series of positive terms summed as logarithms.

    Examples
    --------
    >>> bool(np.isclose(log_sphere_moment(1, 2.0), np.log(np.cosh(2.0)), rtol=1e-14))
    True
    """
    beta = as_beta(beta)
    dimension = as_number(dimension, "dimension", "a number from 1 on")
    if dimension < 1:
        raise ValueError(f"dimension: expected a number from 1 on, got {dimension}")
    if beta == 0:
        return 0.0
    # Terms rise to order beta / 2 and then fall faster than any power.
    order = np.arange(1, int(beta) + 64)
    logs = np.cumsum(2 * np.log(beta / 2) - np.log(order) - np.log(dimension / 2 + order - 1))
    return float(np.logaddexp(0, logsumexp(logs)) if logs.max() > -1 else np.log1p(_sum(logs)))


def _sum(logs):
    return np.exp(logs).sum()


def bessel_ratio(order, beta):
    r"""Fourier coefficients of the von Mises density of concentration `beta`.

    Parameters
    ----------
    order : int or array_like of int
    beta : float
        Inverse temperature, at least 0; dimensionless.

    Returns
    -------
    ndarray, float64, of the shape of `order`
        $\rho_n=I_n(\beta)/I_0(\beta)$ in [0, 1]; 1 at order 0.

    Raises
    ------
    ValueError
        If an order is not whole, or `beta` is out of range.

    Examples
    --------
    >>> float(bessel_ratio(0, 3.0))
    1.0
    """
    beta = as_beta(beta)
    order = as_reals(order, "order")
    if (order % 1).any():
        raise ValueError(f"order: expected whole numbers, got {order}")
    return ive(np.abs(order), beta) / ive(0, beta)


def von_mises_aliasing(num_classes, beta):
    r"""By how much a von Mises density sampled at K points of the circle exceeds its mean.

    Parameters
    ----------
    num_classes : int
        At least 2.
    beta : float
        Inverse temperature, at least 0; dimensionless.

    Returns
    -------
    float
        $\eta_K(\beta)=2\sum_{\ell\ge1}I_{\ell K}(\beta)/I_0(\beta)$, so that
        $\sum_re^{\beta\cos(2\pi r/K)}=K\,I_0(\beta)(1+\eta_K)$; at least 0, and super-exponentially
        small in K.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> f"{von_mises_aliasing(12, 3.0):.2e}"
    '1.32e-07'
    """
    num_classes = as_whole(num_classes, "num_classes", 2)
    beta = as_beta(beta)
    # Coefficients fall below rounding beyond order 40 + 12 sqrt(beta).
    terms = 1 + int((40 + 12 * np.sqrt(beta)) // num_classes)
    return float(2 * bessel_ratio(num_classes * np.arange(1, terms + 1), beta).sum())
