"""A reader copies code out of an answer: what cannot run must be told, and a fragment must not be taken for a mistake."""

import subprocess
import sys
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrail.detectors.errors.structure.code_blocks import BUDGET, CodeBlocks
from guardrail.detectors.errors.structure.fences import read
from guardrail.detectors.errors.structure.languages import LONGEST, READERS, fault
from guardrail.detectors.protocol import Configurable, Detector, Options, Staged
from guardrail.types import Context, Finding, Stage

ANSWER = Context()


def found(text: str, context: Context = ANSWER) -> list[Finding]:
    return CodeBlocks().detect([text], context)[0]


def test_code_that_the_caller_wrote_is_shown_to_speak_of_it() -> None:
    """`Why does this not run?` is answered with what does not run, and then with what does."""
    answer = "The bracket is missing:\n```python\nprint('好'\n```\nWrite this:\n```python\nprint('好')\n```\n"
    asked = Context(prompt="點解行唔到？\nprint('好'\n")
    assert [one.score for one in CodeBlocks().detect([answer], asked)[0]] == [0.5]
    assert CodeBlocks().detect([answer], Context(prompt="點解行唔到？"))[0][0].score >= 0.8


def test_is_a_detector() -> None:
    assert isinstance(CodeBlocks(), Detector)
    assert isinstance(CodeBlocks(), Staged)
    assert isinstance(CodeBlocks(), Configurable)


@pytest.mark.parametrize(
    ("language", "code", "line", "says"),
    [
        ("python", "x = 1\nprint('a'\n", 2, "never closed"),
        ("python", 'print（"你好"）', 1, "invalid character"),
        ("python", "print(“你好”)", 1, "invalid character"),
        ("python", "def f(x)\n    return x", 1, "expected ':'"),
        ("python", "f(\n    url=1\n    data=2,\n)", 2, "comma"),
        ("json", '{"a": 1,}', 1, "comma"),
        ("json", "{'名': 1}", 1, "single quotes"),
        ("yaml", "a: [1, 2\nb: 3\n", 2, ""),
        ("yaml", "名: x\n  b: 1\n", 2, ""),
        ("toml", "a = 1\nb = x\n", 2, "Invalid value"),
        ("xml", "<a>\n<b>中</a>", 2, "mismatched tag"),
        ("sql", "SELECT 名 FORM 表 WHERE (a = 1;", 1, ""),
        ("sql", "SELECT a,, b FROM t;", 1, "two commas"),
        ("bash", 'if true; then\n  echo "中"\n', 2, "'fi' is missing"),
    ],
)
def test_code_that_cannot_be_read_is_placed(language: str, code: str, line: int, says: str) -> None:
    wrong = fault(language, code)
    assert wrong is not None
    assert wrong.line == line
    assert says in wrong.reason
    assert wrong.score >= 0.7


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("python", ">>> orjson.dumps(\n    {'a': 1},\n)\nb'{}'"),
        ("python", "def f():\n    # 在此填寫\n\nf()"),
        ("python", "print 'a', b"),
        ("python", "%timeit f(1)\n!pip install x"),
        ("python", "config = {'a': 1, ...}"),
        ("python", "def f(self, ...):\n    ..."),
        ("python", "    return 1"),
        ("python", "'a': 1,\n'b': 2"),
        ("python", "key = <你的密鑰>"),
        ("python", "cdef int x = 1"),
        ("python", "re.compile('\\d+')"),
        ("python", 'f"{d["a"]}"'),
        ("python", "type X = int"),
        ("python", "class A[T]: pass"),
        ("python", ""),
        ("python", "\x00"),
        ("json", '{"a": 1, ...}'),
        ("json", '{"a": 1}\n{"a": 2}'),
        ("json", '"a": 1'),
        ("yaml", "a: {{ b }}"),
        ("xml", "<a/><b/>"),
        ("xml", "<p>&nbsp;</p>"),
        ("xml", "\n<?xml version='1.0'?><a/>"),
        ("sql", "SELECT * FROM t WHERE a = :a AND b = ? AND c = %s"),
        ("sql", "BEGIN\n  x := 1;\nEND;"),
        ("bash", "$ ls (not a command)\nfile (1)\n$ pwd"[8:]),
        ("bash", "ssh <user>@<host>"),
        ("bash", "PS C:\\> Get-Item (x"),
        ("javascript", "let x = ("),
        ("", "(("),
    ],
)
def test_a_fragment_is_no_mistake(language: str, code: str) -> None:
    assert fault(language, code) is None


def test_comments_in_json_and_prose_under_its_name_weigh_less() -> None:
    for code in ('{"a": 1 // 註\n}', "### 答案\n共有三個。"):
        wrong = fault("json", code)
        assert wrong is not None
        assert wrong.score < 0.6


