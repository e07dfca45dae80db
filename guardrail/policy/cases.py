"""The examples inside a policy file, run: a rule must do on each what the file says it does.

Rule: a case is judged by its own rule alone, so that a stronger neighbour can neither hide a rule that never fires
nor break the example of another.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from guardrail import material
from guardrail.policy.decide import Judge
from guardrail.pseudonyms import Book
from guardrail.review import Review, outcome, review
from guardrail.scanner import Scanner
from guardrail.types import Case, Context, Policy, Rule, Segment, Stage


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case and what came of it; `problem` is empty when it held."""

    rule: Rule
    case: Case
    problem: str


async def run(policy: Policy, scanner: Scanner) -> list[CaseResult]:
    """Every case of every rule, in the order of the file."""
    return [await _run_case(policy, rule, case, scanner) for rule in policy.rules for case in rule.cases]


def broken(results: Sequence[CaseResult]) -> list[CaseResult]:
    """Those that did not hold."""
    return [result for result in results if result.problem]


async def _run_case(policy: Policy, rule: Rule, case: Case, scanner: Scanner) -> CaseResult:
    stage = Stage.RESPONSE if Stage.RESPONSE in rule.stages else Stage.REQUEST
    caller = (case.prompt,) if case.prompt else ()
    judge = Judge(replace(policy, rules=(rule,), enforce=True)).within(caller, Book(b"", case.prompt))
    segment = Segment(stage, "assistant" if stage is Stage.RESPONSE else "user", "content", (), case.text)
    context = Context(
        stage=stage,
        prompt=case.prompt,
        system=case.system,
        caller=caller,
        finish_reason="stop",
        material=material.distinct((*material.given(case.prompt, case.system), *policy.sources)),
    )
    result = await review(scanner, judge, [segment], context, stage)
    return CaseResult(rule, case, _problem(case, result))


def _problem(case: Case, result: Review) -> str:
    if result.failed:
        checks = ", ".join(check.check for check in result.failed)
        return f"a check did not finish: {checks}"
    action, text = outcome(result)
    if action is not case.expect:
        seen = ", ".join(sorted({f"{hit.finding.kind} {hit.finding.score:.2f}" for hit in result.all_hits}))
        return f"expected {case.expect.word}, got {action.word} (found: {seen or 'nothing'})"
    if case.becomes is not None and text != case.becomes:
        return f"expected the text to become {case.becomes!r}, got {text!r}"
    return ""
