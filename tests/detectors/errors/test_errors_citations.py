"""A reference that cannot be right is named with what would be right; one that may be right, or that no list tells, is not."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrail.detectors.errors.citations import identifiers as citations_identifiers
from guardrail.detectors.errors.citations import urls as citations_urls
from guardrail.detectors.errors.citations.detector import KINDS, Citations
from guardrail.detectors.errors.citations.hong_kong_chapters import FILE, chapters, plain
from guardrail.detectors.protocol import Configurable, Detector, Options
from guardrail.types import Context, Finding, Source, Stage

TODAY = date(2026, 11, 28)


def found(text: str, context: Context | None = None, least: float = 0.6) -> list[Finding]:
    detector = Citations(today=TODAY)
    detector.load()
    return [one for one in detector.detect([text], context or Context())[0] if one.score >= least]


def wrong(text: str, context: Context | None = None) -> list[str]:
    return [text[one.start : one.end] for one in found(text, context)]


def test_is_a_detector() -> None:
    assert isinstance(Citations(), Detector)
    assert isinstance(Citations(), Configurable)


def test_a_request_is_not_judged() -> None:
    assert found("ISBN 978-0-306-40615-8", Context(stage=Stage.REQUEST)) == []


def test_only_what_a_rule_wants_is_looked_for() -> None:
    detector = Citations(today=TODAY).configure(Options(wanted=frozenset({"error.legislation"})))
    detector.load()
    text = "ISBN 978-0-306-40615-8; 《僱傭條例》（第486章）"
    assert [one.kind for one in detector.detect([text], Context())[0]] == ["error.legislation"]


@pytest.mark.parametrize(
    "text",
    [
        "The Personal Data (Privacy) Ordinance (Cap. 486) protects data in Hong Kong.",
        "In Hong Kong the PDPO (Cap. 486) applies; see also Cap. 57.",
        "the Privacy Ordinance (Cap. 486) of Hong Kong",
        "the Companies Ordinance (Cap. 32), as it then was, in Hong Kong",
        "the former Companies Ordinance (Cap. 31) of Hong Kong",
        "the Insurance Companies Ordinance (Cap 41) of Hong Kong, not the Companies Ordinance (Cap 622)",
        "Biological Weapons Ordinance (Cap. 491), Weapons Ordinance (Cap. 217), both of Hong Kong",
        "Construction Sites (Safety) Regulations (Cap. 59I), Hong Kong",
        "Theft Ordinance (Cap. 210), Crimes Ordinance (Cap. 200) and Cap. 201, Prevention of Bribery Ordinance, Hong Kong",
        "Penal Code (Cap. 224), Companies Act (Cap. 50), Singapore",
        "Wills Ordinance (Cap. 60) of Sri Lanka",
        "Employees' Compensation Ordinance (Cap. 282) and Employees’ Compensation Ordinance (Cap. 282), Hong Kong",
        "It is wrong to say that the Theft Ordinance is Cap. 238; it is Cap. 210 in Hong Kong.",
        "《個人資料（私隱）條例》（第486章）第33(1)條",
        "《个人资料(私隐)条例》(第486章)第26(1)(a)条",
        "香港法例第57章《僱傭條例》第31D條，連同第59I章",
        "根據《某某（雜項）條例》（第1199章）處理",
        "《紅樓夢》第486章並不存在，第57章也不是",
        "section 33(1)(a)(i) of Cap. 486 and s 26 of the Theft Ordinance (Cap. 210) of Hong Kong",
        "Chapter 12 of the report on Hong Kong",
        "Hong Kong: Employment Ordinance / Cap. 57; Minimum Wage Ordinance / Cap. 608",
        "The Employment Ordinance and the Minimum Wage Ordinance (Cap. 57 and Cap. 608 respectively) of Hong Kong",
        "《僱傭條例》、《最低工資條例》（第57章及第608章）",
        "Laws of Hong Kong:\nCap. 57 Employment Ordinance\nCap. 608 Minimum Wage Ordinance",
        "香港法例：\n第57章 《僱傭條例》\n第608章 《最低工資條例》",
        "Cap 57: Employment Ordinance, Cap 608: Minimum Wage Ordinance (Hong Kong)",
        "第57章《僱傭條例》，第608章《最低工資條例》",
        "The cap. 486 people saw was blue.",
    ],
)
def test_legislation_that_may_be_right(text: str) -> None:
    assert wrong(text) == []


@pytest.mark.parametrize(
    ("text", "span", "says"),
    [
        ("In Hong Kong, the Theft Ordinance (Cap. 238) is strict.", "Theft Ordinance (Cap. 238", "Cap. 210"),
        ("Cap. 486, the Trade Marks Ordinance, of Hong Kong", "Cap. 486, the Trade Marks Ordinance", "Personal Data"),
        ("See the Companies Ordinance, Cap. 26, of Hong Kong.", "Companies Ordinance, Cap. 26", "Cap. 622"),
        ("見《公司條例》，第26章。", "公司條例》，第26章", "第622章"),
        ("Cap. 57 is the Trade Marks Ordinance of Hong Kong.", "Cap. 57 is the Trade Marks Ordinance", "Cap. 559"),
        ("In HK: the Wills Ordinance (Cap. 29).", "Wills Ordinance (Cap. 29", "Trustee Ordinance"),
        ("Hong Kong's Unicorn Keeping Ordinance (Cap. 486)", "Unicorn Keeping Ordinance (Cap. 486", "Privacy"),
        ("根據《僱傭條例》（第486章），僱員有權放假。", "僱傭條例》（第486章", "《個人資料（私隱）條例》"),
        ("香港法例第57章《稅務條例》", "第57章《稅務條例》", "第112章"),
        ("跟返僱傭條例（第487章）嘅規定", "僱傭條例（第487章", "《殘疾歧視條例》"),
        ("《个人资料（私隐）条例》（第487章）保障私隐。", "个人资料（私隐）条例》（第487章", "第486章"),
        ("section 33(a)(1) of Cap. 486, Hong Kong", "section 33(a)(1)", "(1)"),
        ("《個人資料（私隱）條例》（第486章）第0條", "第0", "條"),
        ("the Bus Ordinance (Cap. 888), Laws of Hong Kong", "Cap. 888", "official list"),
    ],
)
def test_legislation_that_the_list_gives_otherwise(text: str, span: str, says: str) -> None:
    (finding,) = found(text)
    assert (finding.kind, text[finding.start : finding.end]) == ("error.legislation", span)
    assert says in finding.message
    assert finding.score >= 0.8


@pytest.mark.parametrize(
    "text",
    [
        "Unlike the Employment Ordinance, Cap. 608 sets a minimum wage in Hong Kong.",
        "有別於《僱傭條例》，第608章規管最低工資。",
    ],
)
def test_a_comma_alone_does_not_make_a_title_of_a_chapter_sure(text: str) -> None:
    assert found(text, least=0.8) == []


def test_every_row_of_the_list_agrees_with_itself() -> None:
    for row in chapters().by_number.values():
        english = f"The {row.english} (Cap. {row.number}) of Hong Kong. Cap. {row.number}, the {row.english}, says so."
        chinese = f"香港《{row.chinese}》（第{row.number}章）。香港法例第{row.number}章《{row.chinese}》。"
        assert not row.english or wrong(english) == [], row
        assert not row.chinese or wrong(chinese) == [], row


def test_every_row_of_the_list_names_its_sources() -> None:
    head = {line.split()[1] for line in FILE.read_text(encoding="utf-8").splitlines() if line.startswith("# ")}
    rows = [line.split("\t") for line in FILE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert len(rows) > 200
    assert all(row[4] and set(row[4]) <= head and (row[1] or row[2]) for row in rows)
    assert [int(row[0]) for row in rows] == sorted({int(row[0]) for row in rows})


def test_a_title_is_compared_as_it_is_read() -> None:
    assert plain("個人資料（私隱）條例") == plain("个人资料(私隐)条例")
    assert plain("The Theft Ordinance") == plain("theft ordinance")


@pytest.mark.parametrize(
    "text",
    [
        "ISBN 978-0-306-40615-7, ISBN-10: 0-306-40615-2, ISBN 0-8044-2957-X, ISBN: 9780306406157",
        "ISSN 0378-5955, ISSN 2434-561X, e-ISSN: 0020-0190",
        "doi:10.1038/nature14539, https://doi.org/10.1002/(SICI)1097-0258, DOI 10.48550/arXiv.1706.03762.",
        "arXiv:1706.03762v5, arxiv.org/abs/0704.0001, arXiv:hep-th/9901001, arXiv:math.GT/0309136, arXiv:1412.6980",
        "https://orcid.org/0000-0002-1825-0097 and ORCID iD 0000-0001-5109-3700",
        "PMID: 12345678, PMID 7",
        "(doi:10.1000/182) and (ISBN 978-0-306-40615-7)",
        "ISBN 978-x-xxx-xxxxx-x, DOI 10.xxxx/xxxxx, ORCID 0000-0000-0000-0000, ISSN 1234-5678",
        "See the doi: it is in the paper. The DOI of 10 papers, doi 3.",
        "```\nISBN 978-0-306-40615-8\n```",
        "書號 ISBN：978-0-306-40615-7（平裝）",
        "The number 978-0-306-40615-8 has no label.",
    ],
)
def test_identifiers_that_may_be_right(text: str) -> None:
    assert wrong(text) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ISBN 978-0-306-40615-8", "7"),
        ("ISBN 0-306-40615-3", "2"),
        ("ISBN 978-0-306-4061-7", "12"),
        ("ISBN: 977-0-306-40615-7", "978"),
        ("國際書號ISBN：9780306406158。", "最後一位應為 7"),
        ("书号 ISBN 9780306406158，请查收这本书。", "最后一位应为 7"),
        ("ISSN 0378-5954", "5"),
        ("ISSN 2434-5612", "X"),
        ("doi: 11.1038/nature14539", "10."),
        ("https://doi.org/10.12/abc", "four to nine"),
        ("doi:10.1038", "suffix"),
        ("arXiv:1713.03762", "month 13"),
        ("arXiv:2700.03762", "month 00"),
        ("arXiv:2712.03762", "2027-12"),
        ("arXiv:1706.0376", "5 digits"),
        ("arXiv:1206.03762", "4 digits"),
        ("arXiv:hep-tt/9901001", "hep-tt"),
        ("arXiv:hep-th/9913001", "month 13"),
        ("https://orcid.org/0000-0002-1825-0098", "7"),
        ("ORCID: 0000-0002-1825-009", "four groups"),
        ("PMID: 319874520", "9"),
    ],
)
def test_identifiers_that_cannot_be_right(text: str, says: str) -> None:
    (finding,) = found(text)
    assert finding.kind == "error.identifier"
    assert says in finding.message


@given(st.text("0123456789", min_size=12, max_size=12))
def test_one_check_digit_in_ten_fits(body: str) -> None:
    said = [f"ISBN 978{body[3:]}{digit}" for digit in "0123456789"]
    fitting = [text for text in said if not list(citations_identifiers.find(text, 2026, 11))]
    assert len(fitting) == 1 or len(set(body[3:])) <= 2  # placeholders are passed over


@pytest.mark.parametrize(
    "text",
    [
        "HKSAR v Chan [2019] HKCFA 12 and [2021] HKCFI 1194 at [23]",
        "Re X [2025] HKLdT 58, [2025] HKCT 3, [2023] HKMagC 9, [2020] HKEC 101",
        "H v Director of Immigration (2020) 23 HKCFAR 248, (2007) 10 HKCFAR 676, [2016] 2 HKC 393, [2020] 1 HKLRD 100",
        "(1997-98) 1 HKCFAR 1",
        "[2024] HKT48 5 is a code of nobody",
    ],
)
def test_judgments_that_may_be_right(text: str) -> None:
    assert wrong(text) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[2031] HKCFA 3", "2031"),
        ("終審法院在 [2031] HKCFA 3 一案裁定", "2031 年尚未到來"),
        ("[1995] HKCFA 2", "1997"),
        ("[2019] HKCFAA 3", "HKCFA"),
        ("[2019] HKCIF 3", "HKCFI"),
        ("[2019] HKCFI 0", "from 1"),
        ("(2020) 24 HKCFAR 248", "23"),
        ("[2031] 2 HKLRD 100", "2031"),
    ],
)
def test_judgments_that_cannot_be_right(text: str, says: str) -> None:
    (finding,) = found(text)
    assert finding.kind == "error.case_citation"
    assert says in finding.message


def test_a_judgment_of_before_neutral_citations_is_a_hint() -> None:
    (finding,) = found("HKSAR v Leung [2005] HKCFA 2", least=0.1)
    assert finding.score < 0.6
    assert "HKLII" in finding.message


LIST = "\n\nReferences\n[1] A. Smith. Title. 2020.\n[2] B. Lee. Other. 2019."
AUTHORS = "\n\n## 參考文獻\n- Smith, A. (2020). Title.\n- 陳大文（2019）。題目。"


@pytest.mark.parametrize(
    "text",
    [
        f"As shown [1], [2] and [1, 2] or [1-2].{LIST}",
        f"As Smith (Smith, 2020) and （陳大文，2019） say.{AUTHORS}",
        "An array a[3] and `b[7]` and [3] tasks.",
        f"Use a[3] and x[9] as shown [1].{LIST}",
        "A note[^1] here.\n\n[^1]: The note.",
        "The class [^0-9] and [^a] of a regular expression.",
        "見[註1]及〔註2〕。\n\n註1：甲\n註2：乙",
        "A link [3](https://example.com) and [text][3]\n\n[3]: https://example.com",
        "(Smith, 2020) without any list",
        "- [ ] task\n- [x] done\n[1] one",
        "Interval [0] to [10], year [2020], see [12] of the judgment.",
        f"Set nums = [5] as shown [1].{LIST}",
        f"The intervals [0, 10] and [5, 20] meet [1].{LIST}",
        f"Alice scored [90], says [1].{LIST}",
        f"They agree (WHO, 2021) and （世衞，2021）.{AUTHORS}\n- World Health Organization (2021). Guide.\n- 世界衛生組織（2021）。指引。",
    ],
)
def test_keys_that_point_somewhere(text: str) -> None:
    assert wrong(text) == []


@pytest.mark.parametrize(
    ("text", "span", "says"),
    [
        (f"As shown [1] and [3].{LIST}", "[3]", "[1]–[2]"),
        (f"As shown [1–3].{LIST}", "[1–3]", "[3]"),
        ("如上文[1]及[5]所述。\n\n參考資料：\n[1] 甲。\n[2] 乙。", "[5]", "參考資料列表只有"),
        (f"As Chan found (Chan & Wong, 2018).{AUTHORS}", "(Chan & Wong, 2018)", "not in the list"),
        (f"Smith said so (Smith, 2017).{AUTHORS}", "(Smith, 2017)", "not in the list"),
        (f"研究指出（李小明，2018）是這樣。{AUTHORS}", "（李小明，2018）", "不在這個回答"),
        ("A note[^1] and another[^2].\n\n[^1]: The note.", "[^2]", "missing"),
        ("見[註1]及[註3]。\n\n註1：甲\n註2：乙", "[註3]", "註1、註2"),
    ],
)
def test_keys_that_point_nowhere(text: str, span: str, says: str) -> None:
    (finding,) = found(text)
    assert (finding.kind, text[finding.start : finding.end]) == ("error.citation_key", span)
    assert says in finding.message


@pytest.mark.parametrize(
    "text",
    [
        f"The Great Exhibition (London, 1851) drew millions.{AUTHORS}",
        f"The film (Titanic, 1997) won.{AUTHORS}",
        f"奧運（北京，2008）很成功。{AUTHORS}",
        "Choose [1], [2] or [3].\n\nNotes:\n1. Book early.\n2. Bring your card.",
    ],
)
def test_what_may_be_no_reference_is_not_sure(text: str) -> None:
    assert found(text, least=0.8) == []


@pytest.mark.parametrize(
    "said", ["(Smith, 2017)", "(Chan & Wong, 2018)", "(Chan et al., 2018)", "(see Chan, 2018)", "（李小明等人，2018）"]
)
def test_a_citation_beyond_doubt_is_sure(said: str) -> None:
    assert [one.score >= 0.8 for one in found(f"They say so {said}.{AUTHORS}")] == [True]


SOURCES = Context(
    material=(
        Source("document", "See https://www.gov.hk/en/tax/index.htm?utm_source=x for more.", "1"),
        Source("document", "Other.", "2", url="https://data.gov.hk/en/set"),
    ),
    prompt="and https://caller.hk/page",
)


@pytest.mark.parametrize(
    "text",
    [
        "It says so [1], [2].",
        "See http://gov.hk/en/tax/ and https://www.gov.hk/en and https://data.gov.hk/en/set#top.",
        "See https://caller.hk/page。",
        "Try `https://none.hk/page` or https://example.com/x or http://localhost:8000/x",
    ],
)
def test_what_the_request_brought_along_may_be_cited(text: str) -> None:
    assert wrong(text, SOURCES) == []


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("It says so [1], [4].", "[4]"),
        ("It says so [1] [doc7].", "[doc7]"),
        ("See https://www.gov.hk/en/made-up.", "https://www.gov.hk/en/made-up"),
        ("請看https://none.hk/page。", "https://none.hk/page"),
    ],
)
def test_what_the_request_did_not_bring_along(text: str, span: str) -> None:
    assert wrong(text, SOURCES) == [span]


def test_no_link_is_said_not_to_exist() -> None:
    (finding,) = found("See https://none.hk/page", SOURCES)
    assert "sources" in finding.message
    assert "exist" not in finding.message


def test_without_sources_no_link_is_judged() -> None:
    assert found("See https://none.hk/page") == []


def test_a_source_with_an_address_without_end_is_read_all_the_same() -> None:
    known = Context(material=(Source("document", "https://www.gov.hk/" + "a/" * 200_000),))
    assert wrong("See https://www.gov.hk/a/a and https://none.hk/page.", known) == ["https://none.hk/page"]


def test_addresses_are_compared_as_they_lead() -> None:
    said = ("https://www.A.hk/b/", "http://a.hk/b/index.html#c", "a.hk/b?utm_medium=x")
    assert {citations_urls.normalised(url) for url in said} == {"a.hk/b"}


PIECES = st.sampled_from(
    ["[1]", "[^1]", "[^1]: x", "\n", "References\n", "(Lee, 2020)", "Cap. 486", "第57章", "《僱傭條例》", " Ordinance ", "Theft", "（",
     "ISBN 9", "978", "-", "doi:10.", "arXiv:", "1706.03762", "[2019] HKCFA 1", "(2020) 23 HKCFAR 1", "註1", "：", "https://a.hk/b",
     "s 33(a)(1)", "香港", "```", "`", "【1†a】", "[doc2]", "\ud800", "０", "x", " "]
)  # fmt: skip


@settings(max_examples=200)
@given(st.one_of(st.text(), st.lists(PIECES, max_size=30).map("".join)))
def test_any_text_is_read(text: str) -> None:
    for finding in found(text, SOURCES, least=0.0):
        assert finding.kind in KINDS
        assert finding.start is not None
        assert finding.end is not None
        assert 0 <= finding.start < finding.end <= len(text)
        assert 0 < finding.score <= 1
        assert 0 < len(finding.message) < 600
        assert text[finding.start : finding.end] not in finding.evidence
