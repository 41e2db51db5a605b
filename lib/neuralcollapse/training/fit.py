"""The training loop. Seeds are stacked and trained as one batch of networks."""

import warnings

import numpy as np

from neuralcollapse.metrics import measure
from neuralcollapse.training.ensemble import Ensemble
from neuralcollapse.training.history import History
from neuralcollapse.training.recipe import Recipe
from neuralcollapse.training.requests import as_checkpoints, as_recipe, as_seeds
from neuralcollapse.training.stochastic import train_epochs
from neuralcollapse.training.threads import reproducible


def fit(build, task, recipe=None, *, seeds=(0, 1, 2), checkpoints=None):
    """Train one network a seed and measure their collapse on the way.

    Parameters
    ----------
    build : callable
        ``build(generator=...)`` returns a network whose `forward` gives `Output`, with a
        `classifier` that holds `weight` and, if it has one, `bias`; for instance
        ``partial(MLP, (64, 96, 96, 10))``. See the notes for its optional `after_step`.
    task : Task
    recipe : Recipe, optional
        The book's protocol for digits unless given.
    seeds : sequence of int
        Each draws weights and batch order of one network.
    checkpoints : sequence of int, optional
        Epochs after which to measure, from 0 (untrained) to ``recipe.epochs``; about evenly
        spaced on a logarithmic scale unless given.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        If seeds or checkpoints are empty, repeated or out of range.
    FloatingPointError
        If the loss diverges; the message names the epoch and the way out.

    Notes
    -----
    A seed gives the same network whatever other seeds are trained beside it, up to the last
    digits. The bar is shown on a terminal only. Everything runs on one thread in float64.

    A network may define ``after_step(state, features, labels)``, called without gradients after
    every step of the optimiser: `state` maps names to all parameters and buffers, to be changed in
    place, `features` and `labels` are those of the batch. Every tensor has a leading axis, one
    entry a seed.
    """
    recipe = as_recipe(recipe, Recipe)
    seeds = as_seeds(seeds)
    if len(task.train_labels) % recipe.batch_size == 1:
        raise ValueError(
            f"batch_size: {recipe.batch_size} leaves a last batch of one sample, which cannot be "
            "normalised; choose another"
        )
    checkpoints = _check_checkpoints(checkpoints, recipe.epochs)
    with reproducible():
        ensemble = Ensemble(build, seeds)

        def forward(batch):
            labels = task.train_labels[batch]
            output = ensemble.each(task.train_inputs[batch])
            return recipe.sample_losses(output.logits, labels).mean(1), output.features, labels

        records = [_record(ensemble, task, recipe)] if 0 in checkpoints else []
        for epoch in train_epochs(ensemble, task, recipe, seeds, forward):
            if epoch in checkpoints:
                records.append(_record(ensemble, task, recipe))
    columns = {name: np.stack([record[name] for record in records]) for name in _ARRAYS}
    return History(
        task=task.name,
        recipe=recipe,
        seeds=seeds,
        epochs=np.array(checkpoints),
        reports=tuple(record["reports"] for record in records),
        labels=task.train_labels.numpy().copy(),
        models=ensemble.members(),
        **columns,
    )


_ARRAYS = (
    "losses",
    "train_accuracies",
    "test_accuracies",
    "features",
    "weights",
    "biases",
)


def _record(ensemble, task, recipe):
    train, test = (ensemble.evaluate(inputs) for inputs in (task.train_inputs, task.test_inputs))
    weights = ensemble.state["classifier.weight"].detach()
    biases = ensemble.state.get("classifier.bias", weights.new_zeros(weights.shape[:2])).detach()
    with warnings.catch_warnings():
        # An untrained network may have a dead class; the report then says None.
        warnings.simplefilter("ignore", UserWarning)
        reports = tuple(
            measure(features, task.train_labels, weight, bias)
            for features, weight, bias in zip(train.features, weights, biases, strict=True)
        )
    labels = task.train_labels.expand(train.logits.shape[:2])
    return {
        "reports": reports,
        "losses": recipe.sample_losses(train.logits, labels).mean(1).numpy(),
        "train_accuracies": _accuracies(train.logits, task.train_labels),
        "test_accuracies": _accuracies(test.logits, task.test_labels),
        "features": train.features[0].numpy().copy(),
        "weights": weights[0].numpy().copy(),
        "biases": biases[0].numpy().copy(),
    }


def _accuracies(logits, labels):
    return (logits.argmax(-1) == labels).double().mean(1).numpy()


def _check_checkpoints(checkpoints, epochs):
    if checkpoints is None:
        spaced = np.unique(np.geomspace(1, epochs, min(epochs, 16)).round().astype(int))
        return [0, *spaced.tolist()]
    return as_checkpoints(checkpoints, epochs, "epochs")
