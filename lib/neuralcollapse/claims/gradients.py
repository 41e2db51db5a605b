"""Statements of the page *Gradients make features*."""

CLAIMS = ()
