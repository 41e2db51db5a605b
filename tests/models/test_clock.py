"""The clock network against complex numbers in numpy; grid and list of pairs."""

import numpy as np
import pytest
import torch

from neuralcollapse.models import ClockNetwork


def network(**options):
    generator = torch.Generator().manual_seed(3)
    return ClockNetwork(7, 3, generator=generator, **options)


def as_complex(weight):
    real, imaginary = np.split(weight.detach().numpy(), 2, axis=1)
    return real + 1j * imaginary


@pytest.mark.parametrize("feature", ["product", "sum", "squared_sum"])
@pytest.mark.parametrize("head", ["cosine", "linear"])
def test_forward_is_the_formula(feature, head):
    model = network(feature=feature, head=head, beta=2.5)
    e, w = as_complex(model.embedding.weight), as_complex(model.classifier.weight)
    tokens = torch.arange(7)
    output = model(tokens[:, None], tokens[None])
    for a in range(7):
        for b in range(7):
            h = {"product": e[a] * e[b], "sum": e[a] + e[b]}.get(feature, (e[a] + e[b]) ** 2)
            logits = (w.conj() @ h).real
            if head == "cosine":
                logits *= 2.5 / np.linalg.norm(h) / np.linalg.norm(w, axis=1)
                h = h / np.linalg.norm(h)
            assert np.allclose(output.logits[a, b].detach(), logits, rtol=1e-12)
            assert np.allclose(output.features[a, b].detach(), np.r_[h.real, h.imag], rtol=1e-12)


def test_grid_and_list_give_the_same_logits_and_gradients():
    model = network()
    tokens = torch.arange(7)
    gradients = []
    for left, right in ((tokens[:, None], tokens[None]), torch.cartesian_prod(tokens, tokens).T):
        model.zero_grad()
        model(left, right).logits.reshape(49, 7).logsumexp(1).sum().backward()
        gradients.append(model.embedding.weight.grad.clone())
    torch.testing.assert_close(*gradients, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("coordinates", [1, 2, 7])
@pytest.mark.parametrize("feature", ["product", "sum"])
@pytest.mark.parametrize(
    ("left", "right"),
    [((), (7,)), ((7,), ()), ((), ()), ((7, 1), (7,)), ((7,), (7, 1)), ((2, 1, 7), (7, 1)), (1, 7)],
)
def test_tokens_of_any_ranks_broadcast(left, right, coordinates, feature):
    model = ClockNetwork(
        7, coordinates, generator=torch.Generator().manual_seed(0), feature=feature
    )
    draw = torch.Generator().manual_seed(1)
    left, right = (
        torch.randint(7, (shape,) if isinstance(shape, int) else shape, generator=draw)
        for shape in (left, right)
    )
    pairs = torch.broadcast_tensors(left, right)
    listed = model(*(tokens.flatten() for tokens in pairs))
    output = model(left, right)
    assert output.logits.shape == (*pairs[0].shape, 7)
    torch.testing.assert_close(output.logits.reshape(-1, 7), listed.logits)
    torch.testing.assert_close(output.features.reshape(-1, 2 * coordinates), listed.features)


@pytest.mark.parametrize("pair", [(-1, 0), (0, -1), (7, 0), (0, 7)])
def test_a_token_out_of_range_is_refused(pair):
    with pytest.raises(IndexError, match=r"^left, right: expected tokens from 0 to 6"):
        network()(*pair)


def test_a_character_adds():
    model = ClockNetwork(7, 1, generator=torch.Generator().manual_seed(0))
    angles = 2 * torch.pi * 2 * torch.arange(7) / 7
    circle = torch.stack([angles.cos(), angles.sin()], 1).double()
    tokens = torch.arange(7)
    with torch.no_grad():
        model.embedding.weight.copy_(circle)
        model.classifier.weight.copy_(circle)
    decided = model(tokens[:, None], tokens[None]).logits.argmax(-1)
    assert torch.equal(decided, (tokens[:, None] + tokens) % 7)


def test_the_seed_draws_the_weights():
    first, again = network(), network()
    assert torch.equal(first.embedding.weight, again.embedding.weight)
    assert first.embedding.weight.std().item() == pytest.approx(1, rel=0.3)
    assert network(scale=0.1).embedding.weight.std().item() == pytest.approx(0.1, rel=0.3)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"head": "affine"}, "head"),
        ({"feature": "difference"}, "feature"),
        ({"beta": 0}, "beta"),
        ({"scale": -1}, "scale"),
        ({"beta": float("nan")}, "beta"),
    ],
)
def test_bad_input_names_the_argument(options, name):
    with pytest.raises(ValueError, match=f"^{name}: "):
        network(**options)
