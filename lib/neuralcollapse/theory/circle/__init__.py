"""The circle against the simplex: costs, angles, phases, ranks."""

from neuralcollapse.theory.circle.bessel import bessel_ratio, log_sphere_moment, von_mises_aliasing
from neuralcollapse.theory.circle.costs import (
    critical_regularisation,
    cross_entropy_gap,
    largest_cross_entropy_gap,
    polygon_cross_entropy,
    schatten_cost,
    simplex_cross_entropy,
)
from neuralcollapse.theory.schatten import schatten_norm

__all__ = [
    "bessel_ratio",
    "critical_regularisation",
    "cross_entropy_gap",
    "largest_cross_entropy_gap",
    "log_sphere_moment",
    "polygon_cross_entropy",
    "schatten_cost",
    "schatten_norm",
    "simplex_cross_entropy",
    "von_mises_aliasing",
]
