"""What the recogniser of personal names sees of a text: tokens, what kind each is, and its hashed surroundings.

Rules:
1. A token is one Han character, one word, one run of digits, or one other sign.  Each is marked by where in a name it
   stands (LABELS), so spans are exact.
2. Training calls these functions, it does not copy them: the two cannot drift apart.
3. Traditional characters are read as their Simplified forms (one to one, so offsets stay): both share weights.
4. Features are computed for all tokens of all texts of a call at once; the time is linear in the text.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from guardrail.detectors.leakage import surnames

LABELS = ("outside", "begin", "middle", "end", "single")
OUTSIDE, BEGIN, MIDDLE, END, SINGLE = range(len(LABELS))
SLOT_BITS, PAIR_BITS = 18, 19
MARK_BITS = 8
MARGIN = 4  # boundary tokens between texts: no feature looks further

Rows = NDArray[np.int64]
Numbers = NDArray[np.uint32]

_TOKEN = re.compile(r"[\u3400-\u9fff]|[^\W\d_\u3400-\u9fff]+(?:['-][^\W\d_\u3400-\u9fff]+)*|\d+|[^\s]")
_EDGE = "\x02"


def _split(words: str) -> frozenset[str]:
    return frozenset(words.split())


TITLES = _split(
    "mr mrs ms miss mister madam madame dr doctor prof professor sir lady lord rev reverend father sister brother "
    "uncle auntie aunt capt captain sgt officer inspector judge justice nurse mdm master mx sr sra herr frau"
)
"""Words before a name that say it is one; lower case, without a full stop."""
ROLES = _split(
    "name names patient client customer applicant tenant owner payee beneficiary cardholder holder passenger guest "
    "attn attention contact sender recipient consignee signed signature from to dear hi hello hey regards sincerely "
    "employee staff manager director secretary teacher student colleague friend wife husband son daughter mother mom "
    "mum dad boss neighbour neighbor landlord president minister author actor actress singer"
)
"""Words that often stand beside a name."""
TITLES_ZH = (
    "先生", "女士", "小姐", "太太", "夫人", "醫生", "医生", "老師", "老师", "教授", "博士", "律師", "律师", "經理",
    "经理", "主任",
    "同學", "同学", "師傅", "师傅", "校長", "校长", "議員", "议员", "警官", "姑娘", "伯伯", "師奶", "阿姨",
    "叔叔", "爺爺", "奶奶", "婆婆", "公公", "大哥", "大姐", "姐姐", "哥哥", "總監", "总监", "護士", "护士",
    "督察", "法官", "生",
)  # fmt: skip
"""Words after a Chinese name that say it is one."""

_SOUNDS = frozenset(
    "阿埃艾安奥巴贝比彼波伯布查达戴丹道德迪杜多恩尔法菲费弗福弗盖格古哈海汉赫亨胡怀霍基吉加杰金卡凯坎科克"
    "肯库拉莱兰劳雷里莉丽利林琳卢鲁路罗洛马玛麦曼梅蒙米莫穆纳内尼娜妮诺帕派佩皮普齐奇乔切琼撒萨塞赛瑟森沙"
    "莎史斯苏索塔泰坦汤特提图托瓦维韦威温文沃乌西希夏香休雅亚扬叶伊英尤约泽詹珍朱卓兹茨姆顿逊"
)
_FUNCTION_ZH = frozenset(
    "的了在是我你他她它们这那和与或不也都就还又把被让给对从到为于及等着过吧吗呢啊呀嘅喺係佢哋咗唔冇啲咁嗰"
    "同畀俾之其所而则但并因若"
)
_SPEAKING = frozenset("说道称告叫问答指认表示介绍讲话")
_COMMON_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林郑谢罗梁宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
    "温"
)


@dataclass(frozen=True, slots=True)
class Lists:
    """What the model file knows of words.  `pairs` holds how common a pair of Han characters is in ordinary text
    (0 rare to 3), by its hash; `given` how common a character is in given names (0 to 2), by code point."""

    simplify: NDArray[np.uint16]
    given: NDArray[np.uint8]
    pairs: NDArray[np.uint8]
    first: frozenset[int]
    last: frozenset[int]
    lower: frozenset[int]
    mixed: frozenset[int]
    syllables: frozenset[int]

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]]) -> "Lists":
        """From the arrays of a model file.  Raises KeyError or ValueError for another kind of model."""
        simplify = np.arange(0x10000, dtype=np.uint16)
        simplify[arrays["traditional"]] = arrays["simplified"]
        given = np.zeros(0x10000, np.uint8)
        given[arrays["given_characters"]] = arrays["given_levels"]
        words = {name: frozenset(arrays[name].tolist()) for name in ("first", "last", "lower", "mixed", "syllables")}
        packed = arrays["pairs"]
        pairs = (packed[:, None] >> np.array([0, 2, 4, 6], np.uint8) & np.uint8(3)).ravel().astype(np.uint8)
        return cls(simplify, given, pairs, **words)


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of one token by itself: hashes of its word and its ends, its shape, its class, and whether it is a
    Han character (`point` is then its Simplified code point)."""

    word: int
    ends: int
    begins: int
    shape: int
    kind: int
    han: bool
    point: int


