r"""Proof that an exact code exists next to a numerical one, by interval arithmetic.

Unit lengths and equal cosines of contacts are polynomial equations. As many of the contacts as are
independent are selected, and as many coordinates as the equations leave free are held at rational
values, until the system is square with a regular derivative. With $m$ the numerical solution, $X$ a
box around it and $Y$ any matrix, Krawczyk's test [krawczyk1969] is

$$
m-Y\,F(m)+\bigl(I-Y\,F'(X)\bigr)(X-m)\subset\operatorname{int}X .
$$

Where interval arithmetic confirms it, $X$ holds exactly one solution of $F=0$. Its coordinates are
algebraic numbers, since it is an isolated solution of polynomial equations with rational
coefficients.
"""

from dataclasses import dataclass
from fractions import Fraction

import mpmath
import numpy as np
from flint import arb, arb_mat, fmpq
from scipy.linalg import qr

from neuralcollapse.codes import precision
from neuralcollapse.codes.refine import contact_equations

_SPARE = 8  # decimals between the error of the centre and the radius of the box
_SINGULAR = 1e-7


@dataclass(frozen=True)
class Existence:
    r"""An exact code, enclosed.

    What `check` proves: there is a code, each coordinate within `radius` of `centre`, with points
    of length exactly 1, coordinates in `held` and points without contact equal to those of
    `centre`, and the cosines of all pairs in `contacts` exactly equal. The code is the only one in
    the box with these properties, its coordinates are algebraic, its coherence lies between `lower`
    and `upper`, and so do the cosines of the pairs in `undecided`: that these equal the others
    exactly is *not* proved. All other pairs are farther apart, so that all contacts are proved
    equal where `undecided` is empty.

    Attributes
    ----------
    centre : tuple of tuple of Fraction
        One point a row.
    radius : Fraction
    contacts : tuple of (int, int)
        Independent contacts.
    undecided : tuple of (int, int)
        Contacts whose equations depend on the others to first order.
    held : tuple of (int, int)
        Point and axis of each coordinate that is held.
    lower, upper : Fraction
        Bounds of the coherence.
    """

    centre: tuple[tuple[Fraction, ...], ...]
    radius: Fraction
    contacts: tuple[tuple[int, int], ...]
    undecided: tuple[tuple[int, int], ...]
    held: tuple[tuple[int, int], ...]
    lower: Fraction
    upper: Fraction

    def check(self):
        """Prove the statement anew from the stored numbers.

        Raises
        ------
        ValueError
            If the numbers do not prove it.
        """
        _check_indices(self)
        with _precision(self):
            cosines, level = _krawczyk(self)
            lower, upper = _ball(self.lower), _ball(self.upper)
            near = {*self.contacts, *self.undecided}
            if not (level >= lower and level <= upper):
                raise ValueError(f"existence: the coherence {level} is not proved to be in bounds")
            for pair, cosine in cosines.items():
                if pair not in near and not cosine < lower:
                    raise ValueError(f"existence: pair {pair} is not proved to be no contact")
                if pair in self.undecided and not (cosine >= lower and cosine <= upper):
                    raise ValueError(f"existence: cosine {cosine} of {pair} may be out of bounds")


def prove_existence(refined, points):
    r"""Enclose the exact code near a refined one.

    Parameters
    ----------
    refined : RefinedCode
        Of at least 25 digits.
    points : sequence of sequences of Fraction
        A rational code, of which the points without contact are taken.

    Returns
    -------
    Existence
        Checked.

    Raises
    ------
    ArithmeticError
        If the interval test fails.

    Examples
    --------
    >>> from neuralcollapse.codes.refine import refine
    >>> proof = prove_existence(refine([[1, 0], [0, 1], [-1, 0], [0, -1]]), [])
    >>> len(proof.contacts), len(proof.undecided), len(proof.held)
    (4, 0, 1)
    """
    touched = sorted({k for pair in refined.contacts for k in pair})
    floats = np.array([[float(x) for x in row] for row in refined.points])
    selected, held = _square_system(floats[touched], touched, refined.contacts)
    decimals = refined.digits + _SPARE // 2
    centre = tuple(
        tuple(_rounded(x, decimals) for x in row) if k in touched else tuple(points[k])
        for k, row in enumerate(refined.points)
    )
    radius = Fraction(1, 10 ** (refined.digits - _SPARE))
    margin = Fraction(1, 10 ** (refined.digits - _SPARE - 2))
    level = _rounded(refined.coherence, decimals)
    proof = Existence(
        centre=centre,
        radius=radius,
        contacts=selected,
        undecided=tuple(sorted(set(refined.contacts) - set(selected))),
        held=held,
        lower=_rounded(level, refined.digits - _SPARE - 2) - margin,
        upper=_rounded(level, refined.digits - _SPARE - 2) + margin,
    )
    try:
        proof.check()
    except ValueError as failure:
        raise ArithmeticError(
            f"refined: no exact code is proved near it ({failure}); try more digits"
        ) from failure
    return proof


