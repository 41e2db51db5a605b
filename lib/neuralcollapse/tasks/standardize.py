"""Inputs with mean 0 and standard deviation 1, coordinate by coordinate."""

from dataclasses import replace

import torch


def standardized(task):
    """Shift and scale every coordinate by its mean and deviation over the training inputs.

    Parameters
    ----------
    task : Task

    Returns
    -------
    Task
        Coordinates that are constant in training are shifted only.

    Examples
    --------
    >>> from neuralcollapse.tasks import digits
    >>> inputs = standardized(digits(20, classes=(0, 1))).train_inputs
    >>> inputs.mean(0).abs().max() < 1e-12
    tensor(True)
    """
    mean = task.train_inputs.mean(0)
    spread = task.train_inputs.std(0, correction=0)
    spread = torch.where(spread > 0, spread, 1)
    return replace(
        task,
        train_inputs=(task.train_inputs - mean) / spread,
        test_inputs=(task.test_inputs - mean) / spread,
    )
