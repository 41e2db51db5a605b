r"""Where lifted pairs overtake the low-entropy code, to any number of digits, with a certificate.

Weights `lifted_pairs(num_points, dimension, angle)` at an angle $\theta$ and features alike at an
angle $\eta$ have, with $m=n-d$, $q=2d-n$ and $\beta=1/\tau$, the loss $n\mathcal L_\tau=
2m\log(1+S)+q\log(1+T)$ of

$$S=e^{-2\beta\cos\theta\cos\eta}+2(m-1)e^{-\beta\cos\theta\cos\eta}
  +q\,e^{-\beta(\cos(\theta-\eta)+\sin\eta/q)},\qquad
T=2m\,e^{-\beta(1+\sin\theta/q)}+(q-1)e^{-\beta(1+1/q)} .$$

The low-entropy code has $f(q+1)+(m-1)f(1)$. One sympy expression is evaluated in floating point, to
many digits and in interval arithmetic.
"""

from functools import lru_cache

import mpmath
import numpy as np
import sympy
from flint import arb, arb_mat
from mpmath.libmp import dps_to_prec
from scipy.optimize import minimize
from sympy.codegen.cfunctions import log1p
from sympy.printing.pycode import PythonCodePrinter

from neuralcollapse.codes import precision
from neuralcollapse.codes.joint import batches
from neuralcollapse.geometry.arrays import as_number, as_whole

_SPARE = 15  # digits beyond those asked for, so that the last Newton step is not rounding
_VARIABLES = sympy.symbols("theta eta tau")
_ARB = {
    "arb": arb,
    "exp": lambda x: x.exp(),
    "log1p": lambda x: x.log1p(),
    "sin": lambda x: x.sin(),
    "cos": lambda x: x.cos(),
}


class _BallPrinter(PythonCodePrinter):
    """Prints fractions as quotients of balls: one third as a double would be a wrong number."""

    def _print_Rational(self, expr):
        return f"(arb({expr.p})/{expr.q})"


@lru_cache(maxsize=None, typed=True)
def lead(num_points, dimension):
    r"""Scaled loss of lifted pairs minus that of the low-entropy code, as an expression.

    Parameters
    ----------
    num_points, dimension : int
        $d+2\le n<2d$.

    Returns
    -------
    sympy.Expr
        In the symbols theta, eta, tau; negative where lifted pairs are better.

    Raises
    ------
    ValueError
        If n and d are out of range.

    Examples
    --------
    >>> value = lead(5, 3).evalf(6, subs=dict(zip(("theta", "eta", "tau"), (0.1, 0.1, 0.1))))
    >>> bool(value < 0)
    True
    """
    m, q = batches(num_points, dimension)
    num_points = 2 * m + q  # an int, whatever came in
    theta, eta, tau = _VARIABLES
    exp, cos, sin = sympy.exp, sympy.cos, sympy.sin
    across = exp(-cos(theta) * cos(eta) / tau)
    pair = across**2 + 2 * (m - 1) * across
    pair += q * exp(-(cos(theta - eta) + sin(eta) / q) / tau)
    other = 2 * m * exp(-(1 + sin(theta) / q) / tau)
    other += (q - 1) * exp(-(1 + sympy.Rational(1, q)) / tau)

    def part(x):
        inside = x * exp(-(1 + sympy.Rational(1, x)) / tau) + (num_points - 1 - x) * exp(-1 / tau)
        return (x + 1) * log1p(inside)

    lifted = 2 * m * log1p(pair) + q * log1p(other)
    return exp(1 / tau) * (lifted - part(q + 1) - (m - 1) * part(1))


@lru_cache(maxsize=None, typed=True)
def _functions(num_points, dimension, backend):
    """The lead; the system of a tie of a stationary point; its Jacobian; all as functions."""
    expression = lead(num_points, dimension)
    system = [expression.diff(angle) for angle in _VARIABLES[:2]] + [expression]
    jacobian = [[row.diff(v) for v in _VARIABLES] for row in system]
    options = {"modules": backend}
    if backend == "arb":
        printer = _BallPrinter({"fully_qualified_modules": False, "allow_unknown_functions": True})
        options = {"modules": _ARB, "printer": printer}
    return [
        sympy.lambdify(_VARIABLES, item, cse=True, **options)
        for item in (expression, system, jacobian)
    ]


