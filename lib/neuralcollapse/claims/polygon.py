"""Statements of the page *Points on a circle*."""

CLAIMS = ()
