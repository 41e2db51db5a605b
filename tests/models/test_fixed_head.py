"""A perceptron with a given classifier, or a learned one."""

import numpy as np
import pytest
import torch

from neuralcollapse.geometry import simplex_etf
from neuralcollapse.models import FixedHeadMLP

WIDTHS = (64, 200, 12, 4)


def make(weights=None, seed=0, **options):
    generator = torch.Generator().manual_seed(seed)
    return FixedHeadMLP(WIDTHS, weights, generator=generator, **options)


def test_a_given_classifier_decides_and_is_no_parameter():
    rows = simplex_etf(4, 12)
    model = make(rows)
    inputs = torch.rand(7, 64, dtype=torch.float64)
    output = model(inputs)
    expected = output.features.detach().numpy() @ rows.T
    np.testing.assert_allclose(output.logits.detach().numpy(), expected, atol=1e-14)
    assert not any("classifier" in name for name, _ in model.named_parameters())
    assert output.features.min() < 0


def test_the_body_is_drawn_alike_with_either_classifier():
    fixed, learned = make(simplex_etf(4, 12)), make()
    assert torch.equal(fixed.body[0].weight, learned.body[0].weight)
    assert {"classifier.weight", "classifier.bias"} <= dict(learned.named_parameters()).keys()


@pytest.mark.parametrize("gain", [1.0, 6.0])
def test_first_weights_have_the_stated_variance(gain):
    model = make(gain=gain)
    for layer in (model.body[0], model.classifier):
        bound = (gain / layer.in_features) ** 0.5
        assert layer.weight.abs().max() <= bound
        assert not layer.bias.any()
    assert make(gain=gain).body[0].weight.var().item() == pytest.approx(gain / 192, rel=0.05)


@pytest.mark.parametrize(
    ("weights", "options", "message"),
    [
        (simplex_etf(4), {}, r"weights: expected shape \(4, 12\)"),
        (None, {"gain": 0}, "gain: expected a positive number"),
    ],
)
def test_bad_input_is_named(weights, options, message):
    with pytest.raises(ValueError, match=message):
        make(weights, **options)


def test_too_few_widths():
    with pytest.raises(ValueError, match="widths: expected inputs"):
        FixedHeadMLP((64, 12, 4), generator=torch.Generator())
