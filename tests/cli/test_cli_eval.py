"""`guardrail eval` as a person or a script would call it."""

import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from guardrail.cli.eval import evaluate
from guardrail.errors import CheckError
from guardrail.evaluation import brought, identifiers, judging


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
    nowhere = tmp_path_factory.mktemp("data") / "nowhere"
    nowhere.mkdir()
    return run(
        "--data", str(nowhere), "--limit", "30", "--set", "identifiers", "--set", "benign", "--set", "secrets", "--json"
    )


def test_without_data_the_generated_sets_run_and_what_is_missing_is_named(generated):
    assert generated.returncode == 0, generated.stderr
    plain = json.loads(generated.stdout)
    sections = {section["name"]: section for section in plain["sections"]}
    assert sections["identifiers"]["figures"]["tuned.recall"]["total"] > 0
    assert "nowhere" in sections["benign"]["missing"]
    assert "nowhere" in sections["secrets"]["missing"]
    assert plain["settings"]["data"].endswith("nowhere")


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


def test_a_goal_that_was_missed_or_not_measured_closes_the_gate(tmp_path, monkeypatch):
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
    nothing = ["leakage", "--data", str(tmp_path), "--set", "benign", "--no-baseline"]
    assert CliRunner().invoke(evaluate, nothing).exit_code == 0
    shut = CliRunner().invoke(evaluate, [*nothing, "--gate"])
    assert shut.exit_code == 1
    assert "the gate stays shut: benign.altered was not measured" in shut.stderr


def test_a_directory_that_is_named_must_be_there(tmp_path):
    for done in (
        run("--data", str(tmp_path / "none"), "--set", "benign"),
        run("--set", "benign", GUARDRAIL_DATA=str(tmp_path / "none")),
    ):
        assert done.returncode == 2
        assert f"{tmp_path / 'none'}: there is no such directory" in done.stderr.decode()


def test_own_files_have_no_goals_to_gate_on(tmp_path):
    (tmp_path / "mine.jsonl").write_text('{"text": "a"}')
    done = run("--gate", str(tmp_path / "mine.jsonl"))
    assert done.returncode == 2
    assert b"files of your own have none; add a --set" in done.stderr


def test_the_help_names_every_key_of_own_files():
    said = run("--help").stdout.decode()
    assert not [key for key in brought.KEYS if f" {key} " not in said]
    assert "default: the number of its line" in said


def test_what_goes_into_a_pipe_is_not_broken_at_its_columns(tmp_path):
    text = "身份證A123456(3)" + "，這是一段很長的文字" * 9 + " and 4012888888881881 too"
    (tmp_path / "mine.jsonl").write_text(
        json.dumps({"id": "the-first-one-" * 6, "text": text, "labels": {"has_pii": False}})
    )
    done = run("--no-baseline", str(tmp_path / "mine.jsonl"), COLUMNS="40")
    said = done.stdout.decode()
    assert done.returncode == 0, done.stderr
    assert f"  {'the-first-one-' * 6}: pii.hkid: '身份證[pii.hkid, 10 characters]" in said
    assert "\nFindings from a score of 0.6 on\n" in said
    assert "\ndata " in said and "seed 1, limit none, baseline none\n" in said
    assert all(line.startswith("|") and line.endswith("|") for line in said.splitlines() if "|" in line)


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
    (table,) = [table["rows"] for table in section["tables"] if table["title"] == "Figures"]
    assert {row["figure"] for row in table if row["stock Presidio"] is not None} == {"recall", "precision", "f1"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{}", 'mine.jsonl:1: expected an object with a string "text"'),
        ("{", "mine.jsonl:1: not JSON"),
        ("\n", "mine.jsonl: there is no text in it"),
        ('{"text": "a", "span": []}', "mine.jsonl:1: there is no key `span`; did you mean `spans`?"),
    ],
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
