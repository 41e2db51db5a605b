"""Claims of the page codes/symmetrisation."""

PAGE = "codes/symmetrisation"

CLAIMS = ()
