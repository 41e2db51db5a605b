"""Figures of batches, graphs and self-duality: the same twice, numbers in their alt text."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from neuralcollapse import codes, plots
from neuralcollapse.geometry import regular_polygon


def decomposed():
    points = codes.orthoplex_code((2, 3), free=2, seed=0)
    return points, *codes.orthogonal_batches(points)


def graph():
    points, *parts = decomposed()
    return *codes.code_graph(points), *parts


def room():
    points = codes.union_of_simplices((2, 1))
    outline = regular_polygon(12)
    return plots.rattler_room(points, [(0, 3)], 1, outline, np.eye(3)[:2])


FIGURES = {
    "batch_matrices": lambda: plots.batch_matrices({"a": decomposed(), "b": decomposed()}),
    "code_graphs": lambda: plots.code_graphs({"a": graph(), "b": graph()}),
    "coherence_plateau": lambda: plots.coherence_plateau({2: {3: -0.5, 4: 0.0, 5: 0.309}}),
    "gap_triangle": lambda: plots.gap_triangle(np.array([[120, 120, 120], [180, 90, 90]])),
    "planar_features": lambda: plots.planar_features(
        {"a": (regular_polygon(3), -regular_polygon(3) / 2, [(0, 0), (120, 120), (230, 250)])}
    ),
    "duality_angles": lambda: plots.duality_angles(
        np.array([0.1, 0.01]), {"a": np.array([1.0, 0.1]), "b": np.zeros(2)}, {"a": 10.0}
    ),
    "rattler_room": room,
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_an_svg_with_numbers_in_its_alt_text(name):
    plot = FIGURES[name]()
    assert ElementTree.fromstring(plot.svg).tag.endswith("svg")
    assert plot.svg == FIGURES[name]().svg
    assert sum(character.isdigit() for character in plot.alt) >= 3
    assert plot.alt.endswith(".")
    assert len(plot.alt) < 600


def test_the_alt_text_counts_batches():
    assert "a: batches of" in FIGURES["batch_matrices"]().alt
    assert "2 free" in FIGURES["batch_matrices"]().alt
