"""Linear models with a layer between features and classifier: equilibrium, step, explicit, none."""

from neuralcollapse.theory.equilibrium.costs import core_cost, core_weight
from neuralcollapse.theory.equilibrium.descent import LinearModel, minimise_linear_model
from neuralcollapse.theory.equilibrium.simplex import SimplexEquilibrium, simplex_equilibrium
from neuralcollapse.theory.equilibrium.squared import (
    LinearOptimum,
    linear_optimum,
    realise_optimum,
)

__all__ = [
    "LinearModel",
    "LinearOptimum",
    "SimplexEquilibrium",
    "core_cost",
    "core_weight",
    "linear_optimum",
    "minimise_linear_model",
    "realise_optimum",
    "simplex_equilibrium",
]
