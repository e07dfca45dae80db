"""The recogniser of personal names: where a name begins and ends, whose it is, and what is none.

If these fail, a customer's name would leave unseen, every author and singer would be taken for a private person, or the
same sentence would be judged otherwise in a batch than alone.
"""

import json
import shutil
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrail.detectors.leakage.name_features import LABELS, Lists, features, marks, reader, slots, tokens
from guardrail.detectors.leakage.names import BARE, FILE, PRIVATE, Names, Recogniser, sign_of
from guardrail.detectors.protocol import Detector, Options
from guardrail.errors import CheckError
from guardrail.evaluation import names as generator
from guardrail.models.store import DIRECTORY, MANIFEST, read_model
from guardrail.text.sentences import sentences
from guardrail.types import Context, Finding, Unit


@cache
def detector() -> Names:
    made = Names()
    made.load()
    return made


def found(text: str) -> list[tuple[str, str]]:
    (findings,) = detector().detect([text], Context())
    return [(f.kind, text[f.start : f.end]) for f in findings]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Name: Chan Tai Man", "Chan Tai Man"),
        ("Mr Peter Wong signed the lease last week.", "Peter Wong"),
        ("Dear Mary Johnson, thank you for your letter.", "Mary Johnson"),
        ("My name is Kelvin Lau and I lost my card.", "Kelvin Lau"),
        ("客戶陳志明要求退款三百元。", "陳志明"),
        ("姓名：黃美玲", "黃美玲"),
        ("李嘉欣小姐，你好！", "李嘉欣"),
        ("请联系王建国先生，电话91234567。", "王建国"),
        ("姓名：ＣＨＡＮ Ｔａｉ Ｍａｎ", "ＣＨＡＮ Ｔａｉ Ｍａｎ"),
    ],
)
def test_a_private_person_is_found_with_an_exact_span(text: str, name: str) -> None:
    assert (PRIVATE, name) in found(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("The novel by Jane Austen sold two million copies.", "Jane Austen"),
        ("歌手周杰倫將開演唱會。", "周杰倫"),
        ("歌手周杰伦将开演唱会。", "周杰伦"),
    ],
)
def test_a_bare_name_is_of_another_kind(text: str, name: str) -> None:
    assert (BARE, name) in found(text)
    assert PRIVATE not in {kind for kind, _ in found(text)}


@pytest.mark.parametrize(
    "text",
    [
        "The weather is fine today.",
        "Hong Kong has a population of 7.5 million.",
        "Dear [Customer Name], your order has been shipped.",
        "今日天氣好好，我哋去行山啦。",
        "高興的事情很多，安全最重要。",
        "def main(): return 0",
        "",
        " \n",
        "12345678",
    ],
)
def test_prose_without_a_name_has_none(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "value", "sign"),
    [
        ("Mr. Chan called", "Chan", "title"),
        ("陳大文先生來電", "陳大文", "title"),
        ("陳先生來電", "陳先生", "title"),
        ('{"customer_name": "Chan Tai Man"', "Chan Tai Man", "label"),
        ("申請人：陳大文", "陳大文", "label"),
        ("please call Chan Tai Man", "Chan Tai Man", "contact"),
        ("Chan Tai Man (tel. 9123 4567) asked", "Chan Tai Man", "identifier"),
        ("Chan Tai Man, tai.man@gmail.com", "Chan Tai Man", "identifier"),
        ("Chan Tai Man wrote a novel in 1998", "Chan Tai Man", ""),
        ("the surname of Chan Tai Man", "Chan Tai Man", ""),
    ],
)
def test_what_says_that_a_private_person_is_meant(text: str, value: str, sign: str) -> None:
    start = text.index(value)
    assert sign in sign_of(text, start, start + len(value))
    assert bool(sign) == bool(sign_of(text, start, start + len(value)))


def test_scores_tell_the_kinds_apart_and_evidence_repeats_nothing() -> None:
    findings = detector().detect(["Name: Chan Tai Man", "Jane Austen wrote it."], Context())
    for finding in findings[0]:
        assert finding.kind == PRIVATE
        assert finding.score >= 0.6
        assert "Chan" not in finding.evidence
    assert all(finding.kind == BARE and 0 < finding.score <= 1 for finding in findings[1])


def counts(part: generator.Part) -> tuple[float, float]:
    """Exact F1 over both kinds, and the share of private persons that are found as such, sentence by sentence."""
    items = generator.generated(seed=5, count=400, part=part)
    right = wrong = missed = private = owed_private = 0
    for item in items:
        cuts = sentences(item.text)
        answers = detector().detect([item.text[start:end] for start, end in cuts], Context())
        places: dict[tuple[int, int], str] = {}
        for (start, _), findings in zip(cuts, answers, strict=True):
            places |= {(start + (f.start or 0), start + (f.end or 0)): f.kind for f in findings}
        owed = {(span.start, span.end) for span in item.spans}
        right, wrong, missed = (
            right + len(owed & set(places)),
            wrong + len(set(places) - owed),
            missed + len(owed - set(places)),
        )
        for span in item.spans:
            if span.kind == PRIVATE:
                owed_private += 1
                private += places.get((span.start, span.end)) == PRIVATE
    return 2 * right / (2 * right + wrong + missed), private / owed_private


