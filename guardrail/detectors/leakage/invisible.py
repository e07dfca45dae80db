"""What folding takes away and a terminal, a browser or another model still reads: escape sequences, invisible text,
host names in look-alike letters.

Rules:
1. The source text is followed, not the folded one: there these carriers are still to be seen.
2. What people write stays: one variation selector behind a character, joiners in emoji, flags and scripts that need
   them, soft hyphens, marks of writing direction, a byte order mark.  It takes several in a row to carry anything:
   three tag characters outside a flag, three variation selectors, eight invisible characters of any kind.
3. The finding covers the carrier alone, so that a redaction strips it and leaves what is read.
4. A stream waits only inside a sequence that may still go on, and at most _LONGEST characters.
5. Invisible text that spells something is read (tags as ASCII, variation selectors as octets) and judged by the plain
   patterns; the evidence says what kind it is.

Sources: ECMA-48 5.4 and 5.6 (control sequences and strings); Unicode 23.4 (variation selectors), 23.9 (tags); UTS #51
annex C (flags of regions); UTS #39 (look-alikes).
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from guardrail.detectors.leakage.carriers import host_name, is_allowed
from guardrail.detectors.leakage.encoded import gravest, plain_patterns
from guardrail.detectors.leakage.inner import find
from guardrail.detectors.protocol import Options
from guardrail.text.fold import fold
from guardrail.types import Context, Finding, Unit

ANSI, INVISIBLE, LINK = "carrier.ansi", "carrier.invisible", "carrier.link"

_LONGEST = 4096  # characters of one carrier; what is longer is several
_TAGS = "\U000e0000-\U000e007f"
_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_UNSEEN = (
    f"{_TAGS}{_SELECTORS}\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"
)
_STARTS = re.compile(f"[\x1b\x90\x9b\x9d-\x9f{_UNSEEN}]")
_RUN = re.compile(f"[{_UNSEEN}]{{1,{_LONGEST}}}")
_CONTROL = re.compile(r"(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,16}[@-~]")
_STRING = re.compile(rf"(?:\x1b[\]PX^_]|[\x90\x9d-\x9f])[^\x07\x1b\x90\x9c-\x9f]{{0,{_LONGEST}}}(?:\x07|\x1b\\|\x9c)")
_SHORT = re.compile(r"\x1b[ -/]{0,4}[0-Z\\^`-~]")
_UNFINISHED = re.compile(
    r"\x1b|\x1b[ -/]{1,4}|(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,16}"
    rf"|(?:\x1b[\]PX^_]|[\x90\x9d-\x9f])[^\x07\x1b\x90\x9c-\x9f]{{0,{_LONGEST}}}\x1b?"
)
_ESCAPES = re.compile(rf"\x1b{{2,{_LONGEST}}}")
_COLOUR = re.compile(r"(?:\x1b\[|\x9b)[0-9;:]*m")
_FLAG = re.compile("[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f")
_BLACK_FLAG = "\U0001f3f4"
_A_TAG = re.compile(f"[{_TAGS}]")
_A_SELECTOR = re.compile(f"[{_SELECTORS}]")
_TAGS_LEAST, _SELECTORS_LEAST, _UNSEEN_LEAST = 3, 3, 8
# A host ends where no letter of an alphabet goes on: Chinese characters are often glued to an address.
_HOST_END = r"\x00-\x20\x7f-\x9f\s/?#\\<>\"'`()\[\]{}|,;:\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef"
_ADDRESS = re.compile(rf"(?=((?:https?|ftp|wss?):(?:\\?[/\\]){{2}}([^{_HOST_END}]{{1,253}})))", re.IGNORECASE)
_OPEN_ADDRESS = re.compile(
    rf"(?:https?|ftp|wss?):(?:\\?[/\\]){{0,2}}\\?(?:(?<=[/\\])[^{_HOST_END}]{{0,253}})?\Z"
    r"|(?:h|ht|htt|https?|f|ft|ftp|w|ws|wss)\Z",
    re.IGNORECASE,
)
_ADDRESS_SPAN = 272  # characters that an address with an open host may have


class _Following:
    """One text.  `_pending` is what has not been settled; `_before` is the character before it."""

    __slots__ = ("_base", "_before", "_hosts", "_pending")

    def __init__(self, hosts: Sequence[str]) -> None:
        self._hosts = hosts
        self._pending = ""
        self._before = ""
        self._base = 0

    def feed(self, text: str) -> None:
        """Append `text`."""
        self._pending += text

    def settle(self, *, final: bool) -> tuple[int, list[Finding]]:
        """See `Watch.settle`."""
        text = self._pending
        limit = len(text) if final else _open_address(text)
        found: list[Finding] = []
        if not text.isascii() or "\x1b" in text:
            limit, found = self._sequences(text, limit, final=final)
        if not text.isascii() and (":/" in text or ":\\" in text):
            limit, found = self._addresses(text, limit, found, final=final)
        certain = [self._moved(one) for one in found]
        if limit:
            self._before = text[limit - 1]
            self._pending = text[limit:]
            self._base += limit
        return self._base, certain

    def _sequences(self, text: str, limit: int, *, final: bool) -> tuple[int, list[Finding]]:
        """How far the text is settled, and the carriers that end before."""
        found: list[Finding] = []
        at = 0
        while (start := _STARTS.search(text, at)) is not None and start.start() < limit:
            first = start.start()
            before = text[first - 1] if first else self._before
            end, finding = _carrier(text, first, before, final=final)
            if end is None or end > limit:
                return first, found
            if finding is not None:
                found.append(finding)
            at = end
        return limit, found

    def _addresses(self, text: str, limit: int, found: list[Finding], *, final: bool) -> tuple[int, list[Finding]]:
        """As `_sequences`, with the addresses: the text is settled up to none of either that `limit` would cut."""
        if not final and limit < len(text):
            spans = [(one.start or 0, one.end or 0) for one in found]
            spans += [match.span(1) for match in _ADDRESS.finditer(text)]
            limit = _open_address(text[:limit])
            while (cut := min((a for a, b in spans if a < limit < b), default=limit)) != limit:
                limit = cut
        kept = [one for one in found if (one.end or 0) <= limit]
        return limit, kept + _disguised(text[:limit], self._hosts)

    def _moved(self, finding: Finding) -> Finding:
        if not self._base:
            return finding
        start, end = (finding.start or 0) + self._base, (finding.end or 0) + self._base
        return Finding(finding.kind, finding.score, start, end, finding.detector, finding.evidence)


def _open_address(text: str) -> int:
    """Where an address begins whose host may go on; the end of `text` when there is none."""
    tail = max(0, len(text) - _ADDRESS_SPAN)
    match = _OPEN_ADDRESS.search(text, tail)
    return match.start() if match else len(text)


def _carrier(text: str, first: int, before: str, *, final: bool) -> tuple[int | None, Finding | None]:
    """Where the sequence that starts at `first` ends, None while it may go on, and the finding if it is a carrier."""
    if text[first] in "\x1b\x90\x9b\x9d\x9e\x9f":
        return _escape(text, first, final=final)
    match = _RUN.match(text, first)
    assert match is not None  # every other start is one of the unseen characters
    if match.end() == len(text) and not final and len(match.group()) < _LONGEST:
        return None, None
    return match.end(), _unseen(match.group(), first, before)


def _escape(text: str, first: int, *, final: bool) -> tuple[int | None, Finding | None]:
    if (several := _ESCAPES.match(text, first)) is not None:
        if several.end() == len(text) and not final and several.end() - first < _LONGEST:
            return None, None
        last = several.end() - 1  # this one may begin a sequence
        return last, _finding(ANSI, 0.95, first, last, "escape characters in a row")
    match = _CONTROL.match(text, first) or _STRING.match(text, first) or _SHORT.match(text, first)
    if match is None:
        goes_on = _UNFINISHED.fullmatch(text, first) is not None
        if goes_on and not final:
            return None, None
        # Not a sequence that a terminal would know: the character that opens it is what is taken out.
        end = len(text) if goes_on else first + 1
        return end, _finding(ANSI, 0.95, first, end, "an escape sequence that does not end")
    if _COLOUR.fullmatch(match.group()):
        return match.end(), _finding(ANSI, 0.7, first, match.end(), "an escape sequence that colours text")
    return match.end(), _finding(ANSI, 0.95, first, match.end(), "an escape sequence that acts on a terminal")


def _unseen(run: str, first: int, before: str) -> Finding | None:
    """A run of invisible characters, less the flag that it may begin with."""
    start = 0
    if before == _BLACK_FLAG and (flag := _FLAG.match(run)) is not None:
        start = flag.end()
    rest = run[start:]
    tags, selectors = len(_A_TAG.findall(rest)), len(_A_SELECTOR.findall(rest))
    if tags < _TAGS_LEAST and selectors < _SELECTORS_LEAST and len(rest) < _UNSEEN_LEAST:
        return None
    said = _spelled(rest)
    inside = gravest(one for one in find(plain_patterns(), " ", fold(said).text) if one.score >= 0.5) if said else None
    if inside is not None:
        return _finding(INVISIBLE, 0.98, first + start, first + len(run), f"invisible text; it spells {inside.kind}")
    if said:
        return _finding(INVISIBLE, 0.95, first + start, first + len(run), "invisible text that spells words")
    return _finding(INVISIBLE, 0.9, first + start, first + len(run), "a run of invisible characters")


def _spelled(run: str) -> str:
    """What tags spell as ASCII or variation selectors as octets; empty when that is no text."""
    tags = "".join(chr(ord(one) - 0xE0000) for one in _A_TAG.findall(run))
    octets = bytes(_octet(ord(one)) for one in _A_SELECTOR.findall(run))
    said = tags.strip("\x00\x01\x7f") or octets.decode("utf-8", "replace")
    return said if said.isprintable() and "\ufffd" not in said else ""


def _octet(point: int) -> int:
    """A variation selector as the octet that it is used for: VS1 to VS16 are 0 to 15, VS17 on 16 and more."""
    return point - 0xFE00 if point < 0xE0100 else point - 0xE0100 + 16


def _disguised(text: str, hosts: Sequence[str]) -> list[Finding]:
    """Hosts whose letters read as Latin ones and are not: folding would take them for the host that they read as."""
    found: list[Finding] = []
    for match in _ADDRESS.finditer(text):
        host = match.group(2)
        if host.isascii():
            continue
        mapped = unicodedata.normalize("NFKC", host)
        if mapped.isascii() or not fold(host).text.isascii() or is_allowed(host_name(mapped), hosts):
            continue
        found.append(_finding(LINK, 0.85, *match.span(1), "a host in letters that read as others"))
    return found


def _finding(kind: str, score: float, start: int, end: int, evidence: str) -> Finding:
    return Finding(kind, score, start, end, InvisibleCarriers.name, evidence)


@dataclass(frozen=True, slots=True)
class InvisibleCarriers:
    """The PASSAGE detector of this module; `link_hosts` are the hosts that are right even in other letters."""

    link_hosts: tuple[str, ...] = ()
    name = "leakage.invisible"
    kinds = (ANSI, INVISIBLE, LINK)
    unit = Unit.PASSAGE
    heavy = False

    def configure(self, options: Options) -> Self:
        """A detector for the hosts of one policy."""
        return type(self)(tuple(host_name(host) for host in options.link_hosts))

    def load(self) -> None:
        """Compile the patterns that judge what invisible text spells."""
        plain_patterns()

    def watch(self, context: Context) -> _Following:
        """Every text is followed, whatever the conversation."""
        return _Following(self.link_hosts)
