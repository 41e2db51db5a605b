"""The tiny transformer against a slow loop, its causality, its head, its refusals."""

import math

import pytest
import torch
from torch.nn import functional

from neuralcollapse.models import TinyTransformer


def network(**options):
    settings = {"num_classes": 7, "dimension": 8, "depth": 2, "context": 6, "heads": 2}
    settings |= options
    model = TinyTransformer(**settings, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():  # large weights, so that attention is not flat
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter).mul_(0.3))
    return model


def layer_norm(x, norm):
    centred = x - x.mean()
    return centred / math.sqrt(float((centred**2).mean()) + norm.eps) * norm.weight + norm.bias


def slow(model, tokens):
    """One text, one position and one head after the other."""
    rows = [model.embedding.weight[t] + model.positions[i] for i, t in enumerate(tokens)]
    for layer in model.layers:
        size = len(rows[0]) // layer.heads
        projected = [
            layer.query_key_value.weight @ layer_norm(row, layer.first) + layer.query_key_value.bias
            for row in rows
        ]
        read = []
        for i in range(len(rows)):
            heads = []
            for k in range(layer.heads):
                query, *_ = projected[i].split(len(rows[0]))
                place = slice(k * size, (k + 1) * size)
                past = [p.split(len(rows[0])) for p in projected[: i + 1]]
                scores = [float(query[place] @ key[place]) / math.sqrt(size) for _, key, _ in past]
                shares = torch.tensor([math.exp(s) for s in scores], dtype=torch.float64)
                shares /= shares.sum()
                heads.append(
                    sum(a * value[place] for a, (_, _, value) in zip(shares, past, strict=True))
                )
            read.append(torch.cat(heads))
        rows = [
            row + layer.mix.weight @ r + layer.mix.bias for row, r in zip(rows, read, strict=True)
        ]
        for i, row in enumerate(rows):
            units = layer.hidden.weight @ layer_norm(row, layer.second) + layer.hidden.bias
            units = units * (1 + torch.erf(units / math.sqrt(2))) / 2
            rows[i] = row + layer.projection.weight @ units + layer.projection.bias
    return torch.stack([layer_norm(row, model.norm) for row in rows])


def test_features_are_those_of_the_slow_loop():
    model, tokens = network(), torch.tensor([3, 1, 6, 6, 0])
    with torch.no_grad():
        torch.testing.assert_close(model(tokens[None]).features[0], slow(model, tokens))


@pytest.mark.parametrize("tied", [True, False])
def test_the_head(tied):
    model = network(tied=tied)
    output = model(torch.tensor([[1, 2]]))
    torch.testing.assert_close(output.logits, output.features @ model.classifier.weight.T)
    assert (model.classifier is model.embedding) == tied
    assert len(list(model.parameters())) == 28 + 1 - tied
    functional.cross_entropy(output.logits[0], torch.tensor([0, 1])).backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_the_future_does_not_matter_and_the_past_does():
    model = network()
    tokens = torch.tensor([[1, 2, 3, 4]])
    changed = torch.tensor([[1, 2, 3, 5], [0, 2, 3, 4]])
    first, after, before = (model(t[None]).features[0] for t in (tokens[0], *changed))
    assert torch.equal(first[:3], after[:3])
    assert (first[1:] - before[1:]).abs().amax(1).min() > 1e-6


def test_positions_matter():
    features = network()(torch.tensor([[2, 2, 2]])).features[0]
    assert (features[0] - features[2]).abs().max() > 1e-3


def test_draws_are_the_same_in_both_precisions_and_defaults_fit():
    double, single = (
        TinyTransformer(9, 64, 1, 4, generator=torch.Generator().manual_seed(1), dtype=dtype)
        for dtype in (torch.float64, torch.float32)
    )
    for left, right in zip(double.parameters(), single.parameters(), strict=True):
        torch.testing.assert_close(left.float(), right)
    assert double.layers[0].heads == 2
    assert double.embedding.weight.detach().std() == pytest.approx(0.02, rel=0.1)


def test_refusals():
    with pytest.raises(ValueError, match="heads: expected a divisor of dimension 8, got 3"):
        network(heads=3)
    with pytest.raises(ValueError, match="depth"):
        network(depth=0)
    with pytest.raises(ValueError, match=r"at most 6 a row, got 7; cut the text"):
        network()(torch.zeros(1, 7, dtype=torch.int64))
