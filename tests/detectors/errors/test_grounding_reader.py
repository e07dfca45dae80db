"""The second reader of grounding: which sentences it reads, what it says of them, and what it is without its extra."""

import importlib.util

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrail.detectors.errors.grounding.entailment import ABSENT, OURS, PRESENT, TOGETHER, Entailment, pair
from guardrail.detectors.errors.grounding.reader import KIND, GroundingReader, to_read
from guardrail.detectors.protocol import Options
from guardrail.errors import CheckError
from guardrail.models.store import note_file
from guardrail.text.pieces import WordPiece
from guardrail.types import Context, Source

HALL = (
    "The Albert Hall was opened by Queen Victoria in 1871 and seats 5,272 people. "
    "Its architect, Francis Fowke, died before it was finished. "
    "The hall was not damaged during the war."
)
NEEDS = pytest.mark.skipif(importlib.util.find_spec("onnxruntime") is None, reason="needs the extra `models`")
CUT = WordPiece(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "hall", "was", "opened", "in", "1871", "1971", "a", "b"])


def context(*sources: str) -> Context:
    return Context(material=tuple(Source("document", text) for text in sources))


def read(*sentences: str, source: str = HALL) -> list[str]:
    return [one.claim for one in to_read(sentences, context(source))]


@pytest.mark.parametrize(
    "sentence",
    [
        "The Albert Hall was opened by Queen Victoria in 1871 and seats 5,272 people.",  # a copy
        "It was not damaged during the war!"[3:].replace("was", "The hall was", 1),  # a copy but for its beginning
        "Let me know if you need anything else about the hall!",
        "Would you like to hear more about the Albert Hall?",
        "Francis Fowke",  # too short: whether it answers the question is not told
        "Penguins breed on remote islands in the south.",  # no source speaks of it
        "阿爾伯特廳於1871年由維多利亞女王揭幕。",
        "",
    ],
)
def test_what_is_a_copy_no_claim_or_spoken_of_nowhere_is_not_read(sentence: str) -> None:
    assert read(sentence) == []


@pytest.mark.parametrize(
    "sentence",
    ["The Albert Hall was opened by Francis Fowke in 1871.", "The hall was badly damaged during the war."],
)
def test_a_claim_that_the_sources_speak_of_is_read(sentence: str) -> None:
    assert read(sentence) == [sentence]


def test_without_sources_nothing_is_read() -> None:
    reader = GroundingReader()
    assert reader.first(["The hall was damaged."], Context()) == ([[]], None)


def test_each_piece_knows_whether_the_other_side_has_it() -> None:
    found = pair(CUT, "the hall was opened in 1971", ["the hall was in 1871"], 64)
    assert found.matches[1:7] == (TOGETHER, TOGETHER, TOGETHER, ABSENT, PRESENT, ABSENT)
    assert found.matches[0] == found.matches[7] == found.matches[-1] == OURS
    assert found.sides == (0,) * 8 + (1,) * 6


@given(st.text("ab hal", max_size=300), st.lists(st.text("ab hal", max_size=200), max_size=4), st.integers(8, 64))
@settings(deadline=None)
def test_never_more_pieces_than_are_read_and_the_claim_first(claim: str, passages: list[str], tokens: int) -> None:
    found = pair(CUT, claim, passages, tokens)
    assert len(found.ids) == len(found.sides) == len(found.matches) <= tokens
    assert list(found.sides) == sorted(found.sides)


def detector() -> GroundingReader:
    one = GroundingReader().configure(Options(wanted=frozenset({KIND})))
    one.load()
    return one


@NEEDS
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("Queen Victoria opened the Albert Hall in 1871.", "Francis Fowke opened the Albert Hall in 1871."),
        ("The hall seats 5,272 people.", "The hall seats 7,225 people."),
        ("During the war, the hall was not damaged.", "During the war, the hall was damaged."),
        ("Its architect died before the hall was finished.", "Its architect died after the hall was finished."),
    ],
)
def test_an_edit_scores_higher_than_what_it_was_made_of(right: str, wrong: str) -> None:
    good, bad = detector().scores([right, wrong], context(HALL))
    assert bad > good


@NEEDS
def test_a_finding_says_what_the_source_says_and_the_log_does_not() -> None:
    [[one]] = detector().detect(["The Albert Hall was opened by Napoleon Bonaparte in 1871."], context("Old.", HALL))
    assert (one.kind, one.verdict) == (KIND, "unsupported")
    assert one.passage and one.passage.source == 1
    assert "Queen Victoria" in one.message
    assert "Napoleon" not in one.evidence and "Victoria" not in one.evidence


@NEEDS
def test_a_sentence_scores_the_same_alone_and_among_others() -> None:
    texts = [f"The Albert Hall was opened by Queen Victoria in {year}." for year in range(1860, 1872)]
    together = detector().scores(texts, context(HALL))
    assert together == [detector().scores([text], context(HALL))[0] for text in texts]


@NEEDS
def test_work_is_left_to_a_worker() -> None:
    texts = ["The Albert Hall was opened by Napoleon Bonaparte in 1871.", "Hello!"]
    found, closer = detector().first(texts, context(HALL))
    assert found == [[], []]
    assert closer is not None
    assert [len(each) for each in closer()] == [1, 0]


def test_without_a_rule_the_network_is_not_read() -> None:
    one = GroundingReader().configure(Options())
    one.load()
    assert one.detect(["The Albert Hall was opened by Napoleon in 1871."], context(HALL)) == [[]]


def test_before_load_it_does_not_answer() -> None:
    with pytest.raises(CheckError, match="before load"):
        GroundingReader().detect(["The Albert Hall was opened by Napoleon in 1871."], context(HALL))


def test_without_the_extra_it_is_not_there_and_says_how_it_would_be(monkeypatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "onnxruntime" else find(name))
    assert not GroundingReader().configured
    assert "guardrail[models]" in GroundingReader.setup


@NEEDS
def test_another_file_is_refused(tmp_path) -> None:
    with pytest.raises(CheckError, match=r"grounding_en\.onnx"):
        Entailment(tmp_path).load()
    (tmp_path / "grounding_en.onnx").write_bytes(b"no network")
    note_file(tmp_path / "grounding_en.onnx")
    with pytest.raises(CheckError, match="not a reader of sources"):
        Entailment(tmp_path).load()
