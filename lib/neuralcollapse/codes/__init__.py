"""Floor 3: spherical and softmax codes, in numpy, scipy, mpmath and exact arithmetic.

A code is an array of shape (num_points, dimension), one unit vector a row.
"""

from neuralcollapse.codes.convexity import batch_loss, lemma15_thresholds
from neuralcollapse.codes.crossing import (
    crossing_point,
    family_loses,
    family_minimum,
    isolates_crossing,
)
from neuralcollapse.codes.distance import (
    cross_entropy,
    hardmax_features,
    hardmax_loss,
    one_vs_rest_distance,
    one_vs_rest_distances,
)
from neuralcollapse.codes.joint import (
    exact_weights,
    free_features,
    gaussian_energy,
    joint_descent,
    lifted_pairs,
    scaled_loss,
)
from neuralcollapse.codes.phases import Phase, phase_diagram

__all__ = [
    "Phase",
    "batch_loss",
    "cross_entropy",
    "crossing_point",
    "exact_weights",
    "family_loses",
    "family_minimum",
    "free_features",
    "gaussian_energy",
    "hardmax_features",
    "hardmax_loss",
    "isolates_crossing",
    "joint_descent",
    "lemma15_thresholds",
    "lifted_pairs",
    "one_vs_rest_distance",
    "one_vs_rest_distances",
    "phase_diagram",
    "scaled_loss",
]
