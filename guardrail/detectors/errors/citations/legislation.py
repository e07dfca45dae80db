"""References to Hong Kong legislation: does the chapter bear the title, and can the section be written so?

Numbers and titles (`Cap. 486`, `第486章`) are held against the chapter list (`hong_kong_chapters.py`); what is not in
the list is passed over in silence.

Rules:
1. A mismatch needs a number and a title that the text puts together: `Theft Ordinance (Cap. 210)`, `Cap. 210, the Theft
   Ordinance`, or a Chinese title before or after its chapter.  It is sure where the title belongs to another chapter,
   or the number to a title that shares no word with it.  A short form (`Privacy Ordinance`) is none, and a former title
   that shares words is never sure.
2. Chapters are numbered in other places too (Singapore, Sri Lanka, Kenya, Malta, Cyprus).  An `Act`, a `Code` or a
   `Law` is not of Hong Kong; an English `Ordinance` is taken for one only where the title is in the list or the text,
   the question or the request speaks of Hong Kong, and never where it names one of the others.
3. Subsidiary legislation (`Cap. 59I`, Regulation, Rules, By-law) has titles of its own that the list does not hold.
4. What is said to be repealed, former or wrong is passed over: 前《公司條例》, `the old Cap. 32`.
5. Sections follow the drafting order of Hong Kong: section, (1), (a), (i), (A).  `s 0` and a number in round brackets
   after a letter cannot be written.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import pairwise

from guardrail.detectors.errors.citations.found import Found
from guardrail.detectors.errors.citations.hong_kong_chapters import GAPS, NEW, Chapter, chapters, words
from guardrail.text.wording import Wording

KIND = "error.legislation"

_CAP = re.compile(
    r"(?<![A-Za-z0-9])(?:Caps?\.? ?|CAP\.? ?|chapter )(?P<number>\d{1,4})"
    r"(?P<letters>[A-Z]{0,2})(?![A-Za-z0-9]|[.,]\d|[%$€£])"
)
_CHAPTER = re.compile(r"第 ?(?P<number>\d{1,4})(?P<letters>[A-Z]{0,2}) ?章")
_MOST = 400  # chapter numbers that are looked at
_SPAN = 170  # characters before and after a number in which its title may stand
_ENGLISH_BEFORE = re.compile(
    r"\b(?P<word>Ordinance|Ord\.?)(?: \d{4})?[\"”’'*_]{0,3}(?:(?P<comma>,)?[ \t]?[(（\[]?| ?[/|:–—-] ?)(?:the )?"
    r"(?:Hong Kong )?\Z"
)
_ENGLISH_AFTER = re.compile(
    r"^(?P<link>[,:–—-] ?(?:the )?| ?[(（\[](?:the )?| (?:is|refers to|means|contains|covers) (?:the )?| (?:the )?)"
    r"[*_\"“]{0,3}(?P<title>[A-Z][^\n.;:]{2,120}?Ordinance)(?![A-Za-z])(?P<rest>.{0,12})",
    re.DOTALL,
)
_TOKEN = re.compile(
    r"(?:[A-Z][\w’'&-]*|\([A-Z][^()\n]{0,80}\),?|of|and|the|for|in|to|by|on|with|against|from|other|or)\s+$"
)
_LEADING = re.compile(
    r"^(?:(?:Unlike|Like|Besides|Beyond|Apart|Alongside|Under|In|See|Per|The|Section|And|As|By|While|Although|Both|Hong|Kong(?:['’]s)?|HK|HKSAR|Also|Our|This|"
    r"With|If"
    r"|For|To|Of|On|From|According|Pursuant|Thus|However|and|of|the|to|in|under|by|for|with|on|from|or|other)\s+)+"
)
_CHINESE_TITLE = r"[\u3400-\u9fff（）()、及和與与\s]"
_CHINESE_BEFORE = re.compile(
    rf"(?:[《〈「『](?P<quoted>[^《》〈〉「」『』\n]{{2,40}}?[條条]例)[》〉」』]|"
    rf"(?P<bare>{_CHINESE_TITLE}{{2,40}}?[條条]例))[ \t\u3000*_]{{0,3}}(?P<comma>[，,])?[ \t\u3000]?[（(\[【]?"
    r"(?:香港法例|即|下稱|下称)?[ \t\u3000]?\Z"
)
_CHINESE_AFTER = re.compile(
    r"^[\s，,：:]?(?:即|是|為|为|係|系)?[\s（(]?[《〈「『](?P<quoted>[^《》〈〉「」『』\n]{2,40}?[條条]例)[》〉」』]"
)
_CHINESE_AFTER_BARE = re.compile(r"^[\s，,：:]?(?P<bare>[\u3400-\u9fff（）()]{2,30}?[條条]例)")
_TAKEN = re.compile(
    r"(?:\b(?:Caps?|CAP)\.? ?\d{1,4}[A-Z]{0,2}|第 ?\d{1,4}[A-Z]{0,2} ?章)[ \t,，:：–—*_|/-]{0,3}"
    r"(?:is |[即是為为係系])?(?:the )?[《*_]{0,3}\Z"
)
"""What stands before a title that another number has in front of it: `Cap. 57: Employment Ordinance, Cap. 608: ...`."""
_APPOSED = re.compile(r"[*_ \t]{0,3}(?:[,.;:!?)，。；：！？）]|\n|\Z)")
"""What follows a number that stands beside its title: `the Theft Ordinance, Cap. 210, ...`, but not `Cap. 210 says`."""
_SHARED_OUT = re.compile(r"^[ \t]*(?:and|&|,|/|[、，及和與与同])[ \t]*(?:(?:Caps?|CAP)\.? ?\d|第? ?\d)")
"""Several numbers together: they are of several titles, in their order."""
_DENIED = re.compile(
    r"\b(?:former|formerly|previous|previously|old|repealed|replaced|predecessor|not|wrong|incorrect|instead of|"
    r"rather than"
    r"|superseded|ex-?|then)\b[^.;]{0,50}$|(?:前|舊|旧|原|已廢除|已废除|不是|並非|并非|唔係|唔系|而非|而不是|誤|误|錯"
    r"|错)[^。；]{0,14}$",
    re.IGNORECASE,
)
_DENIED_AFTER = re.compile(
    r"^[^.;。；\n]{0,24}(?:\b(?:repealed|is wrong|is incorrect|no longer|renamed|now known)\b|已廢除|已废除|已被|錯|错"
    r"|不對|不对|唔啱|改稱|改称)",
    re.IGNORECASE,
)
_HONG_KONG = re.compile(r"hong ?kong|香港|(?<![a-z])HK(?![a-z])|特區|特区|港幣|港币", re.IGNORECASE)
_ELSEWHERE = re.compile(
    r"singapore|malaysia|sabah|sarawak|brunei|sri lanka|ceylon|kenya|uganda|tanzania|malta|cyprus|gibraltar|bermuda|"
    r"fiji"
    r"|trinidad|jamaica|belize|bahamas|barbados|montserrat|falkland|zambia|ghana|nigeria|sierra leone|pakistan|india\b"
    r"|bangladesh|turks and caicos|anguilla|cayman|british virgin|virgin islands|guernsey|jersey\b|新加坡|馬來西亞|"
    r"马来西亚",
    re.IGNORECASE,
)
_SECTION = re.compile(
    r"(?:(?<![A-Za-z0-9])(?:sections?|ss?\.?)\s?|第\s?)(?P<number>\d{1,4})(?P<letters>[A-Z]{0,3})(?P<parts>"
    r"(?:\([0-9A-Za-z]{1,5}\)){0,5})"
)
_PART = re.compile(r"\(([0-9A-Za-z]{1,5})\)")
_NEAR = 120  # characters around a section in which the ordinance must stand

_OTHER_TITLE = Wording(
    "Cap. {number} of the Laws of Hong Kong is the {title}, not the {said} (list of June 2026).",
    "香港法例第{number}章是《{title}》，不是《{said}》（根據2026年6月的章號表）。",
    "香港法例第{number}章是《{title}》，不是《{said}》（根据2026年6月的章号表）。",
)
_OTHER_NUMBER = Wording(
    "The {said} is Cap. {right} of the Laws of Hong Kong, not Cap. {number} (list of June 2026).",
    "《{said}》是香港法例第{right}章，不是第{number}章（根據2026年6月的章號表）。",
    "《{said}》是香港法例第{right}章，不是第{number}章（根据2026年6月的章号表）。",
)
_BOTH = Wording(
    "Cap. {number} is the {title}; the {said} is Cap. {right} of the Laws of Hong Kong (list of June 2026).",
    "香港法例第{number}章是《{title}》；《{said}》是第{right}章（根據2026年6月的章號表）。",
    "香港法例第{number}章是《{title}》；《{said}》是第{right}章（根据2026年6月的章号表）。",
)
_NO_CHAPTER = Wording(
    "There is no Cap. {number} in the official list of the Laws of Hong Kong of June 2026; please check the number.",
    "在2026年6月的香港法例章號表內沒有第{number}章，請核對章號。",
    "在2026年6月的香港法例章号表内没有第{number}章，请核对章号。",
)
_NO_SECTION = Wording(
    "“{said}” is not how a section of a Hong Kong ordinance is numbered: after the section come (1), then (a), then "
    "(i).",
    "「{said}」不是香港條例條文的寫法：條次之後依次是 (1)、(a)、(i)。",
    "「{said}」不是香港条例条文的写法：条次之后依次是 (1)、(a)、(i)。",
)


@dataclass(frozen=True, slots=True)
class _Claim:
    """A number and the title that the text gives it, with where the two stand; `loose` where a mere comma joins them,
    as it also does in `unlike the Employment Ordinance, Cap. 608 ...`."""

    number: int
    title: str
    start: int
    end: int
    chinese: bool
    loose: bool = False


def maybe(text: str) -> bool:
    """Whether there is anything to look at."""
    return "Cap" in text or "CAP" in text or "章" in text or "rdinance" in text or "條例" in text or "条例" in text


def find(text: str, about: str) -> Iterator[Found]:
    """What is wrong with the references of `text`; `about` is what else is known of the conversation."""
    if not maybe(text):
        return
    place = partial(_place, f"{text[:20_000]}\n{about[:20_000]}")
    yield from _chapters(text, place)
    yield from _sections(text, place)


@lru_cache(maxsize=8)
def _place(looked: str) -> str:
    """`here`, `elsewhere` or "" for texts that do not say whose laws they speak of."""
    if _HONG_KONG.search(looked):
        return "here"
    return "elsewhere" if _ELSEWHERE.search(looked) else ""


def _chapters(text: str, place: Callable[[], str]) -> Iterator[Found]:
    for pattern, chinese in ((_CAP, False), (_CHAPTER, True)):
        for hit, _ in zip(pattern.finditer(text), range(_MOST), strict=False):
            if hit["letters"] or _denied(text, hit.start(), hit.end()):
                continue
            claim = _claim(text, hit, chinese)
            if claim and _denied(text, claim.start, claim.end):
                continue
            found = _judge_title(claim, place) if claim else None
            found = found or _judge_number(text, hit, place, chinese)
            if found is not None:
                yield found


def _denied(text: str, start: int, end: int) -> bool:
    before, after = text[max(0, start - 60) : start], text[end : end + 60]
    return _DENIED.search(before) is not None or _DENIED_AFTER.search(after) is not None


def _claim(text: str, hit: re.Match[str], chinese: bool) -> _Claim | None:
    """The title that stands with a chapter number, None where there is none or it may be another's."""
    number, low = int(hit["number"]), max(0, hit.start() - _SPAN)
    before, after = text[low : hit.start()], text[hit.end() : hit.end() + _SPAN]
    if claim := _claim_before(number, before, low, hit.end()):
        claim = replace(claim, loose=claim.loose and _APPOSED.match(after) is None)
        taken = _SHARED_OUT.match(after) or _TAKEN.search(text[max(0, claim.start - 24) : claim.start])
        return None if taken else claim
    if before.rstrip().endswith(("(", "（", "[")) and not chinese and ")" in after[:2]:
        return None
    if found := _CHINESE_AFTER.search(after) or (_CHINESE_AFTER_BARE.search(after) if chinese else None):
        title = found[found.lastgroup or 0].strip()
        return _Claim(number, title, hit.start(), hit.end() + found.end(), True)
    return None if chinese else _english_after(number, hit, after)


