"""A whole answer: the texts in it as a reader joins them, and its bytes after the policy has been applied.

Rules:
1. It is read as a stream of one event: strings of one channel are one text, so that a value that straddles two blocks
   is found, and each block loses its part of it.
2. What spells an edited text in another form (log-probabilities, token ids) is emptied with it; what carries a
   signature over it is left out as a whole.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from guardrail.confidence import aligned
from guardrail.detectors.patterns import CONTEXT
from guardrail.dialects.places import at, in_plain_sight, lead_of
from guardrail.dialects.protocol import ChannelKey, Delta, ToolCall, View
from guardrail.edits import EDITING
from guardrail.gate import joined_halves
from guardrail.notices import behind, may_follow
from guardrail.policy.decide import Judge
from guardrail.review import EMBEDDED, Piece, Review, edit_document, edit_text, emptied
from guardrail.scanner import Scanner
from guardrail.tool_calls import CallJudge
from guardrail.types import Context, Edit, FailedCheck, Hit, Pointer, Policy, Segment, Stage
from guardrail.wire import jsontext


@dataclass(slots=True)
class Reading:
    """The texts of an answer.  A joined text has the pointer of its first piece; `choices` tells which choice a text
    belongs to, `asides` what a reader sees beside a text and how much of that text stands before it."""

    view: View
    segments: list[Segment] = field(default_factory=list)
    pieces: dict[Pointer, list[Piece]] = field(default_factory=dict)
    choices: dict[Pointer, int] = field(default_factory=dict)
    blocks: dict[Pointer, list[tuple[int, int]]] = field(default_factory=dict)
    units: dict[Pointer, list[Pointer]] = field(default_factory=dict)
    echoes: dict[Pointer, list[Pointer]] = field(default_factory=dict)
    last: dict[int, Pointer] = field(default_factory=dict)
    asides: list[tuple[Delta, Pointer, int]] = field(default_factory=list)
    calls: list[tuple[ToolCall, Pointer]] = field(default_factory=list)

    def context(self, segment: Segment, known: Context) -> Context:
        """What detectors may know about the answer that `segment` belongs to."""
        choice = self.choices.get(_base(segment.pointer), 0)
        known = self.of_choice(choice, known)
        if segment.channel != "content" or not self.view.spelled:
            return known
        tokens = [token for spelled in self.view.spelled if spelled.channel[0] == choice for token in spelled.tokens]
        return replace(known, confidence=aligned(segment.text, tokens))

    def of_choice(self, choice: int, known: Context) -> Context:
        """What detectors may know about one of the answers."""
        reason = dict(self.view.finishes).get(choice)
        return replace(known, finish_reason=reason, has_tool_calls=choice in self.view.acts)


def _base(pointer: Pointer) -> Pointer:
    """The place of the string that holds the JSON in which `pointer` lies."""
    return pointer[: pointer.index(EMBEDDED)] if EMBEDDED in pointer else pointer


def read(view: View, raw: bytes, document: Any) -> Reading:
    """The texts of the answer in `raw`, which parses to `document`."""
    reading = Reading(view)
    joined: dict[ChannelKey, list[Delta]] = {}
    for delta in view.deltas:
        if not delta.aside:
            joined.setdefault(delta.channel, []).append(delta)
    for key, deltas in joined.items():
        _join(reading, key, deltas)
    _place_asides(reading, view.deltas)
    reading.calls += ((call, ("calls", number)) for number, call in enumerate(view.calls))
    reading.segments += (*view.fields, *in_plain_sight(document, view.opaque))
    for pointer, digits in jsontext.numbers_under(raw, view.trees) if view.trees else ():
        lead = lead_of(pointer)
        reading.segments.append(Segment(Stage.RESPONSE, "assistant", "tool_arguments", pointer, digits, lead))
    return reading


def _join(reading: Reading, key: ChannelKey, deltas: Sequence[Delta]) -> None:
    first = (*deltas[0].pointer, *key[1:]) if key[1] == "logprobs" else deltas[0].pointer
    length, part = 0, -1
    for delta in deltas:
        reading.pieces.setdefault(first, []).append((delta.pointer, length, length + len(delta.text)))
        _extend(reading.blocks.setdefault(first, []), length, delta, part)
        part = delta.part
        length += len(delta.text)
        if delta.logprobs:
            reading.echoes.setdefault(first, []).append(delta.logprobs)
        if delta.unit is not None:
            reading.units.setdefault(first, []).append(delta.unit)
        if key[1] == "content" and delta.pointer[-1:] != (jsontext.KEY,):
            reading.last[key[0]] = delta.pointer
    reading.choices[first] = key[0]
    text = "".join(delta.text for delta in deltas)
    reading.segments.append(Segment(Stage.RESPONSE, "assistant", key[1], first, text, choice=key[0]))
    if function := "".join(delta.function for delta in deltas):
        reading.calls.append((ToolCall(key[0], function, joined_halves(text)), first))


def _extend(blocks: list[tuple[int, int]], start: int, delta: Delta, part: int) -> None:
    """Add a piece to the blocks of its text; `part` is the block that the piece before it stands in."""
    end = start + len(delta.text)
    if blocks and part == delta.part:
        blocks[-1] = (blocks[-1][0], end)
    else:
        blocks.append((start, end))


def _place_asides(reading: Reading, deltas: Iterable[Delta]) -> None:
    """An annotation may stand before or after the text that it belongs to, so it is read at both ends of it."""
    firsts = {(reading.choices[s.pointer], s.channel): s.pointer for s in reversed(reading.segments)}
    length: dict[tuple[int, str], int] = {}
    waiting: list[Delta] = []
    for delta in deltas:
        key = delta.channel[:2]
        first = firsts.get(key)
        if first is None:
            if delta.aside:
                reading.segments.append(_segment(delta))
            continue
        if delta.aside:
            reading.segments.append(_segment(delta))
            reading.asides.append((delta, first, length.get(key, 0)))
            waiting.append(delta)
        else:
            length[key] = length.get(key, 0) + len(delta.text)
            same = [each for each in waiting if each.channel[:2] == key]
            reading.asides += [(each, first, length[key]) for each in same]
            waiting = [each for each in waiting if each.channel[:2] != key]


def _segment(delta: Delta) -> Segment:
    return Segment(Stage.RESPONSE, "assistant", "annotation", delta.pointer, delta.text)


async def judge_calls(
    reading: Reading, result: Review, scanner: Scanner, judge: Judge, context: Context
) -> tuple[list[Hit], list[FailedCheck]]:
    """The hits on the tool calls of an answer, added to `result`, and the checks that did not finish on them."""
    found: list[Hit] = []
    failed: list[FailedCheck] = []
    calls = CallJudge(scanner, judge)
    for number, (call, place) in enumerate(reading.calls if scanner.judges_calls else ()):
        pointer = (*place, "call", number)
        known = reading.of_choice(call.choice, context)
        segment, hits, missing = await calls.hits(call, known, pointer)
        reading.choices[pointer] = call.choice
        result.segments = [*result.segments, segment]
        result.hits.append(hits)
        found += hits
        failed += missing
    return found, failed


def judge_blocks(reading: Reading, result: Review, scanner: Scanner, judge: Judge) -> list[Hit]:
    """The hits on each block of a joined text read by itself, added to `result`: what ends the block before must not
    hide a value that begins this one."""
    found: list[Hit] = []
    for segment, hits in zip(result.segments, result.hits, strict=True):
        for start, end in reading.blocks.get(segment.pointer, ())[1:]:
            piece = replace(segment, text=segment.text[start:end])
            known = {(hit.finding.kind, hit.finding.start, hit.finding.end) for hit in hits}
            for finding in scanner.patterns(piece.text, Stage.RESPONSE):
                moved = replace(finding, start=(finding.start or 0) + start, end=(finding.end or 0) + start)
                if (moved.kind, moved.start, moved.end) not in known:
                    hit = judge.hit(finding, piece)
                    hit = replace(hit, finding=replace(hit.finding, start=moved.start, end=moved.end))
                    hits.append(hit)
                    found.append(hit)
    return found


def judge_asides(reading: Reading, result: Review, scanner: Scanner, judge: Judge) -> list[Hit]:
    """The hits on what begins in a text and ends in an annotation beside it, added to `result` on both sides."""
    index = {segment.pointer: number for number, segment in enumerate(result.segments)}
    found: list[Hit] = []
    for delta, first, position in reading.asides:
        segment = result.segments[index[first]]
        before = segment.text[max(0, position - CONTEXT) : position]
        both = replace(segment, text=before + delta.text)
        for finding in scanner.patterns(both.text, Stage.RESPONSE):
            start, end = finding.start or 0, finding.end or 0
            if not start < len(before) < end:
                continue
            hit = judge.hit(finding, both)
            found.append(hit)
            offset = position - len(before)
            inside = replace(finding, start=start + offset, end=position)
            result.hits[index[first]].append(replace(hit, finding=inside))
            beside = replace(finding, start=0, end=end - len(before))
            result.hits[index[delta.pointer]].append(replace(hit, finding=beside))
    return found


def edited(
    raw: bytes,
    document: Any,
    texts: Mapping[Pointer, str],
    reading: Reading,
    result: Review,
    policy: Policy,
    context: Context,
) -> tuple[bytes, int]:
    """The answer after the policy, and how many places of it changed."""
    edits = result.edits()
    blanks: set[Pointer] = set()
    removed: set[Pointer] = set()
    for segment, hits in zip(result.segments, result.hits, strict=True):
        if any(hit.action in EDITING or hit.at is not None for hit in hits):
            blanks.update(reading.echoes.get(_base(segment.pointer), ()))
            removed.update(reading.units.get(_base(segment.pointer), ()))
    changed = bool(edits or blanks or removed)
    _spread(reading, texts, edits)
    _append_notices(reading, result, texts, edits, context)
    literals = {pointer: emptied(at(document, pointer)) for pointer in reading.view.echoes if changed}
    if policy.enforce and policy.opaque == "drop":
        literals |= {pointer: emptied(at(document, pointer)) for pointer in reading.view.opaque}
        edits = {pointer: made for pointer, made in edits.items() if pointer not in literals}
    edits = {p: made for p, made in edits.items() if p not in blanks and not any(p[: len(u)] == u for u in removed)}
    count = len(edits) + len(blanks) + len(removed) + len(literals)
    if not count:
        return raw, 0
    values = {**texts, **{s.pointer: s.text for s in result.segments if s.pointer in edits and s.pointer not in texts}}
    return edit_document(raw, values, edits, blanks, literals=literals, removed=removed), count


def _spread(reading: Reading, texts: Mapping[Pointer, str], edits: dict[Pointer, list[Edit]]) -> None:
    """JSON that comes in several strings is edited as one, and all of it then stands in the first."""
    for first, pieces in reading.pieces.items():
        inside = {pointer[len(first) :]: made for pointer, made in edits.items() if _base(pointer) == first}
        if len(pieces) < 2 or not any(place[:1] == (EMBEDDED,) for place in inside):
            continue
        new = edit_text("".join(texts[pointer] for pointer, _, _ in pieces), inside)
        for place in inside:
            del edits[(*first, *place)]
        for pointer, start, end in pieces:
            edits[pointer] = [Edit(0, end - start, new if pointer == first else "")]


def _append_notices(
    reading: Reading,
    result: Review,
    texts: Mapping[Pointer, str],
    edits: dict[Pointer, list[Edit]],
    context: Context,
) -> None:
    """Add the notices of each choice at the end of its text."""
    waiting: dict[int, list[Hit]] = {}
    said: dict[int, str] = {}
    for segment, hits in zip(result.segments, result.hits, strict=True):
        choice = reading.choices.get(_base(segment.pointer))
        if choice is None:
            continue
        waiting.setdefault(choice, []).extend(hits)
        if segment.channel == "content":
            said[choice] = said.get(choice, "") + segment.text
    for choice, hits in waiting.items():
        pointer, text = reading.last.get(choice), said.get(choice, "")
        if pointer is None or pointer not in texts:
            continue
        words = behind(hits, text)
        if words and may_follow(text, context):
            end = len(texts[pointer])
            added = [Edit(end, end, "\n\n" + each) for each in words]
            edits.setdefault(pointer, []).extend(added)
