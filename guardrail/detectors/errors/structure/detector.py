"""Whether an answer that had to be JSON is JSON, and meets the schema that the request gave (Guideline v1.1 §2.3.3
accuracy and reliability, §2.1.1-b1).

Rules:
1. The standard is RFC 8259, read strictly (`strict_json`): what a client's parser refuses is reported.  Where the
   format was asked for on the wire, a Markdown fence is a fault like any other; asked for in words, a person may
   read it, and good JSON in a fence or after a sentence is a lesser matter.
2. The schema is `Context.response_format["schema"]`; where it cannot be checked (`schema`), nothing is reported.
3. Evidence names the fault and its place by line and column, and never quotes the answer; the message may.
4. A finding carries the repair where the text can mean one thing only (`repair`), never for an answer that was cut at
   its limit, because what is missing there is not brackets alone.
5. Without a schema the work is one pass in the event loop; a schema is held against the answer in a worker.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

from guardrail.detectors.errors.structure.asking import json_asked, was_cut
from guardrail.detectors.errors.structure.repair import embedded, fit, repair
from guardrail.detectors.errors.structure.schema import Budget, Fault, checked
from guardrail.detectors.errors.structure.strict_json import Parsed, parse, place
from guardrail.detectors.errors.structure.words import invalid, mismatch, reader
from guardrail.detectors.protocol import Options
from guardrail.text.refusal import refuses
from guardrail.types import Context, Finding, Pointer, Stage, Unit
from guardrail.wire import jsontext

_JSON, _SCHEMA = "error.invalid_json", "error.schema"
_CUT = 0.5
"""The most that an answer cut at its limit scores: that it was cut is a finding of its own."""


class Structure:
    """Reports an answer that is not the JSON that the request asked for."""

    name = "errors.structure"
    kinds: tuple[str, ...] = (_JSON, _SCHEMA)
    unit = Unit.ANSWER
    heavy = False

    def __init__(self, wanted: frozenset[str] = frozenset(kinds)) -> None:
        self._wanted = wanted

    def configure(self, options: Options) -> Self:
        """For the kinds that a rule covers."""
        return type(self)(options.wanted or frozenset(self.kinds))

    def load(self) -> None:
        """Nothing to load."""

    def detect(self, texts: Sequence[str], context: Context) -> list[list[Finding]]:
        """The findings of each whole answer; none unless the request asks for JSON."""
        found, closer = self.first(texts, context)
        return closer() if closer else found

    def first(
        self, texts: Sequence[str], context: Context
    ) -> tuple[list[list[Finding]], Callable[[], list[list[Finding]]] | None]:
        """The findings, or the work that gives them where a schema must be met or a text mended."""
        asked = json_asked(context) if context.stage is Stage.RESPONSE else ""
        if not asked or (asked == "words" and context.has_tool_calls):
            return [[] for _ in texts], None
        schema = _schema(context)
        parsed = [parse(text) for text in texts]
        if schema is None and not any(one.fault or one.repeated for one in parsed):
            return [[] for _ in texts], None
        return [], lambda: [self._judge(t, p, asked, schema, context) for t, p in zip(texts, parsed, strict=True)]

    def _judge(self, text: str, parsed: Parsed, asked: str, schema: Any, context: Context) -> list[Finding]:
        if not text.strip():
            return []
        if parsed.fault is not None:
            found = [self._invalid(text, parsed, asked, schema, context)] if _JSON in self._wanted else []
        elif parsed.repeated and _JSON in self._wanted:
            found = self._repeated(text, parsed, context)
        else:
            found = self._schema(text, schema, context) if schema is not None and _SCHEMA in self._wanted else []
        if was_cut(context) or context.has_tool_calls:
            return [replace(one, score=min(one.score, _CUT), repair=None) for one in found]
        return found

    def _invalid(self, text: str, parsed: Parsed, asked: str, schema: Any, context: Context) -> Finding:
        assert parsed.fault is not None
        inside, lang = embedded(text), reader(text, context.prompt)
        if inside is not None and inside.fenced:
            evidence = "the JSON stands inside a Markdown code fence, which a JSON parser refuses at line 1, column 1"
            score = 0.9 if asked == "format" else 0.5
            found = Finding(_JSON, score, None, None, self.name, evidence, message=invalid(lang, text, None, 0))
        else:
            at = parsed.fault.at
            score = 1.0 if asked == "format" else _of_words(text, inside is not None)
            start, end = (at, len(text)) if 0 < at < len(text) else (None, None)
            evidence = f"{parsed.fault.reason} at {place(text, at)}"
            message = invalid(lang, text, parsed.fault.reason, at)
            found = Finding(_JSON, score, start, end, self.name, evidence, message=message)
        return found if was_cut(context) else mended(found, text, repair(text, schema))

    def _repeated(self, text: str, parsed: Parsed, context: Context) -> list[Finding]:
        lang = reader(text, context.prompt)
        start, end = parsed.repeated[0]
        reason = "an object has the same name twice"
        evidence = f"{reason} (RFC 8259, section 4) at {place(text, start)}"
        return [Finding(_JSON, 0.5, start, end, self.name, evidence, message=invalid(lang, text, reason, start))]

    def _schema(self, text: str, schema: Any, context: Context) -> list[Finding]:
        budget = Budget()
        fault = checked(text, schema, budget).fault
        if fault is None:
            return []
        lang = reader(text, context.prompt)
        start, end = located(text, fault.path)
        evidence = f"{told(fault)} of the schema of the request at {place(text, start)}"
        found = Finding(_SCHEMA, 0.95, start, end, self.name, evidence, message=mismatch(lang, fault))
        return [mended(found, text, fit(text, schema, budget))]


def _schema(context: Context) -> Mapping[str, Any] | bool | None:
    schema = (context.response_format or {}).get("schema")
    return schema if isinstance(schema, Mapping | bool) else None


def _of_words(text: str, is_embedded: bool) -> float:
    """How sure it is that an answer fails a request for JSON that was made in words."""
    if is_embedded:
        return 0.6
    if text.lstrip()[:1] in ("{", "[") or "```json" in text:
        return 0.9
    return 0.5 if refuses(text) else 0.7


def told(fault: Fault) -> str:
    """The fault in constant words."""
    return "the value does not meet" if fault.keyword == "false" else f"the value does not meet `{fault.keyword}`"


def mended(found: Finding, text: str, whole: str | None) -> Finding:
    """`found` with its repair: what takes the place of its span, which begins earlier where the repair does."""
    if whole is None or whole == text:
        return found
    if found.start is None or found.end is None:
        return replace(found, repair=whole)
    start, tail = _shared(text[: found.start], whole), text[found.end :]
    if not start or len(whole) < start + len(tail) or not whole.endswith(tail):
        return replace(found, start=None, end=None, repair=whole)
    return replace(found, start=start, repair=whole[start : len(whole) - len(tail)])


def _shared(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def located(text: str, path: Pointer) -> tuple[int, int]:
    """Where the value at `path` stands in a JSON text."""
    raw = text.encode("utf-8", "surrogatepass")
    for pointer, start, end in jsontext.locate(raw):
        if pointer == path:
            before = len(raw[:start].decode("utf-8", "surrogatepass"))
            return before, before + len(raw[start:end].decode("utf-8", "surrogatepass"))
    return 0, len(text)
