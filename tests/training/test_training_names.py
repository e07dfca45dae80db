"""The trainer of the recogniser of names: what it may learn from, where the names of its examples stand, and that two
runs give one file.

If these fail, a set would be learnt from that is kept for measuring, labels would be off by a character, or the shipped
weights could not be made again.  The data here is made up in the test.
"""

import gzip
import hashlib
import json
from pathlib import Path
from random import Random

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="training needs scikit-learn (extra `dev`)")
pytest.importorskip("opencc", reason="training needs OpenCC (extra `dev`)")

from guardrail.detectors.leakage.name_features import BEGIN, END, MIDDLE, OUTSIDE, SINGLE, Lists
from guardrail.detectors.leakage.names import FILE, Names
from guardrail.models.store import read_model
from guardrail.types import Context
from training import names
from training.corpus import LEARNT, Language

SIMPLIFY = np.arange(0x10000, dtype=np.uint16)

SYLLABLES = ["tai", "man", "wing", "xiao", "ming"]


def namer(seed: int = 1) -> names.Namer:
    return names.Namer(Random(seed), SYLLABLES)


def test_only_the_two_permissive_labelled_sets_are_learnt_from() -> None:
    assert names.LABELLED == ("pii/wnut17.jsonl", "pii/presidio_synth.jsonl")
    assert not [source.path for source in LEARNT if "weibo" in source.path or "cluener" in source.path]


def test_about_a_third_is_held_out_and_items_of_one_template_stay_together() -> None:
    def item(text: str, name: str) -> dict[str, object]:
        start = text.index(name)
        return {"text": text, "spans": [{"start": start, "end": start + len(name), "type": "person"}]}

    for index in range(50):
        pair = [item(f"frame {index}: {name} called", name) for name in ("Ann", "Bartholomew")]
        assert names.held_out(pair[0]) == names.held_out(pair[1])
    kept = sum(names.held_out(item(f"frame {index}: Ann called", "Ann")) for index in range(600))
    assert 150 < kept < 250


def test_names_stand_where_they_are_said_to_stand() -> None:
    for example in names.templates(namer(), Random(2), 3):
        for start, end in example.names:
            name = example.text[start:end]
            assert name == name.strip() and name
            assert "<" not in name
        assert not [slot for slot in ("<f>", "<g>", "<n>", "<s>", "<t>", "<d>") if slot in example.text]


@pytest.mark.parametrize(
    ("text", "language"), [("She said that he was late.", "en"), ("他说佢会来。", "zh"), ("I like tea.", "en")]
)
def test_pronouns_become_names(text: str, language: Language) -> None:
    made = [
        names.injected(names.Example(text, (), language), namer(seed), Random(seed), SIMPLIFY) for seed in range(20)
    ]
    with_names = [example for example in made if example is not None]
    assert with_names
    assert all(example.names and example.text != text for example in with_names)


def test_swapped_names_keep_the_rest() -> None:
    example = names.Example("Ann met Bob Lee.", ((0, 3), (8, 15)), "en")
    made = names.swapped(example, namer(), Random(1))
    (first, second) = made.names
    assert made.text[first[1] : second[0]] == " met "
    assert made.text[second[1] :] == "."


def test_folding_moves_the_spans_with_the_text() -> None:
    made = names.folded("é ① \u200bＣｈａｎ\u200b Tai", [(5, 14)], "en")
    assert [made.text[start:end].strip() for start, end in made.names] == ["Chan Tai"]


def test_labels_follow_the_tokens_of_a_name() -> None:
    lists = Lists.of(read_model(FILE).arrays)
    example = names.Example("I met Chan Tai Man, Ann and 陳大", ((6, 18), (20, 23), (28, 30)), "en")
    found, labels, _ = names.marked([example], lists, np.random.default_rng(1))
    marked = [int(label) for label, (_, end) in zip(labels, found.spans, strict=True) if end]
    assert marked == [OUTSIDE, OUTSIDE, BEGIN, MIDDLE, END, OUTSIDE, SINGLE, OUTSIDE, BEGIN, END]


def test_what_may_be_a_name_is_not_learnt_from() -> None:
    lists = Lists.of(read_model(FILE).arrays)
    example = names.Example("maybe Ann or Bob came", ((6, 9),), "en", unknown=((13, 16),))
    found, labels, weights = names.marked([example], lists, np.random.default_rng(1))
    weight = {example.text[start:end]: weights[at] for at, (start, end) in enumerate(found.spans) if end}
    assert weight["Bob"] == 0.0 < weight["Ann"]
    assert labels.sum() == SINGLE


def small_data(root: Path) -> Path:
    """A directory with every set that the trainer reads, small and made up."""
    for source in LEARNT:
        texts = (
            ("他今天说天气很好。", "我们一起去公园。")
            if source.language == "zh"
            else ("He said it was fine.", "We like tea.")
        )
        lines = [
            json.dumps(
                {
                    "id": f"{source.name}:{i}",
                    "text": f"{texts[i % 2]} {i}",
                    "labels": {"safe_prompt": True, "unsafe": False},
                }
            )
            for i in range(30)
        ]
        path = root / source.path
        path.parent.mkdir(parents=True, exist_ok=True)
        content = "\n".join(lines).encode()
        path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    for labelled in names.LABELLED:
        path = root / labelled
        path.parent.mkdir(parents=True, exist_ok=True)
        items = [
            {"text": f"I met {name} {i}.", "spans": [{"start": 6, "end": 6 + len(name), "type": "person"}]}
            for i in range(20)
            for name in ("Ann Lee", "Bob")
        ]
        path.write_text("\n".join(map(json.dumps, items)))
    syllables = root / names.SYLLABLES
    syllables.parent.mkdir(parents=True, exist_ok=True)
    syllables.write_text("\n".join(json.dumps({"text": word, "labels": {}}) for word in ("Tai", "Man", "Wing")))
    return root


@pytest.mark.slow
def test_two_runs_give_the_same_file_and_a_model_that_works(tmp_path: Path) -> None:
    data = small_data(tmp_path / "data")
    digests = []
    for name in ("one", "two"):
        assert names.main(["--data", str(data), "--out", str(tmp_path / name), "--rounds", "12", "--each", "6"]) == 0
        digests.append(hashlib.sha256((tmp_path / name / FILE).read_bytes()).hexdigest())
    assert digests[0] == digests[1]
    detector = Names(tmp_path / "one")
    detector.load()
    found, nothing = detector.detect(["Name: Mary Johnson", "the tea is fine"], Context())
    assert [(f.start, f.end) for f in found] == [(6, 18)]
    assert nothing == []
