"""Circle against simplex: costs, thresholds and laws of unit codes and of homogeneous networks."""

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

__all__ = [
    "CLOCK_FACTOR",
    "FoundCode",
    "FrequencySet",
    "best_frequencies",
    "best_isotropic_rank",
    "best_unit_code",
    "branch_decay",
    "circle_stability",
    "circles_cross_entropy",
    "circles_exchange",
    "code_objective",
    "flat_exchange",
    "frequency_exchange",
    "frequency_fold",
    "guesses",
    "homogeneous_objective",
    "isotropic_cost",
    "rank_exchange",
    "rank_law",
    "settle",
    "single_circle_window",
    "single_frequency",
    "two_simplices_exchange",
]
