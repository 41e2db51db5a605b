"""Gradient outer products and complexity: linear maps by hand, loops as oracle, refusals."""

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from neuralcollapse.metrics import (
    average_gradient_outer_product,
    class_distance_normalized_variance,
    estimate_geometric_complexity,
    estimate_gradient_outer_product,
    geometric_collapse,
    geometric_complexity,
)
from neuralcollapse.metrics.complexity import _complexities
from neuralcollapse.models import MLP
from neuralcollapse.statistics import ClassStatistics

EXACT = (average_gradient_outer_product, geometric_complexity)
ESTIMATES = (estimate_gradient_outer_product, estimate_geometric_complexity)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def network():
    model = MLP((5, 7, 6, 3), generator=seeded()).eval()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d):
            module.running_var.uniform_(0.5, 2, generator=seeded(1))
            module.running_mean.normal_(generator=seeded(2))
    return model.body


@pytest.fixture
def inputs():
    return torch.randn(11, 5, dtype=torch.float64, generator=seeded(3))


def loop(function, inputs):
    """Jacobian of each sample by one backward pass an output."""
    jacobians = []
    for sample in inputs:
        leaf = sample.clone().requires_grad_()
        outputs = function(leaf[None])[0]
        rows = [torch.autograd.grad(o, leaf, retain_graph=True)[0] for o in outputs]
        jacobians.append(torch.stack(rows))
    return torch.stack(jacobians)


def test_a_linear_map_by_hand(inputs):
    matrix = torch.tensor([[1.0, 2, 0, 0, 0], [0, 1, 0, 0, -3]], dtype=torch.float64)
    linear = lambda batch: batch @ matrix.T + 7  # noqa: E731
    found = average_gradient_outer_product(linear, inputs)
    assert found.dtype == torch.float64
    torch.testing.assert_close(found, matrix.T @ matrix)
    assert geometric_complexity(linear, inputs) == pytest.approx(1 + 4 + 1 + 9)


def test_a_square_by_hand():
    # f(x) = |x|^2: the Jacobian is 2 x, the matrix 4 x x^T, averaged.
    data = [[1.0, 0.0], [1.0, 2.0]]
    found = average_gradient_outer_product(lambda batch: (batch**2).sum(1), data)
    assert found.tolist() == [[4.0, 4.0], [4.0, 8.0]]
    assert geometric_complexity(lambda batch: (batch**2).sum(1), data) == 12


@pytest.mark.parametrize("chunk_size", [None, 1, 4, 6, 13, 1000])
def test_exact_numbers_agree_with_a_loop_for_every_chunk(network, inputs, chunk_size):
    jacobians = loop(network, inputs)
    expected = torch.einsum("npd,npe->de", jacobians, jacobians) / len(inputs)
    found = average_gradient_outer_product(network, inputs, chunk_size=chunk_size)
    torch.testing.assert_close(found, expected)
    complexity = geometric_complexity(network, inputs, chunk_size=chunk_size)
    assert complexity == pytest.approx(float(expected.trace()), rel=1e-12)


def test_it_is_what_torch_says_sample_by_sample(network, inputs):
    one = lambda sample: network(sample[None])[0]  # noqa: E731
    jacobians = torch.func.vmap(torch.func.jacrev(one))(inputs).detach()
    expected = torch.einsum("npd,npe->de", jacobians, jacobians) / len(inputs)
    torch.testing.assert_close(average_gradient_outer_product(network, inputs), expected)
    torch.testing.assert_close(
        _complexities(network, inputs, None), jacobians.square().sum(dim=(1, 2))
    )


def test_images_and_feature_maps_of_any_shape():
    convolution = nn.Conv2d(1, 2, 2, bias=False, dtype=torch.float64)
    images = torch.randn(3, 1, 3, 3, dtype=torch.float64, generator=seeded())
    # Each of the 4 places of a weight adds its square to the norm of the Jacobian.
    expected = 4 * float(convolution.weight.detach().square().sum())
    assert geometric_complexity(convolution, images) == pytest.approx(expected)
    assert average_gradient_outer_product(convolution, images).shape == (9, 9)


