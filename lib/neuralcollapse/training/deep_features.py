r"""Gradient descent on deep unconstrained features, all seeds as one batch of matrices.

The objective is that of `theory.deep_unconstrained` with n samples a class,
$\lambda_H=\lambda/n$ and $\lambda_l=\lambda$. Gradients are written out: networks this small spend
most of an automatic gradient's time on bookkeeping.
"""

from dataclasses import dataclass

import numpy as np
import torch

from neuralcollapse.geometry.arrays import as_nonnegative, as_points, as_positive, as_whole
from neuralcollapse.training.ensemble import WEIGHTS, stream
from neuralcollapse.training.requests import as_checkpoints, as_seeds
from neuralcollapse.training.threads import reproducible


@dataclass(frozen=True)
class DeepDescent:
    """Where descents on deep unconstrained features have come.

    Attributes
    ----------
    seeds : tuple of int
    steps : ndarray, shape (num_checkpoints,), int
        Steps taken at each checkpoint.
    losses : ndarray, shape (num_checkpoints, num_seeds), float64
        The objective, weight decay included.
    factors : tuple of list of ndarray
        Seed by seed: features, shape (width, num_samples), samples of a class side by side, and
        weights $W_1,\\dots,W_L$.
    """

    seeds: tuple
    steps: np.ndarray
    losses: np.ndarray
    factors: tuple

    def class_means(self, seed):
        """Return the factors of a seed with the features of each class replaced by their mean."""
        features, *weights = self.factors[self.seeds.index(seed)]
        num_classes = len(weights[-1])
        means = features.reshape(len(features), num_classes, -1).mean(axis=2)
        return [means, *weights]


def descend_deep_features(
    num_classes,
    depth,
    width,
    *,
    seeds,
    weight_decay=0.004,
    steps=8000,
    scale=0.7,
    learning_rate=0.5,
    samples_per_class=1,
    start=None,
    checkpoints=None,
):
    r"""Descend from random factors, one network a seed.

    Parameters
    ----------
    num_classes, depth, width : int
        K at least 2, L at least 2, and the units of every layer.
    seeds : sequence of int
        At least 0, different.
    weight_decay : float
        $\lambda$, at least 0.
    steps : int
    scale : float
        Weights are drawn normal with standard deviation `scale` over the root of the fan-in, free
        features over the root of the width; at least 0.
    learning_rate : float
        Positive.
    samples_per_class : int
        n; free features of a class start apart.
    start : sequence of ndarray, optional
        $M_1,W_1,\dots,W_L$ to start around: zeros fill up the width, draws are added.
    checkpoints : sequence of int, optional
        Steps after which to record the objective; only the last unless given.

    Returns
    -------
    DeepDescent

    Raises
    ------
    ValueError
        If a number is out of range, or `start` does not fit.
    FloatingPointError
        If the objective diverges, recorded or not.

    Notes
    -----
    Plain gradient descent, on one thread in float64. A seed gives the same descent whatever other
    seeds run beside it, up to the last digits.

    Examples
    --------
    >>> run = descend_deep_features(2, 2, 4, seeds=(0,), steps=2, checkpoints=(0, 2))
    >>> run.losses.shape, [factor.shape for factor in run.factors[0]]
    ((2, 1), [(4, 2), (4, 4), (2, 4)])
    """
    num_classes = as_whole(num_classes, "num_classes", 2)
    depth = as_whole(depth, "depth", 2)
    steps = as_whole(steps, "steps", 0)
    samples = as_whole(samples_per_class, "samples_per_class", 1)
    width = as_whole(width, "width", 1)
    rate = as_positive(learning_rate, "learning_rate")
    decay, scale = as_nonnegative(weight_decay, "weight_decay"), as_nonnegative(scale, "scale")
    seeds = as_seeds(seeds)
    checkpoints = (steps,) if checkpoints is None else checkpoints
    checkpoints = as_checkpoints(checkpoints, steps, "steps", repeated=True)
    shapes = [(width, num_classes * samples), *[(width, width)] * (depth - 1), (num_classes, width)]
    center = [torch.zeros(shape, dtype=torch.float64) for shape in shapes]
    if start is not None:
        _place(start, center, samples)
    targets = torch.eye(num_classes, dtype=torch.float64).repeat_interleave(samples, dim=1)
    with reproducible():
        factors = [
            torch.stack(members)
            for members in zip(*(_draw(center, scale, seed) for seed in seeds), strict=True)
        ]
        losses = []
        for step in range(steps + 1):
            record = step in checkpoints
            objective = _step(factors, targets, decay, rate, record, move=step < steps)
            if record:
                if not bool((objective < 1e50).all()):
                    raise FloatingPointError(
                        f"the objective diverged before step {step}; lower learning_rate (now "
                        f"{rate})"
                    )
                losses.append(objective.numpy().copy())
    if not all(factor.isfinite().all() for factor in factors):
        raise FloatingPointError(
            f"the factors diverged within {steps} steps; lower learning_rate (now {rate})"
        )
    arrays = [factor.numpy() for factor in factors]
    return DeepDescent(
        seeds,
        np.array(checkpoints),
        np.stack(losses),
        tuple([array[place].copy() for array in arrays] for place in range(len(seeds))),
    )


def _place(start, center, samples):
    """Write `start` into the corners of zero matrices, each class mean for all its samples."""
    if len(start) != len(center):
        raise ValueError(f"start: expected {len(center)} factors, got {len(start)}")
    for place, (given, zeros) in enumerate(zip(start, center, strict=True)):
        given = torch.as_tensor(as_points(given, f"start[{place}]"))
        given = given.repeat_interleave(samples, dim=1) if place == 0 else given
        if given.shape[0] > zeros.shape[0] or given.shape[1] > zeros.shape[1]:
            raise ValueError(
                f"start: factor {place} has shape {tuple(given.shape)}, which does not fit into "
                f"{tuple(zeros.shape)}; give a larger width"
            )
        if place == 0 and given.shape[1] != zeros.shape[1]:
            raise ValueError(
                f"start: expected features of {zeros.shape[1] // samples} classes, got "
                f"{given.shape[1] // samples}"
            )
        zeros[: given.shape[0], : given.shape[1]] = given


def _draw(center, scale, seed):
    generator = stream(seed, WEIGHTS)
    width = len(center[0])
    return [
        zeros + scale / width**0.5 * torch.empty_like(zeros).normal_(generator=generator)
        for zeros in center
    ]


def _step(factors, targets, decay, rate, record, move):
    """Take one step in place; return the objective of each seed before it if asked to."""
    features, *weights = factors
    samples = targets.shape[1] // targets.shape[0]
    inputs, outputs = [features], torch.bmm(weights[0], features)
    for weight in weights[1:]:
        inputs.append(outputs.clamp_min_(0))
        outputs = torch.bmm(weight, inputs[-1])
    error = outputs - targets
    objective = None
    if record:
        squares = sum(weight.square().sum((1, 2)) for weight in weights)
        squares = squares + features.square().sum((1, 2)) / samples
        objective = error.square().sum((1, 2)) / (2 * targets.shape[1]) + decay / 2 * squares
    if move:
        signal = error / targets.shape[1]
        for weight, given in zip(reversed(weights), reversed(inputs), strict=True):
            back = torch.bmm(weight.mT, signal)
            weight.mul_(1 - rate * decay).baddbmm_(signal, given.mT, alpha=-rate)
            signal = back if given is features else back * (given > 0)
        features.mul_(1 - rate * decay / samples).sub_(signal, alpha=rate)
    return objective
