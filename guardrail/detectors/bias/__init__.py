"""Bias: toxicity and hate."""
