"""Train the recogniser of personal names: `python -m training.names --data ../shared/data --out guardrail/models`.

Rules:
1. It learns from `LABELLED` (permissive sets whose names people marked), from our own templates, and from ordinary
   texts of permissive sets in which a pronoun has been replaced by a made-up name; it looks at no other set.  Weibo and
   CLUENER are measured on and nothing else.
2. A third of each labelled set is kept for measuring (`held_out`): by the CRC of its text with the names taken out, so
   sentences of one template stay together.
3. Ordinary texts hold names that nobody marked.  A first model says where; there the second one learns nothing.
4. Features are those of `guardrail.detectors.leakage.name_features`, called, not copied.
5. It is deterministic: the same data, seed and library versions give the same file.
"""

import argparse
import json
import re
import sys
import warnings
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from guardrail.detectors.leakage import surnames
from guardrail.detectors.leakage.name_features import (
    BEGIN,
    END,
    LABELS,
    MIDDLE,
    OUTSIDE,
    PAIR_BITS,
    SINGLE,
    SLOT_BITS,
    Lists,
    Texts,
    features,
    marks,
    pair_hash,
    reader,
    slots,
    tokens,
    word_hash,
)
from guardrail.detectors.leakage.names import FILE, Recogniser
from guardrail.detectors.leakage.places import DISTRICTS_ZH, HK_DISTRICTS_EN, MAINLAND_ZH, REGIONS_ZH
from guardrail.models.store import read_model, write_model
from guardrail.text.fold import fold
from training.corpus import LEARNT, Language, nine_tenths, read, sentences, tenths
from training.toxicity import script_table

HERE = Path(__file__).parent
OFTEN = 3
"""How many tokens a feature must stand at to be learnt."""
BLOTTED = 0.35
"""The share of names whose words the tagger does not get to see."""
KEPT = 0.4
"""The share of tokens far from names that is learnt from."""
CALLED = (
    "\x03: ",
    "\x03, ",
    "@\x03 ",
    "\x03! ",
    "\x03、\x03、\x03: ",
    "#\x03# ",
    "【\x03】",
    "\x03 ",
    "(\x03)",
    "——\x03 ",
    "//@\x03:",
)
"""How a name stands before a text that it has no place in."""
UNSURE, SURE = 0.35, 0.85
"""The confidence from which a first model's finding in a text that nobody marked is left out of account, and from which
it is taken for a name: it was found although the model had been told that there is none."""
SYLLABLES = "lexicon/hk_romanised_syllables.jsonl"
"""Syllables of Hong Kong names, from FakerPHP (MIT)."""
LABELLED = ("pii/wnut17.jsonl", "pii/presidio_synth.jsonl")
_HAN = re.compile(r"[\u3400-\u9fff]")
_PRONOUN_EN = re.compile(
    r"\b(?:[Hh]e|[Ss]he|him|[Tt]he (?:man|woman|boy|girl|teacher|doctor|author|guy)"
    r"|[Mm]y (?:friend|boss|brother|sister|teacher)"
    r"|[Ss]omeone|[Ss]omebody|[Ee]veryone|[Tt]his guy)\b(?!['-])"
)
_PERSON_EN = re.compile(r"\b(?:I|[Yy]ou|[Tt]hey|[Ww]e|[Pp]eople)\b(?!['-])")
_PRONOUN_ZH = re.compile(
    r"(?<![其吉])[他她佢](?![们哋們])|有人|朋友(?!们)|老[师公婆板]|小[明华红]|阿[明强]|我[爸妈哥姐弟妹]|男友|女友|男朋友|女朋友|同学(?!们)|同事"
)
_PERSON_ZH = re.compile(r"[我你](?![们哋們的国家嘅])|人家|大家|自己")
_CAPITALS = re.compile(r"[A-Z][a-z]+(?: [A-Z][a-z]+)*")
_ROLE_ZH = re.compile(
    r"(?:记者|教授|主任|主席|书记|董事长|总经理|院长|校长|教练|局长|部长|院士|专家|作家|导演|演员|歌手|总统|总理|经理|博士|队长)"
    r"([\u4e00-\u9fff]{2,3})(?=说|表示|介绍|认为|指出|告诉|称|强调|透露|,|、|和)"
)


