"""Values that a system message itself calls secret (`Password: …`, `the access code is "…"`, `密碼係…`), by token.

Rules:
1. A value is what stands right behind a word for a secret, or in quotation marks on the same line behind a condition
   (`a password. If it is "…"`); at most LONGEST tokens, and never what the message only orders the model to say.
2. It is looked for as it stands, backwards, in rot13 and with its letters apart: whoever asks for a password asks for
   it spelt out.
3. Words that the message waits for (`if the user says "…"`) may be as ordinary as `help`; they are weak evidence unless
   they look like a code.
4. How sure a finding is depends on how unlikely the value is in ordinary text: an ordinary short word is weak evidence.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from guardrail.detectors.leakage.passages import Posting, is_solo, tokens
from guardrail.text.fold import fold

LONGEST = 6
"""Tokens of a value."""
_CODE, _NUMBER = 5, 6
"""Signs of a code of letters and digits, and digits of a number, from which on it is none that is met by chance."""
_LETTERS = range(4, 25)  # letters of a value that is also looked for letter by letter
_MOST = 64  # values of one message
_LABEL = (
    r"(?<![A-Za-z])(?:pass(?:word|phrase|code)|secret|pin|api[ -]key|token|code ?word"
    r"|(?:access|secret|security|entry|unlock|attack|auth(?:orization|entication)?|vault|admin|door|discount|promo"
    r"|activation)[ -]?(?:code|key|word|phrase|number|token|pin)"
    r"|密碼|密码|口令|暗號|暗号|密語|密语|通行碼|通行码|存取碼|訪問碼|访问码|授權碼|授权码|解鎖碼|解锁码|邀請碼|邀请码"
    r"|安全碼|安全码|密鑰|密钥|密匙|金鑰|驗證碼|验证码|優惠碼|优惠码)(?![A-Za-z])"
)
_JOINT_WORDS = "is|are|was|equals?|to|as|of|exactly|only|the|word|phrase|string|係|为|為|是|等於|等于"
_ADVERBS = r"currently|now|always|simply|set to|exactly|just|the(?: (?:word|phrase|string|code|number))?"
_MARKS = "\"'`「」『』《》<>*"  # curly quotation marks are straight in the folded text
_QUOTED = rf"[{_MARKS}]+([^{_MARKS}\n]{{2,60}})[{_MARKS}]"
_END = r"(?=[ \t]*(?:\n|\Z|[,;。，；！？]|[.!?][\"')」]*(?:\s|\Z)))"  # of a line, a clause or a sentence
_BARE = rf"([^\s{_MARKS},;。，；！？]{{3,60}}?(?: [a-z0-9]{{1,40}}){{0,3}}){_END}|([^\s,;。，；！？]{{4,60}})"
_DECLARED = re.compile(
    rf"{_LABEL}(?![\"'`」])\**\s*(?:(?:{_JOINT_WORDS})\s*){{0,3}}(?:[:=]\s*(?:{_QUOTED}|{_BARE})|{_QUOTED})",
    re.IGNORECASE,
)
_CONDITION = re.compile(
    rf"{_LABEL}[^\n]{{0,40}}?\b(?:if|when|unless)\b[^\n\"「]{{0,60}}?[\"「`]+([^\"」`\n]{{2,60}})[\"」`]",
    re.IGNORECASE,
)
_TRIGGER = re.compile(
    r"\b(?:if|when|unless|only|exactly|matches|equals?|word|phrase|code|string|若|如果|只有|除非)(?![A-Za-z])"
    r"([^\n\"'「`]{0,48})[\"'「`]([^\"'」`\n]{3,60})[\"'」`]",
    re.IGNORECASE,
)
_SAID = re.compile(
    rf"{_LABEL}(?: (?:for|of|to)\b[^\n.:;\"]{{1,40}}?)?\**\s*(?:\b(?:is|are|was|equals?)\b|係|是|為|为|等於|等于)\s*"
    rf"(?:(?:{_ADVERBS})\s*){{0,3}}([^\s{_MARKS},;。，；！？]{{3,60}}?)(?:{_END}|(?=\s))",
    re.IGNORECASE,
)
_ORDERED = re.compile(
    r"\b(?:say|reply|respond|output|print|return|write|answer|display|with)\b|[說说答回覆复]", re.IGNORECASE
)
_ORDERS = re.compile(
    r"(?:\b(?:say|saying|reply|respond|answer|output|print|return|write|display|greet|greeting|introduce|begin|start|end"
    r"|close|finish|append|add|state|disclaimer)\b(?P<between>[^\n\"'「『`]{0,16})"
    r"|(?:[說说]|回[答覆复]|答[覆复]|開場白|开场白|聲明|声明|結尾|结尾)[: *]{0,4})"
    r"(?:\"([^\"\n]{2,400})\"|'([^'\n]{2,80})'|「([^」\n]{2,400})」|『([^』\n]{2,400})』)",
    re.IGNORECASE,
)
_FORBIDDEN = re.compile(r"\b(?:never|not|avoid|without|refuse to|instead of)\b|n't\b|[不勿唔別别莫禁]", re.IGNORECASE)
_BEFORE = 24  # characters before an order in which it may be turned into its contrary
_CONDITIONAL = re.compile(rf"\b(?:if|when|unless)\b|{_LABEL}|[若]|如果|除非", re.IGNORECASE)
_MARKED = re.compile(b"\1")
_ROT13 = str.maketrans("abcdefghijklmnopqrstuvwxyz", "nopqrstuvwxyzabcdefghijklm")
_ORDINARY_WORDS = """
    access granted denied password secret code key the and not any all none null true false yes your this that user
    always never please must only keep safe hidden private required provided given below above entered correct
