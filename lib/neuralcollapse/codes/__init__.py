"""Floor 3: spherical and softmax codes, in numpy, scipy, mpmath and exact arithmetic.

A code is an array of shape (num_points, dimension), one unit vector a row.
"""

from neuralcollapse.codes.bounds import CoherenceBound, coherence_bound
from neuralcollapse.codes.certificates import Certificate, certify
from neuralcollapse.codes.code import Code
from neuralcollapse.codes.convexity import batch_loss, lemma15_thresholds
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
from neuralcollapse.codes.meeting import farthest_common_point
from neuralcollapse.codes.phases import Phase, phase_diagram
from neuralcollapse.codes.refine import RefinedCode, minimal_polynomial, refine
from neuralcollapse.codes.softmax import softmax_code
from neuralcollapse.codes.spherical import spherical_code
from neuralcollapse.codes.tradeoff import extremal_code, largest_distance

__all__ = [
    "Certificate",
    "Code",
    "CoherenceBound",
    "ExactHullPoint",
    "Existence",
    "Phase",
    "RefinedCode",
    "batch_loss",
    "certify",
    "coherence_bound",
    "cross_entropy",
    "exact_coherence",
    "exact_nearest_hull_point",
    "exact_one_vs_rest_distance_squared",
    "extremal_code",
    "farthest_common_point",
    "hardmax_features",
    "hardmax_loss",
    "largest_distance",
    "lemma15_thresholds",
    "minimal_polynomial",
    "one_vs_rest_distance",
    "one_vs_rest_distances",
    "phase_diagram",
    "rational_code",
    "refine",
    "softmax_code",
    "spherical_code",
    "stereographic",
]
