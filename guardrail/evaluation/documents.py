"""Measures how well copies of registered documents are found, and how seldom other texts are taken for one.

Rules:
1. Documents are public texts of the kind that a company keeps (news, reports, instructions), and a table of customers
   that is made up; they are put into a store of their own, with a key of its own, in a directory that is gone
   afterwards.
2. A copy is cut at a random place and stands between parts of two ordinary answers.  Of a changed copy one word in five
   is another word of the same language; in Chinese a word is two characters.
3. Ordinary answers are searched with all documents in the store.  Everything random comes from the seed.
"""

import random
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from guardrail.detectors.leakage.documents import CELL, PASSAGE, Documents
from guardrail.errors import SettingsError
from guardrail.evaluation import datasets
from guardrail.evaluation.intervals import Measure, share
from guardrail.evaluation.report import Listing, Section, Table, Track, untracked
from guardrail.fingerprints import cells
from guardrail.fingerprints.keys import Keys, load, make
from guardrail.fingerprints.store import Document, Draft
from guardrail.types import Finding

THRESHOLD = 0.6
"""The baseline's."""
TITLE = "passages and cells of registered documents"
_ENGLISH = (
    ("promptleak/leaked_system_prompts", "text"),
    ("groundedness/qags", "context"),
    ("groundedness/faithbench", "context"),
)
_SETS = {
    "en": _ENGLISH,
    "zh-Hans": (("groundedness/uhgeval_news", "context"),),
    "zh-Hant": (("groundedness/uhgeval_news_hant_derived", "context"),),
}
"""By language: the sets that documents are taken from, and what of an item is one."""
_CARRIERS = {"en": "benign/xstest_responses", "zh-Hans": "benign/alpaca_zh", "zh-Hant": "benign/yue_truthfulqa_answers"}
_COPIES = 300
_ROWS = 2_000
_AROUND = 200  # characters of an ordinary answer on either side
_TOKEN = re.compile(r"[A-Za-z0-9']+|[\u4e00-\u9fff]")
_WORD, _CHARACTER, _WHOLE = 5, 3, 150  # 30 words, or 50 characters
_SURNAMES, _GIVEN = (
    ("Chan", "Wong", "Lee", "Cheung", "Lau", "Ho"),
    ("Tai", "Siu", "Ka", "Wing", "Man", "Yan", "Fai", "Ming"),
)

Dice = random.Random
Seeing = Callable[[str], list[Finding]]


def evaluate(data: Path, *, seed: int = 1, limit: int | None = None, track: Track = untracked) -> Section:
    """The share of copies and cells found, and of ordinary answers taken for a copy."""
    texts = {language: list(_texts(data, sets)) for language, sets in _SETS.items()}
    texts = {language: found for language, found in texts.items() if found}
    answers = {name: _answers(data, name) for name in datasets.sets(data, "benign")}
    if not texts or not any(answers.values()):
        return Section("documents", TITLE, missing=f"no documents or answers in {data}; give their place with --data")
    dice = random.Random(seed)
    table = _customers(dice)
    with tempfile.TemporaryDirectory() as directory:
        detector, note = _registered(Path(directory), texts, table)
        found = _copies(_seeing(detector), texts, data, dice, min(limit or _COPIES, _COPIES), track)
        found += _cells(_seeing(detector), table, dice, min(limit or _COPIES, _COPIES))
        alarms, lines, pace = _alarms(_seeing(detector), answers, limit, seed, track)
    return Section(
        "documents",
        TITLE,
        (
            Table("Copies found", ("what", "language", "found"), tuple(found)),
            Table("Ordinary answers in which something is found", ("set", "alarms"), tuple(alarms)),
        ),
        {"found": _together(row[2] for row in found), "alarms": _together(row[1] for row in alarms)},
        (Listing("What was taken for a copy", tuple(lines)),) if lines else (),
        (note, pace),
    )


def _texts(data: Path, sets: Sequence[tuple[str, str]]) -> Iterator[str]:
    seen: set[str] = set()
    for name, part in sets:
        path = datasets.find(data, name)
        for item in datasets.read(path) if path else ():
            text = item.context if part == "context" else item.text
            if text and text not in seen:
                seen.add(text)
                yield text


def _answers(data: Path, name: str) -> list[str]:
    path = datasets.find(data, name)
    return [item.text for item in datasets.read(path)] if path else []


def _registered(directory: Path, texts: dict[str, list[str]], table: Sequence[Sequence[str]]) -> tuple[Documents, str]:
    """A loaded detector that knows the documents and the table, and a note on the size and the time of it."""
    make(directory / "key")
    keys = Keys(load(directory / "key"))
    draft = Draft(directory / "store", keys)
    for text in (text for found in texts.values() for text in found):
        try:
            draft.add_passages(Document(f"{len(draft.documents):016x}", "", ""), [text])
        except SettingsError:
            continue  # shorter than a shingle
    collector = cells.Collector(keys.hasher("cell"), keys.hasher("head"), names=[1])
    for row in table:
        collector.take(row)
    draft.add_cells(Document("table", "", ""), collector.finish())
    draft.save()
    shingles = sum(document.shingles for document in draft.documents)
    detector = Documents(directory / "store", directory / "key")
    begun = time.perf_counter()
    detector.load()
    taken = time.perf_counter() - begun
    return detector, f"{len(draft.documents)} documents, {shingles} shingles, mapped in {1000 * taken:.0f} ms"


def _seeing(detector: Documents) -> Seeing:
    def see(text: str) -> list[Finding]:
        watch = detector.follow()
        watch.feed(text)
        return [finding for finding in watch.settle(final=True)[1] if finding.score >= THRESHOLD]

    return see


