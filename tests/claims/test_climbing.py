"""Hill climbing: slopes by finite differences, what it reaches; the exercise of the page."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from neuralcollapse.claims.climbing import _Problem, climb
from neuralcollapse.claims.equality import FIVE_POINTS, margin_alone, sum_of_squares
from neuralcollapse.claims.exercises import check_radon_split
from neuralcollapse.claims.searches import random_code
from neuralcollapse.codes import extremal_code, largest_distance, one_vs_rest_distance
from neuralcollapse.geometry import coherence, radon_partition
from neuralcollapse.geometry.arrays import as_directions


@pytest.mark.parametrize("radon", [None, "free", "zero"])
def test_slopes(radon):
    generator = np.random.default_rng(0)
    score = lambda t, m, q: (t * m + q * q, m, t, 2 * q)  # noqa: E731
    problem = _Problem(random_code(generator, 5, 3), score, 0.3, radon)
    place = problem.start + 0.1 * generator.normal(size=len(problem.start))
    for function, slope in (
        (lambda z: problem.objective(z)[0], problem.objective(place)[1]),
        (problem.gaps, problem.gaps_slope(place)),
        (problem.equal, problem.equal_slope(place)),
    ):
        np.testing.assert_allclose(approx_fprime(place, function), slope, atol=1e-6)


def test_a_climb_finds_the_square_and_the_extremal_code():
    square = climb(random_code(np.random.default_rng(0), 4, 2), margin_alone)
    assert one_vs_rest_distance(square) == pytest.approx(1, abs=1e-9)
    near = extremal_code(0.5, 6, 4) + 0.05 * random_code(np.random.default_rng(1), 6, 4)
    near /= np.linalg.norm(near, axis=1, keepdims=True)
    found = climb(near, margin_alone, cosine=0.5)
    assert coherence(found) == pytest.approx(0.5, abs=1e-7)
    assert one_vs_rest_distance(found) == pytest.approx(largest_distance(0.5), abs=1e-7)


def test_a_climb_does_not_go_down():
    center, generator = np.array(FIVE_POINTS, dtype=float), np.random.default_rng(0)
    for _ in range(3):
        start = as_directions(center + 0.01 * generator.normal(size=center.shape))
        before = one_vs_rest_distance(start) ** 2 + (start[0] @ start[1]) ** 2
        found = climb(start, sum_of_squares)
        after = one_vs_rest_distance(found) ** 2 + (found[0] @ found[1]) ** 2
        assert after > before - 1e-9


def split(points):
    found = radon_partition(points)
    return found.first, found.second, found.point


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda p: (split(p)[0], split(p)[0], split(p)[2]), "make up all rows once"),
        (lambda p: (*split(p)[:2], p.mean(axis=0)), "from a hull"),
        (lambda p: (list(range(len(p))), [], p[0]), "make up all rows once"),
    ],
)
def test_wrong_radon_partitions_are_refused(wrong, message):
    with pytest.raises(AssertionError, match=message):
        check_radon_split(wrong)
