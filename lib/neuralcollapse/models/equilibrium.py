r"""The equilibrium layer $z=\varphi(Az+x)$ and networks around it [bai2019].

The layer returns the fixed point, as if infinitely many copies of one layer were stacked, each of
which is given the input $x$ again. Gradients come from the implicit function theorem: with
$D=\varphi'(Az+x)$ and a gradient $g$ by $z$, solve $u=D(A^\top u+g)$; then $u$ is the gradient by
$x$, and $uz^\top$ the one by $A$. No iterate is stored.
"""

import torch
from torch import nn

from neuralcollapse.geometry.arrays import as_number, as_whole
from neuralcollapse.models.fixed_point import fixed_point
from neuralcollapse.models.mlp import draw_weights, hidden_layers
from neuralcollapse.models.output import Output

ACTIVATIONS = ("relu", "tanh", "identity")
CORES = ("equilibrium", "unrolled", "explicit")


class EquilibriumLayer(nn.Module):
    r"""The fixed point of $z=\varphi(Az+x)$, with $\|A\|_2\le\gamma$.

    Parameters
    ----------
    dimension : int
    generator : torch.Generator
        Draws the entries of the matrix: normal, variance 1 / (4 dimension), so that its spectral
        norm starts near 1.
    radius : float
        $\gamma$, in (0, 1). A matrix of larger spectral norm is scaled back to it, which makes the
        layer a contraction: activations have slopes from 0 to 1.
    activation : {"relu", "tanh", "identity"}
    method : {"anderson", "plain"}
        Of both solves, see `fixed_point`.
    tolerance : float
        Of both solves.
    limit : int
        Evaluations a solve may take.

    Attributes
    ----------
    weight : nn.Parameter, shape (dimension, dimension)
        Before it is scaled back.

    Raises
    ------
    ValueError
        If an argument is out of range.
    NotConvergedError
        By `forward` and the backward pass, if a solve does not reach the tolerance.

    Notes
    -----
    The backward pass is differentiable once. The layer works under `torch.func.vmap`, so `fit`
    trains ensembles of it: the members share the number of iterations that the slowest one needs.

    Examples
    --------
    >>> layer = EquilibriumLayer(1, generator=torch.Generator(), activation="identity", radius=0.5)
    >>> _ = layer.weight.data.fill_(7.0)  # scaled back to 0.5
    >>> round(layer(torch.ones(1, 1, dtype=torch.float64)).item(), 6)  # 1 / (1 - 0.5)
    2.0
    """

    def __init__(
        self,
        dimension,
        *,
        generator,
        radius=0.9,
        activation="relu",
        method="anderson",
        tolerance=1e-8,
        limit=1000,
    ):
        super().__init__()
        dimension = as_whole(dimension, "dimension", 1)
        if not 0 < as_number(radius, "radius") < 1:
            raise ValueError(
                f"radius: expected a number between 0 and 1, got {radius}; from 1 on there need "
                "be no fixed point"
            )
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation: expected one of {ACTIVATIONS}, got {activation!r}")
        weight = torch.empty(dimension, dimension, dtype=torch.float64)
        self.weight = nn.Parameter(weight.normal_(0, dimension**-0.5 / 2, generator=generator))
        self.radius, self.activation = float(radius), activation
        self.options = {"method": method, "tolerance": tolerance, "limit": limit}

    @property
    def matrix(self):
        """The matrix $A$ in use, of spectral norm at most `radius`."""
        return scaled_back(self.weight, self.radius)

    def forward(self, injection):
        """Return the fixed point for injections of shape (batch, dimension)."""
        return _Equilibrium.apply(self.matrix, injection, self.activation, self.options)

    def solve(self, injection):
        """Return the `FixedPoint` with residual and iterations, without gradients."""
        with torch.no_grad():
            return _solve(self.matrix, injection, self.activation, self.options)

    def unroll(self, injection, depth):
        """Return what `depth` applications leave, from ``activation(injection)`` on."""
        matrix, activate = self.matrix, _ACTIVATE[self.activation]
        point = activate(injection)
        for _ in range(depth):
            point = activate(point @ matrix.mT + injection)
        return point


