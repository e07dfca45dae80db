"""Answers put right by the one text that they can mean, where a rule says `repair: true`.

Rules:
1. The repaired text is judged as if the model had said it, by every rule; what they take out of it is taken out.  So
   the order is: repair first, and then everything else on what came of it.
2. What a rule took out of the answer as it came must not stand in what leaves, however it was found there; else nothing
   is repaired, and the action of the rule follows.
3. A repair is an edit of the whole text: of hits that overlap it, it alone says what stands there.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from guardrail import pseudonyms
from guardrail.edits import apply, changes, returns
from guardrail.policy.decide import Judge
from guardrail.scanner import Scanner
from guardrail.types import Action, Context, Edit, FailedCheck, Finding, Hit, Segment, Stage

Judged = Callable[[Scanner, Judge, Segment, Iterable[Finding], Context], list[Hit]]
"""How findings become hits that are ready to be told."""


async def put_right(
    scanner: Scanner, judge: Judge, segment: Segment, hits: Sequence[Hit], context: Context, judged: Judged
) -> tuple[list[Hit], list[FailedCheck]]:
    """The hits on an answer, with a repair in place of those that have one, and checks that did not finish on it."""
    mended = [hit for hit in hits if _has_repair(hit, judge)]
    if not mended or segment.channel != "content" or segment.stage is not Stage.RESPONSE:
        return list(hits), []
    text = _mended(segment.text, mended)
    again = replace(segment, text=text)
    scan = await scanner.scan([again], context, segment.stage)
    found = judged(scanner, judge, again, scan.findings[0], context)
    new = apply(text, changes(found, len(text)))
    others = [hit for hit in hits if hit not in mended]
    before = [judge.hit(finding, segment) for finding in scanner.led(segment, segment.stage, context)]
    if not new or returns((*others, *before), new):
        return list(hits), scan.failed
    whole = [_replacing(hit, segment, new) for hit in mended]
    known = {(hit.finding.kind, hit.text) for hit in (*others, *before)}
    more = [_elsewhere(hit) for hit in found if (hit.finding.kind, hit.text) not in known]
    return [*others, *whole, *(hit for hit in more if hit.finding.kind != pseudonyms.KIND)], scan.failed


def _has_repair(hit: Hit, judge: Judge) -> bool:
    return judge.policy.enforce and hit.rule is not None and hit.rule.repair and hit.finding.repair is not None


def _mended(text: str, hits: Sequence[Hit]) -> str:
    """The text with every repair made; of two that overlap, the one that begins first."""
    edits: list[Edit] = []
    for hit in sorted(hits, key=lambda each: (each.finding.start or 0, -(each.finding.end or len(text)))):
        start, end = hit.finding.start, hit.finding.end
        edit = Edit(start or 0, len(text) if end is None else end, hit.finding.repair or "")
        if not edits or edit.start >= edits[-1].end:
            edits.append(edit)
    return apply(text, edits)


def _replacing(hit: Hit, segment: Segment, words: str) -> Hit:
    finding = replace(hit.finding, start=0, end=len(segment.text))
    return replace(hit, finding=finding, action=Action.REDACT, words=words, repaired=True, notice="", at=None)


def _elsewhere(hit: Hit) -> Hit:
    """A hit on the repaired text, which has no place in the text as it came."""
    return replace(hit, finding=replace(hit.finding, start=None, end=None), notice="", at=None)
