"""Deep recursive feature machines on a task, measured layer by layer."""

from dataclasses import dataclass

import numpy as np
import torch

from neuralcollapse.metrics import simplex_gram_mean_square, within_class_variability_trace
from neuralcollapse.models import DeepRFM
from neuralcollapse.statistics import ClassStatistics
from neuralcollapse.training.ensemble import WEIGHTS, stream
from neuralcollapse.training.requests import as_seeds
from neuralcollapse.training.threads import reproducible

STAGES = ("layer input", "gradient step", "random map")


@dataclass(frozen=True)
class FeatureHistory:
    """Measurements of machines, one a seed, at three stages of every layer.

    Attributes
    ----------
    variabilities, deviations : ndarray, shape (num_layers, 3, num_seeds)
        NC1 by quotient and NC2 by the mean square of the cosine matrix, on the training set, of
        inputs scaled to length 1, of stretched inputs and of features; 0 at collapse.
    test_accuracies : ndarray, shape (num_layers, num_seeds)
        Of the kernel predictor of each layer.
    machines : tuple of DeepRFM
    """

    variabilities: np.ndarray
    deviations: np.ndarray
    test_accuracies: np.ndarray
    machines: tuple

    @property
    def gradient_factors(self):
        """By what the gradient step multiplies NC1, shape (num_layers, num_seeds)."""
        return self.variabilities[:, 1] / self.variabilities[:, 0]

    @property
    def map_factors(self):
        """By what the random map multiplies NC1, shape (num_layers, num_seeds)."""
        return self.variabilities[:, 2] / self.variabilities[:, 1]


def fit_features(task, num_layers, *, seeds=(0, 1, 2), **options):
    """Fit one machine a seed and measure it.

    Parameters
    ----------
    task : Task
    num_layers : int
    seeds : sequence of int
        Each draws the random maps of one machine.
    **options
        Passed to `DeepRFM`.

    Returns
    -------
    FeatureHistory

    Raises
    ------
    ValueError
        As `DeepRFM`, or if seeds are empty or repeated.
    """
    seeds = as_seeds(seeds)
    with reproducible():
        records = [_record(task, num_layers, seed, options) for seed in seeds]
    arrays = [np.stack(column, axis=-1) for column in list(zip(*records, strict=True))[:-1]]
    return FeatureHistory(*arrays, machines=tuple(record[-1] for record in records))


def _record(task, num_layers, seed, options):
    machine = DeepRFM(num_layers, generator=stream(seed, WEIGHTS), **options)
    machine.fit(task.train_inputs, task.train_labels)
    spread, angles, hits = [], [], []
    train, test = machine.stages(task.train_inputs), machine.stages(task.test_inputs)
    for layer, stages, held_out in zip(machine.layers, train, test, strict=True):
        found = [_collapse(features, task) for features in stages]
        spread.append([variability for variability, _ in found])
        angles.append([deviation for _, deviation in found])
        decided = layer.predictor(held_out[0]).argmax(1)
        hits.append(float((decided == task.test_labels).double().mean()))
    return np.array(spread), np.array(angles), np.array(hits), machine


def _collapse(features, task):
    sizes = torch.bincount(task.train_labels, minlength=task.num_classes)
    statistics = ClassStatistics(
        task.num_classes, features.shape[1], weighting="class", class_sizes=sizes
    ).update(features, task.train_labels)
    return (
        within_class_variability_trace(statistics),
        simplex_gram_mean_square(statistics.centered_means()),
    )
