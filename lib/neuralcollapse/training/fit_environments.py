r"""Training over environments: mean loss of the environments, alignment, invariance, mask.

The objective of a step, with one batch of equal size from each of E environments, is

$$\frac1E\sum_e\Bigl[\mathrm{CE}_e+\frac\alpha K\sum_k\|\hat\mu_{ek}-w_k\|^2+\rho\,(\partial_t
\mathrm{CE}_e(tz)|_{t=1})^2\Bigr]+\lambda_m\sum_pm_p,$$

where $\hat\mu_{ek}$ is the mean feature of class k in the batch of environment e, or its direction,
$w_k$ a fixed row of the classifier, z the logits and m the mask.
"""

from dataclasses import dataclass

import torch
from torch.nn import functional
from tqdm import tqdm

from neuralcollapse.geometry.arrays import as_nonnegative, as_positive, as_whole
from neuralcollapse.training.ensemble import ORDER, Ensemble, stream
from neuralcollapse.training.requests import as_recipe, as_seeds
from neuralcollapse.training.stochastic import check_losses, stack_tasks
from neuralcollapse.training.threads import reproducible

MASK_NOISE = 2  # third stream of random numbers that a seed opens


@dataclass(frozen=True)
class EnvironmentRecipe:
    r"""Adam on batches that hold as many samples of each environment.

    Attributes
    ----------
    steps, batch_size : int
        The batch is divided among the environments, samples drawn with replacement.
    learning_rate, mask_rate : float
        Of Adam for the network and for its mask, constant.
    alignment : float
        The $\alpha$ of the objective; needs a classifier with fixed rows.
    unit_means : bool
        Whether $\hat\mu_{ek}$ is the direction of the mean feature, or the mean itself.
    mask_penalty : float
        The $\lambda_m$ of the objective.
    invariance : float
        The $\rho$ of the objective, 1 at most in the first sixth of the steps [arjovsky2019].

    Raises
    ------
    ValueError
        If a value is out of range.

    Examples
    --------
    >>> EnvironmentRecipe().steps
    600
    """

    steps: int = 600
    batch_size: int = 64
    learning_rate: float = 2e-3
    mask_rate: float = 2e-2
    alignment: float = 0.0
    unit_means: bool = True
    mask_penalty: float = 0.0
    invariance: float = 0.0

    def __post_init__(self):
        for name in ("steps", "batch_size"):
            object.__setattr__(self, name, as_whole(getattr(self, name), name, 1))
        for name in ("learning_rate", "mask_rate"):
            as_positive(getattr(self, name), name)
        for name in ("alignment", "mask_penalty", "invariance"):
            as_nonnegative(getattr(self, name), name)


