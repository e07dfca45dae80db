"""The lens on Gemini: a string that it does not place is one that is judged too late, or not with its neighbours."""

import base64
import json
from copy import deepcopy

import httpx
import pytest
from google import genai
from google.genai import errors, types
from hypothesis import given
from hypothesis import strategies as st
from pydantic.alias_generators import to_snake

from guardrail.dialects.gemini import _ANSWER, _REQUEST, Gemini
from guardrail.dialects.places import META
from guardrail.dialects.protocol import Call, Dialect
from guardrail.wire import jsontext
from guardrail.wire.jsonarray import JsonArrayDecoder
from guardrail.wire.sse import SSEDecoder
from tests.dialects.walks import joined, leaves, names, unseen
from tests.material import split

GEMINI = Gemini()
HEAD = ("candidates", 0, "content", "parts")


def strings(document):
    return jsontext.strings(document, json.dumps(document).encode())


def whole(document):
    return GEMINI.answer(document, strings(document))


def read(*documents):
    lens = GEMINI.lens(Call())
    return [lens.event(document, strings(document), "") for document in documents]


def chunk(*parts, **more):
    return {"candidates": [{"content": {"parts": list(parts), "role": "model"}, **more}]}


def snaked(value):
    """The same document in the other spelling; what a model wrote keeps its own names."""
    if isinstance(value, list):
        return [snaked(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        to_snake(k): each if k in ("args", "response", "partMetadata") else snaked(each) for k, each in value.items()
    }


def places(view):
    """What a view says about each string, without the place of its candidate."""
    found = {to_path(f.pointer): (f.channel, f.text) for f in view.fields}
    found |= {to_path(d.pointer): ("aside" if d.aside else d.channel[1:], d.text) for d in view.deltas if d.text}
    return found


def to_path(pointer):
    return ".".join("" if part == jsontext.KEY else to_snake(str(part)) for part in pointer)


@pytest.mark.parametrize(
    ("method", "path", "known"),
    [
        ("POST", "/v1beta/models/gemini-2.5-flash:generateContent", True),
        ("POST", "/v1/models/gemini-2.5-flash:streamGenerateContent", True),
        ("POST", "/models/gemini-2.5-flash:countTokens", True),
        ("POST", "/v1beta/models/gemini-embedding-001:embedContent", True),
        ("POST", "/v1beta/models/gemini-embedding-001:batchEmbedContents", True),
        ("POST", "/v1beta/tunedModels/mine:generateContent", True),
        ("POST", "/v1/projects/p-1/locations/asia-east2/publishers/google/models/gemini-2.5-pro@001:generateContent", True),
        ("POST", "/v1/projects/p-1/locations/asia-east2/endpoints/42:streamGenerateContent", True),
        ("GET", "/v1beta/models/gemini-2.5-flash:generateContent", False),
        ("POST", "/v1beta/models/gemini-2.5-flash", False),
        ("POST", "/v1beta/models/gemini-2.5-flash:generateContent/", False),
        ("POST", "/v1beta/models/gemini-2.5-flash:batchGenerateContent", False),
        ("POST", "/v1beta/models/x/gemini-2.5-flash:predict", False),
        ("POST", "/v1beta/../models/gemini-2.5-flash:generateContent", False),
        ("POST", "/v1beta//models/gemini-2.5-flash:generateContent", False),
        ("POST", "/v1beta/models/%67emini:generateContent", False),
        ("POST", "/v1beta/models/gemini:generateContent\n", False),
        ("POST", "/v1beta/cachedContents", False),
    ],
)  # fmt: skip
def test_paths(method, path, known):
    assert GEMINI.matches(method, path) is known
    assert isinstance(GEMINI, Dialect)


REQUEST = {
    "systemInstruction": {"parts": [{"text": "Be kind. 保密"}]},
    "contents": [
        {"role": "user", "parts": [{"text": "first"}]},
        {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {"查詢": "陳大文"}}, "thoughtSignature": "QUJD"}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"結果": "找到了", "n": 7}}}]},
        {"role": "model", "parts": [{"executableCode": {"language": "PYTHON", "code": "1+1"}}, {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "2"}}]},
        {"parts": [{"text": "最後"}, {"text": "一句"}, {"inlineData": {"mimeType": "image/png", "data": "iVBORw=="}}, {"inlineData": {"mimeType": "text/plain", "data": "aGVsbG8="}}]},
    ],
    "tools": [{"functionDeclarations": [{"name": "f", "description": "does things", "parameters": {"type": "OBJECT"}}]}],
    "generationConfig": {
        "candidateCount": 2, "responseMimeType": "application/json",
        "responseSchema": {"type": "OBJECT", "properties": {"type": {"type": "STRING"}}},
    },
}  # fmt: skip
STREAM = "/v1beta/models/gemini-2.5-flash:streamGenerateContent"


