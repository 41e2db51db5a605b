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

__all__ = [
    "cross_entropy",
    "hardmax_features",
    "hardmax_loss",
    "one_vs_rest_distance",
    "one_vs_rest_distances",
]