def _square_system(points, touched, contacts):
    """Independent contacts, and coordinates to hold so that the derivative is regular."""
    place = {k: row for row, k in enumerate(touched)}
    matrix = contact_equations(points, [(place[i], place[j]) for i, j in contacts])
    count, dimension = points.shape
    lengths, cosines = matrix[:count], matrix[count:]
    tangential = cosines - (cosines @ lengths.T) @ lengths  # rows of lengths are orthonormal
    rows = _pivots(tangential.T)
    square = np.vstack([lengths, cosines[rows]])
    scaled = square.copy()
    scaled[:, -1] *= 10 * np.linalg.norm(square)  # the coherence is never held
    columns = set(_pivots(scaled)[: len(square)])
    held = [c for c in range(matrix.shape[1]) if c not in columns]
    selected = tuple(sorted(contacts[row] for row in rows))
    return selected, tuple((touched[c // dimension], c % dimension) for c in held)


def _pivots(matrix):
    """Columns that pivoted elimination takes, in the order of rank."""
    _, triangle, order = qr(matrix, mode="economic", pivoting=True)
    size = np.abs(np.diag(triangle))
    return order[: int((size > _SINGULAR * min(size[0], 1)).sum())].tolist()


def _check_indices(proof):
    if not proof.centre or not proof.contacts or proof.radius <= 0:
        raise ValueError("existence: it has no points, no contacts or no positive radius")
    count, dimension = len(proof.centre), len(proof.centre[0])
    pairs = [*proof.contacts, *proof.undecided]
    fine = all(0 <= i < j < count for i, j in pairs) and len(set(pairs)) == len(pairs)
    held = set(proof.held)
    fine &= all(0 <= k < count and 0 <= axis < dimension for k, axis in held)
    fine &= all(len(row) == dimension for row in proof.centre)
    if not fine:
        raise ValueError("existence: its pairs, held coordinates or rows are not of one code")
    touched = {k for pair in proof.contacts for k in pair}
    if not {k for pair in proof.undecided for k in pair} | {k for k, _ in held} <= touched:
        raise ValueError("existence: a point without independent contact is held or undecided")
    for k in set(range(count)) - touched:
        if sum(x * x for x in proof.centre[k]) != 1:
            raise ValueError(f"existence: point {k} has no contact and not exactly length 1")
    unknowns = len(touched) * dimension + 1 - len(held)
    if len(held) != len(proof.held) or unknowns != len(touched) + len(proof.contacts):
        raise ValueError("existence: the equations are not as many as the unknowns")


def _precision(proof):
    """Enough bits that rounding is far below the radius."""
    return precision.bits(64 + 4 * len(str(proof.radius.denominator)))


def _krawczyk(proof):
    """Cosines of all pairs and the coherence of the exact code, as balls."""
    touched = sorted({k for pair in proof.contacts for k in pair})
    place = {k: row for row, k in enumerate(touched)}
    contacts = [(place[i], place[j]) for i, j in proof.contacts]
    dimension = len(proof.centre[0])
    middle = [[_ball(x) for x in proof.centre[k]] for k in touched]
    level = _dot(middle[contacts[0][0]], middle[contacts[0][1]]).mid()
    column = {}
    for row, k in enumerate(touched):
        for axis in range(dimension):
            if (k, axis) not in set(proof.held):
                column[row, axis] = len(column)
    size = len(column) + 1
    interval = arb(0, _ball(proof.radius))
    box = [
        [x + interval if (row, axis) in column else x for axis, x in enumerate(point)]
        for row, point in enumerate(middle)
    ]
    values = [(_dot(point, point) - 1) / 2 for point in middle]
    values += [_dot(middle[i], middle[j]) - level for i, j in contacts]
    derivative = arb_mat(size, size)
    for row, point in enumerate(box):
        _fill(derivative, row, row, point, column)
    for row, (i, j) in enumerate(contacts, start=len(touched)):
        _fill(derivative, row, i, box[j], column)
        _fill(derivative, row, j, box[i], column)
        derivative[row, size - 1] = arb(-1)
    rough = np.array([float(x.mid()) for x in derivative.entries()]).reshape(size, size)
    try:
        inverse = np.linalg.inv(rough)
    except np.linalg.LinAlgError:
        raise ValueError("existence: the derivative of the equations is singular") from None
    inverse = arb_mat(size, size, [arb(x) for x in inverse.ravel().tolist()])
    deviation = arb_mat(size, size, [arb(0)] * size * size)
    for k in range(size):
        deviation[k, k] = arb(1)
    deviation -= inverse * derivative
    image = deviation * arb_mat(size, 1, [interval] * size)
    image -= inverse * arb_mat(size, 1, values)
    radius = _ball(proof.radius)
    for k in range(size):
        if not abs(image[k, 0]) < radius:
            raise ValueError(f"existence: interval test fails, unknown {k} moves by {image[k, 0]}")
    exact = [
        [
            x + image[column[row, axis], 0] if (row, axis) in column else x
            for axis, x in enumerate(point)
        ]
        for row, point in enumerate(middle)
    ]
    all_points = [
        exact[place[k]] if k in place else [_ball(x) for x in row]
        for k, row in enumerate(proof.centre)
    ]
    count = len(all_points)
    cosines = {(i, j): _dot(all_points[i], all_points[j]) for j in range(count) for i in range(j)}
    return cosines, level + image[size - 1, 0]


def _fill(derivative, row, point, values, column):
    for axis, value in enumerate(values):
        if (point, axis) in column:
            derivative[row, column[point, axis]] = value


def _dot(first, second):
    return sum((x * y for x, y in zip(first, second, strict=True)), arb(0))


def _ball(value):
    return arb(fmpq(value.numerator, value.denominator))


def _rounded(value, decimals):
    """The nearest decimal fraction."""
    scale = 10**decimals
    if isinstance(value, Fraction):
        return Fraction(round(value * scale), scale)
    with precision.digits(decimals + 10):
        return Fraction(int(mpmath.nint(value * scale)), scale)
