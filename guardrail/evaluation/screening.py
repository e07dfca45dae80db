"""Whether the screen changes anything: the same findings with it and with every pattern run on every text."""

from collections.abc import Sequence
from pathlib import Path

from guardrail.evaluation import datasets, evasion, identifiers, judging
from guardrail.evaluation.datasets import Item
from guardrail.evaluation.intervals import share
from guardrail.evaluation.report import Cell, Listing, Section, Table, Track, grouped, untracked
from guardrail.types import Stage

_GROUPS = ("benign", "secrets", "pii", "promptleak")


def corpus(data: Path, seed: int, limit: int | None) -> list[tuple[str, Item]]:
    """The texts to compare on: generated ones and every set of the groups that concern leakage; `limit` for each."""
    texts: list[tuple[str, Item]] = []
    made: Sequence[str] = [one.text for one in [*identifiers.sentences(seed), *identifiers.decoys(seed)]]
    hidden: Sequence[str] = [one.text for one in evasion.disguised(seed)]
    for name, some in (("generated", made), ("generated, in disguise", hidden)):
        texts += [(name, Item(str(n), text)) for n, text in enumerate(datasets.sample(some, limit, seed))]
    for group in _GROUPS:
        for name, path in datasets.sets(data, group).items():
            texts += [(name, item) for item in datasets.read(path, limit, seed)]
    return texts


def evaluate(data: Path, *, seed: int = 1, limit: int | None = None, track: Track = untracked) -> Section:
    """Compare on the whole corpus; with `limit`, on that many texts of each set."""
    texts = corpus(data, seed, limit)
    scanner = judging.everything()
    differ: list[tuple[str, Item]] = []
    found: dict[str, int] = {}
    try:
        for name, item in track("screening", texts):
            screened = scanner.patterns(item.text, Stage.RESPONSE)
            found[name] = found.get(name, 0) + len(screened)
            if screened != scanner.patterns(item.text, Stage.RESPONSE, screened=False):
                differ.append((name, item))
        patterns = len(scanner.screen(Stage.RESPONSE).patterns)
    finally:
        scanner.close()
    rows: list[tuple[Cell, ...]] = [
        (name, len(part), found.get(name, 0), sum(other == name for other, _ in differ))
        for name, part in grouped(texts, lambda pair: pair[0]).items()
    ]
    rows.append(("all", len(texts), sum(found.values()), len(differ)))
    return Section(
        "screening",
        f"identical findings with the screen off, {patterns} patterns",
        (Table("Texts by set", ("set", "texts", "findings", "texts that differ"), tuple(rows)),),
        {"differences": share(len(differ), len(texts))},
        (Listing("Texts whose findings differ", tuple(f"{name} {item.id}" for name, item in differ)),),
    )
