"""Published test values of validators: every valid one is found in a sentence with its cue word, and no invalid one is.

Rules:
1. A value is bare; a person says what it is.  So each is judged in two sentences, English and Cantonese, with the cue
   word of its kind (`OWED`), by the real scanner with every kind that `OWED` names switched on.
2. A valid value is found where findings of an owed kind (or its placeholder), from the baseline's threshold on, cover
   all of its letters and digits, in both sentences.  An invalid one alarms where an owed kind overlaps it in either.
3. What is not owed is listed with its reason: whole kinds that stand for no person or that nothing detects
   (`NOT_DETECTED`), and single values where the validator's rule and ours differ (`EXCEPTIONS`).  Nothing else is left
   out.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from guardrail.errors import SettingsError
from guardrail.evaluation import datasets, judging
from guardrail.evaluation.datasets import Item
from guardrail.evaluation.intervals import share
from guardrail.evaluation.matching import Span, covered, overlap
from guardrail.evaluation.report import Cell, Listing, Section, Table, Track, grouped, untracked
from guardrail.scanner import Scanner

SET = "pii/format_vectors"
TITLE = "published valid and invalid values of identifiers, in a sentence with their cue word"
FRAMES = ("Her {en} is {value}, thank you.", "佢嘅{zh}係{value}，唔該。")
Key = tuple[str, str | None]
"""A validator and its locale, as the set labels them."""


@dataclass(frozen=True, slots=True)
class Owed:
    """The kinds of finding that are owed for a validator's values, and the words that announce them."""

    kinds: tuple[str, ...]
    en: str
    zh: str


def _owed(kinds: str, en: str, zh: str) -> Owed:
    return Owed(tuple(f"pii.{kind}" if "." not in kind else kind for kind in kinds.split()), en, zh)


_FOREIGN_PHONE = _owed("phone hk_phone mo_phone tw_phone cn_phone placeholder.phone", "phone number", "電話")
_PASSPORT = "passport number"
OWED: dict[Key, Owed] = {
    ("isBIC", None): _owed("bic", "SWIFT code", "銀行代碼"),
    ("isBtcAddress", None): _owed("crypto_address", "Bitcoin wallet", "比特幣錢包"),
    ("isCreditCard", None): _owed("payment_card placeholder.payment_card", "card number", "信用卡號"),
    ("isEmail", None): _owed("email placeholder.email", "email", "電郵"),
    ("isEthereumAddress", None): _owed("crypto_address", "Ethereum wallet", "以太坊錢包"),
    ("isIBAN", None): _owed("iban placeholder.iban", "IBAN", "銀行賬號"),
    ("isIdentityCard", "ES"): _owed("es_nie es_nif", "NIE", "西班牙身份證"),
    ("isIdentityCard", "FI"): _owed("fi_personal_identity_code", "henkilötunnus", "芬蘭身份證"),
    ("isIdentityCard", "IN"): _owed("in_aadhaar", "Aadhaar number", "印度身份證"),
    ("isIdentityCard", "IT"): _owed("it_identity_card", "carta di identità elettronica", "意大利身份證"),
    ("isIdentityCard", "PL"): _owed("pl_pesel", "PESEL", "波蘭身份證"),
    ("isIdentityCard", "TH"): _owed("th_tnin", "thai national id", "泰國身份證"),
    ("isIdentityCard", "zh-CN"): _owed("cn_resident_id cn_residence_permit", "resident ID", "身份证号码"),
    ("isIdentityCard", "zh-HK"): _owed("hkid", "HKID", "身份證號碼"),
    ("isIdentityCard", "zh-TW"): _owed("tw_id tw_arc", "Taiwan ID", "台灣身分證"),
    ("isJWT", None): _owed("secret.jwt", "token", "權杖"),
    ("isMACAddress", None): _owed("mac_address placeholder.mac_address", "MAC address", "網卡地址"),
    ("isMobilePhone", "en-HK"): _owed("hk_phone", "phone number", "電話"),
    ("isMobilePhone", "en-MO"): _owed("mo_phone", "Macau phone number", "澳門電話"),
    ("isMobilePhone", "zh-CN"): _owed("cn_phone", "phone number", "手机"),
    ("isMobilePhone", "zh-TW"): _owed("tw_phone", "Taiwan phone number", "台灣電話"),
    **{
        ("isMobilePhone", locale): _FOREIGN_PHONE
        for locale in (
            "de-DE", "en-AU", "en-CA", "en-GB", "en-PH", "en-SG", "en-US", "fr-CA", "fr-FR", "ja-JP", "ko-KR", "ms-MY",
            "th-TH", None,
        )
    },
    ("isPassportNumber", "CN"): _owed("cn_passport", _PASSPORT, "护照"),
    ("isPassportNumber", "DE"): _owed("de_passport", "reisepass", "德國護照"),
    ("isPassportNumber", "GB"): _owed("uk_passport", "british passport", "英國護照"),
    ("isPassportNumber", "IN"): _owed("in_passport", "indian passport", "印度護照"),
    ("isPassportNumber", "KR"): _owed("kr_passport", "Korea passport", "韓國護照"),
    ("isPassportNumber", "PH"): _owed("ph_passport", "philippine passport", "菲律賓護照"),
    ("isPassportNumber", "US"): _owed("us_passport", "US passport", "美國護照"),
    ("isTaxID", "de-DE"): _owed("de_tax_id de_tax_number", "steuernummer", "德國稅號"),
    ("isTaxID", "en-CA"): _owed("ca_sin", "social insurance number", "加拿大社會保險號"),
    ("isTaxID", "en-GB"): _owed("uk_nino", "national insurance number", "英國國民保險號"),
    ("isTaxID", "en-IN"): _owed("in_pan", "permanent account number", "印度稅號"),
    ("isTaxID", "en-US"): _owed("us_provider_tax_id us_itin us_ssn", "EIN", "美國稅號"),
    ("isTaxID", None): _owed("us_provider_tax_id us_itin us_ssn", "EIN", "美國稅號"),
    ("isVAT", "AU"): _owed("au_abn", "Australian business number", "澳洲商業編號"),
    ("isLicensePlate", "de-DE"): _owed("de_kfz", "kennzeichen", "德國車牌"),
    ("isLicensePlate", "en-IN"): _owed("in_vehicle_registration", "vehicle registration", "印度車牌"),
}  # fmt: skip
"""What is owed for each validator that something detects."""

