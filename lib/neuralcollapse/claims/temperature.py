"""Claims of the page codes/temperature."""

PAGE = "codes/temperature"

CLAIMS = ()
