"""The nearest point of a hull: by hand, by optimality, against quadratic programming."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from neuralcollapse.geometry import nearest_hull_point, orthoplex, simplex_etf


def test_by_hand():
    found = nearest_hull_point([[1, 1], [1, -1], [3, 0]], [0, 0])
    np.testing.assert_allclose(found.point, [1, 0], atol=1e-15)
    np.testing.assert_allclose(found.weights, [0.5, 0.5, 0], atol=1e-15)
    assert found.distance == pytest.approx(1, abs=1e-15)


def test_a_target_inside_is_reached():
    found = nearest_hull_point(orthoplex(4), [0.1, -0.2, 0.05, 0.3])
    assert found.distance < 1e-15


@pytest.mark.parametrize("count", [2, 3, 8, 40])
def test_the_facet_of_a_simplex(count):
    points = simplex_etf(count)
    found = nearest_hull_point(points[1:], points[0])
    assert found.distance == pytest.approx(count / (count - 1), abs=1e-14)


@settings(max_examples=200, deadline=None)
@given(
    st.integers(1, 12), st.integers(1, 6), st.integers(0, 10**6), st.sampled_from([1e-9, 1, 1e9])
)
def test_the_optimality_condition(count, dimension, seed, scale):
    generator = np.random.default_rng(seed)
    points = generator.integers(-2, 3, size=(count, dimension)) * scale  # many ties and repeats
    target = generator.integers(-3, 4, size=dimension) * scale
    found = nearest_hull_point(points, target)
    assert found.weights.min() >= 0
    assert found.weights.sum() == pytest.approx(1, abs=1e-14)
    np.testing.assert_allclose(found.weights @ points, found.point, atol=1e-13 * scale)
    heights = (points - found.point) @ (target - found.point)
    assert heights.max() <= 1e-12 * scale**2


def test_against_quadratic_programming():
    generator = np.random.default_rng(0)
    for _ in range(20):
        points, target = generator.normal(size=(7, 4)), generator.normal(size=4)
        solved = minimize(
            lambda w, p=points, t=target: np.sum((w @ p - t) ** 2),
            np.full(7, 1 / 7),
            bounds=[(0, 1)] * 7,
            constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
            method="SLSQP",
            options={"ftol": 1e-15},
        )
        assert nearest_hull_point(points, target).distance == pytest.approx(
            np.sqrt(solved.fun), abs=1e-6
        )


@pytest.mark.parametrize(
    ("points", "target", "named"),
    [
        ([[1, 2]], [1, 2, 3], "target"),
        ([[np.nan, 2]], [1, 2], "points"),
        ([[1, 2]], [np.inf, 2], "target"),
        ([1, 2], [1, 2], "points"),
    ],
)
def test_bad_input_is_named(points, target, named):
    with pytest.raises(ValueError, match=named):
        nearest_hull_point(points, target)


def test_coordinates_near_the_largest_float():
    far = 1.5e308
    found = nearest_hull_point([[far, far], [far, -far]], [-far / 8, 0])
    np.testing.assert_allclose(found.point, [far, 0], atol=1e293)
    assert found.distance == pytest.approx(far * 1.125)
    small = nearest_hull_point([[1e-300, 1e-300], [1e-300, -1e-300]], [0, 0])
    assert small.distance == pytest.approx(1e-300, rel=1e-12)
