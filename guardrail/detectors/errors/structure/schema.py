"""Whether a JSON text meets a JSON Schema that somebody else wrote, and where it first does not.

Rules:
1. The validator is `jsonschema`, draft 2020-12 (json-schema.org/draft/2020-12), imported when a schema is first met.
   `format` is an annotation there and is not asserted.
2. Dialects of schemas are read as what they mean: types in capitals, `nullable`, `propertyOrdering` and numbers as
   strings (Gemini's `responseSchema`, a subset of OpenAPI 3.0), tuples as `items: [...]`, `dependencies` left out and
   `exclusiveMinimum: true` (drafts 4 to 7).  A key that nobody knows is no condition.
3. A schema is hostile input.  Nothing is fetched: a `$ref` to elsewhere leads nowhere.  Depth, size and the steps of
   the validation are bounded; a step is paid for every keyword, and by length for whatever is compared or put into the
   library's own message, which is dropped at once.  Keywords inside keywords are bounded too, because the library
   recurses, and in its native part too deep a stack is a panic that no `except Exception` holds.  `pattern` runs in the
   linear-time engine (RE2); what it does not know (look-around, back references) is not checked.  `unevaluated...`
   beside `patternProperties` is not checked either.
4. What could not be checked to its end (bounds, a schema that is none) is `checked=False`, never a fault.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import islice
from typing import Any

from guardrail.types import Pointer

DEPTH = 64
"""Schemas inside schemas, as written."""
NODES = 20_000
"""Objects and arrays in a schema, and values in an instance that are looked at."""
STEPS = 100_000
"""What all validations of one answer may cost together: a second or two."""

NESTED = 100
"""Keywords within keywords, as they are applied."""

_MOST = 32  # faults among which the most telling is chosen
_LONGEST_NUMBER = 4000  # digits that the interpreter turns into an integer

_OF_SCHEMAS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_SINGLE = (
    "additionalProperties", "additionalItems", "items", "contains", "propertyNames", "not", "if", "then", "else",
    "unevaluatedItems", "unevaluatedProperties",
)  # fmt: skip
_LEFT_OUT = frozenset({"$schema", "id", "$vocabulary", "dependencies", "propertyOrdering", "nullable"})
_COUNTS = ("minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties")
_TYPES = {"STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"}
_UNICODE = re.compile(r"\\u([0-9a-fA-F]{4})")


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing that is not as the schema asks: its place, the keyword, the types asked for (of `type`), what was
    expected in the words of JSON Schema, and the value that is there."""

    path: Pointer
    keyword: str
    expected: str
    value: Any
    types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a validation came to; `checked` False where it could not be carried out."""

    fault: Fault | None = None
    checked: bool = True


class _Spent(Exception):
    """A bound was reached."""


@dataclass(slots=True)
class Budget:
    """The steps that are left for one answer, and how long the values are that are looked at, by their identity."""

    left: int = STEPS
    depth: int = 0
    weights: dict[int, int] = field(default_factory=dict)


def checked(text: str, schema: Mapping[str, Any] | bool, budget: Budget | None = None) -> Verdict:
    """Hold the JSON `text` against `schema`, within what is left of `budget` (one of its own without it).

    >>> checked('{"a": "1"}', {"properties": {"a": {"type": "INTEGER"}}}).fault.expected
    'integer'
    """
    try:
        instance = json.loads(text, parse_int=_integer)
        _bounded(instance)
        written = plain(schema)
        fault = _first(written, instance, budget or Budget())
    except Exception:
        # A schema is whatever a caller sent: unknown types, references to nowhere or in a circle, numbers where lists
        # are due.  Libraries answer with a dozen kinds of exception, and all of them mean the same here.
        return Verdict(checked=False)
    return Verdict(fault)


def plain(schema: Any, depth: int = 0) -> Any:
    """`schema` in draft 2020-12, as rule 2 has it.  Raises ValueError where it is deeper than `DEPTH`.

    >>> plain({"type": "STRING", "nullable": True})
    {'type': ['string', 'null']}
    """
    if depth > DEPTH:
        raise ValueError(f"a schema deeper than {DEPTH}")
    if not isinstance(schema, Mapping):
        return schema
    made = {key: value for key, value in schema.items() if key not in _LEFT_OUT}
    for key in _OF_SCHEMAS:
        if isinstance(made.get(key), Mapping):
            made[key] = {name: plain(each, depth + 1) for name, each in made[key].items()}
    for key in _LISTS:
        if isinstance(made.get(key), list):
            made[key] = [plain(each, depth + 1) for each in made[key]]
    for key in _SINGLE:
        if isinstance(made.get(key), Mapping):
            made[key] = plain(made[key], depth + 1)
    _read_types(made, schema)
    _read_numbers(made)
    if isinstance(made.get("items"), list):
        made["prefixItems"] = [plain(each, depth + 1) for each in made.pop("items")]
        made["items"] = made.pop("additionalItems", True)
    if "patternProperties" in made:
        made.pop("unevaluatedProperties", None)
    return made


def _read_types(made: dict[str, Any], schema: Mapping[str, Any]) -> None:
    types = made.get("type")
    if isinstance(types, str):
        types = [types]
    if isinstance(types, list):
        types = [one.lower() if one in _TYPES else one for one in types]
        made.pop("type")
        if "TYPE_UNSPECIFIED" in types:
            types = []
    if schema.get("nullable") is True:
        types = [*types, "null"] if types and "null" not in types else types
        if isinstance(made.get("enum"), list):
            made["enum"] = [*made["enum"], None]
    if types:
        made["type"] = types if len(types) > 1 else types[0]


def _read_numbers(made: dict[str, Any]) -> None:
    for key in _COUNTS:
        if isinstance(made.get(key), str) and made[key].isdigit():
            made[key] = int(made[key])
    for exclusive, inclusive in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(made.get(exclusive), bool) and made.pop(exclusive) and inclusive in made:
            made[exclusive] = made.pop(inclusive)


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) < _LONGEST_NUMBER else float(digits)


def _bounded(instance: Any) -> None:
    """Raises _Spent for an instance with too many values."""
    left, stack = NODES, [instance]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            stack += value.values()
            left -= len(value)
        elif isinstance(value, list):
            stack += value
            left -= len(value)
        if left < 0:
            raise _Spent


def _first(schema: Any, instance: Any, budget: Budget) -> Fault | None:
    """The most telling of the first faults.  Raises what the library raises, and _Spent."""
    from jsonschema.exceptions import best_match
    from referencing import Registry

    if _size(schema) > NODES:
        raise _Spent
    validator = _validator()(schema, registry=Registry())
    budget.depth, budget.weights = 0, _weights(schema) | _weights(instance)
    token = _budget.set(budget)
    try:
        error = best_match(islice(validator.iter_errors(instance), _MOST))
    finally:
        _budget.reset(token)
    return None if error is None else _told(error)


def _size(schema: Any) -> int:
    count, stack = 0, [schema]
    while stack and count <= NODES:
        value = stack.pop()
        count += 1
        if isinstance(value, Mapping):
            stack += value.values()
        elif isinstance(value, list):
            stack += value
    return count


def _weights(whole: Any) -> dict[int, int]:
    """About how many characters each container in `whole` has when it is written, itself included."""
    order, stack = [], [whole]
    while stack:
        value = stack.pop()
        if isinstance(value, Mapping | list):
            order.append(value)
            stack += value.values() if isinstance(value, Mapping) else value
    weights: dict[int, int] = {}
    for value in reversed(order):
        inner = value.values() if isinstance(value, Mapping) else value
        names = sum(map(len, value)) if isinstance(value, Mapping) else 0
        weights[id(value)] = names + sum(8 + _weight(each, weights) for each in inner)
    return weights


def _weight(value: Any, weights: Mapping[int, int]) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, int):
        return value.bit_length() // 3
    return weights.get(id(value), 8)


_budget: ContextVar[Budget] = ContextVar("what is left for a validation")
_DEAR = {"$ref": 4, "$dynamicRef": 4}
"""Steps of keywords that are looked up, each time anew."""


def _spend(steps: int) -> None:
    budget = _budget.get()
    budget.left -= steps
    if budget.left < 0:
        raise _Spent


@cache
def _validator() -> Any:
    """The validator of draft 2020-12 with bounds: every keyword and every descent is counted, and the keywords that
    match regular expressions or compare all with all are replaced."""
    from jsonschema import Draft202012Validator, validators

    keywords = {name: _counted(name, keyword) for name, keyword in Draft202012Validator.VALIDATORS.items()}
    keywords |= {
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional_properties,
        "uniqueItems": _unique_items,
    }
    made = validators.extend(Draft202012Validator, keywords)
    evolve = made.evolve

    def counted(self: Any, **changes: Any) -> Any:
        _spend(1)
        return evolve(self, **changes)

    made.evolve = counted
    return made


def _counted(name: str, keyword: Callable[..., Any]) -> Callable[..., Any]:
    dear, compares = _DEAR.get(name, 1), name in ("enum", "const")

    def counted(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
        there = len(value) if isinstance(value, list | dict) else 0
        given = len(instance) if isinstance(instance, list | dict | str) else 0
        budget = _budget.get()
        if budget.depth == NESTED:
            raise _Spent
        weights = budget.weights
        _spend(dear + there // 8 + given // 64 + (_weight(value, weights) // 64 if compares else 0))
        budget.depth += 1
        try:
            for error in keyword(validator, value, instance, schema) or ():
                _spend(1 + (_weight(instance, weights) + _weight(value, weights)) // 64)
                error.message = name
                yield error
        finally:
            budget.depth -= 1

    return counted


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[Any]:
    if isinstance(instance, str) and not _matches(pattern, instance, unknown=True):
        yield _error("pattern")


def _pattern_properties(validator: Any, patterns: Any, instance: Any, schema: Any) -> Iterator[Any]:
    if not isinstance(instance, dict):
        return
    for pattern, subschema in patterns.items():
        for name, value in instance.items():
            if _matches(pattern, name, unknown=False):
                yield from validator.descend(value, subschema, path=name, schema_path=pattern)


def _additional_properties(validator: Any, allowed: Any, instance: Any, schema: Any) -> Iterator[Any]:
    if not isinstance(instance, dict):
        return
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for name, value in instance.items():
        if name in known or any(_matches(pattern, name, unknown=True) for pattern in patterns):
            continue
        if allowed is False:
            yield _error("additionalProperties", name)
        else:
            yield from validator.descend(value, allowed, path=name)


def _unique_items(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[Any]:
    if wanted and isinstance(instance, list):
        _spend(1 + len(instance) // 4)
        if len({json.dumps(each, sort_keys=True) for each in instance}) < len(instance):
            yield _error("uniqueItems")


def _error(keyword: str, name: str | None = None) -> Any:
    from jsonschema.exceptions import ValidationError

    return ValidationError(keyword, path=() if name is None else (name,))


def _matches(pattern: str, text: str, *, unknown: bool) -> bool:
    _spend(1 + len(text) // 64)
    compiled = _compiled(pattern)
    return unknown if compiled is None else compiled.search(text) is not None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Any:
    import re2

    options = re2.Options()
    options.log_errors = False  # it would write the pattern to the log
    try:
        return re2.compile(_UNICODE.sub(r"\\x{\1}", pattern), options)
    except (re2.error, ValueError):
        return None


def _told(error: Any) -> Fault:
    path = tuple(error.absolute_path)
    keyword = str(error.validator or "false")
    value = error.validator_value
    if keyword == "type":
        types = tuple(str(one) for one in value) if isinstance(value, list) else (str(value),)
        return Fault(path, keyword, " | ".join(types), error.instance, types)
    if keyword == "required":
        missing = next((str(name) for name in value if name not in error.instance), "")
        return Fault(path, keyword, missing, error.instance)
    if keyword == "enum":
        return Fault(path, keyword, ", ".join(json.dumps(one, ensure_ascii=False) for one in value[:6]), error.instance)
    if keyword in ("additionalProperties", "unevaluatedProperties") and value is not False:
        return Fault(path, "false", "", error.instance)
    shown = json.dumps(value, ensure_ascii=False) if isinstance(value, str | int | float | bool | None) else ""
    return Fault(path, keyword, shown, error.instance)
