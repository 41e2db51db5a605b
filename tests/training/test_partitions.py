"""Partitions: the likelihood one against a linear model by hand, reassignment, and chance."""

import pytest
import torch

from neuralcollapse.tasks import framed_digits
from neuralcollapse.training import likelihood_partition, random_partition, reassigned_partition


@pytest.fixture(scope="module")
def task():
    return framed_digits(seed=0)


def test_the_likelihood_partition_is_that_of_a_linear_model(task):
    inputs, labels = task.train_inputs, task.train_labels
    model = torch.nn.Linear(432, 10, dtype=torch.float64)
    torch.nn.init.zeros_(model.weight)
    torch.nn.init.zeros_(model.bias)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(7):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(inputs), labels).backward()
        optimizer.step()
    likelihood = model(inputs).softmax(1)[torch.arange(len(labels)), labels]
    expected = (likelihood < likelihood.median() / 2).long()
    assert torch.equal(likelihood_partition(inputs, labels, steps=7), expected)


def test_a_longer_reference_loses_the_exceptions(task):
    caught = [
        float(
            likelihood_partition(task.train_inputs, task.train_labels, steps=steps)[
                task.conflicting
            ]
            .double()
            .mean()
        )
        for steps in (10, 100)
    ]
    assert caught[0] > 0.6 > 0.4 > caught[1]


def test_reassignment_separates_what_one_linear_model_cannot():
    """Each input comes with either label; a model an environment can know both."""
    generator = torch.Generator().manual_seed(0)
    kind, bit = torch.randint(2, (2, 400), generator=generator)
    inputs = torch.nn.functional.one_hot(bit, 2).double()
    parts = reassigned_partition(inputs, bit ^ kind, seed=0, steps=300)
    for value in (0, 1):
        agree = float((parts == kind)[bit == value].double().mean())
        assert max(agree, 1 - agree) == 1


def test_random_halves():
    first, again, other = (random_partition(101, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert int(first.sum()) == 50


@pytest.mark.parametrize("partition", [likelihood_partition, reassigned_partition])
def test_bad_input_is_named(task, partition):
    options = {"seed": 0} if partition is reassigned_partition else {}
    with pytest.raises(ValueError, match=r"^steps: expected"):
        partition(task.train_inputs, task.train_labels, steps=0, **options)
