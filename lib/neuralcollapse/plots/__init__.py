"""Floor 7: one style; each function takes results and returns a `Plot`, a figure with alt text.

Nothing here computes a result: projections for the eye are the only arithmetic.
"""

from neuralcollapse.plots.collapse import (
    class_plane,
    cosine_matrices,
    seed_curves,
    simplex_shadow,
)
from neuralcollapse.plots.page import Plot, publish
from neuralcollapse.plots.style import COLORS, DASHES, axes_grid
from neuralcollapse.plots.symmetrisation import (
    coherence_scatter,
    halfway_vectors,
    interlaced,
)

__all__ = [
    "COLORS",
    "DASHES",
    "Plot",
    "axes_grid",
    "class_plane",
    "coherence_scatter",
    "cosine_matrices",
    "halfway_vectors",
    "interlaced",
    "publish",
    "seed_curves",
    "simplex_shadow",
]
