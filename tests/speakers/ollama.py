"""Ollama's own API as the server sends it: one JSON object a line, the last with `done: true` and the counters.

Source: `ollama.ChatResponse`, `ollama.GenerateResponse`; `<`, `>` and `&` are escaped as Go's encoder does.
"""

from collections.abc import Callable, Mapping
from typing import Any

from tests.speakers.speaker import BENIGN, Channel, Form, Per, Request, Speaker
from tests.speakers.templates import BYTES, NUMBER, TEXT, Each, Quoted

MODEL = {"model": "qwen3:8b", "created_at": "2025-10-21T08:52:19.385406455Z"}
COUNTERS = {
    "total_duration": 4883583458, "load_duration": 1334875, "prompt_eval_count": 26, "prompt_eval_duration": 342546000, "eval_count": 282,
    "eval_duration": 4535599000,
}  # fmt: skip
CONTEXT = {"context": [151644, 872, 198, 108386, 151645]}
FORM = Form(kind="application/x-ndjson", whole_kind="application/json; charset=utf-8", framing="ndjson", html=True)

Json = dict[str, Any]
Say = Callable[..., Json]


def chat(said: Json, **more: Any) -> Json:
    """A line of a chat."""
    return {**MODEL, "message": {"role": "assistant", "content": "", **said}, "done": False, **more}


def generated(said: Json, **more: Any) -> Json:
    """A line of a generation."""
    return {**MODEL, "response": "", **said, "done": False, **more}


def last(line: Json, **more: Any) -> Json:
    """A line that is the last, or the only one."""
    return {**line, "done": True, "done_reason": "stop", **COUNTERS, **more}


def spoken(say: Say, member: str) -> Mapping[str, Channel]:
    """The channels that both endpoints have; `member` is where the text stands."""
    talk = (say({member: BENIGN[:9]}), say({member: BENIGN[9:]}))
    end = last(say({}))

    def grown(said: Json, *before: Json) -> Channel:
        return Channel(last(say({member: BENIGN, **said})), (*before, Per(say(said)), end))

    def placed(said: Json, **more: Any) -> Channel:
        return Channel(last(say({member: BENIGN, **said}), **more), (*talk, last(say(said), **more)))

    def spelled(read: Json) -> Channel:
        entry = {"token": TEXT, "logprob": -0.01, "bytes": BYTES, "top_logprobs": [{"token": TEXT, "logprob": -0.01, "bytes": BYTES}]}  # fmt: skip
        line, view = say({member: TEXT}, logprobs=Each(entry)), {"logprobs": Each(read)}
        return Channel(last(line), (Per(line, view=view), end), view=view)

    error = {"error": TEXT}
    return {
        "content": grown({member: TEXT}),
        "reasoning": Channel(last(say({member: BENIGN, "thinking": TEXT})), (Per(say({"thinking": TEXT})), *talk, end)),
        "logprobs": spelled({"token": TEXT}),
        "logprobs_bytes": spelled({"bytes": BYTES}),
        "logprobs_top": spelled({"top_logprobs": [{"token": TEXT}]}),
        "logprobs_top_bytes": spelled({"top_logprobs": [{"bytes": BYTES}]}),
        "done_reason": placed({}, done_reason=TEXT),
        "unknown": placed({"provider_note": {"remark": TEXT}}),
        "unknown_key": placed({"provider_note": {TEXT: "value"}}),
        "unknown_delta": grown({"provider_text": TEXT}, *talk),
        "unknown_top": placed({}, provider_notes=[TEXT]),
        "error": Channel(error, (*talk, error), 400),
    }


def called(function: Json, **more: Any) -> Channel:
    """A tool call, which comes whole in a line of its own."""
    call = {"function": {"index": 0, "name": "find_person", "arguments": {}, **function}, **more}
    line = chat({"tool_calls": [call]})
    return Channel(last(line), (chat({"content": BENIGN}), line, last(chat({}))))


CHAT_TABLE: Mapping[str, Channel] = {
    **spoken(chat, "content"),
    "tool_arguments": called({"arguments": {"query": TEXT}}),
    "tool_arguments_key": called({"arguments": {TEXT: "value"}}),
    "tool_arguments_number": called({"arguments": {"amount": NUMBER}}),
    "tool_arguments_nested": called({"arguments": {"payload": Quoted({"query": TEXT})}}),
    "tool_name": called({"name": TEXT}),
    "tool_id": called({}, id=TEXT),
}
GENERATE_TABLE = spoken(generated, "response")

CALL = {"tool_calls": [{"id": "call_1", "function": {"index": 0, "name": "find_person", "arguments": {"name": "陳大文", "city": "香港"}}}]}  # fmt: skip
THINKING = {"thinking": "用戶想搵人，先查一查。"}
PIECES = [BENIGN[i : i + 5] for i in range(0, len(BENIGN), 5)]


def _ask(path: str, body: Json, stream: bool) -> Request:
    return Request(path, {"model": "qwen3:8b", **body, **({} if stream else {"stream": False})}, {})


def ask_chat(stream: bool) -> Request:
    """A chat request; it streams unless it says otherwise."""
    return _ask("/api/chat", {"messages": [{"role": "user", "content": "你好，請幫我搵人。"}]}, stream)


def ask_generate(stream: bool) -> Request:
    """A generation request; it streams unless it says otherwise."""
    return _ask("/api/generate", {"prompt": "從前有座山，"}, stream)


CHAT = Speaker(
    "ollama_chat", FORM, ask_chat, CHAT_TABLE,
    last(chat({"content": BENIGN, **THINKING, **CALL})),
    (chat(THINKING), *(chat({"content": piece}) for piece in PIECES), chat(CALL), last(chat({}))),
)  # fmt: skip
GENERATE = Speaker(
    "ollama_generate", FORM, ask_generate, GENERATE_TABLE,
    last(generated({"response": BENIGN, **THINKING}), **CONTEXT),
    (generated(THINKING), *(generated({"response": piece}) for piece in PIECES), last(generated({}), **CONTEXT)),
)  # fmt: skip
