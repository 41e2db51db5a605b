"""Full-batch training on real targets: seeds and penalties are one batch of networks."""

from dataclasses import dataclass

import numpy as np
import torch
from tqdm import tqdm

from neuralcollapse.geometry.arrays import DegenerateGeometryError, as_reals
from neuralcollapse.metrics import RegressionReport, regression_report
from neuralcollapse.training.descent import Descent
from neuralcollapse.training.ensemble import Ensemble
from neuralcollapse.training.fit_ensemble import descent_optimizer
from neuralcollapse.training.requests import as_checkpoints, as_recipe, as_seeds
from neuralcollapse.training.stochastic import check_losses
from neuralcollapse.training.threads import reproducible


@dataclass(frozen=True)
class RegressionHistory:
    r"""Networks trained on real targets, and what was measured on the way.

    Attributes
    ----------
    task : str
    recipe : Descent
    seeds : tuple of int
    steps : ndarray, shape (num_checkpoints,), int
    losses : ndarray, shape (num_checkpoints, num_members), float64
        $\frac1{2N}\sum_i\|f(x_i)-y_i\|^2$ on the training set, without penalties.
    objectives : ndarray, shape (num_checkpoints, num_members), float64
        With penalties.
    reports : tuple of tuple of RegressionReport or None
        Indexed by checkpoint, then member; None where features or layer are zero.
    explained : ndarray, shape (num_checkpoints, num_members), float64
        Share of the variance of the test targets that is predicted, $R^2$; NaN without test set.
    models : tuple of Module
    """

    task: str
    recipe: Descent
    seeds: tuple
    steps: np.ndarray
    losses: np.ndarray
    objectives: np.ndarray
    reports: tuple[tuple[RegressionReport | None, ...], ...]
    explained: np.ndarray
    models: tuple

    def series(self, metric):
        """Return one metric over training.

        Parameters
        ----------
        metric : str
            A field of `RegressionReport` that is one number.

        Returns
        -------
        ndarray, shape (num_checkpoints, num_members), float64
            NaN where it was undefined.
        """
        values = [[getattr(report, metric, None) for report in row] for row in self.reports]
        return np.array(values, dtype=float)

    def final(self, metric):
        """Return one metric at the last checkpoint, shape (num_members,)."""
        return self.series(metric)[-1]


def fit_regression(
    build,
    task,
    recipe=None,
    *,
    seeds,
    weight_decay=0.0,
    feature_decay=0.0,
    parameter_decay=0.0,
    gamma=None,
    checkpoints=None,
):
    r"""Train networks that differ in seed and penalties on half the squared error, all at once.

    Parameters
    ----------
    build : callable
        ``build(generator=...)`` returns a network whose `forward` gives `Output`, with a
        `classifier`, for instance ``partial(RegressionMLP, (60, 64, 64, 4))``.
    task : RegressionTask
    recipe : Descent, optional
        Penalties rise as it says; its own `weight_decay` is the decoupled one of AdamW, and not
        part of the objective. Adam with constant penalties and a rate that falls from the start
        unless given.
    seeds : sequence of int
        One a member; a seed may come again with other penalties.
    weight_decay, feature_decay : float or array_like, shape (num_members,)
        $\lambda_W$ and $\lambda_H$ of the free-feature model: $\frac{\lambda_W}2\|W\|_F^2$ on the
        last layer, $\frac{\lambda_H}{2N}\|H\|_F^2$ on the features.
    parameter_decay : float or array_like, shape (num_members,)
        $\lambda_\theta$ of $\frac{\lambda_\theta}2\|\theta\|^2$ on all parameters, biases too.
    gamma : float, optional
        Of NRC3, as `nrc3` takes it.
    checkpoints : sequence of int, optional
        Steps after which to measure, from 0 to ``recipe.steps``; both ends unless given.

    Returns
    -------
    RegressionHistory

    Raises
    ------
    ValueError
        If an argument is out of range.
    FloatingPointError
        If a loss diverges.

    Notes
    -----
    The loss is the mean over samples of half the squared error, summed over targets. Members do
    not meet: each has the gradient of its own objective, and Adam works entry by entry.
    """
    recipe = Descent(cooldown=1.0, ramp=(0, 0), learning_rate=2e-3) if recipe is None else recipe
    recipe, seeds = as_recipe(recipe, Descent), as_seeds(seeds, repeated=True)
    checkpoints = as_checkpoints(
        (0, recipe.steps) if checkpoints is None else checkpoints, recipe.steps, "steps"
    )
    strengths = [
        _strengths(values, name, len(seeds))
        for name, values in (
            ("weight_decay", weight_decay),
            ("feature_decay", feature_decay),
            ("parameter_decay", parameter_decay),
        )
    ]
    with reproducible():
        ensemble = Ensemble(build, seeds)
        optimizer = descent_optimizer(ensemble, recipe)
        records = []
        for step in tqdm(range(recipe.steps + 1), desc=task.name, unit="step", disable=None):
            for group in optimizer.param_groups:
                group["lr"] = group["rate"] * recipe.learning_rate_at(step)
            output = ensemble.same(task.train_inputs)
            losses = (output.logits - task.train_targets).square().sum(-1).mean(-1) / 2
            objectives = losses + recipe.penalty_share(step) * _penalties(
                ensemble, output.features, strengths
            )
            check_losses(objectives, f"before step {step}", recipe)
            if step in checkpoints:
                records.append(_record(ensemble, task, losses, objectives, output, gamma))
            if step < recipe.steps:
                optimizer.zero_grad()
                objectives.sum().backward()
                optimizer.step()
    losses, objectives, reports, explained = zip(*records, strict=True)
    return RegressionHistory(
        task=task.name,
        recipe=recipe,
        seeds=seeds,
        steps=np.array(checkpoints),
        losses=np.stack(losses),
        objectives=np.stack(objectives),
        reports=reports,
        explained=np.stack(explained),
        models=ensemble.members(),
    )


def _penalties(ensemble, features, strengths):
    on_weight, on_features, on_all = strengths
    total = on_weight * ensemble.parameters["classifier.weight"].square().sum((1, 2))
    total = total + on_features * features.square().sum(-1).mean(-1)
    if on_all.any():
        squares = [p.square().flatten(1).sum(1) for p in ensemble.parameters.values()]
        total = total + on_all * sum(squares)
    return total / 2


@torch.no_grad()
def _record(ensemble, task, losses, objectives, output, gamma):
    weights = ensemble.parameters["classifier.weight"]
    reports = tuple(
        _report(features, task.train_targets, weight, gamma)
        for features, weight in zip(output.features, weights, strict=True)
    )
    explained = np.full(len(losses), np.nan)
    if len(task.test_targets):
        errors = ensemble.evaluate(task.test_inputs).logits - task.test_targets
        spread = (task.test_targets - task.test_targets.mean(0)).square().sum()
        explained = (1 - errors.square().sum((1, 2)) / spread).numpy()
    return losses.detach().numpy(), objectives.detach().numpy(), reports, explained


def _report(features, targets, weight, gamma):
    try:
        return regression_report(features, targets, weight, gamma=gamma)
    except DegenerateGeometryError:
        return None


def _strengths(values, name, count):
    found = as_reals(values, name)
    if found.shape not in ((), (count,)) or (found < 0).any():
        raise ValueError(f"{name}: expected a number from 0 on, or {count}, one a member")
    return torch.from_numpy(np.broadcast_to(found, (count,)).copy())
