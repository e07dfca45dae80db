"""Whether a piece of code can be read at all, by the parser of its own language; nothing is executed.

Rules:
1. Python by `ast`, JSON by the strict reader, YAML by libyaml's events, TOML by `tomllib`, XML by expat, SQL by sqlglot
   in several dialects (wrong only where every one of them fails), shell by the grammar of tree-sitter.  A parser is
   imported when the first block of its language is met.
2. Generous first: an answer shows fragments.  Prompts and output of a session, `...` and `…` for what is left out,
   placeholders (`<your key>`, `{{ name }}`), magics of notebooks, Python 2, the inside of a function or of an object
   are read as what they are; what remains is wrong in any reading.
3. Bounds before the parser runs, because some crash or crawl on nesting: length, depth of brackets and of indentation.
   Whatever a parser raises but its own syntax error means that the block was not checked.  A block that was not
   checked is never wrong.
4. `Fault.reason` may quote the code (parsers do), so it is for the reader of the answer alone.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from textwrap import indent
from typing import Any

from guardrail.detectors.errors.structure.strict_json import parse as parse_json

LONGEST = 32_768
"""Characters of a block that are parsed; for the slower parsers, `_SLOW`."""
_SLOW = 8_192
_DEPTH = 60  # brackets in brackets
_LINE = 1_000  # characters of one line: chains of operators nest as deep as they are long
_CHAIN = 200  # operators in a row

_ELISION = re.compile(r"\.\.\.|…|\.\. \.")
_PLACEHOLDER = re.compile(
    r"<[^<>\n=;(){}]{1,60}>|\{\{|\{%|\$\{\{|%\(|\[(?:your|insert|path)\b|(?i:\byour[ _-]\w+ here\b)"
)
_CHAINS = re.compile(rf"(?:(?:[-+~*]|\bnot\b|\blambda\b[^:\n]*:|\bawait\b)\s*){{{_CHAIN}}}")


@dataclass(frozen=True, slots=True)
class Fault:
    """The line of a block (from 1) where its parser gives up, what the parser says, and how sure it is that a reader
    would agree."""

    line: int
    reason: str
    score: float = 0.85


class NotChecked(Exception):
    """The block is beyond the bounds, or of a kind that is not judged."""


def fault(language: str, text: str) -> Fault | None:
    """What is wrong with a block of code; None where it can be read, was not checked, or is in no known language.

    >>> fault("python", "print('a'").reason
    "'(' was never closed"
    """
    reader = READERS.get(language)
    if reader is None or not text.strip():
        return None
    try:
        if len(text) > LONGEST or "\x00" in text:
            raise NotChecked
        found = reader(text.replace("\r\n", "\n").replace("\r", "\n"))
    except (NotChecked, RecursionError, MemoryError, ValueError):
        return None
    # what is missing at the end is missing on the last line
    return found and replace(found, line=min(found.line, len(text.rstrip().splitlines())))


def _bounded(text: str) -> None:
    """Raises NotChecked for text that nests too deep for a parser that recurses."""
    depth = 0
    for mark in re.findall(r"[()\[\]{}]", text):
        depth += 1 if mark in "([{" else -1
        if depth > _DEPTH:
            raise NotChecked
        depth = max(depth, 0)
    if max(map(len, text.split("\n"))) > _LINE or _CHAINS.search(text):
        raise NotChecked


def _left_out(text: str, line: int, around: int = 1) -> bool:
    """Whether something is left out or to be filled in near a line."""
    lines = text.split("\n")[max(0, line - 1 - around) : line + around]
    near = "\n".join(lines)
    return _ELISION.search(near) is not None or _PLACEHOLDER.search(near) is not None


# --- Python ---------------------------------------------------------------------------------------------------------

_PROMPT = re.compile(r"[ \t]*(?:>>>|\.\.\.|In \[\d*\]:)(?: |$)")
_COMMAND = (
    r"(?:\$ ?)?(?:pip3?|uv|conda|poetry|python3?|virtualenv|cd|ls|mkdir|source|export|git|npm|npx|yarn|docker|brew|sudo"
    r"|apt|apt-get|curl|wget|bash|sh|chmod|streamlit|flask|uvicorn|gunicorn|pytest|jupyter|django-admin|huggingface-cli)"
    r"[ \t]+[\w./~\"'-].*"
)
_MAGIC = re.compile(rf"^([ \t]*)(?:[%!?]\S?.*|\S+\?{{1,2}}|{_COMMAND})$", re.MULTILINE)
_PRINT = re.compile(
    r"^([ \t]*(?:[^\n:'\"]*:[ \t]*)?)print[ \t]+(?:>>[ \t]*\w+,[ \t]*)?([^(=\s].*|\(.*\) ?%.*)$", re.MULTILINE
)
_PRINT_ALONE = re.compile(r"^([ \t]*)print[ \t]*$", re.MULTILINE)
_EXCEPT = re.compile(r"^([ \t]*except[ \t]+[\w.() ,]+?),[ \t]*(\w+)[ \t]*:", re.MULTILINE)
_RAISE = re.compile(r"^([ \t]*raise[ \t]+[\w.]+),[ \t]*(.+)$", re.MULTILINE)
_OCTAL = re.compile(r"(?<![\w.])0([0-7]+)(?![\w.])")
_LONG = re.compile(r"(?<![\w.])(\d+)[lL]\b")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_KNOWN_ESCAPES = frozenset("\n\\'\"abfnrtvxuUN01234567")
_BLOCK_HEAD = re.compile(
    r"^([ \t]*)(?:async[ \t]+)?(?:def|class|if|elif|else|for|while|try|except|finally|with|match|case)\b"
    r"[^\n#]*:[ \t]*(?:#[^\n]*)?$"
)
_NEWER = re.compile(
    r"[fF][rR]?(?:\"[^\"\n{]*(?:\{[^{}\"\n]*\}[^\"\n{]*)*\{[^{}\"\n]*\"|'[^'\n{]*(?:\{[^{}'\n]*\}[^'\n{]*)*\{[^{}'\n]*')"
    r"|^\s*(?:type\s+\w+|(?:async\s+)?def\s+\w+\[|class\s+\w+\[)|^\s*except\s+[\w.]+,|\bt[\"']"
)
"""Quotes in the braces of an f-string, type parameters, `except A, B`, t-strings (PEP 701, 695, 758, 750)."""
_CONTINUES = re.compile(r"^[ \t]*(?:elif\b|else\b|except\b|finally\b)")
_CYTHON = re.compile(r"\bcimport\b|^[ \t]*(?:cdef|cpdef|ctypedef)\b", re.MULTILINE)
_SIGN = re.compile(r"[()\[\]{}=:\"@]|',|^[ \t]*(?:import|from|def|class|return|for|if|while|try|with|print|pass)\b")
_IS_PROSE = re.compile(r"^[A-Z][a-z]+(?: [a-z,']+){4,}[.:!?]?$")


def _python(text: str) -> Fault | None:
    _bounded(text)
    code = _session(text)
    first = _python_fault(code)
    if first is None:
        return None
    for other in _readings(code):
        if other != code and _python_fault(other) is None:
            return None
    line, reason = first
    if _left_out(code, line) or _newer(code, line) or "{%" in code or _CYTHON.search(code):
        return None
    if code.count("\n\n") > text.count("\n\n") and "never closed" in reason:
        return None  # a session whose continuation lines have no prompt
    return Fault(line, reason, _python_score(code))


def _python_fault(code: str) -> tuple[int, str] | None:
    """Where `ast` gives up.  A backslash before a letter that needs none is only warned of, so it is doubled first."""
    import ast

    plain = _ESCAPED.sub(lambda found: found[0] if found[1] in _KNOWN_ESCAPES else "\\" + found[0], code)
    try:
        ast.parse(plain)
    except SyntaxError as error:
        return error.lineno or 1, error.msg
    return None


def _session(text: str) -> str:
    """The code of an interactive session without prompts and output."""
    from textwrap import dedent

    lines = text.expandtabs(8).split("\n") if "\t" in text and "  " in text else text.split("\n")
    if not any(line.lstrip().startswith((">>>", "In [")) for line in lines):
        return dedent("\n".join(lines)).lstrip("\ufeff")
    kept = [_PROMPT.sub("", line, count=1) if _PROMPT.match(line) else "" for line in lines]
    return dedent("\n".join(kept))


def _readings(code: str) -> Iterator[str]:
    """What the code may be other than a whole program of Python 3, line by line the same."""
    eased = _MAGIC.sub(r"\1pass", code)
    yield eased
    old = _python_2(eased)
    yield old
    for base in dict.fromkeys((eased, old)):
        filled = _filled(base)
        yield filled
        yield _elided(filled)
        yield "if 1:\n" + filled
        yield "def _():\n" + indent(filled, " ") + "\n pass"
        yield "try:\n pass\n" + filled
        if _CONTINUES.match(filled.lstrip("\n")):
            yield "if 1:\n pass\n" + filled
        yield filled.rstrip() + "\nfinally: pass"
        yield filled.rstrip() + "\ndef _(): pass"
        for before, after in (("{", "}"), ("(", ")"), ("f(", ")"), ("[", "]")):
            yield before + filled + "\n" + after


def _python_2(code: str) -> str:
    code = _PRINT.sub(lambda found: f"{found[1]}print({found[2].rstrip().rstrip(',')})", code)
    code = _PRINT_ALONE.sub(r"\1print()", code)
    code = _EXCEPT.sub(r"\1 as \2:", code)
    code = _RAISE.sub(r"\1(\2)", code)
    code = _LONG.sub(r"\1", code)
    return _OCTAL.sub(r"0o\1", code).replace("<>", "!=")


def _filled(code: str) -> str:
    """Blocks that hold nothing, or a comment alone, hold `pass`."""
    lines = code.split("\n")
    for number, line in enumerate(lines):
        head = _BLOCK_HEAD.match(line)
        if head is None:
            continue
        body = number + 1
        while body < len(lines) and (not lines[body].strip() or lines[body].lstrip().startswith("#")):
            body += 1
        inner = lines[body] if body < len(lines) else ""
        if len(inner) - len(inner.lstrip()) <= len(head[1]):
            lines[number] = line.split("#")[0].rstrip() + " pass"
    return "\n".join(lines)


def _elided(code: str) -> str:
    """What `...` leaves out, as something that may stand there."""
    code = code.replace("…", "...")
    code = re.sub(r"^([ \t]*)\.\.\.[^\n]*$", r"\1...", code, flags=re.MULTILINE)
    code = re.sub(r",\s*\.\.\.(\s*[)}\]])", r"\1", code)
    return re.sub(r"\((\s*)\.\.\.(\s*)\)(\s*:)", r"(*_)\3", code)


def _newer(code: str, line: int) -> bool:
    """Whether the line may be of a Python after 3.11 (PEP 695, 701, 750, 758)."""
    lines = code.split("\n")
    return any(_NEWER.search(one) for one in lines[max(0, line - 2) : line + 1])


def _python_score(code: str) -> float:
    """Less sure where the lines are words or tables rather than code."""
    lines = [line for line in code.split("\n") if line.strip() and not line.lstrip().startswith("#")]
    prose = sum(_SIGN.search(line) is None or _IS_PROSE.match(line.strip()) is not None for line in lines)
    return 0.6 if prose * 2 > len(lines) else 0.85


# --- data -----------------------------------------------------------------------------------------------------------

_KEY = re.compile(r"[\w'\"]+\s*:")
_JSON_COMMENT = re.compile(
    r'"(?:[^"\\\n]|\\.)*"|(//[^\n]*|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/|^[ \t]*#[^\n]*)', re.MULTILINE
)


def _json(text: str) -> Fault | None:
    body = text.strip()
    found = parse_json(body).fault
    if found is None or (_ELISION.search(body) and _left_out(body, _line(body, found.at), 2)):
        return None
    line = _line(text.lstrip(), found.at)
    if _PLACEHOLDER.search(here := body.split("\n")[line - 1]) or "${" in here:
        return None
    if _whole_lines(body) or parse_json("{" + body.rstrip(",") + "}").fault is None:
        return None
    if parse_json("[" + body.rstrip(",") + "]").fault is None:
        return None
    if len(body) > _SLOW:
        return Fault(line, found.reason.rstrip(","))
    plain = _JSON_COMMENT.sub(lambda one: "" if one[1] else one[0], body)
    if plain != body and parse_json(plain).fault is None:
        return Fault(line, found.reason.rstrip(","), 0.5)  # readers of settings allow comments
    if not body.startswith(("{", "[", '"')) and not _KEY.match(body):
        return Fault(line, found.reason.rstrip(","), 0.5)  # words under the wrong label
    return Fault(line, found.reason.rstrip(","))


def _whole_lines(text: str) -> bool:
    """Whether it is several values, one after the other (JSON Lines and the like)."""
    import json

    decoder, at = json.JSONDecoder(), 0
    try:
        while at < len(text):
            _, at = decoder.raw_decode(text, at)
            while at < len(text) and text[at] in " \t\r\n":
                at += 1
    except ValueError:
        return False
    return True


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _yaml(text: str) -> Fault | None:
    import yaml

    if _PLACEHOLDER.search(text) or len(text) > _SLOW:
        raise NotChecked
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for _ in yaml.parse(text, Loader=loader):  # events alone: nothing is built, nothing recurses
            pass
    except yaml.reader.ReaderError:
        raise NotChecked from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        if _ELISION.search(text) and _left_out(text, line, 2):
            return None
        return Fault(line, str(error.problem or error.context or ""), 0.8)
    return None


def _toml(text: str) -> Fault | None:
    import tomllib

    _bounded(text)
    if _PLACEHOLDER.search(text) or _ELISION.search(text):
        raise NotChecked
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at line (\d+)", str(error))
        line = int(place.group(1)) if place else text.rstrip().count("\n") + 1
        return Fault(line, re.sub(r" \(at .*\)$", "", str(error)), 0.85)
    return None


def _xml(text: str) -> Fault | None:
    body = text.strip().lstrip("\ufeff")
    skipped = _line(text, len(text) - len(text.lstrip()))
    if re.search(r"<\.\.\.|<…|\{\{|\{%|<\?php|<!ENTITY", body):
        raise NotChecked
    first = _xml_fault(body)
    if first is None or not body.startswith("<"):
        return None
    if "junk" in first[1] and _xml_fault(f"<r>{re.sub(r'^<[?]xml[^>]*>', '', body)}</r>") is None:
        return None  # several elements side by side
    if _ELISION.search(body.split("\n")[first[0] - 1]):
        return None
    return Fault(first[0] + skipped - 1, first[1], 0.85)


def _xml_fault(body: str) -> tuple[int, str] | None:
    """Where expat gives up.  Nothing is fetched or expanded: documents that declare entities were turned away."""
    from xml.parsers import expat

    parser = expat.ParserCreate()
    try:
        parser.Parse(body.encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        if error.code == expat.errors.codes[expat.errors.XML_ERROR_UNDEFINED_ENTITY]:
            raise NotChecked from None  # it may be declared elsewhere
        return error.lineno, expat.ErrorString(error.code)
    return None


# --- SQL and shell --------------------------------------------------------------------------------------------------

_DIALECTS = (None, "mysql", "postgres", "sqlite", "tsql", "oracle", "bigquery", "snowflake", "clickhouse", "duckdb")
_PROCEDURAL = re.compile(
    r"\b(?:DECLARE|DELIMITER|BEGIN|PROCEDURE|FUNCTION|TRIGGER|EXEC|EXECUTE|RAISERROR|LOOP|CURSOR|PACKAGE|MATCH_RECOGNIZE)\b"
    r"|^[ \t]*(?:GO|SET|USE|SHOW|GRANT|REVOKE|BACKUP|RESTORE|DBCC|BULK|LOAD|COPY|ALTER|VACUUM|EXPLAIN|WHILE|IF|PRINT"
    r"|PRAGMA|DESC|DESCRIBE|CALL|DO|COMMENT)\b"
    r"|^[ \t]*[\\@.]\w|^[-+|= ]{8,}$|^\||^\s*\w*(?:>|=\#)\s",
    re.IGNORECASE | re.MULTILINE,
)
_PARAMETER = re.compile(r"(?<![:\w]):\w+|%s|%\(\w+\)s|\$\{?\w+\}?|@\w+|\?|#\{\w+\}|\{\w+\}")
_STATEMENT = re.compile(
    r"\s*(?:\(|--|/\*|#|SELECT|INSERT|UPDATE|DELETE|CREATE|WITH|DROP|MERGE|REPLACE|TRUNCATE|VALUES)", re.IGNORECASE
)


def _sql(text: str) -> Fault | None:
    _bounded(text)
    if len(text) > _SLOW or _PROCEDURAL.search(text) or not _STATEMENT.match(text):
        raise NotChecked
    if _ELISION.search(text) or _PLACEHOLDER.search(text):
        raise NotChecked
    if unmarked := _sql_marks(text):
        return unmarked
    import logging

    import sqlglot
    from sqlglot.errors import ParseError, TokenError

    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)  # it would write what it does not know to the log
    first: Fault | None = None
    plain = _PARAMETER.sub(lambda found: "1" if found[0] != "?" else found[0], text)
    for reading in dict.fromkeys((text, plain)):
        for dialect in _DIALECTS:
            try:
                sqlglot.parse(reading, read=dialect)
            except ParseError as error:
                told: Mapping[str, Any] = error.errors[0] if error.errors else {}
                first = first or Fault(int(told.get("line") or 1), str(told.get("description") or ""), 0.8)
            except TokenError:
                first = first or Fault(1, "a string or a name in quotes does not end", 0.8)
            except Exception:
                # a parser that fails otherwise has found a hole of its own, not one of the statement
                raise NotChecked from None
            else:
                return None
    return first


def _sql_marks(text: str) -> Fault | None:
    """What sqlglot lets pass and no database does: two commas in a row, brackets that do not close."""
    marks = [found for found in _SQL_MARK.finditer(text) if found["mark"]]
    for found in marks:
        if found["mark"].startswith(","):
            return Fault(_line(text, found.start()), "two commas in a row", 0.85)
    depth = 0
    for found in marks:
        depth += 1 if found["mark"] == "(" else -1
        if depth < 0:
            return Fault(_line(text, found.start()), "a bracket closes that was never opened", 0.85)
    return Fault(_line(text, marks[-1].start()), "a bracket is never closed", 0.85) if depth else None


_SQL_MARK = re.compile(
    r"'[^']*'|\"[^\"]*\"|`[^`]*`|\$\$(?:(?!\$\$)[\s\S])*\$\$|--[^\n]*|\#[^\n]*|/\*(?:(?!\*/)[\s\S])*\*/|(?P<mark>[()]|,\s{0,40},)"
)
_SHELL_PROMPT = re.compile(r"^[ \t]*(?:\([\w.-]+\)\s*)?(?:[\w.-]+@[\w.-]+[:~ ][^$#\n]*)?[$%❯➜] (?=\S)", re.MULTILINE)
_OTHER_SHELL = re.compile(
    r"^[ \t]*(?:PS )?[A-Za-z]:\\|\b(?:Get|Set|New|Remove|Write|Start|Import|Invoke)-[A-Z]\w+"
    r"|^[ \t]*(?:@?echo off|rem )",
    re.MULTILINE,
)
_ANGLES = re.compile(r"<([^<>\n&|;(]{1,60})>")


def _shell(text: str) -> Fault | None:
    if len(text) > _SLOW or _OTHER_SHELL.search(text) or re.search(r"^[ \t]*>>> ", text, re.MULTILINE):
        raise NotChecked
    _bounded(text)
    if _SHELL_PROMPT.search(text):
        text = _commands(text)
    code = _ANGLES.sub("placeholder", text)
    code = re.sub(r"\[([A-Z_]+|[a-z-]+)\](?=\s|$)|\{\{.*?\}\}", "placeholder", code)
    if not code.endswith("\n"):
        code += "\n"
    found = _shell_fault(code)
    if found is None or _left_out(text, found.line):
        return None
    return found


def _commands(text: str) -> str:
    """The commands of a session, its output left out."""
    lines: list[str] = []
    goes_on = False
    for line in text.split("\n"):
        prompt = _SHELL_PROMPT.match(line)
        lines.append(line[prompt.end() :] if prompt else line if goes_on else "")
        goes_on = lines[-1].rstrip().endswith("\\")
    return "\n".join(lines)


def _shell_fault(code: str) -> Fault | None:
    import tree_sitter
    import tree_sitter_bash

    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))
    root = parser.parse(code.encode("utf-8", "replace")).root_node
    if not root.has_error:
        return None
    cursor = root.walk()
    while True:
        node = cursor.node
        if node is None:
            return None
        if node.is_missing:
            return Fault(node.start_point[0] + 1, f"{node.type!r} is missing", 0.8)
        if node.is_error:
            return Fault(node.start_point[0] + 1, "this cannot be read", 0.7)
        if (node.has_error and cursor.goto_first_child()) or cursor.goto_next_sibling():
            continue
        while cursor.goto_parent():
            if cursor.goto_next_sibling():
                break
        else:
            return None


READERS: Mapping[str, Callable[[str], Fault | None]] = {
    **dict.fromkeys(("python", "py", "python3", "python2", "ipython", "pycon", "py3"), _python),
    "json": _json,
    **dict.fromkeys(("yaml", "yml"), _yaml),
    "toml": _toml,
    **dict.fromkeys(("xml", "svg", "xsd", "xslt", "rss"), _xml),
    **dict.fromkeys(
        ("sql", "mysql", "postgresql", "postgres", "sqlite", "sql-server", "tsql", "plsql", "plpgsql"), _sql
    ),
    **dict.fromkeys(("bash", "sh", "shell", "zsh"), _shell),
}
"""What reads a language, by the words that answers name it with."""

SLOW = frozenset({_yaml, _sql, _shell})
"""Readers of which a character costs about eight times as much as of the others."""

NAMES: Mapping[Callable[[str], Fault | None], str] = {
    _python: "Python", _json: "JSON", _yaml: "YAML", _toml: "TOML", _xml: "XML", _sql: "SQL", _shell: "shell",
}  # fmt: skip
