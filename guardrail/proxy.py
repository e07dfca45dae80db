"""The life of one exchange, from the client's first byte to the audit record.

    read the body -> pick the dialect -> judge the request -> send upstream
      -> stream through the gate, or read whole -> judge -> edit, notice, ask again or refuse -> reply -> audit

Rules:
1. Every path through `__call__` ends in exactly one audit record, and no answer is served while none can be written.
2. Text leaves only as the upstream's bytes with edits in them, or as words of the policy and the dialect.
3. Nothing that the client sends chooses the policy or the upstream, or switches a check off.
"""

import asyncio
import hashlib
import hmac
import logging
import re
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from guardrail import answer, forms, material
from guardrail.attempts import Attempts, Outlet, may_ask_again
from guardrail.audit import pair
from guardrail.audit import record as audit_record
from guardrail.audit.sink import Sink
from guardrail.conversation import brought, heard
from guardrail.dialects.json_body import JsonBody
from guardrail.dialects.protocol import Call, Dialect
from guardrail.edits import EDITING, apply
from guardrail.errors import AuditError, Blocked, CheckError, ExchangeError, RequestError, UpstreamError
from guardrail.llm_judge import Bench
from guardrail.notes import headers as note_headers
from guardrail.notes import notes_for
from guardrail.policy.decide import Asking, Judge, record
from guardrail.pseudonyms import Book, Shelf
from guardrail.review import AskAgain, Piece, Review, edit_document, review
from guardrail.sampling import Offered, Sampler, Trial
from guardrail.sampling_question import Request, asked_with, question
from guardrail.sampling_swap import LONGEST, groups
from guardrail.scanner import Scanner
from guardrail.streaming import FRAME_LIMIT, Streaming, identity_of
from guardrail.text.language import language
from guardrail.turn import (
    Connection,
    Gone,
    Header,
    Held,
    Receive,
    Scope,
    Send,
    TooLarge,
    Turn,
    cancel_when_gone,
    nobody,
    once,
    raw_path,
    read_body,
    require_plain_http,
)
from guardrail.types import (
    Action,
    Context,
    Exchange,
    FailedCheck,
    Hit,
    Outcome,
    Pointer,
    Policy,
    Segment,
    Stage,
    Traits,
)
from guardrail.upstream import Reply, Upstream
from guardrail.usage import Rewriting
from guardrail.wire import jsontext
from guardrail.wire.frames import Framing
from guardrail.wire.jsonarray import JsonArrayDecoder
from guardrail.wire.kinds import NEEDED, Kind, kind_of, label, start_of
from guardrail.wire.ndjson import NDJSONDecoder
from guardrail.wire.sse import SSEDecoder
from guardrail.witness import Witness

logger = logging.getLogger("guardrail")

_PLAIN_PATH = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~:@!$&'()*+,;=-]+)+/?")
_CHARSETS = frozenset({"", "utf-8", "utf8", "us-ascii", "ascii"})
_FRAMINGS: Mapping[Kind, Callable[[int], Framing]] = {
    Kind.SSE: SSEDecoder,
    Kind.NDJSON: NDJSONDecoder,
    Kind.ARRAY: JsonArrayDecoder,
}
_FINAL = frozenset({"unknown_event", "content_type", "upstream_encoding", "upstream_too_large"})
"""Upstream errors that asking again will not cure: SDKs are told not to retry them."""
_EVENT_LINE = re.compile(rb"(?:^|[\r\n])(?:data|event|id|retry)?:")
_KEYS = frozenset({b"authorization", b"api-key", b"x-api-key", b"x-goog-api-key", b"ocp-apim-subscription-key"})
"""Headers in which clients send their keys, at any of the vendors."""
_STALE = frozenset({b"etag", b"digest", b"content-md5", b"content-digest", b"repr-digest", b"last-modified"})


@dataclass(frozen=True, slots=True)
class Guard:
    """A policy with everything made ready for it."""

    policy: Policy
    scanner: Scanner
    judge: Judge
    dialects: tuple[Dialect, ...]


