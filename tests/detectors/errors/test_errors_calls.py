"""An agent acts on a tool call: one that no tool can read must be told before it is acted on."""

from dataclasses import replace

import pytest

from guardrail.detectors.errors.structure.calls import Calls
from guardrail.detectors.protocol import Configurable, Detector, Options, Staged
from guardrail.types import Context, Stage

WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city"],
    "additionalProperties": False,
}
ASKED = Context(
    prompt="What is the weather?", functions={"get_weather": WEATHER, "note": None, "now": {}}, function="get_weather"
)
CHINESE = replace(ASKED, prompt="香港聽日天氣點呀？")


def found(text, context=ASKED):
    return Calls().detect([text], context)[0]


def test_is_a_detector():
    assert isinstance(Calls(), Detector)
    assert isinstance(Calls(), Configurable)


@pytest.mark.parametrize("text", ['{"city": "香港"}', ' {"city": "HK", "days": 3}\n'])
def test_good_arguments_pass(text):
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "context", "says", "repair"),
    [
        ('{"days": 3}', ASKED, "`city` is missing", None),
        ('{"days": 3}', CHINESE, "欠缺 `city`", None),
        ('{"city": "HK", "days": "3"}', ASKED, "$.days: expected integer, got string", "3"),
        ('{"city": "HK", "days": "三"}', CHINESE, "應為整數（integer），但得到文字（string）", None),
        ('{"city": "HK", "day": 3}', ASKED, "$.day: the format that was asked for has no such item", None),
        ('{"city": "HK",}', ASKED, "a comma with nothing after it (line 1, column 15)", '{"city": "HK"}'),
        ("{'city': '香港'}", CHINESE, "名稱用了單引號", '{"city": "香港"}'),
        ("", ASKED, "`city` is missing", None),
    ],
)
def test_bad_arguments_are_told_with_the_place(text, context, says, repair):
    (finding,) = found(text, context)
    assert finding.kind == "error.tool_arguments"
    assert finding.score >= 0.8
    assert says in finding.message
    assert "HK" not in finding.evidence and "香港" not in finding.evidence
    if repair is None:
        assert finding.repair is None
    else:
        start, end = finding.start or 0, len(text) if finding.end is None else finding.end
        assert (
            text[:start] + (finding.repair or "") + text[end:] == text.replace('"3"', "3") if repair == "3" else repair
        )


def test_a_tool_that_was_not_offered_is_told_with_those_that_were():
    (finding,) = found("{}", replace(ASKED, function="get_wether"))
    assert finding.kind == "error.tool_not_offered"
    assert "`get_wether`" in finding.message and "`get_weather`" in finding.message
    assert "get_wether" not in finding.evidence


@pytest.mark.parametrize(
    ("text", "context"),
    [
        ("{}", replace(ASKED, function="now")),
        ("", replace(ASKED, function="now")),
        ("print(1)", replace(ASKED, function="note")),  # the free text of a custom tool
        ("{ x }", replace(ASKED, function="note")),
        ("{", replace(ASKED, functions=None)),
        ("{", replace(ASKED, function="")),
        ("{", replace(ASKED, stage=Stage.REQUEST)),
        ("{}", replace(ASKED, functions={"get_weather": {"type": "nonsense"}})),
    ],
)
def test_what_cannot_be_said_is_not_said(text, context):
    assert found(text, context) == []


def test_a_call_that_was_cut_is_a_hint():
    (finding,) = found('{"city": "H', replace(ASKED, finish_reason="max_tokens"))
    assert finding.score <= 0.5
    assert finding.repair is None


def test_only_what_a_rule_wants_is_looked_for():
    only = Calls().configure(Options(wanted=frozenset({"error.tool_not_offered"})))
    assert only.detect(["{"], ASKED) == [[]]
    other = Calls().configure(Options(wanted=frozenset({"error.tool_arguments"})))
    assert other.detect(["{}"], replace(ASKED, function="x")) == [[]]


def test_a_schema_is_held_against_arguments_outside_the_event_loop() -> None:
    """A schema is the caller's: a hostile one would hold up everybody else."""
    detector = Calls()
    assert isinstance(detector, Staged)
    offered = Context(functions={"f": {"required": ["城市"]}}, function="f")
    found, closer = detector.first(["{}"], offered)
    assert found == [] and closer is not None
    assert closer() == detector.detect(["{}"], offered) != [[]]
    unknown = Context(functions={}, function="f")
    assert detector.first(["{}"], unknown) == (detector.detect(["{}"], unknown), None)
