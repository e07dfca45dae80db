"""Identifiers that Presidio knows, found by our screen and judged by Presidio's own recognisers.

Rules:
1. Presidio runs without a language model: its recognisers are built one by one and asked about a single
   proposed value between two blanks.  Its word boundaries miss values glued to Chinese text; ours do not, and
   it never reads the whole answer, which costs milliseconds per kilobyte.
2. A value counts only where Presidio's span is exactly the proposed one.
3. Presidio's scores depend on context words that it takes from a language model.  Ours are set here, from the
   words before the value in English and Chinese, so that 0.5 is a sensible threshold.
4. Presidio swallows its regex timeouts and logs what it was reading.  Here a timeout, or any other
   exception, is a `CheckError`: a check that did not finish did not pass; and nothing is logged.

5. The recognisers of single countries (`national.py`) are off unless a rule names their kind in full: of a US driving
   licence any short word with digits is one (`C7`, `H1`: 181 false findings in 2,000 harmless answers).

Left out: dates and URLs (no personal datum by themselves), the e-mail recogniser (it fetches the public-suffix list),
cards (see `international.py`, which also reads them in Chinese text).  Telephone numbers of Hong Kong, the Mainland,
Macao and Taiwan have kinds of their own in `identifiers.py`.
"""

import importlib
import ipaddress
import logging
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from guardrail.detectors.leakage import checksums, placeholders
from guardrail.detectors.leakage.context import Labels, either_case, labels
from guardrail.detectors.leakage.national import COUNTRY_WORDS, TABLE, National
from guardrail.detectors.patterns import Candidate, Judge, Pattern, Verdict
from guardrail.errors import CheckError
from guardrail.types import Unit

_TIMEOUT = 1  # seconds per expression; Presidio's own default is 60
_FRAMEWORKS = ("torch", "transformers", "tensorflow", "mxnet", "cupy", "stanza", "gliner", "flair")
_PACKAGE = "presidio_analyzer.predefined_recognizers"

# Lengths of the ISO 13616 registry, by country.
_IBAN_LENGTHS = {
    15: "NO", 16: "BE", 18: "DK FI FK FO GL NL SD", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK", 21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL", 24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "AO CV GW LY MZ PT ST", 26: "DZ IR IS TR", 27: "BI CF CG CM DJ FR GA GQ GR IT KM MC MG MR SM TD",
    28: "AL AZ BF BJ BY CI CY DO GT HN HU LB MA ML NE NI PL SN SV TG", 29: "BR EG PS QA UA", 30: "JO KW MU",
    31: "MT SC", 32: "LC", 33: "RU",
}  # fmt: skip
# Countries of the registry (and of national IBAN-like schemes) that Presidio has no format for.
_IBAN_BEYOND = re.compile(
    "AO|BF|BI|BJ|CF|CG|CI|CM|CV|DJ|DZ|FK|GA|GQ|GW|HN|IR|KM|MA|MG|ML|MN|MZ|NE|NI|OM|RU|SD|SN|SO|ST|SV|TD|TG"
)

_SETS = {"n": "[0-9]", "a": "[A-Z]", "c": "[0-9A-Z]"}
# Structure of the account number behind the check digits, in the registry's notation: n digits, a letters, c either.
_BBAN_FORMS = (
    "AD 8n12c AE 19n AL 8n16c AT 16n AZ 4a20c BA 16n BE 12n BG 4a6n8c BH 4a14c BR 23n1a1c BY 4c4n16c CH 5n12c CR 18n "
    "CY 8n16c CZ 20n DE 18n DK 14n DO 4c20n EE 16n EG 25n ES 20n FI 14n FO 14n FR 10n11c2n GB 4a14n GE 2a16n GI 4a15c "
    "GL 14n GR 7n16c GT 24c HR 17n HU 24n IE 4a14n IL 19n IQ 4a15n IS 22n IT 1a10n12c JO 4a4n18c KW 4a22c KZ 3n13c "
    "LB 4n20c LC 4a24c LI 5n12c LT 16n LU 3n13c LV 4a13c MC 10n11c2n MD 20c ME 18n MK 3n10c2n MR 23n MT 4a5n18c "
    "MU 4a19n3a NL 4a10n NO 11n PK 4a16c PL 24n PS 4a21c PT 21n QA 4a21c RO 4a16c RS 18n SA 2n18c SC 4a20n3a SE 20n "
    "SI 15n SK 20n SM 1a10n12c ST 21n SV 4a20n TL 19n TN 20n TR 6n16c UA 6n19c VA 18n VG 4a16n XK 16n"
)
_BBAN = {
    country: re.compile(re.sub(r"(\d+)([nac])", lambda part: f"{_SETS[part[2]]}{{{part[1]}}}", form))
    for country, form in zip(_BBAN_FORMS.split()[::2], _BBAN_FORMS.split()[1::2], strict=True)
}

