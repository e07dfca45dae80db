"""The nouns that every layer shares: what was said, what was found in it, and what is done about it.

Rules: frozen, slotted dataclasses with no behaviour; the standard library only.  Anything may import this
file and this file imports nothing of ours, so a new layer can never create a cycle through it.
Offsets are Unicode code points of the text they belong to, end exclusive.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any

Pointer = tuple[str | int, ...]
"""Where a string sits in a JSON document: object keys and array indices, outermost first."""


CHECK_FAILED = "check.failed"
"""The kind of a finding that stands for a check which raised while it looked at a span."""


class Stage(StrEnum):
    """Which way the text travels."""

    REQUEST = "request"
    RESPONSE = "response"


class Module(StrEnum):
    """The three risks that the Hong Kong Generative AI Guideline names (v1.1, Background, p. 2)."""

    DATA_LEAKAGE = "data_leakage"
    BIAS = "bias"
    ERRORS = "errors"


class Action(IntEnum):
    """What a rule asks for; the larger wins, so the order of rules never changes an outcome."""

    ALLOW = 0
    FLAG = 1
    NOTICE = 2
    REDACT = 3
    REGENERATE = 4
    BLOCK = 5

    @property
    def word(self) -> str:
        """The lower-case name used in policy files, headers and audit records."""
        return self.name.lower()


class Unit(StrEnum):
    """The piece of text a detector judges at a time, which decides how a stream must wait for it."""

    SPAN = "span"  # a pattern; a stream waits only while a match may still be open
    PASSAGE = "passage"  # text that is followed as it grows; a stream waits while a passage may still be open
    SENTENCE = "sentence"  # one sentence at a time
    ANSWER = "answer"  # the whole text of one channel, once it has ended
    CALL = "call"  # the arguments of one tool call, once they are complete


class StreamMode(StrEnum):
    """How long a stream waits for the verdict of a rule."""

    HOLD = "hold"  # nothing of the channel leaves before its end was judged
    SENTENCE = "sentence"  # each sentence leaves after its own verdict
    LATE = "late"  # released at once; the verdict is recorded and noticed afterwards


class Place(StrEnum):
    """Where a notice stands."""

    AFTER = "after"  # behind the answer
    BESIDE = "beside"  # behind the sentence that it is about
    BEFORE = "before"  # in front of the answer


@dataclass(frozen=True, slots=True)
class Segment:
    """One text to judge.  `lead` is what a reader saw just before it (the key of a JSON value): context, not text.
    `choice` tells which of several answers it belongs to."""

    stage: Stage
    role: str
    channel: str
    pointer: Pointer
    text: str
    lead: str = ""
    choice: int = 0


@dataclass(frozen=True, slots=True)
class Source:
    """One text of the request that an answer may be held against.

    `origin` says what it is: `system`, `tool` (the result of a call), `document` (attached or retrieved, in a block of
    its own), `passage` (pasted into a message of the caller) or `policy` (named by the policy file).  `key` is what the
    answer may cite it by (an id, a number as written), `title` and `url` what the request says of it; "" where unknown.
    """

    origin: str
    text: str
    key: str = ""
    title: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Confidence:
    """The natural logarithm of the probability that the model gave to `start:end` of its answer."""

    start: int
    end: int
    logprob: float


@dataclass(frozen=True, slots=True)
class Context:
    """What a detector may know of the conversation beside the text itself; never vendors or headers.

    `response_format` is the request's own wish for structured output in a neutral form:
    {"type": "json_object"} or {"type": "json_schema", "schema": {...}}, or None.
    `finish_reason` is the vendor's word for why the answer ended ("stop", "length", ...), None while unknown.
    `system` holds the system and developer messages, `tools` the texts of the offered tools (names, descriptions,
    schemas), `caller` everything that the caller itself said, `history` the earlier answers of the model.
    `material` is everything that the answer may be held against: what the request carries, in its order, and what
    tools of the vendor's own handed the model on the way, which stands in the answer.
    `hidden` tells that the answer may also go by what nobody here can read: pictures, PDFs, a search of the vendor's
    own, a stored conversation; what stands in no source may then be right all the same.
    `functions` are the tools that the request offers, name to JSON Schema of the arguments, which is None for a tool
    that is offered without one (built-in and free-form tools); None where the dialect or the request does not say what
    is offered; `function` is the one that is called, for detectors of unit CALL.
    `confidence` is what the upstream said about how sure the model was, in offsets of the answer; for unit ANSWER.
    """

    stage: Stage = Stage.RESPONSE
    channel: str = "content"
    prompt: str = ""
    system: str = ""
    tools: tuple[str, ...] = ()
    caller: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    lang: str | None = None
    finish_reason: str | None = None
    response_format: Mapping[str, Any] | None = None
    has_tool_calls: bool = False
    material: tuple[Source, ...] = ()
    hidden: bool = False
    functions: Mapping[str, Any] | None = None
    function: str = ""
    confidence: tuple[Confidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a source: `start:end` of `Context.material[source].text`."""

    source: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a detector saw in one text.

    `kind` is dotted (`pii.hkid`, `bias.toxicity`, `error.arithmetic`), `score` lies in 0..1, `start` and `end`
    are both None when the whole text is meant.  `evidence` explains the score in words and never repeats the
    text it was found in: it reaches the audit log.  `basis` names the rule that protects whoever is harmed, where a
    detector knows it: "statutory: Race Discrimination Ordinance (Cap. 602)" or "guideline: §2.3.4 region".
    `message` tells the reader of the answer what is wrong, in the language of the answer; it may quote the answer and
    its sources, so it goes to the client alone and never into the log.  `verdict` is what a sentence came to when it
    was held against the sources: supported, contradicted, unsupported or not_checkable; `passage` the part of a source
    that says so.  `repair` is the text that could stand in place of `start:end`, where there is exactly one that it can
    mean.
    """

    kind: str
    score: float
    start: int | None
    end: int | None
    detector: str
    evidence: str = ""
    basis: str = ""
    message: str = ""
    verdict: str = ""
    passage: Passage | None = None
    repair: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """An example inside a policy file that must hold before the file is accepted."""

    text: str
    expect: Action
    becomes: str | None = None
    prompt: str = ""
    line: int = 0
    system: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of policy: these kinds, at this stage, from this score on, lead to this action.

    `messages` are the words by language, `message` those for a reader of any other.  With `regenerate` the model is
    asked again at most `attempts` times and told `feedback` (or, without any, what was found); `otherwise` is what
    happens with the best answer where none is free of it.  `repair` puts the text of `Finding.repair` in place of what
    was found, where there is one.
    """

    id: str
    module: Module
    kinds: tuple[str, ...]
    stages: frozenset[Stage]
    threshold: float
    action: Action
    message: str = ""
    replacement: str = ""
    stream: StreamMode | None = None
    cites: tuple[str, ...] = ()
    cases: tuple[Case, ...] = ()
    line: int = 0
    mask: str = "label"
    unless: str = ""
    messages: tuple[tuple[str, str], ...] = ()
    place: Place = Place.AFTER
    attempts: int = 2
    otherwise: Action = Action.BLOCK
    feedback: str = ""
    repair: bool = False


