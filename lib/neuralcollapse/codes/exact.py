r"""Codes with rational coordinates, judged without rounding.

Stereographic projection maps rational parameters to rational points of the sphere, and they are
dense on it. For such a code coherence and squared one-vs-rest distance are rational too. The face
that holds the nearest point of a hull is guessed in floating point; rational arithmetic solves for
the point and *checks* the inequality that makes it the nearest. A wrong guess costs time, never
the result: Wolfe's algorithm [wolfe1976] then goes on in rationals, where it always ends.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from flint import fmpq, fmpq_mat

from neuralcollapse.codes.distance import as_unit
from neuralcollapse.geometry.arrays import as_whole
from neuralcollapse.geometry.hulls import nearest_hull_point


@dataclass(frozen=True)
class ExactHullPoint:
    r"""The point of a rational hull that is nearest to a rational target, proved to be so.

    Attributes
    ----------
    point : tuple of Fraction
    weights : tuple of Fraction
        Not negative, summing to 1.
    distance_squared : Fraction
        Squared distance from target to hull. $\langle x_j-p,z-p\rangle\le0$ has been checked for
        every point $x_j$ of the hull.
    """

    point: tuple[Fraction, ...]
    weights: tuple[Fraction, ...]
    distance_squared: Fraction


def stereographic(parameters, side=1):
    r"""The rational point of the sphere with given stereographic parameters.

    Parameters
    ----------
    parameters : sequence of int, str, Fraction or fmpq, length dimension - 1
        $a$; a string is read as ``Fraction`` reads it.
    side : {1, -1}
        The last coordinate for $a=0$.

    Returns
    -------
    tuple of Fraction, length dimension
        $\bigl(2a,\,\pm(1-\|a\|^2)\bigr)/(1+\|a\|^2)$, of length exactly 1.

    Raises
    ------
    ValueError
        If `side` is not 1 or -1.
    TypeError
        If a parameter is a float, which seldom is the number it shows.

    Examples
    --------
    >>> stereographic(["1/2"])
    (Fraction(4, 5), Fraction(3, 5))
    """
    if side not in (1, -1):
        raise ValueError(f"side: expected 1 or -1, got {side!r}")
    a = [_rational(value, "parameters") for value in parameters]
    square = sum((value * value for value in a), fmpq(0))
    return tuple(_fraction(v / (1 + square)) for v in (*(2 * v for v in a), side * (1 - square)))


def rational_code(points, denominator=2**40):
    r"""A code with rational coordinates next to a code in floating point.

    Parameters
    ----------
    points : array_like, shape (num_points, dimension)
        Rows of length 1 to within 1e-9.
    denominator : int
        Positive; stereographic parameters are rounded to multiples of its inverse, which moves
        a point by at most $\sqrt{d-1}$ over it.

    Returns
    -------
    tuple of tuple of Fraction
        One point a row, each of length exactly 1.

    Raises
    ------
    ValueError
        If a row is not of length 1 or the denominator is not a positive integer.

    Examples
    --------
    >>> rational_code([[0.8, 0.6]], 10)
    ((Fraction(4, 5), Fraction(3, 5)),)
    """
    denominator = as_whole(denominator, "denominator", 1)
    code = []
    for row in as_unit(points):
        side = 1 if row[-1] >= 0 else -1
        parameters = row[:-1] / (1 + side * row[-1])  # away from the pole: at most 1
        rounded = [Fraction(round(Fraction(a) * denominator), denominator) for a in parameters]
        code.append(stereographic(rounded, side))
    return tuple(code)


def exact_coherence(points):
    r"""Largest inner product of two points of a rational code.

    Parameters
    ----------
    points : sequence of sequences of int, str, Fraction or fmpq
        At least two rows of length exactly 1.

    Returns
    -------
    Fraction
        $\mu$, dimensionless, in [-1, 1]; a spherical code has the least.

    Raises
    ------
    ValueError
        If a row is not of length exactly 1, rows differ in length, or there is one row only.
    TypeError
        If an entry is a float.

    Examples
    --------
    >>> exact_coherence([["3/5", "4/5"], [1, 0]])
    Fraction(3, 5)
    """
    gram = _unit_gram(points)
    count = gram.nrows()
    return _fraction(max(gram[i, j] for i in range(count) for j in range(i)))


def exact_one_vs_rest_distance_squared(points):
    r"""Square of the least distance of a point of a rational code to the hull of the others.

    Parameters
    ----------
    points : sequence of sequences of int, str, Fraction or fmpq
        At least two rows of length exactly 1.

    Returns
    -------
    Fraction
        $\rho^2$, dimensionless, in [0, 4]; a softmax code has the largest.

    Raises
    ------
    ValueError
        If a row is not of length exactly 1, rows differ in length, or there is one row only.
    TypeError
        If an entry is a float.

    Examples
    --------
    >>> exact_one_vs_rest_distance_squared([[1, 0], [-1, 0], ["3/5", "4/5"]])
    Fraction(16, 25)
    """
    gram = _unit_gram(points)
    count, found = len(points), []
    for k in range(count):
        others = [j for j in range(count) if j != k]
        guess = _guess([points[j] for j in others], points[k])
        found.append(_nearest(_shifted(gram, others, k), guess)[1])
    return _fraction(min(found))


def exact_nearest_hull_point(points, target):
    r"""Nearest point of a rational hull to a rational target, with its proof.

    Parameters
    ----------
    points : sequence of sequences of int, str, Fraction or fmpq
        At least one row, of any length; rows may repeat or depend on each other.
    target : sequence of int, str, Fraction or fmpq

    Returns
    -------
    ExactHullPoint

    Raises
    ------
    ValueError
        If shapes do not fit.
    TypeError
        If an entry is a float.

    Examples
    --------
    >>> exact_nearest_hull_point([[1, 0], [0, 1]], [0, 0]).distance_squared
    Fraction(1, 2)
    """
    if len(points) == 0:
        raise ValueError("points: a hull needs at least one point, got none")
    matrix = _matrix([*points, target], "points and target")
    gram = matrix * matrix.transpose()
    count = len(points)
    weights, square = _nearest(_shifted(gram, range(count), count), _guess(points, target))
    row = fmpq_mat(1, count + 1, [*weights, fmpq(0)]) * matrix
    return ExactHullPoint(
        tuple(_fraction(value) for value in row.entries()),
        tuple(_fraction(value) for value in weights),
        _fraction(square),
    )


def _nearest(gram, corral):
    """Weights and squared norm of the point of least norm, from the Gram matrix of the points."""
    count = gram.nrows()
    weights = _affine_weights(gram, corral) if corral else None
    if weights is None or min(weights) <= 0:
        corral, weights = [min(range(count), key=lambda j: gram[j, j])], [fmpq(1)]
    while True:
        heights = [
            sum((w * gram[j, i] for i, w in zip(corral, weights, strict=True)), fmpq(0))
            for j in range(count)
        ]
        square = sum((w * heights[i] for i, w in zip(corral, weights, strict=True)), fmpq(0))
        entering = min(range(count), key=heights.__getitem__)
        if heights[entering] >= square:  # <x_j, p> >= |p|^2 for all j: p is proved nearest
            full = [fmpq(0)] * count
            for i, w in zip(corral, weights, strict=True):
                full[i] = w
            return full, square
        corral, weights = _enter(gram, [*corral, entering], [*weights, fmpq(0)])


def _enter(gram, corral, weights):
    """Walk to the affine minimiser of the corral, dropping points whose weight vanishes."""
    while True:
        affine = _affine_weights(gram, corral)
        if min(affine) > 0:
            return corral, affine
        ratio = min(
            w / (w - a) for w, a in zip(weights, affine, strict=True) if a <= 0
        )  # entering points have a > 0, the others w > 0: no division by zero
        moved = [w + ratio * (a - w) for w, a in zip(weights, affine, strict=True)]
        stay = [place for place, w in enumerate(moved) if w > 0]
        corral, weights = [corral[p] for p in stay], [moved[p] for p in stay]


def _affine_weights(gram, corral):
    """Weights, summing to 1, of the point of least norm in an affine span; None if dependent."""
    size = len(corral)
    system = fmpq_mat(size + 1, size + 1)
    for a, i in enumerate(corral):
        for b, j in enumerate(corral):
            system[a, b] = gram[i, j]
        system[a, size] = system[size, a] = fmpq(1)
    right = fmpq_mat(size + 1, 1, [fmpq(0)] * size + [fmpq(1)])
    try:
        return system.solve(right).entries()[:size]
    except ZeroDivisionError:
        return None


def _guess(points, target):
    """The face that floating point finds, or nothing where it does not vouch for it."""
    try:
        *hull, target = ([float(_fraction_of(x)) for x in row] for row in (*points, target))
        with np.errstate(over="ignore", invalid="ignore"):
            return np.flatnonzero(nearest_hull_point(hull, target).weights > 0).tolist()
    except ArithmeticError:  # OverflowError among them: numbers that no float can hold
        return []


def _shifted(gram, others, k):
    """Gram matrix of the differences from point `k`."""
    others = list(others)
    size = len(others)
    shifted = fmpq_mat(size, size)
    for a, i in enumerate(others):
        for b, j in enumerate(others[: a + 1]):
            shifted[a, b] = shifted[b, a] = gram[i, j] - gram[i, k] - gram[j, k] + gram[k, k]
    return shifted


def _unit_gram(points):
    matrix = _matrix(points, "points")
    gram = matrix * matrix.transpose()
    for k in range(gram.nrows()):
        if gram[k, k] != 1:
            raise ValueError(
                f"points: row {k} has squared length {gram[k, k]}, not 1; "
                "make rational unit points with stereographic or rational_code"
            )
    if gram.nrows() < 2:
        raise ValueError(f"points: a code needs at least 2 points, got {gram.nrows()}")
    return gram


def _matrix(rows, name):
    rows = [[_rational(value, name) for value in row] for row in rows]
    lengths = sorted({len(row) for row in rows})
    if len(lengths) != 1 or lengths == [0]:
        raise ValueError(f"{name}: expected rows of one positive length, got lengths {lengths}")
    return fmpq_mat(len(rows), lengths[0], [value for row in rows for value in row])


def _fraction_of(value):
    return _fraction(_rational(value, "points"))


def _rational(value, name):
    if isinstance(value, fmpq):
        return value
    if isinstance(value, (float, np.floating)):
        raise TypeError(f"{name}: expected exact numbers, got the float {value}; see rational_code")
    value = Fraction(value)
    return fmpq(int(value.numerator), int(value.denominator))


def _fraction(value):
    return Fraction(int(value.p), int(value.q))