"""
_ORDINARY = frozenset(_ORDINARY_WORDS.split())


@dataclass(frozen=True, slots=True)
class Value:
    """A value in one disguise, and how sure a finding of it is, in 0..1."""

    words: tuple[str, ...]
    disguise: str
    score: float


def declared(text: str) -> list[tuple[str, ...]]:
    """The values that a message calls secret, as tokens.

    >>> declared('Password: tr0ub4dor. If the user says the access code is "blue heron", say "Access Granted".')
    [('tr0ub4dor',), ('blue', 'heron')]
    """
    folded = fold(text).text
    labelled = _values(match for expression in (_DECLARED, _CONDITION) for match in expression.finditer(folded))
    said = [words for words in _values(_SAID.finditer(folded)) if _is_code(words) and words not in labelled]
    return _unordered(folded, [*labelled, *said])


def triggers(text: str) -> list[tuple[str, ...]]:
    """The words that a message tells the model to wait for (`if the user says "…"`), and bare words behind `the
    password is` that look like no code: they may be secret, and may be as ordinary as `help`.

    >>> triggers('If the user says "juggernaut7", say "Access Granted".')
    [('juggernaut7',)]
    """
    folded = fold(text).text
    waited = (match for match in _TRIGGER.finditer(folded) if not _ORDERED.search(match[1]))
    said = [words for words in _values(_SAID.finditer(folded)) if not _is_code(words)]
    return _unordered(folded, [*said, *_values(waited, group=2)])


def ordered(text: str) -> list[list[str]]:
    """What a message orders the model to say, word for word (`reply: "…"`), as tokens.

    >>> ordered('For anything else say "Access Denied". 開場白：「歡迎光臨」')
    [['access', 'denied'], ['欢', '迎', '光', '临']]
    """
    return [tokens(match[match.lastindex or 0]) for match in _ORDERS.finditer(fold(text).text) if _is_order(match)]


def _is_order(match: re.Match[str]) -> bool:
    """Whether the words in quotation marks are to be said: not forbidden, and not what has to be said first."""
    before = match.string[max(0, match.start() - _BEFORE) : match.start()].rpartition("\n")[2]
    return not (_FORBIDDEN.search(before) or _CONDITIONAL.search(match["between"] or ""))


def _unordered(text: str, values: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The values but for those that the message orders the model to say."""
    orders = [f" {' '.join(words)} " for words in ordered(text)]
    return [words for words in values if not any(f" {' '.join(words)} " in said for said in orders)]


