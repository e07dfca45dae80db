"""Sets of our own on errors: wrong sentences with right twins, and how often a check fires on ordinary answers.

Rules:
1. Found is a wrong item on which a finding of its kind, sure enough for a notice (`SURE`), is given; any other sure
   finding, on a wrong item or a right one, is a wrong one.
2. The figures speak of the items that `parts.part` holds out; the tables show all items.  Generated items and
   hand-written ones stand apart, because rules that were written with the generator in mind are good at it.
3. On ordinary answers every sure finding is listed by its id for a person to judge, and likely ones are counted.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from guardrail.detectors.protocol import Detector
from guardrail.evaluation import datasets
from guardrail.evaluation.errors_run import Run
from guardrail.evaluation.intervals import Counts, share
from guardrail.evaluation.judging import context_of
from guardrail.evaluation.parts import key_of, part
from guardrail.evaluation.report import Cell, Listing, Section, Table, by, grouped
from guardrail.types import Context, Finding

SURE = 0.8
LIKELY = 0.6
GROUPS = ("benign", "groundedness")
LANGUAGES = ("en", "zh-Hant", "yue", "zh-Hans")

_NOTHING = Context()


@dataclass(frozen=True, slots=True)
class Item:
    """A text; the kind of what is wrong in it, "" for nothing; where it comes from: `generated` or `written`."""

    key: str
    text: str
    kind: str
    lang: str
    origin: str
    context: Context = _NOTHING

    @property
    def held_out(self) -> bool:
        """Whether nothing was tuned on it."""
        return part(key_of(self.key)) == "test"


def twins(key: str, kind: str, lang: str, origin: str, wrong: str, right: str) -> tuple[Item, Item]:
    """A wrong text and its right twin; both are held out or neither."""
    return Item(key, wrong, kind, lang, origin), Item(key, right, "", lang, origin)


def findings(detectors: Sequence[Detector], text: str, context: Context, least: float = SURE) -> list[Finding]:
    """What the detectors find, from a score on."""
    found = (finding for detector in detectors for finding in detector.detect([text], context)[0])
    return [finding for finding in found if finding.score >= least]


def judged(name: str, title: str, items: Sequence[Item], detectors: Sequence[Detector]) -> Section:
    """Judge the items."""
    seen = [(item, _counts(item, findings(detectors, item.text, item.context))) for item in items]
    held = [(item, counts) for item, counts in seen if item.held_out]
    whole = _sum(counts for _, counts in held)
    figures = {"recall": whole.recall, "precision": whole.precision}
    right = [(item, counts) for item, counts in held if not item.kind]
    figures["right"] = share(sum(counts.wrong > 0 for _, counts in right), len(right))
    written = _sum(counts for item, counts in held if item.origin == "written")
    figures |= {"written.recall": written.recall, "written.precision": written.precision}
    wrongly = [
        f"{item.key} ({item.lang}, {item.origin}): {'not found' if counts.missed else 'found where nothing is'}"
        for item, counts in seen
        if not item.held_out and (counts.missed or counts.wrong)
    ]
    keys: Mapping[str, Callable[[Item], str]] = {
        "kind": lambda item: item.kind or "right",
        "language": lambda item: item.lang,
        "origin": lambda item: item.origin,
        "part": lambda item: "held out" if item.held_out else "tuned on",
    }
    tables = [
        by(f"By {what}", what, {value: _sum(c for _, c in those) for value, those in grouped(seen, _of(key)).items()})
        for what, key in keys.items()
    ]
    return Section(
        name,
        title,
        tuple(tables),
        figures,
        (Listing("Judged wrongly, of those tuned on", tuple(wrongly)),) if wrongly else (),
        (f"{len(items)} items of our own, {len(held)} of them held out; the figures are theirs",),
    )


def _of(key: Callable[[Item], str]) -> Callable[[tuple[Item, Counts]], str]:
    return lambda pair: key(pair[0])


def _counts(item: Item, found: Sequence[Finding]) -> Counts:
    right = any(finding.kind == item.kind for finding in found)
    wrong = sum(finding.kind != item.kind for finding in found)
    return Counts(int(right), wrong, int(bool(item.kind) and not right))


def _sum(counts: Iterable[Counts]) -> Counts:
    return sum(counts, Counts())


def _by_kind(kinds: Mapping[str, int], total: int) -> Table:
    rows = [(kind, count, share(count, total)) for kind, count in sorted(kinds.items())]
    return Table("By kind", ("kind", "answers with a sure one", "share"), tuple(rows))


def alarms(name: str, title: str, run: Run, detectors: Sequence[Detector]) -> Section:
    """Every sure finding on the sets of answers."""
    files = {name: path for group in GROUPS for name, path in datasets.sets(run.data, group).items()}
    if not files:
        return Section(name, title, missing=f"no sets in {run.data}; give their place with --data")
    rows: list[tuple[Cell, ...]] = []
    lines: list[str] = []
    kinds: Counter[str] = Counter()
    total = sure_total = held_total = held_sure = 0
    for source, path in files.items():
        sure = likely = held = held_hit = 0
        items = datasets.read(path, run.limit, run.seed)
        for item in run.track(source, items):
            out = part(key_of(item.id, item.prompt)) == "test"
            found = findings(detectors, item.text, context_of(item), LIKELY)
            certain = [finding for finding in found if finding.score >= SURE]
            held += out
            held_hit += out and bool(certain)
            sure += bool(certain)
            likely += bool(found) and not certain
            kinds.update({finding.kind for finding in certain})
            lines += [f"{source} {item.id}: {f.kind} {f.score:.2f}: {f.evidence}" for f in certain]
        rows.append(
            (source, len(items), sure, share(sure, len(items)), share(likely, len(items)), share(held_hit, held))
        )
        total, sure_total = total + len(items), sure_total + sure
        held_total, held_sure = held_total + held, held_sure + held_hit
    columns = ("set", "answers", "sure", "share sure", "share likely", "share sure, held out")
    return Section(
        name,
        title,
        (Table("By set", columns, tuple(rows)), _by_kind(kinds, total)),
        {"alarms": share(sure_total, total), "alarms_held_out": share(held_sure, held_total)},
        (Listing("Sure findings; many are right", tuple(lines)),),
    )
