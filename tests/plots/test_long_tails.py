"""Figures of the layer-peeled model carry their numbers in words."""

import numpy as np

from neuralcollapse import plots


def test_curves_give_both_ends_and_the_threshold():
    lines = {"cosine": {"small": np.array([-0.1, 0.5, 1.0])}}
    found = (np.array([2.0]), {"cosine": {"small": np.array([0.4])}})
    plot = plots.imbalance_curves(np.array([1.0, 5, 20]), lines, found, 12.5)
    assert "Threshold at 12.50; from ratio 1 to 20: cosine, small, -0.10 to 1.00." in plot.alt
    assert plot.svg.startswith("<?xml")


def test_phases_give_ends_and_the_marked_point():
    products = np.array([1.0, 2.0, 8.0])
    merging, vanishing = np.array([1.5, 3.0, 40.0]), np.array([2.0, np.inf, np.inf])
    plot = plots.threshold_phases(products, merging, vanishing, (2.0, 3.0))
    assert "merge at ratio 1.50 for a product of 1 and 40 for 8; at 2 it is 3.00" in plot.alt
    assert "vanish at 2.00 for the first, and not beyond 1.00" in plot.alt
