"""Identifiers without a country: payment cards, e-mail, bank identifier codes, wallets; numbers kept for fiction.

Sources: ISO/IEC 7812 (cards) and the networks' own prefixes, RFC 5322 in the form that is used, ISO 9362 (BIC), EIP-55,
BIP 173, BIP 350 (wallets).
"""

import re

from guardrail.detectors.leakage import checksums, cues, ledgers, placeholders
from guardrail.detectors.leakage.domains import COUNTRIES, top_level
from guardrail.detectors.leakage.hong_kong import EQUATION, digits_of
from guardrail.detectors.patterns import Candidate, Pattern, Verdict

_ISSUERS: tuple[tuple[re.Pattern[str], frozenset[int], str], ...] = (
    (re.compile(r"4"), frozenset({13, 16, 19}), "Visa"),
    (re.compile(r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), frozenset({16}), "Mastercard"),
    (re.compile(r"3[47]"), frozenset({15}), "American Express"),
    (re.compile(r"62|81"), frozenset({16, 17, 18, 19}), "UnionPay"),
    (re.compile(r"35(?:2[89]|[3-8])"), frozenset({16, 17, 18, 19}), "JCB"),
    (re.compile(r"2131|1800"), frozenset({15}), "JCB"),
    (re.compile(r"30[0-5]|3095|3[689]"), frozenset({14, 16}), "Diners Club"),
    (re.compile(r"6011|64[4-9]|65"), frozenset({16, 19}), "Discover"),
    (re.compile(r"220[0-4]"), frozenset({16, 17, 18, 19}), "Mir"),
    (re.compile(r"50(?:18|20|38)|5893|6304|6759|676[1-3]"), frozenset({12, 13, 15, 16, 18, 19}), "Maestro"),
)

_ROLE = re.compile(
    r"(?:customer|client|tech|user)?[._-]?(?:info|support|services?|helpdesk|help|care)|sales|contact|admin|office|hr|press"
    r"|media|kundenservice|kundenbetreuung|kontakt|contacto|enquir(?:y|ies)|inquir(?:y|ies)|hello|webmaster|postmaster|no-?reply|donotreply|jobs|careers|feedback|billing"
)
_URL_AUTHORITY = re.compile(r"://[^\s/?#]*\Z")
_FORGES = re.compile(r"(?:github|gitlab|bitbucket|gitee|codeberg|ssh\.dev\.azure|hf)\.\w+")
_COUNTRIES = COUNTRIES | {"xk"}  # Kosovo, which banks use without ISO
_BASE58 = "[1-9A-HJ-NP-Za-km-z]"
_BECH32 = "[02-9ac-hj-np-z]"


def issuer(digits: str) -> str | None:
    """The card scheme whose prefix and length `digits` have."""
    return next((name for prefix, sizes, name in _ISSUERS if prefix.match(digits) and len(digits) in sizes), None)


def _payment_card(candidate: Candidate) -> Verdict | None:
    value, before = candidate.value, candidate.before
    digits = digits_of(value)
    if not re.fullmatch(r"[\d .-]+", value) or re.search(r"^\d+\.\d+\Z", value):
        return None
    scheme = issuer(digits)
    if scheme is None or len(set(digits)) < 2 or not checksums.luhn(digits):
        return None
    if re.search(r"\d[ .,_-]\Z|[a-z]\d\d \Z", before):
        return None
    if len(digits) == 18 and checksums.resident_id(digits):  # a residence permit, region 810000
        return None
    if placeholders.payment_card(digits):
        return Verdict(placeholders.SCORE, "a test number that payment providers publish", "placeholder.payment_card")
    if cues.NOT_CARD.last(before) > cues.CARD.last(before):
        return None
    announced = cues.CARD.introduce(candidate)
    if candidate.after and scheme == "UnionPay" and not announced:  # 16 of 19 digits, whose own check failed
        return None
    if announced:
        return Verdict(0.95, f"{scheme} prefix, check digit passes, announced")
    if value != digits:
        return Verdict(0.9, f"{scheme} prefix, grouped, check digit passes")
    if EQUATION.search(before) or re.search(r"(?:^|[^a-z])(?:id|_id)[\"']?\s?[:=]\s?[\"']?\Z", before):
        return Verdict(0.3, f"{scheme} prefix and check digit, but reads as another number")
    likely = len(digits) == 16 or scheme in ("American Express", "UnionPay")
    return Verdict(0.65 if likely else 0.35, f"{scheme} prefix, check digit passes")


