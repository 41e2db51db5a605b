"""Figures of equilibrium models carry their numbers in words."""

import numpy as np

from neuralcollapse import plots


def test_alt_texts_carry_the_numbers_drawn():
    rare = plots.rare_accuracies({"two": {"no core": np.array([0.2, 0.4])}})
    assert "two: no core 0.30" in rare.alt
    prices = plots.core_prices(np.array([0.5, 1.0, 2.0]), {"none": np.array([0.5, 1.0, 2.0])})
    assert "At demand 1.00: none 1.00" in prices.alt
    fits = plots.class_fits(np.array([1, 5, 9]), {"explicit": np.array([0, 0, 0.6])})
    assert "explicit keeps classes from 9 images on" in fits.alt
    residuals = plots.residual_curves({"relu": {"plain": (1.0, 0.1), "anderson": (1.0,)}})
    assert "relu: plain 2, anderson 1" in residuals.alt


def test_phases_count_free_gain_and_zero():
    weights = np.array([[0.5, 1.0], [np.nan, 0.2]])
    plot = plots.gain_phases(np.array([0.5, 1.0]), np.array([0.5, 1.0]), weights)
    assert "on 25% of the square gain is free, on 25% everything is zero" in plot.alt
    assert plot.svg.startswith("<?xml")