@dataclass(frozen=True, slots=True)
class Example:
    """A folded text with the spans of its names; `unknown` are places where a name may or may not be."""

    text: str
    names: tuple[tuple[int, int], ...]
    language: Language
    weight: float = 1.0
    group: str = "templates"
    unknown: tuple[tuple[int, int], ...] = ()


def words(name: str) -> list[str]:
    """The lines of a list beside this file."""
    return (HERE / name).read_text("utf-8").split("\n")[:-1]


def syllables(data: Path) -> list[str]:
    """Mandarin syllables, from the list beside this file, and those of Hong Kong names, from the public set."""
    spoken = (json.loads(line)["text"].lower() for line in (data / SYLLABLES).read_text("utf-8").splitlines())
    return sorted({*words("syllables.txt"), *spoken})


def held_out(item: dict[str, Any]) -> bool:
    """Whether a labelled item is kept for measuring."""
    return zlib.crc32(skeleton(item).encode()) % 3 == 0


def skeleton(item: dict[str, Any]) -> str:
    """The text of a labelled item with its values replaced by their types: items of one template are alike."""
    text = item["text"]
    for span in sorted(item["spans"], key=lambda each: -each["start"]):
        text = text[: span["start"]] + span["type"] + text[span["end"] :]
    return str(text)


def labelled(data: Path) -> Iterator[tuple[dict[str, Any], Example]]:
    """Every item of the labelled sets as an example."""
    for path in LABELLED:
        for line in (data / path).read_text("utf-8").splitlines():
            item = json.loads(line)
            spans = [(s["start"], s["end"]) for s in item["spans"] if s["type"].lower().startswith("person")]
            yield item, folded(item["text"], spans, "en", group=Path(path).stem)


def folded(text: str, names: Sequence[tuple[int, int]], language: Language, **rest: Any) -> Example:
    """An example from a text as it was written."""
    pieces: list[str] = []
    spans: list[tuple[int, int]] = []
    at = length = 0
    for start, end in sorted(names):
        if start < at:
            continue
        for piece, is_name in ((text[at:start], False), (text[start:end], True)):
            plain = fold(piece).text
            if is_name:
                spans.append((length, length + len(plain)))
            pieces.append(plain)
            length += len(plain)
        at = end
    pieces.append(fold(text[at:]).text)
    return Example("".join(pieces), tuple(spans), language, **rest)


