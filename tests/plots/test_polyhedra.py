"""Solids: what is drawn is what the geometry says, upright, the same twice, and carried along."""

import json
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from neuralcollapse import plots
from neuralcollapse.geometry import (
    coherence,
    contacts,
    faces,
    gram_matrix,
    orthoplex,
    regular_polygon,
    simplex_etf,
)
from neuralcollapse.plots.polyhedra import _area, _axis, _order, _shade, _turn

TRIANGLE, SQUARE = (np.pad(regular_polygon(n), ((0, 0), (0, 1))) for n in (3, 4))
POLES = np.array([[0, 0, 1.0], [0, 0, -1.0]])
SOLIDS = {
    "octahedron": orthoplex(3),
    "bipyramid": np.vstack([TRIANGLE, POLES]),
    "pyramid": np.vstack([SQUARE, POLES[:1]]),
}


def rotation(seed):
    matrix = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]
    return matrix * np.linalg.det(matrix)


def solids(plot):
    return plot.data["polyhedra"]


def colors(plot, panel):
    """Face colours and line widths of a panel."""
    axes = plot.figure.axes[panel]
    return [patch.get_facecolor() for patch in axes.patches], [
        line.get_linewidth() for line in axes.lines if len(line.get_xdata()) == 2
    ]


def test_the_alt_text_carries_the_numbers():
    assert plots.polyhedra(SOLIDS).alt == (
        "Codes in space. octahedron: 6 points, 12 contacts, 8 faces, largest cosine 0.0000; "
        "bipyramid: 5 points, 6 contacts, 6 faces, largest cosine 0.0000; "
        "pyramid: 5 points, 8 contacts, 5 faces, largest cosine 0.0000."
    )


def test_the_svg_is_the_same_twice_and_carries_its_data():
    plot = plots.polyhedra(SOLIDS)
    assert plot.svg == plots.polyhedra(SOLIDS).svg
    source = ElementTree.fromstring(plot.svg).find(".//{http://purl.org/dc/elements/1.1/}source")
    assert json.loads(source.text) == json.loads(json.dumps(plot.data))
    assert len(plot.svg) < 60_000


def test_other_figures_carry_none():
    figure, _ = plots.axes_grid()
    assert "dc:source" not in plots.Plot(figure, "A plot of nothing.").svg


@pytest.mark.parametrize("upright", [True, False])
def test_the_code_is_turned_and_not_changed(upright):
    points = np.vstack([TRIANGLE, POLES]) @ rotation(2)
    (solid,) = solids(plots.polyhedra({"a": 3 * points}, upright=upright))
    seen = np.array(solid["points"])
    np.testing.assert_allclose(gram_matrix(seen), gram_matrix(points), atol=1e-4)
    assert np.linalg.det(seen[[0, 1, 3]]) == pytest.approx(
        np.linalg.det(points[[0, 1, 3]]), abs=1e-3
    )
    assert solid["faces"] == faces(points)
    assert solid["contacts"] == contacts(points).tolist()


@pytest.mark.parametrize("name", SOLIDS)
def test_an_upright_solid_looks_the_same_however_it_lay(name):
    pictures = []
    for seed in range(3):
        (solid,) = solids(plots.polyhedra({name: SOLIDS[name] @ rotation(seed)}))
        seen = np.array(solid["points"])
        pictures.append(seen[np.lexsort(seen.round(3).T)])
    np.testing.assert_allclose(pictures[1], pictures[0], atol=2e-5)
    np.testing.assert_allclose(pictures[2], pictures[0], atol=2e-5)


@pytest.mark.parametrize(
    ("points", "order", "height"),
    [
        (orthoplex(3), 4, 1),
        (SOLIDS["bipyramid"], 3, 1),
        (SOLIDS["pyramid"], 4, 1),
        (simplex_etf(4), 3, 1),
    ],
)
def test_the_axis_of_highest_symmetry_points_up(points, order, height):
    axis = _axis(points, faces(points))
    assert _order(points, axis) == order
    assert (points @ axis).max() == pytest.approx(height)


