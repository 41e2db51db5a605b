"""Networks on pairs of residues: against plain ones, pairs listed or not, stacked or alone."""

from functools import partial

import pytest
import torch
from torch import nn
from torch.func import functional_call, stack_module_state, vmap
from torch.nn import functional

from neuralcollapse.models import ModularMLP, ModularTransformer

P = 7
TOKENS = torch.arange(P)
PAIRS = torch.cartesian_prod(TOKENS, TOKENS)
LABELS = PAIRS.sum(1) % P

CONCATENATED = partial(ModularMLP, P, 12, dimension=5)
SUMMED = partial(ModularMLP, P, 12, activation="square")
COSINE = partial(ModularMLP, P, 12, head="cosine", num_features=4, beta=3.0)
TRANSFORMER = partial(ModularTransformer, P, 6, 10, heads=3)
NETWORKS = [CONCATENATED, SUMMED, COSINE, TRANSFORMER]


def make(build, seed=0):
    return build(generator=torch.Generator().manual_seed(seed))


def layer(model, name):
    """The weight of a layer of `model` in a linear layer of PyTorch."""
    weight = model.get_parameter(f"{name}.weight")
    linear = nn.Linear(*weight.shape[::-1], bias=False, dtype=torch.float64)
    linear.weight = weight
    return linear


def plain_concatenated(model, pairs):
    embedding = nn.Embedding(P, 5, dtype=torch.float64)
    embedding.weight = model.embedding.weight
    units = layer(model, "hidden")(embedding(pairs).flatten(1))
    return layer(model, "classifier")(torch.relu(units))


def plain_summed(model, pairs):
    one_hot = functional.one_hot(pairs, P).double()
    units = (one_hot @ model.embedding.weight).sum(1) ** 2
    return layer(model, "classifier")(units)


def plain_cosine(model, pairs):
    one_hot = functional.one_hot(pairs, P).double()
    units = (one_hot @ model.embedding.weight).sum(1).relu()
    features = layer(model, "projection")(units)
    rows = model.classifier.weight
    return 3 * functional.cosine_similarity(features[:, None], rows[None], dim=-1)


def plain_transformer(model, pairs):
    attention = nn.MultiheadAttention(6, 3, bias=False, batch_first=True, dtype=torch.float64)
    attention.in_proj_weight = nn.Parameter(
        torch.cat([model.query.weight, model.key.weight, model.value.weight])
    )
    attention.out_proj.weight = model.mix.weight
    sequence = model.embedding.weight[pairs] + model.positions
    sequence = torch.cat([sequence, model.equals.expand(len(pairs), 1, 6)], 1)
    residual = (sequence + attention(sequence, sequence, sequence)[0])[:, -1]
    units = torch.relu(layer(model, "hidden")(residual))
    return layer(model, "classifier")(residual + layer(model, "projection")(units))


