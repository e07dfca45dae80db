"""From what the rules fired on to the text that leaves: which spans are replaced, and by what.

Rules:
1. Overlapping spans become one replacement, so no character between two of them survives.  The words are those
   of the strongest member (one that a rule fired on, then score, length, kind), whatever order the findings came in.
2. The result depends on each group of overlapping spans alone; a stream that has seen a whole group makes the
   same edit as the whole text would.
"""

from collections.abc import Iterable, Sequence

from guardrail.masks import label
from guardrail.types import Action, Edit, Hit

EDITING = (Action.REDACT,)


def redactions(hits: Iterable[Hit], length: int) -> list[Edit]:
    """The edits of one text of `length` characters, in order, not overlapping."""
    spans = sorted(
        (_span(hit, length) for hit in hits if hit.action in EDITING),
        key=lambda item: (item[0], item[1]),
    )
    edits: list[Edit] = []
    group: list[tuple[int, int, Hit]] = []
    for span in spans:
        if group and span[0] >= max(end for _, end, _ in group):
            edits.append(_merge(group))
            group = []
        group.append(span)
    if group:
        edits.append(_merge(group))
    return edits


def apply(text: str, edits: Sequence[Edit]) -> str:
    """`text` with ordered, non-overlapping edits made."""
    out: list[str] = []
    done = 0
    for edit in edits:
        out += (text[done : edit.start], edit.text)
        done = edit.end
    return "".join((*out, text[done:]))


def within(start: int, end: int, edits: Iterable[Edit]) -> list[Edit]:
    """The part of the edits of a text that falls to its piece `start:end`, in the offsets of the piece.

    A replacement belongs to the piece in which its span begins; the other pieces it covers lose theirs.
    """
    local: list[Edit] = []
    for edit in edits:
        if edit.start >= end or edit.end <= start:
            continue
        words = edit.text if edit.start >= start else ""
        local.append(Edit(max(edit.start, start) - start, min(edit.end, end) - start, words))
    return local


def apply_within(text: str, start: int, edits: Iterable[Edit]) -> str:
    """What becomes of `text`, which stands at `start` of a text that has these edits."""
    return apply(text, within(start, start + len(text), edits))


def _span(hit: Hit, length: int) -> tuple[int, int, Hit]:
    finding = hit.finding
    if finding.start is None or finding.end is None:
        return 0, length, hit
    return finding.start, finding.end, hit


def _merge(group: Sequence[tuple[int, int, Hit]]) -> Edit:
    start, end = group[0][0], max(end for _, end, _ in group)
    best = max((hit for _, _, hit in group), key=_strength)
    return Edit(start, end, _words(best))


def _words(hit: Hit) -> str:
    return hit.words or (hit.rule.replacement if hit.rule else "") or label(hit.finding.kind)


def _strength(hit: Hit) -> tuple[bool, float, int, str]:
    """A hit without a rule only puts a value back: it never says what stands where a rule takes something out."""
    finding = hit.finding
    length = (finding.end or 0) - (finding.start or 0)
    return hit.rule is not None, finding.score, length, finding.kind
