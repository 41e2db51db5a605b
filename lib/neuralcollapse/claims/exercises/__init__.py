"""Checkers for the exercises: pass your function, read what is wrong with it."""

from neuralcollapse.claims.exercises.codes import (
    check_batches,
    check_best_dimensions,
    check_certified_margin,
    check_radon_split,
    check_rattlers,
    check_symmetrise,
)
from neuralcollapse.claims.exercises.collapse import check_nc1
from neuralcollapse.claims.exercises.equilibrium import check_implicit_gradient
from neuralcollapse.claims.exercises.two_codes import check_cross_entropy_gap

__all__ = [
    "check_batches",
    "check_best_dimensions",
    "check_certified_margin",
    "check_cross_entropy_gap",
    "check_implicit_gradient",
    "check_nc1",
    "check_radon_split",
    "check_rattlers",
    "check_symmetrise",
]
