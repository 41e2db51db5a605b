r"""Codes to fifty digits and more, and the minimal polynomials of their coherences.

The unknowns are the coordinates of the points and the coherence $t$; the equations are
$\tfrac12(\langle w_i,w_i\rangle-1)=0$ and $\langle w_i,w_j\rangle-t=0$ for contacts. Residuals are
computed in high precision, steps with a pseudo-inverse in double precision: each step gains about
as many digits as a double has. The equations may depend on each other and may leave the points room
to move; what they must do is determine $t$ to first order. At a stationary point they do, since
multipliers $\lambda\ge0$ of sum 1 that cancel the gradients of the contacts give
$\sum\lambda_{ij}\langle w_i,w_j\rangle=t$ up to second order.
"""

from dataclasses import dataclass
from math import log10
from operator import index

import mpmath
import numpy as np
from flint import fmpz, fmpz_mat, fmpz_poly

from neuralcollapse.codes import precision
from neuralcollapse.codes.code import Code

_GUARD = 15  # digits carried beyond those asked for
_RANK = 1e-7  # singular values below, relative to the largest, count as zero
_DETERMINED = 1e-6
_GAIN = 1e3  # a step that gains less has met equations that contradict each other
_CHANCE = 20  # a polynomial is believed if chance finds one as good once in 10**20 numbers


@dataclass(frozen=True, eq=False)
class RefinedCode:
    r"""A code in high precision.

    Attributes
    ----------
    points : tuple of tuple of mpmath.mpf
        Unit rows, to `digits` digits.
    coherence : mpmath.mpf
        $\mu$, dimensionless, in [-1, 1).
    digits : int
        Digits to which contacts agree and lengths are 1.
    contacts : tuple of (int, int)
        Pairs whose cosine is the coherence.
    rattlers : tuple of int
        Points without contact; they stay where they were.
    disagreement : mpmath.mpf
        Largest difference of a contact's cosine from the coherence; ideally 0.
    moved : float
        Largest change of a coordinate; ideally at the rounding of the given points.
    """

    points: tuple[tuple[mpmath.mpf, ...], ...]
    coherence: mpmath.mpf
    digits: int
    contacts: tuple[tuple[int, int], ...]
    rattlers: tuple[int, ...]
    disagreement: mpmath.mpf
    moved: float

    def __repr__(self):
        return (
            f"RefinedCode of {len(self.points)} points in {len(self.points[0])} dimensions: "
            f"coherence {mpmath.nstr(self.coherence, self.digits)}, {len(self.contacts)} contacts "
            f"that agree to {mpmath.nstr(self.disagreement, 1)}"
        )


def refine(code, digits=50):
    r"""Compute a code to many digits by Newton's method on its contacts.

    Parameters
    ----------
    code : Code or array_like, shape (num_points, dimension)
        A stationary point of the coherence, contacts equal to within 1e-9.
    digits : int
        At least 15.

    Returns
    -------
    RefinedCode

    Raises
    ------
    ValueError
        If `code` is not a code or `digits` is below 15.
    ArithmeticError
        If the contacts do not determine the coherence to first order, or cannot all be equal.

    Examples
    --------
    >>> refined = refine([[1, 0, 0], [-0.5, 0.75**0.5, 0], [-0.5, -(0.75**0.5), 0]], 30)
    >>> mpmath.nstr(refined.coherence, 20), mpmath.nstr(refined.points[1][1], 20)
    ('-0.5', '0.86602540378443864676')
    """
    code = code if isinstance(code, Code) else Code.of(code)
    digits = index(digits)
    if digits < 15:
        raise ValueError(f"digits: expected at least 15, got {digits}; a Code has them already")
    with precision.digits(digits + _GUARD):
        points = [[mpmath.mpf(float(x)) for x in row] for row in code.points]
        for k in code.rattlers:
            length = mpmath.sqrt(mpmath.fdot(points[k], points[k]))
            points[k] = [x / length for x in points[k]]
        coherence = _newton(points, mpmath.mpf(code.coherence), code.contacts, digits)
        cosines = {pair: mpmath.fdot(points[pair[0]], points[pair[1]]) for pair in _pairs(points)}
        disagreement = max(abs(cosines[pair] - coherence) for pair in code.contacts)
        worst = max(cosines, key=cosines.__getitem__)
        if cosines[worst] > coherence + disagreement:
            raise ArithmeticError(
                f"code: Newton's method left it and points {worst} came nearer than the contacts; "
                "solve it again with spherical_code"
            )
        moved = np.abs(np.array(points, dtype=float) - code.points).max()
        return RefinedCode(
            points=tuple(map(tuple, points)),
            coherence=coherence,
            digits=digits,
            contacts=code.contacts,
            rattlers=code.rattlers,
            disagreement=disagreement,
            moved=float(moved),
        )


