"""Figures of the page on locking: numbers in the alt text, curves where they belong."""

import numpy as np

from neuralcollapse import plots


def test_embedding_circles_say_what_is_outside():
    rows = np.ones((3, 2), dtype=complex)
    alt = plots.embedding_circles({"start": rows, "end": rows * [1, 0]}).alt
    assert "start: 50.0 per cent; end: 0.0 per cent" in alt


def test_energy_curves_name_their_ends():
    steps = np.array([0, 10])
    plot = plots.energy_curves({"run": (steps, np.array([1, 1e-3]))}, {"law": (steps, steps + 1)})
    assert "run: 1.0e-03 after 10 steps" in plot.alt
    assert len(plot.figure.axes[0].lines) == 2


def test_leakage_bounds_give_ratios():
    sigmas = np.array([0.1, 1.0])
    alt = plots.leakage_bounds(sigmas, (sigmas, 2 * sigmas), (sigmas, 4 * sigmas)).alt
    assert "features: 0.500 to 0.500" in alt
    assert "embeddings: 0.250 to 0.250" in alt


def test_locking_curves_scale_the_excess():
    times, closed = np.array([0.0, 1.0]), np.array([0.5, 0.9])
    plot = plots.locking_curves(
        times, closed, {"run": closed[None] + 0.05}, {10: np.array([0, 0.02])}, 0.3
    )
    assert "run: up to 0.050 from it" in plot.alt
    np.testing.assert_allclose(plot.figure.axes[1].lines[0].get_ydata(), [0, 0.2])


def test_pair_maps_cross_out_what_is_wrong():
    right = np.array([[True, False], [True, True]])
    plot = plots.pair_maps({"sum": (np.ones((2, 2)), right)})
    assert "sum: 3 of 4 pairs right" in plot.alt
    np.testing.assert_array_equal(plot.figure.axes[0].lines[0].get_xydata(), [[1, 0]])
