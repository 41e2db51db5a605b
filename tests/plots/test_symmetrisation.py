"""Figures of the symmetrisation: numbers in the alt text, the same twice."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from neuralcollapse import codes, plots
from neuralcollapse.geometry import regular_polygon

WEIGHTS = regular_polygon(5)[[0, 1, 3]]
FEATURES = codes.hardmax_features(WEIGHTS)
FIGURES = {
    "halfway": lambda: plots.halfway_vectors(
        WEIGHTS, FEATURES, codes.symmetrised_code(WEIGHTS, FEATURES)
    ),
    "scatter": lambda: plots.coherence_scatter(
        np.array([0.5, 0.7]), {"a": np.array([0.4, 0.4]), "b": np.array([0.1, 0.2])}
    ),
    "interlaced": lambda: plots.interlaced(
        {"a": np.array([[0.1, 0.2], [0.3, 0.4]]), "b": np.array([[0.5, 0.6]])}, [0.5, 0.7]
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_an_svg_with_numbers_in_its_alt_text(name):
    plot = FIGURES[name]()
    assert ElementTree.fromstring(plot.svg).tag.endswith("svg")
    assert plot.svg == FIGURES[name]().svg
    assert sum(character.isdigit() for character in plot.alt) >= 4
    assert plot.alt.endswith(".")
    assert len(plot.alt) < 600


def test_the_scatter_counts_what_is_above_the_diagonal():
    assert "a: 1 of 2 above" in FIGURES["scatter"]().alt
    assert "b: 0 of 2 above" in FIGURES["scatter"]().alt