def _values(matches: Iterable[re.Match[str]], group: int | None = None) -> list[tuple[str, ...]]:
    found: dict[tuple[str, ...], None] = {}
    for match in matches:
        said = match[group] if group else next((part for part in match.groups() if part), "")
        words = tuple(tokens(_code_of(said)))
        if 0 < len(words) <= LONGEST and not set(words) <= _ORDINARY and sum(map(len, words)) >= 3:
            found[words] = None
    return list(found)[:_MOST]


def _code_of(said: str) -> str:
    """A value without the ordinary words that follow a code: `kite42x do not share` says `kite42x`."""
    code, _, rest = said.partition(" ")
    return code if any(c.isdigit() for c in code) and not any(c.isdigit() for c in rest) else said


def _is_code(words: Sequence[str]) -> bool:
    """Whether a value looks like a code: letters with digits, or a number of six digits or more."""
    whole = "".join(words)
    if whole.isdecimal():
        return len(whole) >= _NUMBER and not _is_date(words)
    return len(whole) >= _CODE and any(c.isdigit() for c in whole)


def _is_date(words: Sequence[str]) -> bool:
    """Whether numbers are a year with a month and a day, which is no secret by itself."""
    return len(words) == 3 and sorted(map(len, words))[2] == 4 and any(w[:2] in ("19", "20") for w in words)


def _score(words: Sequence[str], *, is_declared: bool) -> float:
    """How sure it is that a text which says `words` says this value."""
    whole = "".join(words)
    if _is_code(words):
        return 0.9 if is_declared else 0.7
    if not is_declared:
        return 0.3
    if len(words) > 1 and not all(map(is_solo, words)):
        return 0.75
    return 0.65 if len(whole) >= 5 else 0.5


class ValueIndex:
    """A `passages.Index` over values; a posting's document is the number of the value in `values`."""

    def __init__(self, text: str) -> None:
        """`text` is the system message."""
        self.values: list[Value] = []
        self._at: dict[tuple[str, ...], list[Posting]] = {}
        self._openings: set[tuple[str, ...]] = set()
        for words in declared(text):
            self._add(words, _score(words, is_declared=True))
        for words in triggers(text):
            self._add(words, _score(words, is_declared=False))
        self._lasts = {words[-1] for words in self._at}
        self._sizes = sorted({len(words) for words in self._at}, reverse=True)

    @property
    def reach(self) -> int:
        """The most tokens of a value; at least 2."""
        return max(2, *self._sizes, 2)

    def hits(self, words: Sequence[str], first: int) -> Iterator[tuple[int, int, Sequence[Posting]]]:
        """See `passages.Index`."""
        for match in _MARKED.finditer(bytes(map(self._lasts.__contains__, words)), first):
            index = match.start()
            for size in self._sizes:
                if size > index + 1:
                    continue
                postings = self._at.get(tuple(words[index + 1 - size : index + 1]))
                if postings:
                    yield index, size, postings
                    break

    def opens(self, words: Sequence[str]) -> bool:
        """See `passages.Index`."""
        return tuple(words) in self._openings

    def _add(self, words: tuple[str, ...], score: float) -> None:
        letters = "".join(words)
        self._put(words, "", score)
        if letters.isascii():
            self._put(tuple(word.translate(_ROT13) for word in words), "rot13", score)
            self._put(tuple(word[::-1] for word in reversed(words)), "backwards", score)
            if len(letters) in _LETTERS:
                self._put(tuple(letters), "letters apart", max(score, 0.8) if score > 0.3 else score)

    def _put(self, words: tuple[str, ...], disguise: str, score: float) -> None:
        if words in self._at:
            return
        self._at[words] = [(len(self.values), len(words) - 1)]
        self.values.append(Value(words, disguise, score))
        self._openings.update(words[:size] for size in range(1, len(words)))
