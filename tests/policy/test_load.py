"""Policy files: an officer's mistake must be named with its file, line and cure, and never be guessed away."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.detectors.errors.structure.detector import Structure
from guardrail.errors import PolicyError
from guardrail.policy.load import load, packaged, parse
from guardrail.scanner import Scanner
from guardrail.types import Action, Module, Stage, StreamMode, Unit

GOOD = """\
version: 1
name: mine
data_leakage:
  - id: hkid
    kinds: [pii.hkid, "pii.cn_*"]
    stage: both
    threshold: 0.7
    action: redact
    replacement: "[身份證]"
    cites: [G1.1 §2.1.2-b4]
    cases:
      - text: 身份證A123456(3)
        expect: redact
bias:
  - id: rude
    kinds: [bias.toxicity]
    action: block
    message: 不可以
    stream: sentence
"""


def mistake(text: str) -> str:
    with pytest.raises(PolicyError) as caught:
        parse(text.encode(), "p.yaml")
    return str(caught.value)


def test_a_good_file_becomes_rules():
    policy = parse(GOOD.replace('"pii.cn_*"', "pii.cn_phone").encode(), "p.yaml")
    hkid, rude = policy.rules
    assert (policy.name, policy.enforce, policy.on_failure) == ("mine", True, Action.BLOCK)
    assert (hkid.module, hkid.threshold, hkid.action, hkid.replacement) == (
        Module.DATA_LEAKAGE,
        0.7,
        Action.REDACT,
        "[身份證]",
    )
    assert hkid.stages == {Stage.REQUEST, Stage.RESPONSE}
    assert (hkid.cases[0].text, hkid.cases[0].expect, hkid.cases[0].line) == ("身份證A123456(3)", Action.REDACT, 12)
    assert (rude.stream, rude.message, rude.stages) == (StreamMode.SENTENCE, "不可以", {Stage.RESPONSE})


@pytest.mark.parametrize(
    ("change", "line", "words"),
    [
        (("threshold:", "treshold:"), 7, "did you mean `threshold`?"),
        (('replacement: "[身份證]"', "mask: parts"), 9, "`data_leakage.0.mask`: input should be 'label', 'partial'"),
        (
            ("action: redact", "action: redact\n    mask: hash"),
            9,
            "`replacement` and `mask: hash` both say what to write",
        ),
        (("action: block", "action: block\n    mask: hash"), 18, "`mask` is for `action: redact`, not `block`"),
        (('replacement: "[身份證]"', "mask: pseudonym"), 9, "use `stage: request`"),
        (("stage: both", "stage: request\n    unless: caller_supplied"), 7, "`unless: caller_supplied` is for answers"),
        (
            ("name: mine", "name: mine\nlink_hosts: [https://a.b]"),
            3,
            "`link_hosts.0`: value error, write the host alone",
        ),
        (("name: mine", "name: mine\ndata_leak: []"), 3, "did you mean `data_leakage`?"),
        (("expect: redact", "expects: redact"), 13, "did you mean `expect`?"),
        (("expect: redact", "zzz: redact"), 13, "valid here: text, expect"),
        (("action: redact", "action: redakt"), 8, "`data_leakage.0.action`"),
        (("threshold: 0.7", "threshold: 1.7"), 7, "less than or equal to 1"),
        (("threshold: 0.7", "threshold: high"), 7, "valid number"),
        (("version: 1", "version: 2"), 1, "`version`"),
        (("name: mine\n", ""), 1, "`name` is missing"),
        (("    action: redact\n", ""), 4, "`data_leakage.0.action` is missing"),
        (("id: rude", "id: hkid"), 15, "defined on line 4 already"),
        (("kinds: [bias.toxicity]", "kinds: [pii.hkid]"), 16, "does not belong under `bias`"),
        (("name: mine", "name: mine\nname: yours"), 3, "`name` stands twice"),
        (("name: mine", "name: &a mine"), 2, "anchors"),
        (("name: mine", "name: [unclosed"), None, "is not YAML"),
        (("name: mine", "name: !!python/object:os.system x"), 2, "not allowed"),
        (("[身份證]", 'say \\"x\\"'), 9, "inside a JSON string"),
        (("id: hkid", "id: Not OK"), 4, "`data_leakage.0.id`"),
        (("version: 1", "1: 1"), 1, "keys must be plain words"),
        (("name: mine", 'name: !!int ""'), 2, "not allowed"),
        (("name: mine", "name: !!bool x"), 2, "not allowed"),
        (("message: 不可以", 'message: "a\\eb"'), 18, "control character"),
        (("action: block\n    message: 不可以", "action: regenerate\n    stage: both"), 18, "is for answers"),
        (("name: mine", 'name: "\\ud800"'), 2, "lone surrogate"),
        (("action: block\n    message: 不可以", "action: notice"), 17, "a notice needs a `message`"),
        (("stream: sentence", "attempts: 2"), 19, "`attempts` is for `action: regenerate`, not `block`"),
        (("stream: sentence", "otherwise: flag"), 19, "`otherwise` is for `action: regenerate`, not `block`"),
        (("stream: sentence", "feedback: 再試"), 19, "`feedback` is for `action: regenerate`, not `block`"),
        (
            ("action: block", "action: regenerate\n    attempts: 6"),
            18,
            "`bias.0.attempts`: input should be less than or equal to 5",
        ),
        (("action: block", "action: regenerate\n    attempts: 0"), 18, "greater than or equal to 1"),
        (("action: block", "action: regenerate\n    otherwise: redact"), 18, "'block', 'notice' or 'flag'"),
        (
            ("action: block", "action: regenerate\n    otherwise: flag"),
            18,
            "leave `stream` out, or say `otherwise: block`",
        ),
        (
            ("action: block\n    message: 不可以\n    stream: sentence", "action: regenerate\n    otherwise: notice"),
            18,
            "`otherwise: notice` needs a `message`",
        ),
        (
            ("name: mine", "name: mine\nregenerate_deadline: 0"),
            3,
            "`regenerate_deadline`: input should be greater than 0",
        ),
        (
            ("stream: sentence", "repair: true"),
            19,
            "`repair` is for answers and the kinds error.invalid_json and error.schema, not `bias.toxicity`",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line_and_cure(change, line, words):
    text = GOOD.replace('"pii.cn_*"', "pii.cn_phone").replace(*change, 1)
    said = mistake(text)
    assert words in said
    assert said.startswith(f"p.yaml:{line}: " if line else "p.yaml:")


AGAIN = """\
version: 1
name: again
regenerate_deadline: 12.5
errors:
  - id: sums
    kinds: [error.arithmetic]
    action: regenerate
    attempts: 5
    otherwise: notice
    message: 請核對。
    feedback: Count again.
  - id: json
    kinds: [error.invalid_json, error.schema]
    action: regenerate
    repair: true
