"""Distance against coherence: the equation, the extremal codes, exact witnesses, bad input."""

import numpy as np
import pytest

from neuralcollapse.codes import (
    extremal_code,
    largest_distance,
    one_vs_rest_distance,
)
from neuralcollapse.codes.tradeoff import height
from neuralcollapse.geometry import coherence, regular_polygon


@pytest.mark.parametrize("cosine", [1e-3, 0.1, 0.5, 0.9, 0.999])
def test_the_height_solves_the_equation_of_the_theorem(cosine):
    s, delta, c = height(cosine), 1 - cosine, np.sqrt((1 + cosine) / 2)
    assert 0 < s < cosine
    assert 1 - s**2 == pytest.approx(2 * delta - delta**2 / (1 + 2 * c * s + s**2), abs=1e-14)
    assert largest_distance(cosine) > np.sqrt(1 - cosine**2)


def test_the_bound_falls_and_has_its_ends():
    values = [largest_distance(m) for m in np.linspace(0, 1, 50)]
    assert values[0] == 1
    assert values[-1] == 0
    assert (np.diff(values) <= 0).all()


def test_small_coherence_costs_a_fourth_power():
    cosine = 1e-4
    assert height(cosine) == pytest.approx(cosine**2 / np.sqrt(2), rel=1e-3)


@pytest.mark.parametrize(("count", "dimension"), [(6, 4), (7, 5), (8, 5), (8, 6), (10, 6)])
@pytest.mark.parametrize("cosine", [0.02, 0.4, 0.9])
def test_extremal_codes_attain_the_bound(count, dimension, cosine):
    code = extremal_code(cosine, count, dimension)
    assert code.shape == (count, dimension)
    assert coherence(code) == pytest.approx(cosine, abs=1e-14)
    assert one_vs_rest_distance(code) == pytest.approx(largest_distance(cosine), abs=1e-14)


@pytest.mark.parametrize("count", [4, 5, 8, 20])
def test_polygons_stay_within_the_circle(count):
    points = regular_polygon(count)
    total = one_vs_rest_distance(points) ** 2 + coherence(points) ** 2
    assert total <= 1 + 1e-14


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: largest_distance(-0.1), "cosine"),
        (lambda: largest_distance(np.nan), "cosine"),
        (lambda: extremal_code(0.5, 5, 3), "num_points"),
        (lambda: extremal_code(0.5, 7, 4), "num_points"),
        (lambda: extremal_code(0.0, 6, 4), "cosine"),
        (lambda: extremal_code(0.5, 7.5, 5), "num_points: expected a whole number"),
        (lambda: extremal_code(0.5, 7, np.inf), "dimension: expected a whole number"),
        (lambda: extremal_code(np.array([0.5, 0.4]), 7, 5), "one number"),
        (lambda: height(np.array([0.1, 0.2])), "one number"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("cosine", ["0.5", None, 1j, float("nan")])
def test_a_cosine_is_a_number(cosine):
    with pytest.raises(ValueError, match="cosine: expected one number in"):
        height(cosine)
