"""Floor 1: reference frames, Gram matrices, hulls, subspaces and alignment, in numpy and float64.

Configurations of points are arrays of shape (num_points, dimension), one point a row.
"""

from neuralcollapse.geometry.alignment import distance_to_frame
from neuralcollapse.geometry.centres import (
    MultiCentres,
    class_aware_counts,
    logit_gain,
    multi_centres,
)
from neuralcollapse.geometry.frames import orthoplex, regular_polygon, simplex_etf
from neuralcollapse.geometry.gram import (
    coherence,
    contacts,
    effective_rank,
    gram_matrix,
    participation_ratio,
    stable_rank,
)
from neuralcollapse.geometry.hulls import HullPoint, nearest_hull_point
from neuralcollapse.geometry.polyhedra import edges, faces
from neuralcollapse.geometry.radon import RadonPartition, radon_partition
from neuralcollapse.geometry.sphere import tangent_bases
from neuralcollapse.geometry.subspaces import principal_angles

__all__ = [
    "HullPoint",
    "MultiCentres",
    "RadonPartition",
    "class_aware_counts",
    "coherence",
    "contacts",
    "distance_to_frame",
    "edges",
    "effective_rank",
    "faces",
    "gram_matrix",
    "logit_gain",
    "multi_centres",
    "nearest_hull_point",
    "orthoplex",
    "participation_ratio",
    "principal_angles",
    "radon_partition",
    "regular_polygon",
    "simplex_etf",
    "stable_rank",
    "tangent_bases",
]
