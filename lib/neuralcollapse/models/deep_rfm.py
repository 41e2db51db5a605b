r"""Deep recursive feature machine: kernel regression, gradient outer product, random map, repeated.

Rows are samples. A layer takes $X$, scales its rows to length 1, fits
`neuralcollapse.models.laplace` to the targets $2e_y-\mathbf 1$, takes the average gradient outer
product $M$ of the predictor and returns $\Phi(XM^{1/2})$ for a random map $\Phi$ that is never
trained [beaglehole2024]:

* ReLU features $\max(0,xV)$, entries of $V$ uniform in $\pm1/\sqrt d$;
* cosine features $\sqrt{2/m}\cos(xV+u)$, entries of $V$ Cauchy, $u$ uniform in $[0,2\pi]$, for
  which $M$ is divided by its largest entry first.

Each of these stages can be measured, and the second can be replaced by a control.
"""

import math
from dataclasses import dataclass

import torch

from neuralcollapse.geometry.arrays import as_number, as_whole
from neuralcollapse.models.laplace import LaplaceRegression, fit_laplace
from neuralcollapse.statistics import as_labels, as_tensor

GRADIENTS = ("learned", "none", "random_directions", "shuffled_labels")
MAPS = ("relu", "cosine")


@dataclass(frozen=True)
class FeatureLayer:
    """One layer of a `DeepRFM`.

    Attributes
    ----------
    predictor : LaplaceRegression
        Of the labels, from the layer's inputs scaled to length 1.
    root : Tensor, shape (d, d), float64
        Square root of the gradient outer product, or of what stands in for it.
    projection : Tensor, shape (d, width), float64
    phases : Tensor, shape (width,), float64, or None
        For cosine features.
    """

    predictor: LaplaceRegression
    root: torch.Tensor
    projection: torch.Tensor
    phases: torch.Tensor | None

    def stages(self, inputs):
        """Return the three stages for a batch of shape (batch, d).

        Returns
        -------
        tuple of three Tensor
            Inputs scaled to length 1 and stretched inputs, each of shape (batch, d), and features
            of shape (batch, width), float64.
        """
        inputs = unit_rows(inputs)
        stretched = inputs @ self.root
        mapped = stretched @ self.projection
        if self.phases is None:
            return inputs, stretched, mapped.clamp(min=0)
        scale = math.sqrt(2 / self.projection.shape[1])
        return inputs, stretched, scale * torch.cos(mapped + self.phases)


