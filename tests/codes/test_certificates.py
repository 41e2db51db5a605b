"""Certificates of good and bad codes, and tampered ones that must be rejected."""

import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from neuralcollapse import codes
from neuralcollapse.claims.equality import FIVE_POINTS
from neuralcollapse.codes.existence import Existence
from neuralcollapse.geometry import orthoplex, simplex_etf

TINY = Fraction(1, 10**12)


@pytest.fixture(scope="module")
def seven():
    return codes.certify(codes.spherical_code(7, 3, starts=4))


@pytest.fixture(scope="module")
def antiprism():
    return codes.certify(codes.spherical_code(8, 3, starts=4))


def changed(rows, row, column, by):
    """Rows of a table with one entry changed."""
    rows = [list(values) for values in rows]
    rows[row][column] += by
    return tuple(map(tuple, rows))


def test_a_certificate_by_hand():
    certificate = codes.certify([[0.8, 0.6], [-0.8, 0.6], [0.0, -1.0]], denominator=2)
    four, three = Fraction(4, 5), Fraction(3, 5)
    assert certificate.points == ((four, three), (-four, three), (0, -1))
    assert certificate.coherence == Fraction(-7, 25)
    assert certificate.one_vs_rest_distance_squared == Fraction(256, 125)  # 3.2 over root 5
    assert certificate.existence is None  # one contact: the points can move apart


def test_points_that_are_not_optimal_certify_to_their_own_values():
    points = np.array(FIVE_POINTS, dtype=float)
    certificate = codes.certify(points)
    assert float(certificate.coherence) == pytest.approx(233 / 297, abs=1e-11)
    square = codes.exact_one_vs_rest_distance_squared(certificate.points)
    assert certificate.one_vs_rest_distance_squared == square
    assert codes.exact_coherence(certificate.points) == certificate.coherence
    assert float(square) == pytest.approx(7601131692032 / 19043119626633, abs=1e-11)
    assert certificate.existence is None


def test_bounds_enclose_what_is_known(seven, antiprism):
    assert 3 * seven.coherence**3 - 9 * seven.coherence**2 - 3 * seven.coherence + 1 != 0
    proof = seven.existence
    assert (len(proof.contacts), proof.undecided, len(proof.held)) == (12, (), 3)

    def cubic(x):
        return 3 * x**3 - 9 * x**2 - 3 * x + 1

    assert cubic(proof.lower) > 0 > cubic(proof.upper)  # a root lies between the bounds
    assert 0 < proof.upper - proof.lower < Fraction(1, 10**35)
    proof = antiprism.existence
    assert (len(proof.contacts), len(proof.undecided), len(proof.held)) == (14, 2, 3)
    assert 7 * proof.lower**2 + 2 * proof.lower - 1 < 0 < 7 * proof.upper**2 + 2 * proof.upper - 1
    for certificate in (seven, antiprism):
        assert certificate.coherence >= certificate.existence.lower
        assert certificate.one_vs_rest_distance_squared >= (1 - certificate.coherence) ** 2


@pytest.mark.parametrize("points", [orthoplex(3), simplex_etf(5)], ids=["orthoplex", "simplex"])
def test_symmetric_codes(points):
    certificate = codes.certify(points)
    assert certificate.existence.lower <= round(codes.Code.of(points).coherence, 12)
    if len(points) == 6:
        assert certificate.coherence == 0
        assert certificate.one_vs_rest_distance_squared == 1


def test_rattlers_belong_to_the_exact_code():
    code = codes.spherical_code(19, 3, starts=16)
    certificate = codes.certify(code)
    (rattler,) = code.rattlers
    proof = certificate.existence
    assert proof.centre[rattler] == certificate.points[rattler]
    assert all(rattler not in pair for pair in proof.contacts)
    with pytest.raises(ValueError, match=f"point {rattler} has no contact and not exactly"):
        replace(proof, centre=changed(proof.centre, rattler, 0, TINY)).check()
    with pytest.raises(ValueError, match="without independent contact"):
        replace(proof, held=(*proof.held, (rattler, 0))).check()
    touching = list(proof.centre)
    touching[rattler] = touching[proof.contacts[0][0]]
    with pytest.raises(ValueError, match=r"not exactly length 1|to be no contact"):
        replace(proof, centre=tuple(touching)).check()


