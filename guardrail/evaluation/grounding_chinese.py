"""Chinese sentences said otherwise, in either script: in forms that say no more than they did, and with one thing made
untrue.  The rules are those of `grounding_english`; words are looked for in the script of the claim."""

import re
from collections.abc import Mapping
from functools import cache
from random import Random

from guardrail.evaluation.grounding_source import Around, Form, letters
from guardrail.evaluation.grounding_words import (
    NEGATIONS_ZH,
    OPPOSITES_ZH,
    PLACES_ZH,
    SURNAMES_ZH,
    SYNONYMS_ZH,
)
from guardrail.text.script import simplify

Pairs = tuple[tuple[str, str], ...]
_HAN = "\u4e00-\u9fff"
_NUMBER = re.compile(r"(?<![A-Za-z\d.])\d+(?:\.\d+)?(?!\d|\.\d)(?![年月日號号])")
_DATE = re.compile(r"(?<!\d)(\d{4}(?=年)|\d{1,2}(?=月)|\d{1,2}(?=[日號号]))")
_HAN_NUMBER = re.compile(
    r"(?<![幾几數数好第二三四五六七八九十百千萬万])[二三四五六七八九十](?=[個个名位項项間间家條条次年天種种])"
)
_TITLES = "者席理長长授任記记人統统生士家"  # how titles end: 記者, 主席, 部長, 教授, 發言人
_SAYS = "表示|說|说|指出|認為|认为|介紹|介绍|告訴|告诉|強調|强调|稱|称"
_PERSON = re.compile(
    rf"(?:(?<=[{_TITLES}])|(?<=[，。、；\n]))([{SURNAMES_ZH}{simplify(SURNAMES_ZH)}][{_HAN}]{{1,2}})(?=(?:{_SAYS})|、|，|在|等)"
)
_BODY = re.compile(rf"[{_HAN}]{{2,8}}?(?:公司|集團|集团|大學|大学|銀行|银行|醫院|医院|委員會|委员会|研究院|學院|学院)")
_PLACES = tuple(dict.fromkeys([*PLACES_ZH, *map(simplify, PLACES_ZH)]))
_PLACE = re.compile("|".join(sorted(_PLACES, key=len, reverse=True)))
_COUNTS = "二三四五六七八九十"
_FRAMES = ("根據資料，{}", "文中提到，{}", "據報道，{}", "資料顯示，{}")
_LEADS = re.compile(
    "^(?:此外|另外|同時|同时|因此|所以|但是|不過|不过|據悉|据悉|據介紹|据介绍|目前|近日|日前|其中|總之|总之|例如|首先|其次|最後|最后|對此|对此)，"
)


@cache
def _words(pairs: Pairs, language: str) -> Pairs:
    return pairs if language == "zh-Hant" else tuple((simplify(left), simplify(right)) for left, right in pairs)


def sentences(pieces: list[str]) -> list[str]:
    """Those of the pieces that are whole statements of a fair length."""
    found = []
    for piece in pieces:
        text = piece.strip().strip("\u3000")
        whole = text.endswith(("。", "！")) and not re.search(r"[？?{}\n]|^[\d（(【●■-]", text)
        balanced = (
            text.count("“") == text.count("”")
            and text.count("「") == text.count("」")
            and text.count("（") == text.count("）")
        )
        if whole and balanced and 12 <= len(text) <= 120:
            found.append(text)
    return found


def names(text: str) -> list[str]:
    """The people, bodies and places of a text, as far as their form tells."""
    found = [*(m[1] for m in _PERSON.finditer(text)), *_PLACE.findall(text)]
    return list(dict.fromkeys(found))


def _spoken(around: Around, form: str) -> str:
    return form if around.language == "zh-Hant" else simplify(form)


def shortened(claim: str, around: Around, dice: Random) -> str | None:
    """Without a bracket, an opening word, or one part between commas that is neither the first nor the last."""
    made = [re.sub(r"（[^（）]*）", "", claim, count=1), _LEADS.sub("", claim)]
    parts = claim[:-1].split("，")
    if len(parts) >= 3:
        at = dice.randrange(1, len(parts) - 1)
        if not re.match("[但而不并並卻却]", parts[at + 1]):
            made.append("，".join(parts[:at] + parts[at + 1 :]) + claim[-1])
        made.append("，".join(parts[:-1]) + "。")
    items = re.search(rf"([{_HAN}]{{2,}})、([{_HAN}]{{2,}})(?=、|和|及)", claim)
    if items:
        made.append(claim[: items.end(1)] + claim[items.end(2) :])
    fit = [one for one in made if letters(one) != letters(claim) and len(one) >= 8 and one.count("“") == one.count("”")]
    return dice.choice(fit) if fit else None