class Namer:
    """Makes names up by dice: from the lists, and sometimes from beyond them."""

    def __init__(self, dice: Random, syllables: Sequence[str]) -> None:
        self._dice = dice
        self._first = words("given_names.txt")
        self._last = words("family_names.txt")
        self._syllables = syllables
        self._given = words("given_names_han.txt")
        self._characters = sorted(set("".join(self._given)))
        self._family = sorted(surnames.CHARACTERS)
        self._common = list(_FREQUENT)
        self._compound = sorted(surnames.COMPOUND)
        self._hong_kong = sorted(surnames.HONG_KONG)
        self._pinyin = sorted(surnames.PINYIN)
        self._public = " ".join(words("names_public.txt")).split()
        self._districts = [*DISTRICTS_ZH, *REGIONS_ZH, *MAINLAND_ZH]
        self._sounds = sorted(
            "阿艾巴贝比彼波伯布查戴丹德迪多恩尔法菲弗格哈海亨霍基加杰卡凯科克肯拉莱兰里莉利林琳卢鲁罗洛马玛麦曼米莫娜尼诺帕佩皮奇乔切琼萨塞森沙史斯苏索塔泰特提托瓦维韦威文西希亚扬伊英尤詹珍朱卓茨姆顿逊"
        )

    def made_up(self) -> str:
        """A word of one to three syllables that is in no list."""
        dice = self._dice
        return "".join(dice.choice(self._syllables) for _ in range(dice.randint(1, 3)))[:10].title()

    def first(self) -> str:
        return self._dice.choice(self._first) if self._dice.random() < 0.85 else self.made_up()

    def last(self) -> str:
        return self._dice.choice(self._last) if self._dice.random() < 0.8 else self.made_up()

    def english(self) -> str:
        dice = self._dice
        middle = dice.choice(["", "", "", "", f" {dice.choice('ABCDEFGHJKLMNPRSTW')}.", f" {self.first()}"])
        tail = dice.choice(["", "", "", "", "", "", f" {self.last()}", f"-{self.last()}", " Jr."])
        return f"{self.first()}{middle} {self.last()}{tail}"

    def romanised(self) -> str:
        """A Hong Kong or Mainland name in Latin letters, in one of its usual orders."""
        dice = self._dice
        if dice.random() < 0.35:
            family = dice.choice(self._pinyin).title()
            given = "".join(dice.choice(self._syllables) for _ in range(dice.choice([1, 2, 2]))).capitalize()
            return dice.choice([f"{family} {given}", f"{family.upper()} {given}", f"{given} {family}"])
        family = dice.choice(self._hong_kong).title()
        parts = [dice.choice(self._syllables).title() for _ in range(dice.choice([1, 2, 2, 2, 2]))]
        given, english = " ".join(parts), dice.choice(self._first)
        hyphened = "-".join(parts).capitalize()
        initials = "".join(f"{part[0]}." for part in parts)
        return dice.choice(
            [
                f"{family.upper()} {given}", f"{family} {given}", f"{family} {hyphened}", f"{english} {family}",
                f"{english} {family.upper()} {given}", f"{family} {given}, {english}", f"{english} {family} {given}",
                f"{family.upper()}, {english} {given}", f"{english} {initials} {family}",
                f"{english} {initials} {family}",
                f"{given} {family}",
                f"{family.upper()} {given.upper()}", f"{family} {hyphened}, {english}", f"{given} {english} {family}",
                f"{family} {english}",
            ]
        )  # fmt: skip

    def latin(self, slot: str) -> str:
        dice = self._dice
        if slot == "s":
            return dice.choice([self.last(), self.last(), dice.choice(self._hong_kong).title()])
        if slot == "g" or (slot == "n" and dice.random() < 0.55):
            return self.first() if dice.random() < 0.85 else self.last()
        return self.romanised() if dice.random() < 0.4 else self.english()

    def family(self) -> str:
        dice = self._dice
        if dice.random() < 0.03:
            return dice.choice(self._compound)
        return dice.choice(self._common if dice.random() < 0.75 else self._family)

    def given(self) -> str:
        dice = self._dice
        if dice.random() < 0.4:
            return dice.choice(self._given)
        count = 1 if dice.random() < 0.25 else 2
        made = "".join(dice.choice(self._characters) for _ in range(count))
        return made[0] * 2 if count == 2 and dice.random() < 0.06 else made

    def foreign(self) -> str:
        """A foreign name spelled in Chinese characters."""
        dice = self._dice
        parts = [
            "".join(dice.choice(self._sounds) for _ in range(dice.randint(2, 4))) for _ in range(dice.choice([1, 1, 2]))
        ]
        return "·".join(parts)

    def chinese(self, slot: str) -> str:
        dice = self._dice
        if slot == "s":
            return self.family()
        if slot == "t":
            return self.family() + dice.choice(
                ["先生", "小姐", "女士", "太太", "老师", "医生", "生", "总", "经理", "主任"]
            )
        if slot == "g":
            return dice.choice(["", "", "", "阿", "小"]) + self.given()
        roll = dice.random()
        if slot == "n" and roll < 0.12:
            return dice.choice([f"阿{self.given()[-1]}", f"小{self.family()}", self.given(), f"老{self.family()}"])
        if roll < 0.2:
            return self.foreign()
        if slot == "n" and roll < 0.3:
            return dice.choice(self._public)
        return self.family() + self.given()

    def place(self, language: Language) -> str:
        return self._dice.choice(HK_DISTRICTS_EN if language == "en" else self._districts)

    def name(self, language: Language, slot: str) -> str:
        if language == "en":
            return self.latin(slot)
        return self.chinese(slot) if self._dice.random() < 0.93 else self.romanised()


