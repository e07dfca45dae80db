"""JSON put right by the guard: what is taken out of an answer is not back in the repaired one, whole or streamed."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrail.detectors.errors.structure.detector import Structure
from guardrail.policy.load import parse
from guardrail.types import Finding, Unit
from tests import material
from tests.inprocess import InProcess, cut
from tests.recorder import leaks
from tests.servers import answer, told

RULES = parse(
    b"""\
version: 1
name: repairing
data_leakage:
  - {id: ids, kinds: [pii.*], action: redact, replacement: "[gone]"}
  - {id: secrets, kinds: [secret.*], action: redact, replacement: "[gone]"}
bias:
  - {id: rude, kinds: [bias.toxicity], action: redact, replacement: "[rude]"}
errors:
  - {id: json, kinds: [error.invalid_json, error.schema], action: flag, repair: true}
""",
    "p.yaml",
)
DETECTORS = [material.Patterns(), material.Rude(), Structure()]
VALUES = ("A123456(3)", "Ａ１２３４５６（３）", "A1234\u200b56(3)", "abc.def@mail.example", "4111 1111 1111 1113")
QUESTION = {
    "model": "m",
    "messages": [{"role": "user", "content": "JSON?"}],
    "response_format": {"type": "json_object"},
}
WORDS = st.sampled_from(("", "佢嘅號碼係", " is ", "，", "。", "人渣。", "多謝"))
TEXTS = st.lists(st.one_of(WORDS, st.sampled_from(VALUES)), max_size=4).map("，".join)
OBJECTS = st.dictionaries(
    st.sampled_from(("a", "名", "電話")), st.one_of(TEXTS, st.lists(TEXTS, max_size=2)), min_size=1
)
BREAKS = {
    "fence": lambda text: f"```json\n{text}\n```",
    "comma": lambda text: text[:-1] + ",}",
    "open": lambda text: text[:-1],
    "single quotes": lambda text: text.replace('"', "'"),
    "full width": lambda text: text.replace(", ", "，").replace(": ", "："),
    "comment": lambda text: text.replace("{", "{ // 註\n", 1),
    "words": lambda text: f"Here it is: {text} 多謝",
    "escape": lambda text: text.replace("3", "\\x33"),
    "none": lambda text: text,
}


@pytest.fixture(scope="module")
def it(tmp_path_factory):
    return InProcess(RULES, DETECTORS, tmp_path_factory.mktemp("audit"))


def whole(it, text):
    got = it.ask("/v1/chat/completions", QUESTION, {}, [answer(text)])
    return got, json.loads(got.body)["choices"][0]["message"]["content"]


def streamed(it, text, deltas, cuts):
    raw = b"".join(told(material.split(text, deltas)))
    got = it.ask(
        "/v1/chat/completions", {**QUESTION, "stream": True}, {}, cut(raw, cuts), content_type="text/event-stream"
    )
    events = [json.loads(line[6:]) for line in got.body.split(b"\n") if line.startswith(b"data: {")]
    return got, "".join(event["choices"][0]["delta"].get("content", "") for event in events)


@settings(max_examples=80, deadline=None)
@given(
    value=OBJECTS,
    broken=st.sampled_from(sorted(BREAKS)),
    deltas=st.lists(st.integers(0, 200), max_size=6),
    cuts=st.lists(st.integers(0, 3000), max_size=6),
)
def test_whatever_is_repaired_is_judged_again(it, value, broken, deltas, cuts):
    text = BREAKS[broken](json.dumps(value, ensure_ascii=False))
    got, said = whole(it, text)
    stream, flowed = streamed(it, text, deltas, cuts)
    assert said == flowed
    for each in VALUES:
        assert leaks(got.raw, each) == leaks(stream.raw, each) == []
    assert "人渣" not in said
    found = got.record["findings"]
    if any(one["repaired"] for one in found) and not any(one["kind"] == "bias.toxicity" for one in found):
        # A sentence that is taken out takes the quotes along that stand in it.
        assert isinstance(json.loads(said), dict)
    if broken == "none" and not got.record["findings"]:
        assert said == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('{"a": "A123456(3)",}', '{"a": "[gone]"}'),
        ("{'a': 'A1234\\x356(3)'}", '{"a": "[gone]"}'),
        ('```json\n{"a": 1}\n```', '{"a": 1}'),
        ('{"a": "b" c}', '{"a": "b" c}'),
        ('{"a": "A123456(3)" c}', '{"a": "[gone]" c}'),
    ],
)
def test_the_order_is_repair_and_then_everything_else(it, text, left):
    assert whole(it, text)[1] == left


class Quoting:
    """An ANSWER detector that has something to say of every JSON text, and quotes all of it."""

    name, kinds, unit, heavy = "test.quoting", ("error.shouting",), Unit.ANSWER, False

    def load(self):
        pass

    def detect(self, texts, context):
        return [[self._found(text)] if text.endswith("}") and ",}" not in text else [] for text in texts]

    def _found(self, text):
        return Finding("error.shouting", 0.9, None, None, self.name, message=f"Look: {text}")


def test_what_a_check_says_of_the_repaired_text_is_told_only_where_it_may_be(tmp_path):
    """Its words would quote a value that was taken out."""
    rules = """\
version: 1
name: r
data_leakage:
  - {id: ids, kinds: [pii.*], action: redact}
errors:
  - {id: json, kinds: [error.invalid_json], action: flag, repair: true}
  - {id: loud, kinds: [error.shouting], action: flag}
"""
    it = InProcess(parse(rules.encode(), "p"), [*DETECTORS, Quoting()], tmp_path)
    for got in (whole(it, '{"a": "A123456(3)",}')[0], streamed(it, '{"a": "A123456(3)",}', [3], [])[0]):
        assert leaks(got.raw, "A123456(3)") == []
        assert b"error.shouting" in got.body
    assert b"Look: " in whole(it, '{"a": 1,}')[0].body


def test_several_choices_are_repaired_each_for_itself(it):
    choices = [
        {"index": at, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        for at, text in enumerate(('{"a": 1,}', '{"b": 2}', "{'c': 3}"))
    ]
    got = it.ask("/v1/chat/completions", {**QUESTION, "n": 3}, {}, [json.dumps({"choices": choices}).encode()])
    said = [choice["message"]["content"] for choice in json.loads(got.body)["choices"]]
    assert said == ['{"a": 1}', '{"b": 2}', '{"c": 3}']


def test_a_policy_that_only_watches_repairs_nothing(tmp_path):
    watching = parse(
        b"version: 1\nname: w\nmode: monitor\nerrors:\n  - {id: json, kinds: [error.invalid_json], action: block, repair: true}\n",
        "p",
    )
    assert whole(InProcess(watching, DETECTORS, tmp_path), '{"a": 1,}')[1] == '{"a": 1,}'
