"""Floor 7: one style; each function takes results and returns a `Plot`, a figure with alt text.

Nothing here computes a result: projections for the eye are the only arithmetic.
"""

from neuralcollapse.plots.atlas import AtlasTable, atlas_table, coherence_curves
from neuralcollapse.plots.class_vectors import class_lengths, cosine_curves
from neuralcollapse.plots.clock import clock_circles, compression, locking_panels, threshold_panel
from neuralcollapse.plots.collapse import (
    class_cosines,
    class_plane,
    cosine_matrices,
    seed_curves,
    simplex_shadow,
)
from neuralcollapse.plots.depth import (
    cost_ratios,
    descents,
    kneser_graphs,
    layer_tables,
    rank_sweeps,
)
from neuralcollapse.plots.duality import duality_angles, planar_features, rattler_room
from neuralcollapse.plots.equality import coherence_distance, radon_bounds
from neuralcollapse.plots.equilibrium import (
    class_fits,
    core_prices,
    gain_phases,
    rare_accuracies,
    residual_curves,
)
from neuralcollapse.plots.gradients import (
    ansatz_cosines,
    layer_cosines,
    map_factors,
    recursion_curves,
    stage_curves,
)
from neuralcollapse.plots.locking import (
    embedding_circles,
    energy_curves,
    leakage_bounds,
    locking_curves,
    pair_maps,
)
from neuralcollapse.plots.orthoplex import (
    batch_matrices,
    code_graphs,
    coherence_plateau,
    gap_triangle,
)
from neuralcollapse.plots.page import Plot, publish
from neuralcollapse.plots.phases import overtaking, phase_map, phase_strips
from neuralcollapse.plots.polygon import angle_descent, bound_gaps, hessian_spectra, plan_maps
from neuralcollapse.plots.polyhedra import polyhedra
from neuralcollapse.plots.ranks import frequency_counts, ramp_loop, rank_collapse, rank_map
from neuralcollapse.plots.smoothness import (
    mean_planes,
    probe_errors,
    shot_curves,
    steps_over_pieces,
    transfer_paths,
)
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
from neuralcollapse.plots.unconstrained import free_paths, phase_curves, start_scales

__all__ = [
    "COLORS",
    "DASHES",
    "AtlasTable",
    "Plot",
    "angle_descent",
    "ansatz_cosines",
    "atlas_table",
    "axes_grid",
    "batch_matrices",
    "bends",
    "bound_gaps",
    "class_cosines",
    "class_fits",
    "class_lengths",
    "class_plane",
    "clock_circles",
    "code_graphs",
    "code_spectra",
    "codes_over_temperature",
    "coherence_curves",
    "coherence_distance",
    "coherence_plateau",
    "coherence_scatter",
    "compression",
    "core_prices",
    "cosine_curves",
    "cosine_matrices",
    "cost_lines",
    "cost_ratios",
    "descents",
    "duality_angles",
    "embedding_circles",
    "energy_curves",
    "excess_losses",
    "feature_circle",
    "free_paths",
    "frequency_counts",
    "gain_phases",
    "gap_curves",
    "gap_triangle",
    "gram_matrices",
    "halfway_vectors",
    "hessian_spectra",
    "interlaced",
    "kneser_graphs",
    "layer_cosines",
    "layer_tables",
    "leakage_bounds",
    "locking_curves",
    "locking_panels",
    "map_factors",
    "mean_planes",
    "overtaking",
    "pair_maps",
    "phase_curves",
    "phase_map",
    "phase_strips",
    "plan_maps",
    "planar_features",
    "polyhedra",
    "probe_errors",
    "publish",
    "radon_bounds",
    "ramp_loop",
    "rank_collapse",
    "rank_map",
    "rank_sweeps",
    "rare_accuracies",
    "rattler_room",
    "recursion_curves",
    "residual_curves",
    "scaled_thresholds",
    "seed_curves",
    "shot_curves",
    "simplex_shadow",
    "spectrum_path",
    "sphere_filling",
    "stage_curves",
    "start_scales",
    "steps_over_pieces",
    "threshold_curves",
    "threshold_panel",
    "transfer_paths",
]
