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
from neuralcollapse.codes.graphs import code_graph, graph_code
from neuralcollapse.codes.orthoplex import (
    high_entropy_code,
    low_entropy_code,
    orthogonal_batches,
    orthoplex_code,
    union_of_simplices,
)

__all__ = [
    "code_graph",
    "cross_entropy",
    "graph_code",
    "hardmax_features",
    "hardmax_loss",
    "high_entropy_code",
    "low_entropy_code",
    "one_vs_rest_distance",
    "one_vs_rest_distances",
    "orthogonal_batches",
    "orthoplex_code",
    "union_of_simplices",
]
