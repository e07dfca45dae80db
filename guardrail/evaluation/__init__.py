"""Measuring: sets of texts with known answers, the figures that come of them, and the goals they are held against."""
