"""Right answers, and how many of them the rules on errors put a notice on, flag or alter: ordinary ones, which carry no
source, and ones that people found faithful to the source that they were written from.

Rules:
1. The packaged policy judges, reduced to its rules on errors, as on the wire; the prompt of an answer is known to it.
2. An answer that a set labels wrong (hallucinated, incorrect) is left out: a notice on it may well be right.
3. An answer that stands in several sets counts once, in the first of them.
4. Every answer that gets more than a flag is listed by its id with the rule and its reason, never with its text, and
   those that are only flagged are counted by kind.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from guardrail.evaluation import datasets, judging
from guardrail.evaluation.datasets import Item
from guardrail.evaluation.errors_run import Run
from guardrail.evaluation.intervals import Measure, share
from guardrail.evaluation.parts import key_of, part
from guardrail.evaluation.report import Cell, Goal, Listing, Section, Table, grouped
from guardrail.review import Review
from guardrail.types import Action, Hit, Module

_SETS = (
    "benign/alpaca_eval_outputs",
    "benign/mtbench_gpt4_reference",
    "benign/alpaca_zh",
    "benign/alignbench_references",
    "benign/yue_truthfulqa_answers",
    "benign/hkcancor_dialogues",
    "benign/common_voice_yue",
    "benign/xstest_responses",
    "groundedness/halueval_general",
    "groundedness/halluqa_outputs",
    "groundedness/factool_chinese",
    "groundedness/factool_en",
)
_GROUNDED = (
    "groundedness/qags",
    "groundedness/faithbench",
    "groundedness/halueval_qa",
    "groundedness/uhgeval_news",
    "groundedness/uhgeval_news_hant_derived",
)
_WRONG = ("hallucinated", "unfaithful")

GOALS: tuple[Goal, ...] = (
    Goal("benign.noticed", "a notice on a good answer teaches readers to look past notices", at_most=0.01),
    Goal("benign.noticed_held_out", "the same, on the third that no tuning has looked at", at_most=0.01),
    Goal("grounded.noticed_held_out", "the same, for answers that are faithful to their source", at_most=0.01),
)


@dataclass(frozen=True, slots=True)
class _Seen:
    """An answer with what the policy made of it."""

    name: str
    item: Item
    review: Review

    @property
    def noticed(self) -> bool:
        """Whether a reader is told something, or gets another answer."""
        return self.review.action >= Action.NOTICE

    @property
    def held_out(self) -> bool:
        return part(key_of(self.item.id, self.item.prompt)) == "test"


def ordinary(run: Run) -> Section:
    """Judge every set of ordinary answers that is there."""
    return _evaluate(run, "benign", "ordinary answers", _SETS)


def grounded(run: Run) -> Section:
    """Judge every answer that people found faithful to its source."""
    return _evaluate(run, "grounded", "answers that are faithful to their source", _GROUNDED)


def _evaluate(run: Run, section: str, what: str, names: Sequence[str]) -> Section:
    base = judging.baseline(run.policy, Module.ERRORS)
    title = f"{what} under the rules on errors of {base.policy.label}"
    seen: list[_Seen] = []
    known: set[str] = set()
    absent: list[str] = []
    try:
        for name in names:
            items = _answers(run, name, known)
            if items is None:
                absent.append(name)
                continue
            reviews = judging.reviews(base, run.track(name, items))
            seen += (_Seen(name, item, review) for item, review in zip(items, reviews, strict=True))
    finally:
        base.scanner.close()
    if not seen:
        return Section(section, title, missing=f"no sets of answers in {run.data}; give their place with --data")
    noticed = [one for one in seen if one.noticed]
    return Section(
        section,
        title,
        (_by_set(seen), _by_language(seen), _by_kind(seen)),
        {"noticed": _noticed(seen), "noticed_held_out": _noticed([one for one in seen if one.held_out])},
        (Listing("With a notice", tuple(line for one in noticed for line in _lines(one))),),
        tuple(f"not there: {name}" for name in absent),
    )


def _answers(run: Run, name: str, known: set[str]) -> list[Item] | None:
    path = datasets.find(run.data, name)
    if path is None:
        return None
    items = [item for item in datasets.read(path) if not any(item.labels.get(label) is True for label in _WRONG)]
    fresh = [item for item in {item.text: item for item in reversed(items)}.values() if item.text not in known]
    known.update(item.text for item in fresh)
    return datasets.sample(fresh[::-1], run.limit, run.seed)


def _noticed(seen: Sequence[_Seen]) -> Measure:
    return share(sum(one.noticed for one in seen), len(seen))


def _flagged(seen: Sequence[_Seen]) -> Measure:
    return share(sum(bool(one.review.fired) and not one.noticed for one in seen), len(seen))


def _by_set(seen: Sequence[_Seen]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for name, those in grouped(seen, lambda one: one.name).items():
        held = [one for one in those if one.held_out]
        rows.append((name, len(those), _noticed(those), _flagged(those), len(held), _noticed(held)))
    columns = ("set", "answers", "with a notice", "only flagged", "held out", "with a notice")
    return Table("By set", columns, tuple(rows))


def _by_language(seen: Sequence[_Seen]) -> Table:
    rows = [
        (language or "unknown", len(those), _noticed(those), _flagged(those))
        for language, those in grouped(seen, lambda one: one.item.language).items()
    ]
    return Table("By language", ("language", "answers", "with a notice", "only flagged"), tuple(rows))


def _by_kind(seen: Sequence[_Seen]) -> Table:
    counts: Counter[tuple[str, str]] = Counter()
    for one in seen:
        counts.update({(hit.finding.kind, hit.action.word) for hit in one.review.fired})
    rows = [(kind, action, count, share(count, len(seen))) for (kind, action), count in sorted(counts.items())]
    return Table("By kind", ("kind", "action", "answers", "share"), tuple(rows))


def _lines(one: _Seen) -> list[str]:
    """One line for every hit that led to more than a flag."""
    return [
        f"{one.name} {one.item.id}: {hit.finding.kind} by `{_rule(hit)}` ({hit.action.word}, score "
        f"{hit.finding.score:.2f}): {hit.finding.evidence}"
        for hit in one.review.fired
        if hit.action >= Action.NOTICE
    ]


def _rule(hit: Hit) -> str:
    return hit.rule.id if hit.rule else ""


SETS = {"benign": ordinary, "grounded": grounded}