@pytest.mark.parametrize("spell", [deepcopy, snaked])
def test_a_request_says_what_it_asks_for_in_either_spelling(spell):
    call = GEMINI.call(spell(REQUEST), STREAM, "alt=sse")
    assert (call.model, call.stream, call.choices) == ("gemini-2.5-flash", True, 2)
    assert (call.context.prompt, call.context.system) == ("最後\n一句", "Be kind. 保密")
    found = [source.text for source in call.context.material]
    assert found == ["Be kind. 保密", "結果: 找到了\nn: 7", "2", "hello"]
    schema = {"type": "object", "properties": {"type": {"type": "string"}}}
    assert call.context.response_format == {"type": "json_schema", "schema": schema}
    assert GEMINI.call({}, STREAM.replace("streamG", "g"), "alt=sse").stream is False


@pytest.mark.parametrize("spell", [deepcopy, snaked])
def test_every_text_of_a_request_has_its_role_and_channel(spell):
    document = spell(REQUEST)
    found = {
        to_path(s.pointer): (s.role, s.channel, s.text, s.lead) for s in GEMINI.request(document, strings(document))
    }
    assert found["system_instruction.parts.0.text"] == ("system", "content", "Be kind. 保密", "")
    assert found["contents.4.parts.0.text"] == ("user", "content", "最後", "")  # no role means the user
    assert found["contents.1.parts.0.function_call.args.查詢"] == ("assistant", "tool_arguments", "陳大文", "查詢: ")
    assert found["contents.1.parts.0.function_call.args.查詢."][:3] == ("assistant", "tool_arguments", "查詢")
    assert found["contents.2.parts.0.function_response.response.結果"][:3] == ("tool", "content", "找到了")
    assert found["contents.3.parts.1.code_execution_result.output"][:3] == ("tool", "content", "2")
    assert found["contents.3.parts.0.executable_code.code"][:3] == ("assistant", "field", "1+1")
    assert found["tools.0.function_declarations.0.description"][1] == "tools"
    assert "contents.4.parts.2.inline_data.data" not in found  # a picture holds no text
    assert "contents.1.parts.0.thought_signature" not in found
    assert found["contents.4.parts.3.inline_data.data"][1] == "field"  # text does, however it is written
    assert found["contents.4.parts.2.inline_data.mime_type"][1] == "field"


@pytest.mark.parametrize(
    ("part", "judged"),
    [
        ({"inlineData": {"mimeType": "image/png", "data": "not base64!"}}, ["image/png", "not base64!"]),
        ({"inlineData": {"data": "QUJD"}}, ["QUJD"]),
        ({"thoughtSignature": "A123456(7)"}, ["A123456(7)"]),
        ({"functionResponse": {"parts": [{"inlineData": {"mimeType": "image/png", "data": "QUJD"}}]}}, ["image/png"]),
        ({"imageData": "QUJD"}, ["imageData", "QUJD"]),
    ],
)
def test_only_what_the_api_has_as_binary_is_left_out(part, judged):
    document = {"contents": [{"parts": [part]}]}
    assert [s.text for s in GEMINI.request(document, strings(document))] == judged


def test_other_requests_hold_the_same_contents_further_down():
    counted = {
        "generateContentRequest": {"model": "models/m", "contents": [{"role": "model", "parts": [{"text": "你好"}]}]}
    }
    embedded = {"requests": [{"content": {"parts": [{"text": "甲"}]}}]}
    single = {"content": {"parts": [{"text": "乙"}]}}
    texts = [
        [(s.role, s.channel, s.text) for s in GEMINI.request(d, strings(d))][-1] for d in (counted, embedded, single)
    ]
    assert texts == [("assistant", "content", "你好"), ("user", "content", "甲"), ("user", "content", "乙")]
    assert GEMINI.call(single, STREAM, "").context.prompt == "乙"


# Members that the SDK fills itself, and that no server sends.
OURS = {"sdkHttpResponse", "automaticFunctionCallingHistory", "parsed"}


