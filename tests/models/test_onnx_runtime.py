"""The library that runs the networks must keep quiet: guardrail talks to nobody but its upstream."""

import os
import subprocess
import sys

import pytest

from guardrail.detectors.bias.detoxify_torch import import_library
from guardrail.models.runtime import QUIET

pytest.importorskip("onnxruntime", reason="needs the extra `models`")


def test_it_is_loaded_with_its_reports_switched_off_and_leaves_nothing(tmp_path):
    """What sends reports keeps a session in the directory for temporary files."""
    script = (
        "import os; from guardrail.detectors.bias.toxicity import EmbeddedToxicity; from guardrail.types import Context;"
        "d = EmbeddedToxicity(); d.load(); d.detect(['All immigrants are parasites.'], Context());"
        f"print(all(os.environ[name] == '1' for name in {list(QUIET)}), d.readers)"
    )
    home = {"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path), "HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=home, check=True)
    assert done.stdout.strip() == "True 2"
    assert list(tmp_path.rglob("*")) == []


def test_detoxify_loads_it_through_the_same_door(monkeypatch):
    for name in QUIET:
        monkeypatch.delenv(name, raising=False)
    import_library("onnxruntime")
    assert {name: os.environ[name] for name in QUIET} == QUIET
