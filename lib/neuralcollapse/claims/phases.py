"""Claims of the page codes/phase-diagram."""

PAGE = "codes/phase-diagram"

CLAIMS = ()
