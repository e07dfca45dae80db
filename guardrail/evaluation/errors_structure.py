"""Structure: JSON against its standard, what is repaired, code blocks good and broken, and those of ordinary answers.

Rules:
1. `json_parsing` are the vectors of JSONTestSuite: what must be accepted, what must be refused; what a parser may do
   either way is left out.  `llm_broken_json` are the inputs of a repair library; its label speaks of the text or of the
   one object that stands in it.
2. Repair is measured on values drawn by seed, written down, and broken in a known way: what comes back must be the
   value that was broken, and text that is JSON must come back as it is.  What is refused is counted, not held against
   the check.
3. Code blocks are those of `code_samples`; the held-out ones were written after the check was finished.
4. Of ordinary answers every finding is listed with its score; a notice is due from 0.8 on, a flag from 0.6.
"""

import json
import random
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from guardrail.detectors.errors.structure import languages
from guardrail.detectors.errors.structure.code_blocks import CodeBlocks
from guardrail.detectors.errors.structure.detector import Structure
from guardrail.detectors.errors.structure.fences import read
from guardrail.detectors.errors.structure.repair import embedded, repair
from guardrail.detectors.errors.structure.strict_json import parse
from guardrail.evaluation import datasets
from guardrail.evaluation.code_samples import samples
from guardrail.evaluation.errors_run import Run
from guardrail.evaluation.intervals import share
from guardrail.evaluation.report import Cell, Goal, Listing, Section, Table
from guardrail.types import Context

_STANDARD = "a client's parser follows the standard, and so must whoever speaks for it"
_HARM = "a repair that changes a value is worse than none"
GOALS: tuple[Goal, ...] = (
    Goal("json_parsing.agreement", _STANDARD, at_least=1.0),
    Goal("json_parsing.unchanged", _HARM, at_least=1.0),
    Goal("llm_broken_json.agreement", _STANDARD, at_least=1.0),
    Goal("json_repair.unchanged", _HARM, at_least=1.0),
    Goal("json_repair.right", _HARM, at_least=1.0),
    Goal("json_repair.repaired", "what has one reading is worth mending", at_least=0.9),
    Goal("code_blocks.held_out.alarms", "a notice beside good code is not believed the next time", at_most=0.02),
    Goal("code_blocks.held_out.recall", "broken by construction, so it must be seen", at_least=0.9),
    Goal(
        "structure_benign.noticed", "with the other checks, ordinary answers get a notice in 1 % at most", at_most=0.001
    ),
)
"""What is aimed at, and why there."""

