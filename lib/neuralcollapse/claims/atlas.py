"""Claims of the page codes/atlas."""

PAGE = "codes/atlas"

CLAIMS = ()
