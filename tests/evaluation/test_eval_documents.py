"""The figures on registered documents: they need documents, count what was found, and notice when nothing is."""

import json

import pytest

from guardrail.detectors.leakage.documents import Documents
from guardrail.evaluation import documents

NEWS = "The harbour authority said on Friday that the eastern breakwater would close for repairs until October because its foundations had moved, and that ferries from Cheung Chau and Mui Wo would use the western entrance meanwhile, at a cost of nine minutes a crossing."
CHINESE = "海事處星期五表示，東面防波堤因地基移位，須封閉至十月進行維修；期間來往長洲及梅窩的渡輪改由西面入口進出，每程需時多約九分鐘。當局已通知各船公司，並會派員在場指揮。"


@pytest.fixture
def data(tmp_path):
    for name, items in {
        "promptleak/leaked_system_prompts": [{"text": NEWS}],
        "groundedness/uhgeval_news": [{"text": "x", "context": CHINESE}],
        "benign/replay": [{"text": "The ferry to Cheung Chau takes an hour. 渡輪需時一小時。"}] * 5,
    }.items():
        path = tmp_path / f"{name}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps({"id": str(n), **item}) + "\n" for n, item in enumerate(items)))
    return tmp_path


def test_copies_are_found_and_ordinary_answers_are_not(data):
    section = documents.evaluate(data, limit=20)
    found, alarms = section.figures["found"], section.figures["alarms"]
    assert found.value > 0.97 and found.total == 20 * 13
    assert (alarms.hits, alarms.total) == (0, 5) and not section.listings
    assert "2 documents" not in section.notes[0] and "3 documents" in section.notes[0]  # with the table of customers


def test_the_same_seed_gives_the_same_figures(data):
    assert documents.evaluate(data, seed=3, limit=5).figures == documents.evaluate(data, seed=3, limit=5).figures


def test_a_detector_that_finds_nothing_is_noticed(data, monkeypatch):
    class Blind:
        def feed(self, text):
            pass

        def settle(self, *, final):
            return 0, []

    monkeypatch.setattr(Documents, "follow", lambda self, seen=None: Blind())
    # What is left are the cases in which there is nothing to find.
    assert documents.evaluate(data, limit=20).figures["found"].hits == 2 * 20


def test_without_sets_it_says_what_is_missing(tmp_path):
    assert "no documents or answers in" in documents.evaluate(tmp_path).missing
