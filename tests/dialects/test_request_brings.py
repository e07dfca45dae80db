"""What a request brings along for its answer, in every vendor's form: sources, offered tools, the wish for JSON."""

import json
from base64 import b64encode

import pytest
from google.genai import types as genai
from hypothesis import given, settings
from hypothesis import strategies as st
from ollama._types import ChatRequest
from openai import pydantic_function_tool
from openai.lib._parsing._completions import type_to_response_format_param
from openai.lib._parsing._responses import type_to_text_format_param
from pydantic import BaseModel

from guardrail.app import dialects
from guardrail.types import Context

BY_NAME = {dialect.name: dialect for dialect in dialects()}
PATHS = {
    "openai_chat": "/v1/chat/completions",
    "openai_completions": "/v1/completions",
    "openai_responses": "/v1/responses",
    "anthropic_messages": "/v1/messages",
    "anthropic_complete": "/v1/complete",
    "gemini": "/v1beta/models/m:generateContent",
    "ollama": "/api/chat",
}


class Toll(BaseModel):
    """What a crossing costs."""

    tunnel: str
    dollars: int


def asked(name: str, body: object) -> Context:
    # As it arrives: what the SDK makes of it, through JSON.
    return BY_NAME[name].call(json.loads(json.dumps(body)), PATHS[name], "").context


def sources(name, body):
    return [(s.origin, s.text, s.key, s.title, s.url) for s in asked(name, body).material]


def text_file(text: str) -> str:
    return "data:text/plain;base64," + b64encode(text.encode()).decode()


SYSTEM, ANSWER, QUESTION = "Answer in 繁體中文.", "海底隧道收費二十五元。", "收幾多錢？"
RESULT = '{"toll": 25.0, "note": "\\u5e73\\u65e5\\n only"}'
READ = "toll: 25.0\nnote: 平日\n only"
PASSAGE = "The tunnel opened in 1972, says the paper."
PASTED = f'<document index="3" title="Paper">{PASSAGE}</document>\n{QUESTION}'