SOUNDS = (
    "阿艾巴贝比彼波伯布查戴丹德迪多恩尔法菲弗格哈海亨霍基加杰卡凯科克肯拉莱兰里莉利林琳卢鲁罗洛马玛麦曼米莫娜尼诺"
    "帕佩皮奇乔切琼撒萨塞森沙史斯苏索塔泰特提托瓦维韦威文西希亚扬伊英尤詹珍朱卓茨姆顿逊"
)
"""Characters that foreign names are spelled with."""
_FREQUENT = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林郑谢罗梁宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
    "温"
)


def templates(namer: Namer, dice: Random, each: int) -> Iterator[Example]:
    """Our own sentences with made-up names, and those without."""
    language: Language = "en"
    slots = re.compile(r"<([nfgst])>")
    for line in words("names_templates.txt"):
        if line in ("[en]", "[zh]"):
            language = "en" if line == "[en]" else "zh"
        if line.startswith(("#", "[")):
            continue
        for _ in range(each if slots.search(line) else each // 2):
            placed = line
            while "<d>" in placed:
                placed = placed.replace("<d>", namer.place(language), 1)
            yield filled(
                slots, placed, lambda match, language=language: namer.name(language, match.group(1)), language, dice
            )


def filled(slots: re.Pattern[str], text: str, name: Any, language: Language, dice: Random, **rest: Any) -> Example:
    """`text` with each match of `slots` replaced by a name, sometimes all in lower case or in capitals."""
    pieces: list[str] = []
    spans: list[tuple[int, int]] = []
    at = length = 0
    for match in slots.finditer(text):
        made = name(match)
        before = text[at : match.start()]
        if made is None:
            before, made = text[at : match.end()], ""
        pieces += [before, made]
        length += len(before)
        if made:
            spans.append((length, length + len(made)))
        length += len(made)
        at = match.end()
    pieces.append(text[at:])
    whole = "".join(pieces)
    if language == "en" and (roll := dice.random()) < 0.09:
        cased = whole.lower() if roll < 0.06 else whole.upper()
        whole = cased if len(cased) == len(whole) else whole
    return Example(whole, tuple(spans), language, **rest)


def ordinary(data: Path, dice: Random, most: dict[str, int]) -> Iterator[Example]:
    """Sentences of the permissive sets that nobody marked, at most so many of each set (default under `""`)."""
    for source in LEARNT:
        divide = tenths if "test" in source.parts else nine_tenths
        items = [item for item in read(data, source, divide) if item.part == "train"]
        found: list[str] = []
        for item in items:
            pieces = sentences(item.text) if source.benign else [item.text]
            found += pieces if len(pieces) < 6 else dice.sample(pieces, 6)
        count = most.get(source.name, most[""])
        for text in dice.sample(found, min(count, len(found))):
            yield Example(fold(text[:400]).text, (), source.language, 1.0, source.name)


def injected(example: Example, namer: Namer, dice: Random, simplify: NDArray[np.uint16]) -> Example | None:
    """The text with pronouns replaced by names, now and then one called out before it; None where there is none."""
    text = example.text
    english = example.language == "en"
    seen = text if english else "".join(chr(simplify[ord(c)]) if ord(c) < 0x10000 else c for c in text)
    third, any_person = (_PRONOUN_EN, _PERSON_EN) if english else (_PRONOUN_ZH, _PERSON_ZH)
    roll = dice.random()
    slots = third if third.search(seen) else any_person if any_person.search(seen) else None
    if slots is None and roll > 0.3:
        return None
    if slots is None or roll < 0.1:
        seen = dice.choice(CALLED) + seen
        slots = re.compile("\x03")
    chance = 0.8 if slots is third else 0.35 if slots is any_person else 1.0

    def name(match: re.Match[str]) -> str | None:
        return namer.name(example.language, dice.choice("nnf")) if dice.random() < chance else None

    made = filled(slots, seen, name, example.language, dice, group="injected")
    return made if made.names else None


def swapped(example: Example, namer: Namer, dice: Random) -> Example:
    """A labelled text with other names, a word for a word."""
    pieces: list[str] = []
    spans: list[tuple[int, int]] = []
    at = length = 0
    for start, end in example.names:
        old = example.text[start:end]
        new = namer.latin("g" if " " not in old else "f")
        new = new.lower() if old.islower() else new.upper() if old.isupper() and len(old) > 3 else new
        before = example.text[at:start]
        pieces += [before, new]
        spans.append((length + len(before), length + len(before) + len(new)))
        length += len(before) + len(new)
        at = end
    pieces.append(example.text[at:])
    return replace(example, text="".join(pieces), names=tuple(spans))


def roles(example: Example) -> Example:
    """News: what stands between an office and a verb of saying, and begins with a family name, is a name."""
    if example.language != "zh":
        return example
    spans = [m.span(1) for m in _ROLE_ZH.finditer(example.text) if m.group(1)[0] in surnames.CHARACTERS]
    return replace(example, names=tuple(spans)) if spans else example


def lists(data: Path, plain: Sequence[Example]) -> dict[str, NDArray[Any]]:
    """The word lists of the model, from the lists beside this file and from what ordinary texts look like."""
    traditional, simplified = script_table()
    simplify = np.arange(0x10000, dtype=np.uint16)
    simplify[traditional] = simplified
    lower: Counter[str] = Counter()
    upper: Counter[str] = Counter()
    pairs: Counter[int] = Counter()
    for example in plain:
        for word in re.findall(r"(?<=[a-z,;] )[A-Za-z]+", example.text):
            (lower if word.islower() else upper)[word.lower()] += 1
        points = np.array([simplify[ord(c)] if ord(c) < 0x10000 else 0 for c in example.text] or [0], np.uint32)
        han = (points >= 0x3400) & (points <= 0x9FFF)
        both = han[:-1] & han[1:]
        pairs.update(np.unique(pair_hash(points[:-1], points[1:])[both]).tolist())
    table = np.zeros(1 << PAIR_BITS, np.uint8)
    for place, count in pairs.items():
        table[place] = 0 if count < 3 else 1 if count < 8 else 2 if count < 30 else 3
    given = Counter(str(chr(simplify[ord(c)])) for name in words("given_names_han.txt") for c in name)

    def hashed(chosen: Iterable[str]) -> NDArray[np.uint32]:
        return np.array(sorted({word_hash(word.lower()) for word in chosen}), np.uint32)

    return {
        "traditional": traditional,
        "simplified": simplified,
        "given_characters": np.array(sorted(map(ord, given)), np.uint16),
        "given_levels": np.array([1 + (given[chr(point)] > 2) for point in sorted(map(ord, given))], np.uint8),
        "pairs": (table.reshape(-1, 4) << np.array([0, 2, 4, 6], np.uint8)).sum(axis=1).astype(np.uint8),
        "first": hashed(words("given_names.txt")),
        "last": hashed(words("family_names.txt")),
        "lower": hashed(word for word, count in lower.items() if count > 2 and count > 9 * upper[word]),
        "mixed": hashed(w for w, count in lower.items() if count > 2 and 9 * upper[w] >= count > upper[w] / 4),
        "syllables": hashed(syllables(data)),
    }


def marked(
    examples: Sequence[Example], known: Lists, dice: np.random.Generator
) -> tuple[Texts, NDArray[np.int64], NDArray[np.float64]]:
    """The tokens of all examples, the label of each, and its weight (0 where nothing is to be learnt).

    The words of some names are blotted out, so that names are learnt by their surroundings and kinds as well; of tokens
    far from any name a part is left out, and the others weigh more.
    """
    found = tokens([example.text for example in examples], reader(known))
    labels = np.zeros(len(found.spans), np.int64)
    weights = np.array([examples[owner].weight for owner in found.owners])
    weights[np.array([end == 0 for _, end in found.spans])] = 0.0
    near = np.zeros(len(labels), bool)
    first = np.searchsorted(found.owners, np.arange(len(examples)))
    last = np.searchsorted(found.owners, np.arange(len(examples)), side="right")
    for index, example in enumerate(examples):
        for start, end in example.names:
            inside = _within(found, range(first[index], last[index]), start, end)
            if not inside:
                continue
            labels[inside[0]], labels[inside[-1]] = (BEGIN, END) if len(inside) > 1 else (SINGLE, SINGLE)
            labels[inside[1:-1]] = MIDDLE
            near[inside[0] - 5 : inside[-1] + 6] = True
            if dice.random() < BLOTTED:
                for at in inside:
                    found.word[at] = dice.integers(1 << 32, dtype=np.uint32)
        for start, end in example.unknown:
            for at in _within(found, range(first[index], last[index]), start - 1, end + 1):
                if labels[at] == OUTSIDE:
                    weights[at] = 0.0
    left_out = ~near & (dice.random(len(labels)) > KEPT)
    weights[~near] /= KEPT
    weights[left_out] = 0.0
    return found, labels, weights


def _within(found: Texts, among: range, start: int, end: int) -> list[int]:
    return [i for i in among if found.spans[i][1] and start <= found.spans[i][0] < end]


def fitted(
    examples: Sequence[Example], known: Lists, *, seed: int, strength: float, rounds: int
) -> dict[str, NDArray[Any]]:
    """Both tables.  Of features that would share a slot the one stays that tells names most surely from the rest."""
    found, labels, weights = marked(examples, known, np.random.default_rng(seed))
    made: dict[str, NDArray[Any]] = {}
    for name, han in (("latin", False), ("han", True)):
        places, hashes = features(found, known, han=han)
        keep = weights[places] > 0
        places, hashes = places[keep], hashes[:, keep]
        wanted, weight = labels[places], weights[places]
        chosen, counts = np.unique(hashes, return_counts=True)
        inside = np.bincount(np.searchsorted(chosen, hashes[:, wanted > 0]).ravel(), minlength=len(chosen))
        often = counts >= OFTEN
        chosen, counts, inside = chosen[often], counts[often], inside[often]
        share = float((wanted > 0).mean())
        surprise = np.abs(inside - share * counts) / np.sqrt(share * counts)
        order = np.lexsort((chosen, -surprise))
        _, best = np.unique(slots(chosen[order]), return_index=True)
        offered, chosen = len(chosen), np.sort(chosen[order][best])
        model = _regression(hashes, chosen, wanted, weight, strength, rounds)
        coefficients = model.coef_[1:] - model.coef_[0]
        scale = float(np.abs(coefficients).max()) / 127
        table = np.zeros((1 << SLOT_BITS, len(LABELS) - 1), np.int8)
        table[slots(chosen)] = np.clip(np.rint(coefficients.T / scale), -127, 127).astype(np.int8)
        signs = np.zeros(1 << SLOT_BITS, np.uint8)
        signs[slots(chosen)] = marks(chosen)
        made[name], made[f"{name}_marks"] = table, signs
        made[f"{name}_offsets"] = np.append(model.intercept_[1:] - model.intercept_[0], scale)
        print(
            f"{name}: {len(places)} tokens, {int((wanted > 0).sum())} in names, {offered} features, {len(chosen)} kept"
        )
    return made


def _regression(
    hashes: NDArray[np.uint32], chosen: NDArray[np.uint32], wanted: NDArray[np.int64], weight: NDArray[np.float64],
    strength: float, rounds: int,
) -> LogisticRegression:  # fmt: skip
    """A multinomial regression on the chosen features (sorted) alone."""
    at = np.minimum(np.searchsorted(chosen, hashes.T), len(chosen) - 1)
    there = chosen[at] == hashes.T
    starts = np.append(0, np.cumsum(there.sum(axis=1)))
    matrix = csr_matrix(
        (np.ones(starts[-1], np.float32), at[there].astype(np.int32), starts), (len(wanted), len(chosen))
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it is stopped after `rounds` on purpose
        return LogisticRegression(C=strength, max_iter=rounds, tol=1e-6).fit(matrix, wanted, sample_weight=weight)


def unmarked(examples: Sequence[Example], recogniser: Recogniser) -> list[Example]:
    """The examples with the places where a first model sees a name that nobody marked, or words with capitals of
    which one is a given name."""
    met = recogniser.names([example.text for example in examples], least=UNSURE)
    known = recogniser.lists
    found: list[Example] = []
    for example, names in zip(examples, met, strict=True):
        if example.group in ("wnut17", "presidio_synth", "templates"):
            found.append(example)
            continue
        taken = list(example.names)
        spans: list[tuple[int, int]] = []
        for name in names:
            if name.faint:
                continue
            free = all(name.end <= start or end <= name.start for start, end in example.names)
            (taken if free and name.confidence >= SURE else spans).append((name.start, name.end))
        for match in _CAPITALS.finditer(example.text):
            hashes = [word_hash(word.lower()) for word in match.group().split()]
            if known.first.intersection(hashes) and not known.lower.issuperset(hashes):
                spans.append(match.span())
        found.append(replace(example, names=tuple(sorted(taken)), unknown=tuple(spans)))
    return found


def train(data: Path, out: Path, *, seed: int, each: int, strength: float, rounds: int) -> str:
    """Train, write the model file and its manifest line, print a report; the answer is the SHA-256."""
    out.mkdir(parents=True, exist_ok=True)
    dice = Random(seed)
    namer = Namer(dice, syllables(data))
    plain = list(
        ordinary(data, dice, {"": 900, "cold_train": 8000, "uhgeval_news": 2000, "gsm8k_model_solutions": 500})
    )
    arrays = lists(data, plain)
    known = Lists.of(arrays)
    people = [example for item, example in labelled(data) if not held_out(item)]
    examples = [*templates(namer, dice, each)]
    for example in people:
        examples += [
            replace(example, weight=2.0),
            *(replace(swapped(example, namer, dice), weight=0.7) for _ in range(2 if example.names else 0)),
        ]
    for example in plain:
        copies = [injected(example, namer, dice, known.simplify) for _ in range(1 if example.language == "zh" else 2)]
        examples += [made for made in copies if made is not None]
    settings: dict[str, Any] = {"labels": list(LABELS), "seed": seed, "bias": {"latin": 0.0, "han": 0.0}}
    examples += (replace(roles(example), weight=0.5) for example in plain)
    weights = fitted(examples, known, seed=seed, strength=strength, rounds=rounds // 2)
    write_model(out / FILE, settings, {**arrays, **weights})
    examples = unmarked(examples, Recogniser.of(read_model(FILE, out)))
    print("places left out:", sum(len(example.unknown) for example in examples))
    weights = fitted(examples, known, seed=seed, strength=strength, rounds=rounds)
    digest = write_model(out / FILE, settings, {**arrays, **weights})
    print(f"{out / FILE}: {(out / FILE).stat().st_size} bytes, SHA-256 {digest}")
    return digest


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.names", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="the directory of the data sets")
    parser.add_argument("--out", type=Path, default=Path("guardrail/models"), help="where the model file goes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--each", type=int, default=40, help="sentences of each template")
    parser.add_argument("--strength", type=float, default=0.5, help="inverse of the regularisation (C)")
    parser.add_argument("--rounds", type=int, default=50, help="steps of the optimiser")
    chosen = parser.parse_args(arguments)
    train(chosen.data, chosen.out, seed=chosen.seed, each=chosen.each, strength=chosen.strength, rounds=chosen.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