_IBAN_WORDS = labels(
    "iban", "account", "acct", "bank", "transfer", "帳號", "賬號", "帳戶", "賬戶", "戶口", "銀行", "匯款",
    "账号", "账户", "银行", "汇款",
)  # fmt: skip
_CRYPTO_WORDS = labels("wallet", "btc", "bitcoin", "crypto", "address", "錢包", "钱包", "比特幣", "比特币", "地址")
_IP_WORDS = labels(
    "ip", "ips", "ipv4", "ipv6", "ip address", "server", "host", "login", "logged in", "client", "address", "gateway",
    "remote_addr", "x-forwarded-for", "位址", "地址", "伺服器", "服务器", "登入", "登录", "主機", "主机",
    "網關", "网关",
)  # fmt: skip
_VERSION_WORD = re.compile(
    r"(?:(?<![a-z])(?:version|versions|ver|v|release|firmware|build|oid|section|sec|chapter|clause|rfc|driver|chrome|edg|§)"
    r"[\s:.=/\"'-]*"
    r"|(?:版本|版|韌體|固件|第|條|章|節|节)[號号]?[\s:是係为為]*)v?\Z"
)
_MAC_WORDS = labels(
    "mac", "mac address", "hardware", "physical address", "ethernet", "wifi", "wi-fi", "bssid", "device", "網卡",
    "网卡", "實體位址", "物理地址", "裝置", "设备",
)  # fmt: skip
_SSN_WORDS = labels("ssn", "ssns", "social security", "social", "ss#", "tax id", "社會安全", "社会安全", "社安")
_NHS_WORDS = labels("nhs", "nhs no", "national health", "patient", "國民保健", "国民保健", "病人", "患者")
_NRIC_WORDS = labels("nric", "fin", "singpass", "ic", "identity card", "id", "身份證", "身份证", "身分證", "新加坡")
_PHONE_WORDS = labels(
    "tel", "telephone", "phone", "call", "calling", "mobile", "cell", "cellphone", "fax", "whatsapp", "contact", "sms",
    "hotline", "number", "dial", "電話", "手機", "致電", "聯絡", "傳真", "打俾", "打畀", "热线", "熱線",
    "电话", "手机", "联系", "拨打", "传真",
)  # fmt: skip

_PUBLIC_RESOLVERS = frozenset({
    "8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9", "208.67.222.222", "208.67.220.220", "114.114.114.114",
    "1.2.3.4",
})  # fmt: skip

_FICTION = ("placeholder.phone",)

Asked = Callable[[str], float | None]
"""Presidio's score for a value of exactly this extent, None when it does not take it."""


def _iban_expression() -> str:
    forms = []
    for length, countries in _IBAN_LENGTHS.items():
        groups, rest = divmod(length - 4, 4)
        tail = f"[ -]?[A-Za-z0-9]{{{rest}}}" if rest else ""
        country = either_case("|".join(countries.split()))
        forms.append(f"(?:{country})[0-9]{{2}}(?:[ -]?[A-Za-z0-9]{{4}}){{{groups}}}{tail}")
    return rf"\b(?:{'|'.join(forms)})\b"


_INSIDE_ADDRESS = re.compile(r"[0-9]\.\Z|(?:^|[^a-z0-9])[0-9a-f]{1,4}:\Z|::\Z")
_INSIDE_HEX = re.compile(r"(?:^|[^a-z0-9])(?:[0-9a-f]{2}[:-]|[0-9a-f]{4}\.)\Z")
_EUI64 = re.compile(r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){7}")
_HEX4 = "[0-9A-Fa-f]{1,4}"
_IPV6 = (
    rf"(?:\b{_HEX4}:|::{_HEX4}|::)(?:[0-9A-Fa-f:]{{0,36}}[0-9A-Fa-f](?:(?:\.\d{{1,3}}){{3}})?"
    r"(?:%[0-9A-Za-z]{1,16})?(?:/\d{1,3})?\b|(?:[0-9A-Fa-f:]{0,36}:)?:)"
)
_IPV4 = r"\b(?:\d{1,3}\.){3}\d{1,3}\b(?:/\d{1,2}\b)?(?:\.\d[\d.]*|-[A-Za-z0-9]+)?"
_MAC = (
    r"\b(?:[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5,31}|[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5,31}"
    r"|[0-9A-Fa-f]{2}(?: [0-9A-Fa-f]{2}){5,31}"
    r"|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}(?:\.[0-9A-Fa-f]{4})*)\b(?:::[0-9A-Fa-f]{1,4})?"
)
_SSN = r"\b(?:\d{3}-\d{2}-\d{4}|\d{3} \d{2} \d{4}|\d{3}\.\d{2}\.\d{4})\b(?:[-.]\d+)?"


