"""Forms (`multipart/form-data`): which fields they have, and their bytes with text fields edited.

Rules:
1. Like JSON, a form is never written anew: an edit replaces the bytes of one field and leaves every other byte.
2. A form in which servers may see different fields is refused: text beside the parts, a boundary inside one, headers
   that can be read twice.
Source: RFC 7578; the parser is python-multipart's, which tells where in the body each part stands.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from typing import TYPE_CHECKING

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser

from guardrail.edits import apply
from guardrail.errors import RequestError
from guardrail.types import Edit

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

_MEDIA = ("audio/", "image/", "video/")
_PARTS = 1000


@dataclass(frozen=True, slots=True)
class Field:
    """One field, at `start:end` of the body; the text of a file is empty."""

    start: int
    end: int
    text: str
    is_file: bool
    is_media: bool


def fields(body: bytes, content_type: str) -> list[Field]:
    """The fields of a form.  Raises RequestError for one that cannot be read in one way only."""
    header = Message()
    header["content-type"] = content_type
    boundary = header.get_param("boundary")
    if not isinstance(boundary, str) or not boundary:
        raise _unreadable()
    found: list[Field] = []
    reader = _Reader(found, body)
    mark = boundary.encode("latin-1", "replace")
    parser = MultipartParser(mark, reader.callbacks())
    try:
        parser.write(body)
        parser.finalize()
    except MultipartParseError:
        raise _unreadable() from None
    if not reader.ended or not _is_plain(body, b"--" + mark, len(found)):
        raise _unreadable()
    return found


def _is_plain(body: bytes, mark: bytes, parts: int) -> bool:
    """Whether a form is its parts and nothing else, under a boundary that stands nowhere in them."""
    is_framed = body.startswith(mark) and body.rstrip(b"\r\n").endswith(mark + b"--")
    return is_framed and body.count(mark) == parts + 1


def edited(body: bytes, found: Sequence[Field], edits: Mapping[int, list[Edit]]) -> bytes:
    """The form with edits made in the fields of these numbers."""
    out: list[bytes] = []
    done = 0
    for number, field in enumerate(found):
        if number in edits:
            out += (body[done : field.start], apply(field.text, edits[number]).encode())
            done = field.end
    return b"".join((*out, body[done:]))


class _Reader:
    """Notes where each part begins and ends while the parser runs over the whole body at once."""

    def __init__(self, found: list[Field], body: bytes) -> None:
        self._found, self._body = found, body
        self._name = self._value = b""
        self._headers: dict[bytes, bytes] = {}
        self._start = self._end = self._head = -1
        self.ended = False

    def callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._add_name(data[start:end]),
            "on_header_value": self._add_value,
            "on_header_end": self._end_header,
            "on_part_data": self._data,
            "on_part_end": self._finish,
            "on_end": self._mark_end,
        }

    def _begin(self) -> None:
        self._headers, self._start, self._end = {}, -1, -1

    def _add_name(self, part: bytes) -> None:
        self._name += part

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        self._head = end

    def _end_header(self) -> None:
        name = self._name.strip().lower()
        if name in self._headers or b"\n" in self._value:
            raise _unreadable()
        self._headers[name] = self._value.strip()
        self._name = self._value = b""

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._start = start if self._start < 0 else self._start
        self._end = end

    def _finish(self) -> None:
        disposition = self._headers.get(b"content-disposition", b"").lower()
        encoding = self._headers.get(b"content-transfer-encoding", b"8bit").lower()
        if len(self._found) >= _PARTS or not disposition or encoding not in (b"8bit", b"7bit", b"binary"):
            raise _unreadable()
        # Of an empty part nothing is told; it stands behind the empty line after the last header.
        start, end = (self._start, self._end) if self._start >= 0 else (self._head + 4, self._head + 4)
        kind = self._headers.get(b"content-type", b"").decode("latin-1").lower()
        is_file = b"filename" in disposition
        raw = self._body[start:end]
        is_media = kind.startswith(_MEDIA) and not _is_text(raw)
        self._found.append(Field(start, end, "" if is_file else _text(raw, kind), is_file, is_media))

    def _mark_end(self) -> None:
        self.ended = True


def _text(raw: bytes, kind: str) -> str:
    """The text of a field, whose part has this content type."""
    charset = kind.partition("charset=")[2].split(";")[0].strip(" \"'")
    try:
        if charset in ("", "utf-8", "utf8", "us-ascii"):
            return raw.decode()
    except UnicodeDecodeError:
        pass
    raise _unreadable()


def _is_text(raw: bytes) -> bool:
    """Whether the beginning of a file reads as text, whatever it is labelled as."""
    head = raw[:4096]
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:
            return False
        text = head[: error.start].decode()
    return bool(text) and not any(ord(c) < 32 and c not in "\t\r\n\f" for c in text)


def _unreadable() -> RequestError:
    return RequestError(400, "invalid_form", "The form in the request cannot be read; it was not sent on.")
