"""The circle against the simplex: costs, angles, phases, ranks."""

from neuralcollapse.theory.circle.additive import (
    additive_accuracy,
    half_angle_potential,
    squared_sum_amplitude,
)
from neuralcollapse.theory.circle.bessel import bessel_ratio, log_sphere_moment, von_mises_aliasing
from neuralcollapse.theory.circle.costs import (
    critical_regularisation,
    cross_entropy_gap,
    largest_cross_entropy_gap,
    polygon_cross_entropy,
    schatten_cost,
    schatten_norm,
    simplex_cross_entropy,
)
from neuralcollapse.theory.circle.locking import (
    cauchy_lags,
    finite_order,
    locking_curve,
    locking_deviation,
)
from neuralcollapse.theory.circle.phases import (
    order_parameter,
    phase_gradient,
    phase_hessian,
    phase_lags,
    phase_potential,
)

__all__ = [
    "additive_accuracy",
    "bessel_ratio",
    "cauchy_lags",
    "critical_regularisation",
    "cross_entropy_gap",
    "finite_order",
    "half_angle_potential",
    "largest_cross_entropy_gap",
    "locking_curve",
    "locking_deviation",
    "log_sphere_moment",
    "order_parameter",
    "phase_gradient",
    "phase_hessian",
    "phase_lags",
    "phase_potential",
    "polygon_cross_entropy",
    "schatten_cost",
    "schatten_norm",
    "simplex_cross_entropy",
    "squared_sum_amplitude",
    "von_mises_aliasing",
]
