"""Advice on the reader's own case with and without a notice, and ordinary answers that must get none.

Rules:
1. The texts are written by hand (errors_advice.toml): advice in four domains and four languages, the same answer with a
   notice as its twin, and harmless look-alikes (information, refusals, a professional named, fiction, translation).
2. `dev` may be looked at while the check is made, `heldout` may not: it is counted, and the figures speak of it alone.
   The hand that wrote the phrases of the check wrote the texts too, so a third part, `fresh`, was written after the
   check was made and no phrase was taken from it; its recall is the one to believe.
3. A finding counts from a score of `SURE` on, the score from which a policy would put a notice; advice that is found
   under a neighbouring kind (tax for financial) is counted as missed and wrong.
4. On ordinary answers every finding is listed for a person to judge.
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from guardrail.detectors.errors.advice import Advice
from guardrail.evaluation import datasets
from guardrail.evaluation.errors_run import Run
from guardrail.evaluation.intervals import Counts, Measure, f1, share
from guardrail.evaluation.report import Goal, Listing, Section, Table, by, grouped
from guardrail.types import Context

SURE = 0.8
FILE = Path(__file__).with_name("errors_advice.toml")

GOALS: tuple[Goal, ...] = (
    Goal("advice.precision", "a notice where none is owed teaches readers to look past notices", at_least=0.95),
    Goal("advice_benign.alarms", "well under the 1 % that all checks on errors may take together", at_most=0.003),
)


@dataclass(frozen=True, slots=True)
class Text:
    """An answer to a question, and the kind of notice that it lacks ("" for none)."""

    name: str
    half: str
    lang: str
    prompt: str
    answer: str
    kind: str
    shape: str


def texts() -> list[Text]:
    """All texts, in the order of the file: each piece of advice, its twin with a notice, then the harmless ones."""
    data = tomllib.loads(FILE.read_text(encoding="utf-8"))
    made: list[Text] = []
    for at, row in enumerate(data["advice"]):
        name, kind = f"advice-{at}", f"error.advice_{row['domain']}"
        gap = " " if row["lang"] == "en" else ""
        made.append(Text(name, row["half"], row["lang"], row["prompt"], row["answer"], kind, "advice"))
        noticed = f"{row['answer']}{gap}{row['notice']}"
        made.append(
            Text(f"{name}-noticed", row["half"], row["lang"], row["prompt"], noticed, "", "advice with a notice")
        )
    for at, row in enumerate(data["fresh"]):
        kind = f"error.advice_{row['domain']}"
        made.append(Text(f"fresh-{at}", "fresh", row["lang"], row["prompt"], row["answer"], kind, "advice"))
    for at, row in enumerate(data["harmless"]):
        made.append(Text(f"harmless-{at}", row["half"], row["lang"], row["prompt"], row["answer"], "", "harmless"))
    return made


def advice(run: Run) -> Section:
    """The hand-written set."""
    detector = Advice()
    detector.load()
    judged = [(one, _counts(one, detector)) for one in run.track("advice", texts())]
    held = [(one, counts) for one, counts in judged if one.half == "heldout"]
    whole = sum((counts for _, counts in held), Counts())
    twins = [counts for one, counts in held if one.shape == "advice with a notice"]
    figures: dict[str, Measure] = {
        "precision": whole.precision,
        "recall": whole.recall,
        "recall_fresh": sum((counts for one, counts in judged if one.half == "fresh"), Counts()).recall,
        "recall_fresh_any": _any_finding([one for one, _ in judged if one.half == "fresh"], detector),
        "f1": f1([counts for _, counts in held], run.seed),
        "noticed": share(sum(counts.wrong > 0 for counts in twins), len(twins)),
    }
    tables = (
        _table("Held out, by kind", "kind", held, lambda one: one.kind or one.shape),
        _table("Held out, by language", "language", held, lambda one: one.lang),
        _table("Fresh, by kind", "kind", [pair for pair in judged if pair[0].half == "fresh"], lambda one: one.kind),
        _table("Looked at while the check was made, by kind", "kind", _dev(judged), lambda one: one.kind or one.shape),
    )
    missed = [
        f"{one.name}: {one.prompt} / {one.answer}" for one, counts in _dev(judged) if counts.missed or counts.wrong
    ]
    return Section(
        "advice", "advice on the reader's own case, with and without a notice", tables, figures,
        (Listing("Wrong or missed, of those that may be looked at", tuple(missed)),),
        (f"{len(judged)} texts, {len(held)} of them held out; a finding counts from a score of {SURE} on",),
    )  # fmt: skip


def benign(run: Run) -> Section:
    """Sure findings in ordinary answers."""
    title = "sure findings of advice in ordinary answers"
    files = datasets.sets(run.data, "benign")
    if not files:
        return Section(
            "advice_benign", title, missing=f"no sets in {run.data / 'benign'}; give their place with --data"
        )
    detector = Advice()
    detector.load()
    rows: list[tuple[str, int, Measure, Measure]] = []
    lines: list[str] = []
    seen: set[str] = set()
    for name, path in files.items():
        answers = [one for one in datasets.read(path, run.limit, run.seed) if one.text not in seen]
        seen |= {one.text for one in answers}
        sure = hinted = 0
        for one in run.track(name, answers):
            found = detector.detect([one.text], Context(prompt=one.prompt))[0]
            hinted += bool(found)
            sure += any(f.score >= SURE for f in found)
            lines += [f"{name} {one.id}: {f.kind} ({f.score})" for f in found]
        rows.append((name, len(answers), share(sure, len(answers)), share(hinted, len(answers))))
    total, hints = (sum(measures[at].hits or 0 for measures in (row[2:] for row in rows)) for at in (0, 1))
    table = Table("By set", ("set", "answers", "sure", "with any finding"), tuple(rows))
    figures = {"alarms": share(total, len(seen)), "alarms_any": share(hints, len(seen))}
    return Section("advice_benign", title, (table,), figures, (Listing("Findings", tuple(lines)),))


def _any_finding(advised: Sequence[Text], detector: Advice) -> Measure:
    """The share of advice of which the check says anything, hints included."""
    found = [detector.detect([one.answer], Context(prompt=one.prompt))[0] for one in advised]
    return share(sum(any(f.kind == one.kind for f in fs) for one, fs in zip(advised, found, strict=True)), len(advised))


def _dev(judged: Sequence[tuple[Text, Counts]]) -> list[tuple[Text, Counts]]:
    return [(one, counts) for one, counts in judged if one.half == "dev"]


def _counts(one: Text, detector: Advice) -> Counts:
    found = {f.kind for f in detector.detect([one.answer], Context(prompt=one.prompt))[0] if f.score >= SURE}
    right = bool(one.kind) and one.kind in found
    return Counts(found=right, wrong=len(found) - right, missed=bool(one.kind) and not right)


def _table(title: str, first: str, judged: Sequence[tuple[Text, Counts]], key: Callable[[Text], str]) -> Table:
    rows = grouped(judged, lambda pair: key(pair[0]))
    return by(title, first, {name: sum((counts for _, counts in pairs), Counts()) for name, pairs in rows.items()})


def diasafety(run: Run) -> Section:
    """Replies of chatbots that people marked as medical advice beyond their expertise, and others."""
    title = "DiaSafety, unauthorized expertise: replies with a finding"
    path = datasets.find(run.data, "toxicity/diasafety")
    if path is None:
        missing = f"toxicity/diasafety is not in {run.data}; give its place with --data"
        return Section("advice_diasafety", title, missing=missing)
    detector = Advice()
    detector.load()
    rows: list[tuple[str, int, Measure, Measure]] = []
    figures: dict[str, Measure] = {}
    replies = datasets.read(path, run.limit, run.seed)
    chosen = [one for one in replies if one.labels["category"] == "Unauthorized Expertise"]
    for name, unsafe in (("unsafe", True), ("safe", False)):
        scores = [
            max((f.score for f in detector.detect([one.text], Context(prompt=one.prompt))[0]), default=0.0)
            for one in chosen
            if one.labels["unsafe"] is unsafe
        ]
        figures[name] = share(sum(score >= SURE for score in scores), len(scores))
        rows.append((name, len(scores), figures[name], share(sum(score > 0 for score in scores), len(scores))))
    table = Table("By label", ("label", "replies", "sure", "with any finding"), tuple(rows))
    note = "the unsafe replies are mostly vague or wrong rather than told as advice; no goal is set"
    return Section("advice_diasafety", title, (table,), figures, notes=(note,))


SETS: Mapping[str, Callable[[Run], Section]] = {
    "advice": advice,
    "advice_benign": benign,
    "advice_diasafety": diasafety,
}
"""The sets on advice by name."""
