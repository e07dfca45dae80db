"""What is noticed of an answer beside what the policy finds in it: whether the model refused, and how long it is.

Rules:
1. It sees the answer as the upstream sent it, before any edit: what is asked is how the model behaves.
2. A refusal is the vendor's own word for one (a `refusal`, a finish reason, an error code), or else a phrase at the
   start of the text (`text/refusal.py`).  Of several choices all must refuse.
3. It changes nothing and keeps no more of the text than the opening that the phrase is looked for in.
"""

from typing import Any

from guardrail.dialects.places import mapping
from guardrail.dialects.protocol import ChannelKey, View
from guardrail.text.refusal import OPENING, refuses

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
    """Follows one answer; `length` counts the characters of its text, `tokens` is what the upstream says it cost."""

    __slots__ = ("_choices", "_filtered", "_openings", "_refused", "length", "tokens")

    def __init__(self) -> None:
        self.length = 0
        self.tokens = 0
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
        said = self._openings.get(choice, "")
        if len(said) < OPENING:
            self._openings[choice] = said + text[: OPENING - len(said)]

    def reads(self, document: Any) -> None:
        """A whole document: what it says about its cost, or that it is an error."""
        body = mapping(document)
        self._filtered = self._filtered or filtered(body)
        self.tokens += _tokens(body)

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


def _tokens(body: Any) -> int:
    """What an answer cost, as the vendors say it; 0 where they do not."""
    usage = mapping(body.get("usage")) or mapping(body.get("usageMetadata"))
    for total in ("total_tokens", "totalTokenCount"):
        if (found := _count(usage.get(total))) > 0:
            return found
    return sum(
        _count(holder.get(name))
        for holder, names in (
            (usage, ("input_tokens", "output_tokens", "prompt_tokens", "completion_tokens")),
            (body, ("prompt_eval_count", "eval_count")),
        )
        for name in names
    )


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