def _claim_before(number: int, before: str, low: int, end: int) -> _Claim | None:
    """The title in front of a number that ends at `end`; `before`, the text in front of it, begins at `low`."""
    near = before[-64:]
    if found := _CHINESE_BEFORE.search(near):
        offset = low + len(before) - len(near)
        title = found["quoted"] or _bare_chinese(found["bare"])
        end_of_title = found.end("quoted") if found["quoted"] else found.end("bare")
        start = offset + end_of_title - len(title)
        return _Claim(number, title, start, end, True, bool(found["comma"])) if title else None
    if found := _ENGLISH_BEFORE.search(before):
        title = _english_title(before[: found.start()])
        start = low + found.start() - len(title) - 1
        return _Claim(number, f"{title} Ordinance", start, end, False, bool(found["comma"])) if title else None
    return None


def _english_after(number: int, hit: re.Match[str], after: str) -> _Claim | None:
    found = _ENGLISH_AFTER.match(after)
    if found is None or re.match(r"[\"”’'*_]*[ ,/|:–—-]{0,3}[(（\[]?(?:Cap|CAP|chapter)", found["rest"]):
        return None
    title = found["title"]
    if _english_title(title.removesuffix("Ordinance")) != title.removesuffix(" Ordinance"):
        return None  # what stands between is a sentence, not a title
    return _Claim(number, title, hit.start(), hit.end() + found.end("title"), False)


