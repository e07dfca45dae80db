"""Encoded values: whoever asks a model to answer in base64 or backwards must not get a number past the policy.

The first tables are what must be found whatever it is wrapped in; the last, what only looks as if it were encoded.
"""

import base64
import codecs
import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrail.detectors.leakage.encoded import Encoded
from guardrail.detectors.screen import Screen
from guardrail.text.fold import fold
from tests.detectors import streams

DETECTOR = Encoded()
DETECTOR.load()
SCREEN = Screen([(DETECTOR.name, pattern) for pattern in DETECTOR.patterns])
TOKEN = "gh" + "p_aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5"


def find(text: str, least: float = 0.6) -> list[tuple[str, str]]:
    folded = fold(text).text
    return [(f.kind, folded[f.start : f.end]) for f in SCREEN.find(folded) if f.score >= least]


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


VALUES = [
    ("pii.hkid", "身份證", "A123456(3)"),
    ("pii.email", "電郵", "tai.man@gmail.com"),
    ("pii.payment_card", "卡號", "4539578763621486"),
    ("pii.payment_card", "card ", "4539 5787 6362 1486"),
    ("pii.hk_phone", "電話", "91234567"),
    ("pii.cn_phone", "手机", "13812345678"),
    ("pii.cn_resident_id", "身份证", "11010519491231002X"),
    ("secret", "key ", TOKEN),
]
WAYS: dict[str, Callable[[str], str]] = {
    "percent": lambda v: "".join(f"%{b:02X}" for b in v.encode()),
    "percent, every third": lambda v: "".join(f"%{b:02X}" if n % 3 == 0 else chr(b) for n, b in enumerate(v.encode())),
    "percent twice": lambda v: "".join(f"%25{b:02X}" for b in v.encode()),
    "entities": lambda v: "".join(f"&#{ord(c)};" for c in v),
    "entities, hexadecimal": lambda v: "".join(f"&#x{ord(c):x};" for c in v),
    "entities of entities": lambda v: "".join(f"&amp;#{ord(c)};" for c in v),
    "the first as an entity": lambda v: f"&#{ord(v[0])};{v[1:]}",
    "one in the middle": lambda v: f"{v[:4]}\\u{ord(v[4]):04x}{v[5:]}",
    "\\u": lambda v: "".join(f"\\u{ord(c):04x}" for c in v),
    "\\\\u": lambda v: "".join(f"\\\\u{ord(c):04x}" for c in v),
    "\\x": lambda v: "".join(f"\\x{ord(c):02x}" for c in v),
    "base64": _b64,
    "base64, unpadded": lambda v: _b64(v).rstrip("="),
    "base64 for URLs": lambda v: base64.urlsafe_b64encode(f"ÿþ? {v}".encode()).decode(),
    "base64 twice": lambda v: _b64(_b64(v)),
    "base64 three times": lambda v: _b64(_b64(_b64(v))),
    "base64 of a sentence": lambda v: _b64(f"my value is {v}, keep it"),
    "base64 of Chinese": lambda v: _b64(f"我嘅資料係{v}，唔該"),
    "base64 of UTF-16": lambda v: base64.b64encode(v.encode("utf-16-le")).decode(),
    "base64 of UTF-16 with its mark": lambda v: base64.b64encode(v.encode("utf-16")).decode(),
    "base64 of UTF-16, big end first": lambda v: base64.b64encode(b"\xfe\xff" + v.encode("utf-16-be")).decode(),
    "base64 of Chinese in UTF-16": lambda v: base64.b64encode(f"我嘅資料係{v}，唔該".encode("utf-16-le")).decode(),
    "base64 of Chinese in UTF-16 with its mark": lambda v: base64.b64encode(f"資料係{v}".encode("utf-16")).decode(),
    "base64 in a path": lambda v: f"https://x.hk/static/{_b64(v)}",
    "base64 of hexadecimal": lambda v: _b64(v.encode().hex()),
    "base64, reversed": lambda v: _b64(v)[::-1],
    "base64, rot13": lambda v: codecs.encode(_b64(v), "rot13"),
    "base64 in JSON in JSON": lambda v: json.dumps({"a": json.dumps({"v": _b64(v)})}),
    "base32": lambda v: base64.b32encode(v.encode()).decode(),
    "hexadecimal": lambda v: v.encode().hex(),
    "hexadecimal, apart": lambda v: v.encode().hex(" ").upper(),
    "hexadecimal, 0x": lambda v: ", ".join(f"0x{b:02x}" for b in v.encode()),
    "hexadecimal of base64": lambda v: _b64(v).encode().hex(),
    "character codes": lambda v: str([ord(c) for c in v]),
    "character codes in a row": lambda v: "".join(f"{b:03d}" for b in v.encode()),
    "character codes in a row, no zeros": lambda v: "".join(str(b) for b in v.encode()),
    "character codes in a row, of Chinese": lambda v: "".join(f"{b:03d}" for b in f"我係{v}呀".encode()),
    "binary": lambda v: " ".join(f"{b:08b}" for b in v.encode()),
    "quoted-printable": lambda v: "".join(f"={b:02X}" for b in v.encode()),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("kind", "words", "value"), VALUES)
def test_every_kind_is_found_in_every_encoding(way: str, kind: str, words: str, value: str) -> None:
    text = f"{words}{WAYS[way](value)}，完"
    assert any(found.split(".")[0] == "secret" if kind == "secret" else found == kind for found, _ in find(text)), text


