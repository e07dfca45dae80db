"""One streamed answer on its way through the gate: frames to text, text to verdicts, verdicts to frames.

Rules:
1. A frame leaves only after every string in it was judged; what cannot be read does not leave.
2. A stream that breaks off looks broken to the client: the held tail is dropped and the dialect's error follows.
3. Once a rule blocks, nothing more of the upstream's text leaves.
"""

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from guardrail.dialects.protocol import Call, ChannelKey, Delta, Dialect, EventView
from guardrail.edits import redactions
from guardrail.errors import Blocked, UpstreamError
from guardrail.gate import Ask, Gate, GateError, Inspection, Released
from guardrail.notes import notes_for, notices
from guardrail.policy.decide import Judge, record
from guardrail.review import edit_document, edit_text, review
from guardrail.scanner import Scanner, in_sentence
from guardrail.types import (
    Action,
    Context,
    Decision,
    Edit,
    FailedCheck,
    Finding,
    Hit,
    Pointer,
    Segment,
    Stage,
)
from guardrail.wire import jsontext
from guardrail.wire.shape import Shape
from guardrail.wire.sse import Frame, FrameTooLarge, SSEDecoder

FRAME_LIMIT = 4 << 20
_FIELD = re.compile(rb":|(?:event|id|retry)(?::|$)")
_CALLS = 1 << 20  # tool calls that one index may name before numbers of ours begin
_LESSONS = 16  # events that are learnt from; one whose every event is different is not worth more
_CHOICES = 128  # the most choices that a request may ask for
_MEMO = 4096


@dataclass(slots=True)
class _Payload:
    """A frame with what was found in its self-contained strings."""

    frame: Frame
    finishes: tuple[int, ...] = ()
    edits: dict[Pointer, list[Edit]] = field(default_factory=dict)
    texts: dict[Pointer, str] = field(default_factory=dict)
    bare: bool = False


