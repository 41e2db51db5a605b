"""The experiment of the page on smoothness: train on six digits, tell the other four apart.

Its claims rest on rows trained by ``experiments/transfer.py`` and stored beside it.
"""

from dataclasses import asdict, dataclass
from functools import partial
from itertools import combinations

import numpy as np
import torch

from neuralcollapse.claims.experiments import EXPERIMENTS, wanted_rows
from neuralcollapse.metrics import (
    class_distance_normalized_variance,
    few_shot_accuracies,
    geometric_collapse,
    geometric_complexity,
)
from neuralcollapse.models import MLP
from neuralcollapse.statistics import ClassStatistics
from neuralcollapse.tasks import digits
from neuralcollapse.training import Recipe, fit_tasks
from neuralcollapse.training.ensemble import WEIGHTS, stream

STORED = EXPERIMENTS / "transfer.json"
TARGETS = tuple(
    tuple(map(int, held))
    for held in np.random.default_rng(0).permutation(list(combinations(range(10), 4)))[:20]
)
EPOCHS, SHOTS, DRAWS, EVERY = 60, 5, 50, 4
build = partial(MLP, (64, 64, 64, 32, 6), normalize=False)


@dataclass(frozen=True)
class Setting:
    """What a run varies; the defaults are the run that everything is compared with.

    Attributes
    ----------
    weight_decay, complexity : float
        Strengths of the two penalties.
    batch_size : int
    learning_rate : float
    target_loss : float or None
        Stop at this training loss instead of after 60 epochs.
    shuffle_labels : bool
    """

    weight_decay: float = 0.0
    complexity: float = 0.0
    batch_size: int = 60
    learning_rate: float = 0.1
    target_loss: float | None = None
    shuffle_labels: bool = False

    @property
    def recipe(self):
        """Gradient descent without momentum at a constant rate."""
        return Recipe(
            epochs=EPOCHS if self.target_loss is None else 500,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            momentum=0.0,
            weight_decay=self.weight_decay,
            milestones=(),
        )


def source(target, seed, shuffle_labels=False):
    """Return the task of the six digits that are not in `target`, 120 images of each to train."""
    classes = [digit for digit in range(10) if digit not in target]
    return digits(seed=seed, classes=classes, shuffle_labels=shuffle_labels)


def held_out(target):
    """Return all images of the digits in `target`, with labels from 0."""
    task = digits(classes=target)
    return (
        torch.cat([task.train_inputs, task.test_inputs]),
        torch.cat([task.train_labels, task.test_labels]),
    )


def describe(embedding, target, seed):
    """Measure an embedding of images on digits it was not trained on.

    Parameters
    ----------
    embedding : callable
        From images to features.
    target : tuple of int
        Four digits.
    seed : int
        Of the source task.

    Returns
    -------
    dict of str to float
        ``complexity``, ``variance`` (CDNV) and ``collapse`` (geometric) on every fourth training
        image of the source; ``target_variance`` and ``accuracy`` of five shots, averaged over 50
        draws, on all images of the target.
    """
    task = source(target, seed)
    inputs, labels = task.train_inputs[::EVERY], task.train_labels[::EVERY]
    images, digit = held_out(target)
    with torch.no_grad():
        features, far = embedding(inputs), embedding(images)
    draws = torch.Generator().manual_seed(TARGETS.index(target))
    return {
        "complexity": geometric_complexity(embedding, inputs),
        "variance": _variance(features, labels),
        "collapse": geometric_collapse(embedding, inputs, labels),
        "target_variance": _variance(far, digit),
        "accuracy": float(
            few_shot_accuracies(far, digit, SHOTS, draws=DRAWS, generator=draws).mean()
        ),
    }


def train(setting, seed, targets=TARGETS):
    """Train one network a split.

    Parameters
    ----------
    setting : Setting
    seed : int
        Of images, and with the split of weights, order and probes.
    targets : sequence of tuple of int
        The digits held out, a tuple a split, each one of `TARGETS`.

    Returns
    -------
    FittedTasks
    """
    return fit_tasks(
        build,
        [source(target, seed, setting.shuffle_labels) for target in targets],
        setting.recipe,
        seeds=_seeds(seed, targets),
        complexity=setting.complexity,
        target_loss=setting.target_loss,
    )


def measured(fitted, seed, targets=TARGETS):
    """Measure trained networks.

    Parameters
    ----------
    fitted : FittedTasks
    seed, targets
        As they were trained.

    Returns
    -------
    dict of str to list of float
        What `describe` finds, one number a split, with ``loss``, ``epochs`` and
        ``source_accuracy`` on test images of the six digits.
    """
    rows = []
    for target, model in zip(targets, fitted.models, strict=True):
        task = source(target, seed)
        with torch.no_grad():
            right = model(task.test_inputs).logits.argmax(1) == task.test_labels
        row = describe(model.body, target, seed)
        rows.append(row | {"source_accuracy": float(right.double().mean())})
    found = {name: [row[name] for row in rows] for name in rows[0]}
    found |= {"loss": fitted.losses.tolist(), "epochs": fitted.epochs.tolist()}
    return {name: [float(f"{x:.6g}") for x in values] for name, values in found.items()}


def run(setting, seed):
    """Train and measure a setting, given as keyword arguments; what a worker of the sweep does."""
    return measured(train(Setting(**setting), seed), seed)


def untrained(seed, targets=TARGETS):
    """Return what `describe` finds of the pixels themselves and of networks before training."""
    bodies = [
        build(generator=stream(number, WEIGHTS)).eval().body for number in _seeds(seed, targets)
    ]
    rows = {
        "pixels": [describe(torch.nn.Identity(), target, seed) for target in targets],
        "untrained": [
            describe(body, target, seed) for body, target in zip(bodies, targets, strict=True)
        ],
    }
    return {
        control: {name: [row[name] for row in found] for name in found[0]}
        for control, found in rows.items()
    }


def stored(name, setting=None):
    """Return one quantity of a stored setting.

    Parameters
    ----------
    name : str
        A key of what `run` returns.
    setting : Setting, optional
        The default one unless given.

    Returns
    -------
    ndarray, shape (num_seeds, num_splits), float64

    Raises
    ------
    KeyError
        If the setting is not in the file.
    """
    rows = wanted_rows(STORED, setting=asdict(setting or Setting()))
    return np.array([row["found"][name] for row in sorted(rows, key=lambda row: row["seed"])])


def _seeds(seed, targets):
    return [100 * seed + TARGETS.index(target) for target in targets]


def _variance(features, labels):
    statistics = ClassStatistics(int(labels.max()) + 1, features.shape[1])
    return class_distance_normalized_variance(statistics.update(features, labels))
