"""Figures of class vectors: numbers in their alt text, and any number of classes."""

import numpy as np
import pytest

from neuralcollapse.geometry import simplex_etf
from neuralcollapse.plots import class_cosines, class_lengths, cosine_curves

GENERATOR = np.random.default_rng(0)


def test_the_cosines_of_a_simplex_are_level():
    plot = cosine_curves({"class means": simplex_etf(5), "classifier": 2 * simplex_etf(5)})
    assert (
        "vectors of 5 classes: class means from -0.25 to -0.25; classifier from -0.25" in plot.alt
    )
    curve = plot.figure.axes[0].lines[0]
    np.testing.assert_allclose(curve.get_ydata(), -0.25)
    assert plot.svg.startswith("<?xml")


def test_the_curve_is_the_sorted_cosines():
    rows = GENERATOR.normal(size=(9, 4))
    curve = cosine_curves({"class means": rows}).figure.axes[0].lines[0]
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    expected = sorted(unit[i] @ unit[j] for i in range(9) for j in range(i))
    np.testing.assert_allclose(curve.get_ydata(), expected)


def test_two_classes_have_one_cosine():
    plot = cosine_curves({"class means": np.array([[1.0], [-1.0]])})
    assert "from -1.00 to -1.00" in plot.alt


def test_many_classes_are_thinned_out():
    plot = cosine_curves({"class means": GENERATOR.normal(size=(3000, 4))})
    assert "3000 classes among 2048 of them, evenly chosen" in plot.alt
    assert len(plot.figure.axes[0].lines[0].get_xdata()) == 400


def test_one_panel_a_table():
    plot = class_cosines({"class means": simplex_etf(4), "classifier": np.eye(4)})
    assert "from -0.33 to -0.33 for class means, from 0.00 to 0.00 for classifier" in plot.alt
    assert plot.alt.endswith("A simplex has -0.33 everywhere.")


@pytest.mark.parametrize("spread", [0.0, 0.5])
def test_lengths_and_spreads_of_the_classes(spread):
    deviations = np.array([0.1, spread, 0.2])
    plot = class_lengths(np.diag([1.0, 2.0, 3.0]), deviations, np.array([0, 4, 5]))
    axes = plot.figure.axes[0]
    np.testing.assert_array_equal(axes.lines[0].get_xdata(), [0, 4, 5])
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), [1, 2, 3])
    np.testing.assert_array_equal(axes.lines[1].get_ydata(), deviations)
    assert axes.get_yscale() == ("log" if spread else "linear")
    assert f"in class {4 if spread else 5}." in plot.alt


@pytest.mark.parametrize(
    ("spread", "expected"), [(1e-3, ["0.001", "0.01", "0.1", "1"]), (0.5, ["0.5", "0.6", "2", "3"])]
)
def test_lengths_are_read_in_plain_numbers_beside_the_legend(spread, expected):
    lengths = np.linspace(1.0, 3.0, 10)
    plot = class_lengths(np.diag(lengths), np.full(10, spread), np.arange(10))
    assert plot.svg
    axes = plot.figure.axes[0]
    ticks = [*axes.get_yticklabels(), *axes.get_yticklabels(minor=True)]
    words = {tick.get_text() for tick in ticks}
    assert words.issuperset(expected)
    assert not any("$" in word for word in words)  # no mathematics
    assert {tick.get_text() for tick in axes.get_xticklabels()} >= {"0", "1", "9"}
    legend = axes.get_legend().get_window_extent()
    assert legend.y0 >= axes.get_window_extent().y1 - 1
