r"""Certificates: what is proved of a code, stored so that anybody can check it.

A certificate speaks of a code with *rational* coordinates, so that all it says is a comparison of
fractions. Its coherence is an upper bound of the least one, hence one minus it a lower bound of the
largest one-vs-rest distance $\rho^*$; the exact distance is a better one. That is proved from both
sides. For one point $k$, weights show a point $p$ of the hull of the others at squared distance
$\rho^2$. For every point $k$, a direction $h$ shows that no point of the hull is nearer:
$\langle w_k-w_j,h\rangle\ge\rho\|h\|$ for all $j\ne k$.

Where contacts determine the coherence, the certificate also holds the proof that an exact code with
equal contacts exists next to the rational one.
"""

import json
import re
from dataclasses import dataclass
from fractions import Fraction

from neuralcollapse.codes.code import Code
from neuralcollapse.codes.exact import exact_coherence, exact_nearest_hull_point, rational_code
from neuralcollapse.codes.existence import Existence, prove_existence
from neuralcollapse.codes.refine import refine

FORMAT = "neuralcollapse certificate 1"
_NEAR = Fraction(1, 10**6)  # from the rational code to the exact one
_DIRECTION_BITS = (20, 40, 80, 160)  # roundings tried before a direction is stored as it is


@dataclass(frozen=True)
class Certificate:
    r"""Exact bounds of a rational code with their proofs.

    Attributes
    ----------
    points : tuple of tuple of Fraction
        Rows $w_k$ of length exactly 1.
    coherence : Fraction
        $\mu$, the largest inner product, exactly; an upper bound of the least coherence.
    one_vs_rest_distance_squared : Fraction
        $\rho^2$ exactly; $\rho\ge1-\mu$ is a lower bound of the largest distance.
    nearest : int
        A point at distance $\rho$ from the hull of the others.
    face : tuple of int
        Points that span the face which holds its nearest point.
    weights : tuple of Fraction
        Of the points of the face; not negative, of sum 1.
    directions : tuple of tuple of Fraction
        One a point; $\langle w_k-w_j,h_k\rangle\ge\rho\|h_k\|$ for $j\ne k$.
    existence : Existence or None
        An exact code with equal contacts, no coordinate farther than 1e-6; None if there is no
        proof, because contacts do not determine the coherence (`refine` says so) or `points` are
        rounded too coarsely.
    """

    points: tuple[tuple[Fraction, ...], ...]
    coherence: Fraction
    one_vs_rest_distance_squared: Fraction
    nearest: int
    face: tuple[int, ...]
    weights: tuple[Fraction, ...]
    directions: tuple[tuple[Fraction, ...], ...]
    existence: Existence | None

    def check(self):
        """Prove everything anew, with Python's fractions and, for `existence`, with intervals.

        Raises
        ------
        ValueError
            If anything the certificate says is not proved by what it holds.
        """
        _check_points(self.points)
        _check_coherence(self.points, self.coherence)
        _check_at_most(self)
        _check_at_least(self)
        if self.existence is not None:
            _check_near(self.points, self.existence)
            self.existence.check()

    def to_json(self):
        """The certificate as text, every number an exact fraction.

        Returns
        -------
        str
        """
        known = {
            "format": FORMAT,
            "points": _text(self.points),
            "coherence": str(self.coherence),
            "one_vs_rest_distance_squared": str(self.one_vs_rest_distance_squared),
            "nearest": self.nearest,
            "face": self.face,
            "weights": _text(self.weights),
            "directions": _text(self.directions),
            "existence": None,
        }
        if self.existence is not None:
            proof = self.existence
            known["existence"] = {
                "centre": _text(proof.centre),
                "radius": str(proof.radius),
                "contacts": proof.contacts,
                "undecided": proof.undecided,
                "held": proof.held,
                "lower": str(proof.lower),
                "upper": str(proof.upper),
            }
        return json.dumps(known, indent=1)

    @classmethod
    def from_json(cls, text):
        """Read a certificate; nothing in it is believed before `check`.

        Parameters
        ----------
        text : str
            As `to_json` returns it.

        Returns
        -------
        Certificate

        Raises
        ------
        ValueError
            If the text is no certificate.
        """
        try:
            known = json.loads(text)
            if known.pop("format") != FORMAT:
                raise ValueError("unknown format")
            proof = known.pop("existence")
            if proof is not None:
                proof = Existence(
                    centre=_rows(proof.pop("centre")),
                    contacts=_pairs(proof.pop("contacts")),
                    undecided=_pairs(proof.pop("undecided")),
                    held=_pairs(proof.pop("held")),
                    **{name: _number(value) for name, value in proof.items()},
                )
            return cls(
                points=_rows(known.pop("points")),
                directions=_rows(known.pop("directions")),
                weights=_row(known.pop("weights")),
                nearest=_integer(known.pop("nearest")),
                face=tuple(_integer(k) for k in known.pop("face")),
                existence=proof,
                **{name: _number(value) for name, value in known.items()},
            )
        except (
            AttributeError,
            KeyError,
            RecursionError,
            TypeError,
            ValueError,
            ZeroDivisionError,
        ) as failure:
            raise ValueError(
                f"text: expected a {FORMAT!r} as to_json writes it, got {failure!r}"
            ) from failure

    def __repr__(self):
        proof = self.existence
        exact = "no exact code proved near it"
        if proof is not None:
            width = f"{float(proof.upper - proof.lower):.0e}"
            contacts = f"{len(proof.contacts)} contacts proved equal"
            if proof.undecided:
                contacts += f" and {len(proof.undecided)} to {width}"
            exact = (
                f"near it an exact code of coherence {float(proof.lower):.15f} to within {width}, "
                f"{contacts}"
            )
        return (
            f"Certificate of {len(self.points)} points in {len(self.points[0])} dimensions: "
            f"coherence {float(self.coherence):.12f}, one-vs-rest distance "
            f"{float(self.one_vs_rest_distance_squared) ** 0.5:.12f}; {exact}"
        )


