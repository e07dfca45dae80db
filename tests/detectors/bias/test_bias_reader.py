"""The second readers beside the always-on scorer.

If these fail, a doubtful sentence is not looked at again, a changed network is used, or a score depends on what else was
judged with it.
"""

import asyncio
import json
import shutil
import sys

import pytest

from guardrail.detectors.bias import reader as reader_module
from guardrail.detectors.bias.reader import SecondReader, file_of, runnable
from guardrail.detectors.bias.toxicity import FILE, MOST, TRIGGER, AnswerToxicity, EmbeddedToxicity, judge_of
from guardrail.detectors.protocol import Staged
from guardrail.errors import CheckError
from guardrail.models.store import DIRECTORY, MANIFEST, note_file
from guardrail.policy.load import parse
from guardrail.scanner import Scanner
from guardrail.types import Context

ALONE, BOTH, WHOLE = EmbeddedToxicity(deeper=False), EmbeddedToxicity(), AnswerToxicity()
for each in (ALONE, BOTH, WHOLE):
    each.load()


def scores(text, detector=BOTH):
    [found] = detector.detect([text], Context())
    return {finding.kind: finding.score for finding in found}


def hate(text, detector=BOTH):
    return scores(text, detector).get("bias.hate", 0.0)


PAIRS = [
    # an attack on a group, and a sentence about it with the same words
    ("Immigrants are vermin.", "Immigrants are not vermin."),
    ("Muslims deserve to be killed.", "No Muslim deserves to be killed."),
    ("Women are too stupid to lead a company.", 'Saying "women are too stupid to lead a company" is disgusting.'),
    ("All gay people should be locked up.", "The law of 1890 said that gay people should be locked up; it was repealed."),
    ("內地人全部都係蝗蟲，滾返上去。", "話內地人係蝗蟲嘅人，自己先係無品。"),
    ("黑人都是垃圾。", "没有一个黑人应该被叫做垃圾。"),
]  # fmt: skip


@pytest.mark.parametrize(("attack", "mention"), PAIRS)
def test_an_attack_on_a_group_ranks_above_a_mention(attack, mention):
    assert hate(attack) > 0.5
    assert hate(attack) > hate(mention) + 0.2


@pytest.mark.parametrize(
    "text",
    ["You are a useless idiot.", "Oh shit, I forgot my keys again.", "你個死蠢，收聲啦。"],
)
def test_an_insult_of_a_person_is_no_attack_on_a_group(text):
    found = scores(text)
    assert found.get("bias.hate", 0.0) < max(0.5, found.get("bias.toxicity", 0.0))


def test_both_languages_have_a_second_reader():
    assert BOTH.readers == 2 and ALONE.readers == 0


def test_ordinary_text_is_not_looked_at_again():
    found, closer = BOTH.first(["The library opens at nine.", "圖書館九點開門。"], Context())
    assert closer is None and max((one.score for each in found for one in each), default=0) < TRIGGER


def test_doubtful_text_is_looked_at_again_and_the_evidence_says_so():
    found, closer = BOTH.first(["All immigrants are parasites."], Context())
    assert found == [[]] and closer is not None
    [[first, *_]] = closer()
    assert "second reader" in first.evidence and "parasite" not in first.evidence
    assert isinstance(BOTH, Staged)


TEXTS = [text for pair in PAIRS for text in pair]


def test_a_text_scores_the_same_alone_and_among_others():
    assert BOTH.detect(TEXTS, Context()) == [BOTH.detect([text], Context())[0] for text in TEXTS]
    assert BOTH.detect(TEXTS[::-1], Context()) == BOTH.detect(TEXTS, Context())[::-1]


@pytest.mark.parametrize(
    ("traditional", "simplified"),
    [("內地人全部都是蝗蟲", "内地人全部都是蝗虫"), ("那個黑鬼滾出去", "那个黑鬼滚出去")],
)
def test_both_scripts_score_the_same(traditional, simplified):
    assert scores(traditional) == scores(simplified) != {}


def test_a_sentence_that_refers_to_the_one_before_is_seen_in_the_whole_answer():
    text = "I have met many immigrants over the years. They are all parasites and vermin. 佢哋全部都係蝗蟲。"
    assert scores(text, WHOLE)["bias.answer"] > 0.5
    assert set(scores(text, WHOLE)) == {"bias.answer"}
    assert scores("The library opens at nine. It closes at six.", WHOLE) == {}


