"""The cost benchmark's own machinery: counting, medians, goals.  No test here looks at a time."""

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from benchmarks import load, processes, profile_proxy, upstream
from benchmarks.proxy import SCENES, Figures, goals, median


@contextmanager
def _upstream() -> Iterator[int]:
    """The benchmark's upstream in a thread, on a port of its own."""
    port = processes.free_port()
    loop = asyncio.new_event_loop()
    answers = upstream.prepare(300, 10, 0.001)
    started = threading.Event()

    async def serve() -> None:
        server = await loop.create_server(lambda: upstream.Upstream(answers), "127.0.0.1", port)
        started.set()
        await stop.wait()
        server.close()

    stop = asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    started.wait(10)
    try:
        yield port
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


def _figures(cpu_ms: float | None, errors: int = 0) -> Figures:
    return Figures(10, 20, errors, 5.0, cpu_ms, 1.0, 2.0, None)


@pytest.mark.parametrize("language", upstream.LANGUAGES)
def test_requests_and_events_are_counted(language: str) -> None:
    with _upstream() as port:
        plain = load.run(port, upstream.path_of(language, "plain"), 3, 0.1, stream=False)
        stream = load.run(port, upstream.path_of(language, "stream"), 3, 0.1, stream=True)
    assert plain.requests >= 3 and plain.events == 0 and plain.errors == 0
    assert stream.requests >= 3 and stream.events == 13 * stream.requests and stream.errors == 0
    assert len(stream.first) == stream.requests


def test_answers_that_are_no_answers_are_errors() -> None:
    with _upstream() as port:
        tally = load.run(port, "/elsewhere", 1, 0.05, stream=False)
    assert tally.requests == 0 and tally.errors > 0


def test_events_are_counted_wherever_reads_end() -> None:
    async def count(size: int) -> tuple[int, bool]:
        tally = load.Tally()
        connection = load.Connection(b"", 0.0, tally)
        connection.connection_made(_Nowhere())
        frames = upstream.prepare(300, 10, 0.0).stream[upstream.path_of("zh", "stream").encode()]
        sent = b"".join(frames)
        for at in range(0, len(sent), size):
            connection.data_received(sent[at : at + size])
        return tally.events, connection.ended.done()

    assert {asyncio.run(count(size)) for size in (1, 2, 3, 5, 7, 64, 1000, 1 << 20)} == {(13, True)}


class _Nowhere(asyncio.Transport):
    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Swallow it."""

    def close(self) -> None:
        """There is nothing to close."""


def test_texts_have_the_size_asked_for() -> None:
    for language in upstream.LANGUAGES:
        for size in (10, 1500, 5000):
            assert size - 3 < len(upstream.text_of(language, size).encode()) <= size


def test_the_median_is_taken_by_figure_and_errors_add_up() -> None:
    middle = median([_figures(1.0), _figures(9.0, 2), _figures(2.0, 1)])
    assert middle.cpu_ms == 2.0 and middle.errors == 3
    assert median([_figures(None)]).cpu_ms is None


def test_goals_say_what_was_measured_and_no_more() -> None:
    medians = {
        "plain-en-c1": {"policy": _figures(1.0), "empty": _figures(0.5)},
        "plain-en-c64": {"policy": _figures(1.5)},
        "stream-en-c16": {"empty": _figures(0.1)},
    }
    seen = {name: (value, limit) for name, value, limit in goals(medians)}
    assert seen["CPU ms per request, policy on, plain-en-c1"] == (1.0, 2.0)
    assert seen["growth of CPU from 1 to 64 connections, plain"] == (1.5, 1.2)
    assert not any("stream" in name for name in seen)


def test_scenes_have_names_of_their_own() -> None:
    assert len({scene.name for scene in SCENES}) == len(SCENES)


def test_cpu_time_of_a_process_grows() -> None:
    server = processes.Server(psutil.Process(os.getpid()), 0, 0.0)
    before = server.cpu_seconds()
    sum(range(1_000_000))
    assert server.cpu_seconds() > before > 0


def test_a_server_that_dies_is_named_with_its_last_words() -> None:
    port = processes.free_port()
    with (
        pytest.raises(processes.ServerError, match="unrecognized arguments"),
        processes.serving(processes.module("upstream", "--port", str(port), "--nonsense"), port),
    ):
        pass


def test_samples_are_filed_by_library() -> None:
    assert profile_proxy.library("guardrail/gate.py:Tail.feed") == "guardrail/gate.py"
    assert profile_proxy.library("aiohttp/client.py:ClientSession._request") == "aiohttp"
    counted = {
        "samples": 4,
        "own": {"aiohttp/x.py:f": 3, "guardrail/gate.py:g": 1},
        "total": {"aiohttp/x.py:f": 4, "guardrail/gate.py:g": 4},
    }
    assert [table.row_count for table in profile_proxy.tables(counted, 1.0, "request", 10)] == [2, 2, 1]
