"""Notices: the words that an answer gets beside it, in its own language, and where in it they may stand.

Rules:
1. The language is that of what a reader has before them: the sentence for a notice beside it, else the whole answer.
   Words in no fitting language are the rule's words for all of them.
2. A notice stands where a person reads: never inside code, a table, a formula or JSON.  One that has no such place at
   its sentence stands behind the answer; where that is JSON or ends in open code, the `guardrail` object alone tells.
3. `{finding}` in the words of a rule becomes what the check says of this very text.  Nothing else is filled in.
4. What a check says may quote the answer, so it goes unsaid where it repeats a part of what a rule takes out of the
   same answer: a sentence that was taken out as a whole is no pattern that could be found again in the message.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import orjson

from guardrail.text.language import language
from guardrail.text.sentences import sentences
from guardrail.types import Action, Context, Hit, Place, Rule

FINDING = "{finding}"
_MOST = 5  # notices of one rule with words of their own: a reader of more reads none
_FENCE = re.compile(r"^[ \t>]*(?:(?:[-*+]|\d{1,3}[.)])[ \t]+)?(`{3,}(?![^\n]*`)|~{3,})[ \t]*(\S?)", re.MULTILINE)
_INDENTED = re.compile(r"(?: {4}|\t)[ \t]*(?!(?:[-*+•]|[(（]?[\w]{1,3}[.)）、])[ \t])\S")
_FORMULA = re.compile(r"\$\$|\\\[|\\\]|\\begin\{|\\end\{")
_OPENS = frozenset({"\\[", "\\begin{"})
_OTHER_FORMS = {"yue": ("yue", "zh-Hant"), "zh": ("zh-Hant", "zh-Hans", "yue"), "zh-Hant": ("zh-Hant", "yue")}
_JSON_BEGINS = re.compile(r"\s*(?:\{|\[\s*(?:[\[{\"\d\-tfn\]]|$))")
"""What JSON begins like: beside a sentence of a stream nobody knows yet whether all of it will be JSON."""
_SHARED, _SHARED_WORDS = 6, 12
"""Characters in a row that a message may not share with what was taken out: where a digit or a character beyond ASCII
is among them, and plain letters."""
_MOST_TAKEN = 20_000
"""Characters that were taken out up to which they are looked for in messages; where more were, none is told."""
_UNSEEN = frozenset(("Cc", "Cf", "Cs"))
Safe = Callable[[str], bool]


def worded(hit: Hit, lang: str) -> str:
    """The words of the hit's rule for a reader of `lang`, "" for a rule without any."""
    if hit.rule is None:
        return ""
    words = in_language(hit.rule, lang)
    if FINDING not in words:
        return words
    return words.replace(FINDING, hit.finding.message).strip() if hit.finding.message else _without(words)


def in_language(rule: Rule, lang: str) -> str:
    """A rule's message for a reader of `lang`; the one for everybody where it has none in that language."""
    known = dict(rule.messages)
    return next((known[form] for form in _OTHER_FORMS.get(lang, (lang,)) if form in known), rule.message)


def _without(words: str) -> str:
    """Words whose place for the finding stays empty, without the marks that led to it."""
    return words.replace(FINDING, "").rstrip(" ：:-–—\n")


def behind(hits: Iterable[Hit], text: str) -> list[str]:
    """The words to add behind an answer that reads `text`, each once, in the order of what they speak of."""
    waiting = [hit for hit in hits if hit.action is Action.NOTICE and hit.rule and hit.at is None]
    if not waiting:
        return []
    lang = language(text)
    by_rule: dict[str, list[str]] = {}
    for hit in sorted(waiting, key=lambda each: each.finding.start or 0):
        said = by_rule.setdefault(hit.rule.id if hit.rule else "", [])
        words = worded(hit, lang)
        if words and words not in said and len(said) < _MOST:
            said.append(words)
    return list(dict.fromkeys(words for said in by_rule.values() for words in said))


def prepared(hits: Sequence[Hit], text: str, context: Context, safe: Safe, before: str = "") -> list[Hit]:
    """The hits on `text`, with the words and places of notices that stand inside it, and without messages that may not
    be said: `safe` tells whether a message may reach the client.  `before` is what stands in front of `text`."""
    out = [_silenced(hit, safe) for hit in hits]
    if not any(hit.action is Action.NOTICE and hit.rule and hit.rule.place is not Place.AFTER for hit in out):
        return out
    spans = sentences(text)
    return [_placed(hit, text, spans, before, context) for hit in out]


