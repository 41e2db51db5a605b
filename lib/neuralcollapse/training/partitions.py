r"""Environments that nobody has recorded: guessed from what a short-sighted model finds likely.

A linear classifier that has trained for a moment knows what is easiest to know. Samples whose own
label it finds unlikely are the exceptions to that; they make the second environment.
"""

import torch
from torch.nn import functional

from neuralcollapse.geometry.arrays import as_whole
from neuralcollapse.training.ensemble import stream
from neuralcollapse.training.threads import reproducible

PARTITION = 3  # fourth stream of random numbers that a seed opens
_RATE = 0.01  # of Adam, for linear models on inputs in [0, 1]
_SETTLED = 0.01  # share of samples that still move when the rounds end


def likelihood_partition(inputs, labels, *, steps=10):
    r"""Put the samples that an under-trained linear model finds unlikely into environment 1.

    Parameters
    ----------
    inputs : Tensor, shape (num_samples, num_inputs), float64
    labels : Tensor of int64, shape (num_samples,)
    steps : int
        Of full-batch Adam, from zero weights; few, so that exceptions are not yet learned.

    Returns
    -------
    Tensor of int64, shape (num_samples,)
        1 where the likelihood of the label is below half the median, else 0.

    Notes
    -----
    A reference model that has not seen its exceptions yet serves [creager2021] and [liu2021]; the
    threshold is ours.

    Examples
    --------
    >>> inputs = 100 * torch.eye(2, dtype=torch.float64).repeat(5, 1)
    >>> labels = torch.tensor([0, 1] * 4 + [1, 1])
    >>> likelihood_partition(inputs, labels).tolist()
    [0, 0, 0, 0, 0, 0, 0, 0, 1, 0]
    """
    steps = as_whole(steps, "steps", 1)
    with reproducible():
        weight = torch.ones(1, len(labels), dtype=inputs.dtype) / len(labels)
        likelihoods = _likelihoods(inputs, labels, weight, steps)[0]
    return (likelihoods < likelihoods.median() / 2).long()


def reassigned_partition(inputs, labels, *, seed, steps=30, iterations=10):
    """Start at random, then move each sample to the environment whose model likes its label best.

    Parameters
    ----------
    inputs : Tensor, shape (num_samples, num_inputs), float64
    labels : Tensor of int64, shape (num_samples,)
    seed : int
        Of the first environments.
    steps : int
        Of full-batch Adam for the linear model of each environment, anew in each round.
    iterations : int
        Rounds at most; fewer once less than a hundredth of the samples move.

    Returns
    -------
    Tensor of int64, shape (num_samples,)
        0 or 1.

    Notes
    -----
    Hard expectation maximisation, in the spirit of [chen2024] for unknown environments.

    Examples
    --------
    >>> inputs = torch.eye(2, dtype=torch.float64).repeat(5, 1)
    >>> parts = reassigned_partition(inputs, torch.tensor([0, 1] * 5), seed=0)
    >>> sorted(set(parts.tolist())) in ([0], [0, 1], [1])
    True
    """
    steps, iterations = as_whole(steps, "steps", 1), as_whole(iterations, "iterations", 1)
    environments = random_partition(len(labels), seed=seed)
    with reproducible():
        for _ in range(iterations):
            held = functional.one_hot(environments, 2).to(inputs.dtype).T
            if not held.sum(1).all():
                break
            likelihoods = _likelihoods(inputs, labels, held / held.sum(1, keepdim=True), steps)
            better = likelihoods.argmax(0)
            moved = (better != environments).double().mean()
            environments = better
            if moved < _SETTLED:
                break
    return environments


def random_partition(num_samples, *, seed):
    """Halve samples at random: the control of every partition.

    Parameters
    ----------
    num_samples : int
    seed : int

    Returns
    -------
    Tensor of int64, shape (num_samples,)
        0 or 1, as many of both, or one more 0.

    Examples
    --------
    >>> random_partition(5, seed=0).sum()
    tensor(2)
    """
    order = torch.randperm(num_samples, generator=stream(seed, PARTITION))
    return order % 2


def _likelihoods(inputs, labels, weights, steps):
    """Likelihood of each label under linear models, one a row of sample weights."""
    num_classes = int(labels.max()) + 1
    parameters = [
        torch.zeros(len(weights), *shape, dtype=inputs.dtype, requires_grad=True)
        for shape in ((inputs.shape[1], num_classes), (1, num_classes))
    ]
    optimizer = torch.optim.Adam(parameters, lr=_RATE)

    def likelihoods():
        logits = inputs @ parameters[0] + parameters[1]
        return torch.log_softmax(logits, -1)[:, torch.arange(len(labels)), labels]

    for _ in range(steps):
        optimizer.zero_grad()
        (-(weights * likelihoods()).sum()).backward()
        optimizer.step()
    with torch.no_grad():
        return likelihoods().exp()
