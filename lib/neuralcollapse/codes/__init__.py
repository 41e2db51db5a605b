"""Floor 3: spherical and softmax codes, in numpy, scipy, mpmath and exact arithmetic.

A code is an array of shape (num_points, dimension), one unit vector a row.
"""

from neuralcollapse.codes.beyond import beyond_orthoplex
from neuralcollapse.codes.bounds import CoherenceBound, coherence_bound
from neuralcollapse.codes.certificates import Certificate, certify
from neuralcollapse.codes.code import Code
from neuralcollapse.codes.comparison import CodeComparison, compare_with_best
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
from neuralcollapse.codes.exact import (
    ExactHullPoint,
    exact_coherence,
    exact_nearest_hull_point,
    exact_one_vs_rest_distance_squared,
    rational_code,
    stereographic,
)
from neuralcollapse.codes.existence import Existence
from neuralcollapse.codes.free_contact import FreeContact, free_contact, turn_contact
from neuralcollapse.codes.graphs import code_graph, graph_code
from neuralcollapse.codes.holes import Holes, hole_vertices, holes
from neuralcollapse.codes.joint import (
    exact_weights,
    free_features,
    gaussian_energy,
    joint_descent,
    lifted_pairs,
    scaled_loss,
)
from neuralcollapse.codes.meeting import farthest_common_point
from neuralcollapse.codes.orthoplex import (
    high_entropy_code,
    low_entropy_code,
    orthogonal_batches,
    orthoplex_code,
    union_of_simplices,
)
from neuralcollapse.codes.phases import Phase, phase_diagram
from neuralcollapse.codes.refine import RefinedCode, minimal_polynomial, refine
from neuralcollapse.codes.softmax import softmax_code
from neuralcollapse.codes.spherical import spherical_code
from neuralcollapse.codes.symmetrised import aligned_features, symmetrised_code
from neuralcollapse.codes.tradeoff import extremal_code, largest_distance
from neuralcollapse.codes.unconstrained import minimise_cross_entropy

__all__ = [
    "Certificate",
    "Code",
    "CodeComparison",
    "CoherenceBound",
    "ExactHullPoint",
    "Existence",
    "FreeContact",
    "Holes",
    "Phase",
    "RefinedCode",
    "aligned_features",
    "batch_loss",
    "beyond_orthoplex",
    "certify",
    "code_graph",
    "coherence_bound",
    "compare_with_best",
    "cross_entropy",
    "crossing_point",
    "exact_coherence",
    "exact_nearest_hull_point",
    "exact_one_vs_rest_distance_squared",
    "exact_weights",
    "extremal_code",
    "family_loses",
    "family_minimum",
    "farthest_common_point",
    "free_contact",
    "free_features",
    "gaussian_energy",
    "graph_code",
    "hardmax_features",
    "hardmax_loss",
    "high_entropy_code",
    "hole_vertices",
    "holes",
    "isolates_crossing",
    "joint_descent",
    "largest_distance",
    "lemma15_thresholds",
    "lifted_pairs",
    "low_entropy_code",
    "minimal_polynomial",
    "minimise_cross_entropy",
    "one_vs_rest_distance",
    "one_vs_rest_distances",
    "orthogonal_batches",
    "orthoplex_code",
    "phase_diagram",
    "rational_code",
    "refine",
    "scaled_loss",
    "softmax_code",
    "spherical_code",
    "stereographic",
    "symmetrised_code",
    "turn_contact",
    "union_of_simplices",
]
