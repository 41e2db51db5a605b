"""What the checkers on temperature stand on: bisection that can fail, codes that are codes."""

import numpy as np
import pytest
from flint import arb

from neuralcollapse import codes
from neuralcollapse.claims import temperature
from neuralcollapse.claims.exercises import check_best_dimensions
from neuralcollapse.geometry import coherence, simplex_etf


def positive(value):
    return True if value > 0 else False if value < 0 else None


def test_a_bisection_proves_what_is_true():
    proved, failed = temperature.unproved(lambda x, y: positive(x * x - x + y), ((0, 1), (0.3, 1)))
    assert failed == 0
    assert proved > 1


def test_a_bisection_fails_where_the_statement_does():
    assert temperature.unproved(lambda x: positive(x * x - x + arb(0.24)), ((0, 1),))[1] == 1


def test_a_bisection_gives_up_where_nothing_can_be_told():
    assert temperature.unproved(lambda x: positive(x * x), ((-1, 1.1),))[1] == 1


@pytest.mark.parametrize("free", [0, 1, 2])
@pytest.mark.parametrize("seed", range(5))
def test_random_softmax_codes_are_softmax_codes(free, seed):
    points = temperature.random_softmax_code(8, 5, np.random.default_rng(seed), free)
    assert points.shape == (8, 5)
    assert len(codes.orthogonal_batches(points)[0]) == free
    assert abs(coherence(points)) < 1e-12
    assert codes.one_vs_rest_distance(points) == pytest.approx(1, abs=1e-9)


def test_partitions_are_all_and_descending():
    assert temperature.partitions(6, 3) == [(4, 1, 1), (3, 2, 1), (2, 2, 2)]
    assert temperature.partitions(2, 3) == []


@pytest.mark.parametrize(
    ("points", "dimensions"),
    [
        (codes.low_entropy_code(9, 6), (4, 1, 1)),
        (codes.high_entropy_code(9, 6), (2, 2, 2)),
        (codes.low_entropy_code(5, 3), (2, 1)),
        (codes.high_entropy_code(5, 3), (2, 1)),
        (codes.union_of_simplices((1, 3, 2)), (3, 2, 1)),
    ],
)
def test_dimensions_of_simplices(points, dimensions):
    assert temperature.simplex_dimensions(points) == dimensions


def threshold(place, shift=0.0):
    return lambda n, b: float(codes.lemma15_thresholds(n, 12, largest=b)[place]) + shift


@pytest.mark.parametrize(
    ("concave_below", "convex_above"),
    [
        (lambda n, b: 1 / 3 + 1e-6, threshold(1)),  # true but not sharp
        (threshold(0), lambda n, b: 0.9),
        (threshold(0, 1e-7), threshold(1)),  # false
        (threshold(0), threshold(1, -1e-7)),
        (lambda n, b: threshold(0)(n, n - 1), threshold(1)),  # of the whole interval
    ],
)
def test_only_the_sharp_thresholds_pass(concave_below, convex_above):
    assert not temperature.check_concave_convex(concave_below, convex_above).holds


def test_a_wrong_second_derivative_is_noticed(monkeypatch):
    right = temperature._bending
    assert temperature.check_one_bend(temperature.curvature_slopes).holds
    monkeypatch.setattr(temperature, "_bending", lambda n, x, beta: right(n + 1, x, beta))
    assert not temperature.check_one_bend(temperature.curvature_slopes).holds


def test_a_tie_is_no_lead(monkeypatch):
    monkeypatch.setattr(temperature, "_rivals", lambda code: [temperature.simplex_dimensions(code)])
    assert not temperature.check_temperature(lambda points, tau: points).holds


def test_features_of_a_simplex_stay():
    points = simplex_etf(4)
    np.testing.assert_allclose(temperature.best_features(points, 0.3), points, atol=1e-6)


def test_a_third_of_flattening_is_the_regular_triangle():
    gram = temperature.flattened_triangle(1 / 3) @ temperature.flattened_triangle(1 / 3).T
    np.testing.assert_allclose(gram, 1.5 * np.eye(3) - 0.5, atol=1e-14)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            lambda n, d, tau: temperature.simplex_dimensions(codes.low_entropy_code(n, d)),
            "all partitions compete",
        ),
        (lambda n, d, tau: (d,), "expected 2 dimensions with sum 2"),
    ],
)
def test_the_exercise_rejects(answer, words):
    with pytest.raises(AssertionError, match=words):
        check_best_dimensions(answer)