REQUESTS = {
    "openai_chat": [
        ({"messages": [
            {"role": "system", "content": SYSTEM},
            {"role": "developer", "content": [{"type": "text", "text": "Be brief."}]},
            {"role": "user", "content": PASTED},
            {"role": "assistant", "content": None, "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "toll", "arguments": "{}"}}]},
            {"role": "tool", "tool_call_id": "c1", "content": RESULT},
            {"role": "tool", "tool_call_id": "c2", "content": [{"type": "text", "text": "part"}, {"type": "document", "document": {"id": "d9", "data": {"title": "T", "snippet": "Cohere's"}}}]},
            {"role": "assistant", "content": ANSWER},
            {"role": "user", "content": [{"type": "text", "text": QUESTION}, {"type": "file", "file": {"filename": "t.txt", "file_data": text_file("收費表")}}]},
        ], "documents": [{"title": "vLLM's", "text": "beside the messages"}]},
         [("system", SYSTEM, "", "", ""), ("system", "Be brief.", "", "", ""), ("passage", PASSAGE, "3", "Paper", ""), ("tool", READ, "", "toll", ""),
          ("tool", "part", "", "", ""), ("document", "Cohere's", "d9", "T", ""), ("document", "收費表", "", "t.txt", ""), ("document", "beside the messages", "", "vLLM's", "")]),
        ({"messages": [{"role": "function", "name": "toll", "content": "25"}, {"role": "assistant", "content": "x", "context": {"citations": [{"content": "Azure's", "title": "A", "url": "https://a.hk"}]}}]},
         [("tool", "25", "", "toll", ""), ("document", "Azure's", "", "A", "https://a.hk")]),
    ],
    "openai_completions": [({"prompt": f"Context:\n{PASSAGE}\n\nQuestion: when?"}, [("passage", PASSAGE, "", "", "")]), ({"prompt": [1, 2, 3]}, []), ({"prompt": ["a", "b"]}, [])],
    "openai_responses": [
        ({"instructions": SYSTEM, "input": [
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": [{"type": "input_text", "text": PASTED}, {"type": "input_file", "filename": "t.txt", "file_data": text_file("收費表")}]},
            {"type": "function_call", "call_id": "c1", "name": "toll", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c1", "output": RESULT},
            {"type": "custom_tool_call_output", "call_id": "c2", "output": [{"type": "input_text", "text": "custom"}]},
            {"type": "mcp_call", "id": "m", "name": "look", "server_label": "s", "arguments": "{}", "output": "from the server"},
            {"type": "file_search_call", "id": "f", "queries": ["q"], "results": [{"file_id": "file-1", "filename": "a.pdf", "text": "found here"}]},
            {"type": "web_search_call", "id": "w", "action": {"type": "search", "query": "q", "sources": [{"type": "url", "url": "https://w.hk"}]}},
            {"type": "code_interpreter_call", "id": "i", "code": "1", "outputs": [{"type": "logs", "logs": "printed"}]},
            {"type": "shell_call_output", "call_id": "s", "output": [{"stdout": "out", "stderr": "", "outcome": {"type": "exit", "exit_code": 0}}]},
            {"role": "assistant", "content": [{"type": "output_text", "text": ANSWER}]},
            {"role": "user", "content": QUESTION},
        ]},
         [("system", SYSTEM, "", "", ""), ("system", "Be brief.", "", "", ""), ("passage", PASSAGE, "3", "Paper", ""), ("document", "收費表", "", "t.txt", ""), ("tool", READ, "", "toll", ""),
          ("tool", "custom", "", "", ""), ("tool", "from the server", "", "look", ""), ("document", "found here", "file-1", "a.pdf", ""), ("tool", "https://w.hk", "", "", "https://w.hk"),
          ("tool", "printed", "", "", ""), ("tool", "out", "", "", "")]),
        ({"input": PASTED, "prompt": {"id": "p", "variables": {"facts": f"<context>{SYSTEM} and more</context>"}}}, [("passage", f"{SYSTEM} and more", "", "", ""), ("passage", PASSAGE, "3", "Paper", "")]),
    ],
    "anthropic_messages": [
        ({"system": [{"type": "text", "text": SYSTEM}], "messages": [
            {"role": "user", "content": [
                {"type": "document", "title": "Notes", "context": "from 2020", "source": {"type": "text", "media_type": "text/plain", "data": "plain"}},
                {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "block a"}, {"type": "text", "text": "block b"}]}},
                {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}},
                {"type": "document", "source": {"type": "url", "url": "https://pdf.hk/a.pdf"}},
                {"type": "search_result", "source": "https://s.hk", "title": "Found", "content": [{"type": "text", "text": "result"}]},
                {"type": "text", "text": PASTED},
            ]},
            {"role": "assistant", "content": [
                {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "q"}},
                {"type": "web_search_tool_result", "tool_use_id": "s1", "content": [{"type": "web_search_result", "title": "Web", "url": "https://w.hk", "encrypted_content": "QUJD"}]},
                {"type": "web_fetch_tool_result", "tool_use_id": "s2", "content": {"type": "web_fetch_result", "url": "https://f.hk", "content": {"type": "document", "title": "Page", "source": {"type": "text", "media_type": "text/plain", "data": "fetched"}}}},
                {"type": "code_execution_tool_result", "tool_use_id": "s3", "content": {"type": "code_execution_result", "stdout": "printed", "stderr": "", "return_code": 0, "content": []}},
                {"type": "mcp_tool_result", "tool_use_id": "s4", "is_error": False, "content": [{"type": "text", "text": "from the server"}]},
                {"type": "tool_use", "id": "t1", "name": "toll", "input": {}},
                {"type": "text", "text": ANSWER},
            ]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": RESULT}, {"type": "text", "text": QUESTION}]},
        ]},
         [("system", SYSTEM, "", "", ""), ("document", "from 2020\nplain", "", "Notes", ""), ("document", "block a\nblock b", "", "", ""), ("document", "result", "", "Found", "https://s.hk"),
          ("passage", PASSAGE, "3", "Paper", ""), ("tool", "Web", "", "Web", "https://w.hk"), ("document", "fetched", "", "Page", "https://f.hk"), ("tool", "printed", "", "", ""),
          ("tool", "from the server", "", "", ""), ("tool", READ, "", "toll", "")]),
    ],
    "anthropic_complete": [({"prompt": f"{SYSTEM}\n\nHuman: {PASTED}\n\nAssistant:"}, [("system", SYSTEM, "", "", ""), ("passage", PASSAGE, "3", "Paper", "")])],
    "gemini": [
        ({"systemInstruction": {"parts": [{"text": SYSTEM}]}, "contents": [
            {"role": "user", "parts": [{"text": PASTED}, {"inlineData": {"mimeType": "text/plain", "displayName": "t.txt", "data": b64encode("收費表".encode()).decode()}}, {"inlineData": {"mimeType": "image/png", "data": "iVBORw=="}}]},
            {"role": "model", "parts": [{"functionCall": {"name": "toll", "args": {}}}, {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "printed"}}]},
            {"role": "user", "parts": [{"functionResponse": {"name": "toll", "response": {"result": RESULT}}}]},
            {"role": "model", "parts": [{"text": ANSWER}]},
            {"role": "user", "parts": [{"text": QUESTION}]},
        ]},
         [("system", SYSTEM, "", "", ""), ("passage", PASSAGE, "3", "Paper", ""), ("document", "收費表", "", "t.txt", ""), ("tool", "printed", "", "", ""), ("tool", f"result: {READ}", "", "toll", "")]),
    ],
    "ollama": [
        ({"messages": [{"role": "system", "content": SYSTEM}, {"role": "user", "content": PASTED}, {"role": "tool", "tool_name": "toll", "content": RESULT}, {"role": "assistant", "content": ANSWER}]},
         [("system", SYSTEM, "", "", ""), ("passage", PASSAGE, "3", "Paper", ""), ("tool", READ, "", "toll", "")]),
        ({"system": SYSTEM, "prompt": PASTED}, [("system", SYSTEM, "", "", ""), ("passage", PASSAGE, "3", "Paper", "")]),
    ],
}  # fmt: skip


