"""Figures of the page on language models: numbers in the alt text, points where they belong."""

import numpy as np

from neuralcollapse import plots


def test_panels_hold_every_point_and_quote_their_number():
    loss, groups = np.array([3.0, 4.0, 5.0]), np.array([16, 16, 32])
    panels = dict.fromkeys(("one", "two", "three"), (loss**2, 0.25, "R²"))
    plot = plots.loss_panels(panels, loss, groups, columns=2)
    assert "3 metrics against validation loss, 3 points; R²: one 0.25, two 0.25" in plot.alt
    panel = plot.figure.axes[0]
    assert sum(len(c.get_offsets()) for c in panel.collections) == 3
    assert len(panel.collections) == 2
    assert not plot.figure.axes[3].get_visible()


def test_averages_are_drawn_with_their_ends():
    times = np.linspace(0, 1, 5)
    corners = {0.0: np.array([[0, 0], [1, 0], [0, 1.0]])}
    plot = plots.two_averages(corners, times, times + 1, -times)
    assert "rises from 1.00 to 2.00" in plot.alt
    assert "falls from -0.00 to -1.00" in plot.alt
    np.testing.assert_allclose(plot.figure.axes[1].lines[1].get_ydata(), -times)
