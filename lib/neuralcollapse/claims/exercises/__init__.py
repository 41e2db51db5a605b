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
from neuralcollapse.claims.exercises.ranks import check_equal_parts

__all__ = [
    "check_batches",
    "check_best_dimensions",
    "check_certified_margin",
    "check_equal_parts",
    "check_nc1",
    "check_radon_split",
    "check_rattlers",
    "check_symmetrise",
]
