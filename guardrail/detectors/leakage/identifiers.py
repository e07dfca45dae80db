"""Personal identifiers of Hong Kong and Greater China, payment cards and e-mail addresses.

Rules:
1. An expression proposes a shape; the judge asks for the check digit, the numbering plan and the words before
   it.  Scores are calibrated so that 0.5 separates what a careful reader would call personal data from
   what merely looks like it.
2. A value must not be part of something longer.  What stands before it is seen by the judge; what follows is
   made part of the proposal (a decimal part, one more group of digits), so that the judge sees it too and
   turns the proposal down.
3. A check digit passes by chance once in ten or eleven times, so a bare number with a passing check digit is
   weak evidence without words around it, and brackets or grouping count as evidence of their own.

Sources: Hong Kong Immigration Department (identity card), OFCA numbering plan, MIIT mobile prefixes, GB 11643
(resident identity), ISO/IEC 7812 (cards), RFC 2606 and RFC 6761 (example domains).
"""

import re
from collections.abc import Sequence

from guardrail.detectors.leakage import checksums
from guardrail.detectors.leakage.context import labels
from guardrail.detectors.leakage.domains import top_level
from guardrail.detectors.patterns import Candidate, Pattern, Verdict
from guardrail.types import Unit

_PHONE_WORDS = labels(
    "tel", "tels", "tel no", "telephone", "telephones", "phone", "phones", "call", "calls", "calling", "called",
    "whatsapp", "mobile", "mobiles", "cell", "cellphone", "fax", "hotline", "hotlines", "contact", "contacts", "dial",
    "ring", "sms", "telno", "phoneno", "mobileno", "phonenumber", "signal", "wechat",
    "電話", "手機", "手提", "致電", "聯絡", "聯繫", "聯系", "打俾", "打畀", "打比", "熱線", "傳真", "電聯",
    "來電", "撥打", "电话", "手机", "联络", "联系", "热线", "传真", "来电", "拨打", "致电", "打给", "打給",
    "微信", "短訊", "短信",
)  # fmt: skip
_OTHER_NUMBERS = labels(
    "order", "orders", "invoice", "account", "acct", "a/c", "ref", "reference", "tracking", "ticket", "case", "serial",
    "patent", "isbn", "issn", "doi", "version", "id", "hkid", "passport", "licence", "license", "policy no", "batch",
    "population", "revenue", "price", "cost", "costs", "total", "amount", "bill", "fee", "profit", "salary",
    "訂單", "單號", "帳號", "帳戶", "戶口", "賬號", "賬戶", "編號", "序號", "發票", "身份證", "身分證", "護照",
    "人口", "收入", "金額", "總數", "費", "费", "價", "价", "專利", "专利",
    "订单", "单号", "账号", "账户", "编号", "序号", "发票", "身份证", "护照", "金额", "总数",
)  # fmt: skip
_HKID_WORDS = labels(
    "hkid", "hkids", "hkic", "hk id", "hkid no", "id card", "identity card", "identity", "identification", "id", "ids",
    "id no", "idno", "id number", "identity document", "tin", "licence", "license", "driving", "hkidno", "hkidnumber",
    "身份證", "身分證", "身份证", "身分证", "證件", "证件", "智能身份", "駕駛執照", "車牌執照", "稅務編號",
)  # fmt: skip
_RESIDENT_WORDS = labels(
    "id", "ids", "id no", "id card", "identity", "identification", "resident id", "resident identity", "prc id",
    "chinese id", "身份證", "身分證", "身份证", "身分证", "證件", "证件", "居民", "居住證", "居住证", "公民",
)  # fmt: skip
_CARD_WORDS = labels(
    "card", "cards", "card no", "cardno", "cardnumber", "card_number", "visa", "mastercard", "amex", "american express",
    "unionpay", "credit", "debit", "cc", "ccn", "pan", "jcb", "diners", "discover", "credit_card", "creditcard",
    "卡號", "卡号", "信用卡", "銀聯", "银联", "提款卡", "扣帳卡", "扣賬卡", "借记卡", "借記卡", "储蓄卡",
    "儲蓄卡", "銀行卡", "银行卡", "萬事達", "万事达", "維薩", "簽帳", "簽賬", "八達通卡",
)  # fmt: skip
_NOT_CARD_WORDS = labels(
    "isbn", "issn", "ean", "upc", "barcode", "gtin", "timestamp", "imei", "doi", "orcid", "tracking", "order", "iban",
    "hash", "sha", "seed", "uuid", "guid", "iccid", "訂單", "订单", "條碼", "条码", "單號", "单号",
)  # fmt: skip

