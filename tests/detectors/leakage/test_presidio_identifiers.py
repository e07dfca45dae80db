"""Presidio behind the screen: nothing it finds alone is lost, Chinese text loses nothing, failures are loud."""

import subprocess
import sys
from typing import Any

import pytest

from guardrail.detectors.leakage import presidio
from guardrail.detectors.leakage.national import COUNTRY_WORDS, TABLE, National
from guardrail.detectors.leakage.presidio import PresidioIdentifiers
from guardrail.detectors.patterns import Candidate
from guardrail.detectors.protocol import PatternSource
from guardrail.detectors.screen import Screen
from guardrail.errors import CheckError
from guardrail.text.fold import fold


@pytest.fixture(scope="module")
def loaded() -> PresidioIdentifiers:
    detector = PresidioIdentifiers()
    detector.load()
    return detector


@pytest.fixture(scope="module")
def screen(loaded: PresidioIdentifiers) -> Screen:
    """What is on by default."""
    return Screen([(loaded.name, pattern) for pattern in loaded.patterns if not pattern.by_name])


def find(screen: Screen, text: str, least: float = 0.5) -> list[tuple[str, str]]:
    folded = fold(text).text
    return list(dict.fromkeys((f.kind, folded[f.start : f.end]) for f in screen.find(folded) if f.score >= least))


def score(screen: Screen, text: str, kind: str) -> float:
    return max((f.score for f in screen.find(fold(text).text) if f.kind == kind), default=0.0)


