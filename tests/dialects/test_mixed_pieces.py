"""Pieces of two texts that come mixed: clients join them in ways of their own, so such streams are refused."""

import json

import pytest

from guardrail.dialects.anthropic_messages import AnthropicMessages
from guardrail.dialects.gemini import Gemini
from guardrail.dialects.openai_responses import OpenAIResponses
from guardrail.dialects.protocol import Call
from guardrail.wire import jsontext


def read(dialect, events):
    """The views of a stream's events."""
    lens = dialect.lens(Call(stream=True))
    views = []
    for event in events:
        raw = json.dumps(event).encode()
        document = jsontext.parse(raw)
        views.append(lens.event(document, jsontext.strings(document, raw), event.get("type", "")))
    return views


def block(index, text=None):
    if text is None:
        return {"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": ""}}
    return {"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": text}}


MESSAGE = {"type": "message_start", "message": {"id": "m", "type": "message", "role": "assistant", "model": "x", "content": []}}  # fmt: skip


def added(call_id):
    item = {"type": "function_call", "id": "fc", "call_id": call_id, "name": "f", "arguments": ""}
    return {"type": "response.output_item.added", "output_index": 0, "item": item}


def arguments(text):
    return {"type": "response.function_call_arguments.delta", "item_id": "fc", "output_index": 0, "delta": text}


def called(identity, path, text, name="f"):
    piece = {"jsonPath": path, "stringValue": text, "willContinue": True}
    call = {"name": name, "id": identity, "partialArgs": [piece], "willContinue": True}
    return {"candidates": [{"content": {"parts": [{"functionCall": call}]}}]}


@pytest.mark.parametrize(
    ("dialect", "events"),
    [
        (AnthropicMessages(), [MESSAGE, block(0), block(0, "x A1234"), block(1), block(1, " y "), block(0, "56(3)")]),
        (OpenAIResponses(), [added("f"), arguments('{"a":"A1234'), added("g"), arguments('56(3)"}')]),
        (Gemini(), [called("1", "$.a", "A1234"), called("2", "$.a", "x", "g"), called("1", "$.a", "56(3)")]),
    ],
    ids=["two open blocks", "an item announced twice", "a call that comes back"],
)
def test_mixed_pieces_are_refused(dialect, events):
    with pytest.raises(jsontext.JsonError):
        read(dialect, events)


def test_one_argument_in_two_spellings_of_its_path_is_one_text():
    views = read(Gemini(), [called("1", "$.a", "A1234"), called("1", "$['a']", "56(3)")])
    said = {}
    for delta in (delta for view in views for delta in view.deltas if delta.text):
        said[delta.channel] = said.get(delta.channel, "") + delta.text
    assert "A123456(3)" in said.values()
