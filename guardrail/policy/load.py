"""Policy files read strictly: every mistake is named with its file, line and cure, and nothing is guessed.

Rules: safe YAML only, no anchors, no repeated keys, bounded size; unknown keys are answered with the nearest valid
one; the revision is a hash of what the file means, so comments do not change it and any rule does.
"""

import difflib
import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import yaml
from pydantic import BaseModel, ValidationError

from guardrail.errors import PolicyError
from guardrail.masks import FORMATTED
from guardrail.material import readable
from guardrail.policy.schema import CaseModel, EndpointsModel, JudgeModel, Language, PolicyModel, RuleModel, SourceModel
from guardrail.types import Action, Case, LlmJudge, Module, Place, Policy, Rule, Source, Stage, StreamMode

MAX_BYTES = 4 << 20
MAX_SOURCE = 1 << 20
"""Bytes of one file that answers are held against."""
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_STAGES = {
    "request": frozenset({Stage.REQUEST}),
    "response": frozenset({Stage.RESPONSE}),
    "both": frozenset({Stage.REQUEST, Stage.RESPONSE}),
}
_PREFIXES = {
    Module.DATA_LEAKAGE: ("pii", "secret", "prompt", "document", "carrier", "placeholder"),
    Module.BIAS: ("bias",),
    Module.ERRORS: ("error",),
}
ASKING = ("error.judge", "error.inconsistent")
"""Kinds that only a model can find."""
REPAIRED = ("error.invalid_json", "error.schema")
"""Kinds whose findings may come with the one text that was meant."""
_LISTS: dict[str, type[BaseModel]] = {
    "data_leakage": RuleModel,
    "bias": RuleModel,
    "errors": RuleModel,
    "cases": CaseModel,
    "endpoints": EndpointsModel,
    "sources": SourceModel,
    "judge": JudgeModel,
}


def packaged(name: str) -> Path:
    """The file of a policy that comes with guardrail."""
    installed = Path(__file__).parent / "packaged" / f"{name}.yaml"
    return installed if installed.is_file() else Path(__file__).parents[2] / "policies" / f"{name}.yaml"


def load(path: Path) -> Policy:
    """The policy in `path`, not yet proven by its cases.  Raises PolicyError."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise PolicyError(f"cannot be read: {error.strerror}", source=str(path)) from error
    return parse(raw, str(path))


def parse(raw: bytes, source: str) -> Policy:
    """The policy in the bytes of a file named `source`.  Raises PolicyError."""
    if len(raw) > MAX_BYTES:
        raise PolicyError(f"is larger than {MAX_BYTES >> 20} MiB", source=source)
    node = _compose(raw, source)
    document = _plain(node, source)
    if not isinstance(document, dict):
        raise PolicyError("must be a mapping that starts with `version: 1`", source=source, line=1)
    try:
        model = PolicyModel.model_validate(document, strict=True)
    except ValidationError as error:
        raise _explain(error, node, source) from None
    return _policy(model, node, source)


def _compose(raw: bytes, source: str) -> yaml.Node:
    try:
        text = raw.decode("utf-8-sig")
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                line = event.start_mark.line + 1 if event.start_mark else 0
                raise PolicyError(
                    "anchors and aliases (`&`, `*`) are not used in policy files; quote a text that starts with one",
                    source=source,
                    line=line,
                )
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        raise PolicyError(f"is not UTF-8 at byte {error.start}", source=source) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise PolicyError(f"is not YAML: {problem}", source=source, line=mark.line + 1 if mark else 0) from None
    except RecursionError:
        raise PolicyError("is nested too deeply", source=source) from None
    if node is None:
        raise PolicyError("is empty; a policy starts with `version: 1`", source=source, line=1)
    return node


def _plain(node: yaml.Node, source: str) -> Any:
    """The node as plain data.  YAML's own constructor would take a repeated key silently."""
    if isinstance(node, yaml.MappingNode):
        result: dict[str, Any] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
                raise PolicyError("keys must be plain words", source=source, line=line)
            if key.value in result:
                raise PolicyError(f"`{key.value}` stands twice; keep one", source=source, line=line)
            result[key.value] = _plain(value, source)
        return result
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, source) for item in node.value]
    loader = yaml.SafeLoader("")
    try:
        value = loader.construct_object(node, deep=True)
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError):
        raise PolicyError(
            f"`{node.tag}` values are not allowed", source=source, line=node.start_mark.line + 1
        ) from None
    if isinstance(value, str) and not value.isprintable() and any("\ud800" <= c <= "\udfff" for c in value):
        raise PolicyError("half a character (a lone surrogate)", source=source, line=node.start_mark.line + 1)
    if isinstance(value, str) and _CONTROLS.search(value):
        raise PolicyError("a control character in a text", source=source, line=node.start_mark.line + 1)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 1 << 53:
        raise PolicyError("number out of range", source=source, line=node.start_mark.line + 1)
    return value


