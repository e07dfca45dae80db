"""What is measured of a claim beside its sources, for the small model of `grounding/model.py`.

Rules:
1. Every feature is a plain number computed from the words alone; `NAMES` lists them in order, and training calls the
   functions of this file, so that it cannot drift from run time.
2. Telling words weigh more (`Lexicon.rarity`); a Han character weighs by the rarity of the pairs that it stands in.
3. Breaks, the places where a claim puts two words together that no source does, are told apart: at a comma or a
   conjunction sentences are joined in good faith, elsewhere something was put in.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log
from typing import NamedTuple

from guardrail.detectors.errors.grounding.alignment import Content, Gap, Laid, content_of, gaps, lay
from guardrail.detectors.errors.grounding.facts import Number
from guardrail.detectors.errors.grounding.facts_known import Facts, Unknown, facts_of, unknown
from guardrail.detectors.errors.grounding.lexicon import Lexicon
from guardrail.detectors.errors.grounding.opposites import CONTRARIES, HAN_CONTRARIES, opposite
from guardrail.detectors.errors.grounding.sources import NEGATIONS, Index, Place, Reading, Tokens, is_content, tokens

NAMES: tuple[str, ...] = (
    "size", "covered", "pairs", "triples", "fives", "skips", "first", "second", "third", "near", "near_first",
    "far_word", "strange_most", "strange", "strange_names", "strange_first", "elsewhere", "elsewhere_names",
    "elsewhere_numbers", "breaks", "seams", "run_broken", "breaks_rare", "jumps", "jumps_at_seams",
    "jumps_from_mid", "jumps_into_mid", "turned_back", "names_turned", "reversed", "longest", "gaps", "gaps_one",
    "gaps_at_edge", "opposites", "names_exchanged", "numbers_exchanged", "odd_gap", "gap_near", "replaced_known",
    "replaced_strange", "gap_rarity", "gap_han_name", "alone", "alone_most", "alone_names", "names_apart",
    "islands", "islands_at_edge", "island_longest", "island_han_name", "denied", "undenied", "negation_new",
    "negation_lost", "contrary", "number", "small_number", "date", "name", "name_partly", "quote", "verbatim",
    "han", "strange_han", "strange_run", "pair_rarity", "soft_pairs", "count_names", "count_numbers",
)  # fmt: skip

_TEXT_OF_SEAM_WORDS = """
and but while which who whom whose where when because although though since so or as that after before however whereas
"""
_SEAM_WORDS = frozenset(_TEXT_OF_SEAM_WORDS.split())
_SEAM_SIGNS = re.compile(r"[,，;；:：、。.()（）\"「」“”!?！？—-]")
_FRAME = re.compile(
    r"^(?:according to (?:the |this )?(?:\w+ ){0,2}(?:passages?|texts?|sources?|articles?|documents?"
    r"|context|report|information|excerpts?|author),? "
    r"|as (?:the |this )?(?:passage|text|source|article|document|report|author) (?:notes|says|states"
    r"|mentions|explains|puts it),? "
    r"|(?:the |this )?(?:passage|text|source|article|document|report|context|information)s? (?:says?"
    r"|states?|notes?|mentions?|explains?|indicates?"
    r"|reports?|confirms?|shows?)(?: that)?,? |it is (?:stated|said|noted|reported|mentioned"
    r"|written) that |based on (?:the )?[^,]{3,40}, )"
    r"|^(?:根据|据|按照|按|依据)(?:[^，,]{0,6})(?:文章|文中|资料|文件|来源|原文|内容|报道|报导|消息|上文"
    r"|所述|描述|段落|提供)[^，,]{0,8}[，,]"
    r"|^(?:文章|文中|资料|文件|来源|原文|报道|报导|上文|内容|作者|文本)(?:里|中|内|显示|亦|也|曾"
    r"|还)?(?:提到|提及|指出|说|指|称|写道|讲|表示|显示|记载|介绍|话)(?:，|,|：|:)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Look:
    """A claim with everything that was seen of it beside an index."""

    tokens: Tokens
    content: Content
    laid: Laid
    gaps: tuple[Gap, ...]
    facts: Facts
    unknown: tuple[Unknown, ...]
    values: tuple[float, ...]
    verbatim: bool


def claim_tokens(text: str) -> Tokens:
    """The tokens of a claim, without words that only say that a source says it."""
    found = tokens(text)
    frame = _FRAME.match(found.text.lstrip())
    if frame is None or len(found.text) - frame.end() < 8:
        return found
    cut = frame.end() + len(found.text) - len(found.text.lstrip())
    kept = next((n for n, (start, _) in enumerate(found.spans) if start >= cut), 0)
    return Tokens(found.text, found.written[kept:], found.stems[kept:], found.spans[kept:])


def look(
    claim: Tokens,
    index: Index,
    known: Sequence[Reading],
    lexicon: Lexicon,
    before: Look | None = None,
    *,
    measure_copies: bool = False,
) -> Look:
    """Measure a claim beside the sources of `index`; `known` are the readings in which its facts may stand as well
    (other sources, the caller's words), `before` what was seen of it beside others.  What stands there word by word is
    borne out whatever is measured of it, so it is only found, without facts and values, unless `measure_copies`
    (training learns from copies too)."""
    copy = _copy(claim.stems, index)
    verbatim = copy is not None
    if copy is not None and not measure_copies:
        return Look(claim, _NO_CONTENT, Laid((copy,), (), (), (), ()), (), Facts(), (), (), True)
    content = content_of(claim, lexicon) if before is None else before.content
    laid = lay(claim, content, index)
    facts = facts_of(claim) if before is None else before.facts
    found = tuple(gaps(laid))
    near = [index.plain_sentence(place) for place in laid.places]

    def numbers_near() -> list[Number]:
        return [one for place in laid.places for one in index.facts(place)[0]]

    strange = () if verbatim else tuple(unknown(claim, facts, known, numbers_near, lexicon))
    view = _view(claim, content, laid, index, lexicon)
    values: dict[str, float] = {"verbatim": float(verbatim)}
    for part in (
        _cover(view, index),
        _nearness(view, lexicon),
        _breaks(view, lexicon),
        _order(view, index),
        _gap_values(view, found, lexicon),
        _alone(view, lexicon),
        _denials(view, index, near),
        _fact_values(strange),
        _han_values(view, lexicon),
    ):
        values.update(part)
    return Look(claim, content, laid, found, facts, strange, tuple(map(values.__getitem__, NAMES)), verbatim)


_NO_CONTENT = Content((), (), ())


def _copy(stems: tuple[str, ...], index: Index) -> Place | None:
    """The sentence that a claim is copied from, or that most of it is: the one with its middle in the first source that
    has its tokens one after the other."""
    if not stems or not all(map(index.pairs.__contains__, pairwise(stems))):
        return None
    whole = f" {' '.join(stems)} "
    for source, reading in enumerate(index.readings):
        at = reading.joined.find(whole)
        if at >= 0:
            middle = reading.joined.count(" ", 0, at + 1) - 1 + len(stems) // 2
            return Place(source, reading.sentence_of(middle), 1.0)
    return None


class _View(NamedTuple):
    """A claim laid over its sources, with what all measures ask for.  `held` tells of each two neighbouring tokens
    whether a source has them so, `skipped` the same of content tokens; `seams` where sentences may be joined."""

    claim: Tokens
    content: Content
    laid: Laid
    parts: tuple[int, ...]
    pairs: tuple[tuple[str, str], ...]
    held: tuple[bool, ...]
    skip_pairs: tuple[tuple[str, str], ...]
    skipped: tuple[bool, ...]
    seams: tuple[bool, ...]
    capital: tuple[bool, ...]
    numeric: tuple[bool, ...]
    han: tuple[bool, ...]
    known: tuple[bool, ...]
    unheard: tuple[int, ...]
    missed: tuple[int, ...]
    total: float


def _view(claim: Tokens, content: Content, laid: Laid, index: Index, lexicon: Lexicon) -> _View:
    words, stems, vocabulary = content.words, claim.stems, index.vocabulary
    known = tuple([word in vocabulary or (len(word) > 4 and word[:5] in index.beginnings) for word in words])
    pairs, skip_pairs = tuple(pairwise(stems)), tuple(pairwise(words))
    written = claim.written
    return _View(
        claim,
        content,
        laid,
        tuple([bisect_right(laid.parts, here) - 1 for here in laid.to]),
        pairs,
        tuple(map(index.pairs.__contains__, pairs)),
        skip_pairs,
        tuple(map(index.skips.__contains__, skip_pairs)),
        tuple([_is_seam(claim, n) for n in range(len(stems) - 1)]),
        tuple([n > 0 and written[n][0].isupper() for n in content.at]),
        tuple([word[0] <= "9" for word in words]),
        tuple([word >= "\u3400" for word in words]),
        known,
        tuple([n for n, there in enumerate(known) if not there]),
        tuple([n for n, here in enumerate(laid.to) if here < 0]),
        sum(content.weights) or 1.0,
    )


def _is_seam(claim: Tokens, n: int) -> bool:
    """Whether sentences may be joined between token n and the next: a sign stands there, or a conjunction does."""
    if claim.stems[n] in _SEAM_WORDS or claim.stems[n + 1] in _SEAM_WORDS:
        return True
    start, end = claim.spans[n][1], claim.spans[n + 1][0]
    return end > start and claim.text[start:end] != " " and _SEAM_SIGNS.search(claim.text, start, end) is not None


def _cover(view: _View, index: Index) -> dict[str, float]:
    stems, weights = view.claim.stems, view.content.weights
    gained = (*view.laid.gained, 0.0, 0.0, 0.0)
    triples = list(zip(stems, stems[1:], stems[2:], strict=False))
    fives = list(zip(stems, stems[1:], stems[2:], stems[3:], stems[4:], strict=False))
    elsewhere = [n for n in view.missed if view.known[n]]
    return {
        "size": log(1 + len(weights)),
        "covered": 1 - sum([weights[n] for n in view.unheard]) / view.total,
        "pairs": _mean(view.held),
        "triples": sum(map(index.triples.__contains__, triples)) / len(triples) if triples else 1.0,
        "fives": sum(map(index.fives.__contains__, fives)) / len(fives) if fives else 1.0,
        "skips": _mean(view.skipped),
        "soft_pairs": _soft_pairs(view, index),
        "first": gained[0],
        "second": gained[0] + gained[1],
        "third": gained[0] + gained[1] + gained[2],
        "strange_most": max([weights[n] for n in view.unheard], default=0.0),
        "strange": sum([weights[n] for n in view.unheard]),
        "strange_names": float(sum([view.capital[n] for n in view.unheard])),
        "strange_first": float(bool(view.unheard) and view.unheard[0] == 0 and _begins_strange(view)),
        "elsewhere": sum([weights[n] for n in elsewhere]) / view.total,
        "elsewhere_names": float(sum([view.capital[n] for n in elsewhere])),
        "elsewhere_numbers": float(sum([view.numeric[n] for n in elsewhere])),
        "count_names": float(sum(view.capital)),
        "count_numbers": float(sum(view.numeric)),
    }


def _soft_pairs(view: _View, index: Index) -> float:
    """The share of neighbouring content tokens that stand in one sentence of the sources, wherever in it."""
    if not view.skipped:
        return 1.0
    where = index.where
    good = sum(view.skipped)
    for (one, other), held in zip(view.skip_pairs, view.skipped, strict=True):
        if not held and one in where and other in where:
            good += not where[one].isdisjoint(where[other])
    return good / len(view.skipped)


_TEXT_OF_OPENINGS = """
nevertheless moreover furthermore additional consequent therefore thus hence although though whereas meanwhile initial
subsequent eventual ultimate final overall recent current former previous similar likewise instead besid despite unlik
like perhap maybe often sometim usual typical general normal particular especial notabl indeed actual basical
essential clear obvious certain sure
"""
_OPENINGS = frozenset(_TEXT_OF_OPENINGS.split())
"""Stems of words that sentences are opened with, whatever their source says."""


def _begins_strange(view: _View) -> bool:
    at = view.content.at[0]
    return at == 0 and view.claim.written[0][0].isupper() and view.content.words[0] not in _OPENINGS


def _nearness(view: _View, lexicon: Lexicon) -> dict[str, float]:
    laid, weights, words = view.laid, view.content.weights, view.content.words
    end = laid.parts[1] if len(laid.parts) > 1 else len(laid.other)
    missed = [n for n, here in enumerate(laid.to) if not 0 <= here < end]
    anywhere, first = lexicon.nearest_both([words[n] for n in missed], laid.other, end)
    far = [weights[n] * (1 - near) for n, near in zip(missed, anywhere, strict=True) if laid.to[n] < 0]
    return {
        "near": 1 - sum(far) / view.total,
        "near_first": 1 - sum([weights[n] * (1 - near) for n, near in zip(missed, first, strict=True)]) / view.total,
        "far_word": max(far, default=0.0),
    }


def _breaks(view: _View, lexicon: Lexicon) -> dict[str, float]:
    broken = seams = run = longest = 0
    rare = 0.0
    for n, there in enumerate(view.held):
        if there:
            run = 0
        elif view.seams[n]:
            seams, run = seams + 1, 0
        else:
            broken, run = broken + 1, run + 1
            longest = max(longest, run)
            one, other = view.pairs[n]
            if one >= "\u3400":
                rare = max(rare, lexicon.rarity(one + other))
    return {"breaks": float(broken), "seams": float(seams), "run_broken": float(longest), "breaks_rare": rare}


def _order(view: _View, index: Index) -> dict[str, float]:
    laid, to, parts, size = view.laid, view.laid.to, view.parts, len(view.laid.to)
    ends = (*laid.parts[1:], len(laid.other))
    jumps = at_seams = back = names = left = entered = longest = streak = 0
    last, last_n = -2, -1
    for n, here in enumerate(to):
        if here < 0:
            streak = 0
            continue
        streak = streak + 1 if here == last + 1 and last_n == n - 1 else 1
        longest = max(longest, streak)
        if last >= 0:
            if parts[n] != parts[last_n]:
                if _joined(view, last_n, n):
                    at_seams += 1
                else:
                    jumps += 1
                left += ends[parts[last_n]] - last > 2
                entered += here - laid.parts[parts[n]] > 1
            elif here < last:
                back += 1
                names += view.capital[n] or view.capital[last_n]
        last, last_n = here, n
    backward = [(b, a) for (a, b), there in zip(view.skip_pairs, view.skipped, strict=True) if not there]
    return {
        "jumps": float(jumps),
        "jumps_at_seams": float(at_seams),
        "jumps_from_mid": float(left),
        "jumps_into_mid": float(entered),
        "turned_back": back / max(1, size),
        "names_turned": float(names),
        "reversed": float(sum(map(index.skips.__contains__, backward))),
        "longest": longest / max(1, size),
    }


def _joined(view: _View, n: int, to: int) -> bool:
    """Whether a seam lies between two content tokens."""
    return any(view.seams[view.content.at[n] : view.content.at[to]])


def _gap_values(view: _View, found: Sequence[Gap], lexicon: Lexicon) -> dict[str, float]:
    words, weights, known, size = view.content.words, view.content.weights, view.known, len(view.content.words)
    opposites = names = numbers = ones = replaced_known = replaced_strange = edge = han_names = 0
    odd = gap_near = rarity = 0.0
    for gap in found:
        mine = words[gap.first : gap.last]
        length = gap.last - gap.first
        inside = gap.first > 0 and gap.last < size
        edge += not inside
        ones += length == 1 and inside
        if view.han[gap.first]:
            rarity = max(rarity, _rarity_within(mine, lexicon))
            han_names += _like_a_name(mine, lexicon)
        if not gap.instead:
            continue
        opposites += _opposed(mine, gap.instead)
        names += any(view.capital[gap.first : gap.last]) and any(lexicon.rarity(word) > 0.6 for word in gap.instead)
        numbers += any(view.numeric[gap.first : gap.last]) and any(word[0] <= "9" for word in gap.instead)
        if length <= 3:
            replaced_known += all(known[gap.first : gap.last])
            replaced_strange += not any(known[gap.first : gap.last])
            nearest = 0.0 if view.han[gap.first] else max(0.0, *lexicon.nearest(mine, gap.instead))
            gap_near = max(gap_near, nearest)
            odd = max(odd, max(weights[gap.first : gap.last]) * (1 - nearest))
    return {
        "gaps": float(len(found)),
        "gaps_one": float(ones),
        "gaps_at_edge": float(edge),
        "opposites": float(opposites),
        "names_exchanged": float(names),
        "numbers_exchanged": float(numbers),
        "odd_gap": odd,
        "gap_near": gap_near,
        "replaced_known": float(replaced_known),
        "replaced_strange": float(replaced_strange),
        "gap_rarity": rarity,
        "gap_han_name": float(han_names),
    }


def _alone(view: _View, lexicon: Lexicon) -> dict[str, float]:
    """Content tokens that the sources have, but beside none of the neighbours here; and short runs of them."""
    held, at, size, count = view.held, view.content.at, len(view.content.at), len(view.claim.stems)
    alone: list[int] = []
    for n in range(size):
        if not view.known[n] or (n and view.skipped[n - 1]) or (n < size - 1 and view.skipped[n]):
            continue
        if (at[n] > 0 and held[at[n] - 1]) or (at[n] < count - 1 and held[at[n]]):
            continue
        if not ((n == 0 or _joined(view, n - 1, n)) and (n == size - 1 or _joined(view, n, n + 1))):
            alone.append(n)
    inner, edge, longest, named = _islands(view, lexicon)
    return {
        "alone": float(len(alone)),
        "alone_most": max([view.content.weights[n] for n in alone], default=0.0),
        "alone_names": float(sum([view.capital[n] for n in alone])),
        "names_apart": float(_names_apart(view.skipped, view.capital, size)) if any(view.capital) else 0.0,
        "islands": float(inner),
        "islands_at_edge": float(edge),
        "island_longest": float(longest),
        "island_han_name": float(named),
    }


def _denials(view: _View, index: Index, near: Sequence[str]) -> dict[str, float]:
    denied, undenied = _negations(view.content, view.laid)
    new, lost = _negated(view, index)
    return {
        "denied": float(denied),
        "undenied": float(undenied),
        "negation_new": float(new),
        "negation_lost": float(lost),
        "contrary": float(_contraries(view, near)),
    }


def _fact_values(strange: Sequence[Unknown]) -> dict[str, float]:
    best = {"number": 0.0, "date": 0.0, "name": 0.0, "quote": 0.0}
    for one in strange:
        best[one.sort] = max(best[one.sort], one.score)
    return {
        "number": best["number"] if best["number"] > 0.45 else 0.0,
        "small_number": float(0 < best["number"] <= 0.45),
        "date": best["date"],
        "name": best["name"] if best["name"] > 0.5 else 0.0,
        "name_partly": best["name"],
        "quote": best["quote"],
    }


def _han_values(view: _View, lexicon: Lexicon) -> dict[str, float]:
    if not any(view.han):
        return {"han": 0.0, "strange_han": 0.0, "strange_run": 0.0, "pair_rarity": 0.0}
    rare = [
        lexicon.rarity(a + b)
        for (a, b), there in zip(view.skip_pairs, view.skipped, strict=True)
        if not there and a >= "\u3400" and b >= "\u3400"
    ]
    return {
        "han": sum(view.han) / len(view.han),
        "strange_han": float(sum([view.han[n] for n in view.unheard])),
        "strange_run": float(_longest_strange(view.unheard, view.han)),
        "pair_rarity": max(rare, default=0.0),
    }


def _mean(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags) if flags else 1.0


def _opposed(mine: Sequence[str], others: Sequence[str]) -> bool:
    if any(opposite(one, other) for one in mine for other in others):
        return True
    if not mine or mine[0] < "\u3400":
        return False
    return opposite("".join(mine[:2]), "".join(others[:2])) or opposite("".join(mine[-2:]), "".join(others[-2:]))


def _negations(content: Content, laid: Laid) -> tuple[int, int]:
    """Negations of the claim that its sentences lack, and negations of its sentences, beside words that the claim took,
    that the claim lacks."""
    theirs = [n for n, word in enumerate(laid.other) if word in NEGATIONS]
    denied = sum([laid.to[n] < 0 for n, word in enumerate(content.words) if word in NEGATIONS])
    if not theirs:
        return denied, 0
    taken = {n for n in laid.to if n >= 0}
    lost = sum([n not in taken and (n + 1 in taken or (n + 2 in taken and n - 1 in taken)) for n in theirs])
    return denied, lost


def _negated(view: _View, index: Index) -> tuple[int, int]:
    """Negations before a word that no source denies, and words joined that the sources join by a negation."""
    new = lost = 0
    pairs, there = index.pairs, index.negations
    for n, held in enumerate(view.held):
        if held:
            continue
        first, second = view.pairs[n]
        if first in NEGATIONS:
            new += 1
        elif second in NEGATIONS:
            new += n + 1 == len(view.held)
        elif there:
            lost += any(
                (first, no) in pairs and ((no, second) in pairs or ((no, "有") in pairs and ("有", second) in pairs))
                for no in there
            )
    return new, lost


def _contraries(view: _View, near: Sequence[str]) -> int:
    """Words of a claim that its sentences lack and whose opposite they have."""
    there = set(view.laid.other)
    found = 0
    for word in view.content.words:
        others = CONTRARIES.get(word)
        found += others is not None and word not in there and not others.isdisjoint(there)
    for n, held in enumerate(view.held):
        one, other = view.pairs[n]
        if not held and one >= "\u3400":
            others = HAN_CONTRARIES.get(one + other)
            found += others is not None and any(each in text for each in others for text in near)
    return found


def _islands(view: _View, lexicon: Lexicon) -> tuple[int, int, int, int]:
    """Short runs of tokens that hold together but neither of whose neighbours belongs there in any source: inside a
    sentence, at the edge of one; the length of the longest; how many look like a Chinese name."""
    stems = view.claim.stems
    inner = edge = longest = named = start = 0
    breaks = [n for n, held in enumerate(view.held) if not held]
    for n in (*breaks, len(stems) - 1):
        first, last = start, n + 1
        start = n + 1
        if last - first > 6 or not any(map(is_content, stems[first:last])):
            continue
        left = first > 0 and not view.seams[first - 1]
        right = last < len(stems) and not view.seams[last - 1]
        if not left and not right:
            continue
        inner += left and right
        edge += left != right
        longest = max(longest, last - first)
        named += _like_a_name(stems[first:last], lexicon)
    return inner, edge, longest, named


def _rarity_within(mine: Sequence[str], lexicon: Lexicon) -> float:
    """How rare the pairs of Han characters of a gap are, of a gap of one the character."""
    if len(mine) == 1:
        return 0.6 * lexicon.rarity(mine[0])
    return sum([lexicon.rarity(a + b) for a, b in pairwise(mine)]) / (len(mine) - 1)


def _longest_strange(unheard: Sequence[int], han: Sequence[bool]) -> int:
    longest = run = 0
    before = -2
    for n in unheard:
        if han[n]:
            run = run + 1 if n == before + 1 else 1
            longest = max(longest, run)
            before = n
    return longest


def _names_apart(skipped: Sequence[bool], capital: Sequence[bool], size: int) -> int:
    """Runs of capitals that neither neighbour belongs to in any source."""
    apart = 0
    n = 0
    while n < size:
        if not capital[n]:
            n += 1
            continue
        end = n
        while end < size and capital[end]:
            end += 1
        left = n > 0 and skipped[n - 1]
        right = end < size and skipped[end - 1]
        apart += not left and not right
        n = end
    return apart


def _like_a_name(words: Sequence[str], lexicon: Lexicon) -> bool:
    """Whether Han characters look like a personal name or a place: a family name and rare pairs, or an ending."""
    if not 2 <= len(words) <= 5 or words[0] < "\u3400":
        return False
    rare = sum([lexicon.rarity(a + b) > 0.85 for a, b in pairwise(words)])
    if words[0] in SURNAMES and len(words) <= 3 and rare:
        return True
    return words[-1] in PLACES and rare > 0


SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦傅方白邹孟熊秦邱江尹"
    "薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
"""The hundred most frequent Chinese family names (2010 census of the mainland), in Simplified characters."""
PLACES = frozenset("市县省区国镇村州岛港湾山河江湖路街")
