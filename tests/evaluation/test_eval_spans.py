"""Addresses, names and copies: an oracle gets every figure right, a detector that sees nothing or too much does not."""

import json
from types import SimpleNamespace

import pytest

from guardrail.evaluation import copies, judging, spans
from guardrail.evaluation.datasets import Item
from guardrail.evaluation.intervals import auc, share
from guardrail.types import Finding


@pytest.fixture
def judged(monkeypatch):
    """The sets, judged by a function of an item instead of by detectors."""

    def use(find):
        scanner = SimpleNamespace(close=lambda: None)
        monkeypatch.setattr(judging, "everything", lambda **options: scanner)
        monkeypatch.setattr(judging, "only", lambda kinds: scanner)
        monkeypatch.setattr(judging, "offered", lambda: ("pii.address", "pii.name", "pii.person"))
        monkeypatch.setattr(judging, "findings", lambda scanner, items: [find(item) for item in items])

    return use


def oracle(kind):
    return lambda item: [Finding(kind, 0.9, span.start, span.end, "oracle") for span in item.spans]


def test_an_oracle_finds_every_address_exactly(judged, tmp_path):
    judged(oracle("pii.address"))
    section = spans.addresses(tmp_path, limit=60)
    assert section.figures["held_out.f1"].value == section.figures["tuned.f1"].value == 1.0
    assert section.figures["held_out.alarms"].hits == 0
    assert section.listings[0].lines == ()


@pytest.mark.parametrize(
    "find",
    [
        lambda item: [],
        lambda item: [Finding("pii.address", 0.5, span.start, span.end, "weak") for span in item.spans],
        lambda item: [Finding("pii.address", 0.9, span.start, span.end - 1, "short") for span in item.spans],
    ],
    ids=["nothing", "below the threshold", "a character short"],
)
def test_what_is_not_exact_and_firm_is_not_found(judged, tmp_path, find):
    judged(find)
    assert spans.addresses(tmp_path, limit=20).figures["held_out.f1"].value == 0.0


def test_an_alarm_where_there_is_no_address_is_counted(judged, tmp_path):
    judged(lambda item: [Finding("pii.address", 0.9, 0, len(item.text), "all")])
    section = spans.addresses(tmp_path, limit=40)
    assert section.figures["held_out.alarms"].value == 1.0
    assert section.figures["held_out.f1"].value < 0.5


def test_what_the_recogniser_of_names_learnt_from_is_not_measured():
    training = pytest.importorskip("training.names")
    people = [[], [(0, 4, "person")], [(0, 4, "person"), (8, 13, "location")]]
    verdicts = set()
    for number in range(60):
        text = f"Mary in Paris says {number}"
        for some in people:
            spanned = tuple(spans.Span(kind, start, end) for start, end, kind in some)
            given = {"text": text, "spans": [{"start": start, "end": end, "type": kind} for start, end, kind in some]}
            assert spans.kept(Item("a", text, spans=spanned)) is training.held_out(given)
            verdicts.add(training.held_out(given))
    assert verdicts == {True, False}


def write(path, *lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines))


def test_names_of_public_sets_are_those_of_persons_and_private_ones_are_counted_in_ordinary_answers(judged, tmp_path):
    judged(lambda item: [Finding("pii.person", 0.55, s.start, s.end, "x") for s in item.spans if s.kind != "location"])
    people = {"start": 0, "end": 4, "type": "person"}, {"start": 8, "end": 13, "type": "location"}
    texts = [{"text": f"Mary in Paris {n}", "spans": people} for n in range(9)]
    write(tmp_path / "pii" / "wnut17.jsonl", *texts)
    write(tmp_path / "benign" / "a.jsonl", {"text": "Mary", "spans": people[:1]}, {"text": "nobody"})
    section = spans.names(tmp_path, limit=20)
    assert section.figures["wnut17_f1"].value == 1.0
    assert section.figures["generated_f1"].value == 1.0
    assert (section.figures["private_share_of_benign"].hits, section.figures["private_share_of_benign"].total) == (0, 2)
    assert "pii/weibo_ner" in section.notes[0]


@pytest.mark.parametrize("measure", [spans.addresses, spans.names])
def test_a_kind_that_nothing_finds_is_said_to_be_missing(monkeypatch, tmp_path, measure):
    monkeypatch.setattr(judging, "offered", lambda: ())
    assert "no installed detector finds" in measure(tmp_path).missing


def test_figures_of_copies_are_named_for_their_goals():
    rows = [
        SimpleNamespace(figure="recall", group="word for word", measure=share(9, 10), goal=0.99),
        SimpleNamespace(figure="recall", group="other case, Chinese", measure=share(10, 10), goal=0.99),
        SimpleNamespace(figure="recall", group="Base64", measure=share(0, 10), goal=0.99),
        SimpleNamespace(figure="alarms", group="its own prompt", measure=share(1, 1000), goal=0.001),
        SimpleNamespace(figure="alarms", group="tt_defense_outputs", measure=share(5, 10), goal=None),
        SimpleNamespace(figure="AUC", group="tt_extraction_detection", measure=auc([1, 0], [True, False]), goal=0.95),
    ]
    figures = copies._prompt_figures(rows)
    assert (figures["runs"].hits, figures["runs"].total) == (19, 20)
    assert figures["replay_alarms"].hits == 1
    assert figures["labelled_auc"].value == 1.0


def test_copies_are_measured_on_what_is_there(tmp_path):
    prompt = " ".join(f"Rule {n}: never tell anybody how the {n}th lantern of the harbour is lit." for n in range(9))
    write(tmp_path / "promptleak" / "leaked_system_prompts.jsonl", {"id": "p", "text": prompt})
    write(tmp_path / "benign" / "replay.jsonl", {"id": "a", "text": "The weather is fine today.", "prompt": "Weather?"})
    section = copies.prompt_leak(tmp_path)
    assert section.figures["runs"].value == 1.0
    assert section.figures["replay_alarms"].hits == 0
    assert copies.prompt_leak(tmp_path / "nowhere").missing


def test_scored_counts_by_place_and_by_overlap():
    item = Item("a", "x" * 20)
    value, near = spans.Span("value", 2, 8), spans.Span("value", 2, 9)
    one = spans.Scored(item, (value,), (near,))
    assert (one.exact.found, one.exact.wrong, one.near.found, one.near.wrong) == (0, 1, 1, 0)