def test_parsers_write_no_warning_and_no_log(capfd: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fault("python", "a = '\\d \\中'\nb = 1 is 1") is None
        fault("sql", "SELECT * FROM t; FROBNICATE secret")
    assert capfd.readouterr() == ("", "")


BOMB = '<!DOCTYPE a [<!ENTITY a "aaaa">' + "".join(f'<!ENTITY a{n} "&a;&a;&a;">' for n in range(20)) + "]><a>&a;</a>"


@pytest.mark.parametrize("code", [BOMB, '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'])
def test_entities_are_neither_expanded_nor_fetched(code: str) -> None:
    assert fault("xml", code) is None


NESTED = [
    "(",
    "[",
    "{",
    "-",
    "not ",
    "lambda:",
    "x=",
    "1+",
    "a.",
    "a[",
    "f(",
    "if 1:\n",
    "1 if 1 else ",
    "**",
    "<a>",
    "- ",
    "a:\n",
    "$(",
    "((",
    "{a:",
]


@pytest.mark.parametrize("language", ["python", "json", "yaml", "toml", "xml", "sql", "bash"])
def test_deep_nesting_never_crashes(language: str) -> None:
    """In a process of its own: a parser that overflows its stack takes the interpreter with it."""
    program = (
        "import threading\nfrom guardrail.detectors.errors.structure.languages import LONGEST, fault\n"
        f"def run():\n for part in {NESTED!r}:\n  for size in (500, 5000, LONGEST):\n"
        f"   fault({language!r}, part * (size // len(part)))\n"
        f"   fault({language!r}, (part + chr(10)) * (size // (len(part) + 1)))\n"
        "threading.stack_size(512 * 1024)\nt = threading.Thread(target=run)\nt.start()\nt.join()\nprint('done')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout == "done\n", done.stderr[-500:]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("```python\nx = (\n```", ["error.code"]),
        ("  1. 步驟\n     ```python\n     for n in x:\n         print(n)\n     ```", []),
        ("> ```python\n> if x:\n>     y = 1\n> ```", []),
        ("~~~python\nx = (\n~~~", ["error.code"]),
        ("````markdown\n```python\nx = (\n```\n````", []),
        ("```\nx = (\n```", []),
        ("用 `x = (` 試試 ```y``` 吧", []),
        ("```python\nx = 1", ["error.fence"]),
        ("```python\nx = 1\n\n然後：\n\n```python\ny = 2\n```\n", ["error.fence"]),
        ("```markdown\n```python\nx = 1\n```\n", []),
        ("\\begin{align}\na &= b\n", ["error.fence"]),
        ("\\begin{align}\na &= b\n\\end{align}", []),
        ("文件以 `\\begin{align}` 開始", []),
        ("\\begin{document}\n", []),
        ("| a | b |\n|---|---|\n| 1 | 2 | 3 |\n| 4 | 5 |\n", ["error.table"]),
        ("| 名 | 價 |\n|:--|--:|\n| 茶 | 12 |\n| 小計 |\n", []),
        ("| a | b |\n|---|---|\n| `x|y` | $|x|$ |\n| 1 \\| 2 | 3 |\n", []),
        ("a | b\n--|--\n1 | 2\n", []),
        ("| a | b | c |\n|---|---|\n| 1 | 2 | 3 |\n", ["error.table"]),
        ("```\n| a | b |\n|---|---|\n| 1 | 2 | 3 |\n```", []),
        ("單單一行 | 有線 | 不是表格", []),
        ("x\n---\n| y |", []),
    ],
)
def test_fences_and_tables(text: str, kinds: list[str]) -> None:
    assert [one.kind for one in found(text)] == kinds


def test_the_finding_covers_the_block_from_the_line_at_fault() -> None:
    text = "你可以這樣寫：\n\n```python\nx = 1\nprint('甲'\n```\n就可以了。"
    (finding,) = found(text)
    assert text[finding.start : finding.end] == "print('甲'\n"
    assert finding.message == "這段 Python 程式碼有語法錯誤，不能直接使用：第 2 行（'(' was never closed）。"
    assert "甲" not in finding.evidence


def test_a_cut_answer_scores_low() -> None:
    text = "```python\nx = (\n```\n\n```json\n{"
    assert all(one.score <= 0.4 for one in found(text, Context(finish_reason="length")))
    assert any(one.score >= 0.8 for one in found(text))


def test_only_what_a_rule_wants_is_looked_for() -> None:
    text = "```python\nx = (\n```\n\n| a | b |\n|---|---|\n| 1 | 2 | 3 |\n\n```\nopen"
    for kind in CodeBlocks.kinds:
        detector = CodeBlocks().configure(Options(wanted=frozenset({kind})))
        assert {one.kind for one in detector.detect([text], ANSWER)[0]} == {kind}


def test_ordinary_text_needs_no_worker() -> None:
    found, closer = CodeBlocks().first(["今日天氣不錯。", "a | b", "x - y"], ANSWER)
    assert (found, closer) == ([[], [], []], None)


def test_a_request_is_not_judged() -> None:
    assert found("```python\nx = (\n```", Context(stage=Stage.REQUEST)) == []


def test_more_code_than_the_budget_is_not_read() -> None:
    big = "```python\n" + "x = 1\n" * (LONGEST // 7) + "```\n"
    assert found(big * (BUDGET // LONGEST + 2) + "```python\nx = (\n```\n") == []


@settings(deadline=None)
@given(st.text(alphabet="`~|-\n >a中:(\"'{}[]=#<>/\\$é", max_size=80), st.sampled_from(sorted(READERS)))
def test_any_text_gets_findings_inside_its_bounds(text: str, language: str) -> None:
    for answer in (text, f"```{language}\n{text}\n```", f"x\n```{language}\n{text}"):
        for one in found(answer):
            assert one.start is not None and one.end is not None
            assert 0 <= one.start < one.end <= len(answer)
            assert one.message
        for block in read(answer).blocks:
            assert 0 <= block.fence <= block.start <= block.end <= len(answer)


@pytest.mark.parametrize(
    "part",
    [
        "```\n",
        "~~~ x\n",
        "|",
        "|\n|-|\n",
        "`",
        "\\begin{align}",
        " ",
        "\n",
        "> ",
        "```python\n(\n```\n",
        "| a |\n|-|-|\n",
    ],
)
def test_hostile_bulk_is_read_once(part: str) -> None:
    text = part * (300_000 // len(part))
    for one in found(text):
        assert 0 <= (one.start or 0) <= (one.end or 0) <= len(text)