_NO_PERSON = "names a thing or a place and no person"
_NO_RECOGNISER = "neither we nor Presidio have a recogniser for it"
NOT_DETECTED: dict[Key, str] = {
    **{(kind, None): _NO_PERSON for kind in ("isIMEI", "isISIN", "isLatLong", "isUUID")},
    ("isUUID", "all"): _NO_PERSON,
    ("isUUID", "invalid"): _NO_PERSON,
    ("isLuhnNumber", None): "a check digit alone, of no kind of identifier",
    ("isIdentityCard", None): "a word that no validator of any country takes; it has no cue word",
    **{
        ("isPostalCode", locale): "a post code alone names a district; addresses are found as a whole"
        for locale in ("AU", "CA", "CN", "FR", "GB", "IN", "JP", "KR", "MY", "SG", "TH", "TW", None)
    },
    **{("isIdentityCard", locale): _NO_RECOGNISER for locale in ("IR", "LK", "NO", "PK", "ar-LY", "ar-TN", "he-IL")},
    **{("isPassportNumber", locale): _NO_RECOGNISER for locale in ("AU", "CA", "FR", "JP", "MY", "TH")},
    **{
        ("isVAT", locale): "a number of a business; " + _NO_RECOGNISER
        for locale in ("CA", "DE", "FR", "GB", "IN", "PH")
    },
    **{("isLicensePlate", locale): _NO_RECOGNISER for locale in ("any", "en-SG")},
    ("isTaxID", "fr-FR"): _NO_RECOGNISER,
}
"""Whole validators that are left out, each with its reason."""

