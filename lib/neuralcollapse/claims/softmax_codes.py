"""Claims of the page codes/softmax-codes."""

PAGE = "codes/softmax-codes"

CLAIMS = ()