@pytest.mark.parametrize(
    ("build", "plain"),
    list(
        zip(
            NETWORKS,
            [plain_concatenated, plain_summed, plain_cosine, plain_transformer],
            strict=True,
        )
    ),
)
def test_logits_and_gradients_are_those_of_a_plain_network(build, plain):
    model = make(build)
    logits = model(*PAIRS.T).logits
    torch.testing.assert_close(logits, plain(model, PAIRS), rtol=1e-12, atol=1e-13)
    names = ["embedding.weight", "classifier.weight"]
    parameters = [model.get_parameter(name) for name in names]
    gradients = [
        torch.autograd.grad(functional.cross_entropy(values, LABELS), parameters)
        for values in (logits, plain(model, PAIRS))
    ]
    torch.testing.assert_close(*gradients, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("build", NETWORKS)
def test_all_pairs_at_once_are_the_list_of_all_pairs(build):
    model = make(build)
    gradients = []
    for left, right in ((TOKENS[:, None], TOKENS), PAIRS.T):
        output = model(left, right)
        logits = output.logits.reshape(-1, P)
        functional.cross_entropy(logits, LABELS).backward()
        gradients.append([output.features.reshape(P * P, -1).detach(), logits.detach()])
        gradients[-1] += [parameter.grad.clone() for parameter in model.parameters()]
        model.zero_grad()
    torch.testing.assert_close(*gradients, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("build", NETWORKS)
def test_stacked_networks_are_each_alone(build):
    models = [make(build, seed) for seed in (3, 8)]
    parameters, _ = stack_module_state(models)
    parameters = {name: value.detach().requires_grad_() for name, value in parameters.items()}
    call = vmap(partial(functional_call, models[0]), in_dims=(0, None))
    for pairs in ((TOKENS[:, None], TOKENS), tuple(PAIRS[:30].T)):
        output = call(parameters, pairs)
        output.logits.square().sum().backward()
        for place, model in enumerate(models):
            alone = model(*pairs)
            torch.testing.assert_close(output.logits[place], alone.logits)
            torch.testing.assert_close(output.features[place], alone.features)
            alone.logits.square().sum().backward()
            for name, parameter in model.named_parameters():
                torch.testing.assert_close(parameters[name].grad[place], parameter.grad)
                parameters[name].grad[place] = 0
                parameter.grad = None


@pytest.mark.parametrize("build", NETWORKS)
def test_a_seed_fixes_the_weights_in_either_precision(build):
    torch.manual_seed(0)
    state = torch.get_rng_state()
    first, again, other = make(build), make(build), make(build, 1)
    single = make(partial(build, dtype=torch.float32))
    assert torch.equal(torch.get_rng_state(), state)
    for ours, same, different, rounded in zip(
        *(model.parameters() for model in (first, again, other, single)), strict=True
    ):
        assert torch.equal(ours, same)
        assert not torch.equal(ours, different)
        assert torch.equal(ours.float(), rounded)
    assert single(TOKENS, TOKENS).logits.dtype == torch.float32


def test_the_draws_are_those_of_pytorch():
    model = make(partial(ModularMLP, 113, 200, dimension=100))
    assert model.embedding.weight.std().item() == pytest.approx(1, rel=0.03)
    assert 0.98 < model.hidden.weight.abs().max().item() * 200**0.5 <= 1
    assert 0.98 < model.classifier.weight.abs().max().item() * 200**0.5 <= 1
    summed = make(partial(ModularMLP, 113, 200)).embedding.weight
    assert 0.98 < summed.abs().max().item() * 113**0.5 <= 1


def test_lengths_do_not_matter_to_the_cosine_head():
    model = make(COSINE)
    before = model(*PAIRS.T)
    with torch.no_grad():
        model.classifier.weight.mul_(2)
        model.projection.weight.mul_(5)
    after = model(*PAIRS.T)
    torch.testing.assert_close(after.logits, before.logits)
    torch.testing.assert_close(after.features.norm(dim=-1), torch.ones(P * P).double())


@pytest.mark.parametrize(
    ("build", "options", "message"),
    [
        (SUMMED, {"activation": "tanh"}, "activation: expected one of .*got 'tanh'"),
        (SUMMED, {"activation": ["relu"]}, "activation: expected one of .*got"),
        (SUMMED, {"head": "sphere"}, "head: expected one of .*got 'sphere'"),
        (SUMMED, {"beta": 0.0}, "beta: expected a positive number, got 0"),
        (SUMMED, {"beta": float("nan")}, "beta: "),
        (SUMMED, {"num_features": 0}, "num_features: "),
        (CONCATENATED, {"dimension": 0}, "dimension: "),
        (partial(ModularMLP, 1, 4), {}, "modulus: "),
        (partial(ModularMLP, 5, 0), {}, "width: "),
        (partial(ModularTransformer, 1, 4, 4), {}, "modulus: "),
        (partial(ModularTransformer, 5, 0, 4), {}, "dimension: "),
        (partial(ModularTransformer, 5, 4, 0), {}, "width: "),
        (partial(ModularTransformer, 5, 4, 4), {"heads": 0}, "heads: "),
        (partial(ModularTransformer, 5, 4, 4), {"heads": 3}, "heads: expected a divisor of dim"),
    ],
)
def test_bad_arguments_are_named(build, options, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        make(partial(build, **options))
