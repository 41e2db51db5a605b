r"""Collapse with more classes than dimensions, where no simplex fits: spreads, not distances.

`moments` says which classes count, `classes` holds one number a class, `pairs` one a pair. With
centred means $m_c=\mu_c-\frac1K\sum_{c'}\mu_{c'}$, [wu2024] watch in language models how even
lengths, distances and alignments are. The $K$ classes are those with at least `minimum_count`
samples, they count alike, and every standard deviation has ddof = 0.
"""

from neuralcollapse.metrics.language.classes import agreement, duality_spread, norm_spread
from neuralcollapse.metrics.language.moments import Spread
from neuralcollapse.metrics.language.pairs import (
    PairVariability,
    hyperspherical_uniformity,
    interference,
    pair_variability,
)

__all__ = [
    "PairVariability",
    "Spread",
    "agreement",
    "duality_spread",
    "hyperspherical_uniformity",
    "interference",
    "norm_spread",
    "pair_variability",
]
