"""The experiment of the page on new environments: framed digits, partitions, masks, alignment.

The whole table rests on rows trained by ``experiments/environments.py`` and stored beside it; a
page trains a slice of it again.
"""

from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
import torch

from neuralcollapse.claims.experiments import EXPERIMENTS, wanted_rows
from neuralcollapse.metrics import simplex_gram_deviation
from neuralcollapse.models import MaskedEncoder
from neuralcollapse.statistics import ClassStatistics
from neuralcollapse.tasks import frame_pixels, framed_digits
from neuralcollapse.training import (
    EnvironmentRecipe,
    fit_environments,
    likelihood_partition,
    random_partition,
    reassigned_partition,
)

STORED = EXPERIMENTS / "environments.json"
WIDTHS = (432, 128, 64, 10)
MASK_PENALTY, INVARIANCE = 6e-3, 10.0
PARTITIONS = {
    "none": lambda task, seed: torch.zeros_like(task.environments),
    "known": lambda task, seed: task.environments,
    "random": lambda task, seed: random_partition(len(task.train_labels), seed=seed),
    "reassigned": lambda task, seed: reassigned_partition(
        task.train_inputs, task.train_labels, seed=seed
    ),
    "likelihood": lambda task, seed: likelihood_partition(task.train_inputs, task.train_labels),
    "oracle": lambda task, seed: task.conflicting.long(),
}


@dataclass(frozen=True)
class Method:
    """What is trained on what; the defaults are a plain perceptron on all images at once.

    Attributes
    ----------
    partition : str
        A key of `PARTITIONS`.
    simplex, masked : bool
        Fixed simplex instead of a learned classifier; a mask before the encoder.
    alignment, unit_means, invariance : float, bool, float
        As in `EnvironmentRecipe`.
    agreement : pair of float
    label_noise : float
    framed : bool
        Of the data, as in `framed_digits`.
    """

    partition: str = "none"
    simplex: bool = False
    masked: bool = False
    alignment: float = 0.0
    unit_means: bool = True
    invariance: float = 0.0
    agreement: tuple = (0.99, 0.95)
    label_noise: float = 0.0
    framed: bool = True


def aligned(partition, **changes):
    """Return the whole recipe, simplex, mask and alignment, on a partition."""
    whole = {"simplex": True, "masked": True, "alignment": 1.0}
    return Method(partition, **(whole | changes))


PLAIN, ALIGNED = Method(), aligned("likelihood")
MASKLESS = aligned("likelihood", masked=False)
METHODS = {
    "plain": PLAIN,
    "fixed simplex": Method(simplex=True),
    "balanced, known": Method("known"),
    "invariance, known": Method("known", invariance=INVARIANCE),
    "aligned, known": aligned("known"),
    "aligned, random": aligned("random"),
    "aligned, reassigned": aligned("reassigned"),
    "aligned, likelihood": ALIGNED,
    "without mask": MASKLESS,
    "without alignment": aligned("likelihood", alignment=0.0),
    "balanced, likelihood": Method("likelihood"),
    "aligned, oracle": aligned("oracle"),
    "mask alone": Method(simplex=True, masked=True),
    "no frame": Method(framed=False),
}
INDEPENDENT = {"agreement": (0.1, 0.1)}
MILD = {"agreement": (0.97, 0.90)}
NOISY = {"label_noise": 0.15}


@dataclass(frozen=True)
class Run:
    """Trained networks of one method, with their tasks and partitions.

    Attributes
    ----------
    tasks : tuple of FramedDigits
    environments : tuple of Tensor
    models : tuple of MaskedEncoder
    """

    tasks: tuple
    environments: tuple
    models: tuple

    def rows(self):
        """Return what `describe` finds, one dictionary a seed."""
        parts = zip(self.models, self.tasks, self.environments, strict=True)
        return [describe(*part) for part in parts]

    def accuracies(self, test="wrong"):
        """Return the share of new digits told right in one kind of frame, shape (num_seeds,)."""
        return np.array([row[test] for row in self.rows()])


