"""Long tails: sizes, which digit is rare, and what is tested on."""

import pytest
import torch

from neuralcollapse.tasks import long_tailed_digits


@pytest.mark.parametrize(("ratio", "total"), [(50, 252), (20, 306), (1, 900)])
def test_sizes_shrink_geometrically(ratio, total):
    sizes = long_tailed_digits(ratio, seed=2).train_labels.bincount().tolist()
    assert sum(sizes) == total
    assert sizes == [round(90 * ratio ** (-k / 9)) for k in range(10)]


def test_the_rare_digit_changes_with_the_seed_and_not_with_the_ratio():
    first = [long_tailed_digits(50, seed=seed) for seed in range(4)]
    counts = [len(task.test_labels[task.test_labels == 9]) for task in first]
    assert len(set(counts)) > 1  # digits have different numbers of images
    again = long_tailed_digits(20, seed=0)
    assert torch.equal(again.test_inputs, first[0].test_inputs)


def test_no_image_is_trained_and_tested_on():
    task = long_tailed_digits(50, seed=1)
    seen = {tuple(row) for row in task.train_inputs.tolist()}
    assert not seen & {tuple(row) for row in task.test_inputs.tolist()}
    assert task.test_labels.bincount().min() >= 84


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ratio": 0.02}, "ratio: expected a number from 1 on, largest over smallest, got 0.02"),
        ({"largest_class": 174}, "largest_class: expected 1 to 173, got 174"),
        ({"largest_class": 0}, "largest_class: expected a whole number from 1 on"),
    ],
)
def test_bad_input_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        long_tailed_digits(**options)
