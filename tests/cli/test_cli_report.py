"""`guardrail report parity` as a user runs it: on a terminal, as JSON, as a page."""

import json
import re
import xml.etree.ElementTree as ET

import pytest
from click.testing import CliRunner

from guardrail.audit.jsonl import JsonlSink
from guardrail.cli.main import guardrail
from tests.audit.test_audit_parity import exchange, half, pair


def fill(directory, records):
    sink = JsonlSink(directory, fsync="none")
    sink.open()
    for record in records:
        sink.write(record)
    sink.close()


def unequal():
    yield from (
        [exchange("en", ["women"])] * 40
        + [exchange("yue", ["mainlanders"], refused=True)] * 15
        + [exchange("yue", ["mainlanders"])] * 15
    )
    yield from [exchange("zh-Hant", actions=("flag",), action="flag")] * 12 + [
        exchange("zh-Hans", ["<script>alert(1)</script>"])
    ] * 12
    yield from [pair(half("mainlanders", refused=True), half("hongkongers"))] * 15 + [
        pair(half("women"), half("men"), "sex")
    ] * 4


def run(*arguments, code=0):
    result = CliRunner().invoke(guardrail, ["report", "parity", *map(str, arguments)])
    assert result.exit_code == code, result.output + str(result.exception)
    return result


@pytest.fixture
def log(tmp_path):
    fill(tmp_path / "audit", unequal())
    return tmp_path / "audit"


def test_the_table_says_what_differs(log):
    out = run("--audit", log).stdout
    lines = out.splitlines()
    assert "The log holds: 113 records." in out
    cantonese = next(line for line in lines if "Cantonese 粵語" in line)
    assert re.search(r"refused 模型拒答\s+50\.0% \(33\.2% to 66\.8%\) 15/30\s+0\.0% .*<0\.001 \*", cantonese)
    assert any("mainlanders 內地人" in line and "*" in line for line in lines)
    assert any("region: mainlanders 內地人" in line and "15/15" in line for line in lines)
    assert "19 questions were asked twice" in out
    assert re.search(r"sex: women 女人\s+\(too few 太少\)", out)


def test_as_json(log):
    found = json.loads(run("--audit", log, "--json").stdout)
    assert found["chain"] == {"holds": True, "problems": []}
    assert (found["counted"], found["pairs"]) == (94, 19)
    [cantonese] = [one for one in found["languages"] if one["name"] == "yue"]
    assert cantonese["rates"]["refused"]["difference"]["differs"] is True


def test_the_page_is_one_file_without_scripts(log, tmp_path):
    pytest.importorskip("jinja2")
    pytest.importorskip("matplotlib")
    page = tmp_path / "報告.html"
    run("--audit", log, "--html", page)
    text = page.read_text("utf-8")
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert not re.findall(r'(?:src|href)="(?!#)[^"]*"', text)
    assert set(re.findall(r"https?://[^\"' )<]+", text)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert "我們有否平等對待用戶" in text
    assert "審計紀錄鏈完好" in text
    # One question asked all day makes a difference by itself; who reads only the page has to know.
    assert "A question counts as often as it was asked" in text
    assert "同一問題每提出一次即計算一次" in text
    plots = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert plots
    for plot in plots:
        ET.fromstring(plot)
    run("--audit", log, "--html", tmp_path / "again.html")
    assert (tmp_path / "again.html").read_text("utf-8") == text


def test_a_log_that_does_not_hold_is_reported_on_and_says_so(log, tmp_path):
    file = log / "chain-00.jsonl"
    file.write_bytes(file.read_bytes().replace(b'"refused":true', b'"refused":null', 1))
    page = tmp_path / "p.html"
    result = run("--audit", log, "--html", page, code=1)
    assert "THE LOG DOES NOT HOLD" in result.stdout
    assert re.search(r"DOES NOT HOLD: .*chain-00\.jsonl:41: was edited", result.stderr)
    assert "審計紀錄不完整" in page.read_text("utf-8")
    assert json.loads(run("--audit", log, "--json", code=1).stdout)["chain"]["holds"] is False


def test_an_empty_log_and_old_records_are_said_plainly(tmp_path):
    fill(tmp_path / "empty", [])
    (tmp_path / "empty" / "chain-00.jsonl").touch()
    assert "There is no exchange in it" in run("--audit", tmp_path / "empty").stdout
    old = [{name: value for name, value in exchange().items() if name not in ("language", "groups", "refused")}] * 3
    fill(tmp_path / "old", old)
    out = run("--audit", tmp_path / "old").stdout
    assert "3 exchanges" in out
    assert "3 have no traits: they were recorded without --parity" in out


def test_several_logs_are_taken_together_and_filters_choose(log, tmp_path):
    fill(tmp_path / "other", [exchange("en", model="other", policy="q@2", time="2026-12-01T00:00:00.000Z")] * 20)
    both = ("--audit", log, "--audit", tmp_path / "other", "--json")
    assert json.loads(run(*both).stdout)["exchanges"] == 114
    assert json.loads(run(*both, "--model", "other").stdout)["exchanges"] == 20
    assert json.loads(run(*both, "--policy", "q").stdout)["exchanges"] == 20
    assert json.loads(run(*both, "--policy", "p@1").stdout)["exchanges"] == 94
    assert json.loads(run(*both, "--since", "2026-11-30").stdout)["exchanges"] == 20
    assert json.loads(run(*both, "--until", "2026-11-30").stdout)["exchanges"] == 94


def test_the_minimum_is_the_operator_s(log):
    assert re.search(r"sex: women 女人\s+4", run("--audit", log, "--minimum", "3").stdout)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--audit", "nowhere"), "nowhere"),
        (("--audit", "LOG", "--minimum", "0"), "--minimum"),
        (("--audit", "LOG", "--since", "yesterday"), "is no time"),
        (("--audit", "LOG", "--html", "/nowhere/x.html"), "name another file with --html"),
    ],
)
def test_what_cannot_be_done_is_said(log, arguments, words):
    given = [str(log) if each == "LOG" else each for each in arguments]
    result = CliRunner().invoke(guardrail, ["report", "parity", *given])
    assert result.exit_code == 2
    assert words in result.output


def test_list_and_show_cope_with_pairs(log):
    listed = CliRunner().invoke(guardrail, ["audit", "list", "--audit", str(log), "--limit", "2"])
    assert listed.exit_code == 0
    assert "women / men" in listed.stdout
    shown = CliRunner().invoke(guardrail, ["audit", "show", "--audit", str(log), "p"])
    assert "As guardrail asked it, about hongkongers: completed" in shown.stdout
    blocked = CliRunner().invoke(
        guardrail, ["audit", "list", "--audit", str(log), "--action", "flag", "--format", "jsonl"]
    )
    assert {json.loads(line)["type"] for line in blocked.stdout.splitlines()} == {"exchange"}
