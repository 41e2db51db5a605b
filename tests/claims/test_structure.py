"""Helpers of the claims on batches and self-duality, and the two exercise checkers."""

import numpy as np
import pytest

from neuralcollapse import codes
from neuralcollapse.claims import duality, rankin
from neuralcollapse.claims.exercises import check_batches, check_rattlers
from neuralcollapse.geometry import coherence, gram_matrix, simplex_etf


def random_code(seed, count, dimension):
    points = np.random.default_rng(seed).normal(size=(count, dimension))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


@pytest.mark.parametrize("temperature", [1.0, 0.1, 0.01])
def test_soft_features_beat_everything_near_and_far(temperature):
    weights = random_code(0, 7, 3)
    features, logs = duality.soft_features(weights, temperature)
    best = codes.cross_entropy(weights, features, temperature)
    assert best == pytest.approx(np.log1p(np.exp(logs)).mean(), rel=1e-9)
    generator = np.random.default_rng(1)
    for scale in (1e-3, 1e-1, 10):
        for _ in range(20):
            others = features + scale * generator.normal(size=features.shape)
            others /= np.linalg.norm(others, axis=1, keepdims=True)
            assert codes.cross_entropy(weights, others, temperature) >= best * (1 - 1e-12)


def test_soft_features_tend_to_hardmax_features():
    weights = random_code(2, 6, 4)
    features, _ = duality.soft_features(weights, 1e-4)
    assert duality.angles(features, codes.hardmax_features(weights)).max() < 0.2


def test_the_line_by_hand():
    assert all(duality.line_case(2).values())
    three = duality.line_case(3)
    assert three["equal"]
    assert not any(three[name] for name in ("self_dual", "tight", "jammed"))


def test_arcs_hold_exactly_the_features_with_the_margin():
    turns = np.radians([0, 60, 150, 200, 290])
    weights = np.column_stack([np.cos(turns), np.sin(turns)])
    best = codes.one_vs_rest_distance(weights)
    for k, (first, last) in enumerate(duality.feature_arcs(weights)):
        for shift, inside in ((1e-6, True), (-1e-3, False)):
            for degrees in (first + shift, last - shift):
                feature = [np.cos(np.radians(degrees)), np.sin(np.radians(degrees))]
                margins = (weights[k] - np.delete(weights, k, axis=0)) @ feature
                assert (margins.min() >= best - 1e-12) == inside or last - first < 1e-5


def test_the_room_of_a_rattler_ends_where_it_touches():
    points = duality.rattling_code()
    row = int(duality.tammes_gaps(points).argmax())
    outline, tangent = duality.room(points, row)
    limit = coherence(np.delete(points, row, axis=0))
    for move in outline[::30]:
        for share, inside in ((0.99, True), (1.01, False)):
            angle = np.radians(share * np.linalg.norm(move))
            side = move / np.linalg.norm(move) @ tangent
            place = np.cos(angle) * points[row] + np.sin(angle) * side
            largest = (np.delete(points, row, axis=0) @ place).max()
            assert (largest <= limit) == inside


def test_the_drift_vanishes_for_regular_simplices_only():
    drifts, counts = duality.drift(codes.union_of_simplices((3, 2)))
    np.testing.assert_allclose(drifts, 0, atol=1e-12)
    np.testing.assert_allclose(counts, [3] * 4 + [4] * 3, atol=1e-12)
    drifts, counts = duality.drift(duality.full_code((3, 3)))
    assert np.linalg.norm(drifts, axis=1).min() > 0.01
    assert counts.max() < 3


def test_five_points_have_their_gaps():
    np.testing.assert_allclose(rankin.gaps(rankin.five_points(100, 120)), [100, 120, 140])
    assert np.isnan(rankin.gaps(random_code(0, 5, 3))).all()


def test_obtuse_codes_are_what_they_say():
    for points in rankin.obtuse_codes(20, seed=5):
        assert coherence(points) < 1e-9
        np.testing.assert_allclose(np.linalg.norm(points, axis=1), 1, atol=1e-12)


def test_right_answers_are_accepted(capsys):
    check_batches(lambda points: codes.orthogonal_batches(points)[1])
    assert capsys.readouterr().out == "correct on 5 cases\n"


def every_component(points):
    free, batches = codes.orthogonal_batches(points)
    gram = gram_matrix(points)
    return [*batches, *({row} for row in free if not (gram[row] < -1e-9).any())]


def connected_parts(points):
    from scipy.sparse.csgraph import connected_components

    count, labels = connected_components(gram_matrix(points) < -1e-9, directed=False)
    parts = [np.flatnonzero(labels == part) for part in range(count)]
    return [part for part in parts if len(part) > 1]


def cliques(points):
    obtuse = gram_matrix(points) < -1e-9
    rows = range(len(points))
    return {frozenset([i, *np.flatnonzero(obtuse[i]).tolist()]) for i in rows if obtuse[i].any()}


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda points: set(), "antipodal points form a batch"),
        (cliques, "follow the obtuse angles"),
        (connected_parts, "only if its points are linearly dependent"),
        (every_component, "orthogonal to all others is free"),
    ],
)
def test_wrong_batches_are_rejected_with_a_hint(wrong, hint):
    with pytest.raises(AssertionError, match=hint):
        check_batches(wrong)


def strict(points):
    distances = codes.one_vs_rest_distances(points)
    return set(np.flatnonzero(distances > distances.min() + 1e-6).tolist())


def by_points(points):
    gaps = duality.tammes_gaps(points)
    return set(np.flatnonzero(gaps > 1e-6).tolist())


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda points: {0}, "up to rounding"),
        (lambda points: set(), "not always a vertex"),
        (lambda points: by_points(points) or strict(points), "not to the nearest point"),
        (lambda points: strict(points) or ({4} if len(points) == 5 else set()), "no rattler"),
    ],
)
def test_wrong_rattlers_are_rejected_with_a_hint(wrong, hint):
    check_rattlers(strict)
    with pytest.raises(AssertionError, match=hint):
        check_rattlers(wrong)


def test_a_simplex_is_no_crowd():
    assert duality.check_no_softmax_rattler([codes.union_of_simplices((1, 1))]).holds
    assert not duality.check_no_softmax_rattler([simplex_etf(4)]).holds
