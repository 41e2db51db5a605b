"""Unconstrained features: optima in closed form, a descent beside them, saddles, gradient flow."""

from neuralcollapse.theory.unconstrained.descent import (
    FreeMinimum,
    free_objective,
    minimise_free,
)
from neuralcollapse.theory.unconstrained.flow import FreeFlow, collapse_bound, squared_flow
from neuralcollapse.theory.unconstrained.landscape import orbit_dimension, zero_spectrum
from neuralcollapse.theory.unconstrained.optima import (
    FreeOptimum,
    budget_decays,
    free_optimum,
    free_regularisation,
)

__all__ = [
    "FreeFlow",
    "FreeMinimum",
    "FreeOptimum",
    "budget_decays",
    "collapse_bound",
    "free_objective",
    "free_optimum",
    "free_regularisation",
    "minimise_free",
    "orbit_dimension",
    "squared_flow",
    "zero_spectrum",
]
