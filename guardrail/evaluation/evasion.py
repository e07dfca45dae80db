"""Values in disguise: the same identifiers and keys folded, separated, spelled, encoded and mixed, in running text.

Rules:
1. The classes are those of the project's evasion table: plain and folded forms, separators and numerals, encodings, and
   several at once; each is owed less than the one before, and the last is only published.
2. A disguise changes the value alone; the sentence around it says in plain words what it is.
3. A value is caught when findings cover at least four fifths of the letters and digits it is written with, whatever
   kind they give it: what is left says little, and a disguised value has no exact end.
4. Hard negatives come as they are and in the same disguises: a decoder must not see cards in order numbers.
"""

import base64
import codecs
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from urllib.parse import quote

from guardrail.evaluation import judging, values
from guardrail.evaluation.datasets import Item, sample
from guardrail.evaluation.frames import Frame, frames
from guardrail.evaluation.intervals import Measure, share
from guardrail.evaluation.matching import Span, covered, overlap
from guardrail.evaluation.negatives import CATEGORIES, Negative, negatives
from guardrail.evaluation.report import Cell, Listing, Section, Table, Track, grouped, percent, untracked
from guardrail.evaluation.stock import StockPresidio

ENOUGH = 0.8
FOLDED, SEPARATED, ENCODED, MIXED = "plain and folded", "separators and numerals", "encodings", "mixed"
CLASSES = (FOLDED, SEPARATED, ENCODED, MIXED)
Disguise = Callable[[str, Random], str | None]
"""A value in disguise; None where it would be no disguise for this value."""


def _each(table: Mapping[str, str]) -> Disguise:
    def disguise(value: str, dice: Random) -> str | None:
        made = "".join(table.get(character, character) for character in value)
        return made if made != value else None

    return disguise


def _joined(*separators: str) -> Disguise:
    """One of `separators` between all characters."""

    def disguise(value: str, dice: Random) -> str | None:
        return dice.choice(separators).join(value)

    return disguise


def _middle(pattern: str) -> Disguise:
    """The value in two parts, as `pattern` puts them."""

    def disguise(value: str, dice: Random) -> str | None:
        at = len(value) // 2
        return pattern.format(value[:at], value[at:])

    return disguise


def _in_groups(separator: str, size: int) -> Disguise:
    def disguise(value: str, dice: Random) -> str | None:
        return separator.join(value[at : at + size] for at in range(0, len(value), size))

    return disguise


