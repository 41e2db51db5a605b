"""Long tails: one network a task, all trained as one batch on mixed images."""

from functools import partial

import numpy as np
import torch
from tqdm import tqdm

from neuralcollapse.geometry.arrays import as_nonnegative
from neuralcollapse.models import FixedHeadMLP
from neuralcollapse.training.ensemble import ORDER, Ensemble, stream
from neuralcollapse.training.fit_tasks import FittedTasks
from neuralcollapse.training.recipe import Recipe
from neuralcollapse.training.requests import as_recipe, as_seeds
from neuralcollapse.training.threads import reproducible

WIDTHS = (64, 64, 64, 256, 10)
TAIL_RECIPE = Recipe(
    epochs=100, batch_size=64, learning_rate=0.1, weight_decay=5e-4, milestones=(0.6, 0.85)
)
_MIXING = 3  # stream of random numbers that a seed opens for mixing
_DIVERGED = 1e50


def fit_tails(tasks, loss, recipe=None, *, seeds, mixup=1.0, gain=1.0):
    r"""Train one `FixedHeadMLP` a task by a `TailLoss`.

    Parameters
    ----------
    tasks : sequence of Task
        With training sets of one size.
    loss : TailLoss
        Says whether the classifier is fixed.
    recipe : Recipe, optional
        Its loss is not used. `TAIL_RECIPE` unless given: 100 epochs in batches of 64 at rate 0.1.
    seeds : sequence of int
        One a task; draws weights, batch order and mixing.
    mixup : float
        A batch is trained on $\lambda x+(1-\lambda)x'$ with the loss
        $\lambda\ell(y)+(1-\lambda)\ell(y')$, where $(x',y')$ is the batch permuted and $\lambda$
        drawn for it from the beta law with both parameters `mixup` [zhang2018]; 0 mixes nothing.
    gain : float
        Of the first weights, as in `FixedHeadMLP`.

    Returns
    -------
    FittedTasks
        ``losses`` are those of the training images unmixed.

    Raises
    ------
    ValueError
        If sizes differ or a number is out of range.
    FloatingPointError
        If a loss diverges.

    Notes
    -----
    Networks do not meet: each has the gradient of its own loss. Everything runs on one thread.
    """
    recipe = as_recipe(TAIL_RECIPE if recipe is None else recipe, Recipe)
    tasks, seeds = tuple(tasks), as_seeds(seeds)
    mixup = as_nonnegative(mixup, "mixup")
    if not tasks or len(seeds) != len(tasks):
        raise ValueError(f"seeds: expected one a task, got {len(seeds)} for {len(tasks)} tasks")
    if len({task.train_inputs.shape for task in tasks}) > 1:
        raise ValueError("tasks: expected training sets of one size for all tasks")
    inputs = torch.stack([task.train_inputs for task in tasks])
    labels = torch.stack([task.train_labels for task in tasks])
    rows = torch.arange(len(tasks))[:, None]
    with reproducible():
        ensemble = Ensemble(partial(FixedHeadMLP, WIDTHS, loss.weights, gain=gain), seeds)
        optimizer = torch.optim.SGD(
            ensemble.parameters.values(),
            lr=recipe.learning_rate,
            momentum=recipe.momentum,
            weight_decay=recipe.weight_decay,
        )
        orders = [stream(seed, ORDER) for seed in seeds]
        mixers = [np.random.default_rng([seed, _MIXING]) for seed in seeds]
        bar = tqdm(range(recipe.epochs), desc=tasks[0].name, unit="epoch", disable=None)
        for epoch in bar:
            for group in optimizer.param_groups:
                group["lr"] = recipe.learning_rate_at(epoch)
            order = torch.stack([torch.randperm(inputs.shape[1], generator=g) for g in orders])
            for batch in order.split(recipe.batch_size, dim=1):
                images, marks = inputs[rows, batch], labels[rows, batch]
                if mixup:
                    share, partner = _drawn(mixers, mixup, batch.shape[1])
                    others, rest = batch.gather(1, partner), 1 - share
                    mixed = share[..., None] * images + rest[..., None] * inputs[rows, others]
                    output = ensemble.each(mixed)
                    losses = share * loss.sample_losses(*output, marks)
                    losses = losses + rest * loss.sample_losses(*output, labels[rows, others])
                else:
                    losses = loss.sample_losses(*ensemble.each(images), marks)
                total = losses.mean(1)
                optimizer.zero_grad()
                total.sum().backward()
                optimizer.step()
            largest = total.max().item()
            if not largest < _DIVERGED:
                raise FloatingPointError(
                    f"a loss diverged to {largest:.1g} in epoch {epoch + 1}; lower "
                    f"recipe.learning_rate (now {recipe.learning_rate})"
                )
        bar.close()
        with torch.no_grad():
            final = loss.sample_losses(*ensemble.each(inputs), labels).mean(1)
    epochs = np.full(len(tasks), recipe.epochs)
    return FittedTasks(ensemble.members(), final.numpy(), epochs)


def _drawn(mixers, mixup, size):
    share = torch.tensor([[mixer.beta(mixup, mixup)] for mixer in mixers], dtype=torch.float64)
    return share, torch.from_numpy(np.stack([mixer.permutation(size) for mixer in mixers]))
