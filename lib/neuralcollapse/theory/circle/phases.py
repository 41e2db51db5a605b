r"""Phase alignment: how far tokens on a circle are from the character a classifier asks for.

Token $a$ sits at angle $\theta_a$, class $c$ at $2\pi mc/P$, and the feature of a pair is the
product $e^{i(\theta_a+\theta_b)}$. Its angle misses the class $a+b$ by $\psi_a+\psi_b$, where
$\psi_a=\theta_a-2\pi ma/P$ is the *lag* of a token. The mean of $\beta(1-\cos)$ of that miss over
all pairs is a potential of the lags alone, $\beta(1-\operatorname{Re}Z^2)$ with the order parameter
$Z=\frac1P\sum_ae^{i\psi_a}$ of Kuramoto [kuramoto1984].
"""

import numpy as np

from neuralcollapse.geometry.arrays import as_reals, as_whole
from neuralcollapse.theory.circle.bessel import as_beta


def as_angles(angles, name):
    """Return angles as a float64 array whose last axis has at least two entries."""
    array = as_reals(angles, name)
    if array.ndim == 0 or array.shape[-1] < 2:
        raise ValueError(
            f"{name}: expected at least two angles on the last axis, got shape {array.shape}"
        )
    return array


def phase_lags(angles, frequency):
    r"""Lags of the tokens behind the character of a frequency.

    Parameters
    ----------
    angles : array_like, shape (..., modulus)
        Angles $\theta_a$ of the tokens $0,\dots,P-1$ in radians.
    frequency : int
        The $m$ of the classifier with class $c$ at $2\pi mc/P$.

    Returns
    -------
    ndarray, shape (..., modulus), float64
        $\psi_a=\theta_a-2\pi ma/P$ in $[-\pi,\pi)$; all 0 or all $-\pi$ for a character.

    Raises
    ------
    ValueError
        If an angle is not finite, there are fewer than two, or the frequency is not whole.

    Examples
    --------
    >>> phase_lags([0, np.pi / 2, np.pi, 3 * np.pi / 2], 1)
    array([0., 0., 0., 0.])
    """
    angles = as_angles(angles, "angles")
    frequency = as_whole(frequency, "frequency", 0)
    modulus = angles.shape[-1]
    turns = frequency % modulus * np.arange(modulus) % modulus / modulus
    return (angles - 2 * np.pi * turns + np.pi) % (2 * np.pi) - np.pi


def order_parameter(lags):
    r"""Order parameter of Kuramoto: the mean of the lags as points of the circle.

    Parameters
    ----------
    lags : array_like, shape (..., modulus)
        In radians.

    Returns
    -------
    ndarray, shape (...), complex128
        $Z=re^{i\Psi}=\frac1P\sum_ae^{i\psi_a}$, in the unit disc; $|Z|=1$ if all lags agree.

    Raises
    ------
    ValueError
        If a lag is not finite or there are fewer than two.

    Notes
    -----
    Source: [kuramoto1984].

    Examples
    --------
    >>> complex(np.round(order_parameter([0, np.pi / 2]), 12))
    (0.5+0.5j)
    """
    return np.exp(1j * as_angles(lags, "lags")).mean(axis=-1)


def phase_potential(lags, beta):
    r"""Mean loss of a product feature over all pairs, to leading order.

    Parameters
    ----------
    lags : array_like, shape (..., modulus)
        In radians.
    beta : float
        Inverse temperature, at least 0; dimensionless.

    Returns
    -------
    ndarray, shape (...), float64
        $\mathcal L=\frac\beta{P^2}\sum_{a,b}\bigl(1-\cos(\psi_a+\psi_b)\bigr)
        =\beta(1-\operatorname{Re}Z^2)$, in $[0,2\beta]$; 0 exactly for a character up to sign.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Computed as $\beta(d(2-d)+2(\operatorname{Im}Z)^2)$ with
    $d=1-|Z|=\frac2P\sum_a\sin^2\frac{\psi_a-\Psi}2$, so that small values keep their digits.

    Examples
    --------
    >>> float(phase_potential([0, 0, np.pi], 9.0))
    8.0
    """
    beta = as_beta(beta)
    mean = order_parameter(lags)
    misses = as_angles(lags, "lags") - np.angle(mean)[..., None]
    rest = 2 * np.square(np.sin(misses / 2)).mean(axis=-1)
    return beta * (rest * (2 - rest) + 2 * mean.imag**2)


def phase_gradient(lags, beta):
    r"""Gradient of `phase_potential`.

    Parameters
    ----------
    lags : array_like, shape (..., modulus)
        In radians.
    beta : float
        Inverse temperature, at least 0; dimensionless.

    Returns
    -------
    ndarray, shape (..., modulus), float64
        $\frac{2\beta}P\,r\sin(\psi_a+\Psi)$. A step of gradient descent adds minus the learning
        rate times this.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> phase_gradient([0, np.pi / 2], 2.0).round(12)
    array([1., 1.])
    """
    beta = as_beta(beta)
    points = np.exp(1j * as_angles(lags, "lags"))
    mean = points.mean(axis=-1, keepdims=True)
    return 2 * beta / points.shape[-1] * (mean * points).imag


def phase_hessian(lags, beta):
    r"""Hessian of `phase_potential`.

    Parameters
    ----------
    lags : array_like, shape (modulus,)
        In radians.
    beta : float
        Inverse temperature, at least 0; dimensionless.

    Returns
    -------
    ndarray, shape (modulus, modulus), float64
        $\frac{2\beta}{P^2}\bigl(\cos(\psi_a+\psi_b)+\delta_{ab}\sum_c\cos(\psi_a+\psi_c)\bigr)$.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> phase_hessian([0, 0], 2.0)
    array([[3., 1.],
           [1., 3.]])
    """
    beta = as_beta(beta)
    lags = as_angles(lags, "lags")
    if lags.ndim != 1:
        raise ValueError(f"lags: expected one configuration, shape (modulus,), got {lags.shape}")
    cosines = np.cos(lags[:, None] + lags)
    return 2 * beta / len(lags) ** 2 * (cosines + np.diag(cosines.sum(axis=1)))
