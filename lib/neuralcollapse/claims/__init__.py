"""Floor 6: every statement of the book as data, with a check and a control it must reject.

`LEDGER` holds them all; a page calls ``LEDGER.check("thm-...")``, the tests check every one.
"""

from neuralcollapse.claims import (
    atlas,
    clock,
    collapse,
    depth,
    duality,
    environments,
    equality,
    equilibrium,
    gradients,
    language,
    locking,
    long_tails,
    peeled,
    phases,
    polygon,
    rankin,
    ranks,
    regression,
    smoothness,
    softmax_codes,
    symmetrisation,
    temperature,
    two_codes,
    unconstrained,
    which_metric,
    your_network,
)
from neuralcollapse.claims.claim import KINDS, Claim, Evidence, Measure, Verdict
from neuralcollapse.claims.ledger import ClaimFailedError, Ledger

_CHAPTERS = (
    collapse,
    unconstrained,
    depth,
    gradients,
    smoothness,
    equilibrium,
    language,
    regression,
    peeled,
    long_tails,
    environments,
    which_metric,
    your_network,
    softmax_codes,
    rankin,
    equality,
    duality,
    temperature,
    phases,
    symmetrisation,
    atlas,
    two_codes,
    polygon,
    locking,
    clock,
    ranks,
)
LEDGER = Ledger(claim for chapter in _CHAPTERS for claim in chapter.CLAIMS)

__all__ = [
    "KINDS",
    "LEDGER",
    "Claim",
    "ClaimFailedError",
    "Evidence",
    "Ledger",
    "Measure",
    "Verdict",
]
