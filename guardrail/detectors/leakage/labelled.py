"""Numbers that are nothing by themselves: the nearest word before them says what they are, or nothing is found.

Rules:
1. One expression proposes every run of 5 to 16 digits, another every letter or two with 5 to 9 digits.  Many kinds have
   the same form (8 digits are a business registration, a permit or a telephone), so they are judged together, and
   the nearest label decides.
2. A label of something else (an order, a price, a telephone) that stands nearer turns a number down.
3. Where the kind has a check digit it must pass.

Sources: Immigration Department and the Exit and Entry Administration (travel documents), HKICL (FPS identifiers of 7 or
9 digits), Business Registration Office (numbers, and identifiers that begin with C or F).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from guardrail.detectors.leakage import checksums, cues
from guardrail.detectors.leakage.context import lexicon
from guardrail.detectors.leakage.hong_kong import MONEY, MORE_DIGITS
from guardrail.detectors.patterns import Candidate, Pattern, Verdict


@dataclass(frozen=True, slots=True)
class _Form:
    """How a labelled value of one kind is written, its check if it has one, and its score."""

    kind: str
    expression: re.Pattern[str]
    score: float
    check: Callable[[str], bool] | None = None


def _form(kind: str, expression: str, score: float, check: Callable[[str], bool] | None = None) -> _Form:
    return _Form(kind, re.compile(expression), score, check)


_JOINED = re.compile(r"[a-z0-9]-\Z|\+\Z|\d \Z")
_DIGITS = lexicon(
    fps=cues.FPS,
    business=cues.BUSINESS,
    company=cues.COMPANY,
    octopus=cues.OCTOPUS,
    bank=cues.BANK_ACCOUNT,
    account=cues.ACCOUNT,
    macao_id=cues.MACAO_ID,
    taiwan_permit=cues.TAIWAN_PERMIT,
    nothing=cues.OTHER_THINGS,
)
_NUMBERS: dict[str, tuple[_Form, ...]] = {
    "fps": (_form("pii.hk_fps", r"\d{7}|\d{9}", 0.85), _form("pii.hk_bank_account", r"\d{10,16}", 0.7)),
    "business": (_form("pii.hk_brn", r"\d{8}", 0.9, checksums.business_registration),),
    "company": (
        _form("pii.hk_company_number", r"\d{5,7}", 0.75),
        _form("pii.hk_brn", r"\d{8}", 0.85, checksums.business_registration),
    ),
    "octopus": (_form("pii.hk_octopus", r"\d{8,10}", 0.85, checksums.octopus),),
    "bank": (_form("pii.hk_bank_account", r"\d{9,16}", 0.8),),
    "account": (_form("pii.hk_bank_account", r"\d{9,16}", 0.5),),
    "macao_id": (_form("pii.mo_bir", r"[157]\d{7}", 0.75),),
    "taiwan_permit": (_form("pii.tw_permit", r"\d{8}", 0.8),),
}
_DOCUMENTS = lexicon(
    passport=cues.PASSPORT,
    home_return=cues.HOME_RETURN,
    exit_permit=cues.EXIT_PERMIT,
    permit=cues.PERMIT,
    business=cues.BUSINESS,
    company=cues.COMPANY,
    nothing=cues.OTHER_THINGS,
)
_HOME_RETURN = _form("pii.cn_home_return_permit", r"[HM]\d{8}(?:\d{2})?", 0.9)
_EXIT_PERMIT = _form("pii.cn_exit_permit", r"C\d{8}|C[A-HJ-NP-Z]\d{7}|W\d{8}", 0.9)
_LETTERED: dict[str, tuple[_Form, ...]] = {
    "passport": (
        _form("pii.hk_passport", r"[HK]\d{8}|[HK]J\d{7}", 0.9),
        _form("pii.mo_passport", r"M[AB]\d{7}", 0.9),
        _form("pii.cn_passport", r"[DEGPS]\d{8}|E[A-HJ-NP-Z]\d{7}|[DSP]E\d{7}", 0.9),
    ),
    "home_return": (_HOME_RETURN,),
    "exit_permit": (_EXIT_PERMIT,),
    "permit": (_HOME_RETURN, _EXIT_PERMIT),
    "business": (_form("pii.hk_brn", r"[A-Z]\d{7}", 0.8),),
    "company": (
        _form("pii.hk_company_number", r"F\d{5,7}", 0.8),
        _form("pii.hk_brn", r"[A-Z]\d{7}", 0.75),
    ),
}


_ANY_LETTERED = re.compile("|".join(form.expression.pattern for forms in _LETTERED.values() for form in forms))


def _judged(candidate: Candidate, label: str | None, forms: dict[str, tuple[_Form, ...]]) -> Verdict | None:
    value = re.sub(r"[^0-9A-Za-z]", "", candidate.value)
    for form in forms.get(label or "", ()):
        if form.expression.fullmatch(value.upper()) and (form.check is None or form.check(value)):
            careless = 0.0 if value == value.upper() else 0.15
            return Verdict(
                round(form.score - careless, 2), "announced" + ", check digit passes" * bool(form.check), form.kind
            )
    return None


def _number(candidate: Candidate) -> Verdict | None:
    before = candidate.before
    if candidate.after or MORE_DIGITS.search(before) or MONEY.search(before) or _JOINED.search(before):
        return None
    label = _DIGITS.nearest(candidate)
    if label in ("bank", "account") and cues.FPS.introduce(candidate):
        label = "fps"
    return _judged(candidate, label, _NUMBERS)


def _document(candidate: Candidate) -> Verdict | None:
    if not _ANY_LETTERED.fullmatch(candidate.value.replace(" ", "").upper()):
        return None
    return _judged(candidate, _DOCUMENTS.nearest(candidate), _LETTERED)


PATTERNS: tuple[Pattern, ...] = (
    Pattern(
        "labelled_number",
        "pii.hk_bank_account",
        r"(\b\d{5,16})\b(?:[.,:]\d+|-\w+| ?\(\d| ?[%元件個个人名宗次萬万億亿年月歲岁頁页])?",
        _number,
        group=1,
        also=("pii.hk_fps", "pii.hk_brn", "pii.hk_company_number", "pii.hk_octopus", "pii.mo_bir", "pii.tw_permit"),
    ),
    Pattern(
        "labelled_document",
        "pii.hk_passport",
        r"\b[A-Za-z]{1,2} ?\d{5,10}\b",
        _document,
        also=(
            "pii.cn_passport", "pii.mo_passport", "pii.cn_home_return_permit", "pii.cn_exit_permit", "pii.hk_brn",
            "pii.hk_company_number",
        ),
    ),
)  # fmt: skip
