"""Claims of the page codes/equality."""

PAGE = "codes/equality"

CLAIMS = ()
