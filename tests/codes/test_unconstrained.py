"""Minimisers of the loss over weights and features: closed forms, gradients, failing searches."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from neuralcollapse import codes
from neuralcollapse.codes.unconstrained import _log_softplus, _on_the_sphere, log_loss
from neuralcollapse.geometry import coherence, distance_to_frame, simplex_etf


@pytest.mark.parametrize(("count", "dimension"), [(2, 2), (4, 3), (5, 6)])
@pytest.mark.parametrize("temperature", [3.0, 0.3, 0.01])
def test_a_simplex_is_found_where_it_fits(count, dimension, temperature):
    found = codes.minimise_cross_entropy(count, dimension, temperature, starts=2)
    expected = np.log1p((count - 1) * np.exp(-count / (count - 1) / temperature))
    assert found.loss == pytest.approx(expected, rel=1e-9)
    assert distance_to_frame(found.weights, simplex_etf(count)) < 1e-6
    np.testing.assert_allclose(found.features, found.weights, atol=1e-6)
    assert found.hits == found.starts == 2


@pytest.mark.parametrize("count", [5, 8])
def test_the_circle_gives_a_polygon(count):
    found = codes.minimise_cross_entropy(count, 2, 0.05, starts=3)
    assert coherence(found.weights) == pytest.approx(np.cos(2 * np.pi / count), abs=1e-7)


def test_five_points_of_space_leave_the_bipyramid_at_low_temperature():
    margins = []
    for temperature in (0.2, 0.1, 0.05, 0.02):
        found = codes.minimise_cross_entropy(5, 3, temperature)
        margins.append(-codes.hardmax_loss(found.weights, found.features))
    assert margins == pytest.approx([1, 0.98462, 0.99312, 0.99791], abs=1e-5)


def test_a_hot_start_alone_stays_with_the_bipyramid():
    hot = codes.minimise_cross_entropy(5, 3, 0.05, starts=1)
    best = codes.minimise_cross_entropy(5, 3, 0.05, starts=10)
    assert best.loss < 0.95 * hot.loss


@pytest.mark.parametrize("shape", [(2, 6, 3), (1, 6, 3)])
@pytest.mark.parametrize("temperature", [1.0, 0.1, 0.01])
def test_gradients(shape, temperature):
    flat = np.random.default_rng(0).normal(size=np.prod(shape))
    numeric = approx_fprime(flat, lambda x: _on_the_sphere(x, shape, temperature)[0], 1e-7)
    np.testing.assert_allclose(_on_the_sphere(flat, shape, temperature)[1], numeric, atol=3e-6)


def test_the_log_loss_is_the_logarithm_of_the_loss():
    rows = np.random.default_rng(1).normal(size=(2, 7, 4))
    weights, features = rows / np.linalg.norm(rows, axis=2, keepdims=True)
    loss = codes.cross_entropy(weights, features, 0.4)
    assert log_loss(weights, features, 0.4)[0] == pytest.approx(0.4 * np.log(7 * loss))
    simplex = simplex_etf(3)  # its loss underflows at this temperature, the logarithm does not
    assert log_loss(simplex, simplex, 1e-3)[0] == pytest.approx(1e-3 * np.log(6) - 1.5)


def test_log_softplus_is_continuous_where_it_switches():
    x = np.array([-1000.0, -30.0 - 1e-9, -30.0 + 1e-9, 0.0, 50.0])
    expected = [-1000, -30, -30, np.log(np.log(2)), np.log(50)]
    np.testing.assert_allclose(_log_softplus(x), expected, atol=1e-8)


def test_tied_points_are_one_array_and_spread_out():
    found = codes.minimise_cross_entropy(30, 3, 1.0, starts=1, tied=True)
    assert found.weights is found.features or np.array_equal(found.weights, found.features)
    assert np.linalg.norm(found.weights.mean(axis=0)) < 1e-5
    assert np.mean((found.weights @ found.weights.T) ** 2) == pytest.approx(1 / 3, abs=1e-6)


def test_a_seed_repeats_itself():
    first, again, other = (codes.minimise_cross_entropy(6, 3, 0.5, seed=s) for s in (1, 1, 2))
    assert np.array_equal(first.weights, again.weights)
    assert not np.array_equal(first.weights, other.weights)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1, 3, 0.5), "num_points: expected at least 2, got 1"),
        ((5, 1, 0.5), "dimension: expected at least 2, got 1"),
        ((5, 3, 0.0), "temperature: expected a positive number, got 0.0"),
        ((5, 3, float("inf")), "temperature: expected a positive number, got inf"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        codes.minimise_cross_entropy(*arguments)
    with pytest.raises(ValueError, match="starts: expected at least 1, got 0"):
        codes.minimise_cross_entropy(5, 3, 0.5, starts=0)
