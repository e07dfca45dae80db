"""What an auditor types and sees."""

from datetime import UTC, datetime, timedelta

import click
import orjson
import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from guardrail.audit import record
from guardrail.audit.jsonl import JsonlSink
from guardrail.cli.audit import audit
from guardrail.types import Action, Decision, Exchange, FailedCheck, Finding, Hit, Module, Outcome, Rule, Stage

KEY = b"k" * 32
DAY = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def rule(identifier, module, action, threshold=0.8, cites=()):
    return Rule(identifier, module, ("x.*",), frozenset(Stage), threshold, action, cites=cites)


def hit(kind, of, score=0.95, action=None, evidence="", text="A123456(3)"):
    span = (3, 3 + len(text)) if text else (None, None)
    finding = Finding(kind, score, *span, "detector", evidence)
    done = (of.action if of else Action.ALLOW) if action is None else action
    return Hit(finding, of, done, Stage.RESPONSE, "content", "assistant", text)


HKID = rule("hkid-out", Module.DATA_LEAKAGE, Action.BLOCK, cites=("指引 3.2", "PDPO DPP4"))
RACE = rule("race", Module.BIAS, Action.REDACT, 0.7)


def entry(identifier, day, decision, ended="completed", status=200, policy="hk@abc", model="gpt-4o"):
    exchange = Exchange(identifier, "openai_chat", "POST", "/v1/chat/completions", model, True, "app-1")
    outcome = Outcome(ended, status, 200, "", 100, 200, 12.5, ("detector",), int(status == 200 and bool(decision.hits)))
    return record.build(exchange, policy, decision, outcome, KEY, now=DAY + timedelta(days=day))


ENTRIES = [
    entry("aa01", 0, Decision()),
    entry("aa02", 1, Decision(Action.BLOCK, [hit("pii.hkid", HKID, evidence="核對數位正確")]), "blocked", 400),
    entry("ab03", 2, Decision(Action.REDACT, [hit("bias.race", RACE), hit("pii.email", None, 0.3)]), policy="eu@def"),
    entry("ac04", 3, Decision(Action.FLAG, [hit("pii.hkid", HKID, action=Action.FLAG)]), model="通义千问-馬年"),
    entry("ad05", 4, Decision(Action.BLOCK, [], [FailedCheck("bias.toxicity", "timeout after 10 s")]), "blocked", 400)
    | {"checks": ["detector", "bias.toxicity"]},
]


@pytest.fixture
def log(tmp_path):
    sink = JsonlSink(tmp_path, fsync="none")
    sink.open()
    for one in ENTRIES:
        sink.write(one)
    sink.close()
    return tmp_path


def run(directory, *arguments, status=0, **options):
    command, *rest = arguments
    result = CliRunner().invoke(audit, [command, "--audit", str(directory), *rest], **options)
    assert result.exit_code == status, result.output
    return result


def ids(result):
    return [orjson.loads(line)["id"] for line in result.stdout.splitlines()]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], "aa01 aa02 ab03 ac04 ad05"),
        (["--limit", "2"], "ac04 ad05"),
        (["--limit", "0"], "aa01 aa02 ab03 ac04 ad05"),
        (["--action", "block"], "aa02 ad05"),
        (["--action", "block", "--action", "flag"], "aa02 ac04 ad05"),
        (["--rule", "hkid-out"], "aa02 ac04"),
        (["--rule", "hk*", "--action", "block"], "aa02"),
        (["--kind", "pii.*"], "aa02 ab03 ac04"),
        (["--kind", "bias.race"], "ab03"),
        (["--policy", "eu"], "ab03"),
        (["--policy", "hk@abc"], "aa01 aa02 ac04 ad05"),
        (["--policy", "hk@abd"], ""),
        (["--since", "2026-11-22"], "ab03 ac04 ad05"),
        (["--since", "2026-11-22T08:00:00Z", "--until", "2026-11-23T08:00:00Z"], "ab03"),
        (["--since", "2026-11-22T16:00:00+08:00"], "ab03 ac04 ad05"),
        (["--since", "2026-11-22T16:00:01+08:00"], "ac04 ad05"),
        (["--since", "99999999w"], None),
        (["--since", "yesterday"], None),
        (["--limit", "-1"], None),
        (["--action", "blok"], None),
    ],
)
def test_what_is_listed(log, options, expected):
    result = run(log, "list", "--format", "jsonl", *options, status=2 if expected is None else 0)
    if expected is not None:
        assert ids(result) == expected.split()


