"""A recorder between client and server that keeps every byte towards the client, and a search for a secret in them.

Rules of the search:
1. It knows nothing of guardrail and nothing of vendors: whatever a client could put together again counts.
2. It looks at the bytes, at the bodies without framing and compression, and at every string of every JSON in them: by
   itself, joined over events, unescaped, and again where a string is JSON itself.
3. In each text it looks for the secret as it is, folded, without spaces, by its digits alone and in base64.
4. Broken and cut data is searched as far as it goes.
"""

import base64
import json
import re
import socket
import string
import threading
import unicodedata
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from types import TracebackType
from typing import Any, Self

import brotli  # type: ignore[import-untyped]
from backports import zstd

DIGITS = 7  # fewer digits in a row turn up by chance in ids and times
APART = 4  # characters between two digits of a number that is written with marks
TAGS = ("type", "index", "output_index", "item_id", "content_index", "summary_index", "command_index", "id")
LEVELS = 4  # of JSON in strings of JSON


class Recorder:
    """A relay on a port of its own, in threads; use as a context manager."""

    def __init__(self, target: int) -> None:
        """`target` is the port of the server on this machine."""
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._received: list[bytearray] = []
        self._lock = threading.Lock()
        self.port: int = self._listener.getsockname()[1]

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def received(self) -> list[bytes]:
        """Every byte towards the client so far, one entry for each connection."""
        with self._lock:
            return [bytes(data) for data in self._received]

    @property
    def responses(self) -> list["Response"]:
        """Every answer so far."""
        return list(chain.from_iterable(map(responses, self.received)))

    def leaks(self, secret: str, least: int | None = None) -> list[str]:
        """Where `secret` reached the client, in words; see `leaks`."""
        found = (leaks(data, secret, least) for data in self.received)
        return [f"connection {i}, {place}" for i, places in enumerate(found) for place in places]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for connection in [self._listener, *self._open]:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                return  # closed by __exit__
            kept = bytearray()
            with self._lock:
                self._open += [client, server]
                self._received.append(kept)
            for arguments in ((client, server, None), (server, client, kept)):
                threading.Thread(target=self._relay, args=arguments, daemon=True).start()

    def _relay(self, source: socket.socket, sink: socket.socket, kept: bytearray | None) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if kept is not None:
                    with self._lock:
                        kept += data
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


# --- HTTP ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Response:
    """An answer on the wire, its body without chunk framing but still compressed."""

    status: int
    head: bytes
    headers: Mapping[str, str]
    body: bytes


def responses(raw: bytes) -> Iterator[Response]:
    """The answers of one connection, one after the other; a cut one is given as far as it goes."""
    while raw:
        head, found, rest = raw.partition(b"\r\n\r\n")
        line, *lines = head.decode("latin-1").split("\r\n")
        pairs = (part.partition(":") for part in lines)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        status = int(line.split()[1]) if re.match(r"HTTP/\S+ \d", line) else 0
        body, raw = _body(headers, rest)
        yield Response(status, head, headers, body)
        if not found or not status:
            return


def _body(headers: Mapping[str, str], rest: bytes) -> tuple[bytes, bytes]:
    if "chunked" in headers.get("transfer-encoding", ""):
        return _unchunked(rest)
    length = int(headers["content-length"]) if headers.get("content-length", "").isdigit() else len(rest)
    return rest[:length], rest[length:]


def _unchunked(raw: bytes) -> tuple[bytes, bytes]:
    out = b""
    while raw:
        size, _, rest = raw.partition(b"\r\n")
        digits = size.partition(b";")[0].strip()
        if not re.fullmatch(rb"[0-9A-Fa-f]+", digits):
            return out + raw, b""
        length = int(digits, 16)
        if not length:
            return out, rest.partition(b"\r\n")[2]
        out, raw = out + rest[:length], rest[length + 2 :]
    return out, b""


# --- compression -----------------------------------------------------------------------------------------------------


def _brotli(data: bytes) -> bytes:
    return bytes(brotli.Decompressor().process(data))


