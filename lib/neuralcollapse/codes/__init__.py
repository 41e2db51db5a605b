"""Floor 3: spherical and softmax codes, in numpy, scipy, mpmath and exact arithmetic.

A code is an array of shape (num_points, dimension), one unit vector a row.
"""

from neuralcollapse.codes.distance import (
    cross_entropy,
    hardmax_features,
    hardmax_loss,
    one_vs_rest_distance,
    one_vs_rest_distances,
)
from neuralcollapse.codes.unconstrained import minimise_cross_entropy

__all__ = [
    "cross_entropy",
    "hardmax_features",
    "hardmax_loss",
    "minimise_cross_entropy",
    "one_vs_rest_distance",
    "one_vs_rest_distances",
]
