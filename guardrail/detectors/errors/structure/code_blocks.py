"""Whether the code blocks, fences and tables of an answer are whole (Guideline v1.1 §2.3.3 accuracy and reliability).

Rules:
1. A code block with a language is read by that language's own parser (`languages`), nothing is executed, and what is
   plainly a fragment or a form to fill in is not judged.  A block without a language is not judged either.
2. A fence that is never closed swallows what follows it, so it weighs more where something follows; at the very end
   of an answer it is a sign of a cut at most.  An answer that was cut at its limit has a finding of its own, and here
   scores low.
3. Code that the caller wrote first is shown to speak of it (`why does this not run?`), so a fault on a line of the
   question is a hint at most.
4. The finding of a block covers the block from the line where its parser gives up.
5. An answer without a fence, a table or an environment costs four searches; parsers run in a worker.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Self

from guardrail.detectors.errors.structure import languages
from guardrail.detectors.errors.structure.asking import was_cut
from guardrail.detectors.errors.structure.fences import BadTable, Block, Markup, read
from guardrail.detectors.protocol import Options
from guardrail.text.wording import Wording
from guardrail.types import Context, Finding, Stage, Unit

_CODE, _FENCE, _TABLE = "error.code", "error.fence", "error.table"
_ECHO = 0.5
"""The most that a fault scores on a line that the caller wrote."""
_CUT = 0.4
"""The most that a finding scores where the answer was cut at its limit."""
BUDGET = 200_000
"""Characters of code of one answer that are parsed; those of a slow parser count eight times."""
MOST = 40
"""Findings of one kind in one answer."""

_BROKEN = Wording(
    "This {language} code cannot be run or read as it is: line {line} of the block has a syntax error ({reason}).",
    "這段 {language} 程式碼有語法錯誤，不能直接使用：第 {line} 行（{reason}）。",
    "这段 {language} 代码有语法错误，不能直接使用：第 {line} 行（{reason}）。",
)
_OPEN = Wording(
    "This code block is never closed, so what follows it may be shown as code.",
    "這個程式碼區塊沒有結束標記，之後的文字可能會被當成程式碼顯示。",
    "这个代码块没有结束标记，之后的文字可能会被当成代码显示。",
)
_ENVIRONMENT = Wording(
    "The formula that begins with \\begin{{{name}}} is never ended, so it may not be shown.",
    "以 \\begin{{{name}}} 開始的算式沒有結束，可能無法顯示。",
    "以 \\begin{{{name}}} 开始的算式没有结束，可能无法显示。",
)
_CELLS = Wording(
    "This row of the table has {cells} cells where the header has {header}; the extra cells may not be shown.",
    "表格這一行有 {cells} 格，但標題只有 {header} 格，多出的內容可能不會顯示。",
    "表格这一行有 {cells} 格，但表头只有 {header} 格，多出的内容可能不会显示。",
)
_NO_TABLE = Wording(
    "The line below the header of this table has {cells} columns instead of {header}, so no table is shown.",
    "這個表格標題下的分隔線有 {cells} 欄，但標題有 {header} 欄，表格可能無法顯示。",
    "这个表格表头下的分隔线有 {cells} 列，但表头有 {header} 列，表格可能无法显示。",
)


class CodeBlocks:
    """Reports code blocks that do not parse, fences that are never closed and tables out of shape."""

    name = "errors.code"
    kinds: tuple[str, ...] = (_CODE, _FENCE, _TABLE)
    unit = Unit.ANSWER
    heavy = False

    def __init__(self, wanted: frozenset[str] = frozenset(kinds)) -> None:
        self._wanted = wanted

    def configure(self, options: Options) -> Self:
        """For the kinds that a rule covers."""
        return type(self)(options.wanted or frozenset(self.kinds))

    def load(self) -> None:
        """Nothing to load: a parser is imported when the first block of its language is met."""

    def detect(self, texts: Sequence[str], context: Context) -> list[list[Finding]]:
        """The findings of each whole answer."""
        found, closer = self.first(texts, context)
        return closer() if closer else found

    def first(
        self, texts: Sequence[str], context: Context
    ) -> tuple[list[list[Finding]], Callable[[], list[list[Finding]]] | None]:
        """Nothing for answers without a fence, a table or an environment; else the work that gives the findings."""
        if context.stage is not Stage.RESPONSE or not any(map(self._has_any, texts)):
            return [[] for _ in texts], None
        return [], lambda: [self._judge(text, context) for text in texts]

    def _has_any(self, text: str) -> bool:
        return (
            "```" in text
            or "~~~" in text
            or (
                _TABLE in self._wanted
                and "|" in text
                and ("-|" in text or "- |" in text or ":|" in text or "|-" in text)
            )
            or (_FENCE in self._wanted and "\\begin{" in text)
        )

    def _judge(self, text: str, context: Context) -> list[Finding]:
        markup = read(text)
        found = [
            *self._code(text, markup, context.prompt),
            *self._fences(text, markup),
            *self._tables(text, markup.tables),
        ]
        if was_cut(context):
            return [replace(one, score=min(one.score, _CUT)) for one in found]
        return found

    def _code(self, text: str, markup: Markup, asked: str) -> Iterator[Finding]:
        if _CODE not in self._wanted:
            return
        left, count = BUDGET, 0
        for block in markup.blocks:
            reader = languages.READERS.get(block.language) if block.closed else None
            if reader is None:
                continue
            left -= len(block.text) * (8 if reader in languages.SLOW else 1)
            fault = languages.fault(block.language, block.text) if left >= 0 and count < MOST else None
            if fault is None:
                continue
            count += 1
            start = _line_start(text, block, fault.line)
            language = languages.NAMES[reader]
            reason = fault.reason if len(fault.reason) <= 80 else fault.reason[:79] + "…"
            message = _BROKEN.beside(text, language=language, line=fault.line, reason=reason)
            evidence = f"a block of {language} code does not parse from its line {fault.line} on"
            score = min(fault.score, _ECHO) if _is_asked(text, start, asked) else fault.score
            yield Finding(_CODE, score, start, block.end, self.name, evidence, message=message)

    def _fences(self, text: str, markup: Markup) -> Iterator[Finding]:
        if _FENCE not in self._wanted:
            return
        for block in [block for block in markup.blocks if not block.closed][:MOST]:
            score = 0.75 if block.after else 0.65 if block.text.strip() else 0.4
            end = max(block.end, block.fence + 1)
            evidence = "a code block is never closed"
            yield Finding(_FENCE, score, block.fence, end, self.name, evidence, message=_OPEN.beside(text))
        for start, name in markup.environments[:MOST]:
            evidence = "a LaTeX environment is never ended"
            message = _ENVIRONMENT.beside(text, name=name)
            yield Finding(_FENCE, 0.65, start, len(text), self.name, evidence, message=message)

    def _tables(self, text: str, tables: Sequence[BadTable]) -> Iterator[Finding]:
        if _TABLE not in self._wanted:
            return
        for bad in tables[:MOST]:
            words = _CELLS if bad.drawn else _NO_TABLE
            message = words.beside(text, cells=bad.cells, header=bad.header)
            evidence = (
                "a row of a table has more cells than its header"
                if bad.drawn
                else "the delimiter line of a table has another number of columns than its header"
            )
            score = 0.5 if bad.last else 0.7
            yield Finding(_TABLE, score, bad.start, bad.end, self.name, evidence, message=message)


def _is_asked(text: str, start: int, asked: str) -> bool:
    """Whether the line at `start` stands in the question."""
    line = text[start : text.find("\n", start) + 1].strip()
    return bool(line) and line in asked


def _line_start(text: str, block: Block, line: int) -> int:
    """Where a line of a block (from 1) begins in the answer; the block itself where that is beyond it."""
    at = block.start
    for _ in range(line - 1):
        after = text.find("\n", at, block.end) + 1
        if not after or after >= block.end:
            break
        at = after
    return min(at, max(block.start, block.end - 1)) if block.end > block.start else block.fence
