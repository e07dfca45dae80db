"""Who said what in a request, in every vendor's form: a document or a tool's result must never pass for the caller's words."""

import orjson
import pytest

from guardrail.app import dialects
from guardrail.conversation import heard
from guardrail.wire import jsontext

BY_NAME = {dialect.name: dialect for dialect in dialects()}
TOOL = {"name": "look_up", "description": "looks a client up"}

REQUESTS = {
    "openai_chat": ("/v1/chat/completions", {
        "messages": [
            {"role": "system", "content": "SYSTEM"}, {"role": "user", "content": "CALLER 1"}, {"role": "assistant", "content": "HISTORY"},
            {"role": "tool", "tool_call_id": "c", "content": "RESULT"}, {"role": "user", "content": [{"type": "text", "text": "CALLER 2"}]},
        ],
        "tools": [{"type": "function", "function": TOOL}],
    }),
    "openai_responses": ("/v1/responses", {
        "instructions": "SYSTEM",
        "input": [
            {"role": "user", "content": "CALLER 1"}, {"role": "assistant", "content": [{"type": "output_text", "text": "HISTORY"}]},
            {"type": "function_call_output", "call_id": "c", "output": "RESULT"}, {"role": "user", "content": [{"type": "input_text", "text": "CALLER 2"}]},
        ],
        "tools": [{"type": "function", **TOOL}],
    }),
    "anthropic_messages": ("/v1/messages", {
        "system": "SYSTEM",
        "messages": [
            {"role": "user", "content": "CALLER 1"}, {"role": "assistant", "content": "HISTORY"},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "t", "content": "RESULT"},
                {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "RESULT 2"}},
                {"type": "text", "text": "CALLER 2"},
            ]},
        ],
        "tools": [TOOL],
    }),
    "gemini": ("/v1beta/models/m:generateContent", {
        "systemInstruction": {"parts": [{"text": "SYSTEM"}]},
        "contents": [
            {"role": "user", "parts": [{"text": "CALLER 1"}]}, {"role": "model", "parts": [{"text": "HISTORY"}]},
            {"role": "user", "parts": [{"functionResponse": {"name": "look_up", "response": {"output": "RESULT"}}}]},
            {"role": "user", "parts": [{"text": "CALLER 2"}]},
        ],
        "tools": [{"functionDeclarations": [TOOL]}],
    }),
    "ollama": ("/api/chat", {
        "messages": [
            {"role": "system", "content": "SYSTEM"}, {"role": "user", "content": "CALLER 1"}, {"role": "assistant", "content": "HISTORY"},
            {"role": "tool", "content": "RESULT"}, {"role": "user", "content": "CALLER 2"},
        ],
        "tools": [{"type": "function", "function": TOOL}],
    }),
}  # fmt: skip


@pytest.mark.parametrize("name", REQUESTS)
def test_texts_are_sorted_by_who_said_them(name):
    path, body = REQUESTS[name]
    raw = orjson.dumps(body)
    document = jsontext.parse(raw)
    call = BY_NAME[name].call(document, path, "")
    context = heard(call.context, BY_NAME[name].request(document, jsontext.strings(document, raw)), document)
    assert context.system == "SYSTEM"
    assert context.caller == ("CALLER 1", "CALLER 2")
    assert context.history == ("HISTORY",)
    assert "looks a client up" in context.tools
    assert not any("RESULT" in text for text in (*context.caller, *context.history, context.system))


def caller(name, path, body):
    raw = orjson.dumps(body)
    document = jsontext.parse(raw)
    call = BY_NAME[name].call(document, path, "")
    return heard(call.context, BY_NAME[name].request(document, jsontext.strings(document, raw)), document).caller


X = "SOMEBODY ELSE"


@pytest.mark.parametrize(
    ("name", "path", "body"),
    [
        ("openai_chat", "/v1/chat/completions", {"messages": [{"role": "user", "content": [{"type": "document", "text": X}]}]}),
        ("openai_chat", "/v1/chat/completions", {"messages": [{"role": "user", "name": X, "content": "y"}]}),
        ("openai_responses", "/v1/responses", {"prompt": {"id": "p", "variables": {"customer": X}}}),
        ("anthropic_messages", "/v1/messages", {"messages": [{"role": "user", "content": [{"type": "zz", "text": X}]}]}),
        ("anthropic_messages", "/v1/messages", {"messages": [{"role": "user", "content": [{"type": "text", "text": "q", "citations": [{"cited_text": X}]}]}]}),
        ("anthropic_complete", "/v1/complete", {"prompt": f"\n\nHuman: hi\n\nAssistant: {X}\n\nHuman: and?\n\nAssistant:"}),
        ("gemini", "/v1beta/models/m:generateContent", {"contents": [{"role": "user", "parts": [{"text": X, "thought": True}]}]}),
        ("ollama", "/api/generate", {"prompt": "hi", "template": X, "suffix": X}),
        ("openai_chat", "/v1/chat/completions", {"messages": [{"role": "user", "content": f"<document>{X} wrote this</document>Who?"}]}),
        ("openai_responses", "/v1/responses", {"input": f"參考資料：{X}寫了這篇文章。問題：邊個寫？"}),
        ("ollama", "/api/generate", {"prompt": f"Context:\n{X} wrote this\n\nQuestion: who?"}),
    ],
)  # fmt: skip
def test_what_only_stands_in_a_message_of_the_caller_is_not_the_callers(name, path, body):
    assert not any(X in text for text in caller(name, path, body))


@pytest.mark.parametrize(
    ("name", "path", "body"),
    [
        ("openai_completions", "/v1/completions", {"prompt": "MINE"}),
        ("anthropic_complete", "/v1/complete", {"prompt": "\n\nHuman: MINE\n\nAssistant:"}),
        ("ollama", "/api/generate", {"prompt": "MINE"}),
        ("openai_responses", "/v1/responses", {"input": "MINE"}),
        ("gemini", "/v1beta/models/m:generateContent", {"contents": [{"parts": [{"text": "MINE"}]}]}),
    ],
)
def test_a_prompt_by_itself_is_the_callers(name, path, body):
    assert caller(name, path, body) == ("MINE",)


def test_a_check_of_whole_answers_knows_what_was_said_before(tmp_path):
    """Also under a policy that looks at nothing in requests."""
    from guardrail.types import Action, Unit
    from tests.inprocess import InProcess
    from tests.material import policy, rule

    class Listening:
        name, kinds, unit, heavy = "test.listening", ("error.heard",), Unit.ANSWER, False

        def load(self):
            """Nothing to load."""

        def detect(self, texts, context):
            self.heard = context.caller, context.history
            return [[] for _ in texts]

    check = Listening()
    site = InProcess(policy(rule("error.*", Action.FLAG)), [check], tmp_path)
    said = [
        {"role": "user", "content": "我有7隻貓"},
        {"role": "assistant", "content": "好"},
        {"role": "user", "content": "幾多隻？"},
    ]
    site.ask(
        "/v1/chat/completions",
        {"messages": said},
        {},
        [b'{"choices": [{"index": 0, "message": {"content": "7"}, "finish_reason": "stop"}]}'],
    )
    assert check.heard == (("我有7隻貓", "幾多隻？"), ("好",))
