"""The upstream of the replay: it says a given text to whoever asks for its number, whole or streamed.

Rules:
1. What it sends follows from the number and the seed alone, in spellings that real APIs use (with and without
   `\\u` escapes, indented or not), so that a byte changed on the way shows.
2. It remembers the digest of every request body, which shows whether requests arrive as they were sent.
"""

import asyncio
import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.openai_text import events, http_chunk, tokens, whole

NUMBER = "x-replay-number"
HEADERS = (("openai-processing-ms", "12"), ("x-request-id", "req_replay"), ("X-Odd-Case", "kept; as=is"))


@dataclass(frozen=True, slots=True)
class Script:
    """What is sent for one text."""

    body: bytes
    pieces: Sequence[str]
    frames: Sequence[bytes]

    @property
    def stream(self) -> bytes:
        """The bytes of the whole stream."""
        return b"".join(self.frames)


def script_of(number: int, text: str, seed: int) -> Script:
    """The bytes for text number `number`."""
    dice = random.Random(f"{seed}/{number}")
    escaped, indent = dice.random() < 0.5, dice.choice((None, 2))
    pieces = tokens(text, f"{seed}/{number}")
    return Script(whole(text, ascii_only=escaped, indent=indent), pieces, events(pieces, ascii_only=escaped))


@dataclass(slots=True)
class ReplayUpstream:
    """A server on one port of 127.0.0.1."""

    scripts: Sequence[Script]
    seed: int
    received: dict[tuple[int, bool], bytes] = field(default_factory=dict)

    async def start(self) -> asyncio.Server:
        """Listen on a free port."""
        return await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 24)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
                body = await reader.readexactly(int(fields.get("content-length", 0)))
                number, stream = int(fields[NUMBER]), b'"stream": true' in body
                self.received[number, stream] = hashlib.sha256(body).digest()
                await self._answer(writer, number, stream=stream)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the proxy has closed the connection
        except asyncio.CancelledError:
            pass  # the replay is over
        finally:
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, number: int, *, stream: bool) -> None:
        script = self.scripts[number]
        head = "HTTP/1.1 200 OK\r\n" + "".join(f"{name}: {value}\r\n" for name, value in HEADERS)
        if not stream:
            writer.write(f"{head}content-type: application/json\r\ncontent-length: {len(script.body)}\r\n\r\n".encode())
            writer.write(script.body)
            await writer.drain()
            return
        writer.write(
            f"{head}content-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n".encode()
        )
        for part in cut(script.frames, f"{self.seed}/{number}"):
            writer.write(http_chunk(part))
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        await writer.drain()


def cut(frames: Sequence[bytes], seed: str) -> list[bytes]:
    """The frames as they are written: most alone, some together, some broken off anywhere."""
    dice = random.Random(seed)
    parts: list[bytes] = []
    waiting = b""
    for frame in frames:
        waiting += frame
        roll = dice.random()
        if roll < 0.8:
            parts.append(waiting)
            waiting = b""
        elif roll < 0.9:
            at = dice.randrange(1, len(waiting))
            parts.append(waiting[:at])
            waiting = waiting[at:]
    return [*parts, waiting] if waiting else parts