"""


def test_how_a_model_is_asked_again():
    policy = parse(AGAIN.encode(), "p.yaml")
    sums, json = policy.rules
    assert policy.regenerate_deadline == 12.5
    assert (sums.attempts, sums.otherwise, sums.feedback, sums.repair) == (5, Action.NOTICE, "Count again.", False)
    assert (json.attempts, json.otherwise, json.feedback, json.repair) == (2, Action.BLOCK, "", True)


@pytest.mark.parametrize("action", ["flag", "notice\n    message: x"])
def test_a_repair_waits_for_the_end_of_a_stream(action):
    text = (
        AGAIN.partition("  - id: json")[0].partition("errors:")[0]
        + f"""errors:
  - id: json
    kinds: [error.invalid_json]
    action: {action}
    repair: true
"""
    )
    policy = parse(text.encode(), "p.yaml")
    assert Scanner(policy, [Structure()]).modes[Unit.ANSWER] is StreamMode.HOLD
    with pytest.raises(PolicyError, match=r"p.yaml:5: rule `json`: `repair` cannot work with `stream: late`"):
        Scanner(parse((text + "    stream: late\n").encode(), "p.yaml"), [Structure()])


OPEN = """\
version: 1
name: open
unknown_endpoints: inspect
unknown_events: inspect
endpoints:
  audio: pass
  files: inspect
