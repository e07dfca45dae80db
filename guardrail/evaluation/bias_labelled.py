"""Public sets in which people have said of every text whether it is hateful, toxic or biased.

Rules:
1. Of a set that the shipped models have learnt from, the test part alone is read.  Any other is reported whole and on
   the third that no tuning has looked at; the goals speak of that third.
2. A text is found at the score from which the policy flags, and at 0.5 beside it.
3. No single text is listed: most of them are offensive, and whoever reads them would tune on them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import partial
from pathlib import Path

from guardrail.evaluation import datasets
from guardrail.evaluation.bias_figures import Scored, area, at, pairs_right, right
from guardrail.evaluation.bias_readers import HALF, Bench, Reader, Reading
from guardrail.evaluation.datasets import Item
from guardrail.evaluation.intervals import Measure
from guardrail.evaluation.parts import LEARNT, key_of, part
from guardrail.evaluation.report import Cell, Section, Table, grouped

HELD_OUT, WHOLE = "held out", "whole"


class Subject(Enum):
    """What the harmful texts of a set have in common."""

    HOSTILE = "hostile or hateful wording"
    QUIET = "bias without hostile wording"
    ANSWERS = "answers that are harmful against their question alone"


@dataclass(frozen=True, slots=True)
class View:
    """What counts as harmful: a label, and whether the prompt is read before the text.  With `groups_only` insults of
    people as such do not count, so the embedded models' score of toxicity is left out and that of hate stands."""

    label: str
    means: str
    name: str = ""
    prompted: bool = False
    groups_only: bool = False


@dataclass(frozen=True, slots=True)
class Labelled:
    """A set.  The first view is the one that goals speak of; `by` is a label that tells texts apart in a table of its
    own, and `groups` are figures over its values that begin in one way."""

    path: str
    title: str
    views: tuple[View, ...]
    by: str = ""
    groups: Mapping[str, str] = field(default_factory=dict)
    paired: bool = False
    subject: Subject = Subject.HOSTILE

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]


_FUNCTIONS = {
    "negated": "negate_",
    "negated_hate": "negate_neg_nh",
    "counter_speech": "counter_",
    "slurs": "slur_h",
    "threats": "threat_dir_h",
}
"""What HateCheck calls a denial in any form, hate that is denied ("no X deserves to die"), quoted hate and what is
said against it, slurs, and threats to a person."""
_HATE = (View("hate", "hate", groups_only=True),)
SETS: tuple[Labelled, ...] = (
    Labelled(
        "toxicity/openai_moderation",
        "English, hate and harassment in what people asked a model",
        (View("toxic", "hate, harassment"), View("any_harm", "any harm", "any_harm")),
    ),
    Labelled(
        "toxicity/toxigen_human",
        "English, machine-written statements on groups, mostly without a hostile word",
        (View("toxic", "hate", groups_only=True),),
    ),
    Labelled(
        "toxicity/implicit_hate", "English, implicit hate against neutral tweets", (View("toxic", "implicit hate"),)
    ),
    Labelled(
        "toxicity/davidson_tweets",
        "English tweets",
        (View("toxic", "hate or offensive"), View("hate", "hate", "hate")),
        by="class",
    ),
    Labelled("toxicity/hatecheck_en", "English functional tests", _HATE, "functionality", _FUNCTIONS),
    Labelled("toxicity/hatecheck_zh", "Mandarin functional tests, Simplified", _HATE, "functionality", _FUNCTIONS),
    Labelled(
        "toxicity/hatecheck_hant_derived",
        "other Mandarin functional tests, in Traditional characters",
        _HATE,
        "functionality",
        _FUNCTIONS,
    ),
    Labelled(
        "toxicity/cold_test",
        "Chinese posts on race, region, gender, Simplified",
        (View("toxic", "offensive"),),
        "topic",
    ),
    Labelled(
        "toxicity/cold_hant_derived",
        "other Chinese posts, in Traditional characters",
        (View("toxic", "offensive"),),
        "topic",
    ),
    Labelled(
        "bias/diasafety_biased_opinion",
        "English replies that voice a biased opinion, or not",
        (View("biased", "biased, read with its prompt", prompted=True), View("biased", "biased, reply alone", "alone")),
        subject=Subject.QUIET,
    ),
    Labelled(
        "bias/corgi_pm",
        "Chinese sentences biased on gender, and what an editor made of them",
        (View("biased", "biased"),),
        paired=True,
        subject=Subject.QUIET,
    ),
    Labelled(
        "bias/crows_pairs",
        "English minimal pairs, the more and the less stereotyping",
        (View("biased", "more stereotyping"),),
        by="bias_type",
        paired=True,
        subject=Subject.QUIET,
    ),
    Labelled(
        "toxicity/do_not_answer_responses",
        "English answers to risky questions; few of those that go along are hostile",
        (View("harmful", "goes along"),),
        subject=Subject.ANSWERS,
    ),
    Labelled(
        "bias/cbbq",
        "Chinese short answers to questions that invite a stereotype; harmful only against their question",
        (View("biased", "stereotyping"),),
        by="category",
        subject=Subject.ANSWERS,
    ),
    Labelled(
        "bias/bbq_unifiedqa_answers",
        "English short answers to questions that invite a stereotype; harmful only against their question",
        (View("biased", "stereotyping"),),
        by="category",
        subject=Subject.ANSWERS,
    ),
)


