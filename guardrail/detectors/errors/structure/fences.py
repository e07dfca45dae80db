"""Where an answer holds Markdown code blocks and tables, and which of them are left open or out of shape.

Rules:
1. A fence is a line of three or more backticks or tildes, indented or quoted at will (models put fences into lists),
   with what follows named as its language; it is closed by a line of the same marks, at least as many, and nothing else
   (CommonMark 0.31 §4.5).  A fence that names a language inside an open block of another language shows that the block
   was never closed (a block of Markdown may hold fences), so reading goes on there.
2. A table is a line with pipes, a delimiter line (`|---|:--:|`), and the lines after it up to one without a pipe (GFM
   §4.10).  `\\|` is no border.  A renderer drops the cells that a row has too many, and draws no table where the
   delimiter line has another number of columns than the header; a row that is short is filled with empty cells and
   nobody is misled, so it is not reported.  What lies in code spans and fences is no table.
3. LaTeX environments of mathematics (`\\begin{align}`) outside code are held to their ends.
4. One pass over the lines.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_LONGEST = 1000
"""Characters of a line that may be a fence or belong to a table."""
_LINE = re.compile(r"[^\n]*\n?")
_FENCE = re.compile(r"([ \t>]*)(`{3,}|~{3,})[ \t]*([^`\n]*?)[ \t\r]*$")
_DELIMITER = re.compile(
    r"[ \t>]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)+\|?[ \t\r]*$|[ \t>]*\|[ \t]*:?-+:?[ \t]*\|[ \t\r]*$"
)
_BORDER = re.compile(r"(?<!\\)\|")
_SPAN = re.compile(r"(`+)(?!`)(?:(?!\1)[^\n])*\1|\$[^$\n|]*\|[^$\n]*\$")
_ENVIRONMENT = re.compile(
    r"\\(begin|end)\{((?:align|equation|gather|split|multline|cases|array|aligned|gathered|eqnarray|[bpvBV]?(?:small)?matrix)"
    r"\*?)\}"
)
_INLINE = re.compile(r"`[^`\n]+`")
_HOLDERS = frozenset({"markdown", "md", "mdx", "text", "txt", "plaintext", "", "rst", "html", "template"})


@dataclass(frozen=True, slots=True)
class Block:
    """A code block: its language in lower case, where its fence begins, where its text begins and ends, the text
    without the indentation of the fence, and whether it is closed (`after`: more of the answer follows)."""

    language: str
    fence: int
    start: int
    end: int
    text: str
    closed: bool = True
    after: bool = False


@dataclass(frozen=True, slots=True)
class BadTable:
    """A line of a table with another number of cells than its header; `drawn` False where there is no table for it."""

    start: int
    end: int
    cells: int
    header: int
    drawn: bool = True
    last: bool = False


@dataclass(frozen=True, slots=True)
class Markup:
    """What an answer holds."""

    blocks: tuple[Block, ...] = ()
    tables: tuple[BadTable, ...] = ()
    environments: tuple[tuple[int, str], ...] = ()


def read(text: str) -> Markup:
    """The blocks of `text`, its tables that are out of shape and the environments that are left open."""
    lines = [match for match in _LINE.finditer(text) if match.group()]
    blocks, covered = _blocks(text, lines)
    bare = [line for line, inside in zip(lines, covered, strict=True) if not inside]
    return Markup(tuple(blocks), tuple(_tables(bare, len(text))), tuple(_open_environments(bare)))


def _blocks(text: str, lines: Sequence[re.Match[str]]) -> tuple[list[Block], list[bool]]:
    blocks: list[Block] = []
    covered = [False] * len(lines)
    began: tuple[re.Match[str], int] | None = None  # the fence that is open, and its line
    for number, line in enumerate(lines):
        fence = _FENCE.match(line.group().rstrip("\n")) if line.end() - line.start() <= _LONGEST else None
        covered[number] = began is not None or fence is not None
        if fence is None:
            continue
        if began is None:
            began = (fence, number)
            continue
        opening, at = began
        same = fence[2][0] == opening[2][0] and len(fence[2]) >= len(opening[2])
        if same and not fence[3]:
            blocks.append(_block(opening, lines, at, number, text))
            began = None
        elif same and _word(opening[3]) not in _HOLDERS and _is_language(fence[3]):
            blocks.append(_block(opening, lines, at, number, text, closed=False, after=True))
            began = (fence, number)
    if began is not None:
        blocks.append(_block(began[0], lines, began[1], len(lines), text, closed=False))
    return blocks, covered


def _block(
    opening: re.Match[str],
    lines: Sequence[re.Match[str]],
    at: int,
    end: int,
    text: str,
    *,
    closed: bool = True,
    after: bool = False,
) -> Block:
    inner = [line.group() for line in lines[at + 1 : end]]
    indent = opening[1]
    if ">" in indent:
        quoted = re.compile(r"[ \t]*>[ \t]?")
        inner = [quoted.sub("", line, count=indent.count(">")) for line in inner]
    elif indent:
        inner = [line[_shared(line, len(indent)) :] for line in inner]
    stop = lines[end].start() if end < len(lines) else len(text)
    return Block(_word(opening[3]), lines[at].start(), lines[at].end(), stop, "".join(inner), closed, after)


def _shared(line: str, most: int) -> int:
    return min(most, len(line) - len(line.lstrip(" \t")))


def _word(info: str) -> str:
    """The language of an info string.

    >>> _word('{.python title="x"}'), _word("JSON copy")
    ('python', 'json')
    """
    found = re.match(r"\{?\.?([\w+#-]*)", info.strip().lower())
    return found.group(1) if found else ""


def _is_language(info: str) -> bool:
    return re.fullmatch(r"\{?\.?[A-Za-z][\w+#.-]*\}?(?:[ \t]+\S+=\S+)*", info) is not None


def _tables(lines: Sequence[re.Match[str]], size: int) -> Iterator[BadTable]:
    columns = 0  # of the table that is open
    before: re.Match[str] | None = None
    for line in lines:
        here = line.group()
        if "|" not in here or len(here) > _LONGEST or (before is not None and before.end() != line.start()):
            columns = 0
        elif columns:
            cells = _cells(here)
            if cells > columns:
                yield BadTable(line.start(), line.end(), cells, columns, last=line.end() == size)
        elif before is not None and "|" in before.group() and _DELIMITER.match(here.rstrip("\n")):
            columns, header = _cells(here), _cells(before.group())
            if header != columns:
                if header > 1:
                    yield BadTable(before.start(), line.end(), columns, header, drawn=False)
                columns = 0
                before = None
                continue
        before = line if len(here) <= _LONGEST else None


def _cells(line: str) -> int:
    """The cells of a line of a table, borders in code spans and formulas left alone."""
    row = line.strip().lstrip("> \t")
    if "`" in row or "$" in row:
        row = _SPAN.sub("x", row)
    borders = len(_BORDER.findall(row))
    return borders + 1 - row.startswith("|") - (row.endswith("|") and not row.endswith("\\|") and len(row) > 1)


def _open_environments(lines: Sequence[re.Match[str]]) -> Iterator[tuple[int, str]]:
    stack: list[tuple[int, str]] = []
    for line in lines:
        here = line.group()
        if "\\begin{" not in here and "\\end{" not in here:
            continue
        spans = [(found.start(), found.end()) for found in _INLINE.finditer(here)]
        for found in _ENVIRONMENT.finditer(here):
            if any(start <= found.start() < end for start, end in spans):
                continue
            if found[1] == "begin":
                stack.append((line.start() + found.start(), found[2]))
            elif stack and stack[-1][1] == found[2]:
                stack.pop()
    yield from stack
