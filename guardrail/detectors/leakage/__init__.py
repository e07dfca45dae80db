"""Data leakage: identifiers and secrets."""
