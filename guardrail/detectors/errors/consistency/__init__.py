"""Answers that contradict themselves."""