@pytest.mark.parametrize("kind", ["GenerateContentResponse", "CountTokensResponse", "EmbedContentResponse"])
def test_every_string_of_the_sdks_types_has_a_place(kind):
    """A field of a new version of the API is a place where text may come from, and must be looked at by somebody."""
    model = getattr(types, kind)
    found = {path for path in leaves(model) if path[0] not in OURS}
    assert kind == "CountTokensResponse" or len(found) > 5
    for path in found:
        for spelled in (path, tuple(to_snake(part) for part in path)):
            pointer = tuple(0 if part == "*" else "x" if part == "**" else part for part in spelled)
            assert _ANSWER.channel(pointer) is not None, ".".join(path)
    told = set(names(model)) - OURS - {"headers", "body"}
    assert told | {to_snake(name) for name in told} <= _ANSWER.names


@pytest.mark.parametrize("kind", ["Content", "Tool"])
def test_every_string_of_a_request_the_sdk_can_write_is_a_segment(kind):
    for path in set(leaves(getattr(types, kind))):
        above = ("contents", 0) if kind == "Content" else ("tools", 0)
        pointer = (*above, *(0 if part == "*" else "x" if part == "**" else part for part in path))
        document = {"contents": [{"parts": [{}]}]}
        taken = _REQUEST.channel(pointer) in ("media", "base64")
        assert taken or [s.text for s in GEMINI.request(document, [(pointer, "陳大文")])] == ["陳大文"], path


CANDIDATE = {
    "content": {"role": "model", "parts": [
        {"text": "想想", "thought": True, "thoughtSignature": "c2ln"},
        {"text": "答案"},
        {"functionCall": {"id": "call-1", "name": "find", "args": {"誰": "陳大文", "deep": [{"x": "y"}], "n": 4111111111111111}}},
        {"toolCall": {"id": "t-1", "toolType": "GOOGLE_SEARCH_WEB", "args": {"q": "搜尋"}}},
        {"toolResponse": {"id": "t-1", "response": {"out": "結果"}}},
        {"functionResponse": {"name": "g", "response": {"back": "回應"}, "parts": [{"inlineData": {"mimeType": "image/png", "data": "QUJD"}}]}},
        {"executableCode": {"language": "PYTHON", "code": "print(1)"}},
        {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}},
        {"inlineData": {"mimeType": "audio/wav", "data": "UklGRg==", "displayName": "聲音"}},
        {"fileData": {"mimeType": "text/plain", "fileUri": "gs://b/檔案"}},
        {"audioTranscription": {"text": "講嘢", "words": [{"word": "講"}, {"word": "嘢"}]}},
        {"partMetadata": {"k": "v"}, "brandNew": {"say": "新"}},
    ]},
    "finishReason": "STOP", "finishMessage": "講完", "index": 0, "avgLogprobs": -0.1,
    "safetyRatings": [{"category": "HARM_CATEGORY_HARASSMENT", "probability": "NEGLIGIBLE"}],
    "citationMetadata": {"citations": [{"title": "題目", "uri": "https://e.org", "license": "mit"}]},
    "groundingMetadata": {
        "groundingSupports": [{"segment": {"endIndex": 6, "text": "答"}}, {"segment": {"startIndex": 6, "text": "案"}}],
        "groundingChunks": [{"web": {"title": "網頁", "uri": "https://w.org"}}, {"retrievedContext": {"title": "文件", "text": "內文"}}],
        "webSearchQueries": ["查什麼"], "searchEntryPoint": {"renderedContent": "<b>查</b>", "sdkBlob": "W10="},
    },
    "urlContextMetadata": {"urlMetadata": [{"retrievedUrl": "https://r.org", "urlRetrievalStatus": "URL_RETRIEVAL_STATUS_SUCCESS"}]},
    "logprobsResult": {
        "chosenCandidates": [{"token": "答"}, {"token": "案"}], "topCandidates": [{"candidates": [{"token": "答"}, {"token": "回"}]}, {"candidates": [{"token": "案"}]}],
    },
}  # fmt: skip
DOCUMENT = {
    "candidates": [CANDIDATE], "modelVersion": "gemini-2.5-flash", "responseId": "r1",
    "usageMetadata": {"promptTokensDetails": [{"modality": "TEXT", "tokenCount": 3}]}, "modelStatus": {"message": "將停用"},
}  # fmt: skip
PLACES = {
    "content.parts.0.text": (("reasoning", 0), "想想"),
    "content.parts.1.text": (("content", 0), "答案"),
    "content.parts.2.function_call.id": ("field", "call-1"),
    "content.parts.2.function_call.name": ("tool_name", "find"),
    "content.parts.2.function_call.args.誰": ("tool_arguments", "陳大文"),
    "content.parts.2.function_call.args.誰.": ("tool_arguments", "誰"),
    "content.parts.2.function_call.args.deep.0.x": ("tool_arguments", "y"),
    "content.parts.3.tool_call.args.q": ("tool_arguments", "搜尋"),
    "content.parts.4.tool_response.response.out": ("tool_output", "結果"),
    "content.parts.5.function_response.response.back": ("tool_output", "回應"),
    "content.parts.6.executable_code.code": ("code", "print(1)"),
    "content.parts.7.code_execution_result.output": ("tool_output", "1"),
    "content.parts.8.inline_data.display_name": ("annotation", "聲音"),
    "content.parts.9.file_data.file_uri": ("annotation", "gs://b/檔案"),
    "content.parts.10.audio_transcription.text": (("transcript", 0), "講嘢"),
    "content.parts.10.audio_transcription.words": (("logprobs", 2), "講 嘢 "),
    "finish_message": ("annotation", "講完"),
    "citation_metadata.citations.0.title": ("aside", "題目"),
    "citation_metadata.citations.0.uri": ("aside", "https://e.org"),
    "grounding_metadata.grounding_supports.0.segment.text": (("annotation", 0), "答"),
    "grounding_metadata.grounding_supports.1.segment.text": (("annotation", 0), "案"),
    "grounding_metadata.grounding_chunks.0.web.title": ("aside", "網頁"),
    "grounding_metadata.grounding_chunks.1.retrieved_context.text": ("annotation", "內文"),
    "grounding_metadata.web_search_queries.0": ("annotation", "查什麼"),
    "grounding_metadata.search_entry_point.rendered_content": ("annotation", "<b>查</b>"),
    "url_context_metadata.url_metadata.0.retrieved_url": ("aside", "https://r.org"),
}