def _exchanged(claim: str, around: Around, pairs: Pairs, most: int, dice: Random) -> str | None:
    fit = [(left, right) for left, right in _words(pairs, around.language) if left in claim]
    if not fit:
        return None
    made = claim
    for left, right in dice.sample(fit, min(len(fit), dice.randint(1, most))):
        made = made.replace(left, right, 1)
    return made if made != claim else None


def reworded(claim: str, around: Around, dice: Random) -> str | None:
    """With one to three words replaced by others that mean the same."""
    return _exchanged(claim, around, SYNONYMS_ZH, 3, dice)


def framed(claim: str, around: Around, dice: Random) -> str | None:
    """As something that the source says."""
    return _spoken(around, dice.choice(_FRAMES)).format(_LEADS.sub("", claim))


def moved(claim: str, around: Around, dice: Random) -> str | None:
    """With a time moved behind what it is about, or a cause behind its effect."""
    when = re.match(
        rf"^((?:\d{{4}}年)?(?:\d{{1,2}}月)?(?:\d{{1,2}}日)?)，?([{_HAN}]{{2,6}})(?=在|將|将|於|于|已|正式|表示|舉行|举行)",
        claim,
    )
    if when and when[1]:
        return f"{when[2]}{when[1]}{claim[when.end() :]}"
    cause = re.match("^(由於|由于|因為|因为)([^，]+)，(?:因此|所以)?([^，]+)。$", claim)
    return f"{cause[3]}，{_spoken(around, '因為')}{cause[2]}。" if cause else None


def respelt(claim: str, around: Around, dice: Random) -> str | None:
    """With a number or a quotation mark written otherwise."""
    full = str.maketrans("0123456789", "０１２３４５６７８９")
    ways = [
        re.sub(r"\d+", lambda m: m.group().translate(full), claim, count=1),
        re.sub(r"(\d+(?:\.\d+)?)%", lambda m: f"百分之{m[1]}", claim, count=1),
        re.sub(r"(?<!\d)([2-9])(?=[個个名位項项家次])", lambda m: "二三四五六七八九"[int(m[1]) - 2], claim, count=1),
        re.sub(_HAN_NUMBER.pattern, lambda m: str(_COUNTS.index(m.group()) + 2), claim, count=1)
        if "十" not in claim
        else claim,
        claim.replace("“", "「").replace("”", "」"),
    ]
    fit = [one for one in ways if one != claim]
    return dice.choice(fit) if fit else None


def fused(claim: str, around: Around, dice: Random) -> str | None:
    """With another sentence of the source."""
    others = [one for one in around.sentences if letters(one) not in letters(claim) and len(one) < 60]
    if not others or len(claim) > 60:
        return None
    return f"{claim[:-1]}{dice.choice('，；')}{_LEADS.sub('', dice.choice(others))}"


FORMS: Mapping[str, Form] = {
    "shortened": shortened,
    "reworded": reworded,
    "moved": moved,
    "framed": framed,
    "respelt": respelt,
    "fused": fused,
}


def _replaced(claim: str, start: int, end: int, to: str) -> str:
    return claim[:start] + to + claim[end:]


