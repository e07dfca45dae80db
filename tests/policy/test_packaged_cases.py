"""The packaged policy proves itself wherever guardrail is installed: a plain installation has no second readers.

If this fails, `guardrail serve` refuses to start on one of the two.
"""

import asyncio

import pytest

from guardrail.detectors import registry
from guardrail.detectors.bias import toxicity
from guardrail.policy import cases
from guardrail.policy.load import load, packaged
from guardrail.scanner import Scanner


@pytest.mark.parametrize("extra", [True, False], ids=["with the extra `models`", "without"])
def test_the_cases_of_the_packaged_policy_hold(extra, monkeypatch):
    if not extra:
        monkeypatch.setattr(toxicity, "runnable", lambda: False)
    toxicity.judge_of.cache_clear()
    try:
        policy = load(packaged("hk-baseline"))
        scanner = Scanner(policy, registry.available())
        failed = cases.broken(asyncio.run(cases.run(policy, scanner)))
        scanner.close()
    finally:
        toxicity.judge_of.cache_clear()
    assert [f"{one.rule.id}: {one.problem}" for one in failed] == []
