"""Two hundred exchanges at once through one sidecar: every API, streamed and whole, clean, leaking and left midway.

Rules:
1. No answer begins before all requests have arrived upstream, so all exchanges are under way at the same time.
2. A first round warms pools and caches; what the second leaves behind is what it would leave behind every time.

If these fail, a busy sidecar mixes up answers, lets a value through, or grows until it is killed.
"""

import asyncio
import gc
import json
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

import psutil
import pytest

from guardrail.types import Action
from tests import material
from tests.material import VALUES, policy, rule, split
from tests.recorder import leaks
from tests.servers import Asked, Do, Site, Step, http, parse, site
from tests.speakers import BENIGN, SPEAKERS, Speaker

EXCHANGES = 200
EACH = 20  # of so many, one leaks and one is left midway
MEBI = 1 << 20
PEAK = 24 * MEBI  # sidecar, upstream and clients together, 120 KiB for each exchange
KEPT = MEBI // 4  # by which a round may grow what is in use: little more than 1 KiB for each exchange
PATIENCE = 60.0

RULES = policy(
    rule("pii.*", Action.REDACT), rule("secret.*", Action.REDACT), rule("bias.toxicity", Action.BLOCK, id="rude")
)
SECRETS = {  # of the shared values, those that stand by themselves: what is cut out, and what stands there then
    "A123456(3)": ("A123456(3)", "[REDACTED:HKID]"),
    "Ａ１２３４５６（３）": ("Ａ１２３４５６（３）", "[REDACTED:HKID]"),
    "a.b@mail.example": ("a.b@mail.example", "[REDACTED:EMAIL]"),
    "4111 1111 1111 1113": ("4111 1111 1111 1113", "[REDACTED:PAYMENT_CARD]"),
    "密碼：abc12345": ("abc12345", "密碼：[REDACTED:PASSWORD]"),
}
FRAME = "佢話： {} ，請記住。他说的就是这些，多谢。"
LONG = BENIGN * 4


