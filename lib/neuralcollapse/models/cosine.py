r"""A perceptron on the sphere: unit features, unit classifier, logits divided by a temperature.

Logits are $\langle w_c,h\rangle/\tau$ with $\|h\|=\|w_c\|=1$ and no bias, the setting of
generalised neural collapse [jiang2024]: lengths can no longer lower the loss, so directions must.
The rows of the classifier are *learned*, or follow the *class means*, or stay as drawn.
"""

import torch
from torch import nn
from torch.nn import functional

from neuralcollapse.models.mlp import draw_weights, hidden_layers
from neuralcollapse.models.output import Output

CLASSIFIERS = ("learned", "class_mean", "fixed")
MEMORY = 0.9  # share of a class-mean row that a step keeps


class CosineMLP(nn.Module):
    r"""A fully connected classifier whose logits are cosines over a temperature.

    Parameters
    ----------
    widths : sequence of int
        From the inputs through the hidden layers and the dimension of the features to the
        classes, for instance ``(64, 96, 96, 2, 10)``. A linear map leads from the last hidden
        layer to the features, so they may have any sign.
    temperature : float
        Positive; dimensionless. The loss at temperature $\tau$ is cross-entropy at logit scale
        $1/\tau$.
    generator : torch.Generator
        Draws the weights: normal with variance 2 / fan-in (He), rows of the classifier uniform on
        the sphere; biases start at zero.
    classifier : {"learned", "class_mean", "fixed"}
        A learned row is a parameter, scaled back to length 1 after every step. A class-mean row is
        no parameter: after every step it becomes the direction of 0.9 times itself plus 0.1 times
        the direction of its class mean in the batch. A fixed row stays as drawn.

    Attributes
    ----------
    body : nn.Sequential
        Inputs (batch, widths[0]) to (batch, widths[-2]), before features are scaled to length 1.
    classifier : Module
        Holds ``weight``, shape (widths[-1], widths[-2]), unit rows.
    temperature : float

    Raises
    ------
    ValueError
        If there are fewer than four widths, one is below 1, the temperature is not positive, or
        the kind of classifier is not known.

    Examples
    --------
    >>> generator = torch.Generator().manual_seed(0)
    >>> model = CosineMLP((64, 32, 2, 10), temperature=0.1, generator=generator)
    >>> output = model(torch.ones(5, 64, dtype=torch.float64))
    >>> output.features.shape, bool(output.logits.abs().max() <= 10)
    (torch.Size([5, 2]), True)
    """

    def __init__(self, widths, *, temperature, generator, classifier="learned"):
        super().__init__()
        widths = tuple(widths)
        if len(widths) < 4 or min(widths) < 1:
            raise ValueError(
                "widths: expected inputs, at least one hidden width, dimension of the features "
                f"and classes, got {widths}"
            )
        if not 0 < temperature < float("inf"):
            raise ValueError(f"temperature: expected a positive number, got {temperature}")
        if classifier not in CLASSIFIERS:
            raise ValueError(f"classifier: expected one of {CLASSIFIERS}, got {classifier!r}")
        *hidden, dimension, num_classes = widths
        last = nn.Linear(hidden[-1], dimension, dtype=torch.float64)
        self.body = nn.Sequential(*hidden_layers(hidden), last)
        draw_weights(self, generator)
        rows = torch.empty(num_classes, dimension, dtype=torch.float64)
        rows = functional.normalize(rows.normal_(generator=generator), dim=-1)
        self.classifier = nn.Module()
        if classifier == "learned":
            self.classifier.weight = nn.Parameter(rows)
        else:
            self.classifier.register_buffer("weight", rows)
        self.temperature = float(temperature)
        self.kind = classifier

    def forward(self, inputs):
        """Return `Output` (features, logits) for inputs of shape (batch, widths[0])."""
        features = functional.normalize(self.body(inputs), dim=-1)
        return Output(features, features @ self.classifier.weight.mT / self.temperature)

    def after_step(self, state, features, labels):
        """Keep the rows of the classifier on the sphere, and class-mean rows on their means.

        Parameters
        ----------
        state : dict of str to Tensor
            Parameters and buffers by name, each with the leading axes of `features`; the
            classifier's rows are changed in place.
        features : Tensor, shape (..., batch, num_features)
            Of the batch just trained on, before the step.
        labels : Tensor of int64, shape (..., batch)
        """
        if self.kind == "fixed":
            return
        weight = state["classifier.weight"]
        if self.kind == "class_mean":
            members = functional.one_hot(labels, weight.shape[-2]).to(weight)
            # A class that the batch lacks has sum zero and keeps its row.
            directions = functional.normalize(members.mT @ features, dim=-1)
            weight.mul_(MEMORY).add_(directions, alpha=1 - MEMORY)
        weight.copy_(functional.normalize(weight, dim=-1))
