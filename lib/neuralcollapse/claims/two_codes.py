"""Statements of the page *Two codes for K classes*."""

CLAIMS = ()
