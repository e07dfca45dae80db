"""Identifiers of Macao and Taiwan: telephone numbers, Taiwan's identity number and resident certificate.

Macao's identity card and passport and Taiwan's permits, which only words can tell, are in `labelled.py`; a Macao card
with its check digit in brackets is in `hong_kong.py`, beside Octopus, which has the same form.

Sources: CTT and NCC numbering plans; Ministry of the Interior, Taiwan (identity number, resident certificate
of 2021 and the form before it).
"""

import re

from guardrail.detectors.leakage import checksums, cues
from guardrail.detectors.leakage.hong_kong import MORE_DIGITS, digits_of
from guardrail.detectors.patterns import Candidate, Pattern, Verdict

_INSIDE = re.compile(r"[\w.+]-?\Z", re.ASCII)
_MACAO_PLAN = re.compile(r"6\d{7}|28\d{6}|8\d{7}")
_TAIWAN_PLAN = re.compile(r"9\d{8}|[2-8]\d{7,8}")


def _macao_phone(candidate: Candidate) -> Verdict | None:
    if _INSIDE.search(candidate.before):
        return None
    planned = _MACAO_PLAN.fullmatch(digits_of(candidate.value)[-8:]) is not None
    announced = cues.PHONE.introduce(candidate, cues.OTHER_NUMBER)
    if candidate.value[0] in "+(0":
        return Verdict(0.95 if planned else 0.7, "country code 853")
    if not planned or not (announced or not candidate.value.isdecimal()):
        return None
    return Verdict(0.9 if announced else 0.6, "country code 853 without sign, in the numbering plan")


def _taiwan_phone(candidate: Candidate) -> Verdict | None:
    digits = digits_of(candidate.value)
    national = digits[digits.index("886") + 3 :].removeprefix("0")
    if _INSIDE.search(candidate.before) or not _TAIWAN_PLAN.fullmatch(national):
        return None
    if candidate.value[0] in "+(0":
        return Verdict(0.95, "country code 886, in the numbering plan")
    announced = cues.PHONE.introduce(candidate, cues.OTHER_NUMBER)
    return (
        Verdict(0.9 if announced else 0.6, "country code 886 without sign")
        if announced or "-" in candidate.value
        else None
    )


def _taiwan_national(candidate: Candidate) -> Verdict | None:
    before = candidate.before
    if candidate.after or MORE_DIGITS.search(before) or _INSIDE.search(before):
        return None
    digits = digits_of(candidate.value)
    announced = cues.PHONE.introduce(candidate, cues.OTHER_NUMBER)
    there = cues.TAIWAN.last(before) >= 0
    if digits[:2] != "09":
        return Verdict(0.8 if announced else 0.65, "area code of Taiwan, which is spoken of") if there else None
    if announced or there:
        return Verdict(0.9 if there else 0.8, "form of a Taiwan mobile number, announced")
    return Verdict(0.6 if "-" in candidate.value else 0.4, "form of a Taiwan mobile number")


def _taiwan_id(candidate: Candidate) -> Verdict | None:
    value = candidate.value.replace(" ", "")
    if not checksums.taiwan_id(value):
        return None
    resident = value[1] in "89" or value[1].isalpha()
    kind = "pii.tw_arc" if resident else None
    if cues.TAIWAN_ID.introduce(candidate, cues.OTHER_THINGS):
        return Verdict(0.9 if value[0].isupper() else 0.75, "check digit passes, announced", kind)
    if not value[0].isupper() or " " in candidate.value or (resident and value[1].isalpha()):
        return None
    return Verdict(0.45, "check digit passes, nothing announces it", kind)


PATTERNS: tuple[Pattern, ...] = (
    Pattern(
        "mo_phone",
        "pii.mo_phone",
        r"(?:\(\+? ?853\)|\+ ?853|\b(?:00)?853)[ -]{0,3}[2-9]\d{3}[ -]?\d{4}\b",
        _macao_phone,
    ),
    Pattern(
        "tw_phone_prefixed",
        "pii.tw_phone",
        r"(?:\(\+? ?886\)|\+ ?886|\b(?:00)?886)[ -]{0,3}(?:\(0\) ?|0)?"
        r"(?:9\d{2}[ -]?\d{3}[ -]?\d{3}|[2-8]\d?[ -]?\d{3,4}[ -]?\d{4})\b",
        _taiwan_phone,
    ),
    Pattern(
        "tw_phone",
        "pii.tw_phone",
        r"(\b09\d{2}[ -]?\d{3}[ -]?\d{3}|(?:\(0[2-8]\d?\) ?|\b0[2-8]\d?-)\d{3,4}[ -]?\d{4})\b(?:[.,-]\d+)?",
        _taiwan_national,
        group=1,
    ),
    Pattern(
        "tw_id",
        "pii.tw_id",
        r"\b[A-Za-z] ?[1289A-Da-d]\d{8}\b",
        _taiwan_id,
        also=("pii.tw_arc",),
    ),
)
