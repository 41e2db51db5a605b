r"""A map to features with a classifier on top, and nine changes of it.

The features are $h=f(x)=P\tanh(Bx)+t$, the classifier is $(W,b)$. The first five changes leave its
decisions alone, as does a common factor on all logits; the last three change the data, or add
features that are always 0.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch

from neuralcollapse import ClassStatistics


@dataclass(frozen=True, eq=False)
class Head:
    """Inputs with labels, the map to features, and a classifier; arrays of float64.

    Attributes
    ----------
    inputs : ndarray, shape (N, m)
    labels : ndarray of int, shape (N,)
    hidden : ndarray, shape (p, m)
    post : ndarray, shape (d, p)
    shift : ndarray, shape (d,)
    weight : ndarray, shape (K, d)
    bias : ndarray, shape (K,)
    """

    inputs: np.ndarray
    labels: np.ndarray
    hidden: np.ndarray
    post: np.ndarray
    shift: np.ndarray
    weight: np.ndarray
    bias: np.ndarray

    def map(self, batch):
        """Features of a batch of inputs, as tensors."""
        hidden, post, shift = (torch.from_numpy(a) for a in (self.hidden, self.post, self.shift))
        return torch.tanh(batch @ hidden.T) @ post.T + shift

    @cached_property
    def features(self):
        """Features of all inputs; Tensor, shape (N, d)."""
        return self.map(torch.from_numpy(self.inputs))

    @cached_property
    def statistics(self):
        """Class statistics of the features."""
        features = self.features
        return ClassStatistics(len(self.weight), features.shape[1]).update(features, self.labels)


def draw_head(seed, num_features, centred=False, num_classes=5):
    """Draw a head with unequal classes; `centred` moves the mean of the class means to 0.

    Parameters
    ----------
    seed, num_features : int
    centred : bool
    num_classes : int

    Returns
    -------
    Head
    """
    generator = np.random.default_rng(seed)
    labels = np.repeat(np.arange(num_classes), generator.integers(5, 12, size=num_classes))
    inputs = generator.normal(size=(num_classes, 4))[labels]
    inputs = inputs + 0.4 * generator.normal(size=inputs.shape)
    head = Head(
        inputs,
        labels,
        generator.normal(size=(8, 4)),
        generator.normal(size=(num_features, 8)),
        generator.normal(size=num_features),
        generator.normal(size=(num_classes, num_features)),
        generator.normal(size=num_classes),
    )
    if centred:
        head = replace(head, shift=head.shift - head.statistics.global_mean().numpy())
    return head


def linear_map(head, matrix):
    """Features times `matrix`, classifier times its inverse transpose: the same logits."""
    return replace(
        head,
        post=matrix @ head.post,
        shift=matrix @ head.shift,
        weight=np.linalg.solve(matrix.T, head.weight.T).T,
    )


def _rotation(head, generator):
    size = len(head.shift)
    return linear_map(head, np.linalg.qr(generator.normal(size=(size, size)))[0])


def _stretch(head, generator):
    size = len(head.shift)
    turns = [np.linalg.qr(generator.normal(size=(size, size)))[0] for _ in range(2)]
    return linear_map(head, turns[0] * generator.uniform(0.4, 2.5, size=size) @ turns[1])


def _shift(head, generator):
    by = generator.normal(size=len(head.shift))
    return replace(head, shift=head.shift + by, bias=head.bias - head.weight @ by)


def _common_row(head, generator):
    row = generator.normal(size=head.weight.shape[1])
    return replace(head, weight=head.weight + row, bias=head.bias + generator.normal())


def _sharper(head, generator):
    scale = generator.uniform(1.5, 3)
    return replace(head, weight=scale * head.weight, bias=scale * head.bias)


def _twice(head, samples):
    order = np.concatenate([np.arange(len(head.labels)), samples])
    return replace(head, inputs=head.inputs[order], labels=head.labels[order])


def _padded(head, generator):
    extra = int(generator.integers(1, 4))
    return replace(
        head,
        post=np.pad(head.post, ((0, extra), (0, 0))),
        shift=np.pad(head.shift, (0, extra)),
        weight=np.pad(head.weight, ((0, 0), (0, extra))),
    )


CHANGES = {
    "scale": lambda head, g: linear_map(head, g.uniform(1.5, 3) * np.eye(len(head.shift))),
    "rotation": _rotation,
    "linear": _stretch,
    "shift h": _shift,
    "shift w": _common_row,
    "sharper": _sharper,
    "one twice": lambda head, _: _twice(head, np.flatnonzero(head.labels == 0)),
    "all twice": lambda head, _: _twice(head, np.arange(len(head.labels))),
    "zeros": _padded,
}
