"""Codes of the orthoplex regime: what is drawn comes back as batches; graphs and codes agree."""

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuralcollapse import codes
from neuralcollapse.geometry import coherence, distance_to_frame, orthoplex, simplex_etf

SHAPES = [((2, 2), 0), ((2, 2), 1), ((2, 3), 0), ((4, 3), 0), ((2, 3, 5), 4), ((6, 2), 3)]


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.integers(2, 5), min_size=2, max_size=4),
    free=st.integers(0, 4),
    more=st.integers(0, 2),
    seed=st.integers(0, 10**6),
)
def test_what_is_drawn_comes_back(sizes, free, more, seed):
    count = sum(sizes) + free
    dimension = count - len(sizes) + min(more, len(sizes) - 2)
    points = codes.orthoplex_code(sizes, free=free, dimension=dimension, seed=seed)
    assert points.shape == (count, dimension)
    assert dimension + 2 <= count <= 2 * dimension
    rest, batches = codes.orthogonal_batches(points)
    assert len(rest) == free
    assert sorted(map(len, batches)) == sorted(sizes)
    assert sorted([*rest, *(row for batch in batches for row in batch)]) == list(range(count))
    for first, second in combinations([rest, *batches], 2):
        assert np.abs(points[list(first)] @ points[list(second)].T).max(initial=0) < 1e-12
    for batch in batches:
        values = np.linalg.eigvalsh(points[list(batch)] @ points[list(batch)].T)
        assert abs(values[0]) < 1e-12
        assert values[1] > 1e-9
    np.testing.assert_allclose(codes.one_vs_rest_distances(points), 1, atol=1e-9)
    assert coherence(points) == pytest.approx(0, abs=1e-12)


def test_one_seed_one_code_and_a_generator_moves_on():
    drawn = codes.orthoplex_code((3, 3), seed=4)
    np.testing.assert_array_equal(drawn, codes.orthoplex_code((3, 3), seed=4))
    generator = np.random.default_rng(4)
    np.testing.assert_array_equal(drawn, codes.orthoplex_code((3, 3), seed=generator))
    assert not np.allclose(drawn, codes.orthoplex_code((3, 3), seed=generator))


