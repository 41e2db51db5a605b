r"""An encoder that sees its input through a mask it learns, before a fixed or learned classifier.

The mask has one entry a pixel, $m=\sigma(s)$ with $s$ learned, and while training
$m=\sigma(s+0.3\,\varepsilon)$ with fresh normal noise at every step. With the *simplex*
classifier, features have length 1 and logits are their cosines with the fixed vertices of a
regular simplex over a temperature.
"""

import torch
from torch import nn
from torch.nn import functional

from neuralcollapse.geometry import simplex_etf
from neuralcollapse.models.mlp import draw_weights, hidden_layers
from neuralcollapse.models.output import Output

HEADS = ("simplex", "linear")
NOISE = 0.3


class MaskedEncoder(nn.Module):
    r"""A perceptron behind a mask.

    Parameters
    ----------
    widths : sequence of int
        From the inputs through the hidden layers and the dimension of the features to the
        classes, for instance ``(432, 128, 64, 10)``. The last layer before the features is linear.
    generator : torch.Generator
        Draws the weights: normal with variance 2 / fan-in (He); biases start at zero.
    masked : bool
        Whether there is a mask; without one the encoder sees everything.
    head : {"simplex", "linear"}
        Unit features before the fixed vertices of a simplex, or free features before a learned
        linear classifier with bias.
    temperature : float
        Positive; divides the cosines of the simplex head. Dimensionless.
    channels : int
        Consecutive inputs that belong to one pixel.

    Attributes
    ----------
    mask_logits : Parameter, shape (widths[0] // channels,), or None
        The $s$ of the mask; starts at 0, where the mask is 1/2.
    body : nn.Sequential
        Masked inputs (batch, widths[0]) to (batch, widths[-2]).

    Raises
    ------
    ValueError
        If a width, the head, the temperature or the number of channels is not possible.

    Notes
    -----
    In the spirit of [chen2024]; a fixed simplex as classifier is due to [yang2022].

    Examples
    --------
    >>> model = MaskedEncoder((6, 4, 2), generator=torch.Generator().manual_seed(0), channels=3)
    >>> model.mask()
    tensor([0.5000, 0.5000], dtype=torch.float64, grad_fn=<SigmoidBackward0>)
    """

    def __init__(
        self, widths, *, generator, masked=True, head="simplex", temperature=1 / 8, channels=3
    ):
        super().__init__()
        widths = tuple(widths)
        if len(widths) < 3 or min(widths) < 1 or widths[0] % channels:
            raise ValueError(
                f"widths: expected inputs in pixels of {channels} channels, hidden widths, "
                f"dimension of the features and classes, got {widths}"
            )
        if head not in HEADS:
            raise ValueError(f"head: expected one of {HEADS}, got {head!r}")
        if not 0 < temperature < float("inf"):
            raise ValueError(f"temperature: expected a positive number, got {temperature}")
        *hidden, dimension, num_classes = widths
        last = nn.Linear(hidden[-1], dimension, dtype=torch.float64)
        self.body = nn.Sequential(*hidden_layers(hidden, normalize=False), last)
        self.classifier = nn.Module()
        if head == "linear":
            self.classifier = nn.Linear(dimension, num_classes, dtype=torch.float64)
        draw_weights(self, generator)
        if head == "simplex":
            rows = torch.from_numpy(simplex_etf(num_classes, dimension))
            self.classifier.register_buffer("weight", rows)
        pixels = torch.zeros(widths[0] // channels, dtype=torch.float64)
        self.mask_logits = nn.Parameter(pixels) if masked else None
        self.head, self.temperature, self.channels = head, float(temperature), channels

    def mask(self, noise=None):
        """Return the mask, one entry in (0, 1) a pixel; 1 everywhere without one.

        Parameters
        ----------
        noise : Tensor, shape (pixels,), optional
            Standard normal; none unless given.

        Returns
        -------
        Tensor, shape (pixels,)
        """
        if self.mask_logits is None:
            return torch.ones(self.body[0].in_features // self.channels, dtype=torch.float64)
        return torch.sigmoid(self.mask_logits + (0 if noise is None else NOISE * noise))

    def forward(self, inputs, noise=None):
        """Return `Output` (features, logits) for inputs (batch, widths[0]) and the mask's noise."""
        if self.mask_logits is not None:
            inputs = inputs * self.mask(noise).repeat_interleave(self.channels)
        features = self.body(inputs)
        if self.head == "linear":
            return Output(features, self.classifier(features))
        features = functional.normalize(features, dim=-1)
        return Output(features, features @ self.classifier.weight.mT / self.temperature)
