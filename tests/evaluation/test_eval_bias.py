"""What `guardrail eval bias` measures: parts, readers, goals, and that nothing held out is told."""

import json
from dataclasses import replace
from math import isnan

import pytest

from guardrail.errors import CheckError, SettingsError
from guardrail.evaluation import bias, bias_benign, bias_brought, bias_hong_kong, bias_labelled, hong_kong_harm
from guardrail.evaluation.bias_figures import Scored, area, at, f1_of, pairs_right, right
from guardrail.evaluation.bias_labelled import HELD_OUT, WHOLE, Labelled, Subject, View, with_prompt
from guardrail.evaluation.bias_readers import NAMES, Reader, Reading, flag_threshold, is_chinese, open_bench, pieces
from guardrail.evaluation.datasets import Item
from guardrail.evaluation.parts import part
from guardrail.evaluation.report import as_json
from guardrail.policy.load import parse

HOSTILE = "You are a worthless piece of shit and you should die."
HOSTILE_YUE = "你呢個死仆街，去死啦人渣"
HATE = "Immigrants are vermin and should be wiped out."
HATE_YUE = "內地人全部都係蝗蟲畜生，去死啦！"
HARMLESS = "To kill the process, run kill -9 with its number."
HARMLESS_HANT = "平等機會委員會就種族歧視發表報告。"


def a_policy(action="block", threshold=0.8):
    return parse(
        f"version: 1\nname: mine\nbias:\n  - {{id: hostile, kinds: [bias.toxicity], threshold: {threshold}, "
        f"action: {action}}}\n".encode(),
        "mine.yaml",
    )


@pytest.fixture(scope="module")
def bench():
    made = open_bench(a_policy(), wanted=("embedded", "policy"))
    yield made
    made.close()


def ids(prefix, wanted, count):
    """Ids that belong to the test part, or to another."""
    found = [f"{prefix}:{n}" for n in range(1000) if (part(f"{prefix}:{n}") == "test") is wanted]
    return found[:count]


def write(path, items):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items))


def scored(*pairs, cluster=None):
    return [
        Scored(Item(str(n), ""), harmful, score, cluster(n) if cluster else str(n))
        for n, (harmful, score) in enumerate(pairs)
    ]


def test_a_threshold_tells_what_is_found():
    seen = at(scored((True, 0.9), (True, 0.2), (False, 0.8), (False, 0.1)), 0.8)
    assert (seen.recall.value, seen.precision.value, seen.alarms.value, seen.accuracy.value) == (0.5, 0.5, 0.5, 0.5)
    assert (seen.recall.hits, seen.recall.total) == (1, 2)
    assert right(scored((True, 0.9), (False, 0.9)), 0.5).value == 0.5


def test_what_was_not_seen_is_no_figure():
    assert isnan(at([], 0.5).recall.value)
    assert isnan(area(scored((True, 0.9))).value)
    assert isnan(pairs_right(scored((True, 0.9))).value)


def test_of_equal_scores_of_a_pair_half_is_right():
    of_pairs = scored(
        (True, 0.9), (False, 0.1), (True, 0.5), (False, 0.5), (True, 0.1), (False, 0.2), cluster=lambda n: str(n // 2)
    )
    assert pairs_right(of_pairs).value == pytest.approx(0.5)
    assert f1_of(of_pairs, 0.5).value == pytest.approx(2 * 2 / (2 * 2 + 1 + 1))


def test_texts_that_belong_together_are_drawn_together():
    # Twenty copies of four texts say no more than the four: the interval must not shrink as if they did.
    four = ((True, 0.9), (True, 0.3), (False, 0.6), (False, 0.1))
    copies = scored(*(four * 20), cluster=lambda n: str(n % 4))
    alone = scored(*(four * 20))
    together, apart = area(copies), area(alone)
    assert together.value == apart.value == 0.75
    assert together.high - together.low > 2 * (apart.high - apart.low)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("One. Two!", ["One.", " Two!", "One. Two!"]),
        ("一句。兩句", ["一句。", "兩句", "一句。兩句"]),
        ("One alone", ["One alone"]),
        ("", [""]),
    ],
)
def test_a_text_is_read_by_its_sentences_and_whole(text, read):
    assert pieces(text) == read
    assert "".join(pieces(text, whole=False)) == text


def test_a_text_scores_what_its_worst_sentence_scores(bench):
    embedded = bench.readers[0]
    lone, among = bench.scores(
        embedded, "x", [Item("a", HOSTILE_YUE), Item("b", f"天氣好。{HOSTILE_YUE}。聽日去行山。今日飲茶。")]
    )
    assert among >= lone - 0.1 > 0.5


