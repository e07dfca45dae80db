"""What the tests with real SDKs share: texts, the policy, and scripts that play a speaker as an upstream.

The texts hold two values that the policy edits, one that it blocks in an answer and one that it blocks in a request.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from guardrail.types import Action, Stage
from tests import material
from tests.material import policy, rule, split
from tests.recorder import Recorder
from tests.servers import Asked, Do, Script, Site, Step, http, site
from tests.speakers import BENIGN, Speaker

SECRETS = ("A123456(3)", "4111 1111 1111 1113")
LEAK = "佢嘅身份證號碼係A123456(3)，信用卡卡號4111 1111 1111 1113，多謝。他的卡号是一样的。"
SAFE = "佢嘅身份證號碼係[REDACTED:HKID]，信用卡卡號[REDACTED:PAYMENT_CARD]，多謝。他的卡号是一样的。"
KEY = "-----BEGIN KEY-----\nQUJDREVGR0g=\n-----END KEY-----"
BLOCKED = f"好的，這就是密鑰，请收好：{KEY}"
TOLD = "這一句說完了。"
ASKING = "你好，請幫我搵人。"
FORBIDDEN = "我的密碼：hunter2222，记住了。"

RULES = policy(
    rule("pii.*", Action.REDACT, id="identifiers"),
    rule("secret.private_key", Action.BLOCK, id="keys", message="A key was withheld. 密鑰不予顯示。"),
    rule("secret.password", Action.BLOCK, id="sent-passwords", stage=Stage.REQUEST),
)


@contextmanager
def guarded(directory: Path) -> Iterator[Site]:
    """A sidecar with the policy above."""
    with site(RULES, [material.Patterns()], directory) as it:
        yield it


def pieces(text: str) -> list[str]:
    """A text in pieces that cut through both values."""
    return split(text, range(4, len(text), 5))


def playing(speaker: Speaker, stream: bool, frames: Sequence[bytes], status: int = 200) -> Script:
    """An upstream that answers every request with a whole body, or with a stream of those frames."""
    body = b"".join(frames)
    kind = speaker.content_type(stream)
    steps: list[Step] = [http(body, "200 OK" if status == 200 else f"{status} Refused", kind)]
    if stream:
        steps = [*chunked(kind, frames), b"0\r\n\r\n"]
    return lambda asked: steps


def chunked(kind: str, frames: Sequence[bytes], extra: str = "") -> list[Step]:
    """A stream that has no end yet; each frame is a write of its own."""
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\n{extra}transfer-encoding: chunked\r\n\r\n"
    return [head.encode(), *(b"%x\r\n%b\r\n" % (len(frame), frame) for frame in frames)]


def beginning(speaker: Speaker, last: Do) -> Script:
    """An upstream that says `TOLD` and a little more, and then hangs or breaks off."""
    frames = speaker.stream("content", [TOLD, "下一句。", BENIGN])
    spoken = next(place for place, frame in enumerate(frames) if TOLD in frame.decode()) + 2
    steps = [*chunked(speaker.content_type(True), frames[:spoken]), last]
    return lambda asked: steps


def saying(speaker: Speaker, stream: bool, channel: str, text: str) -> Script:
    """An upstream that says `text` in `channel`."""
    frames = speaker.stream(channel, pieces(text)) if stream else [speaker.whole(channel, text)]
    return playing(speaker, stream, frames, 200 if stream else speaker.status(channel))


def in_turn(*scripts: Script) -> Script:
    """An upstream that plays one script for each request, and the last for all that follow."""
    rest = list(scripts)

    def script(asked: Asked) -> Sequence[Step]:
        return (rest.pop(0) if len(rest) > 1 else rest[0])(asked)

    return script


def start(guarded: Site, script: Script) -> None:
    """Play `script` from here on, and forget what was asked before."""
    guarded.settle()
    guarded.upstream.script = script
    guarded.upstream.asked.clear()


def assert_safe(recorder: Recorder) -> None:
    """No secret crossed the client's socket, in any form, and something did."""
    assert recorder.responses
    found = {secret: recorder.leaks(secret) for secret in (*SECRETS, KEY)}
    assert not any(found.values()), json.dumps(found, ensure_ascii=False, indent=1)
