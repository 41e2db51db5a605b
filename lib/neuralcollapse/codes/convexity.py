r"""The loss of a batch of classes, and the temperatures at which it bends one way only.

In a union of mutually orthogonal regular simplices with features equal to weights, a simplex that
spans $x$ dimensions adds [alcala2026]

$$f_{n,\tau}(x)=(x+1)\log\bigl(1+xe^{-(1+1/x)/\tau}+(n-1-x)e^{-1/\tau}\bigr)$$

to $n$ times the cross-entropy at temperature $\tau=1/\beta$. With $r=1/x$, $u=\beta r$,
$E_k(u)=\sum_ju^j/(j+k)!$ and $D=e^\beta+n-1-\beta E_1(-u)$,

$$f''=\frac{\beta^2e^{-u}}{x^3D}P,\qquad
P(r,\beta)=1-2\beta E_3(u)-\frac{(1+r)\beta^2E_2(u)^2e^{-u}}D .$$

For $n\ge4$, $0\le r\le1$ and $0<\beta\le3$ the sign function $P$ falls strictly in $r$ and in
$\beta$, from 1 to below 0, and it stays negative for $\beta\ge3$: so $f$ is first concave, then
convex in $x$, and its one bend moves down as temperature grows.
"""

from fractions import Fraction

import mpmath
import numpy as np
from flint import arb
from mpmath.libmp import from_man_exp, to_rational

from neuralcollapse.codes import precision
from neuralcollapse.geometry.arrays import as_whole

_GUARD_BITS = 64  # beyond the digits asked for; cancellation costs a few of them


def batch_loss(num_points, temperature, dim):
    r"""What a regular simplex of `dim` dimensions adds to the summed cross-entropy.

    Parameters
    ----------
    num_points : array_like of int
        Points of the whole code, at least 2.
    temperature : array_like of float
        Positive.
    dim : array_like of float
        Dimensions $x$ the simplex spans, in (0, num_points - 1]. A simplex has $x+1$ points; the
        formula makes sense for real $x$. All three arguments broadcast.

    Returns
    -------
    ndarray or float, float64
        $f_{n,\tau}(x)$ in nats, positive. Relative error about $10^{-15}(1+1/\tau)$; it underflows
        below temperature 0.0014, and below 0.0027 where dim = num_points - 1 = 1.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Equation of Lemma 15 [alcala2026], reconstructed.

    Examples
    --------
    Two antipodal pairs at temperature 1: each row of the Gram matrix is 1, -1, 0, 0.

    >>> loss = 2 * batch_loss(4, 1.0, 1)
    >>> bool(np.isclose(loss, 4 * np.log((np.e + 1 / np.e + 2) / np.e)))
    True
    """
    count, tau, x = (np.asarray(a, dtype=np.float64) for a in (num_points, temperature, dim))
    if not np.all((count >= 2) & (count < np.inf) & (count == np.round(count))):
        raise ValueError(f"num_points: expected whole numbers from 2 on, got {num_points}")
    _check_temperature(tau)
    if not np.all((x > 0) & (x <= count - 1)):
        raise ValueError(
            f"dim: expected numbers above 0 and at most num_points - 1, got {dim}; "
            "a simplex in x dimensions has x + 1 of the points"
        )
    with np.errstate(over="ignore", under="ignore"):
        inside = x * np.exp(-(1 + 1 / x) / tau) + (count - 1 - x) * np.exp(-1 / tau)
        return (x + 1) * np.log1p(inside)


def lemma15_thresholds(num_points, digits=30, *, largest=None):
    r"""The temperatures below which the batch loss is concave and above which it is convex.

    Parameters
    ----------
    num_points : int
        $n$, at least 4, where the orthoplex regime begins.
    digits : int
        Correct digits wanted, at least 1.
    largest : int, float, Fraction or mpmath.mpf, optional
        Upper end $b$ of the interval $[1,b]$, in (1, num_points - 1]; the default is
        num_points - 1. Theorem 12 needs only num_points - 3.

    Returns
    -------
    tau_minus, tau_plus : mpmath.mpf
        $f_{n,\tau}$ is strictly concave on $[1,b]$ if and only if $\tau\le\tau_-$, and strictly
        convex if and only if $\tau\ge\tau_+$. Dimensionless, in (1/3, 0.61), each off by less than
        $10^{-\text{digits}-2}$: a change of sign of $P(1/b,\cdot)$ or $P(1,\cdot)$, which have one
        zero each, is certified in interval arithmetic on both sides.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Lemma 15 of [alcala2026], reconstructed, in a sharp form.

    Examples
    --------
    >>> [mpmath.nstr(tau, 12) for tau in lemma15_thresholds(4, 12)]
    ['0.460840418212', '0.607371901283']
    """
    count = as_whole(num_points, "num_points", 4, "the orthoplex regime begins there")
    digits = as_whole(digits, "digits", 1)
    largest = count - 1 if largest is None else largest
    if not 1 < largest <= count - 1:
        raise ValueError(
            f"largest: expected a number above 1 and at most num_points - 1 = {count - 1}, "
            f"got {largest}; it is the upper end of an interval that begins at 1"
        )
    end = _as_fraction(largest)
    with precision.bits(int(3.33 * digits) + _GUARD_BITS):
        share = 1 / arb(count - 1)
        ratios = arb(end.denominator) / end.numerator, arb(1)
        zeros = [_bend(ratio, share, digits) for ratio in ratios]
        return tuple(exact_mpf(1 / beta) for beta in zeros)


