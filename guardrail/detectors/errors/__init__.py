"""Errors: arithmetic, structure and degenerate answers."""
