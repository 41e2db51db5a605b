"""Claims of the page `which-metric`."""

CLAIMS = ()
