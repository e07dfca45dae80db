"""The shape of a policy file, version 1: what a policy officer may write, and nothing else.

Rules: unknown keys are refused; every field has a description, because the JSON Schema that editors use and the
table in docs/policy.md come from here; defaults are the safe ones.
"""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Kind = Annotated[str, StringConstraints(pattern=r"^(?:[a-z0-9_]+|\*)(?:\.(?:[a-z0-9_]+|\*)){0,3}$")]
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")


def _host(written: str) -> str:
    if not _HOST.fullmatch(written):
        raise ValueError(
            "write the host alone in small letters, such as `gov.hk`; hosts below it are included, "
            "and one in other letters is written as `xn--...`"
        )
    return written


Host = Annotated[str, AfterValidator(_host)]
Language = Literal["en", "zh-Hant", "zh-Hans", "yue"]
Words = Annotated[str, StringConstraints(max_length=2000)]
ActionWord = Literal["allow", "flag", "notice", "redact", "regenerate", "block"]


EndpointWord = Literal["refuse", "inspect", "pass"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CaseModel(_Strict):
    """An example that must come out as stated, or the file is refused."""

    text: str = Field(description="The text to judge.")
    expect: ActionWord = Field(description="The strongest action that this rule alone takes on it.")
    becomes: str | None = Field(None, description="For redact and notice: the text that leaves.")
    prompt: str = Field("", description="What the caller asked, for rules that look at the request.")
    system: str = Field("", description="The system message, for rules on what an answer gives away of it.")


class RuleModel(_Strict):
    """These kinds, from this score on, lead to this action."""

    id: Identifier = Field(description="Name of the rule, unique in the file; it appears in headers and records.")
    kinds: list[Kind] = Field(
        min_length=1, description="Kinds it fires on; `*` stands for one part or all that follow."
    )
    stage: Literal["request", "response", "both"] = Field("response", description="Which way the text travels.")
    threshold: float = Field(0.5, ge=0, le=1, description="The lowest score it fires on.")
    action: ActionWord = Field(description="What happens then.")
    message: Words | dict[Language, Words] = Field(
        "",
        description="Words for the client: with a block, a notice, a regeneration; one text, or one for each of `en`, "
        "`zh-Hant`, `zh-Hans`, `yue`. In a notice `{finding}` becomes what the check says of this text.",
    )
    place: Literal["after", "beside", "before"] = Field(
        "after",
        description="With notice: where it stands, behind the answer, behind the sentence it is about, or in front of "
        "the answer.",
    )
    replacement: str = Field(
        "", max_length=200, description="With redact: what stands in for the value; default `[REDACTED:KIND]`."
    )
    mask: Literal["label", "partial", "hash", "format", "pseudonym"] = Field(
        "label",
        description="With redact: how a value is written instead: `label`, `partial`, `hash`, `format`, or, on "
        "requests, `pseudonym`, which is turned back in the answer.",
    )
    unless: Literal["caller_supplied"] | None = Field(
        None, description="`caller_supplied`: the rule stands back for a value that the caller itself said."
    )
    attempts: int | None = Field(
        None, ge=1, le=5, description="With regenerate: how often the model is asked again at most; default 2."
    )
    otherwise: Literal["block", "notice", "flag"] | None = Field(
        None,
        description="With regenerate: what happens with the best answer where none is free of the finding; default "
        "`block`.",
    )
    feedback: str = Field(
        "",
        max_length=2000,
        description="With regenerate: what the model is told of its answer; default: what was found, in words.",
    )
    repair: bool = Field(
        False,
        description="For `error.invalid_json` and `error.schema`: JSON that can be read in one way only is put right, "
        "and the action follows where it cannot.",
    )
    stream: Literal["hold", "sentence", "late"] | None = Field(
        None, description="How long a stream waits for this rule; default: what its action needs."
    )
    cites: list[str] = Field(default_factory=list, description="Clauses of the Guideline or the law it serves.")
    cases: list[CaseModel] = Field(default_factory=list, description="Examples that must hold before the file is used.")


class EndpointsModel(_Strict):
    """Endpoints whose bodies are not all text.  `refuse` closes them; `inspect` opens what of them is JSON, JSON
    Lines, text or a form, judged; `pass` lets the rest (sound, pictures, files) through as well, unjudged."""

    audio: EndpointWord = Field("refuse", description="Speech, transcription and translation.")
    images: EndpointWord = Field("refuse", description="Pictures and video: generation, edits, variations.")
    files: EndpointWord = Field("refuse", description="Files and uploads, and what they hold.")
    batches: EndpointWord = Field("refuse", description="Batch jobs and their results.")


class SourceModel(_Strict):
    """A text that every answer may be held against: a file beside the policy, or a place in the requests."""

    file: str | None = Field(None, min_length=1, description="A text file, UTF-8, named from where the policy is.")
    pointer: str | None = Field(
        None,
        description="A place in the JSON of a request, such as `/metadata/documents/*/body`; `*` is any one part.",
        pattern=r"^(?:/(?:[^/~]|~[01])*)+$",
    )


class JudgeModel(_Strict):
    """The model that rules on `error.judge` and `error.inconsistent` have asked."""

    model: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(
        description="Name of the model, as its vendor writes it."
    )
    vendor: Literal["openai", "anthropic", "gemini", "ollama"] | None = Field(
        None,
        description="Whose API it is asked by: `openai`, `anthropic`, `gemini`, `ollama`; default: that of the request "
        "that is judged, with `url`: `openai`.",
    )
    url: str = Field(
        "",
        pattern=r"^(?:https?://[^\s?#@]+)?$",
        description="Another upstream to ask; default: the sidecar's own, with the client's key.",
    )
    key_env: str = Field(
        "",
        pattern=r"^(?:[A-Za-z_][A-Za-z0-9_]*)?$",
        description="With `url`: the environment variable that holds the key.",
    )
    prompt: str = Field(
        "", max_length=8000, description="What to look for, in your words; default: contradictions and plain untruths."
    )
    timeout: float = Field(20.0, gt=0, le=300, description="Seconds that a verdict may take, second sample included.")
    requests_per_day: int = Field(1000, ge=1, description="The most questions in a UTC day, all workers together.")
    tokens_per_day: int = Field(1_000_000, ge=1, description="About the most tokens in a UTC day.")
    longest: int = Field(
        60_000, ge=1000, le=1_000_000, description="The most characters of question, sources and answer that are sent."
    )


class PolicyModel(_Strict):
    """A policy file."""

    version: Literal[1] = Field(description="Format of the file.")
    name: Identifier = Field(description="Name of the policy; clients see it with a revision.")
    description: str = Field("", description="What it is for, in words.")
    mode: Literal["enforce", "monitor"] = Field(
        "enforce", description="`monitor` records what it would have done and changes nothing."
    )
    on_failure: Literal["block", "allow"] = Field("block", description="What happens when a check did not finish.")
    check_timeout: float = Field(10.0, gt=0, le=300, description="Seconds that a slow check may take.")
    regenerate_deadline: float = Field(
        60.0, gt=0, le=600, description="Seconds from the first answer in which the model may be asked again."
    )
    hold_cap: int = Field(
        4_194_304,
        ge=1024,
        le=268_435_456,
        description="Bytes of a stream that may wait for a verdict; more is a failed check.",
    )
    unknown_endpoints: Literal["refuse", "inspect"] = Field(
        "refuse", description="`inspect` opens endpoints no dialect knows, judging every string of their JSON."
    )
    unknown_events: Literal["refuse", "inspect"] = Field(
        "refuse",
        description="`inspect` lets stream events of a kind that no dialect knows pass, judging every string of them.",
    )
    endpoints: EndpointsModel = Field(
        default_factory=lambda: EndpointsModel.model_validate({}),
        description="What happens to endpoints for files, sound and pictures.",
    )
    thinking: Literal["drop", "block"] = Field(
        "drop",
        description="What happens to signed thinking of which a part may not leave: `drop` leaves the whole block out "
        "(a stream then waits for its end), `block` blocks the answer.",
    )
    opaque: Literal["pass", "drop"] = Field(
        "pass", description="Encrypted fields that nobody can judge: `drop` empties them; a next turn may miss them."
    )
    link_hosts: list[Host] = Field(
        default_factory=list,
        description="Hosts that links and images may lead to, with those below them; for `carrier.*` rules.",
    )
    sources: list[SourceModel] = Field(
        default_factory=list,
        max_length=64,
        description="Texts that answers may be held against, beside those that a request carries by itself.",
    )
    judge: JudgeModel | None = Field(
        None, description="The model that rules on `error.judge` and `error.inconsistent` have asked."
    )
    message: str = Field(
        "This answer was withheld by policy.", max_length=2000, description="Words for the client when a rule has none."
    )
    data_leakage: list[RuleModel] = Field(
        default_factory=list, description="Rules on personal data, secrets, documents."
    )
    bias: list[RuleModel] = Field(default_factory=list, description="Rules on toxicity, hate and harm to groups.")
    errors: list[RuleModel] = Field(default_factory=list, description="Rules on wrong, broken and unsupported answers.")
