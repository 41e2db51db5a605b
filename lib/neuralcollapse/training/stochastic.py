"""Epochs of stochastic gradient descent on an ensemble, tasks as one stack, and divergence."""

import torch
from tqdm import tqdm

from neuralcollapse.training.ensemble import ORDER, stream

DIVERGED = 1e50  # no loss of a network worth measuring


def stack_tasks(tasks, seeds):
    """Return training inputs and labels, a leading axis over the tasks, if sizes do not differ."""
    if not tasks or len(seeds) != len(tasks):
        raise ValueError(f"seeds: expected one a task, got {len(seeds)} for {len(tasks)} tasks")
    if len({(task.train_inputs.shape, task.num_classes) for task in tasks}) > 1:
        raise ValueError("tasks: expected training sets and classes of one size for all tasks")
    inputs = torch.stack([task.train_inputs for task in tasks])
    return inputs, torch.stack([task.train_labels for task in tasks])


def train_epochs(ensemble, task, recipe, seeds, forward):
    """Train on batches in random order, and yield the number of each epoch that has ended.

    Parameters
    ----------
    ensemble : Ensemble
    task : Task
        Says how many samples there are, and names the bar.
    recipe : Recipe
    seeds : sequence of int
        One a member; draws the order of its batches.
    forward : callable
        ``forward(batch)`` takes indices of samples, shape (num_members, batch_size), and returns
        the loss of each member, shape (num_members,), with features and labels for `after_step`.

    Yields
    ------
    int
        From 1.

    Raises
    ------
    FloatingPointError
        If a loss diverges.
    """
    optimizer = torch.optim.SGD(
        ensemble.parameters.values(),
        lr=recipe.learning_rate,
        momentum=recipe.momentum,
        weight_decay=recipe.weight_decay,
    )
    orders = [stream(seed, ORDER) for seed in seeds]
    count = len(task.train_labels)
    for epoch in tqdm(range(recipe.epochs), desc=task.name, unit="epoch", disable=None):
        for group in optimizer.param_groups:
            group["lr"] = recipe.learning_rate_at(epoch)
        order = torch.stack([torch.randperm(count, generator=generator) for generator in orders])
        for batch in order.split(recipe.batch_size, dim=1):
            losses, features, labels = forward(batch)
            optimizer.zero_grad()
            # Summed over members: each gets the gradient of its own loss.
            losses.sum().backward()
            optimizer.step()
            ensemble.after_step(features, labels)
        check_losses(losses, f"in epoch {epoch + 1}", recipe)
        yield epoch + 1


def check_losses(losses, when, recipe):
    """Raise FloatingPointError unless all losses are below `DIVERGED`; NaN is not."""
    largest = losses.max().item()
    if not largest < DIVERGED:
        raise FloatingPointError(
            f"a loss diverged to {largest:.1g} {when}; lower recipe.learning_rate "
            f"(now {recipe.learning_rate})"
        )
