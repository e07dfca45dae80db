"""References in running sentences, real ones and the same altered in one place, and what the check says of each.

Rules:
1. A real reference was read somewhere (errors_citations.toml names where; legislation is from the chapter list); an
   altered one differs from it by one named change, so that what is wrong is known.  Beside them stand hand-written
   sentences with what a careful reader would mark.
2. An item counts as found where a finding of its kind, sure enough for a notice (`SURE`), touches what is wrong; any
   other sure finding is a wrong one.
3. The figures speak of the test part alone (`parts.part`), which nothing was tuned on; the tables show all items.
   Because the changes are the rules turned round, the figures say that the rules hold in running text, not how often
   models make such mistakes.
4. On ordinary answers every sure finding is listed for a person to judge.
"""

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from guardrail.detectors.errors.citations.detector import KINDS, Citations
from guardrail.detectors.errors.citations.hong_kong_chapters import Chapter, chapters
from guardrail.evaluation import datasets
from guardrail.evaluation.errors_run import Run
from guardrail.evaluation.intervals import Counts, Measure, f1, share
from guardrail.evaluation.parts import key_of, part
from guardrail.evaluation.report import Goal, Listing, Section, Table, by, grouped
from guardrail.text.script import simplify
from guardrail.types import Context, Finding, Source

SURE = 0.8
TODAY = date(2026, 11, 28)
"""The day that the set is judged on, so that `in the future` means the same in every run."""
FILE = Path(__file__).with_name("errors_citations.toml")
LANGUAGES = ("en", "zh-Hant", "yue", "zh-Hans")

GOALS: tuple[Goal, ...] = (
    Goal("citations.f1", "asked of the check on citations, on references held out", at_least=0.97),
    Goal("citations.real", "a real reference that draws a notice costs the trust of the reader", at_most=0.01),
    Goal(
        "citations_benign.alarms", "with the other checks, ordinary answers get a notice in 1 % at most", at_most=0.005
    ),
)

_FRAMES: Mapping[str, tuple[str, ...]] = {
    "en": (
        "The matter is explained in {}, which is worth reading.",
        "According to {}, the answer depends on the facts.",
        "For the details see {}.",
        "This was settled long ago ({}); the rest follows from it.",
    ),
    "zh-Hant": (
        "詳情請參閱 {}，內有說明。",
        "根據{}，要視乎情況而定。",
        "這一點見於{}。",
        "有關做法早有定論（{}），不再重複。",
    ),
    "yue": (
        "詳細可以睇吓 {}，入面講得好清楚。",
        "跟返{}，都係要睇情況。",
        "呢樣嘢喺{}有講。",
        "呢個講法早就有（{}），唔再講喇。",
    ),
    "zh-Hans": (
        "详情请参阅 {}，里面有说明。",
        "根据{}，要看情况而定。",
        "这一点见于{}。",
        "有关做法早有定论（{}），不再重复。",
    ),
}
_HONG_KONG = {
    "en": " This is about Hong Kong.",
    "zh-Hant": "以上是香港的情況。",
    "yue": "講緊香港㗎。",
    "zh-Hans": "以上是香港的情况。",
}


_NOTHING = Context()


@dataclass(frozen=True, slots=True)
class Item:
    """A text, what of it is wrong ("" for nothing), of which kind, by which change; what the request brought along."""

    key: str
    text: str
    wrong: str
    kind: str
    change: str
    lang: str
    context: Context = _NOTHING


def items() -> list[Item]:
    """All items, in a fixed order."""
    data = tomllib.loads(FILE.read_text(encoding="utf-8"))
    made = [*_identifiers(data["identifiers"]), *_cases(data["cases"]["read"]), *_legislation(), *_keys(), *_links()]
    written = [
        Item(f"written-{at}", row["text"], row["wrong"], row["kind"], "hand-written", row["lang"])
        for at, row in enumerate(data["written"])
    ]
    return [*made, *written]


