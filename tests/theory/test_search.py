import numpy as np
import pytest

from neuralcollapse.geometry import gram_matrix, regular_polygon, simplex_etf
from neuralcollapse.theory.circle import (
    best_unit_code,
    code_objective,
    guesses,
    settle,
    two_simplices_exchange,
)


def test_objective_by_a_slow_loop():
    points = np.random.default_rng(0).normal(size=(5, 3))
    unit = points / np.linalg.norm(points, axis=1, keepdims=True)
    rows = [
        np.log(sum(np.exp(2.5 * (np.dot(unit[k], unit[j]) - 1)) for j in range(5)))
        for k in range(5)
    ]
    expected = np.mean(rows) + 0.3 * np.linalg.norm(unit, "nuc")
    assert np.isclose(code_objective(points, 2.5, 0.3), expected, rtol=1e-13)


def test_the_objective_does_not_see_rotations():
    rng = np.random.default_rng(1)
    points, turn = rng.normal(size=(6, 4)), np.linalg.qr(rng.normal(size=(4, 4)))[0]
    first, second = (code_objective(code, 1.0, 0.1) for code in (points, points @ turn))
    assert np.isclose(first, second, rtol=1e-13)


def test_without_penalty_the_simplex_is_found():
    found = best_unit_code(6, 1.5, 0.0, starts=1, ranks=[4])
    assert found.rank == 5
    assert np.allclose(gram_matrix(found.weights), gram_matrix(simplex_etf(6)), atol=1e-5)


def test_a_middling_penalty_makes_a_polygon_from_random_starts():
    rng = np.random.default_rng(3)
    polygon = code_objective(regular_polygon(7), 1.0, 0.12)
    ends = [settle(rng.normal(size=(7, 3)), 1.0, 0.12) for _ in range(6)]
    best = min(value for _, value in ends)
    assert np.isclose(best, polygon, rtol=1e-9)


def test_the_objective_found_is_that_of_the_code():
    found = best_unit_code(8, 2.0, 0.05, starts=1, ranks=[3])
    assert np.isclose(code_objective(found.weights, 2.0, 0.05), found.objective, rtol=1e-14)
    assert found.weights.shape == (8, found.rank)


@pytest.mark.parametrize("side", [0.98, 1.02])
def test_the_search_leaves_the_simplex_at_two_simplices(side):
    penalty = side * two_simplices_exchange(6, 1.0)
    found = best_unit_code(6, 1.0, penalty, starts=1)
    assert found.rank == (5 if side < 1 else 4)


def test_guesses_have_unit_rows():
    for code in guesses(9).values():
        assert code.shape[0] == 9
        assert np.allclose(np.linalg.norm(code, axis=1), 1)


SQUARE = np.vstack([np.eye(2), -np.eye(2)])


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: best_unit_code(2, 1.0, 0.1), "num_classes"),
        (lambda: best_unit_code(4, "a", 0.1), "beta"),
        (lambda: best_unit_code(4, 1.0, -0.1), "regularisation"),
        (lambda: best_unit_code(4, 1.0, np.nan), "regularisation"),
        (lambda: best_unit_code(4, 1.0, "a"), "regularisation"),
        (lambda: best_unit_code(4, 1.0, 0.1, starts=-1), "starts"),
        (lambda: best_unit_code(4, 1.0, 0.1, ranks=[9]), "ranks"),
        (lambda: best_unit_code(4, 1.0, 0.1, ranks=[0]), "ranks"),
        (lambda: best_unit_code(4, 1.0, 0.1, ranks=2), "ranks"),
        (lambda: settle(SQUARE, 1.0, -0.1), "regularisation"),
        (lambda: settle(SQUARE, 1.0, 0.1, iterations=0), "iterations"),
        (lambda: guesses(2), "num_classes"),
        (lambda: code_objective(np.eye(3), -1.0, 0.1), "beta"),
    ],
)
def test_bad_arguments_are_named(call, name):
    with pytest.raises(ValueError, match=f"^{name}:"):
        call()
