"""Statements of the page *Locking and phase alignment*."""

CLAIMS = ()
