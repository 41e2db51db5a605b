"""The symmetrised code, the holes of a code, a turned contact, 2d + 1 points."""

import numpy as np
import pytest
from scipy.optimize import minimize

from neuralcollapse import codes
from neuralcollapse.codes.spherical import spherical_code
from neuralcollapse.geometry import coherence, orthoplex, regular_polygon, simplex_etf


def random_code(seed, count, dimension, skew=0.0):
    points = np.random.default_rng(seed).normal(size=(count, dimension))
    points[:, 0] += skew
    return points / np.linalg.norm(points, axis=1, keepdims=True)


@pytest.mark.parametrize("points", [simplex_etf(4), orthoplex(3), regular_polygon(5)])
def test_a_self_dual_code_is_its_own_symmetrised_code(points):
    features = codes.hardmax_features(points)
    np.testing.assert_allclose(codes.symmetrised_code(points, features), points, atol=1e-14)


@pytest.mark.parametrize("seed", range(30))
def test_coherence_distance_and_coherence_are_ordered(seed):
    points = random_code(seed, 3 + seed % 6, 2 + seed % 4, skew=seed % 3)
    halfway = codes.symmetrised_code(points, codes.hardmax_features(points))
    distance = codes.one_vs_rest_distance(points)
    assert coherence(halfway) <= 1 - distance + 1e-13
    assert 1 - distance <= coherence(points) + 1e-13


@pytest.mark.parametrize("seed", range(10))
def test_the_map_turns_and_permutes_with_the_code_and_does_not_care_which_is_which(seed):
    weights = random_code(seed, 6, 3)
    features = codes.aligned_features(weights, random_code(seed + 50, 6, 3))
    halfway = codes.symmetrised_code(weights, features)
    rotation = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]
    order = np.random.default_rng(seed).permutation(6)
    np.testing.assert_allclose(
        codes.symmetrised_code((weights @ rotation)[order], (features @ rotation)[order]),
        (halfway @ rotation)[order],
        atol=1e-13,
    )
    np.testing.assert_allclose(codes.symmetrised_code(features, weights), halfway, atol=1e-13)


@pytest.mark.parametrize("seed", range(10))
def test_reflections_only_widen_margins(seed):
    weights, features = random_code(seed, 5, 2), random_code(seed + 50, 5, 2)
    reflected = codes.aligned_features(weights, features)
    assert np.sum(weights * reflected, axis=1).min() >= 0
    before, after = (h @ weights.T for h in (features, reflected))
    gain = (np.diag(after)[:, None] - after) - (np.diag(before)[:, None] - before)
    assert gain.min() >= -1e-14
    assert gain.max() > 0.1


def test_opposite_features_are_reflected_onto_their_weights():
    points = random_code(0, 4, 3)
    np.testing.assert_allclose(codes.symmetrised_code(points, -points), points, atol=1e-15)


@pytest.mark.parametrize("function", [codes.symmetrised_code, codes.aligned_features])
def test_weights_and_features_must_fit(function):
    with pytest.raises(ValueError, match="features: expected shape"):
        function([[1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]])
    with pytest.raises(ValueError, match="weights: expected rows of length 1"):
        function([[2.0, 0.0]], [[1.0, 0.0]])


CAP = np.array([[0.6, 0, 0.8], [-0.3, 0.27**0.5, 0.8], [-0.3, -(0.27**0.5), 0.8]])


def test_three_touching_points_leave_one_hole_with_three_vertices():
    found = codes.holes(np.vstack([CAP, [[0, 0, -1.0]]]))
    assert found.num_holes == 1
    assert len(found.vertices) == 3
    products = np.sort(found.vertices @ CAP.T, axis=1)
    np.testing.assert_allclose(products[:, 1:], found.coherence, atol=1e-12)
    assert (products[:, 0] < found.coherence).all()
    assert not found.exclude_contact


def test_a_code_without_rattlers_has_no_holes():
    found = codes.holes(spherical_code(7, 3, starts=4).points)
    assert (found.num_holes, found.between, found.within) == (0, -1, 1)
    assert found.exclude_contact


@pytest.mark.parametrize(("count", "dimension", "starts"), [(20, 3, 16), (27, 4, 32)])
def test_no_search_brings_rattlers_closer_than_the_vertices_say(count, dimension, starts):
    code = spherical_code(count, dimension, starts=starts)
    found = codes.holes(code.points)
    assert found.num_holes == len(code.rattlers) > 1
    others = np.delete(code.points, code.rattlers, axis=0)

    def slack(flat):
        both = flat.reshape(2, dimension)
        return (code.coherence - both @ others.T).ravel()

    reached = []
    for pair in [(0, 1), (0, -1)]:
        ends = minimize(
            lambda flat: -flat[:dimension] @ flat[dimension:],
            code.points[[code.rattlers[row] for row in pair]].ravel(),
            method="SLSQP",
            constraints=[
                {"type": "ineq", "fun": slack},
                {
                    "type": "eq",
                    "fun": lambda flat: (flat.reshape(2, dimension) ** 2).sum(1) - 1,
                },
            ],
        )
        reached.append(-ends.fun)
    assert max(reached) <= found.between + 1e-6


