"""Presidio behind the screen: nothing it finds alone is lost, Chinese text loses nothing, failures are loud."""

import subprocess
import sys
from typing import Any

import pytest

from guardrail.detectors.leakage import presidio
from guardrail.detectors.leakage.presidio import PresidioIdentifiers
from guardrail.detectors.patterns import Candidate
from guardrail.detectors.protocol import PatternSource
from guardrail.detectors.screen import Screen
from guardrail.errors import CheckError
from guardrail.text.fold import fold


@pytest.fixture(scope="module")
def screen() -> Screen:
    detector = PresidioIdentifiers()
    detector.load()
    return Screen([(detector.name, pattern) for pattern in detector.patterns])


def find(screen: Screen, text: str, least: float = 0.5) -> list[tuple[str, str]]:
    folded = fold(text).text
    return list(dict.fromkeys((f.kind, folded[f.start : f.end]) for f in screen.find(folded) if f.score >= least))


def score(screen: Screen, text: str, kind: str) -> float:
    return max((f.score for f in screen.find(fold(text).text) if f.kind == kind), default=0.0)


VALUES = [
    ("pii.iban", "GB82WEST12345698765432"),
    ("pii.iban", "GB82 WEST 1234 5698 7654 32"),
    ("pii.iban", "DE89370400440532013000"),
    ("pii.iban", "NO93 8601 1117 947"),
    ("pii.iban", "FR14 2004 1010 0505 0001 3M02 606"),
    ("pii.iban", "MT84MALT011000012345MTLCAST001S"),
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
    ("pii.phone", "+44 20 7946 0958"),
    ("pii.phone", "+81-3-1234-5678"),
    ("pii.phone", "+65 9123 4567"),
    ("pii.phone", "+886 912 345 678"),
    ("pii.phone", "+853 6612 3456"),
    ("pii.phone", "+1 (415) 555-2671"),
    ("pii.phone", "+442079460958"),
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
        "ip 203.0.113.9",
        "ip ::1",
        "ip fe80::1",
        "ip 2001:db8::1",
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
    "pii.mac_address": (
        "MAC AA:BB:CC:DD:EE:FF",
        "MAC 00:00:00:00:00:00",
        "SHA1 da:39:a3:ee:5e:6b:4b:0d:32:55:bf:ef:95:60:18:90:af:d8:07:09",
    ),
    "pii.iban": (
        "IBAN GB82WEST12345698765433",
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
        "+1 202 555 0123",
        "+852 9123 4567",
        "x = 3 +12 345 678",
        "(123) 456-7890",
    ),
}
LOW = [(kind, text) for kind, texts in LOOK_ALIKES.items() for text in texts]


@pytest.mark.parametrize(("kind", "text"), LOW, ids=[t for _, t in LOW])
def test_look_alikes_stay_below_the_threshold(screen: Screen, kind: str, text: str) -> None:
    assert score(screen, text, kind) < 0.5
    assert score(screen, f"即係{text}囉", kind) < 0.5


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
        ask("GB82WEST12345698765432")
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
            pattern.compiled_regex, pattern.compiled_with_flags = Slow(), recogniser.global_regex_flags
    with pytest.raises(CheckError, match="did not finish"):
        presidio._asked(recogniser, "X")("52.95.110.1")
    assert caplog.text == ""


def test_judges_of_the_patterns_use_the_real_recognisers(screen: Screen) -> None:
    pattern = next(p for _, p in screen.patterns if p.id == "iban")
    assert pattern.judge(Candidate("GB82WEST12345698765432", 0, 22)) is not None
    assert pattern.judge(Candidate("GB82WEST12345698765433", 0, 22)) is None


def test_patterns_before_load_are_an_error() -> None:
    with pytest.raises(CheckError):
        _ = PresidioIdentifiers().patterns


def test_the_detector_keeps_the_contract() -> None:
    detector = PresidioIdentifiers()
    detector.load()
    assert isinstance(detector, PatternSource)
    assert {pattern.kind for pattern in detector.patterns} == set(detector.kinds)


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
    assert Screen([(detector.name, p) for p in detector.patterns]).find("IBAN GB82WEST12345698765432")
