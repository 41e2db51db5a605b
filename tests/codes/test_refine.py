"""High precision against closed forms; recognised polynomials, and numbers that must not be."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest

from neuralcollapse import codes
from neuralcollapse.codes.refine import contact_equations
from neuralcollapse.geometry import orthoplex, regular_polygon, simplex_etf

POLYNOMIALS = {
    (3, 7): (3, -9, -3, 1),
    (3, 8): (7, 2, -1),
    (3, 10): (7, -4, -2, 1),
    (3, 14): (4, -2, 3, 0, -1),
    (3, 24): (7, 1, -3, -1),
    (4, 10): (6, -1),
    (5, 11): (45, -25, -5, 1),
}


@pytest.fixture(scope="module")
def antiprism():
    return codes.spherical_code(8, 3, starts=4)


def distance(first, second):
    return float(abs(first - second))


def test_the_square_antiprism_has_its_closed_form(antiprism):
    refined = codes.refine(antiprism, 60)
    with mpmath.workdps(80):
        assert distance(refined.coherence, (2 * mpmath.sqrt(2) - 1) / 7) < 1e-62
        for i, j in refined.contacts:
            cosine = mpmath.fdot(refined.points[i], refined.points[j])
            assert distance(cosine, refined.coherence) < 1e-62
        for row in refined.points:
            assert distance(mpmath.fdot(row, row), 1) < 1e-62
    assert refined.contacts == antiprism.contacts
    assert len(refined.contacts) == 16
    assert refined.moved < 1e-14
    assert refined.disagreement < 1e-60
    assert "0.26120387496374144251476820691705659387704910725" in repr(refined)


@pytest.mark.parametrize(
    ("points", "coherence"),
    [
        (simplex_etf(6), Fraction(-1, 5)),
        (orthoplex(4), 0),
        (np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -0.6, 0.8], [0, -0.6, -0.8]]), 0),
    ],
    ids=["simplex", "orthoplex", "free to move"],
)
def test_exact_codes_stay(points, coherence):
    refined = codes.refine(points, 40)
    with mpmath.workdps(60):
        assert distance(refined.coherence, mpmath.mpmathify(coherence)) < 1e-42
    assert refined.moved < 1e-15


def test_a_polygon_to_three_hundred_digits():
    refined = codes.refine(regular_polygon(7), 300)
    with mpmath.workdps(320):
        assert abs(refined.coherence - mpmath.cos(2 * mpmath.pi / 7)) < mpmath.mpf(10) ** -300
    assert codes.minimal_polynomial(refined.coherence, 300, max_degree=30) == (8, 4, -4, -1)


def test_noise_below_the_tolerance_of_contacts_is_repaired(antiprism):
    noise = np.random.default_rng(0).normal(size=(8, 3))
    rough = antiprism.points + 1e-11 * noise
    rough /= np.linalg.norm(rough, axis=1, keepdims=True)
    refined = codes.refine(rough, 50)
    with mpmath.workdps(70):
        assert distance(refined.coherence, (2 * mpmath.sqrt(2) - 1) / 7) < 1e-52


def test_rattlers_stay_and_are_normalised():
    nineteen = codes.spherical_code(19, 3, starts=16)
    refined = codes.refine(nineteen)
    assert len(refined.rattlers) == 1
    (rattler,) = refined.rattlers
    row = refined.points[rattler]
    with mpmath.workdps(65):
        assert abs(mpmath.fdot(row, row) - 1) < mpmath.mpf(10) ** -60
    assert [float(x) for x in row] == pytest.approx(nineteen.points[rattler], abs=1e-15)


@pytest.mark.parametrize(
    "points",
    [
        [[0.8, 0.6, 0], [-0.8, 0.6, 0], [0, -1, 0], [0, 0, 1]],  # contacts only with the last point
        [[1, 0, 0], [0.6, 0.8, 0], [0, 0, -1]],
    ],
)
def test_points_that_are_no_stationary_point_are_refused_with_a_way_out(points):
    with pytest.raises(ArithmeticError, match=r"do not determine .* use certify"):
        codes.refine(points)


def test_contacts_that_cannot_all_be_equal_are_refused():
    code = codes.Code.of(regular_polygon(5))
    false = codes.Code(
        **{**vars(code), "contacts": (*code.contacts, (0, 2))}  # a diagonal is no edge
    )
    with pytest.raises(ArithmeticError):
        codes.refine(false)


def test_the_derivative_against_differences():
    generator = np.random.default_rng(0)
    points, contacts, step = generator.normal(size=(4, 3)), [(0, 1), (1, 3), (2, 3)], 1e-6

    def equations(unknowns):
        rows, level = unknowns[:-1].reshape(4, 3), unknowns[-1]
        return np.append(
            ((rows * rows).sum(axis=1) - 1) / 2, [rows[i] @ rows[j] - level for i, j in contacts]
        )

    here = np.append(points.ravel(), 0.3)
    differences = [
        (equations(here + step * axis) - equations(here - step * axis)) / (2 * step)
        for axis in np.eye(13)
    ]
    assert np.allclose(contact_equations(points, contacts), np.transpose(differences), atol=1e-9)


@pytest.mark.parametrize("case", POLYNOMIALS, ids=str)
def test_polynomials_of_the_smallest_codes(case):
    dimension, count = case
    refined = codes.refine(codes.spherical_code(count, dimension, starts=16))
    found = codes.minimal_polynomial(refined.coherence, 50)
    assert found == POLYNOMIALS[case]
    assert abs(np.polyval(found, float(refined.coherence))) < 1e-13


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0.5", (2, -1)),
        (0, (1, 0)),
        (Fraction(-3, 4), (4, 3)),
        (lambda: mpmath.sqrt(2) + mpmath.sqrt(3), (1, 0, -10, 0, 1)),
        (lambda: mpmath.cbrt(5) - 7, (1, 21, 147, 338)),
        (lambda: mpmath.pi, None),
        (lambda: mpmath.e / 5, None),
        (lambda: mpmath.sqrt(2) + mpmath.mpf(10) ** -48, None),
        (lambda: mpmath.mpf(123456789123456789) / 987654321987654323, None),
    ],
    ids=["half", "zero", "fraction", "degree 4", "cube root", "pi", "e", "near", "long"],
)
def test_minimal_polynomials(value, expected):
    with mpmath.workdps(70):
        value = value() if callable(value) else value
    assert codes.minimal_polynomial(value, 50) == expected


def test_chance_relations_are_not_believed():
    """Random numbers of few digits always have short relations; none is accepted."""
    generator = np.random.default_rng(5)
    for _ in range(50):
        value = "0." + "".join(map(str, generator.integers(0, 10, size=30)))
        assert codes.minimal_polynomial(value, 30, max_degree=8) is None


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: codes.refine(orthoplex(2), 10), ValueError, "digits: expected at least 15"),
        (lambda: codes.minimal_polynomial("0.5", 20), ValueError, "digits: expected at least 25"),
        (lambda: codes.minimal_polynomial("0.5", 50, 0), ValueError, "max_degree"),
        (lambda: codes.minimal_polynomial("nan", 50), ValueError, "value: expected a finite"),
        (lambda: codes.minimal_polynomial(1j, 50), ValueError, "value: expected a finite"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
