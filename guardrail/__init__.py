"""guardrail: a sidecar that reads what a language model says before anyone else does."""

__version__ = "0.1.0"
