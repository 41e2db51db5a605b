"""Spherical codes against closed forms; reproducibility, bad input, rattlers."""

import dataclasses

import numpy as np
import pytest

from neuralcollapse.codes import Code, spherical_code
from neuralcollapse.codes.spherical import _centre_rattlers
from neuralcollapse.geometry import simplex_etf

SNUB = np.roots([7, 1, -3, -1])  # cosines c of the snub cube solve 7c^3 + c^2 - 3c - 1 = 0


def test_the_cubic_of_the_snub_cube_belongs_to_it():
    t = np.roots([1, -1, -1, -1]).real.max()  # the tribonacci constant
    points = np.array([1, 1 / t, t])
    neighbour = np.array([1 / t, t, 1])  # an even permutation, no sign
    assert SNUB.real.max() == pytest.approx(points @ neighbour / (points @ points), abs=1e-14)


@pytest.mark.parametrize(
    ("count", "dimension", "expected"),
    [
        (5, 2, np.cos(2 * np.pi / 5)),
        (11, 2, np.cos(2 * np.pi / 11)),
        (2, 4, -1),
        (4, 3, -1 / 3),
        (7, 6, -1 / 6),
        (5, 3, 0),
        (6, 3, 0),
        (8, 4, 0),
        (12, 3, 1 / np.sqrt(5)),
        (8, 3, (2 * np.sqrt(2) - 1) / 7),  # square antiprism: 7c^2 + 2c - 1 = 0
        (10, 4, 1 / 6),
        (24, 3, SNUB.real.max()),
        (24, 4, 1 / 2),
    ],
)
def test_codes_with_a_closed_form(count, dimension, expected):
    code = spherical_code(count, dimension, starts=256 if (count, dimension) == (24, 4) else 24)
    assert code.coherence == pytest.approx(expected, abs=1e-13)
    assert code.residual < 1e-12
    assert 1 <= code.hits <= code.starts


@pytest.mark.parametrize("count", [13, 19, 22])
def test_codes_of_the_table_of_sloane(count):
    degrees = {13: 57.1367031, 19: 47.6919141, 22: 44.7401612}[count]
    assert np.degrees(np.arccos(spherical_code(count, 3, starts=96).coherence)) == pytest.approx(
        degrees, abs=1e-7
    )


def test_the_line_holds_two_points():
    assert spherical_code(2, 1).coherence == -1


def test_a_seed_fixes_the_code():
    first, again, other = (spherical_code(7, 3, seed=seed, starts=8) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.points, again.points)
    assert not np.array_equal(first.points, other.points)
    assert first.coherence == pytest.approx(other.coherence, abs=1e-13)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1, 3), "at least 2 points, got 1"),
        ((3, 0), "dimension: expected at least 1, got 0"),
        ((3, 1), "line holds 2 different unit vectors, not 3"),
        ((3, 3, 0), "starts: expected at least 1, got 0"),
    ],
)
def test_what_cannot_be_searched_is_refused(arguments, message):
    count, dimension, *starts = arguments
    with pytest.raises(ValueError, match=message):
        spherical_code(count, dimension, starts=starts[0] if starts else None)


def test_a_fraction_of_a_point_is_refused():
    with pytest.raises(TypeError):
        spherical_code(4.5, 3)


@pytest.mark.parametrize("count", [19, 20])
def test_rattlers_touch_nothing_and_are_centred(count):
    code = spherical_code(count, 3, starts=48)
    assert code.rattlers
    generator = np.random.default_rng(0)
    for place in code.rattlers:
        others = np.delete(code.points, place, axis=0)
        room = (others @ code.points[place]).max()
        assert room < code.coherence - 1e-3
        moved = code.points[place] + 1e-4 * generator.normal(size=(500, 3))
        moved /= np.linalg.norm(moved, axis=1, keepdims=True)
        assert (moved @ others.T).max(axis=1).min() > room - 1e-10


def test_a_rattler_out_of_place_is_brought_back():
    points = spherical_code(20, 3, starts=48).points.copy()
    pressure = (points @ points.T > 0.676).astype(float) - np.eye(20)
    place = int(pressure.sum(axis=1).argmin())
    room = (np.delete(points, place, axis=0) @ points[place]).max()
    points[place] += [0.01, -0.02, 0.015]
    points[place] /= np.linalg.norm(points[place])
    back = _centre_rattlers(points, pressure)
    assert (np.delete(back, place, axis=0) @ back[place]).max() == pytest.approx(room, abs=1e-9)


def test_contacts_hold_the_code():
    code = spherical_code(9, 3, starts=16)
    cosines = np.array([code.points[i] @ code.points[j] for i, j in code.contacts])
    assert np.ptp(cosines) < 1e-14
    assert len(cosines) >= 2 * 9 - 3  # tangent coordinates less rotations, and the level


def test_a_code_cannot_be_changed():
    code = Code.of(simplex_etf(4))
    with pytest.raises(dataclasses.FrozenInstanceError):
        code.coherence = 0
    with pytest.raises(ValueError, match="read-only"):
        code.points[0, 0] = 1