def _copies(
    see: Seeing, texts: dict[str, list[str]], data: Path, dice: Dice, count: int, track: Track
) -> list[tuple[str, str, Measure]]:
    rows: list[tuple[str, str, Measure]] = []
    for language, documents in texts.items():
        words = [match.group() for text in documents for match in _TOKEN.finditer(text)]
        around = _answers(data, _CARRIERS[language]) or [""]
        for change in track("copies", ("as it is", "every fifth word changed", "one word in five changed")):
            found = made = 0
            for _ in range(20 * count):
                if made == count:
                    break
                run = _cut(dice.choice(documents), dice)
                if run is None:
                    continue
                made += 1
                before = dice.choice(around)[:_AROUND]
                text = f"{before} {_changed(run, change, words, dice)} "
                end, start = len(text), len(before)
                hits = see(text + dice.choice(around)[:_AROUND])
                found += any(f.kind == PASSAGE and (f.start or 0) < end and (f.end or 0) > start for f in hits)
            rows.append((f"30 words, {change}", language, share(found, made)))
    return rows


def _cut(text: str, dice: Dice) -> str | None:
    """A run of the weight of 30 words from a random place; None where the rest is shorter."""
    tokens = list(_TOKEN.finditer(text))
    if not tokens:
        return None
    first, weight = dice.randrange(len(tokens)), 0
    for token in tokens[first:]:
        weight += _CHARACTER if token.group() > "\u4e00" else _WORD
        if weight >= _WHOLE:
            return text[tokens[first].start() : token.end()]
    return None


def _changed(run: str, how: str, words: Sequence[str], dice: Dice) -> str:
    """One word in five of a run replaced by any other; a word of Chinese is two characters."""
    tokens = list(_TOKEN.finditer(run))
    size = 2 if sum(token.group() > "\u4e00" for token in tokens) * 2 > len(tokens) else 1
    units = range(-(-len(tokens) // size))
    if how == "as it is":
        chosen: set[int] = set()
    elif how == "every fifth word changed":
        offset = dice.randrange(5)
        chosen = {unit for unit in units if unit % 5 == offset}
    else:
        chosen = set(dice.sample(units, round(len(units) / 5)))
    out, done = "", 0
    for index, token in enumerate(tokens):
        out += run[done : token.start()] + (dice.choice(words) if index // size in chosen else token.group())
        done = token.end()
    return out


def _customers(dice: Dice) -> list[tuple[str, str]]:
    """Account numbers and names, made up; accounts of twelve digits, as Hong Kong banks write them."""
    return [
        (f"{dice.randrange(10**11, 10**12)}", f"{dice.choice(_SURNAMES)} {dice.choice(_GIVEN)} {dice.choice(_GIVEN)}")
        for _ in range(_ROWS)
    ]


def _cells(see: Seeing, table: Sequence[tuple[str, str]], dice: Dice, count: int) -> list[tuple[str, str, Measure]]:
    """Accounts as people write them, and names beside the account of their row and beside another one."""

    def found(text: str, values: Sequence[str]) -> bool:
        told = {text[finding.start : finding.end] for finding in see(text) if finding.kind == CELL}
        return told == set(values)

    rows: list[tuple[str, str, Measure]] = []
    chosen = [table[index] for index in dice.sample(range(len(table)), min(count, len(table)))]
    spaced = [(f"{a[:3]}-{a[3:9]}-{a[9:]}", f"{a[:4]} {a[4:8]} {a[8:]}") for a, _ in chosen]
    frames: dict[str, list[tuple[str, list[str]]]] = {
        "account number": [(f"The balance of {a} is overdue.", [a]) for a, _ in chosen],
        "account number in Chinese text": [(f"客戶帳號{a}嘅結餘", [a]) for a, _ in chosen],
        "account number with dashes": [(f"Account {dashed} is closed.", [dashed]) for dashed, _ in spaced],
        "account number with blanks": [(f"戶口{blank}已取消", [blank]) for _, blank in spaced],
        "account number and name": [(f"{n} (account {a}) has complained.", [a, n]) for a, n in chosen],
        "another number: nothing": [(f"The balance of {int(a) ^ 1023} is overdue.", []) for a, _ in chosen],
        "a name by itself: nothing": [(f"{n} is a common name in Hong Kong.", []) for _, n in chosen],
    }
    for name, cases in frames.items():
        language = "zh-Hant" if "Chinese" in name or "blanks" in name else "en"
        rows.append((name, language, share(sum(found(text, values) for text, values in cases), len(cases))))
    return rows


def _alarms(
    see: Seeing, answers: dict[str, list[str]], limit: int | None, seed: int, track: Track
) -> tuple[list[tuple[str, Measure]], list[str], str]:
    rows: list[tuple[str, Measure]] = []
    lines: list[str] = []
    size, begun = 0, time.process_time()
    for name in track("answers", list(answers)):
        texts = datasets.sample(answers[name], limit, seed)
        hits = 0
        for number, text in enumerate(texts, 1):
            size += len(text.encode())
            found = see(text)
            hits += bool(found)
            lines += [f"{name}:{number} {f.kind} {f.score:.2f}: {text[f.start : f.end]!r}" for f in found]
        rows.append((name, share(hits, len(texts))))
    taken = time.process_time() - begun
    return rows, lines, f"{1e6 * taken / max(1, size / 1024):.0f} microseconds of processor time a KB of answers"


def _together(measures: Iterator[Measure]) -> Measure:
    seen = list(measures)
    return share(sum(one.hits or 0 for one in seen), sum(one.total or 0 for one in seen))
