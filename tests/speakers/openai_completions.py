"""OpenAI's legacy completions, as the server sends them.  Source: `openai.types.Completion`."""

from collections.abc import Mapping
from typing import Any

from tests.speakers.openai_chat import failed as chat_failed
from tests.speakers.speaker import BENIGN, Channel, Echo, Form, Per, Request, Speaker
from tests.speakers.templates import OFFSETS, TEXT, Each

TOP = {"id": "cmpl-uqkvlQyYK7bGYrRHQ0eXlWi7", "object": "text_completion", "created": 1741569952, "model": "gpt-3.5-turbo-instruct"}  # fmt: skip
USAGE = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}

Json = dict[str, Any]


def answer(choice: Json, **more: Any) -> Json:
    """A whole completion."""
    return {**TOP, "choices": [{"text": BENIGN, "index": 0, "logprobs": None, "finish_reason": "stop", **choice}], "usage": USAGE, **more}  # fmt: skip


def chunk(choice: Json, **more: Any) -> Json:
    """One event of a stream."""
    return {**TOP, "choices": [{"text": "", "index": 0, "logprobs": None, "finish_reason": None, **choice}], **more}


TALK = (chunk({"text": BENIGN[:9]}), chunk({"text": BENIGN[9:]}))
COUNTED = {**TOP, "choices": [], "usage": USAGE}
CLOSING = (chunk({"finish_reason": "stop"}), COUNTED)


def grown(choice: Json, *before: Json, view: Any = None) -> Channel:
    """A text that a stream delivers piece by piece."""
    return Channel(answer(choice), (*before, Per(chunk(choice), view=view), *CLOSING), view=view)


def placed(choice: Json | None = None, **more: Any) -> Channel:
    """A text that a stream delivers in its last event of text."""
    last = chunk({"finish_reason": "stop", **(choice or {})}, **more)
    return Channel(answer(choice or {}, **more), (*TALK, last, COUNTED))


def spelled(read: Json) -> Channel:
    """Log-probabilities that spell the text; the alternatives are the keys of an object."""
    logprobs = {"tokens": Each(TEXT), "token_logprobs": Each(-0.01), "top_logprobs": Each({TEXT: -0.01}), "text_offset": OFFSETS}  # fmt: skip
    return grown({"text": TEXT, "logprobs": logprobs}, view={"choices": [{"index": 0, "logprobs": read}]})


def second_choice() -> Channel:
    """The text of the second of two choices that interleave."""
    other = {"text": TEXT, "index": 1, "logprobs": None, "finish_reason": "stop"}
    whole = answer({})
    whole["choices"].append(other)
    end = chunk({"index": 1, "finish_reason": "stop"})
    return Channel(whole, (TALK[0], Per(chunk({"index": 1, "text": TEXT})), TALK[1], end, *CLOSING))


def identified() -> Channel:
    """The id of the answer, which every chunk repeats."""
    return Channel(answer({}, id=TEXT), [Echo({**event, "id": TEXT}) for event in (*TALK, *CLOSING)])


def failed() -> Channel:
    """An error that quotes the text."""
    error = chat_failed({"message": TEXT, "type": "invalid_request_error", "param": "prompt", "code": None})
    return Channel(error.whole, (*TALK, error.whole), error.status)


TABLE: Mapping[str, Channel] = {
    "content": grown({"text": TEXT}),
    "logprobs": spelled({"tokens": Each(TEXT)}),
    "logprobs_top": spelled({"top_logprobs": Each({TEXT: -0.01})}),
    "second_choice": second_choice(),
    "id": identified(),
    "unknown": placed({"provider_note": {"remark": TEXT}}),
    "unknown_key": placed({"provider_note": {TEXT: "value"}}),
    "unknown_delta": grown({"provider_text": TEXT}, *TALK),
    "unknown_top": placed(provider_note=[TEXT]),
    "error": failed(),
}


def ask(stream: bool) -> Request:
    """A completion request."""
    more = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
    body = {"model": "gpt-3.5-turbo-instruct", "prompt": "從前有座山，", "max_tokens": 64, **more}
    return Request("/v1/completions", body, {"authorization": "Bearer sk-none"})


COMPLETIONS = Speaker(
    "openai_completions",
    Form(done=True, indent=2),
    ask,
    TABLE,
    answer({}),
    (*(chunk({"text": BENIGN[i : i + 5]}) for i in range(0, len(BENIGN), 5)), *CLOSING),
)
