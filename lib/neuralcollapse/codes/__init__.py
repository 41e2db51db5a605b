"""Floor 3: spherical and softmax codes, in numpy, scipy, mpmath and exact arithmetic.

A code is an array of shape (num_points, dimension), one unit vector a row.
"""

from neuralcollapse.codes.crossing import (
    crossing,
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

__all__ = [
    "cross_entropy",
    "crossing",
    "exact_weights",
    "family_loses",
    "family_minimum",
    "free_features",
    "gaussian_energy",
    "hardmax_features",
    "hardmax_loss",
    "isolates_crossing",
    "joint_descent",
    "lifted_pairs",
    "one_vs_rest_distance",
    "one_vs_rest_distances",
    "scaled_loss",
]
