"""Digits are balanced, disjoint, seeded, and refuse what cannot be given."""

import pytest
import torch

from neuralcollapse.tasks import Task, digits


def test_training_classes_are_balanced_and_disjoint_from_the_test_set():
    task = digits(samples_per_class=150, seed=3)
    assert task.train_labels.bincount().tolist() == [150] * 10
    assert len(task.train_inputs) + len(task.test_inputs) == 1797
    seen = {tuple(row) for row in task.train_inputs.tolist()}
    assert not seen & {tuple(row) for row in task.test_inputs.tolist()}
    assert task.train_inputs.dtype == torch.float64
    assert 0 <= task.train_inputs.min() < task.train_inputs.max() <= 1
    assert task.num_inputs == 64


def test_a_seed_repeats_itself_and_another_does_not():
    assert torch.equal(digits(seed=1).train_inputs, digits(seed=1).train_inputs)
    assert not torch.equal(digits(seed=1).train_inputs, digits(seed=2).train_inputs)


def test_shuffled_labels_keep_images_and_counts_but_not_their_relation():
    true, shuffled = digits(seed=1), digits(seed=1, shuffle_labels=True)
    assert torch.equal(true.train_inputs, shuffled.train_inputs)
    assert shuffled.train_labels.bincount().tolist() == [120] * 10
    assert 0.05 < (true.train_labels == shuffled.train_labels).double().mean() < 0.15
    assert torch.equal(true.test_labels, shuffled.test_labels)


def test_chosen_classes_become_labels_in_order():
    task = digits(classes=(7, 2), samples_per_class=5)
    whole = digits(samples_per_class=5)
    assert task.num_classes == 2
    assert task.train_labels.tolist() == [0] * 5 + [1] * 5
    assert len(task.test_labels) == 179 + 177 - 10
    assert whole.num_classes == 10


def test_rare_classes_are_tested_on_the_images_they_are_tested_on_when_frequent():
    sizes = [100] * 3 + [2] * 7
    rare, frequent = digits(sizes, seed=1), digits(100, seed=1)
    assert rare.train_labels.bincount().tolist() == sizes
    assert torch.equal(rare.test_inputs, frequent.test_inputs)
    assert torch.equal(rare.train_inputs[:300], frequent.train_inputs[:300])
    assert torch.equal(rare.train_inputs[300:302], frequent.train_inputs[300:302])


def test_shuffling_keeps_unequal_class_sizes():
    assert digits([9, 3], classes=(1, 4), shuffle_labels=True).train_labels.sum() == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"samples_per_class": [5, 5]}, "samples_per_class: expected one number, or 10"),
        ({"samples_per_class": [5] * 9 + [0]}, "samples_per_class: expected 1 to 173, got 0"),
        ({"samples_per_class": 2.5}, "samples_per_class: expected 1 to 173, got 2.5"),
        ({"samples_per_class": 0}, "samples_per_class: expected 1 to 173, got 0"),
        ({"samples_per_class": 174}, "samples_per_class: expected 1 to 173, got 174"),
        ({"classes": [3]}, "classes: expected at least two different digits"),
        ({"classes": [3, 3]}, "classes: expected at least two different digits"),
        ({"classes": [3, 12]}, "classes: expected at least two different digits"),
    ],
)
def test_bad_input_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        digits(**options)


def test_a_task_needs_one_label_an_input():
    x, y = torch.zeros(3, 2), torch.zeros(2, dtype=torch.int64)
    with pytest.raises(ValueError, match="train_labels: expected 3, one an input, got 2"):
        Task("bad", x, y, x, y, 2)