def train(method, seeds):
    """Train a method.

    Parameters
    ----------
    method : Method
    seeds : sequence of int
        Of images, partition, weights, batches and the noise of the mask.

    Returns
    -------
    Run
    """
    data = {"label_noise": method.label_noise, "framed": method.framed}
    tasks = tuple(framed_digits(method.agreement, seed=seed, **data) for seed in seeds)
    partition = PARTITIONS[method.partition]
    environments = tuple(partition(task, seed) for task, seed in zip(tasks, seeds, strict=True))
    head = "simplex" if method.simplex else "linear"
    models = fit_environments(
        partial(MaskedEncoder, WIDTHS, masked=method.masked, head=head),
        tasks,
        environments,
        recipe(method),
        seeds=seeds,
    )
    return Run(tasks, environments, models)


def recipe(method):
    """Return the `EnvironmentRecipe` of a method."""
    return EnvironmentRecipe(
        alignment=method.alignment,
        unit_means=method.unit_means,
        invariance=method.invariance,
        mask_penalty=MASK_PENALTY if method.masked else 0.0,
    )


@torch.no_grad()
def describe(model, task, environments):
    """Measure a trained network and the partition it was trained on.

    Parameters
    ----------
    model : MaskedEncoder
    task : FramedDigits
    environments : Tensor of int64, shape (num_samples,)

    Returns
    -------
    dict of str to float
        Accuracy on each test and ``train``; ``caught`` and ``alarms``, shares of conflicting and
        of other images in environment 1; ``conflicting``, how many there are; mean of the mask on
        ``frame`` and ``digit``; ``deviation``, `simplex_gram_deviation` of the centred class means
        of new digits in random frames.
    """
    found = {
        name: _share(model(inputs).logits.argmax(1) == task.test_labels)
        for name, inputs in task.test_inputs.items()
    }
    found["train"] = _share(model(task.train_inputs).logits.argmax(1) == task.train_labels)
    found["caught"] = _share(environments[task.conflicting] == 1)
    found["alarms"] = _share(environments[~task.conflicting] == 1)
    found["conflicting"] = int(task.conflicting.sum())
    mask, frame = model.mask(), torch.from_numpy(frame_pixels().ravel())
    found |= {"frame": float(mask[frame].mean()), "digit": float(mask[~frame].mean())}
    features = model(task.test_inputs["random"]).features
    statistics = ClassStatistics(task.num_classes, features.shape[1])
    means = statistics.update(features, task.test_labels).centered_means()
    return found | {"deviation": simplex_gram_deviation(means)}


def run(method, seeds):
    """Train and measure a method given as keyword arguments; what a worker of the sweep does."""
    trained = train(Method(**{**method, "agreement": tuple(method["agreement"])}), seeds)
    rows = trained.rows()
    found = {name: [float(f"{row[name]:.6g}") for row in rows] for name in rows[0]}
    mask = trained.models[0].mask().tolist() if method["masked"] else []
    return {**found, "mask": [round(entry, 3) for entry in mask]}


def stored(name, method):
    """Return one quantity of a stored method.

    Parameters
    ----------
    name : str
        A key of what `describe` returns.
    method : Method

    Returns
    -------
    ndarray, shape (num_seeds,), float64

    Raises
    ------
    KeyError
        If the method is not in the file.
    """
    return np.array(_found(method)[name])


def richer(method):
    """Return the shares of exceptions, and of others, in the environment richer in exceptions."""
    caught, alarms = (stored(key, method) for key in ("caught", "alarms"))
    turned = caught < alarms
    return np.where(turned, 1 - caught, caught), np.where(turned, 1 - alarms, alarms)


def stored_mask(method):
    """Return the mask of the first seed of a stored method, shape (12, 12)."""
    return np.reshape(_found(method)["mask"], frame_pixels().shape)


def _found(method):
    wanted = {**asdict(method), "agreement": list(method.agreement)}
    return wanted_rows(STORED, method=wanted)[0]["found"]


def _share(flags):
    return float(flags.double().mean()) if len(flags) else 0.0