def certify(code, denominator=2**40, digits=50):
    r"""Prove bounds of a code.

    Parameters
    ----------
    code : Code or array_like, shape (num_points, dimension)
        Any code; the bounds are as good as it is.
    denominator : int
        Of the stereographic parameters of the rational code next to it.
    digits : int
        At least 25; the exact code is enclosed to ten less.

    Returns
    -------
    Certificate
        Checked.

    Raises
    ------
    ValueError
        If `code` is not a code, its points coincide after rounding, or an argument is out of range.

    Examples
    --------
    >>> certificate = certify([[0.8, 0.6], [-0.8, 0.6], [0.0, -1.0]], denominator=2)
    >>> certificate.coherence, certificate.one_vs_rest_distance_squared, certificate.face
    (Fraction(-7, 25), Fraction(256, 125), (1, 2))
    """
    code = code if isinstance(code, Code) else Code.of(code)
    if digits < 25:
        raise ValueError(f"digits: expected at least 25, got {digits}")
    points = rational_code(code.points, denominator)
    if len(set(points)) < len(points):
        raise ValueError(f"denominator: points coincide at {denominator}; use a larger one")
    hulls = _hulls(points)
    nearest = min(range(len(points)), key=lambda k: hulls[k].distance_squared)
    square = hulls[nearest].distance_squared
    try:
        existence = prove_existence(refine(code, digits), points)
    except ArithmeticError:
        existence = None
    if existence is not None and not _near(points, existence):
        existence = None
    others = [j for j in range(len(points)) if j != nearest]
    spanned = [(j, w) for j, w in zip(others, hulls[nearest].weights, strict=True) if w]
    certificate = Certificate(
        points=points,
        coherence=exact_coherence(points),
        one_vs_rest_distance_squared=square,
        nearest=nearest,
        face=tuple(j for j, _ in spanned),
        weights=tuple(w for _, w in spanned),
        directions=tuple(_direction(points, k, hull, square) for k, hull in enumerate(hulls)),
        existence=existence,
    )
    certificate.check()
    return certificate


