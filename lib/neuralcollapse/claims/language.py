"""Claims of the page `language`."""

CLAIMS = ()
