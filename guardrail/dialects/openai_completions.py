"""OpenAI completions, the older API: where its text sits, streamed and not, and how it says that a filter stepped in.

Source: the types of openai-python; `POST .../completions`, server-sent events ending in `data: [DONE]`.  A stream is
made of the same objects as a whole answer.  vLLM, llama.cpp and SGLang speak it most; what they add (log-probabilities
of the prompt, ids of tokens) is listed.  With `echo` the prompt is part of the text.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from guardrail import material
from guardrail.dialects import openai_chat_asked
from guardrail.dialects.again import in_prose, parsed, words_added
from guardrail.dialects.openai_common import dump, error_body, error_event
from guardrail.dialects.places import FIELD, META, Paths, Table, alone, mapping, sequence, word
from guardrail.dialects.protocol import Call, Delta, Lens, Notes, Spelled, Strings, View
from guardrail.dialects.tokens import Tokens, in_columns, tokens_of
from guardrail.types import Context, Pointer, Segment, Stage
from guardrail.wire.frames import Added
from guardrail.wire.jsontext import KEY, JsonError

_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)*/completions")
_ANSWER = Table(
    {
        "choices.*.text": "content",
        "choices.*.logprobs.tokens.* choices.*.logprobs.top_logprobs.*": "logprobs",
        "choices.*.logprobs.content.*.token choices.*.logprobs.content.*.top_logprobs.*.token": "logprobs",
        "choices.*.prompt_logprobs.*.*.decoded_token": "logprobs",
        "id object model system_fingerprint service_tier created provider obfuscation": META,
        "choices.*.index choices.*.finish_reason choices.*.stop_reason choices.*.native_finish_reason": META,
        "choices.*.content_filter_results.** prompt_filter_results.** choices.*.content_filter_offsets.**": META,
    },
    names=(
        "choices usage prompt_tokens completion_tokens total_tokens prompt_tokens_details completion_tokens_details "
        "cached_tokens audio_tokens reasoning_tokens accepted_prediction_tokens rejected_prediction_tokens text_offset "
        "token_logprobs bytes logprob rank token_ids prompt_token_ids error message type param code kv_transfer_params "
        "text_tokens image_tokens"
    ),
)
_REQUEST = Table(
    {"prompt prompt.* suffix": "content"},
    names=(
        "model best_of echo frequency_penalty presence_penalty logit_bias logprobs max_tokens n seed stop stream "
        "stream_options include_usage include_obfuscation temperature top_p user"
    ),
)
_SPELLED = {"logprobs": 0, "prompt_logprobs": 2}
"""What spells a text token by token, and the first of the two blocks for it: tokens, and those that were not chosen."""
_IDS = ("token_ids", "prompt_token_ids", "prompt_logprobs")


class OpenAICompletions:
    """The lens on completions."""

    name = "openai_completions"
    vendor = "openai"
    framings = frozenset({"sse"})

    def matches(self, method: str, path: str) -> bool:
        if method != "POST" or _PATH.fullmatch(path) is None or path.endswith("/chat/completions"):
            return False
        return "/../" not in path and "/./" not in path

    def call(self, document: Any, path: str, query: str) -> Call:
        body = mapping(document)
        count = body.get("n")
        each = count if isinstance(count, int) and count > 0 else 1
        prompts = _prompts(body.get("prompt"))
        return Call(
            model=word(body.get("model")),
            stream=body.get("stream") is True,
            choices=each * max(1, len(prompts)),
            context=Context(
                prompt="\n".join(prompt for prompt in prompts if isinstance(prompt, str)),
                response_format=openai_chat_asked.response_format(body),
                material=material.distinct(
                    source for prompt in prompts if isinstance(prompt, str) for source in material.pasted(prompt)[0]
                ),
                functions={} if body else None,
            ),
        )

    def request(self, document: Any, strings: Strings) -> list[Segment]:
        return [
            Segment(Stage.REQUEST, "user" if channel == "content" else "", _known(channel), pointer, text)
            for channel, pointer, text in _REQUEST.sorted(strings)
            if text
        ]

    def answer(self, document: Any, strings: Strings) -> View:
        return _view(document, strings, None)

    def lens(self, call: Call) -> Lens:
        return _Lens()

    def ask_again(self, body: bytes, answer: str, feedback: str) -> bytes | None:
        members = parsed(body)
        if members.get("suffix") or members.get("echo"):
            return None  # the answer stands inside a text, or has the prompt in it
        prompt = members.get("prompt")
        place: Pointer = ("prompt", 0) if isinstance(prompt, list) and len(prompt) == 1 else ("prompt",)
        return words_added(body, place, in_prose(answer, feedback))

    def error(self, status: int, code: str, message: str) -> bytes:
        return error_body(status, code, message)


class _Lens(Lens):
    def __init__(self) -> None:
        self._paths = Paths()

    def event(self, document: Any, strings: Strings, name: str) -> View:
        return _view(document, strings, self._paths)

    def is_done(self, data: bytes) -> bool:
        return data.strip() == b"[DONE]"

    def text(self, document: Any, choice: int, text: str) -> list[Added]:
        return [_chunk(document, choice, text, None)]

    def stop(self, last: Any, choices: Sequence[int], message: str, notes: Notes) -> list[Added]:
        added: list[Added] = []
        for choice in choices:
            if message:
                added += self.text(last, choice, message)
            added.append(_chunk(last, choice, "", "content_filter", notes if choice == choices[-1] else None))
        return [*added, ("", b"[DONE]")]

    def error(self, last: Any, code: str, message: str) -> list[Added]:
        return [error_event(code, message)]


def _prompts(prompt: Any) -> Sequence[Any]:
    """The prompts of a request: an array of numbers is one prompt."""
    if isinstance(prompt, list) and not any(isinstance(token, int) for token in prompt):
        return prompt
    return (prompt,)


def _known(channel: str) -> str:
    return channel if channel == "content" else FIELD


def _view(document: Any, strings: Strings, paths: Paths | None) -> View:
    """What a whole answer (`paths` None) or an event of a stream holds."""
    listed = mapping(document).get("choices")
    if isinstance(listed, dict):
        raise JsonError("the choices are no array")
    choices = [mapping(choice) for choice in sequence(listed)]
    numbers = [_number(choice, position) for position, choice in enumerate(choices)]
    deltas: list[Delta] = []
    fields: list[Segment] = []
    spelled: dict[Pointer, list[tuple[Pointer, str]]] = {}
    if paths is not None:
        paths.begin("", numbers[0] if numbers else -1)
    for channel, pointer, text in _ANSWER.sorted(strings):
        if not text:
            continue
        position = pointer[1] if len(pointer) > 1 else None
        if channel == META:
            fields.append(paths.meta(META, pointer, text) if paths else alone(META, pointer, text))
        elif channel == "content" and isinstance(position, int):
            logprobs: Pointer | None = ("choices", position, "logprobs") if choices[position].get("logprobs") else None
            deltas.append(Delta((numbers[position], "content", 0), pointer, text, logprobs))
        elif channel == "logprobs" and isinstance(position, int):
            spelled.setdefault(pointer[:3], []).append((pointer[3:], text))
        elif paths is not None:
            paths.unknown(pointer, text)
        else:
            fields.append(alone(FIELD, pointer, text))
    for place, tokens in spelled.items():
        deltas += _tokens(numbers[int(place[1])], place, tokens)
    if paths is None:
        deltas += _silent(numbers, deltas)
    else:
        deltas += paths.deltas
    return View(
        deltas,
        fields,
        echoes=_echoes(document, choices),
        spelled=[
            Spelled((n, "content", 0), _tokens_in(mapping(c["logprobs"])))
            for n, c in zip(numbers, choices, strict=True)
            if c.get("logprobs")
        ],
        seals=paths.seals if paths else (),
        finishes=[
            (n, str(c["finish_reason"])) for n, c in zip(numbers, choices, strict=True) if c.get("finish_reason")
        ],
    )


def _silent(numbers: Sequence[int], deltas: Sequence[Delta]) -> list[Delta]:
    """The choices of a whole answer that said nothing."""
    said = {delta.channel for delta in deltas}
    return [
        Delta((number, "content", 0), ("choices", position, "text"), "")
        for position, number in enumerate(numbers)
        if (number, "content", 0) not in said
    ]


def _number(choice: Mapping[str, Any], position: int) -> int:
    """The index of a choice.  Raises JsonError for one that clients would read in different ways."""
    index = choice.get("index", position)
    if isinstance(index, bool) or not isinstance(index, int) or index < 0:
        raise JsonError("a choice has no plain index")
    return index


def _tokens(number: int, place: Pointer, tokens: Sequence[tuple[Pointer, str]]) -> list[Delta]:
    """Log-probabilities spell a text token by token: judged joined, as a reader of them would; each token that was not
    chosen is a text of its own: one a line."""
    texts = ["", ""]
    before: Pointer = ()
    for path, token in tokens:
        if place[2] == "prompt_logprobs":
            other = path[:1] == before
            before = path[:1]
        else:
            other = "top_logprobs" in path or path[-1] == KEY
        texts[other] += f"{token}\n" if other else token
    block = _SPELLED[str(place[2])]
    return [Delta((number, "logprobs", block + i), place, text, place) for i, text in enumerate(texts) if text]


def _tokens_in(logprobs: Mapping[str, Any]) -> Tokens:
    """The tokens of a text in the form of this API, or in that of chat completions, as llama.cpp gives them."""
    if isinstance(logprobs.get("content"), list):
        return tokens_of(logprobs["content"])
    return in_columns(sequence(logprobs.get("tokens")), sequence(logprobs.get("token_logprobs")))


def _echoes(document: Any, choices: Sequence[Mapping[str, Any]]) -> list[Pointer]:
    found: list[Pointer] = [("prompt_token_ids",)] if mapping(document).get("prompt_token_ids") else []
    return found + [("choices", i, name) for i, choice in enumerate(choices) for name in _IDS if choice.get(name)]


def _chunk(document: Any, choice: int, text: str, finish: str | None, notes: Notes = None) -> Added:
    """A chunk that carries the identity of one that the client has seen."""
    seen = mapping(document)
    body = {name: seen[name] for name in ("id", "object", "created", "model", "system_fingerprint") if name in seen}
    body.setdefault("object", "text_completion")
    body["choices"] = [{"text": text, "index": choice, "logprobs": None, "finish_reason": finish}]
    if notes is not None:
        body["guardrail"] = notes
    return "", dump(body)
