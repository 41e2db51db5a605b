r"""How fast phases lock: the closed curve, and what a finite number of tokens adds to it.

Under the gradient flow of `phase_potential` lags move by Möbius maps of the unit disc. From
$e^{i\psi_a}=M_\alpha(\zeta_a)$, $M_\alpha(\zeta)=\frac{\zeta+\alpha}{1+\alpha\zeta}$, with
$\zeta_a$ equally spaced and symmetric about 1, only $\alpha$ moves, and the order parameter is a
function of it. As $P\to\infty$ it becomes $\alpha$, and its equation that of Ott and Antonsen
[ottantonsen2008].
"""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit

from neuralcollapse.geometry.arrays import as_nonnegative, as_number, as_reals, as_whole
from neuralcollapse.theory.circle.bessel import as_beta


def as_resultant(resultant):
    """Return the length of an order parameter as a float in [0, 1], or raise ValueError."""
    value = as_number(resultant, "resultant", "a number from 0 to 1")
    if not 0 <= value <= 1:
        raise ValueError(f"resultant: expected a number from 0 to 1, got {resultant}")
    return value


def cauchy_lags(modulus, resultant):
    r"""Place lags at the quantiles of a wrapped Cauchy law.

    Parameters
    ----------
    modulus : int
        Number of tokens, at least 3.
    resultant : float
        Mean resultant length $\alpha$ of the law, in [0, 1]: 0 spreads lags evenly, 1 locks them.

    Returns
    -------
    ndarray, shape (modulus,), float64
        Ascending, symmetric about 0, in radians: $\tan\frac{\psi_a}2=\frac{1-\alpha}{1+\alpha}
        \tan\frac{u_a}2$ with $u_a=\frac{2\pi}P\bigl(a-\frac{P-1}2\bigr)$.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Source: $e^{i\psi_a}=M_\alpha(e^{iu_a})$; the law is the manifold of [ottantonsen2008].

    Examples
    --------
    >>> (cauchy_lags(3, 0.0) / np.pi * 3).round(12)
    array([-2.,  0.,  2.])
    """
    modulus, resultant = as_whole(modulus, "modulus", 3), as_resultant(resultant)
    halves = np.pi / modulus * (np.arange(modulus) - (modulus - 1) / 2)
    return 2 * np.arctan2((1 - resultant) * np.sin(halves), (1 + resultant) * np.cos(halves))


def locking_curve(times, resultant, *, beta, learning_rate, modulus):
    r"""Length of the order parameter under gradient flow, in the limit of many tokens.

    Parameters
    ----------
    times : float or array_like
        In steps of gradient descent.
    resultant : float
        Length $r_0$ at time 0, in [0, 1].
    beta : float
        Inverse temperature, at least 0; dimensionless.
    learning_rate : float
        $\eta$, at least 0.
    modulus : int
        Number of tokens, at least 3.

    Returns
    -------
    ndarray, float64, of the shape of `times`
        $r(t)=\bigl[1+\frac{1-r_0^2}{r_0^2}e^{-2\beta\eta t/P}\bigr]^{-1/2}$, from $r_0$ to 1; stays
        0 from 0.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Solves $\dot r=\frac{\beta\eta}Pr(1-r^2)$: [ottantonsen2008] with a real order parameter.

    Examples
    --------
    >>> curve = locking_curve([0, 1e6], 0.5, beta=1.0, learning_rate=0.1, modulus=7)
    >>> curve.round(12)
    array([0.5, 1. ])
    """
    rate = (
        as_beta(beta)
        * as_nonnegative(learning_rate, "learning_rate")
        / as_whole(modulus, "modulus", 3)
    )
    resultant = as_resultant(resultant)
    times = as_reals(times, "times")
    if resultant in (0, 1):
        return np.full(times.shape, resultant)
    odds = 2 * np.log(resultant) - np.log1p(-(resultant**2))
    return np.sqrt(expit(odds + 2 * rate * times))


def finite_order(resultant, modulus):
    r"""Order parameter of lags at the quantiles of a wrapped Cauchy law, exactly.

    Parameters
    ----------
    resultant : float or array_like
        Mean resultant length $\alpha$ of the law, in [0, 1].
    modulus : int
        Number of tokens, at least 3.

    Returns
    -------
    ndarray, float64, of the shape of `resultant`
        $\alpha+\frac{(1-\alpha^2)\alpha^{P-1}}{1+\alpha^P}$, never below $\alpha$.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> float(finite_order(0.5, 3)) == 0.5 + 0.75 * 0.25 / 1.125
    True
    """
    modulus = as_whole(modulus, "modulus", 3)
    resultant = as_reals(resultant, "resultant")
    if not ((resultant >= 0) & (resultant <= 1)).all():
        raise ValueError("resultant: expected numbers from 0 to 1, got others")
    return resultant + (1 - resultant**2) * resultant ** (modulus - 1) / (1 + resultant**modulus)


def locking_deviation(modulus):
    r"""Bounds on how far the order parameter of finitely many tokens rises above `locking_curve`.

    Parameters
    ----------
    modulus : int
        Number of tokens, at least 3.

    Returns
    -------
    least, most : float
        Dimensionless. From lags at quantiles with $\alpha_0$ small enough to pass through
        $e^{-s/P}$ at the maximum below, the largest deviation over all times lies between
        $\max_s\frac{2\sinh(s/P)}{e^s+1}$ and that plus $\frac{2e^{2/(P-2)}}{P(P-2)}$. The first is
        $2W(1/e)/P$ up to $O(P^{-3})$, with $W$ of Lambert.

    Raises
    ------
    ValueError
        If the modulus is out of range.

    Examples
    --------
    >>> least, most = locking_deviation(1001)
    >>> f"{1001 * least:.4f}", most - least < 3e-6
    ('0.5569', True)
    """
    modulus = as_whole(modulus, "modulus", 3)

    def negative(scale):
        return -2 * np.sinh(scale / modulus) / (np.exp(scale) + 1)

    found = minimize_scalar(negative, bounds=(0.5, 3), method="bounded", options={"xatol": 1e-9})
    least = -float(found.fun)
    return least, least + 2 * float(np.exp(2 / (modulus - 2))) / (modulus * (modulus - 2))
