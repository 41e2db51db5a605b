"""One network a task, all trained as one batch; a penalty on complexity, a stop at equal loss."""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.modules.batchnorm import _BatchNorm

from neuralcollapse.geometry.arrays import as_nonnegative, as_positive
from neuralcollapse.training.ensemble import Ensemble, stream
from neuralcollapse.training.recipe import Recipe
from neuralcollapse.training.requests import as_recipe, as_seeds
from neuralcollapse.training.stochastic import stack_tasks, train_epochs
from neuralcollapse.training.threads import reproducible

PROBES = 2  # third stream of random numbers that a seed opens


@dataclass(frozen=True)
class FittedTasks:
    """Networks trained on their tasks.

    Attributes
    ----------
    models : tuple of Module
        One a task, in evaluation mode.
    losses : ndarray, shape (num_tasks,), float64
        Mean training loss without penalties.
    epochs : ndarray, shape (num_tasks,), int
        Epochs trained.
    """

    models: tuple
    losses: np.ndarray
    epochs: np.ndarray


def fit_tasks(build, tasks, recipe=None, *, seeds, complexity=0.0, target_loss=None):
    r"""Train one network a task, with a penalty on the geometric complexity of its features.

    Parameters
    ----------
    build : callable
        ``build(generator=...)`` returns a network whose `forward` gives `Output`, for instance
        ``partial(MLP, (64, 32, 10), normalize=False)``.
    tasks : sequence of Task
        With training sets and classes of one size.
    recipe : Recipe, optional
    seeds : sequence of int
        One a task; draws weights, batch order and probes.
    complexity : float
        Strength $\lambda$ of $\lambda\,\mathrm{GC}$ in the loss, estimated over each batch by one
        random sign vector a sample; at least 0.
    target_loss : float, optional
        Keep each network as it is after the first epoch with a mean training loss up to this; one
        that never gets there is kept as it ends. To the end of the recipe unless given.

    Returns
    -------
    FittedTasks

    Raises
    ------
    ValueError
        If sizes differ, a number is out of range, or a penalised network normalises over the batch.
    FloatingPointError
        If a loss diverges.

    Notes
    -----
    Networks do not meet: each has the gradient of its own loss. Everything runs on one thread.
    An `after_step` of the network is called as in `fit`.
    """
    recipe = as_recipe(recipe, Recipe)
    tasks, seeds = tuple(tasks), as_seeds(seeds, repeated=True)
    as_nonnegative(complexity, "complexity")
    if target_loss is not None:
        as_positive(target_loss, "target_loss")
    inputs, labels = stack_tasks(tasks, seeds)
    rows = torch.arange(len(tasks))[:, None]
    with reproducible():
        ensemble = Ensemble(build, seeds)
        if complexity and any(isinstance(m, _BatchNorm) for m in ensemble.template.modules()):
            raise ValueError(
                "complexity: a network that normalises over the batch has no gradient a sample "
                "while it trains; build it without, for instance normalize=False"
            )
        probes = [stream(seed, PROBES) for seed in seeds]
        kept = _Kept(ensemble, len(tasks))

        def forward(batch):
            images, marks = inputs[rows, batch].requires_grad_(complexity > 0), labels[rows, batch]
            features, logits = ensemble.each(images)
            losses = recipe.sample_losses(logits, marks).mean(1)
            if complexity:
                losses = losses + complexity * _probed(features, images, probes)
            return losses, features, marks

        for epoch in train_epochs(ensemble, tasks[0], recipe, seeds, forward):
            if target_loss is not None or epoch == recipe.epochs:
                with torch.no_grad():
                    ensemble.template.eval()
                    logits = ensemble.each(inputs).logits
                    losses = recipe.sample_losses(logits, labels).mean(1)
                    ensemble.template.train()
                kept.update(epoch, losses, losses <= (target_loss or -1))
                if kept.complete:
                    break
        return kept.result()


class _Kept:
    """The state of each network when it first meets its target, or the last."""

    def __init__(self, ensemble, count):
        self._ensemble = ensemble
        self._state = {name: value.detach().clone() for name, value in ensemble.state.items()}
        self._done = torch.zeros(count, dtype=torch.bool)
        self._losses = torch.zeros(count, dtype=torch.float64)
        self._epochs = torch.zeros(count, dtype=torch.int64)

    @property
    def complete(self):
        return bool(self._done.all())

    def update(self, epoch, losses, reached):
        open_ = ~self._done
        for name, value in self._ensemble.state.items():
            self._state[name][open_] = value.detach()[open_]
        self._losses[open_], self._epochs[open_] = losses[open_].double(), epoch
        self._done |= reached

    def result(self):
        ensemble = self._ensemble
        for part in (ensemble.parameters, ensemble.buffers):
            part.update({name: self._state[name] for name in part})
        return FittedTasks(ensemble.members(), self._losses.numpy(), self._epochs.numpy())


def _probed(features, inputs, probes):
    """Complexity of the features of each network over its batch, by one probe a sample."""
    signs = torch.stack([torch.randint(2, features.shape[1:], generator=g) for g in probes])
    pulled = ((2 * signs - 1) * features).sum()
    (gradients,) = torch.autograd.grad(pulled, inputs, create_graph=True)
    return gradients.square().flatten(2).sum(2).mean(1)
