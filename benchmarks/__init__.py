"""Measurements of guardrail: what it alters, how long it holds text back, what it costs (docs/benchmarks.md)."""
