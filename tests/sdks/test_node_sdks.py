"""The Node SDKs of the vendors and the AI SDK, as applications use them; see `tests/sdks/node/` for the scripts.

They need `node` and `npm ci` in that directory.  If these fail, a web application that adds the sidecar sees another
answer than before, a secret on its socket, or a block that crashes it or is sent again and again.
"""

import json
import queue
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.recorder import Recorder
from tests.sdks.scenes import (
    ASKING,
    BLOCKED,
    FORBIDDEN,
    KEY,
    LEAK,
    SAFE,
    assert_safe,
    beginning,
    guarded,
    playing,
    saying,
    start,
)
from tests.servers import Do, Site
from tests.speakers import BENIGN, SPEAKERS, Speaker

pytestmark = pytest.mark.slow
HERE = Path(__file__).parent / "node"
PATIENCE = 60  # seconds for one answer: an SDK that waits for ever is a failure with a name


@dataclass(frozen=True, slots=True)
class Way:
    """One way of a script: who answers it, the class of its error for a refusal, and the native reasons of a filter."""

    name: str
    form: str
    refused: str
    filtered: frozenset[str]
    tools: bool = True

    @property
    def speaker(self) -> Speaker:
        return SPEAKERS[self.form]

    @property
    def stream(self) -> bool:
        return self.name.endswith(("stream", "helper"))


FILTER, REFUSAL = frozenset({"content_filter"}), frozenset({"refusal"})
GEMINI = frozenset({"SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII"})
OPENAI = ("BadRequestError", FILTER)
ANTHROPIC = ("BadRequestError", REFUSAL)
GOOGLE = ("ApiError", GEMINI)
OLLAMA = ("ResponseError", FILTER)
AI = ("AI_APICallError", frozenset({"content-filter"}))
WAYS = (
    Way("openai chat", "openai_chat", *OPENAI),
    Way("openai chat stream", "openai_chat", *OPENAI),
    Way("openai chat helper", "openai_chat", *OPENAI),
    Way("openai completions", "openai_completions", *OPENAI, tools=False),
    Way("openai completions stream", "openai_completions", *OPENAI, tools=False),
    Way("openai responses", "openai_responses", *OPENAI),
    Way("openai responses stream", "openai_responses", *OPENAI),
    Way("openai responses helper", "openai_responses", *OPENAI),
    Way("azure chat", "azure_chat", *OPENAI),
    Way("azure chat stream", "azure_chat", *OPENAI),
    Way("anthropic create", "anthropic", *ANTHROPIC),
    Way("anthropic create stream", "anthropic", *ANTHROPIC),
    Way("anthropic helper", "anthropic", *ANTHROPIC),
    Way("google-genai", "gemini", *GOOGLE),
    Way("google-genai stream", "gemini", *GOOGLE),
    Way("ollama chat", "ollama_chat", *OLLAMA),
    Way("ollama chat stream", "ollama_chat", *OLLAMA),
    Way("ollama generate", "ollama_generate", *OLLAMA, tools=False),
    Way("ollama generate stream", "ollama_generate", *OLLAMA, tools=False),
    Way("ai openai", "openai_chat", *AI),
    Way("ai openai stream", "openai_chat", *AI),
    Way("ai responses", "openai_responses", *AI),
    Way("ai responses stream", "openai_responses", *AI),
    Way("ai anthropic", "anthropic", *AI),
    Way("ai anthropic stream", "anthropic", *AI),
    Way("ai google", "gemini", *AI),
    Way("ai google stream", "gemini", *AI),
)
# What an SDK throws when it cannot make sense of what it received.
CONFUSED = {
    "TypeError",
    "SyntaxError",
    "RangeError",
    "AI_TypeValidationError",
    "AI_JSONParseError",
    "AI_InvalidResponseDataError",
}
PLACES = ("reasoning", "reasoning_summary", "refusal", "tool_arguments", "tool_arguments_nested", "logprobs", "annotation", "blocks", "unknown")  # fmt: skip
PLANTED = [(way, place) for way in WAYS for place in PLACES if place in way.speaker.channels]


def named(value: object) -> str:
    return value.name if isinstance(value, Way) else str(value)


