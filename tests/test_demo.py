"""The newcomer's demo: run as a newcomer runs it, and its answers held against what guardrail finds in them."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from deploy.demo.answers import ANSWERS, BY_QUESTION, Answer

ROOT = Path(__file__).resolve().parents[1]
COMMAND = [sys.executable, "deploy/demo/run.py"]


def _environment(temporary: Path) -> dict[str, str]:
    """A wide page, so that nothing is folded, and a variable that would break a sidecar which listened to it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GUARDRAIL_", "FORCE_COLOR"))}
    return kept | {"COLUMNS": "1000", "TMPDIR": str(temporary), "GUARDRAIL_POLICY": "/nowhere.yaml", "PYTHONUTF8": "1"}


def _left_over(directory: Path) -> list[str]:
    """The command lines of processes that still name a file in `directory`, as the sidecars' do."""
    mine = os.getpid()
    found = []
    for process in psutil.process_iter(["pid", "cmdline"]):
        line = " ".join(process.info["cmdline"] or ())
        if process.info["pid"] != mine and str(directory) in line:
            found.append(line)
    return found


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def shown(place: Path) -> Iterator[subprocess.CompletedProcess[str]]:
    done = subprocess.run(
        COMMAND, cwd=ROOT, env=_environment(place), capture_output=True, text=True, encoding="utf-8", timeout=240
    )
    yield done


def _rows(output: str, title: str) -> dict[str, str]:
    """The rows of the table under `title`, each with all its lines, by question."""
    table = output[output.index(title) :]
    rows = re.split(r"^├.*$", table[: table.index("╰")], flags=re.MULTILINE)[1:]
    split = ([line.split("│")[1:-1] for line in row.splitlines() if line.startswith("│")] for row in rows)
    return {"".join(line[0].strip() for line in lines): "\n".join(map(" | ".join, lines)) for lines in split}


def test_everything_worked(shown: subprocess.CompletedProcess[str]) -> None:
    assert shown.returncode == 0, shown.stdout[-3000:] + shown.stderr
    assert shown.stderr == ""
    assert "FAILED" not in shown.stdout
    assert "\x1b" not in shown.stdout  # colour is for terminals


def test_nothing_is_left(shown: subprocess.CompletedProcess[str], place: Path) -> None:
    assert list(place.iterdir()) == []
    assert _left_over(place) == []


def test_the_table_has_every_question_and_its_rules(shown: subprocess.CompletedProcess[str]) -> None:
    rows = _rows(shown.stdout, "With policies/hk-baseline.yaml")
    assert list(rows) == [answer.question for answer in ANSWERS]
    fired = {
        "陳小明嘅身份證號碼係乜？": ("hkid", "pii.hkid", "[HKID]"),
        "怎么联系张老师？": ("phone", "pii.cn_phone", "[PHONE]"),
        "How can I reach Ms Wong?": ("email", "pii.email", "[EMAIL]", "pii.hk_phone", "[PHONE]"),
        "間房用邊張卡訂㗎？": ("payment-card", "pii.payment_card", "[CARD NUMBER]"),
        "How does the build server push?": ("secrets", "secret.github_token", "[SECRET]"),
        "部署用嘅密鑰喺邊？": ("secrets", "secret.private_key", "[SECRET]"),
        "Why was my application refused?": ("toxicity", "bias.toxicity"),
        "點解佢未覆我？": ("toxicity", "bias.toxicity"),
        "一張飛12蚊，13張幾錢？": ("arithmetic", "error.arithmetic", "12 × 13 等於 156，不是 166。"),
        "今天有什么新闻？": ("broken-answer", "error.empty"),
        "替我用登记的身份证预订会议室。": ("hkid", "pii.hkid", "[HKID]", "book_room"),
    }
    for answer in ANSWERS:
        row = rows[answer.question]
        assert answer.action in row
        for word in fired.get(answer.question, ()):
            assert word in row, (answer.question, word)
        assert (answer.question in fired) == (answer.action != "allow")
        assert "streamed: same" in row