_MONEY = re.compile(r"(?:[$€£¥]|\b(?:hkd|usd|rmb|cny|eur|gbp|mop|twd|ntd|jpy))\s*$", re.ASCII)
_MORE_DIGITS_BEFORE = re.compile(r"\d[.,_:]$|\b\d{1,3}/$|\d-$|\d{3,} $|[.]\d* $", re.ASCII)
_EQUATION = re.compile(r"[=*×^+/<>÷≈] ?$")
_COUNTRY_CODE_BEFORE = re.compile(r"(?:\+\d{1,3}|\b00\d{1,3}|\b8(?:52|53|6|86))\)?[ -]?$|\(0?\d{1,3}\)[ -]?$", re.ASCII)
_DATE = re.compile(r"(?:19|20)\d\d[ -]?(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_YEARS = re.compile(r"(?:19|20)\d\d[ -](?:19|20)\d\d")
# A number goes on behind its last digit: a decimal part, a thousands group, another group, a unit or a currency.
_GOES_ON = r"\b(?:\.\d+|,\d{3}\b|[-_:]\d+|[ ]\d{3,}| ?(?:[%元蚊圓圆萬万億亿人個个次年]|港元|港幣|dollars?\b))?"
# Block form of the OFCA plan (as carried by libphonenumber): fixed 2, 3, 58; mobile 4 to 9; personal 81 to 83.
_HK_PLAN = re.compile(
    r"(?:2(?:[13-9]\d|2[013-9])\d|3(?:(?:[1569][0-24-9]|4[0-246-9]|7[0-24-69])\d|8(?:4[0-8]|[579]\d|6[0-5]))"
    r"|58(?:0[1-9]|1[2-9]))\d{4}"
    r"|(?:4(?:4[0-35-9]|6[0-357-9]|7[0-35])|5(?:[1-59][0-46-9]|6[0-4689]|7[0-246-9])"
    r"|6(?:0[1-9]|[13-59]\d|[268][0-57-9]|7[0-79])|70[1-59]|84[0-39]|9(?:0[1-9]|1[02-9]|[2358][0-8]|[467]\d))\d{5}"
    r"|8(?:1[1-9]|[23]\d)\d{5}|80\d{7}"
)
_CN_PLAN = re.compile(r"1(?:[38]\d|4[57]|[59][0-35-9]|6[25-7]|7[0-35-8]|9\d)\d{8}|1(?:610|740[0-5]?)\d{7}")
# Province codes of GB/T 2260; 71, 81 and 82 also as the residence permits 810000, 820000 and 830000.
_PROVINCES = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]")
# Prefixes in use (Immigration Department; I, O and Q have not been seen).
_HKID_LETTERS = re.compile(r"[A-HJ-NPR-TVWYZ]|WX|X[A-EGH]|EC|UP")
_HKID_FORM = re.compile(r"([A-Za-z]{1,2})( ?)\d{3} ?\d{3}( ?[(\[] ?|[ -]|)[0-9Aa](?: ?[)\]])?")

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

