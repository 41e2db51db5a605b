"""Fixed points against direct solvers and scipy; gradients against long unrolling."""

from functools import partial

import numpy as np
import pytest
import scipy.optimize
import torch

from neuralcollapse.models import (
    EquilibriumLayer,
    EquilibriumNetwork,
    NotConvergedError,
    fixed_point,
    scaled_back,
)
from neuralcollapse.tasks import digits
from neuralcollapse.training import Recipe, fit


def stream(seed=0):
    return torch.Generator().manual_seed(seed)


def normal(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=stream(seed))


def layer(activation, dimension=6, **options):
    found = EquilibriumLayer(
        dimension, generator=stream(1), activation=activation, tolerance=1e-13, **options
    )
    found.weight.data *= 4  # beyond the radius, so that scaling back takes part
    return found


@pytest.mark.parametrize("method", ["anderson", "plain"])
def test_a_linear_fixed_point_is_the_solution_of_the_linear_system(method):
    matrix, x = scaled_back(normal(5, 5), 0.95), normal(7, 5, seed=2)
    found = fixed_point(
        lambda z: z @ matrix.mT + x, torch.zeros_like(x), method=method, tolerance=1e-12
    )
    expected = np.linalg.solve(np.eye(5) - matrix.numpy(), x.numpy().T).T
    assert found.point.numpy() == pytest.approx(expected, abs=1e-9)
    assert found.residual <= 1e-12
    assert found.iterations == len(found.residuals)
    assert found.residuals[-1] == found.residual


def test_anderson_finds_what_scipy_finds_and_needs_fewer_evaluations():
    matrix, x = scaled_back(normal(4, 4), 0.98), normal(1, 4, seed=3)

    def function(z):
        return torch.tanh(z @ matrix.mT) * 0.99 + x

    def gap(z):
        return (function(torch.from_numpy(z)[None])[0] - torch.from_numpy(z)).numpy()

    expected = scipy.optimize.anderson(gap, np.zeros(4), f_tol=1e-12)
    found = fixed_point(function, torch.zeros_like(x), tolerance=1e-12)
    assert found.point[0].numpy() == pytest.approx(expected, abs=1e-9)
    symmetric = matrix + matrix.mT
    slow = scaled_back(symmetric, 0.99)
    counts = [
        fixed_point(lambda z: z @ slow.mT + x, torch.zeros_like(x), method=m, limit=9999).iterations
        for m in ("anderson", "plain")
    ]
    assert counts[0] < counts[1] / 10


def test_anderson_with_enough_memory_solves_a_linear_problem_like_gmres():
    matrix, x = scaled_back(normal(4, 4), 0.9), normal(1, 4, seed=3)
    found = fixed_point(lambda z: z @ matrix.mT + x, torch.zeros_like(x), memory=4, tolerance=1e-9)
    assert found.iterations <= 6  # one for each dimension, one to start, one to see it


def test_rows_do_not_disturb_each_other():
    matrix = scaled_back(normal(3, 3), 0.9)
    x = torch.cat([1e6 * normal(1, 3), 1e-6 * normal(1, 3, seed=1), torch.zeros(1, 3).double()])
    solve = lambda x: fixed_point(lambda z: z @ matrix.mT + x, torch.zeros_like(x)).point  # noqa: E731
    together = solve(x)
    for row in range(3):
        assert together[row].numpy() == pytest.approx(
            solve(x[row : row + 1])[0].numpy(), rel=1e-6, abs=1e-6
        )


@pytest.mark.parametrize("method", ["anderson", "plain"])
def test_without_convergence_the_residual_and_the_way_out_are_named(method):
    with pytest.raises(
        NotConvergedError, match=r"no fixed point: residual .* after 6 evaluations"
    ) as e:
        fixed_point(lambda z: torch.cos(3 * z) * 2, normal(2, 3), method=method, limit=6)
    assert "radius below 1" in str(e.value)
    assert e.value.found.iterations == 6
    assert e.value.found.residual > 1e-8


def test_divergence_to_infinity_stops_at_once():
    with pytest.raises(NotConvergedError, match=r"residual (inf|nan)") as caught:
        fixed_point(lambda z: z**3, torch.full((1, 1), 9.0).double(), method="plain")
    assert caught.value.found.iterations < 20


