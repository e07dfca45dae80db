"""What a shell sees of a command: a script that asks `guardrail audit verify` acts on nothing but its exit status."""

import sys

import pytest

from guardrail.cli.main import main


def status(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["guardrail", *map(str, arguments)])
    with pytest.raises(SystemExit) as left:
        main()
    return left.value.code or 0


def test_a_log_that_does_not_hold_is_status_1(monkeypatch, tmp_path):
    (tmp_path / "chain-00.jsonl").write_text('{"edited": true}\n')
    assert status(monkeypatch, "audit", "verify", "--audit", tmp_path) == 1


def test_what_cannot_be_done_is_status_2_and_what_was_asked_for_0(monkeypatch, tmp_path):
    assert status(monkeypatch, "audit", "verify", "--audit", tmp_path / "missing") == 2
    assert status(monkeypatch, "audit", "veryfy") == 2
    assert status(monkeypatch, "fingerprint", "list", "--store", tmp_path / "missing", "--key", tmp_path / "none") == 2
    assert status(monkeypatch, "--version") == 0
    assert status(monkeypatch, "policy", "schema") == 0
