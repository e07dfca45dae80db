"""Made-up identifiers: valid by rules that are not the generator's own; a wrong one would be counted as a miss."""

import re
from random import Random

import phonenumbers
import pytest

from guardrail.detectors.leakage import checksums
from guardrail.evaluation import values
from guardrail.evaluation.frames import KEYS, LABELS, frames, spaced
from guardrail.evaluation.negatives import CATEGORIES, negatives

MANY = 300


def bare(value: str) -> str:
    return re.sub(r"[^0-9A-Za-z]", "", value)


@pytest.mark.parametrize(
    ("kind", "passes"),
    [
        ("pii.hkid", lambda value: checksums.hkid(bare(value))),
        ("pii.payment_card", lambda value: checksums.luhn(bare(value))),
        ("pii.cn_resident_id", lambda value: checksums.resident_id(bare(value))),
        (
            "pii.cn_residence_permit",
            lambda value: value[:6] in ("810000", "820000", "830000") and checksums.resident_id(value),
        ),
        ("pii.iban", lambda value: int("".join(str(int(c, 36)) for c in bare(value)[4:] + bare(value)[:4])) % 97 == 1),
        ("pii.hk_phone", lambda value: phonenumbers.is_valid_number(phonenumbers.parse(value, "HK"))),
        ("pii.tw_phone", lambda value: phonenumbers.is_possible_number(phonenumbers.parse(value, "TW"))),
        ("pii.mo_phone", lambda value: phonenumbers.is_possible_number(phonenumbers.parse(value, "MO"))),
        ("pii.cn_phone", lambda value: phonenumbers.is_possible_number(phonenumbers.parse(value, "CN"))),
    ],
)
def test_a_value_passes_the_check_of_its_issuer(kind, passes):
    dice = Random(7)
    for _ in range(MANY):
        value = values.KINDS[kind](dice)
        assert passes(value), value


@pytest.mark.parametrize(
    ("made", "known"),
    [
        # published examples: Immigration Department, GB 11643, public validators
        (values.hkid_check("A", "123456"), "3"),
        (values.hkid_check("CA", "182361"), "1"),
        (values.hkid_check("L", "555555"), "0"),
        (values.hkid_check("G", "123456"), "A"),
        (values._gb11643("11010519491231002"), "11010519491231002X"),
        (values._taiwan("A", "12345678"), "A123456789"),
        (values._taiwan("A", "80000001"), "A800000014"),
        (values.luhn_check("411111111111111"), "1"),
    ],
)
def test_published_examples(made, known):
    assert made == known


@pytest.mark.parametrize("number", ["102012507(0)", "102012508(9)"])
def test_an_octopus_number_has_the_published_check_digit(number):
    class Fixed(Random):
        def choice(self, seq):
            return 9

    dice = Fixed(0)
    body = iter(number[:9])
    dice.randint = lambda low, high: int(next(body))  # type: ignore[method-assign]
    assert values.hk_octopus(dice) == number


@pytest.mark.parametrize("code", ["91350100M000100Y43", "91110000600037341L"])
def test_a_credit_code_of_the_register_satisfies_the_rule_that_makes_ours(code):
    total = sum(values._USCC.index(c) * pow(3, place, 31) for place, c in enumerate(code[:17]))
    assert values._USCC[-total % 31] == code[17]
    for _ in range(50):
        made = values.cn_uscc(Random(_))
        total = sum(values._USCC.index(c) * pow(3, place, 31) for place, c in enumerate(made[:17]))
        assert values._USCC[-total % 31] == made[17]


def test_the_same_seed_makes_the_same_values():
    assert [make(Random(3)) for make in values.KINDS.values()] == [make(Random(3)) for make in values.KINDS.values()]


def test_there_are_enough_frames_in_four_languages_and_half_are_held_out():
    every = frames()
    sentences = [frame for frame in every if frame.shape == "sentence"]
    assert len(sentences) >= 200
    assert len({frame.text for frame in every}) == len(every)
    for language in ("en", "zh-Hant", "zh-Hans", "yue"):
        held = [frame.held_out for frame in every if frame.language == language]
        assert len(held) / 2 <= sum(held) < 0.7 * len(held)
    tuned = {frame.text for frame in every if not frame.held_out}
    assert not tuned & {frame.text for frame in every if frame.held_out}


@pytest.mark.parametrize("kind", values.KINDS)
def test_every_kind_stands_in_every_language(kind):
    made = [frame for frame in frames() if frame.kind == kind]
    assert {frame.language for frame in made} == {"en", "zh-Hant", "zh-Hans", "yue"}
    assert kind in LABELS
    assert kind in KEYS
    for frame in made:
        text, start, end = frame.around("VALUE")
        assert text[start:end] == "VALUE"


def test_a_chinese_frame_is_glued_and_has_a_spaced_spelling():
    frame = next(f for f in frames() if f.text == "我嘅身份證號碼係{}，唔該幫我查下。")
    other = spaced(frame)
    assert other is not None
    assert other.text == "我嘅身份證號碼係 {}，唔該幫我查下。"


@pytest.mark.parametrize("category", CATEGORIES)
def test_hard_negatives_are_of_four_languages_and_half_are_held_out(category):
    some = [one for one in negatives(1, 2) if one.category == category]
    assert len(some) == 16
    assert sum(one.held_out for one in some) in (8, 16)


@pytest.mark.parametrize(
    ("category", "form", "passes"),
    [
        ("wrong check digit, HKID", r"[A-Z]\d{6}\([0-9A]\)", checksums.hkid),
        ("wrong check digit, card", r"\d[\d ]{11,22}\d", checksums.luhn),
        ("wrong check digit, resident ID", r"440305\d{11}[\dX]", checksums.resident_id),
    ],
)
def test_a_wrong_check_digit_is_wrong(category, form, passes):
    for one in negatives(5, 20):
        if one.category == category:
            found = re.search(form, one.text)
            assert found is not None, one.text
            assert not passes(bare(found[0])), one.text
