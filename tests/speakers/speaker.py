"""A speaker: one vendor form, and the exact bytes its server sends to carry a given text in a given channel.

Rules:
1. Pure: the same text and pieces give the same bytes.
2. A channel is named once, by templates; what `whole` and `stream` write, `read_whole` and `read_stream` find.
3. `read_stream` gives every view of the channel, one for each type of event that carries it: all must agree.
4. Bytes are what the real servers send: their key order, separators, escapes, line ends and end marks.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.speakers.templates import HEAD, TAIL, Quoted, Slot, fill, fragments, halves, prune, read

BENIGN = "好的，我已經查到了。Here is what I found: 一切正常，没有问题。"
"""What the other channels of an answer say."""


@dataclass(frozen=True, slots=True)
class Per:
    """A frame that comes once for each piece of the text.  `quoted` is the JSON whose text the frames spell; `half`
    takes only the pieces of the first or the second half; `view` is what a client reads, if that is not the whole."""

    frame: Any
    quoted: Quoted | None = None
    half: Slot | None = None
    view: Any = None


@dataclass(frozen=True, slots=True)
class Echo:
    """A frame that repeats the whole text, as every event repeats the id of its answer; `view` as in `Per`."""

    frame: Any
    view: Any = None


@dataclass(frozen=True, slots=True)
class View:
    """One way in which a client comes to the text: the events of one type, joined, or repeating one another."""

    patterns: Sequence[Any]
    quoted: Quoted | None
    repeats: bool


@dataclass(frozen=True, slots=True)
class Channel:
    """A place for text: the whole document and the frames that carry it, and the status of the whole answer."""

    whole: Any
    stream: Sequence[Any]
    status: int = 200
    view: Any = None
    pattern: Any = field(init=False)
    views: Sequence[View] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pattern", prune(self.view or self.whole))
        object.__setattr__(self, "views", _views(self.stream))


def _views(stream: Sequence[Any]) -> list[View]:
    found: dict[str, list[tuple[Any, Any]]] = {}
    for step in stream:
        frame = step.frame if isinstance(step, Per | Echo) else step
        pattern = prune(step.view or frame if isinstance(step, Per | Echo) else frame)
        if pattern is not None:
            found.setdefault(frame.get("type", ""), []).append((pattern, step))
    return [_view_of(group) for group in found.values()]


def _view_of(group: Sequence[tuple[Any, Any]]) -> View:
    step = group[0][1]
    quoted = step.quoted if isinstance(step, Per) else None
    return View([pattern for pattern, _ in group], quoted and Quoted(prune(quoted.inner)), isinstance(step, Echo))


@dataclass(frozen=True, slots=True)
class Form:
    """How a vendor writes JSON and frames a stream.

    `indent` is that of whole documents, `spaced` puts a space after each colon, `html` writes `<`, `>` and `&` as
    escapes as the JSON libraries of Go and Google do, `padded` puts spaces before the last brace, `numbered` counts the events.
    """

    kind: str = "text/event-stream; charset=utf-8"
    whole_kind: str = "application/json"
    framing: str = "sse"
    newline: bytes = b"\n"
    named: bool = False
    done: bool = False
    indent: int | None = None
    spaced: bool = False
    html: bool = False
    padded: bool = False
    numbered: bool = False

    def dump(self, value: Any, *, ascii: bool, indent: int | None = None) -> bytes:
        """`value` as this vendor's JSON."""
        separators = (",", ": " if self.spaced or indent else ":")
        text = json.dumps(value, ensure_ascii=ascii, indent=indent, separators=separators)
        if self.html:
            for char in "<>&":
                text = text.replace(char, f"\\u{ord(char):04x}")
        try:
            return text.encode()
        except UnicodeEncodeError:  # half a surrogate pair has no UTF-8: every encoder escapes it
            return self.dump(value, ascii=True, indent=indent)

    def frames(self, events: Sequence[Any], *, ascii: bool) -> list[bytes]:
        """The events as this vendor frames them, its end mark included."""
        if self.numbered:
            events = [{**event, "sequence_number": count} for count, event in enumerate(events)]
        if self.framing == "ndjson":
            return [self.dump(event, ascii=ascii) + b"\n" for event in events]
        if self.framing == "array":
            documents = [self.dump(event, ascii=ascii, indent=2) for event in events]
            return [(b"[" if i == 0 else b"\n,\r\n") + raw for i, raw in enumerate(documents)] + [b"\n]\n"]
        frames = [self._event(event, ascii) for event in events]
        failed = bool(events) and "error" in events[-1] and not self.named
        return [*frames, b"data: [DONE]\n\n"] if self.done and not failed else frames

    def _event(self, event: Any, ascii: bool) -> bytes:
        name = b"event: " + event["type"].encode() + self.newline if self.named else b""
        data = self.dump(event, ascii=ascii)
        if self.padded:
            data = data[:-1] + b" " * (len(data) % 7) + b"}"
        return name + b"data: " + data + self.newline * 2

    def events(self, body: bytes) -> list[Any]:
        """What a client parses out of a stream, cut or not; it stops at the end mark."""
        text = body.decode()
        if self.framing == "ndjson":
            return [json.loads(line) for line in text.split("\n") if line.strip()]
        if self.framing == "array":
            text = text.strip()
            return list(json.loads(text if text.endswith("]") else text.rstrip(",\r\n") + "]")) if text else []
        return list(_server_sent(text))


