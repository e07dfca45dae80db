"""Embedded weights and how they are read."""
