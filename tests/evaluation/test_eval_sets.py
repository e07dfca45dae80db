"""The sets themselves: what counts as found, that a check that fails is no result, and that nothing private is printed."""

import json

import pytest

from guardrail.errors import CheckError, SettingsError
from guardrail.evaluation import benign, brought, credentials, identifiers, judging, screening
from guardrail.evaluation.datasets import Item
from guardrail.evaluation.identifiers import Sentence, ours, theirs
from guardrail.evaluation.matching import Span
from guardrail.evaluation.report import Report, as_json
from guardrail.evaluation.stock import StockPresidio
from guardrail.types import Finding

HKID = Sentence("身份證A123456(3)呀", "yue", False, "glued", Span("pii.hkid", 3, 13))
NOTHING = Sentence("訂單A123456(4)呀", "yue", False, "negative", None)


@pytest.mark.parametrize(
    ("spans", "found", "wrong"),
    [
        ([Span("pii.hkid", 3, 13)], True, 0),
        ([Span("pii.hkid_named", 3, 13)], True, 0),  # the graver kind stands for the plain one
        ([Span("pii.hkid", 3, 12)], True, 0),  # the closing bracket says nothing
        ([Span("pii.hkid", 3, 9)], False, 0),  # half of it has left
        ([Span("pii.tw_id", 3, 13)], False, 1),
        ([Span("pii.hkid", 3, 13), Span("pii.hk_fps", 4, 10)], True, 1),
        ([], False, 0),
    ],
)
def test_a_value_is_found_by_its_own_kind_over_all_of_it(spans, found, wrong):
    outcome = ours(HKID, spans)
    assert (outcome.found, len(outcome.wrong)) == (found, wrong)


def test_whatever_is_found_where_there_is_nothing_is_wrong():
    assert ours(NOTHING, [Span("pii.hkid", 2, 12)]).counts.wrong == 1
    assert ours(NOTHING, []).counts.missed == 0


def test_presidio_is_judged_kindly():
    assert theirs(HKID, [Span("pii.us_driver_license", 3, 10)]).found
    assert theirs(HKID, [Span("pii.us_driver_license", 0, 3)]).counts.wrong == 1


@pytest.mark.parametrize(
    ("kind", "judged"), [("pii.hkid", True), ("pii.person", False), ("pii.address", False), ("secret.x", False)]
)
def test_names_and_addresses_are_measured_elsewhere(kind, judged):
    assert identifiers.is_identifier(kind) is judged


def test_stock_presidio_runs_without_a_model_and_without_the_network():
    stock = StockPresidio()
    found = stock.find("write to tai@gmail.com or use card 4012888888881881")
    assert Span("pii.email", 9, 22) in found
    assert Span("pii.payment_card", 35, 51) in found
    assert not [
        span for span in stock.personal("see https://example.org on 2023-06-18") if span.kind in ("pii.url", "pii.date")
    ]


@pytest.fixture(scope="module")
def scanner():
    made = judging.only(["pii.hkid", "pii.email"])
    yield made
    made.close()


def test_findings_are_those_of_the_scanner(scanner):
    found = judging.findings(scanner, [Item("a", "我嘅身份證號碼係A123456(3)，唔該"), Item("b", "冇嘢")])
    assert [span.kind for span in judging.spans(found[0], bool)] == ["pii.hkid"]
    assert found[1] == []


def test_a_check_that_did_not_finish_ends_the_run(scanner, monkeypatch):
    broken = Finding("check.failed", 1.0, 0, 1, "x", "raised ValueError")
    monkeypatch.setattr(scanner, "led", lambda *args: [broken])
    with pytest.raises(CheckError, match="did not finish on text a: raised ValueError"):
        judging.findings(scanner, [Item("a", "x")])


@pytest.fixture
def few(monkeypatch):
    """Everything, as a handful of kinds: all of them take seconds to build, and are tried by `tests/cli`."""
    monkeypatch.setattr(judging, "everything", lambda **options: judging.only(["pii.hkid", "pii.email", "secret.*"]))


