"""Framing and byte-exact edits: what a body is made of, whoever sent it."""
