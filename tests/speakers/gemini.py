"""Gemini as the server sends it: the same object again and again, in server-sent events with CRLF or in one array.

Source: `google.genai.types`.  Names are camelCase; `<`, `>` and `&` are escaped; the end of a stream has no mark.
"""

import base64
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.speakers.speaker import BENIGN, Channel, Echo, Form, Per, Request, Speaker
from tests.speakers.templates import HEAD, NUMBER, TAIL, TEXT, Each, Quoted, Slot

USAGE = {
    "promptTokenCount": 8, "candidatesTokenCount": 21, "totalTokenCount": 29, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 8}],
}  # fmt: skip
TOP = {"usageMetadata": USAGE, "modelVersion": "gemini-2.5-flash", "responseId": "mAitaLmkHPPlz7IPvtfUqQ4"}
BASE64 = Slot(lambda text: base64.b64encode(text.encode("utf-8", "surrogatepass")).decode(), lambda value: base64.b64decode(value or "").decode(errors="replace"))  # fmt: skip

Json = dict[str, Any]


def answer(*parts: Json, finish: str | None = "STOP", candidate: Json | None = None, **top: Any) -> Json:
    """A whole answer, and each event of a stream: `candidates`, usage and identity."""
    first = {"content": {"parts": list(parts), "role": "model"}, **({"finishReason": finish} if finish else {}), "index": 0, **(candidate or {})}  # fmt: skip
    return {"candidates": [first], **TOP, **top}


def chunk(*parts: Json, **more: Any) -> Json:
    """An event that is not the last."""
    return answer(*parts, finish=None, **more)


TALK = (chunk({"text": BENIGN[:9]}), chunk({"text": BENIGN[9:]}))
END = answer({"text": ""})


def grown(part: Json) -> Channel:
    """A part whose text a stream delivers piece by piece."""
    return Channel(answer(part), (Per(chunk(part)), END))


def placed(part: Json) -> Channel:
    """A part that comes whole, after a benign one."""
    whole = answer({"text": BENIGN}, part)
    return Channel(whole, (*TALK, chunk(part), END))


def beside(**candidate: Any) -> Channel:
    """A text of the candidate beside its parts, in the last event of a stream."""
    last = answer({"text": ""}, candidate=candidate)
    return Channel(answer({"text": BENIGN}, candidate=candidate), (*TALK, last))


def called(args: dict[Any, Any]) -> Channel:
    """The arguments of a function call, an object that comes whole."""
    return placed({"functionCall": {"name": "find_person", "args": args}, "thoughtSignature": "CiQB0e2Kb4A="})


def partial() -> Channel:
    """The arguments of a function call, which grow."""

    def part(**more: Any) -> Json:
        return {"functionCall": {"name": "find_person", "willContinue": True, **more}}

    piece = part(partialArgs=[{"jsonPath": "$.query", "stringValue": TEXT, "willContinue": True}])
    return Channel(answer({"text": BENIGN}, piece), (*TALK, chunk(part()), Per(chunk(piece)), chunk({"functionCall": {}}), END))  # fmt: skip


def spelled(read: Json) -> Channel:
    """Log-probabilities that spell the text."""
    entry = {"token": TEXT, "tokenId": 7, "logProbability": -0.01}
    candidate = {"logprobsResult": {"topCandidates": Each({"candidates": [entry]}), "chosenCandidates": Each(entry)}}
    view = {"candidates": [{"index": 0, "logprobsResult": read}]}
    said = {"text": TEXT}
    return Channel(answer(said, candidate=candidate), (Per(chunk(said, candidate=candidate), view=view), END), view=view)  # fmt: skip


def second_candidate() -> Channel:
    """The second of two candidates."""
    other = {"content": {"parts": [{"text": TEXT}], "role": "model"}, "index": 1}
    whole, end = answer({"text": BENIGN}), answer({"text": ""})
    whole["candidates"].append({**other, "finishReason": "STOP"})
    end["candidates"].append({"finishReason": "STOP", "index": 1})
    return Channel(whole, (TALK[0], Per({"candidates": [other], **TOP}), TALK[1], end))


def topped(**top: Any) -> Channel:
    """A text beside the candidates."""
    return Channel(answer({"text": BENIGN}, **top), (*TALK, answer({"text": ""}, **top)))


def identified() -> Channel:
    """The id of the answer, which every event repeats."""
    return Channel(answer({"text": BENIGN}, responseId=TEXT), [Echo({**event, "responseId": TEXT}) for event in (*TALK, END)])  # fmt: skip


def blocked() -> Channel:
    """What Gemini says about a prompt that it blocks: no candidates at all."""
    feedback = {"promptFeedback": {"blockReason": "SAFETY", "blockReasonMessage": TEXT}, **TOP}
    return Channel(feedback, (feedback,))


def errored() -> Channel:
    """An error that quotes the text: a body of its own, or an event."""
    body = {"error": {"code": 400, "message": TEXT, "status": "INVALID_ARGUMENT", "details": []}}
    return Channel(body, (*TALK, body), 400)


def grounded(**more: Any) -> Channel:
    """What the answer rests on."""
    return beside(groundingMetadata=more)


def cited(**more: Any) -> Channel:
    """A citation."""
    return beside(citationMetadata={"citations": [{"startIndex": 0, "endIndex": 2, **more}]})