def _explain(error: ValidationError, node: yaml.Node, source: str) -> PolicyError:
    # A misspelt key is both an unknown key and a missing one; only the first helps.
    first = min(error.errors(), key=lambda each: each["type"] != "extra_forbidden")
    path = tuple(first["loc"])
    line = _line(node, path)
    where = ".".join(str(part) for part in path)
    if first["type"] == "extra_forbidden":
        return PolicyError(_unknown(path), source=source, line=line)
    if first["type"] == "missing":
        return PolicyError(f"`{where}` is missing", source=source, line=line)
    message = first["msg"]
    return PolicyError(f"`{where}`: {message[0].lower()}{message[1:]}", source=source, line=line)


def _unknown(path: Sequence[str | int]) -> str:
    key = str(path[-1])
    model: type[BaseModel] = PolicyModel
    for part in path[:-1]:
        model = _LISTS.get(str(part), model)
    near = difflib.get_close_matches(key, model.model_fields, n=1, cutoff=0.5)
    cure = f"did you mean `{near[0]}`?" if near else f"valid here: {', '.join(model.model_fields)}"
    return f"unknown key `{key}`; {cure}"


def _line(node: yaml.Node, path: Sequence[str | int]) -> int:
    """The line of the deepest part of `path` that the file has."""
    line = node.start_mark.line + 1
    for part in path:
        if isinstance(node, yaml.MappingNode):
            entry = next(((key, value) for key, value in node.value if key.value == part), None)
            if entry is None:
                return line
            line, node = entry[0].start_mark.line + 1, entry[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            return line
    return line


def _policy(model: PolicyModel, node: yaml.Node, source: str) -> Policy:
    rules: list[Rule] = []
    lines: dict[str, int] = {}
    for module in Module:
        for index, entry in enumerate(getattr(model, module.value)):
            path = (module.value, index)
            line = _line(node, path)
            if entry.id in lines:
                raise PolicyError(
                    f"rule `{entry.id}` was defined on line {lines[entry.id]} already",
                    source=source,
                    line=_line(node, (*path, "id")),
                )
            lines[entry.id] = line
            rules.append(_rule(entry, module, node, path, source))
    sources, pointers = _sources(model, node, source)
    meant = model.model_dump(mode="json")
    if sources:  # a policy with other texts to hold answers against is another policy
        meant["sources"].append([hashlib.sha256(each.text.encode()).hexdigest() for each in sources])
    canonical = orjson.dumps(meant, option=orjson.OPT_SORT_KEYS)
    return Policy(
        name=model.name,
        revision=hashlib.sha256(canonical).hexdigest()[:12],
        rules=tuple(rules),
        enforce=model.mode == "enforce",
        on_failure=Action.BLOCK if model.on_failure == "block" else Action.FLAG,
        message=model.message,
        hold_cap=model.hold_cap,
        check_timeout=model.check_timeout,
        regenerate_deadline=model.regenerate_deadline,
        unknown_endpoints=model.unknown_endpoints,
        unknown_events=model.unknown_events,
        endpoints=model.endpoints.model_dump(),
        thinking=model.thinking,
        opaque=model.opaque,
        link_hosts=tuple(model.link_hosts),
        sources=sources,
        pointers=pointers,
        judge=_judge(model, rules, node, source),
        description=model.description,
        source=source,
    )


def _judge(model: PolicyModel, rules: Sequence[Rule], node: yaml.Node, source: str) -> LlmJudge | None:
    """The model that rules have asked.  Raises PolicyError for one that is missing, or that cases would ask."""
    for rule in rules:
        asking = [kind for kind in rule.kinds if kind in ASKING]
        if asking and model.judge is None:
            raise PolicyError(
                f"rule `{rule.id}`: `{asking[0]}` asks a model, and the policy has no `judge:` that says which",
                source=source,
                line=rule.line,
            )
        if asking and rule.cases:
            raise PolicyError(
                f"rule `{rule.id}`: cases run without a network and cannot ask a model; leave them out",
                source=source,
                line=rule.cases[0].line,
            )
    given = model.judge
    if given is None:
        return None
    if given.key_env and not given.url:
        raise PolicyError(
            "`key_env` is for a judge with a `url`; without one the client's own key is used",
            source=source,
            line=_line(node, ("judge", "key_env")),
        )
    return LlmJudge(
        model=given.model,
        vendor=given.vendor or ("openai" if given.url else ""),
        url=given.url,
        key_env=given.key_env,
        prompt=given.prompt,
        timeout=given.timeout,
        requests=given.requests_per_day,
        tokens=given.tokens_per_day,
        longest=given.longest,
    )


def _sources(
    model: PolicyModel, node: yaml.Node, source: str
) -> tuple[tuple[Source, ...], tuple[tuple[str | int, ...], ...]]:
    """The texts of the named files, and the named places of a request.  Raises PolicyError."""
    texts: list[Source] = []
    pointers: list[tuple[str | int, ...]] = []
    for index, entry in enumerate(model.sources):
        line = _line(node, ("sources", index))
        if (entry.file is None) == (entry.pointer is None):
            raise PolicyError(
                "a source is either `file: path` or `pointer: /place/in/the/request`", source=source, line=line
            )
        if entry.pointer is not None:
            parts = entry.pointer.split("/")[1:]
            pointers.append(tuple(part.replace("~1", "/").replace("~0", "~") for part in parts))
        if entry.file is not None:
            texts.append(_text_of(entry.file, source, line))
    return tuple(texts), tuple(pointers)


def _text_of(name: str, source: str, line: int) -> Source:
    path = Path(source).parent / name
    try:
        if path.stat().st_size > MAX_SOURCE:
            raise PolicyError(
                f"`{name}` is larger than {MAX_SOURCE >> 10} KiB; split it, or send it in the requests that need it",
                source=source,
                line=line,
            )
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise PolicyError(
            f"`{name}` cannot be read: {error.strerror}; it is looked for beside the policy, at {path}",
            source=source,
            line=line,
        ) from None
    except UnicodeDecodeError as error:
        raise PolicyError(
            f"`{name}` is not UTF-8 at byte {error.start}; a source is a text file", source=source, line=line
        ) from None
    return Source("policy", readable(text), title=Path(name).name)


def _rule(entry: RuleModel, module: Module, node: yaml.Node, path: tuple[str | int, ...], source: str) -> Rule:
    for index, kind in enumerate(entry.kinds):
        if kind.split(".")[0] not in _PREFIXES[module]:
            families = ", ".join(f"{prefix}.*" for prefix in _PREFIXES[module])
            raise PolicyError(
                f"kind `{kind}` does not belong under `{module}`, which holds {families}",
                source=source,
                line=_line(node, (*path, "kinds", index)),
            )
    if '"' in entry.replacement or "\\" in entry.replacement or not entry.replacement.isprintable():
        raise PolicyError(
            "`replacement` must stay valid inside a JSON string: no quotes, backslashes or line breaks",
            source=source,
            line=_line(node, (*path, "replacement")),
        )
    _require_sense_of_mask(entry, node, path, source)
    _require_sense_of_asking_again(entry, node, path, source)
    if entry.action in ("notice", "regenerate") and entry.stage != "response":
        raise PolicyError(
            f"rule `{entry.id}`: `{entry.action}` is for answers; use `stage: response`, or flag or block",
            source=source,
            line=_line(node, (*path, "stage")),
        )
    if entry.action == "notice" and not _for_everybody(entry.message):
        raise PolicyError(
            f"rule `{entry.id}`: a notice needs a `message`, the words to add",
            source=source,
            line=_line(node, (*path, "action")),
        )
    if entry.place != "after" and "notice" not in (entry.action, entry.otherwise):
        raise PolicyError(
            f"rule `{entry.id}`: `place` is for `action: notice`, not `{entry.action}`; leave it out",
            source=source,
            line=_line(node, (*path, "place")),
        )
    cases = tuple(
        Case(
            case.text,
            Action[case.expect.upper()],
            case.becomes,
            case.prompt,
            _line(node, (*path, "cases", number)),
            case.system,
        )
        for number, case in enumerate(entry.cases)
    )
    return Rule(
        id=entry.id,
        module=module,
        kinds=tuple(entry.kinds),
        stages=_STAGES[entry.stage],
        threshold=entry.threshold,
        action=Action[entry.action.upper()],
        message=_for_everybody(entry.message),
        messages=tuple(entry.message.items()) if isinstance(entry.message, dict) else (),
        place=Place(entry.place),
        replacement=entry.replacement,
        mask=entry.mask,
        unless=entry.unless or "",
        attempts=entry.attempts or 2,
        otherwise=Action[(entry.otherwise or "block").upper()],
        feedback=entry.feedback,
        repair=entry.repair,
        stream=StreamMode(entry.stream) if entry.stream else None,
        cites=tuple(entry.cites),
        cases=cases,
        line=_line(node, path),
    )


def _for_everybody(message: str | Mapping[Language, str]) -> str:
    """The words for a reader whose language is not known: all that there are."""
    return message if isinstance(message, str) else " ".join(dict.fromkeys(filter(None, message.values())))


def _require_sense_of_asking_again(entry: RuleModel, node: yaml.Node, path: tuple[str | int, ...], source: str) -> None:
    """Refuse what is said about another answer, or about repair, where there will be none."""
    given = next((key for key in ("attempts", "otherwise", "feedback") if getattr(entry, key)), "")
    other = next((kind for kind in entry.kinds if kind not in REPAIRED), "")
    problem, key = "", given
    if given and entry.action != "regenerate":
        problem = f"`{given}` is for `action: regenerate`, not `{entry.action}`; leave it out or change the action"
    elif entry.otherwise == "notice" and not _for_everybody(entry.message):
        problem = "`otherwise: notice` needs a `message`, the words to add to the best answer"
    elif entry.otherwise in ("notice", "flag") and entry.stream == "sentence":
        problem = (
            f"`otherwise: {entry.otherwise}` chooses among whole answers, and with `stream: sentence` the first is "
            "gone; leave `stream` out, or say `otherwise: block`"
        )
    elif entry.repair and (other or entry.stage != "response"):
        key = "repair"
        problem = f"`repair` is for answers and the kinds {' and '.join(REPAIRED)}, not `{other or entry.stage}`"
    if problem:
        raise PolicyError(f"rule `{entry.id}`: {problem}", source=source, line=_line(node, (*path, key)))


def _unfit(entry: RuleModel) -> str:
    """A kind of the rule that its mask cannot be made of, or ""."""
    if entry.mask == "format":
        return next((kind for kind in entry.kinds if kind not in FORMATTED), "")
    families = {"pii", "document", *(["secret"] if entry.mask == "hash" else [])}
    return next((kind for kind in entry.kinds if kind.split(".")[0] not in families), "")


def _require_sense_of_mask(entry: RuleModel, node: yaml.Node, path: tuple[str | int, ...], source: str) -> None:
    """Refuse masks and exceptions that could not do what they say."""
    problem = ""
    where: tuple[str | int, ...] = (*path, "mask")
    if entry.mask != "label" and entry.action != "redact":
        problem = f"`mask` is for `action: redact`, not `{entry.action}`; leave it out or change the action"
    elif entry.mask != "label" and entry.replacement:
        problem = f"`replacement` and `mask: {entry.mask}` both say what to write; keep one"
    elif entry.mask in ("partial", "hash", "format") and (kind := _unfit(entry)):
        fits = (
            ", ".join(FORMATTED)
            if entry.mask == "format"
            else "pii.*, document.*" + ", secret.*" * (entry.mask == "hash")
        )
        problem = f"`mask: {entry.mask}` cannot be made of `{kind}`; it is for {fits}"
    elif entry.mask in ("hash", "format", "pseudonym") and any(case.becomes is not None for case in entry.cases):
        where = (*path, "cases")
        problem = f"`becomes` cannot be said of `mask: {entry.mask}`, which depends on a key; leave it out of the cases"
    elif entry.mask == "pseudonym" and entry.stage != "request":
        problem = "`mask: pseudonym` is for what goes to the model; use `stage: request`"
    elif entry.unless and entry.stage == "request":
        where = (*path, "unless")
        problem = "`unless: caller_supplied` is for answers: all that a caller sends is supplied by the caller"
    if problem:
        raise PolicyError(f"rule `{entry.id}`: {problem}", source=source, line=_line(node, where))