def number(claim: str, around: Around, dice: Random) -> str | None:
    """A number that the source does not have."""
    found = [*_NUMBER.finditer(claim), *_HAN_NUMBER.finditer(claim)]
    if not found:
        return None
    match = dice.choice(found)
    old = match.group()
    for _ in range(12):
        if old in _COUNTS:
            new = dice.choice(_COUNTS)
        elif "." in old:
            whole, _, part = old.partition(".")
            ahead = max(0, int(whole) + dice.choice((-2, -1, 0, 1, 2, 5)))
            new = f"{ahead}.{dice.randrange(1, 10 ** len(part)):0{len(part)}d}"
        else:
            value = int(old)
            new = str(
                dice.choice(
                    [max(1, value + step) for step in (-3, -2, -1, 1, 2, 3, value // 3, -(value // 3))]
                    + [value * 2, value * 10]
                )
            )
        there = (
            re.search(rf"(?<![\d.]){re.escape(new)}(?![\d.])", around.text + claim)
            if new not in _COUNTS
            else new in around.text
        )
        if new != old and not there:
            return _replaced(claim, *match.span(), new)
    return None


def number_here(claim: str, around: Around, dice: Random) -> str | None:
    """A number that the source has elsewhere."""
    found = list(_NUMBER.finditer(claim))
    if not found:
        return None
    match = dice.choice(found)
    fit = sorted(
        {one for one in _NUMBER.findall(around.text) if not re.search(rf"(?<![\d.]){re.escape(one)}(?![\d.])", claim)}
    )
    return _replaced(claim, *match.span(), dice.choice(fit)) if fit else None


def date(claim: str, around: Around, dice: Random) -> str | None:
    """A year, a month or a day that the source does not have."""
    found = list(_DATE.finditer(claim))
    if not found:
        return None
    match = dice.choice(found)
    old, unit = match.group(), claim[match.end()]
    for _ in range(12):
        if unit == "年":
            new = str(int(old) + dice.choice([n for n in range(-12, 13) if n]))
        else:
            new = str(dice.randrange(1, 13 if unit == "月" else 29))
        if new != old and not re.search(rf"(?<!\d){new}{unit}", around.text + claim):
            return _replaced(claim, *match.span(), new)
    return None


def _kind(name: str) -> str:
    return "place" if name in _PLACES else "person"


def _renamed(claim: str, dice: Random, pool: tuple[str, ...]) -> str | None:
    found = [name for name in names(claim) if any(_kind(one) == _kind(name) for one in pool)]
    dice.shuffle(found)
    for name in found:
        fit = [one for one in pool if _kind(one) == _kind(name) and one not in claim and name not in one]
        if fit:
            return claim.replace(name, dice.choice(fit), 1)
    return None


def name_elsewhere(claim: str, around: Around, dice: Random) -> str | None:
    """A name of another source."""
    return _renamed(claim, dice, tuple(one for one in around.other_names if one not in around.text))


def name_here(claim: str, around: Around, dice: Random) -> str | None:
    """Another name of the same source."""
    return _renamed(claim, dice, around.names)


def roles(claim: str, around: Around, dice: Random) -> str | None:
    """Two names that have changed places."""
    places = sorted({(m.start(), m.end()) for name in names(claim) for m in re.finditer(re.escape(name), claim)})
    pairs = []
    for n, (start, end) in enumerate(places):
        for other, other_end in places[n + 1 :]:
            between = claim[end:other]
            listed = not re.sub("[、和與与及同到至以]|等", "", between)
            if end < other and not listed and claim[start:end] != claim[other:other_end]:
                pairs.append((start, end, other, other_end))
    if not pairs:
        return None
    start, end, other, other_end = dice.choice(pairs)
    return claim[:start] + claim[other:other_end] + claim[end:other] + claim[start:end] + claim[other_end:]


def negation(claim: str, around: Around, dice: Random) -> str | None:
    """Denied, or no longer denied."""
    pairs = _words(NEGATIONS_ZH, around.language)
    denied = [(right, left) for left, right in pairs if right in claim]
    if denied:
        left, right = max(denied, key=lambda pair: len(pair[0]))
        return re.sub(f"[並并也亦]?{left}", right, claim, count=1)
    fit = [(left, m) for left, right in pairs for m in re.finditer(left, claim) if _stands(claim, m)]
    longest = [(left, m) for left, m in fit if not any(left != other and left in other for other, _ in fit)]
    if not longest:
        return None
    left, match = dice.choice(longest)
    return _replaced(claim, *match.span(), dict(pairs)[left])


_BEFORE = re.compile(
    "[不沒没未無无尚總总只就還还但於于凡可重主必機机社員员關关開开議议大委協协年商晚國国展工公學学財财唔一所具都仲]$"
)
_AFTER = re.compile("[否不力員员議议長长上計计所關关點点素求些啲人名]")


def _stands(claim: str, match: re.Match[str]) -> bool:
    """Whether a word of one character is a word here and no part of a longer one; longer words are."""
    if len(match.group()) > 1 and match.group() not in ("已經", "已经"):
        return not re.search("[不沒没未無无唔]$", claim[: match.start()])
    return not _BEFORE.search(claim[: match.start()]) and not _AFTER.match(claim, match.end())


def antonym(claim: str, around: Around, dice: Random) -> str | None:
    """One word replaced by its opposite."""
    return _exchanged(claim, around, OPPOSITES_ZH, 1, dice)


def _spliced(claim: str, others: list[str], dice: Random) -> str | None:
    head, comma, _ = claim.partition("，")
    tails = [one.partition("，")[2] for one in others]
    fit = [tail for tail in tails if len(tail) >= 8 and letters(tail) not in letters(claim)]
    return f"{head}，{dice.choice(fit)}" if comma and fit and len(head) >= 5 else None


def splice_here(claim: str, around: Around, dice: Random) -> str | None:
    """The beginning of one sentence of the source with the end of another."""
    return _spliced(claim, [one for one in around.sentences if letters(one) not in letters(claim)], dice)


def splice_elsewhere(claim: str, around: Around, dice: Random) -> str | None:
    """The beginning of a sentence of the source with the end of one of another source."""
    return _spliced(claim, dice.sample(around.other_sentences, min(12, len(around.other_sentences))), dice)


EDITS: Mapping[str, Form] = {
    "number": number,
    "date": date,
    "name from elsewhere": name_elsewhere,
    "name of the same source": name_here,
    "number of the same source": number_here,
    "role swap": roles,
    "negation": negation,
    "antonym": antonym,
    "splice, same source": splice_here,
    "splice, other source": splice_elsewhere,
}