_EXAMPLE_DOMAIN = re.compile(
    r"(?:.*\.)?(?:example\.[a-z.]+|[a-z0-9-]+\.(?:example|test|invalid|localhost)"
    r"|test\.com|domain\.com|email\.com|(?:your|my)-?(?:domain|company|site|website|email|name|org)\.[a-z]+)"
)
_EXAMPLE_LOCAL = re.compile(
    r"(?:your|my)(?:[._-]?[a-z]+)*|example|user(?:name)?\d?|e?mail|name|someone|xxx+|first(?:name)?[._-]?last(?:name)?"
)
_ROLE = re.compile(
    r"(?:customer|client|tech|user)?[._-]?(?:info|support|services?|helpdesk|help|care)|sales|contact|admin|office|hr|press"
    r"|media|enquir(?:y|ies)|inquir(?:y|ies)|hello|webmaster|postmaster|no-?reply|donotreply|jobs|careers|feedback|billing"
)
_URL_AUTHORITY = re.compile(r"://[^\s/?#]*$")
_FORGES = re.compile(r"(?:github|gitlab|bitbucket|gitee|codeberg|ssh\.dev\.azure|hf)\.\w+")


def _digits(value: str) -> str:
    return re.sub(r"\D", "", value)


def _hkid(candidate: Candidate) -> Verdict | None:
    form = _HKID_FORM.fullmatch(candidate.value)
    if form is None or not checksums.hkid(re.sub(r"[^0-9A-Za-z]", "", candidate.value)):
        return None
    letters, gap, opening = form.groups()
    bracketed = "(" in opening or "[" in opening
    announced = _HKID_WORDS.announce(candidate.before)
    known = _HKID_LETTERS.fullmatch(letters) is not None
    if bracketed:
        alone = 0.85 if known else 0.7 if letters.isupper() else 0.6
        return Verdict(0.95 if announced else alone, "check digit passes, in brackets" + ", announced" * announced)
    if announced:
        return Verdict(0.85 if letters.isupper() else 0.7, "check digit passes, announced")
    if gap or opening or not letters.isupper():
        return None
    return Verdict(0.4 if known else 0.25, "check digit passes, nothing announces it")


def _hk_phone_prefixed(candidate: Candidate) -> Verdict | None:
    digits = _digits(candidate.value)
    planned = _HK_PLAN.fullmatch(digits[-8:]) is not None
    if re.search(r"[\w.+]-?$", candidate.before, re.ASCII):
        return None
    if candidate.value.startswith(("+", "(", "00")):
        return Verdict(0.95 if planned else 0.75, "country code 852")
    if not planned and not _PHONE_WORDS.announce(candidate.before):
        return None
    announced = _PHONE_WORDS.announce(candidate.before, _OTHER_NUMBERS)
    grouped = not candidate.value.isdecimal()
    return Verdict(0.9 if announced else 0.7 if grouped else 0.55, "country code 852 without sign")


def _hk_phone(candidate: Candidate) -> Verdict | None:
    value, before = candidate.value, candidate.before
    digits = _digits(value)
    if not re.fullmatch(r"\d{4}[ -]?\d{4}", value) or _DATE.fullmatch(value) or _YEARS.fullmatch(value):
        return None
    if _MORE_DIGITS_BEFORE.search(before) or _COUNTRY_CODE_BEFORE.search(before) or _MONEY.search(before):
        return None
    planned = _HK_PLAN.fullmatch(digits) is not None
    if _PHONE_WORDS.announce(before, _OTHER_NUMBERS):
        unplanned = 0.4 if "-" in value or value.endswith("00") else 0.55  # a range or an amount
        return Verdict(0.85 if planned else unplanned, "announced" + ", in the numbering plan" * planned)
    if not planned or _EQUATION.search(before):
        return None
    return Verdict(0.4 if value != digits else 0.3, "fits the numbering plan, nothing announces it")


