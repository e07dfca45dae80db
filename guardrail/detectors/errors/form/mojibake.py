"""Text that was read in the wrong character encoding: `cafÃ©`, `â€™`, `ä½ å¥½`, 浣犲ソ, 锟斤拷, runs of U+FFFD
(Guideline v1.1 §2.3.3: what cannot be read cannot be relied on).

Rules:
1. A stretch counts when it turns into ordinary text by the opposite mistake: encoded as Windows-1252 (or Latin-1) and
   decoded as UTF-8, or encoded as GBK or Big5 and decoded as UTF-8, as the other of the two, or the like.  Accented
   words do not: `é` before a letter is no UTF-8, and where a capital meets a quotation mark (`CAFÉ»`, `touché”—`) more
   than one such place is asked for.
2. Chinese counts when its characters are none that Chinese is written with: of the commonest hundred hardly one, and
   many of them after the opposite mistake.
3. U+FFFD stands for what could not be decoded: two together or three in all; a single one is a hint.
4. Not judged: code, what the caller wrote first, and answers or questions about encodings.
5. `repair` is what the stretch turns into, where that is certain.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from guardrail.text.language import language
from guardrail.text.wording import Wording
from guardrail.types import Context, Finding, Stage, Unit

_KIND = "error.mojibake"
_MOST = 20
_LONGEST = 2000
"""Characters of the stretches that are told as one; without it a long text of them would be copied again and again."""
_GARBLED = Wording(
    "Garbled characters (wrong encoding); this probably reads “{right}”.",
    "此處是亂碼（字元編碼錯誤），原文應為「{right}」。",
    "此处是乱码（字符编码错误），原文应为“{right}”。",
)
_LOST = Wording(
    "Characters were lost here: the text was decoded in the wrong encoding.",
    "此處有字元因編碼錯誤而遺失。",
    "此处有字符因编码错误而丢失。",
)

_CP1252 = "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"  # what Windows-1252 has at 80..9F
_TRAIL = f"[\u0080-\u00bf{_CP1252}]"
_WESTERN = re.compile(f"[\u0080-\u00ff{_CP1252}]{{2,400}}")
_TWO = re.compile(f"[ÂÃ]{_TRAIL}")
_THREE = re.compile(f"[â-ï]{_TRAIL}{{2}}")
_QUOTES = frozenset("‘’“”…–—»›„‚")
_HIGH = re.compile("[\u00a1-\u00ff]{6,400}")
_HAN_RUN = re.compile("[\u3400-\u9fff\ue000-\uf8ff]{3,400}")
_SIGNS = re.compile("[鐨鏄涓鍦浜浣锛銆鈥鎴杩绗瀹鍙闂鐢鏂濂銝嚗摰撠銵蝘餈撟璅甇隞蝚雿憟]")
"""Characters that the commonest ones of UTF-8 become when it is read as GBK or as Big5."""
_KUNJINKAO = re.compile("(?:锟斤拷|锟絋|锟絓){1,400}|(?:锟斤)+")
_LOST_RUN = re.compile("\ufffd+")
_COMMON = frozenset(
    "的一是不了在人有我他這这個个們们中來来上大為为和國国地到以說说時时要就出會会可也你對对生能而子那得於于着著下自之年過过發发後后作裡里用"
    "道行所然家種种事成方多經经去法學学如都同現现當当沒没動动面起看定天分還还進进好小部其些主樣样理心她本前開开但因只從从想實实嘅係系喺唔佢咗啲"
    "請请問问題题與与及等日月香港文字語语"
)
_ABOUT = re.compile(
    r"mojibake|encod|UTF-?8|Latin-?1|ISO-8859|Windows-1252|cp1252|Big-?5|GBK|GB2312|Unicode|charset|garbled"
    r"|亂碼|乱码|編碼|编码|字元集|字符集|解碼|解码",
    re.IGNORECASE,
)
_CODE = re.compile(r"^[ \t]*(?P<f>```|~~~).*?(?:^[ \t]*(?P=f)|\Z)|`[^`\n]{1,300}`", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Garbled:
    """A stretch, how surely it is garbled, and what it turns into ("" where that is lost)."""

    start: int
    end: int
    score: float
    right: str


class Mojibake:
    """Reports text that was read in the wrong encoding."""

    name = "errors.mojibake"
    kinds: tuple[str, ...] = (_KIND,)
    unit = Unit.ANSWER
    heavy = False

    def load(self) -> None:
        """Nothing to load."""

    def detect(self, texts: Sequence[str], context: Context) -> list[list[Finding]]:
        """The findings of each whole answer, in the order of the text."""
        if context.stage is not Stage.RESPONSE:
            return [[] for _ in texts]
        return [[] if text.isascii() else self._find(text, context) for text in texts]

    def _find(self, text: str, context: Context) -> list[Finding]:
        garbled = _joined(sorted([*_western(text), *_eastern(text), *_lost(text)], key=lambda one: one.start))
        if not garbled or _ABOUT.search(text) or _ABOUT.search(context.prompt):
            return []
        code = [match.span() for match in _CODE.finditer(text)]
        lang = language(context.prompt) if context.prompt else language(text)
        found: list[Finding] = []
        done = 0
        for one in garbled:
            quoted = text[one.start : one.end] in context.prompt or _within(code, one.start)
            if one.start < done or quoted or len(found) == _MOST:
                continue
            wording = _GARBLED if one.right else _LOST
            message = wording.to(lang, right=_short(one.right))
            repair = one.right if one.right and one.score >= 0.9 and "?" not in one.right else None
            found.append(
                Finding(
                    _KIND,
                    one.score,
                    one.start,
                    one.end,
                    self.name,
                    "text in the wrong encoding",
                    message=message,
                    repair=repair,
                )
            )
            done = one.end
        return found


def _joined(garbled: Sequence[_Garbled]) -> list[_Garbled]:
    """Stretches close to each other as one."""
    joined: list[_Garbled] = []
    for one in garbled:
        last = joined[-1] if joined else None
        if (
            last is None
            or one.start - last.end > (40 if not (one.right or last.right) else 3)
            or (one.end - last.start > _LONGEST)
        ):
            joined.append(one)
        elif one.end > last.end:
            right = last.right + "?" * (one.start - last.end) + one.right if last.right else ""
            joined[-1] = _Garbled(
                last.start, one.end, max(last.score, one.score) if one.right == last.right else last.score, right
            )
    return joined


def _within(stretches: Sequence[tuple[int, int]], at: int) -> bool:
    before = bisect_right(stretches, (at, at + 1)) - 1
    return before >= 0 and stretches[before][0] <= at < stretches[before][1]


def _short(text: str) -> str:
    return text if len(text) <= 30 else f"{text[:29]}…"


def _western(text: str) -> Iterator[_Garbled]:
    """UTF-8 that was read as Windows-1252 or Latin-1; and GBK or Big5 that was."""
    chinese = [one for match in _HIGH.finditer(text) if (one := _as_chinese(match)) is not None]
    runs = [match for match in _WESTERN.finditer(text) if _TWO.search(match.group()) or _THREE.search(match.group())]
    taken = [(one.start, one.end) for one in chinese]
    places = [
        (match, right)
        for match in runs
        if not _within(taken, match.start())
        and not (set(match.group()[1:]) <= _QUOTES and match.group()[0] != "â")
        and (right := _undone(match.group())) is not None
    ]
    yield from chinese
    for match, right in places:
        after_letter = text[match.start() - 1 : match.start()].islower() and match.group()[0] in "ÂÃ"
        sure = len(right) > 1 or len(places) > 1 or after_letter or match.group().startswith("â€")
        yield _Garbled(*match.span(), 0.95 if sure else 0.6, _again(right))


def _again(right: str) -> str:
    """What stands there where the mistake was made more than once."""
    for _ in range(2):
        further = _undone(right) if _WESTERN.fullmatch(right) else None
        if further is None:
            break
        right = further
    return right


def _as_chinese(match: re.Match[str]) -> _Garbled | None:
    if len(set(match.group())) < 4:  # a row of dots
        return None
    for codec in ("gbk", "big5"):
        right = _decoded(match.group(), "latin-1", codec)
        if right and all("\u4e00" <= character <= "\u9fff" or character in "，。、！？：；" for character in right):
            return _Garbled(*match.span(), 0.85, right)
    return None


def _undone(run: str) -> str | None:
    """What a stretch was before UTF-8 was read as Windows-1252; None where it was not."""
    try:
        raw = b"".join(_octet(character) for character in run)
        right = raw.decode("utf-8")
    except (UnicodeError, ValueError):
        return _undone_part(run)
    return right if len(right) < len(run) and not any(map(_control, right)) else None


def _undone_part(run: str) -> str | None:
    """The same where characters beside the stretch do not belong to it: each piece by itself."""
    made = re.sub(f"[ÂÃ]{_TRAIL}|[â-ï]{_TRAIL}{{2}}|[ð]{_TRAIL}{{3}}", lambda one: _piece(one.group()), run)
    return made if made != run and not _WESTERN.search(made) else None


def _piece(piece: str) -> str:
    try:
        return b"".join(map(_octet, piece)).decode("utf-8")
    except (UnicodeError, ValueError):
        return piece


def _octet(character: str) -> bytes:
    try:
        return character.encode("cp1252")
    except UnicodeEncodeError:
        return character.encode("latin-1")


def _control(character: str) -> bool:
    return character < " " or "\x7f" <= character < "\xa0"


def _decoded(run: str, wrong: str, right: str) -> str | None:
    try:
        return run.encode(wrong).decode(right)
    except UnicodeError:
        return None


def _eastern(text: str) -> Iterator[_Garbled]:
    """Chinese that went through the wrong one of UTF-8, GBK and Big5."""
    for match in _KUNJINKAO.finditer(text):
        yield _Garbled(*match.span(), 0.95, "")
    if _SIGNS.search(text) is None and _ordinary(text[:2000]):
        return
    for match in _HAN_RUN.finditer(text):
        run = match.group()
        common = sum(character in _COMMON for character in run) / len(run)
        if common > 0.1:
            continue
        best = max((_turned(run, *codecs) for codecs in _MISTAKES), key=lambda one: one[0])
        if best[0] >= max(0.2, 3 * common):
            yield _Garbled(*match.span(), 0.9 if len(run) >= 6 else 0.7, best[1])


_MISTAKES = (("gbk", "utf-8"), ("gb18030", "utf-8"), ("big5", "utf-8"), ("gbk", "big5"), ("big5", "gbk"))


def _turned(run: str, wrong: str, right: str) -> tuple[float, str]:
    """What share of a stretch is common Chinese after the opposite mistake, and the stretch then."""
    try:
        made = run.encode(wrong, "ignore").decode(right, "replace")
    except UnicodeError:
        return 0.0, ""
    kept = made.replace("\ufffd", "")
    if not kept or (made.count("\ufffd") * 4 > len(made)) or (right == "utf-8" and len(kept) < 2):
        return 0.0, ""
    han = sum("\u4e00" <= character <= "\u9fff" or character in "，。、！？：；" for character in kept)
    least = 1 if right == "utf-8" else 8
    if han < len(kept) * 0.8 or len(run) < least:
        return 0.0, ""
    return sum(character in _COMMON for character in kept) / len(kept), made.replace("\ufffd", "?")


def _ordinary(text: str) -> bool:
    """Whether the Chinese of a text holds as many common characters as Chinese does."""
    han = common = 0
    for character in text:
        if "\u4e00" <= character <= "\u9fff":
            han += 1
            common += character in _COMMON
    return han < 20 or common * 25 > han


def _lost(text: str) -> Iterator[_Garbled]:
    if "\ufffd" not in text:
        return
    total = text.count("\ufffd")
    for match in _LOST_RUN.finditer(text):
        together = match.end() - match.start()
        yield _Garbled(*match.span(), 0.85 if together > 1 or total >= 3 else 0.5, "")
