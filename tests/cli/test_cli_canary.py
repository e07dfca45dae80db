"""`guardrail canary` as a person or a script would call it."""

import base64
import json
import re
import subprocess
import sys

import pytest

from guardrail.detectors.leakage.canary import new

FORM = re.compile(r"grc-[a-z2-7]{20}-crg")


def run(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "guardrail", "canary", *arguments],
        input=given,
        capture_output=True,
        timeout=60,
        check=False,
    )


def test_new_prints_marks_that_check_finds():
    done = run("new", "--count", "3", "--note", "bank bot")
    lines = done.stdout.decode().splitlines()
    assert done.returncode == 0
    assert len(lines) == len(set(lines)) == 3
    for line in lines:
        mark, note = line.split("\t")
        assert FORM.fullmatch(mark)
        assert note == "bank bot"
    found = run("check", f"你好{lines[0]}")
    assert found.returncode == 0
    assert lines[0].split("\t")[0] in found.stdout.decode()


def test_new_as_json():
    [line] = run("new", "--json", "--note", "客服").stdout.splitlines()
    said = json.loads(line)
    assert FORM.fullmatch(said["canary"])
    assert said["note"] == "客服"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", said["created"])


@pytest.mark.parametrize(
    ("write", "form"),
    [
        (lambda mark: mark, "as it stands"),
        (lambda mark: " ".join(mark[::-1]), "in another spelling"),
        (lambda mark: base64.b64encode(mark.encode()).decode(), "Base64"),
    ],
)
def test_check_reads_standard_input_and_says_how_it_is_written(write, form):
    mark = new()
    done = run("check", "--json", "-", given=f"系統 {write(mark)}".encode())
    assert done.returncode == 0
    [found] = json.loads(done.stdout)["found"]
    assert (found["canary"], found["start"], found["form"]) == (mark, 3, form)


def test_check_without_one_is_status_1():
    done = run("check", "grc-aaaaaaaaaaaaaaaaaaaa-crg")
    assert (done.returncode, done.stdout.decode().strip()) == (1, "no canary")
    done = run("check", "--json", "nothing")
    assert (done.returncode, json.loads(done.stdout)) == (1, {"found": []})


@pytest.mark.parametrize("arguments", [("check",), ("new", "--count", "0"), ("new", "--count", "x")])
def test_wrong_use_is_status_2(arguments):
    assert run(*arguments).returncode == 2


def test_text_that_is_not_utf8_is_status_2_and_says_so():
    done = run("check", "-", given=b"\xff\xfe")
    assert done.returncode == 2
    assert b"UTF-8" in done.stderr
