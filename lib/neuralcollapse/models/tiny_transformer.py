r"""A causal language model, small enough to train on one core: the family of [wu2024] in miniature.

With $x_t=E_{y_t}+p_t$, each layer adds attention over the past and a perceptron, both of layer
normalised inputs (pre-LN),

$$x\mapsto x+O\,\mathrm{attention}(\mathrm{LN}\,x),\qquad
x\mapsto x+B\,\mathrm{gelu}(A\,\mathrm{LN}\,x),$$

and the features are the layer norm of the last $x$. The logits are $Wh$ without bias; a *tied*
head has $W=E$, as in the models of [wu2024].
"""

import torch
from torch import nn
from torch.nn import functional

from neuralcollapse.geometry.arrays import as_whole
from neuralcollapse.models.modular_mlp import holder
from neuralcollapse.models.output import Output

_DEVIATION = 0.02  # of initial weights, as GPT-2 and GPT-Neo have it


class TinyTransformer(nn.Module):
    """A pre-LN causal transformer with learned positions.

    Parameters
    ----------
    num_classes : int
        Size of the vocabulary, at least 2.
    dimension : int
        Of embeddings and features, a multiple of `heads`.
    depth : int
        Number of layers, at least 1.
    context : int
        Most tokens it reads, at least 1.
    generator : torch.Generator
        Draws all matrices, normal with deviation 0.02; biases start at 0.
    heads : int, optional
        Of the attention; one for every 32 dimensions, and at least one, unless given.
    tied : bool
        Whether the classifier is the embedding.
    dtype : torch.dtype
        The same draws, rounded.

    Attributes
    ----------
    embedding, classifier : Module
        Hold ``weight``, shape (num_classes, dimension); one and the same if tied.
    positions : Parameter, shape (context, dimension)
    layers : nn.ModuleList
    norm : nn.LayerNorm
        Makes the features.

    Raises
    ------
    ValueError
        If a size is too small, or heads does not divide dimension.

    Examples
    --------
    >>> generator = torch.Generator().manual_seed(0)
    >>> model = TinyTransformer(5, 8, 1, 4, generator=generator)
    >>> model(torch.zeros(3, 4, dtype=torch.int64)).features.shape
    torch.Size([3, 4, 8])
    """

    def __init__(
        self,
        num_classes,
        dimension,
        depth,
        context,
        *,
        generator,
        heads=None,
        tied=True,
        dtype=torch.float64,
    ):
        super().__init__()
        num_classes = as_whole(num_classes, "num_classes", 2)
        dimension = as_whole(dimension, "dimension", 1)
        self.context = as_whole(context, "context", 1)
        heads = max(1, dimension // 32) if heads is None else as_whole(heads, "heads", 1)
        if dimension % heads:
            raise ValueError(f"heads: expected a divisor of dimension {dimension}, got {heads}")

        def normal(*shape):
            drawn = torch.empty(*shape, dtype=torch.float64)
            return drawn.normal_(0, _DEVIATION, generator=generator).to(dtype)

        self.embedding = holder(normal(num_classes, dimension))
        self.positions = nn.Parameter(normal(self.context, dimension))
        self.layers = nn.ModuleList(
            _Layer(dimension, heads, normal, dtype) for _ in range(as_whole(depth, "depth", 1))
        )
        self.norm = nn.LayerNorm(dimension, dtype=dtype)
        self.classifier = self.embedding if tied else holder(normal(num_classes, dimension))

    def forward(self, tokens):
        """Return `Output` for every position of some texts.

        Parameters
        ----------
        tokens : Tensor of int64, shape (batch, length)
            At most `context` long.

        Returns
        -------
        Output
            Features (batch, length, dimension) and logits (batch, length, num_classes); those at a
            position depend on the tokens up to it.

        Raises
        ------
        ValueError
            If the text is too long.
        """
        length = tokens.shape[-1]
        if length > self.context:
            raise ValueError(
                f"tokens: expected at most {self.context} a row, got {length}; "
                "cut the text into windows"
            )
        x = functional.embedding(tokens, self.embedding.weight) + self.positions[:length]
        for layer in self.layers:
            x = layer(x)
        features = self.norm(x)
        return Output(features, features @ self.classifier.weight.mT)


class _Layer(nn.Module):
    """Attention over the past, then a perceptron of four times the width; both are added."""

    def __init__(self, dimension, heads, normal, dtype):
        super().__init__()
        self.heads = heads
        self.first, self.second = (nn.LayerNorm(dimension, dtype=dtype) for _ in range(2))
        self.query_key_value = _linear(normal(3 * dimension, dimension))
        self.mix = _linear(normal(dimension, dimension))
        self.hidden = _linear(normal(4 * dimension, dimension))
        self.projection = _linear(normal(dimension, 4 * dimension))

    def forward(self, x):
        parts = self.query_key_value(self.first(x)).chunk(3, dim=-1)
        query, key, value = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in parts)
        read = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        x = x + self.mix(read.transpose(1, 2).flatten(2))
        return x + self.projection(functional.gelu(self.hidden(self.second(x))))


def _linear(weight):
    """A linear layer with this weight and a bias of zeros; nothing else is drawn."""
    layer = nn.utils.skip_init(nn.Linear, weight.shape[1], weight.shape[0], dtype=weight.dtype)
    layer.weight, layer.bias = nn.Parameter(weight), nn.Parameter(torch.zeros_like(weight[:, 0]))
    return layer
