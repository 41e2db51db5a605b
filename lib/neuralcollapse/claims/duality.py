"""Claims of the page codes/self-duality."""

PAGE = "codes/self-duality"

CLAIMS = ()
