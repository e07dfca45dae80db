"""A figure that does not follow from the numbers beside it must be seen; a rounded or unlike one must not."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrail.detectors.errors.sums.figures import KINDS, Figures
from guardrail.detectors.protocol import Configurable, Detector, Options
from guardrail.types import Context, Finding

TABLE = "| Item | Cost |\n|---|---:|\n| Rent | $1,200 |\n| Food | $300 |\n| **Total** | **$1,600** |"
表 = "| 項目 | 金額 |\n| --- | ---: |\n| 租金 | 12,000 |\n| 膳食 | 3,500 |\n| 合計 | 15,000 |"


def found(text: str, least: float = 0.6) -> list[Finding]:
    return [finding for finding in Figures().detect([text], Context())[0] if finding.score >= least]


def test_it_is_a_detector_that_looks_only_for_what_a_rule_wants() -> None:
    assert isinstance(Figures(), Detector) and isinstance(Figures(), Configurable)
    text = f"15% of 240 is 38.\n\n{TABLE}"
    assert [f.kind for f in Figures().detect([text], Context())[0]] == ["error.percentage", "error.total"]
    wanted = Figures().configure(Options(wanted=frozenset({"error.total"})))
    assert [f.kind for f in wanted.detect([text], Context())[0]] == ["error.total"]


PERCENTAGES = [
    ("15 % of 240 is 38.", "36"),
    ("15% of 240 students is 38 students.", "36"),
    ("Half of 90 is 40.", "45"),
    ("Two-thirds of 90 is 65.", "60"),
    ("240的15%是38。", "36"),
    ("２４０的１５％是３８。", "36"),
    ("240人嘅百分之十五係38人", "36"),
    ("九十的三分之一是四十", "30"),
    ("1000的兩成三是250", "230"),
    ("from 80 to 100 is a rise of 20 %", "25 %"),
    ("Sales rose from 80 to 100, an increase of 20%.", "25%"),
    ("Revenue increased by 20% from $80 million to $100 million.", "25%"),
    ("The price went up from HK$1.2m to HK$1.5m (a 40% increase).", "25%"),
    ("Profit fell from 100 to 80, a drop of 25%.", "20%"),
    ("從80升至100，升幅20%", "25%"),
    ("由80增加到100，增長了20%。", "25%"),
    ("价格从100元下降到80元，跌幅为25%", "20%"),
    ("45 out of 60 students (70%) passed", "75%"),
    ("60人中有45人，佔70%", "75%"),
    ("原價$200，八折後係$150。", "$160"),
    ("200元打八五折後是180元", "170元"),
    ("20% off $250 is $190.", "$200"),
    ("$1,000 at 5% compound interest for 3 years becomes $1,200.", "$1,158"),
    ("1000元以年利率5%複利計算，3年後本利和為1200元", "1158"),
]


@pytest.mark.parametrize(("text", "right"), PERCENTAGES)
def test_a_wrong_percentage_is_found_and_the_right_one_named(text: str, right: str) -> None:
    (finding,) = found(text)
    assert finding.kind == "error.percentage"
    assert right in finding.message.replace(",", "") or right in finding.message
    assert not any(map(str.isdigit, finding.evidence))


@pytest.mark.parametrize(
    "text",
    [
        "15 % of 240 is 36.",
        "15% of 241 is about 36.",
        "15% of 2 hours is 18 minutes.",
        "More than 15% of 240 is 38.",
        "240的15%是36。",
        "from 80 to 100 is a rise of 25 %",
        "From 2010 to 2020, an increase of 20% was seen.",
        "The rate went from 20% to 25%, an increase of 5%.",
        "It grew from 80 to 100, an increase of 20 percentage points.",
        "Sales rose from 1.2 million to 1.5 million, an increase of 26%.",
        "由80增加到100，增長了25%。",
        "由20%升至25%，升幅25%。",
        "Step 2 of 3 (50% complete)",
        "原價$200，八折後係$160，慳咗$40。",
        "20% off $250 is $50.",
        "20% off $250 is $200.",
        "About 20% of 150 employees are 30 years old or older.",
        "25% of $19.50 which means $19.50 * .25 = $4.875",
        "It is wrong to say that 15% of 240 is 38.",
        "10% of the 40 students are 18 years old.",
        "40個學生的10%是18歲。",
    ],
)  # fmt: skip
def test_a_right_or_unlike_percentage_is_left_alone(text: str) -> None:
    assert found(text, 0) == []


TOTALS = [
    (TABLE, "$1,500"),
    (表, "15,500"),
    ("| Item | Qty | Unit price | Total |\n|---|---|---|---|\n| Pen | 3 | $2.50 | $7.50 |\n| Book | 2 | $10 | $25 |", "$20"),
    ("- Rent: $1,200\n- Food: $300\n- Travel: $150\n- Total: $1,700", "$1,650"),
    ("1. 租金：12,000元\n2. 膳食：3,500元\n3. 交通：800元\n\n總計：16,500元", "16,300"),
    ("Item      Cost\nRent      1200\nFood       300\nTotal     1600", "1500"),
    ("3 apples, 4 pears and 5 plums, 13 fruits in all", "12"),
    ("3個蘋果、4個梨和5個李子，合共13個水果。", "12"),
    ("He spent $3, $4 and $5, for a total of $13.", "$12"),
    ("The sum of 2, 4 and 9 is 16", "15"),
    ("11個橙、12個蘋果同13個梨，一共40個。", "36"),
    ("2、4和9的總和是16", "15"),
    ("| | A | B | Total |\n|-|-|-|-|\n| x | 1 | 2 | 3 |\n| y | 4 | 5 | 8 |\n| z | 6 | 7 | 13 |", "9"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "right"), TOTALS)
def test_a_wrong_total_is_found_and_the_right_one_named(text: str, right: str) -> None:
    (finding,) = found(text)
    assert finding.kind == "error.total" and right in finding.message


@pytest.mark.parametrize(
    "text",
    [
        TABLE.replace("1,600", "1,500"),
        "| A | B |\n|---|---|\n| x | 100 |\n| Subtotal | 100 |\n| y | 50 |\n| z | 20 |\n| Subtotal | 70 |\n| Total | 170 |",
        "| A | Cost |\n|---|---|\n| x | 100 |\n| y | 50 |\n| Discount | 20 |\n| Total | 130 |",
        "| A | Unit price | Qty |\n|---|---|---|\n| x | 100 | 1 |\n| y | 50 | 2 |\n| Total | 200 | 3 |",
        "| A | Share |\n|---|---|\n| x | 33.3% |\n| y | 33.3% |\n| z | 33.3% |\n| Total | 100% |",
        "| Year | n |\n|---|---|\n| 2020 | 5 |\n| 2021 | - |\n| Total | 7 |",
        "- Staff: 100\n  - of which part-time: 20\n- Guests: 50\n- Total: 150",
        "- 員工：100人\n- 其中兼職：20人\n- 合計：100人",
        "3 boxes and 2 pencils, 26 pencils in total",
        "三個滿滿嘅鉛筆盒同2支散亂嘅鉛筆，總共26支鉛筆。",
        "The total cost of 5 apples and 5 oranges is $5.2 + $3.3 = $8.5.",
        "Steps 1, 2 and 3, 10 pages in total",
        "- A: 3 kg\n- B: 500 g\n- Total: 3.5 kg",
        "每人4個，20人，一共80個",
        "| P&L | HK$ |\n|---|---|\n| Sales | 100 |\n| Services | 50 |\n| Rent | 20 |\n| Wages | 30 |\n| Total expenses | 50 |",
        "| P&L | n |\n|---|---|\n| Sales | 100 |\n| Costs | 60 |\n| Gross profit | 40 |\n| Total | 100 |",
        "A flat with 3 bedrooms, 2 bathrooms and 1 kitchen, for a total of 1,200 square feet",
    ],
)  # fmt: skip
def test_a_right_or_unsure_total_is_left_alone(text: str) -> None:
    assert found(text, 0) == []


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("The average of 2, 4 and 9 is 6.", "5"),
        ("2、4、9的平均數是6。", "5"),
        ("The scores are 70, 80 and 90, so the average is 85.", "80"),
        ("分數係70、80、90，平均分係85", "80"),
        ("The median of 1, 5 and 9 is 4.", "5"),
        ("| Test | Mark |\n|---|---|\n| 1 | 70 |\n| 2 | 80 |\n| Average | 79 |", "75"),
    ],
)
def test_a_wrong_average_is_found_and_the_right_one_named(text: str, right: str) -> None:
    (finding,) = found(text)
    assert finding.kind == "error.average" and right in finding.message


@pytest.mark.parametrize(
    "text",
    [
        "The average of 10 and 15 is 12.5",
        "The average of 1, 2 and 2 is 1.67",
        "The weighted average of 2, 4 and 9 is 6",
        "The average of 2, 4, ... and 9 is 6",
        "2、4、9的平均數是5。",
        "| Test | Mark |\n|---|---|\n| 1 | 70 |\n| 2 | 80 |\n| Average | 75 |",
    ],
)
def test_a_right_or_unlike_average_is_left_alone(text: str) -> None:
    assert found(text, 0) == []


CONVERSIONS = [
    ("The trail is 10 kilometres (7.5 miles) long.", "6.21 miles"),
    ("5公里（約4.1英里）", "3.11 英里"),
    ("1 kg = 2.5 lb", "2.2"),
    ("Bake at 180°C (300°F).", "356 °F"),
    ("100 sq ft is 15 m²", "9.29 m²"),
    ("500呎（約60平方米）", "46.5 平方米"),
    ("3 hours = 200 minutes", "180 minutes"),
    ("3小時即係200分鐘", "180 分鐘"),
    ("2 hours 30 minutes = 160 minutes", "150 minutes"),
    ("2司馬斤 = 1.5 kg", "1.21 kg"),
    ("1 catty is 700 g", "605 g"),
    ("1 tael is 50 g", "37.8"),
    ("5 ft 10 in (190 cm)", "177.8 cm"),
    ("100 km/h (50 mph)", "62.1 mph"),
    ("US$100 at 7.8 = HK$800", "HK$780"),
    ("1 USD = 7.8 HKD. So US$100 is HK$870.", "HK$780"),
    ("1美元兌7.8港元，所以100美元即係870港元", "780"),
    ("匯率係7.8，100美元等於870港元", "780"),
]


@pytest.mark.parametrize(("text", "right"), CONVERSIONS)
def test_a_wrong_conversion_is_found_and_the_right_one_named(text: str, right: str) -> None:
    (finding,) = found(text)
    assert finding.kind == "error.conversion" and right in finding.message


@pytest.mark.parametrize("text", ["2 斤 = 2 kg", "1兩等於100克"])
def test_a_unit_with_several_meanings_is_wrong_only_where_none_fits(text: str) -> None:
    (finding,) = found(text)
    assert "不論按哪一種單位定義" in finding.message or "whichever meaning" in finding.message


@pytest.mark.parametrize(
    "text",
    [
        "5 km (3.1 miles)", "1 mile = 1.6 km", "1 kg = 2.2 lb", "180°C (350°F)", "350°F (180°C)", "400°F (200°C)",
        "2斤 = 1.2 kg", "1尺 = 33厘米", "1尺 = 30.5厘米", "2斤=1公斤", "1斤等於600克", "1兩等於50克", "a rise of 2°C (3.6°F)", "1 cup (240 ml)",
        "8 oz (225 g)", "1 oz of gold is 31.1 g", "2 m (6 ft)", "6 ft (2 m)", "1 gallon = 3.8 litres",
        "1 gallon = 4.5 litres", "30 minutes to 2 hours", "1 GB = 1024 MB", "1 GB = 1000 MB", "5 minutes (300 seconds)", "5 minutes (30 seconds a side)", "30 minutes, or 2 hours", "100 g (2 kg pack)",
        "5 km per litre (12 mpg)", "HK$780 (US$100) at the peg: US$1 = HK$7.8", "US$100 (HK$780)", "US$100 (HK$900)",
        "1 USD = 7.8 HKD; after a fee of 2%, US$100 becomes HK$764", "9小時乘21日等於189小時", "500呎（約46平方米）",
        ". ".join(f"1 USD = 7.{day:02} HKD" for day in range(30)) + ". So US$100 is HK$800.",
        "買入1美元兌7.75港元，賣出1美元兌7.85港元：100美元即係785港元",
    ],
)  # fmt: skip
def test_a_rounded_or_unsure_conversion_is_left_alone(text: str) -> None:
    assert found(text, 0) == []


def test_the_words_are_in_the_language_of_the_answer() -> None:
    assert found("15% of 240 is 38.")[0].message == "15% of 240 is 36, not 38."
    assert found("呢度240嘅15%係38。")[0].message == "240 的 15% 是 36，不是 38。"
    assert "变动" in found("这个价格从80升至100，升幅20%")[0].message


@pytest.mark.parametrize("wrap", [str, lambda text: f"Intro.\n\n{text}\n\nOutro.", lambda text: f"> {text}"])
def test_the_span_holds_the_wrong_figure(wrap: Callable[[str], str]) -> None:
    text = wrap("15% of 240 is 38.")
    (finding,) = found(text)
    assert text[finding.start : finding.end] == "15% of 240 is 38"


@given(st.integers(1, 19), st.integers(1, 400))
def test_an_exact_part_is_never_doubted_and_any_other_always(fifth: int, twenty: int) -> None:
    whole, right = twenty * 20, fifth * twenty
    assert found(f"{fifth * 5}% of {whole} is {right}.", 0) == []
    assert len(found(f"{whole}嘅{fifth * 5}%係{right + 3}。")) == 1


@given(st.lists(st.integers(1, 5000), min_size=2, max_size=8), st.integers(1, 99))
def test_any_table_adds_up_or_is_found(values: list[int], off: int) -> None:
    rows = "".join(f"| item {chr(97 + at)} | {value} |\n" for at, value in enumerate(values))
    head = "| what | amount |\n|---|---|\n"
    assert found(f"{head}{rows}| total | {sum(values)} |", 0) == []
    years = all(1900 <= value <= 2100 for value in values)
    assert years or len(found(f"{head}{rows}| total | {sum(values) + off} |")) == 1


@settings(max_examples=300)
@given(st.text(alphabet='0123456789.,%$ \n|-:()=約個元的嘅是係共由升至折成公里斤milesofhtkp°CFUS"', max_size=120))
def test_any_text_is_survived_and_findings_lie_inside_it(text: str) -> None:
    for finding in Figures().detect([text], Context())[0]:
        assert finding.kind in KINDS
        assert finding.start is not None and finding.end is not None
        assert 0 <= finding.start < finding.end <= len(text)
        assert finding.message and len(finding.message) < 300


@pytest.mark.parametrize(
    "piece",
    ["5 km (", "10% of ", "1、", "from 1 to 2 ", "in all ", "| 1 ", "- a: 1\n", "1 and ", "US$1 HK$1 ", "三", "|\n"],
)
def test_hostile_text_is_read_within_bounds(piece: str) -> None:
    assert len(found(piece * (40_000 // len(piece)), 0)) < 5


def test_the_beginning_of_a_very_long_answer_is_read() -> None:
    long = "5 km (3.1 miles) is far. " * 20_000
    assert [one.start for one in found("15% of 240 is 38. " + long)] == [0]
    assert found(long + "15% of 240 is 38.") == []