def test_a_block_is_shown_whole_and_streamed(shown: subprocess.CompletedProcess[str]) -> None:
    rows = _rows(shown.stdout, "With deploy/demo/blocking.yaml")
    assert len(rows) == 2
    for row in rows.values():
        assert "whole: HTTP 400 content_filter" in row
        assert "(ended: content_filter)" in row
        assert "block" in row


def test_the_log_is_listed_and_verified(shown: subprocess.CompletedProcess[str]) -> None:
    listed = shown.stdout[shown.stdout.index("$ guardrail audit list") :]
    assert len(re.findall(r"^ \d{4}-\d\d-\d\dT", listed, re.MULTILINE)) == 2 * (len(ANSWERS) + 2)
    assert "The log holds" in listed
    assert "guardrail serve --upstream" in listed


def test_no_value_reaches_the_column_of_the_client(shown: subprocess.CompletedProcess[str]) -> None:
    for question, row in _rows(shown.stdout, "With policies/hk-baseline.yaml").items():
        got = "".join(line.split(" | ")[2] for line in row.splitlines())
        assert not [value for value in BY_QUESTION[question].values if value in got]


def test_stopping_it_leaves_nothing(tmp_path: Path) -> None:
    process = subprocess.Popen(
        COMMAND,
        cwd=ROOT,
        env=_environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A shell without job control starts what runs in the background deaf to Ctrl-C, and so would the demo be.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        children = _children(process.pid)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert b"nothing was left running" in output
    assert errors == b""
    assert not [child for child in children if child.is_running()]
    assert list(tmp_path.iterdir()) == []


def _children(pid: int) -> list[psutil.Process]:
    """The demo's three processes, once they are there."""
    for _ in range(600):
        found = psutil.Process(pid).children(recursive=True)
        if len(found) == 3:
            return found
        time.sleep(0.05)
    raise AssertionError("the demo did not start its processes")


@pytest.fixture(scope="module")
def judged() -> dict[str, dict[str, Any]]:
    """What `guardrail check` says of each answer, by question."""
    lines = [json.dumps({"id": answer.question, "text": answer.said}) for answer in ANSWERS]
    check = [str(Path(sys.executable).with_name("guardrail")), "check", "--format", "jsonl"]
    check += ["--policy", "policies/hk-baseline.yaml"]
    done = subprocess.run(
        check, cwd=ROOT, input="\n".join(lines), capture_output=True, text=True, encoding="utf-8", timeout=120
    )
    assert done.returncode == 0, done.stderr
    return {line["id"]: line for line in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.question)
def test_each_answer_is_what_it_says_it_is(answer: Answer, judged: dict[str, dict[str, Any]]) -> None:
    found = judged[answer.question]
    assert found["action"] == answer.action
    assert bool(answer.values) == (answer.action == "redact")
    for value in answer.values:
        assert value in answer.said
        assert value not in found["text"]
    if answer.values:
        at = {(finding["start"], finding["end"]) for finding in found["findings"]}
        assert any(answer.said[start:end] in answer.values for start, end in at)


def test_the_source_holds_no_key() -> None:
    """A scanner of repositories has nothing to report in the demo's files."""
    files = [str(path) for path in sorted((ROOT / "deploy" / "demo").glob("*.py"))]
    check = [str(Path(sys.executable).with_name("guardrail")), "check", "--format", "jsonl"]
    lines = [json.dumps({"id": path, "text": Path(path).read_text(encoding="utf-8")}) for path in files]
    done = subprocess.run(
        check, cwd=ROOT, input="\n".join(lines), capture_output=True, text=True, encoding="utf-8", timeout=120
    )
    found = [finding["kind"] for line in done.stdout.splitlines() for finding in json.loads(line)["findings"]]
    assert done.returncode == 0
    assert not [kind for kind in found if kind.startswith("secret.")]
