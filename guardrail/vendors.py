"""How a question is put to each vendor's API, and what its answer says: text, refusal, cut, tokens.

Rules:
1. A vendor is data and one reader; what a reader does not find is empty, never an error: foreign JSON may be anything.
2. A filter or a guard that stepped in is a refusal of that question, with status 200 or 400, not an error of the run.
3. The key comes from the environment, goes into one header and nowhere else.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from guardrail.witness import filtered

Json = dict[str, Any]
_THOUGHT = re.compile(r"\s*<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: `native` names the vendor's own signal of a refusal, `tokens` what it says it used."""

    text: str
    native: str = ""
    cut: bool = False
    tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Asking:
    """What every question of a run has in common."""

    model: str
    max_tokens: int
    temperature: float | None = None
    system: str = ""
    extra: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Vendor:
    """One API.  `keys` are the variables in which the key may stand, `ends` the paths by which a URL is complete."""

    name: str
    keys: tuple[str, ...]
    path: Callable[[str], str]
    headers: Callable[[str], dict[str, str]]
    body: Callable[[Asking, str], Json]
    read: Callable[[Any], Reply]

    def url(self, base: str, model: str) -> str:
        """Where questions go: `base` may be the root, the root with its version, or the whole address."""
        base, path = base.rstrip("/"), self.path(model)
        if base.endswith(path):
            return base
        version, _, rest = path[1:].partition("/")
        return f"{base}/{rest}" if base.endswith(f"/{version}") else base + path

    def request(self, asking: Asking, prompt: str) -> Json:
        """The body of a question; `extra` adds members at the top, or takes them out with null."""
        body = {**self.body(asking, prompt), **(asking.extra or {})}
        return {name: value for name, value in body.items() if value is not None}


def at(value: Any, *path: str | int) -> Any:
    """The member of foreign JSON at `path`, None where it is not there."""
    for step in path:
        if isinstance(step, str) and isinstance(value, dict):
            value = value.get(step)
        elif isinstance(step, int) and isinstance(value, list) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def visible(text: str) -> str:
    """An answer without the thinking that some open models write before it."""
    match = _THOUGHT.match(text)
    return text[match.end() :] if match else text


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _sum(*values: Any) -> int | None:
    numbers = [value for value in values if isinstance(value, int) and not isinstance(value, bool) and value >= 0]
    return sum(numbers) if numbers else None


def _joined(parts: Any) -> str:
    if not isinstance(parts, list):
        return ""
    return "".join(_text(at(part, "text")) for part in parts if not at(part, "thought"))


def _openai_body(asking: Asking, prompt: str) -> Json:
    system = [{"role": "system", "content": asking.system}] if asking.system else []
    return {
        "model": asking.model,
        "messages": [*system, {"role": "user", "content": prompt}],
        "max_tokens": asking.max_tokens,
        "temperature": asking.temperature,
    }


def _openai_read(answer: Any) -> Reply:
    choice = at(answer, "choices", 0)
    content, refusal = at(choice, "message", "content"), _text(at(choice, "message", "refusal"))
    finish = _text(at(choice, "finish_reason"))
    native = "refusal" if refusal else finish if finish == "content_filter" else ""
    usage = at(answer, "usage")
    tokens = _sum(at(usage, "total_tokens")) or _sum(at(usage, "prompt_tokens"), at(usage, "completion_tokens"))
    text = content if isinstance(content, str) else _joined(content)
    return Reply(text or refusal, native, finish == "length", tokens)


def _anthropic_body(asking: Asking, prompt: str) -> Json:
    return {
        "model": asking.model,
        "system": asking.system or None,
        "messages": [{"role": "user", "content": prompt}],
        "max_tokens": asking.max_tokens,
        "temperature": asking.temperature,
    }


def _anthropic_read(answer: Any) -> Reply:
    stop = _text(at(answer, "stop_reason"))
    tokens = _sum(at(answer, "usage", "input_tokens"), at(answer, "usage", "output_tokens"))
    return Reply(_joined(at(answer, "content")), stop if stop == "refusal" else "", stop == "max_tokens", tokens)


def _gemini_body(asking: Asking, prompt: str) -> Json:
    config = {"maxOutputTokens": asking.max_tokens}
    if asking.temperature is not None:
        config |= {"temperature": asking.temperature}  # type: ignore[dict-item]
    return {
        "systemInstruction": {"parts": [{"text": asking.system}]} if asking.system else None,
        "contents": [{"role": "user", "parts": [{"text": prompt}]}],
        "generationConfig": config,
    }


_GEMINI_REFUSALS = ("SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "RECITATION")


def _gemini_read(answer: Any) -> Reply:
    candidate = at(answer, "candidates", 0)
    finish, blocked = _text(at(candidate, "finishReason")), _text(at(answer, "promptFeedback", "blockReason"))
    native = blocked or (finish if finish in _GEMINI_REFUSALS else "")
    tokens = _sum(at(answer, "usageMetadata", "totalTokenCount"))
    return Reply(_joined(at(candidate, "content", "parts")), native, finish == "MAX_TOKENS", tokens)


def _ollama_body(asking: Asking, prompt: str) -> Json:
    options: Json = {"num_predict": asking.max_tokens}
    if asking.temperature is not None:
        options["temperature"] = asking.temperature
    body = _openai_body(asking, prompt)
    return {"model": asking.model, "messages": body["messages"], "stream": False, "options": options}


def _ollama_read(answer: Any) -> Reply:
    tokens = _sum(at(answer, "prompt_eval_count"), at(answer, "eval_count"))
    cut = at(answer, "done_reason") == "length"
    return Reply(_text(at(answer, "message", "content")), "", cut, tokens)


def _bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"} if key else {}


VENDORS: Mapping[str, Vendor] = {
    vendor.name: vendor
    for vendor in (
        Vendor(
            "openai", ("OPENAI_API_KEY",), lambda model: "/v1/chat/completions", _bearer, _openai_body, _openai_read
        ),
        Vendor(
            "anthropic",
            ("ANTHROPIC_API_KEY",),
            lambda model: "/v1/messages",
            lambda key: {"anthropic-version": "2023-06-01", **({"x-api-key": key} if key else {})},
            _anthropic_body,
            _anthropic_read,
        ),
        Vendor(
            "gemini",
            ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
            lambda model: f"/v1beta/models/{quote(model, safe='')}:generateContent",
            lambda key: {"x-goog-api-key": key} if key else {},
            _gemini_body,
            _gemini_read,
        ),
        Vendor("ollama", ("OLLAMA_API_KEY",), lambda model: "/api/chat", _bearer, _ollama_body, _ollama_read),
    )
}


def withheld(status: int, headers: Mapping[str, str], body: bytes) -> str:
    """The name of the filter that an error speaks of, "" where it is another error.

    guardrail itself answers 400 with `content_filter`, and says so in a header too; the vendors' own codes are those
    by which traffic is judged.
    """
    if headers.get("x-guardrail-action") == "block":
        return "guardrail"
    if status not in (400, 403):
        return ""
    try:
        return "content_filter" if filtered(json.loads(body)) else ""
    except ValueError:
        return ""


def complaint(body: bytes) -> str:
    """What an error says, on one line and short."""
    try:
        value = json.loads(body)
        said = at(value, "error", "message") or at(value, "error") or at(value, "message")
    except ValueError:
        said = body.decode("utf-8", "replace")
    return " ".join(str(said or "no message").split())[:300]
