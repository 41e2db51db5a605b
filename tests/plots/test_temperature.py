"""Figures of the page on temperature: numbers in the alt text, curves where they belong."""

import numpy as np

from neuralcollapse import plots
from neuralcollapse.geometry import orthoplex


def test_gram_matrices_count_pairs():
    plot = plots.gram_matrices({"square": orthoplex(2)})
    assert "square: -1 (2), 0 (4)" in plot.alt
    assert plot.svg.startswith("<?xml")


def test_the_best_code_lies_on_the_axis():
    taus = np.array([0.4, 0.5, 0.6])
    losses = {"a": np.array([1.0, 2.0, 4.0]), "b": np.array([2.0, 2.0, 2.0])}
    plot = plots.excess_losses({"two codes": (taus, losses, [0.5])})
    lines = plot.figure.axes[0].lines
    np.testing.assert_allclose(lines[0].get_ydata(), [0, 0, 100])
    np.testing.assert_allclose(lines[1].get_ydata(), [100, 0, 0])
    assert "changes at 0.5000" in plot.alt


def test_bends_say_on_which_side_of_the_chord():
    dims = np.linspace(1, 3, 5)
    up, both = np.array([0, 0.5, 1, 0.5, 0]), np.array([0, 0.5, 0, -1, 0])
    alt = plots.bends(dims, {0.3: up, 0.5: both}).alt
    assert "above it at temperature 0.300" in alt
    assert "above and below it at temperature 0.500" in alt


def test_threshold_curves_name_their_ends():
    plot = plots.threshold_curves([4, 100], {"high": [0.6, 0.56]}, {"limit": 0.55})
    assert plot.alt == "high falls from 0.6000 at n = 4 to 0.5600 at n = 100."
    assert any(text.get_text() == "limit" for text in plot.figure.axes[0].texts)
