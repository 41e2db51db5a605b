r"""A perceptron that adds two residues: embeddings, one hidden layer, a classifier, no biases.

The two tokens of a pair $(a,b)$ meet in the hidden units,

$$x_{ab}=\sigma(Ue_a+Ve_b)\quad\text{or}\quad x_{ab}=\sigma(e_a+e_b),$$

and the logits are $Wx_{ab}$. The first is a layer $(U\;V)$ on concatenated embeddings, the network
of the grokking literature [gromov2023]; in the second the embeddings are the first layer. Nothing
here knows the group: every hidden unit is free to hold any function of $a$ and of $b$.
"""

import math

import torch
from torch import nn
from torch.nn import functional

from neuralcollapse.geometry.arrays import as_positive, as_whole
from neuralcollapse.models.output import Output

ACTIVATIONS = {"relu": torch.relu, "square": torch.square}
HEADS = ("linear", "cosine")


class ModularMLP(nn.Module):
    r"""A perceptron on pairs of residues.

    Parameters
    ----------
    modulus : int
        Number of tokens and of classes, at least 2.
    width : int
        Number of hidden units.
    generator : torch.Generator
        Draws the weights as PyTorch does by default: embeddings normal with variance 1, matrices
        uniform within $\pm1/\sqrt{\text{fan-in}}$.
    dimension : int, optional
        Of the embeddings, which are concatenated and mapped to the hidden units. Without it the
        embeddings have `width` entries, are drawn as matrices are, and their sum is what the
        activation is given.
    activation : {"relu", "square"}
        What a hidden unit does.
    head : {"linear", "cosine"}
        Linear logits are $Wh$. Cosine logits are $\beta\langle\hat w_c,\hat h\rangle$ with
        features and rows scaled to length 1.
    num_features : int, optional
        Dimension of the features, which a linear map makes of the hidden units. Without it the
        hidden units are the features.
    beta : float
        Inverse temperature of the cosine head, positive; dimensionless.
    dtype : torch.dtype
        The same draws, rounded.

    Attributes
    ----------
    embedding, classifier : Module
        Hold ``weight``, of shapes (modulus, dimension or width) and (modulus, num_features).
    hidden, projection : Module
        Hold ``weight``, of shapes (width, 2 dimension) and (num_features, width); only where the
        network has them.

    Raises
    ------
    ValueError
        If a size is too small, or activation or head is not known, or beta is not positive.

    Examples
    --------
    The features of the summed network with squares, whose embeddings are 1, 2, 3:

    >>> model = ModularMLP(3, 1, activation="square", generator=torch.Generator().manual_seed(0))
    >>> _ = model.embedding.weight.data.copy_(torch.tensor([[1.0], [2.0], [3.0]]))
    >>> tokens = torch.arange(3)
    >>> model(tokens[:, None], tokens).features.squeeze(-1).tolist()
    [[4.0, 9.0, 16.0], [9.0, 16.0, 25.0], [16.0, 25.0, 36.0]]
    """

    def __init__(
        self,
        modulus,
        width,
        *,
        generator,
        dimension=None,
        activation="relu",
        head="linear",
        num_features=None,
        beta=4.0,
        dtype=torch.float64,
    ):
        super().__init__()
        modulus = as_whole(modulus, "modulus", 2)
        width = as_whole(width, "width", 1)
        if activation not in tuple(ACTIVATIONS):
            raise ValueError(
                f"activation: expected one of {tuple(ACTIVATIONS)}, got {activation!r}"
            )
        if head not in HEADS:
            raise ValueError(f"head: expected one of {HEADS}, got {head!r}")
        beta = as_positive(beta, "beta")
        if dimension is None:
            self.embedding = holder(uniform((modulus, width), modulus, generator, dtype))
        else:
            dimension = as_whole(dimension, "dimension", 1)
            embeddings = torch.empty(modulus, dimension, dtype=torch.float64)
            self.embedding = holder(embeddings.normal_(generator=generator).to(dtype))
            self.hidden = holder(uniform((width, 2 * dimension), 2 * dimension, generator, dtype))
        if num_features is None:
            num_features = width
        else:
            num_features = as_whole(num_features, "num_features", 1)
            self.projection = holder(uniform((num_features, width), width, generator, dtype))
        self.classifier = holder(uniform((modulus, num_features), num_features, generator, dtype))
        self.activation, self.head, self.beta = activation, head, float(beta)

    def forward(self, left, right):
        """Return `Output` for pairs of residues.

        Parameters
        ----------
        left, right : Tensor of int64
            Shapes that broadcast together: (N,) and (N,) for a list of pairs, (P, 1) and (P,) for
            all of them.

        Returns
        -------
        Output
            Features (..., num_features) and logits (..., modulus).
        """
        first, second = self._projected_tokens()
        # P rows go through the matrix, not N pairs; embedding's backward is one indexed add.
        units = functional.embedding(left, first) + functional.embedding(right, second)
        features = ACTIVATIONS[self.activation](units)
        if hasattr(self, "projection"):
            features = features @ self.projection.weight.mT
        rows = self.classifier.weight
        if self.head == "linear":
            return Output(features, features @ rows.mT)
        features = functional.normalize(features, dim=-1)
        rows = functional.normalize(rows, dim=-1)
        return Output(features, self.beta * (features @ rows.mT))

    def _projected_tokens(self):
        """What each token adds to the hidden units, on the left and on the right."""
        tokens = self.embedding.weight
        if not hasattr(self, "hidden"):
            return tokens, tokens
        left, right = self.hidden.weight.chunk(2, dim=-1)
        return tokens @ left.mT, tokens @ right.mT


def holder(weight):
    """Return a module whose only content is the parameter `weight`."""
    module = nn.Module()
    module.weight = nn.Parameter(weight)
    return module


def uniform(shape, fan_in, generator, dtype):
    r"""Draw entries uniformly within $\pm1/\sqrt{\text{fan-in}}$, in float64, then round."""
    bound = 1 / math.sqrt(fan_in)
    drawn = torch.empty(shape, dtype=torch.float64)
    return drawn.uniform_(-bound, bound, generator=generator).to(dtype)
