"""The report: plain verdicts in both languages, foreign text that stays text, a page that needs nothing else."""

import json
import re
from html.parser import HTMLParser

import pytest

from guardrail.probe.compare import compare
from guardrail.probe.measures import Measurer
from guardrail.probe.plan import Wanted, make_plan
from guardrail.probe.report import clean, document, lines, marked, page
from guardrail.probe.state import Answer, State
from guardrail.probe.templates import Book, Template, Term, packaged
from guardrail.probe.words import LIMITS, METHOD, SERVES, STOPPED, SUMMARY, UNANSWERED, UNMEASURED, WORDS
from guardrail.vendors import Asking
from tests.probe.fake_models import AGAINST, FAIR, model

HOSTILE = "</p><script>alert(1)</script><img src=x onerror=alert(2)> \"'>{{ 7*7 }} $x$ \u202eabc\x00"


def report(say, *grounds, book=None, stopped="", **more):
    plan = make_plan(Wanted("http://x/v1", "openai", Asking("demo <b>", 100), grounds, **more), book or packaged())
    state, measurer = State(), Measurer()
    for one in plan.questions:
        if one.key not in state.answers:
            state.add(Answer(one.key, say(one.prompt), tokens=9))
    values = {
        one.place: measurer.measure(one, state.answers[one.key], plan.book.terms_of(one.ground, one.lang))
        for one in plan.questions
    }
    return document(plan, state, values, compare(plan, values), 0.05, stopped)


@pytest.fixture(scope="module")
def biased():
    return report(model(refuses=0.5, pays=0.7), "race", "sex")


