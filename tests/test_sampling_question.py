"""Which requests may be asked again: only those that are known to do nothing but answer; and what is sent instead."""

import json

import pytest

from guardrail.sampling_question import Request, asked_with, question
from guardrail.types import Edit

CHAT, MESSAGES, RESPONSES = "/v1/chat/completions", "/v1/messages", "/v1/responses"
GEMINI = "/v1beta/models/g:generateContent"
USER = {"role": "user", "content": "Can women drive?"}
SAID = {"model": "m", "messages": [USER]}
ASKED = {"model": "m", "input": "Can women drive?", "store": False}
TURN = {"contents": [{"role": "user", "parts": [{"text": "Can women drive?"}]}]}


def request(dialect, path, body, *, query="", method="POST", headers=()):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Request(dialect, method, path, query, list(headers), raw)


def said(message, **more):
    return {**SAID, "messages": [message], **more}


@pytest.mark.parametrize(
    ("dialect", "path", "body"),
    [
        ("openai_chat", CHAT, SAID),
        (
            "openai_chat",
            "/openai/deployments/x/chat/completions",
            {**SAID, "temperature": 0, "stream": True, "stream_options": {"include_usage": True}},
        ),
        (
            "openai_chat",
            CHAT,
            {**SAID, "user": "u-1", "metadata": {"a": "b"}, "n": 1, "tools": [], "store": False, "functions": None},
        ),
        (
            "openai_chat",
            CHAT,
            said(
                {"role": "user", "content": [{"type": "text", "text": "Can women"}, {"type": "text", "text": "drive?"}]}
            ),
        ),
        (
            "openai_chat",
            CHAT,
            {
                **SAID,
                "messages": [
                    {"role": "system", "content": "Be kind."},
                    {"role": "user", "content": "Hi"},
                    {"role": "assistant", "content": "Hello"},
                    USER,
                ],
            },
        ),
        ("openai_completions", "/v1/completions", {"model": "m", "prompt": "Can women drive?", "max_tokens": 5}),
        ("openai_responses", RESPONSES, ASKED),
        (
            "openai_responses",
            RESPONSES,
            {
                **ASKED,
                "input": [
                    {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Can women drive?"}]}
                ],
            },
        ),
        (
            "anthropic_messages",
            MESSAGES,
            {
                **SAID,
                "max_tokens": 5,
                "system": [{"type": "text", "text": "Be kind.", "cache_control": {"type": "ephemeral"}}],
            },
        ),
        (
            "anthropic_complete",
            "/v1/complete",
            {"model": "m", "prompt": "\n\nHuman: Can women drive?\n\nAssistant:", "max_tokens_to_sample": 5},
        ),
        (
            "gemini",
            GEMINI,
            {**TURN, "generationConfig": {"candidateCount": 1}, "systemInstruction": {"parts": [{"text": "Be kind."}]}},
        ),
        ("gemini", "/v1beta/models/g:streamGenerateContent", {"contents": [{"parts": [{"text": "Can women drive?"}]}]}),
        ("ollama", "/api/chat", SAID),
        ("ollama", "/api/generate", {"model": "m", "prompt": "Can women drive?", "keep_alive": "5m"}),
    ],
)
def test_a_plain_question_may_be_asked_again(dialect, path, body):
    asked = question(request(dialect, path, body))
    assert asked is not None
    assert asked.message.split() == ["Can", "women", "drive?"]


TOOL = {"type": "function", "function": {"name": "pay", "parameters": {}}}
CALLED = {
    "role": "assistant",
    "content": None,
    "tool_calls": [{"id": "c", "type": "function", "function": {"name": "pay", "arguments": "{}"}}],
}


@pytest.mark.parametrize(
    ("dialect", "path", "body"),
    [
        # Tools, in every vendor's words
        pytest.param("openai_chat", CHAT, {**SAID, "tools": [TOOL]}, id="tools"),
        pytest.param("openai_chat", CHAT, {**SAID, "functions": [{"name": "pay"}]}, id="functions"),
        pytest.param("openai_chat", CHAT, {**SAID, "web_search_options": {"a": 1}}, id="web search"),
        pytest.param("openai_chat", CHAT, {**SAID, "web_search_options": {}}, id="web search, switched on by an empty object"),
        pytest.param("openai_chat", CHAT, {**SAID, "brand_new_member": 0}, id="nought"),
        pytest.param("openai_chat", CHAT, {**SAID, "messages": [USER, CALLED, {"role": "tool", "tool_call_id": "c", "content": "paid"}]}, id="result of a tool"),
        pytest.param("openai_chat", CHAT, {**SAID, "messages": [USER, CALLED, USER]}, id="a call in the history"),
        pytest.param("openai_responses", RESPONSES, {**ASKED, "tools": [{"type": "web_search"}]}, id="hosted tool"),
        pytest.param("openai_responses", RESPONSES, {**ASKED, "input": [USER, {"type": "function_call_output", "call_id": "c", "output": "x"}]}, id="output of a function"),
        pytest.param("anthropic_messages", MESSAGES, {**SAID, "tools": [{"name": "pay", "input_schema": {}}]}, id="tools of Anthropic"),
        pytest.param("anthropic_messages", MESSAGES, {**SAID, "mcp_servers": [{"url": "https://x"}]}, id="MCP"),
        pytest.param("anthropic_messages", MESSAGES, said({"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "x"}]}), id="tool_result"),
        pytest.param("gemini", GEMINI, {**TURN, "tools": [{"googleSearch": {"a": 1}}]}, id="tools of Gemini"),
        pytest.param("gemini", GEMINI, {"contents": [{"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {}}}]}]}, id="functionResponse"),
        pytest.param("ollama", "/api/chat", {**SAID, "tools": [TOOL]}, id="tools of Ollama"),
        # What is stored, and what goes on from it
        pytest.param("openai_responses", RESPONSES, {"model": "m", "input": "Can women drive?"}, id="stored by default"),
        pytest.param("openai_responses", RESPONSES, {**ASKED, "store": True}, id="stored"),
        pytest.param("openai_responses", RESPONSES, {**ASKED, "previous_response_id": "r"}, id="previous response"),
        pytest.param("openai_responses", RESPONSES, {**ASKED, "conversation": "c"}, id="conversation"),
        pytest.param("openai_responses", RESPONSES, {**ASKED, "background": True}, id="in the background"),
        pytest.param("openai_responses", RESPONSES, {**ASKED, "prompt": {"id": "p"}}, id="stored prompt"),
        pytest.param("openai_responses", RESPONSES, {**ASKED, "input": [{"type": "item_reference", "id": "i"}, USER]}, id="reference"),
        pytest.param("openai_responses", "/v1/responses/r/cancel", ASKED, id="cancelling"),
        pytest.param("openai_responses", "/v1/responses/compact", ASKED, id="compacting"),
        pytest.param("openai_chat", CHAT, {**SAID, "store": True}, id="chat that is stored"),
        pytest.param("openai_chat", CHAT, {**SAID, "store": "yes"}, id="store with another type"),
        pytest.param("gemini", GEMINI, {**TURN, "cachedContent": "c"}, id="cached content"),
        pytest.param("ollama", "/api/generate", {"model": "m", "prompt": "x", "context": [1, 2]}, id="context of Ollama"),
        pytest.param("anthropic_messages", MESSAGES, {**SAID, "container": "c"}, id="container"),
        # Files, pictures, sound
        pytest.param("openai_chat", CHAT, said({"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x"}}]}), id="picture"),
        pytest.param("openai_chat", CHAT, said({"role": "user", "content": [{"type": "text", "text": "x"}, {"type": "file", "file": {"file_id": "f"}}]}), id="file"),
        pytest.param("openai_responses", RESPONSES, {**ASKED, "input": [{"role": "user", "content": [{"type": "input_file", "file_id": "f"}]}]}, id="input file"),
        pytest.param("anthropic_messages", MESSAGES, said({"role": "user", "content": [{"type": "document", "source": {"type": "text", "data": "x"}}]}), id="document"),
        pytest.param("gemini", GEMINI, {"contents": [{"parts": [{"text": "x"}, {"inlineData": {"mimeType": "image/png", "data": "AA"}}]}]}, id="inline data"),
        pytest.param("ollama", "/api/chat", said({"role": "user", "content": "x", "images": ["AA"]}), id="images of Ollama"),
        pytest.param("openai_chat", CHAT, {**SAID, "modalities": ["audio"], "audio": {"voice": "x"}}, id="sound"),
        pytest.param("gemini", GEMINI, {**TURN, "generationConfig": {"responseModalities": ["TEXT", "IMAGE"]}}, id="pictures of Gemini"),
        pytest.param("gemini", GEMINI, {**TURN, "generation_config": {"response_modalities": ["AUDIO"]}}, id="sound of Gemini"),
        # Several answers, other endpoints, what nobody knows
        pytest.param("openai_chat", CHAT, {**SAID, "n": 3}, id="several answers"),
        pytest.param("gemini", GEMINI, {**TURN, "generationConfig": {"candidateCount": 2}}, id="several candidates"),
        pytest.param("gemini", GEMINI, {**TURN, "generationConfig": {"topK": 1}, "generation_config": {"candidateCount": 2}}, id="several candidates in the other spelling"),
        pytest.param("openai_completions", "/v1/completions", {"prompt": ["a", "b"]}, id="several prompts"),
        pytest.param("openai_chat", CHAT, {**SAID, "brand_new_member": {"do": "it"}}, id="a member nobody knows"),
        pytest.param("openai_chat", CHAT, said({**USER, "brand_new": 1}), id="an unknown member of a message"),
        pytest.param("openai_chat", CHAT, said({"role": "critic", "content": "x"}), id="an unknown role"),
        pytest.param("openai_chat", CHAT, {**SAID, "messages": [USER, {"role": "assistant", "content": "Ye"}]}, id="an answer to go on with"),
        pytest.param("openai_chat", CHAT, {"model": "m"}, id="no messages"),
        pytest.param("openai_chat", CHAT, {"model": "m", "messages": "x"}, id="messages that are none"),
        pytest.param("anthropic_messages", "/v1/messages/count_tokens", SAID, id="counting"),
        pytest.param("gemini", "/v1beta/models/g:countTokens", TURN, id="counting at Gemini"),
        pytest.param("gemini", "/v1beta/models/g:embedContent", TURN, id="embedding"),
        pytest.param("ollama", "/api/embed", {"model": "m", "input": "x"}, id="embedding at Ollama"),
        pytest.param("json_body", "/v1/embeddings", {"model": "m", "input": "x"}, id="embeddings"),
        pytest.param("files", "/v1/files", {"purpose": "x"}, id="files"),
        pytest.param("batches", "/v1/batches", {"input_file_id": "x"}, id="batches"),
        pytest.param("anthropic_complete", "/v1/complete", {"prompt": "\n\nHuman: a\n\nAssistant: b\n\nHuman: c\n\nAssistant:"}, id="a transcript of several turns"),
        pytest.param("openai_chat", CHAT, b'{"model": "m", "model": "n", "messages": []}', id="the same key twice"),
        pytest.param("openai_chat", CHAT, b"not json", id="not JSON"),
        pytest.param("openai_chat", CHAT, [SAID], id="an array"),
    ],
)  # fmt: skip
def test_what_may_have_an_effect_is_never_asked_again(dialect, path, body):
    assert question(request(dialect, path, body)) is None


@pytest.mark.parametrize("query", ["session=1", "api-version=1&resume=x"])
def test_a_query_that_nobody_knows_is_left_alone(query):
    assert question(request("openai_chat", CHAT, SAID, query=query)) is None


def test_only_a_post_is_asked_again():
    assert question(request("openai_chat", CHAT, SAID, method="PUT")) is None


def edited(one, old, new):
    asked = question(one)
    assert asked is not None
    pointer, start, _ = asked.places[0]
    at = asked.texts[pointer].index(old, start)
    return asked_with(asked, {pointer: [Edit(at, at + len(old), new)]})


def test_nothing_but_the_term_changes():
    raw = b'{ "messages" : [ {"content":"Can women drive?", "role" : "user"} ],\n "temperature":1.0e0, "seed": 12345678901234567890,  "model":"m"}'
    sent = edited(request("openai_chat", CHAT, raw), "women", "men")
    assert sent.body == raw.replace(b"women", b"men")
    assert (sent.method, sent.path, sent.query) == ("POST", CHAT, "")


@pytest.mark.parametrize(
    ("dialect", "path", "query", "body", "sent_path", "sent_query", "member", "value"),
    [
        ("openai_chat", CHAT, "api-version=2", {**SAID, "stream": True}, CHAT, "api-version=2", "stream", False),
        (
            "openai_chat",
            CHAT,
            "",
            {**SAID, "stream": True, "stream_options": {"include_usage": True}},
            CHAT,
            "",
            "stream_options",
            None,
        ),
        ("ollama", "/api/chat", "", SAID, "/api/chat", "", "stream", False),
        ("ollama", "/api/chat", "", {**SAID, "stream": True}, "/api/chat", "", "stream", False),
        ("gemini", "/v1beta/models/g:streamGenerateContent", "alt=sse&key=k", TURN, GEMINI, "key=k", "stream", None),
        ("anthropic_messages", MESSAGES, "beta=true", {**SAID, "stream": True}, MESSAGES, "beta=true", "stream", False),
    ],
)
def test_it_is_not_streamed(dialect, path, query, body, sent_path, sent_query, member, value):
    sent = edited(request(dialect, path, body, query=query), "women", "men")
    assert (sent.path, sent.query, json.loads(sent.body).get(member)) == (sent_path, sent_query, value)


def test_who_asked_is_taken_out_and_only_needed_headers_go_along():
    headers = [
        (b"authorization", b"Bearer k"), (b"content-type", b"application/json"), (b"openai-organization", b"o"), (b"user-agent", b"sdk"),
        (b"cookie", b"session=1"), (b"idempotency-key", b"i"), (b"x-request-id", b"r"), (b"traceparent", b"t"), (b"x-forwarded-for", b"1.2.3.4"), (b"accept", b"text/event-stream"),
    ]  # fmt: skip
    body = {
        "user": "u-1",
        **SAID,
        "metadata": {"person": "陳大文"},
        "safety_identifier": "s",
        "prompt_cache_key": "p",
        "temperature": 0,
    }
    sent = edited(request("openai_chat", CHAT, body, headers=headers), "women", "men")
    assert json.loads(sent.body) == {
        "model": "m",
        "messages": [{"role": "user", "content": "Can men drive?"}],
        "temperature": 0,
    }
    assert [name for name, _ in sent.headers] == [
        b"authorization",
        b"content-type",
        b"openai-organization",
        b"user-agent",
    ]


def test_what_was_said_before_is_told_apart_from_the_system():
    turns = [
        {"role": "system", "content": "s"},
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": [{"type": "text", "text": "two"}]},
        USER,
    ]
    asked = question(request("openai_chat", CHAT, {**SAID, "messages": turns}))
    assert asked is not None
    assert list(asked.before) == ["one", "two"]
