"""Statements of the page *Unconstrained features*."""

CLAIMS = ()
