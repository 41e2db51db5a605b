"""Claims of the page codes/rankin."""

PAGE = "codes/rankin"

CLAIMS = ()
