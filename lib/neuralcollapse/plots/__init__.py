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
from neuralcollapse.plots.phases import overtaking, phase_map, phase_strips
from neuralcollapse.plots.style import COLORS, DASHES, axes_grid
from neuralcollapse.plots.temperature import (
    bends,
    excess_losses,
    gram_matrices,
    threshold_curves,
)

__all__ = [
    "COLORS",
    "DASHES",
    "Plot",
    "axes_grid",
    "bends",
    "class_plane",
    "cosine_matrices",
    "overtaking",
    "phase_map",
    "phase_strips",
    "excess_losses",
    "gram_matrices",
    "publish",
    "seed_curves",
    "simplex_shadow",
    "threshold_curves",
]