def _english_title(before: str) -> str:
    """The words of a title that end where `Ordinance` begins."""
    at = len(before)
    for _ in range(16):
        token = _TOKEN.search(before[max(0, at - 90) : at])
        if token is None or token.group().startswith("Ordinance"):
            break
        at -= len(token.group())
    said = before[at:].strip()
    bare = _LEADING.sub("", f"{said} ").strip()
    whole = f"Hong Kong {bare}"  # `Hong Kong Bill of Rights`, where those words may be the place as well
    return whole if said.endswith(whole) and chapters().named(whole) else bare


def _bare_chinese(said: str) -> str:
    """A Chinese title without its marks: only one that is in the list can be told from the words before it."""
    said, known = said.strip(), chapters()
    return next((said[at:] for at in range(len(said) - 3) if known.named(said[at:])), "")


def _judge_title(claim: _Claim, whose: Callable[[], str]) -> Found | None:
    known = chapters()
    bearers, row = known.named(claim.title), known.by_number.get(claim.number)
    if claim.number in bearers or (not bearers and row is None):
        return None
    place = whose()
    ours = place == "here" or (claim.chinese and place != "elsewhere")
    if not ours and (place == "elsewhere" or not bearers):
        return None
    if row is None:
        return _elsewhere_listed(claim, bearers, ours)
    shared = _shared(claim.title, row, claim.chinese)
    if shared is None:
        return None
    score = 0.95 if bearers else 0.85 if shared == "none" else 0.6
    score -= (0.0 if ours else 0.1) + (0.0 if row.sure else 0.2) + (0.3 if claim.loose else 0.0)
    title = (row.chinese if claim.chinese else row.english) or row.english or row.chinese
    wording = _BOTH if bearers else _OTHER_TITLE
    return Found(
        KIND, score, claim.start, claim.end, "the chapter list gives this chapter another title", wording,
        {"number": claim.number, "title": title, "said": claim.title, "right": _list(bearers)},
    )  # fmt: skip