def write(path, *lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines))


def test_an_altered_answer_is_listed_with_its_value_masked(tmp_path):
    write(
        tmp_path / "benign" / "mine.jsonl",
        {"id": "one", "lang": "yue", "text": "我嘅身份證號碼係A123456(3)，唔該", "prompt": "你好"},
        {"id": "two", "lang": "en", "text": "Nothing here."},
    )
    section = benign.evaluate(tmp_path)
    assert section.figures["altered"].hits == 1
    [line] = section.listings[0].lines
    assert line.startswith("benign/mine one: pii.hkid by `hkid` (redact")
    assert "[pii.hkid, 10 characters]" in line
    assert "A123456" not in as_json(Report("r", (section,))).decode()


def test_published_keys_are_named_and_never_printed(tmp_path, few):
    key = "gh" + "p_" + "x7Kq2mZpL9vRtB4wYnC8sDfGhJ1aE5uT3oQi"
    write(
        tmp_path / "secrets" / "some.jsonl",
        {"id": "p", "text": f"token: {key}", "labels": {"has_secret": True, "rule": "r"}},
        {"id": "n", "text": "no key at all", "labels": {"has_secret": False}},
        {"id": "unlabelled", "text": "no label"},
    )
    section = credentials.evaluate(tmp_path)
    assert (section.figures["recall"].total, section.figures["alarms"].total) == (1, 1)
    assert section.figures["alarms"].hits == 0
    assert key not in as_json(Report("r", (section,))).decode()


@pytest.mark.parametrize("evaluate", [benign.evaluate, credentials.evaluate])
def test_missing_data_is_said_by_name(tmp_path, evaluate):
    section = evaluate(tmp_path)
    assert str(tmp_path) in section.missing
    assert "--data" in section.missing
    assert not section.figures


def test_the_screen_is_compared_over_generated_texts_without_data(tmp_path, few):
    section = screening.evaluate(tmp_path, limit=40)
    assert section.figures["differences"].total == 80
    assert section.figures["differences"].hits == 0


def test_what_a_user_brings_is_compared_as_far_as_it_is_labelled(tmp_path, few):
    path = tmp_path / "mine.jsonl"
    write(
        path,
        {
            "text": "身份證A123456(3)",
            "spans": [{"start": 3, "end": 13, "type": "pii.hkid"}],
            "labels": {"has_pii": True},
        },
        {
            "text": "身份證A123456(3)",
            "spans": [{"start": 3, "end": 13, "type": "SOME_ID"}],
            "labels": {"has_pii": True},
        },
        {"text": "nothing", "labels": {"has_pii": False}},
    )
    section = brought.evaluate(path)
    assert (section.figures["recall"].hits, section.figures["recall"].total) == (2, 2)
    assert section.figures["has_pii.recall"].hits == 2
    assert section.figures["has_pii.alarms"].hits == 0
    with pytest.raises(SettingsError, match="nowhere"):
        brought.evaluate(tmp_path / "nowhere.jsonl")


def test_what_was_missed_and_what_was_wrong_in_own_texts_is_listed_without_a_value(tmp_path, few):
    path = tmp_path / "mine.jsonl"
    span = {"start": 0, "end": 5, "type": "STAFF"}
    write(
        path,
        {"id": "m", "text": "Q-777 身份證A123456(3)", "spans": [span]},
        {"id": "l", "text": "nothing", "labels": {"has_secret": True}},
        {"id": "w", "text": "身份證A123456(3)", "labels": {"has_pii": False}},
        {"text": "no id"},
    )
    section = brought.evaluate(path)
    missed, wrong = section.listings
    assert missed.lines == (
        "m: STAFF: '[STAFF, 5 characters] 身份證[pii.hkid, 10 characters]'",
        "l: has_secret: nothing of secret.* was found",
    )
    assert wrong.lines == (
        "m: pii.hkid: '[STAFF, 5 characters] 身份證[pii.hkid, 10 characters]'",
        "w: pii.hkid: '身份證[pii.hkid, 10 characters]'",
    )
    assert "A123456" not in as_json(Report("r", (section,))).decode()


