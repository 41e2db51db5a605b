"""Floor 6: every statement of the book as data, with a check and a control it must reject.

`LEDGER` holds them all; a page calls ``LEDGER.check("thm-...")``, the tests check every one.
"""

from neuralcollapse.claims import collapse
from neuralcollapse.claims.claim import KINDS, Claim, Evidence, Measure, Verdict
from neuralcollapse.claims.ledger import ClaimFailedError, Ledger

LEDGER = Ledger(collapse.CLAIMS)

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