@dataclass(frozen=True, slots=True)
class Texts:
    """The tokens of several texts, MARGIN boundary tokens around each.

    `spans` are (start, end) within its own text, (0, 0) for a boundary; `owners` the index of the text.
    """

    spans: list[tuple[int, int]]
    owners: NDArray[np.int64]
    word: Numbers
    ends: Numbers
    begins: Numbers
    shape: Numbers
    kind: Numbers
    han: NDArray[np.bool_]
    point: Numbers


def word_hash(word: str) -> int:
    """32 bits of a lower-case word."""
    return crc32(word.encode())


def reader(lists: Lists) -> Callable[[str], Token]:
    """A function from a token's text to what is known of it, with a memory for words that come again."""
    romanised = {word_hash(word) for word in surnames.ROMANISED}
    family = np.zeros(0x10000, np.uint8)
    for character in surnames.CHARACTERS:
        family[lists.simplify[ord(character)]] = 1
    for character in _COMMON_SURNAMES:
        family[ord(character)] = 2
    compound = {chr(lists.simplify[ord(name[0])]) for name in surnames.COMPOUND}

    @lru_cache(maxsize=1 << 15)
    def read(text: str) -> Token:
        first = text[0]
        if "\u3400" <= first <= "\u9fff":
            point = int(lists.simplify[ord(first)])
            character = chr(point)
            kind = int(family[point]) + 3 * int(lists.given[point])
            kind += 9 * (1 if character in _FUNCTION_ZH else 2 if character in _SPEAKING else 0)
            kind += 27 * (character in _SOUNDS) + 54 * (character in compound)
            return Token(point * 0x9E3779B1 & 0xFFFFFFFF, 0, 0, 0, 200 + kind, True, point)
        lower = text.lower()
        hashed = word_hash(lower)
        shape = _shape(text)
        kind = shape
        if shape <= 4:
            kind += 10 * ((hashed in lists.first) + 2 * (hashed in lists.last))
            kind += 40 * (2 if hashed in lists.lower else 1 if hashed in lists.mixed else 0)
            kind += 120 * (hashed in romanised) + 240 * (_syllabic(lower, lists))
            kind += 480 * (1 if lower in TITLES else 2 if lower in ROLES else 0)
            kind += 1000
        elif shape == 9:
            kind = 20 + ord(first) % 64 if first.isascii() else 90
        return Token(hashed, word_hash(lower[-3:] + ">"), word_hash("<" + lower[:3]), shape, kind, False, 0)

    return read


def _syllabic(lower: str, lists: Lists) -> bool:
    """Whether a word is made of Cantonese or Mandarin syllables: `tai-man`, `ka`, `xiaoming` (by its halves)."""
    parts = lower.split("-")
    if all(word_hash(part) in lists.syllables for part in parts):
        return True
    return len(parts) == 1 and any(
        word_hash(lower[:at]) in lists.syllables and word_hash(lower[at:]) in lists.syllables
        for at in range(2, min(7, len(lower) - 1))
    )


def _shape(text: str) -> int:
    """0 lower case, 1 Capitalised, 2 CAPITALS, 3 one capital, 4 mixed; 5 digits, 8 boundary, 9 another sign."""
    if text == _EDGE:
        return 8
    if text[0].isdigit():
        return 5
    if not text[0].isalpha():
        return 9
    if text.islower() or not text[0].isupper():
        return 0 if not any(c.isupper() for c in text) else 4
    if len(text) == 1:
        return 3
    if text.isupper():
        return 2
    return 1 if all(part.istitle() or part.islower() for part in re.split("['-]", text)) else 4


def tokens(texts: Sequence[str], read: Callable[[str], Token]) -> Texts:
    """The tokens of folded texts."""
    edge = read(_EDGE)
    margin = [edge] * MARGIN
    spans: list[tuple[int, int]] = []
    owners: list[int] = []
    known: list[Token] = []
    for index, text in enumerate(texts):
        known += margin
        spans += [(0, 0)] * MARGIN
        for match in _TOKEN.finditer(text):
            known.append(read(match.group()))
            spans.append(match.span())
        owners += [index] * (len(known) - len(owners))
    known += margin
    spans += [(0, 0)] * MARGIN
    owners += [max(0, len(texts) - 1)] * MARGIN

    columns = np.array([(t.word, t.ends, t.begins, t.shape, t.kind, t.han, t.point) for t in known], np.uint32).T
    word, ends, begins, shape, kind, han, point = columns
    return Texts(spans, np.array(owners), word, ends, begins, shape, kind, han.astype(bool), point)


def pair_hash(left: Numbers, right: Numbers) -> Rows:
    """Where in the table of pairs two neighbouring characters are."""
    mixed = left * np.uint32(0x85EBCA6B) + right * np.uint32(0xC2B2AE35)
    mixed ^= mixed >> np.uint32(15)
    return ((mixed * np.uint32(0x9E3779B1)) >> np.uint32(32 - PAIR_BITS)).astype(np.int64)