class DeepRFM:
    """A deep recursive feature machine.

    Parameters
    ----------
    num_layers : int
    width : int
        Random features of every layer.
    bandwidth : float
        Of the Laplace kernel, for inputs of length 1; dimensionless.
    ridge : float
        At least 0; 0 interpolates.
    gradients : {"learned", "none", "random_directions", "shuffled_labels"}
        What stretches the inputs: the gradient outer product, or a control: nothing, its
        eigenvalues with eigenvectors drawn at random, the gradient outer product of a predictor
        of permuted labels.
    feature_map : {"relu", "cosine"}
    cauchy_scale : float
        Of the weights of cosine features, half of which are smaller in size.
    generator : torch.Generator
        Draws random maps and controls.

    Attributes
    ----------
    layers : tuple of FeatureLayer
        Empty before `fit`.

    Raises
    ------
    ValueError
        If a number is out of range or a name unknown.

    Notes
    -----
    Source: [beaglehole2024]. Dividing M by its largest entry changes no ReLU layer, for the next
    layer scales its inputs anyway.

    Examples
    --------
    >>> generator = torch.Generator().manual_seed(0)
    >>> machine = DeepRFM(2, width=8, generator=generator).fit([[0.0, 1.0], [1.0, 0.0]], [0, 1])
    >>> [features.shape[1] for features in machine.stages([[0.5, 1.0]])[1]]
    [8, 8, 8]
    """

    def __init__(
        self,
        num_layers,
        *,
        width=512,
        bandwidth=2.0,
        ridge=0.0,
        gradients="learned",
        feature_map="relu",
        cauchy_scale=0.05,
        generator,
    ):
        if gradients not in GRADIENTS:
            raise ValueError(f"gradients: expected one of {GRADIENTS}, got {gradients!r}")
        if feature_map not in MAPS:
            raise ValueError(f"feature_map: expected one of {MAPS}, got {feature_map!r}")
        self.num_layers = as_whole(num_layers, "num_layers", 1)
        self.width = as_whole(width, "width", 1)
        self.cauchy_scale = as_number(cauchy_scale, "cauchy_scale")
        self.bandwidth, self.ridge = bandwidth, ridge
        self.gradients, self.feature_map, self.generator = gradients, feature_map, generator
        self.layers = ()

    def fit(self, inputs, labels):
        """Build the layers from labelled samples.

        Parameters
        ----------
        inputs : array_like or Tensor, shape (num_samples, d)
            No row zero, no two in one direction.
        labels : array_like or Tensor of integers, shape (num_samples,)

        Returns
        -------
        DeepRFM
            The machine itself.

        Raises
        ------
        ValueError
            If shapes do not fit, numbers are not finite, a kernel matrix is singular, or a
            gradient outer product is zero.
        """
        features = _as_table(inputs)
        labels = as_labels(labels, len(features), None)
        targets = 2 * torch.eye(int(labels.max()) + 1, dtype=torch.float64)[labels] - 1
        layers = []
        for depth in range(self.num_layers):
            if layers and not features.any(dim=1).all():
                raise ValueError(
                    f"width: {self.width} random features leave a sample without any after layer "
                    f"{depth}; give a larger width"
                )
            layers.append(self._layer(unit_rows(features), targets))
            features = layers[-1].stages(features)[-1]
        self.layers = tuple(layers)
        return self

    def stages(self, inputs):
        """Return what every layer makes of a batch.

        Parameters
        ----------
        inputs : array_like or Tensor, shape (batch, d)

        Returns
        -------
        list of tuple of three Tensor
            One tuple a layer, as `FeatureLayer.stages`.

        Raises
        ------
        ValueError
            If the machine is not fitted, or shapes do not fit.
        """
        features, found = _as_table(inputs), []
        if not self.layers:
            raise ValueError("layers: there are none before fit; call fit(inputs, labels) first")
        dimension = len(self.layers[0].root)
        if features.shape[1] != dimension:
            raise ValueError(
                f"inputs: expected shape (batch, {dimension}), as in fit, got "
                f"{tuple(features.shape)}"
            )
        for layer in self.layers:
            found.append(layer.stages(features))
            features = found[-1][-1]
        return found

    def _layer(self, inputs, targets):
        predictor = fit_laplace(inputs, targets, bandwidth=self.bandwidth, ridge=self.ridge)
        root = self._root(predictor, targets)
        fan_in = inputs.shape[1]
        uniform = lambda *shape: torch.rand(  # noqa: E731
            *shape, generator=self.generator, dtype=torch.float64
        )
        if self.feature_map == "relu":
            projection = (2 * uniform(fan_in, self.width) - 1) / math.sqrt(fan_in)
            return FeatureLayer(predictor, root, projection, None)
        projection = self.cauchy_scale * torch.tan(math.pi * (uniform(fan_in, self.width) - 0.5))
        return FeatureLayer(predictor, root, projection, 2 * math.pi * uniform(self.width))

    def _root(self, predictor, targets):
        size = predictor.centers.shape[1]
        if self.gradients == "none":
            return torch.eye(size, dtype=torch.float64)
        if self.gradients == "shuffled_labels":
            order = torch.randperm(len(targets), generator=self.generator)
            predictor = fit_laplace(
                predictor.centers, targets[order], bandwidth=self.bandwidth, ridge=self.ridge
            )
        product = predictor.gradient_outer_product()
        if not product.any():
            raise ValueError(
                "inputs: the gradient outer product is zero, as for a single sample, and stretches "
                "nothing; give more samples, or gradients='none'"
            )
        values, vectors = torch.linalg.eigh(product / product.abs().max())
        if self.gradients == "random_directions":
            draws = torch.randn(size, size, generator=self.generator, dtype=torch.float64)
            vectors = torch.linalg.qr(draws).Q
        return (vectors * values.clamp(min=0).sqrt()) @ vectors.T


def _as_table(inputs):
    inputs = as_tensor(inputs, "inputs").double()
    if inputs.ndim != 2 or inputs.numel() == 0 or not inputs.isfinite().all():
        raise ValueError(
            "inputs: expected finite numbers of shape (num_samples, d), one sample a row, got "
            f"shape {tuple(inputs.shape)}"
        )
    return inputs


def unit_rows(table):
    """Return rows scaled to length 1; raises ValueError if one is zero."""
    lengths = table.norm(dim=1, keepdim=True)
    if not lengths.all():
        row = int((lengths[:, 0] == 0).nonzero()[0])
        raise ValueError(f"inputs: row {row} is zero and has no direction; leave it out")
    return table / lengths