@pytest.mark.parametrize("spell", [deepcopy, snaked])
@pytest.mark.parametrize("streamed", [False, True])
def test_every_place_has_its_channel_in_either_spelling(spell, streamed):
    document = spell(DOCUMENT)
    [view] = read(document) if streamed else [whole(document)]
    found = places(view)
    for place, said in PLACES.items():
        assert found["candidates.0." + place] == said
    assert found["model_status.message"] == ("annotation", "將停用")
    new = ("candidates.0.content.parts.11.brand_new.say", "新")
    assert found[new[0]] == ((("field", 0) if streamed else "field"), new[1])
    [spelled] = [pointer for pointer in CANDIDATE if to_snake(pointer) == "logprobs_result"]
    spelled = ("candidates", 0, to_snake(spelled) if spell is snaked else spelled)
    assert {d.channel: d.text for d in view.deltas if d.pointer == spelled} == {
        (0, "logprobs", 0): "答案",
        (0, "logprobs", 1): "答\n回\n案\n",
    }
    assert {to_path(p).removeprefix("candidates.0.") for p in view.opaque} == {
        "content.parts.0.thought_signature", "content.parts.5.function_response.parts.0.inline_data.data",
        "content.parts.8.inline_data.data", "grounding_metadata.search_entry_point.sdk_blob",
    }  # fmt: skip
    assert {to_path(p).removeprefix("candidates.0.content.parts.") for p in view.trees} == {
        "2.function_call.args", "3.tool_call.args", "4.tool_response.response", "5.function_response.response",
    }  # fmt: skip
    assert [to_path(p)[-12:] for p in view.echoes] == ["segment.text"] * 2
    assert (view.finishes, view.acts) == ([(0, "stop")], {0})
    assert unseen(view, strings(document), _ANSWER.names) == []


def test_an_edited_text_empties_what_spells_it():
    """Else the tokens still say what the text no longer does."""
    view = whole(DOCUMENT)
    emptied = {d.channel[1]: d.logprobs for d in view.deltas if d.logprobs}
    assert emptied["content"] == emptied["reasoning"] == ("candidates", 0, "logprobsResult")
    assert emptied["transcript"] == (*HEAD, 10, "audioTranscription", "words")