def test_what_has_no_holes_to_search_is_refused():
    with pytest.raises(ValueError, match="positive coherence"):
        codes.holes(simplex_etf(4))
    with pytest.raises(ValueError, match="at least 3 columns"):
        codes.holes(regular_polygon(5))


def test_vertices_of_two_caps_by_hand():
    vertices = codes.hole_vertices(np.eye(3)[:2], 0.6)
    height = np.sqrt(1 - 2 * 0.36)
    expected = [[0.6, 0.6, -height], [0.6, 0.6, height]]
    np.testing.assert_allclose(vertices[vertices[:, 2].argsort()], expected, atol=1e-14)


def test_a_vertex_under_another_cap_is_none():
    points = random_code(3, 9, 3)
    vertices = codes.hole_vertices(points, 0.6)
    assert len(vertices) > 2
    products = np.sort(vertices @ points.T, axis=1)
    np.testing.assert_allclose(products[:, -2:], 0.6, atol=1e-7)


@pytest.mark.parametrize("angle", [0.0, 1e-3, 0.1])
def test_a_turned_contact_keeps_its_margin(angle):
    points = np.array([[0.6, 0.8, 0], [0.6, -0.8, 0], [-1, 0, 0]])
    weights, features = codes.turn_contact(points, (0, 1), angle)
    for k, j in ((0, 1), (1, 0)):
        assert (weights[k] - weights[j]) @ features[k] == pytest.approx(1.28, abs=1e-13)
    theta = np.arccos(-0.28)
    assert weights[0] @ weights[1] == pytest.approx(np.cos(theta - 2 * angle), abs=1e-13)
    np.testing.assert_array_equal(weights[2], features[2])


def test_a_turn_too_large_is_refused():
    points = [[0.6, 0.8], [0.6, -0.8]]
    with pytest.raises(ValueError, match="turn less"):
        codes.turn_contact(points, (0, 1), 0.4)
    with pytest.raises(ValueError, match="angle: expected at least 0"):
        codes.turn_contact(points, (0, 1), -0.1)
    with pytest.raises(ValueError, match="opposite"):
        codes.turn_contact([[1.0, 0.0], [-1.0, 0.0]], (0, 1), 0.1)


@pytest.mark.parametrize("dimension", range(2, 9))
def test_one_point_more_than_an_orthoplex(dimension):
    points = codes.beyond_orthoplex(dimension)
    d, x = dimension, coherence(points)
    assert points.shape == (2 * d + 1, d)
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), 1, atol=1e-14)
    assert d * (d - 2) ** 2 * x**3 - d**2 * x**2 - d * x + 1 == pytest.approx(0, abs=1e-12)
    cosines = (points @ points.T)[np.triu_indices(2 * d + 1, 1)]
    assert (cosines > x - 1e-12).sum() == d + d * (d - 1) // 2 + d * (d - 1)


def test_the_pentagon_and_the_code_of_seven_points():
    assert coherence(codes.beyond_orthoplex(2)) == pytest.approx(np.cos(2 * np.pi / 5), abs=1e-15)
    assert coherence(codes.beyond_orthoplex(3)) == pytest.approx(0.21013831273060308, abs=1e-15)
    with pytest.raises(ValueError, match="dimension: expected a whole number from 2"):
        codes.beyond_orthoplex(1)


def test_two_rattlers_in_a_wide_hole_can_touch_freely():
    touch = codes.free_contact(np.vstack([CAP, [[0.8, 0, -0.6], [-0.8, 0, -0.6]]]))
    assert touch.found
    code = touch.points
    products = code @ code.T - 2 * np.eye(5)
    k, j = touch.pair
    assert products[k, j] == pytest.approx(products[0, 1], abs=1e-9)
    assert np.sort(products[[k, j]], axis=1)[:, -2].max() == pytest.approx(
        products[0, 1] - touch.slack, abs=1e-9
    )


def test_rattlers_at_opposite_ends_cannot_and_one_is_not_enough():
    assert not codes.free_contact(spherical_code(20, 3, starts=16).points, starts=2).found
    with pytest.raises(ValueError, match="two rattlers or more, got 1"):
        codes.free_contact(np.vstack([CAP, [[0, 0, -1.0]]]))


def test_what_is_no_number_of_starts_no_pair_and_no_dimension_is_refused():
    points = orthoplex(2)
    for starts in (0, -1, 1.5):
        with pytest.raises(ValueError, match="starts: expected a whole number from 1"):
            codes.free_contact(points, starts=starts)
    for pair in ((0, 0), (0, 4), (0, -1), (0, 1, 2), (0.0, 1.0), 3):
        with pytest.raises(ValueError, match="pair: expected two different rows from 0 to 3"):
            codes.turn_contact(points, pair, 0.1)
    for dimension in (2.9, float("nan")):
        with pytest.raises(ValueError, match="dimension: expected a whole number from 2"):
            codes.beyond_orthoplex(dimension)