@pytest.mark.parametrize(("part", "least"), [("tuned", 0.85), ("held_out", 0.78)])
def test_generated_names_are_found_no_worse_than_the_model_card_says(part: generator.Part, least: float) -> None:
    f1, private = counts(part)
    assert f1 >= least
    assert private >= 0.75


def test_the_generator_keeps_its_halves_apart_and_repeats_itself() -> None:
    tuned, held_out = (generator.generated(3, 300, part) for part in ("tuned", "held_out"))
    assert tuned == generator.generated(3, 300, "tuned")
    frames = [{i.text[: s.start] + i.text[s.end :] for i in items for s in i.spans} for items in (tuned, held_out)]
    assert not frames[0] & frames[1]


TEXTS = st.lists(
    st.sampled_from(
        [
            "Chan Tai Man",
            "陳大文",
            "Peter",
            " ",
            ",",
            "。",
            "先生",
            "Name: ",
            "說",
            "a",
            "1",
            "·",
            "ｗ",
            "\u200b",
            "é",
            "😀",
        ]
    ),
    max_size=8,
).map("".join)


@settings(max_examples=60)
@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_a_sentence_is_judged_alike_alone_and_in_a_batch_and_spans_lie_inside(texts: list[str]) -> None:
    together = detector().detect(texts, Context())
    assert together == [detector().detect([text], Context())[0] for text in texts]
    for text, findings in zip(texts, together, strict=True):
        spans: list[tuple[int, int]] = [(f.start or 0, f.end or 0) for f in findings]
        assert all(0 <= start < end <= len(text) for start, end in spans)
        assert all(end <= start for (_, end), (start, _) in pairwise(spans))


def test_no_text_means_no_findings() -> None:
    assert detector().detect([], Context()) == []


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Chan Tai-man, 52", ["Chan", "Tai-man", ",", "52"]),
        ("我叫Peter陳", ["我", "叫", "Peter", "陳"]),
        ("O'Brien's", ["O'Brien's"]),
        ("  ", []),
    ],
)
def test_tokens(text: str, pieces: list[str]) -> None:
    lists = Lists.of(read_model(FILE).arrays)
    found_tokens = tokens([text], reader(lists))
    assert [text[start:end] for start, end in found_tokens.spans if end] == pieces


def test_both_scripts_have_the_same_features() -> None:
    lists = Lists.of(read_model(FILE).arrays)
    read = reader(lists)
    (_, traditional), (_, simplified) = (features(tokens([t], read), lists, han=True) for t in ("陳國華說", "陈国华说"))
    assert (traditional == simplified).all()
    assert marks(traditional).all()
    assert slots(traditional).max() < 1 << 18


def test_a_missing_changed_or_foreign_model_is_a_check_that_cannot_run(tmp_path: Path) -> None:
    with pytest.raises(CheckError, match="cannot be read"):
        Names(tmp_path).load()
    for name in (FILE, MANIFEST):
        shutil.copy(DIRECTORY / name, tmp_path / name)
    content = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(CheckError, match="SHA-256"):
        Names(tmp_path).load()
    manifest = json.loads((DIRECTORY / MANIFEST).read_text())
    shutil.copy(DIRECTORY / "toxicity.bin", tmp_path / FILE)
    (tmp_path / MANIFEST).write_text(json.dumps({FILE: manifest["toxicity.bin"]}))
    with pytest.raises(CheckError, match="not a model of names"):
        Names(tmp_path).load()


def test_asked_before_it_was_loaded_it_refuses() -> None:
    with pytest.raises(CheckError, match="before load"):
        Names().detect(["text"], Context())


def test_the_shipped_model_is_small_and_of_this_version() -> None:
    assert (DIRECTORY / FILE).stat().st_size <= 3_000_000
    model = read_model(FILE)
    assert tuple(model.settings["labels"]) == LABELS
    assert isinstance(Recogniser.of(model), Recogniser)


def test_it_is_a_light_detector_of_sentences() -> None:
    made = Names()
    assert isinstance(made, Detector)
    assert (made.name, made.kinds, made.unit, made.heavy) == ("leakage.names", (PRIVATE, BARE), Unit.SENTENCE, False)
    assert isinstance(detector().detect(["Name: Chan Tai Man"], Context())[0][0], Finding)


def test_where_only_private_persons_are_wanted_the_same_ones_are_found() -> None:
    """Sentences without a sign of a private person are passed over: nobody may be lost by that."""
    hasty = Names().configure(Options(wanted=frozenset({PRIVATE})))
    hasty.load()
    texts = [item.text for item in generator.generated(seed=9, count=400, part="tuned")]
    parts = [text[start:end] for text in texts for start, end in sentences(text)]
    thorough = [[f for f in each if f.kind == PRIVATE] for each in detector().detect(parts, Context())]
    assert [[f for f in each if f.kind == PRIVATE] for each in hasty.detect(parts, Context())] == thorough
    assert sum(map(len, thorough)) > 50
