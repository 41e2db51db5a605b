"""The deep objective, its best gain and its scaled solutions, against independent oracles."""

import mpmath
import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from neuralcollapse.theory.deep_unconstrained import (
    best_gain,
    deep_collapse_value,
    deep_layers,
    deep_objective,
    factor_cost,
    scaled_factors,
)
from neuralcollapse.theory.graph_solution import collapse_factors, graph_blocks, graph_factors


def random_factors(num_classes, depth, width, seed):
    generator = np.random.default_rng(seed)
    shapes = [(width, num_classes), *[(width, width)] * (depth - 1), (num_classes, width)]
    return [generator.normal(size=shape) / np.sqrt(width) for shape in shapes]


def test_the_objective_agrees_with_a_slow_loop_over_classes():
    factors = random_factors(4, 3, 6, 0)
    decays = [0.1, 0.2, 0.3, 0.4]
    total = 0.0
    for wanted in range(4):
        x = factors[1] @ factors[0][:, wanted]
        for weight in factors[2:]:
            x = weight @ np.array([max(entry, 0.0) for entry in x])
        total += sum((x[row] - (row == wanted)) ** 2 for row in range(4)) / 8
    for decay, factor in zip(decays, factors, strict=True):
        total += decay / 2 * sum(entry**2 for entry in factor.ravel())
    assert np.isclose(deep_objective(factors, decays), total, rtol=1e-13)


def test_without_relu_layers_are_products():
    factors = random_factors(3, 4, 5, 1)
    product = np.linalg.multi_dot(factors[::-1])
    assert np.allclose(deep_layers(factors, relu=False)[-1], product)
    assert not np.allclose(deep_layers(factors)[-1], product)


@pytest.mark.parametrize(
    ("cost", "depth", "decay"), [(3.7, 2, 0.031), (7.3, 3, 0.0123), (11.9, 6, 0.0071)]
)
def test_the_best_gain_agrees_with_fifty_digits(cost, depth, decay):
    with mpmath.workdps(50):
        strength, m = mpmath.mpf(cost) * mpmath.mpf(decay), depth + 1

        def value(s):
            return (1 - s) ** 2 / 2 + m * strength / 2 * s ** (mpmath.mpf(2) / m)

        root = mpmath.findroot(lambda s: mpmath.diff(value, s), mpmath.mpf("0.9"))
        gain, found = best_gain(cost, depth, decay)
        assert abs(gain - root) < 1e-13
        assert abs(found - value(root)) < 1e-14


def test_the_gain_beats_a_fine_grid_on_both_sides_of_the_phase():
    grid = np.linspace(0, 1, 100001)
    for strength in (0.01, 0.1, 0.15, 0.2, 0.25, 0.3, 0.5):
        for depth in (1, 2, 3, 5):
            values = (1 - grid) ** 2 / 2 + (depth + 1) / 2 * strength * grid ** (2 / (depth + 1))
            gain, value = best_gain(1, depth, strength)
            assert value <= values.min() + 1e-14
            assert abs(value - values.min()) < 1e-8
            assert abs(gain - grid[values.argmin()]) < 1e-4


def test_l_bfgs_through_torch_ends_at_the_value_of_collapse():
    decays = np.array([0.013, 0.021, 0.009, 0.017])
    value = deep_collapse_value(4, 3, np.exp(np.log(decays).mean()))
    shapes = [(5, 4), (5, 5), (5, 5), (4, 5)]
    cuts = np.cumsum([rows * columns for rows, columns in shapes])[:-1]

    def objective(x):
        flat = torch.tensor(x, requires_grad=True)
        parts = torch.tensor_split(flat, cuts.tolist())
        first, *weights = [part.view(shape) for part, shape in zip(parts, shapes, strict=True)]
        out = weights[0] @ first
        for weight in weights[1:]:
            out = weight @ out.relu()
        loss = (out - torch.eye(4, dtype=torch.float64)).square().sum() / 8
        loss = loss + sum(
            decay / 2 * part.square().sum() for decay, part in zip(decays, parts, strict=True)
        )
        loss.backward()
        return loss.item(), flat.grad.numpy()

    start = 0.2 * np.concatenate([factor.ravel() for factor in random_factors(4, 3, 5, 5)])
    start += np.concatenate([np.eye(*shape).ravel() for shape in shapes])
    options = {"ftol": 1e-16, "gtol": 1e-10, "maxiter": 2000, "maxcor": 50}
    for _ in range(4):  # it stops early where the objective is flat
        found = minimize(objective, start, jac=True, method="L-BFGS-B", options=options)
        start = found.x
    assert abs(found.fun - value) < 1e-8


def test_scaled_blocks_have_the_objective_they_claim_and_cannot_be_rescaled_lower():
    decays = [0.004, 0.001, 0.003, 0.002, 0.006]
    factors, value = scaled_factors(graph_blocks(8, 4, 4), decays)
    assert np.isclose(deep_objective(factors, decays), value, rtol=1e-13)
    generator = np.random.default_rng(0)
    for _ in range(50):
        stretched = [factor * np.exp(generator.normal(scale=0.05)) for factor in factors]
        assert deep_objective(stretched, decays) >= value


def test_decay_that_is_too_strong_leaves_nothing():
    factors, value = scaled_factors(collapse_factors(3, 3), 1.0)
    assert value == 0.5
    assert not any(factor.any() for factor in factors)


def test_costs_are_geometric_means():
    assert np.isclose(factor_cost([np.eye(3), 3 * np.eye(3)]), 9)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"factors\[1\]: expected 2 columns"):
        deep_layers([np.eye(2), np.eye(3)])
    with pytest.raises(ValueError, match="factors: expected features and at least one layer"):
        deep_layers([np.eye(2)])
    with pytest.raises(ValueError, match="as many outputs as classes"):
        deep_objective([np.eye(2), np.ones((1, 2))], 0.1)
    with pytest.raises(ValueError, match="cost: expected a positive number, got 0"):
        best_gain(0, 2, 0.1)
    with pytest.raises(ValueError, match="equal to the identity"):
        scaled_factors([np.eye(2), 2 * np.eye(2)], 0.1)
    with pytest.raises(ValueError, match="blocks of one depth"):
        scaled_factors([graph_factors(4, 3), collapse_factors(2, 4)], 0.1)


@pytest.mark.parametrize("decays", [-1.0, [1.0, 2.0], [1.0, -1.0, 1.0], float("nan")])
def test_decays_that_do_not_fit_are_named(decays):
    for call in (deep_objective, scaled_factors):
        with pytest.raises(ValueError, match="decays"):
            call([np.eye(2)] * 3, decays)
    with pytest.raises(ValueError, match="decays: expected positive"):
        scaled_factors([np.eye(2)] * 3, 0.0)
