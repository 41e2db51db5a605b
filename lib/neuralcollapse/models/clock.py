r"""The clock network: tokens are points of $\mathbb C^d$, and a pair is their product.

With $e_a=e^{2\pi ifa/P}$ the product $e_ae_b$ turns by the sum, as the hands of a clock do. The
network knows how to multiply; frequencies, and that there is a circle at all, it has to learn.
"""

import torch
from torch import nn
from torch.nn import functional

from neuralcollapse.geometry.arrays import as_positive, as_whole
from neuralcollapse.models.modular_mlp import holder
from neuralcollapse.models.output import Output

HEADS = ("cosine", "linear")
FEATURES = ("product", "sum", "squared_sum")


class ClockNetwork(nn.Module):
    r"""Logits $\mathrm{Re}\langle w_c,e_ae_b\rangle$ over a modulus, with trainable $e$ and $w$.

    Parameters
    ----------
    modulus : int
        Tokens and classes, at least 2.
    coordinates : int
        Complex dimension d of embeddings and classifier.
    generator : torch.Generator
        Draws both: real and imaginary parts normal with standard deviation `scale`.
    head : {"cosine", "linear"}
        Whether features and rows are scaled to length 1 first and logits multiplied by `beta`.
    beta : float
        Inverse temperature of the cosine head, positive.
    feature : {"product", "sum", "squared_sum"}
        $e_ae_b$, $e_a+e_b$ or $(e_a+e_b)^2$, coordinate by coordinate.
    scale : float
        Positive.

    Attributes
    ----------
    embedding, classifier : Module
        Each holds ``weight``, shape (modulus, 2 d): real parts, then imaginary parts.

    Raises
    ------
    ValueError
        If a number is out of range, or a head or feature is not known.

    Examples
    --------
    >>> network = ClockNetwork(5, 1, generator=torch.Generator().manual_seed(0))
    >>> tokens = torch.arange(5)
    >>> network(tokens[:, None], tokens[None]).logits.shape
    torch.Size([5, 5, 5])
    """

    def __init__(
        self,
        modulus,
        coordinates,
        *,
        generator,
        head="cosine",
        beta=4.0,
        feature="product",
        scale=1.0,
    ):
        super().__init__()
        modulus = as_whole(modulus, "modulus", 2)
        coordinates = as_whole(coordinates, "coordinates", 1)
        beta, scale = as_positive(beta, "beta"), as_positive(scale, "scale")
        if head not in HEADS:
            raise ValueError(f"head: expected one of {HEADS}, got {head!r}")
        if feature not in FEATURES:
            raise ValueError(f"feature: expected one of {FEATURES}, got {feature!r}")
        self.head, self.beta, self.feature = head, beta, feature
        for name in ("embedding", "classifier"):
            weight = torch.empty(modulus, 2 * coordinates, dtype=torch.float64)
            setattr(self, name, holder(weight.normal_(0, scale, generator=generator)))

    def forward(self, left, right):
        """Return features and logits of pairs.

        Parameters
        ----------
        left, right : Tensor of int64
            Tokens, of shapes that broadcast: lists of pairs, or a column and a row for all pairs.

        Returns
        -------
        Output
            Shapes (..., 2 d) and (..., modulus).

        Raises
        ------
        IndexError
            If a token is negative or not below the modulus.
        """
        # Coordinates first: rows as long as there are pairs suit the processor.
        coordinates = self.embedding.weight.mT.contiguous()
        left, right = torch.as_tensor(left), torch.as_tensor(right)
        rank = max(left.ndim, right.ndim)
        a, b = (_pick(coordinates, tokens, rank) for tokens in (left, right))
        features = _multiply(a, b) if self.feature == "product" else a + b
        if self.feature == "squared_sum":
            features = _multiply(features, features)
        rows = self.classifier.weight
        if self.head == "cosine":
            features = functional.normalize(features, dim=0)
            rows = self.beta * functional.normalize(rows, dim=-1)
        logits = torch.tensordot(rows, features, dims=1)
        return Output(features.movedim(0, -1), logits.movedim(0, -1))


def _pick(coordinates, tokens, rank):
    """Coordinates (2 d, ...) of tokens, whose shape gets ones in front up to a rank."""
    shape = (1,) * (rank - tokens.ndim) + tokens.shape
    try:
        # Unlike an index in brackets, this refuses negative tokens.
        return coordinates.index_select(1, tokens.reshape(-1)).reshape(-1, *shape)
    except (IndexError, RuntimeError) as error:
        raise IndexError(
            f"left, right: expected tokens from 0 to {coordinates.shape[1] - 1}"
        ) from error


def _multiply(a, b):
    """Products of complex numbers whose real parts come before their imaginary parts."""
    (a_real, a_imaginary), (b_real, b_imaginary) = a.chunk(2), b.chunk(2)
    return torch.cat(
        [a_real * b_real - a_imaginary * b_imaginary, a_real * b_imaginary + a_imaginary * b_real]
    )
