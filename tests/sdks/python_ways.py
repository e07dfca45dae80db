"""Every way in which the Python SDKs ask for an answer, each as a function from an address to what was read.

Rules:
1. An SDK is used as its documentation shows, with its own defaults, retries included.
2. What was read is everything the SDK gives: text, tools, reasoning, usage, the reason of the end, and each event as
   the SDK dumps it.
"""

import json
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import anthropic
import ollama
import openai
from google import genai
from google.genai import errors as genai_errors
from google.genai import types as genai_types
from langchain_core.messages import AIMessage, BaseMessage
from langchain_openai import ChatOpenAI
from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class Read:
    """What an SDK gave its caller."""

    text: str
    tools: list[tuple[str, Any]] = field(default_factory=list)
    reasoning: str = ""
    usage: Any = None
    finish: str | None = None
    dump: Any = None


def same(text: str) -> str:
    """The content of the answer is the text."""
    return text


def as_person(text: str) -> str:
    """The content of the answer is JSON that holds the text."""
    return json.dumps({"name": text, "city": "香港"}, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Signals:
    """How an SDK says that a filter stepped in: `refused` is its error for a request that was blocked, or a whole
    answer; `broken` its error for a stream that failed; `filtered` the reasons that the vendor's own filter gives."""

    refused: type[Exception]
    broken: type[Exception]
    filtered: frozenset[str]


@dataclass(frozen=True, slots=True)
class Way:
    """One way to ask: `speaker` answers, `said` dresses a text as the content that this way expects, and `tools` says
    whether tool calls can be read in this way.  `raises` is the error into which it turns the vendor's filter."""

    name: str
    speaker: str
    stream: bool
    ask: Callable[[str, str], Read]
    signals: Signals
    said: Callable[[str], str] = same
    tools: bool = True
    raises: type[Exception] | None = None


class Person(BaseModel):
    """What structured output is asked for."""

    name: str
    city: str


def dumped(events: Iterable[Any]) -> list[Any]:
    """Each event as the SDK dumps it, with its class."""
    return [(type(event).__name__, event.model_dump(mode="json", warnings=False)) for event in events]


# --- openai: chat ----------------------------------------------------------------------------------------------------

MODEL = "gpt-4.1"
TOOL = {"name": "find_person", "description": "finds", "parameters": {"type": "object", "properties": {}}}


def openai_at(url: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=url + "/v1", api_key="sk-none", timeout=20)


def azure_at(url: str) -> openai.AzureOpenAI:
    return openai.AzureOpenAI(azure_endpoint=url, api_key="none", api_version="2024-10-21", timeout=20)


def messages(prompt: str) -> list[Any]:
    return [{"role": "system", "content": "Be brief."}, {"role": "user", "content": prompt}]


def of_completion(completion: Any, dump: Any = None) -> Read:
    choice = completion.choices[0]
    calls = [getattr(call, "function", None) or call.custom for call in choice.message.tool_calls or ()]
    return Read(
        choice.message.content or "",
        [(call.name, getattr(call, "arguments", None) or call.input) for call in calls],
        getattr(choice.message, "reasoning_content", ""),
        completion.usage and completion.usage.model_dump(),
        choice.finish_reason,
        dump or dumped([completion]),
    )


def chat_whole(client: openai.OpenAI, prompt: str) -> Read:
    with client:
        return of_completion(client.chat.completions.create(model=MODEL, messages=messages(prompt)))


def chat_stream(client: openai.OpenAI, prompt: str) -> Read:
    options: Any = {"include_usage": True}
    with client:
        stream = client.chat.completions.create(
            model=MODEL, messages=messages(prompt), stream=True, stream_options=options
        )
        return of_chunks(list(stream))


def of_chunks(chunks: list[Any]) -> Read:
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    calls = [call.function for delta in deltas for call in delta.tool_calls or () if call.function]
    names = [call.name for call in calls if call.name]
    arguments = "".join(call.arguments or "" for call in calls)
    return Read(
        "".join(delta.content or "" for delta in deltas),
        [(name, arguments) for name in names],
        "".join(getattr(delta, "reasoning_content", None) or "" for delta in deltas),
        next((chunk.usage.model_dump() for chunk in chunks if chunk.usage), None),
        next((chunk.choices[0].finish_reason for chunk in reversed(chunks) if chunk.choices), None),
        dumped(chunks),
    )


def chat_helper(url: str, prompt: str) -> Read:
    with openai_at(url) as client, client.chat.completions.stream(model=MODEL, messages=messages(prompt)) as stream:
        events = list(stream)
        return of_completion(stream.get_final_completion(), dumped(events))


def chat_parsed(url: str, prompt: str) -> Read:
    with openai_at(url) as client:
        done = client.chat.completions.parse(model=MODEL, messages=messages(prompt), response_format=Person)
    parsed = done.choices[0].message.parsed
    assert parsed is not None
    return Read(parsed.name, usage=done.usage, finish=done.choices[0].finish_reason, dump=dumped([done]))


def completions_whole(url: str, prompt: str) -> Read:
    with openai_at(url) as client:
        done = client.completions.create(model=MODEL, prompt=prompt)
    return Read(done.choices[0].text, usage=done.usage, finish=done.choices[0].finish_reason, dump=dumped([done]))


def completions_stream(url: str, prompt: str) -> Read:
    with openai_at(url) as client:
        events = list(client.completions.create(model=MODEL, prompt=prompt, stream=True))
    choices = [event.choices[0] for event in events if event.choices]
    return Read(
        "".join(choice.text for choice in choices),
        usage=events[-1].usage,
        finish=choices[-1].finish_reason,
        dump=dumped(events),
    )


# --- openai: responses -----------------------------------------------------------------------------------------------


def of_response(response: Any, dump: Any = None) -> Read:
    calls = [item for item in response.output if item.type == "function_call"]
    thoughts = [part.text for item in response.output if item.type == "reasoning" for part in item.summary]
    reason = response.incomplete_details and response.incomplete_details.reason
    return Read(
        response.output_text,
        [(call.name, call.arguments) for call in calls],
        "".join(thoughts),
        response.usage and response.usage.model_dump(),
        reason or response.status,
        dump or dumped([response]),
    )


def responses_whole(url: str, prompt: str) -> Read:
    with openai_at(url) as client:
        return of_response(client.responses.create(model=MODEL, input=prompt))


def responses_stream(url: str, prompt: str) -> Read:
    with openai_at(url) as client:
        return of_response_events(list(client.responses.create(model=MODEL, input=prompt, stream=True)))


def of_response_events(events: list[Any]) -> Read:
    """Built from the additions; the last event must say the same."""
    told = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    arguments = "".join(event.delta for event in events if event.type == "response.function_call_arguments.delta")
    last = of_response(events[-1].response, dumped(events))
    if last.finish == "completed":
        assert told == last.text
        assert arguments == "".join(call[1] for call in last.tools)
    return Read(told, last.tools, last.reasoning, last.usage, last.finish, last.dump)


def responses_helper(url: str, prompt: str) -> Read:
    with openai_at(url) as client, client.responses.stream(model=MODEL, input=prompt) as stream:
        events: list[Any] = list(stream)
        # The helper has a final response only for `response.completed`; one that was cut short is in its last event.
        whole = events[-1].type == "response.completed"
        return of_response(stream.get_final_response() if whole else events[-1].response, dumped(events))


def responses_parsed(url: str, prompt: str) -> Read:
    with openai_at(url) as client:
        done = client.responses.parse(model=MODEL, input=prompt, text_format=Person)
    assert done.output_parsed is not None
    return Read(done.output_parsed.name, usage=done.usage, finish=done.status, dump=dumped([done]))


def responses_stored(url: str, prompt: str) -> Read:
    with openai_at(url) as client:
        return of_response(client.responses.retrieve("resp_1"))


def responses_replayed(url: str, prompt: str) -> Read:
    with openai_at(url) as client:
        return of_response_events(list(client.responses.retrieve("resp_1", stream=True)))


# --- anthropic -------------------------------------------------------------------------------------------------------


def anthropic_at(url: str) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=url, api_key="none", timeout=20)


