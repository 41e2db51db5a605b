r"""A perceptron whose features may have any sign and whose classifier may be given.

A linear map leads from the last hidden layer to the features. The classifier is learned, or it is
a given frame and only the features are trained, as in [yang2022].
"""

import torch
from torch import nn

from neuralcollapse.geometry.arrays import as_points
from neuralcollapse.models.mlp import hidden_layers
from neuralcollapse.models.output import Output


class FixedHeadMLP(nn.Module):
    r"""A fully connected network with a learned classifier or with a fixed one.

    Parameters
    ----------
    widths : sequence of int
        From the inputs through the hidden layers and the dimension of the features to the
        classes, for instance ``(64, 96, 96, 256, 10)``.
    weights : array_like, shape (num_classes, num_features), optional
        Rows of a fixed classifier without bias; a learned one with bias unless given.
    generator : torch.Generator
        Draws the weights: uniform with variance `gain` / (3 fan-in); biases start at zero.
    gain : float
        Positive. 1 is the default of PyTorch's linear layers, 6 He's variance.

    Attributes
    ----------
    body : nn.Sequential
        Inputs (batch, widths[0]) to features (batch, widths[-2]).
    classifier : Module
        Holds ``weight`` and, if learned, ``bias``.

    Raises
    ------
    ValueError
        If there are fewer than four widths, one is below 1, the gain is not positive, or the
        weights do not fit.

    Examples
    --------
    >>> generator = torch.Generator().manual_seed(0)
    >>> model = FixedHeadMLP((64, 32, 4, 2), [[1, 0, 0, 0], [-1, 0, 0, 0]], generator=generator)
    >>> model(torch.ones(5, 64, dtype=torch.float64)).logits.sum(1).tolist()
    [0.0, 0.0, 0.0, 0.0, 0.0]
    """

    def __init__(self, widths, weights=None, *, generator, gain=1.0):
        super().__init__()
        widths = tuple(widths)
        if len(widths) < 4 or min(widths) < 1:
            raise ValueError(
                "widths: expected inputs, at least one hidden width, dimension of the features "
                f"and classes, got {widths}"
            )
        if not 0 < gain < float("inf"):
            raise ValueError(f"gain: expected a positive number, got {gain}")
        *hidden, dimension, num_classes = widths
        last = nn.Linear(hidden[-1], dimension, dtype=torch.float64)
        self.body = nn.Sequential(*hidden_layers(hidden, normalize=False), last)
        if weights is None:
            self.classifier = nn.Linear(dimension, num_classes, dtype=torch.float64)
        else:
            rows = as_points(weights, "weights")
            if rows.shape != (num_classes, dimension):
                raise ValueError(
                    f"weights: expected shape {(num_classes, dimension)}, as widths say, got "
                    f"{rows.shape}"
                )
            self.classifier = nn.Module()
            self.classifier.register_buffer("weight", torch.from_numpy(rows))
        self._draw(generator, gain)

    @torch.no_grad()
    def _draw(self, generator, gain):
        for module in self.modules():
            if isinstance(module, nn.Linear):
                bound = (gain / module.in_features) ** 0.5
                module.weight.uniform_(-bound, bound, generator=generator)
                module.bias.zero_()

    def forward(self, inputs):
        """Return `Output` (features, logits) for inputs of shape (batch, widths[0])."""
        features = self.body(inputs)
        logits = features @ self.classifier.weight.mT
        if hasattr(self.classifier, "bias"):
            logits = logits + self.classifier.bias
        return Output(features, logits)