def test_chunks_bound_what_is_held_at_once(inputs):
    seen = []

    class Recording(torch.autograd.Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(batch):
            return batch.clone()

        @staticmethod
        def setup_context(ctx, inputs, output):
            pass

        @staticmethod
        def backward(ctx, ahead):
            seen.append(len(ahead))
            return ahead.clone()

    geometric_complexity(Recording.apply, inputs, chunk_size=10)
    assert max(seen) == 2  # samples: two times five outputs are ten vectors


def test_single_precision_is_accepted_and_summed_in_double(network, inputs):
    expected = geometric_complexity(network, inputs)
    single = network.float()
    found = average_gradient_outer_product(single, inputs.float())
    assert found.dtype == torch.float64
    assert float(found.trace()) == pytest.approx(expected, rel=1e-5)


def test_parameters_are_left_alone(network, inputs):
    geometric_complexity(network, inputs)
    assert torch.is_grad_enabled()
    assert all(parameter.grad is None for parameter in network.parameters())
    assert not average_gradient_outer_product(network, inputs).requires_grad


def test_scale_quadruples_complexity_and_leaves_geometric_collapse(network, inputs):
    labels = torch.arange(11) % 3
    double = lambda batch: 2 * network(batch)  # noqa: E731
    single = geometric_complexity(network, inputs)
    assert geometric_complexity(double, inputs) == pytest.approx(4 * single)
    collapse = geometric_collapse(network, inputs, labels)
    assert geometric_collapse(double, inputs, labels) == pytest.approx(collapse)


def test_geometric_collapse_agrees_with_a_loop(network, inputs):
    labels = torch.arange(11) % 3
    complexities = loop(network, inputs).square().sum(dim=(1, 2)).numpy()
    features = network(inputs).detach().numpy()
    gc = [complexities[labels == c].mean() for c in range(3)]
    mu = [features[labels == c].mean(axis=0) for c in range(3)]
    terms = [
        (gc[i] + gc[j]) / (2 * np.sum((mu[i] - mu[j]) ** 2))
        for i in range(3)
        for j in range(3)
        if i != j
    ]
    assert geometric_collapse(network, inputs, labels) == pytest.approx(np.mean(terms))


def test_the_quotient_is_shared_with_the_normalised_variance(inputs):
    # For the identity every complexity is the number of inputs.
    labels = torch.arange(11) % 2
    statistics = ClassStatistics(2, 5).update(inputs, labels)
    statistics.squared_deviations = 5.0 * statistics.counts
    expected = class_distance_normalized_variance(statistics)
    assert geometric_collapse(nn.Identity(), inputs, labels) == pytest.approx(expected)


def test_estimates_are_unbiased_and_their_errors_honest(network, inputs):
    exact = average_gradient_outer_product(network, inputs)
    runs = 300
    found = [
        (
            estimate_gradient_outer_product(network, inputs, num_probes=8, generator=seeded(seed)),
            estimate_geometric_complexity(network, inputs, num_probes=8, generator=seeded(seed)),
        )
        for seed in range(runs)
    ]
    matrices = torch.stack([matrix.value for matrix, _ in found])
    values = torch.tensor([number.value for _, number in found], dtype=torch.float64)
    spread = values.std()
    assert abs(values.mean() - exact.trace()) < 4 * spread / runs**0.5
    assert ((matrices.mean(0) - exact).abs() <= 4.5 * matrices.std(0) / runs**0.5 + 1e-12).all()
    errors = torch.tensor([number.standard_error for _, number in found]).square().mean().sqrt()
    assert errors == pytest.approx(float(spread), rel=0.15)
    errors = torch.stack([matrix.standard_error for matrix, _ in found]).square().mean(0).sqrt()
    torch.testing.assert_close(errors, matrices.std(0), rtol=0.25, atol=1e-12)


def test_the_trace_of_the_estimated_matrix_is_the_estimated_complexity(network, inputs):
    matrix = estimate_gradient_outer_product(network, inputs, num_probes=3, generator=seeded())
    number = estimate_geometric_complexity(network, inputs, num_probes=3, generator=seeded())
    assert float(matrix.value.trace()) == pytest.approx(number.value)


def test_the_standard_error_by_hand():
    # One sample, f(x) = (x, x): J^T v is the sum of two signs, so its square is 0 or 4.
    function = lambda batch: batch.expand(-1, 2)  # noqa: E731
    probes = seeded(5)
    signs = 2.0 * torch.stack([torch.randint(2, (1, 2), generator=probes) for _ in range(6)]) - 1
    totals = signs.sum(2).square().flatten().double()
    assert 0 < totals.mean() < 4
    found = estimate_geometric_complexity(function, [[1.0]], num_probes=6, generator=seeded(5))
    assert found.value == pytest.approx(float(totals.mean()))
    assert found.standard_error == pytest.approx(float(totals.std()) / 6**0.5)


def test_orthogonal_rows_are_estimated_without_error(inputs):
    found = estimate_geometric_complexity(
        nn.Identity(), inputs, num_probes=2, generator=seeded(), chunk_size=3
    )
    assert (found.value, found.standard_error) == (5.0, 0.0)


@pytest.mark.parametrize("chunk_size", [1, 3, None])
def test_estimates_do_not_depend_on_the_chunks(network, inputs, chunk_size):
    for estimate in ESTIMATES:
        one = estimate(network, inputs, num_probes=3, generator=seeded(), chunk_size=chunk_size)
        other = estimate(network, inputs, num_probes=3, generator=seeded(), chunk_size=4)
        torch.testing.assert_close(one.value, other.value)
        torch.testing.assert_close(one.standard_error, other.standard_error)


@pytest.mark.parametrize("measure", EXACT)
def test_training_mode_is_refused_however_deep(measure, inputs):
    network = MLP((5, 7, 3), generator=seeded())
    hidden = partial(lambda model, batch: model(batch).features, network)
    with pytest.raises(ValueError, match=r"BatchNorm1d.*eval\(\)"):
        measure(hidden, inputs)
    network.eval()
    measure(hidden, inputs)
    network.train()
    with pytest.raises(ValueError, match="BatchNorm1d"):
        measure(hidden, inputs)


def test_batch_statistics_in_evaluation_mode_are_refused(inputs):
    network = nn.BatchNorm1d(5, track_running_stats=False, dtype=torch.float64).eval()
    with pytest.raises(ValueError, match="running statistics"):
        geometric_complexity(network, inputs)


def test_dropout_and_samples_that_see_each_other_are_refused(inputs):
    with pytest.raises(ValueError, match="Dropout"):
        geometric_complexity(nn.Dropout(0.5), inputs)
    geometric_complexity(nn.Dropout(0.5).eval(), inputs)
    with pytest.raises(ValueError, match="rest of the batch"):
        geometric_complexity(lambda batch: batch - batch.mean(0), inputs)


@pytest.mark.parametrize(
    ("function", "error", "match"),
    [
        (MLP((5, 4, 3), generator=seeded()).eval(), TypeError, "network.batch..features"),
        (lambda batch: batch.sum(), ValueError, "torch.vmap"),
        (lambda batch: batch @ torch.full((5, 1), torch.nan).double(), ValueError, "NaN"),
        (lambda batch: batch.abs().sqrt() * 0 + batch.sub(batch).sqrt(), ValueError, "gradient"),
    ],
)
def test_maps_that_are_none_are_refused(function, error, match, inputs):
    with pytest.raises(error, match=match):
        geometric_complexity(function, inputs)


@pytest.mark.parametrize(
    ("data", "error", "match"),
    [
        ([[1, 2]], TypeError, "floating point"),
        ([1.0, 2.0], ValueError, "num_samples"),
        (torch.empty(0, 3), ValueError, "at least one"),
        ([[np.nan]], ValueError, "NaN"),
    ],
)
def test_inputs_that_are_none_are_refused(data, error, match):
    with pytest.raises(error, match=match):
        geometric_complexity(nn.Identity(), data)


def test_too_few_probes_chunks_and_classes_are_refused(inputs):
    for estimate in ESTIMATES:
        with pytest.raises(ValueError, match="num_probes"):
            estimate(nn.Identity(), inputs, num_probes=1, generator=seeded())
    with pytest.raises(ValueError, match="chunk_size"):
        geometric_complexity(nn.Identity(), inputs, chunk_size=0)
    with pytest.raises(ValueError, match="class 1 has no sample"):
        geometric_collapse(nn.Identity(), inputs, [0, 2] * 5 + [0])
    with pytest.raises(ValueError, match="two of them"):
        geometric_collapse(nn.Identity(), inputs, [0] * 11)


def test_a_map_that_works_in_place_leaves_the_inputs_alone():
    inputs = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert geometric_complexity(lambda batch: batch.mul_(2), inputs) == 8.0
    geometric_collapse(lambda batch: batch.mul_(2), inputs, [0, 1])
    assert inputs.tolist() == [[1.0, 2.0], [3.0, 4.0]]


@pytest.mark.parametrize(
    "cut",
    [
        torch.no_grad()(torch.tanh),
        torch.inference_mode()(torch.tanh),
        lambda batch: torch.tanh(batch.detach()),
        lambda batch: batch.detach() * torch.ones(2, requires_grad=True),
    ],
)
def test_a_map_cut_from_its_inputs_is_refused(cut):
    with pytest.raises(ValueError, match="function: the output moves with the inputs but no"):
        geometric_complexity(cut, [[1.0, 2.0], [3.0, 4.0]])


@pytest.mark.parametrize(
    "constant", [torch.ones_like, lambda batch: (batch > 0).to(batch), torch.floor]
)
def test_a_map_that_is_constant_around_samples_has_complexity_zero(constant):
    assert geometric_complexity(constant, [[1.2, 2.3], [-3.4, 4.5]]) == 0.0


def test_complex_outputs_are_refused():
    with pytest.raises(TypeError, match=r"function: .*torch.complex128; .*view_as_real"):
        geometric_complexity(torch.fft.fft, [[1.0, 2.0, 4.0]])
    parts = lambda batch: torch.view_as_real(torch.fft.fft(batch))  # noqa: E731
    assert abs(geometric_complexity(parts, [[1.0, 2.0, 4.0]]) - 9) < 1e-12


def test_mixing_is_seen_though_the_first_samples_are_equal():
    with pytest.raises(ValueError, match="changes with the rest of the batch"):
        geometric_complexity(lambda batch: batch - batch.mean(0), [[1.0, 2.0]] * 2 + [[3.0, 5.0]])


def test_collapse_takes_a_map_with_one_number_a_sample():
    inputs, labels = [[-1.0], [-3.0], [1.0], [3.0]], [0, 0, 1, 1]
    assert geometric_collapse(lambda batch: 5 * batch[:, 0], inputs, labels) == 0.0625


@pytest.mark.parametrize("generator", [None, 0])
def test_probes_need_a_generator(generator):
    with pytest.raises(TypeError, match="generator: expected a torch"):
        estimate_geometric_complexity(torch.tanh, [[1.0]], num_probes=2, generator=generator)


@torch.no_grad()
def test_a_caller_without_gradients_gets_the_same():
    assert geometric_complexity(lambda batch: 2 * batch, [[1.0, 2.0], [3.0, 4.0]]) == 8.0