def fit_environments(build, tasks, environments=None, recipe=None, *, seeds):
    """Train one network a task over the environments of its training set.

    Parameters
    ----------
    build : callable
        ``build(generator=...)`` returns a `MaskedEncoder`.
    tasks : sequence of FramedDigits
    environments : sequence of Tensor of int64, shape (num_samples,), optional
        For each task the environment of each sample, from 0; all in one unless given. The number
        of environments is the same for all tasks, and none is empty.
    recipe : EnvironmentRecipe, optional
    seeds : sequence of int
        One a task; draws weights, batches and the noise of the mask.

    Returns
    -------
    tuple of MaskedEncoder
        One a task, in evaluation mode.

    Raises
    ------
    ValueError
        If sizes differ or an environment is empty.
    FloatingPointError
        If a loss diverges.

    Notes
    -----
    Networks do not meet: each has the gradient of its own loss. Everything runs on one thread.
    """
    recipe = as_recipe(recipe, EnvironmentRecipe)
    tasks, seeds = tuple(tasks), as_seeds(seeds, repeated=True)
    inputs, labels = stack_tasks(tasks, seeds)
    pools = _pools(environments, labels)
    size = -(-recipe.batch_size // len(pools[0]))
    with reproducible():
        ensemble = Ensemble(build, seeds)
        fixed = ensemble.buffers.get("classifier.weight")
        if recipe.alignment and fixed is None:
            raise ValueError("alignment: there are no fixed rows to align with; use head='simplex'")
        logits = ensemble.parameters.get("mask_logits")
        pixels = 1 if logits is None else logits.shape[1]
        rates = {"mask_logits": recipe.mask_rate}
        optimizer = torch.optim.Adam(
            {"params": [parameter], "lr": rates.get(name, recipe.learning_rate)}
            for name, parameter in ensemble.parameters.items()
        )
        orders = [stream(seed, ORDER) for seed in seeds]
        noises = [stream(seed, MASK_NOISE) for seed in seeds]
        members = torch.arange(len(tasks))[:, None]
        for step in tqdm(range(recipe.steps), desc=tasks[0].name, unit="step", disable=None):
            batch = torch.stack(
                [_draw(pool, size, order) for pool, order in zip(pools, orders, strict=True)]
            )
            noise = torch.stack(
                [torch.randn(pixels, generator=g, dtype=torch.float64) for g in noises]
            )
            output = ensemble.each(inputs[members, batch], noise)
            shape = (len(tasks), len(pools[0]), size)
            features, logit = (tensor.view(*shape, -1) for tensor in output)
            known = labels[members, batch].view(shape)
            loss = _cross_entropy(logit, known)
            if recipe.alignment:
                loss = loss + recipe.alignment * misalignment(
                    features, known, fixed[:, None], unit_means=recipe.unit_means
                )
            if recipe.invariance:
                strength = recipe.invariance if 6 * step >= recipe.steps else 1.0
                gradient = scale_gradient(logit, known)
                loss = loss + min(strength, recipe.invariance) * gradient.square()
            loss = loss.mean(1)
            if recipe.mask_penalty and logits is not None:
                loss = loss + recipe.mask_penalty * torch.sigmoid(logits).sum(1)
            check_losses(loss, f"in step {step + 1}", recipe)
            optimizer.zero_grad()
            (loss / max(1.0, recipe.invariance)).sum().backward()
            optimizer.step()
        return ensemble.members()


def misalignment(features, labels, weights, *, unit_means=True):
    r"""Mean squared distance of class-mean directions from fixed rows.

    Parameters
    ----------
    features : Tensor, shape (..., num_samples, num_features)
    labels : Tensor of int64, shape (..., num_samples)
    weights : Tensor, shape (..., num_classes, num_features)
        Unit rows.
    unit_means : bool
        Whether means are scaled to length 1 first.

    Returns
    -------
    Tensor, shape (...)
        $\frac1K\sum_k\|\hat\mu_k-w_k\|^2$ in [0, 4], 0 when aligned, over classes that occur.

    Examples
    --------
    >>> rows = torch.eye(2, dtype=torch.float64)
    >>> misalignment(3 * rows, torch.tensor([0, 1]), rows)
    tensor(0., dtype=torch.float64)
    """
    held = functional.one_hot(labels, weights.shape[-2]).to(features)
    sizes = held.sum(-2)
    means, present = held.mT @ features, sizes > 0
    if unit_means:
        means = functional.normalize(means, dim=-1)
    else:
        means = means / sizes.clamp(min=1).unsqueeze(-1)
    distances = (means - weights).square().sum(-1) * present
    return distances.sum(-1) / present.sum(-1)


def scale_gradient(logits, labels):
    r"""Derivative of mean cross-entropy in a common scale of the logits, at scale 1.

    Parameters
    ----------
    logits : Tensor, shape (..., num_samples, num_classes)
    labels : Tensor of int64, shape (..., num_samples)

    Returns
    -------
    Tensor, shape (...)
        0 where no rescaling helps. Its square is the penalty IRMv1 of [arjovsky2019].

    Examples
    --------
    >>> scale_gradient(torch.zeros(3, 2), torch.tensor([0, 1, 1]))
    tensor(0.)
    """
    expected = (logits.softmax(-1) * logits).sum(-1)
    return (expected - logits.gather(-1, labels.unsqueeze(-1)).squeeze(-1)).mean(-1)


def _cross_entropy(logits, labels):
    chosen = torch.log_softmax(logits, -1).gather(-1, labels.unsqueeze(-1))
    return -chosen.squeeze(-1).mean(-1)


def _pools(environments, labels):
    """For each task the indices of the samples of each environment."""
    if environments is None:
        environments = torch.zeros_like(labels)
    if len(environments) != len(labels):
        raise ValueError(f"environments: expected {len(labels)}, one a task")
    count = max(int(part.max()) for part in environments) + 1
    pools = []
    for part, known in zip(environments, labels, strict=True):
        if part.shape != known.shape:
            raise ValueError(f"environments: expected {len(known)}, one a sample, got {len(part)}")
        pools.append([torch.nonzero(part == number)[:, 0] for number in range(count)])
        if not all(len(pool) for pool in pools[-1]):
            raise ValueError("environments: one of them is empty; leave it out")
    return pools


def _draw(pool, size, generator):
    return torch.cat(
        [some[torch.randint(len(some), (size,), generator=generator)] for some in pool]
    )
