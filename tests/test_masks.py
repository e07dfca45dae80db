"""What stands in for a value: a table of masks.  If one fails, a mask gives away what it was to hide, or what it writes breaks
the software behind."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.detectors.leakage import checksums
from guardrail.masks import Mask, hashed, label, look_alike, masked, partial

KEY = b"k" * 32
KINDS = (
    "pii.hkid",
    "pii.hkid_named",
    "pii.cn_resident_id",
    "pii.payment_card",
    "pii.hk_phone",
    "pii.email",
    "secret.password",
    "document.cell",
)


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("pii.hkid", "A123456(3)", "A12****(*)"),
        ("pii.hkid", "Ａ１２３４５６（３）", "Ａ１２****（*）"),
        ("pii.hkid_named", "WX123456(A)", "WX1*****(*)"),
        ("pii.payment_card", "4111 1111 1111 1111", "**** **** **** 1111"),
        ("pii.hk_phone", "9123 4567", "91** ****"),
        ("pii.email", "taiman.chan@gmail.com.hk", "t*****.****@*****.***.hk"),
        ("pii.email", "taiman＠gmail．com", "t*****＠*****．com"),
        ("pii.email", "taiman [at] gmail [dot] com", "*" * 19),
        ("pii.email", "dGFpbWFuQGdtYWlsLmNvbQ", "*" * 22),
        ("pii.hkid", ")3(654321A", "********"),
        ("pii.hkid", "A一二三四五六(3)", "********"),
        ("pii.person", "陳大文", "***"),
        ("secret.password", "Vq7!t2w", "V******"),
        ("secret.password", "Vq7!t", "*****"),
        ("pii.address", "彌敦道688號12樓C室", "彌敦道*********"),
    ],
)  # fmt: skip
def test_a_part_is_shown(kind, value, shown):
    assert partial(kind, value) == shown


@given(st.sampled_from(KINDS), st.text(min_size=1, max_size=40))
def test_a_part_is_never_more_than_a_quarter_or_three_characters(kind, value):
    drawn = r"[^\s*]" if kind.startswith("secret.") else r"[^\W_]"
    bare = [c for c in value if re.match(drawn, c)]
    shown = [c for c in partial(kind, value) if re.match(drawn, c)]
    if kind != "pii.email":
        assert len(shown) <= max(3, len(bare) // 3)
        assert len(bare) - len(shown) >= min(len(bare), 3)


def test_the_check_digit_of_an_identity_card_is_never_shown():
    for value in ("A123456(3)", "a 123 456 [3]", "G123456A", "WX1234569"):
        last = max(at for at, character in enumerate(value) if character.isalnum())
        assert partial("pii.hkid", value)[last] == "*"


@pytest.mark.parametrize("kind", KINDS)
@given(value=st.text(min_size=1, max_size=30))
def test_every_mask_stays_valid_inside_a_json_string(kind, value):
    for mask in Mask:
        written = masked(mask, kind, value, KEY)
        if not any(ord(c) >= 0xD800 and ord(c) < 0xE000 for c in written):
            assert json.loads(f'"{written}"') == written


@pytest.mark.parametrize(
    ("kind", "value", "holds"),
    [
        ("pii.hkid", "A123456(3)", checksums.hkid),
        ("pii.hkid", "ＹＫ１５９７７１（６）", checksums.hkid),
        ("pii.hkid_named", "g123456a", checksums.hkid),
        ("pii.cn_resident_id", "11010519491231002X", checksums.resident_id),
        ("pii.payment_card", "4012 8888 8888 1881", checksums.luhn),
        ("pii.payment_card", "378282246310005", checksums.luhn),
        ("pii.cn_residence_permit", "810000199408230021", checksums.resident_id),
        ("pii.tw_id", "A123456789", checksums.taiwan_id),
        ("pii.hk_brn", "36780058", checksums.business_registration),
        ("pii.iban", "GB54 MIDL 4021 7756 1903 48", checksums.mod97),
    ],
)
def test_a_look_alike_has_a_valid_check_digit_and_is_another_value(kind, value, holds):
    made = look_alike(kind, value, KEY)
    bare = re.sub(r"[^0-9A-Za-z]", "", made)
    assert holds(bare)
    assert bare.upper() != re.sub(r"[^0-9A-Za-z]", "", value).upper()
    assert len(made) == len(value)


@pytest.mark.parametrize(
    ("kind", "value", "form"),
    [
        ("pii.hk_phone", "9123-4567", r"6\d{3}-\d{4}"),
        ("pii.cn_phone", "138 0013 8000", r"13\d \d{4} \d{4}"),
        # What has no look-alike, or is written in another way than its kind, gets the label.
        ("pii.email", "tai.man@gmail.com", r"\[REDACTED:EMAIL\]"),
        ("pii.hkid", "A一二三四五六(3)", r"\[REDACTED:HKID\]"),
        ("pii.hkid", "QTEyMzQ1NigzKQ", r"\[REDACTED:HKID\]"),
        ("pii.hk_phone", "+852 9123 4567", r"\[REDACTED:HK_PHONE\]"),
    ],
)
def test_a_look_alike_keeps_the_form(kind, value, form):
    assert re.fullmatch(form, look_alike(kind, value, KEY))


def test_a_digest_knows_the_same_value_again_and_only_with_its_key():
    same = {
        hashed("pii.hkid", value, KEY) for value in ("A123456(3)", "a123456(3)", "Ａ１２３４５６（３）", "A 123456 3")
    }
    assert len(same) == 1
    assert re.fullmatch(r"\[HKID:[0-9a-f]{10}\]", same.pop())
    assert hashed("pii.hkid", "A123456(3)", KEY) != hashed("pii.hkid", "A123456(3)", b"other")
    assert hashed("pii.hkid", "A123456(3)", KEY) != hashed("pii.tw_id", "A123456(3)", KEY)


@pytest.mark.parametrize("mask", [Mask.HASH, Mask.FORMAT, Mask.LABEL])
def test_a_card_number_reads_the_same_with_and_without_its_holder(mask):
    assert masked(mask, "pii.hkid_named", "A123456(3)", KEY) == masked(mask, "pii.hkid", "A123456(3)", KEY)


def test_a_label_names_the_kind():
    assert label("pii.hkid") == "[REDACTED:HKID]"
