"""Figures of points on a circle: numbers in the alt text, marks where they belong."""

import numpy as np

from neuralcollapse import plots


def test_the_descent_names_its_gaps():
    quarter = np.pi / 2
    paths = np.array([[0, 0.5 * quarter, 2 * quarter, 3 * quarter], quarter * np.arange(4)])
    plot = plots.angle_descent(paths, np.array([0.25, 0.0]))
    assert "45.0 to 135.0 degrees at the start and 90.0 to 90.0 degrees" in plot.alt
    assert "from 0.25 nats" in plot.alt
    np.testing.assert_allclose(plot.figure.axes[2].lines[0].get_ydata(), [0.25])


def test_the_spectra_name_their_ends():
    exact, limit = np.array([1.0, 0.5]), np.array([1.0, 0.25])
    plot = plots.hessian_spectra({"soft": (exact, limit)})
    assert "soft: 1 at mode 1 (limit 1), 0.5 at mode 2 (limit 0.25)" in plot.alt
    np.testing.assert_allclose(plot.figure.axes[0].lines[1].get_ydata(), limit)


def test_the_gaps_stand_over_their_sizes():
    drawn, found = np.array([[0.5, 0.7], [0.2, 0.4]]), np.array([[0.1], [0.01]])
    plot = plots.bound_gaps([3, 4], drawn, found, np.array([0.1, 0.01]))
    assert "Random angles: 0.20 to 0.70" in plot.alt
    assert "from 0.1 at K = 3 to 0.01 at K = 4" in plot.alt
    np.testing.assert_allclose(plot.figure.axes[0].lines[0].get_xdata(), [3, 3, 4, 4])


def test_the_plans_show_what_targets_receive():
    plan = np.array([[0.4, 0.1], [0.3, 0.2]])
    plot = plots.plan_maps({"some": plan, "even": plan[::-1]})
    assert "some: targets receive 0.300 to 0.700" in plot.alt
    assert plot.svg.startswith("<?xml")