def asked(prompt: str) -> dict[str, Any]:
    return {"model": "claude-sonnet-5", "max_tokens": 1024, "messages": [{"role": "user", "content": prompt}]}


def of_message(message: Any, dump: Any = None) -> Read:
    blocks = message.content
    return Read(
        "".join(block.text for block in blocks if block.type == "text"),
        [(block.name, block.input) for block in blocks if block.type == "tool_use"],
        "".join(block.thinking for block in blocks if block.type == "thinking"),
        message.usage.model_dump(),
        message.stop_reason,
        dump or dumped([message]),
    )


def messages_whole(url: str, prompt: str) -> Read:
    with anthropic_at(url) as client:
        return of_message(client.messages.create(**asked(prompt)))


def messages_stream(url: str, prompt: str) -> Read:
    with anthropic_at(url) as client:
        events: list[Any] = list(client.messages.create(**asked(prompt), stream=True))
    deltas = [event.delta for event in events if event.type == "content_block_delta"]
    begun = [event.content_block for event in events if event.type == "content_block_start"]
    arguments = "".join(delta.partial_json for delta in deltas if delta.type == "input_json_delta")
    ends = [event for event in events if event.type == "message_delta"]
    return Read(
        "".join(delta.text for delta in deltas if delta.type == "text_delta"),
        [(block.name, json.loads(arguments)) for block in begun if block.type == "tool_use"],
        "".join(delta.thinking for delta in deltas if delta.type == "thinking_delta"),
        [event.usage.model_dump() for event in ends],
        ends[-1].delta.stop_reason if ends else None,
        dumped(events),
    )