def test_bounds_of_an_exact_code_without_undecided_contacts_are_held_to_it(seven):
    proof = seven.existence
    for change in ({"lower": proof.lower + TINY}, {"upper": proof.upper - TINY}):
        with pytest.raises(ValueError, match=r"coherence .* in bounds"):
            replace(proof, **change).check()


def test_one_point_is_no_code(seven):
    with pytest.raises(ValueError, match="no code"):
        replace(seven, points=seven.points[:1]).check()
    with pytest.raises(ValueError, match="no points"):
        replace(seven.existence, centre=()).check()


def test_text_keeps_everything(seven):
    text = seven.to_json()
    again = codes.Certificate.from_json(text)
    again.check()
    assert again == seven
    assert again.to_json() == text
    assert "." not in "".join(str(x) for row in json.loads(text)["points"] for x in row)


def tampered(certificate):
    """Name, certificate with one thing changed, and what the check has to say of it."""
    points, square = certificate.points, certificate.one_vs_rest_distance_squared
    other = next(j for j in range(len(points)) if j not in (*certificate.face, certificate.nearest))
    swapped = (*certificate.face[1:], other)
    moved = codes.rational_code(np.array(points, dtype=float), 2**39)
    proof = certificate.existence
    first = certificate.directions
    yield "coordinate", replace(certificate, points=changed(points, 2, 0, TINY)), "length 1"
    yield "scaled", replace(certificate, points=tuple(tuple(2 * x for x in p) for p in points)), "1"
    yield "another code", replace(certificate, points=moved), "coherence"
    yield "coherence", replace(certificate, coherence=certificate.coherence - TINY), "coherence"
    yield "worse", replace(certificate, coherence=certificate.coherence + TINY), "coherence"
    yield "distance", replace(certificate, one_vs_rest_distance_squared=square + TINY), "distance"
    yield "less", replace(certificate, one_vs_rest_distance_squared=square - TINY), "distance"
    yield "face", replace(certificate, face=swapped), "squared distance"
    yield "itself", replace(certificate, face=(certificate.nearest,), weights=(1,)), "other points"
    yield "negative", replace(certificate, face=(-1,), weights=(Fraction(1),)), "other points"
    yield "weights", replace(certificate, weights=tuple(2 * w for w in certificate.weights)), "conv"
    yield "nearest", replace(certificate, nearest=other), "distance"
    yield "direction", replace(certificate, directions=changed(first, 1, 0, Fraction(1, 9))), "1"
    yield (
        "reversed",
        replace(certificate, directions=(tuple(-x for x in first[0]), *first[1:])),
        "0",
    )
    yield "too few", replace(certificate, directions=first[1:]), "one direction a point"

    def existence(**change):
        return replace(certificate, existence=replace(proof, **change))

    yield "lower", existence(lower=proof.lower + TINY), "existence"
    yield "upper", existence(upper=proof.upper - TINY), "in bounds"
    yield "centre", existence(centre=changed(proof.centre, 0, 0, TINY)), "interval test"
    yield "far", existence(centre=proof.centre[::-1]), "not near"
    yield "no box", existence(radius=Fraction(0)), "radius"
    yield "tight", existence(radius=Fraction(1, 10**60)), "interval test"
    apart = next(
        (i, j)
        for j in range(len(points))
        for i in range(j)
        if (i, j) not in {*proof.contacts, *proof.undecided}
    )
    yield "contact", existence(contacts=(apart, *proof.contacts[1:])), "existence"
    yield "dropped", existence(contacts=proof.contacts[1:]), "as many"
    yield "claimed", existence(undecided=(*proof.undecided, apart)), "out of bounds"
    yield "held twice", existence(held=(*proof.held, proof.held[0])), "as many"
    yield "held more", existence(held=((99, 0), *proof.held)), "not of one code"
    if proof.undecided:
        yield "ignored", existence(undecided=()), "no contact"


