"""What is measured of a claim beside its sources, for the small model of `grounding_model.py`.

Rules:
1. Every feature is a plain number computed from the words alone; `NAMES` lists them in order, and training calls the
   functions of this file, so that it cannot drift from run time.
2. Telling words weigh more (`Lexicon.rarity`); a Han character weighs by the rarity of the pairs that it stands in.
3. Breaks, the places where a claim puts two words together that no source does, are told apart: at a comma or a
   conjunction sentences are joined in good faith, elsewhere something was put in.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log

from guardrail.detectors.errors.alignment import Content, Gap, Laid, content_of, gaps, lay
from guardrail.detectors.errors.facts_known import Facts, Unknown, facts_of, unknown
from guardrail.detectors.errors.lexicon import Lexicon
from guardrail.detectors.errors.opposites import CONTRARIES, HAN_CONTRARIES, opposite
from guardrail.detectors.errors.sources import NEGATIONS, Index, Reading, Tokens, is_content, tokens

NAMES: tuple[str, ...] = (
    "size", "covered", "pairs", "triples", "fives", "skips", "first", "second", "third", "near", "far_word", "strange_most",
    "strange", "strange_names", "elsewhere", "elsewhere_names", "elsewhere_numbers", "breaks", "seams", "jumps", "jumps_at_seams",
    "turned_back", "reversed", "names_turned", "gaps", "opposites", "names_exchanged", "numbers_exchanged", "odd_gap", "gap_near",
    "alone", "alone_most", "alone_names", "denied", "undenied", "number", "date", "name", "name_partly", "quote", "small_number",
    "longest", "verbatim", "han", "run_broken", "strange_han", "strange_run", "pair_rarity", "replaced_known", "replaced_strange",
    "gaps_one", "asked", "edge_gap", "soft_pairs", "names_apart", "count_names", "count_numbers", "breaks_rare",
    "negation_new", "negation_lost", "contrary", "jumps_from_mid", "jumps_into_mid", "islands", "islands_at_edge", "island_longest", "gap_rarity",
    "gap_han_name", "island_han_name", "close", "near_first",
)  # fmt: skip

_SEAM_WORDS = frozenset(
    """
    and but while which who whom whose where when because although though since so or as that after before however whereas
    """.split()  # noqa: SIM905
)
_SEAM_SIGNS = re.compile(r"[,，;；:：、。.()（）\"「」“”!?！？—-]")
_FRAME = re.compile(
    r"^(?:according to (?:the |this )?(?:\w+ ){0,2}(?:passages?|texts?|sources?|articles?|documents?|context|report|information|excerpts?|author),? "
    r"|as (?:the |this )?(?:passage|text|source|article|document|report|author) (?:notes|says|states|mentions|explains|puts it),? "
    r"|(?:the |this )?(?:passage|text|source|article|document|report|context|information)s? (?:says?|states?|notes?|mentions?|explains?|indicates?"
    r"|reports?|confirms?|shows?)(?: that)?,? |it is (?:stated|said|noted|reported|mentioned|written) that |based on (?:the )?[^,]{3,40}, )"
    r"|^(?:根据|据|按照|按|依据)(?:[^，,]{0,6})(?:文章|文中|资料|文件|来源|原文|内容|报道|报导|消息|上文|所述|描述|段落|提供)[^，,]{0,8}[，,]"
    r"|^(?:文章|文中|资料|文件|来源|原文|报道|报导|上文|内容|作者|文本)(?:里|中|内|显示|亦|也|曾|还)?(?:提到|提及|指出|说|指|称|写道|讲|表示|显示|记载|介绍|话)(?:，|,|：|:)?",
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


def look(claim: Tokens, index: Index, known: Sequence[Reading], lexicon: Lexicon, asked: frozenset[str]) -> Look:
    """Measure a claim beside the sources of `index`; `known` are readings in which facts may stand as well (other
    sources, the caller's words), `asked` the stems of the question."""
    readings = index.readings
    stems = claim.stems
    content = content_of(claim, lexicon)
    facts = facts_of(claim)
    verbatim = _verbatim(stems, readings)
    laid = lay(claim, content, index)
    found = tuple(gaps(laid))
    near = [index.plain_sentence(place) for place in laid.places]
    strange = () if verbatim else tuple(unknown(claim, facts, known, near, lexicon))
    values = _values(claim, content, laid, found, facts, strange, index, lexicon, asked, verbatim, near)
    return Look(claim, content, laid, found, facts, strange, values, verbatim)


def _verbatim(stems: tuple[str, ...], readings: Sequence[Reading]) -> bool:
    if not stems:
        return False
    whole = f" {' '.join(stems)} "
    return any(whole in reading.joined for reading in readings)


def _values(
    claim: Tokens,
    content: Content,
    laid: Laid,
    found: tuple[Gap, ...],
    facts: Facts,
    strange: tuple[Unknown, ...],
    index: Index,
    lexicon: Lexicon,
    asked: frozenset[str],
    verbatim: bool,
    near_texts: Sequence[str],
) -> tuple[float, ...]:
    stems, words, weights = claim.stems, content.words, content.weights
    count, size = len(stems), len(words)
    total = sum(weights) or 1.0
    readings = index.readings
    vocabulary = index.vocabulary
    beginnings = index.beginnings
    pairs = list(pairwise(stems))
    held = [any([pair in reading.pairs for reading in readings]) for pair in pairs]
    triples = _share(zip(stems, stems[1:], stems[2:], strict=False), [r.triples for r in readings], max(0, count - 2))
    fives = _share(
        zip(stems, stems[1:], stems[2:], stems[3:], stems[4:], strict=False),
        [r.fives for r in readings],
        max(0, count - 4),
    )
    skip_pairs = list(pairwise(words))
    skipped = [any([pair in reading.skips for reading in readings]) for pair in skip_pairs]
    capital = [claim.written[n][0].isupper() and n > 0 for n in content.at]
    numeric = [word[0] <= "9" for word in words]
    han = [word >= "\u3400" for word in words]
    to = laid.to
    known = [word in vocabulary or (len(word) > 4 and word[:5] in beginnings) for word in words]

    missed = [n for n in range(size) if to[n] < 0]
    near = (
        lexicon.nearest([words[n] for n in missed], list(laid.other)) if missed and laid.other else [0.0] * len(missed)
    )
    softened = sum(weights[n] * (1 - max(0.0, value)) for n, value in zip(missed, near, strict=True))
    far_word = max((weights[n] * (1 - max(0.0, value)) for n, value in zip(missed, near, strict=True)), default=0.0)
    unheard = [n for n in range(size) if not known[n]]
    elsewhere = [n for n in missed if known[n]]

    broken = seams = 0
    broken_rare = 0.0
    run = longest_run = 0
    for n, there in enumerate(held):
        if there:
            run = 0
            continue
        if stems[n] in _SEAM_WORDS or stems[n + 1] in _SEAM_WORDS or _seam(claim, n):
            seams += 1
            run = 0
            continue
        broken += 1
        run += 1
        longest_run = max(longest_run, run)
        broken_rare = max(broken_rare, lexicon.rarity(stems[n] + stems[n + 1]) if stems[n] >= "\u3400" else 0.0)

    jumps = jumps_at_seams = back = turned = 0
    names_turned = 0
    longest = streak = 0
    last = -2
    last_n = -1
    for n in range(size):
        here = to[n]
        if here < 0:
            streak = 0
            continue
        streak = streak + 1 if here == last + 1 and last_n == n - 1 else 1
        longest = max(longest, streak)
        if last >= 0 and here < last or (last >= 0 and _part(laid, here) != _part(laid, last)):
            if _part(laid, here) != _part(laid, last):
                if _at_seam(claim, content, last_n, n):
                    jumps_at_seams += 1
                else:
                    jumps += 1
            else:
                back += 1
                names_turned += capital[n] or capital[last_n]
        last, last_n = here, n
    turned = sum(
        (b, a) in reading.skips and not there
        for (a, b), there in zip(skip_pairs, skipped, strict=True)
        for reading in readings[:8]
    )

    alone: list[int] = []
    for n in range(size):
        left = skipped[n - 1] if n else False
        right = skipped[n] if n < size - 1 else False
        if not left and not right and known[n] and not _edge_seam(claim, content, n):
            at = content.at[n]
            if not ((at > 0 and held[at - 1]) or (at < count - 1 and held[at])):
                alone.append(n)

    opposites = exchanged_names = exchanged_numbers = ones = replaced_known = replaced_strange = edge = 0
    odd = gap_near = 0.0
    for gap in found:
        mine = words[gap.first : gap.last]
        length = gap.last - gap.first
        inside = 0 < gap.first and gap.last < size
        edge += not inside
        ones += length == 1 and inside
        opposites += _opposed(mine, gap.instead)
        if any(capital[gap.first : gap.last]) and any(
            word not in lexicon.rows or lexicon.rows[word] > 500 for word in gap.instead
        ):
            exchanged_names += 1
        if any(numeric[gap.first : gap.last]) and any(word[0] <= "9" for word in gap.instead):
            exchanged_numbers += 1
        if length <= 3 and gap.instead:
            if all(known[gap.first : gap.last]):
                replaced_known += 1
            elif not any(known[gap.first : gap.last]):
                replaced_strange += 1
            nearest = max(lexicon.nearest(list(mine), list(gap.instead)), default=0.0)
            gap_near = max(gap_near, nearest)
            odd = max(odd, max(weights[gap.first : gap.last]) * (1 - max(0.0, nearest)))

    first_end = laid.parts[1] if len(laid.parts) > 1 else len(laid.other)
    first_missed = [n for n in range(size) if not 0 <= to[n] < first_end]
    first_weights = [weights[n] for n in first_missed]
    first_near = lexicon.nearest([words[n] for n in first_missed], list(laid.other[:first_end]))
    from_mid, into_mid = _mid_jumps(laid)
    negation_new, negation_lost = _negated(stems, held, readings)
    islands = _islands(claim, content, held, lexicon)
    denied, undenied = _negations(claim, content, laid, index)
    strange_han = [n for n in unheard if han[n]]
    best = {
        sort: max((one.score for one in strange if one.sort == sort), default=0.0)
        for sort in ("number", "date", "name", "quote")
    }
    rare_pairs = [
        lexicon.rarity(a + b)
        for (a, b), there in zip(skip_pairs, skipped, strict=True)
        if not there and a >= "\u3400" and b >= "\u3400"
    ]
    gained = (*laid.gained, 0.0, 0.0, 0.0)
    return (
        log(1 + size),
        sum(weights[n] for n in range(size) if known[n]) / total,
        _mean(held),
        triples,
        fives,
        _mean(skipped),
        gained[0],
        gained[0] + gained[1],
        gained[0] + gained[1] + gained[2],
        1 - softened / total,
        far_word,
        max((weights[n] for n in unheard), default=0.0),
        sum(weights[n] for n in unheard),
        float(sum(capital[n] for n in unheard)),
        sum(weights[n] for n in elsewhere) / total,
        float(sum(capital[n] for n in elsewhere)),
        float(sum(numeric[n] for n in elsewhere)),
        float(broken),
        float(seams),
        float(jumps),
        float(jumps_at_seams),
        back / max(1, size),
        float(turned),
        float(names_turned),
        float(len(found)),
        float(opposites),
        float(exchanged_names),
        float(exchanged_numbers),
        odd,
        gap_near,
        float(len(alone)),
        max((weights[n] for n in alone), default=0.0),
        float(sum(capital[n] for n in alone)),
        float(denied),
        float(undenied),
        best["number"] if best["number"] > 0.45 else 0.0,
        best["date"],
        best["name"] if best["name"] > 0.5 else 0.0,
        best["name"],
        best["quote"],
        float(0 < best["number"] <= 0.45),
        longest / max(1, size),
        float(verbatim),
        sum(han) / max(1, size),
        float(longest_run),
        float(len(strange_han)),
        float(_longest_strange(unheard, han)),
        max(rare_pairs, default=0.0),
        float(replaced_known),
        float(replaced_strange),
        float(ones),
        sum(weights[n] for n in range(size) if words[n] in asked) / total,
        float(edge),
        _soft_pairs(skip_pairs, skipped, index),
        float(_names_apart(skipped, capital, size)),
        float(sum(capital)),
        float(sum(numeric)),
        broken_rare,
        float(negation_new),
        float(negation_lost),
        float(_contraries(claim, content, laid, held, near_texts)),
        float(from_mid),
        float(into_mid),
        float(islands[0]),
        float(islands[1]),
        float(islands[2]),
        _gap_rarity(found, words, known, lexicon),
        float(_han_names([(gap.first, gap.last) for gap in found], words, known, lexicon)),
        float(islands[3]),
        lexicon.closeness(words, index.content(laid.places[0]) if laid.places else ()),
        1 - sum([w * (1 - max(0.0, v)) for w, v in zip(first_weights, first_near, strict=True)]) / total,
    )


def _share(groups: "zip[tuple[str, ...]]", sets: Sequence[frozenset[tuple[str, ...]]], count: int) -> float:
    if not count:
        return 1.0
    if len(sets) == 1:
        return sum(map(sets[0].__contains__, groups)) / count
    return sum([any([group in one for one in sets]) for group in groups]) / count


def _mean(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags) if flags else 1.0


def _seam(claim: Tokens, n: int) -> bool:
    """Whether a sign stands between token n and the next."""
    start, end = claim.spans[n][1], claim.spans[n + 1][0]
    return end > start and _SEAM_SIGNS.search(claim.text, start, end) is not None


def _at_seam(claim: Tokens, content: Content, n: int, to: int) -> bool:
    first, last = content.at[n], content.at[to]
    if any([word in _SEAM_WORDS for word in claim.stems[first + 1 : last]]):
        return True
    return _SEAM_SIGNS.search(claim.text, claim.spans[first][1], claim.spans[last][0]) is not None


def _edge_seam(claim: Tokens, content: Content, n: int) -> bool:
    """Whether a content token stands alone between two seams, as a list item does."""
    before = n == 0 or _at_seam(claim, content, n - 1, n)
    after = n == len(content.at) - 1 or _at_seam(claim, content, n, n + 1)
    return before and after


def _part(laid: Laid, number: int) -> int:
    part = 0
    for at, begin in enumerate(laid.parts):
        if number >= begin:
            part = at
    return part


def _opposed(mine: Sequence[str], others: Sequence[str]) -> bool:
    if any([opposite(one, other) for one in mine for other in others]):
        return True
    if not mine or mine[0] < "\u3400":
        return False
    return opposite("".join(mine[:2]), "".join(others[:2])) or opposite("".join(mine[-2:]), "".join(others[-2:]))


def _negations(claim: Tokens, content: Content, laid: Laid, index: Index) -> tuple[int, int]:
    """Negations of the claim that its sentences lack, and negations of its sentences, beside words that the claim took,
    that the claim lacks."""
    mine = [n for n, word in enumerate(content.words) if word in NEGATIONS]
    theirs = {n for n, word in enumerate(laid.other) if word in NEGATIONS}
    taken = {n for n in laid.to if n >= 0}
    denied = sum(laid.to[n] < 0 for n in mine)
    lost = sum(n not in taken and (n + 1 in taken or (n + 2 in taken and n - 1 in taken)) for n in theirs)
    return denied, lost


def _longest_strange(unheard: Sequence[int], han: Sequence[bool]) -> int:
    longest = run = 0
    before = -2
    for n in unheard:
        if han[n]:
            run = run + 1 if n == before + 1 else 1
            longest = max(longest, run)
            before = n
    return longest


def _soft_pairs(pairs: Sequence[tuple[str, str]], skipped: Sequence[bool], index: Index) -> float:
    """Share of neighbouring content words that stand in one sentence of the sources, next to each other or not."""
    if not pairs:
        return 1.0
    held = [one for reading in index.readings for one in reading.held] if len(index.readings) == 1 else None
    if held is None or len(held) > 400:
        return _mean(skipped)
    places = index.where
    good = sum(
        there or not places.get(a, _NOWHERE).isdisjoint(places.get(b, _NOWHERE))
        for (a, b), there in zip(pairs, skipped, strict=True)
    )
    return good / len(pairs)


_NOWHERE: frozenset[tuple[int, int]] = frozenset()


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


def _mid_jumps(laid: Laid) -> tuple[int, int]:
    """How often a claim leaves a sentence before its end for another, and how often it enters one after its start."""
    ends = (*laid.parts[1:], len(laid.other))
    left = entered = 0
    before = -1
    for here in laid.to:
        if here < 0:
            continue
        if before >= 0 and _part(laid, here) != _part(laid, before):
            left += ends[_part(laid, before)] - before > 2
            entered += here - laid.parts[_part(laid, here)] > 1
        before = here
    return left, entered


def _negated(stems: Sequence[str], held: Sequence[bool], readings: Sequence[Reading]) -> tuple[int, int]:
    """Negations before a word that no source denies, and words joined that the sources join by a negation."""
    new = lost = 0
    for n, there in enumerate(held):
        if there:
            continue
        first, second = stems[n], stems[n + 1]
        if first in NEGATIONS:
            new += 1
        elif second in NEGATIONS:
            new += n + 1 == len(held)
        else:
            lost += any(
                [(first, no) in reading.pairs and (no, second) in reading.pairs for reading in readings for no in NEGATIONS]
            ) or any(
                [(first, no) in reading.pairs and (no, other) in reading.pairs and (other, second) in reading.pairs
                 for reading in readings for no in _OF_HAVING for other in "有"]
            )  # fmt: skip
    return new, lost


_OF_HAVING = ("没", "冇", "未")


def _contraries(claim: Tokens, content: Content, laid: Laid, held: Sequence[bool], near: Sequence[str]) -> int:
    """Words of a claim that its sentences lack and whose opposite they have."""
    there = set(laid.other)
    found = sum(
        not CONTRARIES[word].isdisjoint(there) and word not in there for word in content.words if word in CONTRARIES
    )
    for n, good in enumerate(held):
        if good or claim.stems[n] < "\u3400":
            continue
        others = HAN_CONTRARIES.get(claim.stems[n] + claim.stems[n + 1])
        if others:
            found += any([other in text for other in others for text in near])
    return found


def _islands(claim: Tokens, content: Content, held: Sequence[bool], lexicon: Lexicon) -> tuple[int, int, int, int]:
    """Short runs of tokens that hold together but neither of whose neighbours belongs there in any source: inside a
    sentence, at the edge of one; the length of the longest; how many look like a Chinese name."""
    stems = claim.stems
    inner = edge = longest = named = 0
    start = 0
    for n in range(len(stems)):
        if n < len(held) and held[n]:
            continue
        first, last = start, n + 1
        start = n + 1
        if last - first > 6 or not any([is_content(word) for word in stems[first:last]]):
            continue
        left = first > 0 and not _seam(claim, first - 1)
        right = last < len(stems) and not _seam(claim, last - 1)
        if left and right:
            inner += 1
        elif left or right:
            edge += 1
        else:
            continue
        longest = max(longest, last - first)
        named += _like_a_name(stems[first:last], lexicon)
    return inner, edge, longest, named


def _gap_rarity(found: Sequence[Gap], words: Sequence[str], known: Sequence[bool], lexicon: Lexicon) -> float:
    """The rarity of the rarest pair of Han characters inside a gap, of a gap of one the character's."""
    most = 0.0
    for gap in found:
        mine = words[gap.first : gap.last]
        if mine[0] < "\u3400":
            continue
        if len(mine) == 1:
            most = max(most, 0.6 * lexicon.rarity(mine[0]))
        else:
            most = max(most, sum([lexicon.rarity(a + b) for a, b in pairwise(mine)]) / (len(mine) - 1))
    return most


def _han_names(spans: Sequence[tuple[int, int]], words: Sequence[str], known: Sequence[bool], lexicon: Lexicon) -> int:
    return sum([_like_a_name(words[first:last], lexicon) for first, last in spans])


def _like_a_name(words: Sequence[str], lexicon: Lexicon) -> bool:
    """Whether Han characters look like a personal name or a place: a family name and rare pairs, or the ending of one."""
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
