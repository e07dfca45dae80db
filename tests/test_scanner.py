"""The scanner: what a policy needs is loaded, what cannot be served is refused, and a failed check is never silent."""

from dataclasses import replace
from threading import Event

import pytest

from guardrail.errors import PolicyError
from guardrail.scanner import Scanner
from guardrail.types import Action, Context, Finding, Segment, Stage, StreamMode, Unit
from tests import material
from tests.material import policy, rule

DETECTORS = [material.Patterns(), material.Rude(), material.Shouting()]


def segment(text: str, channel: str = "content", lead: str = "") -> Segment:
    return Segment(Stage.RESPONSE, "assistant", channel, (), text, lead)


@pytest.mark.parametrize(("kind", "cure"), [("pii.hkidd", "did you mean `pii.hkid`?"), ("bias.zzz", "known kinds:")])
def test_a_rule_that_nothing_can_serve_is_refused_with_the_nearest_kind(kind, cure):
    with pytest.raises(PolicyError, match=r"no detector here finds") as caught:
        Scanner(policy(rule(kind, Action.FLAG)), DETECTORS)
    assert cure in str(caught.value)


def test_only_what_a_policy_needs_is_loaded():
    class Unloadable(material.Rude):
        def load(self):
            raise AssertionError("was loaded")

    scanner = Scanner(policy(rule("pii.*", Action.FLAG)), [material.Patterns(), Unloadable()])
    assert scanner.checks == ("test.patterns",)
    assert scanner.idle(Stage.REQUEST)


@pytest.mark.parametrize(
    ("kind", "action", "stream", "expected"),
    [
        ("bias.toxicity", Action.FLAG, None, (StreamMode.LATE, StreamMode.LATE)),
        ("bias.toxicity", Action.REDACT, None, (StreamMode.SENTENCE, StreamMode.LATE)),
        ("bias.toxicity", Action.BLOCK, StreamMode.HOLD, (StreamMode.HOLD, StreamMode.LATE)),
        ("error.shouting", Action.NOTICE, None, (StreamMode.LATE, StreamMode.LATE)),
        ("error.shouting", Action.BLOCK, None, (StreamMode.LATE, StreamMode.HOLD)),
    ],
)
def test_a_stream_waits_as_long_as_the_strictest_rule_needs(kind, action, stream, expected):
    scanner = Scanner(policy(rule(kind, action, stream=stream)), DETECTORS)
    assert (scanner.modes[Unit.SENTENCE], scanner.modes[Unit.ANSWER]) == expected


@pytest.mark.parametrize(
    ("kind", "action", "stream"),
    [
        ("bias.toxicity", Action.REDACT, StreamMode.LATE),
        ("bias.toxicity", Action.BLOCK, StreamMode.LATE),
        ("error.shouting", Action.BLOCK, StreamMode.SENTENCE),
    ],
)
def test_a_rule_that_would_change_text_after_it_left_is_refused(kind, action, stream):
    with pytest.raises(PolicyError, match="cannot work with `stream:"):
        Scanner(policy(rule(kind, action, stream=stream)), DETECTORS)


async def test_findings_have_source_offsets_in_every_channel():
    scanner = Scanner(policy(rule("pii.*", Action.FLAG), rule("bias.*", Action.FLAG)), DETECTORS)
    texts = ["號碼Ａ１２３\u200b４５６（３）。你呢個人渣。", "A123456(3) scum"]
    scan = await scanner.scan([segment(texts[0]), segment(texts[1], "tool_arguments")], Context(), Stage.RESPONSE)
    spans = [[(f.kind, texts[i][f.start : f.end]) for f in found] for i, found in enumerate(scan.findings)]
    assert spans == [
        [("pii.hkid", "Ａ１２３\u200b４５６（３）"), ("bias.toxicity", "你呢個人渣。")],
        [("pii.hkid", "A123456(3)")],  # tool arguments are no prose
    ]


