"""Annealing stays on the sphere, repeats itself, and finds what has one minimum."""

import numpy as np
import pytest

from neuralcollapse.codes.annealing import anneal, cooling_steps
from neuralcollapse.codes.spherical import _repulsion


def test_rows_have_length_one():
    vectors = anneal(_repulsion, 5, 6, 4, np.random.default_rng(0))
    assert vectors.shape == (5, 6, 4)
    assert vectors.dtype == np.float64
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=2), 1, atol=1e-6)


def test_every_start_finds_the_simplex():
    vectors = anneal(_repulsion, 16, 4, 3, np.random.default_rng(0))
    cosines = vectors @ vectors.transpose(0, 2, 1)
    np.testing.assert_allclose(cosines[:, ~np.eye(4, dtype=bool)], -1 / 3, atol=2e-3)


def test_a_generator_fixes_the_outcome():
    first, again = (anneal(_repulsion, 2, 5, 3, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_the_force_is_minus_the_gradient_of_the_free_energy():
    generator = np.random.default_rng(0)
    points, beta, step = generator.normal(size=(1, 5, 3)), np.full((1, 1, 1), 4.0), 1e-6
    direction = generator.normal(size=points.shape)

    def energy(x):
        cosines = (x @ x.transpose(0, 2, 1))[0]
        return np.log(np.exp(4 * cosines[~np.eye(5, dtype=bool)]).sum()) / 4

    slope = (energy(points + step * direction) - energy(points - step * direction)) / (2 * step)
    # Each pair counts twice in the energy, and the force is the number of points times it.
    expected = -(_repulsion(points, beta) * direction).sum() * 2 / 5
    assert slope == pytest.approx(expected, rel=1e-6)


def test_more_coordinates_cool_more_slowly_within_bounds():
    steps = [cooling_steps(count, 5) for count in (2, 10, 50, 100, 1000)]
    assert steps == sorted(steps)
    assert steps[0] == steps[1] == 600
    assert steps[-1] == 4800
