"""Deep recursive feature machines: a layer by hand, controls, invariances, bad input."""

import math

import pytest
import torch

from neuralcollapse.models import DeepRFM, fit_laplace


def data():
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(3).repeat_interleave(8)
    means = torch.randn(3, 6, generator=generator, dtype=torch.float64)
    noise = torch.randn(24, 6, generator=generator, dtype=torch.float64)
    return means[labels] + 0.7 * noise, labels


def machine(num_layers=2, seed=1, **options):
    generator = torch.Generator().manual_seed(seed)
    return DeepRFM(num_layers, width=32, generator=generator, **options).fit(*data())


def root(matrix):
    values, vectors = torch.linalg.eigh(matrix)
    return vectors @ values.clamp(min=0).sqrt().diag() @ vectors.T


def test_a_layer_is_what_the_definition_says():
    inputs, labels = data()
    (layer,) = machine(1).layers
    unit = inputs / inputs.norm(dim=1, keepdim=True)
    targets = 2 * torch.nn.functional.one_hot(labels).double() - 1
    product = fit_laplace(unit, targets).gradient_outer_product()
    first, stretched, features = layer.stages(inputs)
    assert torch.allclose(first, unit, rtol=1e-12)
    assert torch.allclose(stretched, unit @ root(product / product.abs().max()), atol=1e-9)
    assert torch.equal(features, (stretched @ layer.projection).clamp(min=0))
    assert layer.projection.abs().max() <= 1 / math.sqrt(6)
    assert torch.allclose(layer.predictor(unit), targets, atol=1e-9)


def test_the_next_layer_takes_the_features():
    built = machine(2)
    first, second = built.stages(data()[0])
    length = first[2].norm(dim=1, keepdim=True)
    assert torch.allclose(second[0], first[2] / length)
    assert torch.allclose(built.layers[1].predictor.centers, second[0])


def test_scales_of_samples_do_not_matter():
    inputs, labels = data()
    scales = torch.linspace(0.1, 9, 24, dtype=torch.float64)[:, None]
    generator = torch.Generator().manual_seed(1)
    moved = DeepRFM(2, width=32, generator=generator).fit(scales * inputs, labels)
    for (_, _, one), (_, _, other) in zip(
        machine().stages(inputs), moved.stages(inputs), strict=True
    ):
        assert torch.allclose(one, other, atol=1e-9)


def test_a_seed_repeats_itself_and_another_differs():
    inputs = data()[0]
    one, same, other = (machine(seed=seed).stages(inputs)[-1][-1] for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.allclose(one, other)


def test_controls_are_what_they_say():
    learned = machine(1).layers[0].root
    turned = machine(1, gradients="random_directions").layers[0].root
    spectra = [torch.linalg.eigvalsh(matrix) for matrix in (learned, turned)]
    assert torch.allclose(*spectra, atol=1e-7)
    assert not torch.allclose(learned, turned, atol=0.1)
    none = machine(1, gradients="none").layers[0].root
    assert torch.equal(none, torch.eye(6, dtype=torch.float64))
    shuffled = machine(1, gradients="shuffled_labels").layers[0]
    assert not torch.allclose(shuffled.root, learned, atol=0.1)
    assert torch.equal(shuffled.predictor.coefficients, machine(1).layers[0].predictor.coefficients)


def test_cosine_features_have_the_laplace_kernel_on_average():
    generator = torch.Generator().manual_seed(1)
    built = DeepRFM(1, width=200_000, feature_map="cosine", cauchy_scale=0.3, generator=generator)
    built.fit(*data())
    _, stretched, features = built.stages(data()[0])[0]
    distance = (stretched[0] - stretched[9]).abs().sum()  # Cauchy weights: sum of differences
    assert float(features[0] @ features[9]) == pytest.approx(math.exp(-0.3 * distance), abs=0.01)


def test_bad_input_is_refused():
    generator = torch.Generator().manual_seed(0)
    with pytest.raises(ValueError, match="gradients"):
        DeepRFM(1, gradients="some", generator=generator)
    with pytest.raises(ValueError, match="feature_map"):
        DeepRFM(1, feature_map="tanh", generator=generator)
    with pytest.raises(ValueError, match="num_layers"):
        DeepRFM(0, generator=generator)
    with pytest.raises(ValueError, match="row 1 is zero"):
        DeepRFM(1, generator=generator).fit([[1.0, 0.0], [0.0, 0.0]], [0, 1])
    with pytest.raises(ValueError, match="singular"):
        DeepRFM(1, generator=generator).fit([[1.0, 0.0], [2.0, 0.0]], [0, 1])


@pytest.mark.parametrize(
    ("inputs", "labels", "message"),
    [
        ([[1.0, 2.0]], [0], "gradient outer product is zero"),
        ([1.0, 2.0], [0, 1], "inputs: expected finite numbers of shape"),
        ([[1.0, float("nan")], [2.0, 1.0]], [0, 1], "inputs: expected finite numbers of shape"),
    ],
)
def test_what_would_end_as_nan_is_refused(inputs, labels, message):
    machine = DeepRFM(1, width=4, generator=torch.Generator().manual_seed(0))
    with pytest.raises(ValueError, match=message):
        machine.fit(inputs, labels)


def test_stages_need_a_fit_and_its_dimension():
    machine = DeepRFM(1, width=4, generator=torch.Generator().manual_seed(0))
    with pytest.raises(ValueError, match="call fit"):
        machine.stages([[1.0, 2.0]])
    machine.fit([[1.0, 2.0], [2.0, 1.0]], [0, 1])
    with pytest.raises(ValueError, match=r"inputs: expected shape \(batch, 2\)"):
        machine.stages([[1.0, 2.0, 3.0]])


def test_a_width_that_loses_samples_is_named():
    machine = DeepRFM(3, width=1, generator=torch.Generator().manual_seed(0))
    with pytest.raises(ValueError, match=r"width: 1 .* give a larger width"):
        machine.fit([[1.0, 2.0], [2.0, 1.0], [-1.0, -2.0]], [0, 1, 1])