def taken(hits: Iterable[Hit]) -> list[str]:
    """What the rules take out of an answer, or keep back with all of it."""
    return [hit.text for hit in hits if hit.rule and hit.action >= Action.REDACT and hit.text]


def quotes(message: str, texts: Sequence[str]) -> bool:
    """Whether a message repeats one of `texts`, or a part of one.

    >>> quotes("It is not A12345…", ["A123456(3)"]), quotes("12 × 13 is 156", ["A123456(3)"])
    (True, False)
    """
    whole = "\n".join(texts)
    if len(whole) > _MOST_TAKEN:
        return True
    if any(text in message for text in texts):
        return True
    for at in range(len(message) - _SHARED + 1 if whole else 0):
        piece = message[at : at + _SHARED]
        if piece.isascii() and not any(map(str.isdigit, piece)):
            piece = message[at : at + _SHARED_WORDS]
            if len(piece) < _SHARED_WORDS:
                continue
        if piece in whole:
            return True
    return False


def _silenced(hit: Hit, safe: Safe) -> Hit:
    message = hit.finding.message
    if hit.rule is None or not message:
        return hit
    shown = _visible(message)
    if not (safe(message) and safe(shown)):
        shown = ""
    return hit if shown == message else replace(hit, finding=replace(hit.finding, message=shown))


def _visible(message: str) -> str:
    """A message on one line, without what is not seen: a mark that turns the direction of writing would turn all that
    follows the message, and half a character is no text.

    >>> _visible("It is\\n\\u202e166.")
    'It is 166.'
    """
    if message.isprintable():
        return message
    kept = (character for character in " ".join(message.split()) if unicodedata.category(character) not in _UNSEEN)
    return "".join(kept)


def _placed(hit: Hit, text: str, spans: Sequence[tuple[int, int]], before: str, context: Context) -> Hit:
    if hit.action is not Action.NOTICE or hit.rule is None or hit.channel != "content":
        return hit
    if hit.rule.place is Place.BEFORE and not is_structured(text, context):
        words = worded(hit, language(text))
        return replace(hit, at=0, notice=f"{words}\n\n") if words else hit
    if hit.rule.place is not Place.BESIDE or hit.finding.end is None:
        return hit
    if context.response_format is not None or _JSON_BEGINS.match(before + text):
        return hit
    start, end = next(((s, e) for s, e in spans if s < hit.finding.end <= e), (0, len(text)))
    at = start + len(text[start:end].rstrip())
    words = worded(hit, language(text[start:end]))
    if not words or not may_stand(before + text, len(before) + at):
        return hit
    return replace(hit, at=at, notice=words if words[0] in "（【〔" else f" {words}")


def may_stand(text: str, at: int) -> bool:
    """Whether a person would read words at this offset as words: not in code, in a table or in a formula."""
    if is_code_open(text[:at]):
        return False
    line = text[text.rfind("\n", 0, at) + 1 : at]
    if line.lstrip().startswith("|") or line.count("`") % 2 or _INDENTED.match(line):
        return False
    return not _is_formula_open(text[:at])


def is_structured(text: str, context: Context) -> bool:
    """Whether an answer is for a program: JSON was asked for, or is what it is."""
    if context.response_format is not None:
        return True
    bare = text.strip()
    if bare[:1] not in ("{", "["):
        return False
    try:
        orjson.loads(bare)
    except orjson.JSONDecodeError:
        return False
    return True


def may_follow(text: str, context: Context) -> bool:
    """Whether words behind an answer are read as words."""
    return not is_structured(text, context) and not is_code_open(text)


def is_code_open(text: str) -> bool:
    """Whether a fence of Markdown is open at the end of `text` (CommonMark 0.31, section 4.5), in lists and quotations
    as well, where it may be indented at will.  A line that ends the code it begins (```` ```x``` ````) is no fence, and
    one that names a language closes none."""
    mark = ""
    for found in _FENCE.finditer(text):
        fence, named = found.groups()
        if not mark:
            mark = fence
        elif fence[0] == mark[0] and len(fence) >= len(mark) and not named:
            mark = ""
    return bool(mark)


def _is_formula_open(text: str) -> bool:
    dollars = depth = 0
    for found in _FORMULA.finditer(text):
        sign = found.group()
        if sign == "$$":
            dollars += 1
        else:
            depth = depth + 1 if sign in _OPENS else max(0, depth - 1)
    return bool(dollars % 2 or depth)