_INSIDE = "no country code: how a number is dialled inside another country is not detected"
_STRICTER = "Presidio's recogniser takes no such form or check digit"
_LOOSER = "Presidio's recogniser takes it; its rule is less strict than the validator's"
_NO_PLAN = "no such number in libphonenumber's plan; the validator knows the length only"
_ELSEWHERE = "a valid number of another kind or country, which a reader cannot tell from the words"
_INSIDE_IT = "a valid value stands inside it, and a reader sees that"
_FORGIVEN = "libphonenumber, as people do, forgives the 0 behind the country code"
_NO_CHECKSUM = "the checksum of the address fails; the validator looks at the form only"
_NO_IDN = "a domain in characters of its own is found in its xn-- form only"
_NO_PREFIX = "no mobile prefix of the numbering plan begins with 92"
EXCEPTIONS: dict[tuple[str, str | None, str], str] = {
    **{
        ("isLicensePlate", "de-DE", value): _STRICTER
        for value in ("LRO-AB-123-H", "LRO-AB-123-E", "LRO-AB-123 E", "FS AB 1234 E", "FSAB1234 E", "FSAB1234")
    },
    **{("isLicensePlate", "en-IN", value): _STRICTER for value in ("GJ 04-AD 5822", "KA-41CE-5289")},
    **{("isPassportNumber", "PH", value): _STRICTER for value in ("XY123456", "X123456")},
    **{("isVAT", "AU", value): _STRICTER for value in ("AU34118972998", "AU53004085616")},
    **{("isIdentityCard", "PL", value): _STRICTER for value in ("77334586883", "06566860643")},
    ("isPassportNumber", "GB", "925076473"): _STRICTER,
    ("isPassportNumber", "DE", "C01X00T47"): _STRICTER,
    ("isPassportNumber", "IN", "X0019390"): _STRICTER,
    ("isTaxID", "de-DE", "659/299/7048/9"): _STRICTER,
    ("isTaxID", "en-CA", "046454286"): _STRICTER,
    ("isTaxID", "en-GB", "1234567890"): _STRICTER,
    ("isTaxID", "en-US", "01 1234567"): _STRICTER,
    ("isIdentityCard", "ES", "01234567l"): _STRICTER,
    ("isIdentityCard", "ES", "1234567L"): _LOOSER,
    ("isLicensePlate", "de-DE", "LRO-AB-1234"): _LOOSER,
    ("isTaxID", "en-IN", "DDDDD1111D"): _LOOSER,
    ("isTaxID", "en-IN", "AAAAA0000A"): _LOOSER,
    ("isMobilePhone", "en-PH", "+639003002023"): _NO_PLAN,
    ("isMobilePhone", None, "+299 12 34 56"): _NO_PLAN,
    ("isMobilePhone", "zh-CN", "+8692138389438"): _NO_PREFIX,
    ("isMobilePhone", "zh-CN", "008692138389438"): _NO_PREFIX,
    ("isMobilePhone", "zh-CN", "+86-13838389438"): "people write the number so; the validator takes no hyphen",
    ("isMobilePhone", "ko-KR", "+820 11 7766 1234"): _FORGIVEN,
    ("isMobilePhone", "ja-JP", "+81 090 1234 5678"): _FORGIVEN,
    ("isMobilePhone", "ja-JP", "+8109012345678"): _FORGIVEN,
    ("isMobilePhone", "ja-JP", "+816-1234-5678"): _ELSEWHERE,
    ("isMobilePhone", "en-PH", "010-38238383"): _ELSEWHERE,
    ("isMobilePhone", "en-GB", "67699567"): _ELSEWHERE,
    ("isMobilePhone", "de-DE", "16212345678"): _ELSEWHERE,
    ("isMobilePhone", "fr-FR", "0912457898"): _ELSEWHERE,
    ("isEthereumAddress", None, "1C6o5CDkLxjsVpnLSuqRs1UBFozXLEwYvU"): _ELSEWHERE,
    ("isBtcAddress", None, "0x56F0B8A998425c53c75C4A303D4eF987533c5597"): _ELSEWHERE,
    ("isBtcAddress", None, "14qViLJfdGaP4EeHnDyJbEGQysnCpwk3gd"): _NO_CHECKSUM,
    ("isBtcAddress", None, "17VZNX1SN5NtKa8UQFxwQbFeFc3iqRYhemt"): _NO_CHECKSUM,
    ("isEmail", None, "somename@\uff47\uff4d\uff41\uff49\uff4c.com"): "full-width letters are read as what they show",
    ("isIBAN", None, "FR7630006000011234567890189@"): _INSIDE_IT,
}
"""Single values by validator, locale and text, each with its reason."""


