"""What the model thought of its own words reaches the checks at the right words, or not at all."""

import itertools
import json
import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from guardrail.confidence import aligned
from guardrail.types import Action, Confidence, Context, Unit
from tests.inprocess import InProcess, cut
from tests.material import policy, rule


def tokens(*parts):
    return [(part if isinstance(part, bytes) else part.encode(), -float(i)) for i, part in enumerate(parts, 1)]


@pytest.mark.parametrize(
    ("text", "parts", "spans"),
    [
        ("It is 42.", ["It", " is", " 42", "."], [(0, 2), (2, 5), (5, 8), (8, 9)]),
        ("好的", [b"\xe5\xa5", b"\xbd\xe7", b"\x9a\x84"], [(0, 1), (0, 2), (1, 2)]),
        ("🙂x", [b"\xf0\x9f", b"\x99\x82", "x"], [(0, 1), (0, 1), (1, 2)]),
        ("Hi", [" Hi", ""], [(0, 2)]),  # the server took the space off
        ("Hi", ["Hi", "\n", "<|im_end|>"], [(0, 2)]),
        ("Hi", ["Hi", "</s>"], [(0, 2)]),
        ("Hi", ["Let", " me", " think", "</think>", "\n\n", "Hi"], [(0, 2)]),  # reasoning before it
        ("7", ["1", "7"], [(0, 1)]),
        ("7", ["17"], None),  # no token begins there
        ("Hi", ["Ho"], None),
        ("Hi", ["Hi", " there"], None),
        ("Hi there", ["Hi"], None),
        ("好", ["�"], None),
        ("", ["x"], None),
        ("x", [], None),
    ],
)
def test_tokens_are_laid_over_the_text(text, parts, spans):
    found = aligned(text, tokens(*parts))
    assert [(each.start, each.end) for each in found] == (spans or [])


def test_a_token_without_a_probability_keeps_the_others_in_place():
    assert aligned("ab", [(b"a", None), (b"b", -0.5)]) == (Confidence(1, 2, -0.5),)


@given(st.text(min_size=1), st.lists(st.integers(0, 200)))
def test_however_tokens_are_cut_they_cover_the_text(text, cuts):
    raw = text.encode(errors="surrogatepass")
    places = sorted({0, len(raw), *(each % (len(raw) + 1) for each in cuts)})
    parts = [raw[a:b] for a, b in itertools.pairwise(places)]
    found = aligned(text, [(part, -1.0) for part in parts])
    assert len(found) == len(parts)
    assert {i for each in found for i in range(each.start, each.end)} == set(range(len(text)))
    assert all(a.start <= b.start and a.end <= b.end for a, b in itertools.pairwise(found))


# --- on the wire -----------------------------------------------------------------------------------------------------


class Listening:
    """A check of whole answers that remembers what it was told."""

    name = "test.listening"
    kinds = ("error.heard",)
    unit = Unit.ANSWER
    heavy = False

    def __init__(self):
        self.heard: list[tuple[str, tuple[Confidence, ...]]] = []

    def load(self) -> None:
        """Nothing to load."""

    def detect(self, texts, context: Context):
        self.heard += [(text, context.confidence) for text in texts]
        return [[] for _ in texts]


def entries(parts, name="logprob", *, with_bytes=True):
    found = []
    for part, value in parts:
        entry = {"token": part.decode(errors="replace"), name: value}
        found.append({**entry, "bytes": list(part)} if with_bytes else entry)
    return found


def sse(events, *, named=False, done=False):
    lines = [(f"event: {e['type']}\n" if named else "") + f"data: {json.dumps(e)}\n\n" for e in events]
    return "".join([*lines, "data: [DONE]\n\n"] if done else lines).encode()


def pieces(parts):
    """The texts of a stream, a token each; a part of a character comes with the token that ends it."""
    waiting = b""
    for part, value in parts:
        waiting += part
        try:
            text, waiting = waiting.decode(), b""
        except UnicodeDecodeError:
            text = ""
        yield text, (part, value)


