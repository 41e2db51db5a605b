"""The perceptron on the sphere: unit features and rows, a temperature, three classifiers."""

from functools import partial

import numpy as np
import pytest
import torch

from neuralcollapse.models import CosineMLP
from neuralcollapse.tasks import digits
from neuralcollapse.training import Recipe, fit
from neuralcollapse.training.ensemble import stream

WIDTHS = (64, 16, 3, 4)
TASK = digits(samples_per_class=12, classes=(0, 1, 2, 3))


def make(seed=0, temperature=0.5, **options):
    generator = torch.Generator().manual_seed(seed)
    return CosineMLP(WIDTHS, temperature=temperature, generator=generator, **options)


def test_logits_are_cosines_over_the_temperature():
    model = make(temperature=0.25).eval()
    output = model(TASK.test_inputs)
    torch.testing.assert_close(
        output.features.norm(dim=1), torch.ones(len(output.features)).double()
    )
    torch.testing.assert_close(
        output.logits, 4 * output.features @ model.classifier.weight.T, rtol=1e-12, atol=1e-12
    )
    assert output.features.min() < 0


def test_a_seed_fixes_the_network_whatever_the_classifier():
    first, other = make(0), make(0, classifier="class_mean")
    assert torch.equal(first.classifier.weight, other.classifier.weight)
    assert torch.equal(first.body[0].weight, other.body[0].weight)
    assert not torch.equal(first.classifier.weight, make(1).classifier.weight)
    assert len(list(first.parameters())) == len(list(other.parameters())) + 1


def means(features, labels, count=4):
    sums = np.stack([features[labels == c].sum(axis=0) for c in range(count)])
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.divide(sums, lengths, out=np.zeros_like(sums), where=lengths > 0)


def test_class_mean_rows_follow_the_means_and_absent_classes_stay():
    model = make(classifier="class_mean")
    before = model.classifier.weight.numpy().copy()
    features = torch.randn(2, 30, 3, dtype=torch.float64, generator=torch.Generator())
    labels = torch.arange(60).reshape(2, 30) % 3  # class 3 is absent
    state = {"classifier.weight": torch.from_numpy(np.stack([before, before[::-1]]))}
    starts = state["classifier.weight"].numpy().copy()
    model.after_step(state, features, labels)
    for place in range(2):
        expected = 0.9 * starts[place] + 0.1 * means(features[place].numpy(), labels[place].numpy())
        expected /= np.linalg.norm(expected, axis=1, keepdims=True)
        np.testing.assert_allclose(state["classifier.weight"][place], expected, atol=1e-14)
    np.testing.assert_allclose(state["classifier.weight"][0, 3], starts[0, 3], atol=1e-14)


@pytest.mark.parametrize("classifier", ["learned", "class_mean", "fixed"])
def test_trained_rows_have_length_one_and_move_as_they_should(classifier):
    build = partial(CosineMLP, WIDTHS, temperature=0.5, classifier=classifier)
    recipe = Recipe(epochs=8, batch_size=12, learning_rate=0.05)
    history = fit(build, TASK, recipe, seeds=(0, 3), checkpoints=(0, 8))
    for seed, model in zip((0, 3), history.models, strict=True):
        weight = model.classifier.weight.detach()
        torch.testing.assert_close(weight.norm(dim=1), torch.ones(4).double())
        untrained = build(generator=stream(seed, 0)).classifier.weight
        assert torch.equal(weight, untrained) == (classifier == "fixed")
    assert (history.biases == 0).all()
    np.testing.assert_array_equal(history.weights[-1], history.models[0].classifier.weight.detach())
    if classifier == "class_mean":
        centers = means(history.features[-1], history.labels)
        assert np.sum(centers * history.weights[-1], axis=1).min() > 0.95


def test_an_ensemble_is_its_members_trained_alone():
    build = partial(CosineMLP, WIDTHS, temperature=0.5, classifier="class_mean")
    recipe = Recipe(epochs=4, batch_size=12, learning_rate=0.05)
    together, alone = (
        fit(build, TASK, recipe, seeds=seeds, checkpoints=(4,)) for seeds in ((7, 2), (2,))
    )
    for ours, theirs in zip(
        together.models[1].state_dict().values(), alone.models[0].state_dict().values(), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"widths": (64, 3, 4)}, "widths: expected inputs, at least one hidden width"),
        ({"widths": (64, 0, 3, 4)}, "widths: expected inputs"),
        ({"temperature": 0.0}, "temperature: expected a positive number, got 0.0"),
        ({"temperature": float("nan")}, "temperature: expected a positive number"),
        ({"classifier": "etf"}, "classifier: expected one of .*got 'etf'"),
    ],
)
def test_bad_arguments_are_named(options, message):
    widths = options.pop("widths", WIDTHS)
    with pytest.raises(ValueError, match=message):
        CosineMLP(widths, **{"temperature": 1.0, "generator": torch.Generator(), **options})
