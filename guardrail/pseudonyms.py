"""Names that stand for values on their way to the model and are turned back in the answer.

Rules:
1. A request is pseudonymised and its answer restored with one and the same book, which lives in memory alone.
2. A pseudonym follows from the value, the conversation and a key that the process made when it began.  So a value
   has one name throughout a conversation, other conversations give it another, and nobody outside can tell which
   value a name stands for.
3. What a name stands for is judged before it is turned back, as if the model had said the value (see `policy.decide`):
   a name must not carry past a rule what the rule withholds.
4. A name inside the address of a link, an image or a tag is not turned back: such addresses are fetched.
5. An API that keeps conversations itself (`previous_response_id`) sends no history again: the book of an answer is kept
   under its caller and its identity, the newest BOOKS of them, so that the same caller alone finds it again.
"""

import base64
import hmac
import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from guardrail.detectors.patterns import Candidate, Pattern, Verdict
from guardrail.masks import word_for

KIND = "pseudonym"
"""The kind of a finding that is one of our own names; no rule covers it."""
EXPRESSION = r"\b[A-Z][A-Z0-9_]{1,30}_[A-Z2-7]{10}\b"
BOOKS = 10_000
_IN_ADDRESS = re.compile(
    r"[a-z][a-z0-9+.-]*:/*[^\s<>\"']*$|www\.[^\s<>\"']*$|\]\s?[(:]\s?[^\s)]*$|(?:src|href|url|action)\w*\s?[=(]\s?[\"']?[^\s\"'>]*$"
    r"|^\S{48,}$",
    re.IGNORECASE,
)
"""What stands before a name inside an address; where nothing but an unbroken run is to be seen, it may be one."""


def _judge(candidate: Candidate) -> Verdict | None:
    return None if _IN_ADDRESS.search(candidate.before) else Verdict(1.0, "a name for a value of the request")


PATTERN = Pattern("name", KIND, EXPRESSION, _judge)


@dataclass(frozen=True, slots=True)
class Named:
    """What a name stands for: the value, what it was found as, and whether the caller itself said it."""

    value: str
    kind: str
    score: float
    supplied: bool


class Book:
    """The values of one conversation by their names."""

    __slots__ = ("_conversation", "_key", "_names", "_values")

    def __init__(self, key: bytes, conversation: str, known: Mapping[str, Named] | None = None) -> None:
        self._key, self._conversation = key, conversation
        self._values: dict[str, Named] = dict(known or {})
        self._names = {named.value: name for name, named in self._values.items()}

    def name(self, kind: str, value: str, score: float = 1.0, *, supplied: bool = False) -> str:
        """The name of `value`, found as `kind`, in this conversation: its kind and ten characters of base32 (50 bits).

        Two values that would get the same name get different ones.
        """
        if value in self._names:
            return self._names[value]
        count = 0
        while True:
            seed = f"{self._conversation}\0{value}\0{count}".encode("utf-8", "surrogatepass")
            digest = hmac.digest(self._key, seed, "sha256")
            name = f"{word_for(kind)}_{base64.b32encode(digest)[:10].decode()}"
            if self._values.setdefault(name, Named(value, kind, score, supplied)).value == value:
                self._names[value] = name
                return name
            count += 1

    def meant(self, name: str) -> Named | None:
        """What `name` stands for here, None when it is no name of this conversation."""
        return self._values.get(name)

    @property
    def values(self) -> Mapping[str, Named]:
        """What the names stand for."""
        return self._values


class Shelf:
    """The books of answers that a later request may go on from, by caller and identity; the oldest go first."""

    def __init__(self, size: int = BOOKS) -> None:
        self._size = size
        self._books: OrderedDict[tuple[str, str], dict[str, Named]] = OrderedDict()

    def put(self, caller: str, identity: str, book: Book) -> None:
        """Keep `book` for what goes on from the answer `identity`; an empty one is not kept."""
        if identity and book.values:
            self._books[caller, identity] = dict(book.values)
            self._books.move_to_end((caller, identity))
            while len(self._books) > self._size:
                self._books.popitem(last=False)

    def take(self, caller: str, identity: str) -> Mapping[str, Named]:
        """What the caller's answer `identity` knew; empty when there is none."""
        return self._books.get((caller, identity), {}) if identity else {}