def test_the_beginning_of_a_run_is_not_taken_for_a_path_before_the_value() -> None:
    run = base64.b64encode("4539578763621486".encode("utf-16")).decode()
    assert run.startswith("//")
    assert find(f"The value: {run} .") == [("pii.payment_card", run[2:])]


def test_lines_of_base64_are_read_as_one() -> None:
    body = _b64("A long introduction that says nothing; then the number A123456(3), which is what matters here.")
    text = "\n".join(body[at : at + 64] for at in range(0, len(body), 64))
    assert find(f"see:\n{text}\n")[0] == ("pii.hkid", text)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("倒轉嘅身份證：)3(654321A", "pii.hkid", ")3(654321A"),
        ("moc.liamg@nam.iat 係我電郵", "pii.email", "moc.liamg@nam.iat"),
        ("card backwards 6841263678759354", "pii.payment_card", "6841263678759354"),
        ("X20013219491501011", "pii.cn_resident_id", "X20013219491501011"),
        ("台灣身分證987654321A", "pii.tw_id", "987654321A"),
        ("IBAN 166757623892710134TA", "pii.iban", "166757623892710134TA"),
        ("gnvzna@tznvy.pbz", "pii.email", "gnvzna@tznvy.pbz"),
        ("zl UXVQ vf N123456(3)", "pii.hkid", "N123456(3)"),
        ("rot13 HKID: N123456(3)", "pii.hkid", "N123456(3)"),
    ],
)
def test_reversed_and_rotated_text(text: str, kind: str, value: str) -> None:
    assert (kind, value) in find(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("see %41123456(3) there", "%41123456(3)"),
        ("see A\\u0031\\u0032\\u0033456(3) there", "A\\u0031\\u0032\\u0033456(3)"),
        ("q=HKID%3A%20A123456(3)&x=1", "A123456(3)"),
        ("身份證&#65;123456&#40;3&#41;，唔該", "&#65;123456&#40;3&#41;"),
    ],
)
def test_a_half_escaped_value_is_covered_and_no_more(text: str, value: str) -> None:
    assert find(text) == [("pii.hkid", value)]


HARMLESS = [
    "Tom &amp; Jerry, write to tai.man@gmail.com",  # the address stands in the clear
    "100% of 20% is 20%",
    "https://x.hk/a%20b%20c?d=e%2Ff",
    "JavaScriptDeveloperGuide2024 and getElementsByClassName2",
    "d41d8cd98f00b204e9800998ecf8427e",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "550e8400-e29b-41d4-a716-446655440000",
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
    _b64("The quick brown fox jumps over the lazy dog."),
    _b64("香港天文台今日天氣報告"),
    "The bytes 48 65 6c 6c 6f 20 77 6f 72 6c 64 spell hello world",
    "12, 34, 56, 78, 90, 12, 34, 56",
    "计算结果为51 46 54 57 50 54 49 55 54 50 50 56 57 53 48 48 56。",  # a decimal; its end alone would be a number
    "9876543210987654321098765432109876543210",
    "timestamps 20260305112233445 and 1767225600000000000",
    "個log嘅時間係%32%30%32%33%30%37%30%39%30%39%30%31%35%31。",
    "10101010 11110000 00001111 10101010 11110000 00001111",
    "la.chan and tom.smith@company.example.org",
    "N123456(3)",  # an identity card in rot13 only if something says so
    "2104888888881881",
    "password: MWYyZDFlMmU2N2Rm",  # base64 is how such files write any password; the patterns for secrets judge it
    "a \\u00e9 in Caf\\u00e9, \\n and \\t",
    "if (a && b) { x = y[3](654321); }",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_looks_encoded_and_holds_nothing_is_left_alone(text: str) -> None:
    assert [one for one in find(text) if not one[0].startswith("placeholder.")] == []


def test_the_evidence_names_the_encoding_and_not_the_value() -> None:
    (finding,) = SCREEN.find(f"id {_b64(_b64('A123456(3)'))}")
    assert finding.evidence.startswith("base64 of base64; ")
    assert "123456" not in finding.evidence


def test_a_run_with_several_values_is_named_by_the_gravest() -> None:
    """Or a policy that only flags addresses would let the number beside one pass."""
    text = "write to tai.man@gmail.com, HKID A123456(3), or user@example.com"
    assert find(_b64(text)) == [("pii.hkid", _b64(text))]


def test_placeholders_stay_placeholders() -> None:
    assert find(_b64("card 4111111111111111"))[0][0] == "placeholder.payment_card"


PIECES = [
    *(way("A123456(3)") for way in WAYS.values()), *HARMLESS[:12], "%41", "&#65;", "\\u0041", "QTEy", "==", "41", " ",
    "moc.", "@", ")3(", "A", "1", "身份證", "\n", "base64 ", "6841263678759354", "%", "&", "\\",
]  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).map("".join)


@settings(max_examples=60, deadline=None)
@given(texts, st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_a_stream_finds_what_the_whole_text_has(text: str, sizes: list[int]) -> None:
    assert streams.streamed(SCREEN, text, sizes) == streams.whole(SCREEN, text)


@settings(max_examples=60, deadline=None)
@given(texts)
def test_screening_changes_nothing(text: str) -> None:
    assert streams.same_without_screen(SCREEN, text)


def test_a_number_with_its_country_code_is_read_forwards() -> None:
    assert not [kind for kind, _ in find("佢電話係 +85228156731，你打俾佢啦。") if kind == "pii.cn_phone"]
