"""What `guardrail policy check` and `serve` remark on a good file: an officer who set something up must not find later that no rule
ever asked for it."""

import pytest

from guardrail.policy.advice import advice
from guardrail.types import Action
from tests.material import Patterns, policy, rule


class Set(Patterns):
    """A detector that somebody has set up."""

    name = "test.set"
    kinds = ("document.passage",)
    setup = "set X"


@pytest.mark.parametrize(
    ("rules", "settings", "detectors", "words"),
    [
        ((), {}, (), ["no rules"]),
        ((rule("pii.*", Action.FLAG),), {}, (Patterns(),), []),
        ((rule("pii.*", Action.FLAG),), {}, (Set(),), ["`test.set` is configured, but no rule covers document.passage"]),
        ((rule("document.*", Action.FLAG),), {}, (Set(),), []),
        ((rule("pii.*", Action.FLAG),), {"link_hosts": ("gov.hk",)}, (), ["`link_hosts` names hosts"]),
        ((rule("carrier.*", Action.FLAG),), {"link_hosts": ("gov.hk",)}, (), []),
    ],
)  # fmt: skip
def test_what_was_overlooked_is_said(rules, settings, detectors, words):
    said = list(advice(policy(*rules, **settings), detectors))
    assert len(said) == len(words)
    assert all(start in sentence for start, sentence in zip(words, said, strict=True))
