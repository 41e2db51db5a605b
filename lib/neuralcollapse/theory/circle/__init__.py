"""Codes on a circle: costs, landscapes, transport and the laws of their training."""

from neuralcollapse.theory.circle.angles import (
    angular_gradient,
    angular_potential,
    hessian_spectrum,
)
from neuralcollapse.theory.circle.bessel import (
    bessel_ratio,
    log_sphere_moment,
    von_mises_aliasing,
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
    "angular_gradient",
    "angular_potential",
    "bessel_ratio",
    "bessel_remainder",
    "bessel_remainder_bounds",
    "circle_costs",
    "entropic_transport_plan",
    "hessian_spectrum",
    "log_sphere_moment",
    "sinkhorn_plan",
    "transport_free_cost",
    "von_mises_aliasing",
]