def _cn_phone(candidate: Candidate) -> Verdict | None:
    value, before = candidate.value, candidate.before
    number = _digits(value)
    national = number[-11:]
    if not re.fullmatch(r"[+(\d) -]+", value) or not _CN_PLAN.fullmatch(national):
        return None
    if len(number) not in (11, 13, 15) or number[:-11] not in ("", "86", "0086"):
        return None
    if _MORE_DIGITS_BEFORE.search(before) or _MONEY.search(before):
        return None
    prefixed = len(number) > 11
    if not prefixed and re.search(r"(?:\+|\b00)\d{1,3}\)?[ -]?$", before, re.ASCII):
        return None
    if _PHONE_WORDS.announce(before, _OTHER_NUMBERS):
        return Verdict(0.95, "in the numbering plan, announced")
    if prefixed:
        return Verdict(0.9 if value[0] in "+(0" else 0.6, "country code 86")
    if _EQUATION.search(before) or _OTHER_NUMBERS.announce(before):
        return Verdict(0.2, "fits the numbering plan, but reads as another number")
    return Verdict(0.8 if value != national else 0.6, "in the numbering plan")


def _resident_id(candidate: Candidate) -> Verdict | None:
    number = re.sub(r"[ -]", "", candidate.value)
    region = number[1:3] if number[0] == "9" else number[:2]
    dated = checksums.calendar_date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    if not _PROVINCES.fullmatch(region) or not dated or not checksums.resident_id(number):
        return None
    announced = _RESIDENT_WORDS.announce(candidate.before)
    return Verdict(0.98 if announced else 0.9, "check digit, birth date and region agree")


def _resident_id_15(candidate: Candidate) -> Verdict | None:
    number = candidate.value
    dated = checksums.calendar_date(1900 + int(number[6:8]), int(number[8:10]), int(number[10:12]))
    if not _PROVINCES.fullmatch(number[:2]) or not dated or not _RESIDENT_WORDS.announce(candidate.before):
        return None
    return Verdict(0.75, "old form of 15 digits, announced; birth date and region agree")


def _issuer(digits: str) -> str | None:
    """The card scheme whose prefix and length `digits` have."""
    return next((name for prefix, sizes, name in _ISSUERS if prefix.match(digits) and len(digits) in sizes), None)


def _payment_card(candidate: Candidate) -> Verdict | None:
    value, before = candidate.value, candidate.before
    digits = _digits(value)
    if not re.fullmatch(r"[\d .-]+", value) or re.search(r"^\d+\.\d+$", value):
        return None
    issuer = _issuer(digits)
    if issuer is None or len(set(digits)) < 2 or not checksums.luhn(digits):
        return None
    if re.search(r"\d[ .,_-]$|[a-z]\d\d $", before) or _NOT_CARD_WORDS.last(before) > _CARD_WORDS.last(before):
        return None
    if _CARD_WORDS.announce(before):
        return Verdict(0.95, f"{issuer} prefix, check digit passes, announced")
    if value != digits:
        return Verdict(0.9, f"{issuer} prefix, grouped, check digit passes")
    if _EQUATION.search(before) or re.search(r"(?:^|[^a-z])(?:id|_id)[\"']?\s?[:=]\s?[\"']?$", before):
        return Verdict(0.3, f"{issuer} prefix and check digit, but reads as another number")
    likely = len(digits) == 16 or issuer in ("American Express", "UnionPay")
    return Verdict(0.65 if likely else 0.35, f"{issuer} prefix, check digit passes")


def _email(candidate: Candidate) -> Verdict | None:
    local, _, domain = candidate.value.lower().rpartition("@")
    if ".." in local or local.endswith(".") or any(part[:1] == "-" or part[-1:] == "-" for part in domain.split(".")):
        return None
    if _URL_AUTHORITY.search(candidate.before):
        return None
    if _EXAMPLE_DOMAIN.fullmatch(domain):
        return Verdict(0.2, "a domain kept for examples")
    if local == "git" or (_FORGES.fullmatch(domain) and local in ("git", "hg", "svn", "ssh")):
        return Verdict(0.2, "a repository address")
    if _EXAMPLE_LOCAL.fullmatch(local):
        return Verdict(0.4, "reads as a placeholder")
    if _ROLE.fullmatch(local):
        return Verdict(0.45, "a mailbox of an office, not of a person")
    return Verdict(0.9, "an address with a known top-level domain")


