"""Statements of the page *Training the clock*."""

CLAIMS = ()
