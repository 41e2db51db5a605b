"""Checkers for the exercises: pass your function, read what is wrong with it."""

from neuralcollapse.claims.exercises.clock import check_around
from neuralcollapse.claims.exercises.codes import (
    check_batches,
    check_best_dimensions,
    check_certified_margin,
    check_radon_split,
    check_rattlers,
    check_symmetrise,
)
from neuralcollapse.claims.exercises.collapse import check_nc1
from neuralcollapse.claims.exercises.depth import check_deep_value
from neuralcollapse.claims.exercises.environments import check_antipode
from neuralcollapse.claims.exercises.equilibrium import check_implicit_gradient
from neuralcollapse.claims.exercises.gradients import check_best_cosine
from neuralcollapse.claims.exercises.language import check_kernel_spread
from neuralcollapse.claims.exercises.locking import check_locking_time
from neuralcollapse.claims.exercises.peeled import check_gap
from neuralcollapse.claims.exercises.polygon import check_spectrum
from neuralcollapse.claims.exercises.ranks import check_equal_parts
from neuralcollapse.claims.exercises.regression import check_regression_value
from neuralcollapse.claims.exercises.smoothness import check_complexity
from neuralcollapse.claims.exercises.two_codes import check_cross_entropy_gap
from neuralcollapse.claims.exercises.unconstrained import check_free_value
from neuralcollapse.claims.exercises.which_metric import check_pair_logs

__all__ = [
    "check_antipode",
    "check_around",
    "check_batches",
    "check_best_cosine",
    "check_best_dimensions",
    "check_certified_margin",
    "check_complexity",
    "check_cross_entropy_gap",
    "check_deep_value",
    "check_equal_parts",
    "check_free_value",
    "check_gap",
    "check_implicit_gradient",
    "check_kernel_spread",
    "check_locking_time",
    "check_nc1",
    "check_pair_logs",
    "check_radon_split",
    "check_rattlers",
    "check_regression_value",
    "check_spectrum",
    "check_symmetrise",
]