def messages_helper(url: str, prompt: str) -> Read:
    with anthropic_at(url) as client, client.messages.stream(**asked(prompt)) as stream:
        events = list(stream)
        return of_message(stream.get_final_message(), dumped(events))


def messages_text(url: str, prompt: str) -> Read:
    with anthropic_at(url) as client, client.messages.stream(**asked(prompt)) as stream:
        return Read("".join(stream.text_stream), finish=stream.get_final_message().stop_reason)


# --- google-genai ----------------------------------------------------------------------------------------------------

GEMINI = "gemini-2.5-flash"
BY_HAND = genai_types.GenerateContentConfig(
    automatic_function_calling=genai_types.AutomaticFunctionCallingConfig(disable=True)
)


def genai_at(url: str, version: str | None = None) -> genai.Client:
    """A client; without a version it speaks `v1`, as the SDK does by itself since 3.0."""
    options = genai_types.HttpOptions(base_url=url, timeout=20_000, api_version=version)
    return genai.Client(api_key="none", http_options=options)


def of_generated(events: list[Any]) -> Read:
    candidates = [event.candidates[0] for event in events if event.candidates]
    parts = [part for one in candidates for part in (one.content and one.content.parts) or ()]
    calls = [part.function_call for part in parts if part.function_call]
    said = [part for part in parts if part.text]
    reasons = [one.finish_reason.value for one in candidates if one.finish_reason]
    blocked = [event.prompt_feedback.block_reason.value for event in events if event.prompt_feedback]
    return Read(
        "".join(part.text for part in said if not part.thought),
        [(call.name, call.args) for call in calls],
        "".join(part.text for part in said if part.thought),
        events[-1].usage_metadata and events[-1].usage_metadata.model_dump(mode="json"),
        (reasons or blocked or [None])[-1],
        [event.model_dump(mode="json", exclude={"sdk_http_response"}) for event in events],
    )


