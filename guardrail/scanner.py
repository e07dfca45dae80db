"""Runs the detectors that a policy needs over texts, within their deadlines, and says which could not finish.

Rules:
1. Cheap before dear: patterns through one screen, light detectors in the event loop, heavy ones in a pool with a
   deadline each.
2. A detector that raises or runs late yields a FailedCheck, never an empty result; its exception text is not
   kept, because it may quote what it was reading.
3. The findings of a text do not depend on whether it arrived whole or in pieces (`gate.py` uses the same screens).
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass, field, replace
from threading import Event

from guardrail import pseudonyms
from guardrail.detectors.patterns import Pattern
from guardrail.detectors.protocol import (
    Ask,
    Configurable,
    Consulting,
    Detector,
    Options,
    PatternSource,
    Staged,
    Watch,
    Watcher,
)
from guardrail.detectors.registry import AnyDetector, nearest_kind, serving
from guardrail.detectors.screen import Screen
from guardrail.dialects.protocol import PROSE
from guardrail.errors import CheckError, PolicyError
from guardrail.masks import Mask
from guardrail.policy.decide import covers, names
from guardrail.text.fold import fold
from guardrail.text.sentences import sentences
from guardrail.types import Action, Context, FailedCheck, Finding, Place, Policy, Rule, Segment, Stage, StreamMode, Unit

_INLINE = 16_384
"""Characters up to which light work stays in the event loop: a fraction of a millisecond of ordinary text, and even of
hostile text a short stall."""
_VEIL = "█"
_SLICE = 128
"""Texts that a detector is given together in the pool: between two slices a check that ran late stops."""


@dataclass(slots=True)
class Scan:
    """The findings of each segment, in order, and the checks that ran and that did not finish."""

    findings: list[list[Finding]] = field(default_factory=list)
    failed: list[FailedCheck] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What one stage of a policy needs."""

    screen: Screen
    sentence: tuple[Detector, ...]
    answer: tuple[Detector, ...]
    watchers: tuple[Watcher, ...] = ()
    consulting: tuple[Consulting, ...] = ()
    call: tuple[Detector, ...] = ()

    @property
    def empty(self) -> bool:
        asked = self.sentence or self.answer or self.watchers or self.consulting or self.call
        return not (self.screen.patterns or asked)


