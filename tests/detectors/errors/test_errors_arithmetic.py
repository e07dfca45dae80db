"""A sum that does not add up must be seen in any notation; everything that only looks like one must not."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.detectors.errors.sums.arithmetic import Arithmetic
from guardrail.detectors.errors.sums.numerals import read, read_chinese
from guardrail.detectors.protocol import Detector
from guardrail.types import Context, Finding


def found(text: str, least: float = 0.5) -> list[Finding]:
    return [f for f in Arithmetic().detect([text], Context())[0] if f.score >= least]


def spans(text: str) -> list[str]:
    return [text[f.start : f.end] for f in found(text)]


def test_is_a_detector() -> None:
    assert isinstance(Arithmetic(), Detector)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("2 + 2 = 5", "2 + 2 = 5"),
        ("So she used 2 x 6 = 13 tickets.", "2 x 6 = 13"),
        ("Cost: 5 apples × $3 = $16.", "5 apples × $3 = $16"),
        ("Total = $5 x 3 = $16", "$5 x 3 = $16"),
        ("20% of 150 = 35.", "20% of 150 = 35"),
        ("15 ÷ 60 × 100% = 35%", "15 ÷ 60 × 100% = 35%"),
        ("1,200 + 350 = 1,650", "1,200 + 350 = 1,650"),
        ("(2 + 3) * 4 = 14", "(2 + 3) * 4 = 14"),
        ("2 + 3 × 4 = 20", "2 + 3 × 4 = 20"),
        ("5² + 1 = 27", "5² + 1 = 27"),
        ("2^10 = 1000", "2^10 = 1000"),
        ("-5 + 3 = 2", "-5 + 3 = 2"),
        ("- 5 + 3 = 9", "5 + 3 = 9"),
        ("1. 5 + 3 = 9", "5 + 3 = 9"),
        ("**5 + 3 = 9**", "5 + 3 = 9"),
        ("5 + 3 = **9**", "5 + 3 = **9"),
        ("| 5 + 3 = 9 | ok |", "5 + 3 = 9"),
        ("> `5 + 3 = 9`", "5 + 3 = 9"),
        ("12 × 3\n   = 38", "12 × 3\n   = 38"),
        ("12 × 3 = 30 + 6 = 37", "30 + 6 = 37"),
        ("10 / 3 = 3.43", "10 / 3 = 3.43"),
        ("1/2 + 1/4 = 2/3", "1/2 + 1/4 = 2/3"),
        ("1 1/2 + 2 = 5", "1 1/2 + 2 = 5"),
        ("2½ × 2 = 6", "2½ × 2 = 6"),
        ("1/3 = 0.343...", "1/3 = 0.343..."),
        ("100/3 ≈ 50", "100/3 ≈ 50"),
        ("487 × 2 = about 1,500", "487 × 2 = about 1,500"),
        ("487 × 2 = 約 1,500", "487 × 2 = 約 1,500"),
        ("2 plus 3 equals 6", "2 plus 3 equals 6"),
        ("3 million + 2 million = 6 million", "3 million + 2 million = 6 million"),
        ("(1.66 × 10^4) / (2 × 10^2) = 8.3 × 10^2", "(1.66 × 10^4) / (2 × 10^2) = 8.3 × 10^2"),
        (r"\(5 \times 3 = 16\)", r"5 \times 3 = 16"),
        (r"\frac{1}{2} + \frac{1}{4} = \frac{3}{5}", r"\frac{1}{2} + \frac{1}{4} = \frac{3}{5}"),
        (r"$12 \div 4 = \boxed{4}$", r"$12 \div 4 = \boxed{4}"),
        (r"5 \text{ apples} + 3 \text{ apples} = 9 \text{ apples}", r"5 \text{ apples} + 3 \text{ apples} = 9"),
        ("5 元 × 3 = 16元", "5 元 × 3 = 16"),
        ("12 個 + 3 個 = 16 個", "12 個 + 3 個 = 16"),
        ("佢一共有12×3=38個蘋果。", "12×3=38"),
        ("所以每星期6部×4星期=25部電影", "6部×4星期=25"),
        ("１２＋３＝１６", "１２＋３＝１６"),
        ("１，２００－２００＝９００", "１，２００－２００＝９００"),
        ("一千二百萬 + 三百萬 = 一千六百萬", "一千二百萬 + 三百萬 = 一千六百萬"),
        ("三十五加二十等於五十六", "三十五加二十等於五十六"),
        ("5元加3元等于9元", "5元加3元等于9"),
        ("3萬 + 5000 = 36000", "3萬 + 5000 = 36000"),
        ("1.5亿 × 2 = 4亿", "1.5亿 × 2 = 4亿"),
        ("百分之二十 × 50 = 11", "百分之二十 × 50 = 11"),
        ("20粒的2/5 = 9粒", "20粒的2/5 = 9"),
        ("計算結果：（80-6）/（1+1）= 22", "（80-6）/（1+1）= 22"),
        ("答案是(或總數)（39 + 1）/ 10 = 5", "（39 + 1）/ 10 = 5"),
        ("60 km/h × 2 h = 130 km", "60 km/h × 2 h = 130"),
        ("$5.25 - $15.75 = $10.5", "$5.25 - $15.75 = $10.5"),
        ("8-50 = 42", "8-50 = 42"),
        ("132.3 * 1.05 = 138.615", "132.3 * 1.05 = 138.615"),
        ("We get 5 - 8 = 3 rows of 5 stars.", "5 - 8 = 3"),
        ("600 * -7 = -4201", "600 * -7 = -4201"),
        ("三分之一 × 90 = 40", "三分之一 × 90 = 40"),
        ("1000 × 兩成三 = 250", "1000 × 兩成三 = 250"),
        ("$100 × 八五折 = $80", "$100 × 八五折 = $80"),
        ("HK$1.2m × 2 = HK$2,500,000", "HK$1.2m × 2 = HK$2,500,000"),
        ("12.5億 + 3億 = 16億", "12.5億 + 3億 = 16億"),
        ("14 x .05 = 1.7", "14 x .05 = 1.7"),
        ("It went up by 600 * 2 = 1300 dollars.", "600 * 2 = 1300"),
        ("8/24=3 trips", "8/24=3"),
        ("20 days for a total of 2*15 = 50 flowers", "2*15 = 50"),
        ("We need 16/2 = 9 pairs of pencils.", "16/2 = 9"),
        ("She works 10*5 = 20 hours a week.", "10*5 = 20"),
        ("He will pay $216 + $612 = $825 to replace it.", "$216 + $612 = $825"),
        ("She did not sleep. So 30 - 5 = 22 are left.", "30 - 5 = 22"),
        ("There are 32 + 16 = 49 blocks that are not red.", "32 + 16 = 49"),
        ("再乘以2：8 × 2 = 18粒糖。", "8 × 2 = 18"),
        ("10-25 = -45.", "10-25 = -45"),
        ("She has 9*3 = 29 great grand-babies.", "9*3 = 29"),
    ],
)
def test_a_false_equation_is_found_where_it_stands(text: str, span: str) -> None:
    assert spans(text) == [span]


@pytest.mark.parametrize(
    "text",
    [
        "15 ÷ 60 × 100 = 25%",
        "100 - 20% = 80",
        "100% - 30% = 70",
        "10 / 3 = 3.33",
        "10 / 3 = 3.3333333333333335",
        "0.1 + 0.2 = 0.30000000000000004",
        "20 / 3 = 6.67 and 20 / 3 = 6.66",
        "$10 / 3 = $3.33",
        "1/3 = 0.333...",
        "2/3 = 0.666… = 66.7%",
        "16.67 × 6 = 100",
        "33.33 × 3 = 100.00",
        "10/3 ≈ 3",
        "478 + 12 = about 500",
        "478 + 12 = 500 (approx)",
        "3 hours = 3 × 60 = 180 minutes",
        "5 × 60 = 300 seconds = 5 minutes",
        "2 × 100 = $2",
        "x = 5 + 3 = 8",
        "7 × 8 = 56 = 28 × 2",
        "1.66 × 10^4 / 2 × 10^2 ≈ 83",
        "1.66 × 10^4 / 2.0 × 10^-2 = 8.3 × 10^5",
        "(-3)^2 + 4² = 25",
        "600 * -7 = -4200",
        "90 × 三分之一 = 30",
        "1000 × 兩成三 = 230",
        "$100 × 八五折 = $85",
        "HK$1.2m + HK$0.3m = HK$1.5m",
        "HK$1.2m × 2 = HK$2,400,000",
        "時間係10：30 + 15 = 45",
        "25 x .04 = 1",
        "一百零三 + 二百三 = 三百三十三",
        "7231×9999999\n =7231\n ×\n (10000000-1)\n =72310000000-7231\n =72309992769",
    ],
)
def test_a_true_equation_is_left_alone(text: str) -> None:
    assert found(text, 0) == []


@pytest.mark.parametrize(
    "text",
    [
        # algebra, functions, code
        "x = 5 + 3",
        "2x + 3 = 7",
        "3n - 1 = 8 so n = 3",
        "f(2) + 3 = 9",
        "sin(30) + 1 = 1.5",
        "√16 + 3 = 7",
        r"\sqrt{16} + 3 = 7",
        "5! = 120 and log 100 + 1 = 3",
        "i = 10 - 1; j += 5 + 3; if (a == 5 - 3) {}",
        "assert 5 + 3 != 9 and 2 + 2 >= 4",
        '"1" + "1" = "11"',
        "10 % 3 = 1",
        "7231 * (*** - 1) = 7231",
        "A = (1,2) + (3,4) = (4,6) and [1,2] + [3,4] = [4,6]",
        "101 + 11 = 1000",
        "0x0F + 1 = 10",
        "7 + 8 = 3 (mod 12)",
        "On a clock, 7 + 8 = 3 in base 12",
        "3的a減2b次方=3的a次方除以3的2b次方",
        # dates, ranges, scores, numbers of things
        "2024-01-05 = Friday",
        "Score: 3-2 = win",
        "0-3 = 1 point, 4-6 = 2 points",
        "電話 2123-4567 = 2 號線",
        "v1.2.3 + 1 = 1.2.4",
        "10:30 + 2:00 = 12:30",
        "3:4 = 6:8",
        "Day 2 + Day 3 = 13",
        "Q:1/4=120",
        # units
        "1/2 cup = 120 ml",
        "1 小時 + 30 分鐘 = 90 分鐘",
        "5 kg + 500 g = 5.5 kg",
        "2 × 30 = 1 hour",
        "4 × 25 cents = $1",
        "2 dozen + 4 = 28",
        "兩雙鞋+5蚊=71蚊",
        "3/5隻貓等於30 x 3/5 = 18隻貓",
        "3/4加侖等於3/4*8=6品脫",
        "1小時收費 * 4節課 = $80 * 4",
        "3個滿滿嘅盒 + 2支散亂嘅 = 26",
        "1959細分嘅重量 × 3/4 = 2010細分嘅重量",
        "21 - 3 = 2 * 莎莉的書",
        "50% * 費用 * 3 = 600",
        "Jackson is 9 because James + 1 = 9",
        "The average of these 3 countries is -30/3=-10 degrees.",
        "10 gallons will earn a reward of .20*10 = $2.00",
        "4 less than three times as many as cupcakes + 2 = 7",
        "100% - 40% = 60% of a population made up of 240",
        "16歲以上嘅女學生數目 + 16歲以下嘅女學生數目 = 1125 + 750",
        # other readings
        "17 ÷ 5 = 3 remainder 2",
        "17÷5=3……2",
        "17 ÷ 5 = 3 餘 2",
        "9 ÷ 3/4 = 12",
        "half of 10 + 3 = 8",
        "5個半 + 2 = 7個半",
        "5 + 3 = 8 × 2 = 16",
        "10 + 2 = 5-6 weeks",
        "1 000 + 2 000 = 3 000",
        "150 x $450 = $67",
        # refuted
        "2+2=5 is wrong",
        "It is not true that 2+2=5.",
        "不是 2+2=5",
        "事實上2+2=5係錯嘅",
        "2+2=5？唔啱！",
        "~~2 + 2 = 5~~",
        "有人以為2+2=5",
        "25 + 25 = 49\n\n50 = 49 (not true)",
        # words
        "一共 5 + 3 個，十分好 = 正",
        "2 個三文治 x $7.50 每個 = $15.00",
        "四川、九龍等於兩個地方",
        "====== 1 ====== 2 ======",
    ],
)
def test_what_only_looks_like_a_false_equation_is_left_alone(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize("text", ["7/2 = 3", "If 1 + 1 = 3 then", "如果 1+1=3", "5 + 3 = 8 × 2"])
def test_a_doubtful_case_scores_below_a_plain_one(text: str) -> None:
    assert all(finding.score < 0.5 for finding in found(text, 0))


def test_a_plain_equation_scores_high_and_the_evidence_quotes_nothing() -> None:
    (finding,) = found("12 × 3 = 38")
    assert (finding.kind, finding.score, finding.detector) == ("error.arithmetic", 0.95, "errors.arithmetic")
    assert not any(map(str.isdigit, finding.evidence))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("12 × 13 = 166", "12 × 13 is 156, not 166."),
        ("我計12 × 13 = 166呢個數", "12 × 13 等於 156，不是 166。"),
        ("这个数12 × 13 = 166", "12 × 13 等于 156，不是 166。"),
        ("12 × 3 = 38. Then 38 + 4 = 42.", "12 × 3 is 36, not 38. A later step goes on with 38."),
        ("3 million + 2 million = 6 million", "3 million + 2 million is 5 million, not 6 million."),
        ("10 / 3 = 3.43", "10 / 3 is about 3.33, not 3.43."),
        ("15 ÷ 60 × 100% = 35%", "15 ÷ 60 × 100% is 25%, not 35%."),
        (r"$12 \div 4 = \boxed{4}$", "$12 ÷ 4 is 3, not 4."),
        ("1/2 + 1/4 = 2/3", "1/2 + 1/4 is 0.75, but 2/3 is 0.67."),
        ("1,200 + 350 = 1,650", "1,200 + 350 is 1,550, not 1,650."),
        ("1.5億 × 2 = 4億", "1.5億 × 2 等於 3億，不是 4億。"),
    ],
)
def test_the_reader_is_told_the_right_value_in_the_language_of_the_answer(text: str, message: str) -> None:
    assert found(text)[0].message == message


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("12 times 3 is 38.", "12 times 3 is 38"),
        ("12乘3係38", "12乘3係38"),
        ("5加3得9", "5加3得9"),
        ("二加二係五", "二加二係五"),
        ("12 × 3 = 36, then 36 + 4 = 41", "36 + 4 = 41"),
        ("12 × 3 = 36, then plus 4 is 41", "36, then plus 4 is 41"),
        ("12×3=36，再加4等於41", "36，再加4等於41"),
        ("10 / 2 = 5, and then add 3 to get 9", "5, and then add 3 to get 9"),
    ],
)
def test_words_and_steps_that_go_on_from_a_result_are_followed(text: str, span: str) -> None:
    assert spans(text) == [span]


@pytest.mark.parametrize(
    "text",
    [
        "12 × 3 = 36, then plus 4 is 40",
        "12 × 3 = 36, then minus 10% is 32.4",
        "12 × 3 = 36, then plus 4 more boxes",
        "2 times 3 is 6 times more than 1",
        "5 加 3 乘 2 係 11",
        "上午 9 點加 3 小時係 12 點",
        "10 divided by 3 is 3.3",
        "It is wrong that 2 plus 2 is 5.",
    ],
)
def test_words_that_are_right_or_unlike_an_equation_are_left_alone(text: str) -> None:
    assert found(text, 0) == []


def test_each_equation_of_a_text_is_judged_by_itself() -> None:
    assert spans("2+2=4；2+3=6；3 + 3 = 6, 3+4=8。") == ["2+3=6", "3+4=8"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("三十五", 35), ("一千二百萬", 12_000_000), ("二〇二四", 2024), ("兩百零三", 203), ("二百三", 230), ("十", 10),
        ("廿五", 25), ("三萬五", 35_000), ("一億零三百萬", 103_000_000), ("一一十", None), ("千", None), ("", None),
    ],
)  # fmt: skip
def test_chinese_numerals(text: str, value: int | None) -> None:
    number = read_chinese(text)
    assert (number.value if number else None) == value


@pytest.mark.parametrize(
    ("text", "value", "step"),
    [
        ("1,234.50", Fraction(2469, 2), Fraction(1, 100)), ("3萬5千", 35_000, 1000), ("3.5萬", 35_000, 1000),
        ("1e3", 1000, 1000), ("12,34,567", 1_234_567, 1), ("3萬5", None, None), ("1.2.3", None, None),
        ("007", None, None), ("1,2345", None, None), ("9" * 41, None, None),
    ],
)  # fmt: skip
def test_numbers_in_digits(text: str, value: Fraction | None, step: Fraction | None) -> None:
    number = read(text)
    assert ((number.value, number.step) if number else (None, None)) == (value, step)


# --- generated equations -------------------------------------------------------------------------------------------

_DIGITS = "零一二三四五六七八九"


def in_chinese(number: int) -> str:
    """A whole number from 0 to 9999 in Chinese."""
    if number < 10:
        return _DIGITS[number]
    text, gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit:
            text += ("零" if gap and text else "") + _DIGITS[digit] + name
        gap = not digit and bool(text)
    return text.removeprefix("一") if 10 <= number < 20 else text


def full_width(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def grouped(number: int) -> str:
    return f"{number:,}"


SIGNS = ("+", "-", "×", "÷", "=")
NOTATIONS = {
    "plain": (str, ("+", "-", "*", "/", "="), ""),
    "tight": (str, SIGNS, ""),
    "grouped": (grouped, ("+", "-", "x", "/", "="), ""),
    "full width": (lambda n: full_width(str(n)), ("＋", "－", "×", "÷", "＝"), ""),
    "latex": (str, ("+", "-", "\\times", "\\div", "="), ""),
    "chinese": (in_chinese, ("加", "減", "乘以", "除以", "等於"), ""),
    "chinese signs": (in_chinese, SIGNS, "個"),
    "counted": (str, SIGNS, "個"),
    "money": (lambda n: f"${n}", SIGNS, ""),
    "words": (str, ("plus", "minus", "times", "divided by", "equals"), " apples"),
}


@st.composite
def equations(draw: st.DrawFn) -> tuple[str, str, str]:
    """(text around `{}`, left side with sign, right result) of a true equation, and the result of a false one."""
    name = draw(st.sampled_from(sorted(NOTATIONS)))
    show, signs, unit = NOTATIONS[name]
    a, b = draw(st.integers(2, 900)), draw(st.integers(2, 900))
    which = draw(st.integers(0, 3))
    left, right, result = [(a, b, a + b), (a + b, b, a), (a % 90, b % 90, (a % 90) * (b % 90)), (a * 2, 2, a)][which]
    gap = "" if name in ("tight", "full width", "chinese") else " "
    stem = f"{show(left)}{unit}{gap}{signs[which]}{gap}{show(right)}{unit}{gap}{signs[4]}{gap}"
    wrong = result + draw(st.sampled_from([1, 2, 10, 100, 1000, 7]))
    return stem, show(result), show(wrong if wrong < 10_000 else result // 3)


FRAMES = [
    "{}",
    "所以{}。",
    "So we get {} in the end.",
    "1. {}\n2. 完",
    "**{}**",
    "（{}）",
    "a) {}, b) nothing",
    "計算：{}；",
]


@given(equations(), st.sampled_from(FRAMES))
def test_true_equations_are_never_reported(equation: tuple[str, str, str], frame: str) -> None:
    stem, result, _ = equation
    assert found(frame.format(stem + result), 0) == []


@given(equations(), st.sampled_from(FRAMES))
def test_the_same_with_another_result_is_reported_once(equation: tuple[str, str, str], frame: str) -> None:
    stem, _, wrong = equation
    assert [span.strip() for span in spans(frame.format(stem + wrong))] == [stem + wrong]


@given(st.integers(1, 10**6), st.integers(1, 10**4), st.integers(0, 6), st.booleans())
def test_a_quotient_may_be_rounded_or_cut_anywhere(a: int, b: int, places: int, cut: bool) -> None:
    scaled = Fraction(a, b) * 10**places
    shown = int(scaled) if cut else int(scaled + Fraction(1, 2))
    text = f"{a} / {b} = {shown // 10**places}" + (f".{shown % 10**places:0{places}d}" if places else "")
    assert found(text) == []


@given(st.text(alphabet='0123456789.,+-*/x×÷=≈^()[]{}%$ \n個元加等於三萬½²\\frac約 aof"', max_size=80))
def test_any_text_is_survived_and_findings_lie_inside_it(text: str) -> None:
    for finding in found(text, 0):
        assert finding.start is not None and finding.end is not None
        assert 0 <= finding.start < finding.end <= len(text)
        assert "=" in text[finding.start : finding.end] or any(c in text for c in "≈＝等")


@pytest.mark.parametrize(
    "text",
    [
        "9" * 100_000 + " = 1",
        "10^10^10 = 5 and 9^99999 = 3 and 2^-900 + 1 = 2",
        "(" * 20_000 + "1 + 1" + ")" * 20_000 + " = 3",
        "1 + " * 10_000 + "1 = 3",
        "1 + 1 = " * 4_000,
        "= " * 20_000,
        "2 / 0 = 5, 0^-1 = 3, (1 - 1) / (1 - 1) = 1",
        "\\frac{" * 10_000 + "=",
        "1 × 1234567890123456789" * 3_000 + " = 1",
        "=\n" * 20_000,
        "1.......1" * 20_000 + "= 1 + 1",
        "三" * 100_000 + " + 1 = 2",
        "- " * 20_000 + "1 = 2",
        "-" * 50_000 + "1 + 1 = 2",
        "1 個 " * 10_000 + "+ 1 = 2",
        "^".join(["9"] * 10_000) + " = 1",
    ],
)
def test_hostile_text_is_read_within_bounds(text: str) -> None:
    assert len(found(text, 0)) < 5


@pytest.mark.parametrize("sign", ["=", "＝", "﹦", "等於", "等于", " equals ", " is equal to "])
@pytest.mark.parametrize("before", ["", "Quality first. ", "x = y\n", "第一，", "a == b\nno numbers = here\n"])
def test_looking_first_misses_no_sign(before: str, sign: str) -> None:
    text = f"{before}\n2 + 2{sign}5"
    assert spans(text) == [f"2 + 2{sign}5"]


@pytest.mark.parametrize(
    "text", ["二加二等於五", "½ + ½ = 2", "２＋２＝５", r"2 + 2 \approx 9", "2 + 2 ≈ 9", "2 + 2 ≒ 9"]
)
def test_looking_first_misses_no_number(text: str) -> None:
    assert spans(text) == [text]


@pytest.mark.parametrize("text", ["a = 5", "2 + 2 = x", "= 2 + 2", "2 + 2 =", "x = y", "1, 2, 3", "equality for 5", ""])
def test_half_an_equation_is_none(text: str) -> None:
    assert found(text, 0) == []


@pytest.mark.parametrize(
    "text", [r"\left[\frac{x^3}{3}\right]_0^1 = \frac{1}{3}", r"\Big|_0^2 = 4", "[x^2]_1^3 = 8", "(x + 1)_{0}^{2} = 2"]
)
def test_the_bounds_of_an_integral_are_no_power(text: str) -> None:
    assert Arithmetic().detect([text], Context()) == [[]]


def test_the_first_lines_of_a_very_long_answer_are_read() -> None:
    """A megabyte of equations would outlast the time that a check has."""
    long = "1 + 1 = 2\n" * 100_000
    assert [one.start for one in Arithmetic().detect(["1 + 1 = 3\n" + long], Context())[0]] == [0]
    assert Arithmetic().detect([long + "1 + 1 = 3"], Context()) == [[]]


@pytest.mark.parametrize(
    "text",
    [
        "Many students write 3 + 4 × 2 = 14.",
        "Some say 2 + 2 = 5, but that is Orwell.",
        "O'Brien makes Winston say that 2 + 2 = 5.",
        "Orwell's “2 + 2 = 5” is a slogan.",
        "小說中「2 + 2 = 5」是一句口號。",
        "Is 12 × 13 = 166? No, it is 156.",
        "12 × 13 = 166 是否正確？",
        "Your working shows 7 × 8 = 54; it should be 56.",
        "The error is in line 2, where you wrote 7 × 8 = 54.",
        "你說 12 × 13 = 166，但其實是156。",
        "A. 7 × 8 = 54\nB. 7 × 8 = 56\nC. 7 × 8 = 58\nThe answer is B.",
        "Which is correct?\n(a) 12 + 9 = 20\n(b) 12 + 9 = 21",
        "下列哪項正確？\nA. 12 + 9 = 20\nB. 12 + 9 = 21\n答案：B",
        "是非題：5 + 6 = 12。（×）",
        "True or false: 5 + 6 = 12.",
    ],
)
def test_what_others_wrote_what_is_asked_and_what_is_to_choose_from_is_left_alone(text: str) -> None:
    assert Arithmetic().detect([text], Context()) == [[]]


@pytest.mark.parametrize(
    "text",
    [
        "So your answer is 12 × 13 = 166.",
        "A. 7 × 8 = 54\nB. 6 × 8 = 48",
        "We say 12 × 13 = 166.",
        "所以答案是12 × 13 = 166。",
    ],
)
def test_what_the_answer_itself_says_is_not(text: str) -> None:
    assert [finding.score >= 0.8 for finding in Arithmetic().detect([text], Context())[0]] == [True]
