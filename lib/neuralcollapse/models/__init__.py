"""Floor 4: small readable networks. `forward` gives features and logits."""

from neuralcollapse.models.clock import ClockNetwork
from neuralcollapse.models.cosine import CosineMLP
from neuralcollapse.models.deep_head import DeepHead
from neuralcollapse.models.deep_rfm import DeepRFM, FeatureLayer
from neuralcollapse.models.equilibrium import EquilibriumLayer, EquilibriumNetwork, scaled_back
from neuralcollapse.models.fixed_head import FixedHeadMLP
from neuralcollapse.models.fixed_point import FixedPoint, NotConvergedError, fixed_point
from neuralcollapse.models.laplace import LaplaceRegression, fit_laplace, laplace_kernel
from neuralcollapse.models.masked_encoder import MaskedEncoder
from neuralcollapse.models.mlp import MLP
from neuralcollapse.models.modular_mlp import ModularMLP
from neuralcollapse.models.modular_transformer import ModularTransformer
from neuralcollapse.models.output import Output
from neuralcollapse.models.regression_mlp import RegressionMLP
from neuralcollapse.models.tiny_transformer import TinyTransformer

__all__ = [
    "MLP",
    "ClockNetwork",
    "CosineMLP",
    "DeepHead",
    "DeepRFM",
    "EquilibriumLayer",
    "EquilibriumNetwork",
    "FeatureLayer",
    "FixedHeadMLP",
    "FixedPoint",
    "LaplaceRegression",
    "MaskedEncoder",
    "ModularMLP",
    "ModularTransformer",
    "NotConvergedError",
    "Output",
    "RegressionMLP",
    "TinyTransformer",
    "fit_laplace",
    "fixed_point",
    "laplace_kernel",
    "scaled_back",
]
