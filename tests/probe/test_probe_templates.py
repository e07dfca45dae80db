"""guardrail's own questions keep the rules of templates.py, and a user's file is refused with its line."""

import json
import re

import pytest

from guardrail.errors import SettingsError
from guardrail.probe.grounds import GROUNDS
from guardrail.probe.templates import FILES, Template, Term, brought, language_of, packaged
from tests.probe.simplified import FOLDER, simplified

BOOK = packaged()
LANGS = ("en", "zh-Hant", "zh-Hans")
CELLS = [(ground, lang) for ground in GROUNDS for lang in LANGS]
STATUTORY = {"sex", "marital_status", "pregnancy", "breastfeeding", "disability", "family_status", "race"}
GUIDELINE = {"belief", "political_opinion", "nationality", "region", "gender", "age", "ethnicity", "skin_colour", "occupation", "health", "income", "lifestyle"}  # fmt: skip


def test_the_grounds_are_those_of_the_ordinances_and_of_the_guideline():
    assert {ground.name for ground in GROUNDS.values() if ground.statutory} == STATUTORY
    assert set(GROUNDS) == STATUTORY | GUIDELINE
    assert BOOK.grounds() == list(GROUNDS)


@pytest.mark.parametrize(("ground", "lang"), CELLS)
def test_every_ground_has_twenty_templates_and_two_terms_in_each_language(ground, lang):
    templates = BOOK.templates_of(ground, lang)
    assert len(templates) >= 20
    assert len(BOOK.terms_of(ground, lang)) >= 2
    assert any(each.grounds == frozenset({ground}) for each in templates), "none of its own"
    assert sum(bool(each.yes) or each.choice for each in templates) >= 12
    assert sum(each.number is not None for each in templates) >= 12
    if lang == "zh-Hant":
        assert any(each.lang == "yue" for each in templates)


@pytest.mark.parametrize(("ground", "lang"), CELLS)
def test_the_prompts_of_a_pair_differ_in_the_term_alone(ground, lang):
    """What stands before and behind the person is the template's, letter for letter."""
    reference, *others = BOOK.terms_of(ground, lang)
    for template in BOOK.templates_of(ground, lang):
        for other in others:
            if template.choice:
                assert sorted(template.fill(reference, other)) == sorted(template.fill(other, reference))
                continue
            before, after = re.split(r"\{[Pp]erson\}|\{term\}", template.text)
            prompts = [template.fill(term) for term in (reference, other)]
            assert all(prompt.startswith(before) and prompt.endswith(after) for prompt in prompts)
            people = [prompt[len(before) : len(prompt) - len(after)] for prompt in prompts]
            assert people[0] != people[1]
            assert all(template.role in person for person in people)


def test_terms_keep_the_same_names_in_all_languages():
    """Only then can a comparison run over all languages."""
    for ground in GROUNDS:
        assert len({tuple(term.name for term in BOOK.terms_of(ground, lang)) for lang in LANGS}) == 1


def test_nobody_in_a_template_has_a_name():
    titles = re.compile(
        r"\b(?:Mr|Mrs|Ms|Miss|Dr)\b|\b(?:named|called)\s+[A-Z]|先生|女士|小姐|太太|名叫|叫做|阿[明強芳]"
    )
    for template in BOOK.templates:
        assert not titles.search(template.text), template.text
    for term in BOOK.terms:
        assert not titles.search(term.words)


def test_no_template_gives_away_a_group_itself():
    pronouns = re.compile(r"\b(?:he|she|his|her|hers|him)\b|[她]", re.IGNORECASE)
    for template in BOOK.templates:
        assert not pronouns.search(template.text), template.text


def test_the_form_of_the_answer_is_asked_for_where_it_is_read():
    for template in BOOK.templates:
        asks = re.search("Yes or No|應該|应该", template.text)
        assert bool(template.yes) == bool(
            asks and re.search("Start your answer with Yes|開始回答|开始回答|先答", template.text)
        ), template.text
        if template.choice:
            assert re.search(r"A or B|以A或B|A或者B", template.text)
        if template.number:
            word = {
                "HKD": "Hong Kong dollars|港元|港紙|港纸",
                "score": "0 to 10|0至10",
                "percent": "percentage|百分比",
                "months": "number of months|月數|月数",
            }
            assert re.search(word[template.number.unit], template.text), template.text


def test_the_simplified_templates_are_those_in_traditional_characters():
    assert (FOLDER / FILES[-1]).read_text("utf-8") == simplified(), "run: python -m tests.probe.simplified"


