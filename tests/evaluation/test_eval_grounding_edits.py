"""The generator of claims: what it makes of a source, and that a supported claim and an edit differ as they should."""

import json
import random
from pathlib import Path

import pytest

from guardrail.evaluation import grounding_chinese, grounding_english
from guardrail.evaluation.grounding_edits import SORTS, SUPPORTED, claims, documents
from guardrail.evaluation.grounding_source import Around

FILM = (
    "Lantern Hill is a 1994 film directed by Ada Marsh. Marsh (born July 28, 1956) is a British director. "
    "She won three awards in 1996. The film was not shown in Paris until May 3, 1997. "
    "Tom Reed wrote the music for Ada Marsh after Harbour Street had failed."
)
NEWS = (
    "記者陳大文表示，香港的展覽於2019年5月3日開始，共有12間公司參加。上海的參展商增加了三成，主辦機構是香港貿易發展局。"
    "廣州將會舉辦下一次展覽，預計吸引超過3000名訪客。"
)


def near(text: str, language: str = "en") -> Around:
    forms = grounding_english if language == "en" else grounding_chinese
    pieces = (
        [f"{one}." for one in text.rstrip(".").split(". ")]
        if language == "en"
        else [f"{one}。" for one in text.split("。") if one]
    )
    return Around(
        text,
        language,
        tuple(forms.sentences(pieces)),
        tuple(forms.names(text)),
        ("The bridge was built by Otto Kranz in 1901.",)
        if language == "en"
        else ("大橋由北京的工程師建造，於1901年完工。",),
        ("Otto Kranz", "Vienna") if language == "en" else ("成都", "王小明"),
    )


def all_of(forms: object, name: str, claim: str, around: Around, table: str = "EDITS") -> set[str]:
    form = getattr(forms, table)[name]
    made = {form(claim, around, random.Random(seed)) for seed in range(60)}
    return {one for one in made if one}


def test_a_capital_at_the_start_of_a_sentence_or_in_a_heading_makes_no_name():
    text = (
        "Take a walk. Beauty is near. Rock climbing: we met Ada Marsh in Paris. You take one; beauty and rock are free."
    )
    written = grounding_english.capitals([text, "Step Two. we saw Ada and Paris again, step by step, two by two."])
    assert written.inside == {"Ada", "Paris"}
    assert grounding_english.true_names(text, written) == ("Ada Marsh", "Paris")
    assert grounding_english.true_names("Otto Kranz is old. Step Two is next.", written) == ("Otto Kranz",)


@pytest.mark.parametrize(
    ("form", "claim", "made"),
    [
        ("turned", "Lantern Hill is a 1994 film directed by Ada Marsh.", "Ada Marsh directed Lantern Hill."),
        ("unfolded", "Ada Marsh (born July 28, 1956) is a British director.", "Ada Marsh was born on July 28, 1956."),
        ("moved", "She won three awards in 1996.", "In 1996, she won three awards."),
        ("respelt", "She won three awards in 1996.", "She won 3 awards in 1996."),
        ("respelt", "It opened on 3 May 1997.", "It opened on May 3, 1997."),
        ("shortened", "Ada Marsh, who grew up in Kent, won three awards.", "Ada Marsh won three awards."),
        ("reworded", "It is a well-known film.", "It is a famous film."),
        ("resolved", "She won three awards in 1996.", None),
    ],
)
def test_a_sentence_said_otherwise_says_no_more(form: str, claim: str, made: str | None) -> None:
    found = all_of(grounding_english, form, claim, near(FILM), "FORMS")
    assert made in found if made else not found


