"""One streamed answer on its way through the gate: frames to text, text to verdicts, verdicts to frames.

Rules:
1. A frame leaves only after every string in it was judged; what cannot be read does not leave.
2. A stream that breaks off looks broken to the client: the held tail is dropped and the dialect's error follows.
3. Once a rule blocks, nothing more of the upstream's text leaves.
4. What the client has seen so far is known from what left (`_last`, `Lens.sent`), never from what arrived.
"""

import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from guardrail.confidence import aligned
from guardrail.conversation import brought
from guardrail.dialects.places import Paths, alone, at, in_plain_sight, lead_of
from guardrail.dialects.protocol import ATOMIC, Call, ChannelKey, Delta, Lens, ToolCall, UnknownEvent, View
from guardrail.edits import EDITING, redactions
from guardrail.errors import Blocked, UpstreamError
from guardrail.gate import Ask, Gate, GateError, Inspection, Released
from guardrail.notes import notes_for
from guardrail.notices import behind, may_follow, taken
from guardrail.policy.decide import Judge, record
from guardrail.repairs import put_right
from guardrail.review import AskAgain, edit_document, edit_text, emptied, expand, judged, review
from guardrail.scanner import Scanner, in_sentence
from guardrail.tool_calls import CHANNEL, CallJudge
from guardrail.types import (
    Action,
    Confidence,
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
from guardrail.wire.frames import Frame, Framing, FramingError
from guardrail.wire.shape import Shape
from guardrail.witness import Witness

FRAME_LIMIT = 4 << 20
_FIELD = re.compile(rb":|(?:event|id|retry)(?::|$)")
_EVENT = re.compile(rb"^event: ?(.*)$", re.MULTILINE)
_CALLS = 1 << 40  # tool calls that one index may name before numbers of ours begin
_LESSONS = 16  # events that are learnt from; one whose every event is different is not worth more
_CHOICES = 128  # the most choices that a request may ask for
_MEMO = 4096
_LEVEL = 1_000_000  # blocks of a channel from here on repeat those below


@dataclass(slots=True)
class _Payload:
    """A frame with what was found in its self-contained strings."""

    frame: Frame
    finishes: tuple[int, ...] = ()
    edits: dict[Pointer, list[Edit]] = field(default_factory=dict)
    texts: dict[Pointer, str] = field(default_factory=dict)
    opaque: Sequence[Pointer] = ()
    echoes: Sequence[Pointer] = ()
    mark: bool = False
    bare: bool = False
    speaks: bool = True


class Streaming:
    """The answer of one exchange.  `decision` is the exchange's own and grows as text is judged."""

    def __init__(
        self,
        lens: Lens,
        framing: Framing,
        call: Call,
        scanner: Scanner,
        judge: Judge,
        decision: Decision,
        notes: dict[str, Any] | None,
        *,
        again: bool = False,
        witness: Witness | None = None,
    ) -> None:
        """`notes` are the constant members of what the client is told, None when it is told nothing; `again` whether
        the model may be asked again as long as nothing has left; `witness` is shown the answer as it comes."""
        self._lens, self._framing, self._call = lens, framing, call
        self._again = again and judge.may_regenerate
        self._scanner, self._judge = scanner, judge
        self._decision, self._notes, self._witness = decision, notes, witness
        self._gate: Gate[_Payload] = Gate(
            scanner.screen(Stage.RESPONSE),
            scanner.modes,
            self._verdict,
            judge.policy.hold_cap,
            sentences=scanner.judges_sentences,
            answers=scanner.judges_answers,
            calls=scanner.judges_calls,
            atomic=ATOMIC if judge.may_drop_thinking else ATOMIC - {"thinking"},
            watches=lambda: scanner.watches(call.context),
        )
        self._drops_opaque = judge.policy.enforce and judge.policy.opaque == "drop"
        self._clean: set[tuple[str, str, str]] = set()
        self._recorded: set[tuple[object, ...]] = set()
        self._sentences: dict[str, list[Finding]] = {}
        self._answers: dict[tuple[int, str], tuple[list[Finding], list[FailedCheck]]] = {}
        self._paths = Paths()
        self._other = ""
        self._reasons: dict[int, str] = {}
        self._ended: set[int] = set()
        self._stopped: Hit | None = None
        self._last: bytes = b""
        self._known: tuple[Shape, Delta, str] | None = None
        self._lessons = _LESSONS
        self._acts: set[int] = set()
        self._calls: dict[ChannelKey, tuple[str, int]] = {}
        self._arguments: dict[ChannelKey, str] = {}
        self._functions: dict[ChannelKey, str] = {}
        self._whole_calls: list[ToolCall] = []
        self._call_judge = CallJudge(scanner, judge)
        self._judges_calls, self._judges_answers = scanner.judges_calls, scanner.judges_answers
        self._tokens: dict[ChannelKey, list[tuple[bytes, float | None]]] = {}
        self._begun: set[tuple[object, ...]] = set()
        self._worded: set[int] = set()
        self._notices_of: dict[int, list[Hit]] = {}
        self._said: dict[int, list[str]] = {}
        self._failed = False  # the upstream said so itself
        self._spoke = False
        self.identity = ""
        self.failure: UpstreamError | Blocked | None = None
        self.done = False
        self.edited = 0
        self.started = False

    @property
    def erred(self) -> bool:
        """Whether the upstream ended the stream with an error of its own."""
        return self._failed

    async def run(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The bytes for the client.  Raises Blocked, UpstreamError or AskAgain when nothing has left yet."""
        try:
            early: list[bytes] = []
            async for chunk in chunks:
                out = [*early, *await self._frames(self._framing.decode(chunk))]
                early = []
                if out and self._waits_for_text and not self._blocked:
                    early = out
                elif out and not (self._waits_for_text and self._blocked):
                    self.started = True
                    yield b"".join(out)
                if self._blocked:
                    yield self._stop()
                    return
            tail = [*early, *await self._finish()]
            if self._blocked:
                yield self._stop()
                return
            if tail:
                self.started = True
                yield b"".join(tail)
        except (UpstreamError, GateError, FramingError, jsontext.JsonError, UnknownEvent) as error:
            if words := self._broken(error):
                yield words

    @property
    def _waits_for_text(self) -> bool:
        """Whether frames without text wait for the first that has some: as long as nothing left, the model can be asked
        again."""
        return self._again and not self.started and not self._spoke

    @property
    def _blocked(self) -> bool:
        return bool(self._gate.stopped or self._stopped) or self._decision.action is Action.BLOCK

    async def _frames(self, frames: list[Frame]) -> list[bytes]:
        out: list[bytes] = []
        for frame in frames:
            self._take(frame)
            for question in self._gate.questions():
                await self._answer(question)
            for call in self._whole_calls:
                self._note((call.choice, CHANNEL, 0), await self._hits_of_call(call))
            self._whole_calls = []
            if self._blocked:
                break
            out += self._released()
        return out

    async def _finish(self) -> list[bytes]:
        """The upstream has ended: what is left of it leaves only if it ended properly."""
        out = await self._frames(self._framing.flush())
        if not self.done and not self._failed and self._gate.open_choices():
            raise UpstreamError(502, "upstream_cut", "The upstream ended the stream before its answer was complete.")
        self._gate.close()
        for question in self._gate.questions():
            await self._answer(question)
        return out if self._blocked else [*out, *self._released()]

    def _take(self, frame: Frame) -> None:
        payload = _Payload(frame)
        if frame.other:
            self._judge_other(payload)
        if frame.data is None or not frame.data.strip():
            payload.speaks = False
            self._gate.feed(payload, len(frame.raw), ())
        elif self._lens.is_done(frame.data):
            self.done = True
            self._gate.close()
            self._gate.feed(payload, len(frame.raw), ())
        else:
            self._take_document(payload, frame.data)

    def _take_document(self, payload: _Payload, data: bytes) -> None:
        known, name = self._known, _event_name(payload.frame)
        if known is not None and known[2] == name and (text := known[0].text(data)) is not None:
            delta = known[1]
            if self._witness is not None:
                self._witness.hears(delta.channel, text)
            self._hear(delta.channel, text)
            again = (Delta(delta.channel, delta.pointer, text, unit=delta.unit, part=delta.part),) if text else ()
            self._gate.feed(payload, len(payload.frame.raw), again)
            return
        self._known = None  # what was learnt holds only as long as nothing else is said
        document = jsontext.parse(data)
        self.identity = self.identity or identity_of(document)
        view = self._view(document, data, name)
        if self._witness is not None:
            self._witness.sees(view)
            self._witness.counts(document)
        if _is_error(document):
            self._failed = True
            self._lessons = 0
            self._gate.abandon()  # what was held is not known to be whole: it never leaves
            said = [alone(delta.channel[1], delta.pointer, delta.text) for delta in view.deltas]
            view = View(fields=[*view.fields, *said], trees=view.trees, opaque=view.opaque)
        elif self._failed and view.deltas:
            return  # it would go on where what was held is missing
        if view.opaque:
            view = replace(view, fields=[*view.fields, *in_plain_sight(document, view.opaque)])
        asides = [delta for delta in view.deltas if delta.aside]
        deltas = [self._told_apart(delta) for delta in view.deltas if not delta.aside]
        self._judge_fields(payload, view, data, asides)
        self._reasons.update(view.finishes)
        self._acts |= view.acts
        payload.finishes = tuple(choice for choice, _ in view.finishes)
        payload.opaque = view.opaque if self._drops_opaque else ()
        payload.echoes, payload.mark = view.echoes, view.mark
        self._worded.update(delta.channel[0] for delta in deltas if delta.channel[1] == "content" and delta.text)
        for delta in deltas:
            self._hear(delta.channel, delta.text)
        if view.material or view.hidden:
            self._call = brought(self._call, view)
        self._whole_calls += view.calls if self._judges_calls else ()
        for spelled in view.spelled if self._judges_answers else ():
            self._tokens.setdefault(spelled.channel, []).extend(spelled.tokens)
        payload.speaks = any(delta.text for delta in deltas)
        self._gate.feed(payload, len(payload.frame.raw), deltas, payload.finishes, conclude=False)
        if deltas:  # the text that an annotation belongs to may have come with it
            self._judge_beside(payload, asides)
        self._gate.conclude(payload.finishes, view.closes, view.seals)
        self._learn(data, view, deltas, name)

    def _hear(self, channel: ChannelKey, text: str) -> None:
        """Keep what a choice says, where a notice may have to fit it."""
        if self._judge.may_notice and channel[1] == "content" and channel[2] == 0:
            self._said.setdefault(channel[0], []).append(text)

    def _before(self, question: Inspection) -> str:
        """What stands in front of the text of a question, in its channel."""
        if not question.offset or question.channel[1:] != ("content", 0):
            return ""
        return "".join(self._said.get(question.channel[0], ()))[: question.offset]

    def _view(self, document: Any, data: bytes, name: str) -> View:
        """What an event holds; one of an unknown kind is all unknown strings, where the policy lets it pass."""
        strings = jsontext.strings(document, data)
        try:
            return self._lens.event(document, strings, name)
        except UnknownEvent as unknown:
            if self._judge.policy.unknown_events != "inspect":
                raise
            self._paths.begin(unknown.kind)
        for pointer, text in strings:
            if text and pointer[-1:] != (jsontext.KEY,):
                self._paths.unknown(pointer, text)
        deltas = [replace(delta, channel=(-1, "field", delta.channel[2] + _LEVEL)) for delta in self._paths.deltas]
        keys = [
            Segment(Stage.RESPONSE, "assistant", "field", pointer, text)
            for pointer, text in strings
            if pointer[-1:] == (jsontext.KEY,)
        ]
        return View(deltas, keys, seals=[(-1, "field", key[2] + _LEVEL) for key in self._paths.seals])

    def _learn(self, data: bytes, view: View, deltas: Sequence[Delta], name: str) -> None:
        """Remember an event that adds to one text and is otherwise clean: most that follow differ in nothing else."""
        if len(deltas) != 1 or len(view.deltas) != 1 or self._lessons <= 0 or deltas[0].logprobs or deltas[0].call:
            return
        if deltas[0].function or view.calls or view.spelled or view.material or view.hidden:
            return
        if view.finishes or view.closes or view.seals or view.opaque or view.echoes or view.trees or view.mark:
            return
        if deltas[0].channel[0] >= 0 and all(_memo(field) in self._clean for field in view.fields):
            self._lessons -= 1
            shape = Shape.of(data, deltas[0].pointer)
            self._known = (shape, deltas[0], name) if shape else None

    def _told_apart(self, delta: Delta) -> Delta:
        """A new call id on an index that is in use begins another call: servers differ in how they number them."""
        choice, channel, block = delta.channel
        if channel not in ("tool_arguments", "tool_name"):
            return delta
        known, turn = self._calls.get(delta.channel, ("", 0))
        if delta.call and delta.call != known:
            turn += bool(known)
            self._require_whole(delta)
        self._calls[delta.channel] = (delta.call or known, turn)
        if channel == "tool_arguments":
            self._arguments[delta.channel] = self._arguments.get(delta.channel, "") + delta.text
        delta = replace(delta, channel=(choice, channel, block + turn * _CALLS)) if turn else delta
        if delta.function and delta.function != (known := self._functions.get(delta.channel, "")):
            self._functions[delta.channel] = known + delta.function
        return delta

    def _require_whole(self, delta: Delta) -> None:
        """A call begins.

        Some clients join calls by their index, some by their id: neither may get other arguments than were judged.
        """
        key, identity = delta.channel, (*delta.channel, delta.call)
        begun = self._arguments.pop(key, "")
        if identity in self._begun:
            raise jsontext.JsonError("the pieces of two tool calls are mixed")
        self._begun.add(identity)
        if begun.strip():
            jsontext.parse(begun.encode(errors="surrogatepass"))

    def _judge_fields(self, payload: _Payload, view: View, data: bytes, asides: Sequence[Delta]) -> None:
        for segment in view.fields:
            self._judge_field(payload, segment)
        for pointer, digits in jsontext.numbers_under(data, view.trees) if view.trees else ():
            lead = lead_of(pointer)
            self._judge_field(payload, Segment(Stage.RESPONSE, "assistant", "tool_arguments", pointer, digits, lead))
        for delta in asides:
            self._judge_field(payload, Segment(Stage.RESPONSE, "assistant", "annotation", delta.pointer, delta.text))
        self._judge_beside(payload, asides)

    def _judge_beside(self, payload: _Payload, asides: Sequence[Delta]) -> None:
        """Annotations as a reader sees them: right after the text so far."""
        for delta in asides:
            for hit, end in self._gate.beside(delta.channel, delta.text):
                if hit.action in EDITING:
                    payload.edits.setdefault(delta.pointer, []).append(Edit(0, end, ""))
                    payload.edits[delta.pointer] = _merged(payload.edits[delta.pointer])
                    payload.texts[delta.pointer] = delta.text

    def _judge_field(self, payload: _Payload, segment: Segment) -> None:
        if _memo(segment) in self._clean:
            return
        found = False
        for each in expand([segment]):
            hits = self._hits_in(each)
            found = found or bool(hits)
            if edits := redactions(hits, len(each.text)):
                payload.edits[each.pointer] = edits
                payload.texts[each.pointer] = each.text
                payload.texts[segment.pointer] = segment.text
        if not found and len(self._clean) < _MEMO:
            self._clean.add(_memo(segment))

    def _judge_other(self, payload: _Payload) -> None:
        """Comments, event names and ids reach the client too; a finding in them removes them all."""
        if not all(_FIELD.match(line) for line in payload.frame.other.splitlines()):
            raise jsontext.JsonError("a line that is no field of an event stream")
        text = payload.frame.other.decode(errors="replace")
        lead, self._other = (self._other if self._other != text else ""), text[-64:]
        segment = Segment(Stage.RESPONSE, "", "framing", (), text, lead)
        if _memo(segment) in self._clean:
            return
        hits = self._hits_in(segment)
        payload.bare = any(hit.action is Action.REDACT for hit in hits)
        if not hits and len(self._clean) < _MEMO:
            self._clean.add(_memo(segment))

    def _hits_in(self, segment: Segment) -> list[Hit]:
        found = self._scanner.led(segment, Stage.RESPONSE, self._call.context)
        hits = [self._judge.hit(f, segment) for f in found]
        record(self._decision, hits)
        for hit in hits:
            if hit.action >= Action.REGENERATE and (self._stopped is None or hit.action > self._stopped.action):
                self._stopped = hit
        return hits

    def _verdict(self, channel: ChannelKey, finding: Finding, text: str) -> Hit:
        segment = Segment(Stage.RESPONSE, "assistant", channel[1], (), text, choice=channel[0])
        local = replace(finding, start=0, end=len(text))
        hit = self._judge.hit(local, segment)
        hit = replace(hit, finding=replace(hit.finding, start=finding.start, end=finding.end))
        self._note(channel, [hit])
        return hit

    async def _answer(self, question: Inspection) -> None:
        if question.ask is Ask.COMPLETE:
            await self._answer_complete(question)
            return
        context = self._context(question.channel[0])
        choice, name, _ = question.channel
        if self._tokens and question.ask is Ask.ANSWER:
            context = replace(context, confidence=self._confidence(choice, question.text))
        segment = Segment(Stage.RESPONSE, "assistant", name, (), question.text, choice=choice)
        if question.ask is Ask.ANSWER:
            found, failed = await self._findings_of_answer(question, context)
        else:
            found, failed = await self._findings_of_sentences(question, context)
        before = self._before(question) if found else ""
        gone = taken(self._decision.hits) if found else ()
        hits = judged(self._scanner, self._judge, segment, found, context, before, gone)
        if question.ask is Ask.ANSWER:
            hits, more = await put_right(self._scanner, self._judge, segment, hits, context, judged)
            failed = [*failed, *more]
        hits = [_shifted(hit, question.offset) for hit in hits]
        record(self._decision, (), failed, self._judge.failure_action())
        self._note(question.channel, hits)
        self._gate.resolve(question, hits)

    async def _findings_of_answer(
        self, question: Inspection, context: Context
    ) -> tuple[list[Finding], list[FailedCheck]]:
        """Vendors repeat an answer at its end: one that was judged is not judged again."""
        key = (question.channel[0], question.text)
        if key not in self._answers:
            scan = await self._scanner.answer_findings(question.text, context)
            self._answers[key] = scan.findings[0], scan.failed
            return scan.findings[0], scan.failed
        return self._answers[key][0], []

    async def _findings_of_sentences(
        self, question: Inspection, context: Context
    ) -> tuple[list[Finding], list[FailedCheck]]:
        texts = [question.text[start:end] for start, end in question.spans]
        new = list(dict.fromkeys(text for text in texts if text not in self._sentences))
        failed: list[FailedCheck] = []
        known: Mapping[str, list[Finding]] = self._sentences
        if new:
            scan = await self._scanner.sentence_findings(new, context)
            failed = scan.failed
            fresh = dict(zip(new, scan.findings, strict=True))
            if len(self._sentences) < _MEMO and not failed:
                self._sentences.update(fresh)
            known = {**self._sentences, **fresh}
        return [
            in_sentence(finding, start, end)
            for (start, end), text in zip(question.spans, texts, strict=True)
            for finding in known[text]
        ], failed

    async def _answer_complete(self, question: Inspection) -> None:
        """Tool arguments, edited as the JSON they are, and signed thinking, left out as a whole."""
        segment = Segment(Stage.RESPONSE, "assistant", question.channel[1], (), question.text)
        result = await review(self._scanner, self._judge, [segment], self._context(question.channel[0]), Stage.RESPONSE)
        record(self._decision, (), result.failed, self._judge.failure_action())
        hits = [*result.all_hits, *await self._hits_of_channel(question)]
        self._note(question.channel, hits)
        edits = result.edits()
        if segment.channel == "thinking":
            self._gate.resolve(question, hits, drop=bool(edits))
            return
        new = edit_text(question.text, edits) if edits else None
        self._gate.resolve(question, hits, new)

    async def _hits_of_channel(self, question: Inspection) -> list[Hit]:
        """What is found in the arguments of a channel as those of a call.  The vendor's repetitions of a call have no
        name of their own: they are calls of the same tool."""
        choice, channel, block = question.channel
        function = self._functions.get(question.channel) or self._functions.get((choice, channel, block % _LEVEL))
        if not function or not self._scanner.judges_calls:
            return []
        return await self._hits_of_call(ToolCall(choice, function, question.text))

    async def _hits_of_call(self, call: ToolCall) -> list[Hit]:
        _, hits, failed = await self._call_judge.hits(call, self._context(call.choice))
        record(self._decision, (), failed, self._judge.failure_action())
        for hit in hits:
            if hit.action >= Action.REGENERATE and (self._stopped is None or hit.action > self._stopped.action):
                self._stopped = hit
        return hits

    def _confidence(self, choice: int, text: str) -> tuple[Confidence, ...]:
        """How sure the model was of its answer; vendors that tell a text several times tell the tokens as often."""
        told = (tokens for key, tokens in self._tokens.items() if key[0] == choice)
        return next(filter(None, (aligned(text, tokens) for tokens in told)), ())

    def _context(self, choice: int) -> Context:
        return replace(self._call.context, finish_reason=self._reasons.get(choice), has_tool_calls=choice in self._acts)

    def _released(self) -> Iterator[bytes]:
        for released in self._gate.release():
            if released.dropped:
                self.edited += 1
                if released.payload.mark and released.payload.frame.data is not None:
                    self._lens.dropped(jsontext.parse(released.payload.frame.data))
            else:
                self._spoke = self._spoke or released.payload.speaks
                yield self._rendered(released)

    def _note(self, channel: ChannelKey, hits: Sequence[Hit]) -> None:
        """Keep the hits of a channel for the record, each once however often the vendor repeats its text, and their
        notices for the end of the choice."""
        choice, name, block = channel
        place = 0 if name == "content" else block % _LEVEL
        for hit in hits:
            finding = hit.finding
            key = (choice, name, place, finding.kind, finding.start, finding.end, finding.detector, hit.text)
            if key not in self._recorded:
                self._recorded.add(key)
                record(self._decision, [hit])
        waiting = [hit for hit in hits if hit.action is Action.NOTICE and hit.at is None]
        if waiting:
            self._notices_of.setdefault(choice, []).extend(waiting)

    def _rendered(self, released: Released[_Payload]) -> bytes:
        payload = released.payload
        frame = payload.frame.without_other() if payload.bare else payload.frame
        data = frame.data
        if data is None or not data.strip():
            return frame.raw
        if self._lens.is_done(data):
            return frame.raw
        first = not self._last
        new = self._edited(released, data)
        added = []
        if payload.finishes and self._notices_of:
            document = jsontext.parse(new)
            for choice in payload.finishes:
                for words in self._notices(choice):
                    added += self._lens.text(document, choice, "\n\n" + words)
            new = edit_document(new, {}, {}, appended=self._lens.finish_edits(document))
        if self._lens.shifted:
            new = edit_document(new, {}, {}, literals=self._lens.renumber(jsontext.parse(new)))
        self._ended.update(payload.finishes)
        if told := self._told(payload):
            new = jsontext.set_member(new, "guardrail", told)
        if payload.mark:
            self._lens.sent(jsontext.parse(new))
        self._last = new
        raw = frame.raw if new is data else frame.with_data(new)
        return self._framing.before(added, raw, first=first) if added else raw

    def _notices(self, choice: int) -> list[str]:
        """The notices behind a choice that ends.  As in a whole answer, they stand below words; an answer without any,
        or one for a program, has them in its `guardrail` member alone."""
        hits, text = self._notices_of.pop(choice, []), "".join(self._said.get(choice, ()))
        if not hits or choice not in self._worded or not may_follow(text, self._context(choice)):
            return []
        return behind(hits, text)

    def _edited(self, released: Released[_Payload], data: bytes) -> bytes:
        """The document of a frame with everything that the policy changes in it."""
        payload = released.payload
        echoes = payload.echoes if self.edited or released.texts or payload.edits else ()
        if not (released.texts or released.blanks or payload.edits or payload.opaque or echoes):
            return data
        self.edited += 1
        whole = {pointer: [Edit(0, 1 << 62, text)] for pointer, text in released.texts.items()}
        texts = {**payload.texts, **dict.fromkeys(whole, "")}
        document = jsontext.parse(data)
        literals = {pointer: emptied(at(document, pointer)) for pointer in (*payload.opaque, *echoes)}
        return edit_document(data, texts, {**payload.edits, **whole}, released.blanks, literals=literals)

    def _told(self, payload: _Payload) -> dict[str, Any] | None:
        """What the client is told, on the frame that ends a choice; on the last one it is the whole decision."""
        if self._notes is None or not payload.finishes:
            return None
        return notes_for(self._decision, self._notes, self._call.context.material)

    def _stop(self) -> bytes:
        stops = [hit for hit in (self._gate.stopped, self._stopped) if hit is not None]
        hit = max(stops, key=lambda each: each.action, default=None)
        if self._decision.action is Action.BLOCK and hit is not None and hit.action is not Action.BLOCK:
            hit = None  # a check did not finish, which asking again does not cure
        if self._again and not self.started and hit is not None and hit.action is Action.REGENERATE:
            raise AskAgain(hit)
        message = self._judge.message(hit)
        self._decision.action = Action.BLOCK
        if not self.started:
            raise Blocked(message)
        self.edited += 1
        begun = {*range(min(self._call.choices, _CHOICES)), *self._gate.open_choices(), *self._reasons}
        open_choices = sorted(begun - self._ended)
        told = None if self._notes is None else notes_for(self._decision, self._notes, self._call.context.material)
        spaced = f"\n\n{message}" if message and self._spoke else message
        added = self._lens.stop(self._seen(), open_choices or [0], spaced, told)
        return self._framing.at_end(added, first=not self.started)

    def _seen(self) -> Any:
        """The last document that left, as the client got it."""
        return jsontext.parse(self._last) if self._last else {}

    def _broken(self, error: Exception) -> bytes:
        ours: UpstreamError | Blocked = _as_upstream_error(error)
        if isinstance(error, GateError) and "hold_cap" in str(error):
            record(self._decision, [], [FailedCheck("gate", "hold_cap")], Action.BLOCK)
            ours = Blocked(self._judge.policy.message)
        self.failure = ours
        if not self.started:
            raise ours
        if self._failed:
            return b""  # the client knows
        return self.last_words(ours.code, ours.message)

    def last_words(self, code: str, message: str) -> bytes:
        """What ends a stream that has begun, so that the client sees it failed."""
        return self._framing.at_end(self._lens.error(self._seen(), code, message), first=not self.started)


def identity_of(document: Any) -> str:
    """The identity that a stored answer goes by: of the document, or of the response that an event is about."""
    for holder in (document, document.get("response") if isinstance(document, dict) else None):
        if isinstance(holder, dict) and isinstance(holder.get("id"), str):
            return str(holder["id"])
    return ""


def _event_name(frame: Frame) -> str:
    """What the framing calls an event."""
    named = _EVENT.search(frame.other) if frame.other else None
    return named.group(1).decode("latin-1").strip() if named else ""


def _memo(segment: Segment) -> tuple[str, str, str]:
    """What a verdict on a string of its own depends on."""
    return segment.channel, segment.lead, segment.text


def _is_error(document: Any) -> bool:
    """Whether an event is the upstream's own word that it failed: every dialect has one of two forms."""
    if not isinstance(document, dict):
        return False
    return document.get("type") == "error" or ("error" in document and bool(document["error"]))


def _as_upstream_error(error: Exception) -> UpstreamError:
    if isinstance(error, UpstreamError):
        return error
    if isinstance(error, UnknownEvent):
        return UpstreamError(
            502,
            "unknown_event",
            f"The upstream sent an event of kind `{error.kind}`, which guardrail does not know, so its text cannot be "
            "placed. `unknown_events: inspect` in the policy file lets such events pass, judging every string of them.",
        )
    return UpstreamError(502, "upstream_malformed", "The upstream's stream cannot be read, so it cannot be judged.")


def _merged(edits: list[Edit]) -> list[Edit]:
    """Ordered edits that do not overlap; of two that do, the first begins and both are covered."""
    out: list[Edit] = []
    for edit in sorted(edits, key=lambda each: (each.start, each.end)):
        if out and edit.start < out[-1].end:
            out[-1] = Edit(out[-1].start, max(out[-1].end, edit.end), out[-1].text or edit.text)
        else:
            out.append(edit)
    return out


def _shifted(hit: Hit, offset: int) -> Hit:
    finding = hit.finding
    if not offset or finding.start is None or finding.end is None:
        return hit
    at = None if hit.at is None else hit.at + offset
    return replace(hit, at=at, finding=replace(finding, start=finding.start + offset, end=finding.end + offset))
