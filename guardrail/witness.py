"""What is noticed of an answer beside what the policy finds in it: whether the model refused, how long it is, what it
cost, and, where the model may be asked again, its words.

Rules:
1. It sees the answer as the upstream sent it, before any edit: what is asked is how the model behaves.
2. A refusal is the vendor's own word for one (a `refusal`, a finish reason, an error code), or else a phrase at the
   start of the text (`text/refusal.py`).  Of several choices all must refuse.
3. It changes nothing, and unless it is told to keep the words, it keeps no more of them than the opening that the
   phrase is looked for in.
"""

from typing import Any

from guardrail.dialects.places import mapping
from guardrail.dialects.protocol import ChannelKey, View
from guardrail.text.refusal import OPENING, refuses
from guardrail.types import Pointer
from guardrail.usage import tokens, usage_of

REASONS = frozenset(
    {"content_filter", "refusal"}
    | {"SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "JAILBREAK", "MODEL_ARMOR"}
    | {"IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT"}
)
"""Reasons for the end of an answer that say that it was refused: OpenAI and Azure; Anthropic; Gemini."""
CODES = frozenset(
    {"content_filter", "content_policy_violation", "ResponsibleAIPolicyViolation"}
    | {"data_inspection_failed", "DataInspectionFailed", "1301"}
    | {"SensitiveContentDetected", "InputTextSensitiveContentDetected", "OutputTextSensitiveContentDetected"}
)
"""Codes and types of an error that say so: OpenAI, Azure and Moonshot; Alibaba (Qwen) and Zhipu (GLM); Volcengine
(Doubao)."""
_MESSAGE = "Content Exists Risk"
"""What DeepSeek's filter says; its code is that of any request that is not taken."""


class Witness:
    """Follows one answer; `length` counts the characters of its text, `usage` is what the upstream says it cost, `acts`
    tells whether it says anything other than text."""

    __slots__ = ("_choices", "_filtered", "_kept", "_left", "_openings", "_refused", "acts", "length", "usage")

    def __init__(self, *, keep: int = 0) -> None:
        """`keep` is the most characters of the answer that are kept."""
        self.length = 0
        self.usage: dict[Pointer, int] = {}
        self.acts = False
        self._kept: list[str] = []
        self._left = keep
        self._openings: dict[int, str] = {}
        self._refused: set[int] = set()
        self._choices: set[int] = set()
        self._filtered = False

    def sees(self, view: View) -> None:
        """An event of a stream, or a whole answer."""
        for delta in view.deltas:
            if not delta.aside:
                self.hears(delta.channel, delta.text)
        for choice, reason in view.finishes:
            self._choices.add(choice)
            if reason in REASONS:
                self._refused.add(choice)
        self.acts = self.acts or bool(view.acts)

    def hears(self, channel: ChannelKey, text: str) -> None:
        """An addition to a text of the answer; the vendor's repetitions of it have a `block` of their own."""
        choice, name, block = channel
        if not text or block or name not in ("content", "refusal"):
            return
        self._choices.add(choice)
        if name == "refusal":
            self._refused.add(choice)
            return
        self.length += len(text)
        if self._left:
            self._kept.append(text[: self._left])
            self._left -= len(self._kept[-1])
        said = self._openings.get(choice, "")
        if len(said) < OPENING:
            self._openings[choice] = said + text[: OPENING - len(said)]

    def reads(self, document: Any) -> None:
        """A whole document: what it says about its cost, or that it is an error."""
        body = mapping(document)
        self._filtered = self._filtered or filtered(body)
        self.counts(body)

    def counts(self, document: Any) -> None:
        """What a document says about the cost of the answer: in a stream the last word is the whole."""
        self.usage |= usage_of(document)

    @property
    def tokens(self) -> int:
        """How many tokens the answer cost, 0 where the upstream does not say."""
        return tokens(self.usage)

    @property
    def said(self) -> str:
        """The words of the answer, "" where not all of them were kept."""
        text = "".join(self._kept)
        return text if len(text) == self.length else ""

    @property
    def refused(self) -> bool | None:
        """Whether the model refused; None where it said nothing."""
        if self._filtered:
            return True
        if not self._choices:
            return None
        return all(c in self._refused or refuses(self._openings.get(c, "")) for c in self._choices)


def filtered(document: Any) -> bool:
    """Whether a document is the error of a vendor's filter."""
    error = mapping(mapping(document).get("error"))
    said = (error.get("code"), error.get("type"), mapping(error.get("innererror")).get("code"))
    codes = {str(code) for code in said if isinstance(code, str | int)}
    return bool(codes & CODES) or str(error.get("message")).startswith(_MESSAGE)
