"""The perceptron of the page on regression: features without a sign, and a linear read-out."""

from neuralcollapse.models.mlp import MLP


class RegressionMLP(MLP):
    """A fully connected network for real targets.

    Parameters
    ----------
    widths : sequence of int
        From the inputs through the hidden layers to the targets, for instance ``(60, 64, 64, 4)``;
        the last hidden width is the dimension of the features.
    generator : torch.Generator
        Draws the weights as for `MLP`.
    relu : bool
        Whether features are rectified like the other hidden layers. Without, the layer before the
        read-out is linear.

    Attributes
    ----------
    body : nn.Sequential
    classifier : nn.Linear
        The read-out, features to predictions, with bias.

    Raises
    ------
    ValueError
        As `MLP`.

    Examples
    --------
    >>> import torch
    >>> model = RegressionMLP((3, 8, 2), generator=torch.Generator().manual_seed(0))
    >>> bool((model(torch.ones(5, 3, dtype=torch.float64)).features < 0).any())
    True
    """

    def __init__(self, widths, *, generator, relu=False):
        super().__init__(widths, generator=generator, normalize=False)
        if not relu:
            del self.body[-1]
