"""Handwritten digits: 1,797 images of 8 x 8 pixels that ship with scikit-learn."""

import numpy as np
import torch
from sklearn.datasets import load_digits

from neuralcollapse.tasks.task import Task

SMALLEST_CLASS = 174  # images of the rarest digit


def digits(samples_per_class=120, *, seed=0, classes=range(10), shuffle_labels=False):
    """Handwritten digits, balanced or not; what is not trained on is tested on.

    Parameters
    ----------
    samples_per_class : int or sequence of int
        Training images of each digit, from 1 to 173, so that every digit is tested too; one number
        for all, or one for each of `classes`. Images beyond the largest of them are tested on, so
        that classes made rare for training are tested on the same images.
    seed : int
        Chooses the images, and the shuffle of the labels.
    classes : sequence of int
        The digits to tell apart, at least two; they become labels 0, 1, ... in this order.
    shuffle_labels : bool
        Permute the training labels, which keeps the class sizes and makes the labels meaningless:
        the control of what is due to the data.

    Returns
    -------
    Task
        Inputs of dimension 64 with entries in [0, 1], float64.

    Raises
    ------
    ValueError
        If `samples_per_class` or `classes` is out of range.

    Notes
    -----
    Source: the test set of [alpaydin1998], part of scikit-learn [pedregosa2011].

    Examples
    --------
    >>> task = digits(samples_per_class=20)
    >>> tuple(task.train_inputs.shape), task.train_labels.bincount().tolist()[:3]
    ((200, 64), [20, 20, 20])
    >>> digits([100, 2], classes=(3, 8)).train_labels.bincount().tolist()
    [100, 2]
    """
    classes = list(classes)
    if len(set(classes)) != len(classes) or len(classes) < 2 or not set(classes) <= set(range(10)):
        raise ValueError(f"classes: expected at least two different digits, got {classes}")
    sizes = _sizes(samples_per_class, len(classes))
    images, labels = load_digits(return_X_y=True)
    generator = np.random.default_rng(seed)
    train, test = [], []
    for digit, size in zip(classes, sizes, strict=True):
        members = generator.permutation(np.flatnonzero(labels == digit))
        train.append(members[:size])
        test.append(members[max(sizes) :])
    train_labels = np.repeat(np.arange(len(classes)), sizes)
    if shuffle_labels:
        train_labels = generator.permutation(train_labels)
    return Task(
        name="digits with shuffled labels" if shuffle_labels else "digits",
        train_inputs=torch.from_numpy(images[np.concatenate(train)] / 16),
        train_labels=torch.from_numpy(train_labels),
        test_inputs=torch.from_numpy(images[np.concatenate(test)] / 16),
        test_labels=torch.from_numpy(np.repeat(np.arange(len(classes)), [len(t) for t in test])),
        num_classes=len(classes),
    )


def _sizes(samples_per_class, num_classes):
    alike = np.ndim(samples_per_class) == 0
    sizes = [samples_per_class] * num_classes if alike else list(samples_per_class)
    if len(sizes) != num_classes:
        raise ValueError(
            f"samples_per_class: expected one number, or {num_classes}, one a class, got {sizes}"
        )
    for size in sizes:
        if not 1 <= size < SMALLEST_CLASS or size != int(size):
            raise ValueError(f"samples_per_class: expected 1 to {SMALLEST_CLASS - 1}, got {size}")
    return [int(size) for size in sizes]