class Proxy:
    """The ASGI application behind every path that is not guardrail's own."""

    def __init__(
        self,
        guard: Guard,
        upstream: Upstream,
        sink: Sink,
        key: bytes,
        *,
        request_limit: int,
        annotate: bool = True,
        parity: bool = False,
    ) -> None:
        """`parity` records what exchanges are compared by: language, groups mentioned, refusal."""
        self._guard, self._upstream, self._sink, self._key = guard, upstream, sink, key
        self._request_limit, self._annotate, self._parity = request_limit, annotate, parity
        self._sampler: Sampler | None = None
        self._bench: Bench | None = None
        if parity:
            groups("")  # reads the lexicon now and not while the first client waits
        self._names_key, self._shelf = secrets.token_bytes(32), Shelf()
        # What errors look like before it is known whose API is spoken: most clients read OpenAI's form.
        self._plainest = next((d for d in guard.dialects if d.name == "openai_chat"), guard.dialects[0])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        turn = self._begin(scope)
        turn.drawn = self._sampler is not None and self._sampler.draws()
        await self._live(turn, scope, receive, send)
        if turn.drawn:
            try:
                self._offer(turn, scope)
            except Exception as error:  # the client has its answer and must not lose its connection over this
                logger.error("exchange %s cannot be asked again: %s", turn.exchange.id, type(error).__name__)

    def sample_with(self, sampler: Sampler) -> None:
        """Offer exchanges that are over to `sampler`."""
        self._sampler = sampler

    def consult(self, bench: Bench) -> None:
        """Have the models of `bench` asked where the policy wants that."""
        self._bench = bench

    async def replay(self, request: Request, *, keep: int = 0) -> Trial:
        """Ask once more on guardrail's own account, by the way of any exchange; what comes back is only described, but
        for an answer of at most `keep` characters."""
        scope = {
            "type": "http",
            "method": request.method,
            "path": request.path,
            "raw_path": request.path.encode("latin-1"),
            "query_string": request.query.encode("latin-1"),
            "headers": request.headers,
        }
        turn = self._begin(scope)
        turn.again, turn.keep = True, keep
        await self._live(turn, scope, once(request.body), nobody)
        said = turn.witness.said if turn.witness is not None else ""
        return Trial(turn.exchange.id, _side(turn), turn.asked, turn.tokens, said if keep else "")

    async def _once_more(self, turn: Turn, scope: Scope, body: bytes) -> tuple[str, int]:
        """A second answer to the question of a turn, and its tokens.  Raises CheckError where it may not be asked."""
        query = scope["query_string"].decode("latin-1")
        request = Request(turn.exchange.dialect, scope["method"], raw_path(scope), query, turn.raw_headers, body)
        asked = question(request)
        if asked is None:
            raise CheckError("this request may not be asked a second time (it has tools, files or a stored answer)")
        trial = await self.replay(asked_with(asked, {}), keep=self._guard.policy.hold_cap)
        return trial.text, trial.tokens

    def _scanner(self, turn: Turn) -> Scanner:
        """The scanner for a turn: in one of a client, its checks may ask a model."""
        return self._guard.scanner if turn.asks is None else self._guard.scanner.asking(turn.asks)

    def _offer(self, turn: Turn, scope: Scope) -> None:
        """The client has its answer: what was asked may be asked again."""
        exchange, body = turn.exchange, turn.body
        turn.body = b""
        if self._sampler is None or not body or not turn.call.context.prompt:
            return
        query = scope["query_string"].decode("latin-1")
        path = raw_path(scope)
        request = Request(exchange.dialect, exchange.method, path, query, turn.raw_headers, body)
        spoken = language(turn.call.context.prompt)
        self._sampler.offer(Offered(request, exchange, spoken, _side(turn)))

    async def _live(self, turn: Turn, scope: Scope, receive: Receive, send: Send) -> None:
        client = Connection(turn, send)
        watcher: asyncio.Task[None] | None = None
        try:
            self._require_audit()
            body = await read_body(receive, turn, self._request_limit)
            watcher = asyncio.create_task(cancel_when_gone(receive, asyncio.current_task()))
            await self._serve(turn, client, scope, body)
            turn.ended = turn.ended if turn.ended != "failed" else "completed"
        except ExchangeError as error:
            await self._refuse(turn, client, error)
        except Gone:
            turn.ended = "client_gone"
        except asyncio.CancelledError:
            if watcher is None or not watcher.done():
                await self._shut_down(turn, client)
            elif turn.ended == "failed":
                turn.ended = "client_gone"
        except Exception as error:  # the next exchange must be served, and the client must not see a traceback
            logger.error("exchange %s failed: %s", turn.exchange.id, type(error).__name__, exc_info=_safe(error))
            turn.error = type(error).__name__
            await self._refuse(
                turn, client, ExchangeError(500, "guardrail_error", "The guardrail failed; nothing was let through.")
            )
        finally:
            if watcher is not None:
                watcher.cancel()
            self._shelve(turn)
            self._audit_at_last(turn)

    async def _serve(self, turn: Turn, client: Connection, scope: Scope, body: bytes) -> None:
        path, query = raw_path(scope), scope["query_string"].decode("latin-1")
        require_plain_http(turn.raw_headers)
        turn.dialect = self._dialect(scope["method"], path)
        turn.exchange = replace(turn.exchange, dialect=turn.dialect.name)
        self._require_open(turn.dialect)
        turn.body = body if turn.drawn else b""
        body = await self._judge_request(turn, body, path, query)
        target = path + ("?" + query if query else "")
        if self._bench is not None and not turn.again:
            turn.asks = self._bench.ask(turn.dialect, turn.raw_headers, partial(self._once_more, turn, scope, body))

        async def answer(turn: Turn, outlet: Outlet, body: bytes) -> None:
            reply = await self._upstream.send(turn.dialect, scope["method"], target, turn.raw_headers, body)
            turn.upstream_status = reply.status
            try:
                self._judge_headers(turn, reply)
                await self._answered(turn, outlet, reply)
            finally:
                await reply.close()

        if may_ask_again(turn, body):
            deliver = partial(self._deliver, client)
            await Attempts(turn, self._guard.scanner, answer, deliver).run(client, body)
            return
        turn.asked, turn.judge = 1, turn.judge.asking(Asking.OVER)
        await answer(turn, client, body)
        turn.tokens = turn.witness.tokens if turn.witness else 0

    async def _answered(self, turn: Turn, client: Outlet, reply: Reply) -> None:
        """Pass the answer on.  Raises AskAgain while nothing has left."""
        keep = self._guard.policy.hold_cap if turn.judge.may_regenerate else turn.keep
        turn.witness = Witness(keep=keep) if self._parity or keep else None
        head, chunks = await _peek(reply.chunks())
        asked = turn.call.stream and reply.status < 400
        kind = kind_of(reply.content_type, head, turn.dialect.framings, stream=asked)
        turn.kind = kind
        if kind in _FRAMINGS:
            await self._stream(turn, client, reply, self._framing(kind), chunks)
        else:
            await self._whole(turn, client, reply, kind, b"".join([chunk async for chunk in chunks]))

    def _framing(self, kind: Kind) -> Framing:
        return _FRAMINGS[kind](min(FRAME_LIMIT, self._guard.policy.hold_cap))

    def _require_open(self, dialect: Dialect) -> None:
        """Endpoints for sound, pictures and files are open only where the policy says so."""
        group = getattr(dialect, "group", "")
        if group and self._guard.policy.endpoints.get(group, "refuse") == "refuse":
            raise RequestError(
                404,
                "endpoint_not_open",
                f"Endpoints for {group} are closed. `endpoints: {{{group}: inspect}}` in the policy file opens "
                f"them for JSON, text and forms, `{group}: pass` for everything.",
            )

    def _passes(self, dialect: Dialect) -> bool:
        """Whether bodies that cannot be judged pass."""
        group = getattr(dialect, "group", "")
        return bool(group) and self._guard.policy.endpoints.get(group) == "pass"

    def _dialect(self, method: str, path: str) -> Dialect:
        for dialect in self._guard.dialects:
            if dialect.matches(method, path):
                return dialect
        if self._guard.policy.unknown_endpoints == "inspect" and self._is_plainly_unknown(method, path):
            return JsonBody()
        raise RequestError(
            404,
            "endpoint_not_open",
            f"{method} on this path is not an endpoint that guardrail knows, so its text cannot be judged. "
            "`unknown_endpoints: inspect` in the policy file opens JSON endpoints it does not know.",
        )

    def _is_plainly_unknown(self, method: str, path: str) -> bool:
        """Whether a path has one reading, and that reading is no endpoint of a dialect: servers decode and shorten
        paths in ways of their own, and a known endpoint must not come in by another spelling."""
        if not _PLAIN_PATH.fullmatch(path):
            return False
        return not any(dialect.matches(method, path.rstrip("/")) for dialect in self._guard.dialects)

    async def _judge_request(self, turn: Turn, body: bytes, path: str, query: str) -> bytes:
        """The request body to send on: as it came, or with the policy's edits."""
        if not body:
            self._called(turn, None, path, query)
            return body
        if any(name == b"content-encoding" and value != b"identity" for name, value in turn.raw_headers):
            raise RequestError(
                415, "content_encoding", "Compressed request bodies are not accepted; send it as plain JSON."
            )
        content_type = next((v.decode("latin-1") for n, v in turn.raw_headers if n == b"content-type"), "")
        if getattr(turn.dialect, "group", "") and label(content_type) == "multipart/form-data":
            self._called(turn, None, path, query)
            return await self._judge_form(turn, body, content_type)
        try:
            document = jsontext.parse(body)
            strings = jsontext.strings(document, body)
        except jsontext.JsonError as error:
            raise RequestError(400, "invalid_json", f"The request body is {error}; it was not sent on.") from None
        self._called(turn, document, path, query)
        idle = self._guard.scanner.idle(Stage.REQUEST)
        if idle and not self._asks:
            return body
        segments = turn.dialect.request(document, strings)
        if self._asks:
            self._converse(turn, segments, document)
        if idle:
            return body
        context = replace(turn.call.context, stage=Stage.REQUEST)
        try:
            result = await self._review(turn, segments, context, Stage.REQUEST)
        except jsontext.JsonError as error:  # in tool arguments
            message = f"The request holds JSON that is {error}; it was not sent on."
            raise RequestError(400, "invalid_json", message) from None
        edits = result.edits()
        if not edits:
            return body
        turn.edited += len(edits)
        return edit_document(body, dict(strings), edits)

    @property
    def _asks(self) -> bool:
        """Whether any check or rule wants to know who said what."""
        judge = self._guard.judge
        return self._guard.scanner.follows or judge.asks_the_caller or judge.names_values

    def _converse(self, turn: Turn, segments: Sequence[Segment], document: Any) -> None:
        """Tell detectors and rules what is known of the conversation."""
        context = heard(turn.call.context, segments, document)
        turn.call = replace(turn.call, context=context)
        if self._guard.judge.names_values:
            known = self._shelf.take(turn.exchange.caller, turn.call.previous)
            begun = turn.call.previous or "\0".join((context.system, *context.caller[:1]))
            turn.book = Book(self._names_key, f"{turn.exchange.caller}\0{begun}", known)
        turn.judge = self._guard.judge.within(context.caller, turn.book)

    def _shelve(self, turn: Turn) -> None:
        """Keep the names of values for a request that goes on from this answer."""
        if turn.book is not None and not turn.again:
            identity = turn.stream.identity if turn.stream is not None else turn.identity
            for name in (identity, turn.call.previous):
                self._shelf.put(turn.exchange.caller, name, turn.book)

    def _called(self, turn: Turn, document: Any, path: str, query: str) -> None:
        turn.call = self._held_against(turn.dialect.call(document, path, query), document)
        turn.exchange = replace(turn.exchange, model=turn.call.model[:200], stream=turn.call.stream)

    def _held_against(self, call: Call, document: Any) -> Call:
        """`call` with the sources that the policy names beside those of the request."""
        policy = self._guard.policy
        if not (policy.sources or policy.pointers):
            return call
        named = (*material.at_pointers(document, policy.pointers), *policy.sources)
        known = material.distinct((*call.context.material, *named))
        return replace(call, context=replace(call.context, material=known))

    async def _judge_form(self, turn: Turn, body: bytes, content_type: str) -> bytes:
        """A form: its text fields are judged, its files pass when they are sound or pictures."""
        fields = forms.fields(body, content_type)
        for each in fields:
            if each.is_file and not each.is_media and not self._passes(turn.dialect):
                group = getattr(turn.dialect, "group", "")
                raise RequestError(
                    415,
                    "content_type",
                    "A file in this form is neither sound nor a picture, so its text cannot be judged. "
                    f"`endpoints: {{{group}: pass}}` in the policy file lets it pass.",
                )
        segments = [
            Segment(Stage.REQUEST, "", "field", (number,), each.text)
            for number, each in enumerate(fields)
            if not each.is_file
        ]
        result = await self._review(turn, segments, Context(stage=Stage.REQUEST), Stage.REQUEST)
        edits = result.edits()
        turn.edited += len(edits)
        return forms.edited(body, fields, {int(pointer[0]): made for pointer, made in edits.items()})

    def _judge_headers(self, turn: Turn, reply: Reply) -> None:
        """Headers reach the client too; one in which something is found goes."""
        lines = [f"{_readable(name)}: {_readable(value)}" for name, value in reply.headers]
        whole = Segment(Stage.RESPONSE, "", "header", (), "\n".join(lines))
        led = partial(self._guard.scanner.led, stage=Stage.RESPONSE, context=turn.call.context)
        if not led(whole):
            return
        kept: list[Header] = []
        judge = turn.judge.asking(Asking.OPEN)
        for header, line in zip(reply.headers, lines, strict=True):
            segment = replace(whole, text=line)
            hits = [_taken_out(judge.hit(finding, segment)) for finding in led(segment)]
            record(turn.decision, hits)
            worst = max(hits, key=lambda hit: hit.action, default=None)
            if worst is not None and worst.action is Action.BLOCK:
                raise Blocked(self._guard.judge.message(worst))
            if worst is None or worst.action not in EDITING:
                kept.append(header)
            else:
                turn.edited += 1
        reply.headers[:] = kept

    async def _whole(self, turn: Turn, client: Outlet, reply: Reply, kind: Kind, body: bytes) -> None:
        """Answer with one whole body.  Raises AskAgain."""
        out = body
        if not body:
            pass
        elif kind is Kind.JSON:
            out = await self._judge_document(turn, body)
        elif kind is Kind.TEXT:
            out = await self._judge_text(turn, body, reply.content_type)
        elif self._passes(turn.dialect):
            record(turn.decision, (), [FailedCheck("body", "not text; the policy lets it pass")], Action.FLAG)
        else:
            raise self._unreadable(turn)
        out = turn.finish(out) if turn.finish is not None else out
        if not turn.held:
            self._audit_before(turn, reply.status, out)
        await client.reply(reply.status, self._headers(turn, reply, changed=out is not body), out)

    def _audit_before(self, turn: Turn, status: int, body: bytes) -> None:
        """Write the record of a whole answer, which is not served without one.  Raises ExchangeError."""
        turn.status, turn.response_bytes, turn.ended = status, len(body), "completed"
        try:
            self._audit(turn)
        except AuditError:
            turn.ended = "failed"
            raise _unaudited() from None

    async def _deliver(self, client: Connection, turn: Turn, held: Held) -> None:
        """Send an answer that was held: what is decided of it is known by now, in a stream too."""
        body, finish, framing = held.body, turn.finish, _FRAMINGS.get(turn.kind or Kind.OTHER)
        if finish is not None and framing is not None:
            rewriting = Rewriting(framing(2 * FRAME_LIMIT), finish)  # frames are larger by what was added
            body = rewriting.feed(body) + rewriting.end()
        elif finish is not None:
            body = finish(body)
        stale = _STALE if body != held.body else frozenset()
        headers = [(name, value) for name, value in held.headers if name not in stale]
        if held.whole:
            self._audit_before(turn, held.status, body)
            await client.reply(held.status, headers + self._notes(turn), body)
            return
        await client.start(held.status, headers + self._notes(turn))
        await client.write(body)
        await client.end()

    def _unreadable(self, turn: Turn) -> UpstreamError:
        group = getattr(turn.dialect, "group", "")
        cure = f" `endpoints: {{{group}: pass}}` in the policy file lets it pass." if group else ""
        return UpstreamError(
            502, "content_type", "The upstream answered with content that is not text and cannot be judged." + cure
        )

    async def _judge_document(self, turn: Turn, body: bytes, *, tell: bool = True) -> bytes:
        try:
            document = jsontext.parse(body)
            strings = jsontext.strings(document, body)
            view = turn.dialect.answer(document, strings)
            if turn.witness is not None:
                turn.witness.sees(view)
                turn.witness.reads(document)
            reading = answer.read(view, body, document)
            context = brought(turn.call, view).context
            result = await self._review(
                turn,
                reading.segments,
                context,
                Stage.RESPONSE,
                lambda segment: reading.context(segment, context),
                reading.pieces,
            )
        except jsontext.JsonError:  # also in tool arguments
            raise _malformed() from None
        turn.identity = identity_of(document)
        guard = self._guard
        beside = answer.judge_blocks(reading, result, guard.scanner, turn.judge)
        beside += answer.judge_asides(reading, result, guard.scanner, turn.judge)
        called, failed = await answer.judge_calls(reading, result, guard.scanner, turn.judge, context)
        beside += called
        record(turn.decision, beside, failed, guard.judge.failure_action())
        self._raise_if_ended(turn, beside)
        body, count = answer.edited(body, document, dict(strings), reading, result, guard.policy, context)
        turn.edited += count
        told = self._told(turn, context) if tell and isinstance(document, dict) else None
        return jsontext.set_member(body, "guardrail", told) if told else body

    async def _judge_text(self, turn: Turn, body: bytes, content_type: str) -> bytes:
        """A text body: an error page, mostly.  JSON under a text label, whole or one document a line, is judged as what
        clients will read."""
        if start_of(body)[:1] in (b"{", b"[", b'"'):
            if _parses(body):
                return await self._judge_document(turn, body)
            lines = body.splitlines(keepends=True)
            if all(_parses(line) for line in lines if line.strip()):
                return await self._judge_lines(turn, body, lines)
        charset = content_type.lower().partition("charset=")[2].split(";")[0].strip(" \"'")
        if charset not in _CHARSETS and not (charset in ("iso-8859-1", "latin-1") and body.isascii()):
            raise UpstreamError(502, "upstream_malformed", "The upstream's answer is in an unknown character set.")
        if b"\0" in body or _EVENT_LINE.search(body):
            raise UpstreamError(502, "content_type", "The upstream's answer is not the plain text it is labelled as.")
        try:
            text = body.decode()
        except UnicodeDecodeError:
            raise UpstreamError(502, "upstream_malformed", "The upstream's answer is not UTF-8 text.") from None
        segment = Segment(Stage.RESPONSE, "", "body", (), text)
        result = await self._review(turn, [segment], turn.call.context, Stage.RESPONSE)
        edits = result.edits().get((), [])
        turn.edited += len(edits)
        return apply(text, edits).encode() if edits else body

    async def _judge_lines(self, turn: Turn, body: bytes, lines: Sequence[bytes]) -> bytes:
        judged = [await self._judge_document(turn, line, tell=False) if line.strip() else line for line in lines]
        return body if judged == lines else b"".join(judged)

    async def _review(
        self,
        turn: Turn,
        segments: list[Segment],
        context: Context,
        stage: Stage,
        answer_context: Callable[[Segment], Context] | None = None,
        pieces: Mapping[Pointer, Sequence[Piece]] | None = None,
    ) -> Review:
        """Judge segments, keep what was found, and raise if that ends the exchange."""
        guard = self._guard
        result = await review(self._scanner(turn), turn.judge, segments, context, stage, answer_context, pieces)
        record(turn.decision, result.all_hits, result.failed, guard.judge.failure_action())
        self._raise_if_ended(turn, result.fired, stage)
        return result

    def _raise_if_ended(self, turn: Turn, hits: Sequence[Hit], stage: Stage = Stage.RESPONSE) -> None:
        """Raise what the strongest of `hits` asks for when the answer may not leave."""
        hit = max(hits, key=lambda each: (each.action, each.finding.score), default=None)
        if turn.decision.action is Action.BLOCK:
            if hit is None or hit.action is not Action.BLOCK:
                raise Blocked(self._guard.policy.message)  # a check did not finish; the `guardrail` member names it
            raise Blocked(self._guard.judge.message(hit))
        if hit is not None and hit.action is Action.REGENERATE:
            if stage is Stage.REQUEST:
                raise Blocked(self._guard.judge.message(hit))
            raise AskAgain(hit)

    async def _stream(
        self,
        turn: Turn,
        client: Outlet,
        reply: Reply,
        framing: Framing,
        chunks: AsyncIterator[bytes],
    ) -> None:
        """Pass a stream on as it comes.  Raises AskAgain while nothing has left."""
        guard = self._guard
        constant = self._constant(turn) if self._annotate else None
        turn.exchange = replace(turn.exchange, stream=True)
        stream = turn.stream = Streaming(
            turn.dialect.lens(turn.call),
            framing,
            turn.call,
            self._scanner(turn),
            turn.judge,
            turn.decision,
            constant,
            again=not turn.held,
            witness=turn.witness,
        )
        pieces = stream.run(chunks)
        if turn.finish is not None and turn.kind is not None:
            pieces = _rewritten(pieces, self._framing(turn.kind), turn.finish)
        try:
            async for piece in pieces:
                if not client.started:
                    await client.start(reply.status, self._headers(turn, reply, pending=True))
                await client.write(piece)
            if turn.held:
                self._require_good(turn, stream)
            if not client.started:
                await client.start(reply.status, self._headers(turn, reply, pending=True))
            await client.end()
        except TooLarge:
            record(turn.decision, [], [FailedCheck("gate", "hold_cap")], Action.BLOCK)
            raise Blocked(guard.policy.message) from None
        finally:  # the client may leave as soon as it has read how the stream ended
            turn.edited += stream.edited
            if turn.decision.action is Action.BLOCK:
                turn.ended = "blocked"
            elif stream.failure is not None:
                turn.ended, turn.error = "upstream_failed", stream.failure.code

    def _require_good(self, turn: Turn, stream: Streaming) -> None:
        """Of a stream that nobody has seen yet, a bad end is an error and no last word.  Raises ExchangeError."""
        if stream.failure is not None:
            raise stream.failure
        if turn.decision.action is Action.BLOCK:
            self._raise_if_ended(turn, turn.decision.hits)

    async def _refuse(self, turn: Turn, client: Connection, error: ExchangeError) -> None:
        if isinstance(error, Blocked):
            turn.ended = "blocked"
            turn.decision.action = Action.BLOCK
        elif isinstance(error, UpstreamError):
            turn.ended = "upstream_failed"
        elif error.status < 500 or error.status == 503:
            turn.ended = "refused"
        turn.error = turn.error or error.code
        if client.started:
            await client.write(turn.last_words(error.code, error.message))
            await client.end()
            return
        body = turn.dialect.error(error.status, error.code, error.message)
        told = self._told(turn)
        if told:
            body = jsontext.set_member(body, "guardrail", told)
        headers = [(b"content-type", b"application/json"), *self._notes(turn)]
        if error.status == 503:
            headers.append((b"retry-after", b"1"))
        if isinstance(error, Blocked) or error.code in _FINAL:
            headers.append((b"x-should-retry", b"false"))
        await client.reply(error.status, headers, body)

    async def _shut_down(self, turn: Turn, client: Connection) -> None:
        """The drain time is over: say so in the stream, so that a cut answer does not look like a whole one."""
        turn.error = turn.error or "shutdown"
        if client.started:
            await client.write(turn.last_words("shutdown", "The guardrail is shutting down."))
            await client.end()

    def _begin(self, scope: Scope) -> Turn:
        identity = f"{int(time.time() * 1000):012x}{secrets.token_hex(6)}"
        raw = [(bytes(name), bytes(value)) for name, value in scope["headers"]]
        exchange = Exchange(
            identity, "", scope["method"], raw_path(scope), caller=self._caller(raw), started=time.time()
        )
        return Turn(exchange, self._plainest, raw, self._guard.judge)

    def _caller(self, headers: list[Header]) -> str:
        """Which key the client used, as a keyed digest: enough to tell callers apart, nothing to use."""
        for name, value in headers:
            if name in _KEYS:
                return hmac.new(self._key, value, hashlib.sha256).hexdigest()[:16]
        return ""

    def _require_audit(self) -> None:
        if not self._sink.probe():
            raise _unaudited()

    def _constant(self, turn: Turn) -> dict[str, Any]:
        more = {"attempts": turn.number} if turn.number > 1 else {}
        return {"policy": self._guard.policy.label, "audit_id": turn.exchange.id, **more}

    def _told(self, turn: Turn, context: Context | None = None) -> dict[str, Any] | None:
        if not self._annotate:
            return None
        known = context if context is not None else turn.call.context
        return notes_for(turn.decision, self._constant(turn), known.material)

    def _notes(self, turn: Turn, *, pending: bool = False) -> list[Header]:
        if not self._annotate:
            return []
        return note_headers(turn.decision, self._guard.policy.label, turn.exchange.id, pending=pending)

    def _headers(self, turn: Turn, reply: Reply, *, changed: bool = False, pending: bool = False) -> list[Header]:
        dropped = _STALE if changed or pending or reply.decoded else frozenset()
        kept = [(n, v) for n, v in reply.headers if n not in dropped and not n.startswith(b"x-guardrail-")]
        return kept if turn.held else kept + self._notes(turn, pending=pending)

    def _audit(self, turn: Turn) -> None:
        """Write the record.  A whole answer's is written before the answer is sent, so that none is served without
        one.  Raises AuditError."""
        if turn.again:  # it is half of a pair, whose record the sampler writes
            turn.audited = True
            return
        outcome = Outcome(
            ended=turn.ended,
            status=turn.status,
            upstream_status=turn.upstream_status,
            error=turn.error,
            request_bytes=turn.request_bytes,
            response_bytes=turn.response_bytes,
            duration_ms=round((time.perf_counter() - turn.started) * 1000, 3),
            checks=self._guard.scanner.checks,
            edited=turn.edited,
            attempts=turn.attempts,
            consulted=tuple(turn.asks.consulted) if turn.asks is not None else (),
        )
        label = self._guard.policy.label
        traits = self._traits(turn) if self._parity else None
        self._sink.write(audit_record.build(turn.exchange, label, turn.decision, outcome, self._key, traits=traits))
        turn.audited = True

    def _traits(self, turn: Turn) -> Traits | None:
        """What the exchange is compared by; None where the caller said nothing."""
        message = turn.call.context.prompt[:LONGEST]
        if not message:
            return None
        try:
            return Traits(language(message), groups(message), turn.witness.refused if turn.witness else None)
        except Exception as error:  # a report that lacks one exchange is better than an answer that is not served
            logger.error("exchange %s has no traits: %s", turn.exchange.id, type(error).__name__)
            return None

    def _audit_at_last(self, turn: Turn) -> None:
        """The record of whatever has not written its own yet: streams, refusals, failures."""
        if turn.audited:
            return
        try:
            self._audit(turn)
        except AuditError as error:
            logger.critical("no audit record for exchange %s: %s", turn.exchange.id, error)


