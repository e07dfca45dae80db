"""The replay benchmark: what it sends, what it calls a broken promise, and one small run against a real sidecar."""

import asyncio
import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.progress import Progress

from benchmarks import holdback, replay
from benchmarks.openai_text import events, tokens, whole
from benchmarks.outcomes import Received, excerpt, judge, said, without_note
from benchmarks.replay_upstream import HEADERS, cut, script_of
from guardrail.app import load_policy, prepare

TEXT = "My card 電郵係 a@b.hk, isn't it?\n\n好嘅。 42"
NOTE = {"policy": "p@1", "action": "flag", "findings": []}


def _received(body: bytes, *, stream: bool = False, status: int = 200) -> Received:
    kind = "text/event-stream; charset=utf-8" if stream else "application/json"
    return Received(
        status, [*((n.lower(), v) for n, v in HEADERS), ("content-type", kind), ("x-guardrail-action", "x")], body
    )


def _finding(action: str, start: int | None = None, end: int | None = None) -> dict[str, Any]:
    return {
        "kind": "pii.email", "rule": "r", "action": action, "stage": "response", "channel": "content",
        "start": start, "end": end, "score": 0.9, "evidence": "",
    }  # fmt: skip


def _problems(action: str, received: Received, findings: Any = (), *, stream: bool = False) -> Any:
    record = {"action": action, "findings": list(findings)}
    return judge(received, script_of(0, TEXT, 1), TEXT, record, stream=stream).problems


@given(st.text(), st.integers())
def test_tokens_are_the_text_and_follow_from_the_seed(text: str, seed: int) -> None:
    pieces = tokens(text, seed)
    assert "".join(pieces) == text
    assert pieces == tokens(text, seed)
    assert all(pieces)


def test_chinese_is_cut_by_the_character_and_english_by_the_word() -> None:
    pieces = tokens("今日天氣好好，我哋出去行下。The weather is fine today and we go out." * 5, 3)
    assert 1.0 < sum(map(len, pieces)) / len(pieces) < 5.0


@pytest.mark.parametrize("ascii_only", [True, False])
def test_what_is_sent_says_the_text(ascii_only: bool) -> None:
    assert said(whole(TEXT, ascii_only=ascii_only, indent=2), stream=False) == (TEXT, "stop")
    stream = b"".join(events(tokens(TEXT, 1), ascii_only=ascii_only))
    assert said(stream, stream=True) == (TEXT, "stop")
    assert said(stream[: -len(b"data: [DONE]\n\n")], stream=True)[1] == ""


def test_writes_hold_every_byte_once() -> None:
    frames = events(tokens(TEXT * 20, 1))
    parts = cut(frames, "7")
    assert b"".join(parts) == b"".join(frames)
    assert parts != frames


def test_untouched_answers_have_no_problems() -> None:
    script = script_of(0, TEXT, 1)
    assert not _problems("allow", _received(script.body))
    assert not _problems("allow", _received(script.stream, stream=True), stream=True)


def test_one_changed_byte_is_a_problem() -> None:
    script = script_of(0, TEXT, 1)
    assert _problems("allow", _received(script.body.replace(b"fp_0", b"fp_1")))
    assert _problems("allow", _received(script.stream.replace(b"fp_0", b"fp_1", 1), stream=True), stream=True)
    assert _problems("allow", _received(script.body + b" "))


def test_a_lost_header_and_an_unfinished_stream_are_problems() -> None:
    script = script_of(0, TEXT, 1)
    whole_answer = _received(script.body)
    assert _problems("allow", Received(200, whole_answer.headers[1:], script.body))
    assert _problems("allow", _received(script.stream[:-14], stream=True), stream=True)
    assert _problems("allow", _received(script.body, status=502))


def test_a_flag_may_add_its_member_and_nothing_else() -> None:
    script = script_of(0, TEXT, 1)
    noted = script.body.rstrip()[:-1] + b',"guardrail":' + orjson.dumps(NOTE) + b"}"
    assert without_note(noted, stream=False) == (NOTE, script.body)
    assert not _problems("flag", _received(noted), [_finding("flag")])
    assert _problems("flag", _received(noted.replace(b"fp_0", b"fp_1")), [_finding("flag")])
    assert _problems("flag", _received(script.body), [_finding("flag")])