def test_an_age_counts_from_now(tmp_path):
    sink = JsonlSink(tmp_path, fsync="none")
    sink.open()
    sink.write(ENTRIES[0] | {"id": "old", "time": "2020-01-01T00:00:00.000Z"})
    sink.write(ENTRIES[0] | {"id": "now", "time": record.timestamp()})
    sink.close()
    assert ids(run(tmp_path, "list", "--format", "jsonl", "--since", "5m")) == ["now"]
    assert ids(run(tmp_path, "list", "--format", "jsonl", "--until", "5m")) == ["old"]


def test_the_table_says_what_matters_and_aligns_with_chinese(log):
    lines = run(log, "list").stdout.splitlines()
    assert lines[1].split() == ["time", "id", "action", "rule", "kinds", "model", "status"]
    rows = {line.split()[1]: line for line in lines if "2026-11" in line}
    assert "2026-11-21T08:00:00.000Z" in rows["aa02"] and "hkid-out" in rows["aa02"] and " 400" in rows["aa02"]
    assert "bias.race, pii.email" in rows["ab03"] and "通义千问-馬年" in rows["ac04"]
    column = lines[1].index("status")
    for row in rows.values():
        status = row.rstrip()[-3:]
        assert cell_len(row[: row.rindex(status)]) == column, row


def test_colour_only_on_a_terminal(log):
    assert "\x1b" not in run(log, "list").stdout


def test_a_terminal_gets_colour(log, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[1;31mblock" in run(log, "list", color=True).stdout


def test_a_narrow_terminal_gets_an_id_that_show_takes(tmp_path, monkeypatch):
    """80 columns: nothing that must be copied is broken over lines."""
    for name, value in {"FORCE_COLOR": "1", "NO_COLOR": "1", "TERM": "xterm", "COLUMNS": "80"}.items():
        monkeypatch.setenv(name, value)
    sink = JsonlSink(tmp_path, fsync="none")
    sink.open()
    sink.write(ENTRIES[2] | {"id": "0193a5b7c9d1" + "ab" * 6})
    sink.close()
    lines = click.unstyle(run(tmp_path, "list").stdout).splitlines()
    row = next(line for line in lines if "2026-11-22T08:00:00Z  0193a5b7c9d1abab  redact" in line)
    assert row.split()[-1] == "200" and max(map(cell_len, lines)) <= 80
    assert "redact, by rule" in run(tmp_path, "show", "0193a5b7c9d1abab").stdout


def test_a_hostile_record_cannot_steer_the_terminal_or_the_markup(tmp_path):
    sink = JsonlSink(tmp_path, fsync="none")
    sink.open()
    sink.write(ENTRIES[0] | {"id": "x1", "model": "\x1b[2J[bold]m[/nope]"})
    sink.close()
    for arguments in (["list"], ["show", "x1"]):
        out = run(tmp_path, *arguments).stdout
        assert "\x1b" not in out and "[2J[bold]m[/nope]" in out


def test_json_is_one_document_and_jsonl_the_stored_lines(log):
    made = orjson.loads(run(log, "list", "--format", "json").stdout)
    stored = (log / "chain-00.jsonl").read_bytes()
    assert [one["id"] for one in made] == [one["id"] for one in ENTRIES]
    assert run(log, "list", "--format", "jsonl").stdout_bytes == stored


def test_an_empty_answer_is_no_error(log):
    result = run(log, "list", "--rule", "none")
    assert result.stdout == "" and "No records" in result.stderr
    assert orjson.loads(run(log, "list", "--rule", "none", "--format", "json").stdout) == []


def test_what_happened_to_the_log_itself_is_listed(log):
    with (log / "chain-00.jsonl").open("ab") as file:
        file.write(b"torn")
    assert "chain-00.jsonl:6" in run(log, "list").stderr
    sink = JsonlSink(log, fsync="none")
    sink.open()
    sink.close()
    assert "torn_tail_set_aside" in run(log, "list").stdout
    assert "torn_tail_set_aside" not in run(log, "list", "--action", "allow").stdout


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        (
            "aa02",
            [
                "Decision: block, by rule `hkid-out` of policy hk@abc.",
                "The answer was withheld; the client got status 400; the upstream answered 200",
                "pii.hkid at characters 3 to 13 (10 long) of the response, channel content, role assistant",
                "Score 0.95 against threshold 0.8 of rule `hkid-out` (data_leakage), which asks for block",
                "核對數位正確",
                "Clauses: 指引 3.2; PDPO DPP4",
                "as number 2; its own hash holds",
            ],
        ),
        ("ab", ["Decision: redact, by rule `race`", "Score 0.3: no rule fired on it", "1 edit made"]),
        ("ac", ["which asks for block; lowered to flag, as the policy only monitors"]),
        ("ad", ["did not pass: bias.toxicity (timeout after 10 s)", "because checks did not run", "ran: detector\n"]),
        ("aa01", ["Decision: allow.  No rule", "Checks that ran: detector"]),
    ],
)
def test_a_record_in_words(log, identifier, expected):
    out = run(log, "show", identifier).stdout
    assert [one for one in expected if one not in out] == []
    assert "A123456(3)" not in out


