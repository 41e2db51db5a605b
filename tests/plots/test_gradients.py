"""Figures of gradients: the alt text carries the numbers."""

import numpy as np

from neuralcollapse import plots
from neuralcollapse.tasks import digits, standardized
from neuralcollapse.training import LayerSplit, fit_features


def test_figures_of_machines_say_what_they_show():
    task = standardized(digits(4))
    history = fit_features(task, 2, width=20, seeds=(0, 1))
    plot = plots.layer_cosines(history.machines[0], task.train_inputs, task.train_labels, (1, 2))
    assert "in layer 2" in plot.alt
    plot = plots.stage_curves(history, {"a control": history})
    assert f"a control {np.median(history.variabilities[-1, 0]):.2g}" in plot.alt
    plot = plots.map_factors(history.map_factors, history.map_factors, 1.5)
    assert f"{history.map_factors.min():.2f}" in plot.alt
    assert plot.svg.startswith("<?xml")


def test_figures_of_recursion_and_ansatz_say_what_they_show():
    plot = plots.recursion_curves({"1 and 2": (np.geomspace(1, 1e-12, 5), 1e-3)})
    assert "out of sight" in plot.alt
    layer = LayerSplit(0.9, 0.8, 0.7, 0.1, (2.0, 1.0, 0.5))
    plot = plots.ansatz_cosines({"small": [(layer, layer)]})
    assert "centred cosines 0.70 to 0.70, NC1 from 2 to 0.5" in plot.alt
