r"""Codes that beat the simplex and the circle: sums of simplices, several circles.

Two orthogonal simplices have one dimension less than one simplex and lose little cross-entropy. A
code of $m$ circles, $w_k=m^{-1/2}(e^{2\pi if_1k/K},\dots,e^{2\pi if_mk/K})$, has rank $2m$.
"""

import numpy as np
from scipy.special import logsumexp

from neuralcollapse.geometry.arrays import as_whole
from neuralcollapse.theory.circle.angles import hessian_spectrum
from neuralcollapse.theory.circle.bessel import as_beta, bessel_ratio, log_sphere_moment


def two_simplices_exchange(num_classes, beta):
    r"""Penalty from which two orthogonal simplices cost less than one.

    Parameters
    ----------
    num_classes : int
        At least 4; the halves are as equal as they can be.
    beta : float
        Inverse temperature, at least 0; dimensionless.

    Returns
    -------
    float
        $\lambda$ at which the mean cross-entropy plus $\lambda\|W\|_*$ of both codes agree, in
        nats. It times $K^2$ tends to $\beta^2$.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    A row in a simplex of n points has $\sum_je^{\beta(G_{kj}-1)}=1+e^{-\beta}(K-1-\beta+h(n-1))$
    with $h(m)=m(e^{-\beta/m}-1+\beta/m)$, and $\sqrt{n(n-1)}=n-1/(1+\sqrt{1-1/n})$: written so,
    the large parts cancel on paper.

    Examples
    --------
    >>> f"{two_simplices_exchange(11, 1.0):.6f}"
    '0.008667'
    """
    num_classes = as_whole(num_classes, "num_classes", 4)
    beta = as_beta(beta)
    halves = np.array([num_classes - num_classes // 2, num_classes // 2])
    whole = 1 + (num_classes - 1) * np.exp(-beta * num_classes / (num_classes - 1))
    more = np.exp(-beta) * (_bend(halves - 1, beta) - _bend(num_classes - 1, beta))
    losses = halves @ np.log1p(more / whole) / num_classes
    return float(losses / (_shortfall(halves).sum() - _shortfall(num_classes)))


def circle_stability(num_classes, beta):
    r"""Penalty up to which the circle is a local minimum among all unit codes.

    Parameters
    ----------
    num_classes : int
        At least 5.
    beta : float
        Inverse temperature, positive; dimensionless.

    Returns
    -------
    float
        $\sqrt2\,\Lambda_2(K,\beta)/\sqrt K$, in nats, with the eigenvalue $\Lambda_2$ of the
        Hessian of the angular potential on the second Fourier mode.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> f"{circle_stability(10_000, 1.0) * 100:.4f}"
    '1.1480'
    """
    num_classes = as_whole(num_classes, "num_classes", 5)
    return float(np.sqrt(2 / num_classes) * hessian_spectrum(num_classes, as_beta(beta))[2])


def circles_cross_entropy(num_classes, frequencies, beta):
    r"""Mean cross-entropy of a code of equal circles.

    Parameters
    ----------
    num_classes : int
        At least 3.
    frequencies : sequence of int
        One a circle.
    beta : float
        Inverse temperature, at least 0; dimensionless.

    Returns
    -------
    float
        In nats; at least $\log K-\beta+m\log I_0(\beta/m)$ with $m$ circles.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> value = circles_cross_entropy(4, [1], 1.0)
    >>> bool(np.isclose(value, np.log(1 + 2 / np.e + np.exp(-2))))
    True
    """
    num_classes = as_whole(num_classes, "num_classes", 3)
    beta = as_beta(beta)
    if not np.iterable(frequencies):
        raise ValueError(f"frequencies: expected a sequence, one a circle, got {frequencies}")
    # Reduced as Python numbers: products of large frequencies would leave int64.
    residues = [as_whole(f, "frequencies", 1) % num_classes for f in frequencies]
    if not residues:
        raise ValueError("frequencies: expected at least one, got none")
    turns = np.outer(residues, np.arange(num_classes)) % num_classes
    cosines = np.cos(2 * np.pi * turns / num_classes).mean(axis=0)
    return float(logsumexp(beta * (cosines - 1)))


def circles_exchange(count, beta):
    r"""Scaled penalty at which m and m + 1 circles cost the same, with no aliasing.

    Parameters
    ----------
    count : int
        The smaller number m of circles, at least 1.
    beta : float
        Inverse temperature, at least 0; dimensionless.

    Returns
    -------
    float
        $\lambda\sqrt K=\frac{m\log I_0(\beta/m)-(m+1)\log I_0(\beta/(m+1))}
        {\sqrt{2(m+1)}-\sqrt{2m}}$, in nats.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    From ten circles on, where the two terms would cancel, their difference is the integral over
    the number of circles of $u\rho_1(u)-\log I_0(u)$ at $u=\beta/m$, by Gauss's rule.

    Examples
    --------
    >>> f"{circles_exchange(1, 1.0):.6f}"
    '0.192587'
    """
    count = as_whole(count, "count", 1)
    beta = as_beta(beta)
    if count < 10:
        fewer, more = (m * log_sphere_moment(2, beta / m) for m in (count, count + 1))
        gain = fewer - more
    else:
        nodes, shares = np.polynomial.legendre.leggauss(8)
        strengths = [beta / (count + (1 + node) / 2) for node in nodes]
        slopes = [u * bessel_ratio(1, u) - log_sphere_moment(2, u) for u in strengths]
        gain = shares @ slopes / 2
    return float(gain * (np.sqrt(count + 1) + np.sqrt(count)) / np.sqrt(2))


def _bend(size, beta):
    """m (exp(-u) - 1 + u) at u = beta / m, by its series where the terms would cancel."""
    u = beta / np.asarray(size, float)
    series, term = np.zeros_like(u), u * u / 2
    for power in range(3, 20):
        series, term = series + term, -term * u / power
    return size * np.where(u < 0.5, series, np.expm1(-u) + u)


def _shortfall(size):
    """n less the nuclear norm of a simplex of n points."""
    return 1 / (1 + np.sqrt(1 - 1 / np.asarray(size, float)))
