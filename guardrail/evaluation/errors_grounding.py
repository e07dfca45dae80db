"""Grounding: how well an answer that its sources do not bear out is told from one that they do.

Rules:
1. Sets that the shipped models have learnt from are measured on their test part alone: `edits`, `halueval_qa` and
   `uhgeval`.  Nothing was fitted to `qags` and `faithbench`, but `qags` is not untouched: how the parts of the first
   check are mixed, and several of its measures, were chosen on its train and dev parts (two thirds of it) among more
   than a hundred settings.  Its goals speak of the third that was held out, with the whole beside it; that third has
   been looked at more than once, with the model changed in between, and so has the test part of `edits`.  The false
   alarms of rules were looked for on the train and dev parts of `qags` and `faithbench`.
2. What a set measures beside grounding is measured too and stands beside the figures: copies, length, overlap.
3. The second reader is a signal of its own and has goals where it has something to say; on `qags`, where it is the
   weaker one, the goals are those of the check that is always on.  All three figures stand beside one another.
4. Edits are mechanical, so their figures are an upper bound (see `grounding_edits`).
"""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from guardrail.evaluation import datasets, grounding_english
from guardrail.evaluation.datasets import Item
from guardrail.evaluation.errors_run import Run
from guardrail.evaluation.grounding_edits import SORTS, SUPPORTED, Claim, claims, documents
from guardrail.evaluation.grounding_scores import (
    NAMES,
    OVERLAPS,
    READERS,
    Scored,
    areas,
    overlaps,
    recall,
    scored,
    second_is_here,
)
from guardrail.evaluation.grounding_source import letters
from guardrail.evaluation.intervals import Measure, share
from guardrail.evaluation.parts import key_of, part
from guardrail.evaluation.report import Cell, Goal, Section, Table

SHORT = {
    "number": "number",
    "date": "date",
    "name from elsewhere": "outside_name",
    "name of the same source": "same_name",
    "number of the same source": "same_number",
    "role swap": "roles",
    "negation": "negation",
    "antonym": "antonym",
    "splice, same source": "splice_same",
    "splice, other source": "splice_other",
}
"""Figures are named by these."""
SPLICES = ("splice, same source", "splice, other source")
NOT_COUNTED = ("number of the same source",)
"""What is measured, but not within "all": it was not asked for when the goals were set."""
EACH, GOOD = 150, 500
"""Claims of each edit, and supported ones that are no copies, that are measured in a language."""
COPIES = 200

_LEAD = "what stands in no source is what a reader can check at once"
_EDIT = "one thing made untrue in a sentence that the source bears out"
_REAL = "sentences of summarisers, judged by people; nothing is fitted to them"
GOALS: tuple[Goal, ...] = (
    Goal("edits.en.first.all", _EDIT, at_least=0.60),
    *(Goal(f"edits.en.first.{name}", _LEAD, at_least=0.95) for name in ("number", "date", "outside_name")),
    *(
        Goal(f"edits.en.both.{SHORT[name]}", _EDIT, at_least=0.90)
        for name in SORTS
        if name not in (*SPLICES, *NOT_COUNTED)
    ),
    Goal("edits.zh.first.all", _EDIT, at_least=0.85),
    *(
        Goal(f"qags.{name}.first.auc", _REAL, at_least=least)
        for name, least in (("cnn", 0.86), ("xsum", 0.74), ("all", 0.82))
    ),
    *(
        Goal(f"qags.{name}.first.over_overlap", "else counting words would do", at_least=0.0)
        for name in ("cnn", "xsum", "all")
    ),
    Goal("halueval_qa.both.auc", "right answers are short, wrong ones long: form as much as support", at_least=0.98),
    Goal("halueval_qa.both.span_swap", "a wrong answer in the form of the right one", at_least=0.70),
)
"""What is aimed at, and why there."""