@pytest.mark.parametrize(
    ("edit", "claim", "made"),
    [
        ("role swap", "Tom Reed wrote the music for Ada Marsh.", "Ada Marsh wrote the music for Tom Reed."),
        ("negation", "Lantern Hill is a film.", "Lantern Hill is not a film."),
        ("negation", "She won three awards.", "She did not win three awards."),
        ("negation", "The film was not shown in Paris.", "The film was shown in Paris."),
        ("antonym", "The first film was shown.", "The last film was shown."),
        ("name of the same source", "Lantern Hill was shown.", "Tom Reed was shown."),
        ("name from elsewhere", "Lantern Hill was shown.", "Otto Kranz was shown."),
        ("number of the same source", "The film was shown in 1994.", "The film was shown in 1996."),
        ("splice, other source", "Lantern Hill is a film.", "Lantern Hill was built by Otto Kranz in 1901."),
    ],
)
def test_an_edit_makes_one_thing_untrue(edit: str, claim: str, made: str) -> None:
    assert made in all_of(grounding_english, edit, claim, near(FILM))


@pytest.mark.parametrize(
    ("edit", "claim", "made"),
    [
        ("negation", "展覽將會吸引很多訪客。", "展覽將不會吸引很多訪客。"),
        ("negation", "主辦機構是香港貿易發展局。", "主辦機構不是香港貿易發展局。"),
        ("antonym", "上海的參展商增加了三成。", "上海的參展商減少了三成。"),
        ("name of the same source", "廣州將會舉辦展覽。", "上海將會舉辦展覽。"),
        ("name from elsewhere", "廣州將會舉辦展覽。", "成都將會舉辦展覽。"),
        ("role swap", "香港的公司去了上海。", "上海的公司去了香港。"),
    ],
)
def test_chinese_edits_make_one_thing_untrue(edit: str, claim: str, made: str) -> None:
    assert made in all_of(grounding_chinese, edit, claim, near(NEWS, "zh-Hant"))


@pytest.mark.parametrize("claim", ["委員會在香港開會。", "這件事情很重要。", "他有能力做好。"])
def test_a_character_inside_a_longer_word_is_not_denied(claim: str) -> None:
    for made in all_of(grounding_chinese, "negation", claim, near(NEWS, "zh-Hant")):
        assert not any(bad in made for bad in ("委員不會", "重不要", "不能力", "開不會"))


@pytest.mark.parametrize(("edit", "claim"), [("number", "She won three awards in 1996."), ("date", "She won in 1996.")])
def test_a_new_number_stands_nowhere_in_the_source(edit: str, claim: str) -> None:
    made = all_of(grounding_english, edit, claim, near(FILM))
    assert made
    for one in made:
        assert set(one.rstrip(".").split()) - set(FILM.replace(".", " ").split())


def a_set(directory: Path) -> Path:
    (directory / "groundedness").mkdir(parents=True)
    lines = [{"id": f"film:{n}", "text": "x", "context": FILM.replace("Lantern", f"Lantern{n}")} for n in range(12)]
    news = [{"id": f"news:{n}", "text": "x", "context": NEWS.replace("12", str(20 + n))} for n in range(6)]
    for name, items in (("halueval_qa", lines), ("uhgeval_news_hant_derived", news)):
        path = directory / "groundedness" / f"{name}.jsonl"
        path.write_text("\n".join(json.dumps(one, ensure_ascii=False) for one in items), "utf-8")
    return directory


def test_documents_that_share_a_sentence_are_never_in_two_parts(tmp_path: Path) -> None:
    given = documents(a_set(tmp_path))
    assert len(given) == 18
    assert len({one.part for one in given if one.language == "en"}) == 1


def test_the_same_seed_gives_the_same_claims(tmp_path: Path) -> None:
    given = documents(a_set(tmp_path))
    first, again, other = claims(given, 1), claims(given, 1), claims(given, 2)
    assert first == again
    assert {one.text for one in first} != {one.text for one in other}
    assert {one.sort for one in first} <= {SUPPORTED, *SORTS}
    assert {one.language for one in first} == {"en", "zh-Hant"}


def test_a_copy_is_marked_and_an_edit_is_never_one(tmp_path: Path) -> None:
    made = claims(documents(a_set(tmp_path)))
    assert any(one.verbatim for one in made) and any(one.supported and not one.verbatim for one in made)
    for one in made:
        assert one.supported or not one.verbatim
        if one.verbatim:
            assert one.supported
