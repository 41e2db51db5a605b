"""One-vs-rest distance and the losses: closed forms, laws, bad input."""

import numpy as np
import pytest

from neuralcollapse import codes
from neuralcollapse.codes import distance
from neuralcollapse.geometry import (
    coherence,
    orthoplex,
    regular_polygon,
    simplex_etf,
)


def random_code(seed, count, dimension):
    points = np.random.default_rng(seed).normal(size=(count, dimension))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


@pytest.mark.parametrize("count", [2, 3, 5, 17])
def test_a_simplex(count):
    assert codes.one_vs_rest_distance(simplex_etf(count)) == pytest.approx(
        count / (count - 1), abs=1e-14
    )


@pytest.mark.parametrize("dimension", [2, 3, 8])
def test_an_orthoplex_where_nnls_of_scipy_failed(dimension):
    np.testing.assert_allclose(codes.one_vs_rest_distances(orthoplex(dimension)), 1, atol=1e-14)


@pytest.mark.parametrize("count", [4, 5, 9])
def test_a_polygon(count):
    expected = 1 - np.cos(2 * np.pi / count)
    assert codes.one_vs_rest_distance(regular_polygon(count)) == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize("seed", range(20))
def test_features_attain_the_distance_and_nothing_does_better(seed):
    points = random_code(seed, 4 + seed % 7, 2 + seed % 4)
    features = codes.hardmax_features(points)
    assert codes.hardmax_loss(points, features) == pytest.approx(
        -codes.one_vs_rest_distance(points), abs=1e-13
    )
    others = random_code(seed + 100, *points.shape)
    assert codes.hardmax_loss(points, others) >= -codes.one_vs_rest_distance(points) - 1e-13
    assert codes.one_vs_rest_distance(points) >= 1 - coherence(points) - 1e-13


def test_cross_entropy_of_a_simplex_and_at_low_temperature():
    points = simplex_etf(4)
    expected = np.log1p(3 * np.exp(-4 / 3 / 0.01))
    assert codes.cross_entropy(points, points, 0.01) == pytest.approx(expected, rel=1e-12)
    assert codes.cross_entropy(points, points, 1e9) == pytest.approx(np.log(4), rel=1e-8)


def test_cross_entropy_at_low_temperature_is_the_sum_of_the_wrong_margins():
    weights, features = random_code(0, 6, 3), random_code(1, 6, 3)
    logits = features @ weights.T
    wrong = logits.max(axis=1) - np.diag(logits)
    assert 1e-5 * codes.cross_entropy(weights, features, 1e-5) == pytest.approx(
        wrong.mean(), abs=1e-5
    )


GOOD = [[1.0, 0.0], [0.0, 1.0]]


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ([[1.0, 0.0]], "at least 2 points"),
        ([[1.0, 0.0], [0.0, 1.1]], "row 1 has length 1.1"),
        ([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]], "rows 0 and 2 coincide"),
        ([[1.0, 0.0], [np.nan, 1.0]], "row 1 holds NaN"),
        ([1.0, 0.0], "shape"),
    ],
)
def test_what_is_no_code_is_refused(points, message):
    for function in (codes.one_vs_rest_distance, codes.hardmax_features):
        with pytest.raises(ValueError, match=message):
            function(points)


@pytest.mark.parametrize("temperature", [0, -1, np.nan, np.inf])
def test_temperature_is_positive(temperature):
    with pytest.raises(ValueError, match="temperature: expected a positive number"):
        codes.cross_entropy(GOOD, GOOD, temperature)


def test_weights_and_features_fit():
    with pytest.raises(ValueError, match="features: expected shape"):
        codes.cross_entropy(GOOD, [[1.0, 0.0]], 1.0)


def test_what_rounding_refuses_is_solved_in_fractions(monkeypatch):
    points = random_code(3, 9, 4)
    expected = codes.one_vs_rest_distances(points), codes.hardmax_features(points)

    def refuse(*_):
        raise ArithmeticError

    monkeypatch.setattr(distance, "nearest_hull_point", refuse)
    np.testing.assert_allclose(codes.one_vs_rest_distances(points), expected[0], atol=1e-14)
    np.testing.assert_allclose(codes.hardmax_features(points), expected[1], atol=1e-13)


def test_close_points_keep_their_distance():
    e = 1e-8
    points = np.array([[0, 0, 1], [e, e, 1], [e, -e, 1], [-0.6, 0, 0.8]])
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    # From the first point to the line from the middle of the close two to the far one, slope 1/3.
    assert codes.one_vs_rest_distances(points)[0] == pytest.approx(e / 10**0.5, rel=1e-6)