@pytest.mark.parametrize("activation", ["relu", "tanh", "identity"])
def test_gradients_pass_gradcheck(activation):
    network = layer(activation)
    x = normal(3, 6, seed=4).requires_grad_()
    weight = network.weight.detach().clone().requires_grad_()
    call = lambda weight, x: torch.func.functional_call(network, {"weight": weight}, (x,))  # noqa: E731
    assert torch.autograd.gradcheck(call, (weight, x))


@pytest.mark.parametrize("activation", ["relu", "tanh", "identity"])
def test_implicit_gradients_are_those_of_three_hundred_steps(activation):
    network, x = layer(activation), normal(5, 6, seed=5).requires_grad_()
    g = normal(5, 6, seed=6)
    for shrink in (1.0, 1e-9):  # small gradients are solved to the same relative accuracy
        implicit, unrolled = (
            torch.autograd.grad((shrink * g * z).sum(), [network.weight, x])
            for z in (network(x), network.unroll(x, 300))
        )
        for a, b in zip(implicit, unrolled, strict=True):
            assert (a - b).norm() <= 1e-9 * b.norm()


def test_the_backward_pass_refuses_what_it_cannot_solve():
    network, x = layer("identity"), normal(2, 6).requires_grad_()
    z = network(x)
    network.options["limit"] = 2
    with pytest.raises(NotConvergedError, match="after 2 evaluations"):
        z.sum().backward()


def test_the_matrix_contracts_and_small_ones_are_left_alone():
    network = layer("relu", radius=0.8)
    assert torch.linalg.matrix_norm(network.matrix, 2).item() == pytest.approx(0.8)
    network.weight.data *= 1e-3
    assert torch.equal(network.matrix, network.weight)


def test_solve_returns_the_point_of_forward_with_its_residual():
    network, x = layer("relu"), normal(4, 6)
    found = network.solve(x)
    assert torch.allclose(found.point, network(x), rtol=1e-12)
    assert found.residual <= 1e-13
    assert not found.point.requires_grad


def test_under_vmap_members_are_those_trained_alone():
    task, recipe = digits(6), Recipe(epochs=2, batch_size=30, learning_rate=0.05)
    build = partial(EquilibriumNetwork, (64, 12, 8, 10), tolerance=1e-12)
    both = fit(build, task, recipe, seeds=(0, 1), checkpoints=[2])
    for place, seed in enumerate((0, 1)):
        alone = fit(build, task, recipe, seeds=(seed,), checkpoints=[2])
        assert both.losses[-1, place] == pytest.approx(alone.losses[-1, 0], rel=1e-8)


def test_vmap_broadcasts_what_has_no_axis():
    network, x = layer("relu"), normal(3, 4, 6)
    together = torch.func.vmap(network)(x)
    assert torch.allclose(together[1], network(x[1]))


def test_cores_nest():
    widths, x = (64, 12, 8, 10), torch.rand(20, 64, generator=stream()).double()
    none = EquilibriumNetwork(widths, generator=stream(), core="unrolled", depth=0)(x)
    explicit = EquilibriumNetwork(widths, generator=stream(), core="explicit", depth=0)
    many = EquilibriumNetwork(widths, generator=stream(), core="unrolled", depth=300)
    limit = EquilibriumNetwork(widths, generator=stream(), tolerance=1e-12)
    assert none.features.shape == (20, 8)
    assert len(explicit.core) == 0
    assert torch.allclose(many(x).features, limit(x).features, atol=1e-9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fixed_point(torch.cos, normal(1, 1), method="newton"), "method: expected one of"),
        (lambda: fixed_point(torch.cos, normal(1, 1), tolerance=0), "tolerance: expected a pos"),
        (
            lambda: fixed_point(lambda z: z[:, :1], normal(1, 2)),
            r"function: expected shape \(1, 2\)",
        ),
        (
            lambda: EquilibriumLayer(2, generator=stream(), radius=1),
            "radius: expected a number bet",
        ),
        (
            lambda: EquilibriumLayer(2, generator=stream(), activation="gelu"),
            "activation: expected",
        ),
        (lambda: EquilibriumNetwork((64, 10), generator=stream()), "widths: expected inputs"),
        (lambda: EquilibriumNetwork((4, 3, 2), generator=stream(), core="x"), "core: expected one"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
