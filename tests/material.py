"""Patterns, detectors and texts that the tests of the core share: small, real, and independent of the shipped ones."""

import itertools
from collections.abc import Sequence

from hypothesis import strategies as st

from guardrail.detectors.patterns import Candidate, Pattern, Verdict, always
from guardrail.types import Action, Context, Finding, Module, Policy, Rule, Stage, StreamMode, Unit


def _digits_sum(candidate: Candidate) -> Verdict | None:
    """A check digit of sorts, and context that raises the score."""
    digits = [int(c) for c in candidate.value if c.isdigit()]
    if sum(digits) % 3:
        return None
    return Verdict(0.9 if "card" in candidate.before or "卡" in candidate.before else 0.6)


PATTERNS = (
    Pattern("hkid", "pii.hkid", r"\b[A-Z]{1,2} ?[0-9]{6} ?\([0-9A]\)", always(0.9)),
    Pattern("email", "pii.email", r"\b[A-Za-z0-9._%+-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,24}\b", always(0.8)),
    Pattern("card", "pii.payment_card", r"\b(?:[0-9][ -]?){12,18}[0-9]\b", _digits_sum),
    Pattern("key", "secret.private_key", r"-----BEGIN KEY-----[A-Za-z0-9+/=\s]*(?:-----END KEY-----)?", always(1.0)),
    Pattern(
        "password", "secret.password", r"(?i)(?:password|密碼|密码)\s{0,3}[:=]\s{0,3}(\S{6,40})", always(0.7), group=1
    ),
)


class Patterns:
    """A SPAN detector with the patterns above."""

    name = "test.patterns"
    kinds = tuple(pattern.kind for pattern in PATTERNS)
    unit = Unit.SPAN
    heavy = False
    patterns: Sequence[Pattern] = PATTERNS

    def load(self) -> None:
        pass


class Asides:
    """A PASSAGE detector: what stands between 【 and 】 is confidential where the conversation has a system message."""

    name = "test.asides"
    kinds = ("document.passage",)
    unit = Unit.PASSAGE
    heavy = False

    def load(self) -> None:
        pass

    def watch(self, context: Context) -> "Aside | None":
        return Aside() if context.system else None


class Aside:
    """One text, character by character."""

    def __init__(self) -> None:
        self._length = 0
        self._open: int | None = None
        self._found: list[Finding] = []

    def feed(self, text: str) -> None:
        for character in text:
            if character == "【" and self._open is None:
                self._open = self._length
            self._length += 1
            if character == "】" and self._open is not None:
                self._found.append(Finding("document.passage", 0.9, self._open, self._length, "test.asides"))
                self._open = None

    def settle(self, *, final: bool) -> tuple[int, list[Finding]]:
        found, self._found = self._found, []
        if final:
            self._open = None
        return (self._length if self._open is None else self._open), found


class Rude:
    """A SENTENCE detector: a sentence with a rude word in it is toxic."""

    name = "test.rude"
    kinds = ("bias.toxicity",)
    unit = Unit.SENTENCE
    heavy = False
    words = ("scum", "人渣", "垃圾人")

    def load(self) -> None:
        pass

    def detect(self, texts: Sequence[str], context: Context) -> list[list[Finding]]:
        return [
            [Finding("bias.toxicity", 0.95, None, None, self.name)] if any(w in text for w in self.words) else []
            for text in texts
        ]


class Shouting:
    """An ANSWER detector: an answer that is all capitals is an error."""

    name = "test.shouting"
    kinds = ("error.shouting",)
    unit = Unit.ANSWER
    heavy = False

    def load(self) -> None:
        pass

    def detect(self, texts: Sequence[str], context: Context) -> list[list[Finding]]:
        return [
            [Finding("error.shouting", 0.9, None, None, self.name)]
            if text.isupper() and sum(c.isascii() and c.isalpha() for c in text) > 20
            else []
            for text in texts
        ]


def rule(
    kind: str,
    action: Action,
    *,
    id: str = "",
    stage: Stage = Stage.RESPONSE,
    threshold: float = 0.5,
    message: str = "",
    replacement: str = "",
    stream: StreamMode | None = None,
) -> Rule:
    """A rule on one kind."""
    family = kind.split(".")[0]
    module = {"bias": Module.BIAS, "error": Module.ERRORS}.get(family, Module.DATA_LEAKAGE)
    return Rule(
        id or kind.replace("*", "any"),
        module,
        (kind,),
        frozenset({stage}),
        threshold,
        action,
        message,
        replacement,
        stream,
    )


def policy(*rules: Rule, **settings: object) -> Policy:
    """A policy of those rules."""
    return Policy("test", "r1", rules, **settings)  # type: ignore[arg-type]


REDACTING = policy(rule("pii.*", Action.REDACT), rule("secret.*", Action.REDACT))

VALUES = (
    "A123456(3)",
    "AB 123456 (A)",
    "Ａ１２３４５６（３）",
    "a.b@mail.example",
    "abc@ex.com",
    "4111 1111 1111 1113",
    "411111111111111",
    "４１１１-1111-1111-1113",
    "-----BEGIN KEY-----\nQUJDRA==\n-----END KEY-----",
    "-----BEGIN KEY-----\nQUJD",
    "password: hunter22",
    "密碼：abc12345",
    "A1234\u200b56(3)",
    "①②③④⑤⑥⑦⑧⑨",
)
GLUE = (
    "",
    " ",
    "，",
    "我嘅身份證係",
    "the card is ",
    "卡號",
    "。",
    ".\n",
    "@",
    "-",
    "5",
    "A",
    "🙂",
    "e\u0301",
    "㎏",
    "\u200d",
    "\ud83d",
)


def texts() -> st.SearchStrategy[str]:
    """Texts of whole and broken values, glued or spaced, in both languages, with characters that fold oddly."""
    whole = st.sampled_from(VALUES)
    broken = st.builds(lambda value, cut: value[: cut % (len(value) + 1)], whole, st.integers(0, 40))
    words = st.sampled_from(GLUE)
    piece = st.one_of(whole, broken, words, st.text(max_size=6))
    return st.lists(piece, max_size=10).map("".join)


def split(text: str, cuts: Sequence[int]) -> list[str]:
    """`text` cut at the given offsets, taken modulo its length."""
    places = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    return [text[a:b] for a, b in itertools.pairwise(places)]
