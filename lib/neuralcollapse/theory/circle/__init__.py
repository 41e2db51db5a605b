"""The circle against the simplex: costs, angles, phases, ranks."""

from neuralcollapse.theory.circle.additive import (
    additive_accuracy,
    half_angle_potential,
    squared_sum_amplitude,
)
from neuralcollapse.theory.circle.angles import (
    angular_gradient,
    angular_potential,
    hessian_spectrum,
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
from neuralcollapse.theory.circle.transport import (
    bessel_remainder,
    bessel_remainder_bounds,
    circle_costs,
    entropic_transport_plan,
    sinkhorn_plan,
    transport_free_cost,
)

__all__ = [
    "additive_accuracy",
    "angular_gradient",
    "angular_potential",
    "bessel_ratio",
    "bessel_remainder",
    "bessel_remainder_bounds",
    "cauchy_lags",
    "circle_costs",
    "critical_regularisation",
    "cross_entropy_gap",
    "entropic_transport_plan",
    "finite_order",
    "half_angle_potential",
    "hessian_spectrum",
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
    "sinkhorn_plan",
    "squared_sum_amplitude",
    "transport_free_cost",
    "von_mises_aliasing",
]