def zeros_within_batches(points):
    _, batches = codes.orthogonal_batches(points)
    grams = [points[list(batch)] @ points[list(batch)].T for batch in batches]
    return [int((np.abs(gram) < 1e-12).sum()) // 2 for gram in grams]


def test_sparse_and_full_batches_both_come():
    found = {
        zeros_within_batches(codes.orthoplex_code((2, 4), seed=s))[i]
        for s in range(60)
        for i in range(2)
    }
    assert found == {0, 1, 2, 3}  # from the complete graph of four to its trees


def test_both_trees_of_four_points_come():
    def degrees(seed):
        adjacency, _ = codes.code_graph(codes.orthoplex_code((4, 4), seed=seed))
        _, batches = codes.orthogonal_batches(codes.orthoplex_code((4, 4), seed=seed))
        return {tuple(sorted((adjacency[list(b)] > 1e-12).sum(axis=1).tolist())) for b in batches}

    found = set().union(*(degrees(seed) for seed in range(60)))
    assert {(1, 1, 2, 2), (1, 1, 1, 3)} <= found  # the path and the star


def test_free_points_come_connected_and_not():
    def free_products(seed):
        points = codes.orthoplex_code((2, 2), free=3, seed=seed)
        rest, _ = codes.orthogonal_batches(points)
        gram = points[list(rest)] @ points[list(rest)].T
        assert np.linalg.eigvalsh(gram)[0] > 1e-6
        return int((np.abs(gram) < 1e-12).sum()) // 2

    assert {free_products(seed) for seed in range(40)} == {0, 1, 2, 3}


@pytest.mark.parametrize(("sizes", "free"), SHAPES)
def test_a_batch_is_the_identity_less_a_matrix_of_spectral_radius_one(sizes, free):
    points = codes.orthoplex_code(sizes, free=free, seed=7)
    rest, batches = codes.orthogonal_batches(points)
    for part in batches:
        negative = np.eye(len(part)) - points[list(part)] @ points[list(part)].T
        assert np.linalg.eigvalsh(negative)[-1] == pytest.approx(1, abs=1e-12)
    if free:
        negative = np.eye(free) - points[list(rest)] @ points[list(rest)].T
        assert np.linalg.eigvalsh(negative)[-1] < 1


@pytest.mark.parametrize("dimensions", [(1,), (1, 1, 1), (3, 1), (2, 4, 1)])
def test_unions_of_simplices(dimensions):
    points = codes.union_of_simplices(dimensions)
    assert points.shape == (sum(dimensions) + len(dimensions), sum(dimensions))
    free, batches = codes.orthogonal_batches(points)
    assert free == ()
    assert [len(batch) - 1 for batch in batches] == list(dimensions)
    for batch in batches:
        assert distance_to_frame(points[list(batch)], simplex_etf(len(batch))) < 1e-12
    np.testing.assert_array_equal(codes.union_of_simplices([1, 1]), orthoplex(2))


@pytest.mark.parametrize(
    ("count", "dimension", "low", "high"),
    [
        (5, 3, [3, 2], [3, 2]),
        (6, 3, [2, 2, 2], [2, 2, 2]),
        (6, 4, [4, 2], [3, 3]),
        (9, 6, [5, 2, 2], [3, 3, 3]),
        (13, 9, [7, 2, 2, 2], [4, 3, 3, 3]),
    ],
)
def test_low_and_high_entropy(count, dimension, low, high):
    for make, expected in ((codes.low_entropy_code, low), (codes.high_entropy_code, high)):
        points = make(count, dimension)
        assert points.shape == (count, dimension)
        free, batches = codes.orthogonal_batches(points)
        assert free == ()
        assert [len(batch) for batch in batches] == expected


def test_below_the_regime_the_decomposition_still_holds():
    assert codes.orthogonal_batches(simplex_etf(4)) == ((), ((0, 1, 2, 3),))
    assert codes.orthogonal_batches(np.eye(3)) == ((0, 1, 2), ())


@settings(max_examples=40, deadline=None)
@given(
    entries=st.lists(st.floats(0.05, 1), min_size=15, max_size=15),
    present=st.lists(st.booleans(), min_size=15, max_size=15),
    leaking=st.lists(st.booleans(), min_size=6, max_size=6),
)
def test_a_graph_and_its_code_determine_each_other(entries, present, leaking):
    adjacency = np.zeros((6, 6))
    adjacency[np.triu_indices(6, 1)] = np.multiply(entries, present)
    adjacency += adjacency.T
    leaks = np.where(leaking, 0.3, 0.0)
    leaks[adjacency.sum(axis=1) == 0] = 0.3
    points = codes.graph_code(adjacency, leaks=leaks)
    degrees = adjacency.sum(axis=1) + leaks
    gram = np.eye(6) - adjacency / np.sqrt(np.outer(degrees, degrees))
    np.testing.assert_allclose(points @ points.T, gram, atol=1e-12)
    assert np.linalg.matrix_rank(gram, tol=1e-10) == points.shape[1]
    again = codes.graph_code(*codes.code_graph(points)[:1], leaks=codes.code_graph(points)[1])
    assert again.shape == points.shape
    np.testing.assert_allclose(again @ again.T, gram, atol=1e-12)
    _, batches = codes.orthogonal_batches(points)
    for batch in batches:  # without leak the weights come back, up to one scale
        part = np.ix_(batch, batch)
        ratio = codes.code_graph(points)[0][part].sum() / adjacency[part].sum()
        np.testing.assert_allclose(
            codes.code_graph(points)[0][part], ratio * adjacency[part], atol=1e-12
        )


def test_the_rank_of_a_graph_by_exact_elimination():
    """A path of three and an edge, with weights 1 to 3: rank 5 - 2, in rational arithmetic."""
    edges = {(0, 1): 1, (1, 2): 2, (3, 4): 3}
    laplacian = [[Fraction(0)] * 5 for _ in range(5)]
    adjacency = np.zeros((5, 5))
    for (i, j), weight in edges.items():
        adjacency[i, j] = adjacency[j, i] = weight
        for row, column, sign in ((i, j, -1), (j, i, -1), (i, i, 1), (j, j, 1)):
            laplacian[row][column] += sign * weight
    rank = 0
    for column in range(5):
        pivot = next((row for row in range(rank, 5) if laplacian[row][column]), None)
        if pivot is None:
            continue
        laplacian[rank], laplacian[pivot] = laplacian[pivot], laplacian[rank]
        for row in range(rank + 1, 5):
            factor = laplacian[row][column] / laplacian[rank][column]
            pairs = zip(laplacian[row], laplacian[rank], strict=True)
            laplacian[row] = [x - factor * y for x, y in pairs]
        rank += 1
    assert codes.graph_code(adjacency).shape == (5, rank)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: codes.orthoplex_code((3,)), "at least two batches"),
        (lambda: codes.orthoplex_code(()), "at least two batches"),
        (lambda: codes.orthoplex_code((3, 1)), "of at least 2 points, got"),
        (lambda: codes.orthoplex_code((2, 2), free=-1), "free: expected a number of points"),
        (lambda: codes.orthoplex_code((2, 2), dimension=3), "of 2 to 2 dimensions, got 3"),
        (lambda: codes.orthoplex_code((2, 2, 2), dimension=2), "of 3 to 4 dimensions, got 2"),
        (lambda: codes.union_of_simplices([]), "dimensions: expected integers"),
        (lambda: codes.union_of_simplices([2, 0]), "dimensions: expected integers"),
        (lambda: codes.low_entropy_code(4, 3), "has 5 to 6 points, got 4"),
        (lambda: codes.high_entropy_code(7, 3), "has 5 to 6 points, got 7"),
        (lambda: codes.orthogonal_batches([[1, 0], [0.6, 0.8]]), "rows 0 and 1 have product 0.6"),
        (lambda: codes.orthogonal_batches([[1, 0], [0, 2]]), "row 1 has length 2"),
        (lambda: codes.code_graph(np.eye(3)[[0, 1, 0]]), "rows 0 and 2 have product 1"),
        (lambda: codes.graph_code([[0, 1]]), "expected a square matrix"),
        (lambda: codes.graph_code([[0, -1], [-1, 0]]), "symmetric matrix, not negative"),
        (lambda: codes.graph_code([[0, 1], [2, 0]]), "symmetric matrix, not negative"),
        (lambda: codes.graph_code([[1, 1], [1, 1]]), "with diagonal 0"),
        (lambda: codes.graph_code([[0, 0], [0, 0]]), "vertex 0 has no edge and no leak"),
        (lambda: codes.graph_code([[0, 1], [1, 0]], leaks=[1]), r"leaks: expected shape \(2,\)"),
        (lambda: codes.graph_code([[0, 1], [1, 0]], leaks=[-1, 0]), "none of them negative"),
        (lambda: codes.graph_code(1 - np.eye(4), dimension=2), "span 3 dimensions, got 2"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_sizes_are_integers():
    for call in (
        lambda: codes.orthoplex_code((2, 2.5)),
        lambda: codes.union_of_simplices([1.5]),
    ):
        with pytest.raises(TypeError, match="integer"):
            call()


@pytest.mark.parametrize("tolerance", [float("nan"), -1e-9, 1])
def test_tolerances_are_numbers_from_zero_to_below_one(tolerance):
    for decompose in (codes.code_graph, codes.orthogonal_batches):
        with pytest.raises(ValueError, match="tolerance: expected a number from 0 to below 1"):
            decompose(np.eye(2), tolerance=tolerance)


def test_weights_near_the_largest_float():
    ones = np.ones((3, 3)) - np.eye(3)
    np.testing.assert_allclose(codes.graph_code(1.5e308 * ones), codes.graph_code(ones), atol=1e-14)
