"""The loop against torch's own, seed by seed; its history; its refusals."""

import io
import sys
from functools import partial

import numpy as np
import pytest
import torch
from torch.nn import functional

from neuralcollapse import measure
from neuralcollapse.models import MLP
from neuralcollapse.tasks import digits
from neuralcollapse.training import Recipe, fit, reproducible
from neuralcollapse.training.ensemble import stream

TASK = digits(samples_per_class=12, classes=(0, 1, 2))
NETWORK = partial(MLP, (64, 16, 8, 3))
RECIPE = Recipe(epochs=6, batch_size=10, learning_rate=0.05)


def plain_loop(seed, recipe):
    """The same training written the usual way: one network, nn.Module, nn losses."""
    model = NETWORK(generator=stream(seed, 0))
    optimizer = torch.optim.SGD(
        model.parameters(), recipe.learning_rate, recipe.momentum, weight_decay=recipe.weight_decay
    )
    order = stream(seed, 1)
    for epoch in range(recipe.epochs):
        optimizer.param_groups[0]["lr"] = recipe.learning_rate / (1, 10, 100)[epoch // 2]
        for batch in torch.randperm(36, generator=order).split(recipe.batch_size):
            logits = model(TASK.train_inputs[batch]).logits
            labels = TASK.train_labels[batch]
            if recipe.loss == "squared":
                loss = 3 / 2 * functional.mse_loss(logits, functional.one_hot(labels).double())
            else:
                loss = functional.cross_entropy(logits, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model.eval()


@pytest.mark.parametrize("loss", ["cross_entropy", "squared"])
def test_an_ensemble_is_its_members_trained_alone(loss):
    recipe = Recipe(loss=loss, epochs=6, batch_size=10, learning_rate=0.05)
    history = fit(NETWORK, TASK, recipe, seeds=(4, 9))
    for seed, trained in zip((4, 9), history.models, strict=True):
        with reproducible():
            alone = plain_loop(seed, recipe)
        for ours, theirs in zip(
            trained.state_dict().values(), alone.state_dict().values(), strict=True
        ):
            torch.testing.assert_close(ours, theirs, rtol=1e-8, atol=1e-10)


def test_a_run_repeats_itself_to_the_last_bit():
    first, again = (fit(NETWORK, TASK, RECIPE, seeds=(0,)) for _ in range(2))
    assert np.array_equal(first.features, again.features)
    assert first.reports == again.reports


def test_history_holds_what_the_networks_say():
    history = fit(NETWORK, TASK, RECIPE, seeds=(0, 1), checkpoints=(0, 1, 6))
    assert history.epochs.tolist() == [0, 1, 6]
    assert history.features.shape == (3, 36, 8)
    assert history.series("self_duality").shape == (3, 2)
    model = history.models[0]
    output = model(TASK.train_inputs)
    last = model.classifier
    report = measure(output.features, TASK.train_labels, last.weight, last.bias)
    for name, value in report.to_dict().items():
        if isinstance(value, float):
            assert getattr(history.reports[-1][0], name) == pytest.approx(value, rel=1e-9), name
    accuracy = (output.logits.argmax(1) == TASK.train_labels).double().mean().item()
    assert history.train_accuracies[-1, 0] == accuracy
    loss = functional.cross_entropy(output.logits, TASK.train_labels).item()
    assert history.losses[-1, 0] == pytest.approx(loss)
    untrained = NETWORK(generator=stream(0, 0)).eval()
    np.testing.assert_allclose(
        history.features[0], untrained(TASK.train_inputs).features.detach().numpy(), rtol=1e-9
    )


def test_history_answers_by_name_and_epoch():
    history = fit(NETWORK, TASK, RECIPE, seeds=(0, 1))
    metric = "within_class_variability_trace"
    series = history.series(metric)
    np.testing.assert_array_equal(history.final(metric), series[-1])
    np.testing.assert_allclose(history.drop(metric), series[1] / series[-1])
    with pytest.raises(ValueError, match="metric: expected one of within_class_variability,"):
        history.series("nc1")
    with pytest.raises(ValueError, match="epoch: expected one of"):
        history.checkpoint(77)


def test_terminal_epoch_is_the_last_time_errors_vanish():
    history = fit(NETWORK, TASK, RECIPE, seeds=(0, 1))
    for rows, expected in [
        ([[0, 1], [1, 1], [0.9, 1], [1, 1], [1, 1]], history.epochs[3]),
        ([[1, 1]] * 5, 0),
        ([[1, 1]] * 4 + [[1, 0.9]], None),
    ]:
        object.__setattr__(history, "train_accuracies", np.array(rows))
        assert history.terminal_epoch() == expected


def test_weight_decay_times_add_up_over_the_schedule():
    recipe = Recipe(epochs=3, batch_size=10, learning_rate=1.0, momentum=0.5, weight_decay=0.1)
    assert [recipe.learning_rate_at(e) for e in range(3)] == [1.0, 0.1, 0.01]
    assert recipe.decay_times(25) == pytest.approx(3 * 1.11 * 0.1 / 0.5)


def test_threads_are_given_back_even_after_an_error():
    before = torch.get_num_threads()
    torch.set_num_threads(2)

    @reproducible()
    def fail():
        raise RuntimeError(f"with {torch.get_num_threads()} thread")

    with pytest.raises(RuntimeError, match="with 1 thread"):
        fail()
    assert torch.get_num_threads() == 2
    torch.set_num_threads(before)


def test_nested_blocks_keep_denormals_flushed_until_the_last_ends():
    tiny, tenth = torch.tensor(1e-310, dtype=torch.float64), 0.1
    with reproducible():
        with reproducible():
            assert tiny * tenth == 0
        assert tiny * tenth == 0
    assert tiny * tenth > 0


def test_the_bar_is_for_terminals_only(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    for output, expected in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr(sys, "stderr", output)
        fit(NETWORK, TASK, Recipe(epochs=2, learning_rate=0.05), seeds=(0,))
        assert ("epoch" in output.getvalue()) is expected


def test_divergence_is_an_error_with_a_way_out():
    recipe = Recipe(loss="squared", epochs=60, batch_size=10, learning_rate=50.0)
    with pytest.raises(FloatingPointError, match=r"loss diverged.*lower recipe\.learning_rate"):
        fit(NETWORK, TASK, recipe, seeds=(0,))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seeds": ()}, "seeds: expected different integers"),
        ({"seeds": (1, 1)}, "seeds: expected different integers"),
        ({"seeds": (-1,)}, "seeds: expected different integers"),
        ({"seeds": 5}, "seeds: expected different integers"),
        ({"seeds": (0.0,)}, "seeds: expected different integers"),
        ({"recipe": {}}, "recipe: expected a Recipe"),
        ({"checkpoints": 3}, "checkpoints: expected different epochs from 0 to 6"),
        ({"recipe": Recipe(batch_size=35)}, "batch_size: 35 leaves a last batch of one"),
        ({"checkpoints": ()}, "checkpoints: expected different epochs from 0 to 6"),
        ({"checkpoints": (0, 7)}, "checkpoints: expected different epochs from 0 to 6"),
    ],
)
def test_bad_calls_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        fit(NETWORK, TASK, **{"recipe": RECIPE, **options})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss": "hinge"}, "loss: expected one of.*got 'hinge'"),
        ({"epochs": 1.5}, "epochs: expected an integer"),
        ({"milestones": (2,)}, "milestones: expected fractions"),
        ({"learning_rate": float("inf")}, "learning_rate: expected a positive number"),
        ({"epochs": 0}, "epochs: expected a positive number"),
        ({"batch_size": -1}, "batch_size: expected a positive number"),
        ({"learning_rate": float("nan")}, "learning_rate: expected a positive number"),
        ({"momentum": 1.0}, r"momentum: expected a number in \[0, 1\)"),
        ({"weight_decay": -1.0}, "weight_decay: expected at least 0"),
    ],
)
def test_bad_recipes_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        Recipe(**options)