VALUES = [
    ("pii.iban", "GB54MIDL40217756190348"),
    ("pii.iban", "GB54 MIDL 4021 7756 1903 48"),
    ("pii.iban", "DE44500105175407324931"),
    ("pii.iban", "NO80 1503 9482 716"),
    ("pii.iban", "FR60 3000 4028 3700 0112 9384 756"),
    ("pii.iban", "MT27VALL22013000000040192837465"),
    ("pii.crypto_address", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
    ("pii.crypto_address", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"),
    ("pii.crypto_address", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"),
    ("pii.ip_address", "52.95.110.1"),
    ("pii.ip_address", "2001:4860:4860:1234::8888"),
    ("pii.ip_address", "2a02:6b8:0:40c:b1a0:1f:c8c0:4f2d"),
    ("pii.mac_address", "00:1B:44:11:3A:B7"),
    ("pii.mac_address", "00-1b-44-11-3a-b7"),
    ("pii.mac_address", "001b.4411.3ab7"),
    ("pii.us_ssn", "536-90-4399"),
    ("pii.us_ssn", "536 90 4399"),
    ("pii.uk_nhs", "943 476 5919"),
    ("pii.uk_nhs", "9434765919"),
    ("pii.sg_nric", "S1234567D"),
    ("pii.sg_nric", "G1234567X"),
    ("pii.phone", "+44 20 7930 4832"),
    ("pii.phone", "+81-3-1234-5678"),
    ("pii.phone", "+65 9123 4567"),
    ("pii.phone", "+61 2 9374 4000"),
    ("pii.phone", "+1 (415) 555-2671"),
    ("pii.phone", "+442079304832"),
]  # fmt: skip
ANNOUNCED = {
    "pii.iban": ("IBAN", "銀行帳號"), "pii.crypto_address": ("wallet", "錢包地址"), "pii.ip_address": ("IP", "登入IP"),
    "pii.mac_address": ("MAC", "網卡"), "pii.us_ssn": ("SSN", "美國社會安全號碼"),
    "pii.uk_nhs": ("NHS no.", "病人NHS編號"), "pii.sg_nric": ("NRIC", "新加坡身份證"), "pii.phone": ("Phone", "電話"),
}  # fmt: skip
STOCK = {
    "pii.iban": ("IbanRecognizer", "IBAN_CODE"), "pii.crypto_address": ("CryptoRecognizer", "CRYPTO"),
    "pii.ip_address": ("IpRecognizer", "IP_ADDRESS"), "pii.mac_address": ("MacAddressRecognizer", "MAC_ADDRESS"),
    "pii.us_ssn": ("UsSsnRecognizer", "US_SSN"), "pii.uk_nhs": ("NhsRecognizer", "UK_NHS"),
    "pii.sg_nric": ("SgFinRecognizer", "SG_NRIC_FIN"),
}  # fmt: skip
FRAMES = [
    "{en}: {v}, thanks.",
    "我嘅{zh}係{v}呀",
    "他的{zh}是{v}。",
    "（{zh}：{v}）",
    '{{"{en}":"{v}"}}',
    "| {en} | `{v}` |",
]


@pytest.mark.parametrize(("kind", "value"), VALUES, ids=[v for _, v in VALUES])
@pytest.mark.parametrize("frame", FRAMES)
def test_an_announced_value_is_found_exactly(screen: Screen, kind: str, value: str, frame: str) -> None:
    en, zh = ANNOUNCED[kind]
    assert (kind, value) in find(screen, frame.format(en=en, zh=zh, v=value))


@pytest.mark.parametrize(("kind", "value"), VALUES, ids=[v for _, v in VALUES])
def test_full_width_digits_do_not_help(screen: Screen, kind: str, value: str) -> None:
    wide = "".join(chr(ord(c) + 0xFEE0) if c.isalnum() else c for c in value)
    assert (kind, value) in find(screen, f"{ANNOUNCED[kind][1]}係{wide}呀")


SENTENCES = [
    "My account is {} and I live here.", "({})", "Use {} today, or {}.", "{}", "value={};", "see <{}> for more",
    "{}\n{}",
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value"), [pair for pair in VALUES if pair[0] in STOCK], ids=lambda v: str(v))
@pytest.mark.parametrize("sentence", SENTENCES)
def test_nothing_is_lost_that_presidio_finds_in_plain_text(
    screen: Screen, kind: str, value: str, sentence: str
) -> None:
    import presidio_analyzer.predefined_recognizers as stock

    name, entity = STOCK[kind]
    text = sentence.replace("{}", value)
    theirs = {text[r.start : r.end] for r in getattr(stock, name)().analyze(text, [entity], None) if r.score >= 0.3}
    assert theirs
    assert theirs <= {v for k, v in find(screen, text, 0.0) if k == kind}


@pytest.mark.parametrize("value", [v for k, v in VALUES if k == "pii.phone"])
def test_nothing_is_lost_of_its_international_phone_numbers(screen: Screen, value: str) -> None:
    from presidio_analyzer.predefined_recognizers import PhoneRecognizer

    text = f"call {value} now"
    theirs = {text[r.start : r.end] for r in PhoneRecognizer().analyze(text, ["PHONE_NUMBER"], None)}
    assert theirs == {value}
    assert theirs <= {v for k, v in find(screen, text, 0.0) if k == "pii.phone"}


LOOK_ALIKES = {
    "pii.ip_address": (
        "server 192.168.1.1",
        "IP 127.0.0.1",
        "ip ::1",
        "ip fe80::1",
        "DNS 8.8.8.8",
        "version 52.95.110.1",
        "v52.95.110.1",
        "版本52.95.110.1",
        "section 3.2.1.4",
        "std::vector<int> a::b",
        "at 12:30:45",
        "1.2.3.4.5.6",
        "OID 1.3.6.1.4.1.311",
        "ip 999.1.1.1",
        "add::fade",
    ),
    "pii.mac_address": ("SHA1 da:39:a3:ee:5e:6b:4b:0d:32:55:bf:ef:95:60:18:90:af:d8:07:09",),
    "pii.iban": (
        "IBAN GB54MIDL40217756190349",
        "IBAN XX22YYY1234567890123",
    ),
    "pii.crypto_address": (
        "wallet 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",
        "bc1qnotanaddressnotanaddressnotanaddr",
    ),
    "pii.us_ssn": (
        "SSN 000-12-3456",
        "SSN 123-45-6789",
        "part 536904399",
        "SSN 536-90-4399-12",
    ),
    "pii.uk_nhs": (
        "NHS 943 476 5918",
        "call 943 476 5919",
    ),
    "pii.sg_nric": (
        "NRIC S1234567A",
        "A1234567B",
    ),
    "pii.phone": (
        "+853 6612 3456",
        "+886 912 345 678",
        "+852 9123 4567",
        "x = 3 +12 345 678",
    ),
}
LOW = [(kind, text) for kind, texts in LOOK_ALIKES.items() for text in texts]


@pytest.mark.parametrize(("kind", "text"), LOW, ids=[t for _, t in LOW])
def test_look_alikes_stay_below_the_threshold(screen: Screen, kind: str, text: str) -> None:
    assert score(screen, text, kind) < 0.5
    assert score(screen, f"即係{text}囉", kind) < 0.5


PLACEHOLDERS = [
    ("placeholder.iban", "GB82WEST12345698765432"), ("placeholder.iban", "DE89 3704 0044 0532 0130 00"),
    ("placeholder.iban", "FR1420041010050500013M02606"), ("placeholder.ip_address", "192.0.2.17"),
    ("placeholder.ip_address", "203.0.113.9"), ("placeholder.ip_address", "2001:db8::1"),
    ("placeholder.mac_address", "AA:BB:CC:DD:EE:FF"), ("placeholder.mac_address", "00-00-5E-00-53-1A"),
    ("placeholder.phone", "+1 202 555 0123"), ("placeholder.phone", "(202) 555-0123"),
    ("placeholder.phone", "+44 20 7946 0958"), ("placeholder.phone", "+44 7700 900123"),
    ("placeholder.phone", "+61 491 570 156"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value"), PLACEHOLDERS, ids=[v for _, v in PLACEHOLDERS])
def test_what_was_published_for_examples_is_a_placeholder_and_nothing_else(
    screen: Screen, kind: str, value: str
) -> None:
    assert find(screen, f"Use {value} here.", 0.6) == [(kind, value)]
    assert find(screen, f"例如{value}呀", 0.6) == [(kind, value)]


NATIONAL = {
    "ABA_ROUTING_NUMBER": "121000358", "AU_ABN": "51 824 753 556", "AU_ACN": "005 499 981",
    "AU_MEDICARE": "2123 45670 1", "AU_TFN": "876 543 210", "CA_POSTAL_CODE": "K1A 0B1",
    "CA_SIN": "130 692 544", "DE_BSNR": "351234567", "DE_FUEHRERSCHEIN": "BO12345678A",
    "DE_HANDELSREGISTER": "HRB 123456", "DE_HEALTH_INSURANCE": "A123456780", "DE_ID_CARD": "L01X00T44",
    "DE_KFZ": "B-AB 1234", "DE_LANR": "123456601", "DE_PASSPORT": "C01X00T41", "DE_PLZ": "10115",
    "DE_SOCIAL_SECURITY": "15070649C103", "DE_TAX_ID": "86095742719", "DE_TAX_NUMBER": "181/815/08155",
    "DE_VAT_ID": "DE136695976", "ES_NIE": "X1234567L", "ES_NIF": "12345678Z", "ES_PASSPORT": "AAA123456",
    "FI_PERSONAL_IDENTITY_CODE": "131052-308T", "IN_AADHAAR": "312345678909", "IN_GSTIN": "27AAPFU0939F1ZV",
    "IN_PAN": "AAAPL1234C", "IN_PASSPORT": "A3456781", "IN_VEHICLE_REGISTRATION": "KA53ME3456",
    "IN_VOTER": "KSD1287349", "IT_DRIVER_LICENSE": "AA0123456B", "IT_FISCAL_CODE": "AAAAAA00B11C333N",
    "IT_IDENTITY_CARD": "CA00000AA", "IT_PASSPORT": "AA1234567", "IT_VAT_CODE": "01333550323",
    "KR_BRN": "104-81-36527", "KR_DRIVER_LICENSE": "11-04-064123-23", "KR_FRN": "960101-5123456",
    "KR_PASSPORT": "M12345678", "KR_RRN": "960121-1234567", "MEDICAL_LICENSE": "BB1388568", "NG_NIN": "12345678902",
    "NG_VEHICLE_REGISTRATION": "ABC-123DE", "PH_PASSPORT": "P1234567A", "PH_TIN": "123-456-782",
    "PH_UMID": "0111-1234567-8", "PL_PESEL": "44051401359", "SE_ORGANISATIONSNUMMER": "556703-7485",
    "SE_PERSONNUMMER": "19811228-9874", "SG_UEN": "53125226D", "TH_TNIN": "1234567890121",
    "TR_LICENSE_PLATE": "34 ABC 123", "TR_NATIONAL_ID": "10000000146", "UK_DRIVING_LICENCE": "MORGA607054SM9IJ",
    "UK_NINO": "AA 12 34 56 B", "UK_PASSPORT": "AB1234567", "UK_POSTCODE": "SW1A 1AA",
    "UK_VEHICLE_REGISTRATION": "AB51 ABC", "US_BANK_NUMBER": "945456787654", "US_CLAIM_NUMBER": "CLM-12345678",
    "US_HEALTH_INSURANCE_MEMBER_ID": "XYZ123456789", "US_ITIN": "911-70-1234", "US_DRIVER_LICENSE": "H12234567",
    "US_MBI": "1EG4-TE5-MK73", "US_NPI": "1234567893", "US_PASSPORT": "912803456",
    "US_PRESCRIPTION_NUMBER": "RX-1234567", "US_PRIOR_AUTHORIZATION_NUMBER": "PA-1234567",
    "US_PROVIDER_TAX_ID": "12-3456789", "US_REFERRAL_NUMBER": "REF-1234567",
    "ZA_COMPANY_REGISTRATION": "2020/939681/07", "ZA_DRIVER_LICENSE": "40260001A7DK",
    "ZA_ID_NUMBER": "8001015009087", "ZA_INCOME_TAX_NUMBER": "0001339050", "ZA_LICENSE_PLATE": "CA 123 WP",
    "ZA_MOBILE_NUMBER": "082 123 4567", "ZA_PASSPORT": "A12345678", "ZA_TELEPHONE_NUMBER": "011 978 5313",
    "ZA_TRAFFIC_REGISTER_NUMBER": "1234567890123", "ZA_VAT_NUMBER": "4012345678",
}  # fmt: skip


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.entity)
def test_another_country_s_identifier_is_found_glued_to_chinese_when_its_kind_is_named(
    loaded: PresidioIdentifiers, row: National
) -> None:
    pattern = next(pattern for pattern in loaded.patterns if pattern.kind == row.kind)
    value, country = NATIONAL[row.entity], COUNTRY_WORDS[row.country][0]
    assert pattern.by_name
    assert (row.kind, value) in find(Screen([("test", pattern)]), f"佢嘅{country}號碼係{value}呀", 0.7)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.entity)
def test_the_expression_proposes_what_the_recogniser_itself_finds(loaded: PresidioIdentifiers, row: National) -> None:
    import presidio_analyzer.predefined_recognizers as stock

    value = NATIONAL[row.entity]
    text = f"It is {value}, they say; and {value}."
    theirs = {text[r.start : r.end] for r in getattr(stock, row.recogniser)().analyze(text, [row.entity], None)}
    pattern = next(pattern for pattern in loaded.patterns if pattern.kind == row.kind)
    assert value in theirs
    assert value in {found for _, found in find(Screen([("test", pattern)]), text, 0.0)}


def test_every_recogniser_of_a_country_has_a_kind() -> None:
    """A release of Presidio that brings a country would otherwise pass unnoticed."""
    import presidio_analyzer.predefined_recognizers as stock

    shipped = {
        name
        for name in dir(stock)
        if name.endswith("Recognizer") and "country_specific" in getattr(stock, name).__module__
    }
    on_by_default = {"UsSsnRecognizer", "NhsRecognizer", "SgFinRecognizer"}
    assert shipped - on_by_default == {row.recogniser for row in TABLE}


def test_no_wildcard_switches_another_country_on(loaded: PresidioIdentifiers) -> None:
    named = {pattern.kind for pattern in loaded.patterns if pattern.by_name}
    assert named == {row.kind for row in TABLE}


def test_a_public_address_counts_more_when_it_is_announced(screen: Screen) -> None:
    assert score(screen, "52.95.110.1", "pii.ip_address") == 0.6
    assert score(screen, "IP: 52.95.110.1", "pii.ip_address") == 0.8
    assert score(screen, "伺服器係52.95.110.1呀", "pii.ip_address") == 0.8


def test_lengths_of_iban_agree_with_presidio() -> None:
    """A country whose length we have wrong would lose its IBANs; Presidio's own formats are the witness."""
    from re import _parser  # type: ignore[attr-defined]

    from presidio_analyzer.predefined_recognizers.generic.iban_patterns import regex_per_country

    ours = {country: length for length, names in presidio._IBAN_LENGTHS.items() for country in names.split()}
    # Presidio's formats of these stop short of the registry's length and match a prefix.
    shorter = {"MU", "PS", "PT", "QA"}
    for country, form in regex_per_country.items():
        length = _parser.parse(form).getwidth()[0]
        assert ours[country] == length or (country in shorter and ours[country] > length), country


class _Failing:
    def analyze(self, text: str, entities: list[str], artifacts: Any) -> list[Any]:
        raise RuntimeError(f"cannot read {text}")


def test_a_recogniser_that_fails_is_a_failed_check_and_says_nothing_of_the_text() -> None:
    ask = presidio._asked(_Failing(), "IBAN_CODE")
    with pytest.raises(CheckError) as raised:
        ask("GB54MIDL40217756190348")
    assert "GB82" not in str(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize("name", ["IbanRecognizer", "IpRecognizer"])
def test_a_regex_timeout_is_a_failed_check(
    screen: Screen, name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Presidio logs a timeout and reports nothing found; that must not pass for a clean text."""
    import presidio_analyzer.predefined_recognizers as stock
    import presidio_analyzer.predefined_recognizers.generic.iban_recognizer as iban

    recogniser = getattr(stock, name)()

    class Slow:
        def finditer(self, *args: Any, **kwargs: Any) -> Any:
            assert kwargs["timeout"] == 1
            raise TimeoutError

    if name == "IbanRecognizer":
        monkeypatch.setattr(iban.re, "finditer", Slow().finditer)
    else:
        for pattern in recogniser.patterns:
            # The patterns belong to the class: what is set here must not stay.
            monkeypatch.setattr(pattern, "compiled_regex", Slow())
            monkeypatch.setattr(pattern, "compiled_with_flags", recogniser.global_regex_flags)
    with pytest.raises(CheckError, match="did not finish"):
        presidio._asked(recogniser, "X")("52.95.110.1")
    assert caplog.text == ""


def test_judges_of_the_patterns_use_the_real_recognisers(screen: Screen) -> None:
    pattern = next(p for _, p in screen.patterns if p.id == "iban")
    assert pattern.judge(Candidate("GB54MIDL40217756190348", 0, 22)) is not None
    assert pattern.judge(Candidate("GB54MIDL40217756190349", 0, 22)) is None


def test_patterns_before_load_are_an_error() -> None:
    with pytest.raises(CheckError):
        _ = PresidioIdentifiers().patterns


def test_the_detector_keeps_the_contract() -> None:
    detector = PresidioIdentifiers()
    detector.load()
    assert isinstance(detector, PatternSource)
    assert {kind for pattern in detector.patterns for kind in (pattern.kind, *pattern.also)} == set(detector.kinds)


def test_importing_the_module_does_not_import_presidio() -> None:
    """Its import takes seconds, which only a policy that asks for these kinds should pay."""
    code = "import sys, guardrail.detectors.leakage.presidio as p; sys.exit('presidio_analyzer' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_loading_reaches_for_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError("network")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    detector = PresidioIdentifiers()
    detector.load()
    assert Screen([(detector.name, p) for p in detector.patterns]).find("IBAN GB54MIDL40217756190348")