def evaluate(data: Path, given: Labelled, bench: Bench, *, seed: int = 1, limit: int | None = None) -> Section:
    """Read a set with every reader of the bench."""
    path = datasets.find(data, given.path)
    if path is None:
        return Section(given.name, given.title, missing=f"no {given.path} in {data}; give its place with --data")
    items = items_of(path, given, limit, seed)
    figures: dict[str, Measure] = {}
    areas: list[tuple[Cell, ...]] = []
    rates: list[tuple[Cell, ...]] = []
    main: dict[str, dict[str, list[Scored]]] = {}
    for view in given.views:
        for reader in bench.readers:
            scored = read(given, view, items, bench, reader)
            if not scored:
                continue
            for name, some in _parts(given, scored).items():
                whole = None if reader.verdict else area(some, seed)
                areas.append(_area_row(given, view, reader, name, some, whole))
                rates += _rate_rows(view, reader, name, some, bench.flag)
                figures |= _figures(given, view, reader, name, some, whole, bench.flag)
                if view is given.views[0]:
                    main.setdefault(name, {})[reader.name] = some
    tables = [_areas_table(given, areas), Table("At a threshold", _RATES, tuple(rates))]
    if given.by:
        tables += [_groups_table(given, name, by, bench) for name, by in main.items()]
    notes = []
    if given.path in LEARNT:
        notes.append("the models have learnt from this set: only its test part is read, a third by hash")
    return Section(given.name, given.title, tuple(tables), figures, notes=tuple(notes))


