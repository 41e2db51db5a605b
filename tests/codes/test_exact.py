"""Exact distances: by hand, by enumeration of faces, against floating point, and wrong guesses."""

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from flint import fmpq

from neuralcollapse import codes
from neuralcollapse.claims.equality import FIVE_POINTS, SIX_POINTS
from neuralcollapse.codes import exact
from neuralcollapse.geometry import coherence, orthoplex


def random_code(seed, count, dimension):
    points = np.random.default_rng(seed).normal(size=(count, dimension))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def enumerated(points, target):
    """Squared distance to a hull: the least over all faces whose nearest point is inside them."""
    best = None
    shifted = [[a - b for a, b in zip(p, target, strict=True)] for p in points]
    gram = [[sum(a * b for a, b in zip(p, q, strict=True)) for q in shifted] for p in shifted]
    for size in range(1, len(target) + 2):
        for face in combinations(range(len(points)), size):
            weights = solve([[gram[i][j] for j in face] for i in face])
            if weights is None or min(weights) < 0:
                continue
            square = sum(
                a * b * gram[i][j]
                for i, a in zip(face, weights, strict=True)
                for j, b in zip(face, weights, strict=True)
            )
            best = square if best is None else min(best, square)
    return best


def solve(gram):
    """Gauss in Fractions: affine weights of least norm, or None."""
    size = len(gram)
    rows = [[*row, Fraction(1), Fraction(0)] for row in gram]
    rows.append([Fraction(1)] * size + [Fraction(0), Fraction(1)])
    for column in range(size + 1):
        pivot = next((r for r in range(column, size + 1) if rows[r][column]), None)
        if pivot is None:
            return None
        rows[column], rows[pivot] = rows[pivot], rows[column]
        for r in range(size + 1):
            if r != column:
                factor = rows[r][column] / rows[column][column]
                rows[r] = [a - factor * b for a, b in zip(rows[r], rows[column], strict=True)]
    return [rows[r][-1] / rows[r][r] for r in range(size)]


def one_vs_rest(points):
    return min(enumerated([*points[:k], *points[k + 1 :]], points[k]) for k in range(len(points)))


def test_the_two_codes_outside_the_circle():
    assert codes.exact_coherence(FIVE_POINTS) == Fraction(233, 297)
    square = codes.exact_one_vs_rest_distance_squared(FIVE_POINTS)
    assert square == Fraction(7601131692032, 19043119626633) == one_vs_rest(FIVE_POINTS)
    assert codes.exact_coherence(SIX_POINTS) == Fraction(119, 169)
    square = codes.exact_one_vs_rest_distance_squared(SIX_POINTS)
    assert square == Fraction(490050, 880997) == one_vs_rest(SIX_POINTS)


@pytest.mark.parametrize("seed", range(6))
def test_against_enumeration_and_floating_point(seed):
    floats = random_code(seed, 4 + seed % 3, 2 + seed % 2)
    code = codes.rational_code(floats, 50)
    square = codes.exact_one_vs_rest_distance_squared(code)
    assert square == one_vs_rest(code)
    near = np.array(code, dtype=float)
    assert float(square) == pytest.approx(codes.one_vs_rest_distance(near) ** 2, abs=1e-13)
    assert float(codes.exact_coherence(code)) == pytest.approx(coherence(near), abs=1e-15)


@pytest.mark.parametrize("guess", [lambda *_: [], lambda p, _: list(range(min(3, len(p))))])
def test_a_wrong_guess_changes_nothing(monkeypatch, guess):
    code = codes.rational_code(random_code(7, 9, 4), 2**20)
    expected = codes.exact_one_vs_rest_distance_squared(code)
    monkeypatch.setattr(exact, "_guess", guess)
    assert codes.exact_one_vs_rest_distance_squared(code) == expected


def test_degenerate_hulls():
    points = [[int(x) for x in row] for row in orthoplex(4)]
    assert codes.exact_one_vs_rest_distance_squared(points) == 1
    found = codes.exact_nearest_hull_point([[1, 0], [1, 0], [-1, 0]], [0, 2])
    assert found.distance_squared == 4
    assert found.point == (0, 0)
    assert sum(found.weights) == 1
    inside = codes.exact_nearest_hull_point([[1, 0], [0, 1], [-1, -1]], ["1/10", "1/10"])
    assert inside.distance_squared == 0


def test_numbers_of_numpy_and_numbers_that_no_float_holds():
    assert codes.exact_coherence(np.array([[1, 0], [0, 1]])) == 0
    assert codes.stereographic([np.int64(1)]) == (1, 0)
    for big in (10**200, 10**400):
        found = codes.exact_nearest_hull_point([[big, 0], [0, 1]], [0, 0])
        assert found.distance_squared == Fraction(big**2, big**2 + 1)


def test_the_nearest_point_satisfies_its_inequality():
    points = codes.rational_code(random_code(3, 12, 5), 1000)
    found = codes.exact_nearest_hull_point(points[1:], points[0])
    away = [a - b for a, b in zip(points[0], found.point, strict=True)]
    heights = [sum(a * b for a, b in zip(p, away, strict=True)) for p in points[1:]]
    assert max(heights) == sum(a * b for a, b in zip(found.point, away, strict=True))
    assert sum(a * a for a in away) == found.distance_squared
    combined = [
        sum(w * p[axis] for w, p in zip(found.weights, points[1:], strict=True))
        for axis in range(5)
    ]
    assert tuple(combined) == found.point


@pytest.mark.parametrize("side", [1, -1])
def test_stereographic_points_lie_on_the_sphere(side):
    for parameters in ([], ["1/3"], [Fraction(2, 7), fmpq(-5, 3), 4]):
        point = codes.stereographic(parameters, side)
        assert sum(x * x for x in point) == 1
        assert len(point) == len(parameters) + 1
    assert codes.stereographic([0, 0], side) == (0, 0, side)


def test_a_rational_code_is_near():
    points = random_code(1, 20, 6)
    code = np.array(codes.rational_code(points, 2**30), dtype=float)
    assert np.linalg.norm(code - points, axis=1).max() <= np.sqrt(5) / 2**30


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: codes.stereographic([0.1]), TypeError, "parameters: expected exact numbers"),
        (lambda: codes.stereographic([1], 2), ValueError, "side: expected 1 or -1"),
        (lambda: codes.rational_code([[1, 0]], 0), ValueError, "denominator"),
        (lambda: codes.rational_code([[1, 0]], np.nan), ValueError, "denominator"),
        (lambda: codes.rational_code([[1, 1]]), ValueError, "row 0 has length"),
        (lambda: codes.exact_coherence([[1, 0]]), ValueError, "at least 2 points"),
        (lambda: codes.exact_coherence([[1, 0], [1, 1]]), ValueError, "row 1 has squared length 2"),
        (lambda: codes.exact_coherence([[1, 0], [1]]), ValueError, "one positive length"),
        (
            lambda: codes.exact_one_vs_rest_distance_squared([[1, 0], [0.6, 0.8]]),
            TypeError,
            "float",
        ),
        (lambda: codes.exact_nearest_hull_point([], [1]), ValueError, "at least one point"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
