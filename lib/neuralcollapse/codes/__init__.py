"""Floor 3: spherical and softmax codes, in numpy, scipy, mpmath and exact arithmetic.

A code is an array of shape (num_points, dimension), one unit vector a row.
"""

from neuralcollapse.codes.beyond import beyond_orthoplex
from neuralcollapse.codes.distance import (
    cross_entropy,
    hardmax_features,
    hardmax_loss,
    one_vs_rest_distance,
    one_vs_rest_distances,
)
from neuralcollapse.codes.free_contact import FreeContact, free_contact, turn_contact
from neuralcollapse.codes.holes import Holes, hole_vertices, holes
from neuralcollapse.codes.symmetrised import aligned_features, symmetrised_code

__all__ = [
    "FreeContact",
    "Holes",
    "aligned_features",
    "beyond_orthoplex",
    "cross_entropy",
    "free_contact",
    "hardmax_features",
    "hardmax_loss",
    "hole_vertices",
    "holes",
    "one_vs_rest_distance",
    "one_vs_rest_distances",
    "symmetrised_code",
    "turn_contact",
]