def test_a_quarter_turn_is_one():
    np.testing.assert_allclose(_turn(2, np.pi / 2) @ [1, 0, 0], [0, 1, 0], atol=1e-15)
    np.testing.assert_allclose(_turn(0, np.pi / 2) @ [0, 1, 0], [0, 0, 1], atol=1e-15)
    np.testing.assert_allclose(_turn(1, np.pi / 2) @ [0, 0, 1], [1, 0, 0], atol=1e-15)


def test_contacts_are_thick_and_faces_coloured_by_their_corners():
    plot = plots.polyhedra(SOLIDS)
    blue, _ = colors(plot, 0)
    assert {color[:3] for color in blue} == {(0, 0x72 / 255, 0xB2 / 255)}
    assert len({color[3] for color in blue}) == len(blue) == 4  # each shaded by its slope
    _, widths = colors(plot, 1)
    assert sum(width > 1 for width in widths) == 6  # the others are the sides of the triangle
    assert len(widths) == 9
    orange, _ = colors(plots.polyhedra({"down": SOLIDS["pyramid"] * [1, 1, -1]}, upright=False), 0)
    assert (0xE6 / 255, 0x9F / 255, 0) in {color[:3] for color in orange}


def test_a_point_without_contact_is_hollow_and_named():
    loose = np.vstack([TRIANGLE + 0.4 * POLES[0], POLES[1:]])
    plot = plots.polyhedra({"cap": loose})
    assert "4 points, 1 of them without contact, 3 contacts" in plot.alt
    fills = [
        line.get_markerfacecolor()
        for line in plot.figure.axes[0].lines
        if len(line.get_xdata()) == 1
    ]
    assert fills.count("white") == 1


def test_the_lit_side_is_paler():
    light = np.array([-0.42, 0.66, 0.62])
    basis = np.linalg.svd(light[None])[2][1:]
    flat = np.array([basis[0], basis[1], -basis[0] - basis[1]])
    normal = np.cross(flat[1] - flat[0], flat[2] - flat[0])
    lit = flat if normal @ light > 0 else flat[::-1]
    assert _shade(lit) == pytest.approx(0.21)
    assert _shade(lit[::-1]) == pytest.approx(0.95)


def test_area_by_hand():
    assert _area(np.array([[0, 0], [2, 0], [0, 1]])) == 2
    assert _area(np.array([[0, 0], [0, 1], [2, 0]])) == -2


def test_a_rough_code_needs_a_tolerance():
    rough = orthoplex(3) + 1e-3 * np.random.default_rng(0).normal(size=(6, 3))
    exact, forgiving = (
        solids(plots.polyhedra({"a": rough}, tolerance=t))[0]["contacts"] for t in (1e-6, 1e-2)
    )
    assert len(exact) == 1
    assert len(forgiving) == 12


def test_rows_of_panels():
    many = {str(k): orthoplex(3) for k in range(6)}
    assert plots.polyhedra(many).data["columns"] == 3
    plot = plots.polyhedra(many, columns=4)
    assert len(plot.figure.axes) == 8
    assert sum(bool(axes.patches) for axes in plot.figure.axes) == 6


def test_a_label_of_two_lines_is_one_in_the_alt_text():
    assert "one two: 6 points" in plots.polyhedra({"one\ntwo": orthoplex(3)}).alt


@pytest.mark.parametrize(
    ("solids", "reason"),
    [
        ({}, "solids: expected"),
        ({"flat": TRIANGLE}, "in a plane"),
        ({"a": orthoplex(2)}, "in space"),
    ],
)
def test_bad_input_is_named(solids, reason):
    with pytest.raises(ValueError, match=reason):
        plots.polyhedra(solids)


def test_largest_cosine_comes_from_the_points():
    cube = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
    assert f"{coherence(cube):.4f}" in plots.polyhedra({"cube": cube}).alt
