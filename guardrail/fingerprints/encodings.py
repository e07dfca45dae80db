"""In which encoding a text file was written: decided by its bytes, strictly, or not at all.

Rules:
1. A byte order mark decides; then UTF-8, which nothing else looks like by chance; then UTF-16 by its zero bytes.
2. Big5 (with Hong Kong's supplement) and GB18030 accept each other's bytes.  Of what both can read, the one in which
   the commonest characters of Chinese are common is meant; where neither leads clearly, the operator must say.
3. A text is never read with replacement characters: its fingerprints would be of something nobody will ever say.  For
   the same reason an encoding that the operator names is refused where the bytes clearly have another, unless they
   insist.
"""

import codecs
import re

from guardrail.errors import SettingsError

NAMES = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "big5hkscs", "gb18030", "cp1252")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# The commonest characters of running Chinese, of either script and of Cantonese (heads of published frequency lists).
_COMMON = frozenset(
    "的一是不了在有人這这我他上中大來来個个們们到說说和地為为子時时以可要出生年會会也你下過过得對对就後后都作用於于自之發发"
    "成者所方日前同能行那如客戶户公司嘅係咗唔及與与或本月請请第條条款電电話话號号銀银行資资料香港"
)
_SINGLE_HIGH = re.compile(rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff])")
_HIGH = re.compile(rb"[\x80-\xff]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_KINSHIP = {
    "utf-8": "unicode", "utf-8-sig": "unicode", "utf-16": "unicode", "utf-16-le": "unicode", "utf-16-be": "unicode",
    "utf-32": "unicode", "big5": "big5", "big5hkscs": "big5", "cp950": "big5", "gb2312": "gb", "gbk": "gb",
    "gb18030": "gb", "cp1252": "western", "iso8859-1": "western", "iso8859-15": "western",
}  # fmt: skip
"""Encodings that can be told apart by their bytes, by family: within one, the operator knows better."""
_LEAD = 1.5
"""How many times commoner than in the other reading the commonest characters must be."""
_WESTERN = 0.1
"""Share of bytes beyond ASCII up to which, each standing alone, they are accents and typographic signs."""


def sniff(sample: bytes, *, whole: bool) -> str | None:
    """The name of the encoding of a text that begins with `sample`, None where it cannot be told (or is no text);
    `whole` says that nothing follows."""
    for mark, name in _MARKS:
        if sample.startswith(mark):
            return name
    if sample.count(0):
        return _by_zeros(sample)
    if _decoded(sample, "utf-8", whole) is not None:
        return "utf-8"
    high, single = len(_HIGH.findall(sample)), len(_SINGLE_HIGH.findall(sample))
    if high == single and high <= _WESTERN * len(sample):
        return "cp1252" if _decoded(sample, "cp1252", whole) is not None else None
    return _chinese(sample, whole)


def chosen(name: str) -> str:
    """The codec that an operator named.  Raises SettingsError when there is none such."""
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise SettingsError(f"there is no encoding `{name}`; such are {', '.join(NAMES)}") from None


class Insisted(str):
    """The name of an encoding that the operator insists on, whatever the bytes say."""

    __slots__ = ()


def contradicted(name: str, sample: bytes, *, whole: bool) -> str | None:
    """The encoding that a text clearly has and in which it says something else than in `name`, if it can be read in
    that at all; None where there is none, or the operator insists.

    Raises SettingsError when there is no encoding `name`.
    """
    named = chosen(name)
    seen = None if isinstance(name, Insisted) else sniff(sample, whole=whole)
    if seen is None:
        return None
    family = _KINSHIP[seen]
    # Of encodings that cannot be told from the bytes (Shift JIS, KOI8) only Unicode is no near relation.
    if family != "unicode" and family == _KINSHIP.get(named, family):
        return None
    meant, said = _decoded(sample, seen, whole), _decoded(sample, named, whole)
    if meant is None or said is None:
        return seen if meant is not None else None
    meant, said = meant.removeprefix("\ufeff"), said.removeprefix("\ufeff")
    size = min(len(meant), len(said))
    return seen if meant[:size] != said[:size] else None


def _by_zeros(sample: bytes) -> str | None:
    """UTF-16 without a mark: Latin letters, digits and blanks leave every other byte zero."""
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    name = "utf-16-le" if odd > 4 * even else "utf-16-be" if even > 4 * odd else ""
    cut = sample[: len(sample) // 2 * 2]
    text = _decoded(cut, name, whole=False) if name else None
    return name if text and not _CONTROL.search(text) else None


def _chinese(sample: bytes, whole: bool) -> str | None:
    found = {name: text for name in ("big5hkscs", "gb18030") if (text := _decoded(sample, name, whole)) is not None}
    if len(found) < 2:
        return next(iter(found), None)
    shares = {name: _share(text) for name, text in found.items()}
    best, other = sorted(shares, key=lambda name: -shares[name])
    return best if shares[best] > _LEAD * shares[other] else None


def _share(text: str) -> float:
    wide = [character for character in text if character > "\x7f"]
    return sum(character in _COMMON for character in wide) / max(1, len(wide))


def _decoded(sample: bytes, name: str, whole: bool) -> str | None:
    try:
        return codecs.getincrementaldecoder(name)("strict").decode(sample, final=whole)
    except UnicodeDecodeError:
        return None
