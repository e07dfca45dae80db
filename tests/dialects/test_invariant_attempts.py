"""The release invariant where the model is asked again, for every dialect and channel: nothing of an answer that was not
good enough reaches the client, wherever in it the reason stood, and no value goes to the model in what it is told.

If this fails, a policy that asks for another answer instead of taking values out gives them away in some corner of some API.
"""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from guardrail.types import Action
from tests import material
from tests.inprocess import Answered, InProcess, cut
from tests.material import policy, rule, split
from tests.recorder import leaks
from tests.speakers import SPEAKERS, Speaker

ASKING = rule("pii.*", Action.REGENERATE)
VALUES = ("A123456(3)", "Ａ１２３４５６（３）", "4111 1111 1111 1113", "abc.def@mail.example")
NUMBER = "4111111111111113"
CELLS = [(speaker.name, channel) for speaker in SPEAKERS.values() for channel in speaker.channels]
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
CUTS = st.lists(st.integers(0, 3000), max_size=8)


@pytest.fixture(scope="module")
def proxy(tmp_path_factory):
    rules = policy(replace(ASKING, attempts=1), unknown_events="inspect")
    return InProcess(rules, [material.Patterns()], tmp_path_factory.mktemp("audit"))


def asked(
    proxy: InProcess, speaker: Speaker, answers: Sequence[Sequence[bytes]], *, stream: bool, status: int
) -> Answered:
    rest, sent = list(answers), []

    def script(body: bytes) -> Sequence[bytes]:
        sent.append(body)
        return rest.pop(0)

    proxy.upstream.script = script
    request = speaker.request(stream)
    got = proxy.ask(
        request.path, request.body, request.headers, (), content_type=speaker.content_type(stream), status=status
    )
    assert all(leaks(body, value) == [] for body in sent for value in (*VALUES, NUMBER))
    return got


@pytest.mark.slow
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(("name", "channel"), CELLS, ids=lambda part: part)
@settings(max_examples=3, deadline=None, phases=PHASES)
@given(value=st.sampled_from(VALUES), deltas=CUTS, cuts=CUTS)
def test_nothing_of_a_rejected_answer_leaves(proxy, name, channel, stream, value, deltas, cuts):
    speaker = SPEAKERS[name]
    value = NUMBER if "number" in channel else value
    text = value if value is NUMBER else f"佢係 {value}，多謝。"
    raw = b"".join(speaker.stream(channel, split(text, deltas))) if stream else speaker.whole(channel, text)
    clean = speaker.clean(stream)
    status = 200 if stream else speaker.status(channel)
    for second in (clean, [raw]):
        got = asked(proxy, speaker, [cut(raw, cuts), second], stream=stream, status=status)
        assert leaks(got.raw, value) == []
