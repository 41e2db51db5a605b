"""Plans against laws of their optimum; the Bessel remainder against fifty digits."""

import mpmath
import numpy as np
import pytest

from neuralcollapse.theory.circle import (
    bessel_remainder,
    bessel_remainder_bounds,
    circle_costs,
    entropic_transport_plan,
    sinkhorn_plan,
    transport,
    transport_free_cost,
    von_mises_aliasing,
)


@pytest.fixture
def problem():
    generator = np.random.default_rng(0)
    masses = generator.dirichlet(np.ones(4) * 3)
    return generator.uniform(0, 2, size=(4, 6)), masses, generator.dirichlet(np.ones(6) * 3)


def test_softmax_plan_is_softmax(problem):
    costs, masses, _ = problem
    plan = entropic_transport_plan(costs, 2.3, masses)
    for row, mass, cost in zip(plan, masses, costs, strict=True):
        weights = [np.exp(-2.3 * c) for c in cost]
        np.testing.assert_allclose(row, mass * np.array(weights) / sum(weights), rtol=1e-13)


def test_softmax_plan_survives_large_beta():
    plan = entropic_transport_plan([[0.0, 1.0, 2.0], [3.0, 0.5, 0.5]], 1e6)
    np.testing.assert_allclose(plan, [[0.5, 0, 0], [0, 0.25, 0.25]])


@pytest.mark.parametrize("beta", [0.0, 1.7, 12.0])
def test_sinkhorn_has_both_masses_and_the_form_of_the_optimum(problem, beta):
    costs, masses, target_masses = problem
    plan = sinkhorn_plan(costs, beta, masses, target_masses)
    np.testing.assert_allclose(plan.sum(axis=1), masses, rtol=1e-11)
    np.testing.assert_allclose(plan.sum(axis=0), target_masses, rtol=1e-11)
    scaling = np.log(plan) + beta * costs  # u_i + v_j: all mixed differences are 0
    mixed = scaling - scaling[:1] - scaling[:, :1] + scaling[0, 0]
    assert np.abs(mixed).max() < 1e-11


def test_sinkhorn_beats_plans_near_it(problem):
    costs, masses, target_masses = problem
    plan = sinkhorn_plan(costs, 3.0, masses, target_masses)
    best = transport_free_cost(plan, costs, 3.0)
    generator = np.random.default_rng(1)
    for _ in range(50):
        change = generator.normal(size=plan.shape)
        change -= change.mean(axis=0)
        change -= change.mean(axis=1, keepdims=True)
        other = plan + 0.5 * plan.min() * change / np.abs(change).max()
        assert transport_free_cost(other, costs, 3.0) > best


def test_sinkhorn_is_the_limit_of_alternate_scaling(problem):
    costs, masses, target_masses = problem
    kernel, scale = np.exp(-3 * costs), np.ones(6)
    for _ in range(2000):
        rows = masses / (kernel @ scale)
        scale = target_masses / (rows @ kernel)
    expected = rows[:, None] * kernel * scale
    plan = sinkhorn_plan(costs, 3.0, masses, target_masses)
    np.testing.assert_allclose(plan, expected, rtol=1e-10)


def test_sinkhorn_reaches_large_beta_on_a_circle():
    sources = np.random.default_rng(0).uniform(0, 2 * np.pi, size=20)
    costs = circle_costs(sources, 2 * np.pi * np.arange(20) / 20)
    plan = sinkhorn_plan(costs, 1000.0)
    np.testing.assert_allclose(plan.sum(axis=0), 1 / 20, rtol=1e-11)
    np.testing.assert_allclose(plan.sum(axis=1), 1 / 20, rtol=1e-11)


def test_sinkhorn_says_when_it_gave_up(problem, monkeypatch):
    monkeypatch.setattr(transport, "_STEPS", 2)
    costs, masses, target_masses = problem
    with pytest.raises(RuntimeError, match="2 steps left a relative error"):
        sinkhorn_plan(costs, 30.0, masses, target_masses)
    plan = sinkhorn_plan(costs, 30.0, masses, target_masses, tolerance=50.0)
    assert np.isclose(plan.sum(), 1)


@pytest.mark.parametrize(
    ("num_classes", "beta"), [(2, 0.3), (5, 1.9), (5, 200.0), (13, 4.4), (97, 1000.0), (6, 33.0)]
)
def test_remainder_to_twelve_digits(num_classes, beta):
    places = np.array([0.0, 0.1, np.pi / num_classes, 2.2])
    found = bessel_remainder(places, num_classes, beta)
    with mpmath.workdps(60):
        for place, value in zip(places, found, strict=True):
            waves = [
                mpmath.exp(
                    beta * mpmath.cos(mpmath.mpf(float(place)) - 2 * mpmath.pi * m / num_classes)
                )
                for m in range(num_classes)
            ]
            expected = mpmath.log(sum(waves) / num_classes / mpmath.besseli(0, beta))
            assert abs(value - expected) <= 1e-12 * max(abs(expected), 0.05 * beta)


def test_small_remainders_keep_their_digits():
    with mpmath.workdps(80):
        expected = 2 * mpmath.besseli(40, 2) / mpmath.besseli(0, 2)
    assert abs(bessel_remainder([0.0], 40, 2.0)[0] / float(expected) - 1) < 1e-12


@pytest.mark.parametrize(("num_classes", "beta"), [(3, 0.8), (7, 5.0), (4, 45.0)])
def test_bounds_are_the_ends_and_the_series(num_classes, beta):
    lower, upper = bessel_remainder_bounds(num_classes, beta)
    remainder = bessel_remainder(np.linspace(-4, 4, 4001), num_classes, beta)
    assert lower - 1e-12 <= remainder.min() <= 0 <= remainder.max() <= upper + 1e-12
    once, twice = (von_mises_aliasing(m * num_classes, beta) for m in (1, 2))
    assert np.isclose(upper, np.log1p(once), rtol=1e-12)
    if num_classes != 4:  # there the series cancels to nothing
        assert np.isclose(lower, np.log(1 - once + 2 * twice), rtol=1e-9)


@pytest.mark.parametrize("masses", [[0.5, 0.6], [1.0], [1.5, -0.5]])
def test_bad_masses_are_named(masses):
    with pytest.raises(ValueError, match="target_masses: expected 2 positive numbers of sum 1"):
        sinkhorn_plan([[0.0, 1.0]], 1.0, target_masses=masses)


@pytest.mark.parametrize("tolerance", [np.nan, 0, -1e-9, "a"])
def test_bad_tolerances_are_named(tolerance):
    with pytest.raises(ValueError, match=r"^tolerance: expected a positive number"):
        sinkhorn_plan([[0.0, 1.0]], 1.0, tolerance=tolerance)


def test_bad_plans_are_named():
    with pytest.raises(ValueError, match="plan: expected masses"):
        transport_free_cost([[1.0, -0.1]], [[0.0, 0.0]], 1.0)
    with pytest.raises(ValueError, match="sources: expected a sequence"):
        circle_costs([[0.0]], [0.0])
