"""Groups of classes: a slow loop, a simplex, shifts, and what must be refused."""

import numpy as np
import pytest

from neuralcollapse.geometry import simplex_etf
from neuralcollapse.geometry.arrays import DegenerateGeometryError
from neuralcollapse.metrics import imbalance_report


def test_the_report_agrees_with_a_slow_loop():
    vectors = np.random.default_rng(0).normal(size=(7, 4))
    rare, rest = [1, 4, 5], [0, 2, 3, 6]
    report = imbalance_report(vectors, rare)

    def cosine(i, j):
        lengths = np.linalg.norm(vectors[i]) * np.linalg.norm(vectors[j])
        return vectors[i] @ vectors[j] / lengths

    def mean(left, right):
        return np.mean([cosine(i, j) for i in left for j in right if i != j])

    lengths = np.linalg.norm(vectors, axis=1)
    spread = max(np.linalg.norm(vectors[i] - vectors[rare].mean(axis=0)) for i in rare)
    assert np.isclose(report.majority, mean(rest, rest))
    assert np.isclose(report.minority, mean(rare, rare))
    assert np.isclose(report.between, mean(rare, rest))
    assert np.isclose(report.minority_spread, spread / lengths.mean())
    assert np.isclose(report.length_ratio, lengths[rare].mean() / lengths[rest].mean())


def test_a_simplex_has_one_cosine_and_one_length():
    report = imbalance_report(3 * simplex_etf(6, 5), [2, 3])
    cosines = [report.majority, report.minority, report.between]
    assert np.allclose([*cosines, report.length_ratio], [-0.2, -0.2, -0.2, 1])


def test_parallel_rows_have_cosine_one_and_a_spread():
    report = imbalance_report([[1.0, 0], [0, 1.0], [0, 3.0]], [1, 2])
    assert report.minority == pytest.approx(1)
    assert report.minority_spread == pytest.approx(1 / (5 / 3))


def test_a_common_shift_is_seen_unless_it_is_taken_out():
    vectors = np.random.default_rng(1).normal(size=(5, 3))
    plain = imbalance_report(vectors, [0, 1], center=True)
    moved = imbalance_report(vectors + np.array([3, 1, 2]), [0, 1], center=True)
    assert np.isclose(plain.minority, moved.minority)
    assert not np.isclose(plain.minority, imbalance_report(vectors + 3, [0, 1]).minority)


@pytest.mark.parametrize("minority", [[], [0, 1, 2], [3], [-1], [1, 1]])
def test_groups_that_are_none_are_refused(minority):
    with pytest.raises(ValueError, match="minority"):
        imbalance_report(np.eye(3), minority)


def test_a_zero_row_has_no_direction():
    with pytest.raises(DegenerateGeometryError, match="row 1 is zero"):
        imbalance_report([[1.0, 0], [0, 0], [0, 1]], [1, 2])
