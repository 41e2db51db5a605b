"""Statements of the page *How many dimensions does the optimum want?*."""

CLAIMS = ()
