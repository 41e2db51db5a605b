"""The experiments of the page on low rank: descents on free features, and a deep head on digits.

Its claims rest on rows that ``experiments/deep_unconstrained.py`` computes and stores beside it.
"""

import numpy as np
import torch

from neuralcollapse.claims.experiments import EXPERIMENTS, read_rows
from neuralcollapse.metrics import depth_report, rank_profile
from neuralcollapse.models import DeepHead
from neuralcollapse.tasks import digits
from neuralcollapse.theory.deep_unconstrained import (
    deep_collapse_value,
    deep_layers,
    scaled_factors,
)
from neuralcollapse.theory.graph_solution import collapse_factors, graph_factors
from neuralcollapse.training import descend_deep_features, reproducible
from neuralcollapse.training.ensemble import Ensemble

STORED = EXPERIMENTS / "deep_unconstrained.json"
STARTS = {"graph": graph_factors, "collapse": collapse_factors}
CHECKED = 2000  # steps after which a descent is recorded, for a short run to be compared with


def descend(num_seeds, num_classes, depth, width, weight_decay, scale, steps, samples=1, near=None):
    """Descend from seeds 0, 1, ... and describe where each ends.

    Parameters
    ----------
    num_seeds, num_classes, depth, width : int
    weight_decay, scale : float
    steps : int
        At least 2000.
    samples : int
        Of each class.
    near : {None, "graph", "collapse"}
        Start around this solution, scaled to its best gain, instead of 0. The graph needs
        r (r - 1) / 2 classes.

    Returns
    -------
    dict of str to list
        ``early`` and ``loss``, the objective after 2000 steps and at the end; ``ranks``, those of
        the class means of layers 2 to L before the ReLU; ``spread``, the largest ratio of scatter
        within and between classes over layers; ``spectrum``, singular values of layer L before the
        ReLU, as shares of the largest, of the seed with the least objective.
    """
    start = None
    if near is not None:
        start = near_start(near, num_classes, depth, weight_decay)
    run = descend_deep_features(
        num_classes,
        depth,
        width,
        seeds=range(num_seeds),
        weight_decay=weight_decay,
        scale=scale,
        steps=steps,
        samples_per_class=samples,
        start=start,
        checkpoints=(CHECKED, steps),
    )
    layers = [deep_layers(run.class_means(seed))[1:-1] for seed in run.seeds]
    best = layers[int(run.losses[-1].argmin())][-1]
    spectrum = np.linalg.svd(best, compute_uv=False)[:num_classes]
    found = {
        "early": run.losses[0].tolist(),
        "loss": run.losses[-1].tolist(),
        "ranks": [list(rank_profile(each).before) for each in layers],
        "spectrum": _short(spectrum / spectrum[0]),
    }
    if samples > 1:
        labels = np.repeat(np.arange(num_classes), samples)
        reports = [
            depth_report([layer.T for layer in deep_layers(factors)[1:-1]], labels)
            for factors in run.factors
        ]
        found["spread"] = _short([max(report.variability) for report in reports])
    return found


def near_start(near, num_classes, depth, weight_decay):
    """Return a solution at its best gain, to start around: ``"graph"`` or ``"collapse"``."""
    size = num_classes
    if near == "graph":
        size = round((1 + np.sqrt(1 + 8 * num_classes)) / 2)
        if size * (size - 1) != 2 * num_classes:
            raise ValueError(
                f"num_classes: the graph needs 6, 10, 15, ... classes, got {num_classes}"
            )
    return scaled_factors(STARTS[near](size, depth), weight_decay)[0]


def train_head(num_seeds, depth, width, weight_decay, steps, samples=60, learning_rate=0.05):
    """Train deep heads on digits by full-batch descent with momentum 0.9, and describe them.

    The objective is that of free features: squared error, decay of the head's weights, and
    ``weight_decay / samples`` on the features; the backbone has no decay. The learning rate falls
    tenfold for the last quarter.

    Parameters
    ----------
    num_seeds, depth, width : int
    weight_decay : float
    steps : int
    samples : int
        Training images of each digit.
    learning_rate : float

    Returns
    -------
    dict of str to list
        ``loss``, the objective; ``train_accuracy``, ``test_accuracy``; and layer by layer of the
        head but the last, seed by seed, ``ranks`` before the ReLU, ``spread`` (DNC1) and
        ``orthogonality`` (DNC2).
    """
    task = digits(samples)
    targets = torch.nn.functional.one_hot(task.train_labels, 10).double()
    build = lambda generator: DeepHead((64, 64, 64, width), depth, width, 10, generator=generator)  # noqa: E731
    with reproducible():
        ensemble = Ensemble(build, range(num_seeds))
        optimizer = torch.optim.SGD(ensemble.parameters.values(), learning_rate, momentum=0.9)
        for step in range(steps + 1):
            if step == steps * 3 // 4:
                optimizer.param_groups[0]["lr"] = learning_rate / 10
            output = ensemble.same(task.train_inputs)
            losses = (output.logits - targets).square().sum((1, 2)) / (2 * len(targets))
            losses = losses + weight_decay / 2 * output.features.square().sum((1, 2)) / samples
            for name, weight in ensemble.parameters.items():
                if name.startswith("head"):
                    losses = losses + weight_decay / 2 * weight.square().sum((1, 2))
            if step < steps:
                optimizer.zero_grad()
                losses.sum().backward()
                optimizer.step()
        found = {"loss": losses.tolist(), "train_accuracy": [], "test_accuracy": []}
        found |= {"ranks": [], "spread": [], "orthogonality": []}
        with torch.no_grad():
            for model in ensemble.members():
                layers = model.train().layers(model.body(task.train_inputs))
                report = depth_report(layers[:-1], task.train_labels)
                found["ranks"].append(list(report.profile.before))
                found["spread"].append(_short(report.variability))
                found["orthogonality"].append(_short(report.orthogonality))
                right = layers[-1].argmax(1) == task.train_labels
                found["train_accuracy"].append(right.double().mean().item())
                guesses = model.eval()(task.test_inputs).logits.argmax(1)
                right = guesses == task.test_labels
                found["test_accuracy"].append(right.double().mean().item())
    return found


def collapse_level(row):
    """Objective of deep collapse for the configuration of a row."""
    return deep_collapse_value(row.get("num_classes", 10), row["depth"], row["weight_decay"])


def _short(values):
    return [float(f"{value:.6g}") for value in values]


def stored_rows(**wanted):
    """Return the rows that ``experiments/deep_unconstrained.py`` has left, or some of them.

    Parameters
    ----------
    **wanted
        For instance ``group="width", depth=4``.

    Returns
    -------
    list of dict
        ``group``, the configuration, and what `descend` or `train_head` finds.

    Raises
    ------
    ValueError
        If the rows do not match the hash beside them.
    """
    return read_rows(STORED, **wanted)
