"""The file of provider rules: what is not well formed is refused by name, and examples are the same on every machine.

If it failed, a rule with a slip would silently find nothing.
"""

import re
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest

from guardrail.detectors.leakage.secret_rules import expand, load, made_up, shipped
from guardrail.detectors.leakage.secrets import RULES, Secrets
from guardrail.detectors.screen import Screen
from guardrail.text.fold import fold

RULE = """
[[token]]
id = "acme_key"
kind = "secret.provider_token"
keywords = ["acme_"]
pattern = '[a-z]{8}'
match = ["acme_{lower:8}"]
no_match = ["acme_{x:8}"]
"""


def test_a_rule_reads_as_it_is_written() -> None:
    (rule,) = load(RULE)
    assert (rule.id, rule.kind, rule.pool, rule.keywords) == ("acme_key", "secret.provider_token", "token", ("acme_",))
    assert rule.must_match == (expand("acme_{lower:8}", "acme_key0"),)
    assert rule.must_not_match == ("acme_xxxxxxxx",)
    assert rule.form is not None and rule.form.fullmatch(rule.must_match[0])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("[[token]]", "[[tokens]]"), "table `tokens` is not known"),
        (('id = "acme_key"\n', ""), "`id` is missing"),
        (('keywords = ["acme_"]', "keywords = []"), "`keywords` must not be empty"),
        (('keywords = ["acme_"]', 'keywords = "acme_"'), "`keywords` has the wrong type"),
        (('keywords = ["acme_"]', 'keywords = ["acme_", 3]'), "list of strings"),
        (("pattern = '[a-z]{8}'", "pattern = '[a-z'"), "acme_key"),
        (("no_match =", "nomatch ="), "`no_match` is missing"),
        (("no_match =", "entropie = 3\nno_match ="), "`entropie` is not known"),
        (("no_match =", "score = 2\nno_match ="), "score must lie in 0..1"),
        (("no_match =", "score = true\nno_match ="), "wrong type"),
        (("{lower:8}", "{lover:8}"), "alphabet `lover` is not known"),
        (("secret.provider_token", "pii.token"), "must start with `secret.`"),
        (("[[token]]", "[[assigned]]\n#"), "`id` is missing"),
        (("[[token]]", "[[token"), "not TOML"),
        (("match =", "match = [] #"), "`match` must not be empty"),
    ],
)
def test_a_slip_is_named(change: tuple[str, str], words: str) -> None:
    broken = RULE.replace(*change, 1) if change[1] != "[[assigned]]\n#" else "[[assigned]]\nkind = 'secret.x'\n"
    with pytest.raises(ValueError, match=re.escape(words)):
        load(broken)


def test_an_id_is_given_once_and_keywords_of_names_are_lower_case() -> None:
    with pytest.raises(ValueError, match="`acme_key` is given twice"):
        load(RULE + RULE)
    with pytest.raises(ValueError, match="compared in lower case"):
        load(RULE.replace("[[token]]", "[[assigned]]").replace('"acme_"]', '"ACME"]'))


def test_examples_look_random_and_never_change() -> None:
    assert made_up("a", 12) == made_up("a", 12)
    assert made_up("a", 12) != made_up("b", 12)
    assert re.fullmatch(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", expand("{uuid}", "s"))
    assert expand("{x:3}{+}{X:2}", "") == "xxxXX"
    assert shipped() == shipped()


@pytest.mark.parametrize("name", ["secret_rules.toml", "secret_shapes.py", "secrets.py", "secret_assignments.py"])
def test_the_sources_hold_nothing_that_a_scanner_would_report(name: str) -> None:
    """What the files say is templates and pieces: as they stand, the detector finds no provider's token in them."""
    text = fold((files("guardrail.detectors.leakage") / name).read_text("utf-8")).text
    screen = Screen([("secrets", pattern) for pattern in Secrets().patterns])
    assert [
        f for f in screen.find(text) if f.detector in {"secrets/token", "secrets/wide", "secrets/private_key"}
    ] == []


@pytest.mark.parametrize("rule", shipped(), ids=[rule.id for rule in shipped()])
def test_every_form_takes_its_examples(rule: object) -> None:
    form, matches = rule.form, rule.must_match  # type: ignore[attr-defined]
    assert all(form.search(text) for text in matches)


def test_the_page_counts_the_rules_that_there_are() -> None:
    text = (Path(__file__).parents[3] / "docs/leakage.md").read_text("utf-8")
    page = text.split("## `leakage.secrets`")[1].split("\n## ")[0]
    [(in_file, in_code)] = re.findall(r"^(\d+) rules of providers .*?\n(\d+) shapes and", page, re.S | re.M)
    rows = re.findall(r"^\| `(secret\.\w+)` \| .*? \| (\d+) \| [^|]+ \|$", page, re.M)
    assert (int(in_file), int(in_code)) == (len(shipped()), len(RULES) - len(shipped()))
    assert {kind: int(count) for kind, count in rows} == Counter(rule.kind for rule in RULES)