@pytest.mark.parametrize(("name", "body", "expected"), [(n, *each) for n, cases in REQUESTS.items() for each in cases])
def test_a_request_brings_its_sources_in_their_order(name, body, expected):
    assert sources(name, body) == expected


def test_snake_case_brings_the_same():
    body = {
        "system_instruction": {"parts": [{"text": SYSTEM}]},
        "contents": [
            {
                "parts": [
                    {"function_response": {"name": "toll", "response": {"n": 1}}},
                    {"inline_data": {"mime_type": "text/plain", "display_name": "t", "data": "aGk="}},
                ]
            }
        ],
    }
    assert sources("gemini", body) == [
        ("system", SYSTEM, "", "", ""),
        ("tool", "n: 1", "", "toll", ""),
        ("document", "hi", "", "t", ""),
    ]


# --- tools -----------------------------------------------------------------------------------------------------------

SCHEMA = Toll.model_json_schema()
CHAT_TOOL = pydantic_function_tool(Toll)


@pytest.mark.parametrize(
    ("name", "body", "functions"),
    [
        ("openai_chat", {"messages": []}, {}),
        ("openai_chat", {"tools": [CHAT_TOOL]}, {"Toll": CHAT_TOOL["function"]["parameters"]}),
        ("openai_chat", {"tools": [{"type": "custom", "custom": {"name": "run"}}, {"type": "web_search"}]}, {"run": None, "web_search": None}),
        ("openai_chat", {"functions": [{"name": "old", "parameters": SCHEMA}]}, {"old": SCHEMA}),
        ("openai_chat", {"tools": [{"type": "function", "function": {"name": "none"}}]}, {"none": None}),
        ("openai_chat", {"tools": [CHAT_TOOL, {"type": "mcp", "server_label": "x"}]}, None),
        ("openai_responses", {"input": "x"}, {}),
        ("openai_responses", {"tools": [{"type": "function", "name": "f", "parameters": SCHEMA}, {"type": "custom", "name": "run"}, {"type": "web_search"}]}, {"f": SCHEMA, "run": None, "web_search": None}),
        ("openai_responses", {"tools": [{"type": "namespace", "name": "crm", "tools": [{"type": "function", "name": "f", "parameters": SCHEMA}]}]}, {"f": SCHEMA, "crm.f": SCHEMA}),
        ("openai_responses", {"tools": [{"type": "function", "name": "f"}], "previous_response_id": "r"}, None),
        ("openai_responses", {"input": "x", "prompt": {"id": "p"}}, None),
        ("openai_responses", {"input": "x", "conversation": "c"}, None),
        ("openai_responses", {"tools": [{"type": "mcp", "server_label": "x"}]}, None),
        ("openai_responses", {"tools": [{"type": "tool_search"}]}, None),
        ("openai_responses", {"input": [{"type": "additional_tools", "tools": [{"type": "function", "name": "late", "parameters": SCHEMA}]}]}, {"late": SCHEMA}),
        ("anthropic_messages", {"tools": [{"name": "f", "input_schema": SCHEMA}, {"type": "web_search_20250305", "name": "web_search"}, {"type": "bash_20250124", "name": "bash"}]}, {"f": SCHEMA, "web_search": None, "bash": None}),
        ("anthropic_messages", {"tools": [{"name": "f", "input_schema": SCHEMA}, {"type": "mcp_toolset", "mcp_server_name": "x"}]}, {"f": SCHEMA}),
        ("anthropic_messages", {"tools": [{"type": "computer_toolset_20260801"}]}, None),
        ("anthropic_messages", {"messages": [{"role": "user", "content": [{"type": "tool_addition", "tool": {"type": "tool_definition", "definition": {"name": "late", "input_schema": SCHEMA}}}]}]}, {"late": SCHEMA}),
        ("anthropic_messages", {"messages": [{"role": "assistant", "content": [{"type": "compaction", "content": "s", "tool_changes": [{"type": "tool_addition", "tool": {"type": "tool_definition", "definition": {"name": "late", "input_schema": SCHEMA}}}]}]}]}, {"late": SCHEMA}),
        ("anthropic_complete", {"prompt": "x"}, {}),
        ("openai_completions", {"prompt": "x"}, {}),
        ("gemini", {"contents": [], "tools": [{"functionDeclarations": [{"name": "f", "parametersJsonSchema": SCHEMA}]}, {"googleSearch": {}}]}, {"f": SCHEMA, "google_search": None}),
        ("gemini", {"contents": [], "tools": [{"function_declarations": [{"name": "f", "parameters": {"type": "OBJECT", "properties": {"n": {"type": "INTEGER", "nullable": True}}, "required": ["n"]}}]}]}, {"f": {"type": "object", "properties": {"n": {"type": ["integer", "null"]}}, "required": ["n"]}}),
        ("gemini", {"contents": [], "tools": [{"computerUse": {}}]}, None),
        ("gemini", {"contents": [], "cachedContent": "cachedContents/1"}, None),
        ("ollama", {"messages": [], "tools": [{"type": "function", "function": {"name": "f", "parameters": SCHEMA}}]}, {"f": SCHEMA}),
    ],
)  # fmt: skip
def test_a_request_says_which_tools_it_offers(name, body, functions):
    assert asked(name, body).functions == functions


