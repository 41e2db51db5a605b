"""The experiment of the page on softmax codes: networks on digits with few dimensions.

Its claims rest on rows trained by ``experiments/softmax_code_networks.py`` and stored beside it.
"""

from dataclasses import replace
from functools import cache, partial

import numpy as np

from neuralcollapse.claims.experiments import EXPERIMENTS, read_rows
from neuralcollapse.codes import one_vs_rest_distance
from neuralcollapse.geometry import coherence
from neuralcollapse.geometry.arrays import as_directions
from neuralcollapse.models import CosineMLP
from neuralcollapse.tasks import digits
from neuralcollapse.training import Recipe, fit

STORED = EXPERIMENTS / "softmax_code_networks.json"
RECIPE = Recipe(learning_rate=0.1)


def network(dimension, temperature, classifier="learned"):
    """Return what `fit` builds: two hidden layers of 96 units, features on a sphere, ten classes.

    Parameters
    ----------
    dimension : int
    temperature : float
    classifier : {"learned", "class_mean", "fixed"}

    Returns
    -------
    callable
    """
    widths = (64, 96, 96, dimension, 10)
    return partial(CosineMLP, widths, temperature=temperature, classifier=classifier)


@cache
def run(dimension, temperature, classifier="learned", epochs=100, seeds=(0, 1, 2)):
    """Train the network of the page on digits; each is trained once a process.

    Parameters
    ----------
    dimension : int
    temperature : float
    classifier : {"learned", "class_mean", "fixed"}
    epochs : int
    seeds : tuple of int

    Returns
    -------
    History
    """
    build = network(dimension, temperature, classifier)
    recipe = replace(RECIPE, epochs=epochs)
    return fit(build, digits(), recipe, seeds=seeds, checkpoints=(0, epochs))


def describe(history):
    """Measure the code that each network of a run ends in.

    Parameters
    ----------
    history : History
        Of `CosineMLP` networks trained on `digits()`.

    Returns
    -------
    dict of str to ndarray, shape (num_seeds,), float64
        ``separation``, one minus the coherence of the rows of the classifier, and ``distance``,
        their one-vs-rest distance; ``duality``, the mean of one minus the cosine between a row and
        its class mean; ``spread``, the mean of one minus the cosine between a feature and its
        class mean; ``loss``, ``train_accuracy``, ``test_accuracy``.
    """
    task, rows = digits(), []
    labels = task.train_labels.numpy()
    for model in history.models:
        weights = as_directions(model.classifier.weight)
        features = model(task.train_inputs).features.detach().numpy()
        means = as_directions([features[labels == c].mean(axis=0) for c in range(len(weights))])
        rows.append(
            {
                "separation": 1 - coherence(weights),
                "distance": one_vs_rest_distance(weights),
                "duality": 1 - np.sum(weights * means, axis=1).mean(),
                "spread": 1 - np.sum(features * means[labels], axis=1).mean(),
            }
        )
    found = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    return found | {
        "loss": history.losses[-1],
        "train_accuracy": history.train_accuracies[-1],
        "test_accuracy": history.test_accuracies[-1],
    }


def stored_rows(**wanted):
    """Return the rows that ``experiments/softmax_code_networks.py`` has left, or some of them.

    Parameters
    ----------
    **wanted
        For instance ``dimension=2, classifier="learned"``.

    Returns
    -------
    list of dict
        ``dimension``, ``temperature``, ``classifier`` and ``epochs``, and what `describe` finds, a
        list with one number a seed. Empty before the experiment has run.

    Raises
    ------
    ValueError
        If the rows do not match the hash beside them.
    """
    return read_rows(STORED, **wanted)
