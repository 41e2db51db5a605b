"""Figures of the equality page: an SVG, the same twice, with its numbers in the alt text."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from neuralcollapse import plots
from neuralcollapse.geometry import radon_partition

FOUR = np.array([[0.6, 0.8], [-0.6, 0.8], [-0.8, -0.6], [0.8, -0.6]])
GRID = np.linspace(0, 1, 11)
FIGURES = {
    "radon_bounds": lambda: plots.radon_bounds(
        FOUR, radon_partition(FOUR), [[[0.8, 0.6], [0.8, -0.6], [0.0, 0.0]]]
    ),
    "coherence_distance": lambda: plots.coherence_distance(
        {"a": [[0.5, 0.5]], "b": [[0.8, 0.7]]},
        {"low": np.stack([GRID, 1 - GRID], axis=1), "high": np.stack([GRID, 1 - GRID**2], axis=1)},
        {"star": (0.28, 0.96)},
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_an_svg_with_numbers_in_its_alt_text(name):
    plot = FIGURES[name]()
    assert ElementTree.fromstring(plot.svg).tag.endswith("svg")
    assert plot.svg == FIGURES[name]().svg
    assert plot.alt.endswith(".")
    assert len(plot.alt) < 600


def test_the_alt_text_tells_the_distance_and_who_is_outside():
    alt = FIGURES["radon_bounds"]().alt
    assert "cosine 0.28, distance 0.960" in alt
    alt = FIGURES["coherence_distance"]().alt
    assert "a, none outside" in alt
    assert "b, some outside" in alt
    assert "(0.280, 0.960), sum of squares 1.0000" in alt
