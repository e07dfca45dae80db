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


def changes(hits: Sequence[Hit], length: int) -> list[Edit]:
    """The edits of one text: what is replaced, and the notices that stand inside it.

    A notice at an offset that is taken out stands behind what replaces it; of two at one offset the same words once.
    """
    edits = redactions(hits, length)
    places: dict[int, list[str]] = {}
    for hit in hits:
        if hit.at is None or not hit.notice:
            continue
        at = next((edit.end for edit in edits if edit.start < hit.at < edit.end), hit.at)
        words = places.setdefault(at, [])
        words += [] if hit.notice in words else [hit.notice]
    added = [Edit(at, at, "".join(words)) for at, words in places.items()]
    return sorted([*edits, *added], key=lambda edit: (edit.end, edit.start)) if added else edits


def moved(offset: int, edits: Iterable[Edit], *, end: bool = False) -> int:
    """Where an offset of a text lies after ordered edits; one inside a replaced span lies where that begins.  What is
    added at the offset stands before it, or behind it where it is the `end` of something."""
    shift = 0
    for edit in edits:
        if edit.start < offset < edit.end:
            return edit.start + shift
        if edit.end > offset or (end and edit.start == edit.end == offset):
            break
        shift += len(edit.text) - (edit.end - edit.start)
    return offset + shift


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

    A replacement belongs to the piece in which its span begins; the other pieces it covers lose theirs.  What is only
    added belongs to the piece that it stands at the end of, or in; at the very beginning to the first that has text.
    """
    local: list[Edit] = []
    for edit in edits:
        if edit.start == edit.end:
            if start < edit.start <= end or (edit.start == start == 0 < end):
                local.append(Edit(edit.start - start, edit.start - start, edit.text))
            continue
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
    hits = [hit for _, _, hit in group]
    best = max((hit for hit in hits if not (hit.repaired and returns(hits, hit.words))), key=_strength)
    return Edit(start, end, _words(best))


def returns(hits: Iterable[Hit], words: str) -> bool:
    """Whether something that a rule takes out would stand in `words`."""
    out = (hit for hit in hits if hit.rule and hit.action in EDITING and not hit.repaired)
    return any(hit.text and hit.text in words for hit in out)


def _words(hit: Hit) -> str:
    return hit.words or (hit.rule.replacement if hit.rule else "") or label(hit.finding.kind)


def _strength(hit: Hit) -> tuple[bool, bool, float, int, str]:
    """A repaired text is without what else was taken out.  A hit without a rule only puts a value back: it never says
    what stands where a rule takes something out."""
    finding = hit.finding
    length = (finding.end or 0) - (finding.start or 0)
    return hit.repaired, hit.rule is not None, finding.score, length, finding.kind