def _iban(ask: Asked) -> Judge:
    def judge(candidate: Candidate) -> Verdict | None:
        value = candidate.value.upper()
        bare = re.sub("[ -]", "", value)
        if not _has_structure(bare):
            return None
        if ask(value) is None and not (_IBAN_BEYOND.match(value) and checksums.mod97(bare)):
            return None
        if placeholders.iban(bare):
            return Verdict(placeholders.SCORE, "an example of the registry or of textbooks", "placeholder.iban")
        announced = _IBAN_WORDS.introduce(candidate)
        return Verdict(0.95 if announced else 0.9, "country, length and check digits agree")

    return judge


def _has_structure(value: str) -> bool:
    """Whether letters and digits stand where the registry has them; it is Presidio that asks for the check digits."""
    form = _BBAN.get(value[:2])
    return form is None or form.fullmatch(value[4:]) is not None


def _crypto(ask: Asked) -> Judge:
    def judge(candidate: Candidate) -> Verdict | None:
        value = candidate.value
        if ask(value.lower() if value.startswith("BC1") else value) is None:
            return None
        return Verdict(0.9 if _CRYPTO_WORDS.introduce(candidate) else 0.8, "checksum of the address passes")

    return judge


def _ip(ask: Asked) -> Judge:
    def judge(candidate: Candidate) -> Verdict | None:
        value, before = candidate.value, candidate.before
        if ":" in value and "::" not in value and value.count(":") < 6:  # a time of day
            return None
        if _INSIDE_ADDRESS.search(before) or ask(value) is None:
            return None
        address = ipaddress.ip_interface(value.split("%")[0])
        announced = _IP_WORDS.introduce(candidate)
        if _VERSION_WORD.search(before):
            return Verdict(0.2, "reads as a version or section number")
        if _EUI64.fullmatch(value):
            return Verdict(0.6, "form of an extended hardware address", "pii.mac_address")
        if placeholders.ip_address(address.ip):
            return Verdict(placeholders.LIKELY, "a range kept for documentation", "placeholder.ip_address")
        if not address.ip.is_global:
            return Verdict(0.2, "a private, loopback or link-local range")
        if str(address.ip) in _PUBLIC_RESOLVERS or ("/" in value and address.network.num_addresses > 1):
            return Verdict(0.3, "a well-known service or a network, not a host")
        if address.version == 4 and max(address.ip.packed) < 30 and not announced:
            return Verdict(0.3, "small numbers, reads as a version or section number")
        if address.version == 6 and len(re.findall(_HEX4, value)) < 4 and not announced:
            return Verdict(0.3, "short; also the form of a path in code")
        return Verdict(0.8 if announced else 0.6, "a public address")

    return judge


def _mac(ask: Asked) -> Judge:
    def judge(candidate: Candidate) -> Verdict | None:
        value = candidate.value
        bare = re.sub("[:. -]", "", value).lower()
        if " " in value:
            spoken = len(bare) in (12, 16) and _MAC_WORDS.introduce(candidate)
            return Verdict(0.85, "pairs of digits, announced") if spoken else None
        if len(bare) != 12 or _INSIDE_HEX.search(candidate.before) or ask(value) is None:
            return None
        announced = _MAC_WORDS.introduce(candidate)
        if placeholders.mac_address(bare.upper()):
            return Verdict(placeholders.LIKELY, "an address from manuals", "placeholder.mac_address")
        if bare.isdecimal() and not announced:
            return Verdict(0.3, "digits only; also the form of times and dates")
        return Verdict(0.85 if announced else 0.65, "form of a hardware address")

    return judge


def _ssn(ask: Asked) -> Judge:
    def judge(candidate: Candidate) -> Verdict | None:
        value = candidate.value
        if re.search(r"\d[-. ]\Z", candidate.before):
            return None
        announced = _SSN_WORDS.introduce(candidate)
        if (value.isdecimal() and not announced) or ask(value) is None:
            return None
        if value.isdecimal():
            return Verdict(0.7, "nine digits, announced")
        alone = 0.6 if "-" in value else 0.4
        return Verdict(0.85 if announced else alone, "groups of 3, 2 and 4 digits" + ", announced" * announced)

    return judge