@pytest.mark.parametrize("name", PATHS)
def test_what_is_offered_without_a_request_is_not_known(name):
    assert asked(name, None).functions in (None, {}) and (name == "ollama" or asked(name, None).functions is None)


def test_tools_as_the_sdks_write_them():
    declared = genai.FunctionDeclaration(
        name="f",
        parameters=genai.Schema(
            type=genai.Type.OBJECT, properties={"n": genai.Schema(type=genai.Type.INTEGER, minimum=1)}, max_properties=2
        ),
    )
    tool = genai.Tool(function_declarations=[declared]).model_dump(mode="json", by_alias=True, exclude_none=True)
    found = asked("gemini", {"contents": [], "tools": [tool]}).functions
    assert found == {
        "f": {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1.0}}, "maxProperties": 2}
    }
    request = ChatRequest(
        model="m",
        messages=[],
        tools=[
            {
                "type": "function",
                "function": {"name": "f", "parameters": {"type": "object", "properties": {"n": {"type": "integer"}}}},
            }
        ],
        format=SCHEMA,
    )
    context = asked("ollama", request.model_dump(mode="json", exclude_none=True))
    assert list(context.functions) == ["f"]
    assert context.functions["f"]["properties"] == {"n": {"type": "integer"}}
    assert context.response_format == {"type": "json_schema", "schema": SCHEMA}


