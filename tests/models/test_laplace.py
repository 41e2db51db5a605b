"""Laplace regression: scikit-learn, slow loops, finite differences, automatic differentiation."""

import numpy as np
import pytest
import torch
from sklearn.kernel_ridge import KernelRidge

from neuralcollapse.metrics import average_gradient_outer_product
from neuralcollapse.models import fit_laplace, laplace_kernel


def draw(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("ridge", [0.0, 0.37])
def test_coefficients_are_those_of_scikit_learn(ridge):
    inputs, targets = draw(25, 4), draw(25, 3, seed=1)
    differences = (inputs[:, None] - inputs).numpy()
    kernel = np.exp(-np.sqrt((differences**2).sum(-1)) / 1.3)
    oracle = KernelRidge(alpha=ridge, kernel="precomputed").fit(kernel, targets.numpy())
    fitted = fit_laplace(inputs, targets, bandwidth=1.3, ridge=ridge)
    assert np.allclose(fitted.coefficients, oracle.dual_coef_, rtol=1e-9, atol=1e-11)
    new = draw(6, 4, seed=2)
    against = np.exp(-torch.cdist(new, inputs).numpy() / 1.3)
    assert np.allclose(fitted(new), oracle.predict(against), rtol=1e-9, atol=1e-11)


def test_the_gradient_outer_product_is_that_of_a_slow_loop():
    inputs = draw(9, 3)
    fitted = fit_laplace(inputs, draw(9, 2, seed=3), bandwidth=0.8)
    total = torch.zeros(3, 3, dtype=torch.float64)
    for j in range(9):
        for c in range(2):
            gradient = torch.zeros(3, dtype=torch.float64)
            for i in range(9):
                if i != j:
                    distance = (inputs[j] - inputs[i]).norm()
                    slope = -fitted.coefficients[i, c] * torch.exp(-distance / 0.8) / 0.8
                    gradient += slope * (inputs[j] - inputs[i]) / distance
            total += torch.outer(gradient, gradient) / 9
    assert torch.allclose(fitted.gradient_outer_product(), total, rtol=1e-10, atol=1e-12)


def test_the_gradient_outer_product_is_that_of_automatic_differentiation():
    inputs = draw(20, 6)
    fitted = fit_laplace(inputs, draw(20, 4, seed=3))
    expected = average_gradient_outer_product(fitted, inputs)
    assert torch.allclose(fitted.gradient_outer_product(), expected, rtol=1e-10, atol=1e-12)


def test_the_predictor_has_the_slopes_of_finite_differences():
    inputs, step = draw(8, 3), 1e-6
    fitted, point = fit_laplace(inputs, draw(8, 1, seed=4)), draw(1, 3, seed=5)
    slopes = []
    for axis in torch.eye(3, dtype=torch.float64):
        slopes.append((fitted(point + step * axis) - fitted(point - step * axis)) / (2 * step))
    slopes = torch.cat(slopes).squeeze(1)
    point.requires_grad_()
    (found,) = torch.autograd.grad(fitted(point).sum(), point)
    assert torch.allclose(found[0], slopes, rtol=1e-7, atol=1e-9)


def test_at_a_sample_the_slope_is_the_mean_of_both_sides():
    inputs, step = draw(8, 3), 1e-6
    fitted = fit_laplace(inputs, draw(8, 1, seed=4))
    point = inputs[:1].clone().requires_grad_()
    (found,) = torch.autograd.grad(fitted(point).sum(), point)
    for axis, slope in zip(torch.eye(3, dtype=torch.float64), found[0], strict=True):
        ahead, back = (fitted(inputs[:1] + sign * step * axis) for sign in (1, -1))
        assert float((ahead - back) / (2 * step)) == pytest.approx(float(slope), abs=1e-5)


def test_rotations_turn_it_and_shifts_leave_it():
    inputs, targets = draw(15, 4), draw(15, 2, seed=6)
    product = fit_laplace(inputs, targets).gradient_outer_product()
    turn = torch.linalg.qr(draw(4, 4, seed=7)).Q
    moved = fit_laplace(inputs @ turn + 3.0, targets).gradient_outer_product()
    assert torch.allclose(moved, turn.T @ product @ turn, rtol=1e-9, atol=1e-11)


def test_distances_of_near_points_keep_their_digits():
    base = draw(5, 40)
    near = base + 1e-9 * draw(5, 40, seed=8)
    exact = (base - near).norm(dim=1)
    found = -laplace_kernel(base, near, bandwidth=1e-9).diagonal().log() * 1e-9
    assert torch.allclose(found, exact, rtol=1e-6)
    assert (laplace_kernel(base, base).diagonal() == 1).all()


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="singular"):
        fit_laplace([[1.0], [1.0]], [[0.0], [1.0]])
    with pytest.raises(ValueError, match="targets"):
        fit_laplace([[1.0], [2.0]], [[0.0]])
    with pytest.raises(ValueError, match="bandwidth"):
        fit_laplace([[1.0]], [[0.0]], bandwidth=0)
    with pytest.raises(ValueError, match="ridge"):
        fit_laplace([[1.0]], [[0.0]], ridge=-1)


