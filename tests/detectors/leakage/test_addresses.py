"""Addresses by grammar: what is one, where it begins and ends, and what is only the name of a place.

If the first half failed, where somebody lives would leave; if the second, every street and landmark in an answer would
be taken for somebody's home.
"""

from collections.abc import Sequence
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrail.detectors.leakage.addresses import Addresses
from guardrail.detectors.protocol import PatternSource
from guardrail.detectors.screen import Screen
from guardrail.evaluation import addresses
from guardrail.text.fold import fold
from guardrail.types import Finding


@cache
def screen() -> Screen:
    return Screen([("leakage.addresses", pattern) for pattern in Addresses.patterns])


def found(text: str) -> list[Finding]:
    return screen().find(fold(text).text)


def firm(text: str) -> list[str]:
    return [text[f.start : f.end] for f in found(text) if f.score >= 0.6]


ADDRESSES = [
    "Flat 12B, 8/F, Block 3, Tai Koo Shing, 18 Taikoo Wan Road, Quarry Bay, Hong Kong",
    "Room 1301-1302, 13/F, Block A, Sea View Estate,\n2 Watson Road, Hong Kong",
    "Tower 1, Times Square\n1 Matheson Street\nRoom 1706\nCauseway Bay, Hong Kong",
    "FLAT C, 23/F, WAH KWONG BUILDING, 48-50 HENNESSY ROAD, WAN CHAI",
    "Flat 1203, Fook Hoi House, Lek Yuen Estate, Sha Tin, N.T.",
    "Rm 5, 2nd Floor, 19 Fa Yuen Street, Mong Kok",
    "Flat/Rm 3 12/F Kam Lung Building No. 7A King's Road North Point Hong Kong",
    "Lot 123 in D.D. 45, Sha Tau Kok",
    "123 Main Street, Apt 4B, Springfield, IL 62704",
    "香港九龍旺角彌敦道688號旺角中心第二座12樓C室",
    "九龍觀塘觀塘道399號創紀之城十二樓甲室",
    "沙田瀝源邨福海樓1203室",
    "中國香港特別行政區太古城英皇道1111號太古城中心1期19字樓",
    "香港灣仔轩尼诗道303号华光大厦7楼B室",
    "新界元朗錦田水尾村45號2樓",
    "新界沙田丈量約份第45約地段第123號",
    "銅鑼灣駱克道372A號莊勝中心14/F B8室",
    "澳門新馬路123號永華大廈5樓A座",
    "北京市朝阳区建国路88号院3号楼2单元501室",
    "上海市长宁区长宁路1027弄5号302室",
    "台北市大安區忠孝東路四段216巷32弄5號3樓之2",
]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(
    "frame", ["Send it to {}.", "{}", "佢住喺{}呀，", "（地址：{}）", "地址係{}\n電話91234567", "見 {}，"]
)
def test_an_address_is_found_from_its_first_part_to_its_last(address: str, frame: str) -> None:
    assert firm(frame.format(address)) == [address]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("請將包裹寄到彌敦道688號旺角中心12樓C室，多謝", "彌敦道688號旺角中心12樓C室"),
        ("我哋搬到海庭道９８號保安大樓二十四樓居住", "海庭道９８號保安大樓二十四樓"),
        ("住在亞皆老街 686 號東暉花園40樓E室。", "亞皆老街 686 號東暉花園40樓E室"),
        ("Home: 18 Taikoo Wan Road, Quarry Bay", "18 Taikoo Wan Road, Quarry Bay"),
        ("| 地址 |\n| --- |\n| 德輔道西10-12號富運樓B座5樓A室 |", "德輔道西10-12號富運樓B座5樓A室"),
    ],
)
def test_what_leads_up_to_an_address_is_not_part_of_it(text: str, address: str) -> None:
    assert firm(text) == [address]


def test_the_addresses_of_a_list_are_found_one_by_one() -> None:
    english = ["Flat A, 1/F, Rose Mansion, 5 Nathan Road, Kowloon", "Flat B, 2/F, Lily Mansion, 7 Nathan Road, Kowloon"]
    bare = [
        "Flat 1203, Fook Hoi House, Lek Yuen Estate, Sha Tin",
        "Flat 1204, Fook Hoi House, Lek Yuen Estate, Sha Tin",
    ]
    chinese = ["沙田瀝源邨福海樓1203室", "沙田瀝源邨福海樓1204室"]
    for addresses_listed in (english, bare, chinese):
        assert firm("\n".join(addresses_listed)) == addresses_listed


@pytest.mark.parametrize(
    "text",
    [
        "Nathan Road runs through Mong Kok.",
        "221B Baker Street is a museum now.",
        "Times Square, Causeway Bay, Hong Kong",
        "Take the MTR to Quarry Bay, Hong Kong, and walk.",
        "Unit 4 of the textbook covers House and Garden.",
        "The flat 5 percent tax was raised on the 2nd Floor of Parliament.",
        "Room 5 was too small for Block B.",
        "Restaurants: Shop 12, G/F, Rose Plaza, 5 Nathan Road, Tsim Sha Tsui",
        "香港有十八區，旺角是其中一個。",
        "彌敦道688號是一座商場。",
        "國際金融中心二期位於中環。",
        "第5室太細，會議改在三樓舉行。",
        "旺角有條街叫花園街，住宅樓宇多達三十層。",
        "金鋪：旺角彌敦道688號地下3號舖",
    ],
)
def test_streets_districts_and_shops_are_nobodys_address(text: str) -> None:
    assert firm(text) == []


