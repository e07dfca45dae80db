"""Identifiers of publications and people that cannot be right by their own standard: form and check digit.

Whether something exists is never said: a well-formed DOI may lead nowhere.

Rules:
1. Only what is labelled is judged (`ISBN`, `doi:`, `arXiv:`, an ORCID or DOI link): a bare number may be anything.
2. ISBN: ISO 2108.  ISBN-10: the sum of digits by weights 10..1 is 0 mod 11, X is ten; ISBN-13: weights 1 and 3, 0 mod
   10, after 978 or 979.  ISSN: ISO 3297, weights 8..2, mod 11.  ORCID: ISO 7064 MOD 11-2 over 15 digits.  DOI: the DOI
   Handbook: `10.` and a registrant of four to nine digits, then `/` and something.  arXiv, by its help on identifiers:
   `archive/YYMMNNN` to March 2007, `YYMM.NNNN` from April 2007, five digits from 2015 on.  PMID: one to eight digits.
3. A placeholder is no reference: X, 0 and # throughout, `1234-5678`, `10.xxxx`, and what stands in code.
4. Two digits more or less than the standard has may be a slip of typing; it is an error either way and is said so.
"""

import re
from collections.abc import Callable, Iterator

from guardrail.detectors.errors.citations.found import Found
from guardrail.text.wording import Wording

KIND = "error.identifier"

_LABEL = (
    r"(?:\s?(?:no\.?|number|code|號碼|号码|編號|编号|號|号|碼|码|代碼|代码|id|iD|ID|identifier))?"
    r"[\s:：=#]{0,3}(?:is |係|为|為|是)?[\s*_`\"“「（(\[]{0,3}"
)
_ISBN = re.compile(
    rf"(?:ISBN|isbn|Isbn)(?:[-‐ ]?1[03](?=[\s:：)）]))?[)）]?{_LABEL}"
    rf"(?P<value>[0-9][0-9 \u2010-\u2013-]{{5,22}}[0-9Xx])(?![0-9])"
)
_ISSN = re.compile(
    rf"(?:[ep]-?ISSN|ISSN(?:-L)?|issn|Issn)(?: ?\((?:print|online|electronic)\))?{_LABEL}"
    rf"(?P<value>[0-9]{{4}}[ \u2010-\u2013-]?[0-9]{{3,4}}[0-9Xx]?)(?![0-9A-Za-z])"
)
_DOI = re.compile(
    r"(?:(?:https?://)?(?:dx\.)?doi\.org/|(?<![A-Za-z0-9])(?:DOI|doi|Doi)(?: ?(?:號|号|number|no\.?))?\s?[:：=]?\s?"
    r"(?:is |係|为"
    r"|為|是)?)(?P<value>[^\s\"'<>“”「」《》，。；、（）\]\[{}|*_`]{3,200})"
)
_ARXIV = re.compile(
    r"(?<![A-Za-z0-9])(?:arXiv|arxiv|ARXIV)(?:\.org/(?:abs|pdf)/|\s?[:：]\s?|\s(?:preprint |paper |id |預印本|预印本)?"
    r"(?:arXiv[:：]\s?)?)(?P<value>(?:[a-z-]{2,12}(?:\.[A-Z]{2})?/)?[0-9]{4}\.?[0-9]{3,6}(?:v[0-9]{1,2})?)"
    r"(?![0-9A-Za-z])"
)
_ORCID = re.compile(
    rf"(?:orcid\.org/|(?:ORCID|Orcid|orcid)(?: ?iD| ?ID| ?id)?{_LABEL})"
    rf"(?P<value>[0-9]{{3,5}}-[0-9]{{3,5}}-[0-9]{{3,5}}-[0-9]{{2,4}}[0-9Xx]?)(?![0-9A-Za-z-])"
)
_PMID = re.compile(rf"(?<![A-Za-z0-9])PMID{_LABEL}(?P<value>[0-9]{{1,14}})(?![0-9A-Za-z])")
_PLACEHOLDER = re.compile(r"[xX#?]{3}|^0+$|(?:0123|1234)[- ]?5678|^(\d)\1+$")

