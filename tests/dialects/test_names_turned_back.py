"""Names that stand for values are turned back in every place where a vendor can put text of the model, whole and streamed.

A test fails here when a caller would read `HKID_…` where their own number belongs, or when turning a name back in one
place would break the vendor's JSON.
"""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from guardrail.pseudonyms import EXPRESSION
from guardrail.types import Action, Stage
from tests import material
from tests.inprocess import InProcess, cut
from tests.material import policy, rule, split
from tests.speakers import SPEAKERS

VALUE = "A123456(3)"
CUTS = st.lists(st.integers(0, 3000), max_size=10)
SPELLED = ("logprobs", "token")
"""Channels that spell a text in another form: emptied when it is edited."""
KEPT = ("thinking", "signed", "number", "unknown", "key", "header", "framing", "comment", "id", "name")
"""Channels whose text may not be edited, has no room for a word, or is refused by default."""
LEFT_OUT = frozenset({"grounding", "inline_data", "transcript_words"})
"""What repeats a text in another form, and is emptied when that text is edited."""
SIGNED = frozenset({("anthropic", "reasoning"), ("anthropic", "start_reasoning"), ("anthropic", "compaction")})
"""Text under a signature: a name in it stays."""
CELLS = [
    (speaker.name, channel)
    for speaker in SPEAKERS.values()
    for channel in speaker.channels
    if not any(word in channel for word in (*SPELLED, *KEPT))
    and channel not in LEFT_OUT
    and (speaker.name, channel) not in SIGNED
]


def with_value(node: Any) -> Any:
    """The request with the value behind everything that the user says."""
    if isinstance(node, dict):
        said = {"content", "text", "input", "prompt"} if node.get("role", "user") == "user" else set()
        return {k: v + VALUE if k in said and isinstance(v, str) and v else with_value(v) for k, v in node.items()}
    return [with_value(each) for each in node] if isinstance(node, list) else node


@pytest.fixture(scope="module")
def proxy(tmp_path_factory):
    sent = replace(rule("pii.*", Action.REDACT, stage=Stage.REQUEST), mask="pseudonym")
    return InProcess(policy(sent), [material.Patterns()], tmp_path_factory.mktemp("audit"))


@pytest.mark.parametrize(("name", "channel"), CELLS, ids=lambda part: part)
def test_the_caller_reads_the_value_wherever_the_model_puts_its_name(proxy, name, channel):
    speaker = SPEAKERS[name]

    def said(sent: bytes) -> str:
        assert VALUE not in sent.decode()
        given = re.search(EXPRESSION, sent.decode())
        assert given, "the value did not go to the model under a name"
        return f"係{given.group()}，多謝。"

    @settings(max_examples=4, phases=(Phase.explicit, Phase.reuse, Phase.generate), deadline=None)
    @given(deltas=CUTS, cuts=CUTS)
    def holds(deltas, cuts):
        proxy.upstream.script = lambda sent: cut(speaker.whole(channel, said(sent)), cuts)
        request = speaker.request(False)
        whole = proxy.ask(
            request.path, with_value(request.body), request.headers, (),
            content_type=speaker.content_type(False), status=speaker.status(channel),
        )  # fmt: skip
        assert speaker.read_whole(channel, whole.body) == f"係{VALUE}，多謝。"
        proxy.upstream.script = lambda sent: cut(b"".join(speaker.stream(channel, split(said(sent), deltas))), cuts)
        request = speaker.request(True)
        stream = proxy.ask(
            request.path, with_value(request.body), request.headers, (), content_type=speaker.content_type(True)
        )
        assert set(speaker.read_stream(channel, stream.body)) == {f"係{VALUE}，多謝。"}
        assert VALUE not in json.dumps(stream.record, ensure_ascii=False)

    holds()
