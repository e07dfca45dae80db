"""The trainer: which texts it may learn from, what its templates say, and that two runs give one file.

If these fail, a set could be learnt from that its licence or its purpose forbids, or the shipped weights could not be
made again.  The data here is made up in the test.
"""

import hashlib
import json
from collections import Counter
from pathlib import Path

import pytest

pytest.importorskip("sklearn", reason="training needs scikit-learn (extra `dev`)")
pytest.importorskip("opencc", reason="training needs OpenCC (extra `dev`)")

from guardrail.detectors.bias.toxicity import EmbeddedToxicity
from guardrail.types import Context
from training import toxicity
from training.corpus import LEARNT, OPINIONS, Source, read, sentences
from training.examples import examples, templates, with_disguises
from training.templates import made

PERMISSIVE = {"MIT", "Apache-2.0", "CC-BY-4.0", "CC0-1.0"}


@pytest.mark.parametrize("source", LEARNT, ids=lambda source: source.name)
def test_only_permissive_sets_are_learnt_from(source: Source) -> None:
    assert source.licence in PERMISSIVE
    assert "hatecheck" not in source.path and "bbq" not in source.path


def test_answers_to_one_prompt_stay_in_one_part(tmp_path: Path) -> None:
    items = [
        {"id": f"x:{model}-{index}", "text": "a", "prompt": f"question {index}", "labels": {}}
        for index in range(300)
        for model in ("m1", "m2")
    ]
    (tmp_path / "x.jsonl").write_text("".join(json.dumps(item) + "\n" for item in items))
    parts: dict[str, set[str]] = {}
    for item in read(tmp_path, Source("x.jsonl", "en", "MIT", "made up", benign=True)):
        parts.setdefault(item.id.split("-")[1], set()).add(item.part)
    assert all(len(found) == 1 for found in parts.values())
    counts = Counter(next(iter(found)) for found in parts.values())
    assert counts["train"] > counts["test"] > counts["dev"] > 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("第一句。第二句！第三句？", ["第一句。", "第二句！", "第三句？"]),
        ("Version 1.5 costs 3.20 dollars", ["Version 1.5 costs 3.20 dollars"]),
        ("first\nsecond", ["first", "second"]),
        ("", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_every_group_stands_in_hostile_and_in_harmless_sentences() -> None:
    """A model that saw a group only in hostile sentences would learn to flag its name."""
    everything = made(3, 60)
    for language, groups in (
        ("en", ("Muslims", "women", "mainlanders", "white people")),
        ("zh", ("黑人", "外佣", "男人")),
    ):
        for group in groups:
            labels = Counter(sentence.toxic for sentence in everything[language] if group in sentence.text)
            assert min(labels[True], labels[False]) > 5


def test_templates_leave_no_slot_open_and_are_the_same_for_a_seed() -> None:
    assert made(1, 5) == made(1, 5) != made(2, 5)
    assert not [sentence for sentences in made(1, 5).values() for sentence in sentences if "<" in sentence.text]


def test_an_attack_on_a_group_is_hate_and_an_insult_of_a_person_is_not() -> None:
    everything = made(1, 5)
    for language in ("en", "zh"):
        kinds = Counter((sentence.toxic, sentence.hate) for sentence in everything[language])
        assert min(kinds[True, True], kinds[True, False], kinds[False, False]) > 50
        assert not kinds[False, True]


def test_disguised_copies_keep_their_labels_and_spell_otherwise() -> None:
    plain = templates(1, 2, ("en",))
    both = with_disguises(plain, 0.5, 1)
    assert both[: len(plain)] == plain and len(plain) * 1.3 < len(both) < len(plain) * 1.7
    assert len({one.text for one in both[len(plain) :]} - {one.text for one in plain}) > 0.8 * (len(both) - len(plain))
    assert with_disguises(plain, 0.5, 1) == both


def test_the_script_table_is_one_to_one_and_settled() -> None:
    traditional, simplified = toxicity.script_table()
    table = dict(zip(traditional.tolist(), simplified.tolist(), strict=True))
    for before, after in zip("說説裏裡臺後隻會國", "说说里里台后只会国", strict=True):
        assert table[ord(before)] == ord(after)
    assert not set(table.values()) & set(table)


HOSTILE = ("you are a stupid pig", "I hate them all", "kill those rats", "你这个废物", "他们都是垃圾", "滚出去死吧")
FRIENDLY = (
    "the sun is shining",
    "we had lunch together",
    "a train left the station",
    "今天天气很好",
    "我们一起吃饭",
    "火车离开车站",
)


def small_data(root: Path) -> Path:
    """A directory with every set that the trainer reads, small and made up."""
    import gzip

    for source in (*LEARNT, OPINIONS):
        lines = []
        for index in range(60):
            chinese = source.language == "zh"
            toxic = index % 2 == 0 and not source.benign
            text = (HOSTILE if toxic else FRIENDLY)[index % 3 + 3 * chinese] + f" {index}"
            labels = {
                "toxic": toxic,
                "unsafe": toxic,
                "category": "Offending User",
                "safe_prompt": True,
                "biased": toxic,
            }
            labels |= {"class": "hate" if toxic else "neither", "orig": {"H": int(toxic)}, "any_harm": toxic}
            lines.append(json.dumps({"id": f"{source.name}:{index}", "text": text, "labels": labels}) + "\n")
        path = root / source.path
        path.parent.mkdir(parents=True, exist_ok=True)
        content = "".join(lines).encode()
        path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    (root / "lexicon").mkdir()
    for name in ("profanity_en", "profanity_zh"):
        (root / "lexicon" / f"{name}.jsonl").write_text(json.dumps({"text": "blast", "labels": {}}) + "\n")
    return root


def test_finer_labels_are_read_where_a_set_has_them(tmp_path: Path) -> None:
    """A tweet that is only offensive says nothing about hate; moderation tells hate from other harm."""
    rows = {
        "toxicity/davidson_tweets.jsonl": [{"toxic": True, "class": "offensive"}, {"toxic": True, "class": "hate"}],
        "toxicity/openai_moderation.jsonl": [{"toxic": True, "orig": {"HR": 1, "H": 0}, "any_harm": True}],
    }
    expected = {"davidson_tweets": {(True, None), (True, True)}, "openai_moderation": {(True, False)}}
    (tmp_path / "toxicity").mkdir()
    for path, labels in rows.items():
        lines = [json.dumps({"id": f"{path}:{at}", "text": f"t{at}", "labels": each}) for at, each in enumerate(labels)]
        (tmp_path / path).write_text("\n".join(lines))
    for source in LEARNT:
        if source.path in rows:
            assert {(item.toxic, item.hate) for item in read(tmp_path, source)} == expected[source.name]


def test_every_text_that_is_learnt_from_is_there_once(tmp_path: Path) -> None:
    texts = [one.text for one in examples(small_data(tmp_path), "train")]
    assert texts and len(set(texts)) == len(texts)


@pytest.mark.slow
def test_two_runs_give_the_same_file_and_a_model_that_works(tmp_path: Path) -> None:
    data = small_data(tmp_path / "data")
    digests = []
    for name in ("one", "two"):
        out = tmp_path / name
        out.mkdir()
        assert toxicity.main(["--data", str(data), "--out", str(out), "--each", "2"]) == 0
        digests.append(hashlib.sha256((out / "toxicity.bin").read_bytes()).hexdigest())
    assert digests[0] == digests[1]
    detector = EmbeddedToxicity(tmp_path / "one")
    detector.load()
    for hostile, friendly in zip(HOSTILE, FRIENDLY, strict=True):
        bad, good = detector.detect([hostile, friendly], Context())
        assert bad[0].score > (good[0].score if good else 0.0)