def chat(parts, stream):
    if not stream:
        text = b"".join(part for part, _ in parts).decode()
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": text},
            "logprobs": {"content": entries(parts)},
            "finish_reason": "stop",
        }
        return json.dumps({"id": "x", "object": "chat.completion", "model": "m", "choices": [choice]}).encode()
    chunks = [
        {
            "id": "x",
            "object": "chat.completion.chunk",
            "model": "m",
            "choices": [
                {
                    "index": 0,
                    "delta": {"content": text},
                    "logprobs": {"content": entries([token])},
                    "finish_reason": None,
                }
            ],
        }
        for text, token in pieces(parts)
    ]
    return sse(
        [*chunks, {"choices": [{"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}]}], done=True
    )


def completions(parts, stream):
    def spelled(some):
        told = [
            p.decode()
            if p.isascii() or "�" not in p.decode(errors="replace")
            else "bytes:" + "".join(f"\\x{b:02x}" for b in p)
            for p, _ in some
        ]
        return {
            "tokens": told,
            "token_logprobs": [value for _, value in some],
            "top_logprobs": None,
            "text_offset": [0] * len(some),
        }

    def choice(text, some, finish):
        return {
            "object": "text_completion",
            "choices": [{"index": 0, "text": text, "logprobs": spelled(some), "finish_reason": finish}],
        }

    if not stream:
        return json.dumps(choice(b"".join(part for part, _ in parts).decode(), parts, "stop")).encode()
    return sse([*(choice(text, [token], None) for text, token in pieces(parts)), choice("", [], "stop")], done=True)


def responses(parts, stream):
    text = b"".join(part for part, _ in parts).decode()
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": entries(parts)}
    item = {"type": "message", "id": "i", "role": "assistant", "status": "completed", "content": [part]}
    whole = {"id": "r", "object": "response", "model": "m", "status": "completed", "output": [item]}
    if not stream:
        return json.dumps(whole).encode()
    at = {"item_id": "i", "output_index": 0, "content_index": 0}
    events = [
        {"type": "response.created", "response": {**whole, "status": "in_progress", "output": []}},
        {
            "type": "response.output_item.added",
            "output_index": 0,
            "item": {**item, "content": [], "status": "in_progress"},
        },
        {"type": "response.content_part.added", **at, "part": {**part, "text": "", "logprobs": []}},
        *(
            {"type": "response.output_text.delta", **at, "delta": text, "logprobs": entries([token])}
            for text, token in pieces(parts)
        ),
        {"type": "response.output_text.done", **at, "text": text, "logprobs": entries(parts)},
        {"type": "response.content_part.done", **at, "part": part},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": whole},
    ]
    return sse(({**event, "sequence_number": n} for n, event in enumerate(events)), named=True)


def gemini(parts, stream):
    def candidate(text, some, **more):
        chosen = entries(some, "logProbability", with_bytes=False)
        return {
            "candidates": [
                {
                    "content": {"role": "model", "parts": [{"text": text}]},
                    "logprobsResult": {"chosenCandidates": chosen},
                    **more,
                }
            ]
        }

    if not stream:
        return json.dumps(candidate(b"".join(part for part, _ in parts).decode(), parts, finishReason="STOP")).encode()
    return sse(
        [
            *(candidate(text, [token]) for text, token in pieces(parts)),
            {"candidates": [{"content": {"parts": [{"text": ""}]}, "finishReason": "STOP"}]},
        ]
    )


def ollama(parts, stream):
    def line(text, some, done=False):
        return {
            "model": "m",
            "message": {"role": "assistant", "content": text},
            "logprobs": entries(some),
            "done": done,
            **({"done_reason": "stop"} if done else {}),
        }

    if not stream:
        return json.dumps(line(b"".join(part for part, _ in parts).decode(), parts, True)).encode()
    thought = {
        "model": "m",
        "message": {"role": "assistant", "content": "", "thinking": "hm"},
        "logprobs": entries([(b"hm", -1.0)]),
        "done": False,
    }
    lines = [thought, *(line(text, [token]) for text, token in pieces(parts)), line("", [], True)]
    return b"".join(json.dumps(each).encode() + b"\n" for each in lines)


FORMS = {
    "openai_chat": (chat, "/v1/chat/completions", {"messages": []}, "text/event-stream"),
    "openai_completions": (completions, "/v1/completions", {"prompt": "x"}, "text/event-stream"),
    "openai_responses": (responses, "/v1/responses", {"input": "x"}, "text/event-stream"),
    "gemini": (gemini, "/v1beta/models/m:{}", {"contents": []}, "text/event-stream"),
    "ollama": (ollama, "/api/chat", {"messages": []}, "application/x-ndjson"),
}  # fmt: skip
SPLIT = [
    (b"It opened in ", -0.1),
    (b"1972", -2.1),
    ("，共".encode(), -0.3),
    (b"\xe4\xb8", -0.4),
    (b"\x89", -0.5),
    ("條。".encode(), 0.0),
]
WHOLE = [
    (b"It opened in ", -0.1),
    (b"1972", -2.1),
    ("，共".encode(), -0.3),
    ("三".encode(), -0.5),
    ("條。".encode(), 0.0),
]


def heard(directory, name, parts, stream, cuts=()):
    make, path, body, kind = FORMS[name]
    check = Listening()
    site = InProcess(policy(rule("error.*", Action.FLAG)), [check], directory)
    path = path.format("streamGenerateContent?alt=sse" if stream else "generateContent")
    raw = make(parts, stream)
    asked = body if name == "gemini" else {"model": "m", "stream": stream, **body}
    answered = site.ask(
        path, asked, {}, cut(raw, cuts) if stream else [raw], content_type=kind if stream else "application/json"
    )
    assert answered.body == raw
    return check.heard


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", FORMS)
def test_what_the_upstream_says_of_its_words_reaches_the_checks(tmp_path, name, stream):
    parts = WHOLE if name == "gemini" else SPLIT  # Gemini has no bytes for a part of a character
    text = b"".join(part for part, _ in parts).decode()
    assert heard(tmp_path, name, parts, stream) == [(text, aligned(text, parts))]
    assert aligned(text, parts)[1] == Confidence(13, 17, -2.1)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", FORMS)
def test_tokens_that_are_not_those_of_the_answer_say_nothing(tmp_path, name, stream):
    make, path, body, kind = FORMS[name]
    raw = (
        make(WHOLE, stream)
        .replace(b'"token": "1972"', b'"token": "1971"')
        .replace(b'"1972"]', b'"1971"]')
        .replace(b'["1972"', b'["1971"')
        .replace(b', "1972", ', b', "1971", ')
    )
    raw = raw.replace(json.dumps(list(b"1972")).encode(), json.dumps(list(b"1971")).encode())
    check = Listening()
    site = InProcess(policy(rule("error.*", Action.FLAG)), [check], tmp_path)
    path = path.format("streamGenerateContent?alt=sse" if stream else "generateContent")
    asked = body if name == "gemini" else {"model": "m", "stream": stream, **body}
    site.ask(path, asked, {}, [raw], content_type=kind if stream else "application/json")
    assert [confidence for _, confidence in check.heard] == [()]


PARTS = st.lists(st.tuples(st.text("ab 1三🙂", min_size=1, max_size=4), st.floats(-20, 0)), min_size=1, max_size=8)


@settings(max_examples=30, deadline=None)
@given(parts=PARTS, cuts=st.lists(st.integers(0, 9000), max_size=20))
@pytest.mark.parametrize("name", FORMS)
def test_a_stream_cut_anywhere_says_what_the_whole_answer_says(tmp_path_factory, name, parts, cuts):
    spelled = [(text.encode(), value) for text, value in parts]
    assume(not math.isclose(0, sum(len(text) for text, _ in parts)))
    directory = tmp_path_factory.mktemp("x")
    assert heard(directory, name, spelled, True, cuts) == heard(directory, name, spelled, False)


def test_several_answers_have_their_own(tmp_path):
    def choice(index, text, value):
        return {
            "index": index,
            "message": {"content": text},
            "logprobs": {"content": [{"token": text, "logprob": value}]},
            "finish_reason": "stop",
        }

    check = Listening()
    site = InProcess(policy(rule("error.*", Action.FLAG)), [check], tmp_path)
    raw = json.dumps({"choices": [choice(0, "one", -1), choice(1, "two", -2)]}).encode()
    site.ask("/v1/chat/completions", {"messages": [], "n": 2}, {}, [raw])
    assert check.heard == [("one", (Confidence(0, 3, -1.0),)), ("two", (Confidence(0, 3, -2.0),))]
