"""CPU time of the data-leakage checks: on ordinary text, on text with findings, and on texts made to be slow.

    python -m benchmarks.leakage [--data DIR] [--quick] [--by-pattern] [--seed N] [--json FILE]

Rules:
1. CPU time of this process (all threads), never wall time: other work on the machine does not count.
2. Automata are built as texts need them, so a first text costs more than the thousandth.  `new` is the cost of texts
   never seen, after others have been judged (`warm-up`): what a sidecar has that runs for a while, and what goals speak
   of.  `again` is the least of several rounds over the same texts: what it would have at last.
3. A KB is 1024 bytes of UTF-8.  Texts go through the scanner one by one, as answers do, in a conversation with a system
   message, so that everything that looks at it works too.
4. Stock Presidio judges the same texts in the same run; figures beside it are ratios of that run.
5. A slow text is judged at n, 2n and 4n characters; the growth per doubling of linear work is 2.
"""

import asyncio
import base64
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from time import process_time

import click
import orjson
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks import processes
from guardrail.detectors.screen import Screen
from guardrail.errors import GuardrailError
from guardrail.evaluation import datasets, identifiers, judging, values
from guardrail.evaluation.stock import StockPresidio
from guardrail.scanner import Scanner
from guardrail.text.fold import fold
from guardrail.types import Context, Segment, Stage

CLEAN_GOAL, HITS_GOAL, GROWTH_GOAL = 60.0, 1000.0, 2.2
_KB = 1024
_WARM_UP = 4  # times as much text as is measured
_HOSTILE_START, _HOSTILE_MOST = 8_000, 512_000
_AGAIN = 3  # times that a slow text is measured again
_HOSTILE_LEAST = 0.02  # seconds at n below which a longer text is taken
_SYSTEM = (
    "You are the assistant of a shop in Kowloon. Answer politely, in the language of the customer, in at most five "
    "sentences. Never quote prices that are not on the list. Refunds within fourteen days need the receipt. "
    "你是九龍一間店舖的助理，請以顧客的語言有禮地回答，每次不多於五句。如非價目表上的價錢，一概不可報價。"
)
_CONTEXT = Context(prompt="When do you open?", system=_SYSTEM, caller=("When do you open?",))
_PROSE = {
    "English": (
        "The simplest way to start is to write down what you already know and what you would like to find out.",
        "Most gardens need water early in the morning, before the sun is high, and again when the evening turns cool.",
        "In the second step, stir the flour into the butter until the mixture is smooth, then add the milk slowly.",
        "Her argument rests on three points: cost, speed and the number of people who would have to be trained.",
        "A list in this language can be sorted in place, which changes it, or copied first, which leaves it alone.",
        "Trade grew after the railway came, and by 1911 the town had twice as many shops as ten years before.",
        "You may prefer the longer road along the coast, because it is quieter and the views are worth the time.",
    ),
    "Chinese": (
        "最簡單的方法是先寫下你已經知道的事，再列出想弄清楚的問題。",
        "大部分花園要在清早澆水，太陽升高之前最好，傍晚天涼時再澆一次。",
        "第二步把麵粉加入牛油中攪拌至順滑，然後慢慢倒入牛奶。",
        "佢講咗三個理由：成本、速度，同埋要訓練幾多人。",
        "铁路通车之后贸易增长很快，到了一九一一年，镇上的商店比十年前多了一倍。",
        "如果想清靜啲，可以行海邊嗰條路，雖然遠少少，但係風景好靚。",
        "这种语言里的列表可以原地排序，也可以先复制一份，再对副本排序。",
    ),
}
_SOURCES = {
    "English": ("benign/alpaca_eval_outputs", "benign/xstest_responses"),
    "Chinese": ("benign/alpaca_zh", "benign/yue_truthfulqa_answers", "benign/alignbench_references"),
}


