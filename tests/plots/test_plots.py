"""Figures: the same twice, numbers in their alt text, pictures that show what they say."""

import xml.etree.ElementTree as ElementTree
from functools import partial

import numpy as np
import pytest

from neuralcollapse import codes, plots
from neuralcollapse.geometry import regular_polygon, simplex_etf
from neuralcollapse.models import MLP
from neuralcollapse.plots.collapse import _shadow
from neuralcollapse.tasks import digits
from neuralcollapse.training import Recipe, fit


@pytest.fixture(scope="module")
def history():
    task = digits(samples_per_class=20, classes=range(5))
    recipe = Recipe(epochs=8, batch_size=20, learning_rate=0.05)
    return fit(partial(MLP, (64, 32, 16, 5)), task, recipe, seeds=(0, 1))


@pytest.fixture
def displayed(monkeypatch):
    """What was handed to IPython's display: (data, metadata) pairs."""
    shown = []
    record = lambda data, raw, metadata=None: shown.append((data, metadata))  # noqa: E731
    monkeypatch.setattr("neuralcollapse.plots.page.display", record)
    return shown


FIGURES = {
    "simplex_shadow": lambda h: plots.simplex_shadow(h, (0, 8)),
    "class_plane": lambda h: plots.class_plane(h, (0, 8)),
    "cosine_matrices": lambda h: plots.cosine_matrices(h, (0, 8)),
    "seed_curves": lambda h: plots.seed_curves(
        {"a": h, "b": h}, ("self_duality", "equinorm_means")
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_an_svg_with_numbers_in_its_alt_text(history, name):
    plot = FIGURES[name](history)
    assert ElementTree.fromstring(plot.svg).tag.endswith("svg")
    assert plot.svg == FIGURES[name](history).svg
    assert sum(character.isdigit() for character in plot.alt) >= 4
    assert plot.alt.endswith(".")
    assert len(plot.alt) < 600


def test_showing_displays_the_figure_and_glues_the_alt_text(history, displayed):
    plot = FIGURES["seed_curves"](history)
    assert plot.show("fig-x") is None
    (figure, _), (alt, metadata) = displayed
    assert figure["image/svg+xml"] == plot.svg
    assert metadata["scrapbook"]["name"] == "fig-x-alt"
    assert list(alt.values()) == [plot.alt]


def test_publishing_glues_plain_numbers(displayed):
    plots.publish(final_nc1=np.float64(0.25), count=np.int64(3), word="yes")
    names = [metadata["scrapbook"]["name"] for _, metadata in displayed]
    values = [next(iter(data.values())) for data, _ in displayed]
    assert names == ["final-nc1", "count", "word"]
    assert values == ["0.25", "3", "yes"]
    with pytest.raises(TypeError, match="bad: expected a number or a string, got list"):
        plots.publish(bad=[1])


@pytest.mark.parametrize("count", [3, 5, 10])
def test_the_shadow_puts_a_collapsed_simplex_on_its_corners(count):
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(count + 2, count + 2)))[0]
    features = 7 * np.repeat(simplex_etf(count, count + 2) @ rotation, 4, axis=0) + 3
    labels = np.repeat(np.arange(count), 4)
    corners, shadow = _shadow(features, labels)
    np.testing.assert_allclose(corners, regular_polygon(count))
    np.testing.assert_allclose(shadow, corners[labels], atol=1e-10)
    _, moved = _shadow(features + np.random.default_rng(1).normal(size=features.shape), labels)
    assert np.abs(moved - corners[labels]).max() > 0.05


def test_the_phase_map_and_the_strips_say_what_the_diagrams_say():
    diagrams = {(4, 6): codes.phase_diagram(6, 4, 9), (6, 9): codes.phase_diagram(9, 6, 9)}
    mapped = plots.phase_map(diagrams)
    assert "1 pairs have 2, 1 pairs have 3. The most are at (6, 9)." in mapped.alt
    strips = plots.phase_strips(diagrams)
    assert "(d, n) = (6, 9): 4·1², 3·2·1, 2³, changing at 0.4857, 0.4989" in strips.alt
    assert sum(len(phases) for phases in diagrams.values()) == len(strips.figure.axes[0].patches)


def test_the_overtaking_names_both_and_draws_edges_only():
    square, apex = codes.lifted_pairs(5, 3, 0.1), np.array([[1.0, 2.0], [2.0, 1.0]])
    curves = {"pyramid": apex[0], "other": apex[1]}
    solids = {"pyramid": square, "other": square}
    plot = plots.overtaking(np.array([0.1, 0.2]), curves, (0.15, 1.5), solids)
    assert "The pyramid has 1.00 at temperature 0.10 and the other 2.00" in plot.alt
    edges = [line for line in plot.figure.axes[1].lines if len(line.get_xdata()) == 2]
    assert len(edges) == 8  # four at the apex, four around the base
