"""The masked encoder: what the mask hides, what the noise shakes, and the two heads."""

import pytest
import torch

from neuralcollapse.geometry import simplex_etf
from neuralcollapse.models import MaskedEncoder

WIDTHS = (12, 8, 5, 4)


def network(**options):
    return MaskedEncoder(WIDTHS, generator=torch.Generator().manual_seed(0), **options)


def inputs():
    return torch.rand(7, 12, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@torch.no_grad()
def test_a_closed_pixel_is_not_seen():
    model = network()
    model.mask_logits[2] = -1e3
    images = inputs()
    other = images.clone()
    other[:, 6:9] += 1
    assert torch.equal(model(images).logits, model(other).logits)
    other[:, 5] += 1
    assert not torch.equal(model(images).logits, model(other).logits)


@torch.no_grad()
def test_noise_shakes_the_mask_and_only_when_given():
    model = network()
    noise = torch.tensor([1.0, 0, -1, 2], dtype=torch.float64)
    assert torch.allclose(model.mask(noise), torch.sigmoid(0.3 * noise))
    assert torch.equal(model(inputs()).logits, model(inputs()).logits)
    assert not torch.equal(model(inputs(), noise).logits, model(inputs()).logits)
    free = network(masked=False)
    assert torch.equal(free(inputs(), noise).logits, free(inputs()).logits)
    assert torch.equal(free.mask(), torch.ones(4, dtype=torch.float64))


@torch.no_grad()
def test_the_simplex_head_returns_cosines_over_the_temperature():
    model = network(temperature=0.5)
    features, logits = model(inputs())
    assert torch.allclose(features.norm(dim=1), torch.ones(7, dtype=torch.float64))
    assert torch.allclose(logits, features @ torch.from_numpy(simplex_etf(4, 5)).T / 0.5)
    assert "classifier.weight" not in dict(model.named_parameters())


def test_the_linear_head_is_learned():
    model = network(head="linear")
    features, logits = model(inputs())
    assert torch.allclose(logits, features @ model.classifier.weight.T + model.classifier.bias)
    assert "classifier.weight" in dict(model.named_parameters())


@pytest.mark.parametrize(
    ("widths", "options", "name"),
    [
        ((12, 4), {}, "widths"),
        ((11, 8, 4), {}, "widths"),
        (WIDTHS, {"head": "cosine"}, "head"),
        (WIDTHS, {"temperature": 0.0}, "temperature"),
    ],
)
def test_bad_input_is_named(widths, options, name):
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        MaskedEncoder(widths, generator=torch.Generator(), **options)
