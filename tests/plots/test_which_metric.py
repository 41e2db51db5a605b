"""Figures of the page on metrics: what their alt texts say is what was drawn."""

import numpy as np

from neuralcollapse import plots


def test_verdicts_sorts_by_the_median():
    ratios = {"b": np.array([2.0, 3.0, 4.0]), "a": np.array([0.2, 0.5, 0.1])}
    plot = plots.verdicts(ratios, {"a": "NC1", "b": "NC2"}, left="less", right="more")
    assert "From a, where the median ratio is 0.2, to b, where it is 3." in plot.alt
    rows = [label.get_text() for label in plot.figure.axes[0].get_yticklabels()]
    assert rows == ["NC1  a", "NC2  b"]
    assert plot.svg.startswith("<?xml")


def test_weighting_wedge_gives_ranges():
    factors = {"pixels": np.array([1.0, 0.5]), "features": np.array([1.0, 3.0])}
    plot = plots.weighting_wedge(np.array([1.0, 8.0]), factors)
    assert "r up to 8: pixels between 0.50 and 1.00, features between 1.00 and 3.00" in plot.alt