def _framed(
    name: str, at: int, real: str, wrong: str, kind: str, change: str, *, place: bool = False
) -> Iterator[Item]:
    """A reference and its altered twin, in one sentence of one language."""
    lang = LANGUAGES[at % len(LANGUAGES)]
    frame = _FRAMES[lang][(at // len(LANGUAGES)) % 4] + (_HONG_KONG[lang] if place else "")
    yield Item(f"{name}-{at}", frame.format(real), "", kind, "real", lang)
    yield Item(f"{name}-{at}", frame.format(wrong), wrong, kind, change, lang)


def _identifiers(data: Mapping[str, Any]) -> Iterator[Item]:
    ways: Mapping[str, tuple[str, Sequence[tuple[str, Callable[[str], str]]]]] = {
        "doi": ("doi:{}", (
            ("prefix", lambda said: f"11{said[2:]}"),
            ("registrant", lambda said: f"10.{said[3:5]}/{said.split('/', 1)[1]}"),
            ("no suffix", lambda said: said.split("/", 1)[0]),
        )),
        "arxiv": ("arXiv:{}", (
            ("month", _thirteenth), ("future", lambda said: said if "/" in said else f"2912.{said[5:]:0>5}"),
            ("digits", lambda said: said + "1" if "/" not in said and len(said) == 9 else said[:-1]),
        )),
        "isbn": ("ISBN {}", (("check digit", _other_digit), ("a digit lost", lambda said: said[:2] + said[3:]))),
        "issn": ("ISSN {}", (("check digit", _other_digit), ("a digit lost", lambda said: said[:6] + said[7:]))),
        "orcid": ("https://orcid.org/{}", (("check digit", _other_digit),)),
    }  # fmt: skip
    for name, rows in data.items():
        label, changes = ways[name]
        for at, (said, _) in enumerate(rows):
            change, alter = changes[at % len(changes)]
            altered = alter(said)
            if altered == said:
                change, altered = changes[0][0], changes[0][1](said)
            yield from _framed(name, at, label.format(said), label.format(altered), "error.identifier", change)


def _thirteenth(said: str) -> str:
    archive, slash, number = said.rpartition("/")
    return f"{archive}{slash}{number[:2]}13{number[4:]}"


def _other_digit(said: str) -> str:
    last = said[-1]
    return said[:-1] + ("1" if last in "Xx" else str((int(last) + 3) % 10))


def _cases(rows: Sequence[tuple[str, str]]) -> Iterator[Item]:
    for at, (said, _) in enumerate(rows):
        neutral = said.startswith("[") and "] HK" in said
        if neutral and at % 3 == 0:
            code = said.split()[1]
            change, wrong = "court", said.replace(code, f"{code[:-1]}{code[-1]}{code[-1]}")
        elif "HKCFAR" in said and at % 2:
            head, volume, rest = said.split(" ", 2)
            change, wrong = "volume", f"{head} {int(volume) + 2} {rest}"
        elif neutral and at % 3 == 1:
            change, wrong = "number", f"{said.rsplit(' ', 1)[0]} 0"
        else:
            change, wrong = "future", f"{said[0]}2037{said[5:]}"
        yield from _framed("case", at, said, wrong, "error.case_citation", change)


def _legislation() -> Iterator[Item]:
    sure = [row for row in chapters().by_number.values() if row.sure and not row.repealed]
    english = [row for row in sure if row.english][::2]
    for at, row in enumerate(english):
        other = english[(at * 7 + 11) % len(english)]
        if other is row or set(other.english.split()) & set(row.english.split()) - {"Ordinance", "of", "and", "the"}:
            other = english[(at * 7 + 12) % len(english)]
        yield from _english(at, row, other)
    chinese = [row for row in sure if row.chinese]
    for at, row in enumerate(chinese):
        yield from _chinese(at, row, chinese[(at + 9) % len(chinese)])


def _english(at: int, row: Chapter, other: Chapter) -> Iterator[Item]:
    shapes: Sequence[tuple[str, str, str]] = (
        ("title", f"the {row.english} (Cap. {row.number})", f"the {other.english} (Cap. {row.number})"),
        ("number", f"the {row.english}, Cap. {row.number}", f"the {row.english}, Cap. {other.number}"),
        ("title", f"Cap. {row.number}, the {row.english}", f"Cap. {row.number}, the {other.english}"),
        ("section", f"section 3(1)(a) of the {row.english} (Cap. {row.number})",
         f"section 3(a)(1) of the {row.english} (Cap. {row.number})"),
        ("no such chapter", f"s 5 of Cap. {row.number} of the Laws of Hong Kong",
         f"s 5 of Cap. {row.number % 200 + 760} of the Laws of Hong Kong"),
    )  # fmt: skip
    change, real, wrong = shapes[at % len(shapes)]
    frame = _FRAMES["en"][at % 4] + _HONG_KONG["en"]
    yield Item(f"cap-{row.number}", frame.format(real), "", "error.legislation", "real", "en")
    yield Item(f"cap-{row.number}", frame.format(wrong), wrong, "error.legislation", change, "en")


def _chinese(at: int, row: Chapter, other: Chapter) -> Iterator[Item]:
    shapes = (
        ("title", "《{title}》（第{number}章）", other.chinese, row.number),
        ("number", "《{title}》(第{number}章)", row.chinese, other.number),
        ("title", "香港法例第{number}章《{title}》", other.chinese, row.number),
    )
    change, shape, title, number = shapes[at % len(shapes)]
    for lang in LANGUAGES[1:]:
        frame = _FRAMES[lang][at % 4]
        plain = simplify if lang == "zh-Hans" else str
        real = plain(shape.format(title=row.chinese, number=row.number))
        wrong = plain(shape.format(title=title, number=number))
        yield Item(f"cap-{row.number}", frame.format(real), "", "error.legislation", "real", lang)
        yield Item(f"cap-{row.number}", frame.format(wrong), wrong, "error.legislation", change, lang)


def _keys() -> Iterator[Item]:
    """Short answers with their own lists, whole and with one key out of them."""
    said = {
        "en": ("Rents rose{} while wages did not{}.", "References", "Author {}. Title {}. 20{:02d}."),
        "zh-Hant": ("租金上升{}，工資卻沒有{}。", "參考資料", "作者{}：題目{}，20{:02d}年。"),
        "yue": ("租金升咗{}，人工就冇{}。", "參考資料：", "作者{}：題目{}，20{:02d}年。"),
        "zh-Hans": ("租金上升{}，工资却没有{}。", "参考文献", "作者{}：题目{}，20{:02d}年。"),
    }
    styles = (("[{}]", "[{}] {}"), (" [{}]", "{}. {}"), ("[^{}]", "[^{}]: {}"))
    for at in range(36):
        lang = LANGUAGES[at % 4]
        sentence, heading, entry = said[lang]
        key, line = styles[(at // 4) % 3]
        count = 2 + at % 4
        entries = "\n".join(line.format(n, entry.format(n, n, n + at % 9)) for n in range(1, count + 1))
        for wrong in (False, True):
            lost = key.format(count + 1 + at % 3)
            text = sentence.format(key.format(1), lost if wrong else key.format(count))
            yield Item(
                f"key-{at}", f"{text}\n\n{heading}\n{entries}", lost.strip() if wrong else "", "error.citation_key",
                "no entry" if wrong else "real", lang,
            )  # fmt: skip


def _links() -> Iterator[Item]:
    """Links that a source holds, and the same with another page."""
    for at in range(24):
        lang = LANGUAGES[at % 4]
        real = f"https://www.dept{at}.gov.hk/{lang[:2]}/services/page{at}.html"
        wrong = real.replace(f"page{at}", f"guide{at + 1}") if at % 2 else real.replace(f"dept{at}", f"bureau{at}")
        source = (
            Source("document", f"See {real} for the form.", "1") if at % 3 else Source("tool", "Form.", "1", url=real)
        )
        context = Context(material=(source,))
        frame = _FRAMES[lang][at % 3]
        yield Item(f"link-{at}", frame.format(f" {real} "), "", "error.url_not_in_source", "real", lang, context)
        yield Item(
            f"link-{at}", frame.format(f" {wrong} "), wrong, "error.url_not_in_source", "other page", lang, context
        )


def citations(run: Run) -> Section:
    """The references, real and altered."""
    detector = _detector()
    judged = [(item, _counts(item, detector)) for item in run.track("citations", items())]
    held = [(item, counts) for item, counts in judged if part(key_of(item.key)) == "test"]
    real = [counts for item, counts in held if not item.wrong]
    figures: dict[str, Measure] = {
        "f1": f1([counts for _, counts in held], run.seed),
        "real": share(sum(counts.wrong > 0 for counts in real), len(real)),
    }
    for kind, rows in grouped(held, lambda pair: pair[0].kind or "none").items():
        if kind != "none":
            figures[f"f1.{kind.removeprefix('error.')}"] = f1([counts for _, counts in rows], run.seed)
    tables = (
        _table("Held out, by kind", "kind", held, lambda item: item.kind or "nothing wrong"),
        _table("Held out, by language", "language", held, lambda item: item.lang),
        _table("All items, by kind", "kind", judged, lambda item: item.kind or "nothing wrong"),
        _table("All items, by change", "change", judged, lambda item: item.change),
    )
    missed = [
        f"{item.key} ({item.change}): {item.text!r}"
        for item, counts in judged
        if (counts.missed or counts.wrong) and part(key_of(item.key)) != "test"
    ]
    notes = (f"{len(judged)} items, {len(held)} of them held out; a finding counts from a score of {SURE} on",)
    return Section(
        "citations", "references, real and altered", tables, figures,
        (Listing("Wrong or missed, of those that may be looked at", tuple(missed)),), notes,
    )  # fmt: skip


def benign(run: Run) -> Section:
    """Sure findings in ordinary answers, and in texts that were written from a source."""
    detector, title = _detector(), "sure findings on references in ordinary answers"
    files = datasets.sets(run.data, "benign")
    if not files:
        return Section(
            "citations_benign", title, missing=f"no sets in {run.data / 'benign'}; give their place with --data"
        )
    rows: list[tuple[str, int, Measure]] = []
    lines: list[str] = []
    seen: set[str] = set()
    for name, path in files.items():
        texts = [one for one in datasets.read(path, run.limit, run.seed) if one.text not in seen]
        seen |= {one.text for one in texts}
        hits = 0
        for one in run.track(name, texts):
            found = [f for f in detector.detect([one.text], Context(prompt=one.prompt))[0] if f.score >= SURE]
            hits += bool(found)
            lines += [f"{name} {one.id}: {f.kind} ({f.score}): {f.message}" for f in found]
        rows.append((name, len(texts), share(hits, len(texts))))
    total = sum(measure.hits or 0 for _, _, measure in rows)
    return Section(
        "citations_benign", title, (Table("By set", ("set", "answers", "with a finding"), tuple(rows)),),
        {"alarms": share(total, len(seen))}, (Listing("Findings", tuple(lines)),),
    )  # fmt: skip


def _detector() -> Citations:
    detector = Citations(today=TODAY)
    detector.load()
    return detector


def _counts(item: Item, detector: Citations) -> Counts:
    findings = [one for one in detector.detect([item.text], item.context)[0] if one.score >= SURE]
    if not item.wrong:
        return Counts(wrong=len(findings))
    start = item.text.find(item.wrong)
    hit = [one for one in findings if one.kind == item.kind and _touches(one, start, start + len(item.wrong))]
    return Counts(found=bool(hit), wrong=len(findings) - len(hit), missed=not hit)


def _touches(one: Finding, start: int, end: int) -> bool:
    return one.start is not None and one.end is not None and one.start < end and start < one.end


def _table(title: str, first: str, judged: Sequence[tuple[Item, Counts]], key: Callable[[Item], str]) -> Table:
    rows = grouped(judged, lambda pair: key(pair[0]))
    return by(title, first, {name: sum((counts for _, counts in pairs), Counts()) for name, pairs in rows.items()})


SETS: Mapping[str, Callable[[Run], Section]] = {"citations": citations, "citations_benign": benign}
"""The sets on citations by name."""
__all__ = ["GOALS", "KINDS", "SETS"]
