"""The deep head computes what its formula says."""

import pytest
import torch

from neuralcollapse.models import DeepHead


def build(**options):
    return DeepHead((6, 5, 4), 3, 7, 2, generator=torch.Generator().manual_seed(0), **options)


def test_layers_are_those_of_the_formula():
    model = build().eval()
    inputs = torch.randn(9, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    output = model(inputs)
    first, second, third = (layer.weight for layer in model.head)
    by_hand = third @ (second @ (first @ output.features.T)).relu()
    assert not torch.allclose(output.logits.T, by_hand)  # a ReLU is missing
    by_hand = third @ (second @ (first @ output.features.T).relu()).relu()
    assert torch.allclose(output.logits.T, by_hand, atol=1e-13)
    assert torch.allclose(model.layers(output.features)[0].T, first @ output.features.T)


def test_the_head_has_no_bias_and_features_may_be_negative():
    model = build().eval()
    assert all(layer.bias is None for layer in model.head)
    inputs = torch.randn(50, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    assert (model(inputs).features < 0).any()


def test_bad_sizes_are_refused():
    generator = torch.Generator()
    with pytest.raises(ValueError, match="widths: expected inputs, hidden widths and features"):
        DeepHead((6, 4), 3, 7, 2, generator=generator)
    with pytest.raises(ValueError, match="depth"):
        DeepHead((6, 5, 4), 1, 7, 2, generator=generator)
