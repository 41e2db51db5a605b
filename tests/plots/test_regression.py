"""Figures of the page on regression say in words what they show."""

import numpy as np

from neuralcollapse import plots


def test_spectra_name_the_share_of_the_first():
    spectra = {"one": np.array([0.6, 0.3, 0.1]), "two": np.array([0.4, 0.3, 0.3])}
    plot = plots.feature_spectra(spectra, 2)
    assert "one: the first 2 hold 0.90; two: the first 2 hold 0.70" in plot.alt
    assert plot.svg.startswith("<?xml")


def test_roots_name_the_largest_error():
    roots = np.array([2.0, 1.0])
    plot = plots.kept_roots(
        roots, np.array([0.0, 1.0]), np.array([[2, 1], [1, 0]]), {0.5: [1.5, 0.6]}
    )
    assert "Roots 2.00, 1.00" in plot.alt
    assert "1 descents lie on the lines to within 1e-01" in plot.alt


def test_curves_name_their_ends():
    runs = {"run": {"NRC1": np.array([1.0, 1e-3]), "NRC2": np.array([1.0, 2e-8])}}
    plot = plots.regression_curves(np.array([0, 10]), runs)
    assert "run ends at NRC1 under 0.01, NRC2 under 1e-05" in plot.alt