def _server_sent(text: str) -> Iterator[Any]:
    for block in text.replace("\r\n", "\n").split("\n\n"):
        data = "\n".join(line[5:].removeprefix(" ") for line in block.split("\n") if line.startswith("data:"))
        if data == "[DONE]":
            return
        if data:
            yield json.loads(data)


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sends to be answered in this form."""

    path: str
    body: dict[str, Any]
    headers: Mapping[str, str]

    @property
    def lines(self) -> str:
        """The headers as they stand in a request, for `Site.post`."""
        return "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())


@dataclass(frozen=True, slots=True)
class Speaker:
    """One vendor form.  `ascii` makes every other character a \\u escape, which all of them may send."""

    name: str
    form: Form
    ask: Callable[[bool], Request]
    table: Mapping[str, Channel]
    clean_whole: Any
    clean_events: Sequence[Any]
    ascii: bool = False

    @property
    def path(self) -> str:
        """The path of a request that is not streamed."""
        return self.ask(False).path

    @property
    def channels(self) -> tuple[str, ...]:
        """The places of this form that can hold model text."""
        return tuple(self.table)

    def request(self, stream: bool) -> Request:
        """The request of a client."""
        return self.ask(stream)

    def content_type(self, stream: bool) -> str:
        """The content type of the answer."""
        return self.form.kind if stream else self.form.whole_kind

    def status(self, channel: str) -> int:
        """The status of a whole answer; a stream has begun with 200."""
        return self.table[channel].status

    def whole(self, channel: str, text: str) -> bytes:
        """A whole answer that carries `text` in `channel`."""
        return self._document(fill(self.table[channel].whole, text))

    def stream(self, channel: str, pieces: Sequence[str]) -> list[bytes]:
        """The frames of a complete stream that delivers the pieces in `channel`."""
        return self.form.frames(list(_spoken(self.table[channel].stream, pieces)), ascii=self.ascii)

    def read_whole(self, channel: str, body: bytes) -> str:
        """What a client finds in `channel`."""
        return read(self.table[channel].pattern, json.loads(body)) or ""

    def read_stream(self, channel: str, body: bytes) -> list[str]:
        """Every view of `channel` that a client of the stream has, each joined over its events; the empty text where
        no event carried it."""
        events = self.form.events(body)
        return [_seen(view, events) for view in self.table[channel].views]

    def error_body(self, text: str) -> bytes:
        """An error of this vendor that quotes `text`."""
        return self.whole("error", text)

    def clean(self, stream: bool) -> list[bytes]:
        """A benign answer with everything at once: its one body, or its frames."""
        if stream:
            return self.form.frames(self.clean_events, ascii=self.ascii)
        return [self._document(self.clean_whole)]

    def _document(self, value: Any) -> bytes:
        return self.form.dump(value, ascii=self.ascii, indent=self.form.indent)


def _spoken(stream: Sequence[Any], pieces: Sequence[str]) -> Iterator[Any]:
    text = "".join(pieces)
    for step in stream:
        if not isinstance(step, Per):
            yield fill(step.frame if isinstance(step, Echo) else step, text)
            continue
        part = _half(pieces, step.half)
        for piece in fragments(step.quoted, part) if step.quoted else part:
            yield fill(step.frame, piece)


def _half(pieces: Sequence[str], half: Slot | None) -> list[str]:
    if half is None:
        return list(pieces)
    middle, at = len(halves("".join(pieces))[0]), 0
    found = []
    for piece in pieces:
        cut = min(max(middle - at, 0), len(piece))
        part = piece[:cut] if half is HEAD else piece[cut:]
        if part:
            found.append(part)
        at += len(piece)
    return found


def _seen(view: View, events: Sequence[Any]) -> str:
    found = []
    for event in events:
        texts = (read(pattern, event) for pattern in view.patterns)
        found.append(next((text for text in texts if text is not None), ""))
    if view.repeats:
        return " ≠ ".join(sorted(set(found) - {""}))
    joined = "".join(found)
    return (read(view.quoted, joined) or "") if view.quoted else joined


__all__ = ["BENIGN", "HEAD", "TAIL", "Channel", "Echo", "Form", "Per", "Request", "Speaker"]
