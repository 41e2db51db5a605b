"""What the checkers on temperature stand on: bisection that can fail, codes that are codes."""

import numpy as np
import pytest
from flint import arb
from scipy.linalg import block_diag

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
    batches = temperature.random_softmax_code(8, 5, np.random.default_rng(seed), free)
    points = block_diag(*batches)
    assert len(points) == 8
    assert points.shape[1] <= 5
    assert abs(coherence(points)) < 1e-12
    assert codes.one_vs_rest_distance(points) == pytest.approx(1, abs=1e-9)


def test_partitions_are_all_and_descending():
    assert temperature.partitions(6, 3) == [(4, 1, 1), (3, 2, 1), (2, 2, 2)]
    assert temperature.partitions(2, 3) == []


def test_the_kinds_of_entropy():
    assert temperature.low_entropy(9, 6) == (4, 1, 1)
    assert temperature.high_entropy(9, 6) == (2, 2, 2)
    assert temperature.low_entropy(5, 3) == temperature.high_entropy(5, 3) == (2, 1)


def test_features_of_a_simplex_stay():
    points = simplex_etf(4)
    np.testing.assert_allclose(temperature.best_features(points, 0.3), points, atol=1e-6)


def test_a_third_of_flattening_is_the_regular_triangle():
    gram = temperature.flattened_triangle(1 / 3) @ temperature.flattened_triangle(1 / 3).T
    np.testing.assert_allclose(gram, 1.5 * np.eye(3) - 0.5, atol=1e-14)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda n, d, tau: temperature.low_entropy(n, d), "all partitions compete"),
        (lambda n, d, tau: (d,), "expected 2 dimensions with sum 2"),
    ],
)
def test_the_exercise_rejects(answer, words):
    with pytest.raises(AssertionError, match=words):
        check_best_dimensions(answer)