_WRONG_DIGIT = Wording(
    "{what} {said} cannot be right: its check digit should be {right}.",
    "{what} {said} 有誤：按校驗規則，最後一位應為 {right}。",
    "{what} {said} 有误：按校验规则，最后一位应为 {right}。",
)
_WRONG_FORM = Wording(
    "{what} {said} cannot be right: {why_en}.",
    "{what} {said} 有誤：{why_hant}。",
    "{what} {said} 有误：{why_hans}。",
)
_OLD_ARCHIVES = frozenset(
    """
    acc-phys adap-org alg-geom ao-sci astro-ph atom-ph bayes-an chao-dyn chem-ph cmp-lg comp-gas cond-mat cs dg-ga
    funct-an gr-qc hep-ex hep-lat hep-ph hep-th math math-ph mtrl-th nlin nucl-ex nucl-th patt-sol physics plasm-ph
    q-alg q-bio quant-ph solv-int supr-con
    """.split()  # noqa: SIM905
)
_Why = tuple[str, str, str]


def maybe(text: str) -> bool:
    """Whether there is anything to look at."""
    t = text  # written out, because this is asked of every answer
    if "ISBN" in t or "ISSN" in t or "DOI" in t or "doi" in t or "arXiv" in t or "arxiv" in t:
        return True
    return "orcid" in t or "ORCID" in t or "PMID" in t or "isbn" in t or "issn" in t or "Isbn" in t or "Doi" in t


def find(text: str, year: int, month: int) -> Iterator[Found]:
    """The identifiers of `text` that cannot be right, given the month it is."""
    if not maybe(text):
        return
    checks: tuple[tuple[re.Pattern[str], Callable[[str], str | _Why | None], str], ...] = (
        (_ISBN, _isbn, "ISBN"), (_ISSN, _issn, "ISSN"), (_DOI, _doi, "DOI"),
        (_ARXIV, lambda said: _arxiv(said, year, month), "arXiv"), (_ORCID, _orcid, "ORCID iD"), (_PMID, _pmid, "PMID"),
    )  # fmt: skip
    for pattern, check, what in checks:
        for hit in pattern.finditer(text):
            said = _trimmed(hit["value"])
            if _PLACEHOLDER.search(said) or _PLACEHOLDER.search(_digits(said)):
                continue
            wrong = check(said)
            if wrong is not None:
                yield _found(what, said, hit.start("value"), wrong)


def _trimmed(said: str) -> str:
    """An identifier without what closes the sentence or the brackets around it."""
    said = said.rstrip(" .,;:!?…'")
    while said.endswith(")") and said.count(")") > said.count("("):
        said = said[:-1].rstrip(" .,;:!?…'")
    return said


def _found(what: str, said: str, start: int, wrong: str | _Why) -> Found:
    end = start + len(said)
    if isinstance(wrong, str):
        return Found(
            KIND,
            0.95,
            start,
            end,
            "a check digit that does not fit",
            _WRONG_DIGIT,
            {"what": what, "said": said, "right": wrong},
        )
    why = dict(zip(("why_en", "why_hant", "why_hans"), wrong, strict=True))
    return Found(
        KIND,
        0.9,
        start,
        end,
        "a form that the standard does not have",
        _WRONG_FORM,
        {"what": what, "said": said, **why},
    )


def _digits(said: str) -> str:
    return re.sub(r"[^0-9Xx]", "", said).upper()


def _isbn(said: str) -> str | _Why | None:
    digits = _digits(said)
    if len(digits) not in (10, 13):
        if re.search(r"\s", said):  # two numbers after each other, or a number and what follows it
            first = _digits(said.split()[0])
            return _isbn(first) if len(first) in (10, 13) else None
        return (
            f"an ISBN has 10 or 13 digits, not {len(digits)}",
            f"ISBN 應有 10 或 13 位，這裏有 {len(digits)} 位",
            f"ISBN 应有 10 或 13 位，这里有 {len(digits)} 位",
        )
    if "X" in digits[:-1]:
        return None
    if len(digits) == 10:
        right = _mod11(digits[:-1], range(10, 1, -1))
    elif digits.endswith("X"):
        return None
    elif digits[:3] not in ("978", "979"):
        return (
            "a 13-digit ISBN begins with 978 or 979",
            "13 位的 ISBN 以 978 或 979 開頭",
            "13 位的 ISBN 以 978 或 979 开头",
        )
    else:
        right = str(-sum(int(digit) * (1, 3)[at % 2] for at, digit in enumerate(digits[:12])) % 10)
    return None if digits[-1] == right else right


def _issn(said: str) -> str | _Why | None:
    digits = _digits(said)
    if len(digits) != 8:
        return (
            f"an ISSN has 8 digits, not {len(digits)}", f"ISSN 應有 8 位，這裏有 {len(digits)} 位",
            f"ISSN 应有 8 位，这里有 {len(digits)} 位",
        )  # fmt: skip
    right = _mod11(digits[:-1], range(8, 1, -1))
    return None if digits[-1] == right else right