class Scanner:
    """The loaded detectors of one policy."""

    def __init__(self, policy: Policy, detectors: Sequence[AnyDetector]) -> None:
        """Loads what `policy` needs of `detectors`.

        Raises PolicyError for a rule that nothing can serve, CheckError for a detector that cannot be loaded.
        """
        self.policy = policy
        needed = [_configured(policy, detector) for detector in _needed(policy, detectors)]
        for detector in needed:
            detector.load()
        self._plans = {stage: _plan(policy, needed, stage) for stage in Stage}
        self._pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="guardrail-check")
        self.modes = _modes(policy, needed)
        self._asks: Ask | None = None
        self.checks = tuple(sorted(detector.name for detector in needed))

    def screen(self, stage: Stage) -> Screen:
        """The pooled patterns of a stage."""
        return self._plans[stage].screen

    def idle(self, stage: Stage) -> bool:
        """Whether nothing is ever looked for at a stage."""
        return self._plans[stage].empty

    def watches(self, context: Context, stage: Stage = Stage.RESPONSE) -> list[Watch]:
        """What follows one text of a conversation, beside the patterns."""
        made = (watcher.watch(context) for watcher in self._plans[stage].watchers)
        return [watch for watch in made if watch is not None]

    @property
    def follows(self) -> bool:
        """Whether any detector of the response stage wants to know the conversation."""
        plan = self._plans[Stage.RESPONSE]
        return bool(plan.watchers or plan.sentence or plan.answer)

    def passages(self, text: str, context: Context, stage: Stage) -> list[Finding]:
        """What the PASSAGE detectors find in a whole text."""
        found: list[Finding] = []
        for watch in self.watches(context, stage):
            watch.feed(text)
            found += watch.settle(final=True)[1]
        return found

    def patterns(self, text: str, stage: Stage, *, screened: bool = True) -> list[Finding]:
        """The pattern findings of a whole text, in its own offsets; `screened` False runs every pattern."""
        folded = fold(text)
        found = self._plans[stage].screen.find(folded.text, screened=screened)
        if folded.origin is None:
            return found
        return [_located(finding, *folded.to_source(finding.start or 0, finding.end or 0)) for finding in found]

    def led(self, segment: Segment, stage: Stage, context: Context | None = None) -> list[Finding]:
        """The findings of patterns and passages in a segment, with what a reader saw before it as context; of one that
        begins there, the part that lies in the segment."""
        passages = self.passages(segment.text, context, stage) if context is not None else []
        return [*self._led(segment, stage), *passages]

    def _led(self, segment: Segment, stage: Stage) -> list[Finding]:
        lead = len(segment.lead)
        found = self.patterns(segment.lead + segment.text, stage)
        if not lead:
            return found
        moved = [_located(f, max(0, (f.start or 0) - lead), (f.end or 0) - lead) for f in found]
        kept = [finding for finding in moved if (finding.end or 0) > 0]
        # What stands before may hide a value that is one by itself: `id` + `A123456(3)` is a word.
        places = {(finding.kind, finding.start, finding.end) for finding in kept}
        alone = (f for f in self.patterns(segment.text, stage) if (f.kind, f.start, f.end) not in places)
        return [*kept, *alone]

    async def scan(
        self,
        segments: Sequence[Segment],
        context: Context,
        stage: Stage,
        answer_context: Callable[[Segment], Context] | None = None,
    ) -> Scan:
        """Everything the policy looks for at `stage`, in each segment; `answer_context` tells what is known of each
        single answer where there are several."""
        scan = Scan([[] for _ in segments])
        plan = self._plans[stage]
        if plan.empty or not segments:
            return scan
        if sum(len(segment.text) for segment in segments) <= _INLINE:
            _guarded("patterns", lambda: self._scan_patterns(segments, context, stage, scan), scan.failed)
        else:
            await self._run("patterns", lambda: self._scan_patterns(segments, context, stage, scan), scan.failed)
        if plan.sentence:
            await self._scan_sentences(segments, context, plan.sentence, scan)
        if plan.answer:
            await self._scan_answers(segments, answer_context or (lambda segment: context), plan.answer, scan)
        if plan.consulting and self._asks is not None:
            for index, segment in enumerate(segments):
                if segment.channel == "content":
                    known = answer_context(segment) if answer_context else context
                    scan.findings[index] += await self._consult(segment.text, known, scan.failed)
        return scan

    def asking(self, ask: Ask) -> "Scanner":
        """The same scanner in an exchange in which models may be asked by `ask`; without one, those checks are left
        out (see `consults`)."""
        scanner = copy(self)
        scanner._asks = ask
        return scanner

    @property
    def consults(self) -> tuple[str, ...]:
        """The names of the checks that ask a model."""
        return tuple(detector.name for detector in self._plans[Stage.RESPONSE].consulting)

    async def sentence_findings(self, texts: Sequence[str], context: Context) -> Scan:
        """The findings of single sentences of an answer, in their own offsets."""
        return await self._ask(self._plans[Stage.RESPONSE].sentence, texts, context)

    async def answer_findings(self, text: str, context: Context) -> Scan:
        """The findings of whole-answer checks on one text."""
        scan = await self._ask(self._plans[Stage.RESPONSE].answer, [text], context)
        scan.findings[0] += await self._consult(text, context, scan.failed)
        return scan

    async def call_findings(self, arguments: str, context: Context) -> Scan:
        """The findings in the complete arguments of one tool call, of the tool `context.function`."""
        return await self._ask(self._plans[Stage.RESPONSE].call, [arguments], context)

    @property
    def judges_calls(self) -> bool:
        """Whether any detector of the response stage judges tool calls."""
        return bool(self._plans[Stage.RESPONSE].call)

    @property
    def judges_sentences(self) -> bool:
        """Whether any detector of the response stage judges sentences."""
        return bool(self._plans[Stage.RESPONSE].sentence)

    @property
    def judges_answers(self) -> bool:
        """Whether any detector of the response stage judges whole answers."""
        plan = self._plans[Stage.RESPONSE]
        return bool(plan.answer or (plan.consulting and self._asks is not None))

    def close(self) -> None:
        """Let the pool go; a check that hangs is not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _scan_patterns(self, segments: Sequence[Segment], context: Context, stage: Stage, scan: Scan) -> None:
        for index, segment in enumerate(segments):
            scan.findings[index] += self.led(segment, stage, context)

    async def _scan_sentences(
        self, segments: Sequence[Segment], context: Context, detectors: Sequence[Detector], scan: Scan
    ) -> None:
        places: list[tuple[int, int, int]] = []
        for index, segment in enumerate(segments):
            if segment.channel in PROSE:
                places += [(index, start, end) for start, end in sentences(segment.text)]
        texts = [segments[index].text[start:end] for index, start, end in places]
        once = list(dict.fromkeys(texts))  # a sentence said a thousand times is judged once, as in a stream
        for detector in detectors if texts else ():
            found = dict(zip(once, await self._detect(detector, once, context, scan.failed), strict=True))
            for (index, start, end), text in zip(places, texts, strict=True):
                scan.findings[index] += [in_sentence(finding, start, end) for finding in found[text]]

    async def _scan_answers(
        self,
        segments: Sequence[Segment],
        context: Callable[[Segment], Context],
        detectors: Sequence[Detector],
        scan: Scan,
    ) -> None:
        for index, segment in enumerate(segments):
            if segment.channel != "content":
                continue
            for detector in detectors:
                for result in await self._detect(detector, [segment.text], context(segment), scan.failed):
                    scan.findings[index] += result

    async def _consult(self, text: str, context: Context, failed: list[FailedCheck]) -> list[Finding]:
        """What models say that are asked about an answer.  They are shown nothing that a rule looks for."""
        detectors, ask = self._plans[Stage.RESPONSE].consulting, self._asks
        if not detectors or ask is None or not text.strip():
            return []
        shown = self._veiled(text)
        material = tuple(replace(source, text=self._veiled(source.text)) for source in context.material)
        known = replace(context, prompt=self._veiled(context.prompt), material=material)
        found: list[Finding] = []
        for detector in detectors:
            try:
                found += await detector.consult(shown, known, ask)
            except CheckError as error:  # ours: it says what was wrong with the reply and never quotes it
                failed.append(FailedCheck(detector.name, str(error)))
            except Exception as error:
                failed.append(FailedCheck(detector.name, f"raised {type(error).__name__}"))
        return found

    def _veiled(self, text: str) -> str:
        """A text of the same length, without what the patterns of the policy find in it."""
        characters = list(text)
        for finding in self.patterns(text, Stage.RESPONSE):
            start, end = finding.start or 0, finding.end or 0
            characters[start:end] = _VEIL * (end - start)
        return "".join(characters)

    async def _ask(self, detectors: Sequence[Detector], texts: Sequence[str], context: Context) -> Scan:
        scan = Scan([[] for _ in texts])
        for detector in detectors:
            results = await self._detect(detector, texts, context, scan.failed)
            for found, result in zip(scan.findings, results, strict=True):
                found += result
        return scan

    async def _detect(
        self, detector: Detector, texts: Sequence[str], context: Context, failed: list[FailedCheck]
    ) -> list[list[Finding]]:
        results: list[list[Finding]] = []

        def work() -> None:
            for start in range(0, len(texts), _SLICE):
                if over.is_set():
                    return
                results.extend(detector.detect(texts[start : start + _SLICE], context))

        def begin() -> None:
            found, closer = detector.first(texts, context) if isinstance(detector, Staged) else ([], None)
            results.extend(() if closer else found)
            closers.extend((closer,) if closer else ())

        closers: list[Callable[[], list[list[Finding]]]] = []
        over = Event()
        if detector.heavy or sum(map(len, texts)) > _INLINE:
            try:
                await self._run(detector.name, work, failed)
            finally:
                over.set()  # nobody waits any longer: a worker must not go on with a long answer
        elif isinstance(detector, Staged):
            _guarded(detector.name, begin, failed)
            for closer in closers:
                await self._run(detector.name, lambda closer=closer: results.extend(closer()), failed)  # type: ignore[misc]
        else:
            _guarded(detector.name, work, failed)
        if len(results) == len(texts):
            return results
        if not any(check.check == detector.name for check in failed):
            failed.append(FailedCheck(detector.name, f"answered for {len(results)} of {len(texts)} texts"))
        return [[] for _ in texts]

    async def _run(self, name: str, work: Callable[[], None], failed: list[FailedCheck]) -> None:
        """`work` in the pool, within the policy's deadline."""
        loop = asyncio.get_running_loop()
        inner: list[FailedCheck] = []
        job = loop.run_in_executor(self._pool, _guarded, name, work, inner)
        try:
            await asyncio.wait_for(job, self.policy.check_timeout)
        except TimeoutError:
            failed.append(FailedCheck(name, "timed out"))
        else:
            failed += inner