class Streaming:
    """The answer of one exchange.  `decision` is the exchange's own and grows as text is judged."""

    def __init__(
        self,
        dialect: Dialect,
        call: Call,
        scanner: Scanner,
        judge: Judge,
        decision: Decision,
        notes: dict[str, Any] | None,
    ) -> None:
        """`notes` are the constant members of what the client is told, None when it is told nothing."""
        self._dialect, self._call, self._scanner, self._judge = dialect, call, scanner, judge
        self._decision, self._notes = decision, notes
        self._gate: Gate[_Payload] = Gate(
            scanner.screen(Stage.RESPONSE),
            scanner.modes,
            self._verdict,
            judge.policy.hold_cap,
            sentences=scanner.judges_sentences,
            answers=scanner.judges_answers,
        )
        self._decoder = SSEDecoder(min(FRAME_LIMIT, judge.policy.hold_cap))
        self._clean: set[str] = set()
        self._reasons: dict[int, str] = {}
        self._template: Any = None
        self._known: tuple[Shape, Delta] | None = None
        self._lessons = _LESSONS
        self._tools: set[int] = set()
        self._calls: dict[ChannelKey, tuple[str, int]] = {}
        self._notices_of: dict[int, list[str]] = {}
        self.failure: UpstreamError | Blocked | None = None
        self.done = False
        self.edited = 0
        self.started = False

    async def run(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The bytes for the client.  Raises Blocked or UpstreamError when nothing has left yet."""
        try:
            async for chunk in chunks:
                out = await self._frames(self._decoder.decode(chunk))
                if out:
                    self.started = True
                    yield b"".join(out)
                if self._blocked:
                    yield self._stop()
                    return
            tail = await self._finish()
            if self._blocked:
                yield self._stop()
                return
            if tail:
                self.started = True
                yield b"".join(tail)
        except (UpstreamError, GateError, FrameTooLarge, jsontext.JsonError) as error:
            yield self._broken(error)

    @property
    def _blocked(self) -> bool:
        return self._gate.stopped is not None or self._decision.action is Action.BLOCK

    async def _frames(self, frames: list[Frame]) -> list[bytes]:
        out: list[bytes] = []
        for frame in frames:
            self._take(frame)
            for question in self._gate.questions():
                await self._answer(question)
            if self._blocked:
                break
            out += self._released()
        return out

    async def _finish(self) -> list[bytes]:
        """The upstream has ended: what is left of it leaves only if it ended properly."""
        out = await self._frames(self._decoder.flush())
        if not self.done and self._gate.open_choices():
            raise UpstreamError(502, "upstream_cut", "The upstream ended the stream before its answer was complete.")
        self._gate.close()
        for question in self._gate.questions():
            await self._answer(question)
        return [*out, *self._released()]

    def _take(self, frame: Frame) -> None:
        payload = _Payload(frame)
        if frame.other:
            self._judge_other(payload)
        if frame.data is None or not frame.data.strip():
            self._gate.feed(payload, len(frame.raw), ())
        elif self._dialect.is_done(frame.data):
            self.done = True
            self._gate.close()
            self._gate.feed(payload, len(frame.raw), ())
        else:
            self._take_document(payload, frame.data)

    def _take_document(self, payload: _Payload, data: bytes) -> None:
        if self._known is not None and (text := self._known[0].text(data)) is not None:
            delta = self._known[1]
            again = (Delta(delta.channel, delta.pointer, text),) if text else ()
            self._gate.feed(payload, len(payload.frame.raw), again)
            return
        document = jsontext.parse(data)
        view = self._dialect.event(document, jsontext.strings(document, data))
        for segment in view.fields:
            self._judge_field(payload, segment)
        if view.deltas or view.finishes or self._template is None:
            self._template = self._identity(document)
        deltas = [self._told_apart(delta) for delta in view.deltas]
        for delta in deltas:
            if delta.channel[1] in ("tool_arguments", "refusal", "transcript"):
                self._tools.add(delta.channel[0])
        self._reasons.update(view.finishes)
        payload.finishes = tuple(choice for choice, _ in view.finishes)
        self._gate.feed(payload, len(payload.frame.raw), deltas, payload.finishes)
        self._learn(data, view, deltas)

    def _learn(self, data: bytes, view: EventView, deltas: Sequence[Delta]) -> None:
        """Remember an event that adds to one text and is otherwise clean: most that follow differ in nothing else."""
        if len(deltas) != 1 or view.finishes or self._lessons <= 0 or deltas[0].logprobs or deltas[0].call:
            return
        if all(segment.text in self._clean for segment in view.fields):
            self._lessons -= 1
            shape = Shape.of(data, deltas[0].pointer)
            self._known = (shape, deltas[0]) if shape else None

    def _identity(self, document: Any) -> dict[str, Any]:
        """The members of an event that chunks of ours repeat: numbers, and strings in which nothing was found."""
        members = document.items() if isinstance(document, dict) else ()
        return {
            name: value
            for name, value in members
            if isinstance(value, int) or (isinstance(value, str) and value in self._clean and value.isprintable())
        }

    def _told_apart(self, delta: Delta) -> Delta:
        """A new call id on an index that is in use begins another call: servers differ in how they number them."""
        choice, channel, block = delta.channel
        if channel != "tool_arguments":
            return delta
        known, turn = self._calls.get(delta.channel, (delta.call, 0))
        if delta.call and known and delta.call != known:
            turn += 1
        self._calls[delta.channel] = (delta.call or known, turn)
        return replace(delta, channel=(choice, channel, block + turn * _CALLS)) if turn else delta

    def _judge_field(self, payload: _Payload, segment: Segment) -> None:
        if segment.text in self._clean:
            return
        hits = self._hits_in(segment)
        if not hits and len(self._clean) < _MEMO:
            self._clean.add(segment.text)
        if edits := redactions(hits, len(segment.text)):
            payload.edits[segment.pointer] = edits
            payload.texts[segment.pointer] = segment.text

    def _judge_other(self, payload: _Payload) -> None:
        """Comments, event names and ids reach the client too; a finding in them removes them all."""
        if not all(_FIELD.match(line) for line in payload.frame.other.splitlines()):
            raise jsontext.JsonError("a line that is no field of an event stream")
        text = payload.frame.other.decode(errors="replace")
        if text in self._clean:
            return
        hits = self._hits_in(Segment(Stage.RESPONSE, "", "framing", (), text))
        payload.bare = any(hit.action is Action.REDACT for hit in hits)
        if not hits and len(self._clean) < _MEMO:
            self._clean.add(text)

    def _hits_in(self, segment: Segment) -> list[Hit]:
        hits = [self._judge.hit(f, segment) for f in self._scanner.patterns(segment.text, Stage.RESPONSE)]
        record(self._decision, hits)
        return hits

    def _verdict(self, channel: ChannelKey, finding: Finding, text: str) -> Hit:
        segment = Segment(Stage.RESPONSE, "assistant", channel[1], (), text)
        local = replace(finding, start=0, end=len(text))
        hit = replace(self._judge.hit(local, segment), finding=finding)
        self._note(channel[0], [hit])
        return hit

    async def _answer(self, question: Inspection) -> None:
        if question.ask is Ask.ARGUMENTS:
            await self._answer_arguments(question)
            return
        context = self._context(question.channel[0])
        segment = Segment(Stage.RESPONSE, "assistant", question.channel[1], (), question.text)
        if question.ask is Ask.ANSWER:
            scan = await self._scanner.answer_findings(question.text, context)
            found = scan.findings[0]
        else:
            texts = [question.text[start:end] for start, end in question.spans]
            scan = await self._scanner.sentence_findings(texts, context)
            found = [
                in_sentence(finding, start, end)
                for (start, end), findings in zip(question.spans, scan.findings, strict=True)
                for finding in findings
            ]
        hits = [_shifted(self._judge.hit(finding, segment), question.offset) for finding in found]
        record(self._decision, (), scan.failed, self._judge.failure_action())
        self._note(question.channel[0], hits)
        self._gate.resolve(question, hits)

    async def _answer_arguments(self, question: Inspection) -> None:
        segment = Segment(Stage.RESPONSE, "assistant", "tool_arguments", (), question.text)
        result = await review(self._scanner, self._judge, [segment], Context(), Stage.RESPONSE)
        record(self._decision, (), result.failed, self._judge.failure_action())
        self._note(question.channel[0], result.all_hits)
        edits = result.edits()
        new = None
        if edits:
            new = edit_text(question.text, edits)
        self._gate.resolve(question, result.all_hits, new)

    def _context(self, choice: int) -> Context:
        return replace(
            self._call.context,
            finish_reason=self._reasons.get(choice),
            has_tool_calls=choice in self._tools,
        )

    def _released(self) -> Iterator[bytes]:
        for released in self._gate.release():
            payload = released.payload
            for choice in payload.finishes:
                yield from self._notices(choice)
            yield self._rendered(released)

    def _notices(self, choice: int) -> Iterator[bytes]:
        for words in self._notices_of.pop(choice, ()):
            yield self._dialect.stream_text(self._template, choice, "\n\n" + words)

    def _note(self, choice: int, hits: Sequence[Hit]) -> None:
        """Keep the hits of a choice for the record, and their notices for its end."""
        record(self._decision, hits)
        if words := notices(hits):
            said = self._notices_of.setdefault(choice, [])
            said += [each for each in words if each not in said]

    def _rendered(self, released: Released[_Payload]) -> bytes:
        payload = released.payload
        raw = payload.frame.without_other() if payload.bare else payload.frame.raw
        told = self._told(payload)
        if not (released.texts or released.blanks or payload.edits or told):
            return raw
        assert payload.frame.data is not None
        data = payload.frame.data
        if released.texts or released.blanks or payload.edits:
            self.edited += 1
            whole = {pointer: [Edit(0, 1 << 62, text)] for pointer, text in released.texts.items()}
            texts = {**payload.texts, **dict.fromkeys(whole, "")}
            data = edit_document(data, texts, {**payload.edits, **whole}, released.blanks)
        if told:
            data = jsontext.set_member(data, "guardrail", told)
        frame = replace(payload.frame, raw=raw)
        return frame.with_data(data.replace(b"\n", b" ").replace(b"\r", b" "))

    def _told(self, payload: _Payload) -> dict[str, Any] | None:
        """What the client is told, on the frame that ends a choice; on the last one it is the whole decision."""
        if self._notes is None or not payload.finishes:
            return None
        return notes_for(self._decision, self._notes)

    def _stop(self) -> bytes:
        hit = self._gate.stopped or max(
            (h for h in self._decision.hits if h.rule), key=lambda h: h.action, default=None
        )
        message = self._judge.message(hit)
        self._decision.action = Action.BLOCK
        if not self.started:
            raise Blocked(message)
        self.edited += 1
        open_choices = sorted(
            {*range(min(self._call.choices, _CHOICES)), *self._gate.open_choices()} - set(self._reasons)
        )
        told = None if self._notes is None else notes_for(self._decision, self._notes)
        spaced = f"\n\n{message}" if message else ""
        return self._dialect.stream_stop(self._template, open_choices or [0], spaced, told)

    def _broken(self, error: Exception) -> bytes:
        ours: UpstreamError | Blocked = _as_upstream_error(error)
        if isinstance(error, GateError) and "hold_cap" in str(error):
            record(self._decision, [], [FailedCheck("gate", "hold_cap")], Action.BLOCK)
            ours = Blocked(self._judge.policy.message)
        self.failure = ours
        if not self.started:
            raise ours
        return self._dialect.stream_error(ours.code, ours.message)


def _as_upstream_error(error: Exception) -> UpstreamError:
    if isinstance(error, UpstreamError):
        return error
    return UpstreamError(502, "upstream_malformed", "The upstream's stream cannot be read, so it cannot be judged.")


def _shifted(hit: Hit, offset: int) -> Hit:
    finding = hit.finding
    if not offset or finding.start is None or finding.end is None:
        return hit
    return replace(hit, finding=replace(finding, start=finding.start + offset, end=finding.end + offset))