def _taken_out(hit: Hit) -> Hit:
    """A header goes where the text of an answer would be asked for again."""
    return replace(hit, action=Action.REDACT) if hit.action is Action.REGENERATE else hit


def _malformed() -> UpstreamError:
    return UpstreamError(502, "upstream_malformed", "The upstream's answer is not JSON that can be judged.")


def _unaudited() -> ExchangeError:
    return ExchangeError(503, "audit_unavailable", "The audit log cannot be written, so nothing is served.")


def _side(turn: Turn) -> pair.Side:
    """How an exchange went, as one half of a pair."""
    return pair.side(
        turn.decision,
        ended=turn.ended,
        status=turn.status,
        upstream_status=turn.upstream_status,
        error=turn.error,
        edited=turn.edited,
        refused=turn.witness.refused if turn.witness else None,
        length=turn.witness.length if turn.witness else 0,
    )


async def _rewritten(
    pieces: AsyncIterator[bytes], framing: Framing, change: Callable[[bytes], bytes]
) -> AsyncIterator[bytes]:
    """A stream with its documents changed as they leave."""
    rewriting = Rewriting(framing, change)
    async for piece in pieces:
        if out := rewriting.feed(piece):
            yield out
    if out := rewriting.end():
        yield out


async def _peek(chunks: AsyncIterator[bytes]) -> tuple[bytes, AsyncIterator[bytes]]:
    """The beginning of a body, enough of it to tell what it is, and the whole body with that beginning."""
    head = b""
    async for chunk in chunks:
        head += chunk
        if len(start_of(head)) >= NEEDED:
            break

    async def whole() -> AsyncIterator[bytes]:
        if head:
            yield head
        async for chunk in chunks:
            yield chunk

    return head, whole()


def _readable(header: bytes) -> str:
    """A part of a header as text: servers write UTF-8 there, or Latin-1 as the standard has it."""
    try:
        return header.decode()
    except UnicodeDecodeError:
        return header.decode("latin-1")


def _parses(body: bytes) -> bool:
    try:
        jsontext.parse(body)
    except jsontext.JsonError:
        return False
    return True


def _safe(error: BaseException) -> BaseException:
    """The error without its message and locals' text: a traceback may quote what was being judged."""
    bare = RuntimeError(type(error).__name__)
    return bare.with_traceback(error.__traceback__)
