"""`guardrail eval` as a person or a script would call it."""

import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from guardrail.cli.eval import evaluate
from guardrail.errors import CheckError
from guardrail.evaluation import identifiers, judging


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "guardrail", "eval", "leakage", *arguments],
        capture_output=True,
        timeout=300,
        check=False,
        env={**os.environ, **environment},
    )


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """One run without data: what is generated is measured all the same."""
    nowhere = str(tmp_path_factory.mktemp("data") / "nowhere")
    return run(
        "--data", nowhere, "--limit", "30", "--set", "identifiers", "--set", "benign", "--set", "secrets", "--json"
    )


def test_without_data_the_generated_sets_run_and_what_is_missing_is_named(generated):
    assert generated.returncode == 0, generated.stderr
    plain = json.loads(generated.stdout)
    sections = {section["name"]: section for section in plain["sections"]}
    assert sections["identifiers"]["figures"]["tuned.recall"]["total"] > 0
    assert "nowhere" in sections["benign"]["missing"]
    assert "nowhere" in sections["secrets"]["missing"]
    assert plain["settings"]["data"].endswith("(not there)")


def test_stock_presidio_stands_beside_it(generated):
    rows = json.loads(generated.stdout)["sections"][0]["tables"][0]["rows"]
    assert {row["who"] for row in rows} == {"guardrail", "stock Presidio"}


def test_single_misses_of_the_held_out_half_are_not_told(generated):
    held = [one.text for one in identifiers.sentences(1) if one.held_out]
    listed = "\n".join(
        line
        for section in json.loads(generated.stdout)["sections"]
        for listing in section["listings"]
        for line in listing["lines"]
    )
    assert not [text for text in held if text in listed]


def test_goals_that_were_not_measured_do_not_close_the_gate_and_a_missed_one_does(tmp_path, monkeypatch):
    monkeypatch.setattr(judging, "everything", lambda **options: judging.only(["secret.private_key"]))
    (tmp_path / "secrets").mkdir()
    line = {"id": "a", "text": "nothing", "labels": {"has_secret": True, "rule": "r"}}
    (tmp_path / "secrets" / "mine.jsonl").write_text(json.dumps(line))
    arguments = ["leakage", "--data", str(tmp_path), "--set", "secrets", "--no-baseline"]
    open_gate = CliRunner().invoke(evaluate, arguments)
    assert open_gate.exit_code == 0, open_gate.output
    assert "MISSED" in open_gate.output
    assert "\x1b" not in open_gate.output
    assert CliRunner().invoke(evaluate, [*arguments, "--gate"]).exit_code == 1
    nothing = ["leakage", "--data", str(tmp_path / "none"), "--set", "benign", "--no-baseline", "--gate"]
    assert CliRunner().invoke(evaluate, nothing).exit_code == 0


def test_a_set_that_cannot_run_does_not_take_the_others_with_it(tmp_path, monkeypatch):
    def broken(**options):
        raise CheckError("model x cannot be read; reinstall guardrail")

    monkeypatch.setattr(judging, "everything", broken)
    arguments = ["leakage", "--data", str(tmp_path), "--set", "identifiers", "--set", "benign", "--no-baseline"]
    done = CliRunner().invoke(evaluate, arguments)
    assert done.exit_code == 2
    assert "failed: model x cannot be read; reinstall guardrail" in done.output
    assert "not available: no sets in" in done.output


def test_a_file_that_a_user_brings(tmp_path):
    path = tmp_path / "mine.jsonl"
    value = {"start": 3, "end": 13, "type": "pii.hkid"}
    path.write_text(
        json.dumps({"id": 1, "text": "身份證A123456(3)", "lang": "yue", "spans": [value]}, ensure_ascii=False)
    )
    done = run("--json", str(path))
    assert done.returncode == 0, done.stderr
    [section] = json.loads(done.stdout)["sections"]
    assert (section["name"], section["figures"]["recall"]["hits"]) == ("mine.jsonl", 1)


@pytest.mark.parametrize(
    ("content", "said"),
    [("{}", 'mine.jsonl:1: expected an object with a string "text"'), ("{", "mine.jsonl:1: not JSON")],
)
def test_a_file_that_cannot_be_read_is_named_with_its_line(tmp_path, content, said):
    path = tmp_path / "mine.jsonl"
    path.write_text(content)
    done = run(str(path))
    assert done.returncode == 2
    assert said in done.stderr.decode()


def test_the_place_of_the_data_may_come_from_the_environment(tmp_path):
    done = run("--set", "secrets", "--no-baseline", GUARDRAIL_DATA=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert f"no sets in {tmp_path}" in done.stdout.decode()


def test_an_unknown_set_is_answered_with_the_known_ones():
    done = run("--set", "nonsense")
    assert done.returncode == 2
    assert b"identifiers" in done.stderr
