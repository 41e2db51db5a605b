"""Training over environments: penalties against slow loops, and what each part of it does."""

import sys
from dataclasses import replace
from functools import partial

import pytest
import torch
from torch.nn import functional

from neuralcollapse.geometry import simplex_etf
from neuralcollapse.models import MaskedEncoder
from neuralcollapse.tasks import framed_digits
from neuralcollapse.training import EnvironmentRecipe, fit_environments
from neuralcollapse.training.fit_environments import misalignment, scale_gradient

SHORT = EnvironmentRecipe(steps=12, batch_size=40)
build = partial(MaskedEncoder, (432, 6, 12, 10))


@pytest.fixture(scope="module")
def tasks():
    return [framed_digits(seed=seed) for seed in (0, 1)]


def sample():
    generator = torch.Generator().manual_seed(2)
    features = torch.randn(3, 20, 9, generator=generator, dtype=torch.float64)
    return features, torch.randint(7, (3, 20), generator=generator)


@pytest.mark.parametrize("unit_means", [True, False])
def test_misalignment_is_that_of_a_loop_over_classes_that_occur(unit_means):
    features, labels = sample()
    weights = torch.from_numpy(simplex_etf(10))
    found = misalignment(features, labels, weights, unit_means=unit_means)
    for member in range(3):
        distances = []
        for k in labels[member].unique():
            mean = features[member][labels[member] == k].mean(0)
            mean = mean / mean.norm() if unit_means else mean
            distances.append((mean - weights[k]).square().sum())
        assert torch.isclose(found[member], torch.stack(distances).mean(), rtol=1e-12)


def test_scale_gradient_is_a_difference_quotient():
    logits, labels = sample()
    step = 1e-5

    def loss(scale):
        flat = functional.cross_entropy(scale * logits[1], labels[1])
        return float(flat)

    expected = (loss(1 + step) - loss(1 - step)) / (2 * step)
    assert float(scale_gradient(logits, labels)[1]) == pytest.approx(expected, rel=1e-7)


def test_members_do_not_meet(tasks):
    recipe = replace(SHORT, alignment=1.0, mask_penalty=0.01)
    parts = [task.environments for task in tasks]
    both = fit_environments(build, tasks, parts, recipe, seeds=(5, 6))
    (alone,) = fit_environments(build, tasks[1:], parts[1:], recipe, seeds=(6,))
    for name, value in alone.state_dict().items():
        assert torch.allclose(both[1].state_dict()[name], value, rtol=1e-7, atol=1e-9), name


def test_a_step_is_the_gradient_of_the_objective(tasks):
    """One step of Adam moves each parameter by the rate, against the sign of its gradient."""
    recipe = replace(SHORT, steps=1, alignment=0.7, mask_penalty=0.3, mask_rate=0.5)
    (after,) = fit_environments(build, tasks[:1], [tasks[0].environments], recipe, seeds=(4,))
    moved = after.mask_logits.detach()
    assert torch.allclose(moved.abs(), torch.full_like(moved, 0.5), rtol=1e-4)
    heavy = replace(recipe, mask_penalty=1e6)
    (closing,) = fit_environments(build, tasks[:1], [tasks[0].environments], heavy, seeds=(4,))
    assert (closing.mask_logits < 0).all()


def test_small_environments_count_as_much_as_large_ones(tasks):
    """A single image with a false label makes up half of every batch, so it is learned."""
    task = tasks[0]
    part = torch.zeros_like(task.environments)
    part[0] = 1
    labels = task.train_labels.clone()
    labels[0] = 9
    odd = replace(task, train_labels=labels)
    recipe = EnvironmentRecipe(steps=60)
    wide = partial(MaskedEncoder, (432, 32, 16, 10), masked=False)
    (model,) = fit_environments(wide, [odd], [part], recipe, seeds=(0,))
    assert int(model(task.train_inputs[:1]).logits.argmax()) == 9


def test_the_invariance_penalty_lowers_the_slopes(tasks):
    task, recipe = tasks[0], EnvironmentRecipe(steps=30)
    linear = partial(MaskedEncoder, (432, 16, 12, 10), masked=False, head="linear")
    slopes = []
    for strength in (0.0, 1e3):
        changed = replace(recipe, invariance=strength)
        (model,) = fit_environments(linear, [task], [task.environments], changed, seeds=(0,))
        with torch.no_grad():
            logits = model(task.train_inputs).logits
        slopes.append(abs(float(scale_gradient(logits, task.train_labels))))
    assert slopes[1] < slopes[0] / 2


@pytest.mark.parametrize("change", [{}, {"invariance": 1e3}])
def test_divergence_is_an_error_with_a_way_out(tasks, change):
    linear = partial(build, masked=False, head="linear")
    recipe = replace(SHORT, learning_rate=1e60, **change)
    message = r"^a loss diverged to .* in step 2; lower recipe\.learning_rate \(now 1e\+60\)$"
    with pytest.raises(FloatingPointError, match=message):
        fit_environments(linear, tasks, recipe=recipe, seeds=(0, 1))


@pytest.mark.parametrize("terminal", [True, False])
def test_the_bar_is_for_terminals_only(tasks, terminal, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    fit_environments(build, tasks, recipe=replace(SHORT, steps=2), seeds=(0, 1))
    assert ("framed digits: 100%" in capsys.readouterr().err) is terminal


def test_training_sets_of_different_sizes_are_refused(tasks):
    short = replace(tasks[1], train_inputs=tasks[1].train_inputs[:9])
    with pytest.raises(ValueError, match=r"^tasks: expected training sets and classes of one size"):
        fit_environments(build, [tasks[0], short], recipe=SHORT, seeds=(0, 1))


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"seeds": (0,)}, "seeds: expected one a task"),
        ({"environments": [torch.zeros(5).long()] * 2}, "environments: expected 1200"),
        ({"environments": [torch.ones(1200).long()] * 2}, "environments: one of them is empty"),
        ({"environments": [torch.zeros(1200).long()]}, "environments: expected 2"),
        ({"recipe": "fast"}, "recipe: expected"),
    ],
)
def test_bad_input_is_named(tasks, change, match):
    arguments = {"environments": None, "recipe": SHORT, "seeds": (0, 1)} | change
    with pytest.raises(ValueError, match=f"^{match}"):
        fit_environments(build, tasks, **arguments)


def test_alignment_needs_fixed_rows(tasks):
    linear = partial(build, head="linear")
    with pytest.raises(ValueError, match=r"^alignment: .*simplex"):
        fit_environments(linear, tasks, recipe=replace(SHORT, alignment=1.0), seeds=(0, 1))


@pytest.mark.parametrize("name", ["steps", "batch_size", "learning_rate", "mask_rate"])
def test_a_recipe_refuses_zero(name):
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        EnvironmentRecipe(**{name: 0})


@pytest.mark.parametrize("name", ["alignment", "mask_penalty", "invariance"])
def test_a_recipe_refuses_negative_strengths(name):
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        EnvironmentRecipe(**{name: -1})
