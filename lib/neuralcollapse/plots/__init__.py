"""Floor 7: one style; each function takes results and returns a `Plot`, a figure with alt text.

Nothing here computes a result: projections for the eye are the only arithmetic.
"""

from neuralcollapse.plots.atlas import AtlasTable, atlas_table, coherence_curves
from neuralcollapse.plots.collapse import class_plane, cosine_matrices, seed_curves, simplex_shadow
from neuralcollapse.plots.duality import duality_angles, planar_features, rattler_room
from neuralcollapse.plots.equality import coherence_distance, radon_bounds
from neuralcollapse.plots.equilibrium import (
    class_fits,
    core_prices,
    gain_phases,
    rare_accuracies,
    residual_curves,
)
from neuralcollapse.plots.orthoplex import (
    batch_matrices,
    code_graphs,
    coherence_plateau,
    gap_triangle,
)
from neuralcollapse.plots.page import Plot, publish
from neuralcollapse.plots.phases import overtaking, phase_map, phase_strips
from neuralcollapse.plots.polyhedra import polyhedra
from neuralcollapse.plots.softmax_codes import (
    codes_over_temperature,
    feature_circle,
    sphere_filling,
)
from neuralcollapse.plots.style import COLORS, DASHES, axes_grid
from neuralcollapse.plots.symmetrisation import coherence_scatter, halfway_vectors, interlaced
from neuralcollapse.plots.temperature import bends, excess_losses, gram_matrices, threshold_curves
from neuralcollapse.plots.two_codes import (
    code_spectra,
    cost_lines,
    gap_curves,
    scaled_thresholds,
    spectrum_path,
)

__all__ = [
    "COLORS",
    "DASHES",
    "AtlasTable",
    "Plot",
    "atlas_table",
    "axes_grid",
    "batch_matrices",
    "bends",
    "class_fits",
    "class_plane",
    "code_graphs",
    "code_spectra",
    "codes_over_temperature",
    "coherence_curves",
    "coherence_distance",
    "coherence_plateau",
    "coherence_scatter",
    "core_prices",
    "cosine_matrices",
    "cost_lines",
    "duality_angles",
    "excess_losses",
    "feature_circle",
    "gain_phases",
    "gap_curves",
    "gap_triangle",
    "gram_matrices",
    "halfway_vectors",
    "interlaced",
    "overtaking",
    "phase_map",
    "phase_strips",
    "planar_features",
    "polyhedra",
    "publish",
    "radon_bounds",
    "rare_accuracies",
    "rattler_room",
    "residual_curves",
    "scaled_thresholds",
    "seed_curves",
    "simplex_shadow",
    "spectrum_path",
    "sphere_filling",
    "threshold_curves",
]