def in_sentence(finding: Finding, start: int, end: int) -> Finding:
    """A finding of the sentence `start:end` in the offsets of its text; a whole-sentence one gets its span."""
    if finding.start is None or finding.end is None:
        return _located(finding, start, end)
    return _located(finding, finding.start + start, finding.end + start)


def _located(finding: Finding, start: int, end: int) -> Finding:
    return replace(finding, start=start, end=end)


def _guarded(name: str, work: Callable[[], None], failed: list[FailedCheck]) -> None:
    try:
        work()
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic in the native part of a library is no Exception
        failed.append(FailedCheck(name, f"raised {type(error).__name__}"))


def _needed(policy: Policy, detectors: Sequence[AnyDetector]) -> list[AnyDetector]:
    for rule in policy.rules:
        for kind in rule.kinds:
            one = replace(rule, kinds=(kind,))
            if not serving(detectors, lambda name, one=one: covers(one, name)):  # type: ignore[misc]
                raise PolicyError(
                    f"rule `{rule.id}`: no detector here finds `{kind}`; {nearest_kind(kind, detectors)}",
                    source=policy.source,
                    line=rule.line,
                )
    asked = serving(detectors, lambda name: any(covers(rule, name) for rule in policy.rules))
    # `error.*` means every check that is here: one that asks a model is, where the policy says which model.
    return [detector for detector in asked if policy.judge or not isinstance(detector, Consulting)]


