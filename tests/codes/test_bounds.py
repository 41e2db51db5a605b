"""Bounds against codes that attain them, against codes that were found, and forged ones."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from scipy.special import eval_gegenbauer, eval_legendre

from neuralcollapse import codes
from neuralcollapse.codes.bounds import CoherenceBound, gegenbauer_coefficients

TINY = Fraction(1, 10**9)


@pytest.mark.parametrize(
    ("count", "dimension", "coherence", "argument"),
    [
        (4, 6, -1 / 3, "simplex"),
        (7, 6, -1 / 6, "simplex"),
        (8, 6, 0, "rankin"),
        (12, 6, 0, "rankin"),
        (7, 2, np.cos(2 * np.pi / 7), "circle"),
        (12, 3, 1 / 5**0.5, "triangles"),
        (16, 5, 1 / 5, "polynomial"),
        (27, 6, 1 / 4, "polynomial"),
        (56, 7, 1 / 3, "polynomial"),
        (240, 8, 1 / 2, "polynomial"),
        (275, 22, 1 / 6, "polynomial"),
        (120, 4, (1 + 5**0.5) / 4, None),  # the polynomials are not sharp
    ],
)
def test_codes_that_attain_the_bound(count, dimension, coherence, argument):
    bound = codes.coherence_bound(count, dimension)
    bound.check()
    assert bound.value <= coherence + 1e-15
    if argument is not None:
        assert bound.argument == argument
        assert float(bound.value) == pytest.approx(coherence, abs=1e-9)


@pytest.mark.parametrize(
    ("count", "dimension", "coherence"),
    [
        (7, 3, 0.2101),
        (8, 3, 0.2612),
        (24, 3, 0.7231),
        (10, 4, 0.1667),
        (24, 4, 0.5),
        (11, 5, 0.133),
    ],
)
def test_no_code_that_was_found_is_below(count, dimension, coherence):
    value = float(codes.coherence_bound(count, dimension).value)
    assert coherence - 0.09 < value < coherence


def test_the_icosahedron_is_proved_best_to_nine_digits():
    golden = (1 + 5**0.5) / 2
    points = [(0, a, b * golden) for a in (1, -1) for b in (1, -1)]
    points = np.array([np.roll(p, k) for p in points for k in range(3)])
    certificate = codes.certify(points / np.linalg.norm(points[0]))
    gap = certificate.coherence - codes.coherence_bound(12, 3).value
    assert 0 <= gap < TINY


@pytest.mark.parametrize("dimension", [2, 3, 4, 7])
def test_expansions_against_scipy(dimension):
    generator = np.random.default_rng(dimension)
    polynomial = [int(c) for c in generator.integers(-5, 6, size=7)]
    expansion = gegenbauer_coefficients(polynomial, dimension)
    t = np.linspace(-1, 1, 9)

    def basis(k):
        if dimension == 2:
            return np.cos(k * np.arccos(t))
        if dimension == 3:
            return eval_legendre(k, t)
        return eval_gegenbauer(k, dimension / 2 - 1, t) / eval_gegenbauer(k, dimension / 2 - 1, 1)

    total = sum(float(c) * basis(k) for k, c in enumerate(expansion))
    assert np.allclose(total, np.polynomial.polynomial.polyval(t, polynomial), atol=1e-12)


@pytest.mark.parametrize(
    ("count", "dimension"), [(3, 4), (6, 4), (9, 2), (12, 3), (16, 5), (56, 7)], ids=str
)
def test_a_bound_that_is_too_good_is_rejected(count, dimension):
    bound = codes.coherence_bound(count, dimension)
    replace(bound, value=bound.value - TINY).check()  # a weaker bound has the same proof
    with pytest.raises(ValueError, match="does not prove"):
        replace(bound, value=bound.value + TINY).check()


@pytest.mark.parametrize(
    "forged",
    [
        CoherenceBound(5, 4, Fraction(0), "rankin"),
        CoherenceBound(5, 3, Fraction(0), "circle"),
        CoherenceBound(12, 4, Fraction(2, 5), "triangles"),
        CoherenceBound(9, 4, Fraction(1, 10), "faith"),
        CoherenceBound(9, 4, Fraction(1, 10), "polynomial", (Fraction(1, 3),)),
        CoherenceBound(9, 4, Fraction(2), "polynomial"),
        CoherenceBound(3, 2, Fraction(-1), "polynomial", (Fraction(0),)),
        CoherenceBound(3, 1, Fraction(0), "rankin"),
        CoherenceBound(1, 2, Fraction(-1), "simplex"),
    ],
)
def test_arguments_that_do_not_apply_are_rejected(forged):
    with pytest.raises(ValueError, match="does not prove"):
        forged.check()


@pytest.mark.parametrize(("count", "dimension"), [(1, 3), (4, 1)])
def test_bad_input_is_named(count, dimension):
    with pytest.raises(ValueError, match=r"expected at least 2|at least 2 points"):
        codes.coherence_bound(count, dimension)