def test_stock_presidio_stands_beside_own_texts(tmp_path, few):
    path = tmp_path / "mine.jsonl"
    write(
        path,
        {"text": "write to tai@gmail.com", "spans": [{"start": 9, "end": 22, "type": "pii.email"}]},
        {
            "text": "身份證A123456(3)",
            "spans": [{"start": 3, "end": 13, "type": "pii.hkid"}],
            "labels": {"has_pii": True},
        },
    )
    section = brought.evaluate(path, stock=StockPresidio())
    assert section.figures["recall"].hits == 2
    assert section.figures["presidio.recall"].hits in (1, 2)
    assert "presidio.has_pii.recall" in section.figures
    (table,) = [table for table in section.tables if table.title == "Figures"]
    assert table.columns == ("figure", "guardrail", "stock Presidio")


def test_a_kind_that_is_named_is_looked_for_also_where_it_is_off_by_default(tmp_path, monkeypatch):
    asked = []

    def everything(**options):
        asked.append(options)
        return judging.only(["pii.hkid"])

    monkeypatch.setattr(judging, "everything", everything)
    write(tmp_path / "mine.jsonl", {"text": "abc", "spans": [{"start": 0, "end": 2, "type": "pii.hkid"}]})
    brought.evaluate(tmp_path / "mine.jsonl")
    assert asked == [{"also": ["pii.hkid"]}]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"span": []}, "there is no key `span`; did you mean `spans`?"),
        ({"label": {}}, "there is no key `label`; did you mean `labels`?"),
        ({"labels": {"has_pi": True}}, "there is no label `has_pi`; did you mean `has_pii`?"),
        ({"labels": {"has_pii": 1}}, 'label "has_pii" must be true or false'),
        ({"labels": {"has_pii": "yes"}}, 'label "has_pii" must be true or false'),
        ({"spans": {}}, '"spans" must be a list of objects'),
        ({"spans": [{"start": 0, "end": 1}]}, 'a span needs a "type"'),
        ({"spans": [{"start": 0, "end": 1, "typ": "a"}]}, "no key of a span `typ`; did you mean `type`?"),
        ({"spans": [{"start": 0, "end": 1, "type": "pii.emial"}]}, "the type `pii.emial`. Did you mean `pii.email`?"),
        ({"spans": [{"start": 0, "end": 1, "type": "secret.zzzzzzzzz"}]}, "docs/leakage.md"),
    ],
)
def test_a_slip_in_own_texts_is_an_error_with_its_line(tmp_path, line, said):
    write(tmp_path / "mine.jsonl", {"text": "fine"}, {"text": "abc", **line})
    with pytest.raises(SettingsError) as caught:
        brought.evaluate(tmp_path / "mine.jsonl")
    assert f"{tmp_path / 'mine.jsonl'}:2: " in str(caught.value)
    assert said in str(caught.value)


def test_keys_of_ones_own_are_named_and_the_context_is_a_source(tmp_path, few, monkeypatch):
    path = tmp_path / "mine.jsonl"
    write(path, {"text": "abc", "source": "web", "prompt_id": 3, "labels": {"rule": "r"}, "context": "from here"})
    seen = []
    monkeypatch.setattr(judging, "findings", lambda scanner, items: seen.extend(map(judging.context_of, items)) or [[]])
    section = brought.evaluate(path)
    assert section.notes == (
        "not looked at: key `source`",
        "not looked at: key `prompt_id`",
        "not looked at: label `rule`",
    )
    assert [(source.origin, source.text) for source in seen[0].material] == [("document", "from here")]


def test_an_empty_file_is_an_error(tmp_path):
    (tmp_path / "mine.jsonl").write_text("\n")
    with pytest.raises(SettingsError, match=r"mine\.jsonl: there is no text in it"):
        brought.evaluate(tmp_path / "mine.jsonl")
