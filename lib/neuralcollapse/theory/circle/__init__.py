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
    simplex_cross_entropy,
)
from neuralcollapse.theory.circle.frequencies import (
    CLOCK_FACTOR,
    FrequencySet,
    best_frequencies,
    branch_decay,
    frequency_exchange,
    frequency_fold,
    homogeneous_objective,
    single_circle_window,
    single_frequency,
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
from neuralcollapse.theory.circle.ranks import (
    best_isotropic_rank,
    flat_exchange,
    isotropic_cost,
    rank_exchange,
    rank_law,
)
from neuralcollapse.theory.circle.rivals import (
    circle_stability,
    circles_cross_entropy,
    circles_exchange,
    two_simplices_exchange,
)
from neuralcollapse.theory.circle.search import (
    FoundCode,
    best_unit_code,
    code_objective,
    guesses,
    settle,
)
from neuralcollapse.theory.circle.transport import (
    bessel_remainder,
    bessel_remainder_bounds,
    circle_costs,
    entropic_transport_plan,
    sinkhorn_plan,
    transport_free_cost,
)
from neuralcollapse.theory.schatten import schatten_norm

__all__ = [
    "CLOCK_FACTOR",
    "FoundCode",
    "FrequencySet",
    "additive_accuracy",
    "angular_gradient",
    "angular_potential",
    "bessel_ratio",
    "bessel_remainder",
    "bessel_remainder_bounds",
    "best_frequencies",
    "best_isotropic_rank",
    "best_unit_code",
    "branch_decay",
    "cauchy_lags",
    "circle_costs",
    "circle_stability",
    "circles_cross_entropy",
    "circles_exchange",
    "code_objective",
    "critical_regularisation",
    "cross_entropy_gap",
    "entropic_transport_plan",
    "finite_order",
    "flat_exchange",
    "frequency_exchange",
    "frequency_fold",
    "guesses",
    "half_angle_potential",
    "hessian_spectrum",
    "homogeneous_objective",
    "isotropic_cost",
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
    "rank_exchange",
    "rank_law",
    "schatten_cost",
    "schatten_norm",
    "settle",
    "simplex_cross_entropy",
    "single_circle_window",
    "single_frequency",
    "sinkhorn_plan",
    "squared_sum_amplitude",
    "transport_free_cost",
    "two_simplices_exchange",
    "von_mises_aliasing",
]
