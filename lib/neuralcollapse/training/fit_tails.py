"""Long tails: one network a task, all trained as one batch on mixed images."""

from functools import partial

import numpy as np
import torch

from neuralcollapse.geometry.arrays import as_nonnegative
from neuralcollapse.models import FixedHeadMLP
from neuralcollapse.training.ensemble import Ensemble
from neuralcollapse.training.fit_tasks import FittedTasks
from neuralcollapse.training.recipe import Recipe
from neuralcollapse.training.requests import as_recipe, as_seeds
from neuralcollapse.training.stochastic import stack_tasks, train_epochs
from neuralcollapse.training.threads import reproducible

WIDTHS = (64, 64, 64, 256, 10)
TAIL_RECIPE = Recipe(
    epochs=100, batch_size=64, learning_rate=0.1, weight_decay=5e-4, milestones=(0.6, 0.85)
)
_MIXING = 3  # stream of random numbers that a seed opens for mixing


def fit_tails(tasks, loss, recipe=None, *, seeds, mixup=1.0, gain=1.0):
    r"""Train one `FixedHeadMLP` a task by a `TailLoss`.

    Parameters
    ----------
    tasks : sequence of Task
        With training sets and classes of one size.
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
    inputs, labels = stack_tasks(tasks, seeds)
    rows = torch.arange(len(tasks))[:, None]
    with reproducible():
        ensemble = Ensemble(partial(FixedHeadMLP, WIDTHS, loss.weights, gain=gain), seeds)
        mixers = [np.random.default_rng([seed, _MIXING]) for seed in seeds]

        def forward(batch):
            images, marks = inputs[rows, batch], labels[rows, batch]
            if mixup:
                share, partner = _drawn(mixers, mixup, batch.shape[1])
                others, rest = batch.gather(1, partner), 1 - share
                images = share[..., None] * images + rest[..., None] * inputs[rows, others]
            output = ensemble.each(images)
            losses = loss.sample_losses(*output, marks)
            if mixup:
                losses = share * losses + rest * loss.sample_losses(*output, labels[rows, others])
            return losses.mean(1), output.features, marks

        for _ in train_epochs(ensemble, tasks[0], recipe, seeds, forward):
            pass
        with torch.no_grad():
            final = loss.sample_losses(*ensemble.each(inputs), labels).mean(1)
    epochs = np.full(len(tasks), recipe.epochs)
    return FittedTasks(ensemble.members(), final.numpy(), epochs)


def _drawn(mixers, mixup, size):
    share = torch.tensor([[mixer.beta(mixup, mixup)] for mixer in mixers], dtype=torch.float64)
    return share, torch.from_numpy(np.stack([mixer.permutation(size) for mixer in mixers]))
