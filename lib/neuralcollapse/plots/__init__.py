"""Floor 7: one style; each function takes results and returns a `Plot`, a figure with alt text.

Nothing here computes a result: projections for the eye are the only arithmetic.
"""

from neuralcollapse.plots.collapse import (
    class_plane,
    cosine_matrices,
    seed_curves,
    simplex_shadow,
)
from neuralcollapse.plots.duality import duality_angles, planar_features, rattler_room
from neuralcollapse.plots.orthoplex import (
    batch_matrices,
    code_graphs,
    coherence_plateau,
    gap_triangle,
)
from neuralcollapse.plots.page import Plot, publish
from neuralcollapse.plots.style import COLORS, DASHES, axes_grid

__all__ = [
    "COLORS",
    "DASHES",
    "Plot",
    "axes_grid",
    "batch_matrices",
    "class_plane",
    "code_graphs",
    "coherence_plateau",
    "cosine_matrices",
    "duality_angles",
    "gap_triangle",
    "planar_features",
    "publish",
    "rattler_room",
    "seed_curves",
    "simplex_shadow",
]
