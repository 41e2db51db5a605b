"""A perceptron whose classifier is deep: linear layers without bias, a ReLU between them."""

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

from neuralcollapse.geometry.arrays import as_whole
from neuralcollapse.models.mlp import draw_weights, hidden_layers
from neuralcollapse.models.output import Output


class DeepHead(nn.Module):
    r"""Backbone with batch normalisation, then $z=W_L\sigma(\cdots\sigma(W_1h))$.

    Parameters
    ----------
    widths : sequence of int
        Of the backbone, from the inputs to the free features h, at least three; the last map is
        linear, so features may have any sign.
    depth : int
        Number L of weight matrices of the head, at least 2.
    width : int
        Units of its layers.
    num_classes : int
    generator : torch.Generator
        Draws the weights: normal with variance 2 / fan-in (He); biases of the backbone start at 0.

    Attributes
    ----------
    body : nn.Sequential
        Inputs (batch, widths[0]) to features (batch, widths[-1]).
    head : nn.ModuleList
        $W_1,\dots,W_L$.

    Raises
    ------
    ValueError
        If a number is too small.

    Examples
    --------
    >>> model = DeepHead((64, 32, 8), 3, 8, 10, generator=torch.Generator().manual_seed(0))
    >>> model(torch.ones(5, 64, dtype=torch.float64)).logits.shape
    torch.Size([5, 10])
    """

    def __init__(self, widths, depth, width, num_classes, *, generator):
        super().__init__()
        widths = [as_whole(size, "widths", 1) for size in widths]
        if len(widths) < 3:
            raise ValueError(f"widths: expected inputs, hidden widths and features, got {widths}")
        depth, width = as_whole(depth, "depth", 2), as_whole(width, "width", 1)
        last = nn.Linear(widths[-2], widths[-1], dtype=torch.float64)
        self.body = nn.Sequential(*hidden_layers(widths[:-1]), last)
        sizes = [widths[-1], *[width] * (depth - 1), as_whole(num_classes, "num_classes", 2)]
        self.head = nn.ModuleList(
            nn.Linear(fan_in, fan_out, bias=False, dtype=torch.float64)
            for fan_in, fan_out in pairwise(sizes)
        )
        draw_weights(self, generator)

    def forward(self, inputs):
        """Return `Output` (free features, logits) for inputs of shape (batch, widths[0])."""
        features = self.body(inputs)
        return Output(features, self.layers(features)[-1])

    def layers(self, features):
        """Return the outputs of $W_1,\\dots,W_L$, each before its ReLU, the logits last."""
        found = [self.head[0](features)]
        for layer in self.head[1:]:
            found.append(layer(functional.relu(found[-1])))
        return found