def gemini_whole(url: str, prompt: str, version: str | None = None) -> Read:
    with genai_at(url, version) as client:
        return of_generated([client.models.generate_content(model=GEMINI, contents=prompt, config=BY_HAND)])


def gemini_stream(url: str, prompt: str, version: str | None = None) -> Read:
    with genai_at(url, version) as client:
        return of_generated(list(client.models.generate_content_stream(model=GEMINI, contents=prompt, config=BY_HAND)))


# --- ollama ----------------------------------------------------------------------------------------------------------

QWEN = "qwen3:8b"


def of_lines(lines: list[Any]) -> Read:
    """Both endpoints: what is said stands in `message`, or in the line itself."""
    said = [getattr(line, "message", None) or line for line in lines]
    calls = [call.function for part in said for call in getattr(part, "tool_calls", None) or ()]
    last = lines[-1].model_dump()
    return Read(
        "".join(getattr(part, "content", None) or getattr(part, "response", None) or "" for part in said),
        [(call.name, dict(call.arguments)) for call in calls],
        "".join(part.thinking or "" for part in said),
        [last[name] for name in ("eval_count", "prompt_eval_count", "total_duration")],
        last["done_reason"],
        dumped(lines),
    )


def ollama_chat(url: str, prompt: str) -> Read:
    with closing(ollama.Client(host=url)) as client:
        return of_lines([client.chat(QWEN, messages(prompt))])


def ollama_chat_stream(url: str, prompt: str) -> Read:
    with closing(ollama.Client(host=url)) as client:
        return of_lines(list(client.chat(QWEN, messages(prompt), stream=True)))


def ollama_generate(url: str, prompt: str) -> Read:
    with closing(ollama.Client(host=url)) as client:
        return of_lines([client.generate(QWEN, prompt)])


def ollama_generate_stream(url: str, prompt: str) -> Read:
    with closing(ollama.Client(host=url)) as client:
        return of_lines(list(client.generate(QWEN, prompt, stream=True)))


# --- langchain-openai ------------------------------------------------------------------------------------------------


def langchain_at(url: str, *, responses: bool = False) -> ChatOpenAI:
    options: dict[str, Any] = {"base_url": url + "/v1", "api_key": "sk-none", "model": MODEL, "timeout": 20}
    return ChatOpenAI(**options, use_responses_api=responses, stream_usage=True)


def of_lang(message: BaseMessage, dump: Any = None) -> Read:
    assert isinstance(message, AIMessage)
    calls = [(call["name"], call["args"]) for call in message.tool_calls]
    meta = message.response_metadata
    reason = meta.get("finish_reason") or (meta.get("incomplete_details") or {}).get("reason") or meta.get("status")
    return Read(
        message.text, calls, "", message.usage_metadata, reason, dump or message.model_dump(mode="json", exclude={"id"})
    )


def lang_invoke(url: str, prompt: str) -> Read:
    return of_lang(langchain_at(url).bind_tools([TOOL]).invoke(prompt))


def lang_stream(url: str, prompt: str) -> Read:
    return _joined(langchain_at(url).bind_tools([TOOL]).stream(prompt))


def lang_responses(url: str, prompt: str) -> Read:
    return of_lang(langchain_at(url, responses=True).bind_tools([TOOL]).invoke(prompt))


def lang_responses_stream(url: str, prompt: str) -> Read:
    return _joined(langchain_at(url, responses=True).bind_tools([TOOL]).stream(prompt))


def _joined(chunks: Iterable[Any]) -> Read:
    parts = list(chunks)
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return of_lang(total, [part.model_dump(mode="json", exclude={"id"}) for part in parts])


def lang_structured(url: str, prompt: str) -> Read:
    found = langchain_at(url).with_structured_output(Person).invoke(prompt)
    assert isinstance(found, Person)
    return Read(found.name, dump=found.model_dump())


# --- the table -------------------------------------------------------------------------------------------------------