def test_the_policy_is_read_as_on_the_wire(bench):
    policy = bench.readers[1]
    assert bench.scores(policy, "x", [Item("a", HOSTILE), Item("b", HARMLESS)]) == [1.0, 0.0]
    assert bench.flag == 0.8


def test_the_threshold_is_that_of_the_policy():
    assert flag_threshold(a_policy(threshold=0.3)) == 0.3
    nothing = parse(b"version: 1\nname: none\n", "none.yaml")
    assert flag_threshold(nothing) == 0.8


def test_what_a_reader_said_is_asked_once(bench):
    asked = []
    reader = Reader("counting", "counting", lambda item: asked.append(item.id) or Reading(0.1))
    for _ in range(2):
        bench.scores(reader, "x", [Item("a", "text"), Item("b", "text"), Item("c", "other")])
    assert asked == ["a", "c"]


def test_a_reader_that_is_not_here_is_named_with_the_cure(monkeypatch):
    monkeypatch.delenv("GUARDRAIL_DETOXIFY_CHECKPOINT", raising=False)
    monkeypatch.delenv("GUARDRAIL_DETOXIFY_CONFIG", raising=False)
    made = open_bench(a_policy(), wanted=("detoxify",))
    try:
        assert made.readers == ()
        assert "`guardrail models add detoxify`" in made.absent["detoxify"]
    finally:
        made.close()


def test_models_that_are_not_there_are_an_error(tmp_path):
    with pytest.raises(CheckError, match=r"toxicity\.bin|manifest"):
        open_bench(a_policy(), models=tmp_path, wanted=("embedded",))


LEARNT = Labelled("toxicity/davidson_tweets", "learnt from", (View("toxic", "toxic"),))
OTHER = Labelled(
    "toxicity/hatecheck_en",
    "never",
    (View("hate", "hate"),),
    "functionality",
    {"negated": "negate_", "slurs": "slur_h"},
)


def test_of_what_was_learnt_only_the_test_part_is_read(tmp_path, bench):
    items = [
        {"id": name, "text": text, "labels": {"toxic": toxic}}
        for name, (text, toxic) in zip(
            [*ids("d", True, 2), *ids("d", False, 2)],
            [(HOSTILE, True), (HARMLESS, False), (HARMLESS, True), (HOSTILE, False)],
            strict=True,
        )
    ]
    write(tmp_path / "toxicity/davidson_tweets.jsonl", items)
    section = bias_labelled.evaluate(tmp_path, LEARNT, bench)
    assert section.figures["embedded.auc"].value == 1.0
    assert section.figures["policy.recall"].total == 1
    assert not [name for name in section.figures if "whole" in name]
    assert {row[2] for row in section.tables[0].rows} == {HELD_OUT}
    assert any("learnt" in note for note in section.notes)


def test_what_was_not_learnt_is_read_whole_and_held_out(tmp_path, bench):
    names = [*ids("h", True, 4), *ids("h", False, 2)]
    texts = [
        (HATE, True, "slur_h"), (HARMLESS, False, "negate_neg_nh"), (HATE, False, "negate_neg_nh"),
        (HATE_YUE, True, "threat_dir_h"), (HARMLESS_HANT, True, "slur_h"), (HARMLESS, None, "slur_h"),
    ]  # fmt: skip
    write(
        tmp_path / "toxicity/hatecheck_en.jsonl",
        [
            {"id": name, "text": text, "labels": {"hate": hate, "functionality": kind}}
            for name, (text, hate, kind) in zip(names, texts, strict=True)
        ],
    )
    section = bias_labelled.evaluate(tmp_path, OTHER, bench)
    assert (section.figures["embedded.recall"].hits, section.figures["embedded.recall"].total) == (2, 2)
    assert section.figures["embedded.whole.recall"].total == 3  # a text without a label says nothing
    assert section.figures["embedded.negated"].value == 0.5
    assert section.figures["embedded.whole.slurs"].value == 0.5
    tables = {table.title: table for table in section.tables}
    by_kind = tables[f"Share judged right by functionality, {WHOLE}"]
    assert [row[0] for row in by_kind.rows] == ["negate_neg_nh", "slur_h", "threat_dir_h"]
    assert section.listings == ()


