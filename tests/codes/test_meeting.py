"""Common points of two hulls: by hand, in both hulls, never nearer than the Radon point."""

import numpy as np
import pytest

from neuralcollapse.codes import farthest_common_point, meeting, one_vs_rest_distance
from neuralcollapse.geometry import nearest_hull_point, radon_partition


def test_two_segments_and_a_common_edge():
    np.testing.assert_allclose(
        farthest_common_point([[2, 1], [2, -1]], [[0, 0], [4, 0]]), [2, 0], atol=1e-12
    )
    assert farthest_common_point([[0, 0], [1, 0]], [[-1, 0], [3, 0]]).tolist() == [1, 0]
    assert farthest_common_point([[0, 0], [1, 0]], [[0, 1], [1, 1]]) is None


@pytest.mark.parametrize("seed", range(8))
def test_it_lies_in_both_hulls_and_bounds_the_distance(seed):
    generator = np.random.default_rng(seed)
    points = generator.normal(size=(6 + seed % 3, 2 + seed % 2))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    split = radon_partition(points)
    first, second = points[list(split.first)], points[list(split.second)]
    point = farthest_common_point(first, second)
    for part in (first, second):
        assert nearest_hull_point(part, point).distance < 1e-8
    assert np.linalg.norm(point) >= np.linalg.norm(split.point) - 1e-8
    assert one_vs_rest_distance(points) ** 2 <= 1 - point @ point + 1e-8


@pytest.mark.parametrize("scale", [1e-300, 1e-9, 1e12, 1e300])
def test_the_scale_does_not_matter(scale):
    first, second = np.array([[2, 1], [2, -1]]), np.array([[0, 0], [4, 0]])
    point = farthest_common_point(scale * first, scale * second)
    np.testing.assert_allclose(point / scale, [2, 0], atol=1e-12)
    assert farthest_common_point(scale * first, scale * (second - [3, 0])) is None


def test_the_tolerance_is_small():
    assert farthest_common_point([[0, 1], [0, -1]], [[1e-8, 0], [1, 0]]) is None


def test_a_failed_programme_is_no_empty_intersection(monkeypatch):
    stopped = type("Result", (), {"status": 4, "message": "numerical difficulties"})
    monkeypatch.setattr(meeting, "linprog", lambda *_, **__: stopped)
    with pytest.raises(ArithmeticError, match="numerical difficulties"):
        farthest_common_point([[1, 0]], [[1, 0]])


def test_dimensions_fit():
    with pytest.raises(ValueError, match="second: expected dimension 2"):
        farthest_common_point([[1, 0]], [[1, 0, 0]])
