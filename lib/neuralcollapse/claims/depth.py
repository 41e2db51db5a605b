"""Statements of the page *Depth prefers low rank*."""

CLAIMS = ()