OPENAI = Signals(openai.BadRequestError, openai.APIError, frozenset({"content_filter"}))
PARSING = Signals(openai.BadRequestError, openai.OpenAIError, OPENAI.filtered)
ANTHROPIC = Signals(anthropic.BadRequestError, anthropic.APIStatusError, frozenset({"refusal"}))
GEMINI_REASONS = frozenset({"SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII"})
GOOGLE = Signals(genai_errors.ClientError, genai_errors.APIError, GEMINI_REASONS)
OLLAMA = Signals(ollama.ResponseError, ollama.ResponseError, frozenset({"content_filter"}))

WAYS: tuple[Way, ...] = (
    Way("openai chat", "openai_chat", False, lambda url, prompt: chat_whole(openai_at(url), prompt), OPENAI),
    Way("openai chat stream", "openai_chat", True, lambda url, prompt: chat_stream(openai_at(url), prompt), OPENAI),
    Way("openai chat helper", "openai_chat", True, chat_helper, PARSING, raises=openai.ContentFilterFinishReasonError),
    Way("openai chat parse", "openai_chat", False, chat_parsed, PARSING, said=as_person, tools=False),
    Way("openai completions", "openai_completions", False, completions_whole, OPENAI, tools=False),
    Way("openai completions stream", "openai_completions", True, completions_stream, OPENAI, tools=False),
    Way("openai responses", "openai_responses", False, responses_whole, OPENAI),
    Way("openai responses stream", "openai_responses", True, responses_stream, OPENAI),
    Way("openai responses helper", "openai_responses", True, responses_helper, PARSING),
    Way("openai responses parse", "openai_responses", False, responses_parsed, PARSING, said=as_person, tools=False),
    Way("azure chat", "azure_chat", False, lambda url, prompt: chat_whole(azure_at(url), prompt), OPENAI),
    Way("azure chat stream", "azure_chat", True, lambda url, prompt: chat_stream(azure_at(url), prompt), OPENAI),
    Way("anthropic create", "anthropic", False, messages_whole, ANTHROPIC),
    Way("anthropic create stream", "anthropic", True, messages_stream, ANTHROPIC),
    Way("anthropic helper", "anthropic", True, messages_helper, ANTHROPIC),
    Way("anthropic text stream", "anthropic", True, messages_text, ANTHROPIC, tools=False),
    Way("google-genai", "gemini", False, gemini_whole, GOOGLE),
    Way("google-genai stream", "gemini", True, gemini_stream, GOOGLE),
    Way("google-genai v1beta", "gemini", False, lambda url, prompt: gemini_whole(url, prompt, "v1beta"), GOOGLE),
    Way("google-genai v1beta stream", "gemini", True, lambda url, prompt: gemini_stream(url, prompt, "v1beta"), GOOGLE),
    Way("ollama chat", "ollama_chat", False, ollama_chat, OLLAMA),
    Way("ollama chat stream", "ollama_chat", True, ollama_chat_stream, OLLAMA),
    Way("ollama generate", "ollama_generate", False, ollama_generate, OLLAMA, tools=False),
    Way("ollama generate stream", "ollama_generate", True, ollama_generate_stream, OLLAMA, tools=False),
    Way("langchain invoke", "openai_chat", False, lang_invoke, OPENAI),
    Way("langchain stream", "openai_chat", True, lang_stream, OPENAI),
    Way("langchain responses", "openai_responses", False, lang_responses, OPENAI),
    Way("langchain responses stream", "openai_responses", True, lang_responses_stream, OPENAI),
    Way("langchain structured", "openai_chat", False, lang_structured, PARSING, said=as_person, tools=False),
)  # fmt: skip

# A stored answer has no request that could be blocked.
STORED: tuple[Way, ...] = (
    Way("openai responses retrieve", "openai_responses", False, responses_stored, OPENAI),
    Way("openai responses replay", "openai_responses", True, responses_replayed, OPENAI),
)
