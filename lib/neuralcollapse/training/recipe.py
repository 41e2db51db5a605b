"""How a network is trained: loss, optimiser and schedule, as data."""

import math
from dataclasses import dataclass

import torch
from torch.nn import functional

LOSSES = ("cross_entropy", "squared")


@dataclass(frozen=True)
class Recipe:
    r"""Stochastic gradient descent with momentum and a learning rate cut by ten, twice.

    The defaults are the protocol of the book for digits. Papyan, Han and Donoho train with
    weight decay 5e-4 for 350 epochs of hundreds of steps; on 1,200 images the same decay would
    act for too few steps, so it is larger here. What matters is the number of decay times,
    $\sum_t\eta_t\lambda/(1-\beta)$, about 3 on 1,200 images with these defaults.

    Attributes
    ----------
    loss : {"cross_entropy", "squared"}
        Squared is $\frac12\|z-e_y\|^2$, averaged over samples, summed over classes.
    epochs, batch_size : int
    learning_rate, momentum, weight_decay : float
        Weight decay acts on every parameter, biases and normalisation included.
    milestones : tuple of float
        Fractions of the run after which the learning rate is divided by ten.

    Raises
    ------
    ValueError
        If a value is out of range.

    Examples
    --------
    >>> Recipe(loss="squared", learning_rate=0.1).batch_size
    200
    """

    loss: str = "cross_entropy"
    epochs: int = 100
    batch_size: int = 200
    learning_rate: float = 0.3
    momentum: float = 0.9
    weight_decay: float = 5e-3
    milestones: tuple = (1 / 3, 2 / 3)

    def __post_init__(self):
        if self.loss not in LOSSES:
            raise ValueError(f"loss: expected one of {LOSSES}, got {self.loss!r}")
        for name in ("epochs", "batch_size", "learning_rate"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name}: expected a positive number, got {getattr(self, name)}")
        for name in ("epochs", "batch_size"):
            if getattr(self, name) != int(getattr(self, name)):
                raise ValueError(f"{name}: expected an integer, got {getattr(self, name)}")
            object.__setattr__(self, name, int(getattr(self, name)))
        if any(not 0 <= fraction <= 1 for fraction in self.milestones):
            raise ValueError(f"milestones: expected fractions of the run, got {self.milestones}")
        if not 0 <= self.momentum < 1:
            raise ValueError(f"momentum: expected a number in [0, 1), got {self.momentum}")
        if not self.weight_decay >= 0:
            raise ValueError(f"weight_decay: expected at least 0, got {self.weight_decay}")

    def learning_rate_at(self, epoch):
        """Learning rate of an epoch, counted from 0."""
        passed = sum(epoch >= round(fraction * self.epochs) for fraction in self.milestones)
        return self.learning_rate / 10**passed

    def decay_times(self, num_samples):
        r"""Return how often weight decay alone would cut a weight by a factor of e.

        Parameters
        ----------
        num_samples : int
            Of the training set.

        Returns
        -------
        float
            $\sum_t\eta_t\lambda/(1-\beta)$ over all steps; dimensionless.

        Examples
        --------
        >>> Recipe(weight_decay=0).decay_times(1200)
        0.0
        """
        steps = -(-num_samples // self.batch_size)
        rates = sum(self.learning_rate_at(epoch) for epoch in range(self.epochs))
        return steps * rates * self.weight_decay / (1 - self.momentum)

    def sample_losses(self, logits, labels):
        """Loss of each sample.

        Parameters
        ----------
        logits : Tensor, shape (..., num_classes)
        labels : Tensor of int64, shape (...)

        Returns
        -------
        Tensor, shape (...)
        """
        if self.loss == "squared":
            targets = functional.one_hot(labels, logits.shape[-1])
            return (logits - targets).square().sum(-1) / 2
        return -torch.log_softmax(logits, -1).gather(-1, labels.unsqueeze(-1)).squeeze(-1)