def test_texts_of_parts_and_chunks_are_read_joined_and_thoughts_apart():
    views = read(
        chunk({"text": "A12"}, {"text": "34", "thought": True}),
        chunk({"text": "3456(7)"}),
        chunk({"text": "5", "thought": True}),
    )
    assert joined(views) == {(0, "content", 0): "A123456(7)", (0, "reasoning", 0): "345"}


def piece(path, text, **more):
    return {"jsonPath": path, "stringValue": text, **more}


def test_pieces_of_arguments_are_joined_by_their_place_and_leave_with_their_call():
    """An agent acts on a whole call: half of one must not be there when the other half is blocked."""
    views = read(
        chunk({"functionCall": {"name": "f", "willContinue": True}}),
        chunk({"functionCall": {"partialArgs": [piece("$.誰", "陳", willContinue=True), piece("$.n", "A12")], "willContinue": True}}),
        chunk({"functionCall": {"partialArgs": [piece("$.誰", "大文"), piece("$.n", "3456(7)"), {"jsonPath": "$.k", "numberValue": 4.1}], "willContinue": True}}),
        chunk({"functionCall": {}}),
        chunk({"functionCall": {"name": "g", "partialArgs": [piece("$.誰", "另一個")]}}),
        chunk({"functionCall": {"name": "h", "args": {}}}),
    )  # fmt: skip
    call, who, number, key = ((0, "tool_arguments", block) for block in range(4))
    assert joined(views) == {
        call: "", who: "陳大文", number: "A123456(7)", (0, "tool_arguments", 4): "", (0, "tool_arguments", 5): "另一個",
    }  # fmt: skip
    assert [view.closes for view in views] == [
        [],
        [],
        [],
        [call, who, number, key],
        [(0, "tool_arguments", 4), (0, "tool_arguments", 5)],
        [],
    ]
    assert [any(d.channel == call for d in view.deltas) for view in views] == [True, True, True, True, False, False]
    assert views[2].trees == [(*HEAD, 0, "functionCall", "partialArgs", 2, "numberValue")]
    assert all(view.acts == {0} for view in views)


def test_a_call_that_begins_before_the_last_one_ended_is_another():
    views = read(
        chunk({"functionCall": {"name": "f", "partialArgs": [piece("$.a", "甲", willContinue=True)], "willContinue": True}}),
        chunk({"functionCall": {"name": "g", "partialArgs": [piece("$.a", "乙")]}}),
    )  # fmt: skip
    assert sorted(text for text in joined(views).values() if text) == sorted(["甲", "乙"])
    assert set(views[1].closes) == set(joined(views))  # nothing waits for an end that will not come


def test_a_server_that_repeats_the_name_goes_on_with_the_same_call():
    """Else a value cut between two pieces would be in two texts, neither of which is one."""
    views = read(
        chunk({"functionCall": {"name": "f", "partialArgs": [piece("$.n", "A12", willContinue=True)], "willContinue": True}}),
        chunk({"functionCall": {"name": "f", "partialArgs": [piece("$.n", "3456(7)")]}}),
        chunk({"functionCall": {"name": "f", "partialArgs": [piece("$.n", "另一次")]}}),
    )  # fmt: skip
    assert sorted(text for text in joined(views).values() if text) == ["A123456(7)", "另一次"]


@pytest.mark.parametrize("alphabet", ["+/", "-_"])
def test_a_file_that_is_a_text_is_judged_as_what_it_says(alphabet):
    """An id hidden in base64 is still one for the client who decodes it, as the SDK does."""
    said = "身份證：A123456(7)~~>>??"
    data = base64.b64encode(said.encode(), alphabet.encode()).decode()
    file = {"inlineData": {"mimeType": "text/plain", "data": data}}
    for view in (*read(chunk(file, file)), whole(chunk(file, file))):
        files = [delta for delta in view.deltas if delta.channel[1] == "logprobs"]
        assert [(delta.text, delta.pointer, delta.logprobs) for delta in files] == [
            (said, (*HEAD, at, "inlineData", "data"), (*HEAD, at, "inlineData", "data")) for at in (0, 1)
        ]
        assert [delta.channel for delta in files] == view.closes  # a file waits for no other
        assert len(set(view.closes)) == len(view.opaque) == 2


