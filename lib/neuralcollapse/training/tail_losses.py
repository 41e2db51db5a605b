r"""Losses for long tails: cross-entropy, adjusted or reweighted, and cosines to fixed directions.

A cosine loss trains features alone. With the rows of a simplex as directions it is dot regression
on unit features [yang2022]; with the mean centres of `multi_centres` it is a loss in the spirit of
[yan2024].
"""

from dataclasses import dataclass

import torch
from torch.nn.functional import normalize

from neuralcollapse.geometry import class_aware_counts, multi_centres
from neuralcollapse.geometry.arrays import as_array, as_reals

TAIL_METHODS = (
    "cross_entropy",
    "logit_adjusted",
    "reweighted",
    "fixed_simplex",
    "reweighted_simplex",
    "equal_centres",
    "unweighted_centres",
    "class_aware",
    "every_centre",
)


@dataclass(frozen=True, eq=False)
class TailLoss:
    r"""Loss of a sample, from its feature or from its logits.

    Attributes
    ----------
    weights : ndarray, shape (num_classes, num_features), or None
        Fixed classifier that decides by the largest $\langle w_k,h\rangle$; None if it is learned.
    targets : Tensor, shape (num_classes, num_features), or None
        Unit directions $t_k$ of the cosine loss $\frac12(1-\cos(h,t_y))^2$, cross-entropy if None.
    centres : Tensor, shape (num_centres, num_features), or None
        All centres, in order of classes, where the loss is the mean of $\frac12(1-\cos)^2$ over
        the centres of a class instead of one cosine to their mean.
    averages : Tensor, shape (num_classes, num_centres), or None
        Takes means over the centres of each class.
    adjustment : Tensor, shape (num_classes,)
        Added to the logits in training.
    class_weights : Tensor, shape (num_classes,)
        Factor on the loss of each class.
    """

    weights: object
    targets: torch.Tensor | None
    centres: torch.Tensor | None
    averages: torch.Tensor | None
    adjustment: torch.Tensor
    class_weights: torch.Tensor

    def sample_losses(self, features, logits, labels):
        """Loss of each sample.

        Parameters
        ----------
        features : Tensor, shape (..., num_features)
        logits : Tensor, shape (..., num_classes)
        labels : Tensor of int64, shape (...)

        Returns
        -------
        Tensor, shape (...)
        """
        if self.targets is None:
            logs = torch.log_softmax(logits + self.adjustment, -1)
            losses = -_entry(logs, labels)
        elif self.centres is None:
            cosines = (normalize(features, dim=-1) * self.targets[labels]).sum(-1)
            losses = (1 - cosines).square() / 2
        else:
            squares = (1 - normalize(features, dim=-1) @ self.centres.mT).square() / 2
            losses = _entry(squares @ self.averages.mT, labels)
        return self.class_weights[labels] * losses


def _entry(table, labels):
    return table.gather(-1, labels.unsqueeze(-1)).squeeze(-1)


def tail_loss(method, class_sizes, dimension, *, num_centres=None, average=20, angle=0.2):
    r"""Build the loss of a method.

    Parameters
    ----------
    method : str
        ``cross_entropy``; ``logit_adjusted`` adds $\log(n_k/N)$ to the logits in training
        [menon2021]; ``reweighted`` multiplies the loss of class k by $f_k$ over their mean;
        ``fixed_simplex`` [yang2022] and ``reweighted_simplex``; ``equal_centres`` with the same
        number for each class; ``class_aware`` with $f_k$ centres and those loss weights,
        ``unweighted_centres`` without them; ``every_centre``, the mean over centres of the loss of
        each.
    class_sizes : array_like of int, shape (num_classes,)
    dimension : int
        Of the features.
    num_centres : array_like of int, shape (num_classes,), optional
        $f_k$; `class_aware_counts` of the sizes unless given.
    average : int
        Centres a class.
    angle : float
        $\theta$ of `multi_centres`, in radians.

    Returns
    -------
    TailLoss

    Raises
    ------
    ValueError
        If the method is not known or a number is out of range.

    Examples
    --------
    >>> loss = tail_loss("fixed_simplex", [9, 1], 4, num_centres=[1, 2])
    >>> along = torch.tensor([[3.0, 0, 0, 0]], dtype=torch.float64)
    >>> loss.sample_losses(along, None, torch.tensor([0])).item()
    0.0
    >>> shares = tail_loss("logit_adjusted", [9, 1], 41).adjustment.exp()
    >>> [round(share, 12) for share in shares.tolist()]
    [0.9, 0.1]
    """
    if method not in TAIL_METHODS:
        raise ValueError(f"method: expected one of {TAIL_METHODS}, got {method!r}")
    counts = class_aware_counts(class_sizes, average) if num_centres is None else num_centres
    shares = as_reals(counts, "num_centres")
    ones = torch.ones(len(shares), dtype=torch.float64)
    by_count = torch.from_numpy(shares / shares.mean())
    if method == "equal_centres":
        counts = [average] * len(shares)
    built = multi_centres(counts, angle, dimension)
    rows, targets, centres, averages, adjustment = built.weights, None, None, None, 0 * ones
    if method in ("cross_entropy", "logit_adjusted", "reweighted"):
        rows = None
        if method == "logit_adjusted":
            sizes = torch.from_numpy(as_reals(class_sizes, "class_sizes"))
            adjustment = (sizes / sizes.sum()).log()
    elif method in ("fixed_simplex", "reweighted_simplex"):
        targets = torch.from_numpy(built.weights)
    else:
        targets = torch.from_numpy(built.directions)
    if method == "every_centre":
        centres = torch.from_numpy(built.centres)
        owners = torch.repeat_interleave(torch.arange(len(ones)), torch.tensor(as_array(counts)))
        averages = (owners == torch.arange(len(ones))[:, None]).double()
        averages = averages / averages.sum(1, keepdim=True)
    weighted = method in ("reweighted", "reweighted_simplex", "class_aware", "every_centre")
    return TailLoss(rows, targets, centres, averages, adjustment, by_count if weighted else ones)
