"""Training on real targets: one step written out, members alone and together, divergence."""

from functools import partial

import numpy as np
import pytest
import torch

from neuralcollapse.models import RegressionMLP
from neuralcollapse.tasks import inpainted_digits, linnerud
from neuralcollapse.training import Descent, fit_regression
from neuralcollapse.training.ensemble import WEIGHTS, stream

TASK = linnerud()
build = partial(RegressionMLP, (3, 8, 6, 3))
RECIPE = Descent(steps=1, optimizer="gradient", learning_rate=0.1, cooldown=0, ramp=(0, 0))


def test_a_step_descends_on_the_objective_written_out():
    model = build(generator=stream(4, WEIGHTS))
    output = model(TASK.train_inputs)
    loss = ((output.logits - TASK.train_targets) ** 2).sum(1).mean() / 2
    objective = loss + 0.2 / 2 * model.classifier.weight.square().sum()
    objective = objective + 0.3 / 2 * output.features.square().sum(1).mean()
    for parameter in model.parameters():
        objective = objective + 0.05 / 2 * parameter.square().sum()
    gradients = torch.autograd.grad(objective, tuple(model.parameters()))
    history = fit_regression(
        build, TASK, RECIPE, seeds=(4,), weight_decay=0.2, feature_decay=0.3, parameter_decay=0.05
    )
    for old, new, gradient in zip(
        model.parameters(), history.models[0].parameters(), gradients, strict=True
    ):
        torch.testing.assert_close(new, old - 0.1 * gradient)
    assert history.losses[0, 0] == pytest.approx(loss.item())
    assert history.objectives[0, 0] == pytest.approx(objective.item())


def test_members_do_not_meet():
    recipe = Descent(steps=20, learning_rate=1e-2, ramp=(0, 0))
    decays = {"weight_decay": [0, 0.1], "feature_decay": [0, 0.1]}
    both = fit_regression(build, TASK, recipe, seeds=(1, 1), **decays)
    alone = fit_regression(build, TASK, recipe, seeds=(1,), weight_decay=0.1, feature_decay=0.1)
    assert both.objectives[-1, 1] == pytest.approx(alone.objectives[-1, 0], rel=1e-10)
    assert both.final("nrc1")[1] == pytest.approx(alone.final("nrc1")[0], rel=1e-6)
    assert both.final("nrc1").shape == (2,)
    assert np.isnan(both.explained).all()


def test_explained_variance_is_that_of_the_test_set():
    task = inpainted_digits(20)
    history = fit_regression(partial(RegressionMLP, (60, 8, 4)), task, RECIPE, seeds=(0,))
    with torch.no_grad():
        errors = history.models[0](task.test_inputs).logits - task.test_targets
    expected = 1 - errors.var(0).sum() / task.test_targets.var(0).sum()
    spread = task.test_targets.var(0, correction=0).sum()
    expected = expected - errors.mean(0).square().sum() / spread
    assert history.explained[-1, 0] == pytest.approx(expected.item(), abs=2e-3)


def test_linear_features_have_a_sign_and_rectified_ones_do_not():
    draws = [RegressionMLP((3, 8, 6, 3), generator=stream(0, WEIGHTS), relu=r) for r in (0, 1)]
    linear, rectified = (model(TASK.train_inputs).features for model in draws)
    assert (linear < 0).any()
    torch.testing.assert_close(linear.clamp(min=0), rectified)


def test_divergence_and_bad_strengths_are_named():
    wild = Descent(steps=50, optimizer="gradient", learning_rate=1e6, ramp=(0, 0))
    with pytest.raises(FloatingPointError, match=r"lower recipe\.learning_rate"):
        fit_regression(build, TASK, wild, seeds=(0,))
    for bad in (-1, [0.1, 0.2, 0.3]):
        with pytest.raises(ValueError, match="feature_decay: expected a number from 0 on"):
            fit_regression(build, TASK, RECIPE, seeds=(0, 1), feature_decay=bad)