def _mod11(digits: str, weights: range) -> str:
    check = -sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11
    return "X" if check == 10 else str(check)


def _doi(said: str) -> _Why | None:
    said = re.sub(r"^(?:https?://)?(?:dx\.)?doi\.org/", "", said)
    if not re.match(r"[0-9]", said) or re.match(r"10\.[0-9]{4,9}(?:\.[0-9]+)*/\S", said):
        return None  # `doi: see below`; or as it should be
    if re.fullmatch(r"[0-9]{1,2}\.?", said):
        return None  # a number that has nothing to do with it
    if not said.startswith("10."):
        return ("a DOI begins with “10.”", "DOI 以「10.」開頭", "DOI 以“10.”开头")
    if "/" not in said or said.endswith("/"):
        return (
            "a DOI has a / and a suffix after its prefix",
            "DOI 的前綴之後要有「/」和後綴",
            "DOI 的前缀之后要有“/”和后缀",
        )
    return (
        "the prefix of a DOI is 10. and four to nine digits",
        "DOI 的前綴是 10. 加四至九位數字",
        "DOI 的前缀是 10. 加四至九位数字",
    )


def _arxiv(said: str, year: int, month: int) -> _Why | None:
    if "/" in said:
        return _old_arxiv(said)
    hit = re.fullmatch(r"([0-9]{2})([0-9]{2})\.([0-9]+)(?:v[0-9]+)?", said)
    if hit is None:
        return None  # seven digits without an archive: how some write the old form
    yy, mm, digits = int(hit[1]), int(hit[2]), len(hit[3])
    if not 1 <= mm <= 12:
        return _month(mm)
    if (yy, mm) < (7, 4) or (2000 + yy, mm) > (year, month):
        when = f"{2000 + yy}-{mm:02d}"
        return (
            f"it names the month {when}, and such numbers run from April 2007 to today",
            f"它指的是 {when}，而這種編號只由 2007 年 4 月用到今天",
            f"它指的是 {when}，而这种编号只由 2007 年 4 月用到今天",
        )
    owed = 5 if yy >= 15 else 4
    if digits != owed:
        return (
            f"its month has numbers of {owed} digits after the point",
            f"該月份的編號在點後有 {owed} 位數字",
            f"该月份的编号在点后有 {owed} 位数字",
        )
    return None


def _old_arxiv(said: str) -> _Why | None:
    archive, number = said.split("/", 1)
    number = re.sub(r"v[0-9]+$", "", number)
    if archive.split(".")[0] not in _OLD_ARCHIVES:
        return (f"arXiv has no archive {archive}", f"arXiv 沒有 {archive} 這一類", f"arXiv 没有 {archive} 这一类")
    if not re.fullmatch(r"[0-9]{7}", number):
        return None
    yy, mm = int(number[:2]), int(number[2:4])
    if not 1 <= mm <= 12:
        return _month(mm)
    year = 1900 + yy if yy > 90 else 2000 + yy
    if (1991, 7) <= (year, mm) <= (2007, 3):
        return None
    return (
        "numbers with an archive run from July 1991 to March 2007",
        "帶類別的編號只由 1991 年 7 月用到 2007 年 3 月",
        "带类别的编号只由 1991 年 7 月用到 2007 年 3 月",
    )


def _month(mm: int) -> _Why:
    return (
        f"digits three and four are a month, and there is no month {mm:02d}",
        f"第三、四位是月份，沒有 {mm:02d} 月",
        f"第三、四位是月份，没有 {mm:02d} 月",
    )


def _orcid(said: str) -> str | _Why | None:
    digits = _digits(said)
    if re.fullmatch(r"[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3}[0-9Xx]", said) is None:
        return (
            "an ORCID iD is four groups of four", "ORCID iD 由四組、每組四位組成", "ORCID iD 由四组、每组四位组成",
        )  # fmt: skip
    total = 0
    for digit in digits[:-1]:
        total = (total + int(digit)) * 2 % 11
    check = (12 - total) % 11
    right = "X" if check == 10 else str(check)
    return None if digits[-1] == right else right


def _pmid(said: str) -> _Why | None:
    if len(said) > 8:
        return (
            f"a PubMed number has at most 8 digits, not {len(said)}",
            f"PubMed 編號最多 8 位，這裏有 {len(said)} 位",
            f"PubMed 编号最多 8 位，这里有 {len(said)} 位",
        )
    return None