# Features are tuples of (column, offset).  Columns: w word, e ends, b begins, s shape, k kind, p how common a pair is.
_LATIN_FEATURES = (
    "w0", "w-1", "w1", "w-2", "w2", "w-1 w0", "w0 w1", "w-1 k0", "w1 k0", "w-2 w-1", "w1 w2", "k-1 k0 k1", "k0 k1",
    "k-1 k0", "k0", "k-2 k-1 k0", "k0 k1 k2", "e0 s0", "b0", "e0 k0", "w-1 k0 k1", "w1 k-1 k0", "w-2 k0", "w2 k0",
    "w-1 w1", "s-1 s0 s1", "w-2 w-1 s0", "w1 w2 s0", "w0 s0", "s-2 s-1 s0 s1 s2", "w-1 s0", "w1 s0", "w-2 s-1 s0",
)  # fmt: skip
_HAN_FEATURES = (
    "w0", "w-1", "w1", "w-2", "w2", "w-1 w0", "w0 w1", "w-2 w-1", "w1 w2", "w-1 w0 w1", "k-1 k0 k1", "k0 k1 k2",
    "k-2 k-1 k0", "k0 k1 k2 p0 p1", "k-1 k0 p-1 p0", "k-2 k-1 k0 p-2 p-1", "p-1 p0 p1", "p-2 p-1 p0 p1 p2",
    "w-1 k0 k1 k2", "w-1 k0 k1", "w2 k0 k1", "w3 k0 k1 k2", "w1 k-1 k0", "w1 k-2 k-1 k0", "w-2 w-1 k0 k1",
    "w2 w3 k0 k1", "w3 w4 k0 k1 k2", "w1 w2 k-1 k0", "w-1 k0 p0", "w-2 k-1 k0", "w-3 k-2 k-1 k0", "w-1 p0 p1",
    "w1 p-1 p0", "w-2 w-1 p0", "w-3 w-2 k-1 k0", "w1 w2 k-2 k-1 k0", "k0 p-1 p0 p1", "k0",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Plan:
    """How all features are hashed at once: the (column, offset) pairs they are made of; the features with most parts
    first, for each part how many still have one and which pair it is; where each was in the list."""

    pairs: tuple[tuple[str, int], ...]
    parts: tuple[tuple[int, Rows], ...]
    seeds: Numbers
    place: Rows

    @classmethod
    def of(cls, features: Sequence[str]) -> "_Plan":
        parsed = [[(part[0], int(part[1:])) for part in feature.split()] for feature in features]
        pairs = tuple(sorted({part for feature in parsed for part in feature}))
        order = sorted(range(len(parsed)), key=lambda number: -len(parsed[number]))
        parts = []
        for at in range(len(parsed[order[0]])):
            having = [number for number in order if len(parsed[number]) > at]
            parts.append((len(having), np.array([pairs.index(parsed[number][at]) for number in having])))
        seeds = np.array([(number + 1) * 0x27D4EB2F & 0xFFFFFFFF for number in order], np.uint32)
        return cls(pairs, tuple(parts), seeds, np.argsort(np.array(order)))


_LATIN, _HAN = _Plan.of(_LATIN_FEATURES), _Plan.of(_HAN_FEATURES)


def features(found: Texts, lists: Lists, *, han: bool) -> tuple[Rows, Numbers]:
    """The places of the Han characters (or of the other tokens), and for each feature and place its hash of 32 bits."""
    inner = np.array([end > 0 for _, end in found.spans])
    places = np.flatnonzero((found.han == han) & inner)
    columns = {"w": found.word, "e": found.ends, "b": found.begins, "s": found.shape, "k": found.kind}
    if han:
        common = np.zeros(len(found.han), np.uint32)
        both = found.han[:-1] & found.han[1:]
        common[:-1] = np.where(both, lists.pairs[pair_hash(found.point[:-1], found.point[1:])] + 1, 0)
        columns["p"] = common
    plan = _HAN if han else _LATIN
    values = np.stack([columns[column][places + offset] for column, offset in plan.pairs])
    mixed = np.repeat(plan.seeds[:, None], len(places), axis=1)
    for count, pair in plan.parts:
        some = mixed[:count]
        some ^= values[pair]
        some *= np.uint32(0x01000193)
        some ^= some >> np.uint32(13)
    mixed *= np.uint32(0x9E3779B1)
    mixed ^= mixed >> np.uint32(16)
    return places, mixed[plan.place]


def slots(hashes: Numbers) -> Rows:
    """The slot of the table in which a feature would be."""
    return (hashes >> np.uint32(32 - SLOT_BITS)).astype(np.int64)


def marks(hashes: Numbers) -> NDArray[np.uint8]:
    """What is written beside a slot to tell its feature from others that would be there; never 0, which is empty."""
    return (hashes & np.uint32((1 << MARK_BITS) - 1)).astype(np.uint8) | np.uint8(1)
