"""Figures of the page on optimal ranks: what is drawn is what was given."""

import numpy as np

from neuralcollapse import plots


def test_the_map_sorts_cells_by_kind():
    classes, penalties = np.array([5, 5, 7, 7]), np.array([0.01, 0.1, 0.05, 0.5])
    lines = {"edge": (np.array([5, 7]), np.array([0.02, 0.01]))}
    plot = plots.rank_map(classes, penalties, np.array([4, 2, 3, 1]), lines)
    assert "simplex, rank K - 1: 1, between: 1, circle, rank 2: 1, rank 1: 1" in plot.alt
    panel = plot.figure.axes[0]
    assert [text.get_text() for text in panel.texts] == ["3"]
    np.testing.assert_allclose(panel.lines[2].get_ydata(), [0.1])


def test_the_collapse_names_both_ends():
    scaled = np.array([0.1, 1.0])
    series = {"K = 9": (scaled, np.array([5.0, 1.0]))}
    plot = plots.rank_collapse(series, scaled, scaled ** (-2 / 3), np.array([5, 1]))
    assert "K = 9: 5 at 0.100 to 1 at 1.000" in plot.alt


def test_counts_lie_over_their_bounds():
    plot = plots.frequency_counts((7, 11), {"depth 3": [2, 3]}, {"depth 3": [0.5, 1.0]})
    lines = plot.figure.axes[0].lines
    assert (np.array(lines[0].get_ydata()) > lines[1].get_ydata()).all()
    assert "depth 3: 2, 3" in plot.alt


def test_the_loop_splits_the_branch_at_the_fold():
    branch = np.array([0.5, 0.9, 0.4]), np.array([1.5, 1.0, 0.2])
    up = {"decays": np.array([0.6, 1.0]), "norms": np.array([1.4, 0.0])}
    down = {"decays": np.array([1.0, 0.6]), "norms": np.zeros(2)}
    plot = plots.ramp_loop(branch, up, down, {"fold": 0.9})
    stable, unstable = plot.figure.axes[0].lines[:2]
    np.testing.assert_allclose(stable.get_xdata(), [0.5, 0.9])
    np.testing.assert_allclose(unstable.get_xdata(), [0.9, 0.4])
    assert "up to 0.600 and loses it at 1.000" in plot.alt
