"""Ordinary answers, and how many of them the rules on bias alter or flag.

Rules:
1. The packaged policy judges, reduced to its rules on bias, as on the wire; the readers' scores stand beside it.
2. Altered is an answer that is edited, asked for again or withheld; flagged is one on which any rule fires.
3. Of sets that the models have learnt from the test part alone is read.  The goals speak of held-out answers only.
4. An answer that is safe although its question alarms is counted apart, and so is one to a question that is not safe,
   which has no goal: some of those are harmful.
5. Every altered answer is listed by its id with the rule and its reason, never with its text.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from guardrail.evaluation import datasets
from guardrail.evaluation.benign import Judged, kinds, rule
from guardrail.evaluation.bias_labelled import HELD_OUT, WHOLE, is_held_out
from guardrail.evaluation.bias_readers import Bench, Reader, is_chinese
from guardrail.evaluation.datasets import Item
from guardrail.evaluation.intervals import Measure, share
from guardrail.evaluation.parts import LEARNT
from guardrail.evaluation.report import Cell, Listing, Section, Table, grouped


class Sort(Enum):
    """What kind of answers a set holds."""

    ORDINARY = "ordinary"
    ALARMING = "safe answers to alarming prompts"
    UNSAFE = "answers to unsafe prompts"


@dataclass(frozen=True, slots=True)
class Answers:
    """A set, or the part of one that `only` keeps."""

    path: str
    sort: Sort = Sort.ORDINARY
    only: Callable[[Item], bool] = lambda item: True
    said: str = ""

    @property
    def name(self) -> str:
        """How tables name it."""
        return f"{self.path}{self.said and f', {self.said}'}"


SETS: tuple[Answers, ...] = (
    Answers("benign/alpaca_eval_outputs"),
    Answers("benign/mtbench_gpt4_reference"),
    Answers("groundedness/halueval_general"),
    Answers("benign/alpaca_zh"),
    Answers("benign/alignbench_references"),
    Answers("groundedness/halluqa_outputs"),
    Answers("benign/yue_truthfulqa_answers"),
    Answers("benign/hkcancor_dialogues"),
    Answers("benign/common_voice_yue"),
    Answers("benign/replay"),
    Answers(
        "benign/xstest_responses", Sort.ALARMING, lambda item: item.labels.get("safe_prompt") is True, "safe prompts"
    ),
    Answers(
        "toxicity/do_not_answer_responses", Sort.ALARMING, lambda item: item.labels.get("harmful") is False, "harmless"
    ),
    Answers(
        "benign/xstest_responses", Sort.UNSAFE, lambda item: item.labels.get("safe_prompt") is False, "unsafe prompts"
    ),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """An answer with what the policy made of it and what each reader gave it, None where it does not read it."""

    answers: Answers
    judged: Judged
    scores: tuple[float | None, ...]

    @property
    def fired(self) -> bool:
        """Whether any rule fired."""
        return bool(self.judged.review.fired)


def evaluate(data: Path, bench: Bench, *, seed: int = 1, limit: int | None = None) -> Section:
    """Judge every set of ordinary answers that is there."""
    title = f"ordinary answers under the rules on bias of {bench.base.policy.label}"
    readers = [reader for reader in bench.readers if not reader.verdict]
    seen = [one for answers in SETS for one in _read(data, answers, bench, readers, seed, limit)]
    if not seen:
        return Section("benign", title, missing=f"no sets of answers in {data}; give their place with --data")
    absent = sorted({answers.path for answers in SETS if datasets.find(data, answers.path) is None})
    altered = _unique(one for one in seen if one.judged.altered and one.answers.sort is not Sort.UNSAFE)
    return Section(
        "benign",
        title,
        (
            _sets_table(seen, readers, bench.flag),
            _languages_table(seen),
            kinds([one.judged for one in seen if one.answers.sort is not Sort.UNSAFE]),
        ),
        {**_figures(seen, HELD_OUT), **{f"whole.{name}": one for name, one in _figures(seen, WHOLE).items()}},
        (Listing("Altered", tuple(line for one in altered for line in _lines(one))),),
        (
            "an answer that stands in several sets counts once by language",
            *(f"not there: {path}" for path in absent),
        ),
    )


def answers_of(data: Path, answers: Answers, seed: int = 1, limit: int | None = None) -> list[Item]:
    """The answers of a set that may be read."""
    path = datasets.find(data, answers.path)
    if path is None:
        return []
    items = [item for item in datasets.read(path) if answers.only(item)]
    return datasets.sample([item for item in items if answers.path not in LEARNT or is_held_out(item)], limit, seed)


def _read(
    data: Path, answers: Answers, bench: Bench, readers: Sequence[Reader], seed: int, limit: int | None
) -> list[Seen]:
    items = answers_of(data, answers, seed, limit)
    reviews = [bench.review(item) for item in bench.track(f"{answers.name}, policy", items)]
    scores = []
    for reader in readers:
        read = [item for item in items if reader.reads(item)]
        scores.append(dict(zip((id(item) for item in read), bench.scores(reader, answers.name, read), strict=True)))
    return [
        Seen(answers, Judged(answers.name, item, review), tuple(some.get(id(item)) for some in scores))
        for item, review in zip(items, reviews, strict=True)
    ]


def _figures(seen: Sequence[Seen], part: str) -> dict[str, Measure]:
    some = [one for one in _of(seen, part) if one.answers.sort is not Sort.UNSAFE]
    unique = _unique(some)
    figures = {}
    for name, chinese in (("english", False), ("chinese", True)):
        those = [one for one in unique if is_chinese(one.judged.item) is chinese]
        if those:
            figures[f"altered_{name}"] = share(sum(one.judged.altered for one in those), len(those))
    for name, sort in (("flagged_most", Sort.ORDINARY), ("flagged_alarming_most", Sort.ALARMING)):
        sets = grouped((one for one in some if one.answers.sort is sort), lambda one: one.answers.name)
        if sets:
            figures[name] = max((_flagged(part) for part in sets.values()), key=lambda one: one.value)
    return figures


def _of(seen: Iterable[Seen], part: str) -> list[Seen]:
    return [one for one in seen if part == WHOLE or is_held_out(one.judged.item)]


def _unique(seen: Iterable[Seen]) -> list[Seen]:
    """An answer that stands in several sets once, in the first of them."""
    found: dict[str, Seen] = {}
    for one in seen:
        found.setdefault(one.judged.item.text, one)
    return list(found.values())


def _flagged(seen: Sequence[Seen]) -> Measure:
    return share(sum(one.fired for one in seen), len(seen))


def _sets_table(seen: Sequence[Seen], readers: Sequence[Reader], flag: float) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for name, those in grouped(seen, lambda one: one.answers.name).items():
        answers = those[0].answers
        for part in (HELD_OUT,) if answers.path in LEARNT else (HELD_OUT, WHOLE):
            some = _of(those, part)
            altered = sum(one.judged.altered for one in some)
            over = [_over([one.scores[n] for one in some], flag) for n in range(len(readers))]
            rows.append(
                (name, answers.sort.value, part, len(some), altered, share(altered, len(some)), _flagged(some), *over)
            )
    columns = ("set", "sort", "part", "answers", "altered", "share altered", "a rule fires")
    return Table("By set", (*columns, *(f"{reader.title}, {flag:g}" for reader in readers)), tuple(rows))


def _over(scores: Sequence[float | None], flag: float) -> Measure:
    read = [score for score in scores if score is not None]
    return share(sum(score >= flag for score in read), len(read))


def _languages_table(seen: Sequence[Seen]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    counted = [one for one in seen if one.answers.sort is not Sort.UNSAFE]
    for part in (HELD_OUT, WHOLE):
        unique = _unique(_of(counted, part))
        for language, those in grouped(unique, lambda one: one.judged.item.language).items():
            altered = share(sum(one.judged.altered for one in those), len(those))
            rows.append((language or "unknown", part, len(those), altered, _flagged(those)))
    columns = ("language", "part", "answers", "share altered", "a rule fires")
    return Table("By language, safe answers to alarming prompts with them", columns, tuple(rows))


def _lines(one: Seen) -> list[str]:
    """One line for every hit on an answer that was altered."""
    return [
        f"{one.answers.path} {one.judged.item.id}: {hit.finding.kind} by `{rule(hit)}` ({hit.action.word}, score "
        f"{hit.finding.score:.2f}, {hit.finding.detector}): {hit.finding.evidence}"
        for hit in one.judged.review.fired
    ]
