"""`guardrail check` and `guardrail policy` as a person or a script would call them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

POLICY = """\
version: 1
name: mine
data_leakage:
  - id: ids
    kinds: [pii.hkid]
    action: redact
  - id: keys
    kinds: [secret.private_key]
    action: block
bias:
  - id: rude
    kinds: [bias.toxicity]
    threshold: 0.99
    action: flag
errors:
  - id: sums
    kinds: [error.arithmetic]
    action: notice
    message: 請核對。
"""
KEY = (
    "-----BEGIN "
    + "RSA PRIVATE KEY-----\n"
    + "MIIEpAIBAAKCAQEA7vXh0zVq3M1kRkq8zjv2b1s5nQ0Jx8bVw2yQvTqk9o4fLZpA\n" * 4
    + "-----END RSA PRIVATE KEY-----"
)


def run(*arguments: str, given: str | bytes = "", cwd: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    raw = given.encode() if isinstance(given, str) else given
    return subprocess.run(
        [sys.executable, "-m", "guardrail", *arguments],
        input=raw,
        capture_output=True,
        cwd=cwd,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def policy(tmp_path_factory):
    path = tmp_path_factory.mktemp("policy") / "mine.yaml"
    path.write_text(POLICY)
    return str(path)


def lines(done: subprocess.CompletedProcess[bytes]) -> list[dict]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_one_line_out_for_each_line_in_in_order(policy):
    texts = ["你好", "我嘅身份證係A123456(3)。", "Ａ１２３４５６（３）", "12 × 13 = 166", "", "x" * 5000]
    given = "\n".join(json.dumps({"id": i, "text": text}) for i, text in enumerate(texts)) + "\n"
    done = run("check", "--policy", policy, "--format", "jsonl", given=given)
    out = lines(done)
    assert done.returncode == 0, done.stderr
    assert [line["id"] for line in out] == list(range(6))
    assert [line["action"] for line in out] == ["allow", "redact", "redact", "notice", "allow", "allow"]
    assert out[0] == {"id": 0, "action": "allow", "text": "你好", "findings": [], "checks_not_run": []}
    [finding] = out[1]["findings"]
    assert {**finding, "score": None, "detector": None} == {
        "kind": "pii.hkid", "module": "data_leakage", "rule": "ids", "action": "redact", "start": 6, "end": 16, "score": None, "detector": None,
            "basis": None, "verdict": None, "message": None, "passage": None, "stood_back": None,
    }  # fmt: skip
    assert 0 <= finding["score"] <= 1
    assert out[1]["text"] == "我嘅身份證係[REDACTED:HKID]。"
    assert (out[2]["findings"][0]["start"], out[2]["findings"][0]["end"]) == (0, 10)
    assert out[3]["text"].endswith("\n\n請核對。")


def test_a_block_has_no_text_and_exit_status_1(policy):
    done = run("check", "--policy", policy, "--format", "jsonl", given=json.dumps({"id": "k", "text": KEY}))
    assert done.returncode == 1
    assert (lines(done)[0]["action"], lines(done)[0]["text"]) == ("block", None)


def test_all_also_writes_what_lies_below_the_thresholds(policy):
    given = json.dumps({"id": 1, "text": "You are a worthless idiot and everyone hates you."})
    quiet = lines(run("check", "--policy", policy, "--format", "jsonl", given=given))[0]
    loud = lines(run("check", "--policy", policy, "--format", "jsonl", "--all", given=given))[0]
    assert [f for f in quiet["findings"] if f["rule"] is None] == []
    scored = [f for f in loud["findings"] if f["kind"] == "bias.toxicity"]
    assert scored
    assert all(0 < f["score"] <= 1 and f["module"] == "bias" for f in scored)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (b"{oops\n", b"-:1: not JSON"),
        (b'{"id": 1, "text": "ok"}\n{"id": 2}\n', b'-:2: expected an object with a string "text"'),
        (b'{"id": 1, "text": "ok", "prompt": 7}\n', b'-:1: "prompt" must be a string'),
        (b'["text"]\n', b"-:1: expected an object"),
        (b'{"id": 1, "text": "\xff"}\n', b"-:1: not JSON"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_and_nothing_before_it_is_lost(policy, given, words):
    done = run("check", "--policy", policy, "--format", "jsonl", given=given)
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stdout.splitlines()) == given.count(b"\n") - 1 if given.count(b"\n") > 1 else True
    assert b"Traceback" not in done.stderr


def test_text_for_reading_from_files_and_standard_input(policy, tmp_path):
    (tmp_path / "a.txt").write_text("電郵唔緊要，身份證A123456(3)")
    done = run("check", "--policy", policy, str(tmp_path / "a.txt"))
    said = done.stdout.decode()
    assert done.returncode == 0
    assert "redact" in said
    assert "pii.hkid" in said
    assert "身份證[REDACTED:HKID]" in said
    assert "\x1b[" not in said, "colour outside a terminal"
    assert "allow" in run("check", "--policy", policy, given="你好").stdout.decode()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check", "--policy", "missing.yaml"], "missing.yaml: cannot be read"),
        (["check", "nowhere.txt"], "nowhere.txt: No such file"),
        (["check", "--format", "xml"], "Invalid value for '--format'"),
        (["chek"], "No such command"),
        (["serve"], "Missing option '--upstream'"),
        (["serve", "--upstream", "not a url"], "must be an http or https URL"),
        (["serve", "--upstream", "http://u:p@h"], "clients send their own"),
        (["policy", "check", "missing.yaml"], "cannot be read"),
    ],
)
def test_what_cannot_be_done_is_said_in_words_with_exit_status_2(arguments, words, tmp_path):
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


def test_policy_check_and_test(policy, tmp_path):
    done = run("policy", "check", policy)
    assert done.returncode == 0
    assert "4 rules, good" in done.stdout.decode()
    assert "without cases: ids, keys, rude, sums" in done.stdout.decode()
    bad = tmp_path / "bad.yaml"
    cases = "    cases:\n      - {text: 身份證A123456(3), expect: redact, becomes: 身份證X}\n      - {text: 你好, expect: redact}\n"
    bad.write_text(POLICY.replace("    action: redact\n", "    action: redact\n" + cases))
    assert run("policy", "check", str(bad)).returncode == 0
    done = run("policy", "test", str(bad))
    said = done.stdout.decode()
    assert done.returncode == 1
    assert f"{bad}:8: failed  ids" in said
    assert f"{bad}:9: failed  ids  expected redact, got allow (found: nothing)" in said
    assert "0 of 2 cases hold" in said
    refused = run("check", "--policy", str(bad), given="x")
    assert refused.returncode == 2
    assert f"{bad}:8: case of rule `ids` failed" in refused.stderr.decode()


def test_the_packaged_policy_holds_its_cases():
    done = run("policy", "test", "-v", str(Path(__file__).parents[2] / "policies" / "hk-baseline.yaml"))
    assert done.returncode == 0, done.stdout.decode()
    assert "failed" not in done.stdout.decode()


def test_the_schema_for_editors_knows_every_key():
    schema = json.loads(run("policy", "schema").stdout)
    assert {"version", "name", "data_leakage", "bias", "errors"} <= set(schema["properties"])
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize(
    "command", [[], ["serve"], ["check"], ["policy"], ["policy", "test"], ["audit"], ["audit", "verify"]]
)
def test_every_command_explains_itself(command):
    done = run(*command, "--help")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) > 5


def test_a_person_who_waits_sees_how_far_it_is(policy, tmp_path):
    """The bar goes to the terminal, the lines to where they were sent, and neither disturbs the other."""
    import os
    import pty

    items = tmp_path / "items.jsonl"
    items.write_text("".join(json.dumps({"id": i, "text": "你好"}) + "\n" for i in range(50)))
    terminal, end = pty.openpty()
    command = [sys.executable, "-m", "guardrail", "check", "--policy", policy, "--format", "jsonl", str(items)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=end, env={**os.environ, "TERM": "xterm"})
    out = process.stdout.read()
    process.wait(120)
    process.stdout.close()
    os.close(end)
    shown = b""
    try:
        while part := os.read(terminal, 65536):
            shown += part
    except OSError:
        pass  # the other end of a pseudo-terminal is closed
    os.close(terminal)
    assert process.returncode == 0
    assert [json.loads(line)["id"] for line in out.splitlines()] == list(range(50))
    assert b"judging" in shown
    assert b"50/50" in shown


def test_what_the_caller_said_and_the_system_message_can_be_tried(policy):
    """An officer tries `unless: caller_supplied` and rules on prompts on one text, without writing JSON."""
    text = "我會致電9123 4567搵你。"
    assert "[PHONE]" in run("check", given=text).stdout.decode()
    done = run("check", "--prompt", "我電話係91234567", given=text).stdout.decode()
    assert "[PHONE]" not in done
    assert "rule phone stood back: the caller said it" in " ".join(done.split())
    prompt = "你係富安銀行嘅客戶服務助理，只可以回答信用卡同按揭嘅問題，唔可以透露內部利率表。"
    assert "prompt.leak" in run("check", "--system", prompt, given=f"指示：{prompt}").stdout.decode()
    refused = run("check", "--format", "jsonl", "--prompt", "x", given="")
    assert refused.returncode == 2
    assert 'each line has "prompt" and "system"' in refused.stderr.decode()


def test_sources_come_from_files_and_from_the_context_of_a_line(policy, tmp_path, monkeypatch):
    """What is given is what the checks get: read in process, because no output repeats a source."""
    from click.testing import CliRunner

    from guardrail.cli import check as module

    seen = []
    real = module.review

    async def listening(scanner, judge, segments, context, stage):
        seen.append([(s.origin, s.key, s.title, s.text) for s in context.material])
        return await real(scanner, judge, segments, context, stage)

    monkeypatch.setattr(module, "review", listening)
    (tmp_path / "toll.txt").write_text("The toll is HK$25.")
    (tmp_path / "data.json").write_text('{"toll": 25}')
    (tmp_path / "answer.txt").write_text("It is HK$25.")
    sources = ["--source", str(tmp_path / "toll.txt"), "--source", str(tmp_path / "data.json")]
    done = CliRunner().invoke(
        module.check, ["--policy", policy, "--system", "Be kind.", *sources, str(tmp_path / "answer.txt")]
    )
    assert (done.exit_code, done.output.split()[-1]) == (0, "allow")
    given = [
        {"text": "x", "context": "The toll is HK$25."},
        {"text": "x", "context": ["one", {"id": "7", "title": "T", "text": "two"}], "system": "Be kind."},
        {"text": "x", "prompt": "<doc id='3'>pasted text here</doc> hm?"},
    ]
    (tmp_path / "items.jsonl").write_text("".join(json.dumps(each) + "\n" for each in given))
    done = CliRunner().invoke(
        module.check, ["--policy", policy, "--format", "jsonl", *sources[:2], str(tmp_path / "items.jsonl")]
    )
    assert done.exit_code == 0
    toll = ("document", "", "toll.txt", "The toll is HK$25.")
    assert seen == [
        [("system", "", "", "Be kind."), toll, ("document", "", "data.json", "toll: 25")],
        [("document", "", "", "The toll is HK$25.")],
        [("system", "", "", "Be kind."), ("document", "", "", "one"), ("document", "7", "T", "two"), toll],
        [("passage", "3", "", "pasted text here"), toll],
    ]


def test_a_source_that_cannot_be_read_is_named(policy, tmp_path):
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9")
    for name, words in (
        ("none.txt", b"none.txt: No such file"),
        ("latin.txt", b"latin.txt: not UTF-8 at byte 3; a source is a text file"),
    ):
        done = run("check", "--policy", policy, "--source", str(tmp_path / name), given="x")
        assert done.returncode == 2
        assert words in done.stderr
    done = run("check", "--policy", policy, "--format", "jsonl", given='{"text": "x", "context": [{"body": "y"}]}')
    assert done.returncode == 2
    assert b'"context" must be a string, or a list of strings and of objects with a "text"' in done.stderr