def test_a_very_long_answer_is_read_where_it_is_most_doubtful(monkeypatch):
    read: list[str] = []
    logits = SecondReader.logits
    monkeypatch.setattr(SecondReader, "logits", lambda self, views: (read.extend(views), logits(self, views))[1])
    text = "".join(f"I met number {number}, a stupid idiot. " for number in range(1000)) + "All immigrants are vermin."
    assert scores(text, WHOLE)["bias.answer"] > 0.5
    assert len(read) == MOST
    read.clear()
    assert scores("You stupid idiot! " * 1000, WHOLE)["bias.answer"] > 0.5
    assert len(read) == len(set(read)) < MOST


# ---- files and libraries ------------------------------------------------------------------------------------------


@pytest.fixture
def models(tmp_path):
    for name in (FILE, file_of("en"), file_of("zh"), MANIFEST):
        shutil.copy(DIRECTORY / name, tmp_path / name)
    yield tmp_path
    judge_of.cache_clear()


def test_a_reader_that_was_changed_is_refused(models):
    path = models / file_of("en")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(CheckError, match="SHA-256 differs"):
        EmbeddedToxicity(models).load()


def test_a_reader_that_the_scorer_was_not_calibrated_with_is_refused(models):
    path = models / file_of("en")
    shutil.copy(models / file_of("zh"), path)
    note_file(path)
    with pytest.raises(CheckError, match=r"calibrated with another reader_en\.onnx"):
        EmbeddedToxicity(models).load()


def test_a_file_that_is_no_network_is_refused(models):
    (models / file_of("en")).write_bytes(b"not a network")
    note_file(models / file_of("en"))
    with pytest.raises(CheckError, match="is not a second reader"):
        EmbeddedToxicity(models).load()


def test_a_reader_that_is_missing_is_no_silent_change(models):
    """Half a guard must not look like a whole one."""
    (models / file_of("zh")).unlink()
    with pytest.raises(CheckError, match=r"reader_zh\.onnx cannot be read"):
        EmbeddedToxicity(models).load()
    EmbeddedToxicity(models, deeper=False).load()


def test_without_the_extra_the_scorer_judges_alone_and_a_reader_says_the_cure(models, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    monkeypatch.setattr(reader_module.importlib.util, "find_spec", lambda name: None)
    assert not runnable()
    detector = EmbeddedToxicity(models)
    detector.load()
    assert detector.readers == 0
    assert detector.detect(TEXTS, Context()) == ALONE.detect(TEXTS, Context())
    with pytest.raises(CheckError, match=r"guardrail\[models\]"):
        SecondReader("en", models).load()


def test_a_reader_refuses_to_judge_before_it_is_loaded():
    with pytest.raises(CheckError, match="before load"):
        SecondReader("en").logits(["hello"])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_shipped_networks_stay_within_twenty_million_bytes(language):
    manifest = json.loads((DIRECTORY / MANIFEST).read_text("utf-8"))
    assert manifest[file_of(language)]["bytes"] == (DIRECTORY / file_of(language)).stat().st_size <= 20_000_000


# ---- in the scanner -----------------------------------------------------------------------------------------------

POLICY = b"version: 1\nname: p\nbias:\n  - {id: hate, kinds: [bias.hate], threshold: 0.5, action: flag}\n"


def test_the_closer_look_is_a_workers_and_gives_what_detect_gives(monkeypatch):
    scanner = Scanner(parse(POLICY, "p.yaml"), [BOTH])
    ran = []
    whole = scanner._run

    async def counted(name, work, failed):
        ran.append(name)
        await whole(name, work, failed)

    monkeypatch.setattr(scanner, "_run", counted)
    scan = asyncio.run(scanner.sentence_findings(["The library opens at nine.", PAIRS[0][0]], Context()))
    assert scan.failed == [] and ran == ["bias.toxicity"]
    assert scan.findings == BOTH.detect(["The library opens at nine.", PAIRS[0][0]], Context())
    ran.clear()
    asyncio.run(scanner.sentence_findings(["The library opens at nine."], Context()))
    assert ran == []


def test_a_closer_look_that_fails_is_a_failed_check(monkeypatch):
    scanner = Scanner(parse(POLICY, "p.yaml"), [BOTH])

    def broken(self, views):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(SecondReader, "logits", broken)
    scan = asyncio.run(scanner.sentence_findings([PAIRS[0][0]], Context()))
    assert [(check.check, check.reason) for check in scan.failed] == [("bias.toxicity", "raised RuntimeError")]


def test_the_trigger_lies_below_every_threshold_of_the_packaged_policy():
    """A sentence that the scorer finds harmless must not be one that a rule would have fired on."""
    from guardrail.policy.load import load, packaged

    rules = [r for r in load(packaged("hk-baseline")).rules if {"bias.toxicity", "bias.hate"} & set(r.kinds)]
    assert rules and all(rule.threshold > TRIGGER for rule in rules)
