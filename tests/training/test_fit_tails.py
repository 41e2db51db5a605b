"""Losses for long tails, and the loop that trains with them."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from neuralcollapse.geometry import multi_centres, simplex_etf
from neuralcollapse.tasks import long_tailed_digits
from neuralcollapse.training import TAIL_METHODS, Recipe, fit_tails, tail_loss

SIZES = [9, 4, 1]
COUNTS = [1, 2, 4]
GENERATOR = torch.Generator().manual_seed(0)
FEATURES = torch.randn(2, 5, 14, dtype=torch.float64, generator=GENERATOR)
LOGITS = torch.randn(2, 5, 3, dtype=torch.float64, generator=GENERATOR)
LABELS = torch.tensor([[0, 1, 2, 2, 0], [1, 1, 0, 2, 2]])
SHORT = Recipe(epochs=2, batch_size=64, learning_rate=0.1, weight_decay=5e-4)


def slow(method):
    """The loss of every sample by a loop over samples, centres and classes."""
    built = multi_centres([4, 4, 4] if method == "equal_centres" else COUNTS, 0.2, 14)
    ends = np.cumsum([0, *built.num_centres])
    weighted = method in ("reweighted", "reweighted_simplex", "class_aware", "every_centre")
    losses = np.zeros((2, 5))
    for place in np.ndindex(2, 5):
        h, z, y = FEATURES[place].numpy(), LOGITS[place].numpy(), int(LABELS[place])
        cosine = lambda row, h=h: h @ row / np.linalg.norm(h) / np.linalg.norm(row)  # noqa: E731
        if method in ("cross_entropy", "reweighted"):
            value = np.log(np.exp(z).sum()) - z[y]
        elif method == "logit_adjusted":
            value = np.log((np.array(SIZES) * np.exp(z)).sum()) - z[y] - np.log(SIZES[y])
        elif method in ("fixed_simplex", "reweighted_simplex"):
            value = (1 - cosine(simplex_etf(3, 14)[y])) ** 2 / 2
        else:
            own = built.centres[ends[y] : ends[y + 1]]
            if method == "every_centre":
                value = np.mean([(1 - cosine(row)) ** 2 / 2 for row in own])
            else:
                value = (1 - cosine(own.mean(0))) ** 2 / 2
        losses[place] = value * (COUNTS[y] / np.mean(COUNTS) if weighted else 1)
    return losses


@pytest.mark.parametrize("method", TAIL_METHODS)
def test_losses_agree_with_a_loop(method):
    loss = tail_loss(method, SIZES, 14, num_centres=COUNTS, average=4)
    found = loss.sample_losses(FEATURES, LOGITS, LABELS)
    np.testing.assert_allclose(found.numpy(), slow(method), rtol=1e-12)
    assert (loss.weights is None) == (method in TAIL_METHODS[:3])


def test_at_a_right_angle_class_aware_centres_are_a_fixed_simplex():
    flat = tail_loss("unweighted_centres", SIZES, 80, angle=np.pi / 2)
    simplex = tail_loss("fixed_simplex", SIZES, 80)
    torch.testing.assert_close(flat.targets, simplex.targets, atol=1e-15, rtol=0)


def test_a_seed_trains_alike_alone_and_in_company():
    tasks = [long_tailed_digits(50, seed=seed) for seed in (3, 5)]
    loss = tail_loss("class_aware", tasks[0].train_labels.bincount().numpy(), 256)
    both = fit_tails(tasks, loss, SHORT, seeds=(3, 5))
    alone = fit_tails(tasks[1:], loss, SHORT, seeds=(5,))
    assert both.losses[1] == pytest.approx(alone.losses[0], rel=1e-9)
    assert both.losses[0] != pytest.approx(both.losses[1], rel=1e-3)
    with torch.no_grad():
        output = both.models[1](tasks[1].train_inputs)
    again = loss.sample_losses(*output, tasks[1].train_labels).mean().item()
    assert again == pytest.approx(both.losses[1], rel=1e-9)


def test_mixing_changes_training_and_none_mixes_nothing():
    task = long_tailed_digits(50)
    loss = tail_loss("cross_entropy", task.train_labels.bincount().numpy(), 256)
    mixed, plain = (fit_tails([task], loss, SHORT, seeds=(0,), mixup=m).losses for m in (1, 0))
    assert mixed != pytest.approx(plain, rel=1e-3)


def test_mixup_of_an_image_with_itself_is_no_mixup():
    task = long_tailed_digits(1, largest_class=1)  # every class once
    one = replace(task, train_inputs=task.train_inputs[:1], train_labels=task.train_labels[:1])
    loss = tail_loss("cross_entropy", [1] * 10, 256)
    mixed, plain = (fit_tails([one], loss, SHORT, seeds=(0,), mixup=m).losses for m in (1, 0))
    assert mixed == pytest.approx(plain, rel=1e-12)


def test_bad_input_is_named():
    task = long_tailed_digits(50)
    loss = tail_loss("cross_entropy", SIZES, 256)
    with pytest.raises(ValueError, match="method: expected one of"):
        tail_loss("focal", SIZES, 256)
    with pytest.raises(ValueError, match="seeds: expected one a task, got 2 for 1"):
        fit_tails([task], loss, SHORT, seeds=(0, 1))
    with pytest.raises(ValueError, match="tasks: expected training sets and classes of one"):
        fit_tails([task, long_tailed_digits(20)], loss, SHORT, seeds=(0, 1))
    with pytest.raises(ValueError, match="mixup: expected a number from 0 on"):
        fit_tails([task], loss, SHORT, seeds=(0,), mixup=-1)


def test_divergence_is_an_error_with_a_way_out():
    task = long_tailed_digits(50)
    loss = tail_loss("cross_entropy", task.train_labels.bincount().numpy(), 256)
    wild = replace(SHORT, learning_rate=1e20)
    with pytest.raises(
        FloatingPointError, match=r"in epoch 1; lower recipe\.learning_rate \(now 1"
    ):
        fit_tails([task], loss, wild, seeds=(0,))
