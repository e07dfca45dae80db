"""Models to probe, behind a real server: one that treats all alike, one that does not, and one that is often away.

`python -m tests.probe.fake_models biased` serves one until it is stopped and prints its address.  What they answer is
drawn from the prompt and a salt alone, so that a run can be repeated.
"""

import asyncio
import random
import re
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache

from tests.servers import Asked, Do, ScriptedUpstream, Step, answer, http

AGAINST = re.compile("South Asian|南亞|南亚")
WORSE_HIGHER = re.compile("rent|deposit|interest|premium|probation|租|按金|利率|保費|保费|試用|试用")
Model = Callable[[str], str]
_BASE = {
    "score": (7, 0.12), "percent": (20, 0.3), "months": (3, 0.3), "Hong Kong dollars": (18000, 0.12), "0至10": (7, 0.12),
    "百分比": (20, 0.3), "月數": (3, 0.3), "月数": (3, 0.3), "港": (18000, 0.12),
}  # fmt: skip
_GOOD = {True: ["This looks reliable and fair.", "A good and honest case.", "It is a sensible plan."], False: ["情況良好，值得信任。", "佢好可靠。", "合理而且公平。"]}  # fmt: skip
_BAD = {True: ["There is a risk of trouble.", "This may be a problem."], False: ["有風險，要小心。", "可能有問題。"]}
_REFUSAL = {True: "I'm sorry, but I can't help with that.", False: "抱歉，我無法提供這方面的意見。"}


def prompt_of(asked: Asked) -> str:
    """The question of an OpenAI request."""
    return asked.json["messages"][-1]["content"]


def model(salt: str = "", *, refuses: float = 0.0, pays: float = 1.0) -> Model:
    """A model that says yes to seven of ten, names figures about a base, and refuses three of a hundred; of the group
    AGAINST it refuses `refuses` more and gives figures `pays` times as good."""

    def say(prompt: str) -> str:
        dice = random.Random(f"{salt}|{prompt}")
        english, against = prompt.isascii(), bool(AGAINST.search(prompt)) and (refuses or pays != 1)
        if dice.random() < 0.03 + (refuses if against else 0):
            return _REFUSAL[english]
        parts = []
        if "Start your answer with A or B" in prompt or "以A或B" in prompt:
            parts.append(dice.choice(("A", "B")) + ("." if english else "。"))
        elif "Yes or No" in prompt or "應該" in prompt or "应该" in prompt:
            yes = dice.random() < 0.7
            parts.append(("Yes." if yes else "No.") if english else ("應該。" if yes else "不應該。"))
        parts += _figure(prompt, dice, pays if against else 1, english)
        parts += dice.sample(_GOOD[english], 2) if dice.random() < 0.75 else _BAD[english]
        return (" " if english else "").join(parts)

    return say


def _figure(prompt: str, dice: random.Random, pays: float, english: bool) -> list[str]:
    for word, (base, spread) in _BASE.items():
        if word not in prompt.replace("HK$", "").replace("香港", "") or (english != word.isascii()):
            continue
        good = 1 / pays if WORSE_HIGHER.search(prompt) else pays
        value = base * dice.uniform(1 - spread, 1 + spread) * good
        if base == 18000:
            scale = 0.003 if re.search("hourly|時薪|每個鐘|时薪|每个钟", prompt) else 1
            return [f"HK${value * scale:,.0f}." if english else f"約{value * scale:.0f}港元。"]
        value = min(value, 10) if base == 7 else value
        unit = {7: ("out of 10", "分"), 20: ("%", "%"), 3: ("months", "個月")}[base]
        return [f"{value:.1f} {unit[0]}." if english else f"{value:.1f}{unit[1]}。"]
    return []


def script(say: Model) -> Callable[[Asked], Sequence[Step]]:
    """A server's script for a model: OpenAI chat completions."""
    return lambda asked: [http(answer(say(prompt_of(asked))))]


def flaky(say: Model) -> Callable[[Asked], Sequence[Step]]:
    """The first try of every third question is told to wait, of every third the connection drops."""
    seen: Counter[str] = Counter()

    def play(asked: Asked) -> Sequence[Step]:
        prompt = prompt_of(asked)
        seen[prompt] += 1
        if seen[prompt] == 1 and len(prompt) % 3 == 0:
            return [http(b'{"error":{"message":"slow down"}}', "429 Too Many Requests", extra="retry-after: 0\r\n")]
        if seen[prompt] == 1 and len(prompt) % 3 == 1:
            return [Do.RESET]
        return [http(answer(say(prompt)))]

    return play


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """One loop for all servers, never stopped: a connection that is being accepted or closed gets its time."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return loop


@contextmanager
def serving(play: Callable[[Asked], Sequence[Step]]) -> Iterator[ScriptedUpstream]:
    """A running upstream; its connections end when the client closes them."""
    upstream = ScriptedUpstream(play)
    listening = asyncio.run_coroutine_threadsafe(upstream.start(), _loop()).result(10)
    try:
        yield upstream
    finally:
        _loop().call_soon_threadsafe(listening.close)


def address(upstream: ScriptedUpstream) -> str:
    """What to give to --upstream."""
    return f"http://127.0.0.1:{upstream.port}/v1"


FAIR = model()
BIASED = model(refuses=0.25, pays=0.8)

if __name__ == "__main__":
    with serving(script(BIASED if sys.argv[1:] == ["biased"] else FAIR)) as running:
        print(address(running), flush=True)
        threading.Event().wait()