_PATTERNS: tuple[Pattern, ...] = (
    Pattern(
        "hkid",
        "pii.hkid",
        r"\b[A-Za-z]{1,2} ?\d{3} ?\d{3}(?: ?[(\[] ?[0-9Aa] ?[)\]]|[ -]?[0-9Aa](?:[-@]\w+|\.\d+)?\b)",
        _hkid,
    ),
    Pattern(
        "hk_phone_prefixed",
        "pii.hk_phone",
        r"(?:\(\+? ?852\)|\+ ?852|\b(?:00)?852)[ -]{0,3}"
        r"(?:[2-9]\d{3}[ -]?\d{4}|[4-9]\d{2}[ -]\d{2}[ -]\d{3}|[2-9]\d[ -]\d{3}[ -]\d{3})\b",
        _hk_phone_prefixed,
        reach=24,
    ),
    Pattern("hk_phone", "pii.hk_phone", r"\b[2-9]\d{3}[ -]?\d{4}" + _GOES_ON, _hk_phone),
    Pattern(
        "cn_phone",
        "pii.cn_phone",
        r"(?:\(\+?86\)[ -]?|\+ ?86[ -]?|\b(?:0086|86)[ -]?|\b)1[3-9]\d[ -]?\d{4}[ -]?\d{4}\b(?:[.,-]\d+|[ ]\d{4,})?",
        _cn_phone,
    ),
    Pattern(
        "cn_resident_id",
        "pii.cn_resident_id",
        r"\b[1-9]\d{5}[ -]?(?:18|19|20)\d{2}[ -]?(?:0[1-9]|1[0-2])[ -]?(?:0[1-9]|[12]\d|3[01])[ -]?\d{3}[\dXx]\b",
        _resident_id,
        reach=22,
    ),
    Pattern(
        "cn_resident_id_15",
        "pii.cn_resident_id",
        r"\b[1-8]\d{7}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}\b",
        _resident_id_15,
        reach=15,
    ),
    Pattern("card_16", "pii.payment_card", r"\b[2-68]\d{3}(?:[ .-]\d{4}){3}\b", _payment_card, reach=19),
    Pattern(
        "card_19",
        "pii.payment_card",
        r"\b[4-68]\d{3}(?:[ -]\d{4}){3}[ -]\d{1,3}\b|\b62\d{4}[ -]\d{13}\b",
        _payment_card,
        reach=23,
    ),
    Pattern("card_15", "pii.payment_card", r"\b3\d{3}[ -]\d{6}[ -]\d{4,5}\b", _payment_card, reach=17),
    Pattern("card", "pii.payment_card", r"\b[1-68]\d{11,18}\b(?:\.\d+)?", _payment_card),
    Pattern(
        "email",
        "pii.email",
        r"\b[A-Za-z0-9_][A-Za-z0-9._%+'-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.)+(?:"
        + top_level()
        + r"|xn--[A-Za-z0-9-]{2,24})\b",
        _email,
    ),
)


class Identifiers:
    """The SPAN detector of this module; see `Pattern` for what each expression proposes."""

    name = "leakage.identifiers"
    kinds: tuple[str, ...] = tuple(dict.fromkeys(pattern.kind for pattern in _PATTERNS))
    unit = Unit.SPAN
    heavy = False

    @property
    def patterns(self) -> Sequence[Pattern]:
        """Six kinds of value; no loading needed."""
        return _PATTERNS

    def load(self) -> None:
        """Nothing to load."""