def _elsewhere_listed(claim: _Claim, bearers: tuple[int, ...], ours: bool) -> Found:
    """A title that the list knows under another number, with a number that it does not know."""
    sure = all(chapters().by_number[number].sure for number in bearers)
    score = 0.85 - (0.0 if ours else 0.1) - (0.0 if sure else 0.2) - (0.3 if claim.loose else 0.0)
    return Found(
        KIND, score, claim.start, claim.end, "the chapter list gives this title another number", _OTHER_NUMBER,
        {"number": claim.number, "said": claim.title, "right": _list(bearers)},
    )  # fmt: skip


def _shared(title: str, row: Chapter, chinese: bool) -> str | None:
    """`none`, `part` or None (may be the same) for what a title has in common with that of a chapter."""
    if chinese and not row.chinese:
        return "none" if chapters().named(title) else None
    if not chinese and not row.english:
        return "none" if chapters().named(title) else None
    said, listed = set(words(title)), set(words(row.chinese if chinese else row.english))
    if not said or said <= listed or listed <= said:
        return None
    common = said & listed
    return "part" if len(common) > (1 if chinese else 0) else "none"


def _judge_number(text: str, hit: re.Match[str], place: Callable[[], str], chinese: bool) -> Found | None:
    """A number that the official list passes over."""
    number = int(hit["number"])
    if number and not any(low + NEW < number <= high for low, high in GAPS):
        return None
    if chinese and not re.search(r"法例|條例|条例|《", text[max(0, hit.start() - 12) : hit.end() + 12]):
        return None  # 第八百章 of a novel
    if not chinese and not re.search(
        r"Ordinance|Laws? of|section|(?<![A-Za-z])s ?\d", text[max(0, hit.start() - 60) : hit.end() + 60]
    ):
        return None
    if place() != "here":
        return None
    return Found(
        KIND, 0.85, hit.start(), hit.end(), "a chapter number that the official list passes over", _NO_CHAPTER,
        {"number": number},
    )  # fmt: skip


