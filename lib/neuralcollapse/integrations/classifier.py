"""The classifier of a metric: as it is now, and frozen with the class means for a second pass."""

import torch
from torch import nn

from neuralcollapse.metrics.vectors import as_vector, as_vectors


def as_classifier(head, sizes=None):
    """Return weight and bias of a head, as they are now.

    Parameters
    ----------
    head : None, Module or (weight, bias)
    sizes : (int, int), optional
        Numbers of classes and features that are expected.

    Returns
    -------
    weight : Tensor, shape (num_classes, num_features), float64, or None
    bias : Tensor, shape (num_classes,), float64, or None

    Raises
    ------
    TypeError, ValueError
        Naming `head`, if there is no weight or it has another shape.

    Examples
    --------
    >>> as_classifier(([[1.0], [2.0]], None))[0].tolist()
    [[1.0], [2.0]]
    """
    if head is None:
        return None, None
    if isinstance(head, nn.Module):
        weight, bias = getattr(head, "weight", None), getattr(head, "bias", None)
    elif isinstance(head, (tuple, list)) and len(head) == 2:
        weight, bias = head
    else:
        weight = bias = None
    if weight is None:
        raise TypeError(
            f"head: expected a linear layer or (weight, bias), got {type(head).__name__}"
        )
    if isinstance(weight, nn.Parameter) and not weight.is_floating_point():
        raise TypeError(
            f"head: holds quantized numbers ({weight.dtype}), not its weight; give the weight and "
            "bias that it stands for"
        )
    weight = as_vectors(weight, "head: weight")
    bias = None if bias is None else as_vector(bias, len(weight), "head: bias")
    if sizes is not None and tuple(weight.shape) != tuple(sizes):
        raise ValueError(
            f"head: expected a weight of shape {tuple(sizes)}, one row a class, "
            f"got {tuple(weight.shape)}"
        )
    return weight, bias


class LiveHead:
    """A layer that is looked at but not owned: torch sees no submodule here.

    Parameters
    ----------
    layer : None, Module or (weight, bias)

    Notes
    -----
    A deep copy looks at the same layer, so that a clone of a metric does not go stale while the
    network trains; where the layer is copied along (a whole network is, before its metrics), it
    looks at that copy.
    """

    def __init__(self, layer):
        self.layer = layer

    def __deepcopy__(self, memo):
        return LiveHead(memo.get(id(self.layer), self.layer))


def freeze(classes, centers, weight, bias):
    """Write class means and a classifier into one vector.

    Parameters
    ----------
    classes : Tensor of int64
        Which classes have a mean.
    centers : Tensor, shape (num_classes, num_features), float64
    weight : Tensor, shape (num_classes, num_features)
    bias : Tensor, shape (num_classes,), or None
        None is kept as zero, which decides alike.

    Returns
    -------
    Tensor, shape (2 (num_features + 1) num_classes,), float64

    Examples
    --------
    >>> freeze(torch.tensor([1]), torch.tensor([[0.0], [2.0]]), torch.ones(2, 1), None).tolist()
    [0.0, 1.0, 0.0, 2.0, 1.0, 1.0, 0.0, 0.0]
    """
    present = centers.new_zeros(len(centers))
    present[classes] = 1
    bias = present.new_zeros(len(centers)) if bias is None else bias
    return torch.cat([part.to(centers).flatten() for part in (present, centers, weight, bias)])


def unfreeze(vector, num_classes, num_features):
    """Read what `freeze` wrote.

    Parameters
    ----------
    vector : Tensor, shape (2 (num_features + 1) num_classes,), float64
    num_classes, num_features : int

    Returns
    -------
    classes, centers, weight, bias : Tensor
        As `freeze` took them.

    Examples
    --------
    >>> unfreeze(torch.tensor([0.0, 1.0, 0.0, 2.0, 1.0, 1.0, 0.0, 0.0]), 2, 1)[0]
    tensor([1])
    """
    table = num_classes * num_features
    present, centers, weight, bias = vector.split([num_classes, table, table, num_classes])
    shape = (num_classes, num_features)
    return present.nonzero().squeeze(1), centers.reshape(shape), weight.reshape(shape), bias


def agreed(rows):
    """Return what all processes hold alike.

    Parameters
    ----------
    rows : Tensor, shape (processes, length)

    Returns
    -------
    Tensor, shape (length,)

    Raises
    ------
    RuntimeError
        If they have not.

    Examples
    --------
    >>> agreed(torch.ones(2, 3))
    tensor([1., 1., 1.])
    """
    if not (rows == rows[0]).all():
        raise RuntimeError(
            "frozen, ignored: processes are in different passes, hold different classifiers or "
            "ignore different labels; set them up alike and call begin_second_pass in all of them"
        )
    return rows[0]
