"""The Python SDKs of the vendors, as applications use them, against the sidecar and against the upstream itself.

If these fail, an application that adds the sidecar sees another answer than before, a secret on its socket, a block
that it cannot tell from an accident, or one that its SDK sends again and again.
"""

import json
from collections.abc import Iterator

import pytest

from tests.recorder import Recorder
from tests.sdks.python_ways import STORED, WAYS, Way, same
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
    in_turn,
    pieces,
    playing,
    saying,
    start,
)
from tests.servers import Do, Script, Site
from tests.speakers import BENIGN, SPEAKERS

EVERY = (*WAYS, *STORED)
REDACTED = ("[REDACTED:HKID]", "[REDACTED:PAYMENT_CARD]")
# Channels beside the content in which a leak is planted, for the forms that have them.
PLACES = (
    "reasoning", "reasoning_summary", "refusal", "tool_arguments", "tool_arguments_nested", "tool_arguments_key", "logprobs", "annotation", "blocks",
    "code_output", "tool_output", "custom_input", "unknown",
)  # fmt: skip
# These fail at a call of a custom tool in a chat with the upstream itself.
UNREADABLE = {(way, "custom_input") for way in ("openai chat helper", "langchain invoke", "langchain stream")}
PLANTED = [
    (way, place)
    for way in EVERY
    for place in PLACES
    if way.said is same and place in SPEAKERS[way.speaker].channels and (way.name, place) not in UNREADABLE
]


def named(value: object) -> str:
    return value.name if isinstance(value, Way) else str(value)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with guarded(tmp_path_factory.mktemp("audit")) as it:
        yield it


def says(way: Way, text: str) -> Script:
    return saying(SPEAKERS[way.speaker], way.stream, "content", way.said(text))


def clean(way: Way) -> Script:
    speaker = SPEAKERS[way.speaker]
    return playing(speaker, way.stream, speaker.clean(way.stream)) if way.said is same else says(way, BENIGN)


# --- the speakers, heard directly ------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", EVERY, ids=named)
def test_the_sdk_understands_the_speaker(running: Site, way: Way) -> None:
    """Without the sidecar: what follows would prove nothing if the SDK did not read the secret here."""
    start(running, says(way, LEAK))
    direct = f"http://127.0.0.1:{running.upstream.port}"
    assert way.ask(direct, ASKING).text == LEAK
    [asked] = running.upstream.asked
    if way not in STORED:
        path = asked.line.split()[1].decode()
        assert path.replace("/v1/models", "/v1beta/models") == SPEAKERS[way.speaker].request(way.stream).path


# --- (a) clean -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", EVERY, ids=named)
def test_a_clean_answer_is_the_same_as_without_the_sidecar(running: Site, way: Way) -> None:
    start(running, clean(way))
    direct = way.ask(f"http://127.0.0.1:{running.upstream.port}", ASKING)
    through = way.ask(running.url, ASKING)
    assert through == direct
    assert BENIGN in through.text
    assert bool(through.tools) == way.tools
    first, second = running.upstream.asked
    assert first.body == second.body


# --- (b) leaking -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", EVERY, ids=named)
def test_the_sdk_reads_the_edited_text(running: Site, way: Way) -> None:
    start(running, says(way, LEAK))
    with Recorder(running.port) as recorder:
        read = way.ask(recorder.url, ASKING)
    assert_safe(recorder)
    assert read.text == SAFE


@pytest.mark.parametrize(("way", "place"), PLANTED, ids=named)
def test_no_channel_lets_a_secret_cross_the_socket(running: Site, way: Way, place: str) -> None:
    """Whether the sidecar edits or blocks here, the SDK must either read an answer or raise an error of its own."""
    start(running, saying(SPEAKERS[way.speaker], way.stream, place, LEAK))
    with Recorder(running.port) as recorder:
        try:
            read = way.ask(recorder.url, ASKING)
        except way.signals.refused as error:
            assert str(error)
        except way.signals.broken as error:
            assert str(error)
        else:
            if place.startswith("tool_arguments") and way.tools:
                arguments = json.dumps(read.tools, ensure_ascii=False)
                assert all(mark in arguments for mark in REDACTED)
    assert_safe(recorder)
    assert len(running.upstream.asked) == 1


# --- (c) blocked -----------------------------------------------------------------------------------------------------


def assert_refused(way: Way, url: str) -> None:
    with pytest.raises(way.signals.refused, match="withheld") as caught:
        way.ask(url, ASKING)
    assert 400 in (getattr(caught.value, name, None) for name in ("status_code", "code"))


def assert_filtered(way: Way, url: str, before: str) -> None:
    """The end that the vendor's own filter would have made, after what may be said and the message of the rule."""
    if way.raises:
        with pytest.raises(way.raises):
            way.ask(url, ASKING)
        return
    read = way.ask(url, ASKING)
    assert read.finish in way.signals.filtered
    assert read.text.startswith(before)
    assert "A key was withheld. 密鑰不予顯示。" in read.text