def _nhs(ask: Asked) -> Judge:
    def judge(candidate: Candidate) -> Verdict | None:
        if re.search(r"\d[-. ]\Z|\+\Z", candidate.before) or ask(candidate.value) is None:
            return None
        announced = _NHS_WORDS.introduce(candidate)
        return Verdict(0.9 if announced else 0.3, "check digit passes" + ", announced" * announced)

    return judge


def _nric(ask: Asked) -> Judge:
    def judge(candidate: Candidate) -> Verdict | None:
        if ask(candidate.value) is None:
            return None
        announced = _NRIC_WORDS.introduce(candidate)
        if not checksums.nric(candidate.value):
            return Verdict(0.3 if announced else 0.2, "form of an NRIC, check letter fails")
        return Verdict(0.9 if announced else 0.75, "check letter passes" + ", announced" * announced)

    return judge


def _phone(ask: Asked, international: bool) -> Judge:
    def judge(candidate: Candidate) -> Verdict | None:
        value, before = candidate.value, candidate.before
        if re.search(r"^\+ ?(?:85[23]|886|86\D*1[3-9])", value) or re.search(r"[\d+][.-]?\Z", before):
            return None
        if placeholders.phone(re.sub(r"\D", "", value)):
            return Verdict(placeholders.SCORE, "a number kept for fiction", "placeholder.phone")
        if ask(value) is None:
            return None
        announced = _PHONE_WORDS.introduce(candidate)
        if international:
            return Verdict(0.85 if announced else 0.7, "valid in the numbering plan of its country")
        return Verdict(0.7 if announced else 0.4, "valid in the North American numbering plan")

    return judge


def _national(ask: Asked, words: Labels) -> Judge:
    def judge(candidate: Candidate) -> Verdict | None:
        score = ask(candidate.value)
        if score is None:
            return None
        checked = score == 1.0  # what Presidio gives where its own check of the value passed
        why = "its check passes" if checked else "its form only"
        if words.introduce(candidate):
            return Verdict(0.9 if checked else 0.75, f"{why}, announced")
        if not checked:
            return Verdict(0.3, why)
        return Verdict(0.4 if candidate.value.isdecimal() else 0.6, why)

    return judge


def _national_pattern(known: Any, row: National) -> Pattern:
    recogniser = getattr(known, row.recogniser)()
    words = [word.lower() for word in recogniser.context or () if len(word) > 1]
    judge = _national(_asked(recogniser, row.entity), labels(*words, *COUNTRY_WORDS[row.country]))
    return Pattern(row.entity.lower(), row.kind, row.expression, judge, by_name=True)


class PresidioIdentifiers:
    """The SPAN detector that asks Presidio; `patterns` is there after `load`."""

    name = "leakage.presidio"
    kinds: tuple[str, ...] = (
        "pii.iban", "pii.crypto_address", "pii.ip_address", "pii.mac_address", "pii.us_ssn", "pii.uk_nhs",
        "pii.sg_nric", "pii.phone", "placeholder.iban", "placeholder.ip_address", "placeholder.mac_address",
        "placeholder.phone", *(row.kind for row in TABLE),
    )  # fmt: skip
    unit = Unit.SPAN
    heavy = False

    def __init__(self) -> None:
        self._patterns: tuple[Pattern, ...] | None = None

    @property
    def patterns(self) -> Sequence[Pattern]:
        """Raises CheckError before `load`."""
        if self._patterns is None:
            raise CheckError("leakage.presidio was not loaded")
        return self._patterns

    def load(self) -> None:
        """Import Presidio (2 to 3 seconds) and build its recognisers; raises CheckError when that fails."""
        if self._patterns is not None:
            return
        try:
            self._patterns = _build()
        except Exception as error:
            raise CheckError(
                f"presidio-analyzer cannot be used ({error}); reinstall guardrail's dependencies"
            ) from error


@contextmanager
def _hidden(*names: str) -> Iterator[None]:
    """Packages that count as absent for an import, unless they are loaded already.

    Presidio and spaCy import every machine-learning framework they find, for engines that are not used here: with
    PyTorch and transformers installed that is half a gigabyte and ten times the start-up.
    """
    absent = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


