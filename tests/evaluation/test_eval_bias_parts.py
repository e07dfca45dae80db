"""Parts of sets: decided by a hash, the same for whoever trains and whoever measures."""

from collections import Counter

import pytest

from guardrail.evaluation import bias_benign, bias_labelled
from guardrail.evaluation.parts import LEARNT, key_of, part
from training import corpus


def test_a_third_is_for_testing_and_a_tenth_for_tuning():
    counts = Counter(part(f"text {number}") for number in range(3000))
    assert counts["test"] / 3000 == pytest.approx(1 / 3, abs=0.03)
    assert counts["dev"] / 3000 == pytest.approx(1 / 10, abs=0.02)


@pytest.mark.parametrize(
    ("key", "decided"),
    [
        ("cold_test:test-503", "test"),
        ("點解唔得？", "test"),
        ("第7條問題", "dev"),
        ("hatecheck_zh:mandarin-0", "train"),
    ],
)
def test_what_a_key_belongs_to_never_changes(key, decided):
    assert part(key) == decided


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("crows_pairs:796-sent_less", ""), ("crows_pairs:796-sent_more", "")),
        (("corgi_pm:train-3779-edit", ""), ("corgi_pm:train-3779-ori", "")),
        (("alpaca:model-a", "點解？"), ("alpaca:model-b", "點解？")),
        (("replay:hkcancor_dialogues:1", ""), ("hkcancor_dialogues:1", "")),
    ],
)
def test_what_belongs_together_has_one_key(one, other):
    assert key_of(*one) == key_of(*other)


def test_ids_of_other_forms_are_keys_as_they_are():
    assert key_of("hatecheck_zh:mandarin-2745") == "hatecheck_zh:mandarin-2745"


def test_whatever_the_trainer_learns_from_is_known_to_the_evaluation():
    learnt = {source.path.split(".jsonl")[0] for source in (*corpus.LEARNT, corpus.OPINIONS)}
    assert learnt <= LEARNT


def test_diagnostic_and_unlicensed_sets_are_not_learnt_from():
    names = {given.path for given in bias_labelled.SETS} | {answers.path for answers in bias_benign.SETS}
    never = (
        "hatecheck",
        "crows_pairs",
        "corgi_pm",
        "cbbq",
        "bbq",
        "alpaca",
        "alignbench",
        "do_not_answer",
        "cold_test",
    )
    found = {path for path in names if path.split("/")[1].startswith(never)}
    assert len(found) >= 11
    assert not found & LEARNT
