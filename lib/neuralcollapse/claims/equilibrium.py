"""Statements of the page *Equilibrium models*."""

CLAIMS = ()