def _sections(text: str, whose: Callable[[], str]) -> Iterator[Found]:
    for hit in _SECTION.finditer(text):
        parts = _PART.findall(hit["parts"])
        if int(hit["number"]) and not _out_of_order(parts):
            continue
        around = text[max(0, hit.start() - _NEAR) : hit.end() + _NEAR]
        if not re.search(r"Ordinance|Cap\.? ?\d|[條条]例|第\s?\d{1,4}\s?章", around):
            continue
        if hit.group().startswith("第") and not text[hit.end() : hit.end() + 2].strip().startswith(("條", "条")):
            continue
        place = "here" if hit.group().startswith("第") or _agrees(text, hit) else whose()
        if place == "elsewhere":
            continue
        score = 0.9 if place == "here" else 0.65
        yield Found(
            KIND,
            score,
            hit.start(),
            hit.end(),
            "a section that cannot be numbered so",
            _NO_SECTION,
            {"said": hit.group()},
        )


def _agrees(text: str, section: re.Match[str]) -> bool:
    """Whether a chapter near a section bears the title that the list gives it: then it is one of Hong Kong."""
    near = text[max(0, section.start() - _NEAR) : section.end() + _NEAR]
    claims = (_claim(near, hit, False) for hit in _CAP.finditer(near))
    return any(claim is not None and claim.number in chapters().named(claim.title) for claim in claims)


def _out_of_order(parts: list[str]) -> bool:
    """Whether a number in brackets follows a letter, or a subsection is (0)."""
    kinds = ["n" if part.isdigit() else "l" for part in parts]
    return "0" in parts or any(first == "l" and second == "n" for first, second in pairwise(kinds))


def _list(numbers: tuple[int, ...]) -> str:
    return " / ".join(map(str, numbers))