def _hulls(points):
    """The nearest point of the hull of the others, for each point."""
    return [
        exact_nearest_hull_point(points[:k] + points[k + 1 :], point)
        for k, point in enumerate(points)
    ]


def _direction(points, k, hull, square):
    """The way from the hull to the point, rounded as far as it still proves the distance."""
    direction = tuple(x - y for x, y in zip(points[k], hull.point, strict=True))
    for bits in _DIRECTION_BITS:
        rounded = tuple(Fraction(round(x * 2**bits), 2**bits) for x in direction)
        if _separates(points, k, rounded, square):
            return rounded
    return direction


def _separates(points, k, direction, square):
    heights = [_dot(point, direction) for point in points]
    margin = heights[k] - max(heights[:k] + heights[k + 1 :])
    return margin > 0 and margin * margin >= square * _dot(direction, direction)


def _check_points(points):
    if len(points) < 2 or len(points[0]) < 1 or any(len(row) != len(points[0]) for row in points):
        raise ValueError("certificate: its points are no code")
    for k, row in enumerate(points):
        if _dot(row, row) != 1:
            raise ValueError(f"certificate: point {k} is not of length 1")


def _check_coherence(points, coherence):
    largest = max(_dot(points[i], points[j]) for j in range(len(points)) for i in range(j))
    if largest != coherence:
        raise ValueError(
            f"certificate: says coherence {float(coherence)}, which differs from that of its "
            f"points by {float(coherence - largest):.3g}"
        )


def _check_at_most(certificate):
    """The hull comes as near as the certificate says."""
    points, k, face = certificate.points, certificate.nearest, certificate.face
    allowed = set(range(len(points))) - {k}
    if not 0 <= k < len(points) or not set(face) <= allowed or len(set(face)) != len(face):
        raise ValueError("certificate: its face does not consist of other points")
    weights = certificate.weights
    if len(weights) != len(face) or sum(weights) != 1 or min(weights) < 0:
        raise ValueError("certificate: the weights of its face are not convex")
    away = [
        x - sum(w * points[j][axis] for j, w in zip(face, weights, strict=True))
        for axis, x in enumerate(points[k])
    ]
    if _dot(away, away) != certificate.one_vs_rest_distance_squared:
        raise ValueError("certificate: its squared distance is not that to the point of its face")


def _check_at_least(certificate):
    """No hull comes nearer."""
    points, directions = certificate.points, certificate.directions
    if [len(row) for row in directions] != [len(row) for row in points]:
        raise ValueError("certificate: it needs one direction a point")
    for k, direction in enumerate(directions):
        if not _separates(points, k, direction, certificate.one_vs_rest_distance_squared):
            raise ValueError(f"certificate: direction {k} does not prove its distance")


def _near(points, proof):
    return [len(row) for row in points] == [len(row) for row in proof.centre] and all(
        abs(x - y) + proof.radius <= _NEAR  # all of the box, for the code may be anywhere in it
        for first, second in zip(points, proof.centre, strict=True)
        for x, y in zip(first, second, strict=True)
    )


def _check_near(points, proof):
    if not _near(points, proof):
        raise ValueError("certificate: the exact code it proves is not near its points")


def _dot(first, second):
    return sum(x * y for x, y in zip(first, second, strict=True))


def _text(rows):
    return [_text(row) if isinstance(row, tuple) else str(row) for row in rows]


def _number(value):
    if not re.fullmatch(r"-?\d+(/\d+)?", value):
        raise ValueError(f"numbers are written as whole numbers or fractions, not {value!r}")
    return Fraction(value)


def _row(values):
    return tuple(_number(value) for value in values)


def _rows(rows):
    return tuple(_row(row) for row in rows)


def _integer(value):
    if type(value) is not int:
        raise TypeError(f"expected an index, got {value!r}")
    return value


def _pairs(pairs):
    return tuple((_integer(first), _integer(second)) for first, second in pairs)
