"""How far a stream is held back: the same frames through the same gate as in the proxy, one at a time, in-process.

A client has a piece of text when its frame has left, so what is held after a frame went in is the text of every frame
that has not come out.  The delay a reader sees first is counted in chunks of the upstream: the number of the chunk
after which the first text left, less the number of the first chunk that had text.  Each chunk is one frame here, the
finest cut that a server makes; where several frames share a chunk, the delay can only be less.
"""

from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from benchmarks.load import percentile
from benchmarks.replay_upstream import Script
from guardrail.dialects.protocol import Call
from guardrail.errors import ExchangeError
from guardrail.proxy import Guard
from guardrail.streaming import Streaming
from guardrail.types import Context, Decision
from guardrail.wire.sse import SSEDecoder


@dataclass(frozen=True, slots=True)
class HoldBack:
    """One stream: characters held after each frame of text, and chunks by which the first text was late (None when
    no text left at all)."""

    held: Sequence[int]
    delay: int | None


@dataclass(frozen=True, slots=True)
class Summary:
    """Many streams."""

    streams: int
    frames: int
    held_p50: float
    held_p95: float
    held_p99: float
    held_max: int
    delay_p50: float
    delay_p95: float
    delay_max: int


async def measure(guard: Guard, script: Script, prompt: str) -> HoldBack:
    """Put the frames of one answer through the gate, one by one."""
    waiting = deque(enumerate(len(piece) for piece in ("", *script.pieces, "", "")))  # role, text, finish, [DONE]
    inside = fed = 0
    held: list[int] = []
    delay: int | None = None
    decoder = SSEDecoder(1 << 24)
    call = Call("benchmark", True, 1, Context(prompt=prompt))
    dialect = next(one for one in guard.dialects if one.name == "openai_chat")
    framing = SSEDecoder(1 << 24)
    stream = Streaming(dialect.lens(call), framing, call, guard.scanner, guard.judge, Decision(), None)

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal inside, fed
        for index, frame in enumerate(script.frames):
            if 1 <= index <= len(script.pieces):
                inside += len(script.pieces[index - 1])
                fed += 1
            yield frame
            if 1 <= index <= len(script.pieces):  # by now everything that may leave has left
                held.append(inside)

    with suppress(ExchangeError):
        async for out in stream.run(chunks()):
            for _ in decoder.decode(out):
                if not waiting:
                    break  # a notice or an end of guardrail's own
                index, length = waiting.popleft()
                inside -= length
                if delay is None and index >= 1 and length:
                    delay = fed - 1
    return HoldBack(held, delay)


def summary(measured: Iterable[HoldBack]) -> Summary:
    """The distribution over every frame, and over every stream that said anything."""
    streams = list(measured)
    held = [characters for one in streams for characters in one.held]
    delays = [one.delay for one in streams if one.delay is not None]
    return Summary(
        streams=len(streams),
        frames=len(held),
        held_p50=percentile(held, 0.5),
        held_p95=percentile(held, 0.95),
        held_p99=percentile(held, 0.99),
        held_max=max(held, default=0),
        delay_p50=percentile(delays, 0.5),
        delay_p95=percentile(delays, 0.95),
        delay_max=max(delays, default=0),
    )