def test_an_edit_may_touch_its_span_only() -> None:
    at = TEXT.index("a@b.hk")
    found = [_finding("redact", at, at + 6)]
    edited = TEXT.replace("a@b.hk", "[EMAIL]")
    assert not _problems("redact", _received(whole(edited)), found)
    assert _problems("redact", _received(whole(edited.replace("card", "cart"))), found)
    assert not _problems("notice", _received(whole(TEXT + "\n\nNote.")), [_finding("notice")])
    assert _problems("notice", _received(whole("Note.\n\n" + TEXT)), [_finding("notice")])


def test_a_block_is_a_refusal() -> None:
    refused = orjson.dumps({"error": {"code": "content_filter"}})
    assert not _problems("block", _received(refused, status=400), [_finding("block")])
    assert _problems("block", _received(whole(TEXT)), [_finding("block")])


def test_an_exchange_without_a_record_is_a_problem() -> None:
    assert judge(_received(b"{}"), script_of(0, TEXT, 1), TEXT, None, stream=False).problems


def test_the_excerpt_shows_the_match_in_its_surroundings() -> None:
    at = TEXT.index("a@b.hk")
    assert "電郵係 【a@b.hk】, isn't it? ⏎ 好嘅" in excerpt(TEXT, _finding("redact", at, at + 6))
    assert len(excerpt("字" * 1000, _finding("flag", 0, 1000))) < 250
    assert excerpt(TEXT, _finding("flag")).startswith("【My card")


def _policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(
        "version: 1\nname: small\ndata_leakage:\n"
        "  - {id: email, kinds: [pii.email], threshold: 0.6, action: redact, replacement: '[EMAIL]'}\n"
    )
    return path


def test_hold_back_counts_what_has_not_left(tmp_path: Path) -> None:
    plain = script_of(0, "好。" * 40, 1)
    address = script_of(1, "taiman.chan@gmail.com and more words", 1)

    async def measured() -> list[holdback.HoldBack]:
        guard = await prepare(load_policy(_policy(tmp_path)))
        found = [await holdback.measure(guard, script, "") for script in (plain, address)]
        guard.scanner.close()
        return found

    free, held = asyncio.run(measured())
    assert len(free.held) == len(plain.pieces)
    assert free.delay == 0 and max(free.held) <= 2
    assert held.delay is not None and held.delay > 0
    assert max(held.held) >= len("taiman.chan@gmail")
    both = holdback.summary([free, held])
    assert (both.streams, both.frames) == (2, len(plain.pieces) + len(address.pieces))


def test_lateness_is_counted_in_chunks_and_a_stream_that_never_spoke_has_none() -> None:
    found = holdback.summary([holdback.HoldBack([0, 9], late) for late in (0, 1, 5, None)])
    assert (found.delay_p50, found.delay_max) == (1, 5)
    goals = {name: (seen, limit) for name, seen, limit in replay.holdback_goals(found)}
    assert goals == {
        "characters held, p50": (9, 8),
        "characters held, p95": (9, 64),
        "chunks by which the first text is late, median": (1, 1),
    }


def test_replay_end_to_end(tmp_path: Path) -> None:
    texts = ["Nothing to see here.", "寫信去 taiman.chan@gmail.com 搵我", "好。" * 100]
    data = tmp_path / "data.jsonl"
    with data.open("w", encoding="utf-8") as out:
        for number, text in enumerate(texts):
            messages = [{"role": "user", "content": "問題"}, {"role": "assistant", "content": text}]
            out.write(json.dumps({"id": str(number), "lang": "yue", "messages": messages}) + "\n")
    exchanges = replay.read(data, None)
    scripts = [script_of(number, one.text, 1) for number, one in enumerate(exchanges)]
    replayed = asyncio.run(replay.replay(exchanges, scripts, _policy(tmp_path), 1, 2, Progress(disable=True)))
    assert [list(one.problems) for one in replayed] == [[], [], []]
    assert [one.action for one in replayed] == ["allow", "redact", "allow"]
    assert replayed[1].outcomes["streamed"].text == "寫信去 [EMAIL] 搵我"
    found = replay.counts(replayed)["all"]
    assert found["whole"]["identical"] == found["streamed"]["identical"] == 2
    assert "【taiman.chan@gmail.com】" in replay.listed(replayed[1])["findings"][0]["excerpt"]