def edits(run: Run) -> Section:
    """Edits of claims about sources of the test part."""
    title = "edits of supported claims, at 5 % false alarms on those that are no copies"
    found: dict[str, list[Scored]] = {}
    for language in ("en", "zh-Hans", "zh-Hant"):
        made = claims(documents(run.data, "test", (language,)), run.seed, 2)
        chosen = datasets.sample(_balanced(made, run.seed), run.limit, run.seed)
        found[language] = [
            scored(
                claim.key,
                claim.text,
                claim.source,
                "",
                not claim.supported,
                english=language == "en",
                group=claim.sort,
                plain=not claim.verbatim,
            )
            for claim in run.track(f"edits {language}", chosen)
        ]
    if not any(found.values()):
        return Section("edits", title, missing=f"no sources in {run.data}; give their place with --data")
    found["zh"] = found["zh-Hans"] + found["zh-Hant"]
    figures: dict[str, Measure] = {}
    tables = []
    for language, seen in found.items():
        readers = READERS if language == "en" and second_is_here() else ("first",)
        of_language = _figures(seen, readers, run.seed)
        figures |= {f"{language}.{name}": measure for name, measure in of_language.items()}
        tables.append(_table(language, seen, readers, of_language))
    notes = ["the edits are mechanical: upper bounds", f'"all" is without: {", ".join(NOT_COUNTED)}', *_absent()]
    return Section("edits", title, tuple(tables), figures, notes=tuple(notes))


def _balanced(made: Sequence[Claim], seed: int) -> list[Claim]:
    """EACH of every edit, GOOD supported claims that are no copies, COPIES that are."""
    dice = random.Random(seed)
    groups: dict[tuple[str, bool], list[Claim]] = {}
    for claim in made:
        groups.setdefault((claim.sort, claim.verbatim), []).append(claim)
    found: list[Claim] = []
    for (sort, verbatim), some in groups.items():
        most = EACH if sort != SUPPORTED else COPIES if verbatim else GOOD
        found += dice.sample(some, min(most, len(some)))
    return found


def _figures(seen: Sequence[Scored], readers: Iterable[str], seed: int) -> dict[str, Measure]:
    good = [one for one in seen if not one.wrong]
    counted = [one for one in seen if one.wrong and one.group not in NOT_COUNTED]
    whole = [one for one in counted if one.group not in SPLICES]
    figures: dict[str, Measure] = {}
    for reader in readers:
        figures[f"{reader}.all"] = recall([*good, *counted], reader, seed)
        figures[f"{reader}.but_splices"] = recall([*good, *whole], reader, seed)
        for sort, name in SHORT.items():
            some = [one for one in seen if one.group == sort]
            if some:
                figures[f"{reader}.{name}"] = recall([*good, *some], reader, seed)
        plain = [one for one in [*good, *counted] if one.wrong or one.plain]
        figures[f"{reader}.auc"] = _area(plain, {reader: [one.score(reader) for one in plain]}, seed)[reader]
    return figures


def _area(seen: Sequence[Scored], scores: Mapping[str, Sequence[float]], seed: int) -> dict[str, Measure]:
    return areas([one.key for one in seen], [one.wrong for one in seen], scores, seed)[0]


