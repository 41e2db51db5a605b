"""Networks of different tasks trained as one: like alone, penalised, stopped at equal loss."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from torch.nn import functional

from neuralcollapse.metrics import geometric_complexity
from neuralcollapse.models import MLP
from neuralcollapse.tasks import digits
from neuralcollapse.training import Recipe, fit, fit_tasks
from neuralcollapse.training.ensemble import ORDER, WEIGHTS, stream
from neuralcollapse.training.fit_tasks import PROBES

RECIPE = Recipe(
    epochs=4, batch_size=20, learning_rate=0.1, momentum=0, weight_decay=1e-3, milestones=()
)
build = partial(MLP, (64, 12, 8, 3), normalize=False)
TASKS = [digits(20, classes=classes) for classes in ((0, 1, 2), (7, 8, 9))]


def test_a_network_is_the_same_whatever_is_trained_beside_it_and_as_fit_trains_it():
    together = fit_tasks(build, TASKS, RECIPE, seeds=(3, 5), complexity=1e-3)
    alone = fit_tasks(build, TASKS[1:], RECIPE, seeds=(5,), complexity=1e-3)
    for one, other in zip(
        together.models[1].parameters(), alone.models[0].parameters(), strict=True
    ):
        torch.testing.assert_close(one, other)
    plain = fit_tasks(build, TASKS[:1], RECIPE, seeds=(3,))
    history = fit(build, TASKS[0], RECIPE, seeds=(3,))
    assert plain.losses[0] == pytest.approx(history.losses[-1, 0])
    assert plain.epochs.tolist() == [4]


def test_the_penalised_step_is_one_of_gradient_descent_written_out():
    recipe = replace(RECIPE, epochs=1, batch_size=60, weight_decay=0.0)
    strength, task = 0.02, TASKS[0]
    model = build(generator=stream(4, WEIGHTS))
    order = torch.randperm(60, generator=stream(4, ORDER))
    signs = 2.0 * torch.randint(2, (60, 8), generator=stream(4, PROBES)) - 1
    total = 0
    for sample, probe in zip(order, signs, strict=True):
        jacobian = torch.autograd.functional.jacobian(
            model.body, task.train_inputs[sample], create_graph=True
        )
        total = total + (probe.double() @ jacobian).square().sum() / 60
    logits = model(task.train_inputs).logits
    loss = functional.cross_entropy(logits, task.train_labels) + strength * total
    gradients = torch.autograd.grad(loss, tuple(model.parameters()), allow_unused=True)
    found = fit_tasks(build, [task], recipe, seeds=(4,), complexity=strength).models[0]
    for old, new, gradient in zip(model.parameters(), found.parameters(), gradients, strict=True):
        torch.testing.assert_close(new, old - 0.1 * gradient)


def test_the_penalty_lowers_complexity():
    recipe = replace(RECIPE, epochs=20)
    values = [
        geometric_complexity(model.body, TASKS[0].train_inputs)
        for strength in (0.0, 0.1)
        for model in fit_tasks(build, TASKS[:1], recipe, seeds=(0,), complexity=strength).models
    ]
    assert values[1] < values[0] / 4


def test_each_network_is_kept_when_it_meets_the_target():
    recipe = replace(RECIPE, epochs=60)
    target = 0.3
    found = fit_tasks(build, TASKS, recipe, seeds=(0, 0), target_loss=target)
    assert (found.losses <= target).all()
    assert found.epochs[0] != found.epochs[1]
    for task, model, epoch in zip(TASKS, found.models, found.epochs, strict=True):
        before, after = (
            fit_tasks(build, [task], replace(recipe, epochs=int(e)), seeds=(0,))
            for e in (epoch - 1, epoch)
        )
        assert before.losses[0] > target >= after.losses[0]
        for one, other in zip(model.parameters(), after.models[0].parameters(), strict=True):
            torch.testing.assert_close(one, other)


def test_a_target_out_of_reach_trains_to_the_end():
    found = fit_tasks(build, TASKS, RECIPE, seeds=(0, 1), target_loss=1e-9)
    assert found.epochs.tolist() == [4, 4]
    assert (found.losses > 1e-9).all()
    expected = fit_tasks(build, TASKS, RECIPE, seeds=(0, 1))
    np.testing.assert_array_equal(found.losses, expected.losses)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="one a task"):
        fit_tasks(build, TASKS, RECIPE, seeds=(0,))
    with pytest.raises(ValueError, match="one size"):
        fit_tasks(build, [TASKS[0], digits(20)], RECIPE, seeds=(0, 1))
    with pytest.raises(ValueError, match="complexity: expected a number from 0 on"):
        fit_tasks(build, TASKS, RECIPE, seeds=(0, 1), complexity=-1)
    with pytest.raises(ValueError, match="target_loss"):
        fit_tasks(build, TASKS, RECIPE, seeds=(0, 1), target_loss=0)
    normalised = partial(MLP, (64, 12, 8, 3))
    with pytest.raises(ValueError, match="normalize=False"):
        fit_tasks(normalised, TASKS, RECIPE, seeds=(0, 1), complexity=1)
    with pytest.raises(FloatingPointError, match="diverged"):
        fit_tasks(build, TASKS, replace(RECIPE, learning_rate=1e20), seeds=(0, 1))


class Counting(MLP):
    """A network that counts the steps taken, as `fit` lets it."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.register_buffer("steps", torch.zeros(()))

    def after_step(self, state, features, labels):
        state["steps"] += labels.shape[1]


def test_a_network_changes_its_own_state_as_under_fit():
    counting = partial(Counting, (64, 12, 8, 3), normalize=False)
    trained = fit_tasks(counting, TASKS[:1], RECIPE, seeds=(3,)).models[0]
    assert trained.steps == fit(counting, TASKS[0], RECIPE, seeds=(3,)).models[0].steps == 4 * 60
