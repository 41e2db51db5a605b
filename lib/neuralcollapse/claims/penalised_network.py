"""A network whose features and classifier are penalised, and nothing else."""

from functools import cache
from itertools import pairwise

import numpy as np
import torch
from torch import nn

from neuralcollapse import measure
from neuralcollapse.models.mlp import draw_weights
from neuralcollapse.tasks import digits
from neuralcollapse.theory.unconstrained import free_optimum
from neuralcollapse.training.threads import reproducible


@cache
def penalised_digits(widths, regularisation, *, samples_per_class=20, seeds=(0, 1, 2), steps=200):
    r"""Minimise cross-entropy plus decay of features and classifier over a network, on digits.

    Parameters
    ----------
    widths : tuple of int
        From 64 inputs to the features; ReLU between layers, none after the last, for features that
        cannot be negative cannot be a simplex.
    regularisation : float
        $c=K\sqrt{n\lambda_W\lambda_H}$, with equal decays.
    samples_per_class : int
    seeds : tuple of int
    steps : int
        Iterations of L-BFGS over all images at once.

    Returns
    -------
    objectives : ndarray, shape (num_seeds,), float64
    reports : tuple of CollapseReport
    optimum : FreeOptimum
        What no network can pass.
    """
    task = digits(samples_per_class=samples_per_class)
    decay = regularisation / 10 / np.sqrt(samples_per_class)
    optimum = free_optimum(10, samples_per_class, weight_decay=decay, feature_decay=decay)
    objectives, reports = [], []
    for seed in seeds:
        layers = []
        for fan_in, fan_out in pairwise(widths):
            layers += [nn.Linear(fan_in, fan_out, dtype=torch.float64), nn.ReLU()]
        body, head = nn.Sequential(*layers[:-1]), nn.Linear(widths[-1], 10, dtype=torch.float64)
        network = nn.Sequential(body, head)
        draw_weights(network, torch.Generator().manual_seed(seed))

        def objective(body=body, head=head):
            features = body(task.train_inputs)
            loss = nn.functional.cross_entropy(head(features), task.train_labels)
            return loss + decay / 2 * (head.weight.square().sum() + features.square().sum())

        with reproducible():
            _descend(network, objective, steps)
        objectives.append(objective().item())
        features = body(task.train_inputs).detach()
        reports.append(measure(features, task.train_labels, head.weight, head.bias))
    return np.array(objectives), tuple(reports), optimum


def _descend(network, objective, steps):
    optimizer = torch.optim.LBFGS(
        network.parameters(),
        max_iter=steps,
        max_eval=2 * steps,
        history_size=20,
        line_search_fn="strong_wolfe",
        tolerance_grad=1e-9,
        tolerance_change=0,
    )

    def closure():
        optimizer.zero_grad()
        loss = objective()
        loss.backward()
        return loss

    optimizer.step(closure)
