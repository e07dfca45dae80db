"""Personal identifiers: what must be found in English, Chinese and full-width text, and what must not.

A failure in the first tables means that somebody's data leaves unseen; one in the last, that harmless answers
are spoilt.
"""

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from guardrail.detectors.leakage import checksums, placeholders
from guardrail.detectors.leakage.identifiers import Identifiers
from guardrail.detectors.protocol import PatternSource
from guardrail.detectors.screen import Screen
from guardrail.text.fold import fold

DETECTOR = Identifiers()
SCREEN = Screen([(DETECTOR.name, pattern) for pattern in DETECTOR.patterns])


def find(text: str, least: float = 0.5) -> list[tuple[str, str]]:
    """(kind, value) of what scores at least `least`, in order and without repetition."""
    folded = fold(text).text
    return list(dict.fromkeys((f.kind, folded[f.start : f.end]) for f in SCREEN.find(folded) if f.score >= least))


def score(text: str, kind: str) -> float:
    return max((f.score for f in SCREEN.find(fold(text).text) if f.kind == kind), default=0.0)


VALUES = [
    ("pii.hkid", "A123456(3)"),
    ("pii.hkid", "A1234563"),
    ("pii.hkid", "A123456 (3)"),
    ("pii.hkid", "A 123456 (3)"),
    ("pii.hkid", "A123 456 (3)"),
    ("pii.hkid", "A-123456(3)"),
    ("pii.hkid", "A123456-3"),
    ("pii.hkid", "A123456-(3)"),
    ("pii.hkid", "a123456(3)"),
    ("pii.hkid", "AB123456(9)"),
    ("pii.hkid", "G123456(A)"),
    ("pii.hkid", "C668668(9)"),
    ("pii.hkid", "CA182361(1)"),
    ("pii.hkid", "L555555(0)"),
    ("pii.hkid", "A123456[3]"),
    ("pii.hk_passport", "K12345678"),
    ("pii.hk_passport", "H12345678"),
    ("pii.hk_passport", "KJ0123456"),
    ("pii.hk_phone", "91234567"),
    ("pii.hk_phone", "9123 4567"),
    ("pii.hk_phone", "2123-4567"),
    ("pii.hk_phone", "+852 9123 4567"),
    ("pii.hk_phone", "+85291234567"),
    ("pii.hk_phone", "(852) 2123 4567"),
    ("pii.hk_phone", "852-9123-4567"),
    ("pii.hk_phone", "00852 91234567"),
    ("pii.hk_octopus", "10201250(9)"),
    ("pii.hk_octopus", "102012507(0)"),
    ("pii.hk_octopus", "102012508 (9)"),
    ("pii.hk_octopus", "1020125070"),
    ("pii.hk_bank_account", "004-123-456789-001"),
    ("pii.hk_bank_account", "012-875-0-012345-6"),
    ("pii.hk_bank_account", "123-456789-838"),
    ("pii.hk_bank_account", "388 123456 001"),
    ("pii.hk_bank_account", "004123456789001"),
    ("pii.hk_bank_account", "123456789"),
    ("pii.hk_fps", "1234567"),
    ("pii.hk_fps", "123456789"),
    ("pii.hk_brn", "36780058"),
    ("pii.hk_brn", "C0012345"),
    ("pii.hk_brn", "36780058-000-03-24-7"),
    ("pii.hk_company_number", "1234567"),
    ("pii.hk_company_number", "0012345"),
    ("pii.hk_company_number", "F0012345"),
    ("pii.hk_vehicle", "AB1234"),
    ("pii.hk_vehicle", "XY 88"),
    ("pii.hk_vehicle", "粤ZA123港"),
    ("pii.cn_phone", "13123456789"),
    ("pii.cn_phone", "131-2345-6789"),
    ("pii.cn_phone", "131 2345 6789"),
    ("pii.cn_phone", "+86 131 2345 6789"),
    ("pii.cn_phone", "+8613123456789"),
    ("pii.cn_phone", "008613123456789"),
    ("pii.cn_phone", "010-62345678"),
    ("pii.cn_phone", "0755-8234567"),
    ("pii.cn_resident_id", "11010519491231002X"),
    ("pii.cn_resident_id", "11010519491231002x"),
    ("pii.cn_resident_id", "440524188001010014"),
    ("pii.cn_resident_id", "110105 19491231 002X"),
    ("pii.cn_residence_permit", "810000199408230021"),
    ("pii.cn_residence_permit", "830000199201300022"),
    ("pii.cn_residence_permit", "911101199001010015"),
    ("pii.cn_home_return_permit", "H12345678"),
    ("pii.cn_home_return_permit", "M1234567801"),
    ("pii.cn_exit_permit", "C12345678"),
    ("pii.cn_exit_permit", "CA1234567"),
    ("pii.cn_exit_permit", "W12345678"),
    ("pii.cn_passport", "E12345678"),
    ("pii.cn_passport", "EA1234567"),
    ("pii.cn_passport", "G12345678"),
    ("pii.cn_passport", "PE1234567"),
    ("pii.cn_uscc", "91350100M000100Y43"),
    ("pii.cn_uscc", "91110000600037341L"),
    ("pii.cn_uscc", "91440300708461136T"),
    ("pii.mo_bir", "5123456(7)"),
    ("pii.mo_bir", "12345678"),
    ("pii.mo_phone", "+853 6612 3456"),
    ("pii.mo_phone", "+85328123456"),
    ("pii.mo_phone", "853-6612-3456"),
    ("pii.mo_phone", "6612 3456"),
    ("pii.mo_passport", "MA1234567"),
    ("pii.tw_id", "A123456789"),
    ("pii.tw_id", "B176944193"),
    ("pii.tw_arc", "A800000014"),
    ("pii.tw_arc", "AC01234567"),
    ("pii.tw_phone", "0912-345-678"),
    ("pii.tw_phone", "0912345678"),
    ("pii.tw_phone", "+886 912 345 678"),
    ("pii.tw_phone", "+886-2-2345-6789"),
    ("pii.tw_phone", "02-2345-6789"),
    ("pii.tw_permit", "12345678"),
    ("pii.payment_card", "4716234589012345"),
    ("pii.payment_card", "4716 2345 8901 2345"),
    ("pii.payment_card", "5421-8870-3194-2659"),
    ("pii.payment_card", "371357924680130"),
    ("pii.payment_card", "3713 579246 80130"),
    ("pii.payment_card", "6225881147320965478"),
    ("pii.payment_card", "6227 0034 9182 6051"),
    ("pii.payment_card", "3562178409351267"),
    ("pii.email", "tai.man+hk@gmail.com"),
    ("pii.email", "chan_tm@hku.hk"),
    ("pii.email", "li.lei@mail.tsinghua.edu.cn"),
    ("pii.email", "ABC@X.COM"),
    ("pii.bic", "HSBCHKHH"),
    ("pii.bic", "HSBCHKHHXXX"),
    ("pii.crypto_address", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
    ("pii.crypto_address", "0x8ba1f109551bd432803012645ac136ddd64dba72"),
    ("pii.crypto_address", "TJRabPrwbZy45sbavfcjinPJC18kjpRTv8"),
    ("pii.crypto_address", "LaMT348PWRnrqeeWArpwQPbuanpXDZGEUz"),
    ("pii.crypto_address", "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh"),
    ("pii.crypto_address", "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"),
]  # fmt: skip
ANNOUNCED = {
    "pii.hkid": ("HKID no.", "身份證號碼"),
    "pii.hk_passport": ("Passport no.", "護照號碼"),
    "pii.hk_phone": ("Tel", "電話"),
    "pii.hk_octopus": ("Octopus", "八達通號碼"),
    "pii.hk_bank_account": ("Bank account", "銀行戶口"),
    "pii.hk_fps": ("FPS ID", "轉數快識別碼"),
    "pii.hk_brn": ("BR No.", "商業登記號碼"),
    "pii.hk_company_number": ("Company number", "公司編號"),
    "pii.hk_vehicle": ("Licence plate", "車牌"),
    "pii.cn_phone": ("Phone", "手机"),
    "pii.cn_resident_id": ("ID card", "身份证号码"),
    "pii.cn_residence_permit": ("Residence permit", "居住证"),
    "pii.cn_home_return_permit": ("Home Return Permit", "回鄉證"),
    "pii.cn_exit_permit": ("Exit-entry permit", "往来港澳通行证"),
    "pii.cn_passport": ("Passport", "护照"),
    "pii.cn_uscc": ("USCC", "统一社会信用代码"),
    "pii.mo_bir": ("Macau ID", "澳門居民身份證"),
    "pii.mo_phone": ("Macau phone", "澳門電話"),
    "pii.mo_passport": ("Passport", "護照"),
    "pii.tw_id": ("Taiwan ID", "身分證字號"),
    "pii.tw_arc": ("ARC no.", "居留證號碼"),
    "pii.tw_phone": ("Taiwan mobile", "台灣手機"),
    "pii.tw_permit": ("Compatriot permit", "台胞證"),
    "pii.payment_card": ("Card", "卡號"),
    "pii.email": ("Email", "電郵"),
    "pii.bic": ("SWIFT", "銀行代碼"),
    "pii.crypto_address": ("Wallet", "錢包地址"),
}
FRAMES = [
    ("English", "{en}: {value}, thank you."),
    ("end of text", "{en} {value}"),
    ("Cantonese, glued", "我嘅{zh}係{value}呀，唔該"),
    ("Traditional, glued", "請將{zh}{value}填妥"),
    ("Simplified, glued", "他的{zh}是{value}。"),
    ("brackets", "（{zh}：{value}）"),
    ("markdown", "| {en} | **{value}** |"),
    ("list", "- {en}: `{value}`\n- next"),
    ("JSON", '{{"{en}":"{value}"}}'),
    ("escaped JSON", '{{\\"{en}\\":\\"{value}\\"}}'),
]


def full_width(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else "　" if c == " " else c for c in text)


@pytest.mark.parametrize(("kind", "value"), VALUES, ids=[v for _, v in VALUES])
@pytest.mark.parametrize(("frame", "template"), FRAMES, ids=[f for f, _ in FRAMES])
def test_an_announced_value_is_found_exactly(kind: str, value: str, frame: str, template: str) -> None:
    en, zh = ANNOUNCED[kind]
    assert (kind, value) in find(template.format(en=en, zh=zh, value=value))


@pytest.mark.parametrize(("kind", "value"), VALUES, ids=[v for _, v in VALUES])
def test_full_width_and_hidden_characters_do_not_help(kind: str, value: str) -> None:
    en, zh = ANNOUNCED[kind]
    assert (kind, value) in find(f"{zh}係{full_width(value)}呀")
    assert (kind, value) in find(f"{en}: {value[0]}\u200b{value[1:]}")


CERTAIN = [
    ("pii.hkid", "A123456(3)", 0.8),
    ("pii.hkid", "Ａ１２３４５６（３）", 0.8),
    ("pii.hk_phone", "+852 9123 4567", 0.9),
    ("pii.cn_phone", "+86 131 2345 6789", 0.9),
    ("pii.cn_phone", "131 2345 6789", 0.7),
    ("pii.cn_resident_id", "11010519491231002X", 0.9),
    ("pii.payment_card", "4716 2345 8901 2345", 0.9),
    ("pii.payment_card", "4716234589012345", 0.6),
    ("pii.cn_uscc", "91350100M000100Y43", 0.8),
    ("pii.hk_octopus", "102012507(0)", 0.6),
    ("pii.mo_phone", "+853 6612 3456", 0.9),
    ("pii.tw_phone", "+886 912 345 678", 0.9),
    ("pii.crypto_address", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", 0.8),
    ("pii.email", "abc@x.com", 0.9),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value", "least"), CERTAIN)
def test_some_values_speak_for_themselves(kind: str, value: str, least: float) -> None:
    assert score(f"We have {value} here.", kind) >= least
    assert score(f"佢畀咗{value}我", kind) >= least


UNCERTAIN = [
    ("pii.hkid", "A1234563"),
    ("pii.hk_phone", "91234567"),
    ("pii.hk_phone", "9123 4567"),
    ("pii.payment_card", "4716234589015"),
    ("pii.cn_resident_id", "110105491231002"),
    ("pii.hk_passport", "K12345678"),
    ("pii.hk_octopus", "1020125070"),
    ("pii.hk_bank_account", "123-456789-838"),
    ("pii.hk_bank_account", "004123456789001"),
    ("pii.hk_fps", "1234567"),
    ("pii.hk_brn", "36780058"),
    ("pii.hk_company_number", "1234567"),
    ("pii.hk_vehicle", "AB1234"),
    ("pii.cn_home_return_permit", "H12345678"),
    ("pii.cn_exit_permit", "C12345678"),
    ("pii.cn_passport", "E12345678"),
    ("pii.mo_bir", "5123456(7)"),
    ("pii.mo_passport", "MA1234567"),
    ("pii.tw_id", "A123456789"),
    ("pii.tw_permit", "12345678"),
    ("pii.tw_phone", "0912345678"),
    ("pii.bic", "HSBCHKHH"),
]


@pytest.mark.parametrize(("kind", "value"), UNCERTAIN)
def test_a_bare_number_needs_words_around_it(kind: str, value: str) -> None:
    en, zh = ANNOUNCED[kind]
    assert score(f"We have {value} here.", kind) < 0.5
    assert score(f"{en}: {value}", kind) >= 0.5
    assert score(f"{zh}{value}", kind) >= 0.5


NOT_FOUND = [
    # check digits and specimens
    "HKID A123456(4)", "身份證A123456(9)", "HKID A1234564",
    "身份证号码110105194912310021", "身份证 110105194913310023", "身份证 990105194912310022",
    "card 4716 2345 8901 2346", "信用卡4716234589012346", "card 1234 5678 9012 3456", "card 0000 0000 0000 0000",
    # parts of something longer
    "phone 912345678", "phone 9123456", "電話費共91234567元", "tel 91234567.89", "phone bill 91,234,567",
    "phone model 9123-4567-8910", "card 47162345890123451234567", "0.4716234589012345", "hash 4716234589012345abcdef",
    "0x4716234589012345", "deadbeef4716234589012345",
    "SKU-A12345634", "A1234563@gmail", "4716234589012345.25",
    "phones at 4000-3500", "phone 5000 6000",
    # dates, years, money, versions, orders
    "call me on 20240105", "phones sold 2019-2020", "call 20231231", "手機出貨量 2023-2024",
    "HK$91234567", "phone USD 91234567",
    "order no. 91234567", "訂單編號91234567", "phone order ref 91234567", "Population 91234567",
    "The total is 23456789.",
    "ISBN 978-3-16-148410-0", "ISBN 9783161484100", "barcode 4006381333931", "timestamp 1700000000000",
    "1700000000", "2^44 = 17592186044416", "7^12 = 13841287201", "π = 3.14159265358979323846",
    "id=550e8400-e29b-41d4-a716-446655440000", "sha 356a192b7913b04c54574d18c28d46e6395428ab",
    # addresses that are none
    "npm install pkg@1.2.3", "@app.route('/')", "use a@b", "git@github.com:org/repo.git", "you@localhost",
    "https://user:secret@host.com/", "name@2x.png",
    "support@netflix.com", "twitter @user.name", "C:\\me@home",
]  # fmt: skip


@pytest.mark.parametrize("text", NOT_FOUND)
def test_look_alikes_stay_below_the_threshold(text: str) -> None:
    assert find(text) == []
    assert find(f"資料：{text}，謝謝") == []


NEVER = [
    ("pii.hkid", "my FPS ID is 4090445"), ("pii.hkid", "HKID No 1234568"),
    ("pii.hkid", "C668668(E)"), ("pii.hkid", "Z683365(5)"), ("pii.hkid", "A123456(4)"),
    ("pii.email", "pkg@1.2.3"), ("pii.email", "@app.route"), ("pii.hk_phone", "tel 20240105"),
    ("pii.payment_card", "card 4111111111111112"), ("pii.payment_card", "号码6213 3073 2153 3373 774未通过校验"), ("pii.cn_resident_id", "ID 110105194912310021"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text"), NEVER)
def test_some_shapes_are_not_proposed_at_any_score(kind: str, text: str) -> None:
    assert score(text, kind) == 0.0


EXACT = [
    ("電郵係abc@x.com搵我", ("pii.email", "abc@x.com")),
    ("mail abc@x.com.Thanks", ("pii.email", "abc@x.com")),
    ("<abc@x.com>", ("pii.email", "abc@x.com")),
    ("mailto:abc@x.com?subject=hi", ("pii.email", "abc@x.com")),
    ("card 4716 2345 8901 2345 123 12/26", ("pii.payment_card", "4716 2345 8901 2345")),
    ("打俾我91234567/23456789都得", ("pii.hk_phone", "91234567")),
    ("WhatsApp: 9123 4567 (Mr Chan)", ("pii.hk_phone", "9123 4567")),
    ("致電9123 4567，或2123 4567", ("pii.hk_phone", "2123 4567")),
    ("HKID: A123456(3).", ("pii.hkid", "A123456(3)")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "found"), EXACT)
def test_the_span_is_the_value_and_nothing_else(text: str, found: tuple[str, str]) -> None:
    assert found in find(text)


def test_one_value_has_one_kind() -> None:
    """A card number is no row of telephone numbers, and a number with its country code no local one."""
    assert find("phone or card: 4716 2345 8901 2345") == [("pii.payment_card", "4716 2345 8901 2345")]
    assert find("phone +852 9123 4567") == [("pii.hk_phone", "+852 9123 4567")]
    assert find("phone +65 9123 4567") == []


PLACEHOLDERS = [
    ("placeholder.email", "user@example.com"), ("placeholder.email", "a@b.example.net"),
    ("placeholder.email", "x@foo.test"), ("placeholder.email", "a@mail.invalid"),
    ("placeholder.email", "your.name@gmail.com"), ("placeholder.email", "someone@test.com"),
    ("placeholder.payment_card", "4111111111111111"), ("placeholder.payment_card", "4242 4242 4242 4242"),
    ("placeholder.payment_card", "5555-5555-5555-4444"), ("placeholder.payment_card", "378282246310005"),
    ("placeholder.payment_card", "6200 0000 0000 0005"), ("placeholder.payment_card", "4222222222222"),
    ("placeholder.phone", "555-0123"), ("placeholder.phone", "07700 900123"), ("placeholder.phone", "020 7946 0123"),
    ("placeholder.phone", "0491 570 156"), ("placeholder.phone", "01632 960123"),
    ("placeholder.hkid", "C668668(E)"), ("placeholder.hkid", "Z683365(5)"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value"), PLACEHOLDERS, ids=[v for _, v in PLACEHOLDERS])
def test_what_was_published_for_examples_is_a_placeholder_and_nothing_else(kind: str, value: str) -> None:
    """A policy that redacts cards must leave documentation alone, and one that wants to know of it must be told."""
    for text in (f"Use {value} here.", f"例如{value}呀", json.dumps({"value": value})):
        assert find(text, 0.6) == [(kind, value)]


WRITTEN = [
    ("pii.hkid", "HKID#A1234563"),
    ("pii.hkid", "身份證：A123456（3）"),
    ("pii.hkid", "身份證號碼：\nA1234563"),
    ("pii.hkid", "HKID A123456 3"),
    ("pii.hkid", "(A123456(3))"),
    ("pii.hkid", "A123456\\(3\\)"),
    ("pii.hkid", "hkid=a1234563&x=1"),
    ("pii.hkid", "/users/A123456(3)/profile"),
    ("pii.hk_phone", "tel:+85291234567"),
    ("pii.hk_phone", "Tel no. 9123 4567"),
    ("pii.hk_phone", "電話 9123.4567"),
    ("pii.hk_phone", "(852)91234567"),
    ("pii.hk_phone", "+852-2123-4567"),
    ("pii.hk_phone", "852 9123 4567"),
    ("pii.hk_phone", "電話：91 234 567"),
    ("pii.hk_phone", "Phone: 2123 4567 ext 12"),
    ("pii.hk_phone", "WhatsApp me at 91234567!"),
    ("pii.hk_phone", "聯絡人：陳先生 91234567"),
    ("pii.hk_phone", "致電+852 2123 4567或2345 6789"),
    ("pii.hk_phone", "tel 9123–4567"),
    ("pii.hk_phone", "FPS 91234567"),
    ("pii.cn_phone", "手机：+86-131-2345-6789"),
    ("pii.cn_phone", "固话 0755-82345678"),
    ("pii.cn_phone", "电话（010）62345678"),
    ("pii.payment_card", "card: 4716.2345.8901.2345"),
    ("pii.payment_card", "卡號 4716 2345 8901 2345"),
    ("pii.payment_card", "4716-2345-8901-2345"),
    ("pii.email", "Tai Man <tai.man@gmail.com>"),
    ("pii.email", "TAI.MAN@GMAIL.COM"),
    ("pii.email", "mailto:tai.man@gmail.com?x"),
    ("pii.email", "電郵tai.man@gmail.com。"),
    ("pii.hk_bank_account", "HSBC a/c 004 123-456789-001"),
    ("pii.hk_bank_account", "A/C: 123-4-567890"),
    ("pii.hk_bank_account", "銀行：匯豐 帳號：123-456789-838"),
    ("pii.hk_bank_account", "中銀戶口012-875-1-234567-8"),
    ("pii.hk_bank_account", "匯豐戶口 123456789838"),
    ("pii.hk_bank_account", "Hang Seng 024-388-123456"),
    ("pii.hk_bank_account", "account no: 123 456789 838"),
    ("pii.hk_fps", "FPS ID: 1234567"),
    ("pii.hk_fps", "轉數快ID 123456789"),
    ("pii.hk_fps", "FPS ID: 123 456 789"),
    ("pii.hk_fps", '{"fpsId": "1234567"}'),
    ("pii.hk_brn", "UBI: 36780058"),
    ("pii.hk_brn", "BR: 36780058-000"),
    ("pii.hk_brn", "商業登記證號碼 36780058-000-01-24-A"),
    ("pii.hk_company_number", "CR No. 0012345"),
    ("pii.hk_company_number", "Company No.: 1234567"),
    ("pii.hk_passport", "passport k12345678"),
    ("pii.hk_passport", "Passport: K 12345678"),
    ("pii.hk_passport", "特區護照H12345678"),
    ("pii.cn_home_return_permit", "回鄉證H12345678(01)"),
    ("pii.cn_home_return_permit", "HRP H1234567801"),
    ("pii.tw_id", "Taiwan ID A 123456789"),
    ("pii.tw_id", '{"idNumber":"A123456789"}'),
    ("pii.mo_bir", "BIR 5123456(7)"),
    ("pii.mo_bir", "澳門身份證1234567(8)"),
    ("pii.tw_phone", "call 0912 345 678"),
    ("pii.tw_phone", "台北 (02) 2345-6789 電話"),
    ("pii.cn_uscc", "统一社会信用代码：91350100m000100y43"),
    ("pii.cn_resident_id", "身份证号：110105 1949 1231 002X"),
    ("pii.cn_resident_id", "110105-19491231-002X"),
    ("pii.hk_vehicle", "車牌號碼：AB 1234"),
    ("pii.hk_vehicle", "my car plate is XY88"),
    ("pii.hk_vehicle", "vehicle AB1234"),
    ("pii.hk_vehicle", "粤Z·A123港"),
    ("pii.bic", "SWIFT/BIC: HSBCHKHHHKH"),
    ("pii.bic", "BIC HSBCHKHH"),
    ("pii.crypto_address", "ETH: 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
    ("pii.hkid_named", '{"hkid":"A123456(3)","name":"陳大文"}'),
    ("pii.hkid_named", '{"hkid": "A123456(3)", "name": "Chan Tai Man"}'),
    ("pii.hkid_named", "HKID: A123456(3)\nName: Chan Tai Man"),
    ("pii.hkid_named", "| A123456(3) | 陳大文 |"),
    ("pii.hkid_named", "身份證A123456(3)，持有人陳大文"),
    ("pii.hkid_named", "Dear Ms Chan Siu Ling, your HKID A123456(3)"),
    ("pii.hkid_named", "CHAN Tai Man\t陳大文\tA123456(3)"),
    ("pii.hkid_named", "陳大文 (Chan Tai Man), 男, HKID A123456(3)"),
    ("pii.hkid", "id,phone\nA1234563,91234567"),
    ("pii.hk_phone", "phone,hkid\n91234567,A123456(3)"),
]


@pytest.mark.parametrize(("kind", "text"), WRITTEN, ids=[t for _, t in WRITTEN])
def test_the_ways_in_which_people_write_a_value(kind: str, text: str) -> None:
    assert kind in {found for found, _ in find(text, 0.6)}


ORDINARY = [
    "The company number of employees rose to 1234567 in 2023.",
    "公司編號為A的產品共售出1234567件",
    "Your account number ending in 6789.",
    "The bank processed 123456789 transactions.",
    "銀行處理了123456789宗交易",
    "戶口結餘 123456789.00",
    "account balance: 123456789",
    "Taiwan's GDP was 12345678 million.",
    "passport to success in 12345678 steps",
    "Passport fee HK$12345678",
    "護照申請宗數12345678",
    "FPS: 60 frames per second, 1234567 frames rendered",
    "FPS 1920x1080 at 144",
    "The game runs at fps 240, seed 123456789",
    "Plate IV 1234",
    "license plate recognition with YOLO V8",
    "車牌辨識系統 V2 版本",
    "SWIFT language version 5",
    "Swift PASSWORD is required",
    "bank code REDUCTION",
    "Use hotline 1823",
    "通行證編號尚未發出",
    "permit number pending: H12345678X",
    "order E12345678 has shipped",
    "型號 E12345678",
    "flight CX 888 on 2024-01-01",
    "CA 90210",
    "NY 10001",
    "UTC 2024",
    "vehicle tax in HK 2019",
    "vehicle registration in UK 2019 rose",
    "The vehicle costs HK 2000",
    "May 2024, CPI 3.2",
    "ID: 12345678",
    "user id 12345678",
    "id=1234567890",
    "uuid 550e8400-e29b-41d4-a716-446655440000",
    "git commit 356a192b7913b04c54574d18c28d46e6395428ab",
    "sha1: DA39A3EE5E6B4B0D3255BFEF95601890AFD80709",
    "0xdeadbeef",
    "0x0000000000000000000000000000000000000000",
    "MD5 d41d8cd98f00b204e9800998ecf8427e",
    "base64 TWFuIGlzIGRpc3Rpbmd1aXNoZWQsIG5vdCBvbmx5",
    "ISBN 978-962-996-123-4",
    "ISBN 9621234567",
    "ISSN 1234-5678",
    "DOI 10.1000/12345678",
    "2024-01-02 03:04:05.123456",
    "1700000000000",
    "20240102030405",
    "$1,234,567.89",
    "HK$12,345,678",
    "12345678元",
    "共計23456789元正",
    "訂單編號 23456789 已發出",
    "追蹤號碼 RR123456789HK",
    "Tracking 1Z999AA10123456784",
    "SF Express 順豐單號 SF1234567890123",
    "快遞單號 1234567890123",
    "case number HCA 1234/2020",
    "HCMP 123/2019",
    "LN 123 of 2020",
    "Cap. 486",
    "股票代號 00700",
    "恒生指數 17,123.45",
    "電話號碼長度為8位數字",
    "郵政編碼 100000",
    "邮编：510000",
    "QQ 12345678",
    "微信公众号 12345",
    "版本 10.0.19045.3803",
    "Windows 10.0.19041",
    "ratio 1:2:3:4",
    "12:34:56:78:90:12",
    "MAC 地址格式 xx:xx",
    "3.14159265358979",
    "6.02214076e23",
    "phone 12345678",
    "call 911",
    "dial 999",
    "tel. extension 1234",
    "order a123456(4)",
    "HKID format: A123456(X)",
    "HKID A123456(7)",
    "A1234567",
    "B12345678",
    "Macau population 687000",
    "澳門人口 6870001",
    "澳門居民 12345678 人",
    "居民身份證數目 12345678",
    "身份證 5123456",
    "Model A123456789Z",
    "serial A123456788",
    "SN: C02XK1ZZJGH5",
    "IMEI 490154203237518",
    "VIN 1HGCM82633A004352",
    "EAN 4006381333931",
    "rgb(123,456,789)",
    "(12345678)",
    "[1234567](8)",
    "f(1234567)(8)",
    "10201250(8)",
    "octopus 102012507(1)",
    "八達通 102012507(5)",
    "octopus has 8 arms and 500 million neurons",
    "BR No. 12345678",
    "商業登記號碼 36780059",
    "統一社會信用代碼 91350100M000100Y44",
    "IBAN GB82WEST12345698765431",
    "+852 1234 567",
    "+86 12345678901",
    "+886 123",
    "account 12345",
    "acct #2024",
    "日期：20240102",
    "2023-2024 年度",
    "學生編號 12345678",
    "員工編號 1234567",
    "會員編號 123456789",
    "保單號碼 123456789",
    "policy no. 123456789",
    "參考編號 004-123-456789",
    "Ref 012-345-678901",
    "part no 123-456-789",
    "SKU 123-456-789012",
    "電話 2345-6789-01",
    "coordinates 22.302711, 114.177216",
    "UTM 12345678 1234567",
    "lot 1234567",
    "D.D. 123 Lot 4567",
    "iPhone 15 Pro Max 256",
    "RTX 4090",
    "AB 12",
    "Type AB 1234 connector",
    "gate KA 1",
    "CO2 levels",
    "x = LaMT348PWRnrqeeWArpwQPbuanpXDZGEUx",
]


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_with_numbers_is_left_alone(text: str) -> None:
    assert find(text) == []


@given(st.text("ABCDEFGHJKLMNPRSTVWYZ", min_size=1, max_size=1), st.integers(0, 999_999))
def test_every_valid_identity_card_is_found_and_no_other(letter: str, number: int) -> None:
    body = f"{letter}{number:06}"
    for check in "0123456789A":
        valid = checksums.hkid(body + check)
        assert (("pii.hkid", f"{body}({check})") in find(f"佢係{body}（{check}）")) is valid


@given(st.sampled_from(["4", "51", "62", "35", "2221"]), st.integers(0, 10**15 - 1))
def test_every_valid_card_of_16_digits_is_found(prefix: str, number: int) -> None:
    body = (prefix + f"{number:015}")[:15]
    if prefix == "35":
        body = "3566" + body[4:]
    card = next(body + check for check in "0123456789" if checksums.luhn(body + check))
    assume(not placeholders.payment_card(card))
    grouped = " ".join(card[at : at + 4] for at in range(0, 16, 4))
    assert ("pii.payment_card", grouped) in find(f"卡號係{grouped}呀")
    assert ("pii.payment_card", card) in find(json.dumps({"card": card}))


def test_the_detector_keeps_the_contract() -> None:
    DETECTOR.load()
    assert isinstance(DETECTOR, PatternSource)
    assert {kind for pattern in DETECTOR.patterns for kind in (pattern.kind, *pattern.also)} == set(DETECTOR.kinds)
    assert all(len(word) < 200 for f in SCREEN.find("A123456(3) abc@x.com") for word in [f.evidence])
    assert all("A123456" not in f.evidence for f in SCREEN.find("HKID A123456(3)"))
