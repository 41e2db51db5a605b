r"""A transformer of one layer that adds two residues, as in the grokking literature [nanda2023].

The sequence is $(a,b,=)$ and the answer is read above the last token. There is one layer, so only
the last token asks, and it always asks the same: with $x_0=e_a+p_0$, $x_1=e_b+p_1$ and a fixed
$x_2$, head $k$ gives position $i$ the weight

$$\alpha_i\propto\exp\frac{\langle Q_kx_2,K_kx_i\rangle}{\sqrt m},\qquad
r=x_2+\sum_kO_k\sum_i\alpha_iV_kx_i,\qquad h=r+B\,\mathrm{relu}(Ar),$$

where $m$ is the dimension of a head. The logits are $Wh$. There is no layer normalisation, as in
the source, and no bias: $x_2$ is the same for every pair and serves as one. A score and a value
depend on one token only, so both are computed for $P$ tokens, not for $P^2$ pairs.
"""

import torch
from torch import nn
from torch.nn import functional

from neuralcollapse.geometry.arrays import as_whole
from neuralcollapse.models.modular_mlp import holder, uniform
from neuralcollapse.models.output import Output


class ModularTransformer(nn.Module):
    r"""Attention over the two residues, a perceptron of one hidden layer, and a classifier.

    Parameters
    ----------
    modulus : int
        Number of tokens and of classes, at least 2.
    dimension : int
        Of embeddings and features, a multiple of `heads`.
    width : int
        Hidden units of the perceptron.
    generator : torch.Generator
        Draws the weights: embeddings and positions normal with variance 1 / dimension, matrices
        uniform within $\pm1/\sqrt{\text{fan-in}}$.
    heads : int
        Of the attention.
    dtype : torch.dtype
        The same draws, rounded.

    Attributes
    ----------
    embedding, classifier : Module
        Hold ``weight``, both of shape (modulus, dimension).
    positions : Parameter, shape (2, dimension)
        Added to the embeddings of the first and the second residue.
    equals : Parameter, shape (dimension,)
        The last token, its position included.
    query, key, value, mix : Module
        Hold ``weight``, shape (dimension, dimension); a head owns dimension / heads rows of the
        first three, and as many columns of the last.
    hidden, projection : Module
        Hold ``weight``, of shapes (width, dimension) and (dimension, width).

    Raises
    ------
    ValueError
        If a size is too small, or heads does not divide dimension.

    Examples
    --------
    >>> model = ModularTransformer(5, 8, 16, heads=2, generator=torch.Generator().manual_seed(0))
    >>> tokens = torch.arange(5)
    >>> model(tokens[:, None], tokens).logits.shape
    torch.Size([5, 5, 5])
    """

    def __init__(self, modulus, dimension, width, *, generator, heads=4, dtype=torch.float64):
        super().__init__()
        modulus = as_whole(modulus, "modulus", 2)
        dimension = as_whole(dimension, "dimension", 1)
        width = as_whole(width, "width", 1)
        self.heads = as_whole(heads, "heads", 1)
        if dimension % self.heads:
            raise ValueError(
                f"heads: expected a divisor of dimension {dimension}, got {self.heads}"
            )

        def normal(*shape):
            drawn = torch.empty(*shape, dtype=torch.float64)
            return drawn.normal_(0, dimension**-0.5, generator=generator).to(dtype)

        def matrix(rows, columns):
            return holder(uniform((rows, columns), columns, generator, dtype))

        self.embedding = holder(normal(modulus, dimension))
        self.positions = nn.Parameter(normal(2, dimension))
        self.equals = nn.Parameter(normal(dimension))
        self.query, self.key, self.value, self.mix = (
            matrix(dimension, dimension) for _ in range(4)
        )
        self.hidden = matrix(width, dimension)
        self.projection = matrix(dimension, width)
        self.classifier = matrix(modulus, dimension)

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
            Features (..., dimension), the last token's after the layer, and logits (..., modulus).
        """
        left, right = torch.broadcast_tensors(left, right)
        first, second = (self.embedding.weight + position for position in self.positions)
        pairs = (left, first), (right, second), (torch.zeros_like(left), self.equals[None])
        scores, values = zip(
            *(
                [functional.embedding(tokens, table) for table in self._scores_and_values(rows)]
                for tokens, rows in pairs
            ),
            strict=True,
        )
        weights = torch.stack(scores).softmax(0).unbind(0)  # each (..., heads)
        heads = sum(
            weight[..., None] * value.unflatten(-1, (self.heads, -1))
            for weight, value in zip(weights, values, strict=True)
        )
        residual = self.equals + heads.flatten(-2) @ self.mix.weight.mT
        units = torch.relu(residual @ self.hidden.weight.mT)
        features = residual + units @ self.projection.weight.mT
        return Output(features, features @ self.classifier.weight.mT)

    def _scores_and_values(self, rows):
        """Scores (tokens, heads) and values (tokens, dimension) of tokens in one position."""
        query = (self.query.weight @ self.equals).unflatten(-1, (self.heads, -1))
        keys = (rows @ self.key.weight.mT).unflatten(-1, (self.heads, -1))
        scores = (keys * query).sum(-1) / keys.shape[-1] ** 0.5
        return scores, rows @ self.value.weight.mT
