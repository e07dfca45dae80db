"""Measurements of guardrail: what it alters, how long it holds text back, and what it costs.  See docs/benchmarks.md."""
