"""Claims of the page `regression`."""

CLAIMS = ()
