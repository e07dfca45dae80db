"""`guardrail eval bias` as a person or a script would call it."""

import json
import os
import subprocess
import sys

import pytest

from guardrail.evaluation.bias_brought import GROUND, TRUTHS
from guardrail.evaluation.brought import KEYS

HOSTILE_YUE = "你呢個死仆街，去死啦人渣"


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "guardrail", "eval", "bias", *arguments],
        capture_output=True,
        timeout=300,
        check=False,
        env={**os.environ, **environment},
    )


@pytest.fixture(scope="module")
def mine(tmp_path_factory):
    path = tmp_path_factory.mktemp("mine") / "mine.jsonl"
    lines = [
        {"id": "one", "text": HOSTILE_YUE, "lang": "yue", "labels": {"toxic": True, "ground": "race"}},
        {"id": "two", "text": "平等機會委員會就種族歧視發表報告。", "lang": "zh-Hant", "labels": {"toxic": False}},
        {"id": "three", "text": "I love my neighbours.", "lang": "en", "labels": {"toxic": True}},
    ]
    path.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines))
    return path


def test_own_texts_are_compared_with_their_labels(mine):
    done = run(str(mine))
    said = done.stdout.decode()
    assert done.returncode == 0, done.stderr
    assert "== mine.jsonl: 3 texts" in said
    assert "| yue " in said and "| zh-Hant " in said
    assert "Missed: labelled toxic, and no rule fires: 1\n  three\n" in said
    assert HOSTILE_YUE not in said
    assert "policy hk-baseline@" in said


def test_a_policy_of_ones_own_acts(mine, tmp_path):
    policy = tmp_path / "mine.yaml"
    policy.write_text(
        "version: 1\nname: strict\nbias:\n  - {id: any, kinds: [bias.toxicity], threshold: 0.3, action: block}\n"
    )
    plain = json.loads(run("--json", "--policy", str(policy), str(mine)).stdout)
    assert plain["settings"]["flagged from"] == "0.3"
    rows = {row["language"]: row for row in plain["sections"][0]["tables"][0]["rows"]}
    assert rows["yue"]["altered"]["value"] == 1.0


def test_the_hong_kong_set_can_be_gated_without_data(tmp_path):
    done = run("--data", str(tmp_path), "--set", "hong_kong", "--gate", "--json")
    plain = json.loads(done.stdout)
    (goal,) = plain["goals"]
    assert goal["figure"] == "hong_kong.policy.f1"
    assert done.returncode == (0 if goal["met"] else 1)
    assert b"heldout." not in done.stdout


def test_what_was_not_measured_keeps_the_gate_shut(tmp_path):
    done = run("--data", str(tmp_path), "--set", "cold_test", "--gate")
    assert done.returncode == 1
    assert b"the gate stays shut: cold_test.embedded.auc was not measured" in done.stderr


def test_pictures_come_with_their_table(tmp_path):
    texts = [(HOSTILE_YUE, True), ("今日去行山", False)]
    lines = [
        {"id": f"x:{n}", "lang": "zh-Hant", "text": f"{text}{n}", "labels": {"toxic": toxic, "topic": "race"}}
        for n in range(20)
        for text, toxic in texts
    ]
    (tmp_path / "toxicity").mkdir()
    (tmp_path / "toxicity" / "cold_test.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    done = run("--data", str(tmp_path), "--set", "cold_test", "--reader", "embedded", "--curve", str(tmp_path / "out"))
    said = done.stdout.decode()
    assert done.returncode == 0, done.stderr
    assert "Chinese, tier 1: thresholds" in said
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        f"{what}-zh-embedded.{ending}" for what in ("calibration", "roc", "thresholds") for ending in ("png", "svg")
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--data", "nowhere"), "nowhere: there is no such directory; --data and GUARDRAIL_DATA name that of the sets"),
        (("--models", "nowhere"), "nowhere: there is no such directory; --models names that of the embedded models"),
        (("--set", "hatecheck"), "'hatecheck' is not one of"),
        (("--reader", "perspective"), "'perspective' is not one of"),
        (("--gate", "mine.jsonl"), "files of your own have none; add a --set"),
        (("nothing.jsonl",), "nothing.jsonl"),
    ],
)
def test_a_slip_is_named_with_its_cure(arguments, said):
    done = run(*arguments)
    assert done.returncode == 2
    assert said in done.stderr.decode()


def test_the_help_names_every_key_of_own_files():
    said = run("--help").stdout.decode()
    assert not [key for key in KEYS if key != "spans" and f" {key} " not in said]
    assert not [label for label in (*TRUTHS, GROUND) if f'"{label}"' not in said]
