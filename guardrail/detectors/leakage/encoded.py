"""Personal data and secrets that are encoded: escapes, base64, base32, hexadecimal, character codes, rot13, reversal.

Rules:
1. An expression proposes a run of one encoding; the run is decoded, what comes out is folded and judged by the plain
   patterns with the words before the run, and decoded again, DEPTH layers deep (`text/decode.py`).
2. A value that is half plain and half escaped is one run: escapes may have plain characters between them.  What
   touches no escape is left to the plain patterns.
3. What does not decode to text costs a look at its first bytes.
4. The finding covers the run, or the escaped value; its kind is the gravest of what was found inside.
5. rot13 and reversal make text of text, so there only what has a form of its own (addresses, check digits with words
   that announce them) is looked for.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache, partial

from guardrail.detectors.leakage.domains import top_level
from guardrail.detectors.leakage.identifiers import Identifiers
from guardrail.detectors.leakage.inner import context_before, find, inner_screen, kinds_of
from guardrail.detectors.leakage.secrets import Secrets
from guardrail.detectors.leakage.spelled import WORDS_BEFORE, Spelled, possible
from guardrail.detectors.patterns import Candidate, Pattern, Verdict
from guardrail.detectors.screen import Screen
from guardrail.text import decode
from guardrail.text.fold import fold
from guardrail.types import Finding, Unit

_SURE = 0.5
"""The score from which on something found inside counts."""
_CERTAIN = 0.6
_CONTACT = ("email", "phone", "ip_address", "mac_address")
_FORMED = 0.8  # the score of what needs no word before it
_SMALL = 512  # characters of a decoded text that is also read backwards and through rot13


@lru_cache(maxsize=1)
def plain_patterns() -> Screen:
    """Everything that is looked for in what was made plain."""
    return inner_screen([Identifiers(), Spelled(), Secrets()])


def gravest(findings: Iterable[Finding]) -> Finding | None:
    """The finding that names a run with several: sure before unsure, keys and identity numbers before contact data,
    placeholders last; then the one with the higher score."""
    return max(findings, key=_gravity, default=None)


def _gravity(finding: Finding) -> tuple[bool, bool, bool, float]:
    real = not finding.kind.startswith("placeholder.")
    return real, finding.score >= _CERTAIN, not finding.kind.endswith(_CONTACT), finding.score


def revealed(context: str, text: str, via: str, *, judged: bool = False) -> tuple[Finding, str] | None:
    """The gravest finding in `text`, which was `via` in its source, or in what is encoded in it, and how it was
    encoded; None when there is nothing.  `judged` says that `text` as it stands was judged and held nothing."""
    best: tuple[Finding, str] | None = None
    for layer in decode.layers(text, via):
        known = judged and layer.via == via
        found = [] if known else [(one, layer.via) for one in _inside(context, fold(layer.text).text)]
        for one, how in [*found, *_turned(layer)]:
            if best is None or gravest([best[0], one]) is one:
                best = (one, how)
        if best is not None and best[0].score >= 0.9:
            return best
    return best


def _inside(context: str, text: str) -> list[Finding]:
    """What is found in a decoded text.  The words before a run say what a number in it is; they make no secret of it:
    `password: <base64>` is judged as it stands by the patterns for secrets."""
    found = _sure(find(plain_patterns(), context, text))
    if not any(one.kind.startswith("secret.") for one in found):
        return found
    alone = {(one.kind, one.start, one.end) for one in _sure(find(plain_patterns(), " ", text))}
    return [one for one in found if not one.kind.startswith("secret.") or (one.kind, one.start, one.end) in alone]


def _sure(findings: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.score >= _SURE]


def _turned(layer: decode.Layer) -> Iterable[tuple[Finding, str]]:
    """What a small text holds when it is read backwards or through rot13: only what has a form of its own, for any row
    of digits is another one backwards."""
    if len(layer.text) > _SMALL:
        return
    for one in find(plain_patterns(), " ", fold(decode.backwards(layer.text)).text):
        if one.score >= _FORMED:
            yield one, f"{layer.via} of reversed text"
    for one in find(plain_patterns(), " ", fold(decode.rot13(layer.text)).text):
        if one.score >= _FORMED and one.kind.startswith(("secret.", "pii.email")):
            yield one, f"{layer.via} of rot13"


_TOKEN_BEFORE = re.compile(r"(?:0x)?([0-9a-f]{2,3})[ ,;:-]{1,2}$")


def _continues(candidate: Candidate) -> bool:
    """Whether the code before the run stands for a letter or a digit: the value would be part of something longer."""
    token = _TOKEN_BEFORE.search(candidate.before[-7:])
    if token is None:
        return False
    readings = [int(token.group(1), 16), *([int(token.group(1))] if token.group(1).isdecimal() else [])]
    return any(point < 128 and (chr(point).isalnum() or chr(point) in ".,") for point in readings)


def _run(decoders: Sequence[tuple[str, Callable[[str], str | None]]], candidate: Candidate) -> Verdict | None:
    """A run of one alphabet that decodes as a whole; not the rest of one that was judged and turned down."""
    if _continues(candidate):
        return None
    for via, decoder in decoders:
        said = decoder(candidate.value)
        if said is None:
            continue
        found = revealed(context_before(candidate), said, via)
        if found is not None:
            return _verdict(*found)
    return None


def _verdict(finding: Finding, via: str, span: tuple[int, int] | None = None) -> Verdict:
    return Verdict(finding.score, f"{via}; {finding.evidence}", finding.kind, span)


def _base64(candidate: Candidate) -> Verdict | None:
    """The run as it stands, its parts between slashes, hyphens and underscores, and what rot13 or reversal makes of
    it."""
    value, opening = candidate.value, _opening(candidate)
    context = f"{context_before(candidate)[: -1 - len(opening)]} "
    for piece in (opening + value, *decode.pieces(value)) if opening else decode.pieces(value):
        for via, reading in (
            ("base64", piece),
            ("rot13 of base64", decode.rot13(piece)),
            ("reversed base64", decode.backwards(piece)),
        ):
            said = decode.from_base64(reading)
            if said is not None and (found := revealed(context, said, via)) is not None:
                return _verdict(*found)
    return None


def _opening(candidate: Candidate) -> str:
    """What of the run stands before the first letter: `//4` and `/v8` begin a text in UTF-16 with its mark."""
    opening = candidate.before[-2:]
    return opening[len(opening.rstrip("+/")) :]


def _base64_lines(candidate: Candidate) -> Verdict | None:
    said = decode.from_base64(_opening(candidate) + re.sub(r"\s|\\n", "", candidate.value))
    found = revealed(context_before(candidate), said, "base64") if said is not None else None
    return _verdict(*found) if found else None


def _reversed_base64(candidate: Candidate) -> Verdict | None:
    said = decode.from_base64(decode.backwards(candidate.value))
    found = revealed(context_before(candidate), said, "reversed base64") if said is not None else None
    return _verdict(*found) if found else None


_PLAIN = r"[A-Za-z0-9()\[\]@._+ -]"
_TO_NEXT = rf"{_PLAIN}{{0,12}}[A-Za-z0-9@._-]{{0,28}}"  # what may stand between two escapes of one run
_AN_ESCAPE = re.compile(decode.ESCAPE, re.IGNORECASE)
_BEGAN_BEFORE = re.compile(rf"(?:{decode.ESCAPE}){_TO_NEXT}$", re.IGNORECASE)


def _began_before(candidate: Candidate) -> bool:
    """Whether an escape before the value belongs to the same run: then all of it was judged and turned down."""
    first = _AN_ESCAPE.search(candidate.value)
    return first is not None and _BEGAN_BEFORE.search(candidate.before + candidate.value[: first.start()]) is not None


def _escapes(candidate: Candidate) -> Verdict | None:
    if _began_before(candidate):
        return None
    plain = decode.unescaped(candidate.value)
    context = context_before(candidate)
    if not _sure(find(plain_patterns(), context, fold(plain).text)):
        return _deeper(context, candidate.value, plain, judged=True)
    view = decode.unescape(candidate.value)
    if view is None:
        return None
    folded = fold(view.text)
    found: list[tuple[int, int, Finding]] = []
    for finding in _sure(find(plain_patterns(), context, folded.text)):
        start, end = folded.to_source(finding.start or 0, finding.end or 0)
        if any(view.escaped[max(0, start - 1) : end + 1]):
            found.append((view.starts[start], view.ends[end - 1], finding))
    if found:
        best = gravest(finding for _, _, finding in found)
        assert best is not None
        span = (candidate.start + min(a for a, _, _ in found), candidate.start + max(b for _, b, _ in found))
        return _verdict(best, "escapes", span)
    return _deeper(context, candidate.value, plain)


def _deeper(context: str, value: str, plain: str, *, judged: bool = False) -> Verdict | None:
    """Another encoding inside the escapes; `judged` says that `plain` itself was and held nothing."""
    if len(value) - len(plain) < _ESCAPED:
        return None
    for at in range(0, len(plain), decode.BUDGET - _OVERLAP):
        deeper = revealed(context, plain[at : at + decode.BUDGET], "escapes", judged=judged)
        if deeper is not None and " of " in deeper[1]:
            return _verdict(*deeper)
    return None


_OVERLAP = 1024  # characters that are looked at again where a run is longer than what is decoded at once
_ESCAPED = 4  # characters that escapes take beyond what they say, from which on they may hold another encoding

_TOP_LEVEL = re.compile(top_level())
_ROT13_WORDS = re.compile(r"rot-?13|caesar|cipher|凱撒|凯撒|密文|加密")
_REVERSED_WORDS = re.compile(r"revers|backward|mirror|倒|反轉|反转|逆")


def _one(context: str, text: str) -> Finding | None:
    """What all of `text` is."""
    return gravest(
        one for one in _sure(find(plain_patterns(), context, text)) if one.start == 0 and one.end == len(text)
    )


def _is_address(value: str) -> bool:
    return _TOP_LEVEL.fullmatch(value.rpartition(".")[2]) is not None


def _rot13_mail(candidate: Candidate) -> Verdict | None:
    if _is_address(candidate.value):
        return None
    finding = _one("", decode.rot13(candidate.value))
    return _verdict(finding, "rot13") if finding is not None else None


def _rot13_token(candidate: Candidate) -> Verdict | None:
    finding = gravest(_sure(find(plain_patterns(), "", decode.rot13(candidate.value))))
    return _verdict(finding, "rot13") if finding is not None else None


def _rot13_card(candidate: Candidate) -> Verdict | None:
    """One letter changes, so the check digit must agree and the words before say so, plainly or in rot13."""
    before = candidate.before
    context = decode.rot13(before) + " "
    said = _ROT13_WORDS.search(before) is not None
    if not said and re.search(r"[a-z]{2}", before) is None:
        return None
    plain = decode.rot13(candidate.value)
    finding = _one(f"{before} " if said else context, plain)
    if finding is None or finding.score < (0.8 if said else 0.9):
        return None
    alone = _one(" ", plain)
    if not said and alone is not None and alone.score >= finding.score:
        return None
    return _verdict(finding, "rot13")


def _reversed_mail(candidate: Candidate) -> Verdict | None:
    value = candidate.value.rstrip("._%+-")
    if _is_address(candidate.value):
        return None
    finding = _one("", decode.backwards(value))
    span = (candidate.start, candidate.start + len(value))
    return _verdict(finding, "reversed text", span) if finding is not None else None


_MORE = 0.2  # by how much a number must read better backwards than forwards
_NO_MORE = 1.0 - _MORE


def _reversed_value(candidate: Candidate) -> Verdict | None:
    """Read from its end: a check digit that agrees, and a form or words that announce it."""
    value, before = candidate.value, candidate.before
    if re.search(r"[0-9][ -]$|[0-9a-z]$", before):
        return None
    said = _REVERSED_WORDS.search(before) is not None
    if before.endswith("+") and not said:
        return None  # a country code is read forwards
    plain = decode.backwards(value)
    digits = plain.replace(" ", "").replace("-", "")
    if digits.isdecimal() and not (len(digits) > 11 or said or WORDS_BEFORE.search(before)):
        return None
    if plain.isdecimal() and not possible(plain):
        return None
    context = context_before(candidate)
    forward = _one(context, value)
    if forward is not None and forward.score > _NO_MORE:
        return None
    finding = _one(context, plain)
    if finding is None or (forward is not None and forward.score > finding.score - _MORE):
        return None
    alone = _one(" ", plain)
    formed = alone is not None and alone.score >= 0.8
    if not (formed or said or finding.score >= 0.85):
        return None
    return _verdict(replace(finding, score=min(finding.score, 0.9 if formed or said else 0.75)), "reversed text")


def _reversed_card(candidate: Candidate) -> Verdict | None:
    """`)3(654321A`, also with its brackets turned round, `(3)654321A`."""
    context = context_before(candidate)
    value = candidate.value
    plain = decode.backwards(value)
    if value.startswith(("(", "[")):
        plain = plain.translate(_TURNED)
    finding = _one(context, plain)
    return _verdict(finding, "reversed text") if finding is not None else None


_TURNED = str.maketrans("()[]", ")(][")
_SECRET_PREFIXES = (
    r"(?:tuc_|tub_|tuf_|tuh_|tue_|tvguho_cng_|tycng-|fx-|fx_yvir_|ex_yvir_|NXVN|NFVN|kbk[bcnef]-|us_|acz_|NVmn)"
)

_PATTERNS: tuple[Pattern, ...] = (
    Pattern(
        "escapes",
        "pii.hkid",
        rf"((?:(?:\b[A-Za-z0-9]|[+(])[A-Za-z0-9@._+()-]*)?(?:{decode.ESCAPE})"
        rf"(?:{_TO_NEXT}(?:{decode.ESCAPE}))*{_PLAIN}{{0,24}}[A-Za-z0-9@._-]{{0,40}})",
        _escapes,
        group=1,
    ),
    Pattern(
        "base64",
        "pii.hkid",
        r"\b[A-Za-z0-9](?:[A-Z0-9][A-Za-z0-9+/_-]{9,}|[a-z/+][A-Z0-9][A-Za-z0-9+/_-]{8,}"
        r"|[a-z/+]{2,7}[A-Z0-9][A-Za-z0-9+/_-]{7,})={0,2}",
        _base64,
    ),
    Pattern(
        "base64_lines",
        "pii.hkid",
        r"\b[A-Za-z0-9+/]{24,}(?:(?:\r?\n|\\n)[A-Za-z0-9+/]{2,})+={0,2}",
        _base64_lines,
    ),
    Pattern("reversed_base64", "pii.hkid", r"={1,2}[A-Za-z0-9+/_-]{10,}", _reversed_base64),
    Pattern("base32", "pii.hkid", r"\b[A-Z2-7]{13,}={0,6}", partial(_run, [("base32", decode.from_base32)])),
    Pattern(
        "base32_lower",
        "pii.hkid",
        r"\b[a-z]{0,14}[2-7][a-z2-7]{4,}={0,6}",
        partial(_run, [("base32", decode.from_base32)]),
    ),
    Pattern(
        "hex", "pii.hkid", r"\b(?:0[xX])?(?:[0-9A-Fa-f]{2}){6,}\b", partial(_run, [("hexadecimal", decode.from_hex)])
    ),
    Pattern(
        "hex_octets",
        "pii.hkid",
        r"\b(?:0x)?[0-9A-Fa-f]{2}(?:[ :,-]{1,2}(?:0x)?[0-9A-Fa-f]{2}){5,}\b",
        partial(_run, [("hexadecimal", decode.from_hex)]),
    ),
    Pattern(
        "codes",
        "pii.hkid",
        r"\b[0-9]{2,3}(?:[ ,;]{1,2}[0-9]{2,3}){5,}\b",
        partial(_run, [("character codes", decode.from_codes)]),
    ),
    Pattern(
        "codes_in_a_row",
        "pii.hkid",
        rf"\b{decode.CODES_IN_A_ROW}\b",
        partial(_run, [("character codes", decode.from_codes)]),
    ),
    Pattern(
        "quoted_printable",
        "pii.hkid",
        r"=[0-9A-Fa-f]{2}(?:=\r?\n|=[0-9A-Fa-f]{2}){5,}",
        partial(_run, [("quoted-printable", decode.from_quoted)]),
    ),
    Pattern("bits", "pii.hkid", r"\b[01]{8}(?: ?[01]{8}){5,}\b", partial(_run, [("binary", decode.from_bits)])),
    Pattern(
        "rot13_mail",
        "pii.email",
        r"\b[A-Za-z0-9_][A-Za-z0-9._%+-]*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,24}\b",
        _rot13_mail,
    ),
    Pattern("rot13_token", "pii.email", rf"\b{_SECRET_PREFIXES}[A-Za-z0-9_-]{{16,}}", _rot13_token),
    Pattern("rot13_hkid", "pii.hkid", r"\b[A-Za-z]{1,2} ?\d{3} ?\d{3} ?[(\[] ?[0-9Nn] ?[)\]]", _rot13_card),
    Pattern(
        "reversed_mail",
        "pii.email",
        r"\b[A-Za-z]{2,24}\.[A-Za-z0-9.-]+@[A-Za-z0-9._%+-]+",
        _reversed_mail,
    ),
    Pattern(
        "reversed_hkid",
        "pii.hkid",
        r"[()\[\]] ?[0-9Aa] ?[()\[\]] ?\d{3} ?\d{3} ?[A-Za-z]{1,2}\b",
        _reversed_card,
    ),
    Pattern("reversed_hkid_bare", "pii.hkid", r"\b[0-9Aa][ -]?\d{3} ?\d{3} ?[A-Za-z]{1,2}\b", _reversed_value),
    Pattern(
        "reversed_number",
        "pii.payment_card",
        r"\b(?:\d{4}(?:[ -]\d{4}){3}|[Xx\d]\d{7,18}|\d{9,32}[A-Za-z]{1,2}"
        r"|\d{4}[ -]\d{4}|\d{1,3}[ -]\d{4}(?:[ -]\d{4}){3})(?: ?258 ?\+)?\b",
        _reversed_value,
    ),
)


class Encoded:
    """The SPAN detector of this module."""

    name = "leakage.encoded"
    kinds: tuple[str, ...] = kinds_of(Identifiers, Secrets)
    unit = Unit.SPAN
    heavy = False

    @property
    def patterns(self) -> Sequence[Pattern]:
        """One pattern for each encoding; each may answer with any kind that is found inside."""
        return tuple(replace(one, also=tuple(k for k in Encoded.kinds if k != one.kind)) for one in _PATTERNS)

    def load(self) -> None:
        """Compile the patterns that judge what was decoded."""
        plain_patterns()
