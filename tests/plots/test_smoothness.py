"""Figures of the page on smoothness: numbers in the alt text, points where they belong."""

import numpy as np

from neuralcollapse import plots


def test_planes_quote_their_number_and_mark_each_class():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], 5)
    features = 5 * np.eye(3)[labels] + 0.1 * rng.normal(size=(15, 3))
    plot = plots.mean_planes({"pixels": (features, labels, 0.123)})
    assert "pixels 0.12" in plot.alt
    assert len(plot.figure.axes[0].collections) == 6


def test_probes_are_drawn_with_the_exact_number():
    plot = plots.probe_errors((2, 8), np.array([3.0, 4.0]), np.array([1.0, 0.5]), 4.5)
    assert "complexity of 4.5" in plot.alt
    assert "1.00 with 2" in plot.alt
    assert "0.50 with 8" in plot.alt


def test_the_step_and_its_quotients():
    line = np.linspace(-1, 1, 5)
    plot = plots.steps_over_pieces(
        line, line, [(-1, 0)], np.array([1.0, 10.0]), {"two": np.array([0.25, 25.0])}
    )
    assert "at height 10: two, 25." in plot.alt
    np.testing.assert_allclose(plot.figure.axes[1].lines[0].get_ydata(), [0.25, 25])


def test_shots_and_paths_carry_their_numbers():
    assert "bound, 16 and 4" in plots.shot_curves([1, 9], {"bound": [16.0, 4.0]}).alt
    knob = np.array([[1.0, 3.0], [20.0, 20.0]]), np.array([[0.5, 0.7], [0.8, 0.9]])
    plot = plots.transfer_paths({"at equal steps": {"penalty": knob}})
    assert "penalty: +0.600 at 2, +0.850 at 20" in plot.alt