def test_equal_samples_are_refused_however_the_pivot_rounds():
    for seed in range(20):
        generator = torch.Generator().manual_seed(seed)
        inputs = torch.randn(12, 3, dtype=torch.float64, generator=generator)
        inputs[7] = inputs[2]
        targets = torch.randn(12, 2, dtype=torch.float64, generator=generator)
        with pytest.raises(ValueError, match="inputs: the kernel matrix is singular"):
            fit_laplace(inputs, targets)
        assert fit_laplace(inputs, targets, ridge=0.1).coefficients.abs().max() < 1e2


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_kernel_of_narrow_dtypes_is_that_of_their_values(dtype):
    generator = torch.Generator().manual_seed(0)
    inputs = (100 + torch.randn(20, 5, generator=generator)).to(dtype)
    kernel, exact = laplace_kernel(inputs, inputs), laplace_kernel(inputs.double(), inputs.double())
    assert kernel.dtype == dtype
    assert (
        torch.equal(kernel, exact.to(dtype))
        or (kernel - exact).abs().max() < torch.finfo(dtype).eps
    )


def test_kernel_takes_integers_and_mixed_dtypes():
    kernel = laplace_kernel(torch.tensor([[3]]), torch.tensor([[3], [5]]))
    torch.testing.assert_close(kernel.log(), torch.tensor([[0.0, -1.0]], dtype=torch.float64))
    predictor = fit_laplace([[0.0], [2.0]], [[1.0], [3.0]])
    assert predictor(torch.tensor([[2.0]])).dtype == torch.float64


def test_second_derivatives_are_those_of_differences():
    generator = torch.Generator().manual_seed(0)
    draw = lambda *shape: torch.randn(*shape, dtype=torch.float64, generator=generator)  # noqa: E731
    predictor, point, step = fit_laplace(draw(6, 3), draw(6, 1)), draw(3), 1e-4
    value = lambda x: predictor(x[None])[0, 0]  # noqa: E731
    slope = lambda x: torch.autograd.functional.jacobian(value, x)  # noqa: E731
    moves = step * torch.eye(3, dtype=torch.float64)
    expected = torch.stack(
        [(slope(point + move) - slope(point - move)) / (2 * step) for move in moves]
    )
    found = torch.autograd.functional.hessian(value, point)
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize("place", ["inputs", "targets"])
def test_what_is_not_finite_is_named(place):
    tables = {"inputs": [[0.0], [1.0]], "targets": [[0.0], [1.0]]}
    tables[place] = [[float("nan")], [1.0]]
    with pytest.raises(ValueError, match=f"{place}: hold NaN"):
        fit_laplace(**tables)


def test_kernel_refuses_a_bandwidth_that_is_not_positive():
    with pytest.raises(ValueError, match="bandwidth: expected a positive number"):
        laplace_kernel(torch.ones(1, 1), torch.zeros(1, 1), -1.0)
