"""Identifiers of the Mainland: telephone, resident identity and residence permit, unified social credit code.

Sources: MIIT numbering plan, GB 11643-1999 (resident identity), GB/T 2260 (regions), the State Council's rules of 2018
on residence permits (regions 810000, 820000 and 830000) and of 2023 on permanent residents (numbers that begin with 9),
GB 32100-2015 (social credit code).
"""

import re

from guardrail.detectors.leakage import checksums, cues
from guardrail.detectors.leakage.hong_kong import EQUATION, MONEY, MORE_DIGITS, digits_of
from guardrail.detectors.patterns import Candidate, Pattern, Verdict

_PLAN = re.compile(r"1(?:[38]\d|4[57]|[59][0-35-9]|6[25-7]|7[0-35-8]|9\d)\d{8}|1(?:610|740[0-5]?)\d{7}")
# Province codes of GB/T 2260; 71 is Taiwan, 81 and 82 stand in permits only.
_PROVINCES = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]")
_PERMIT_REGIONS = frozenset({"810000", "820000", "830000"})
_CREDIT = "[0-9A-HJ-NPQRTUWXYa-hj-npqrtuwxy]"


def _phone(candidate: Candidate) -> Verdict | None:
    value, before = candidate.value, candidate.before
    number = digits_of(value)
    national = number[-11:]
    if not re.fullmatch(r"[+(\d) -]+", value) or not _PLAN.fullmatch(national):
        return None
    if len(number) not in (11, 13, 15) or number[:-11] not in ("", "86", "0086"):
        return None
    if MORE_DIGITS.search(before) or MONEY.search(before) or before.endswith("+"):
        return None
    prefixed = len(number) > 11
    if not prefixed and re.search(r"(?:\+|\b00)\d{1,3}\)?[ -]?\Z", before, re.ASCII):
        return None
    if cues.PHONE.introduce(candidate, cues.OTHER_NUMBER):
        return Verdict(0.95, "in the numbering plan, announced")
    if prefixed:
        return Verdict(0.9 if value[0] in "+(0" else 0.6, "country code 86")
    if EQUATION.search(before) or cues.OTHER_NUMBER.introduce(candidate):
        return Verdict(0.2, "fits the numbering plan, but reads as another number")
    return Verdict(0.8 if value != national else 0.6, "in the numbering plan")


def _landline(candidate: Candidate) -> Verdict | None:
    if candidate.after or re.search(r"[\d+][ .-]?\Z", candidate.before):
        return None
    announced = cues.PHONE.introduce(candidate, cues.OTHER_NUMBER)
    return Verdict(0.85 if announced else 0.45, "area code and subscriber number" + ", announced" * announced)


def _resident_id(candidate: Candidate) -> Verdict | None:
    number = re.sub(r"[ -]", "", candidate.value)
    foreign = number[0] == "9"
    region = number[1:3] if foreign else number[:2]
    dated = checksums.calendar_date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    if not _PROVINCES.fullmatch(region) or not dated or not checksums.resident_id(number):
        return None
    announced = cues.RESIDENT.introduce(candidate)
    permit = foreign or number[:6] in _PERMIT_REGIONS
    return Verdict(
        0.98 if announced else 0.9,
        "check digit, birth date and region agree",
        "pii.cn_residence_permit" if permit else None,
    )


def _resident_id_15(candidate: Candidate) -> Verdict | None:
    number = candidate.value
    dated = checksums.calendar_date(1900 + int(number[6:8]), int(number[8:10]), int(number[10:12]))
    if not _PROVINCES.fullmatch(number[:2]) or not dated or not cues.RESIDENT.introduce(candidate):
        return None
    return Verdict(0.75, "old form of 15 digits, announced; birth date and region agree")


def _credit_code(candidate: Candidate) -> Verdict | None:
    value = candidate.value.upper()
    if not (_PROVINCES.fullmatch(value[2:4]) or value[2:4] == "10") or not checksums.credit_code(value):
        return None
    announced = cues.CREDIT_CODE.introduce(candidate)
    return Verdict(0.95 if announced else 0.8, "region and both check digits agree" + ", announced" * announced)


PATTERNS: tuple[Pattern, ...] = (
    Pattern(
        "cn_phone",
        "pii.cn_phone",
        r"(?:\(\+?86\)[ -]?|\+ ?86[ -]?|\b(?:0086|86)[ -]?|\b)1[3-9]\d[ -]?\d{4}[ -]?\d{4}\b(?:[.,-]\d+|[ ]\d{4,})?",
        _phone,
    ),
    Pattern(
        "cn_landline",
        "pii.cn_phone",
        r"((?:\b0(?:10|2\d|[3-9]\d{2})[ -]|\(0(?:10|2\d|[3-9]\d{2})\) ?)[2-8]\d{2,3}[ -]?\d{4})\b(?:[.,-]\d+)?",
        _landline,
        group=1,
    ),
    Pattern(
        "cn_resident_id",
        "pii.cn_resident_id",
        r"\b[1-9]\d{5}[ -]?(?:18|19|20)\d{2}[ -]?(?:0[1-9]|1[0-2])[ -]?(?:0[1-9]|[12]\d|3[01])[ -]?\d{3}[\dXx]\b",
        _resident_id,
        also=("pii.cn_residence_permit",),
    ),
    Pattern(
        "cn_resident_id_15",
        "pii.cn_resident_id",
        r"\b[1-8]\d{7}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}\b",
        _resident_id_15,
    ),
    Pattern("cn_uscc", "pii.cn_uscc", rf"\b[1-9ANYany][1-9]\d{{6}}{_CREDIT}{{10}}\b", _credit_code),
)
