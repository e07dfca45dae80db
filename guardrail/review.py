"""From the texts of a document to what is done about them: scan, decide, edit.

The same path serves requests, whole answers, error bodies, `guardrail check` and the cases of a policy, so that
what an officer tries offline is what happens on the wire.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from guardrail.edits import apply, changes, within
from guardrail.notices import behind, prepared, quotes, taken
from guardrail.policy.decide import Asking, Judge
from guardrail.repairs import put_right
from guardrail.scanner import Scanner
from guardrail.types import Action, Context, Edit, FailedCheck, Finding, Hit, Pointer, Segment, Stage
from guardrail.wire import jsontext

_NESTED = 4  # JSON documents inside one another that are opened
Piece = tuple[Pointer, int, int]
"""A string of a document, and where it begins and ends in the text it is part of."""
EMBEDDED = -2
"""In a pointer: what follows is a place inside the JSON document that the string before it holds."""


@dataclass(slots=True)
class Review:
    """What was found in a set of segments; `hits[i]` belongs to `segments[i]`.  `pieces` tells for a segment that was
    joined from several strings, by its pointer, where they stand in it."""

    segments: Sequence[Segment]
    hits: list[list[Hit]] = field(default_factory=list)
    failed: list[FailedCheck] = field(default_factory=list)
    pieces: Mapping[Pointer, Sequence[Piece]] = field(default_factory=dict)

    @property
    def all_hits(self) -> list[Hit]:
        """Every hit, in the order of the segments."""
        return [hit for hits in self.hits for hit in hits]

    @property
    def fired(self) -> list[Hit]:
        """The hits that a rule fired on."""
        return [hit for hits in self.hits for hit in hits if hit.rule]

    @property
    def action(self) -> Action:
        """The strongest action, failed checks aside."""
        return max((hit.action for hit in self.fired), default=Action.ALLOW)

    def edits(self) -> dict[Pointer, list[Edit]]:
        """The edits of each segment that has any, by place."""
        found: dict[Pointer, list[Edit]] = {}
        for segment, hits in zip(self.segments, self.hits, strict=True):
            edits = changes(hits, len(segment.text))
            for pointer, start, end in self.pieces.get(segment.pointer, ()) if edits else ():
                if local := within(start, end, edits):
                    found.setdefault(pointer, []).extend(local)
            if edits and segment.pointer not in self.pieces:
                found.setdefault(segment.pointer, []).extend(edits)
        return found


async def review(
    scanner: Scanner,
    judge: Judge,
    segments: Sequence[Segment],
    context: Context,
    stage: Stage,
    answer_context: Callable[[Segment], Context] | None = None,
    pieces: Mapping[Pointer, Sequence[Piece]] | None = None,
) -> Review:
    """Scan and judge `segments`."""
    if scanner.idle(stage):
        return Review(segments, [[] for _ in segments])
    expanded = expand(segments)
    scan = await scanner.scan(expanded, context, stage, answer_context)
    hits: list[list[Hit]] = []
    for segment, found in zip(expanded, scan.findings, strict=True):
        known = answer_context(segment) if answer_context else context
        seen = judged(scanner, judge, segment, found, known)
        ready, failed = await put_right(scanner, judge, segment, seen, known, judged)
        hits.append(ready)
        scan.failed += failed
    return Review(expanded, hits, scan.failed, pieces or {})


def judged(
    scanner: Scanner,
    judge: Judge,
    segment: Segment,
    found: Iterable[Finding],
    context: Context,
    before: str = "",
    gone: Sequence[str] = (),
) -> list[Hit]:
    """The hits on a segment, ready to be told: what a check says of it reaches the client only where it may say so.
    `before` is what stands in front of the segment in its answer, `gone` what was taken out of the answer already."""

    strict = judge.asking(Asking.OPEN)

    def is_safe(message: str) -> bool:
        if quotes(message, out):
            return False
        beside = Segment(segment.stage, segment.role, segment.channel, (), message)
        seen = scanner.led(beside, segment.stage, context)
        return all(strict.hit(finding, beside).action <= Action.FLAG for finding in seen)

    hits = [judge.hit(finding, segment) for finding in found]
    out = [*gone, *taken(hits)]
    return prepared(hits, segment.text, context, is_safe, before) if hits else hits


class AskAgain(Exception):
    """A rule wants another answer from the model; nothing of this one has left."""

    def __init__(self, hit: Hit) -> None:
        super().__init__()
        self.hit = hit


def outcome(result: Review) -> tuple[Action, str | None]:
    """What becomes of a review of one single text: the strongest action and the text that leaves, None if none does."""
    action = result.action
    if action >= Action.REGENERATE:
        return action, None
    [segment] = result.segments
    text = apply(segment.text, result.edits().get(segment.pointer, []))
    return action, "\n\n".join((text, *behind(result.fired, segment.text)))


def expand(segments: Iterable[Segment]) -> list[Segment]:
    """The segments, with tool arguments that are JSON replaced by the keys, strings and numbers in them.

    An agent acts on parsed arguments: `\\u0041` in them is a letter, and a number needs no quotes.  JSON held in a
    string of the arguments is opened too, to a fixed depth.  Raises JsonError for an object with the same key twice:
    parsers differ in which one they keep.
    """
    out: list[Segment] = []
    for segment in segments:
        out += _embedded(segment, _NESTED) if segment.channel == "tool_arguments" else (segment,)
    return out


def _embedded(segment: Segment, depth: int) -> list[Segment]:
    raw = segment.text.encode(errors="surrogatepass")
    if not depth or raw.lstrip()[:1] not in (b"{", b"[", b'"'):
        return [segment]
    try:
        document = jsontext.parse(raw)
    except jsontext.JsonError:
        return [segment]
    found: list[Segment] = []
    for place, text in jsontext.strings(document, raw):
        pointer = (*segment.pointer, EMBEDDED, *place)
        if text:
            inner = Segment(segment.stage, segment.role, segment.channel, pointer, text, _lead(place))
            found += _embedded(inner, depth - 1)
    for place, text in jsontext.numbers(raw):
        pointer = (*segment.pointer, EMBEDDED, *place)
        found.append(Segment(segment.stage, segment.role, segment.channel, pointer, text, _lead(place)))
    return found


def _lead(place: Pointer) -> str:
    names = [part for part in place if isinstance(part, str)]
    return f"{names[-1]}: " if names and place[-1] != jsontext.KEY else ""


def edit_text(text: str, edits: Mapping[Pointer, list[Edit]]) -> str:
    """A text with edits made in it, at (), and inside the JSON it holds, at (EMBEDDED, ...)."""
    if () in edits:
        return apply(text, edits[()])
    raw = text.encode(errors="surrogatepass")
    document = jsontext.parse(raw)
    values = {**dict(jsontext.numbers(raw)), **dict(jsontext.strings(document, raw))}
    inner = {pointer[1:]: made for pointer, made in edits.items()}
    return edit_document(raw, values, inner).decode(errors="surrogatepass")


def edit_document(
    raw: bytes,
    texts: Mapping[Pointer, str],
    edits: Mapping[Pointer, list[Edit]],
    blanks: Iterable[Pointer] = (),
    *,
    literals: Mapping[Pointer, bytes] | None = None,
    removed: Iterable[Pointer] = (),
    appended: Mapping[Pointer, Sequence[bytes]] | None = None,
) -> bytes:
    """`raw` with `edits` made in the strings `texts`, the values at `blanks` emptied, those at `literals` replaced,
    those at `removed` taken out, and elements added to the arrays at `appended`.

    Raises JsonError when a place is not there.
    """
    grouped: dict[Pointer, dict[Pointer, list[Edit]]] = {}
    for pointer, made in edits.items():
        at = pointer.index(EMBEDDED) if EMBEDDED in pointer else len(pointer)
        grouped.setdefault(pointer[:at], {})[pointer[at:]] = made
    replacements = {pointer: jsontext.literal(edit_text(texts[pointer], made)) for pointer, made in grouped.items()}
    return jsontext.edit(raw, {**replacements, **(literals or {})}, blanks, removed, appended or {})


def emptied(value: object) -> bytes:
    """The JSON literal that stands for a value that is left out; of its own type, because readers are strict."""
    if isinstance(value, str):
        return b'""'
    if isinstance(value, list):
        return b"[]"
    return b"{}" if isinstance(value, dict) else b"null"