def test_show_as_json(log):
    assert orjson.loads(run(log, "show", "aa02", "--json").stdout)["seq"] == 2


@pytest.mark.parametrize(
    ("identifier", "message"),
    [("a", "fits 5 records: aa01, aa02, ab03"), ("zz", "no record in"), ("", "fits every record")],
)
def test_an_id_that_fits_none_or_several(log, identifier, message):
    result = run(log, "show", identifier, status=2)
    assert message in result.stderr and result.stdout == ""


def test_an_edited_record_says_so(log):
    path = log / "chain-00.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"status":400', b'"status":200', 1))
    assert "this line was edited" in run(log, "show", "aa02").stdout


def test_verify_a_good_log(log):
    out = run(log, "verify").stdout
    assert "chain-00: good, 5 records in 1 file, head 5:" in out and "Only a head noted elsewhere" in out


def test_verify_names_the_line(log):
    path = log / "chain-00.jsonl"
    path.write_bytes(path.read_bytes().replace(b"ab03", b"ab99"))
    result = run(log, "verify", status=1)
    assert f"{path}:3: was edited" in result.stderr and "good up to the line below, 2 records" in result.stdout


def test_verify_with_a_head(log):
    path = log / "chain-00.jsonl"
    head = run(log, "verify").stdout.split("head ")[1].split()[0]
    assert f"found at {path}:5, 0 records after it" in run(log, "verify", "--head", head).stdout
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:4]))
    assert "chain-00: good" in run(log, "verify").stdout
    assert "NOT FOUND" in run(log, "verify", "--head", head, status=1).stdout


@pytest.mark.parametrize("command", [["list"], ["show", "aa01"], ["verify"]])
def test_a_directory_without_a_log_is_an_error_with_the_cure(tmp_path, command):
    for directory in (tmp_path, tmp_path / "none"):
        result = run(directory, *command, status=2)
        assert "--audit or GUARDRAIL_AUDIT" in result.stderr and "Traceback" not in result.stderr


def test_a_malformed_head_is_an_error(log):
    assert "SEQ:HASH" in run(log, "verify", "--head", "5:abc", status=2).stderr


def test_the_directory_comes_from_the_environment(log):
    result = CliRunner().invoke(audit, ["list", "--format", "jsonl"], env={"GUARDRAIL_AUDIT": str(log)})
    assert len(ids(result)) == 5
