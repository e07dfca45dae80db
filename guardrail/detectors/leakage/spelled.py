"""Identifiers that are spelled so that a reader gets them and a pattern does not: digit by digit, in numerals, in
words, with markup between.

Rules:
1. What is proposed is a run of digits in any writing (`4`, `四`, `肆`, `〤`, `four`) with a few separators or tags
   between them.  It is made plain, and the patterns of `leakage.identifiers` judge it with the words before it.
2. A check digit alone is weak: it passes by chance once in ten times, and lists of numbers are everywhere.  So a
   run counts for more when it is one regular spelling (every digit apart, all in numerals, an ordinary number with
   markup in it) and for little when it reads as a list of numbers that nothing announces.
3. A value is a whole run, or what lies between two separators that differ from the others; never the middle of a
   longer row of digits.
4. A run that is written plainly is left to `leakage.identifiers`.

Sources: Unicode TR 38 (numeric values of Chinese characters, everyday and accounting forms); Unicode chapter 22.3
(Suzhou numerals); Hong Kong and Mainland usage of `幺` for one in telephone numbers.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from guardrail.detectors.leakage import checksums
from guardrail.detectors.leakage.context import either_case
from guardrail.detectors.leakage.identifiers import Identifiers
from guardrail.detectors.leakage.inner import context_before, find, inner_screen, kinds_of
from guardrail.detectors.leakage.secrets import Secrets
from guardrail.detectors.patterns import Candidate, Pattern, Verdict
from guardrail.detectors.screen import Screen
from guardrail.types import Finding, Unit

_NUMERALS = {
    **dict(zip("零一二三四五六七八九", "0123456789", strict=True)),
    **dict(zip("壹貳叁肆伍陸柒捌玖", "123456789", strict=True)),
    **dict(zip("贰弐參叄参陆壱", "2233361", strict=True)),
    **dict(zip("〡〢〣〤〥〦〧〨〩", "123456789", strict=True)),
    **dict.fromkeys("〇○◯", "0"),
    **dict.fromkeys("兩两", "2"),
    "幺": "1",
}
_WORDS = dict(
    zip(("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"), "0123456789", strict=True)
)
_WORDS["oh"] = "0"

_CHARACTERS = "".join(_NUMERALS)
_WORD = f"(?:{either_case('zero|oh|one|t(?:wo|hree)|f(?:our|ive)|s(?:ix|even)|eight|nine')})"
_DIGIT = f"(?:[0-9{_CHARACTERS}]|{_WORD})"
_MARKS = r" \t\n\r.,/·_*~`|()\]{}:;\\\"'、‧•・【】〔〕「」-"  # `[` is not one: it begins a colour sequence
# A tag, or what folding leaves of a terminal's colour sequence.
_COLOUR = r"\[[0-9;]{1,8}m"
_TAG = rf"(?:<[!/A-Za-z][^<>\n]{{0,20}}>|{_COLOUR})"
_START = rf"(?:\b|{_COLOUR})_{{0,2}}"
_BETWEEN = rf"[{_MARKS}]{{0,5}}(?:{_TAG}[{_MARKS}]{{0,3}})*"
_MOST = 48  # digits of a run; what is longer is a table, and a value is not looked for in the middle of it

_NUMBER = rf"(?:{_START}(?:[0-9]|{_WORD})|[{_CHARACTERS}+])(?:{_BETWEEN}{_DIGIT}){{7,{_MOST}}}(?:{_BETWEEN}[Xx]\b)?"
_TO_CHECK = rf"(?:{_TAG})?[\[{_MARKS}]{{0,5}}(?:{_TAG}[\[{_MARKS}]{{0,3}})*"
_CLOSING_BRACKET = rf"[ *_`~]{{0,3}}(?:{_TAG})?[ *_`~]{{0,2}}[)\]】〕]"
_CARD = (
    rf"{_START}[A-Za-z]{_BETWEEN}(?:[A-Za-z]{_BETWEEN})?{_DIGIT}(?:{_BETWEEN}{_DIGIT}){{5}}"
    rf"{_TO_CHECK}(?:{_DIGIT}|[Aa]\b)(?:{_CLOSING_BRACKET})?(?:[ ._/|*-]{{0,3}}{_DIGIT})?"
)
_SOME = rf"[{_MARKS}]{{0,5}}(?:{_TAG}[{_MARKS}]{{0,2}})*"
_CODE = (
    rf"{_START}[A-Za-z]{_SOME}(?:[A-Za-z]{_SOME})?{_DIGIT}(?:{_SOME}{_DIGIT}){{1,3}}"
    rf"(?:{_SOME}[A-Z]){{0,4}}(?:{_SOME}{_DIGIT}){{6,26}}"
)
_ATOM = re.compile(rf"([0-9])|([{_CHARACTERS}])|({_WORD})|({_TAG})|([+])|([A-Za-z])")
_MARKUP = re.compile(rf"{_TAG}|[*_`~\\]+")
_BEFORE = re.compile(  # `phone` and `someone` end in a word for a digit and are none
    rf"(?:[0-9{_CHARACTERS}]|(?<![A-Za-z])(?:{'|'.join(_WORDS)})+)[{_MARKS}]{{0,3}}$|(?:^|[ .-])[b-hj-z][ .-]{{1,3}}$"
)
_NEAR = 24  # characters before a value in which the row may have begun: several words for digits
_OPENING_MARKS = re.compile(rf"(?:{_TAG}|[*_`~ ])+$")
_PLAIN_CARD = re.compile(r"[A-Za-z]{1,2} ?\d{3} ?\d{3}(?: ?[(\[] ?[0-9Aa] ?[)\]]|[ -]?[0-9Aa])?\W?", re.ASCII)
_PLAIN = re.compile(r"\+?\d+(?:([ -])\d+(?:\1\d+)*)?", re.ASCII)
_NORTH_AMERICAN = re.compile(r"\+?1?[-. ]?\(?[2-9]\d\d\)?[-. ]\d{3}[-. ]\d{4}(?!\d)", re.ASCII)
# Numbers as everybody writes them: thousands, dates and times, decimals, years side by side.
_DATE_SIGN = "[-/.]"
_ORDINARY = re.compile(
    rf".*\d,\d{{3}}(?!\d)|\d{{1,3}}\.\d{{5,}}$|(?:19|20)\d\d\D+(?:19|20)\d\d(?!\d)"
    rf"|\d{{0,2}}[-/. ]?(?:19|20)\d\d{_DATE_SIGN}\d{{1,2}}{_DATE_SIGN}\d{{1,2}}(?!\d)"
    rf"|\d{{1,2}}{_DATE_SIGN}\d{{1,2}}{_DATE_SIGN}(?:19|20)\d\d(?!\d)",
    re.ASCII | re.DOTALL,
)
_LIST = re.compile(r"[|,;\n、]")
_GROUPS = frozenset(
    {(4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 4, 3), (4, 4, 4, 4, 2), (4, 4, 4, 4, 1), (6, 13), (4, 4), (3, 4, 4)}
    | {(6, 8, 4), (6, 4, 4, 4), (6, 4, 2, 2, 4), (3, 4, 4, 4), (3, 8), (2, 11), (2, 3, 4, 4)}
)


@dataclass(frozen=True, slots=True)
class _Run:
    """The digits of a proposal, where each stands in the value, how each is written, and what separates them
    (`between[i]` stands behind digit i), markup taken out."""

    digits: str
    places: tuple[tuple[int, int], ...]
    written: tuple[bool, ...]
    between: tuple[str, ...]
    marked: bool


def _read(value: str) -> _Run:
    digits: list[str] = []
    places: list[tuple[int, int]] = []
    written: list[bool] = []
    for match in _ATOM.finditer(value):
        numeral, word, letter = match.group(2), match.group(3), match.group(5) or match.group(6)
        if match.group(4):
            continue
        digits.append(match.group(1) or _NUMERALS.get(numeral or "") or _WORDS.get((word or "").lower()) or letter)
        places.append(match.span())
        written.append(bool(numeral or word))
    gaps = [value[a[1] : b[0]] for a, b in pairwise(places)]
    between = tuple(_MARKUP.sub("", gap) for gap in gaps)
    return _Run("".join(digits), tuple(places), tuple(written), between, any(map(str.__ne__, gaps, between)))


def _part(run: _Run, first: int, last: int) -> _Run:
    return _Run(
        run.digits[first:last],
        run.places[first:last],
        run.written[first:last],
        run.between[first : last - 1],
        run.marked,
    )


def _trust(run: _Run) -> float:
    """How far a run that nothing announces is believed: the most that its score may be."""
    gaps = [gap for gap in run.between if gap]
    if all(run.written[1:]) and run.written[-1]:
        return 0.95
    if len(set(run.digits)) < 4:
        return 0.4
    listed = any(_LIST.search(gap) for gap in gaps)
    if len(gaps) == len(run.between) and len(set(map(str.strip, gaps))) == 1:
        return 0.65 if listed else 0.9
    if not gaps or (run.marked and set(gaps) <= {" ", "-"}):
        return 0.9
    if len(set(map(str.strip, gaps))) == 1 and _sizes(run) in _GROUPS and not listed:
        return 0.9
    return 0.5


def _sizes(run: _Run) -> tuple[int, ...]:
    sizes = [1]
    for gap in run.between:
        if gap:
            sizes.append(1)
        else:
            sizes[-1] += 1
    return tuple(sizes)


@lru_cache(maxsize=1)
def _identifiers() -> Screen:
    return inner_screen([Identifiers()])


_SURE = 0.9
_ANNOUNCED = 0.8  # scores of `leakage.identifiers` from here on rest on more than the form


def _best(candidate: Candidate, plain: str) -> Finding | None:
    """What `plain` is, all of it, to the plain patterns."""
    context = _OPENING_MARKS.sub("", context_before(candidate)) + " "
    found = find(_identifiers(), context, plain)
    whole = [finding for finding in found if finding.start == 0 and finding.end == len(plain)]
    return max(whole, key=lambda finding: finding.score, default=None)


def _number(candidate: Candidate) -> Verdict | None:
    value = candidate.value
    if _is_plain(value) or _ORDINARY.match(value) or _NORTH_AMERICAN.match(value) or _follows_more(candidate):
        return None
    run = _read(value)
    found = [
        (part, finding)
        for part in _parts(run, candidate.before)
        if (finding := _best(candidate, part.digits)) is not None
    ]
    scored = [(part, finding, _score(part, finding)) for part, finding in found]
    if not scored:
        return None
    part, finding, score = max(scored, key=lambda one: one[2])
    meant = [one for one, _, sure in scored if sure >= min(score, 0.5)]
    span = (candidate.start + meant[0].places[0][0], candidate.start + meant[-1].places[-1][1])
    return Verdict(score, f"{_how(part)}; {finding.evidence}", finding.kind, span)


def _is_plain(value: str) -> bool:
    """Digits in the groups in which such numbers are written."""
    return _PLAIN.fullmatch(value) is not None and (
        value.isdecimal() or tuple(map(len, re.split("[ -]", value))) in _GROUPS
    )


def _score(part: _Run, finding: Finding) -> float:
    trust = _trust(part)
    if finding.score >= _ANNOUNCED:
        return min(finding.score, max(trust, 0.75))
    return min(finding.score, trust, 0.4 if finding.kind.endswith("phone") and trust < 0.9 else 1.0)


def _parts(run: _Run, before: str) -> list[_Run]:
    """The whole run if it can be a value; else what lies between its odd separators, in order, without overlap."""
    if len(run.digits) <= _MOST and possible(run.digits):
        return [run] if len(run.digits) > 10 or WORDS_BEFORE.search(before) else []
    usual = Counter(run.between).most_common(1)[0][0]
    breaks = [at + 1 for at, gap in enumerate(run.between) if gap not in ("", usual)]
    ends = [0, *breaks, len(run.digits)]
    if len(ends) > 12 or len(run.digits) > _MOST:
        ends = ends[:12]
    parts: list[_Run] = []
    first = 0
    while first < len(ends) - 1:
        for last in range(len(ends) - 1, first, -1):
            if possible(run.digits[ends[first] : ends[last]]) and (
                ends[last] - ends[first] > 10 or WORDS_BEFORE.search(before)
            ):
                parts.append(_part(run, ends[first], ends[last]))
                first = last - 1
                break
        first += 1
    return parts


# Eight to ten digits are nothing without a word before them; to look for any is cheaper than to ask what it says.
WORDS_BEFORE = re.compile(
    r"tel|phone|call|mobile|whats|fax|cell|contact|dial|ring|sms|signal|hotline|octopus|acc|bank|fps|no\b|number|code|id\b"
    r"|[號号電电機机話话線线絡络繫系打戶户帳账賬達达訊讯信轉转行證证碼码\[+:]"
)


def possible(digits: str) -> bool:
    """Could these be a value at all?  Cheap, before the patterns are asked."""
    size = len(digits)
    if not digits.isdecimal():
        return (size == 18 and digits[:17].isdecimal() and checksums.resident_id(digits)) or digits[0] == "+"
    if size == 8:
        return digits[0] in "23456789"
    if size in (9, 10):
        return True
    if size == 11:
        return digits[0] == "1" or digits.startswith("852")
    if size == 13 and digits.startswith("86"):
        return True
    if size == 18 and checksums.resident_id(digits):
        return True
    return 12 <= size <= 19 and checksums.luhn(digits)


def _identity_card(candidate: Candidate) -> Verdict | None:
    value = candidate.value
    if _PLAIN_CARD.fullmatch(value) or _follows_more(candidate):
        return None
    run = _read(value)
    letters = 2 if run.digits[1].isalpha() else 1
    if run.digits[0] == "+" or len(run.digits) < letters + 7:
        return None
    size = letters + 7
    last = run.places[size - 1][1]
    closing = re.match(_CLOSING_BRACKET, value[last:])
    bracketed = closing is not None and re.search(
        r"[(\[【〔]", value[run.places[size - 2][1] : run.places[size - 1][0]]
    )
    if len(run.digits) > size and not bracketed and run.between[size - 1] in run.between[: size - 1]:
        return None
    body, check = run.digits[: size - 1], run.digits[size - 1]
    if not body[letters:].isdecimal() or not checksums.hkid(body + check):
        return None
    finding = _best(candidate, f"{body.upper()}({check.upper()})" if bracketed else f"{body.upper()}{check.upper()}")
    if finding is None:
        return None
    part = _part(run, 0, size - 1)
    score = finding.score if finding.score >= _ANNOUNCED and not bracketed else _believed(part, finding.score)
    if body[:letters].islower() and not bracketed and finding.score < _ANNOUNCED:
        return None
    end = last + closing.end() if bracketed and closing else last
    span = (candidate.start + run.places[0][0], candidate.start + end)
    return Verdict(score, f"{_how(part)}; {finding.evidence}", finding.kind, span)


_DECIMAL = re.compile(r"[A-Za-z]{2}[ =:]{0,3}\d{1,3}\.\d+")


def _code(candidate: Candidate) -> Verdict | None:
    """A letter or two and digits: whatever is one when it is written plainly."""
    value = candidate.value
    if value.isalnum() and value.isascii():
        return None
    run = _read(value)
    if _follows_more(candidate) or not run.digits.isalnum():
        return None
    finding = _best(candidate, run.digits.upper())
    if finding is None or finding.kind == "pii.hkid":
        return None
    # One in 97 decimal numbers behind two letters passes as an IBAN: `is 0.1954524246727059`.
    if finding.kind == "pii.iban" and (run.digits[:2].islower() or _DECIMAL.fullmatch(value)):
        return None if "iban" not in candidate.before else Verdict(0.6, finding.evidence, finding.kind)
    span = (candidate.start + run.places[0][0], candidate.start + run.places[-1][1])
    return Verdict(_believed(run, finding.score), f"{_how(run)}; {finding.evidence}", finding.kind, span)


def _follows_more(candidate: Candidate) -> bool:
    """Whether the row of single characters has begun before the value."""
    return _BEFORE.search(candidate.before[-_NEAR:]) is not None


def _believed(part: _Run, score: float) -> float:
    return score if score >= _SURE else min(score, max(_trust(part), 0.5))


def _how(run: _Run) -> str:
    if any(run.written):
        return "digits in words or numerals"
    return "digits with markup between" if run.marked else "digits with separators between"


_SIGN = r"[A-Za-z0-9_.@+%-]"
_APART = r"\b[A-Za-z0-9](?:[ \t\n.,/·_|*`-]{1,4}[A-Za-z0-9_.@+%()-]){9,}"
_PAIRS = rf"\b{_SIGN}{{2}}(?: {_SIGN}{{2}}){{5,}}(?: {_SIGN}\b)?"
_THREES = rf"\b{_SIGN}{{3}}(?: {_SIGN}{{3}}){{4,}}(?: {_SIGN}{{1,2}}\b)?"
_KEY_PREFIX = (
    r"(?:gh[opsur]_|github_pat_|glpat-|sk[-_]|rk_|pk_|AKIA|ASIA|AIza|xox[abeprs]-|hf_|npm_|eyJ|SG\.|dop_v1_|ya29\."
    r"|whsec_)"
)
_GAP = rf"(?:\n[ \t]{{0,8}}|/\*[A-Za-z0-9 ]{{0,12}}\*/|[*`~]{{1,4}}|{_TAG}(?:{_TAG})?| ?\| ?)"
_BROKEN_KEY = (
    rf"(?:\b|{_COLOUR}){_KEY_PREFIX}[A-Za-z0-9_.-]*(?:{_GAP}[A-Za-z0-9_.-]{{2,}}){{1,3}}"
    rf"|{_COLOUR}{_KEY_PREFIX}[A-Za-z0-9_.-]{{8,}}"
)


@lru_cache(maxsize=1)
def _everything() -> Screen:
    return inner_screen([Identifiers(), Secrets()])


_LOOKED_AT = 64  # characters that mostly show how many different ones there are
_FEWEST = 4  # different characters of a value with its separators: a row of one letter or two spells nothing


def _apart(candidate: Candidate) -> Verdict | None:
    """Single characters with one separator between them."""
    value = candidate.value
    if len({*value[:_LOOKED_AT]}) < _FEWEST and len({*value}) < _FEWEST:
        return None
    width = next((at for at in range(1, 5) if at + 1 < len(value) and _is_even(value, at)), 0)
    if width:
        plain = value[:: width + 1]
        last = (len(plain) - 1) * (width + 1) + 1
    else:
        plain, last = re.sub(r"[ \t\n,/·|*`]+", "", value), len(value)
    if plain.isdecimal() or (not width and len(plain) * 4 < len(value)):
        return None
    return _joined(candidate, plain, candidate.start + last, "single characters with separators between")


def _is_even(value: str, width: int) -> bool:
    """Does the separator of `width` characters behind the first stand between all of them?"""
    step = width + 1
    gap = value[1:step]
    whole = len(value) - (len(value) - 1) % step
    return (
        whole > step
        and all(value[at + 1 : at + step] == gap for at in range(0, whole - 1, step))
        and whole > len(value) - step
    )


def _grouped(candidate: Candidate) -> Verdict | None:
    """Groups of two or three characters."""
    plain = candidate.value.replace(" ", "")
    if plain.isdecimal() or not re.search(r"[\d@]", plain):
        return None
    return _joined(candidate, plain, candidate.end, "characters in small groups")


def _joined(candidate: Candidate, plain: str, end: int, how: str) -> Verdict | None:
    """The value that `plain` is but for what belongs to the text around it."""
    found = [one for one in find(_everything(), context_before(candidate), plain) if one.score >= 0.6]
    best = max(found, key=lambda one: one.score, default=None)
    if best is None or ((best.end or 0) - (best.start or 0)) * 2 < len(plain):
        return None
    return Verdict(min(best.score, 0.9), f"{how}; {best.evidence}", best.kind, (candidate.start, end))


_SHORTEST_KEY = 12  # characters of the shortest form of a provider


def _broken_key(candidate: Candidate) -> Verdict | None:
    """A key of a known prefix with markup or a line break in it; the part before it may be a whole one already."""
    lead = re.match(_COLOUR, candidate.value)
    start = lead.end() if lead else 0
    pieces = re.split(_GAP, candidate.value[start:])
    for count in range(len(pieces), 0 if lead else 1, -1):
        plain = "".join(pieces[:count])
        if len(plain) < _SHORTEST_KEY:
            break
        found = [one for one in find(_everything(), " ", plain) if one.kind.startswith("secret.") and one.start == 0]
        whole = next((one for one in found if one.end == len(plain)), None)
        if whole is None:
            continue
        if count == 2 and find(_everything(), " ", pieces[0]) and not re.search(r"\d", pieces[1]):
            return None
        end = _end_of(candidate.value, pieces[:count], start)
        span = (candidate.start + start, candidate.start + end)
        return Verdict(whole.score, f"a key in pieces; {whole.evidence}", whole.kind, span)
    return None


def _end_of(value: str, pieces: Sequence[str], at: int) -> int:
    for piece in pieces:
        at = value.index(piece, at) + len(piece)
    return at


_NAME = r"[A-Za-z0-9_%+-]"
_COMMENT = r"/\*[A-Za-z0-9 ]{0,12}\*/"
_STRIP = rf"(?:[*`~]{{1,3}}|{_TAG}|{_COMMENT})"
_OPENING, _CLOSING = r" {0,2}[\[({<] {0,2}", r" {0,2}[\])}>] {0,2}"
_AT = (
    rf"(?:{_OPENING}(?:@|{either_case('at')}){_CLOSING}| {{1,2}}(?:{either_case('at')}|艾特|小老鼠|圈a) {{1,2}}"
    rf"|艾特|小老鼠| {{0,2}}{_STRIP}{{0,2}}@{_STRIP}{{0,2}} {{0,2}})"
)
_DOT = (
    rf"(?:{_OPENING}(?:\.|{either_case('dot|point')}){_CLOSING}| {{1,2}}{either_case('dot')} {{1,2}}| ?[點点] ?"
    rf"| {_STRIP}{{0,2}}[.。]{_STRIP}{{0,2}} |{_STRIP}{{0,2}}[.。]{_STRIP}{{0,2}})"
)
_NAMES = rf"{_NAME}+(?:(?:{_DOT}|{_STRIP}{{1,2}}){_NAME}+)*"
_MAIL = rf"(?:\b|{_COLOUR}){_NAMES}{_AT}{_NAMES}{_DOT}[A-Za-z*`]{{2,24}}\b"
_BREAK = r"(?:\n[ \t]{0,8}| ?\| ?)"
_BROKEN_MAIL = (
    rf"\b(?:[A-Za-z0-9%+-]+(?:[._][A-Za-z0-9%+-]+)+{_BREAK}[A-Za-z0-9._%+-]*@[A-Za-z0-9.-]+"
    rf"|[A-Za-z0-9][A-Za-z0-9._%+-]*(?:@[A-Za-z0-9-]*(?:\.[A-Za-z0-9-]*)*{_BREAK}|{_BREAK}@)[A-Za-z0-9.-]*)"
    r"\.[A-Za-z]{2,24}\b"
)
_SPACED_MAIL = r"\b[A-Za-z0-9](?: [A-Za-z0-9._+-]){1,40} @(?: [A-Za-z0-9.-]){2,40} \.(?: [A-Za-z]){2,12}\b"
_AT_READ = re.compile(r"(?<![A-Za-z])(?:at|艾特|小老鼠|圈a|@)(?![A-Za-z])|艾特|小老鼠|@", re.IGNORECASE)
_DOT_READ = re.compile(r"(?<![A-Za-z])(?:dot|point)(?![A-Za-z])|[點点。]", re.IGNORECASE)
_PROVIDERS = re.compile(
    r"@(?:gmail|googlemail|yahoo|hotmail|outlook|live|msn|icloud|me|proton(?:mail)?|aol|gmx|qq|163|126|sina|foxmail"
    r"|netvigator|biznetvigator|i-cable|hkbn)\.",
    re.IGNORECASE,
)
_MAIL_WORDS = re.compile(
    r"(?<![a-z])(?:e-?mails?|mail|contact|write|reach|address|send|inbox)(?![a-z])|電郵|邮箱|郵箱|邮件|郵件|聯絡|联系|電子郵"
)
_PLAIN_MAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+")


def _mail(candidate: Candidate) -> Verdict | None:
    value = candidate.value
    if _PLAIN_MAIL.fullmatch(value):
        return None
    bare = re.sub(rf"{_COMMENT}|{_TAG}|[*`~]", "", value)
    lead = re.match(_COLOUR, value)
    spoken_dot = _DOT_READ.search(bare) is not None
    plain = re.sub(r"[\s\[\](){}<>]+", "", _DOT_READ.sub(".", _AT_READ.sub("@", bare)))
    if plain.count("@") != 1:
        return None
    finding = _best(candidate, plain)
    if finding is None or _ends_before(candidate, bare):
        return None
    sure = "@" in value or re.search(r"[\[({<] *at *[\])}>]|艾特|小老鼠", value, re.IGNORECASE) is not None
    if sure and re.search(r"\s@\s|@\s|\s@", bare) and not spoken_dot and not _clearly_spaced(bare):
        return None
    if not sure and not spoken_dot:
        return None
    announced = _PROVIDERS.search(plain) is not None or _MAIL_WORDS.search(candidate.before) is not None
    score = finding.score if sure or announced else min(finding.score, 0.45)
    span = (candidate.start + (lead.end() if lead else 0), candidate.end)
    return Verdict(score, f"an address that is spelled; {finding.evidence}", finding.kind, span)


_HOST = re.compile(r"\.(?:com|net|org|edu|gov|io|hk|cn|tw)$", re.IGNORECASE)


def _broken_mail(candidate: Candidate) -> Verdict | None:
    """An address with a line break or a bar of a table in it, where the part before the break is none by itself."""
    first, *rest = re.split(_BREAK, candidate.value)
    if len(rest) != 1 or re.search(r"[@A-Za-z0-9_.-]$", candidate.before) or _HOST.search(first):
        return None
    if "@" in first and _best(candidate, first) is not None:
        return None
    finding = _best(candidate, first + rest[0])
    if finding is None:
        return None
    return Verdict(min(finding.score, 0.75), f"an address in two pieces; {finding.evidence}", finding.kind)


def _ends_before(candidate: Candidate, bare: str) -> bool:
    """`tai.man@gmail.com。Is`: a plain address and the next sentence."""
    address, stop, _ = bare.rpartition("。")
    return stop != "" and _PLAIN_MAIL.fullmatch(address) is not None and _best(candidate, address) is not None


def _clearly_spaced(bare: str) -> bool:
    """`tai.man @ gmail.com` or `t a i @ g m a i l . c o m`: blanks on both sides of the sign, or everywhere."""
    return re.search(r"\S @ \S", bare) is not None


_PATTERNS: tuple[Pattern, ...] = (
    Pattern("spelled_hkid", "pii.hkid", _CARD, _identity_card),
    Pattern("spelled_number", "pii.payment_card", _NUMBER, _number),
    Pattern("spelled_code", "pii.tw_id", _CODE, _code),
    Pattern("apart", "pii.email", _APART, _apart),
    Pattern("pairs", "pii.email", _PAIRS, _grouped),
    Pattern("threes", "pii.email", _THREES, _grouped),
    Pattern("broken_key", "secret.api_key", _BROKEN_KEY, _broken_key),
    Pattern("spelled_mail", "pii.email", _MAIL, _mail),
    Pattern("broken_mail", "pii.email", _BROKEN_MAIL, _broken_mail),
    Pattern("spaced_mail", "pii.email", _SPACED_MAIL, _mail),
)


class Spelled:
    """The SPAN detector of this module."""

    name = "leakage.spelled"
    kinds: tuple[str, ...] = kinds_of(Identifiers, Secrets)
    unit = Unit.SPAN
    heavy = False

    @property
    def patterns(self) -> Sequence[Pattern]:
        """One pattern for each shape; each may answer with any kind of `leakage.identifiers`."""
        return tuple(_with_kinds(pattern) for pattern in _PATTERNS)

    def load(self) -> None:
        """Compile the patterns that judge what was made plain."""
        _identifiers()
        _everything()


def _with_kinds(pattern: Pattern) -> Pattern:
    others = tuple(kind for kind in Spelled.kinds if kind != pattern.kind)
    return Pattern(pattern.id, pattern.kind, pattern.expression, pattern.judge, also=others)