class EquilibriumNetwork(nn.Module):
    r"""An encoder, a core and a linear classifier.

    Parameters
    ----------
    widths : sequence of int
        From the inputs through the hidden layers of the encoder and the dimension of the features
        to the classes, for instance ``(64, 128, 64, 10)``. The encoder ends with a linear map and
        batch normalisation: that is the injection $x$.
    generator : torch.Generator
        Draws the weights: normal with variance 2 / fan-in (He), the equilibrium's as it says;
        biases start at zero.
    core : {"equilibrium", "unrolled", "explicit"}
        What makes features of $x$: the fixed point of $z=\mathrm{ReLU}(Az+x)$; the same iteration
        stopped after `depth` steps from $\mathrm{ReLU}(x)$; or `depth` layers
        $z\mapsto\mathrm{ReLU}(A_jz+b_j)$ of their own, which are not given $x$ again.
    depth : int
        Steps or layers, at least 0; an equilibrium ignores it. At 0 unrolled and explicit are the
        same network, without a core.
    normalize : bool
        Batch normalisation in the explicit layers.
    radius, method, tolerance : float, {"anderson", "plain"}, float
        Of the `EquilibriumLayer`, the unrolled one too. With some tens of ReLU units a plain step
        costs less than the least squares that would save it.

    Attributes
    ----------
    encoder : nn.Sequential
    core : nn.Module
        An `EquilibriumLayer`, or the explicit layers.
    classifier : nn.Linear

    Raises
    ------
    ValueError
        If there are fewer than three widths, one is below 1, or the core is not known.

    Examples
    --------
    >>> generator = torch.Generator().manual_seed(0)
    >>> model = EquilibriumNetwork((64, 32, 16, 10), generator=generator)
    >>> output = model(torch.ones(5, 64, dtype=torch.float64))
    >>> output.features.shape, output.logits.shape
    (torch.Size([5, 16]), torch.Size([5, 10]))
    """

    def __init__(
        self,
        widths,
        *,
        generator,
        core="equilibrium",
        depth=1,
        normalize=False,
        radius=0.9,
        method="plain",
        tolerance=1e-6,
    ):
        super().__init__()
        widths = tuple(widths)
        if len(widths) < 3 or min(widths) < 1:
            raise ValueError(f"widths: expected inputs, features and classes, got {widths}")
        if core not in CORES:
            raise ValueError(f"core: expected one of {CORES}, got {core!r}")
        *hidden, dimension, num_classes = widths
        self.kind, self.depth = core, as_whole(depth, "depth", 0)
        self.encoder = nn.Sequential(
            *hidden_layers(hidden),
            nn.Linear(hidden[-1], dimension, dtype=torch.float64),
            nn.BatchNorm1d(dimension, dtype=torch.float64),
        )
        if core == "explicit":
            self.core = nn.Sequential(*hidden_layers([dimension] * (self.depth + 1), normalize))
        else:
            self.core = EquilibriumLayer(
                dimension,
                generator=generator,
                radius=radius,
                method=method,
                tolerance=tolerance,
            )
        self.classifier = nn.Linear(dimension, num_classes, dtype=torch.float64)
        draw_weights(self, generator)

    def forward(self, inputs):
        """Return `Output` (features, logits) for inputs of shape (batch, widths[0])."""
        injection = self.encoder(inputs)
        if self.kind == "equilibrium":
            features = self.core(injection)
        elif self.kind == "unrolled":
            features = self.core.unroll(injection, self.depth)
        else:
            features = self.core(torch.relu(injection))
        return Output(features, self.classifier(features))


def scaled_back(weight, radius):
    """Scale matrices of a larger spectral norm back to it.

    Parameters
    ----------
    weight : Tensor, shape (..., dimension, dimension)
    radius : float
        Positive.

    Returns
    -------
    Tensor, the shape of `weight`
        Differentiable in `weight`, the spectral norm included.
    """
    norms = torch.linalg.matrix_norm(weight, 2, keepdim=True)
    return weight * (radius / norms.clamp_min(radius))


_ACTIVATE = {"relu": torch.relu, "tanh": torch.tanh, "identity": lambda values: values}


def _slopes(point, activation):
    """Slopes of the activation where its values are `point`."""
    if activation == "relu":
        return (point > 0).to(point)
    return 1 - point**2 if activation == "tanh" else torch.ones_like(point)


def _solve(matrix, injection, activation, options):
    activate = _ACTIVATE[activation]
    return fixed_point(
        lambda point: activate(point @ matrix.mT + injection), activate(injection), **options
    )


class _Equilibrium(torch.autograd.Function):
    """The fixed point as a function of matrix and injection, with leading axes in common."""

    @staticmethod
    def forward(matrix, injection, activation, options):
        return _solve(matrix, injection, activation, options).point

    @staticmethod
    def setup_context(context, inputs, output):
        matrix, _, context.activation, context.options = inputs
        context.save_for_backward(matrix, output)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(context, gradient):
        matrix, point = context.saved_tensors
        slopes = _slopes(point, context.activation)
        start = slopes * gradient
        # Gradients are small: what counts is the residual relative to them.
        size = start.abs().max().clamp_min(torch.finfo(start.dtype).tiny)
        solved = fixed_point(
            lambda adjoint: slopes * (adjoint @ matrix) + start / size,
            start / size,
            **context.options,
        )
        adjoint = size * solved.point
        return adjoint.mT @ point, adjoint, None, None

    @staticmethod
    def vmap(info, in_dims, matrix, injection, activation, options):
        matrix, injection = (
            tensor.expand(info.batch_size, *tensor.shape) if dim is None else tensor.movedim(dim, 0)
            for tensor, dim in zip((matrix, injection), in_dims[:2], strict=True)
        )
        return _Equilibrium.apply(matrix, injection, activation, options), 0
