"""Radon partitions: by hand, by their hulls, degenerate points, bad input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuralcollapse.geometry import nearest_hull_point, orthoplex, radon_partition


def test_a_triangle_and_a_point_inside():
    found = radon_partition([[0, 0], [3, 0], [0, 3], [1, 1]])
    assert (found.first, found.second) == ((0, 1, 2), (3,))
    np.testing.assert_allclose(found.point, [1, 1], atol=1e-14)
    np.testing.assert_allclose(found.weights, [1 / 3, 1 / 3, 1 / 3, 1], atol=1e-14)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 6), st.integers(0, 3), st.integers(0, 10**6), st.sampled_from([1e-9, 1, 1e9]))
def test_the_point_lies_in_both_hulls(dimension, more, seed, scale):
    generator = np.random.default_rng(seed)
    shape = (dimension + 2 + more, dimension)
    points = scale * generator.integers(-2, 3, size=shape)  # many ties and repeats
    found = radon_partition(points)
    assert sorted(found.first + found.second) == list(range(len(points)))
    assert found.first
    assert found.second
    assert found.weights.min() >= 0
    assert found.residual <= 1e-12 * scale
    for part in (found.first, found.second):
        assert found.weights[list(part)].sum() == pytest.approx(1, abs=1e-14)
        assert nearest_hull_point(points[list(part)], found.point).distance <= 1e-11 * scale


def test_an_orthoplex_meets_in_its_centre():
    order = [0, 2, 1, 3, 4]
    np.testing.assert_allclose(radon_partition(orthoplex(3)[order]).point, 0, atol=1e-15)


def test_too_few_points_are_refused():
    with pytest.raises(ValueError, match=r"3 points in dimension 2.*at least 4"):
        radon_partition([[0, 0], [1, 0], [0, 1]])


def test_coordinates_near_the_largest_float():
    square = radon_partition(np.array([[1, 0], [0, 1], [-1, 0], [0, -1]]) * 1.5e308)
    assert (square.first, square.second) == ((0, 2), (1, 3))
    assert np.abs(square.point).max() < 1e293