def family_minimum(num_points, dimension, temperature):
    r"""The angles at which lifted pairs have the least loss.

    Parameters
    ----------
    num_points, dimension : int
        $d+2\le n<2d$.
    temperature : float
        In [0.002, 1].

    Returns
    -------
    lead, weight_angle, feature_angle : float
        The lead is dimensionless and negative where lifted pairs beat the low-entropy code; angles
        in radians. A local minimum found from angles near $\sqrt{\tau}/3$.

    Raises
    ------
    ValueError
        If n, d or the temperature are out of range.

    Examples
    --------
    >>> family_minimum(5, 3, 0.05)[0] < 0
    True
    """
    expected = "0.002 to 1"
    if not 0.002 <= as_number(temperature, "temperature", expected) <= 1:
        raise ValueError(f"temperature: expected {expected}, got {temperature}")
    value, system, _ = _functions(num_points, dimension, "numpy")
    found = minimize(
        lambda x: value(*x, temperature),
        np.full(2, np.sqrt(temperature) / 3),
        jac=lambda x: np.array(system(*x, temperature)[:2]),
        method="BFGS",
        options={"gtol": 1e-9},
    )
    return float(found.fun), float(found.x[0]), float(found.x[1])


def crossing_point(num_points, dimension, digits=20):
    r"""The temperature at which lifted pairs and the low-entropy code have one loss.

    Parameters
    ----------
    num_points, dimension : int
        $d+2\le n<2d$.
    digits : int
        Correct digits, at least 5.

    Returns
    -------
    temperature, weight_angle, feature_angle : mpmath.mpf
        With `digits` + 15 digits, of which Newton's method has converged in all but the last few.

    Raises
    ------
    ValueError
        If n, d or `digits` are out of range.
    ArithmeticError
        If there is no crossing in [0.02, 0.6], or Newton's method does not converge.

    Examples
    --------
    >>> mpmath.nstr(crossing_point(5, 3, 10)[0], 4)
    '0.1452'
    """
    digits = as_whole(digits, "digits", 5)
    tau = _last_lead(num_points, dimension)
    _, theta, eta = family_minimum(num_points, dimension, tau)
    with precision.digits(digits + _SPARE):
        _, system, jacobian = _functions(num_points, dimension, "mpmath")
        found = mpmath.matrix([theta, eta, tau])
        for _ in range(60):
            step = mpmath.lu_solve(mpmath.matrix(jacobian(*found)), mpmath.matrix(system(*found)))
            found -= step
            if mpmath.norm(step) < mpmath.mpf(10) ** (-digits - _SPARE + 4):
                return found[2], found[0], found[1]
    raise ArithmeticError("Newton's method did not converge in 60 steps; ask for fewer digits")