@dataclass(frozen=True)
class Case:
    """One exchange: who answers, how, and what."""

    number: int
    speaker: Speaker
    stream: bool
    leaking: bool
    leaving: bool

    @cached_property
    def channel(self) -> str:
        wanted = ("content", "tool_arguments")[self.number // EACH % 2]
        return wanted if self.leaking and wanted in self.speaker.channels else "content"

    @cached_property
    def value(self) -> str:
        return list(SECRETS)[self.number // EACH % len(SECRETS)]

    @cached_property
    def frames(self) -> list[bytes]:
        """What the upstream says: one body, or the frames of a stream."""
        if not (self.leaking or self.leaving):
            if self.number % 4 == 0:
                return self.speaker.clean(self.stream)
            text, cuts = LONG, range(3, len(LONG), 12)
        else:
            text = FRAME.format(self.value)
            cuts = range(2, len(text), 4)
        if self.stream:
            return self.speaker.stream(self.channel, split(text, cuts))
        return [self.speaker.whole(self.channel, text)]

    @cached_property
    def request(self) -> bytes:
        asked = self.speaker.request(self.stream)
        body = json.dumps({**asked.body, "seed": self.number}).encode()
        head = f"POST {asked.path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n"
        return f"{head}content-length: {len(body)}\r\n{asked.lines}\r\n".encode() + body

    @property
    def steps(self) -> list[Step]:
        """The answer on the upstream's connection; one that is left midway never ends by itself."""
        kind = self.speaker.content_type(self.stream)
        if not self.stream:
            return [Do.HANG] if self.leaving else [http(self.frames[0], kind=kind)]
        steps: list[Step] = [f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\n\r\n".encode()]
        for frame in self.frames[:-2] if self.leaving else self.frames:
            steps += [b"%x\r\n%b\r\n" % (len(frame), frame), 0.001]
        return [*steps, Do.HANG if self.leaving else b"0\r\n\r\n"]


def case(number: int) -> Case:
    """20 has no factor in common with the number of speakers, so each of them leaks, and each is left."""
    speakers = list(SPEAKERS.values())
    speaker = speakers[number % len(speakers)]
    turn = number % EACH
    return Case(number, speaker, (number // len(speakers)) % 2 == 0, turn == 7, turn == 13)


CASES = [case(number) for number in range(EXCHANGES)]
LEAKING = [one for one in CASES if one.leaking]
LEAVING = [one for one in CASES if one.leaving]
STAYING = [one for one in CASES if not one.leaving]


def named(one: Case) -> str:
    return f"{one.speaker.name}-{'streamed' if one.stream else 'whole'}-{one.number}"


@dataclass
class Crowd:
    """The upstream's script, and how much of it is being played."""

    arrived: int = 0
    playing: int = 0
    mistaken: list[int] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Iterator[Step]:
        one = CASES[asked.json["seed"]]
        if asked.line.split()[1].decode() != one.speaker.request(one.stream).path:
            self.mistaken.append(one.number)
        self.arrived += 1
        self.playing += 1
        try:
            while not self.complete:
                yield 0.01
            yield from one.steps
        finally:
            self.playing -= 1

    @property
    def complete(self) -> bool:
        return self.arrived >= EXCHANGES

    async def full(self) -> None:
        """Wait for that; the clients run on a loop of their own, where no event of the upstream's can be awaited."""
        while not self.complete:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def body_of(received: bytes) -> bytes:
    return received.partition(b"\r\n\r\n")[2]


async def ask(it: Site, crowd: Crowd, one: Case) -> bytes:
    """Every byte that one client reads.  One that leaves does so when a stream has begun to speak, or while it waits for
    a whole answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
    received = b""
    try:
        writer.write(one.request)
        if one.leaving and not one.stream:
            await crowd.full()
            return b""
        while part := await reader.read(65536):
            received += part
            if one.leaving and body_of(received):
                break
        return received
    finally:
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()


@dataclass
class Load:
    """One round."""

    received: list[bytes]
    records: list[dict]
    at_once: int
    mistaken: list[int]


@dataclass
class Left:
    """What a round left behind."""

    gone: int
    playing: int
    active: int
    tasks_before: Counter
    tasks_after: Counter
    sockets: Counter
    kept: int
    peak: int


async def tasks() -> Counter:
    """The tasks of the site's loop by their function, connections of the upstream and this one left out."""
    names = [task.get_coro().__qualname__ for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    return Counter(name for name in names if name != "ScriptedUpstream._serve")


def counted(it: Site) -> Counter:
    return asyncio.run_coroutine_threadsafe(tasks(), it.loop).result(10)


def sockets(it: Site) -> Counter:
    """The open connections of the sidecar's two sides, at either end, by state."""
    found: Counter = Counter()
    for one in psutil.Process().net_connections("tcp"):
        for name, port in (("sidecar", it.port), ("upstream", it.upstream.port)):
            if one.raddr and port in (one.laddr.port, one.raddr.port):
                found[f"{name} {'server' if one.laddr.port == port else 'client'} {one.status}"] += 1
    return found


async def everyone(it: Site, crowd: Crowd) -> tuple[list[bytes], int]:
    """All clients at once, and how many exchanges were under way at the fullest moment."""
    asking = asyncio.gather(*(ask(it, crowd, one) for one in CASES))
    fullest = 0
    async with asyncio.timeout(PATIENCE):
        while not asking.done():
            fullest = max(fullest, it.counting.active)
            await asyncio.sleep(0.005)
        return await asking, fullest


def play(it: Site, crowd: Crowd) -> Load:
    """One round, until sidecar and upstream are at rest."""
    it.upstream.script = crowd
    it.upstream.gone = 0
    forget(it)
    received, at_once = asyncio.run(everyone(it, crowd))
    records = list(it.records(EXCHANGES))
    for _ in range(500):
        if not crowd.playing and it.upstream.gone >= len(LEAVING):
            break
        time.sleep(0.01)
    return Load(received, records, at_once, crowd.mistaken)


def forget(it: Site) -> None:
    """What upstream and sink keep for tests."""
    it.upstream.asked.clear()
    it.sink.lines.clear()


def in_use(it: Site) -> int:
    """Bytes of Python objects, without what the tests keep."""
    forget(it)
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    tracemalloc.start()
    try:
        with site(RULES, [material.Patterns(), material.Rude()], tmp_path_factory.mktemp("audit")) as it:
            yield it
    finally:
        tracemalloc.stop()


@pytest.fixture(scope="module")
def load(running: Site) -> Load:
    return play(running, Crowd())


@pytest.fixture(scope="module")
def left(running: Site, load: Load) -> Left:
    """One more round, looked at from outside."""
    crowd, used, before = Crowd(), in_use(running), counted(running)
    tracemalloc.reset_peak()
    play(running, crowd)
    peak = tracemalloc.get_traced_memory()[1] - used
    return Left(
        running.upstream.gone, crowd.playing, running.counting.active, before, counted(running), sockets(running),
        in_use(running) - used, peak,
    )  # fmt: skip


def test_the_crowd_is_mixed() -> None:
    """Every API leaks and is left; otherwise what follows would say less than it seems to."""
    assert set(SECRETS) <= set(VALUES)
    for some in (LEAKING, LEAVING):
        assert len(some) == EXCHANGES // EACH
        assert {one.speaker.name for one in some} == set(SPEAKERS)
        assert {one.stream for one in some} == {True, False}
    assert {one.channel for one in LEAKING} == {"content", "tool_arguments"}
    assert {one.value for one in LEAKING} == set(SECRETS)


def test_all_are_served_at_once(load: Load) -> None:
    assert load.at_once == EXCHANGES
    assert load.mistaken == []
    assert len(load.records) == EXCHANGES
    ended = Counter(record["ended"] for record in load.records)
    assert ended == {"completed": len(STAYING), "client_gone": len(LEAVING)}


def test_clean_answers_are_their_own_byte_for_byte(load: Load) -> None:
    for one in STAYING:
        if not one.leaking:
            status, _, body = parse(load.received[one.number])
            assert (status, body) == (200, b"".join(one.frames)), named(one)


@pytest.mark.parametrize("one", LEAKING, ids=named)
def test_leaking_answers_are_edited(load: Load, one: Case) -> None:
    status, _, body = parse(load.received[one.number])
    assert status == 200
    views = one.speaker.read_stream(one.channel, body) if one.stream else [one.speaker.read_whole(one.channel, body)]
    assert set(views) == {FRAME.format(SECRETS[one.value][1])}


@pytest.mark.parametrize("one", [*LEAKING, *LEAVING], ids=named)
def test_no_value_reaches_anybody(load: Load, one: Case) -> None:
    assert leaks(load.received[one.number], SECRETS[one.value][0]) == []


def test_memory_is_bounded(left: Left) -> None:
    assert left.peak < PEAK
    assert left.kept < KEPT


def test_nothing_is_left_behind(left: Left) -> None:
    """Whoever left is gone upstream too: no model goes on speaking, and being paid for, to nobody."""
    assert (left.active, left.playing) == (0, 0)
    assert left.tasks_after == left.tasks_before
    assert left.gone == len(LEAVING)
    idle = left.sockets["upstream client ESTABLISHED"]
    assert 0 < idle <= EXCHANGES
    assert left.sockets == {"upstream client ESTABLISHED": idle, "upstream server ESTABLISHED": idle}
