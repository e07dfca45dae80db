"""ONNX Runtime, through one door: with its telemetry off before anything of it is loaded.

Rule: guardrail talks to nobody but its upstream.  Releases of ONNX Runtime from 1.29 on report their use to their
maker unless a variable says otherwise when they are first imported; pyproject.toml stays below them, and on a machine
that has a newer one all the same the variable is set here.  Source: its Privacy.md; microsoft/onnxruntime pull request
27379.
"""

import importlib
import os
from typing import Any

QUIET = {"ORT_DISABLE_TELEMETRY": "1", "ORT_TELEMETRY_DISABLED": "1"}
"""The variable had the second name in the first releases that read it."""


def onnxruntime(module: str = "onnxruntime") -> Any:
    """The library, or a module of it.  Raises ImportError where the extra is not installed."""
    os.environ.update(QUIET)
    return importlib.import_module(module)
