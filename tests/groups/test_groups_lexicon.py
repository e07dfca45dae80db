"""The reviewed lexicon keeps its rules, and finds groups where a reader would see them."""

import sys

import pytest

from guardrail.groups import lexicon
from guardrail.groups.lexicon import (
    GROUNDS,
    GUIDELINE,
    ORDINANCES,
    STATUTORY_GROUNDS,
    contrasts,
    counterparts,
    load,
    mentions,
)
from guardrail.text.script import simplify
from tests.test_architecture import imports

LEXICON = load()
GROUPS = list(LEXICON.groups.values())
TERMS = [(group, term) for group in GROUPS for term in (*group.english, *group.chinese)]
MARKED = [(group, term) for group, term in TERMS if term.severity != "neutral"]


def found(text):
    return [(m.group, text[m.start : m.end]) for m in mentions(text)]


def test_there_are_at_least_120_groups_with_words_in_both_languages():
    assert len(GROUPS) >= 120
    assert [g.id for g in GROUPS if not (g.english and g.chinese)] == []


@pytest.mark.parametrize("ground", GROUNDS)
def test_every_ground_has_groups(ground):
    assert [g.id for g in GROUPS if g.ground == ground]


@pytest.mark.parametrize("ground", STATUTORY_GROUNDS)
def test_a_statutory_ground_names_its_ordinance(ground):
    ordinance = {"disability": "DDO", "family_status": "FSDO", "race": "RDO"}.get(ground, "SDO")
    assert {g.basis for g in GROUPS if g.ground == ground} == {ordinance}
    assert all(g.rule == f"statutory: {ORDINANCES[ordinance]}" for g in GROUPS if g.ground == ground)


def test_what_no_ordinance_reaches_says_so():
    for name, ground in (("mainlanders", "region"), ("new_arrivals", "region"), ("gay_people", "gender"),
                         ("older_people", "age"), ("muslims", "belief"), ("democrats_hk", "political_opinion")):  # fmt: skip
        assert (LEXICON.groups[name].ground, LEXICON.groups[name].basis) == (ground, GUIDELINE)
    assert LEXICON.groups["mainlanders"].rule == "guideline: §2.3.4 region"
    assert LEXICON.groups["people_with_hiv"].basis == "DDO"
    assert {g.basis for g in GROUPS if g.ground in ("ethnicity", "skin_colour")} == {"RDO"}


def test_every_word_that_is_not_neutral_has_a_note_that_says_something():
    assert [term.text for _, term in MARKED if len(term.note) < 8] == []


def test_every_ambiguous_word_says_what_else_it_means():
    for word in ("蝗蟲", "弱智", "曱甴", "寄生蟲", "locust", "人妖", "北佬"):
        term = next(term for _, term in TERMS if term.text == word)
        assert term.senses or term.note


def test_no_word_is_written_twice():
    words = [simplify(term.text.lower()) for _, term in TERMS]
    assert sorted({word for word in words if words.count(word) > 1}) == []


@pytest.mark.parametrize(("changed", "message"), [
    (("ground = \"sex\"", "ground = \"gendre\""), "`gendre` is no ground"),
    (("basis = \"SDO\"", "basis = \"XDO\""), "basis `XDO`"),
    (("severity = \"slur\"", "severity = \"bad\""), "severity `bad`"),
    (("\"港漂\"", "\"黑人\""), "a term belongs to one group"),
    (("id = \"men\"", "id = \"women\""), "is there twice"),
])  # fmt: skip
def test_a_file_that_breaks_the_rules_is_refused_with_the_word(tmp_path, changed, message):
    path = tmp_path / "lexicon.toml"
    path.write_text(lexicon.FILE.read_text().replace(*changed, 1))
    with pytest.raises(ValueError, match=message):
        load(path)


@pytest.mark.parametrize(("text", "groups"), [
    ("請問內地人可以申請嗎？", [("mainlanders", "內地人")]),
    ("请问内地人可以申请吗？", [("mainlanders", "内地人")]),
    ("內地人唔係蝗蟲", [("mainlanders", "內地人"), ("mainlanders", "蝗蟲")]),
    ("啲南亞裔人士同菲傭", [("south_asians", "南亞裔人士"), ("domestic_helpers", "菲傭")]),
    ("中國人民銀行公布香港人口數字", []),
    ("香港人大部分時間都好忙", [("hongkongers", "香港人")]),
    ("我哋請Filipino maids幫手", [("domestic_helpers", "Filipino maids")]),
    ("Ｂｌａｃｋ　ｐｅｏｐｌｅ vote", [("black_people", "Ｂｌａｃｋ　ｐｅｏｐｌｅ")]),
    ("Black cats and white walls", []),
    ("a pregnant woman and her husband", [("pregnant_women", "pregnant woman"), ("men", "husband")]),
    ("The womanly art of manning a desk", []),
    ("South-Asian   workers", [("south_asians", "South-Asian   workers")]),
    ("死gay佬", [("gay_people", "死gay佬")]),
    ("", []),
])  # fmt: skip
def test_groups_are_found_where_a_reader_sees_them(text, groups):
    assert found(text) == groups


def test_what_a_mention_says():
    (first, second) = mentions("班蝗蟲同阿差")
    assert (first.severity, first.term_class, first.ambiguous) == ("slur", "marked", True)
    assert (second.severity, second.basis, second.ambiguous) == ("slur", "RDO", False)


def test_every_word_is_found_as_its_own_group():
    missed = []
    for group, term in TERMS:
        for form in lexicon._forms(term.text) if lexicon._is_latin(term.text) else (term.text,):
            if [(m.group, form[m.start : m.end]) for m in mentions(form)] != [(group.id, form)]:
                missed.append(form)
    assert missed == []


@pytest.mark.parametrize("contrast", contrasts(), ids=lambda contrast: contrast.id)
def test_contrasts_have_forms_for_every_member(contrast):
    assert len(contrast.members) >= 2
    for member in contrast.members:
        assert {"one", "many", "adjective"} <= set(member.english)
        assert {"one", "many", "adjective"} <= set(member.chinese)


def test_every_ground_has_a_contrast():
    assert {contrast.ground for contrast in contrasts()} == set(GROUNDS)
    assert [c.id for c in counterparts("women")] == ["sex"]
    assert counterparts("tanka") == ()


@pytest.mark.parametrize("module", ["guardrail.groups.lexicon", "guardrail.text.script"])
def test_the_lexicon_may_be_used_from_anywhere(module):
    """Detectors, probe, proxy, audit and training all read it, so it knows none of them."""
    for name in imports(module):
        assert name.split(".")[0] in {*sys.stdlib_module_names, "re2"} or name.startswith("guardrail.text"), name