def contact_equations(points, contacts):
    r"""Derivative of unit lengths and equal contacts in floating point.

    Parameters
    ----------
    points : ndarray, shape (num_points, dimension)
    contacts : sequence of (int, int)

    Returns
    -------
    ndarray, shape (num_points + number of contacts, num_points * dimension + 1), float64
        First the rows of $\tfrac12(\langle w_i,w_i\rangle-1)$, then those of
        $\langle w_i,w_j\rangle-t$; the last column belongs to $t$.

    Examples
    --------
    >>> contact_equations(np.eye(2), [(0, 1)])
    array([[ 1.,  0.,  0.,  0.,  0.],
           [ 0.,  0.,  0.,  1.,  0.],
           [ 0.,  1.,  1.,  0., -1.]])
    """
    count, dimension = points.shape
    lengths = np.zeros((count, count, dimension))
    lengths[np.arange(count), np.arange(count)] = points
    first, second = np.array(contacts).T
    row = np.arange(len(first))
    cosines = np.zeros((len(first), count, dimension))
    cosines[row, first] = points[second]
    cosines[row, second] = points[first]
    matrix = np.zeros((count + len(first), count * dimension + 1))
    matrix[:count, :-1] = lengths.reshape(count, -1)
    matrix[count:, :-1] = cosines.reshape(len(first), -1)
    matrix[count:, -1] = -1
    return matrix


def minimal_polynomial(value, digits, max_degree=12):
    r"""Recognise an algebraic number from its digits.

    In a lattice whose short vectors are polynomials of small coefficients and small value, the
    LLL algorithm [lenstra1982] finds a relation. It is believed only if it has the least degree of
    all, is irreducible, vanishes as exactly as the digits allow, and is far simpler than chance
    provides: of polynomials of degree $m$ with coefficients up to $H$ there are about
    $(2H+1)^{m+1}$, and that has to be below $10^{-20}$ times $10^{\text{digits}}$. This is strong
    evidence, not a proof.

    Parameters
    ----------
    value : mpmath.mpf, int, str or Fraction
        A real number.
    digits : int
        Correct decimals of it, at least 25.
    max_degree : int
        At least 1.

    Returns
    -------
    tuple of int or None
        Coefficients, highest power first, without common factor, the first one positive; None if
        no polynomial passes.

    Raises
    ------
    ValueError
        If `digits` or `max_degree` is too small, or `value` is not a finite number.

    Examples
    --------
    >>> minimal_polynomial("0.7071067811865475244008443621048490392848", 40)
    (2, 0, -1)
    >>> minimal_polynomial("0.3141592653589793238462643383279502884197", 40)
    """
    digits, max_degree = index(digits), index(max_degree)
    if digits <= _CHANCE + 4:
        raise ValueError(f"digits: expected at least {_CHANCE + 5}, got {digits}; see refine")
    if max_degree < 1:
        raise ValueError(f"max_degree: expected at least 1, got {max_degree}")
    with precision.digits(digits + _GUARD):
        value = mpmath.mpmathify(value) + 0  # of a constant, its digits
        if not (isinstance(value, mpmath.mpf) and mpmath.isfinite(value)):
            raise ValueError(f"value: expected a finite real number, got {value}")
        powers = [value**k for k in range(max_degree + 1)]
        for degree in range(1, max_degree + 1):
            coefficients = _relation(powers[: degree + 1], digits)
            if _believed(coefficients, value, digits):
                return tuple(coefficients[::-1])
    return None


