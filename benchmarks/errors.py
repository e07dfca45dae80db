"""CPU time of the check of an answer against its sources: `python -m benchmarks.errors [--quick] [--json]`.

Rules:
1. An answer is judged sentence by sentence, as on the wire; the source is 20 KB (UTF-8), the answer a few.  A KB is
   1000 bytes of the answer.
2. `cold` pays for reading the source, as the first answer of a conversation does; `warm` finds it read, as every later
   sentence and turn does.  CPU time of this process, the least of several rounds: other load can only add to it.
3. Texts are made from a seed out of a small vocabulary of our own, so that nothing has to be there: half of the claims
   repeat a source in other words, a third hold a number, a date or a name.
"""

import argparse
import json
import random
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from guardrail.detectors.errors.grounding.detector import Grounding
from guardrail.detectors.errors.grounding.sources import LIBRARY, Library
from guardrail.text.sentences import sentences
from guardrail.types import Context, Source

GOAL = 2.0
"""Milliseconds of CPU for a KB of answer beside a source of 20 KB, warm."""
SOURCE, ANSWER = 20_000, 4_000
_ENGLISH = (
    "The council said on {day} March {year} that {name} would lead the review of {n} schools in {place}.",
    "About {n} people took part in the survey, which {name} had designed with a team from {place}.",
    "The new bridge at {place} carried {n} vehicles a day and cost {m} million dollars to build.",
    "In {year} the company, founded by {name}, opened its first office outside {place} with {m} employees.",
    "Rain and wind delayed the ferry between {place} and the islands, but the service was not cancelled.",
    "Doctors advise patients to drink water often and to rest when the temperature rises above {m} degrees.",
    "The report describes how teachers, parents and pupils worked together to improve the library.",
    "{name} told reporters that the decision had been difficult and that the costs were higher than expected.",
)
_CHINESE = (
    "{year}年3月{day}日，{name}表示，{place}共有{n}間學校參加了這項計劃。",
    "調查訪問了大約{n}名市民，由{name}帶領的團隊設計，研究地點在{place}。",
    "位於{place}的新大橋每日有{n}架次車輛經過，工程費用為{m}億元。",
    "公司由{name}創立，{year}年在{place}開設第一間分店，聘請了{m}名員工。",
    "由於天雨和強風，來往{place}與離島的渡輪服務延誤，但並沒有取消。",
    "醫生建議病人多喝水，氣溫高於{m}度時要多休息，避免在戶外工作。",
    "報告介紹了老師、家長和學生怎樣合作，令圖書館變得更好。",
    "{name}向記者指出，這個決定並不容易，費用亦比預期高。",
)
_NAMES = ("Maria Anders", "John Oduya", "Helen Park", "Tomas Brand", "Priya Nair", "Ola Lund")
_PLACES = ("Norfield", "Kirkby", "Easton", "Marlow", "Sandy Bay", "Harwick")
_NAMES_ZH = ("陳大文", "李小明", "黃美玲", "張志強", "王麗珍", "何家輝")
_PLACES_ZH = ("元朗", "荃灣", "沙田", "長洲", "觀塘", "西貢")


@dataclass(frozen=True, slots=True)
class Row:
    """One language: bytes of source and answer, milliseconds a KB cold and warm, and warm as a share of the goal."""

    language: str
    source: int
    answer: int
    cold: float
    warm: float
    ratio: float


def text(frames: Sequence[str], names: Sequence[str], places: Sequence[str], size: int, seed: int, gap: str) -> str:
    """About `size` bytes of made-up news."""
    dice = random.Random(seed)
    made: list[str] = []
    length = 0
    while length < size:
        frame = dice.choice(frames)
        made.append(
            frame.format(
                day=dice.randrange(1, 29),
                year=dice.randrange(1950, 2025),
                n=dice.randrange(100, 9999),
                m=dice.randrange(10, 99),
                name=dice.choice(names),
                place=dice.choice(places),
            )
        )
        length += len(made[-1].encode()) + len(gap)
    return gap.join(made)


def measure(language: str, rounds: int) -> Row:
    """The cost of one language."""
    english = language == "en"
    frames, names, places = (_ENGLISH, _NAMES, _PLACES) if english else (_CHINESE, _NAMES_ZH, _PLACES_ZH)
    gap = " " if english else ""
    source = text(frames, names, places, SOURCE, 1, gap)
    copied = [source[start:end] for start, end in sentences(source)][:: 7 if english else 5]
    new = text(frames, names, places, ANSWER // 2, 2, gap)
    pieces = [new[start:end] for start, end in sentences(new)]
    pieces += [_shortened(one, english) for one in copied][: len(pieces)]
    answer = gap.join(pieces)
    size = len(answer.encode()) / 1000
    detector = Grounding()
    detector.load()
    cold, warm = [], []
    for _ in range(rounds):
        LIBRARY.__dict__.update(Library().__dict__)
        context = Context(prompt="Summarise.", material=(Source("document", source),))
        cold.append(_judge(detector, pieces, context))
        warm.append(min(_judge(detector, pieces, context) for _ in range(3)))
    best = min(warm) / size
    return Row(language, len(source.encode()), len(answer.encode()), min(cold) / size, best, best / GOAL)


def _shortened(sentence: str, english: bool) -> str:
    cut = sentence.rstrip(" .。").replace(", which", " that").replace("，由", "由")
    return cut + ("." if english else "。")


def _judge(detector: Grounding, pieces: Sequence[str], context: Context) -> float:
    """Milliseconds of CPU for all sentences, one a call."""
    start = time.process_time()
    for piece in pieces:
        detector.detect([piece], context)
    return 1000 * (time.process_time() - start)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, for continuous integration")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    rows = [measure(language, 2 if asked.quick else 7) for language in ("en", "zh")]
    if asked.json:
        print(json.dumps([asdict(row) for row in rows]))
        return
    print(f"{'':4} {'source':>8} {'answer':>8} {'cold ms/KB':>11} {'warm ms/KB':>11} {'of goal':>8}")
    for row in rows:
        print(f"{row.language:4} {row.source:8} {row.answer:8} {row.cold:11.2f} {row.warm:11.2f} {row.ratio:8.2f}")


if __name__ == "__main__":
    main()