def _table(language: str, seen: Sequence[Scored], readers: Sequence[str], figures: Mapping[str, Measure]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    labels = {
        "all": "all",
        "but_splices": "all but splices",
        **{name: sort for sort, name in SHORT.items()},
        "auc": "AUC",
    }
    for name, label in labels.items():
        count = sum(one.group == label for one in seen) or sum(one.wrong for one in seen)
        cells = [figures.get(f"{reader}.{name}") for reader in readers]
        if any(cells):
            rows.append((label, count, *cells))
    good = sum(not one.wrong and one.plain for one in seen)
    copies = sum(not one.wrong and not one.plain for one in seen)
    title = f"{language}: {good} supported claims that are no copies, {copies} copies"
    return Table(title, ("edit", "claims", *(NAMES[reader] for reader in readers)), tuple(rows))


def _absent() -> list[str]:
    return [] if second_is_here() else ["without the second reader: the extra `models` is not installed"]


_CORPORA = {"cnn": ("cnndm",), "xsum": ("xsum",), "all": ("cnndm", "xsum")}


def qags(run: Run) -> Section:
    """Sentences of summarisers, judged by people."""
    title = "summaries of news, judged against the article"
    items = _items(run, "groundedness/qags")
    if items is None:
        return Section("qags", title, missing=_missing(run.data, "groundedness/qags"))
    seen = [_of(item, "unfaithful", group=str(item.labels["corpus"])) for item in run.track("qags", items)]
    shares = [overlaps(item.text, item.context) for item in items]
    held = [part(key_of(item.id, item.prompt)) == "test" for item in items]
    figures: dict[str, Measure] = {}
    rows: list[tuple[Cell, ...]] = []
    for prefix, words in (("", "held-out third"), ("whole.", "whole set")):
        for name, corpora in _CORPORA.items():
            at = [n for n, one in enumerate(seen) if one.group in corpora and (prefix or held[n])]
            found, row = _corpus([seen[n] for n in at], [shares[n] for n in at], run.seed)
            figures |= {f"{prefix}{name}.{figure}": measure for figure, measure in found.items()}
            rows.append((f"{name}, {words}", *row))
    columns = (
        "corpus",
        "sentences",
        "unfaithful",
        *(NAMES[one] for one in READERS),
        "best overlap",
        "",
        "recall of both",
    )
    alarms: tuple[tuple[Cell, ...], ...] = tuple(
        (NAMES[reader], *(figures[f"whole.all.{reader}.alarms_{least}"] for least in ("0.6", "0.8")))
        for reader in READERS
    )
    tables = (
        Table("AUC", columns, tuple(rows)),
        Table("Faithful sentences of the whole set that score so high", ("reader", "0.6", "0.8"), alarms),
    )
    return Section("qags", title, tables, figures, notes=tuple(_absent()))


def _corpus(
    seen: Sequence[Scored], shares: Sequence[Mapping[str, float]], seed: int
) -> tuple[dict[str, Measure], tuple[Cell, ...]]:
    """The figures of some sentences, and their row of the table."""
    scores = {reader: [one.score(reader) for one in seen] for reader in READERS}
    scores |= {overlap: [one[overlap] for one in shares] for overlap in OVERLAPS}
    found, apart = areas([one.key for one in seen], [one.wrong for one in seen], scores, seed)
    best = max(OVERLAPS, key=lambda one: found[one].value)
    figures = {"overlap.auc": found[best]}
    for reader in READERS:
        figures[f"{reader}.auc"] = found[reader]
        figures[f"{reader}.over_overlap"] = apart(reader, best)
        figures[f"{reader}.recall"] = recall(seen, reader, seed)
        right = [one for one in seen if not one.wrong]
        for least in (0.6, 0.8):
            over = sum(one.score(reader) >= least for one in right)
            figures[f"{reader}.alarms_{least:g}"] = share(over, len(right))
    counts = (len(seen), sum(one.wrong for one in seen))
    return figures, (*counts, *(found[reader] for reader in READERS), best, found[best], figures["both.recall"])


def halueval_qa(run: Run) -> Section:
    """Answers to questions about a passage, with the wrong ones as they are and in the form of the right ones."""
    title = "answers to questions about a passage (test part)"
    items = _items(run, "groundedness/halueval_qa", "test")
    if items is None:
        return Section("halueval_qa", title, missing=_missing(run.data, "groundedness/halueval_qa"))
    seen = [_of(item, "unfaithful") for item in run.track("halueval_qa", items)]
    length = [len(item.text) for item in items]
    scores = {reader: [one.score(reader) for one in seen] for reader in READERS} | {"length": length}
    found = _area(seen, scores, run.seed)
    figures = {f"{name}.auc": measure for name, measure in found.items()}
    pairs = [pair for item in items if (pair := swapped(item, run.seed))]
    swaps = [_of(one, "unfaithful") for pair in run.track("span swap", pairs) for one in pair]
    rows: list[tuple[Cell, ...]] = [("as it is", len(seen), *(found[one] for one in (*READERS, "length")))]
    if swaps:
        sizes = [float(len(one.text)) for pair in pairs for one in pair]
        swap = _area(
            swaps, {reader: [one.score(reader) for one in swaps] for reader in READERS} | {"length": sizes}, run.seed
        )
        figures |= {f"{name}.span_swap": measure for name, measure in swap.items()}
        rows.append(("span swap", len(swaps), *(swap[one] for one in (*READERS, "length"))))
    columns = ("wrong answers", "answers", *(NAMES[one] for one in READERS), "length alone")
    notes = (
        "span swap: the wrong answer is another name or number of the passage; a few of those may be right",
        *_absent(),
    )
    return Section("halueval_qa", title, (Table("AUC", columns, tuple(rows)),), figures, notes=notes)


def swapped(item: Item, seed: int) -> tuple[Item, Item] | None:
    """A right answer that is a name or a number of the passage, and another such one in its place."""
    if item.labels.get("unfaithful") or letters(item.text) not in letters(item.context):
        return None
    dice = random.Random(f"{seed} {item.id}")
    if item.text.strip().replace(",", "").isdigit():
        pool = [one for one in dict.fromkeys(item.context.replace(".", " ").split()) if one.replace(",", "").isdigit()]
    elif item.text[:1].isupper():
        pool = grounding_english.names(item.context)
    else:
        return None
    answer = set(item.text.lower().split())
    fit = [one for one in pool if not answer & set(one.lower().split()) and one.lower() not in item.prompt.lower()]
    if not fit:
        return None
    labels = {"unfaithful": True}
    return item, Item(f"{item.id}, swapped", dice.choice(fit), item.language, item.prompt, item.context, labels)


def uhgeval(run: Run) -> Section:
    """Chinese news: sentences that models went on with, and the article's own."""
    title = "Chinese news, sentences of models beside the article's own (test part)"
    figures: dict[str, Measure] = {}
    rows: list[tuple[Cell, ...]] = []
    for name, path in (("hans", "groundedness/uhgeval_news"), ("hant", "groundedness/uhgeval_news_hant_derived")):
        items = _items(run, path, "test")
        if items is None:
            continue
        seen = [_of(item, "unfaithful", english=False) for item in run.track(path, items)]
        copied = [float(letters(item.text) not in letters(item.context)) for item in items]
        found = _area(seen, {"first": [one.first for one in seen], "substring": copied}, run.seed)
        figures |= {f"{name}.{reader}.auc": measure for reader, measure in found.items()}
        rows.append((name, len(seen), sum(one.wrong for one in seen), found["first"], found["substring"]))
    if not rows:
        return Section("uhgeval", title, missing=_missing(run.data, "groundedness/uhgeval_news"))
    columns = ("script", "sentences", "unfaithful", NAMES["first"], "not a copy")
    notes = ("every faithful sentence is a copy of the article, so a look for copies is always right: no goal",)
    return Section("uhgeval", title, (Table("AUC", columns, tuple(rows)),), figures, notes=notes)


def faithbench(run: Run) -> Section:
    """Summaries that detectors disagree about."""
    title = "summaries of modern models on which detectors disagree: not detected"
    items = _items(run, "groundedness/faithbench")
    if items is None:
        return Section("faithbench", title, missing=_missing(run.data, "groundedness/faithbench"))
    seen = [_of(item, "unfaithful") for item in run.track("faithbench", items)]
    length = [float(len(item.text)) for item in items]
    found = _area(
        seen, {reader: [one.score(reader) for one in seen] for reader in READERS} | {"length": length}, run.seed
    )
    row: tuple[Cell, ...] = (len(seen), sum(one.wrong for one in seen), *(found[one] for one in (*READERS, "length")))
    columns = ("summaries", "unfaithful", *(NAMES[one] for one in READERS), "length alone")
    notes = (
        "chosen by its makers to be hard; near chance means that it is not detected, and the docs say so",
        *_absent(),
    )
    figures = {f"{name}.auc": measure for name, measure in found.items()}
    return Section("faithbench", title, (Table("AUC", columns, (row,)),), figures, notes=notes)


def _items(run: Run, name: str, wanted: str = "") -> list[Item] | None:
    """The items of a set that say something, those of one part or all."""
    path = datasets.find(run.data, name)
    if path is None:
        return None
    items = [
        item for item in datasets.read(path) if item.text.strip() and isinstance(item.labels.get("unfaithful"), bool)
    ]
    some = [item for item in items if not wanted or part(key_of(item.id, item.prompt)) == wanted]
    return datasets.sample(some, run.limit, run.seed)


def _of(item: Item, label: str, *, english: bool = True, group: str = "") -> Scored:
    key = item.context[:200]
    return scored(key, item.text, item.context, item.prompt, bool(item.labels[label]), english=english, group=group)


def _missing(data: Path, name: str) -> str:
    return f"no {name} in {data}; give its place with --data"


SETS: Mapping[str, Callable[[Run], Section]] = {
    "edits": edits,
    "qags": qags,
    "halueval_qa": halueval_qa,
    "uhgeval": uhgeval,
    "faithbench": faithbench,
}
"""The sets by name, in the order in which they run."""
