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
    found = run("check", "--text", f"你好{lines[0]}")
    assert found.returncode == 1
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
@pytest.mark.parametrize("arguments", [(), ("-",)])
def test_check_reads_standard_input_and_says_how_it_is_written(write, form, arguments):
    mark = new()
    done = run("check", "--json", *arguments, given=f"系統 {write(mark)}".encode())
    assert done.returncode == 1
    [found] = json.loads(done.stdout)["found"]
    assert (found["canary"], found["start"], found["form"], found["file"]) == (mark, 3, form, "")


def test_check_looks_into_files_and_never_at_their_names(tmp_path):
    marks = [new(), new()]
    for name, text in {"a.txt": f"one {marks[0]}", "b.txt": f"二{marks[1]}", f"{new()}.txt": "nothing"}.items():
        (tmp_path / name).write_text(text)
    paths = sorted(str(path) for path in tmp_path.iterdir())
    done = run("check", *paths)
    lines = done.stdout.decode().splitlines()
    assert done.returncode == 1
    assert [line.split("  ")[0] for line in lines] == [
        f"{tmp_path / name}: {mark}" for name, mark in zip(("a.txt", "b.txt"), marks, strict=True)
    ]
    told = json.loads(run("check", "--json", *paths).stdout)["found"]
    assert [(one["file"], one["canary"]) for one in told] == list(zip(paths[:2], marks, strict=True))


def test_check_without_one_is_status_0():
    done = run("check", "--text", "grc-aaaaaaaaaaaaaaaaaaaa-crg")
    assert (done.returncode, done.stdout, done.stderr.decode().strip()) == (0, b"", "no canary")
    done = run("check", "--json", given=b"nothing")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"found": []})


@pytest.mark.parametrize(
    "arguments", [("check", "--text", "a", "b.txt"), ("new", "--count", "0"), ("new", "--count", "x")]
)
def test_wrong_use_is_status_2(arguments):
    assert run(*arguments).returncode == 2


def test_what_cannot_be_looked_at_is_status_2_and_named_and_the_others_are_looked_at(tmp_path):
    done = run("check", "-", given=b"\xff\xfe")
    assert done.returncode == 2
    assert b"standard input: not UTF-8 at byte 0" in done.stderr
    (tmp_path / "a.txt").write_text(mark := new())
    done = run("check", str(tmp_path / "missing.txt"), str(tmp_path / "a.txt"), str(tmp_path))
    assert done.returncode == 2
    assert b"missing.txt: cannot be read (No such file or directory)" in done.stderr
    assert mark in done.stdout.decode()
