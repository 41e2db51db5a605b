"""Figures of long-tailed digits say in words what they show."""

import numpy as np

from neuralcollapse import plots


def test_gains_name_their_ends():
    numbers, gains = np.array([1, 50]), np.array([0.25, 0.75])
    plot = plots.centre_gains(numbers, {0.3: gains}, (np.array([2]), np.array([0.31])))
    assert "at angle 0.3 from 0.25 to 0.75" in plot.alt
    assert "gains from 0.31 to 0.31" in plot.alt


def test_ranks_name_the_most_and_the_least_frequent_class():
    values = np.array([[1.0, 0.2], [0.9, 0.4]])
    plot = plots.rank_accuracies(np.array([90, 2]), {"one": values})
    assert "means of 2 seeds: one 0.95 to 0.30" in plot.alt
    labels = [tick.get_text() for tick in plot.figure.axes[0].get_xticklabels()]
    assert labels == ["90", "2"]


def test_methods_stand_from_top_to_bottom_in_order():
    reads = {"own": np.array([0.5, 0.7]), "nearest": np.array([0.8, 0.8])}
    other = {"own": np.array([0.9]), "nearest": np.array([0.9])}
    plot = plots.method_table({"R = 50": {"first": reads, "second": other}})
    assert "R = 50: first 0.60 and 0.80, second 0.90 and 0.90" in plot.alt
    labels = [tick.get_text() for tick in plot.figure.axes[0].get_yticklabels()]
    assert labels == ["second", "first"]
