"""The perceptron: shapes, seeds, initial scale, and a classifier on top of its features."""

import pytest
import torch

from neuralcollapse.models import MLP


def make(seed=0, **options):
    return MLP((8, 200, 16, 3), generator=torch.Generator().manual_seed(seed), **options)


def test_logits_are_the_classifier_of_the_features():
    model = make().eval()
    output = model(torch.randn(5, 8, dtype=torch.float64, generator=torch.Generator()))
    assert output.features.shape == (5, 16)
    assert (output.features >= 0).all()
    expected = output.features @ model.classifier.weight.T + model.classifier.bias
    torch.testing.assert_close(output.logits, expected)


def test_a_seed_fixes_the_weights_and_leaves_the_global_generator_alone():
    torch.manual_seed(0)
    state = torch.get_rng_state()
    first, again, other = make(0), make(0), make(1)
    assert torch.equal(first.classifier.weight, again.classifier.weight)
    assert not torch.equal(first.classifier.weight, other.classifier.weight)
    assert first.body[0].weight.std().item() == pytest.approx((2 / 8) ** 0.5, rel=0.05)
    assert first.classifier.bias.abs().sum() == 0
    del state


def test_normalisation_can_be_left_out():
    kinds = [type(layer).__name__ for layer in make(normalize=False).body]
    assert kinds == ["Linear", "ReLU"] * 2
    assert "BatchNorm1d" in [type(layer).__name__ for layer in make().body]


@pytest.mark.parametrize("widths", [(8, 3), (8, 0, 3), ()])
def test_bad_widths_are_named(widths):
    with pytest.raises(ValueError, match="widths: expected inputs, at least one hidden"):
        MLP(widths, generator=torch.Generator())
