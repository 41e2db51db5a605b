"""Digits whose classes shrink geometrically, from many images to a handful."""

import numpy as np

from neuralcollapse.geometry.arrays import as_number, as_whole
from neuralcollapse.tasks.digits import SMALLEST_CLASS, digits

_ORDER = 4  # stream of random numbers that a seed opens for the order of the classes


def long_tailed_digits(ratio=50, *, largest_class=90, seed=0):
    r"""Handwritten digits with $n_k=n_0R^{-k/9}$ training images of the k-th class.

    Parameters
    ----------
    ratio : float
        $R$, size of the largest class over that of the smallest, from 1 on, which is balanced.
    largest_class : int
        $n_0$, images of the largest class.
    seed : int
        Chooses the images, and which digit is frequent and which is rare.

    Returns
    -------
    Task
        Class 0 is the most frequent. Sizes are rounded, and at least 1. Every class is tested on
        84 images or more; average accuracies over classes to weigh them alike.

    Raises
    ------
    ValueError
        If a number is out of range.

    Notes
    -----
    Source: as `digits`.

    Examples
    --------
    >>> long_tailed_digits(50).train_labels.bincount().tolist()
    [90, 58, 38, 24, 16, 10, 7, 4, 3, 2]
    """
    ratio = as_number(ratio, "ratio")
    if ratio < 1:
        raise ValueError(f"ratio: expected a number from 1 on, largest over smallest, got {ratio}")
    largest_class = as_whole(largest_class, "largest_class", 1)
    if largest_class >= SMALLEST_CLASS:
        raise ValueError(f"largest_class: expected 1 to {SMALLEST_CLASS - 1}, got {largest_class}")
    sizes = np.maximum(1, np.rint(largest_class * ratio ** (-np.arange(10) / 9))).astype(int)
    order = np.random.default_rng([seed, _ORDER]).permutation(10)
    return digits(sizes.tolist(), seed=seed, classes=order.tolist())