def _words(names: Mapping[str, str], joiner: str, *, least: int = 4) -> Disguise:
    """The digits as words, where there are enough of them."""

    def disguise(value: str, dice: Random) -> str | None:
        if sum(character in names for character in value) < max(least, len(value) // 2):
            return None
        parts = re.findall(r"[A-Za-z]+|.", value)
        return re.sub(r" +", " ", joiner.join(names.get(part, part) for part in parts))

    return disguise


def _only(pattern: str, disguise: Disguise) -> Disguise:
    def chosen(value: str, dice: Random) -> str | None:
        return disguise(value, dice) if re.search(pattern, value) else None

    return chosen


def _after(*disguises: Disguise) -> Disguise:
    """One disguise over the other."""

    def disguise(value: str, dice: Random) -> str | None:
        made: str | None = value
        for one in disguises:
            made = one(made, dice) if made is not None else None
        return made

    return disguise


def _plain(value: str, dice: Random) -> str:
    return value


def _other_digits(value: str, dice: Random) -> str | None:
    zero = dice.choice((0x660, 0x6F0, 0x966, 0xE50, 0x1D7CE, 0x1D7F6))
    return _each({str(n): chr(zero + n) for n in range(10)})(value, dice)


def _base64(value: str, dice: Random) -> str:
    return base64.b64encode(value.encode()).decode()


def _base64url(value: str, dice: Random) -> str:
    return base64.urlsafe_b64encode(f"id={value}".encode()).decode().rstrip("=")


def _sentence64(value: str, dice: Random) -> str:
    return base64.b64encode(f"The value you asked for is {value}, keep it safe.".encode()).decode()


def _hex(value: str, dice: Random) -> str:
    return dice.choice((value.encode().hex(), value.encode().hex(" ")))


def _base32(value: str, dice: Random) -> str:
    return base64.b32encode(value.encode()).decode()


def _reversed(value: str, dice: Random) -> str:
    return value[::-1]


def _percent(value: str, dice: Random) -> str:
    return "".join(f"%{byte:02X}" for byte in value.encode())


def _percent_twice(value: str, dice: Random) -> str:
    return quote(_percent(value, dice), safe="")


def _entities(value: str, dice: Random) -> str:
    return "".join(f"&#{ord(character)};" for character in value)


def _hex_entities(value: str, dice: Random) -> str:
    return "".join(f"&#x{ord(character):x};" for character in value)


def _escapes(value: str, dice: Random) -> str:
    return "".join(f"\\u{ord(character):04x}" for character in value)


def _hex_escapes(value: str, dice: Random) -> str:
    return "".join(f"\\x{ord(character):02x}" for character in value)


def _rot13(value: str, dice: Random) -> str:
    return codecs.encode(value, "rot13")


def _split(words: str) -> Disguise:
    """In two parts with prose between them; `\\0` marks the prose, which is no part of the value."""

    def disguise(value: str, dice: Random) -> str | None:
        at = len(value) // 2
        return f"{value[:at]}\0{words}\0{value[at:]}"

    return disguise


_FULL = {chr(n): chr(n + 0xFEE0) for n in range(0x21, 0x7F)}
_CIRCLED = {"0": "⓪", **{str(n): chr(0x245F + n) for n in range(1, 10)}}
_CIRCLED |= {chr(65 + n): chr(0x24B6 + n) for n in range(26)} | {chr(97 + n): chr(0x24D0 + n) for n in range(26)}
_BOLD = {chr(48 + n): chr(0x1D7CE + n) for n in range(10)}
_BOLD |= {chr(65 + n): chr(0x1D400 + n) for n in range(26)} | {chr(97 + n): chr(0x1D41A + n) for n in range(26)}
_RAISED = dict(zip("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹", strict=True))
_TWINS = dict(zip("ABEKMHOPCTXaeopcx", "АВЕКМНОРСТХаеорсх", strict=True))
_CHINESE = dict(zip("0123456789", "零一二三四五六七八九", strict=True))
_ROUND = {**_CHINESE, "0": "〇"}
_FORMAL = dict(zip("0123456789", "零壹貳叁肆伍陸柒捌玖", strict=True))
_ENGLISH = dict(
    zip("0123456789", ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"), strict=True)
)
_MORSE = dict(
    zip(
        "0123456789",
        ("-----", ".----", "..---", "...--", "....-", ".....", "-....", "--...", "---..", "----."),
        strict=True,
    )
)
_PINYIN = dict(zip("0123456789", ("ling", "yi", "er", "san", "si", "wu", "liu", "qi", "ba", "jiu"), strict=True))

# technique: (class, disguise)
TECHNIQUES: Mapping[str, tuple[str, Disguise]] = {
    "plain": (FOLDED, _plain),
    "full-width": (FOLDED, _each(_FULL)),
    "circled": (FOLDED, _each(_CIRCLED)),
    "mathematical bold": (FOLDED, _each(_BOLD)),
    "superscript": (FOLDED, _each(_RAISED)),
    "digits of another script": (FOLDED, _other_digits),
    "homoglyphs": (FOLDED, _each(_TWINS)),
    "zero-width": (FOLDED, _joined("\u200b", "\u200c", "\u2060", "\ufeff")),
    "soft hyphens": (FOLDED, _joined("\u00ad")),
    "combining marks": (FOLDED, _joined("\u0336", "\u0332")),
    "variation selectors": (FOLDED, _joined("\ufe0f", "\U000e0101")),
    "directional controls": (FOLDED, _middle("\u202d{}\u2066{}\u202c")),
    "spaces": (SEPARATED, _joined(" ")),
    "no-break spaces": (SEPARATED, _joined("\u00a0", "\u3000", "\u2009")),
    "dashes": (SEPARATED, _joined("-", "–")),
    "dots": (SEPARATED, _only(r"^[^@]*$", _joined(".", "·"))),
    "slashes": (SEPARATED, _only(r"^[^@]*$", _joined("/", "_"))),
    "pairs": (SEPARATED, _in_groups(" ", 2)),
    "groups of three": (SEPARATED, _in_groups(" ", 3)),
    "line break": (SEPARATED, _middle("{}\n{}")),
    "line break, indented": (SEPARATED, _middle("{}\n    {}")),
    "Markdown bold": (SEPARATED, _middle("**{}**{}")),
    "Markdown code": (SEPARATED, _middle("`{}``{}`")),
    "HTML tags": (SEPARATED, _middle("<b>{}</b><i>{}</i>")),
    "HTML comment": (SEPARATED, _middle("{}<!-- -->{}")),
    "terminal escapes": (SEPARATED, _middle("\x1b[1m{}\x1b[0;31m{}\x1b[0m")),
    "table cells": (SEPARATED, _middle("{} | {}")),
    "Chinese numerals": (SEPARATED, _words(_CHINESE, "")),
    "Chinese numerals, round zero": (SEPARATED, _words(_ROUND, "")),
    "formal numerals": (SEPARATED, _words(_FORMAL, "")),
    "number words": (SEPARATED, _words(_ENGLISH, " ")),
    "number words, dashes": (SEPARATED, _words(_ENGLISH, "-")),
    "at and dot": (SEPARATED, _only("@", _each({"@": " at ", ".": " dot "}))),
    "at and dot, bracketed": (SEPARATED, _only("@", _each({"@": "[at]", ".": "[dot]"}))),
    "percent": (ENCODED, _percent),
    "percent twice": (ENCODED, _percent_twice),
    "entities": (ENCODED, _entities),
    "entities, hexadecimal": (ENCODED, _hex_entities),
    "\\u escapes": (ENCODED, _escapes),
    "\\x escapes": (ENCODED, _hex_escapes),
    "base64": (ENCODED, _base64),
    "base64 for URLs": (ENCODED, _base64url),
    "base64 of a sentence": (ENCODED, _sentence64),
    "base64 twice": (ENCODED, _after(_base64, _base64)),
    "base32": (ENCODED, _base32),
    "hexadecimal": (ENCODED, _hex),
    "rot13": (ENCODED, _only(r"@|[a-z]{2}", _rot13)),
    "reversed": (ENCODED, _reversed),
    "full-width, zero-width, spaces": (MIXED, _after(_each(_FULL), _joined(" \u200b"))),
    "numerals and zero-width": (MIXED, _after(_words(_CHINESE, ""), _joined("\u200b"))),
    "numerals and spaces": (MIXED, _after(_words(_CHINESE, ""), _joined(" "))),
    "base64 of reversed": (MIXED, _after(_reversed, _base64)),
    "base64 of hexadecimal": (MIXED, _after(_hex, _base64)),
    "percent of base64": (MIXED, _after(_base64, _percent)),
    "base64 in two lines": (MIXED, _after(_sentence64, _middle("{}\n{}"))),
    "spaces and Markdown": (MIXED, _after(_joined(" "), _middle("**{}**{}"))),
    "entities of full-width": (MIXED, _after(_each(_FULL), _entities)),
    "split by prose": (MIXED, _split(" is the first half and the rest is ")),
    "split by Chinese prose": (MIXED, _split("係頭一半，後面嗰半係")),
    "a list": (MIXED, _joined("\n- ")),
    "code comment": (MIXED, _middle("{}/* */{}")),
    "quoted-printable": (MIXED, lambda value, dice: "".join(f"={ord(character):02X}" for character in value)),
    "character codes": (MIXED, lambda value, dice: " ".join(str(ord(character)) for character in value)),
    "binary": (MIXED, lambda value, dice: " ".join(f"{ord(character):08b}" for character in value)),
    "Morse": (MIXED, _words(_MORSE, " ")),
    "Pinyin": (MIXED, _words(_PINYIN, " ")),
}  # fmt: skip


def _bare_hkid(dice: Random) -> str:
    letter, number = values.pick(dice, *"ACDGHKPRVYZ"), values.digits(dice, 6)
    return f"{letter}{number}({values.hkid_check(letter, number)})"


_VALUES: Mapping[str, values.Maker] = {
    "pii.hkid": _bare_hkid,
    "pii.payment_card": values.card_number,
    "pii.cn_resident_id": lambda dice: values.cn_resident_id(dice).replace(" ", "").upper(),
    "pii.hk_phone": values.hk_number,
    "pii.cn_phone": lambda dice: re.sub(r"\D", "", values.cn_phone(dice))[-11:],
    "pii.tw_id": values.tw_id,
    "pii.iban": lambda dice: values.iban(dice).replace(" ", ""),
    "pii.email": values.email,
    "secret": values.secret,
}
_SECRET_FRAMES = tuple(
    Frame("secret", language, text, held_out, "sentence")
    for language, pair in (
        ("en", ("The API key is {} for now.", "Use token {} to log in.")),
        ("zh-Hant", ("系統的API密鑰是{}，請勿外傳。", "登入用的權杖為{}。")),
        ("yue", ("個API key係{}，唔好話俾人知。", "你用{}呢個token登入啦。")),
        ("zh-Hans", ("接口密钥是{}，请勿外传。", "登录令牌为{}。")),
    )
    for held_out, text in zip((False, True), pair, strict=True)
)
_ELSEWHERE = ("pii.person", "pii.name", "pii.address", "pii.private_person", "pii.hk_address")


@dataclass(frozen=True, slots=True)
class Disguised:
    """A text with a value in disguise; `pieces` is where it is written."""

    kind: str
    technique: str
    language: str
    held_out: bool
    text: str
    pieces: tuple[Span, ...]

    @property
    def difficulty(self) -> str:
        """The class of its technique."""
        return TECHNIQUES[self.technique][0]


def counts_as_alarm(kind: str) -> bool:
    """Whether a finding of `kind` says that there is a value; what a disguise is made of (`carrier.*`) is none."""
    return kind.split(".")[0] in ("pii", "secret") and not kind.startswith(_ELSEWHERE)


def disguised(seed: int = 1, each: int = 1) -> list[Disguised]:
    """`each` values of every kind in every disguise in every sentence frame of the kind."""
    made: list[Disguised] = []
    sentences = [*(f for f in frames() if f.shape == "sentence" and f.kind in _VALUES), *_SECRET_FRAMES]
    for technique, (_, disguise) in TECHNIQUES.items():
        for frame in sentences:
            dice = Random(f"{seed} {technique} {frame.text}")
            for _ in range(each):
                written = disguise(_VALUES[frame.kind](dice), dice)
                if written is not None:
                    made.append(_in_text(frame, technique, written))
    return made


def disguised_negatives(seed: int = 1, each: int = 1) -> list[Negative]:
    """Hard negatives whose numbers are in disguise, by technique."""
    made: list[Negative] = []
    for index, one in enumerate(negatives(seed + 1, each * len(TECHNIQUES) // 4)):
        dice = Random(f"{seed} {index}")
        technique = dice.choice([name for name in TECHNIQUES if name != "plain"])
        run = max(re.findall(r"[\x21-\x7e]*\d[\x21-\x7e]*", one.text), key=len, default="")
        written = TECHNIQUES[technique][1](run.strip("`.,"), dice) if run else None
        if written is not None:
            text = one.text.replace(run.strip("`.,"), written.replace("\0", ""))
            made.append(Negative(one.category, one.language, text, one.held_out))
    return made


def _in_text(frame: Frame, technique: str, written: str) -> Disguised:
    before, after = frame.text.split("{}", 1)
    parts = written.split("\0")
    text, pieces = before, []
    for number, part in enumerate(parts):
        if number % 2 == 0:
            pieces.append(Span(frame.kind, len(text), len(text) + len(part)))
        text += part
    return Disguised(frame.kind, technique, frame.language, frame.held_out, text + after, tuple(pieces))


def caught(one: Disguised, found: Sequence[Span]) -> bool:
    """Whether the findings cover enough of every piece."""
    touching = [span for span in found if any(overlap(span, piece) for piece in one.pieces)]
    return bool(touching) and all(covered(one.text, piece, touching) >= ENOUGH for piece in one.pieces)


def touched(one: Disguised, found: Sequence[Span]) -> bool:
    """Whether any finding overlaps the value: how stock Presidio is judged."""
    return any(overlap(span, piece) for span in found for piece in one.pieces)


def evaluate(
    *, seed: int = 1, limit: int | None = None, stock: StockPresidio | None = None, track: Track = untracked
) -> Section:
    """Judge the disguised values and the hard negatives."""
    texts = sample(disguised(seed), limit, seed)
    bare = sample(negatives(seed + 1, 12), limit, seed)
    hidden = sample(disguised_negatives(seed), limit, seed)
    scanner = judging.everything(without=judging.NAMES)

    def find(text: str) -> list[Span]:
        return judging.spans(judging.findings(scanner, [Item("generated", text)])[0], counts_as_alarm)

    try:
        hits = [caught(one, find(one.text)) for one in track("evasion", texts)]
        alarms = [find(one.text) for one in track("hard negatives", bare)]
        hidden_alarms = [find(one.text) for one in track("hard negatives in disguise", hidden)]
    finally:
        scanner.close()
    theirs = their_alarms = their_hidden = None
    if stock is not None:
        theirs = [touched(one, stock.personal(one.text)) for one in track("evasion, Presidio", texts)]
        their_alarms = [bool(stock.personal(one.text)) for one in track("hard negatives, Presidio", bare)]
        their_hidden = [bool(stock.personal(one.text)) for one in track("disguised negatives, Presidio", hidden)]
    tables = [
        _catches("By class", texts, hits, theirs, lambda one: one.difficulty),
        _catches("By disguise", texts, hits, theirs, lambda one: f"{one.difficulty}: {one.technique}"),
        _catches("By kind", texts, hits, theirs, lambda one: one.kind),
        _catches("By class and kind", texts, hits, theirs, lambda one: f"{one.difficulty}: {one.kind}"),
        _catches("By language", texts, hits, theirs, lambda one: one.language),
        _alarms("Alarms on hard negatives", bare, [bool(found) for found in alarms], their_alarms),
        _alarms("Alarms on hard negatives in disguise", hidden, [bool(found) for found in hidden_alarms], their_hidden),
    ]
    return Section(
        "evasion",
        "values in disguise, and hard negatives",
        tuple(tables),
        _figures(texts, hits, bare, alarms, hidden, hidden_alarms),
        _listings(texts, hits, [*zip(bare, alarms, strict=True), *zip(hidden, hidden_alarms, strict=True)]),
    )


def _figures(
    texts: Sequence[Disguised],
    hits: Sequence[bool],
    bare: Sequence[Negative],
    alarms: Sequence[Sequence[Span]],
    hidden: Sequence[Negative],
    hidden_alarms: Sequence[Sequence[Span]],
) -> dict[str, Measure]:
    figures: dict[str, Measure] = {}
    for name in CLASSES:
        for part, held_out in (("tuned", False), ("held_out", True)):
            chosen = [
                hit for one, hit in zip(texts, hits, strict=True) if one.difficulty == name and one.held_out is held_out
            ]
            figures[f"{name.replace(' ', '_')}.{part}"] = share(sum(chosen), len(chosen))
    for part, held_out in (("tuned", False), ("held_out", True)):
        rang = [bool(found) for one, found in zip(bare, alarms, strict=True) if one.held_out is held_out]
        figures[f"negatives.{part}"] = share(sum(rang), len(rang))
        rang = [bool(found) for one, found in zip(hidden, hidden_alarms, strict=True) if one.held_out is held_out]
        figures[f"disguised_negatives.{part}"] = share(sum(rang), len(rang))
    return figures


def _catches(
    title: str,
    texts: Sequence[Disguised],
    hits: Sequence[bool],
    theirs: Sequence[bool] | None,
    key: Callable[[Disguised], str],
) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for name, indices in grouped(range(len(texts)), lambda index: key(texts[index])).items():

        def rate(results: Sequence[bool], chosen: Sequence[int]) -> Measure:
            return share(sum(results[index] for index in chosen), len(chosen))

        tuned = [index for index in indices if not texts[index].held_out]
        held = [index for index in indices if texts[index].held_out]
        row: tuple[Cell, ...] = (name, len(indices), rate(hits, indices), rate(hits, tuned), rate(hits, held))
        rows.append((*row, rate(theirs, indices)) if theirs is not None else row)
    columns = (title.removeprefix("By "), "values", "caught", "tuned on", "held out")
    return Table(title, (*columns, *(("Presidio",) if theirs is not None else ())), tuple(rows))


def _alarms(title: str, texts: Sequence[Negative], alarms: Sequence[bool], theirs: Sequence[bool] | None) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for name in (*CATEGORIES, "all"):
        indices = [index for index, one in enumerate(texts) if name in (one.category, "all")]
        row: tuple[Cell, ...] = (name, len(indices), share(sum(alarms[index] for index in indices), len(indices)))
        their = (share(sum(theirs[index] for index in indices), len(indices)),) if theirs is not None else ()
        rows.append((*row, *their))
    return Table(title, ("category", "texts", "alarms", *(("Presidio",) if theirs is not None else ())), tuple(rows))


def _listings(
    texts: Sequence[Disguised], hits: Sequence[bool], alarms: Sequence[tuple[Negative, Sequence[Span]]]
) -> tuple[Listing, ...]:
    missed = [one for one, hit in zip(texts, hits, strict=True) if not hit and not one.held_out]
    made = []
    for name in CLASSES:
        these = [one for one in missed if one.difficulty == name]
        total = sum(one.difficulty == name and not one.held_out for one in texts)
        rate = percent(len(these) / total) if total else "-"
        lines = tuple(f"{one.technique}, {one.kind}: {one.text!r}" for one in these)
        made.append(Listing(f"Missed, {name}, frames to tune on ({rate} of {total}; values are made up)", lines))
    rang = [(one, found) for one, found in alarms if found and not one.held_out]
    lines = tuple(
        f"{one.category}: {', '.join(sorted({span.kind for span in found}))} in {one.text!r}" for one, found in rang
    )
    return (*made, Listing("Alarms on hard negatives, frames to tune on", lines))