def curvature(ratio, beta, share):
    r"""Enclose the sign function $P$ of the second derivative of the batch loss.

    Parameters
    ----------
    ratio : arb
        $r=1/x$, in [0, 1].
    beta : arb
        Inverse temperature, not negative.
    share : arb
        $1/(n-1)$, in [0, 1].

    Returns
    -------
    arb
        Contains $P$ for all arguments in the three balls.

    Examples
    --------
    >>> bool(abs(curvature(arb(0), arb(3), arb(0))) < 1e-15)  # n infinite: 1 - beta / 3 at r = 0
    True
    """
    u = ratio * beta
    inner = 1 + share * (beta.exp() - beta * _first(u))
    product = _second(u) ** 2 * (-u).exp() / inner
    return 1 - 2 * beta * _third(u) - share * (1 + ratio) * beta**2 * product


def curvature_slopes(ratio, beta, share):
    r"""Enclose the slopes of the sign function: $\beta^{-2}\partial_rP$ and $\partial_\beta P$.

    Parameters
    ----------
    ratio, beta, share : arb
        As in `curvature`.

    Returns
    -------
    along_ratio, along_beta : arb

    Examples
    --------
    >>> along_ratio, along_beta = curvature_slopes(arb(0), arb(3), arb(0))
    >>> bool(abs(along_ratio + 1 / arb(12)) < 1e-15), bool(abs(along_beta + 1 / arb(3)) < 1e-15)
    (True, True)
    """
    u = ratio * beta
    second = _second(u)
    inner = 1 + share * (beta.exp() - beta * _first(u))
    product = share * second**2 * (-u).exp() / inner
    growth = 2 * _rising(u, lambda t: t.hypgeom_1f1(2, 4) / 6) / second - 1
    third_slope = _rising(u, lambda t: t.hypgeom_1f1(2, 5) / 24)
    first_slope = _rising(u, lambda t: -(-t).hypgeom_1f1(2, 3) / 2)
    widening = share * beta**2 * first_slope / inner
    along_ratio = -2 * third_slope - product * (1 + (1 + ratio) * (beta * growth + widening))
    change = 2 + u * growth - beta * share * (beta.exp() - (-u).exp()) / inner
    along_beta = -2 * (_third(u) + u * third_slope) - product * (1 + ratio) * beta * change
    return along_ratio, along_beta


def exact_mpf(ball):
    """The midpoint of a ball as an mpmath number, not rounded to mpmath's current precision."""
    mantissa, exponent = ball.mid().man_exp()
    return mpmath.mp.make_mpf(from_man_exp(int(mantissa), int(exponent)))


def certified_zero(function, slope, start, digits):
    """Newton's method on midpoints, then a proved change of sign around where it ends.

    Parameters
    ----------
    function, slope : callable
        From arb to arb.
    start : arb
        Near a zero.
    digits : int
        The zero lies within ``10**-(digits + 3)`` of what is returned.

    Returns
    -------
    arb
        Exact.

    Raises
    ------
    ArithmeticError
        If no change of sign can be certified.

    Examples
    --------
    >>> zero = certified_zero(lambda t: t * t - 4, lambda t: 2 * t, arb(3), 10)
    >>> bool(abs(zero - 2) < 1e-12)
    True
    """
    beta = start.mid()
    for _ in range(60):
        step = (function(beta) / slope(beta)).mid()
        beta = (beta - step).mid()
        if abs(step) < arb(10) ** -(digits + 6):
            break
    reach = arb(10) ** -(digits + 3)
    below, above = function((beta - reach).mid()), function((beta + reach).mid())
    if not ((below > 0 and above < 0) or (below < 0 and above > 0)):
        raise ArithmeticError("no change of sign could be certified; ask for more digits")
    return beta


def _bend(ratio, share, digits):
    return certified_zero(
        lambda beta: curvature(ratio, beta, share),
        lambda beta: curvature_slopes(ratio, beta, share)[1],
        arb(2),
        digits,
    )


def _rising(u, function):
    """Enclose a monotone function on a ball by its values at the two ends."""
    return function(u.lower()).union(function(u.upper()))


def _first(u):
    return _rising(u, lambda t: (-t).hypgeom_1f1(1, 2))  # E_1(-u), which falls


def _second(u):
    return _rising(u, lambda t: t.hypgeom_1f1(1, 3) / 2)


def _third(u):
    return _rising(u, lambda t: t.hypgeom_1f1(1, 4) / 6)


def _check_temperature(temperature):
    if not np.all((temperature > 0) & (temperature < np.inf)):
        raise ValueError(f"temperature: expected positive numbers, got {temperature}")


def _as_fraction(number):
    """A number as a fraction, without rounding."""
    if isinstance(number, mpmath.mpf):
        return Fraction(*map(int, to_rational(number._mpf_)))
    return Fraction(number if isinstance(number, (int, Fraction)) else float(number))
