"""Texts through the real scanner, as a policy of everything or the packaged baseline would judge them.

Rules:
1. The scanner, the detectors and the policy reader are those of the wire: what is measured here is what happens there.
2. A check that did not finish is an error of the run, never an empty result.
3. `FIRM` is the score from which the baseline acts; below it nothing counts as found.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from guardrail import material
from guardrail.detectors import registry
from guardrail.detectors.registry import AnyDetector
from guardrail.errors import CheckError
from guardrail.evaluation.datasets import Item
from guardrail.evaluation.matching import Span
from guardrail.policy.decide import Judge
from guardrail.policy.load import load, packaged, parse
from guardrail.review import Review, review
from guardrail.scanner import Scan, Scanner
from guardrail.types import CHECK_FAILED, Context, Finding, Module, Policy, Segment, Stage

T = TypeVar("T")
FIRM = 0.6
NAMES = ("leakage.names", "leakage.ner")
"""Detectors that are left out where names are not the question: they cost more than all the rest."""
FAMILIES = ("pii", "secret", "prompt", "document", "carrier", "placeholder")
"""The first parts of the kinds of data leakage."""


def offered(detectors: Iterable[AnyDetector] | None = None) -> tuple[str, ...]:
    """Every kind of the leakage module that an installed detector finds."""
    found = registry.available() if detectors is None else detectors
    kinds = {kind for detector in found for kind in detector.kinds}
    return tuple(sorted(kind for kind in kinds if kind.split(".")[0] in FAMILIES))


def everything(*, without: Iterable[str] = (), also: Iterable[str] = ()) -> Scanner:
    """A scanner for every leakage kind that is on without being named, but for the detectors named in `without`; `also`
    names kinds in full, for those that are off by default.  Raises CheckError, PolicyError."""
    left = set(without)
    detectors = [detector for detector in registry.available() if detector.name not in left]
    present = {kind.split(".")[0] for kind in offered(detectors)}
    wanted = [*(f"{family}.*" for family in FAMILIES if family in present), *also]
    return Scanner(_policy(wanted), detectors)


def only(kinds: Sequence[str]) -> Scanner:
    """A scanner for `kinds`, named in full.  Raises PolicyError for one that nothing finds."""
    return Scanner(_policy(kinds), registry.available())


def _policy(kinds: Sequence[str]) -> Policy:
    listed = ", ".join(f'"{kind}"' for kind in kinds)
    text = (
        f"version: 1\nname: evaluation\ncheck_timeout: 300\ndata_leakage:\n"
        f"  - {{id: all, kinds: [{listed}], threshold: 0, action: flag, stage: both}}\n"
    )
    return parse(text.encode(), "evaluation")


@dataclass(frozen=True, slots=True)
class Baseline:
    """A policy with its scanner: what it does to a text."""

    policy: Policy
    scanner: Scanner
    judge: Judge


def baseline(
    policy: Policy | None = None,
    module: Module = Module.DATA_LEAKAGE,
    detectors: Sequence[AnyDetector] | None = None,
) -> Baseline:
    """`policy`, by default the packaged one, reduced to its rules of one module; `detectors` stand in for the installed
    ones.  Raises PolicyError, CheckError."""
    whole = policy or load(packaged("hk-baseline"))
    rules = tuple(rule for rule in whole.rules if rule.module is module)
    reduced = replace(whole, rules=rules, check_timeout=300.0)
    return Baseline(reduced, Scanner(reduced, detectors or registry.available()), Judge(reduced))


def context_of(item: Item) -> Context:
    """What is known of the conversation that an item comes from."""
    known = material.given(item.prompt, item.system, item.context)
    return Context(
        prompt=item.prompt, system=item.system, material=known, caller=item.caller, lang=item.language or None
    )


def findings(scanner: Scanner, items: Iterable[Item]) -> list[list[Finding]]:
    """All findings in each text, of every score.  Raises CheckError when a check did not finish."""

    def broken(scan: Scan) -> list[str]:
        evidence = [finding.evidence for finding in scan.findings[0] if finding.kind == CHECK_FAILED]
        return [check.reason for check in scan.failed] + evidence

    scans = _judged(items, lambda segments, context: scanner.scan(segments, context, Stage.RESPONSE), broken)
    return [scan.findings[0] for scan in scans]


def reviews(base: Baseline, items: Iterable[Item]) -> list[Review]:
    """What the policy makes of each text.  Raises CheckError when a check did not finish."""
    return _judged(
        items,
        lambda segments, context: review(base.scanner, base.judge, segments, context, Stage.RESPONSE),
        lambda made: [f"{check.check} {check.reason}" for check in made.failed],
    )


def _judged(
    items: Iterable[Item],
    judge: Callable[[Sequence[Segment], Context], Awaitable[T]],
    broken: Callable[[T], Sequence[str]],
) -> list[T]:
    """What `judge` says of each text as an answer; `broken` names the checks that did not finish."""

    async def work() -> list[T]:
        made: list[T] = []
        for item in items:
            made.append(await judge([Segment(Stage.RESPONSE, "assistant", "content", (), item.text)], context_of(item)))
            if reasons := broken(made[-1]):
                raise CheckError(f"a check did not finish on text {item.id}: {reasons[0]}; its figures would not count")
        return made

    return asyncio.run(work())


def spans(found: Iterable[Finding], wanted: Callable[[str], bool], least: float = FIRM) -> list[Span]:
    """The places of findings from `least` on whose kind is `wanted`."""
    return [
        Span(one.kind, one.start, one.end)
        for one in found
        if one.score >= least and one.start is not None and one.end is not None and wanted(one.kind)
    ]
