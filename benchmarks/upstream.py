"""An upstream that costs next to nothing: the OpenAI chat API with prepared answers, as a bare uvloop protocol.

    python -m benchmarks.upstream --port 9000

The path says what comes back, so it survives every proxy and nothing of the request's body needs reading:
`/LANGUAGE/plain/v1/chat/completions` a whole answer, `/LANGUAGE/stream/...` one event every `--pace` seconds,
LANGUAGE being en or zh.  Anything else is a 404.
"""

import argparse
import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import uvloop

from benchmarks.openai_text import events, http_chunk, tokens, whole

ANSWER_BYTES = 1500
EVENTS = 100
PACE = 0.02
LANGUAGES = ("en", "zh")

_TEXTS = {
    "en": """A typhoon signal tells people in the city how close the storm is and what they should do next. When the \
Observatory raises signal number 8, schools close, ferries stop and most offices send their staff home within two \
hours. Shops usually follow once the last commuters have passed.

Here is a short plan for a household of four:

1. Fill the bath and a few bottles with water. About 3 litres per person per day is enough.
2. Charge every phone and one power bank, and keep a torch near the door.
3. Tape is of little use on windows; moving the sofa away from the glass helps more.
4. Bring plants and bicycles in from the balcony before the wind reaches 60 km/h.

The signal itself has a history. Before 1973 the numbers ran from 1 to 10 without a gap, and people often mistook a \
change of direction for a change of strength. The four signals of gale force were then given one number with a letter \
for the wind's quarter, which is why there is an 8NE and an 8SW but no number 5, 6 or 7 any more.

After the storm, wait until the signal is lowered before you go out. Loose signs and branches fall for hours, and the \
slopes are still wet. If your building has a notice about the lift, take the stairs. Most services return to normal \
within half a day, and the first trains are crowded, so there is no need to hurry. Call your relatives, eat something \
warm and let the streets dry. A good habit is to check the plan once a year, in May, before the season begins.""",
    "zh": """颱風信號話畀市民知個風暴有幾近，同埋下一步應該點做。天文台一掛八號波，學校就會停課，渡輪停航，\
大部分公司都會喺兩個鐘頭之內畀員工返屋企。舖頭通常等最後一批放工嘅人走晒先至關門。

四人家庭可以咁準備：

1. 浴缸同幾個水樽裝滿水，每人每日大約3公升就夠。
2. 所有電話同一個尿袋叉滿電，門口放支電筒。
3. 喺窗度貼膠紙冇乜用，將梳化搬離玻璃仲實際。
4. 風速去到每小時60公里之前，將露台嘅盆栽同單車搬返入屋。

呢套信號都有段歷史。1973年之前，號碼由1排到10，中間冇斷過，好多人將風向改變當成風力增強。後來四個烈風信號改用同一個號碼，再加字母表示風向，\
所以而家有八號東北同八號西南，但係冇五號、六號同七號。

风暴过后，请等信号除下再出门。松脱的招牌和树枝几个小时之内仍会掉下来，斜坡也还湿。如果大厦贴了电梯通告，就走楼梯。多数服务半天之内恢复正常，\
头几班车会很挤，所以不用急。打个电话给家人，吃点热的，让路面干一干。每年五月风季开始之前，把计划看一遍，是个好习惯。""",
}

_STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)
_LAST_CHUNK = b"0\r\n\r\n"
_NOT_FOUND = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Answers:
    """Everything this upstream ever sends, by path, ready to be written."""

    plain: dict[bytes, bytes]
    stream: dict[bytes, Sequence[bytes]]
    pace: float


def prepare(size: int, count: int, pace: float) -> Answers:
    """Answers of `size` bytes of text, streams of `count` tokens `pace` seconds apart."""
    plain: dict[bytes, bytes] = {}
    stream: dict[bytes, Sequence[bytes]] = {}
    for language in LANGUAGES:
        text = text_of(language, size)
        body = whole(text)
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
        plain[path_of(language, "plain").encode()] = head + body
        cut = itertools.islice(itertools.cycle(tokens(text, 0)), count)
        frames = [http_chunk(event) for event in events(list(cut))]
        stream[path_of(language, "stream").encode()] = (
            _STREAM_HEAD + frames[0],
            *frames[1:-1],
            frames[-1] + _LAST_CHUNK,
        )
    return Answers(plain, stream, pace)


def text_of(language: str, size: int) -> str:
    """Clean prose of at most `size` bytes of UTF-8, repeated as often as that takes."""
    text = _TEXTS[language]
    return (text * (size // len(text.encode()) + 1)).encode()[:size].decode(errors="ignore")


def path_of(language: str, kind: str) -> str:
    """Where an answer is found; `kind` is plain or stream."""
    return f"/{language}/{kind}/v1/chat/completions"


class Upstream(asyncio.Protocol):
    """One connection of a client."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._loop = asyncio.get_running_loop()
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            size = _body_size(self._received[:end].lower())
            if len(self._received) < end + 4 + size:
                return
            path = self._received[: self._received.index(b"\r\n")].split(b" ")[1]
            self._received = self._received[end + 4 + size :]
            self._answer(path)

    def _answer(self, path: bytes) -> None:
        assert self._transport is not None
        if (frames := self._answers.stream.get(path)) is not None:
            self._tell(frames, 0)
        else:
            self._transport.write(self._answers.plain.get(path, _NOT_FOUND))

    def _tell(self, frames: Sequence[bytes], index: int) -> None:
        if self._transport is None:
            return
        self._transport.write(frames[index])
        if index + 1 < len(frames):
            self._loop.call_later(self._answers.pace, self._tell, frames, index + 1)


def _body_size(head: bytes) -> int:
    at = head.find(b"\r\ncontent-length:")
    return int(head[at + 17 :].split(b"\r\n", 1)[0]) if at >= 0 else 0


async def serve(port: int, answers: Answers) -> None:
    """Answer on `port` until the process is ended."""
    server = await asyncio.get_running_loop().create_server(lambda: Upstream(answers), "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--bytes", type=int, default=ANSWER_BYTES)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--pace", type=float, default=PACE)
    given = parser.parse_args()
    uvloop.run(serve(given.port, prepare(given.bytes, given.events, given.pace)))