MAPS = {"reviewId": "r1", "googleMapsUri": "https://www.example.org/m", "review": TEXT}
TABLE: Mapping[str, Channel] = {
    "content": grown({"text": TEXT}),
    "blocks": Channel(answer({"text": HEAD}, {"text": TAIL}), (chunk({"text": HEAD}, {"text": TAIL}), END)),
    "reasoning": Channel(answer({"text": TEXT, "thought": True}, {"text": BENIGN}), (Per(chunk({"text": TEXT, "thought": True})), *TALK, END)),
    "tool_arguments": called({"query": TEXT}),
    "tool_arguments_key": called({TEXT: "value"}),
    "tool_arguments_number": called({"amount": NUMBER}),
    "tool_arguments_nested": called({"payload": Quoted({"query": TEXT})}),
    "tool_arguments_partial": partial(),
    "tool_arguments_snake": placed({"function_call": {"name": "find_person", "args": {"query": TEXT}}}),
    "tool_name": placed({"functionCall": {"name": TEXT, "args": {}}}),
    "tool_id": placed({"functionCall": {"id": TEXT, "name": "find_person", "args": {}}}),
    "function_response": placed({"functionResponse": {"name": "find_person", "response": {"result": TEXT}}}),
    "server_tool": placed({"toolCall": {"id": "t1", "toolType": "GOOGLE_SEARCH_WEB", "args": {"queries": [TEXT]}}}),
    "server_tool_output": placed({"toolResponse": {"id": "t1", "toolType": "GOOGLE_SEARCH_WEB", "response": {"result": TEXT}}}),
    "code": placed({"executableCode": {"language": "PYTHON", "code": TEXT}}),
    "tool_output": placed({"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": TEXT}}),
    "transcript": placed({"audioTranscription": {"text": TEXT, "finished": True, "languageCode": "yue"}}),
    "transcript_words": placed({"audioTranscription": {"text": "", "words": [{"word": TEXT}]}}),
    "inline_data": placed({"inlineData": {"mimeType": "text/plain", "data": BASE64}}),
    "inline_name": placed({"inlineData": {"mimeType": "image/png", "data": "iVBORw==", "displayName": TEXT}}),
    "file": placed({"fileData": {"mimeType": "text/plain", "fileUri": TEXT}}),
    "finish_message": beside(finishMessage=TEXT),
    "annotation": cited(title=TEXT, uri="https://www.example.org/a"),
    "annotation_url": cited(uri=TEXT),
    "grounding": grounded(groundingSupports=[{"segment": {"startIndex": 0, "endIndex": 2, "text": TEXT}, "groundingChunkIndices": [0]}]),
    "grounding_title": grounded(groundingChunks=[{"web": {"uri": "https://www.example.org/a", "title": TEXT}}]),
    "grounding_url": grounded(groundingChunks=[{"web": {"uri": TEXT, "title": "Page"}}]),
    "grounding_context": grounded(groundingChunks=[{"retrievedContext": {"uri": "gs://a", "title": "手冊", "text": TEXT}}]),
    "grounding_review": grounded(groundingChunks=[{"maps": {"title": "茶餐廳", "placeAnswerSources": {"reviewSnippets": [MAPS]}}}]),
    "search_query": grounded(webSearchQueries=[TEXT]),
    "search_entry": grounded(searchEntryPoint={"renderedContent": TEXT}),
    "url_context": beside(urlContextMetadata={"urlMetadata": [{"retrievedUrl": TEXT, "urlRetrievalStatus": "URL_RETRIEVAL_STATUS_SUCCESS"}]}),
    "logprobs": spelled({"chosenCandidates": Each({"token": TEXT})}),
    "logprobs_top": spelled({"topCandidates": Each({"candidates": [{"token": TEXT}]})}),
    "second_choice": second_candidate(),
    "prompt_feedback": blocked(),
    "model_status": topped(modelStatus={"modelStage": "STABLE", "message": TEXT}),
    "id": identified(),
    "unknown": placed({"text": "", "providerNote": {"remark": TEXT}}),
    "unknown_key": placed({"text": "", "providerNote": {TEXT: "value"}}),
    "unknown_delta": grown({"providerText": TEXT}),
    "unknown_top": topped(providerNote=[TEXT]),
    "error": errored(),
}  # fmt: skip

# --- clean -----------------------------------------------------------------------------------------------------------

THOUGHT = {"text": "用戶想搵人，先查一查。", "thought": True}
CALL = {"functionCall": {"name": "find_person", "args": {"name": "陳大文", "city": "香港", "limit": 3}}}
CITED = {"citationMetadata": {"citations": [{"startIndex": 0, "endIndex": 2, "uri": "https://www.example.org/a"}]}}
CLEAN = answer(THOUGHT, {"text": BENIGN}, CALL, candidate=CITED)
CLEAN_EVENTS = (
    chunk(THOUGHT),
    *(chunk({"text": BENIGN[i : i + 9]}) for i in range(0, len(BENIGN), 9)),
    chunk(CALL),
    answer({"text": ""}, candidate=CITED),
)
FORM = Form("text/event-stream", "application/json; charset=UTF-8", newline=b"\r\n", spaced=True, html=True, indent=2)


def ask(stream: bool) -> Request:
    """A generation request, streamed as server-sent events."""
    return _ask("streamGenerateContent?alt=sse" if stream else "generateContent")


def ask_array(stream: bool) -> Request:
    """A generation request, streamed as one array over time."""
    return _ask("streamGenerateContent" if stream else "generateContent")


def _ask(method: str) -> Request:
    body = {"contents": [{"parts": [{"text": "你好，請幫我搵人。"}], "role": "user"}]}
    return Request(f"/v1beta/models/gemini-2.5-flash:{method}", body, {"x-goog-api-key": "none"})


GEMINI = Speaker("gemini", FORM, ask, TABLE, CLEAN, CLEAN_EVENTS)
IN_ARRAY = replace(FORM, kind=FORM.whole_kind, framing="array")
ARRAY = Speaker("gemini_array", IN_ARRAY, ask_array, TABLE, CLEAN, CLEAN_EVENTS)
