"""Frames are what their names say, and what they are compared with tells them apart."""

import numpy as np
import pytest

from neuralcollapse.geometry import (
    coherence,
    contacts,
    distance_to_frame,
    effective_rank,
    gram_matrix,
    orthoplex,
    principal_angles,
    regular_polygon,
    simplex_etf,
    stable_rank,
    tangent_bases,
)

EXACT = 1e-13


def random_rotation(dimension, seed=0):
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(dimension, dimension)))[0]


@pytest.mark.parametrize("num_points", [2, 3, 10, 100])
@pytest.mark.parametrize("extra", [0, 3])
def test_simplex_has_the_gram_matrix_of_a_simplex(num_points, extra):
    vertices = simplex_etf(num_points, num_points - 1 + extra)
    target = (num_points * np.eye(num_points) - 1) / (num_points - 1)
    assert vertices.shape == (num_points, num_points - 1 + extra)
    assert np.abs(gram_matrix(vertices) - target).max() < EXACT
    assert np.abs(vertices.sum(0)).max() < EXACT * num_points


@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_orthoplex_has_antipodal_pairs_and_right_angles(dimension):
    gram = gram_matrix(orthoplex(dimension))
    assert gram.shape == (2 * dimension, 2 * dimension)
    assert sorted(set(gram.ravel())) == ([-1, 1] if dimension == 1 else [-1, 0, 1])
    assert (gram == -1).sum() == 2 * dimension


@pytest.mark.parametrize("num_points", [2, 3, 7, 113])
def test_polygon_has_the_largest_cosine_of_neighbours(num_points):
    assert coherence(regular_polygon(num_points)) == pytest.approx(np.cos(2 * np.pi / num_points))


def test_coherence_tells_the_simplex_from_a_perturbed_one():
    vertices = simplex_etf(5)
    moved = vertices + 0.1 * np.random.default_rng(0).normal(size=vertices.shape)
    assert coherence(vertices) == pytest.approx(-1 / 4, abs=EXACT)
    assert coherence(moved) > -1 / 4 + 0.01
    assert coherence(3 * vertices @ random_rotation(4)) == pytest.approx(-1 / 4, abs=EXACT)


def test_soft_ranks_at_their_ends_and_between():
    simplex = simplex_etf(6)
    assert effective_rank(simplex) == pytest.approx(5)
    assert stable_rank(simplex) == pytest.approx(5)
    line = np.outer([1.0, 2.0, 3.0], [1.0, 1.0])
    assert effective_rank(line) == pytest.approx(1)
    assert stable_rank(line) == pytest.approx(1)
    assert 1 < stable_rank(np.diag([2.0, 1.0])) < effective_rank(np.diag([2.0, 1.0])) < 2


def test_principal_angles_by_hand():
    tilted = [[np.cos(0.3), np.sin(0.3), 0]]
    assert principal_angles([[1, 0, 0]], tilted) == pytest.approx([0.3])
    plane, other = np.eye(3)[:2], np.eye(3)[1:]
    assert principal_angles(plane, other) == pytest.approx([0, np.pi / 2], abs=1e-8)
    repeated = np.vstack([plane, plane])
    assert principal_angles(repeated, plane @ np.eye(3)) == pytest.approx([0, 0], abs=1e-12)
    small = [[1, 1e-9, 0]]
    assert principal_angles([[1, 0, 0]], small)[0] == pytest.approx(1e-9, rel=1e-6)


@pytest.mark.parametrize("frame", [simplex_etf(4), orthoplex(3), regular_polygon(7)])
def test_distance_to_frame_ignores_rotation_reflection_scale_and_padding(frame):
    ambient = frame.shape[1] + 2
    padded = np.pad(frame, ((0, 0), (0, 2)))
    assert distance_to_frame(5 * padded @ random_rotation(ambient), frame) < 1e-14
    assert distance_to_frame(-frame, frame) < 1e-14
    noisy = frame + 1e-6 * np.random.default_rng(1).normal(size=frame.shape)
    assert 1e-7 < distance_to_frame(noisy, frame) < 1e-5


def test_distance_to_frame_agrees_with_its_closed_form():
    generator = np.random.default_rng(2)
    points, frame = generator.normal(size=(6, 4)), generator.normal(size=(6, 3))
    overlap = np.linalg.norm(points.T @ frame, "nuc")
    overlap /= np.linalg.norm(points) * np.linalg.norm(frame)
    assert distance_to_frame(points, frame) == pytest.approx(np.sqrt(1 - overlap**2))


def test_distance_to_frame_sees_a_relabelling():
    frame = regular_polygon(5)
    assert distance_to_frame(frame[[0, 2, 1, 3, 4]], frame) > 0.1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: simplex_etf(1), "num_points.*got 1; .*at least 2"),
        (lambda: simplex_etf(5, 3), "dimension.*at least 4.*got 3"),
        (lambda: orthoplex(0), "dimension.*at least 1"),
        (lambda: regular_polygon(1), "num_points.*at least 2"),
        (lambda: gram_matrix([1.0, 2.0]), r"points: expected shape.*\(2,\)"),
        (lambda: gram_matrix([[np.nan, 1.0]]), "row 0 holds NaN"),
        (lambda: coherence([[1.0, 0.0]]), "at least two rows"),
        (lambda: coherence([[1.0, 0.0], [0.0, 0.0]]), "row 1 is zero"),
        (lambda: effective_rank(np.zeros((2, 2))), "zero matrix"),
        (lambda: distance_to_frame(np.eye(2), np.eye(3)), "expected 2 points.*got 3"),
        (lambda: distance_to_frame(np.zeros((2, 2)), np.eye(2)), "points: every row is zero"),
        (lambda: principal_angles(np.eye(2), np.eye(3)), "dimension 2.*got 3"),
        (lambda: principal_angles(np.zeros((1, 2)), np.eye(2)), "first: every row is zero"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_complex_points_are_refused():
    with pytest.raises(TypeError, match="real numbers"):
        gram_matrix([[1j]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: regular_polygon(2.5), "num_points: expected a whole number"),
        (lambda: simplex_etf(float("nan")), "num_points: expected a whole number"),
        (lambda: simplex_etf(3, 2.5), "dimension: expected a whole number"),
        (lambda: orthoplex(1.5), "dimension: expected a whole number"),
    ],
)
def test_numbers_are_whole(call, message):
    with pytest.raises(ValueError, match=message):
        call()
    np.testing.assert_array_equal(simplex_etf(3.0), simplex_etf(3))


@pytest.mark.parametrize("tolerance", [float("nan"), -1e-9, 1, "wide"])
def test_tolerances_are_numbers_from_zero_to_below_one(tolerance):
    with pytest.raises(ValueError, match="tolerance: expected a number from 0 to below 1"):
        contacts(orthoplex(2), tolerance=tolerance)


def test_complex_tensors_are_refused_too():
    torch = pytest.importorskip("torch")
    with pytest.raises(TypeError, match="points: expected real numbers"):
        gram_matrix(torch.tensor([[1.0 + 1.0j]]))


def test_tangent_bases_are_those_of_points():
    with pytest.raises(ValueError, match="row 0 holds NaN"):
        tangent_bases([[np.nan, 1.0]])
    with pytest.raises(ValueError, match="points: expected shape"):
        tangent_bases([1.0, 0.0])
