"""Figures of framed digits: panels, marks and alt texts with the numbers."""

import numpy as np

from neuralcollapse.plots import framed_examples, mask_pictures, method_accuracies


def test_examples_fill_a_grid():
    rows = {"one": np.zeros((3, 12, 12, 3)), "two": np.ones((3, 12, 12, 3))}
    plot = framed_examples(rows)
    assert len(plot.figure.axes) == 6
    assert "one; two" in plot.alt


def test_masks_name_their_means():
    mask = np.full((12, 12), 0.25)
    mask[2:-2, 2:-2] = 0.5
    plot = mask_pictures({"half": mask})
    assert "half: 0.25 and 0.50" in plot.alt


def test_every_seed_is_a_dot():
    values = {"a": np.array([0.5, 0.7]), "b": np.array([0.6, 0.8])}
    plot = method_accuracies(values, 0.95)
    dots = [line for line in plot.figure.axes[0].lines if line.get_marker() == "o"]
    assert [len(line.get_xdata()) for line in dots] == [2, 2]
    assert "a 0.60" in plot.alt
    assert "0.95" in plot.alt
