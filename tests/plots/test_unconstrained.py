"""Figures of free features: what their alt texts say is what was drawn."""

import numpy as np

from neuralcollapse import plots


def test_free_paths_names_every_panel():
    paths = np.stack([np.ones((4, 2)), np.full((4, 2), 3.0)])
    plot = plots.free_paths({"c = 0.1": (paths, np.eye(2))}, np.array([0, 0, 1, 1]))
    assert "c = 0.1: features end at distance 4.24" in plot.alt
    assert plot.svg.startswith("<?xml")


def test_phase_curves_tells_where_the_gain_has_halved():
    grid = np.linspace(0, 1.2, 121)
    curve = np.maximum(1 - grid, 0)
    plot = plots.phase_curves(
        grid, {"squared": (curve, grid)}, {"squared": (grid[::40], curve[::40], grid[::40])}
    )
    assert "halved at 0.50" in plot.alt


def test_start_scales_gives_both_ends():
    scales = np.array([1.0, 0.1])
    lines = {"spread": np.array([[1.0, 3.0], [0.01, 0.03]])}
    plot = plots.start_scales(scales, lines, scales**2)
    assert "spread from 2.0e+00 to 2.0e-02" in plot.alt
