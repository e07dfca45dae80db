"""A text in pieces and the same text whole: what tests of patterns share."""

from guardrail.detectors.screen import Screen
from guardrail.gate import Tail
from guardrail.text.fold import fold
from guardrail.types import Finding


def whole(screen: Screen, text: str) -> set[tuple[str, int, int, float]]:
    """(kind, start, end, score) of every finding in a source text."""
    folded = fold(text)
    return {_key(one, *folded.to_source(one.start or 0, one.end or 0)) for one in screen.find(folded.text)}


def streamed(screen: Screen, text: str, sizes: list[int]) -> set[tuple[str, int, int, float]]:
    """The same as a stream finds them whose chunks have `sizes`, over and over."""
    tail = Tail(screen)
    found: list[tuple[Finding, str]] = []
    at, turn = 0, 0
    while at < len(text):
        size = sizes[turn % len(sizes)]
        tail.feed(text[at : at + size])
        limit, settled = tail.settle(final=False)
        assert all((one.end or 0) <= limit for one, _ in settled)
        found += settled
        at, turn = at + size, turn + 1
    found += tail.settle(final=True)[1]
    return {_key(one, one.start or 0, one.end or 0) for one, _ in found}


def settled(screen: Screen, text: str) -> int:
    """How far a stream that ends here for now may be released, as the gate computes it."""
    encoded = text.encode()
    limit = len(encoded[: screen.open_at(encoded, 0)].decode())
    proposals = list(screen.proposals(text, encoded))
    while True:
        lower = min((p.start for p in proposals if p.start < limit < p.end), default=limit)
        if lower == limit:
            return limit
        limit = lower


def before(findings: list[Finding], limit: int) -> list[Finding]:
    """Those that start in what may be released."""
    return [finding for finding in findings if (finding.start or 0) < limit]


def same_without_screen(screen: Screen, text: str) -> bool:
    """Whether the look over all patterns changes nothing."""
    folded = fold(text).text
    return screen.find(folded) == screen.find(folded, screened=False)


def _key(finding: Finding, start: int, end: int) -> tuple[str, int, int, float]:
    return finding.kind, start, end, finding.score