NOTICE, FLAG = 0.8, 0.6
_SETS = ("benign", "groundedness")
_VALUES = 1500
_WORDS = (
    "a", "名稱", "two words", "it's", 'a "word"', "back\\slash", "true", "12", "中文，標點：「引」", "", "https://x.example/a#b",
    "[1]", "{b}", "line\nbreak", "“curly”", "e,f", "k: v", "/* n */",
)  # fmt: skip
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[^"]')


def _json_parsing(run: Run) -> Section:
    return _agreement(run, "json_parsing", "valid", lambda text: parse(text).fault is None)


def _llm_broken_json(run: Run) -> Section:
    return _agreement(
        run, "llm_broken_json", "valid_json", lambda text: parse(text).fault is None or embedded(text) is not None
    )


def _agreement(run: Run, name: str, label: str, valid: Callable[[str], bool]) -> Section:
    title = "JSON against the standard (RFC 8259)"
    path = datasets.find(run.data, f"groundedness/{name}")
    if path is None:
        return Section(name, title, missing=f"no groundedness/{name} in {run.data}; give its place with --data")
    items = datasets.read(path, run.limit, run.seed)
    judged = [(item, valid(item.text), item.labels.get(label)) for item in items]
    told = [(item, seen, due) for item, seen, due in judged if due is not None]
    wrong = [f"{item.id}: {'accepted' if seen else 'refused'}" for item, seen, due in told if seen != due]
    mended = [(item, repair(item.text)) for item, _, due in told if not due]
    rows: list[tuple[Cell, ...]] = [
        (
            "valid",
            sum(due for _, _, due in told),
            share(sum(seen for _, seen, due in told if due), sum(due for *_, due in told)),
        ),
        (
            "broken",
            sum(not due for *_, due in told),
            share(sum(not seen for _, seen, due in told if not due), len(mended)),
        ),
    ]
    strict = [item for item, _, due in told if due and parse(item.text).fault is None]
    kept = [item.id for item in strict if repair(item.text) == item.text]
    changed = [item.id for item in strict if item.id not in kept]
    return Section(
        name,
        title,
        (Table("By label", ("label", "texts", "agreed"), tuple(rows)),),
        {
            "unchanged": share(len(kept), len(kept) + len(changed)),
            "agreement": share(len(told) - len(wrong), len(told)),
            "repaired": share(sum(m is not None for _, m in mended), len(mended)),
        },
        (Listing("Judged otherwise", tuple(wrong)), Listing("Valid and not as it was after repair", tuple(changed))),
        (f"{len(items) - len(told)} texts that a parser may accept or refuse are left out",)
        if len(items) > len(told)
        else (),
    )


def _repair(run: Run) -> Section:
    dice = random.Random(run.seed)
    ways: dict[str, list[int]] = {}
    wrong: list[str] = []
    values = min(run.limit or _VALUES, _VALUES)
    unchanged = 0
    for _ in run.track("repair", range(values)):
        value = _root(dice)
        text = json.dumps(value, ensure_ascii=dice.random() < 0.2, indent=dice.choice((None, 2)))
        unchanged += repair(text) == text
        for way, broken in _broken(value, text, dice):
            mended = repair(broken)
            count = ways.setdefault(way, [0, 0, 0])
            count[0] += 1
            count[1] += mended is not None
            if mended is not None and json.loads(mended) == value:
                count[2] += 1
            elif mended is not None:
                wrong.append(f"{way}: {broken!r} became {mended!r}")
    tried, mended_all, right = (sum(count[n] for count in ways.values()) for n in range(3))
    rows = tuple((way, c[0], share(c[1], c[0]), share(c[2], c[1])) for way, c in ways.items())
    return Section(
        "json_repair",
        "JSON values broken in a known way, and repaired",
        (Table("By way", ("broken by", "texts", "repaired", "of these the same value"), rows),),
        {
            "unchanged": share(unchanged, values),
            "repaired": share(mended_all, tried),
            "right": share(right, mended_all),
        },
        (Listing("Another value", tuple(wrong)),),
    )


def _root(dice: random.Random) -> Any:
    if dice.random() < 0.5:
        return {f"{dice.choice(_WORDS)}{n}": _value(dice, 1) for n in range(dice.randrange(1, 4))}
    return [_value(dice, 1) for _ in range(dice.randrange(1, 4))]


def _value(dice: random.Random, depth: int) -> Any:
    kind = dice.random()
    if depth < 5 and kind < 0.3:
        return [_value(dice, depth + 1) for _ in range(dice.randrange(4))]
    if depth < 5 and kind < 0.65:
        return {f"{dice.choice(_WORDS)}{n}": _value(dice, depth + 1) for n in range(dice.randrange(4))}
    return dice.choice((None, True, False, 0, -1, 12, 3.5, 1e20, -0.25, *_WORDS))


def _broken(value: Any, text: str, dice: random.Random) -> Iterator[tuple[str, str]]:
    """The text of a value, broken in each of the known ways that it has a place for."""
    parts = _TOKEN.findall(text)
    yield "a Markdown fence", f"```json\n{text}\n```"
    yield "words around it", f"好的，以下是結果：\n\n{text}\n\n希望幫到你！"
    yield "written by Python", repr(value)
    yield (
        "comments",
        "".join(part + (" // 註\n" if part == "," else "/* n */" if part in ":[{" else "") for part in parts),
    )
    yield "full-width marks", "".join({",": "，", ":": "："}.get(part, part) for part in parts)
    yield "curly quotes", "".join(_curly(part) for part in parts)
    yield "names without quotes", "".join(_bare(part, "".join(parts[n + 1 : n + 3])) for n, part in enumerate(parts))
    if "\\\\" not in text and "\\n" in text:
        yield "raw line breaks", text.replace("\\n", "\n")
    if comma := _trailing(parts, dice):
        yield "a comma too many", comma
    cut = _cut(text, dice)
    if cut != text:
        yield "brackets missing at the end", cut


def _curly(part: str) -> str:
    inner = part[1:-1]
    return f"“{inner}”" if part[0] == '"' and len(part) > 1 and not set("“”") & set(inner) else part


def _bare(part: str, after: str) -> str:
    is_name = after.lstrip().startswith(":") and re.fullmatch(r'"[^\W\d]\w*"', part)
    return part[1:-1] if is_name and part[1:-1] not in ("true", "false", "null") else part


def _trailing(parts: list[str], dice: random.Random) -> str:
    """A comma before one closing bracket of a container that holds something."""
    places = [
        n for n, part in enumerate(parts) if part in "]}" and "".join(parts[:n]).rstrip()[-1:] not in ("[", "{", "")
    ]
    if not places:
        return ""
    at = dice.choice(places)
    return "".join((*parts[:at], ",", *parts[at:]))


def _cut(text: str, dice: random.Random) -> str:
    """Up to three brackets gone from the end, where a value that is whole comes before them."""
    cut, most = text.rstrip(), dice.randrange(1, 4)
    while most and cut[-1] in "]}":
        cut = cut[:-1].rstrip()
        most -= 1
    return cut if cut[-1] in '"]}el' else text


def _code_blocks(run: Run) -> Section:
    rows: dict[tuple[str, bool], list[int]] = {}
    scripts: dict[str, list[int]] = {}
    missed: list[str] = []
    for sample in samples(run.seed):
        seen = languages.fault(sample.language, sample.text) is not None
        script = "with Chinese" if sample.chinese else "without"
        for count in (
            rows.setdefault((sample.language, sample.held_out), [0] * 4),
            scripts.setdefault(script, [0] * 4),
        ):
            count[0 if sample.broken else 2] += 1
            count[1 if sample.broken else 3] += seen
        if seen != sample.broken and not sample.held_out:
            missed.append(f"{sample.language}, {sample.edit or 'whole'}: {sample.text[:160]!r}")
    held = [sum(c[n] for (_, is_held), c in rows.items() if is_held) for n in range(4)]
    seen_before = [sum(c[n] for (_, is_held), c in rows.items() if not is_held) for n in range(4)]
    told = [
        (language, "held out" if is_held else "made with", c[0], share(c[1], c[0]), c[2], share(c[3], c[2]))
        for (language, is_held), c in sorted(rows.items(), key=lambda row: (row[0][1], row[0][0]))
    ]
    told += [(script, "", c[0], share(c[1], c[0]), c[2], share(c[3], c[2])) for script, c in scripts.items()]
    return Section(
        "code_blocks",
        "own code blocks, good and broken by one edit",
        (Table("By language", ("language", "set", "broken", "found", "good", "alarms"), tuple(told)),),
        {
            "held_out.recall": share(held[1], held[0]),
            "held_out.alarms": share(held[3], held[2]),
            "recall": share(seen_before[1], seen_before[0]),
            "alarms": share(seen_before[3], seen_before[2]),
        },
        (Listing("Judged otherwise, of those that the check was made with", tuple(missed)),),
    )


def _benign(run: Run) -> Section:
    title = "code blocks, fences, tables and JSON asked for in words, of ordinary answers"
    files = {name: path for group in _SETS for name, path in datasets.sets(run.data, group).items()}
    files = {name: path for name, path in files.items() if not name.endswith(("json_parsing", "llm_broken_json"))}
    if not files:
        return Section(
            "structure_benign", title, missing=f"no sets in {run.data / _SETS[0]}; give their place with --data"
        )
    detectors, answers, lines = (CodeBlocks(), Structure()), 0, []
    blocks: dict[str, list[int]] = {}
    noticed = flagged = 0
    seen: set[str] = set()
    for name, path in files.items():
        for item in run.track(name, datasets.read(path, run.limit, run.seed)):
            if item.text in seen:
                continue
            seen.add(item.text)
            answers += 1
            context = Context(prompt=item.prompt, system=item.system)
            found = [one for detector in detectors for one in detector.detect([item.text], context)[0]]
            _count(item.text, blocks)
            noticed += any(one.score >= NOTICE for one in found)
            flagged += any(one.score >= FLAG for one in found)
            lines += [f"{name} {item.id}: {one.kind} {one.score:.2f}, {one.message}" for one in found]
    rows = tuple((language, c[0], share(c[1], c[0])) for language, c in sorted(blocks.items()))
    return Section(
        "structure_benign",
        title,
        (Table("Blocks by language", ("language", "blocks", "do not parse"), rows),),
        {"noticed": share(noticed, answers), "flagged": share(flagged, answers)},
        (Listing("Findings", tuple(lines)),),
        ("an answer that stands in several sets counts once",),
    )


def _count(text: str, blocks: dict[str, list[int]]) -> None:
    """Add the blocks of an answer, and those that do not parse, by language."""
    if "```" not in text and "~~~" not in text:
        return
    for block in read(text).blocks:
        reader = languages.READERS.get(block.language) if block.closed else None
        if reader is not None:
            count = blocks.setdefault(languages.NAMES[reader], [0, 0])
            count[0] += 1
            count[1] += languages.fault(block.language, block.text) is not None


SETS: Mapping[str, Callable[[Run], Section]] = {
    "json_parsing": _json_parsing,
    "llm_broken_json": _llm_broken_json,
    "json_repair": _repair,
    "code_blocks": _code_blocks,
    "structure_benign": _benign,
}
"""The sets by name, in the order in which they run."""
