"""The layer-peeled model: loss, descent and certificate, two groups of classes, the threshold."""

from neuralcollapse.theory.layer_peeled.groups import GroupOptimum, group_optimum
from neuralcollapse.theory.layer_peeled.model import (
    PeeledMinimum,
    class_shares,
    minimise_peeled,
    optimality_gap,
    peeled_factors,
    peeled_loss,
)
from neuralcollapse.theory.layer_peeled.threshold import (
    threshold_growth,
    threshold_point,
    threshold_ratio,
    threshold_reach,
    vanishing_ratio,
)

__all__ = [
    "GroupOptimum",
    "PeeledMinimum",
    "class_shares",
    "group_optimum",
    "minimise_peeled",
    "optimality_gap",
    "peeled_factors",
    "peeled_loss",
    "threshold_growth",
    "threshold_point",
    "threshold_ratio",
    "threshold_reach",
    "vanishing_ratio",
]
