"""Claims of the page `long-tails`."""

CLAIMS = ()