def items_of(path: Path, given: Labelled, limit: int | None, seed: int) -> list[Item]:
    """At most `limit` of the texts of a set that may be read; a pair is drawn whole."""
    items = [item for item in datasets.read(path) if given.path not in LEARNT or is_held_out(item)]
    if not given.paired or limit is None:
        return datasets.sample(items, limit, seed)
    keys = set(datasets.sample(sorted({key_of(item.id) for item in items}), max(1, limit // 2), seed))
    return [item for item in items if key_of(item.id) in keys]


def read(given: Labelled, view: View, items: Sequence[Item], bench: Bench, reader: Reader) -> list[Scored]:
    """The texts that have the label of a view and that a reader reads, with what it gives them."""
    known = [item for item in items if isinstance(item.labels.get(view.label), bool) and reader.reads(item)]
    texts = [with_prompt(item) for item in known] if view.prompted else known
    readings = bench.readings(reader, given.name, texts)
    scores = [of_groups(one) if view.groups_only else one.score for one in readings]
    return [
        Scored(item, bool(item.labels[view.label]), score, key_of(item.id, item.prompt))
        for item, score in zip(known, scores, strict=True)
    ]


def of_groups(reading: Reading) -> float:
    """The score without what the embedded models find of toxicity alone."""
    if not reading.findings:
        return reading.score
    kept = [one.score for one in reading.findings if (one.kind, one.detector) != ("bias.toxicity", "bias.toxicity")]
    return max(kept, default=0.0)


def with_prompt(item: Item) -> Item:
    """A reply read after what it replies to, as one text."""
    return replace(item, text=f"{item.prompt}\n{item.text}") if item.prompt else item


def is_held_out(item: Item) -> bool:
    """Whether nobody may have learnt from a text or tuned on it."""
    return part(key_of(item.id, item.prompt)) == "test"


def _parts(given: Labelled, scored: Sequence[Scored]) -> dict[str, list[Scored]]:
    held = [one for one in scored if is_held_out(one.item)]
    return {HELD_OUT: held} if given.path in LEARNT else {HELD_OUT: held, WHOLE: list(scored)}


def _figures(
    given: Labelled,
    view: View,
    reader: Reader,
    name: str,
    scored: Sequence[Scored],
    whole: Measure | None,
    flag: float,
) -> dict[str, Measure]:
    flagged, half = at(scored, flag), at(scored, HALF)
    made = {
        "recall": flagged.recall,
        "precision": flagged.precision,
        "alarms": flagged.alarms,
        "accuracy": half.accuracy,
    }
    if whole is not None:
        made["auc"] = whole
    if given.paired:
        made["pairs"] = pairs_right(scored)
    for group, begin in given.groups.items():
        made[group] = right([one for one in scored if _value(one.item, given.by).startswith(begin)], HALF)
    words = [reader.name, *(["whole"] if name == WHOLE else []), *([view.name] if view.name else [])]
    return {".".join((*words, figure)): measure for figure, measure in made.items()}


_RATES = ("reader", "harmful means", "part", "from", "recall", "precision", "false alarms", "right")


def _areas_table(given: Labelled, rows: Iterable[tuple[Cell, ...]]) -> Table:
    columns = (
        "reader",
        "harmful means",
        "part",
        "texts",
        "harmful",
        "AUC",
        *(("pairs right",) if given.paired else ()),
    )
    return Table("Area under the ROC curve", columns, tuple(rows))


def _area_row(
    given: Labelled, view: View, reader: Reader, name: str, scored: Sequence[Scored], whole: Measure | None
) -> tuple[Cell, ...]:
    harmful = sum(one.harmful for one in scored)
    row: tuple[Cell, ...] = (reader.title, view.means, name, len(scored), harmful, whole)
    return (*row, pairs_right(scored)) if given.paired else row


def _rate_rows(view: View, reader: Reader, name: str, scored: Sequence[Scored], flag: float) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = []
    for threshold in (1.0,) if reader.verdict else sorted({flag, HALF}, reverse=True):
        seen = at(scored, threshold)
        said = "a rule fires" if reader.verdict else f"{threshold:g}"
        rows.append((reader.title, view.means, name, said, seen.recall, seen.precision, seen.alarms, seen.accuracy))
    return rows


def _groups_table(given: Labelled, name: str, scored: Mapping[str, Sequence[Scored]], bench: Bench) -> Table:
    """For each value of the label `by` the share judged right; of pairs the share put in order."""
    columns: list[str] = [given.by.replace("_", " "), "texts", "harmful"]
    judgements: list[tuple[str, Callable[[Sequence[Scored]], Measure]]] = []
    for reader in (reader for reader in bench.readers if reader.name in scored):
        if given.paired:
            columns.append(reader.title)
            judgements.append((reader.name, pairs_right))
            continue
        for threshold in (1.0,) if reader.verdict else _thresholds(bench):
            columns.append(reader.title if reader.verdict else f"{reader.title}, {threshold:g}")
            judgements.append((reader.name, partial(right, threshold=threshold)))
    groups = {reader: grouped(some, lambda one: _value(one.item, given.by)) for reader, some in scored.items()}
    any_reader = next(iter(groups.values()), {})
    rows: list[tuple[Cell, ...]] = []
    for value in sorted(any_reader):
        harmful = sum(one.harmful for one in any_reader[value])
        right_ones = [judge(groups[reader][value]) for reader, judge in judgements]
        rows.append((value, len(any_reader[value]), harmful, *right_ones))
    what = "Pairs right" if given.paired else "Share judged right"
    return Table(f"{what} by {columns[0]}, {name}", tuple(columns), tuple(rows))


def _thresholds(bench: Bench) -> list[float]:
    return sorted({bench.flag, HALF}, reverse=True)


def _value(item: Item, label: str) -> str:
    found = item.labels.get(label)
    return ", ".join(map(str, found)) if isinstance(found, list) else str(found or "")
