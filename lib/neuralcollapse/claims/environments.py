"""Claims of the page `new-environments`."""

CLAIMS = ()