def _zlib(data: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(data)
    except zlib.error:
        return zlib.decompressobj(-15).decompress(data)


def _gzip(data: bytes) -> bytes:
    return zlib.decompressobj(31).decompress(data)


def _zstd(data: bytes) -> bytes:
    return zstd.ZstdDecompressor().decompress(data)


DECODERS: Mapping[str, Callable[[bytes], bytes]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _zlib,
    "br": _brotli,
    "zstd": _zstd,
}
_DAMAGED = (zlib.error, brotli.error, zstd.ZstdError, EOFError)


def decoded(response: Response) -> Iterator[tuple[str, bytes]]:
    """The body as it is, as its label says it is encoded, and as any encoding that it can be read in."""
    yield "body", response.body
    named = [name.strip() for name in response.headers.get("content-encoding", "").lower().split(",")]
    data = response.body
    for name in reversed([name for name in named if name in DECODERS]):
        data = _try(DECODERS[name], data)
        if data:
            yield f"body decoded from {name}", data
    if not _is_text(response.body):
        for name in ("gzip", "deflate", "br", "zstd"):
            data = _try(DECODERS[name], response.body)
            if data:
                yield f"body read as {name}", data


def _try(decoder: Callable[[bytes], bytes], data: bytes) -> bytes:
    try:
        return decoder(data)
    except _DAMAGED:
        return b""


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


# --- texts -----------------------------------------------------------------------------------------------------------

_ESCAPE = re.compile(r'\\(?:u([0-9A-Fa-f]{4})|(["\\/bfnrt]))')
_SHORT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def unescaped(text: str) -> str:
    """The text with the escapes of JSON undone once, broken JSON or not."""

    def plain(match: re.Match[str]) -> str:
        code, short = match.groups()
        return chr(int(code, 16)) if code else _SHORT.get(short, short)

    return _ESCAPE.sub(plain, text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def documents(text: str) -> list[Any]:
    """Every JSON document of a body: the body itself, each line of it, the data of its events, what a cut array has."""
    found = []
    lines = re.split(r"\r\n|\r|\n", text)
    datas = _event_data(lines)
    for candidate in (text, *lines, *datas, text.rstrip().rstrip(",") + "]"):
        with suppress(ValueError, RecursionError):
            document = json.loads(candidate)
            if isinstance(document, dict | list):
                found.append(document)
    return found


def _event_data(lines: list[str]) -> list[str]:
    blocks: list[list[str]] = [[]]
    for line in lines:
        if not line:
            blocks.append([])
        elif line.startswith("data:"):
            blocks[-1].append(line[5:].removeprefix(" "))
    return ["\n".join(block) for block in blocks if block]


Place = tuple[str, ...]


def strings(value: Any, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Every string, key, number and byte array of a document with its place; a list position is a number, or the
    tags of what stands there."""
    if isinstance(value, dict):
        tags = tuple(f"{name}={value[name]}" for name in TAGS if isinstance(value.get(name), str | int))
        for name, inner in value.items():
            yield (*place, "<key>"), name
            yield from strings(inner, (*place, *tags, str(name)))
    elif isinstance(value, list):
        if value and all(isinstance(item, int) and 0 <= item < 256 for item in value):
            yield (*place, "<bytes>"), bytes(value).decode("latin-1")
        for position, inner in enumerate(value):
            yield from strings(inner, (*place, f"#{position}"))
    elif isinstance(value, str):
        yield place, value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield place, repr(value)


def _untagged(place: Place) -> Place:
    return tuple(part for part in place if "=" not in part)


def _unplaced(place: Place) -> Place:
    return tuple(part for part in _untagged(place) if not part.startswith("#"))


JOINS: Mapping[str, Callable[[Place], Place]] = {
    "by place and tags": lambda place: place,
    "by place": _untagged,
    "by name": _unplaced,
    "by last name": lambda place: _unplaced(place)[-1:],
}


def texts(text: str, level: int = 0) -> Iterator[tuple[str, str]]:
    """Every text that a client can make out of `text`, with the way it is made."""
    yield "as it is", text
    plain = text
    for _ in range(LEVELS):
        if (plain := unescaped(plain)) == text:
            break
        yield "unescaped", plain
    if level == LEVELS:
        return
    found = list(chain.from_iterable(strings(document) for document in documents(text)))
    for how, join in JOINS.items():
        joined: dict[Place, list[str]] = defaultdict(list)
        for place, value in found:
            joined[join(place)].append(value)
        for place, values in joined.items():
            yield from _joined(how, place, "".join(values), level)
    for place, value in found:
        if value.lstrip()[:1] in ("{", "[", '"'):
            yield from _within(".".join(place), value, level)


def _joined(how: str, place: Place, value: str, level: int) -> Iterator[tuple[str, str]]:
    where = f"{'.'.join(place)} joined {how}"
    if place and place[-1] == "<bytes>":
        value = value.encode("latin-1").decode(errors="replace")
    yield where, value
    if value.lstrip()[:1] in ("{", "["):
        yield from _within(where, value, level)


def _within(where: str, value: str, level: int) -> Iterator[tuple[str, str]]:
    for how, inner in texts(value, level + 1):
        yield f"{where} > {how}", inner


# --- the secret ------------------------------------------------------------------------------------------------------


def folded(text: str) -> str:
    """The text as a reader takes it: compatible forms made one, invisible characters and spaces gone, lower case."""
    kept = (char for char in unicodedata.normalize("NFKC", text) if unicodedata.category(char) not in ("Cf", "Mn"))
    return re.sub(r"\s+", "", "".join(kept)).casefold()


def digits(text: str) -> str:
    """The digits of a text in any script, and nothing else."""
    return "".join(char for char in _arabic(text) if char.isdecimal())


def _arabic(text: str) -> str:
    return "".join(str(unicodedata.digit(char, char)) for char in text)


def in_base64(secret: bytes) -> list[str]:
    """What stands in the base64 of any text that holds `secret`, at each of three alignments, in both alphabets."""
    found = []
    for shift in range(3):
        code = base64.b64encode(b"\0" * shift + secret).decode().rstrip("=")
        whole = len(secret) + shift
        inner = code[(0, 2, 3)[shift] : whole * 8 // 6]
        found += [inner, inner.translate(str.maketrans("+/", "-_"))]
    return list(dict.fromkeys(found))


Search = Callable[[str], bool]


def searches(secret: str) -> dict[str, Search]:
    """The ways to look for `secret` in a text, by name."""
    narrow, number = folded(secret), digits(secret)
    codes = in_base64(secret.encode("utf-8", "surrogatepass"))
    found: dict[str, Search] = {
        "plain": lambda text: secret in text,
        "folded": lambda text: narrow in folded(text),
        "base64": lambda text: any(code in text for code in codes),
    }
    if len(number) >= DIGITS:
        spaced = re.compile(rf"\D{{0,{APART}}}".join(number))
        found["digits"] = lambda text: spaced.search(_arabic(text)) is not None
    return found


def leaks(raw: bytes, secret: str, least: int | None = None) -> list[str]:
    """Where in `raw`, all bytes of one connection, `secret` can be found, in words; empty where it cannot.

    With `least`, any run of that many of its characters counts as well, looked for as it is.
    """
    if not folded(secret).strip(string.punctuation):
        raise ValueError("a secret of spaces and marks is in every text")
    runs = [secret[i : i + least] for i in range(len(secret) - least + 1)] if least else []
    looks = searches(secret)
    if runs:
        looks[f"{least} characters of it"] = lambda text: any(run in text for run in runs)
    places: dict[str, str] = {}
    for where, text in _everything(raw):
        places.setdefault(text, where)
    return [f"{where}: {name}" for text, where in places.items() for name, search in looks.items() if search(text)]


def _everything(raw: bytes) -> Iterator[tuple[str, str]]:
    yield "raw bytes", raw.decode(errors="replace")
    for position, response in enumerate(responses(raw)):
        yield f"head of answer {position}", response.head.decode("latin-1")
        for name, body in decoded(response):
            for how, text in texts(body.decode(errors="replace")):
                yield f"{name} of answer {position}, {how}", text
