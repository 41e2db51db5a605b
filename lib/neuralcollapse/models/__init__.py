"""Floor 4: small readable networks. `forward` gives features and logits."""

from neuralcollapse.models.clock import ClockNetwork
from neuralcollapse.models.cosine import CosineMLP
from neuralcollapse.models.equilibrium import EquilibriumLayer, EquilibriumNetwork, scaled_back
from neuralcollapse.models.fixed_point import FixedPoint, NotConvergedError, fixed_point
from neuralcollapse.models.mlp import MLP
from neuralcollapse.models.output import Output

__all__ = [
    "MLP",
    "ClockNetwork",
    "CosineMLP",
    "EquilibriumLayer",
    "EquilibriumNetwork",
    "FixedPoint",
    "NotConvergedError",
    "Output",
    "fixed_point",
    "scaled_back",
]