# --- the wish for JSON -----------------------------------------------------------------------------------------------

CHAT_FORMAT = type_to_response_format_param(Toll)
TEXT_FORMAT = type_to_text_format_param(Toll)
JSON = {"type": "json_object"}


def wished(schema):
    return {"type": "json_schema", "schema": schema}


@pytest.mark.parametrize(
    ("name", "body", "expected"),
    [
        ("openai_chat", {"response_format": CHAT_FORMAT}, wished(CHAT_FORMAT["json_schema"]["schema"])),
        ("openai_chat", {"response_format": {"type": "text"}}, None),
        ("openai_chat", {"response_format": {"type": "json_object", "schema": SCHEMA}}, wished(SCHEMA)),
        ("openai_chat", {"guided_json": SCHEMA}, wished(SCHEMA)),
        ("openai_chat", {"structured_outputs": {"json": SCHEMA}}, wished(SCHEMA)),
        ("openai_completions", {"prompt": "x", "guided_json": SCHEMA}, wished(SCHEMA)),
        ("openai_responses", {"text": {"format": TEXT_FORMAT}}, wished(TEXT_FORMAT["schema"])),
        ("openai_responses", {"text": {"format": JSON}}, JSON),
        ("anthropic_messages", {"output_config": {"format": wished(SCHEMA)}}, wished(SCHEMA)),
        ("anthropic_messages", {"output_format": wished(SCHEMA)}, wished(SCHEMA)),
        ("anthropic_messages", {"output_config": {"effort": "low"}}, None),
        ("gemini", {"generationConfig": {"responseMimeType": "application/json"}}, JSON),
        ("gemini", {"generationConfig": {"responseMimeType": "application/json", "responseJsonSchema": SCHEMA}}, wished(SCHEMA)),
        ("gemini", {"generation_config": {"response_mime_type": "application/json", "response_schema": {"type": "ARRAY", "minItems": "1", "items": {"type": "STRING", "enum": ["TYPE"]}}}}, wished({"type": "array", "minItems": 1, "items": {"type": "string", "enum": ["TYPE"]}})),
        ("gemini", {"generationConfig": {"responseSchema": {"type": "OBJECT"}}}, None),
        ("ollama", {"format": "json"}, JSON),
        ("ollama", {"format": SCHEMA}, wished(SCHEMA)),
        ("ollama", {"format": ""}, None),
    ],
)  # fmt: skip
def test_a_request_says_what_form_it_wants(name, body, expected):
    assert asked(name, body).response_format == expected