TAMPERED = [
    "coordinate", "scaled", "another code", "coherence", "worse", "distance", "less", "face",
    "itself", "negative", "weights", "nearest", "direction", "reversed", "too few", "lower",
    "upper", "centre", "far", "no box", "tight", "contact", "dropped", "claimed", "held twice",
    "held more", "ignored",
]  # fmt: skip


@pytest.mark.parametrize("name", TAMPERED)
def test_tampered_certificates_are_rejected(antiprism, name):
    antiprism.check()
    cases = {case: (forged, message) for case, forged, message in tampered(antiprism)}
    assert list(cases) == TAMPERED
    forged, message = cases[name]
    with pytest.raises(ValueError, match=message):
        forged.check()
    with pytest.raises(ValueError, match=message):
        codes.Certificate.from_json(forged.to_json()).check()


def test_an_improvement_below_rounding_is_rejected(seven):
    tiny = Fraction(1, 10**300)
    for change in (
        {"coherence": seven.coherence - tiny},
        {"one_vs_rest_distance_squared": seven.one_vs_rest_distance_squared + tiny},
    ):
        with pytest.raises(ValueError, match="certificate"):
            replace(seven, **change).check()


@pytest.mark.parametrize(
    "forge",
    [
        lambda known: known.pop("points"),
        lambda known: known.update(format="another"),
        lambda known: known.update(coherence=0.21),
        lambda known: known.update(nearest="0"),
        lambda known: known.update(nearest=True),
        lambda known: known.update(weights=["1/0"]),
        lambda known: known.update(weights=["1e999999999"]),
        lambda known: known.update(extra="1"),
        lambda known: known["existence"].update(held=[[0, 0.0]]),
    ],
)
def test_text_that_is_no_certificate_is_refused(seven, forge):
    known = json.loads(seven.to_json())
    forge(known)
    with pytest.raises(ValueError, match="text: expected"):
        codes.Certificate.from_json(json.dumps(known))


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", "1"])
def test_other_text_is_refused(text):
    with pytest.raises(ValueError, match="text: expected"):
        codes.Certificate.from_json(text)


def test_a_singular_system_is_no_proof():
    """Two points of a square held in place of one leave the equations dependent."""
    zero, one = Fraction(0), Fraction(1)
    square = ((one, zero), (zero, one), (-one, zero), (zero, -one))
    proof = Existence(
        centre=square,
        radius=Fraction(1, 10**9),
        contacts=((0, 1), (1, 2), (2, 3), (0, 3)),
        undecided=(),
        held=((0, 0),),  # the radius of a point: its length is given already, the angle is not
        lower=-TINY,
        upper=TINY,
    )
    with pytest.raises(ValueError, match=r"singular|interval"):
        proof.check()
    replace(proof, held=((0, 1),)).check()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: codes.certify(orthoplex(2), digits=20), "digits: expected at least 25"),
        (
            lambda: codes.certify([[0.28, 0.96], [-0.28, 0.96]], denominator=1),
            "denominator: points",
        ),
        (lambda: codes.certify([[1, 0], [1, 0]]), "coincide"),
        (lambda: codes.certify(orthoplex(2), denominator=0), "denominator"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_box_that_reaches_another_code_proves_nothing_near():
    angles = 0.3 + 2 * np.pi * np.arange(3) / 3
    triangle = codes.certify(np.column_stack([np.cos(angles), np.sin(angles)]))
    assert "to within" in repr(triangle)
    angles[1] += 1e-4
    turned = codes.certify(np.column_stack([np.cos(angles), np.sin(angles)]))
    wide = replace(
        triangle.existence,
        centre=turned.points,
        radius=Fraction(1, 100),
        lower=Fraction(-52, 100),
        upper=Fraction(-48, 100),
    )
    wide.check()
    with pytest.raises(ValueError, match="not near"):
        replace(turned, existence=wide).check()


def test_text_nested_too_deeply_is_refused():
    with pytest.raises(ValueError, match="text: expected"):
        codes.Certificate.from_json("[" * 100_000)
