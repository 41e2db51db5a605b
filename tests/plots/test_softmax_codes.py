"""Figures of softmax codes: the same twice, numbers in the alt text, the polygon turned right."""

import xml.etree.ElementTree as ElementTree
from functools import partial

import numpy as np
import pytest

from neuralcollapse import plots
from neuralcollapse.geometry import regular_polygon
from neuralcollapse.models import CosineMLP
from neuralcollapse.plots.softmax_codes import _gaps, _turned_polygon
from neuralcollapse.tasks import digits
from neuralcollapse.training import Recipe, fit


def turned(angle, count):
    rotation = [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
    return regular_polygon(count) @ np.array(rotation)


@pytest.fixture(scope="module")
def history():
    build = partial(CosineMLP, (64, 16, 2, 4), temperature=0.3)
    task = digits(samples_per_class=10, classes=range(4))
    recipe = Recipe(epochs=2, batch_size=10, learning_rate=0.05)
    return fit(build, task, recipe, seeds=(0,), checkpoints=(0, 2))


def rows():
    return [
        {"dimension": 3, "temperature": t, "separation": [0.1 + t, 0.2, 0.3]} for t in (0.3, 0.1)
    ]


FIGURES = {
    "circle": lambda h: plots.feature_circle({"before": (h, 0), "after": (h, 2)}),
    "temperature": lambda h: plots.codes_over_temperature(
        {"learned": rows()}, {3: [(0.1, 0.5), (0.3, 0.4)]}, {3: 0.6}
    ),
    "filling": lambda h: plots.sphere_filling(
        (10, 20), {"random": [0.3, 0.2], "minimum": [0.2, 0.1]}
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_an_svg_with_numbers_in_its_alt_text(history, name):
    plot = FIGURES[name](history)
    assert ElementTree.fromstring(plot.svg).tag.endswith("svg")
    assert plot.svg == FIGURES[name](history).svg
    assert sum(character.isdigit() for character in plot.alt) >= 4
    assert plot.alt.endswith(".")


def test_the_alt_text_tells_medians_and_gaps(history):
    assert "0.20 at 0.1, 0.30 at 0.3" in FIGURES["temperature"](history).alt
    gap = _gaps(history.weights[-1]).min()
    assert f"{gap:.1f} degrees (after)" in FIGURES["circle"](history).alt


@pytest.mark.parametrize("angle", [0.0, 0.2, 3.0, -1.3])
def test_the_polygon_is_turned_onto_a_turned_polygon(angle):
    points = turned(angle, 7)
    corners = _turned_polygon(np.random.default_rng(0).permutation(points))
    assert np.linalg.norm(points[:, None] - corners, axis=2).min(axis=1).max() < 1e-12
    np.testing.assert_allclose(_gaps(points), 360 / 7)