def test_a_schema_of_gemini_is_one_of_json_schema():
    """`nullable`, counts that are strings, names of properties that look like keywords."""
    own = {"type": "OBJECT", "properties": {"type": {"type": "STRING", "nullable": True, "enum": ["A"]}, "any": {"anyOf": [{"type": "NUMBER"}, {"type": "BOOLEAN"}]}}, "propertyOrdering": ["type"]}  # fmt: skip
    body = {"generationConfig": {"responseMimeType": "application/json", "responseSchema": own}}
    assert asked("gemini", body).response_format["schema"] == {
        "type": "object",
        "properties": {
            "type": {"anyOf": [{"type": "string", "enum": ["A"]}, {"type": "null"}]},
            "any": {"anyOf": [{"type": "number"}, {"type": "boolean"}]},
        },
    }


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["messages", "content", "role", "tools", "function", "name", "input", "type", "parts", "text", "contents", "system", "documents", "source", "data", "tool_calls", "output", "results", "format", "response_format", "functionDeclarations", "parameters", "generationConfig", "tool_result", "document", "prompt", "variables", "instructions", "call_id", "definition"]
    ), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(ODD)
def test_whatever_a_request_holds_it_is_read(body):
    for name in PATHS:
        context = asked(name, body)
        assert all(source.text.strip() for source in context.material)


# --- what nobody here can read, and what an answer brings itself -----------------------------------------------------

PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
PDF = {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}}


@pytest.mark.parametrize(
    ("name", "body", "hidden"),
    [
        ("openai_chat", {"messages": [{"role": "user", "content": "plain"}]}, False),
        ("openai_chat", {"messages": [{"role": "user", "content": [{"type": "text", "text": "x"}, PICTURE]}]}, True),
        ("openai_chat", {"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_id": "f"}}]}]}, True),
        ("openai_chat", {"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_data": text_file("x")}}]}]}, False),
        ("openai_chat", {"messages": [], "web_search_options": {}}, True),
        ("openai_responses", {"input": "x"}, False),
        ("openai_responses", {"input": "x", "previous_response_id": "r"}, True),
        ("openai_responses", {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "u"}]}]}, True),
        ("openai_responses", {"input": [{"role": "user", "content": [{"type": "input_file", "file_id": "f"}]}]}, True),
        ("openai_responses", {"input": [{"type": "file_search_call", "results": None}]}, True),
        ("openai_responses", {"input": [{"type": "file_search_call", "results": [{"text": "x"}]}]}, False),
        ("anthropic_messages", {"messages": [{"role": "user", "content": [{"type": "text", "text": "x"}]}]}, False),
        ("anthropic_messages", {"messages": [{"role": "user", "content": [PDF]}]}, True),
        ("anthropic_messages", {"messages": [{"role": "user", "content": [{"type": "tool_result", "content": [{"type": "image"}]}]}]}, True),
        ("anthropic_messages", {"messages": [{"role": "assistant", "content": [{"type": "web_search_tool_result", "content": [{"type": "web_search_result", "url": "u"}]}]}]}, True),
        ("gemini", {"contents": [{"parts": [{"text": "x"}]}], "tools": [{"codeExecution": {}}]}, False),
        ("gemini", {"contents": [{"parts": [{"inlineData": {"mimeType": "image/png", "data": "iVBORw=="}}]}]}, True),
        ("gemini", {"contents": [{"parts": [{"fileData": {"fileUri": "u"}}]}]}, True),
        ("gemini", {"contents": [], "tools": [{"googleSearch": {}}]}, True),
        ("ollama", {"messages": [{"role": "user", "content": "x", "images": ["iVBORw=="]}]}, True),
        ("ollama", {"messages": [{"role": "user", "content": "x"}]}, False),
        ("ollama", {"prompt": "x", "context": [1, 2]}, True),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_known_to_be_there(name, body, hidden):
    assert asked(name, body).hidden is hidden