def test_candidates_are_told_apart_by_their_number():
    event = {
        "candidates": [
            {"index": 1, "content": {"parts": [{"text": "乙"}]}},
            {"content": {"parts": [{"text": "甲"}]}, "finishReason": "MAX_TOKENS"},
        ]
    }
    [view] = read(event)
    assert joined([view]) == {(1, "content", 0): "乙", (0, "content", 0): "甲"}
    assert view.finishes == [(0, "length")]
    unnumbered = {"candidates": [{"content": {"parts": [{"text": "甲"}]}}, {"content": {"parts": [{"text": "乙"}]}}]}
    assert joined([whole(unnumbered)]) == {(0, "content", 0): "甲", (1, "content", 0): "乙"}


@pytest.mark.parametrize(
    ("document", "finishes"),
    [
        (chunk({"text": "x"}), []),
        (chunk({"text": "x"}, finishReason="STOP"), [(0, "stop")]),
        (chunk({"text": "x"}, finish_reason="stop"), [(0, "stop")]),
        (chunk(finishReason="SAFETY"), [(0, "SAFETY")]),
        (chunk(finishReason=""), []),
        ({"promptFeedback": {"blockReason": "JAILBREAK"}}, [(0, "JAILBREAK")]),
        ({**chunk({"text": "x"}), "promptFeedback": {"blockReason": "OTHER"}}, []),
        ({"usageMetadata": {"totalTokenCount": 3}}, []),
    ],
)
def test_a_candidate_ends_with_its_reason(document, finishes):
    [view] = read(document)
    assert view.finishes == whole(document).finishes == finishes


def test_a_whole_answer_without_text_is_one_all_the_same():
    assert joined([whole(chunk(finishReason="SAFETY"))]) == {(0, "content", 0): ""}
    assert read(chunk(finishReason="SAFETY"))[0].deltas == []


@pytest.mark.parametrize(
    "document",
    [
        {"candidates": [{"index": "0"}]},
        {"candidates": [{"index": True}]},
        {"candidates": [{"index": -1}]},
        {"candidates": [{"index": 1.5}]},
        chunk({"text": "x", "thought": "yes"}),
        chunk({"functionCall": {}, "function_call": {}}),
        chunk({"functionCall": {"willContinue": "no"}}),
        chunk({"functionCall": {"willContinue": True, "will_continue": False}}),
        chunk(finishReason="STOP", finish_reason="SAFETY"),
        chunk(logprobsResult={"chosenCandidates": [], "chosen_candidates": []}),
    ],
)
def test_documents_that_clients_may_read_differently_are_refused(document):
    with pytest.raises(jsontext.JsonError):
        read(document)
    with pytest.raises(jsontext.JsonError):
        whole(document)


@pytest.mark.parametrize(
    ("document", "judged"),
    [
        ({"candidates": {"a": {"content": {"parts": [{"text": "A123456(7)"}]}}}}, "A123456(7)"),
        (chunk({"thoughtSignature": "A123456(7)"}), "A123456(7)"),
        (chunk(logprobsResult={"chosenCandidates": {"a": {"token": "A123456(7)"}}}), "A123456(7)"),
        (chunk(logprobsResult={"topCandidates": [{"candidates": {"a": {"token": "A123456(7)"}}}]}), "A123456(7)"),
        (chunk({"audioTranscription": {"words": {"a": {"word": "A123456(7)"}}}}), "A123456(7)"),
        (chunk({"functionCall": {"partialArgs": {"a": {"stringValue": "A123456(7)"}}}}), "A123456(7)"),
        ({"error": {"message": "A123456(7)"}, **chunk({"text": "陳大文"})}, "陳大文"),
    ],
)  # fmt: skip
def test_a_text_in_an_odd_place_is_judged_all_the_same(document, judged):
    for view in (*read(document), whole(document)):
        assert judged in {s.text for s in view.fields} | {d.text for d in view.deltas}


def test_nothing_of_an_error_waits_for_what_never_comes():
    document = {
        "error": {"code": 400, "message": "身份證 A123456(7)", "status": "INVALID_ARGUMENT", "details": [{"x": "y"}]}
    }
    [view] = read(document)
    assert view.deltas == () and "身份證 A123456(7)" in [f.text for f in view.fields]


# --- what it writes --------------------------------------------------------------------------------------------------


def client(body, status=200, kind="text/event-stream"):
    """The vendor's own SDK in front of a server that sends `body`."""
    answer = httpx.MockTransport(lambda request: httpx.Response(status, content=body, headers={"content-type": kind}))
    options = types.HttpOptions(
        httpx_client=httpx.Client(transport=answer), retry_options=types.HttpRetryOptions(attempts=1)
    )
    return genai.Client(api_key="x", http_options=options)


