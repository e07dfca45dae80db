"""Identifiers of Hong Kong: identity card, telephone, Octopus, bank account, business registration, vehicle mark.

Sources: Immigration Department (identity card), OFCA numbering plan, Business Registration Office and Companies
Registry (business registration and Unique Business Identifier), HKICL (clearing codes of banks), Transport Department
(registration marks).  Octopus publishes no rule for its check digit; ours holds for every number we could verify.
"""

import re

from guardrail.detectors.leakage import checksums, cues, holders, placeholders
from guardrail.detectors.patterns import Candidate, Pattern, Verdict

MONEY = re.compile(r"(?:[$€£¥]|\b(?:hkd|usd|rmb|cny|eur|gbp|mop|twd|ntd|jpy))\s*\Z", re.ASCII)
"""A currency right before a number."""
MORE_DIGITS = re.compile(r"\d[.,_:]\Z|\b\d{1,3}/\Z|\d-\Z|\d{3,} \Z|\d\.\d+ \Z", re.ASCII)
"""A longer number goes on right before this one."""
EQUATION = re.compile(r"[=*×^+/<>÷≈] ?\Z")
"""A sign of arithmetic right before a number."""

_COUNTRY_CODE_BEFORE = re.compile(
    r"\+\Z|(?:\+\d{1,3}|\b00\d{1,3}|\b8(?:52|53|6|86))\)?[ -]?\Z|\(0?\d{1,3}\)[ -]?\Z", re.ASCII
)
_DATE = re.compile(r"(?:19|20)\d\d[ -]?(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_YEARS = re.compile(r"(?:19|20)\d\d[ -](?:19|20)\d\d")
# A number goes on behind its last digit: a decimal part, a thousands group, another group, a unit or a currency.
_GOES_ON = r"\b(?:\.\d+|,\d{3}\b|[-_:]\d+|[ ]\d{3,}| ?\(\d\)| ?(?:[%元蚊圓圆萬万億亿人個个次年]|港元|港幣|dollars?\b))?"
# Block form of the OFCA plan (as carried by libphonenumber): fixed 2, 3, 58; mobile 4 to 9; personal 81 to 83.
_PLAN = re.compile(
    r"(?:2(?:[13-9]\d|2[013-9])\d|3(?:(?:[1569][0-24-9]|4[0-246-9]|7[0-24-69])\d|8(?:4[0-8]|[579]\d|6[0-5]))"
    r"|58(?:0[1-9]|1[2-9]))\d{4}"
    r"|(?:4(?:4[0-35-9]|6[0-357-9]|7[0-35])|5(?:[1-59][0-46-9]|6[0-4689]|7[0-246-9])"
    r"|6(?:0[1-9]|[13-59]\d|[268][0-57-9]|7[0-79])|70[1-59]|84[0-39]|9(?:0[1-9]|1[02-9]|[2358][0-8]|[467]\d))\d{5}"
    r"|8(?:1[1-9]|[23]\d)\d{5}|80\d{7}"
)
_MACAO_PLAN = re.compile(r"6\d{7}|28\d{6}|8\d{7}")
# Prefixes in use (Immigration Department; I, O and Q have not been seen).
_HKID_LETTERS = re.compile(r"[A-HJ-NPR-TVWYZ]|WX|X[A-EGH]|EC|UP")
_HKID_FORM = re.compile(r"([A-Za-z]{1,2})([ -]?)\d{3} ?\d{3}( ?\\?[(\[] ?| ?-? ?[(\[] ?|[ /-]|)[0-9AaE](?: ?\\?[)\]])?")
# Clearing codes of banks that take retail deposits (HKICL).
_CODES = (
    "003 004 006 009 012 014 015 016 018 019 020 022 024 025 027 028 032 035 038 039 040 041 043 044 061 064 072 128 "
    "199 214 238 250 269 293 353 368 378 387 388 389 390 391 392 393 395 396"
)
_BANK_CODES = frozenset(_CODES.split())

_ACCOUNT_FORM = re.compile(r"\d{3}-\d{3}-\d{6}(?:-?\d{3})?")

_NEAR = 24  # characters from a label to a mark, which is a weak form
_YEAR_OF = re.compile(r"(?:HK|UK|US|EU|UN|CN|TW|SG|AU|CA) (?:19|20)\d\d")

_HKID = (
    r"\b[A-Za-z]{1,2}[ -]?\d{3} ?\d{3}"
    r"(?: ?-?\\?[(\[] ?[0-9AaE] ?\\?[)\]]|[ /-]?[0-9Aa](?:[-@]\w+|\.\d+)?\b)"
)
_PHONE_FORM = re.compile(r"\d{4}[ .-]?\d{4}|\d\d[ -]\d{3}[ -]\d{3}")
_PHONE_BODY = (
    r"(?:[2-9]\d{3}[ -]?\d{4}|[4-9]\d{2}[ -]\d{2}[ -]\d{3}|[2-9]\d[ -]\d{3}[ -]\d{3}|80\d[ -]?\d{3}[ -]?\d{3})\b"
)


def digits_of(value: str) -> str:
    """The digits of a value."""
    return re.sub(r"\D", "", value)


def _hkid(candidate: Candidate) -> Verdict | None:
    form = _HKID_FORM.fullmatch(candidate.value)
    if form is None:
        return None
    bare = re.sub(r"[^0-9A-Za-z]", "", candidate.value)
    if placeholders.hkid(bare.upper()):
        return Verdict(placeholders.SCORE, "a printed specimen", "placeholder.hkid")
    if bare[-1] == "E" or not checksums.hkid(bare):
        return None
    letters, gap, opening = form.groups()
    bracketed = "(" in opening or "[" in opening
    announced = cues.HKID.introduce(candidate, cues.NOT_HKID)
    known = _HKID_LETTERS.fullmatch(letters) is not None
    if bracketed:
        alone = 0.85 if known else 0.7 if letters.isupper() else 0.6
        return Verdict(0.95 if announced else alone, "check digit passes, in brackets" + ", announced" * announced)
    if gap and not (letters.isupper() and (known or len(letters) == 1)):  # a word before a number: `ID is 4090445`
        return None
    if announced:
        return Verdict(0.85 if letters.isupper() else 0.7, "check digit passes, announced")
    if gap or opening or not letters.isupper():
        return None
    return Verdict(0.4 if known else 0.25, "check digit passes, nothing announces it")


def _hkid_named(candidate: Candidate) -> Verdict | None:
    found = _hkid(candidate)
    if found is None or found.kind is not None or found.score < 0.5 or not holders.named(candidate):
        return None
    return Verdict(found.score, found.evidence + "; the name of a holder stands next to it")


def _phone_prefixed(candidate: Candidate) -> Verdict | None:
    digits = digits_of(candidate.value)
    planned = _PLAN.fullmatch(digits[-8:]) is not None
    if re.search(r"[\w.+]-?\Z", candidate.before, re.ASCII):
        return None
    if candidate.value.startswith(("+", "(", "00")):
        return Verdict(0.95 if planned else 0.75, "country code 852")
    if not planned and not cues.PHONE.introduce(candidate):
        return None
    announced = cues.PHONE.introduce(candidate, cues.OTHER_NUMBER)
    grouped = not candidate.value.isdecimal()
    return Verdict(0.9 if announced else 0.7 if grouped else 0.55, "country code 852 without sign")


def _phone(candidate: Candidate) -> Verdict | None:
    value, before = candidate.value, candidate.before
    digits = digits_of(value)
    if not _PHONE_FORM.fullmatch(value) or _DATE.fullmatch(value) or _YEARS.fullmatch(value):
        return None
    if MORE_DIGITS.search(before) or _COUNTRY_CODE_BEFORE.search(before) or MONEY.search(before):
        return None
    planned = _PLAN.fullmatch(digits) is not None
    if cues.PHONE.introduce(candidate, cues.OTHER_NUMBER):
        if _MACAO_PLAN.fullmatch(digits) and cues.MACAO.last(before) >= 0:
            return Verdict(0.85, "announced, in the numbering plan of Macao", "pii.mo_phone")
        unplanned = 0.4 if "-" in value or value.endswith("00") else 0.55  # a range or an amount
        return Verdict(0.85 if planned else unplanned, "announced" + ", in the numbering plan" * planned)
    if not planned or EQUATION.search(before) or "." in value or len(value) > 9:
        return None
    return Verdict(0.4 if value != digits else 0.3, "fits the numbering plan, nothing announces it")


def _bracketed(candidate: Candidate) -> Verdict | None:
    """Digits with the last one in brackets: an Octopus card, or a Macao identity card."""
    digits = digits_of(candidate.value)
    if re.search(r"[\w.,]\Z|\d[ /-]\Z", candidate.before, re.ASCII):
        return None
    macao = len(digits) == 8 and digits[0] in "157"
    octopus = "/" not in candidate.value and checksums.octopus(digits)
    if octopus and cues.OCTOPUS.introduce(candidate, cues.MACAO_ID):
        return Verdict(0.95, "check digit passes, in brackets, announced")
    if macao and cues.MACAO_ID.introduce(candidate, cues.OCTOPUS):
        return Verdict(0.85, "announced, check digit in brackets", "pii.mo_bir")
    if macao and cues.MACAO.last(candidate.before) >= 0:
        return Verdict(0.7, "check digit in brackets, Macao is spoken of", "pii.mo_bir")
    if octopus and len(digits) > 8 and not cues.OTHER_THINGS.introduce(candidate):
        return Verdict(0.6, "check digit passes, in brackets")
    return None


def _bank_account(candidate: Candidate) -> Verdict | None:
    value = candidate.value
    digits = digits_of(value)
    if not 9 <= len(digits) <= 16 or candidate.after or re.search(r"\d[ .,/:-]\Z|[$+]\Z", candidate.before):
        return None
    if len(digits) == 9 and cues.FPS.introduce(candidate, cues.OTHER_THINGS):
        return Verdict(0.85, "announced", "pii.hk_fps")
    coded = digits[:3] in _BANK_CODES and len(digits) > 9
    why = ", begins with the code of a bank" * coded
    if cues.BANK_ACCOUNT.introduce(candidate, cues.OTHER_THINGS):
        return Verdict(0.9 if coded else 0.8, "announced" + why)
    spoken_of = any(words.introduce(candidate, cues.OTHER_THINGS) for words in (cues.BANKS, cues.PAYMENT))
    if spoken_of and (coded or "-" in value):
        return Verdict(0.75 if coded else 0.65, "grouped as an account, a bank or a payment is spoken of" + why)
    if coded and _ACCOUNT_FORM.fullmatch(value) and not cues.OTHER_NUMBER.introduce(candidate):
        return Verdict(0.6, "grouped as bank, branch and account" + why)
    return None


def _registration(candidate: Candidate) -> Verdict | None:
    """The number of a certificate: the registration number, branch, month, year and a check digit; or without the last
    three."""
    if not checksums.business_registration(digits_of(candidate.value)[:8]) or MORE_DIGITS.search(candidate.before):
        return None
    announced = cues.BUSINESS.introduce(candidate)
    if candidate.after or not (announced or len(candidate.value) > 12):
        return None
    return Verdict(0.95 if announced else 0.75, "form of a certificate, check digit passes")


def _vehicle(candidate: Candidate) -> Verdict | None:
    if candidate.value[0] == "粤":
        return Verdict(0.85, "cross-boundary mark of Guangdong for Hong Kong and Macao vehicles")
    before = candidate.before
    gap = before[cues.VEHICLE.last(before) :]
    near = len(gap) <= _NEAR and cues.VEHICLE.announce(before, cues.OTHER_THINGS)
    if candidate.after or not (near or cues.VEHICLE.last(candidate.heading) >= 0):
        return None
    if _YEAR_OF.fullmatch(candidate.value) and re.search(r"[a-z]{2}", gap):  # "vehicle tax in UK 2019"
        return None
    return Verdict(0.75, "form of a registration mark, announced")


PATTERNS: tuple[Pattern, ...] = (
    Pattern("hkid", "pii.hkid", _HKID, _hkid, also=("placeholder.hkid",)),
    Pattern("hkid_named", "pii.hkid_named", f"({_HKID}){holders.BEHIND}", _hkid_named, group=1),
    Pattern(
        "hk_phone_prefixed",
        "pii.hk_phone",
        rf"(?:\(\+? ?852\)|\+ ?852|\b(?:00)?852)[ -]{{0,3}}{_PHONE_BODY}",
        _phone_prefixed,
    ),
    Pattern(
        "hk_phone",
        "pii.hk_phone",
        r"\b(?:[2-9]\d{3}[ .-]?\d{4}|[2-9]\d[ -]\d{3}[ -]\d{3})" + _GOES_ON,
        _phone,
        also=("pii.mo_phone",),
    ),
    Pattern(
        "octopus",
        "pii.hk_octopus",
        r"\b(?:\d{7,9} ?\(\d\)|[157]/\d{6}/\d\b)",
        _bracketed,
        also=("pii.mo_bir",),
    ),
    Pattern(
        "hk_bank_account",
        "pii.hk_bank_account",
        r"\b(\d{3}(?:[ -]\d{1,9}){1,4})\b(?:[.,:/]\d+)?",
        _bank_account,
        group=1,
        also=("pii.hk_fps",),
    ),
    Pattern("hk_brn", "pii.hk_brn", r"\b(\d{8}-\d{3}(?:-\d{2}-\d{2}-[0-9A])?)\b(?:-\d+)?", _registration, group=1),
    Pattern(
        "hk_vehicle",
        "pii.hk_vehicle",
        r"(\b[A-HJ-NPR-Z]{2} ?[1-9]\d{0,3}\b|粤 ?Z[ ·・-]?[0-9A-HJ-NP-Z]{4}[港澳])(?:[.,]\d+|[%/-])?",
        _vehicle,
        group=1,
    ),
)
