"""Cyclic structure of a code: characters, circles, angles, phases and when they lock.

Tables are real, of shape (num_classes, dimension), one row a residue modulo K in the order of the
labels; complex coordinates z are passed as `numpy.hstack([z.real, z.imag])`.

=========  ================================================================================
spectrum   `fourier_energy`, `character_fraction`, `leading_frequencies`, `is_faithful`
plane      `participation_ratio`, `plane_energy`, `radius_variation`, `circularity`
angles     `gap_deviation` (any order), `character_coherence` (in order)
layers     `phase_alignment_error`, `clock_alignment_error`, `off_plane_fraction`
training   `locking_time`
=========  ================================================================================

`measure_cyclic` calls them all.
"""

from neuralcollapse.geometry.cyclic.angles import character_coherence, gap_deviation, plane_angles
from neuralcollapse.geometry.cyclic.characters import (
    character_fraction,
    characters,
    fourier_energy,
    is_faithful,
    leading_frequencies,
)
from neuralcollapse.geometry.cyclic.locking import locking_time
from neuralcollapse.geometry.cyclic.phases import clock_alignment_error, phase_alignment_error
from neuralcollapse.geometry.cyclic.plane import (
    circularity,
    off_plane_fraction,
    plane_coordinates,
    plane_energy,
    radius_variation,
)
from neuralcollapse.geometry.cyclic.report import CyclicReport, measure_cyclic
from neuralcollapse.geometry.gram import participation_ratio

__all__ = [
    "CyclicReport",
    "character_coherence",
    "character_fraction",
    "characters",
    "circularity",
    "clock_alignment_error",
    "fourier_energy",
    "gap_deviation",
    "is_faithful",
    "leading_frequencies",
    "locking_time",
    "measure_cyclic",
    "off_plane_fraction",
    "participation_ratio",
    "phase_alignment_error",
    "plane_angles",
    "plane_coordinates",
    "plane_energy",
    "radius_variation",
]
