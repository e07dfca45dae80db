"""The demo's application: asks through the official `openai` SDK, whole and streamed, and keeps what came back.

Rule: it knows nothing of guardrail but the header that names the audit record.
"""

from dataclasses import dataclass
from typing import Any

from openai import APIStatusError, DefaultHttpxClient, OpenAI


@dataclass(frozen=True, slots=True)
class Got:
    """What the client has in hand: the text to show, why it ended, and the members that no SDK knows."""

    text: str
    ended: str
    record: str
    extra: Any = None
    status: int = 200


def connect(url: str) -> OpenAI:
    """A client of the sidecar at `url`, deaf to proxies in the environment."""
    http = DefaultHttpxClient(trust_env=False)
    return OpenAI(base_url=f"{url}/v1", api_key="demo", max_retries=0, timeout=30, http_client=http)


def ask_whole(client: OpenAI, question: str) -> Got:
    """The answer in one piece."""
    try:
        raw = client.chat.completions.with_raw_response.create(model="demo", messages=[_user(question)])
    except APIStatusError as error:
        return _refused(error)
    completion = raw.parse()
    choice = completion.choices[0]
    parts = [choice.message.content or ""]
    parts += [call.function.arguments for call in choice.message.tool_calls or () if call.type == "function"]
    extra = (completion.model_extra or {}).get("guardrail")
    return Got("".join(parts), choice.finish_reason, raw.headers["x-guardrail-audit-id"], extra)


def ask_streamed(client: OpenAI, question: str) -> Got:
    """The same, piece by piece."""
    try:
        raw = client.chat.completions.with_raw_response.create(model="demo", messages=[_user(question)], stream=True)
    except APIStatusError as error:
        return _refused(error)
    text, ended, extra = "", "", None
    for chunk in raw.parse():
        extra = (chunk.model_extra or {}).get("guardrail") or extra
        for choice in chunk.choices:
            text += choice.delta.content or ""
            text += "".join(call.function.arguments or "" for call in choice.delta.tool_calls or () if call.function)
            ended = choice.finish_reason or ended
    return Got(text, ended, raw.headers["x-guardrail-audit-id"], extra)


def _user(question: str) -> Any:
    return {"role": "user", "content": question}


def _refused(error: APIStatusError) -> Got:
    body = error.body if isinstance(error.body, dict) else {}
    words = str(body.get("message") or error)
    record = error.response.headers.get("x-guardrail-audit-id", "")
    return Got(words, str(error.code or ""), record, status=error.status_code)