def test_citations_and_links_of_earlier_answers_are_sources():
    quoted = {
        "type": "web_search_result_location",
        "cited_text": "Opened in 1972.",
        "title": "T",
        "url": "https://w.hk",
    }
    block = {"type": "text", "text": ANSWER, "citations": [quoted]}
    assert sources("anthropic_messages", {"messages": [{"role": "assistant", "content": [block]}]}) == [
        ("document", "Opened in 1972.", "", "T", "https://w.hk")
    ]
    link = {"type": "url_citation", "title": "T", "url": "https://w.hk", "start_index": 0, "end_index": 1}
    body = {
        "input": [{"role": "assistant", "content": [{"type": "output_text", "text": ANSWER, "annotations": [link]}]}]
    }
    assert sources("openai_responses", body) == [("tool", "T", "", "T", "https://w.hk")]
    notes = [
        {"type": "url_citation", "url_citation": link},
        {"type": "file", "file": {"name": "a.pdf", "content": [{"type": "text", "text": "read"}]}},
    ]
    body = {"messages": [{"role": "assistant", "content": ANSWER, "annotations": notes}]}
    assert sources("openai_chat", body) == [
        ("tool", "T", "", "T", "https://w.hk"),
        ("document", "read", "", "a.pdf", ""),
    ]


RESPONSE = {"id": "r", "object": "response", "model": "m", "status": "completed", "output": [
    {"type": "file_search_call", "id": "f", "status": "completed", "queries": ["q"], "results": [{"file_id": "file-1", "filename": "a.pdf", "text": "found here"}]},
    {"type": "web_search_call", "id": "w", "status": "completed", "action": {"type": "search", "query": "q", "sources": [{"type": "url", "url": "https://w.hk"}]}},
    {"type": "message", "id": "i", "role": "assistant", "content": [{"type": "output_text", "text": ANSWER, "annotations": []}]},
]}  # fmt: skip
MESSAGE = {"id": "m", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn", "usage": {"input_tokens": 1, "output_tokens": 1}, "content": [
    {"type": "server_tool_use", "id": "s", "name": "code_execution", "input": {"code": "1"}},
    {"type": "code_execution_tool_result", "tool_use_id": "s", "content": {"type": "code_execution_result", "stdout": "printed", "stderr": "", "return_code": 0, "content": []}},
    {"type": "text", "text": ANSWER},
]}  # fmt: skip
GROUNDED = {"candidates": [{"content": {"role": "model", "parts": [{"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "printed"}}, {"text": ANSWER}]}, "finishReason": "STOP",
    "groundingMetadata": {"groundingChunks": [{"retrievedContext": {"title": "T", "uri": "u", "text": "chunk"}}, {"web": {"title": "W", "uri": "https://w.hk"}}]}}]}  # fmt: skip


def events(document):
    """The documents of a stream that come to the same answer."""
    if "output" in document:
        for at, item in enumerate(document["output"]):
            yield {
                "type": "response.output_item.added",
                "output_index": at,
                "item": {"type": item["type"], "id": item["id"], "role": "assistant", "content": []},
            }
            yield {"type": "response.output_item.done", "output_index": at, "item": item}
        yield {"type": "response.completed", "response": document}
    elif "candidates" in document:
        yield document
    else:
        yield {"type": "message_start", "message": {**document, "content": []}}
        for at, block in enumerate(document["content"]):
            yield {"type": "content_block_start", "index": at, "content_block": block}
            yield {"type": "content_block_stop", "index": at}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("name", "document", "expected", "hidden"),
    [
        ("openai_responses", RESPONSE, [("document", "found here"), ("tool", "https://w.hk")], True),
        ("anthropic_messages", MESSAGE, [("tool", "printed")], False),
        ("gemini", GROUNDED, [("tool", "printed"), ("document", "chunk"), ("tool", "W")], True),
    ],
)
def test_what_the_vendors_own_tools_found_for_an_answer_is_a_source_of_it(name, document, expected, hidden, stream):
    from guardrail.conversation import brought
    from guardrail.dialects.protocol import Call
    from guardrail.wire import jsontext

    dialect, call = BY_NAME[name], Call()
    lens = dialect.lens(call)
    for part in events(document) if stream else [document]:
        strings = jsontext.strings(part, json.dumps(part).encode())
        view = lens.event(part, strings, part.get("type", "")) if stream else dialect.answer(part, strings)
        call = brought(call, view)
    assert [(s.origin, s.text) for s in call.context.material] == expected
    assert call.context.hidden is hidden
