"""Floor 3: how far a trained network is from neural collapse.

Each published variant is a pure function under its own name; `measure` calls them all, and
`measure_statistics` all that need no features.

====  ===================================================================================
NC1   `within_class_variability` (pseudo-inverse), `within_class_variability_trace`
      (quotient), `class_distance_normalized_variance`
NC2   `equinorm`, `equiangular`, `max_angle_deviation`, `simplex_gram_deviation` (Frobenius),
      `simplex_gram_mean_square`
NC3   `self_duality` (distance), `self_duality_product` (Frobenius), `bias_alignment`
NC4   `nearest_center_mismatch`; `count_mismatches` batch by batch
====  ===================================================================================

`complexity` looks at a map instead of its features: gradient outer products, exact or, by
`hutchinson`, estimated.
"""

from neuralcollapse.metrics.angles import (
    equiangular,
    equinorm,
    max_angle_deviation,
    simplex_gram_deviation,
    simplex_gram_mean_square,
)
from neuralcollapse.metrics.complexity import (
    average_gradient_outer_product,
    geometric_collapse,
    geometric_complexity,
)
from neuralcollapse.metrics.decision import count_mismatches, nearest_center_mismatch
from neuralcollapse.metrics.depth import (
    DepthReport,
    RankProfile,
    depth_report,
    orthogonality_deviation,
    rank_profile,
)
from neuralcollapse.metrics.duality import bias_alignment, self_duality, self_duality_product
from neuralcollapse.metrics.hutchinson import (
    Estimate,
    estimate_geometric_complexity,
    estimate_gradient_outer_product,
)
from neuralcollapse.metrics.report import CollapseReport, measure, measure_statistics
from neuralcollapse.metrics.transfer import few_shot_accuracies
from neuralcollapse.metrics.variability import (
    class_distance_normalized_variance,
    within_class_variability,
    within_class_variability_trace,
)

__all__ = [
    "CollapseReport",
    "DepthReport",
    "Estimate",
    "RankProfile",
    "average_gradient_outer_product",
    "bias_alignment",
    "class_distance_normalized_variance",
    "count_mismatches",
    "depth_report",
    "equiangular",
    "equinorm",
    "estimate_geometric_complexity",
    "estimate_gradient_outer_product",
    "few_shot_accuracies",
    "geometric_collapse",
    "geometric_complexity",
    "max_angle_deviation",
    "measure",
    "measure_statistics",
    "nearest_center_mismatch",
    "orthogonality_deviation",
    "rank_profile",
    "self_duality",
    "self_duality_product",
    "simplex_gram_deviation",
    "simplex_gram_mean_square",
    "within_class_variability",
    "within_class_variability_trace",
]
