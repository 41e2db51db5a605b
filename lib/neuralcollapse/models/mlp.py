"""The multilayer perceptron: linear, batch normalisation, ReLU, and a linear classifier."""

import math
from itertools import pairwise

import torch
from torch import nn

from neuralcollapse.models.output import Output


class MLP(nn.Module):
    """A fully connected classifier.

    Parameters
    ----------
    widths : sequence of int
        From the inputs through the hidden layers to the classes, for instance
        ``(64, 96, 96, 10)``; the last hidden width is the dimension of the features.
    generator : torch.Generator
        Draws the weights: normal with variance 2 / fan-in (He); biases start at zero.
    normalize : bool
        Batch normalisation before each ReLU.

    Attributes
    ----------
    body : nn.Sequential
        Inputs (batch, widths[0]) to features (batch, widths[-2]), which are not negative.
    classifier : nn.Linear
        Features to logits, with bias.

    Raises
    ------
    ValueError
        If there are fewer than three widths or one is below 1.

    Examples
    --------
    >>> model = MLP((64, 32, 10), generator=torch.Generator().manual_seed(0))
    >>> model(torch.zeros(5, 64, dtype=torch.float64)).logits.shape
    torch.Size([5, 10])
    """

    def __init__(self, widths, *, generator, normalize=True):
        super().__init__()
        widths = tuple(widths)
        if len(widths) < 3 or min(widths) < 1:
            raise ValueError(
                f"widths: expected inputs, at least one hidden width and classes, got {widths}"
            )
        self.body = nn.Sequential(*hidden_layers(widths[:-1], normalize))
        self.classifier = nn.Linear(widths[-2], widths[-1], dtype=torch.float64)
        draw_weights(self, generator)

    def forward(self, inputs):
        """Return `Output` (features, logits) for inputs of shape (batch, widths[0])."""
        features = self.body(inputs)
        return Output(features, self.classifier(features))


def hidden_layers(widths, normalize=True):
    """Return the layers from `widths[0]` inputs on: linear, batch normalisation, ReLU, each."""
    layers = []
    for fan_in, fan_out in pairwise(widths):
        layers.append(nn.Linear(fan_in, fan_out, dtype=torch.float64))
        if normalize:
            layers.append(nn.BatchNorm1d(fan_out, dtype=torch.float64))
        layers.append(nn.ReLU())
    return layers


@torch.no_grad()
def draw_weights(network, generator):
    """Draw every linear layer of `network`: normal, variance 2 / fan-in; biases zero."""
    for module in network.modules():
        if isinstance(module, nn.Linear):
            module.weight.normal_(0, math.sqrt(2 / module.in_features), generator=generator)
            if module.bias is not None:
                module.bias.zero_()