def streamed(*added, framing=None):
    """`added` after a chunk that the client has seen, as a stream of the framing."""
    first = json.dumps(SEEN).encode()
    return b"data: " + first + b"\r\n\r\n" + (framing or SSEDecoder(1 << 20)).at_end(added, first=False)


SEEN = {
    **chunk({"text": "你好"}),
    "modelVersion": "gemini-2.5-flash",
    "responseId": "r1",
    "usageMetadata": {"totalTokenCount": 3},
}


def chunks(*added):
    return list(client(streamed(*added)).models.generate_content_stream(model="m", contents="hi"))


def test_a_stopped_stream_is_what_the_sdk_reads_as_one_that_a_filter_ended():
    got = chunks(*GEMINI.lens(Call()).stop(SEEN, [0, 2], "\n\n不予顯示", {"action": "block"}))
    assert "".join(each.text or "" for each in got if each.candidates[0].index in (0, None)) == "你好\n\n不予顯示"
    ended = [
        (each.candidates[0].index, each.candidates[0].finish_reason) for each in got if each.candidates[0].finish_reason
    ]
    assert ended == [(0, types.FinishReason.PROHIBITED_CONTENT), (2, types.FinishReason.PROHIBITED_CONTENT)]
    assert {each.response_id for each in got} == {"r1"}
    assert got[-1].usage_metadata.total_token_count == 3  # what reads the usage of the last chunk still finds it


@pytest.mark.parametrize("last", [None, {}, SEEN, snaked(SEEN), {"responseId": "\ud800"}, []])
def test_a_stop_adds_no_text_where_there_is_no_message(last):
    [(name, data)] = GEMINI.lens(Call()).stop(last, [0], "", None)
    document = json.loads(data)
    assert name == "" and "guardrail" not in document
    assert document["candidates"] == [{"finishReason": "PROHIBITED_CONTENT", "index": 0}]


def test_only_the_last_document_tells_the_decision():
    added = GEMINI.lens(Call()).stop(SEEN, [0, 1], "x", {"action": "block", "ids": [1]})
    assert [json.loads(data).get("guardrail") for _, data in added] == [
        None,
        None,
        None,
        {"action": "block", "ids": [1]},
    ]


def test_a_notice_is_a_chunk_of_its_own_that_the_sdk_joins():
    ending = {**chunk({"text": "。"}, finishReason="STOP"), "responseId": "r1"}
    notice = GEMINI.lens(Call()).text(ending, 0, "\n\n請核實。")
    got = chunks(*notice, ("", json.dumps(ending).encode()))
    assert "".join(each.text for each in got) == "你好\n\n請核實。。"


@pytest.mark.parametrize(
    ("code", "raised", "number"),
    [("content_filter", errors.ClientError, 400), ("upstream_cut", errors.ServerError, 500)],
)
def test_an_error_in_a_stream_is_one_that_the_sdk_raises(code, raised, number):
    added = GEMINI.lens(Call()).error(SEEN, code, "串流中斷")
    with pytest.raises(raised) as caught:
        chunks(*added)
    assert (caught.value.code, caught.value.message) == (number, "串流中斷")
    assert caught.value.details["error"]["details"][0]["reason"] == code.upper()


def test_what_is_written_stands_in_an_array_as_in_events():
    framing = JsonArrayDecoder(1 << 20)
    framing.decode(b"[" + json.dumps(SEEN).encode())
    added = GEMINI.lens(Call()).stop(SEEN, [0], "停", None)
    body = b"[" + json.dumps(SEEN).encode() + framing.at_end(added, first=False)
    assert [each["candidates"][0].get("finishReason") for each in json.loads(body)] == [
        None,
        None,
        "PROHIBITED_CONTENT",
    ]


@pytest.mark.parametrize(
    ("status", "raised", "word"),
    [
        (400, errors.ClientError, "INVALID_ARGUMENT"),
        (403, errors.ClientError, "PERMISSION_DENIED"),
        (413, errors.ClientError, "FAILED_PRECONDITION"),
        (500, errors.ServerError, "INTERNAL"),
        (504, errors.ServerError, "DEADLINE_EXCEEDED"),
    ],
)
def test_an_error_body_is_one_that_the_sdk_raises(status, raised, word):
    sdk = client(GEMINI.error(status, "some_code", "不可以"), status, "application/json")
    with pytest.raises(raised) as caught:
        sdk.models.generate_content(model="m", contents="hi")
    assert (caught.value.code, caught.value.status, caught.value.message) == (status, word, "不可以")


