"""What attempts cost together, in every vendor's numbers, and nothing but the numbers changed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.usage import Rewriting, added, raised, tokens, usage_of
from guardrail.wire.jsonarray import JsonArrayDecoder
from guardrail.wire.ndjson import NDJSONDecoder
from guardrail.wire.sse import SSEDecoder
from tests.inprocess import cut
from tests.speakers import SPEAKERS

CHAT = {
    "prompt_tokens": 5,
    "completion_tokens": 7,
    "total_tokens": 12,
    "completion_tokens_details": {"reasoning_tokens": 3},
    "service_tier": "x",
    "cost": 0.5,
}
GEMINI = {
    "promptTokenCount": 5,
    "candidatesTokenCount": 7,
    "totalTokenCount": 12,
    "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 5}],
}


@pytest.mark.parametrize(
    ("document", "cost"),
    [
        ({"usage": CHAT}, 12),
        ({"usage": {"input_tokens": 5, "output_tokens": 7}}, 12),
        ({"type": "message_start", "message": {"usage": {"input_tokens": 5, "output_tokens": 1}}}, 6),
        ({"type": "response.completed", "response": {"usage": {"input_tokens": 5, "output_tokens": 7, "total_tokens": 12}}}, 12),
        ({"usageMetadata": GEMINI}, 12),
        ({"usage_metadata": {"total_token_count": 12}}, 12),
        ({"done": True, "prompt_eval_count": 5, "eval_count": 7, "total_duration": 9}, 12),
        ({"usage": None}, 0),
        ({"usage": {"total_tokens": "12", "prompt_tokens": True}}, 0),
        ([1], 0),
        ("usage", 0),
    ],
)  # fmt: skip
def test_the_cost_of_an_answer_doubles(document, cost):
    usage = usage_of(document)
    assert tokens(usage) == cost
    raw = json.dumps(document, indent=1).encode()
    twice = raised(raw, document, usage)
    assert usage_of(json.loads(twice)) == added(usage, usage)
    assert tokens(usage_of(json.loads(twice))) == 2 * cost
    assert raised(raw, document, {}) is raw


def test_prices_tiers_and_what_the_rejected_answer_did_not_count_stay():
    raw = json.dumps({"usage": CHAT}).encode()
    [made] = [json.loads(raised(raw, {"usage": CHAT}, {("prompt_tokens",): 100, ("unheard_of",): 9}))["usage"]]
    assert made == {**CHAT, "prompt_tokens": 105}


@pytest.mark.parametrize("name", SPEAKERS)
@given(cuts=st.lists(st.integers(0, 5000), max_size=8))
def test_a_stream_keeps_every_other_byte_however_it_was_cut(name, cuts):
    speaker = SPEAKERS[name]
    raw = b"".join(speaker.clean(True))
    decoder = {"ndjson": NDJSONDecoder, "array": JsonArrayDecoder}.get(speaker.form.framing, SSEDecoder)
    for change in (lambda data: data, lambda data: data.replace(b'"model', b'"MODEL')):
        rewriting = Rewriting(decoder(1 << 20), change)
        out = b"".join(rewriting.feed(part) for part in cut(raw, cuts)) + rewriting.end()
        documents = [change(json.dumps(event).encode()) for event in speaker.form.events(raw)]
        assert speaker.form.events(out) == [json.loads(document) for document in documents]
        assert len(out) == len(raw)
