"""A small upstream that speaks the OpenAI chat API, with the answers of `answers.py`, whole and streamed.

    python deploy/demo/upstream.py [--port 9000]

It prints its URL when it listens.  Streams are cut into pieces of one to three characters, so that every value of
an answer is spread over several events, as with a real model.
"""

import argparse
import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import uvicorn
from answers import BY_QUESTION, UNKNOWN, Answer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

MODEL = "demo"
_SIZES = (1, 3, 2)


def _asked(body: Any) -> Answer:
    """The answer to the last thing that the user said."""
    said = [message.get("content") for message in body["messages"] if message.get("role") == "user"]
    return BY_QUESTION.get(said[-1] if said else "", UNKNOWN)


def _message(answer: Answer) -> dict[str, Any]:
    if not answer.tool:
        return {"role": "assistant", "content": answer.text}
    function = {"name": answer.tool, "arguments": answer.said}
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "call_1", "type": "function", "function": function}],
    }


def _whole(answer: Answer) -> dict[str, Any]:
    choice = {"index": 0, "message": _message(answer), "logprobs": None, "finish_reason": _reason(answer)}
    return _body("chat.completion", choice) | {
        "usage": {"prompt_tokens": 8, "completion_tokens": 16, "total_tokens": 24}
    }


def _reason(answer: Answer) -> str:
    return "tool_calls" if answer.tool else "stop"


def _body(kind: str, choice: dict[str, Any]) -> dict[str, Any]:
    return {"id": "chatcmpl-demo", "object": kind, "created": int(time.time()), "model": MODEL, "choices": [choice]}


def _pieces(text: str) -> Iterator[str]:
    at = number = 0
    while at < len(text):
        size = _SIZES[number % len(_SIZES)]
        yield text[at : at + size]
        at, number = at + size, number + 1


def _deltas(answer: Answer) -> Iterator[dict[str, Any]]:
    yield {"role": "assistant", "content": None if answer.tool else ""}
    if not answer.tool:
        yield from ({"content": piece} for piece in _pieces(answer.text))
        return
    opening = {"id": "call_1", "type": "function", "function": {"name": answer.tool, "arguments": ""}}
    yield {"tool_calls": [{"index": 0, **opening}]}
    for piece in _pieces(answer.said):
        yield {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}


async def _events(answer: Answer) -> AsyncIterator[bytes]:
    for delta in _deltas(answer):
        yield _event({"index": 0, "delta": delta, "finish_reason": None})
        await asyncio.sleep(0)  # each event is a write of its own
    yield _event({"index": 0, "delta": {}, "finish_reason": _reason(answer)})
    yield b"data: [DONE]\n\n"


def _event(choice: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(_body("chat.completion.chunk", choice), ensure_ascii=False).encode() + b"\n\n"


async def chat(request: Request) -> Response:
    """POST /v1/chat/completions."""
    body = await request.json()
    answer = _asked(body)
    if body.get("stream"):
        return StreamingResponse(_events(answer), media_type="text/event-stream")
    return JSONResponse(_whole(answer))


async def models(request: Request) -> Response:
    """GET /v1/models."""
    return JSONResponse(
        {"object": "list", "data": [{"id": MODEL, "object": "model", "created": 0, "owned_by": "demo"}]}
    )


app = Starlette(
    routes=[
        Route("/v1/chat/completions", chat, methods=["POST"]),
        Route("/v1/models", models, methods=["GET"]),
    ]
)


def main() -> None:
    """Listen, say where, serve until told to stop."""
    parser = argparse.ArgumentParser(description="The demo's upstream.")
    parser.add_argument("--port", type=int, default=9000, help="0 for any free one")
    port = parser.parse_args().port
    with socket.create_server(("127.0.0.1", port)) as listening:
        print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=1))
        server.run(sockets=[listening])


if __name__ == "__main__":
    main()
