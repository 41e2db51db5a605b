"""A descent ends at a stationary point that is no worse, whatever the start and the frame."""

import numpy as np
import pytest

from neuralcollapse.codes import interior
from neuralcollapse.geometry import coherence, orthoplex


def random_points(seed, count, dimension):
    points = np.random.default_rng(seed).normal(size=(count, dimension))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("count", "dimension"), [(2, 2), (5, 2), (9, 3), (20, 3), (14, 5), (40, 8)]
)
def test_a_descent_ends_stationary(count, dimension):
    points, multipliers = interior.descend(random_points(count, count, dimension))
    assert coherence(points) < coherence(random_points(count, count, dimension))
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), 1, atol=1e-14)
    np.testing.assert_allclose(multipliers, multipliers.T, atol=1e-12)
    assert (multipliers >= 0).all()
    assert (np.diag(multipliers) == 0).all()
    assert np.triu(multipliers, 1).sum() == pytest.approx(1, abs=1e-6)
    pull = multipliers @ points
    pull -= (pull * points).sum(axis=1, keepdims=True) * points
    assert np.abs(pull).max() < 1e-6
    slacks = coherence(points) - points @ points.T
    assert (multipliers * slacks).max() <= 1e2 * interior.LAST_BARRIER


def test_a_descent_turns_with_its_start():
    points = random_points(1, 10, 3)
    turn = np.linalg.qr(np.random.default_rng(2).normal(size=(3, 3)))[0]
    assert coherence(interior.descend(points)[0]) == pytest.approx(
        coherence(interior.descend(points @ turn)[0]), abs=1e-10
    )


def test_a_best_code_stays():
    assert coherence(interior.descend(orthoplex(4))[0]) == pytest.approx(0, abs=1e-10)


def test_a_shift_is_found_and_kept_small():
    matrix = np.diag([1.0, -0.01])
    solution, shift = interior._solve_descending(matrix, np.array([1.0, 1.0]), 0.0)
    assert 0.01 < shift <= 0.04 + 1e-12
    np.testing.assert_allclose((matrix + shift * np.eye(2)) @ solution, 1, rtol=1e-10)
    _, later = interior._solve_descending(np.eye(2), np.ones(2), shift)
    assert later == shift / 2