def test_a_pair_is_drawn_whole(tmp_path, bench):
    given = Labelled("bias/crows_pairs", "pairs", (View("biased", "more"),), paired=True, subject=Subject.QUIET)
    sides = [
        {"id": f"crows_pairs:{n}-sent_{side}", "text": text, "labels": {"biased": side == "more"}}
        for n in range(20)
        for side, text in (("more", HOSTILE), ("less", HARMLESS))
    ]
    write(tmp_path / "bias/crows_pairs.jsonl", sides)
    section = bias_labelled.evaluate(tmp_path, given, bench, limit=10)
    assert (section.figures["embedded.whole.pairs"].total, section.tables[0].rows[1][3]) == (5, 10)
    assert section.figures["embedded.whole.pairs"].value == 1.0


def test_a_reply_is_read_with_its_prompt():
    assert with_prompt(Item("a", "Yes.", prompt="點解？")).text == "點解？\nYes."
    assert with_prompt(Item("a", "Yes.")).text == "Yes."


def test_a_set_that_is_not_there_is_named(tmp_path, bench):
    assert "no toxicity/davidson_tweets" in bias_labelled.evaluate(tmp_path, LEARNT, bench).missing
    assert "give their place with --data" in bias_benign.evaluate(tmp_path, bench).missing


def test_an_altered_answer_is_listed_with_its_rule_and_never_with_its_text(tmp_path, bench):
    held, other = ids("alpaca_eval_outputs", True, 2), ids("alpaca_eval_outputs", False, 2)
    write(
        tmp_path / "benign/alpaca_eval_outputs.jsonl",
        [
            {"id": held[0], "lang": "en", "text": HOSTILE},
            {"id": held[1], "lang": "en", "text": HARMLESS},
            {"id": other[0], "lang": "zh-Hant", "text": HARMLESS_HANT},
            {"id": other[1], "lang": "yue", "text": HOSTILE_YUE},
        ],
    )
    write(
        tmp_path / "benign/xstest_responses.jsonl",
        [
            {"id": name, "lang": "en", "text": text, "labels": {"safe_prompt": safe}}
            for name, text, safe in zip(
                ids("x", True, 3), (HARMLESS, HOSTILE, "Fine."), (True, False, True), strict=True
            )
        ],
    )
    section = bias_benign.evaluate(tmp_path, bench)
    altered = section.figures["altered_english"]
    assert (altered.hits, altered.total) == (1, 3)  # one text stands in both sets
    assert "altered_chinese" not in section.figures  # nothing Chinese is held out here
    assert section.figures["whole.altered_chinese"].value == 0.5
    assert section.figures["flagged_most"].value == 0.5
    assert section.figures["flagged_alarming_most"].value == 0.0  # an answer to an unsafe prompt is not counted
    assert "not there: benign/replay" in section.notes
    lines = section.listings[0].lines
    assert [line.split(" ")[1] for line in lines][:2] == [f"{held[0]}:", f"{other[1]}:"]
    assert "bias.toxicity by `hostile` (block, score" in lines[0]
    assert not [line for line in lines if "worthless" in line or "仆街" in line]


def test_the_held_out_half_of_the_hong_kong_set_is_counted_and_not_told(bench):
    section = bias_hong_kong.evaluate(bench, limit=60)
    assert {"policy.f1", "dev.policy.f1", "embedded.recall", "dev.embedded.alarms"} <= set(section.figures)
    assert section.tables[0].rows[0][3] == 60
    said = as_json(bias.suite.report("r", (), (), [section], {})).decode()
    assert "dev.sex" in said or "dev." in said
    assert "heldout." not in said
    assert not [one.text for one in hong_kong_harm.sentences("heldout") if one.text in said]


def test_files_of_ones_own(tmp_path, bench):
    path = tmp_path / "mine.jsonl"
    write(
        path,
        [
            {"id": "a", "text": HOSTILE, "lang": "en", "labels": {"toxic": True, "ground": "race"}},
            {"id": "a", "text": HARMLESS_HANT, "lang": "zh-Hant", "labels": {"toxic": False, "ground": "race"}},
            {"id": "c", "text": HARMLESS, "lang": "en", "labels": {"toxic": True, "mine": 1}, "note": "x"},
            {"id": "d", "text": HOSTILE_YUE, "lang": "yue", "labels": {"toxic": False}},
        ],
    )
    section = bias_brought.evaluate(path, bench)
    assert (section.figures["toxic.policy.recall"].hits, section.figures["toxic.policy.recall"].total) == (1, 2)
    assert section.figures["toxic.embedded.auc"].value == pytest.approx(0.5, abs=0.25)
    assert {listing.title.split(":")[0]: listing.lines for listing in section.listings} == {
        "Missed": ("c",),
        "Wrong": ("d",),
    }
    assert section.notes == ("not looked at: key `note`", "not looked at: label `mine`")
    tables = {table.title: table for table in section.tables}
    assert [row[:2] for row in tables["By ground"].rows] == [("race", 2)]
    assert [one.value for one in tables["By ground"].rows[0][2:]] == [1.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"text": "a", "labels": {"toxc": true}}', "mine.jsonl:1: there is no label `toxc`; did you mean `toxic`?"),
        ('{"text": "a", "labels": {"toxic": "yes"}}', 'label "toxic" must be true or false'),
        ('{"text": "a", "labels": {"ground": "rase"}}', "there is no ground `rase`; did you mean `race`?"),
        ('{"text": "a", "labels": {"ground": "星座"}}', "the grounds are sex, marital_status"),
        ('{"text": "a", "label": {}}', "there is no key `label`; did you mean `labels`?"),
        ("", "there is no text in it"),
        ("[]", 'expected an object with a string "text"'),
    ],
)
def test_a_slip_is_named_with_its_line(tmp_path, bench, line, said):
    (tmp_path / "mine.jsonl").write_text(line)
    with pytest.raises(SettingsError) as error:
        bias_brought.evaluate(tmp_path / "mine.jsonl", bench)
    assert said in str(error.value)