def _newton(points, coherence, contacts, digits):
    """Move `points` in place until contacts agree; returns the coherence."""
    touched = sorted({k for pair in contacts for k in pair})
    place = {k: row for row, k in enumerate(touched)}
    local = [(place[i], place[j]) for i, j in contacts]
    dimension = len(points[0])
    before, inverse = mpmath.inf, None
    while True:
        residuals = [(mpmath.fdot(points[k], points[k]) - 1) / 2 for k in touched]
        residuals += [mpmath.fdot(points[i], points[j]) - coherence for i, j in contacts]
        scale = max(abs(value) for value in residuals)
        if scale < mpmath.mpf(10) ** -(digits + _GUARD // 3):
            return coherence
        if scale * _GAIN > before:
            raise ArithmeticError(
                f"code: its {len(contacts)} contacts cannot be made equal beyond "
                f"{mpmath.nstr(scale, 1)}; some may be near contacts only, or the code is not a "
                "regular solution; spherical_code polishes a code, certify takes it as it is"
            )
        if scale > 1e-12 or inverse is None:
            inverse = _pseudo_inverse(np.array([points[k] for k in touched], dtype=float), local)
        step = inverse @ np.array([float(value / scale) for value in residuals])
        for row, k in enumerate(touched):
            piece = step[row * dimension : (row + 1) * dimension]
            points[k] = [x - scale * float(s) for x, s in zip(points[k], piece, strict=True)]
        coherence -= scale * float(step[-1])
        before = scale


def _pseudo_inverse(points, contacts):
    matrix = contact_equations(points, contacts)
    inverse = np.linalg.pinv(matrix, rcond=_RANK)
    determined = inverse[-1] @ matrix[:, -1]  # 1 if no motion keeps contacts equal and changes t
    if determined < 1 - _DETERMINED:
        raise ArithmeticError(
            f"code: its {len(contacts)} contacts do not determine the coherence to first order, "
            "so the points are no stationary point; begin with spherical_code, or use certify, "
            "which takes any code as it is"
        )
    return inverse


def _pairs(points):
    return [(i, j) for j in range(len(points)) for i in range(j)]


def _relation(powers, digits):
    """Coefficients, lowest power first, of the shortest vector that LLL finds."""
    size = len(powers)
    lattice = fmpz_mat(size, size + 1)
    for k, power in enumerate(powers):
        lattice[k, k] = 1
        lattice[k, size] = fmpz(int(mpmath.nint(power * mpmath.mpf(10) ** digits)))
    reduced = lattice.lll()
    coefficients = [int(reduced[0, k]) for k in range(size)]
    leading = next((c for c in reversed(coefficients) if c), 1)
    return coefficients if leading > 0 else [-c for c in coefficients]


def _believed(coefficients, value, digits):
    if coefficients[-1] == 0:
        return False
    height = max(map(abs, coefficients))
    if len(coefficients) * log10(2 * height + 1) > digits - _CHANCE:
        return False
    ascending = list(enumerate(coefficients))
    remains = abs(mpmath.fsum(c * value**k for k, c in ascending))
    slope = mpmath.fsum(k * abs(c) * max(1, abs(value)) ** (k - 1) for k, c in ascending[1:])
    if remains > slope * mpmath.mpf(10) ** -digits:
        return False
    content, factors = fmpz_poly(coefficients).factor()
    return content == 1 and len(factors) == 1 and factors[0][1] == 1