@pytest.mark.parametrize(
    ("term", "role", "said"),
    [
        (Term("x", "t", "en", "unmarried"), "patient", "an unmarried patient"),
        (Term("x", "t", "en", "", "who is deaf"), "employee", "an employee who is deaf"),
        (Term("x", "t", "en", "HIV-positive"), "patient", "an HIV-positive patient"),
        (Term("x", "t", "en", "European"), "tenant", "a European tenant"),
        (Term("x", "t", "en", "18-year-old"), "visitor", "an 18-year-old visitor"),
        (Term("x", "t", "en", "60-year-old"), "visitor", "a 60-year-old visitor"),
        (Term("x", "t", "en", "", "in good health"), "user", "a user in good health"),
        (Term("x", "t", "en", "Uyghur"), "guest", "a Uyghur guest"),
        (Term("x", "t", "en", "honest"), "guest", "an honest guest"),
        (Term("x", "t", "zh-Hant", "失聰的"), "病人", "失聰的病人"),
    ],
)
def test_a_term_takes_its_grammatical_form(term, role, said):
    assert Template("x", term.lang, "{person}", role).fill(term) == said
    assert Template("x", term.lang, "{Person}", role).fill(term) == said[0].upper() + said[1:]


def test_cantonese_takes_its_own_particle():
    term = Term("x", "t", "zh-Hant", "失聰的")
    assert Template("x", "yue", "有個{person}話唔舒服", "病人").fill(term) == "有個失聰嘅病人話唔舒服"


# ---- a user's own file --------------------------------------------------------------------------------------------

ROW = {"template": "t", "lang": "en", "grounds": ["race"], "role": "guest", "text": "Is {person} welcome?"}
OWN = [{"ground": "star_sign", "term": "leo", "lang": "yue", "before": "獅子座"}, {"ground": "star_sign", "term": "aries", "lang": "yue", "before": "白羊座"}]  # fmt: skip


def file(tmp_path, *rows):
    path = tmp_path / "own.jsonl"
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows))
    return path


def test_own_templates_go_with_own_terms_and_with_those_that_are_there(tmp_path):
    star = {"template": "s", "lang": "yue", "grounds": ["star_sign"], "text": "{term}嘅人點樣？"}
    book = brought(file(tmp_path, ROW, "", star, *OWN))
    assert book.grounds() == ["race", "star_sign"]
    assert [each.name for each in book.templates_of("race", "en")] == ["t"]
    assert len(book.terms_of("race", "en")) == 4
    assert (
        book.templates_of("star_sign", "zh-Hant")[0].fill(book.terms_of("star_sign", "zh-Hant")[0])
        == "獅子座嘅人點樣？"
    )
    assert language_of("yue") == "zh-Hant"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("{", ":2: not JSON"),
        ("[]", ":2: expected an object"),
        ("{}", ":2: expected either `term` or `template`"),
        ({**ROW, "template": "u", "roles": "x"}, ":2: there is no key `roles`; did you mean `role`?"),
        ({**ROW, "template": "u", "text": "no slot"}, ":2: the text needs one slot"),
        ({**ROW, "template": "u", "text": "{person} {person}"}, ":2: the text needs one slot"),
        ({**ROW, "template": "u", "text": "{one} {other}", "yes": "for"}, ":2: a choice between"),
        ({**ROW, "template": "u", "role": ""}, ":2: {person} needs a `role`"),
        ({**ROW, "template": "u", "lang": "fr"}, ":2: `lang` must be one of en, zh-Hant, yue, zh-Hans"),
        ({**ROW, "template": "u", "grounds": ["rase"]}, ":2: there is no ground `rase`; did you mean `race`?"),
        ({**ROW, "template": "u", "grounds": "race"}, ':2: `grounds` must be "all" or a list'),
        ({**ROW, "template": "u", "yes": True}, ":2: `yes` must be"),
        ({**ROW, "template": "u", "number": {"unit": "USD"}}, ":2: `number.unit` must be one of HKD"),
        ({**ROW, "template": "u", "number": {"unit": "HKD", "low": 5, "high": 1, "better": "higher"}}, ":2: `number.low`"),
        ({**ROW, "template": "u", "number": {"unit": "HKD", "low": 1, "high": 5, "better": "more"}}, ":2: `number.better`"),
        (ROW, ":2: the same template as in line 1"),
        ({"ground": "race", "term": "Red", "lang": "en"}, ":2: `term` must be a name of small letters"),
        ({"ground": "race", "term": "red", "lang": "en"}, ":2: a term needs words"),
    ],
)  # fmt: skip
def test_a_file_with_a_slip_is_refused_with_its_line(tmp_path, row, said):
    path = file(tmp_path, ROW, row)
    with pytest.raises(SettingsError) as caught:
        brought(path)
    assert f"{path}{said}" in str(caught.value)


def test_a_file_without_templates_or_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="there is no template in it"):
        brought(file(tmp_path, *OWN))
    with pytest.raises(SettingsError, match="cannot be read"):
        brought(tmp_path / "none.jsonl")
    (tmp_path / "big5.jsonl").write_bytes("問".encode("big5"))
    with pytest.raises(SettingsError, match="not UTF-8 at byte 0"):
        brought(tmp_path / "big5.jsonl")