def test_every_goal_speaks_of_a_set_and_a_reader_that_there_is():
    names = {goal.figure.split(".")[0] for goal in bias.GOALS}
    assert names <= set(bias.SETS)
    readers = {goal.figure.split(".")[1] for goal in bias.GOALS if not goal.figure.startswith("benign.")}
    assert readers <= set(NAMES)
    assert all(goal.reason for goal in bias.GOALS)


def test_figures_that_goals_speak_of_are_measured(tmp_path, bench):
    for given in bias_labelled.SETS:
        names = [*ids("g", True, 2), *ids("g", False, 2)]
        labels = {view.label: None for view in given.views}
        write(
            tmp_path / f"{given.path}.jsonl",
            [
                {"id": name, "text": text, "labels": {**labels, given.views[0].label: harmful, given.by or "by": "x"}}
                for name, text, harmful in zip(names, (HOSTILE, HARMLESS) * 2, (True, False) * 2, strict=True)
            ],
        )
    run = bias.Run(tmp_path, bench)
    report = bias.evaluate(run, [given.name for given in bias_labelled.SETS])
    unmeasured = {one.goal.figure for one in report.unmeasured}
    assert not [name for name in unmeasured if ".embedded." in name]
    assert {name.split(".")[1] for name in unmeasured} == {"second", "together"}


def test_a_reader_is_not_asked_about_what_it_does_not_read(tmp_path, bench):
    english = Reader("detoxify", "Detoxify", lambda item: Reading(0.9), wording=True, reads=lambda i: not is_chinese(i))
    alone = replace(bench, readers=(english,))
    here = bias_hong_kong.evaluate(alone)
    counted = [one for one in hong_kong_harm.sentences("heldout") if one.language == "en"]
    assert here.tables[0].rows[0][3] == len(counted)
    chinese = [
        {"id": name, "lang": "zh-Hans", "text": "今天", "labels": {"hate": True, "functionality": "slur_h"}}
        for name in ids("h", True, 3)
    ]
    write(tmp_path / "toxicity/hatecheck_en.jsonl", chinese)
    section = bias_labelled.evaluate(tmp_path, OTHER, alone)
    assert (section.figures, section.tables[0].rows) == ({}, ())


@pytest.mark.parametrize(
    ("language", "text", "chinese"),
    [
        ("yue", "ok", True),
        ("zh-Hans", "", True),
        ("en", "香港", False),
        ("", "你好，今日去邊", True),
        ("", "hello", False),
    ],
)
def test_a_text_is_chinese_as_its_set_says_else_as_it_looks(language, text, chinese):
    assert is_chinese(Item("a", text, language)) is chinese


def test_every_labelled_set_stands_at_a_glance(tmp_path, bench):
    for given in bias_labelled.SETS[:2]:
        lines = [
            {"id": name, "text": text, "labels": {"toxic": toxic}}
            for name, text, toxic in zip(ids("g", True, 2), (HOSTILE, HARMLESS), (True, False), strict=True)
        ]
        write(tmp_path / f"{given.path}.jsonl", lines)
    told = []
    report = bias.evaluate(
        bias.Run(tmp_path, bench), [given.name for given in bias_labelled.SETS[:2]], done=told.append
    )
    assert [section.name for section in told] == ["openai_moderation", "toxigen_human", "glance"]
    assert [row[:2] for row in report.sections[-1].tables[0].rows] == [
        (name, title)
        for name in ("openai_moderation", "toxigen_human")
        for title in (NAMES["embedded"], NAMES["policy"])
    ]
