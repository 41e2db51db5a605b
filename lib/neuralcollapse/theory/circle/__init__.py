"""The circle against the simplex: costs of two codes, angles, phases, ranks; closed forms."""

from neuralcollapse.theory.circle.additive import (
    additive_accuracy,
    half_angle_potential,
    squared_sum_amplitude,
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
    "cauchy_lags",
    "finite_order",
    "half_angle_potential",
    "locking_curve",
    "locking_deviation",
    "order_parameter",
    "phase_gradient",
    "phase_hessian",
    "phase_lags",
    "phase_potential",
    "squared_sum_amplitude",
]
