"""Tasks whose targets are real vectors: in-painted digits, bodies and exercises, a moving arm."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from sklearn.datasets import load_digits, load_linnerud

from neuralcollapse.geometry.arrays import as_whole
from neuralcollapse.tasks.arm import expert_torques
from neuralcollapse.tasks.standardize import standardized

CENTRE = (27, 28, 35, 36)  # the four middle pixels of 8 x 8, counted row by row
NUM_IMAGES = 1797


@dataclass(frozen=True, eq=False)
class RegressionTask:
    """Inputs with real targets, split into a training and a test set.

    Attributes
    ----------
    name : str
    train_inputs, test_inputs : Tensor, shape (num_samples, num_inputs), float64
    train_targets, test_targets : Tensor, shape (num_samples, num_targets), float64
        The test set may be empty.
    """

    name: str
    train_inputs: torch.Tensor
    train_targets: torch.Tensor
    test_inputs: torch.Tensor
    test_targets: torch.Tensor

    def __post_init__(self):
        for split in ("train", "test"):
            inputs, targets = getattr(self, f"{split}_inputs"), getattr(self, f"{split}_targets")
            if len(inputs) != len(targets):
                raise ValueError(
                    f"{split}_targets: expected {len(inputs)} rows, one an input, "
                    f"got {len(targets)}"
                )

    @property
    def num_inputs(self):
        """Dimension of an input."""
        return self.train_inputs.shape[1]

    @property
    def num_targets(self):
        """Dimension of a target."""
        return self.train_targets.shape[1]


def inpainted_digits(num_samples=200, *, seed=0):
    """Handwritten digits without their four middle pixels, which are the targets.

    Parameters
    ----------
    num_samples : int
        Images to train on, from 5 to 1,796; the rest is tested on.
    seed : int
        Chooses them.

    Returns
    -------
    RegressionTask
        60 grey values, centred, to 4 in [0, 1], where 1 is ink.

    Raises
    ------
    ValueError
        If `num_samples` is out of range.

    Notes
    -----
    Source: the test set of [alpaydin1998], part of scikit-learn [pedregosa2011].

    Examples
    --------
    >>> task = inpainted_digits()
    >>> task.num_inputs, task.num_targets, len(task.test_inputs)
    (60, 4, 1597)
    """
    num_samples = as_whole(num_samples, "num_samples", 5)
    if num_samples >= NUM_IMAGES:
        raise ValueError(f"num_samples: expected at most {NUM_IMAGES - 1}, got {num_samples}")
    images = load_digits().data[np.random.default_rng(seed).permutation(NUM_IMAGES)] / 16
    inputs = np.delete(images, CENTRE, axis=1)
    inputs -= inputs[:num_samples].mean(axis=0)
    return _split("digits", inputs, images[:, CENTRE], num_samples)


def linnerud():
    """Body measures of twenty men from how well they exercise.

    Returns
    -------
    RegressionTask
        Chin-ups, sit-ups and jumps to weight, waist and pulse, all standardised; no test set.

    Notes
    -----
    Part of scikit-learn [pedregosa2011].

    Examples
    --------
    >>> task = linnerud()
    >>> tuple(task.train_targets.shape), len(task.test_targets)
    ((20, 3), 0)
    """
    inputs, targets = load_linnerud(return_X_y=True)
    return standardized(_split("linnerud", inputs, _scaled(targets, len(targets)), len(inputs)))


def arm_imitation(num_samples=200, *, seed=0, num_tests=500):
    """Torques with which an expert moves a planar arm of three links to a point.

    Parameters
    ----------
    num_samples, num_tests : int
        States to train on and to test on, at least 4 and 1.
    seed : int
        Draws them.

    Returns
    -------
    RegressionTask
        Eleven standardised inputs: cosines and sines of the joint angles, their velocities, the
        point; three standardised torques.

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> task = arm_imitation(50)
    >>> task.num_inputs, task.num_targets
    (11, 3)
    """
    num_samples = as_whole(num_samples, "num_samples", 4)
    count = num_samples + as_whole(num_tests, "num_tests", 1)
    generator = np.random.default_rng(seed)
    joints = generator.uniform([-np.pi, -2.4, -2.4], [np.pi, 2.4, 2.4], size=(count, 3))
    velocities = generator.normal(size=(count, 3))
    radius, turn = 2.5 * np.sqrt(generator.uniform(size=count)), generator.uniform(size=count)
    points = np.column_stack([radius * np.cos(2 * np.pi * turn), radius * np.sin(2 * np.pi * turn)])
    torques = expert_torques(joints, velocities, points)
    inputs = np.hstack([np.cos(joints), np.sin(joints), velocities, points])
    return standardized(_split("arm", inputs, _scaled(torques, num_samples), num_samples))


def permuted_targets(task, *, seed=0):
    """Deal the training targets out to other samples: the control of what is due to the data.

    Parameters
    ----------
    task : RegressionTask
    seed : int

    Returns
    -------
    RegressionTask
        The same inputs and the same targets, of the same covariance, that have nothing to do
        with each other. The test set is left as it is.

    Examples
    --------
    >>> task = linnerud()
    >>> shuffled = permuted_targets(task)
    >>> torch.equal(shuffled.train_targets.sort(0).values, task.train_targets.sort(0).values)
    True
    """
    order = np.random.default_rng(seed).permutation(len(task.train_targets))
    return replace(
        task, name=f"{task.name} with permuted targets", train_targets=task.train_targets[order]
    )


def _split(name, inputs, targets, num_samples):
    halves = (inputs[:num_samples], targets[:num_samples], inputs[num_samples:])
    parts = (*halves, targets[num_samples:])
    return RegressionTask(name, *(torch.from_numpy(part.copy()) for part in parts))


def _scaled(targets, num_samples):
    train = targets[:num_samples]
    return (targets - train.mean(axis=0)) / train.std(axis=0)
