"""The experiment of the page on equilibrium models: digits with rare classes.

Its claims rest on rows trained by ``experiments/equilibrium_networks.py`` and stored beside it.
"""

from dataclasses import replace
from functools import partial

import numpy as np
import torch

from neuralcollapse.claims.experiments import EXPERIMENTS, read_rows
from neuralcollapse.models import EquilibriumNetwork
from neuralcollapse.tasks import digits
from neuralcollapse.training import Recipe, fit

STORED = EXPERIMENTS / "equilibrium_networks.json"
RECIPE = Recipe(epochs=60, batch_size=60, learning_rate=0.05, weight_decay=2e-3)
WIDTHS = (64, 128, 64, 10)
FREQUENT = 100  # training images of a frequent class
NETWORKS = {
    "equilibrium": {"core": "equilibrium"},
    "five steps": {"core": "unrolled", "depth": 5},
    "one step": {"core": "unrolled", "depth": 1},
    "no core": {"core": "unrolled", "depth": 0},
    "one explicit layer": {"core": "explicit", "depth": 1},
    "three explicit layers": {"core": "explicit", "depth": 3},
    "three normalised layers": {"core": "explicit", "depth": 3, "normalize": True},
}
METRICS = {
    "pairwise_variance": "class_distance_normalized_variance",
    "angle_deviation": "max_angle_deviation_means",
    "self_duality": "self_duality",
}


def run(network, frequent, rare, seed, epochs=RECIPE.epochs):
    """Train one network on digits of which some are rare.

    Parameters
    ----------
    network : str
        A key of `NETWORKS`.
    frequent : int
        Number of classes with 100 images; the digits from 0 on.
    rare : int
        Images of each of the other classes.
    seed : int
        Chooses the images and draws weights and batches.
    epochs : int

    Returns
    -------
    dict of str to float
        ``balanced``, ``frequent_accuracy`` and ``rare_accuracy``, means over classes of accuracies
        on test images; ``train_accuracy``; and `METRICS` of the training set.
    """
    sizes = [FREQUENT] * frequent + [rare] * (10 - frequent)
    task = digits(sizes, seed=seed)
    build = partial(EquilibriumNetwork, WIDTHS, **NETWORKS[network])
    recipe = replace(RECIPE, epochs=epochs)
    history = fit(build, task, recipe, seeds=(seed,), checkpoints=(epochs,))
    with torch.no_grad():
        hits = history.models[0](task.test_inputs).logits.argmax(1) == task.test_labels
    classes = [hits[task.test_labels == c].double().mean().item() for c in range(10)]
    found = {
        "balanced": np.mean(classes),
        "frequent_accuracy": np.mean(classes[:frequent]),
        "rare_accuracy": np.mean(classes[frequent:]) if frequent < 10 else None,
        "train_accuracy": history.train_accuracies[-1, 0],
    }
    found |= {name: history.final(metric)[0] for name, metric in METRICS.items()}
    return {n: None if v is None else float(f"{v:.6g}") for n, v in found.items()}


def stored_rows(**wanted):
    """Return the rows that ``experiments/equilibrium_networks.py`` has left, or some of them.

    Parameters
    ----------
    **wanted
        For instance ``network="equilibrium", rare=2``.

    Returns
    -------
    list of dict
        The arguments of `run` and what it returns, seeds in order.

    Raises
    ------
    ValueError
        If the rows do not match the hash beside them.
    """
    return read_rows(STORED, **wanted)


def across_seeds(quantity, network, frequent, rare, epochs=RECIPE.epochs):
    """Return one quantity of the stored rows, shape (num_seeds,), seeds in order."""
    rows = stored_rows(network=network, frequent=frequent, rare=rare, epochs=epochs)
    return np.array([row[quantity] for row in rows])


def paired_difference(quantity, first, second, frequent, rare, epochs=RECIPE.epochs):
    """Mean of differences between two networks, seed by seed, and its standard error.

    Parameters
    ----------
    quantity : str
    first, second : str
        Keys of `NETWORKS`.
    frequent, rare, epochs : int

    Returns
    -------
    mean, error : float
        Of first minus second; the error is the standard deviation (ddof = 1) over the square root
        of the number of seeds.
    """
    difference = np.subtract(
        *(across_seeds(quantity, network, frequent, rare, epochs) for network in (first, second))
    )
    return float(difference.mean()), float(difference.std(ddof=1) / np.sqrt(len(difference)))