thinking: block
opaque: drop
"""


def test_what_a_policy_opens_and_how_it_treats_what_cannot_be_read():
    policy = parse(OPEN.encode(), "p.yaml")
    assert (policy.unknown_endpoints, policy.unknown_events) == ("inspect", "inspect")
    assert policy.endpoints == {"audio": "pass", "images": "refuse", "files": "inspect", "batches": "refuse"}
    assert (policy.thinking, policy.opaque) == ("block", "drop")


def test_everything_is_closed_until_a_policy_opens_it():
    policy = parse(b"version: 1\nname: closed\n", "p.yaml")
    assert (policy.unknown_endpoints, policy.unknown_events) == ("refuse", "refuse")
    assert policy.endpoints == dict.fromkeys(("audio", "images", "files", "batches"), "refuse")
    assert (policy.thinking, policy.opaque) == ("drop", "pass")


@pytest.mark.parametrize(
    ("change", "line", "words"),
    [
        (("unknown_events:", "unknown_event:"), 4, "did you mean `unknown_events`?"),
        (("unknown_events: inspect", "unknown_events: pass"), 4, "'refuse' or 'inspect'"),
        (("  audio: pass", "  audios: pass"), 6, "did you mean `audio`?"),
        (("  audio: pass", "  sound: pass"), 6, "valid here: audio, images, files, batches"),
        (("  files: inspect", "  files: open"), 7, "`endpoints.files`"),
        (("  files: inspect", "  files: yes"), 7, "`endpoints.files`"),
        (("  files: inspect", "  audio: inspect"), 7, "`audio` stands twice"),
        (("endpoints:\n  audio: pass\n  files: inspect", "endpoints: inspect"), 5, "`endpoints`"),
        (("thinking: block", "thinking: edit"), 8, "'drop' or 'block'"),
        (("thinking: block", "thinkin: block"), 8, "did you mean `thinking`?"),
        (("opaque: drop", "opaque: null"), 9, "`opaque`"),
        (("opaque: drop", "hold_cap: 10"), 9, "`hold_cap`"),
    ],
)
def test_a_mistake_in_what_is_open_is_named_with_its_line(change, line, words):
    assert OPEN.count(change[0]) == 1
    said = mistake(OPEN.replace(*change))
    assert words in said
    assert said.startswith(f"p.yaml:{line}: ")


@pytest.mark.parametrize("line", [line for line in OPEN.splitlines()[2:] if line != "endpoints:"])
def test_what_is_open_is_part_of_the_revision(line):
    """Two policies that differ in it must not look the same in the log."""
    without = OPEN.replace(line + "\n", "")
    assert parse(without.encode(), "p.yaml").revision != parse(OPEN.encode(), "p.yaml").revision


@pytest.mark.parametrize(
    ("text", "words"), [("", "is empty"), ("[]", "must be a mapping"), ("- a", "must be a mapping")]
)
def test_a_file_that_is_no_policy(text, words):
    assert words in mistake(text)


def test_bytes_that_are_not_utf8_and_files_that_are_not_there(tmp_path):
    with pytest.raises(PolicyError, match="not UTF-8"):
        parse(b"name: \xff", "p.yaml")
    with pytest.raises(PolicyError, match="cannot be read"):
        load(tmp_path / "missing.yaml")


def test_a_billion_laughs_is_refused_before_it_is_read():
    lines = ["a: &a [x,x,x,x,x,x,x,x,x]"] + [
        f"{n}: &{n} [*{p},*{p},*{p},*{p}]" for p, n in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    assert "anchors" in mistake("\n".join(lines))


@given(st.text(max_size=300))
def test_any_text_is_a_policy_or_a_clear_refusal(text):
    try:
        parse(text.encode(errors="replace"), "p.yaml")
    except PolicyError as error:
        assert str(error).startswith("p.yaml")


@given(st.binary(max_size=200))
def test_any_bytes_too(raw):
    try:
        parse(raw, "p.yaml")
    except PolicyError as error:
        assert str(error).startswith("p.yaml")


def test_the_revision_follows_the_meaning_not_the_comments():
    plain = GOOD.replace('"pii.cn_*"', "pii.cn_phone")
    one = parse(plain.encode(), "a.yaml").revision
    assert parse(("# a comment\n" + plain).encode(), "b.yaml").revision == one
    assert parse(plain.replace("0.7", "0.71").encode(), "a.yaml").revision != one


def test_the_packaged_policy_is_there():
    assert load(packaged("hk-baseline")).name == "hk-baseline"


MASKED = """\
version: 1
name: mine
data_leakage:
  - id: ids
    kinds: [pii.hkid]
    action: redact
    mask: partial
    cases:
      - text: 身份證A123456(3)
        expect: redact
        becomes: 身份證A12****(*)
"""


def test_a_mask_may_stand_with_its_case():
    [rule] = parse(MASKED.encode(), "p.yaml").rules
    assert (rule.mask, rule.cases[0].becomes) == ("partial", "身份證A12****(*)")


@pytest.mark.parametrize(
    ("change", "line", "words"),
    [
        (("mask: partial", "mask: hash"), 8, "`becomes` cannot be said of `mask: hash`, which depends on a key"),
        (("kinds: [pii.hkid]\n    action: redact\n    mask: partial", 'kinds: ["pii.*"]\n    action: redact\n    mask: format'), 7, "cannot be made of `pii.*`; it is for pii.hkid"),
        (("kinds: [pii.hkid]", "kinds: [secret.jwt]"), 7, "`mask: partial` cannot be made of `secret.jwt`"),
        (("kinds: [pii.hkid]", "kinds: [carrier.link]"), 7, "`mask: partial` cannot be made of `carrier.link`"),
    ],
)  # fmt: skip
def test_a_mask_that_cannot_do_what_it_says_is_refused(change, line, words):
    said = mistake(MASKED.replace(*change, 1))
    assert words in said
    assert said.startswith(f"p.yaml:{line}: ")