@pytest.mark.parametrize("way", EVERY, ids=named)
def test_a_blocked_answer_is_an_error_or_a_filter_of_the_vendor(running: Site, way: Way) -> None:
    start(running, says(way, BLOCKED))
    with Recorder(running.port) as recorder:
        if way.stream:
            assert_filtered(way, recorder.url, BLOCKED[:4])
        else:
            assert_refused(way, recorder.url)
    assert_safe(recorder)
    assert len(running.upstream.asked) == 1  # a block that is retried is paid for three times


@pytest.mark.parametrize("way", EVERY, ids=named)
def test_an_answer_blocked_before_it_began(running: Site, way: Way) -> None:
    """The key stands in the very first text; a vendor whose stream has sent nothing before it can still refuse."""
    start(running, says(way, KEY))
    with Recorder(running.port) as recorder:
        status = 200
        try:
            assert_filtered(way, recorder.url, "")
        except way.signals.refused:
            status = 400
    assert_safe(recorder)
    assert way.stream or status == 400
    assert [response.status for response in recorder.responses] == [status]
    assert len(running.upstream.asked) == 1


@pytest.mark.parametrize("way", WAYS, ids=named)
def test_a_blocked_request_reaches_nobody(running: Site, way: Way) -> None:
    start(running, says(way, "never said"))
    with pytest.raises(way.signals.refused):
        way.ask(running.url, FORBIDDEN)
    assert running.upstream.asked == []


@pytest.mark.parametrize("way", EVERY, ids=named)
def test_an_error_of_the_upstream_stays_the_vendors_own(running: Site, way: Way) -> None:
    """And does not quote what it was given."""
    speaker = SPEAKERS[way.speaker]
    start(running, playing(speaker, False, [speaker.error_body(LEAK)], 400))
    with Recorder(running.port) as recorder, pytest.raises(way.signals.refused) as caught:
        way.ask(recorder.url, ASKING)
    assert_safe(recorder)
    assert REDACTED[0] in str(caught.value)


@pytest.mark.parametrize("cut", [Do.RESET, Do.CLOSE], ids=["reset", "closed"])
@pytest.mark.parametrize("way", [way for way in EVERY if way.stream], ids=named)
def test_a_cut_of_the_upstream_is_not_an_end(running: Site, way: Way, cut: Do) -> None:
    """An application must not take half an answer for a whole one."""
    start(running, beginning(SPEAKERS[way.speaker], cut))
    with pytest.raises(way.signals.broken, match="before its answer was complete"):
        way.ask(running.url, ASKING)
    assert len(running.upstream.asked) == 1


# --- tools that run --------------------------------------------------------------------------------------------------


def run_anthropic(url: str, heard: list[str]) -> str:
    from anthropic import beta_tool

    from tests.sdks.python_ways import anthropic_at, asked

    @beta_tool
    def find_person(query: str) -> str:
        """Find a person."""
        heard.append(query)
        return "找到了"

    with anthropic_at(url) as client:
        runner = client.beta.messages.tool_runner(**asked(ASKING), tools=[find_person])
        last = runner.until_done()
    return "".join(block.text for block in last.content if block.type == "text")


def run_gemini(url: str, heard: list[str]) -> str:
    from google.genai import types

    from tests.sdks.python_ways import GEMINI, genai_at

    def find_person(query: str) -> str:
        """Find a person."""
        heard.append(query)
        return "找到了"

    with genai_at(url) as client:
        config = types.GenerateContentConfig(tools=[find_person])
        return client.models.generate_content(model=GEMINI, contents=ASKING, config=config).text or ""


@pytest.mark.parametrize(("form", "run"), [("anthropic", run_anthropic), ("gemini", run_gemini)])
def test_a_tool_that_the_sdk_runs_is_given_the_edited_arguments(running: Site, form: str, run) -> None:  # type: ignore[no-untyped-def]
    speaker = SPEAKERS[form]
    start(
        running, in_turn(saying(speaker, False, "tool_arguments", LEAK), saying(speaker, False, "content", "搵到了。"))
    )
    heard: list[str] = []
    with Recorder(running.port) as recorder:
        assert run(recorder.url, heard) == "搵到了。"
    assert_safe(recorder)
    assert heard == [SAFE]
    assert len(running.upstream.asked) == 2


# --- what this suite rests on ----------------------------------------------------------------------------------------


def test_the_pieces_cut_through_both_values() -> None:
    parts = pieces(LEAK)
    assert "".join(parts) == LEAK
    assert not any("A123456(3)" in part or "4111 1111 1111 1113" in part for part in parts)