@dataclass(frozen=True, slots=True)
class Row:
    """One value of the set; `exception` is the reason where nothing is owed for it."""

    id: str
    key: Key
    value: str
    valid: bool
    exception: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A value with what was seen: whether all of it was found in every sentence, and the owed kinds that touched it."""

    row: Row
    found: bool
    touched: tuple[str, ...]

    @property
    def right(self) -> bool:
        """A valid value was found, or an invalid one was not touched."""
        return self.found if self.row.valid else not self.touched


def rows(data: Path = datasets.DEFAULT, limit: int | None = None, seed: int = 1) -> list[Row]:
    """The values of the set under `data`; empty where it is not there.  Raises SettingsError for one that cannot be
    read and for a validator that neither `OWED` nor `NOT_DETECTED` names."""
    path = datasets.find(data, SET)
    return [] if path is None else [_row(item) for item in datasets.read(path, limit, seed)]


def _row(item: Item) -> Row:
    key = (str(item.labels["kind"]), item.labels.get("locale"))
    reason = NOT_DETECTED.get(key) or EXCEPTIONS.get((*key, item.text)) or _mail_reason(key, item)
    if not reason and key not in OWED:
        raise SettingsError(
            f"{item.id}: {key[0]} {key[1]} is in no table of format_vectors; say what is owed for it or why nothing is"
        )
    valid = bool(item.labels["valid"])
    if not reason and valid and OWED[key] is _FOREIGN_PHONE and not item.text.startswith("+"):
        reason = _INSIDE
    return Row(item.id, key, item.text, valid, reason)


def _mail_reason(key: Key, item: Item) -> str:
    """Why nothing is owed for some e-mail addresses: what is wrong with one as a whole ends another inside it."""
    if key[0] != "isEmail":
        return ""
    if item.labels["valid"]:
        return _NO_IDN if re.search(r"@.*[^\x00-\x7f]", item.text) else ""
    return _INSIDE_IT if re.search(r"[^\x21-\x7e]|\.\.|^\"", item.text) else ""


def scanner() -> Scanner:
    """A scanner for every kind that is owed, those of other countries included.  Raises CheckError, PolicyError."""
    offered = set(judging.offered())
    named = {kind for owed in OWED.values() for kind in owed.kinds}
    return judging.only(sorted(named & offered))


def judge(row: Row, with_scanner: Scanner) -> Outcome:
    """What the scanner finds of a value in the sentences of its kind; the row must be owed."""
    owed = OWED[row.key]
    found = True
    touched: set[str] = set()
    for frame in FRAMES:
        text = frame.format(en=owed.en, zh=owed.zh, value=row.value)
        start = text.index(row.value)
        value = Span("", start, start + len(row.value))
        spans = judging.spans(judging.findings(with_scanner, [Item(row.id, text)])[0], lambda kind: _counts(kind, owed))
        spans = [span for span in spans if overlap(span, value)]
        touched.update(span.kind for span in spans)
        found = found and covered(text, value, spans) == 1.0
    return Outcome(row, found, tuple(sorted(touched)))


def _counts(kind: str, owed: Owed) -> bool:
    return kind in owed.kinds


def evaluate(data: Path, *, seed: int = 1, limit: int | None = None, track: Track = untracked) -> Section:
    """Judge every value of the set."""
    every = rows(data, limit, seed)
    if not every:
        return Section("format_vectors", TITLE, missing=f"no set {SET} in {data}; give its place with --data")
    owed = [row for row in every if not row.exception]
    with_scanner = scanner()
    try:
        outcomes = [judge(row, with_scanner) for row in track("format vectors", owed)]
    finally:
        with_scanner.close()
    return _section(outcomes, [row for row in every if row.exception])


def _section(outcomes: Sequence[Outcome], left_out: Sequence[Row]) -> Section:
    valid = [outcome for outcome in outcomes if outcome.row.valid]
    invalid = [outcome for outcome in outcomes if not outcome.row.valid]
    table: list[tuple[Cell, ...]] = []
    for name, part in grouped(outcomes, lambda one: " ".join(filter(None, one.row.key))).items():
        good, bad = [o for o in part if o.row.valid], [o for o in part if not o.row.valid]
        table.append(
            (name, len(good), share(sum(o.found for o in good), len(good)), len(bad), sum(bool(o.touched) for o in bad))
        )
    reasons = grouped(left_out, lambda row: row.exception)
    return Section(
        "format_vectors",
        TITLE,
        (
            Table("By validator", ("validator", "valid", "found", "invalid", "alarms"), tuple(table)),
            Table(
                "Left out, with the reason",
                ("reason", "values", "validators"),
                tuple(
                    (reason, len(part), ", ".join(sorted({" ".join(filter(None, row.key)) for row in part})))
                    for reason, part in reasons.items()
                ),
            ),
        ),
        {
            "valid": share(sum(o.found for o in valid), len(valid)),
            "invalid": share(sum(bool(o.touched) for o in invalid), len(invalid)),
        },
        (
            Listing("Valid, not found", tuple(f"{o.row.id}: {o.row.value!r}" for o in valid if not o.found)),
            Listing(
                "Invalid, found all the same",
                tuple(f"{o.row.id}: {o.row.value!r} ({', '.join(o.touched)})" for o in invalid if o.touched),
            ),
        ),
    )