def _configured(policy: Policy, detector: AnyDetector) -> AnyDetector:
    if not isinstance(detector, Configurable):
        return detector
    wanted = frozenset(kind for kind in detector.kinds if any(covers(rule, kind) for rule in policy.rules))
    return detector.configure(Options(policy.link_hosts, wanted, policy.judge))


def _at(policy: Policy, stage: Stage) -> list[Rule]:
    return [rule for rule in policy.rules if stage in rule.stages]


def _plan(policy: Policy, detectors: Iterable[AnyDetector], stage: Stage) -> _Plan:
    rules = _at(policy, stage)
    used = serving(detectors, lambda name: any(covers(rule, name) for rule in rules))
    patterns = [
        (d.name, pattern)
        for d in used
        if isinstance(d, PatternSource) and d.unit is Unit.SPAN
        for pattern in d.patterns
        if _is_wanted(pattern, rules)
    ]
    if stage is Stage.RESPONSE and any(rule.mask == Mask.PSEUDONYM for rule in policy.rules):
        patterns.append(("pseudonyms", pseudonyms.PATTERN))
    others = [d for d in used if isinstance(d, Detector)]
    return _Plan(
        Screen(patterns),
        tuple(d for d in others if d.unit is Unit.SENTENCE),
        tuple(d for d in others if d.unit is Unit.ANSWER),
        tuple(d for d in used if isinstance(d, Watcher)),
        tuple(d for d in used if isinstance(d, Consulting)) if stage is Stage.RESPONSE else (),
        tuple(d for d in others if d.unit is Unit.CALL) if stage is Stage.RESPONSE else (),
    )


def _is_wanted(pattern: Pattern, rules: Sequence[Rule]) -> bool:
    """Whether a rule covers something that `pattern` may find."""
    asked = names if pattern.by_name else covers
    return any(asked(rule, kind) for rule in rules for kind in (pattern.kind, *pattern.also))


def _modes(policy: Policy, detectors: Sequence[AnyDetector]) -> dict[Unit, StreamMode]:
    """How long a stream waits for sentence and answer checks: the strictest that any rule needs.

    Raises PolicyError for a rule that wants to change text after letting it go.
    """
    order = (StreamMode.LATE, StreamMode.SENTENCE, StreamMode.HOLD)
    modes = {Unit.SENTENCE: StreamMode.LATE, Unit.ANSWER: StreamMode.LATE}
    for rule in _at(policy, Stage.RESPONSE):
        _require_place(rule, detectors, policy)
        for unit in {d.unit for d in serving(detectors, lambda name, r=rule: covers(r, name))} & set(modes):  # type: ignore[misc]
            mode = _mode(rule, unit, policy)
            modes[unit] = max(modes[unit], mode, key=order.index)
    return modes


def _require_place(rule: Rule, detectors: Sequence[AnyDetector], policy: Policy) -> None:
    """A notice inside the text waits for a verdict on sentences or answers; patterns are certain at other times."""
    if rule.place is Place.AFTER:
        return
    units = {detector.unit for detector in serving(detectors, lambda name: covers(rule, name))}
    if units - {Unit.SENTENCE, Unit.ANSWER, Unit.CALL}:  # arguments of a call have no place for words
        raise PolicyError(
            f"rule `{rule.id}`: `place: {rule.place}` is for kinds that are judged by sentence or by answer "
            "(docs/policy.md, Kinds); use `place: after`, or a rule of its own for the other kinds",
            source=policy.source,
            line=rule.line,
        )


def _mode(rule: Rule, unit: Unit, policy: Policy) -> StreamMode:
    inside = rule.action is Action.NOTICE and rule.place is not Place.AFTER
    if not policy.enforce or not (inside or rule.repair or rule.action >= Action.REDACT):
        return rule.stream or StreamMode.LATE
    by_sentence = unit is Unit.SENTENCE and rule.place is not Place.BEFORE and not rule.repair
    least = StreamMode.SENTENCE if by_sentence else StreamMode.HOLD
    if rule.stream is StreamMode.LATE or (rule.stream is StreamMode.SENTENCE and least is StreamMode.HOLD):
        raise PolicyError(
            f"rule `{rule.id}`: `{_deed(rule)}` cannot work with `stream: {rule.stream}`, the text would be gone; "
            f"use `stream: {least}` or leave it out",
            source=policy.source,
            line=rule.line,
        )
    return rule.stream or least


def _deed(rule: Rule) -> str:
    if rule.repair:
        return "repair"
    return rule.action.word if rule.place is Place.AFTER else f"place: {rule.place}"