def _email(candidate: Candidate) -> Verdict | None:
    local, _, domain = candidate.value.lower().rpartition("@")
    if ".." in local or local.endswith(".") or any(part[:1] == "-" or part[-1:] == "-" for part in domain.split(".")):
        return None
    if _URL_AUTHORITY.search(candidate.before):
        return None
    if local == "git" or (_FORGES.fullmatch(domain) and local in ("git", "hg", "svn", "ssh")):
        return Verdict(0.2, "a repository address")
    if likely := placeholders.email(local, domain):
        return Verdict(likely, "a domain or a mailbox kept for examples", "placeholder.email")
    if _ROLE.fullmatch(local):
        return Verdict(0.45, "a mailbox of an office, not of a person")
    return Verdict(0.9, "an address with a known top-level domain")


def _bic(candidate: Candidate) -> Verdict | None:
    if candidate.value[4:6].lower() not in _COUNTRIES or not cues.BIC.introduce(candidate, cues.OTHER_THINGS):
        return None
    return Verdict(0.85, "announced, with the code of a country")


def _wallet(candidate: Candidate) -> Verdict | None:
    value = candidate.value
    if value[:2] in ("0x", "0X"):
        if not ledgers.ethereum(value) or len(set(value[2:].lower())) < 5:
            return None
        network: str | None = "Ethereum"
        certain = not (value[2:].islower() or value[2:].isupper())
    else:
        network = ledgers.bech32(value) if re.match("[a-zA-Z]+1", value) and "1" in value[2:7] else None
        network = network or ledgers.base58(value)
        certain = True
    if network is None:
        return None
    announced = cues.WALLET.introduce(candidate)
    return Verdict(
        0.9 if announced else 0.8 if certain else 0.7, f"form of a {network} address" + ", checksum" * certain
    )


def _fiction(candidate: Candidate) -> Verdict | None:
    value = candidate.value
    digits = digits_of(value)
    if re.search(r"[\d)+][ .-]?\Z", candidate.before):
        return None
    local = digits[:3] == "555"
    if not local and not (placeholders.national_phone(digits, "44") or placeholders.national_phone(digits, "61")):
        return None
    return Verdict(placeholders.SCORE, "a number kept for fiction")


_TEST_CARD = ("placeholder.payment_card",)

PATTERNS: tuple[Pattern, ...] = (
    Pattern(
        "card_16",
        "pii.payment_card",
        r"\b([2-68]\d{3}(?:[ .-]\d{4}){3})\b(?:[ -]\d{1,3}\b)?",
        _payment_card,
        group=1,
        also=_TEST_CARD,
    ),
    Pattern(
        "card_19",
        "pii.payment_card",
        r"\b[4-68]\d{3}(?:[ -]\d{4}){3}[ -]\d{1,3}\b|\b62\d{4}[ -]\d{13}\b",
        _payment_card,
        also=_TEST_CARD,
    ),
    Pattern("card_15", "pii.payment_card", r"\b3\d{3}[ -]\d{6}[ -]\d{4,5}\b", _payment_card, also=_TEST_CARD),
    Pattern("card", "pii.payment_card", r"\b[1-68]\d{11,18}\b(?:\.\d+)?", _payment_card, also=_TEST_CARD),
    Pattern(
        "email",
        "pii.email",
        r"\b[A-Za-z0-9_][A-Za-z0-9._%+'-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.)+(?:"
        + top_level()
        + r"|xn--[A-Za-z0-9-]{2,24})\b",
        _email,
        also=("placeholder.email",),
    ),
    Pattern("bic", "pii.bic", r"\b[A-Z]{6}[0-9A-Z]{2}(?:[0-9A-Z]{3})?\b", _bic),
    Pattern(
        "wallet",
        "pii.crypto_address",
        rf"\b(?:0[xX][0-9A-Fa-f]{{40}}|[LMDTXmn2r]{_BASE58}{{25,34}}|(?:tb|ltc|bcrt|addr|cosmos|osmo)1{_BECH32}{{8,100}})\b",
        _wallet,
    ),
    Pattern(
        "phone_fiction",
        "placeholder.phone",
        r"\b555[-. ]01\d{2}\b"
        r"|\b0(?:7700|1632|20 ?7946|1\d1 ?496|491 ?57\d|3069|808 ?157|909 ?879)[ -]?\d{3}(?:[ -]?\d{1,4})?\b",
        _fiction,
    ),
)
