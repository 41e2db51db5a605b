"""Figures of the page on two codes say in words what they show."""

import numpy as np

from neuralcollapse import plots
from neuralcollapse.geometry import regular_polygon, simplex_etf


def test_spectra_are_counted():
    plot = plots.code_spectra({"circle": regular_polygon(8), "simplex": simplex_etf(8)})
    assert "circle: 2 singular values of 2.000" in plot.alt
    assert "simplex: 7 singular values of 1.069" in plot.alt
    assert plot.svg.startswith("<?xml")


def test_lines_name_their_crossing():
    strengths = np.array([0.0, 1.0])
    plot = plots.cost_lines(strengths, {"a": 1 + strengths, "b": 3 * strengths}, 0.5)
    assert "a and b meet at 0.500000" in plot.alt


def test_thresholds_give_both_ends():
    plot = plots.scaled_thresholds([4, 100], {"q = 1": [0.25, 0.125]}, 0.1)
    assert "K = 4 to K = 100, limit 0.1000" in plot.alt
    assert "q = 1: 0.250 to 0.125" in plot.alt


def test_gaps_name_their_maxima():
    betas = np.linspace(0, 1, 3)
    plot = plots.gap_curves(betas, {7: betas}, {7: (0.5, 0.25)}, betas)
    assert "0.500 at 0.25 for K = 7" in plot.alt


def test_the_path_counts_what_has_risen():
    spectra = np.array([[4.0, 4.0, 0.0, 0.0], [1.0, 1.0, 1.0, 0.0]])
    plot = plots.spectrum_path(np.arange(2), spectra, 1.0)
    assert "two of 4.00" in plot.alt
    assert "3 of 1.000 at the end" in plot.alt