@dataclass(frozen=True, slots=True)
class LlmJudge:
    """The model that rules on `error.judge` and `error.inconsistent` have asked.

    Without `url` the exchange's own upstream is asked, with the key of the client; else the API of `vendor` there, with
    the key in the environment variable `key_env`.  `prompt` are the criteria, `longest` the most characters that are
    sent, `timeout` seconds; a day has `requests` questions and about `tokens` tokens.
    """

    model: str
    vendor: str = ""
    url: str = ""
    key_env: str = ""
    prompt: str = ""
    timeout: float = 20.0
    requests: int = 1000
    tokens: int = 1_000_000
    longest: int = 60_000


@dataclass(frozen=True, slots=True)
class Policy:
    """An ordered set of rules with the settings they share; `revision` is a hash of the resolved file."""

    name: str
    revision: str
    rules: tuple[Rule, ...]
    enforce: bool = True
    on_failure: Action = Action.BLOCK
    message: str = ""
    hold_cap: int = 65_536
    check_timeout: float = 10.0
    regenerate_deadline: float = 60.0
    unknown_endpoints: str = "refuse"
    unknown_events: str = "refuse"
    endpoints: Mapping[str, str] = field(default_factory=dict)
    thinking: str = "drop"
    opaque: str = "pass"
    link_hosts: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    pointers: tuple[Pointer, ...] = ()
    """Places in a request whose texts are sources; `*` in one stands for any one part."""
    judge: LlmJudge | None = None
    description: str = ""
    source: str = ""

    @property
    def label(self) -> str:
        """`name@revision`, as printed in headers and records."""
        return f"{self.name}@{self.revision}"