def test_a_word_that_announces_an_address_raises_its_score() -> None:
    alone, announced = (
        found("18 Taikoo Wan Road, Quarry Bay")[0],
        found("She lives at 18 Taikoo Wan Road, Quarry Bay")[0],
    )
    assert alone.score < 0.6 <= announced.score
    assert "announced" in announced.evidence


@pytest.mark.parametrize("part", ["tuned", "held_out"])
def test_generated_addresses_reach_the_goal(part: addresses.Part) -> None:
    right = wrong = missed = 0
    for item in addresses.generated(seed=7, count=300, part=part):
        folded = fold(item.text)
        places = {
            (f.start, f.end) if folded.origin is None else folded.to_source(f.start or 0, f.end or 0)
            for f in screen().find(folded.text)
            if f.score >= 0.6
        }
        owed = {(span.start, span.end) for span in item.spans}
        right, wrong, missed = right + len(places & owed), wrong + len(places - owed), missed + len(owed - places)
    assert 2 * right / (2 * right + wrong + missed) >= 0.9


def test_the_generator_keeps_its_halves_apart_and_repeats_itself() -> None:
    tuned, held_out = (addresses.generated(3, 200, part) for part in ("tuned", "held_out"))
    assert tuned == addresses.generated(3, 200, "tuned")
    values = [{item.text[s.start : s.end] for item in items for s in item.spans} for items in (tuned, held_out)]
    assert not values[0] & values[1]
    assert all(span.kind in Addresses.kinds for item in tuned for span in item.spans)


CLEAN = (
    "Hong Kong is a city of seven million people, and its streets are busy on 3 days of 7.",
    "香港是一個國際城市，旺角和中環都有很多人，街道總是繁忙。我住在那裡的時候，每天走過三條街。",
)


@pytest.mark.parametrize("text", CLEAN)
def test_prose_is_let_go_within_a_few_characters(text: str) -> None:
    held = [
        len(text[:at]) - len(text[:at].encode()[: screen().open_at(text[:at].encode(), 0)].decode())
        for at in range(len(text))
    ]
    assert max(held) <= 20
    assert sum(held) / len(held) < 5


HOSTILE = [
    "Flat A, ",
    "1/F ",
    "Word ",
    "12 Ab ",
    "香港道",
    "香港中環英皇道一號",
    "1 A Road ",
    "Block A, Rose House, ",
    "住在道",
    "樓",
    "1",
]


PIECES: Sequence[str] = (
    *ADDRESSES, "Flat ", "12B", ", ", "8/F", "Block 3", "Rose House", "18 ", "Taikoo Wan ", "Road", "Hong Kong", "\n", " ",
    "香港", "旺角", "彌敦道", "688號", "旺角中心", "第二座", "十二樓", "C室", "，", "住在", "地址：", "我", "。", "Lot 1 in ", "D.D. 5",
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map("".join))
def test_screened_or_not_the_findings_are_the_same_and_lie_inside(text: str) -> None:
    folded = fold(text).text
    findings = screen().find(folded)
    assert findings == screen().find(folded, screened=False)
    for finding in findings:
        assert 0 <= (finding.start or 0) < (finding.end or 0) <= len(folded)
        assert finding.kind == "pii.address" and 0 < finding.score <= 1


def settled(text: str) -> int:
    """How far a stream that ends here for now may be released, as the gate computes it."""
    encoded = text.encode()
    limit = len(encoded[: screen().open_at(encoded, 0)].decode())
    proposals = list(screen().proposals(text, encoded))
    while (lower := min((p.start for p in proposals if p.start < limit < p.end), default=limit)) < limit:
        limit = lower
    return limit


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).map("".join), st.data())
def test_what_a_stream_has_let_go_was_judged_as_the_whole_text_is(text: str, data: st.DataObject) -> None:
    folded = fold(text).text
    cut = data.draw(st.integers(0, len(folded)))
    limit = settled(folded[:cut])
    whole = screen().find(folded)
    assert [f for f in screen().find(folded[:cut]) if (f.start or 0) < limit] == [
        f for f in whole if (f.start or 0) < limit
    ]
    resumed = screen().proposals(folded, folded.encode(), len(folded[:limit].encode()))
    rest = {(f.start, f.end, f.score) for p in resumed if (f := p.finding)}
    assert rest == {(f.start, f.end, f.score) for f in whole if (f.start or 0) >= limit}


def test_it_is_a_source_of_patterns() -> None:
    detector = Addresses()
    detector.load()
    assert isinstance(detector, PatternSource)
    assert detector.kinds == ("pii.address",)
