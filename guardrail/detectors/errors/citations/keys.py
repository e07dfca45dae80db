"""Keys that point nowhere: `[3]` in an answer whose list of references has two, or a footnote without its note.

Rules:
1. A key is held against a list that the answer itself gives, or against what the request brought along under keys
   (`Context.material`).  Where there is neither, only marks that mean nothing without a list are noticed: a footnote
   `[^1]`, and the marks of another system's retrieval (`【3†source】`, `[doc2]`), as a hint where no source is known.
2. Brackets are used for much else: code, arrays, intervals, legal years, tick boxes.  Code is left out, and at least
   one other key must be found in the list, or the list must be under a heading of references.
3. An author and a year are compared by surname and year, only with a list of at least two entries under a heading.
   It is sure where the form is that of a citation (two authors, `et al.`, a page) or an entry of that author has
   another year: `(London, 1851)` and `(Thriller, 1982)` look like one author.  Short forms (`WHO`, 世衞) stand for the
   full name.
4. What stands in the list itself is no reference.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from guardrail.detectors.errors.citations.found import Found
from guardrail.text.script import simplify
from guardrail.text.wording import Wording
from guardrail.types import Source

KIND = "error.citation_key"

_BRACKET = re.compile(r"\[\^?\w|［")
_NOTED = re.compile(r"[註注](?:釋|释|解|腳|脚)?\s?[0-9０-９一二三四五六七八九十]")
_DATED = re.compile(r"[,，] ?(?:18|19|20)\d\d[a-z]?[)）:,，：]")
_HEADED = (
    "eference", "EFERENCE", "ibliograph", "orks cited", "Works Cited", "ource", "itation", "參考", "参考", "文獻",
    "文献", "出處", "出处", "來源", "来源", "引用",
)  # fmt: skip
_HEADING = re.compile(
    r"^[ \t>#*_]*(?:\d+[.、] ?|[一二三四五六七八九十]+、)?(?:list of )?(?:references?|bibliography|works cited|"
    r"sources?|citations|literature|footnotes?|notes"
    r"|參考(?:資料|文獻|書目|來源|連結)|参考(?:资料|文献|书目|来源|链接)|引用(?:來源|来源|文獻|文献|資料|资料)?|"
    r"資料來源|资料来源|來源|来源|出處|出处|文獻|文献|註釋|注释|註解|备注|備註|附註|附注)"
    r"(?: ?[(（][^()（）\n]{0,30}[)）])?[ \t]*[*_]*[:：]?[*_ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_REMARKS = re.compile(r"(?<!foot)notes?\b|[備备附]註|[备附]注|註解", re.IGNORECASE)
_ENTRY = re.compile(
    r"^[ \t>]*(?:[-*+•] )?[*_]{0,2}(?:\\?\[(?P<square>\d{1,3})\\?\]|(?P<plain>\d{1,3})[.)、．])[*_]{0,2}[:：]?[ \t]*\S",
    re.MULTILINE,
)
_BULLET = re.compile(r"^[ \t>]*(?:[-*+•] |\d{1,3}[.)、] |\[\d{1,3}\] ?)?\S[^\n]{5,}", re.MULTILINE)
_SQUARE_LINE = re.compile(
    r"^[ \t>]*(?:[-*+•] )?[*_]{0,2}\\?\[(\d{1,3})\\?\](?!\()[*_]{0,2}[:：]?[ \t]*\S", re.MULTILINE
)
_KEY = re.compile(r"\\?\[(?P<keys>\d{1,3}(?:\s?[-–,，、;；]\s?\d{1,3}){0,8})\\?\](?!\(|\[|:\s)")
_INTERVAL = re.compile(r"0\s?,\s?\d{1,3}")
_NUMBER = re.compile(r"\d{1,3}")
_RANGE = re.compile(r"(\d{1,3})\s?[-–]\s?(\d{1,3})")
_NOTE = re.compile(r"\[\^(?P<key>[^\]\s^]{1,24})\](?P<colon>:?)")
_MARK = re.compile(r"【(?P<key>\d{1,3}(?::\d{1,3})?)†(?P<what>[^】\n]{0,60})】")
_DOC = re.compile(
    r"[\[［](?P<word>doc(?:ument)?|source|passage|文件|資料|资料|來源|来源|文檔|文档)\s?(?P<number>\d{1,3})[\]］]"
    r"(?!\()",
    re.IGNORECASE,
)
_CHINESE_NOTE = re.compile(
    r"(?P<open>[\[［(（【]?)[註注](?:釋|释|解|腳|脚)?\s?(?P<number>[0-9０-９]{1,2}|[一二三四五六七八九十]{1,2})"
    r"(?P<close>[\])）】］]?)(?P<colon>\s?[:：.．])?"
)
_AUTHOR = re.compile(
    r"[(（](?:see |e\.g\.,? |cf\. |參見|参见|見|见)?(?P<author>[A-Z][\w’'-]+(?: (?:and|&|et al\.?|"
    r"[A-Z][\w’'-]+)){0,4}|[\u4e00-\u9fff]{2,4}(?:等人?|[、及和與与][\u4e00-\u9fff]{2,4})?)(?: et al\.?|"
    r"等人?)?[,，]? ?(?P<year>(?:18|19|20)\d\d)[a-z]?(?:[,:，：] ?(?:pp?\. ?)?\d+(?:[-–]\d+)?)?[)）]"
)
_CODE = re.compile(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]*`|\$\$.*?(?:\$\$|\Z)|\\\[.*?\\\]", re.DOTALL)
_CITES = re.compile(
    r"(?:see|cf\.|e\.g\.|參見|参见)\s|\band\b|&|\bet al\b|等人|[、及和與与]|\d[a-z]\b|[:：,，] ?(?:pp?\. ?)?\d{1,3}\b"
)
"""What a name and a year in brackets have where they are a citation beyond doubt."""
_SHORT = re.compile(r"[A-Z]{2,8}")
_CHINESE_DIGITS = {digit: value for value, digit in enumerate("一二三四五六七八九十", 1)}
_BEFORE_NAME = " \t>*_-•+.)、[]0123456789《「"
_MOST = 400  # references that are looked at

_NOT_LISTED = Wording(
    "{said} points to no entry: the list of references has {have}.",
    "{said} 沒有對應的項目：參考資料列表只有 {have}。",
    "{said} 没有对应的项目：参考资料列表只有 {have}。",
)
_NOT_GIVEN = Wording(
    "{said} points to no source: the sources given with the question are {have}.",
    "{said} 沒有對應的來源：問題附上的來源是 {have}。",
    "{said} 没有对应的来源：问题附上的来源是 {have}。",
)
_NO_NOTE = Wording(
    "{said} has no note: the footnote it points to is missing.", "{said} 沒有對應的註釋。", "{said} 没有对应的注释。"
)
_NO_MARK = Wording(
    "{said} points to a source that is not shown here.",
    "{said} 所指的來源並沒有列出。",
    "{said} 所指的来源并没有列出。",
)
_NO_AUTHOR = Wording(
    "{said} is not in the list of references at the end of this answer.",
    "{said} 不在這個回答的參考文獻列表內。",
    "{said} 不在这个回答的参考文献列表内。",
)


@dataclass(frozen=True, slots=True)
class _List:
    """The references of an answer: the numbers of its entries, their text, and where they stand; `notes` where they are
    remarks in a numbered list, which may have nothing to do with the keys."""

    numbers: frozenset[int] = frozenset()
    text: str = ""
    entries: int = 0
    headed: bool = False
    notes: bool = False
    places: Sequence[tuple[int, int]] = field(default=())

    def holds(self, at: int) -> bool:
        return any(start <= at < end for start, end in self.places)


def maybe(text: str) -> bool:
    """Whether there is anything to look at."""
    if ("[" in text or "［" in text) and _BRACKET.search(text):
        return True
    if "【" in text or (("註" in text or "注" in text) and _NOTED.search(text)):
        return True
    return any(sign in text for sign in _HEADED) and _DATED.search(text) is not None


def find(text: str, material: Sequence[Source]) -> Iterator[Found]:
    """The references of `text` that point nowhere."""
    if not maybe(text):
        return
    prose = _CODE.sub(lambda hit: " " * len(hit.group()), text)
    listed = _listed(prose)
    yield from _numbers(prose, listed, material)
    yield from _notes(prose)
    yield from _marks(prose, material)
    yield from _chinese_notes(prose)
    if listed.headed and listed.entries >= 2:
        yield from _authors(prose, listed)


def _listed(text: str) -> _List:
    """The list of references: under a heading to the end, or lines that begin with `[n]`."""
    headings = list(_HEADING.finditer(text))
    if headings:
        start = headings[-1].end()
        body = text[start:]
        numbers = {int(hit["square"] or hit["plain"]) for hit in _ENTRY.finditer(body)}
        entries = sum(1 for _ in _BULLET.finditer(body))
        if entries:
            notes = _REMARKS.search(headings[-1].group()) is not None and _SQUARE_LINE.search(body) is None
            return _List(frozenset(numbers), body, entries, True, notes, ((start, len(text)),))
    lines = list(_SQUARE_LINE.finditer(text))
    if len(lines) >= 2 and {int(line[1]) for line in lines} >= {1, 2}:
        places = tuple((line.start(), _line_end(text, line.end())) for line in lines)
        return _List(frozenset(int(line[1]) for line in lines), "", len(lines), places=places)
    return _List()


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _numbers(text: str, listed: _List, material: Sequence[Source]) -> Iterator[Found]:
    given = frozenset(int(source.key) for source in material if source.key.isdecimal() and len(source.key) < 4)
    known, wording = (listed.numbers, _NOT_LISTED) if listed.numbers else (given, _NOT_GIVEN)
    if not known:
        return
    hits = [hit for hit, _ in zip(_KEY.finditer(text), range(_MOST), strict=False) if not listed.holds(hit.start())]
    if any(_INTERVAL.fullmatch(hit["keys"]) for hit in hits):  # [0, 10]: then [5, 20] may be one too
        hits = [hit for hit in hits if "," not in hit["keys"]]
    used = {number for hit in hits for number in _cited(hit["keys"])}
    if not used & known and not listed.headed:
        return
    for hit in hits:
        lost = sorted(set(_cited(hit["keys"])) - known)
        if not lost or _is_index(text, hit.start()) or (wording is _NOT_LISTED and set(lost) <= given):
            continue
        score = 0.9 if used & known and not listed.notes else 0.7
        if lost[0] > 3 * max(known) + 10:
            score = 0.5  # a mark or a year rather than an entry that is missing
        yield Found(
            KIND, score, hit.start(), hit.end(), "a key without an entry", wording,
            {"said": f"[{lost[0]}]", "have": _have(known)},
        )  # fmt: skip


def _cited(keys: str) -> list[int]:
    cited = [int(number) for number in _NUMBER.findall(keys)]
    for low, high in _RANGE.findall(keys):
        if int(low) < int(high) < int(low) + 30:
            cited += range(int(low), int(high))
    return [number for number in cited if number]


def _is_index(text: str, at: int) -> bool:
    """`a[3]`, `][3]`, `nums = [3]`: an index or a list, not a reference."""
    if text[max(0, at - 8) : at].rstrip().endswith("="):
        return True
    return at > 0 and (
        text[at - 1] in "])_"
        or (text[at - 1].isascii() and re.search(r"(?:^|[\s(,])[a-zA-Z]$", text[max(0, at - 2) : at]) is not None)
    )


def _have(known: frozenset[int]) -> str:
    ordered = sorted(known)
    if ordered == list(range(ordered[0], ordered[-1] + 1)) and len(ordered) > 1:
        return f"[{ordered[0]}]–[{ordered[-1]}]"
    return ", ".join(f"[{number}]" for number in ordered[:8])


def _notes(text: str) -> Iterator[Found]:
    hits = [hit for hit, _ in zip(_NOTE.finditer(text), range(_MOST), strict=False)]
    defined = {hit["key"] for hit in hits if hit["colon"]}
    for hit in hits:
        if hit["colon"] or hit["key"] in defined or not re.fullmatch(r"\w[\w-]*", hit["key"]):
            continue
        if not hit["key"].isdigit() and not defined:
            continue  # `[^abc]` of a regular expression
        alone = hit.start() == 0 or text[hit.start() - 1].isspace()  # `the expression [^1] matches`
        score = 0.85 if defined or not alone else 0.6
        yield Found(KIND, score, hit.start(), hit.end(), "a footnote without its note", _NO_NOTE, {"said": hit.group()})


def _marks(text: str, material: Sequence[Source]) -> Iterator[Found]:
    keys = {source.key.casefold() for source in material if source.key}
    documents = sum(source.origin in ("document", "tool", "passage", "policy") for source in material)
    for hit in _MARK.finditer(text):
        if not material and hit["key"].casefold() not in keys:
            yield Found(KIND, 0.6, hit.start(), hit.end(), "a mark of another system", _NO_MARK, {"said": hit.group()})
    for hit in _DOC.finditer(text):
        number = int(hit["number"])
        named = {f"{hit['word']}{number}".casefold(), f"{hit['word']} {number}".casefold(), str(number)}
        if named & keys:
            continue
        numbered = {key for key in keys if re.search(r"\d$", key)}
        if documents and (numbered or number > documents):
            score = 0.85 if number > documents else 0.6
            yield Found(
                KIND, score, hit.start(), hit.end(), "a key without a source", _NOT_GIVEN,
                {"said": hit.group(), "have": ", ".join(sorted(numbered)[:8]) or f"1–{documents}"},
            )  # fmt: skip
        elif not material:
            yield Found(KIND, 0.5, hit.start(), hit.end(), "a mark of another system", _NO_MARK, {"said": hit.group()})


def _chinese_notes(text: str) -> Iterator[Found]:
    """註3 in a text that explains 註1 and 註2."""
    hits = [hit for hit, _ in zip(_CHINESE_NOTE.finditer(text), range(_MOST), strict=False)]
    defined = {_value(hit["number"]) for hit in hits if _explains(text, hit)}
    if not defined:
        return
    for hit in hits:
        if _value(hit["number"]) in defined or not (hit["open"] and hit["close"]) or _explains(text, hit):
            continue
        yield Found(
            KIND, 0.85, hit.start(), hit.end(), "a key without an entry", _NOT_LISTED,
            {"said": hit.group(), "have": "、".join(f"註{number}" for number in sorted(defined)[:8])},
        )  # fmt: skip


def _explains(text: str, hit: re.Match[str]) -> bool:
    """Whether a note stands at the beginning of a line and is followed by its words."""
    before = text[max(0, hit.start() - 4) : hit.start()].rsplit("\n", 1)
    return (
        bool(hit["colon"] or hit["close"]) and not before[-1].strip(" >*-_\t") and (len(before) > 1 or hit.start() < 4)
    )


def _value(number: str) -> int:
    if number.isdecimal():
        return int(number)
    tens, _, ones = number.rpartition("十")
    if "十" not in number:
        return _CHINESE_DIGITS[number[-1]]
    return (_CHINESE_DIGITS[tens[-1]] if tens else 1) * 10 + (_CHINESE_DIGITS[ones[-1]] if ones else 0)


def _authors(text: str, listed: _List) -> Iterator[Found]:
    references = listed.text.casefold()
    lines = [(line.strip(_BEFORE_NAME), line) for line in simplify(references).splitlines()]
    for hit, _ in zip(_AUTHOR.finditer(text), range(_MOST), strict=False):
        author, year = hit["author"], hit["year"]
        surname = re.split(r"[ 、及和與与等]", author)[0].casefold()
        if listed.holds(hit.start()) or _is_listed(references, surname, year) or _is_short(author, year, lines):
            continue
        other_year = author.casefold() == surname and any(line.startswith(simplify(surname)) for line, _ in lines)
        score = 0.85 if other_year or _CITES.search(hit.group()) else 0.65
        yield Found(
            KIND, score, hit.start(), hit.end(), "an author without an entry", _NO_AUTHOR, {"said": hit.group()}
        )


def _is_listed(references: str, surname: str, year: str) -> bool:
    """Whether one line of the list has both."""
    places = (found.start() for found in re.finditer(re.escape(surname), references))
    return any(year in references[_entry(references, at)] for at in places)


def _is_short(author: str, year: str, lines: Sequence[tuple[str, str]]) -> bool:
    """Whether a name is the short form of one in the list; what letters stand for is not known, so they always may."""
    if _SHORT.fullmatch(author):
        return True
    if author.isascii() or len(author) > 3:
        return False
    within = re.compile(".{0,6}".join(map(re.escape, simplify(author))))
    return any(year in line and within.match(name) for name, line in lines)


def _entry(text: str, at: int) -> slice:
    """The line that a place stands in."""
    return slice(text.rfind("\n", 0, at) + 1, _line_end(text, at))