async def test_a_sentence_that_is_said_again_is_judged_once_and_found_everywhere():
    asked: list[str] = []

    class Counting(material.Rude):
        def detect(self, texts, context):
            asked.extend(texts)
            return super().detect(texts, context)

    scanner = Scanner(policy(rule("bias.*", Action.FLAG)), [Counting()])
    scan = await scanner.scan([segment("你個人渣。好。" * 3), segment("你個人渣。")], Context(), Stage.RESPONSE)
    assert asked == ["你個人渣。", "好。"]
    assert [[(f.start, f.end) for f in found] for found in scan.findings] == [[(0, 5), (7, 12), (14, 19)], [(0, 5)]]


async def test_a_lead_gives_context_and_is_not_part_of_the_text():
    scanner = Scanner(policy(rule("secret.password", Action.FLAG), rule("pii.payment_card", Action.FLAG)), DETECTORS)
    found = (await scanner.scan([segment("hunter22", "field", "password: ")], Context(), Stage.RESPONSE)).findings[0]
    assert [(f.start, f.end) for f in found] == [(0, 8)]
    found = (await scanner.scan([segment("4111111111111113", "field", "card: ")], Context(), Stage.RESPONSE)).findings[
        0
    ]
    assert [f.score for f in found] == [0.9]


class Broken:
    name = "test.broken"
    kinds = ("bias.broken",)
    unit = Unit.SENTENCE
    heavy = False

    def load(self):
        pass

    def detect(self, texts, context):
        raise ValueError(texts[0])


class Short(Broken):
    """Answers for fewer texts than it was asked about."""

    def detect(self, texts, context) -> list[list[Finding]]:
        return []


async def test_a_detector_that_raises_is_a_failed_check_without_its_words():
    scanner = Scanner(policy(rule("bias.broken", Action.FLAG)), [Broken()])
    scan = await scanner.scan([segment("private words")], Context(), Stage.RESPONSE)
    assert [(check.check, check.reason) for check in scan.failed] == [("test.broken", "raised ValueError")]


async def test_a_panic_in_a_native_library_is_a_failed_check_too():
    """pyo3 raises its PanicException past `except Exception`."""

    class Panic(BaseException):
        pass

    class Native(Broken):
        def detect(self, texts, context):
            raise Panic(texts[0])

    for heavy in (False, True):
        detector = Native()
        detector.heavy = heavy
        scanner = Scanner(policy(rule("bias.broken", Action.FLAG)), [detector])
        scan = await scanner.scan([segment("private words")], Context(), Stage.RESPONSE)
        assert [(check.check, check.reason) for check in scan.failed] == [("test.broken", "raised Panic")]


async def test_a_detector_that_answers_for_fewer_texts_is_a_failed_check():
    scanner = Scanner(policy(rule("bias.broken", Action.FLAG)), [Short()])
    scan = await scanner.scan([segment("private words")], Context(), Stage.RESPONSE)
    assert [check.reason for check in scan.failed] == ["answered for 0 of 1 texts"]


async def test_a_check_that_ran_late_stops_working():
    asked: list[int] = []
    go = Event()

    class Slow(material.Rude):
        heavy = True

        def detect(self, texts, context):
            asked.append(len(texts))
            go.wait()
            return super().detect(texts, context)

    scanner = Scanner(replace(policy(rule("bias.*", Action.FLAG)), check_timeout=0.05), [Slow()])
    text = "".join(f"{number}。" for number in range(1000))
    scan = await scanner.scan([segment(text)], Context(), Stage.RESPONSE)
    go.set()
    scanner._pool.shutdown(wait=True)
    assert [check.reason for check in scan.failed] == ["timed out"]
    assert len(asked) == 1 and asked[0] < 1000


async def test_a_large_text_is_scanned_off_the_event_loop_with_the_same_findings():
    scanner = Scanner(policy(rule("pii.*", Action.FLAG), rule("bias.*", Action.FLAG)), DETECTORS)
    text = "你好。" * 40_000 + "A123456(3)。你呢個人渣。"
    found = (await scanner.scan([segment(text)], Context(), Stage.RESPONSE)).findings[0]
    assert [(f.kind, text[f.start : f.end]) for f in found] == [
        ("pii.hkid", "A123456(3)"),
        ("bias.toxicity", "你呢個人渣。"),
    ]
