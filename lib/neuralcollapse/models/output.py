"""What a network of this book returns: the features as well as the logits."""

from typing import NamedTuple

import torch


class Output(NamedTuple):
    """Inputs and outputs of the last linear layer.

    Attributes
    ----------
    features : Tensor, shape (..., num_features)
    logits : Tensor, shape (..., num_classes)
    """

    features: torch.Tensor
    logits: torch.Tensor