def test_the_requests_of_the_sdk_are_ours():
    asked = []

    def answer(request):
        asked.append((request.method, request.url.path, json.loads(request.content)))
        return httpx.Response(200, json=chunk({"text": "好"}, finishReason="STOP"))

    options = types.HttpOptions(httpx_client=httpx.Client(transport=httpx.MockTransport(answer)))
    sdk = genai.Client(api_key="x", http_options=options)
    sdk.models.generate_content(
        model="gemini-2.5-flash", contents="問題", config=types.GenerateContentConfig(system_instruction="保密")
    )
    list(sdk.models.generate_content_stream(model="gemini-2.5-flash", contents="問題"))
    sdk.models.count_tokens(model="gemini-2.5-flash", contents="問題")
    sdk.models.embed_content(model="gemini-embedding-001", contents="問題")
    assert all(GEMINI.matches(method, path) for method, path, _ in asked)
    calls = [GEMINI.call(body, path, "") for _, path, body in asked]
    assert [call.stream for call in calls] == [False, True, False, False]
    assert (calls[0].context.prompt, calls[0].context.system) == ("問題", "保密")
    texts = [[s.text for s in GEMINI.request(body, strings(body)) if s.channel == "content"] for _, _, body in asked]
    assert all("問題" in each for each in texts)


# --- whatever it is shown --------------------------------------------------------------------------------------------

KEYS = st.sampled_from(sorted({part for pointer, _ in strings(DOCUMENT) for part in pointer if isinstance(part, str)} | {
    "function_call", "partialArgs", "jsonPath", "stringValue", "numberValue", "willContinue", "will_continue", "error", "promptFeedback",
    "blockReason", "contents", "systemInstruction", "generationConfig", "requests", "candidates", "content", "parts",
}))  # fmt: skip
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 3), st.floats(allow_nan=False), st.text(max_size=4), st.just("QUJD")
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=30
)


@st.composite
def mutated(draw):
    """A real document with a few of its values replaced."""
    document = deepcopy(DOCUMENT if draw(st.booleans()) else {**DOCUMENT, **REQUEST})
    for _ in range(draw(st.integers(1, 4))):
        node = document
        for _ in range(draw(st.integers(1, 7))):
            if not isinstance(node, dict | list) or not node:
                break
            at = draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
            if draw(st.integers(0, 3)) == 0:
                node[at] = draw(JSON)
                break
            node = node[at]
    return document


@given(st.lists(st.one_of(JSON, mutated()), min_size=1, max_size=4))
def test_no_document_whatever_its_shape_hides_a_string_or_raises(documents):
    lens = GEMINI.lens(Call())
    before = set()
    for document in documents:
        found = strings(document)
        GEMINI.request(document, found)
        GEMINI.call(document, STREAM, "")
        lens.stop(document, [0], "x", None)
        lens.text(document, 0, "x")
        try:
            assert unseen(GEMINI.answer(document, found), found, _ANSWER.names) == []
            view = lens.event(document, found, "")
        except jsontext.JsonError:
            return
        # A constant in an unknown place was judged when it came first.
        assert [p for p in unseen(view, found, _ANSWER.names) if (p, dict(found)[p]) not in before] == []
        before.update(found)


@given(st.text(min_size=1, max_size=30), st.lists(st.integers(0, 30), max_size=5), st.booleans())
def test_a_stream_says_what_the_whole_answer_says_wherever_it_is_cut(text, cuts, thought):
    """Else an edit of the stream would differ from that of the whole answer."""
    pieces = split(text, cuts)
    more = {"thought": True} if thought else {}
    stream = joined(read(*(chunk({"text": each, **more}) for each in pieces)))
    parts = joined([whole(chunk(*({"text": each, **more} for each in pieces)))])
    channel = (0, "reasoning" if thought else "content", 0)
    assert stream[channel] == parts[channel] == joined([whole(chunk({"text": text, **more}))])[channel] == text


def test_ids_are_judged_alone_and_never_wait():
    views = read({**chunk({"text": "a"}), "responseId": "A12"}, {**chunk({"text": "b"}), "responseId": "3456(7)"})
    [late] = [field for field in views[1].fields if field.text == "3456(7)"]
    assert (late.channel, late.lead) == ("field", "A12")  # an id in two halves is read as one
    assert META not in {f.channel for view in views for f in view.fields}
