"""Descent on deep unconstrained features: gradients, seeds, starts."""

import numpy as np
import pytest
import torch

from neuralcollapse.theory.deep_unconstrained import deep_objective, scaled_factors
from neuralcollapse.theory.graph_solution import graph_factors
from neuralcollapse.training import descend_deep_features


def test_a_step_is_a_step_of_autograd():
    options = {"weight_decay": 0.03, "learning_rate": 0.4, "samples_per_class": 2}
    before = descend_deep_features(3, 4, 5, seeds=(4,), steps=0, **options).factors[0]
    after = descend_deep_features(3, 4, 5, seeds=(4,), steps=1, **options).factors[0]
    tensors = [torch.tensor(factor, requires_grad=True) for factor in before]
    features, *weights = tensors
    out = weights[0] @ features
    for weight in weights[1:]:
        out = weight @ out.relu()
    targets = torch.eye(3, dtype=torch.float64).repeat_interleave(2, dim=1)
    loss = (out - targets).square().sum() / 12 + 0.03 / 4 * features.square().sum()
    loss = loss + 0.015 * sum(weight.square().sum() for weight in weights)
    loss.backward()
    for old, new, tensor in zip(before, after, tensors, strict=True):
        assert np.allclose(new, old - 0.4 * tensor.grad.numpy(), atol=1e-15)


def test_losses_are_the_objective_of_the_theory():
    run = descend_deep_features(4, 3, 6, seeds=(0, 3), steps=30, checkpoints=(0, 30))
    found = [deep_objective(factors, 0.004) for factors in run.factors]
    assert np.allclose(run.losses[-1], found, rtol=1e-13)
    assert (run.losses[1] < run.losses[0]).all()


def test_a_seed_does_not_depend_on_its_company():
    alone = descend_deep_features(3, 3, 5, seeds=(2,), steps=50).losses[-1]
    beside = descend_deep_features(3, 3, 5, seeds=(0, 1, 2), steps=50).losses[-1]
    assert np.isclose(alone[0], beside[2], rtol=1e-12)
    assert not np.isclose(beside[0], beside[1], rtol=1e-3)


def test_a_solution_stays_a_solution():
    start, value = scaled_factors(graph_factors(4, 4), 0.004)
    run = descend_deep_features(6, 4, 9, seeds=(0,), scale=0, steps=0, start=start)
    assert np.isclose(run.losses[-1][0], value, rtol=1e-12)
    samples = descend_deep_features(
        6, 4, 9, seeds=(0,), scale=0, steps=0, start=start, samples_per_class=3
    )
    assert np.isclose(samples.losses[-1][0], value, rtol=1e-12)
    assert np.allclose(samples.class_means(0)[0], run.factors[0][0])


def test_bad_input_is_named():
    for options, message in (
        ({"seeds": ()}, "seeds: expected different integers"),
        ({"seeds": (0,), "checkpoints": (9,)}, "checkpoints: expected steps from 0 to 5"),
        ({"seeds": (0,), "learning_rate": 0}, "learning_rate"),
        ({"seeds": (0,), "start": [np.eye(3)]}, "start: expected 4 factors"),
        ({"seeds": (0,), "start": [np.eye(9)] * 4}, "give a larger width"),
    ):
        with pytest.raises(ValueError, match=message):
            descend_deep_features(3, 3, 5, steps=5, **options)
    with pytest.raises(FloatingPointError, match="lower learning_rate"):
        descend_deep_features(3, 3, 5, seeds=(0,), steps=200, learning_rate=1e3)


def test_a_divergence_between_checkpoints_is_not_passed_over():
    with pytest.raises(FloatingPointError, match="lower learning_rate"):
        descend_deep_features(2, 2, 6, seeds=(0,), steps=50, learning_rate=100.0, checkpoints=(0,))


@pytest.mark.parametrize(
    ("first", "message"),
    [
        (np.eye(2), "start: expected features of 4 classes, got 2"),
        (np.full((4, 4), np.nan), "start"),
    ],
)
def test_a_start_of_other_classes_or_nan_is_refused(first, message):
    start = [first, np.eye(len(first)), np.eye(len(first))]
    with pytest.raises(ValueError, match=message):
        descend_deep_features(4, 2, 6, seeds=(0,), steps=1, start=start)