def _build() -> tuple[Pattern, ...]:
    with _hidden(*_FRAMEWORKS):
        known = importlib.import_module(_PACKAGE)
    _make_strict()
    ip = _asked(known.IpRecognizer(), "IP_ADDRESS")
    ssn = _ssn(_asked(known.UsSsnRecognizer(), "US_SSN"))
    # One region is enough for numbers with their country code; leniency 1 asks for a valid number.
    phone = _asked(known.PhoneRecognizer(supported_regions=("US",), leniency=1), "PHONE_NUMBER")
    return (
        Pattern(
            "iban",
            "pii.iban",
            _iban_expression(),
            _iban(_asked(known.IbanRecognizer(), "IBAN_CODE")),
            also=("placeholder.iban",),
        ),
        Pattern(
            "bitcoin",
            "pii.crypto_address",
            r"\b(?:bc1[0-9a-z]{25,59}|BC1[0-9A-Z]{25,59}|[13][1-9A-HJ-NP-Za-km-z]{25,34})\b",
            _crypto(_asked(known.CryptoRecognizer(), "CRYPTO")),
        ),
        Pattern("ipv4", "pii.ip_address", _IPV4, _ip(ip), also=("placeholder.ip_address",)),
        Pattern("ipv6", "pii.ip_address", _IPV6, _ip(ip), also=("placeholder.ip_address", "pii.mac_address")),
        Pattern(
            "mac",
            "pii.mac_address",
            _MAC,
            _mac(_asked(known.MacAddressRecognizer(), "MAC_ADDRESS")),
            also=("placeholder.mac_address",),
        ),
        Pattern("ssn", "pii.us_ssn", _SSN, ssn),
        Pattern("ssn_bare", "pii.us_ssn", r"\b\d{9}\b", ssn),
        Pattern(
            "nhs",
            "pii.uk_nhs",
            r"\b\d{3}[ -]?\d{3}[ -]?\d{4}\b",
            _nhs(_asked(known.NhsRecognizer(), "UK_NHS")),
        ),
        Pattern(
            "nric",
            "pii.sg_nric",
            r"\b[STFGMstfgm]\d{7}[A-Za-z]\b",
            _nric(_asked(known.SgFinRecognizer(), "SG_NRIC_FIN")),
        ),
        *(
            Pattern(f"phone_{n}", "pii.phone", form, _phone(phone, international=True), also=_FICTION)
            for n, form in _phone_forms()
        ),
        Pattern(
            "phone_us",
            "pii.phone",
            r"(?:\([2-9]\d{2}\) ?|\b[2-9]\d{2}[.-])\d{3}[.-]\d{4}\b",
            _phone(phone, international=False),
            also=_FICTION,
        ),
        *(_national_pattern(known, row) for row in TABLE),
    )


def _phone_forms() -> list[tuple[int, str]]:
    """Numbers of one to six groups, a pattern each: how many groups belong to one only Presidio can tell."""
    group = r"(?:[ .-]|[ .-]?\(\d{1,4}\)[ .-]?)\d{1,10}"
    return [(1, r"\+ ?[1-9]\d{7,14}\b")] + [
        (more + 1, rf"\+ ?[1-9]\d{{0,3}}(?:{group}){{{more}}}\b") for more in range(1, 6)
    ]


def _asked(recogniser: Any, entity: str) -> Asked:
    def ask(value: str) -> float | None:
        try:
            results = recogniser.analyze(f" {value} ", [entity], None)
        except CheckError:
            raise
        except Exception as error:
            raise CheckError(f"presidio's {entity} recogniser failed: {type(error).__name__}") from None
        exact = [float(result.score) for result in results if (result.start, result.end) == (1, 1 + len(value))]
        return max(exact, default=None)

    return ask


class _Strict(logging.LoggerAdapter[logging.Logger]):
    """Stands in for the logger of Presidio's regex code, where a timeout is logged and then forgotten."""

    def log(self, level: int, msg: object, *args: object, **kwargs: object) -> None:
        if isinstance(sys.exc_info()[1], TimeoutError):
            raise CheckError(f"a presidio expression did not finish within {_TIMEOUT} s")


def _make_strict() -> None:
    """Lower the timeouts of Presidio's regex modules and make them raise; see rule 4."""
    for module in ("presidio_analyzer.pattern_recognizer", f"{_PACKAGE}.generic.iban_recognizer"):
        loaded = importlib.import_module(module)
        loaded.REGEX_TIMEOUT_SECONDS = _TIMEOUT  # type: ignore[attr-defined]
        loaded.logger = _Strict(logging.getLogger("presidio-analyzer"))  # type: ignore[attr-defined]