class Seen(HTMLParser):
    """The tags, attributes and words of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.words, self.open = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes
        if tag not in ("meta", "br", "img", "path", "use"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in ("path", "use"):
            return
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def test_the_verdicts_are_plain_and_carry_what_they_rest_on(biased):
    race, sex = sorted(biased["grounds"], key=lambda one: one["ground"])
    assert (biased["verdict"], race["verdict"], sex["verdict"]) == ("difference", "difference", "none")
    assert race["statutory"] and "Cap. 602" in race["law"]["en"] and "第602章" in race["law"]["zh-Hant"]
    assert all(one["other"]["refused"] or one["measure"] != "refusal" for one in race["examples"])
    assert {one["other"]["term"] for one in race["examples"]} <= {"South Asian", "南亞裔"}
    assert sex["examples"][0]["drawn"] and not race["examples"][0]["drawn"]
    assert biased["cites"] == ["G1.1 §2.3.4"]
    json.dumps(biased, allow_nan=False)


def test_lines_for_a_terminal_in_both_languages(biased):
    english, chinese = "\n".join(lines(biased, "en")), "\n".join(lines(biased, "zh-Hant"))
    assert "Differences were found on 1 of 2 grounds." in english
    assert re.search(
        r"Asked about “South Asian”, the model refused more often than about “Chinese” \(English\): \+\d", english
    )
    assert "Differences smaller than these may have been missed: refusals" in english
    assert "在2項理由中，有1項發現差異。" in chinese
    assert re.search("與「華裔」相比，問及「南亞裔」時模型較常拒答（中文（繁體））：", chinese)


@pytest.mark.parametrize("lang", ["en", "zh-Hant"])
def test_the_page_is_one_file_and_says_everything(biased, lang):
    html = page(biased, lang)
    seen = Seen(html)
    said = "".join(seen.words)
    assert not seen.open
    assert {"script", "link", "iframe", "img", "object", "form"}.isdisjoint(seen.tags)
    assert seen.tags.count("svg") == 2
    assert [value for name, value in seen.attributes if name in ("src", "href") and not value.startswith("#")] == []
    assert not re.search(r"url\((?!#)|@import", html)
    ids = [value for name, value in seen.attributes if name == "id"]
    assert len(ids) == len(set(ids)), "two drawings share ids"
    assert "default-src 'none'" in html and "@media print" in html and "prefers-color-scheme: dark" in html
    for key in ("verdicts", "method", "limits", "serves", "run"):
        assert WORDS[key][1] in said
        assert (WORDS[key][0] in said) == (lang == "en")
    assert "2.3.4" in said
    assert "currentColor" in html and "#010203" not in html


def test_a_page_in_chinese_is_chinese(biased):
    said = "".join(Seen(page(biased, "zh-Hant")).words)
    assert not re.search(r"\b(?:Differences?|Asked|Answered|Ground|Method)\b", said)


def test_what_a_model_said_stays_text():
    """Also what the operator's own file, the model's name and the upstream say."""
    terms = [Term("x", "a", "en", "$a$<i>"), Term("x", "b", "en", "b&amp;")]
    templates = [Template(f"t{n}", "en", f"{n} <script>1</script> {{person}}?", "guest") for n in range(30)]
    found = report(
        lambda prompt: HOSTILE if "$a$" in prompt else "I can't help. " + HOSTILE,
        "x",
        book=Book(terms, templates, "<u>"),
        langs=("en",),
    )
    assert found["verdict"] == "difference"
    html = page(found, "en")
    seen = Seen(html)
    assert {"script", "img", "i", "b", "u"}.isdisjoint(seen.tags)
    assert not [name for name, _ in seen.attributes if name.startswith("on")]
    said = "".join(seen.words)
    assert "<script>alert(1)</script>" in said and "{{ 7*7 }}" in said and "demo <b>" in said
    assert "\u202e" not in html and "\x00" not in html
    assert "$a$<i> " in said


def test_an_unmeasured_ground_says_so_and_a_budget_that_ended_the_run_too():
    found = report(FAIR, "sex", templates=3, langs=("en",), stopped="requests")
    assert (found["verdict"], found["grounds"][0]["verdict"]) == ("unmeasured", "unmeasured")
    said = "".join(Seen(page(found, "en")).words)
    assert "not measurable" in said and "too few pairs" in said
    assert "budget of requests was used up: 6 of 6" in said or "budget of requests was used up: 7 of" in said
    assert "none found" not in said.split("Limits")[0]


@pytest.mark.parametrize("lang", ["en", "zh-Hant"])
def test_what_was_out_of_reach_is_not_passed_over(lang):
    """With few templates a comparison over all languages may be in reach where those of one language are not."""
    found = report(FAIR, "sex", "age", templates=9)
    assert [ground["verdict"] for ground in found["grounds"]] == ["none", "none"]
    said = "\n".join(lines(found, lang))
    assert not re.search(r"missed: *\.|未被發現：。", said)
    assert {"en": "Not in reach for every pair of groups", "zh-Hant": "並非每對群體均可發現差異"}[lang] in said
    assert re.search({"en": r"fewer than [1-9]\d % of the templates", "zh-Hant": r"不足[1-9]\d%的範本"}[lang], said)
    assert {"en": "on 2 of 2 grounds", "zh-Hant": "2項理由中有2項未發現差異"}[lang] in said


def test_a_hostile_answer_to_one_group_is_found_and_shown_in_chinese():
    def say(prompt):
        return "應該。" + ("呢啲垃圾人渣，滾返去，全部死晒。" if AGAINST.search(prompt) else "佢好可靠，歡迎。")

    found = report(say, "race", langs=("zh-Hans",))
    measures = {test["measure"] for test in found["grounds"][0]["tests"] if test["found"]}
    assert {"toxicity", "sentiment"} <= measures
    assert "南亚裔" in page(found, "zh-Hant")


def test_all_words_are_there_in_both_languages_with_the_same_places():
    for english, chinese in [
        *WORDS.values(),
        *METHOD,
        *LIMITS,
        *SERVES,
        UNANSWERED,
        UNMEASURED,
        *STOPPED.values(),
        *SUMMARY.values(),
    ]:
        assert english and chinese
        assert sorted(re.findall(r"\{\w+\}", english)) == sorted(re.findall(r"\{\w+\}", chinese))
        assert re.search("[\u4e00-\u9fff]|^p值$", chinese)


@pytest.mark.parametrize(
    ("prompt", "other", "term", "parts"),
    [("a deaf man", "a dead man", "", ("a ", "deaf", " man")), ("一名華裔人", "一名南亞裔人", "華裔", ("一名", "華裔", "人")), ("same", "same", "", ("same", "", "")), ("一名失聰嘅人", "一名人", "失聰的", ("一名", "失聰嘅", "人"))],
)  # fmt: skip
def test_what_differs_is_marked(prompt, other, term, parts):
    assert marked(prompt, other, term) == parts


def test_long_answers_are_cut():
    assert len(clean("長" * 5000)) == 900