class Node:
    """One process with every SDK loaded, which does a job for each line it is given."""

    def __init__(self, node: str) -> None:
        self._process = subprocess.Popen(
            [node, str(HERE / "run.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        self.ways: list[str] = self._next("the list of ways")["ways"]

    def ask(self, way: Way, url: str, prompt: str = ASKING) -> dict[str, Any]:
        """What was read, or the error; nothing may be left unhandled, for that ends a Node application."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"way": way.name, "url": url, "prompt": prompt}) + "\n")
        self._process.stdin.flush()
        read: dict[str, Any] = self._next(way.name)
        assert read.pop("unhandled") == []
        return read

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(10)
        self._listener.join(10)
        self._process.stdout.close()

    def _listen(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._lines.put(line)

    def _next(self, what: str) -> Any:
        try:
            return json.loads(self._lines.get(timeout=PATIENCE))
        except queue.Empty:
            raise AssertionError(f"{what}: no answer in {PATIENCE} seconds") from None


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    found = shutil.which("node")
    if not found:
        pytest.skip("node is not installed")
    if not (HERE / "node_modules").is_dir():
        pytest.skip("the SDKs are not installed: run `npm ci` in tests/sdks/node")
    it = Node(found)
    yield it
    it.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with guarded(tmp_path_factory.mktemp("audit")) as it:
        yield it


def direct(running: Site) -> str:
    return f"http://127.0.0.1:{running.upstream.port}"


def test_every_way_of_the_scripts_is_in_the_table(node: Node) -> None:
    assert sorted(node.ways) == sorted(way.name for way in WAYS)


@pytest.mark.parametrize("way", WAYS, ids=named)
def test_the_sdk_understands_the_speaker(node: Node, running: Site, way: Way) -> None:
    """Without the sidecar: what follows would prove nothing if the SDK did not read the secret here."""
    start(running, saying(way.speaker, way.stream, "content", LEAK))
    assert node.ask(way, direct(running))["text"] == LEAK


@pytest.mark.parametrize("way", WAYS, ids=named)
def test_a_clean_answer_is_the_same_as_without_the_sidecar(node: Node, running: Site, way: Way) -> None:
    start(running, playing(way.speaker, way.stream, way.speaker.clean(way.stream)))
    expected = node.ask(way, direct(running))
    assert node.ask(way, running.url) == expected
    assert BENIGN in expected["text"]
    assert bool(expected["tools"]) == way.tools
    first, second = running.upstream.asked
    assert first.body == second.body


@pytest.mark.parametrize("way", WAYS, ids=named)
def test_the_sdk_reads_the_edited_text(node: Node, running: Site, way: Way) -> None:
    start(running, saying(way.speaker, way.stream, "content", LEAK))
    with Recorder(running.port) as recorder:
        read = node.ask(way, recorder.url)
    assert_safe(recorder)
    assert read["text"] == SAFE


@pytest.mark.parametrize(("way", "place"), PLANTED, ids=named)
def test_no_channel_lets_a_secret_cross_the_socket(node: Node, running: Site, way: Way, place: str) -> None:
    start(running, saying(way.speaker, way.stream, place, LEAK))
    with Recorder(running.port) as recorder:
        read = node.ask(way, recorder.url)
    assert_safe(recorder)
    assert not CONFUSED & set(read.get("error", {}).get("names", ()))
    assert len(running.upstream.asked) == 1


@pytest.mark.parametrize("way", WAYS, ids=named)
def test_a_blocked_answer_is_an_error_or_a_filter_of_the_vendor(node: Node, running: Site, way: Way) -> None:
    start(running, saying(way.speaker, way.stream, "content", BLOCKED))
    with Recorder(running.port) as recorder:
        read = node.ask(way, recorder.url)
    assert_safe(recorder)
    if way.stream:
        assert_filtered(way, read, BLOCKED[:4])
    else:
        assert_refused(way, read)
    assert len(running.upstream.asked) == 1  # a block that is retried is paid for three times


@pytest.mark.parametrize("way", WAYS, ids=named)
def test_an_answer_blocked_before_it_began(node: Node, running: Site, way: Way) -> None:
    """The key stands in the very first text; a vendor whose stream has sent nothing before it can still refuse."""
    start(running, saying(way.speaker, way.stream, "content", KEY))
    with Recorder(running.port) as recorder:
        read = node.ask(way, recorder.url)
    assert_safe(recorder)
    if way.stream and "error" not in read:
        assert_filtered(way, read, "")
    else:
        assert_refused(way, read)
    assert len(running.upstream.asked) == 1


def assert_refused(way: Way, read: dict[str, Any]) -> None:
    error = read["error"]
    assert way.refused in error["names"]
    assert error["status"] == 400
    assert "withheld" in error["message"]


def assert_filtered(way: Way, read: dict[str, Any], before: str) -> None:
    assert read["finish"] in way.filtered
    assert read["text"].startswith(before)
    assert "A key was withheld. 密鑰不予顯示。" in read["text"]


@pytest.mark.parametrize("way", WAYS, ids=named)
def test_a_blocked_request_reaches_nobody(node: Node, running: Site, way: Way) -> None:
    start(running, saying(way.speaker, way.stream, "content", "never said"))
    error = node.ask(way, running.url, FORBIDDEN)["error"]
    assert way.refused in error["names"]
    assert error["status"] == 400
    assert running.upstream.asked == []


@pytest.mark.parametrize("way", [way for way in WAYS if way.stream], ids=named)
def test_a_cut_of_the_upstream_is_not_an_end(node: Node, running: Site, way: Way) -> None:
    """An application must not take half an answer for a whole one."""
    start(running, beginning(way.speaker, Do.RESET))
    error = node.ask(way, running.url)["error"]
    assert "before its answer was complete" in error["message"]
    assert not CONFUSED & set(error["names"])
    assert len(running.upstream.asked) == 1