def isolates_crossing(num_points, dimension, found, digits):
    r"""Whether a box of half-width $10^{-\text{digits}}$ provably holds just one tie.

    Parameters
    ----------
    num_points, dimension : int
    found : tuple of mpmath.mpf
        Temperature, weight angle and feature angle, as `crossing_point` returns them.
    digits : int
        At least 5.

    Returns
    -------
    bool
        True if Krawczyk's operator maps the box into its interior, so that it holds exactly one
        point where the lead and its derivatives by both angles vanish; if the Hessian in the angles
        is positive definite in the box, so that the point is a local minimum of the family; and if
        the lead grows with temperature there, so that it turns from negative to positive.
        In interval arithmetic: True is a proof, False is none.

    Raises
    ------
    ValueError
        If n, d or `digits` are out of range.

    Examples
    --------
    >>> tie = crossing_point(5, 3, 12)
    >>> isolates_crossing(5, 3, tie, 12), isolates_crossing(5, 3, (tie[0] + 1e-9, *tie[1:]), 12)
    (True, False)
    """
    digits = as_whole(digits, "digits", 5)
    _, system, jacobian = _functions(num_points, dimension, "arb")
    with precision.bits(dps_to_prec(2 * digits + 40)):
        center = [arb(mpmath.nstr(found[i], digits + _SPARE)).mid() for i in (1, 2, 0)]
        radius = arb(10) ** -digits
        wide = [x + arb(0, 1) * radius for x in center]
        slope = arb_mat(jacobian(*wide))
        inverse = arb_mat(jacobian(*center)).mid().inv().mid()
        newton = inverse * arb_mat([[x] for x in system(*center)])
        spread = arb_mat([[arb(0, 1) * radius]] * 3)
        image = -newton + (arb_mat(3, 3, [1, 0, 0, 0, 1, 0, 0, 0, 1]) - inverse * slope) * spread
        inside = all(abs(image[i, 0]) < radius for i in range(3))
        hessian = slope[0, 0] > 0 and slope[0, 0] * slope[1, 1] - slope[0, 1] ** 2 > 0
        return bool(inside and hessian and slope[2, 2] > 0)


def family_loses(num_points, dimension, temperature, around=None):
    r"""Whether every member of the family provably loses to the low-entropy code.

    Parameters
    ----------
    num_points, dimension : int
    temperature : str
        Decimal digits, read exactly, or as a ball such as "0.15 +/- 1e-20".
    around : tuple of mpmath.mpf, optional
        Weight and feature angle of a stationary point. Within 0.02 of it a positive definite
        Hessian is proved instead.

    Returns
    -------
    bool
        By bisection of $[0,\pi/2]^2$ in interval arithmetic: True is a proof, False is none. With
        `around`, True proves that no member other than the stationary point itself ties or wins,
        and only if `around` encloses a stationary point.

    Examples
    --------
    >>> family_loses(5, 3, "0.15"), family_loses(5, 3, "0.13")
    (True, False)
    """
    value, system, jacobian = _functions(num_points, dimension, "arb")
    with precision.bits(dps_to_prec(40)):
        tau = arb(temperature)
        near = None
        if around is not None:
            near = [arb(mpmath.nstr(x, 30)) for x in around]
            slope = jacobian(*(x + arb(0, 0.02) for x in near), tau)
            if not (
                slope[0][0] > 0 and slope[1][1] > 0 and slope[0][0] * slope[1][1] > slope[0][1] ** 2
            ):
                return False
            if value(*near, tau) < 0:
                return False
        boxes = [(arb("0.8"), arb("0.8"), arb("0.8"))]
        for _ in range(40_000):
            if not boxes:
                return True
            x, y, half = boxes.pop()
            box = x + arb(0, 1) * half, y + arb(0, 1) * half
            if near and all(
                abs(c - p) + half < arb("0.02") for c, p in zip((x, y), near, strict=True)
            ):
                continue
            if value(*box, tau) > 0 or _centred(value, system, (x, y, half), box, tau) > 0:
                continue
            if value(x, y, tau) < 0:
                return False
            quarter = half / 2
            boxes += [(x + a * quarter, y + b * quarter, quarter) for a in (-1, 1) for b in (-1, 1)]
    return False


def _centred(value, system, middle, box, tau):
    """The lead on a box by the mean value theorem, which is sharper where the box is small."""
    x, y, half = middle
    first, second = system(*box, tau)[:2]
    return value(x, y, tau) + arb(0, 1) * half * (abs(first) + abs(second))


def _last_lead(num_points, dimension):
    """A temperature shortly below the first, in steps of 0.02, where lifted pairs lose."""
    leads = False
    for step in range(1, 31):
        tau = 0.02 * step
        if family_minimum(num_points, dimension, tau)[0] < 0:
            leads = True
        elif leads:
            return tau - 0.01
        else:
            break
    raise ArithmeticError(
        f"no crossing for {num_points} points in dimension {dimension}: lifted pairs lead at all "
        "temperatures from 0.02 to 0.6, or lose at 0.02"
    )
