"""Hulls of known solids: their faces, Euler's formula, contacts, and what is no solid."""

from collections import Counter
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import ConvexHull

from neuralcollapse.geometry import (
    coherence,
    contacts,
    edges,
    faces,
    orthoplex,
    regular_polygon,
    simplex_etf,
)

GOLDEN = (1 + np.sqrt(5)) / 2
CUBE = np.array(list(product([-1.0, 1.0], repeat=3)))


def rotation(seed):
    matrix = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]
    return matrix * np.linalg.det(matrix)


def cuboctahedron():
    return np.array([p for p in product([-1.0, 0.0, 1.0], repeat=3) if p.count(0.0) == 1])


def icosahedron():
    return np.array(
        [np.roll([0, a, b * GOLDEN], k) for a, b, k in product([-1, 1], [-1, 1], range(3))]
    )


def snub_cube():
    """The best 24 points: 1/t, 1, t with t^3 = t^2 + t + 1, signs even with even orders."""
    t = max(np.roots([1, -1, -1, -1]).real)
    found = []
    for order, signs in product(permutations(range(3)), product([-1, 1], repeat=3)):
        if np.linalg.det(np.eye(3)[list(order)]) * np.prod(signs) > 0:
            found.append(np.array([1 / t, 1, t])[list(order)] * signs)
    return np.array(found)


def antiprism(count, height):
    turned = regular_polygon(2 * count)
    return np.column_stack([turned, height * (-1.0) ** np.arange(2 * count)])


SOLIDS = {
    "tetrahedron": (simplex_etf(4), {3: 4}, 6),
    "octahedron": (orthoplex(3), {3: 8}, 12),
    "cube": (CUBE, {4: 6}, 12),
    "icosahedron": (icosahedron(), {3: 20}, 30),
    "cuboctahedron": (cuboctahedron(), {3: 8, 4: 6}, 24),
    "snub cube": (snub_cube(), {3: 32, 4: 6}, 60),
    "square antiprism": (antiprism(4, 8**-0.25), {3: 8, 4: 2}, 16),
    "flat antiprism of 24 points": (antiprism(12, 0.1), {3: 24, 12: 2}, 24),
}


@pytest.mark.parametrize("name", SOLIDS)
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("noise", [0, 1e-9])
def test_known_solids(name, seed, noise):
    points, sides, touching = SOLIDS[name]
    generator = np.random.default_rng(seed)
    moved = points @ rotation(seed) + noise * generator.normal(size=points.shape)
    polygons = faces(moved)
    assert Counter(len(polygon) for polygon in polygons) == sides
    assert len(points) - len(edges(moved)) + len(polygons) == 2
    assert len(contacts(moved)) == touching


def test_the_snub_cube_has_the_coherence_of_the_best_24_points():
    cosine = coherence(snub_cube())
    assert np.polyval([7, 1, -3, -1], cosine) == pytest.approx(0, abs=1e-13)
    assert cosine == pytest.approx(0.72307846833350853703, abs=1e-14)


@settings(max_examples=100, deadline=None)
@given(st.integers(4, 30), st.integers(0, 10**6))
def test_faces_support_the_hull_and_turn_counter_clockwise(count, seed):
    points = np.random.default_rng(seed).normal(size=(count, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    polygons = faces(points)
    for polygon in polygons:
        a, b, c = points[list(polygon[:3])]
        normal = np.cross(b - a, c - b)
        assert ((points - a) @ normal <= 1e-12).all()  # outward, and the others lie behind
        assert polygon[0] == min(polygon)
    volume = sum(
        np.linalg.det(points[[p[0], p[k], p[k + 1]]]) / 6
        for p in polygons
        for k in range(1, len(p) - 1)
    )
    assert volume == pytest.approx(ConvexHull(points).volume, rel=1e-9)
    assert len(edges(points)) == sum(map(len, polygons)) / 2


@settings(max_examples=100, deadline=None)
@given(st.integers(4, 30), st.integers(0, 10**6))
def test_contacts_are_edges(count, seed):
    points = np.random.default_rng(seed).normal(size=(count, 3))
    assert set(map(tuple, contacts(points))) <= set(map(tuple, edges(points)))


@pytest.mark.parametrize("name", SOLIDS)
def test_contacts_of_solids_are_edges(name):
    points = SOLIDS[name][0]
    assert set(map(tuple, contacts(points))) <= set(map(tuple, edges(points)))


def test_order_and_lengths_do_not_matter():
    points = snub_cube()
    order = np.random.default_rng(3).permutation(24)
    stretched = points[order] * np.linspace(0.1, 9, 24)[:, None]
    renamed = {frozenset(order[list(polygon)]) for polygon in faces(stretched)}
    assert renamed == {frozenset(polygon) for polygon in faces(points)}


def test_a_hull_that_leaves_out_the_centre():
    above = np.array([[1, 0, 3], [0, 1, 3], [-1, 0, 3], [0, -1, 3], [0, 0, 1]])
    assert Counter(map(len, faces(above))) == {4: 1, 3: 4}


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        (np.pad(regular_polygon(6), ((0, 0), (0, 1))), "all 6 lie in a plane"),
        (np.eye(3), "all 3 lie in a plane"),
        (np.pad(regular_polygon(6), ((0, 0), (0, 1)), constant_values=0.5), "lie in a plane"),
        (orthoplex(4), r"expected shape \(num_points, 3\), got \(8, 4\)"),
        ([*orthoplex(3), [2, 0, 0]], "rows 0 and 6 have one direction"),
        ([*orthoplex(3), [0, 0, 0]], "row 6 is zero"),
        ([*orthoplex(3), [0, 0, np.nan]], "row 6 holds NaN"),
    ],
)
def test_what_is_no_polyhedron_is_refused(points, reason):
    with pytest.raises(ValueError, match=reason):
        faces(points)


def test_a_tolerance_that_makes_no_polyhedron_is_refused():
    with pytest.raises(ArithmeticError, match="give a smaller tolerance"):
        faces(icosahedron(), tolerance=0.7)
    assert len(faces(cuboctahedron() + 1e-3 * np.random.default_rng(0).normal(size=(12, 3)))) == 20