@dataclass(frozen=True, slots=True)
class Hit:
    """A finding that a rule fired on (or, with `rule` None, one below every threshold)."""

    finding: Finding
    rule: Rule | None
    action: Action
    stage: Stage
    channel: str
    role: str = ""
    text: str = field(default="", repr=False)
    """The matched text.  It is kept for the keyed digest of the audit record and is never written anywhere."""
    words: str = field(default="", repr=False)
    """What stands in for the text where it is taken out, if not the words of the rule."""
    stood_back: str = ""
    """The rule that would have fired, had the caller not said the text itself."""
    notice: str = field(default="", repr=False)
    """Words that stand inside the text, at the offset `at`; a notice without a place stands behind the answer."""
    at: int | None = None
    choice: int = 0
    repaired: bool = False
    """Whether `words` are what the text was repaired to."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace `start:end` of one text by `text`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class FailedCheck:
    """A check that did not finish, and therefore did not pass."""

    check: str
    reason: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its response, as the audit record will name it."""

    id: str
    dialect: str
    method: str
    path: str
    model: str = ""
    stream: bool = False
    caller: str = ""
    started: float = 0.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """One answer of several to one question, as the audit record will say it.

    `asked` is one of first, feedback (again, with a word on the answer before) and same (again as it was); `kinds` are
    the kind, rule and score of each finding; `action` and `status` are None where there was no answer, and `error` says
    why; `chosen` marks the one that left.
    """

    number: int
    asked: str
    action: Action | None
    kinds: tuple[tuple[str, str, float], ...] = ()
    status: int | None = None
    tokens: int = 0
    duration_ms: float = 0.0
    error: str = ""
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Consultation:
    """One question of guardrail's own to a model: a `judge` of the answer, or the same question `again`."""

    asked: str
    tokens: int = 0
    duration_ms: float = 0.0
    error: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an exchange ended, as the audit record will say it.

    `ended` is one of completed, blocked, refused (by guardrail before the upstream was asked), upstream_failed,
    client_gone, failed (an error of our own).  `status` is what the client got, 0 when it got nothing.  `attempts` are
    all answers where the model was asked more than once.
    """

    ended: str
    status: int
    upstream_status: int | None = None
    error: str = ""
    request_bytes: int = 0
    response_bytes: int = 0
    duration_ms: float = 0.0
    checks: tuple[str, ...] = ()
    edited: int = 0
    attempts: tuple[Attempt, ...] = ()
    consulted: tuple[Consultation, ...] = ()


@dataclass(frozen=True, slots=True)
class Traits:
    """What the parity report compares exchanges by: the language of the caller's last message, the ids of the groups
    that it mentions, and whether the model refused (None where it gave no answer)."""

    language: str
    groups: tuple[str, ...]
    refused: bool | None


@dataclass(slots=True)
class Decision:
    """What was decided on one exchange so far: the strongest action, and everything that led to it.  `restored` counts
    the names of values that were turned back."""

    action: Action = Action.ALLOW
    hits: list[Hit] = field(default_factory=list)
    failed: list[FailedCheck] = field(default_factory=list)
    restored: int = 0
