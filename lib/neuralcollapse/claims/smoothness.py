"""Statements of the page *Smoothness and transfer*."""

CLAIMS = ()