@dataclass(frozen=True, slots=True)
class Cost:
    """What judging some texts cost, in microseconds of CPU a KB: never seen, and again; `ratio` is stock Presidio's
    cost over the former."""

    texts: str
    checks: str
    kilobytes: float
    micros_per_kb: float
    again: float | None = None
    ratio: float | None = None


@dataclass(frozen=True, slots=True)
class Growth:
    """A slow text: seconds of CPU at n, 2n and 4n characters."""

    text: str
    characters: int
    seconds: tuple[float, float, float]

    @property
    def per_doubling(self) -> float:
        """By how much the time grows when the text doubles, over both doublings."""
        return math.sqrt(self.seconds[2] / self.seconds[0])

    @property
    def exponent(self) -> float:
        """The power of n that the time grows with."""
        return math.log2(self.per_doubling)

    @property
    def micros_per_kb(self) -> float:
        """At 4n, in microseconds of CPU a thousand characters."""
        return self.seconds[2] / (4 * self.characters) * 1e9


@dataclass(frozen=True, slots=True)
class PatternCost:
    """One pattern by itself on clean text."""

    name: str
    micros_per_kb: float
    passed: float
    """The share of texts in which the screen asks for it."""


HOSTILE: Mapping[str, Callable[[int], str]] = {
    "digits": lambda n: "8" * n,
    "counted digits": lambda n: ("1234567890" * (n // 10 + 1))[:n],
    "digits, 11 at a time": lambda n: "13812345678 " * (n // 12),
    "digit, blank": lambda n: " 1" * (n // 2),
    "digit, dash": lambda n: "1-" * (n // 2),
    "digit, dot": lambda n: "1." * (n // 2),
    "digits in fours": lambda n: "4111 " * (n // 5),
    "letter, digits": lambda n: "A123456 " * (n // 8),
    "HKIDs": lambda n: "A123456(3)" * (n // 10),
    "full-width digits": lambda n: "１" * n,
    "一": lambda n: "一" * n,
    "一 二": lambda n: "一 二 " * (n // 4),
    "壹佰": lambda n: "壹佰" * (n // 2),
    "number words": lambda n: "one two three " * (n // 14),
    "a@": lambda n: "a@" * (n // 2),
    "a.": lambda n: "a." * (n // 2),
    "a@a.": lambda n: "a@a." * (n // 4),
    "letters": lambda n: "a" * n,
    "words": lambda n: "word " * (n // 5),
    "blanks": lambda n: " " * n,
    "line ends": lambda n: "\n" * n,
    "key openings": lambda n: ("-----BEGIN RSA PRIVATE " + "KEY-----\n") * (n // 32),
    "key opening, base64": lambda n: "-----BEGIN RSA PRIVATE " + "KEY-----\n" + "MIIEpAIB" * (n // 8),
    "eyJ": lambda n: "eyJ" * (n // 3),
    "eyJ dots": lambda n: "eyJhbGciOi." * (n // 11),
    "base64": lambda n: base64.b64encode(Random(n).randbytes(n * 3 // 4)).decode(),
    "base64 of digits": lambda n: base64.b64encode(("4111 1111 1111 1111 " * (n // 26 + 1)).encode()).decode()[:n],
    "base64 of base64": lambda n: base64.b64encode(base64.b64encode(Random(1).randbytes(n * 9 // 16))).decode(),
    "hexadecimal": lambda n: Random(n).randbytes(n // 2).hex(),
    "base32": lambda n: base64.b32encode(Random(n).randbytes(n * 5 // 8)).decode(),
    "%41": lambda n: "%41" * (n // 3),
    "%25": lambda n: "%25" * (n // 3),
    "&#49;": lambda n: "&#49;" * (n // 5),
    "\\u0031": lambda n: "\\u0031" * (n // 6),
    "\\x41": lambda n: "\\x41" * (n // 4),
    "round brackets": lambda n: "(" * n,
    "square brackets": lambda n: "[" * n,
    "square brackets, both": lambda n: "[](" * (n // 3),
    "braces": lambda n: '{"a":' * (n // 5),
    "images": lambda n: "![a](" * (n // 5),
    "links": lambda n: "[a](http://a.hk/?q=" * (n // 19),
    "addresses of links": lambda n: "http://" * (n // 7),
    "tags": lambda n: "<a href=" * (n // 8),
    "comments": lambda n: "<!--" * (n // 4),
    "stars": lambda n: "*" * n,
    "backticks": lambda n: "`" * n,
    "bars": lambda n: "|" * n,
    "table rows": lambda n: "| 1 | 2 |\n" * (n // 10),
    "one long row": lambda n: "| a " * (n // 4),
    "password =": lambda n: "password = " * (n // 11),
    "key: value": lambda n: "api_key: abc123 " * (n // 16),
    "names": lambda n: "Chan Tai Man " * (n // 13),
    "surnames": lambda n: "陳" * n,
    "addresses": lambda n: "Flat A, 1/F, " * (n // 13),
    "floors": lambda n: "1樓" * (n // 2),
    "colons": lambda n: ":" * n,
    "hex and colons": lambda n: "ab:" * (n // 3),
    "system message": lambda n: _SYSTEM[:40] * (n // 40),
    "words of the system message": lambda n: "the customer in at most " * (n // 24),
    "zero-width": lambda n: "1\u200b" * (n // 2),
    "combining": lambda n: "1" + "\u0336" * (n - 1),
    "tags, invisible": lambda n: "\U000e0041" * n,
    "random printable": lambda n: "".join(Random(n).choices([chr(c) for c in range(32, 127)], k=n)),
    "random ideographs": lambda n: "".join(Random(n).choices([chr(c) for c in range(0x4E00, 0x6000)], k=n)),
    "e-mail addresses": lambda n: "tai.man@gmail.com " * (n // 18),
    "cards": lambda n: "4012 8888 8888 1881, " * (n // 21),
    "a digit a line": lambda n: "7\n" * (n // 2),
    "half of a key": lambda n: "AKIA" * (n // 4),
    "escape sequences": lambda n: "\x1b[31m" * (n // 5),
}
"""Texts that have made a pattern, a decoder or a judge slow somewhere."""


def clean(data: Path, language: str, kilobytes: int, seed: int) -> list[str]:
    """Ordinary answers of a language, by the set's own order drawn by `seed`; our own prose where there is no data."""
    texts: list[str] = []
    for name in _SOURCES[language]:
        path = datasets.find(data, name)
        texts += [item.text for item in datasets.read(path)] if path else []
    dice = Random(seed)
    if not texts:
        texts = [" ".join(dice.choices(_PROSE[language], k=dice.randint(3, 14))) for _ in range(kilobytes * 2)]
    dice.shuffle(texts)
    return list(_up_to(texts, kilobytes))


def with_hits(texts: Sequence[str], seed: int, every: int = 400) -> list[str]:
    """The same texts with a generated identifier or key in its sentence after every `every` characters or so."""
    dice = Random(seed)
    sentences = [one.text for one in identifiers.sentences(seed, 1)]
    made = []
    for text in texts:
        parts = [text[at : at + every] for at in range(0, len(text), every)] or [""]
        filled = [f"{part}\n{_value_sentence(dice, sentences)}\n" for part in parts]
        made.append("".join(filled))
    return made


def _value_sentence(dice: Random, sentences: Sequence[str]) -> str:
    return f"API key: {values.secret(dice)}" if dice.random() < 0.1 else dice.choice(sentences)


def _up_to(texts: Sequence[str], kilobytes: int) -> Iterator[str]:
    size = 0
    for text in texts:
        yield text
        size += len(text.encode())
        if size >= kilobytes * _KB:
            return


def kilobytes_of(texts: Sequence[str]) -> float:
    """The size of some texts."""
    return sum(len(text.encode(errors="surrogatepass")) for text in texts) / _KB


def judging_cost(scanner: Scanner, texts: Sequence[str], rounds: int) -> list[float]:
    """Seconds of CPU for judging `texts` one by one, in each of `rounds`.  Raises GuardrailError: a check failed."""
    segments = [Segment(Stage.RESPONSE, "assistant", "content", (), text) for text in texts]

    async def work() -> list[float]:
        spent: list[float] = []
        for _ in range(rounds):
            begun = process_time()
            for segment in segments:
                scan = await scanner.scan([segment], _CONTEXT, Stage.RESPONSE)
                if scan.failed:
                    raise GuardrailError(f"{scan.failed[0].check} {scan.failed[0].reason}; the figures do not count")
            spent.append(process_time() - begun)
        return spent

    return asyncio.run(work())


def presidio_cost(stock: StockPresidio, texts: Sequence[str]) -> float:
    """Seconds of CPU that stock Presidio needs for `texts`."""
    begun = process_time()
    for text in texts:
        stock.find(text)
    return process_time() - begun


def costs(
    corpora: Mapping[str, Sequence[str]],
    warm: Sequence[str],
    rounds: int,
    stock: StockPresidio | None,
    progress: Progress,
) -> list[Cost]:
    """The cost of every corpus without and with names, and under stock Presidio."""
    made: list[Cost] = []
    task = progress.add_task("ordinary text", total=len(corpora) * 3)
    scanners = {"all but names": judging.everything(without=judging.NAMES), "all": judging.everything()}
    try:
        for scanner in scanners.values():
            judging_cost(scanner, warm, 1)
        for name, texts in corpora.items():
            size = kilobytes_of(texts)
            theirs = None
            if stock is not None:
                some = list(_up_to(texts, max(20, int(size) // 8)))  # dear, and the same for every part
                theirs = presidio_cost(stock, some) / kilobytes_of(some) * 1e6
                made.append(Cost(name, "stock Presidio", size, theirs))
            progress.advance(task)
            for checks, scanner in scanners.items():
                spent = [seconds / size * 1e6 for seconds in judging_cost(scanner, texts, rounds)]
                ratio = theirs / spent[0] if theirs else None
                made.append(Cost(name, checks, size, spent[0], min(spent), ratio))
                progress.advance(task)
    finally:
        for scanner in scanners.values():
            scanner.close()
    return made


def parts(texts: Mapping[str, Sequence[str]], warm: Sequence[str], rounds: int) -> list[Cost]:
    """Where the time goes: folding, the screen's one look, patterns and judges, passages."""
    scanner = judging.everything(without=judging.NAMES)
    screen = scanner.screen(Stage.RESPONSE)
    work: dict[str, Callable[[str], object]] = {
        "fold": fold,
        "fold, screen": lambda text: screen.named(fold(text).text.encode()),
        "fold, screen, patterns and judges": lambda text: screen.find(fold(text).text),
        "passages": lambda text: scanner.passages(text, _CONTEXT, Stage.RESPONSE),
    }
    made: list[Cost] = []
    try:
        for part, do in work.items():
            _timed(do, warm)
            for name, some in texts.items():
                spent = [_timed(do, some) / kilobytes_of(some) * 1e6 for _ in range(max(2, rounds))]
                made.append(Cost(name, part, kilobytes_of(some), spent[0], min(spent)))
    finally:
        scanner.close()
    return sorted(made, key=lambda one: one.texts)


def _timed(do: Callable[[str], object], texts: Sequence[str]) -> float:
    """Seconds of CPU for doing something with every text."""
    begun = process_time()
    for text in texts:
        do(text)
    return process_time() - begun


def growth(scanner: Scanner, name: str, rounds: int, start: int = _HOSTILE_START) -> Growth:
    """The growth of one slow text, at a length at which the clock can tell; one that seems to grow too fast is measured
    again, since other work on the machine only ever adds to a time."""
    make = HOSTILE[name]
    n = start
    judging_cost(scanner, [make(n)], 1)
    first = min(judging_cost(scanner, [make(n)], rounds))
    while first < _HOSTILE_LEAST and 4 * n < _HOSTILE_MOST:
        n *= 2
        first = min(judging_cost(scanner, [make(n)], rounds))
    seconds = [first, *(min(judging_cost(scanner, [make(times * n)], rounds)) for times in (2, 4))]
    for _ in range(_AGAIN):
        if Growth(name, n, (seconds[0], seconds[1], seconds[2])).per_doubling <= GROWTH_GOAL:
            break
        more = [min(judging_cost(scanner, [make(times * n)], rounds)) for times in (1, 2, 4)]
        seconds = [min(pair) for pair in zip(seconds, more, strict=True)]
    return Growth(name, n, (seconds[0], seconds[1], seconds[2]))


def by_pattern(texts: Sequence[str], rounds: int, progress: Progress) -> list[PatternCost]:
    """The cost of every pattern by itself on clean text, dearest first, and how often the screen asks for it."""
    scanner = judging.everything(without=judging.NAMES)
    patterns = scanner.screen(Stage.RESPONSE).patterns
    folded = [fold(text).text for text in texts]
    encoded = [text.encode() for text in folded]
    size = kilobytes_of(folded)
    asked = [set(scanner.screen(Stage.RESPONSE).named(text)) for text in encoded]
    scanner.close()
    made = []
    for index, (detector, pattern) in enumerate(progress.track(patterns, description="patterns")):
        alone = Screen([(detector, pattern)])
        spent = min(_timed(lambda text, alone=alone: alone.find(text, screened=False), folded) for _ in range(rounds))
        passed = sum(index in one for one in asked) / len(asked)
        made.append(PatternCost(f"{detector}/{pattern.id}", spent / size * 1e6, passed))
    return sorted(made, key=lambda one: -one.micros_per_kb)


def goals(seen: Sequence[Cost], grown: Sequence[Growth]) -> list[tuple[str, float, float]]:
    """What is aimed at, what was seen, and the limit."""
    aims = []
    for one in seen:
        if one.checks == "all but names":
            aims.append((f"{one.texts}, us/KB", one.micros_per_kb, HITS_GOAL if "hits" in one.texts else CLEAN_GOAL))
    if grown:
        worst = max(grown, key=lambda one: one.per_doubling)
        aims.append((f"growth per doubling, worst text ({worst.text})", worst.per_doubling, GROWTH_GOAL))
    return aims


def goals_table(aims: Sequence[tuple[str, float, float]]) -> Table:
    """The goals beside the figures."""
    rows = [[name, f"{seen:.1f}", f"{limit:g}", "met" if seen <= limit else "missed"] for name, seen, limit in aims]
    return table("Goals", ("goal", "seen", "at most", ""), rows)


def costs_table(title: str, seen: Sequence[Cost]) -> Table:
    """The cost of each corpus under each set of checks."""
    rows = [
        [
            one.texts, one.checks, f"{one.kilobytes:.0f}", f"{one.micros_per_kb:.1f}",
            f"{one.again:.1f}" if one.again else "", f"{one.ratio:.1f}x" if one.ratio else "",
        ]
        for one in seen
    ]  # fmt: skip
    columns = ("texts", "checks", "KB", "us/KB, new", "us/KB, again", "Presidio costs")
    return table(title, columns, rows)


def growth_table(grown: Sequence[Growth]) -> Table:
    """Every slow text, worst growth first."""
    rows = [
        [
            repr(one.text), f"{one.characters:,}", *(f"{1000 * second:.1f}" for second in one.seconds),
            f"{one.per_doubling:.2f}", f"{one.exponent:.2f}", f"{one.micros_per_kb:.0f}",
        ]
        for one in sorted(grown, key=lambda one: -one.per_doubling)
    ]  # fmt: skip
    columns = ("text", "n", "ms at n", "2n", "4n", "per doubling", "exponent", "us per 1000 characters")
    return table("Slow texts", columns, rows)


def pattern_table(seen: Sequence[PatternCost]) -> Table:
    """Every pattern, dearest first."""
    rows = [[one.name, f"{one.micros_per_kb:.2f}", f"{one.passed:.1%}"] for one in seen]
    return table("Each pattern by itself on clean text", ("pattern", "us/KB", "texts that ask for it"), rows)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(title=title, title_justify="left")
    for index, name in enumerate(columns):
        number = all(row[index][:1].isdigit() or not row[index] for row in rows)
        table.add_column(name, justify="right" if number else "left")
    for row in rows:
        table.add_row(*(cell.replace("[", r"\[") for cell in row))
    return table


@click.command(help=__doc__.split("\n", 1)[0])
@click.option("--data", default=datasets.DEFAULT, show_default=True, type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--quick", is_flag=True, help="Little text, one round, a few slow texts: that it runs, not figures to quote."
)
@click.option("--by-pattern", "single", is_flag=True, help="Also the cost of every pattern by itself.")
@click.option("--only", multiple=True, type=click.Choice(list(HOSTILE)), help="Only this slow text, and no other part.")
@click.option("--no-baseline", is_flag=True, help="Without stock Presidio.")
@click.option("--seed", default=1, show_default=True, help="Decides which answers are taken and the generated values.")
@click.option(
    "--json", "out", type=click.Path(dir_okay=False, path_type=Path), help="Also write everything to this file."
)
def main(
    data: Path, quick: bool, single: bool, only: tuple[str, ...], no_baseline: bool, seed: int, out: Path | None
) -> None:
    console = Console(width=None if sys.stdout.isatty() else 150, highlight=False)
    bar = Console(stderr=True)
    at_start = processes.machine()
    rounds, size = (1, 20) if quick else (5, 300)
    clean_texts, warm = {}, []
    for name in _SOURCES:
        every = clean(data, name, size * (1 + _WARM_UP), seed)
        clean_texts[f"{name}, clean"] = list(_up_to(every, size))
        warm += every[len(clean_texts[f"{name}, clean"]) :]
    hit_texts = {f"{name.split(',')[0]}, with hits": with_hits(some, seed) for name, some in clean_texts.items()}
    warm += with_hits(list(_up_to(warm, size)), seed + 1)
    chosen = only or (list(HOSTILE)[::8] if quick else list(HOSTILE))
    try:
        with Progress(console=bar, transient=True, disable=not bar.is_terminal) as progress:
            stock = None if no_baseline or only else StockPresidio()
            seen = [] if only else costs({**clean_texts, **hit_texts}, warm, rounds, stock, progress)
            spent = [] if only else parts(clean_texts, warm, rounds)
            scanner = judging.everything()
            grown = [
                growth(scanner, name, 2, 2_000 if quick else _HOSTILE_START)
                for name in progress.track(chosen, description="slow texts")
            ]
            scanner.close()
            few = [text for some in clean_texts.values() for text in _up_to(some, 20 if quick else 60)]
            patterns = by_pattern(few, max(2, rounds), progress) if single else []
    except GuardrailError as error:
        raise click.ClickException(str(error)) from None
    aims = goals(seen, grown)
    console.print(processes.described(at_start, processes.machine()))
    console.print(f"warm-up: {kilobytes_of(warm):.0f} KB of other texts")
    if seen:
        console.print(costs_table("CPU time of judging", seen))
        console.print(costs_table("Where it goes (all but names)", spent))
    console.print(growth_table(grown))
    if patterns:
        console.print(pattern_table(patterns))
    console.print(goals_table(aims))
    if out:
        report = {
            "machine": {"start": at_start, "end": processes.machine()},
            "data": data.is_dir(),
            "costs": [asdict(one) for one in seen],
            "parts": [asdict(one) for one in spent],
            "growth": [{**asdict(one), "per_doubling": one.per_doubling, "exponent": one.exponent} for one in grown],
            "patterns": [asdict(one) for one in patterns],
            "goals": [{"goal": name, "seen": value, "at_most": limit} for name, value, limit in aims],
        }
        out.write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2) + b"\n")


if __name__ == "__main__":
    main()
