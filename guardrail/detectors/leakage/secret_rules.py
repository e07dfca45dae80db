"""The provider rules: `secret_rules.toml` read, checked and made ready.

Rules:
1. A rule is data: keywords, a pattern, the least entropy, samples that issuers publish, and strings that must and must
   not be found.  A test runs the strings of every rule; this module refuses a file that is not well formed.
2. Strings in the file are templates (`ghp_{base62:36}`): their random parts are made up when they are asked for, the
   same on every machine, so that the file holds nothing that a scanner of repositories would report.
3. Rules are not compiled into the screen one by one.  Those that start with a keyword share one expression an alphabet,
   those that are told by the name they are assigned to share the expression of assignments; what a rule asks for is
   checked on the value found.  So the hundredth provider costs what the first did.
"""

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

_ALPHABETS = {
    "base62": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
    "base58": "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",
    "base32": "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
    "b32lower": "abcdefghijklmnopqrstuvwxyz234567",
    "lower36": "abcdefghijklmnopqrstuvwxyz0123456789",
    "letters": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    "lower": "abcdefghijklmnopqrstuvwxyz",
    "digits": "0123456789",
    "hex": "0123456789abcdef",
    "HEX": "0123456789ABCDEF",
    "x": "x",
    "X": "X",
}
_PART = re.compile(r"\{(\+|uuid|[A-Za-z0-9]+:[0-9]+)\}")
_REQUIRED = frozenset({"id", "kind", "keywords", "pattern", "match", "no_match"})
_OPTIONAL = {"score": 0.9, "entropy": 2.8, "digit": True, "allow": [], "source": "", "body": "", "exact": False}
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "id": str, "kind": str, "pattern": str, "source": str, "body": str, "digit": bool, "exact": bool,
    "score": (int, float), "entropy": (int, float), "keywords": list, "match": list, "no_match": list, "allow": list,
}  # fmt: skip
_WIDE = re.compile(r"[./=:~!@$%&]")
SECTIONS = ("token", "assigned")


@dataclass(frozen=True, slots=True)
class SecretRule:
    """One kind of credential.

    `pool` names the pattern of the screen that proposes it.  `keywords` are what a value starts with (pools `token` and
    `wide`), what the name it is assigned to holds (`assignment`, lower case), or what every match holds.  `form` is
    the whole value.  `entropy` is in bits per character of what `body` finds behind the keyword (None: all of it).
    `exact` says that the issuer has no other form: another value beside its name is not its key.
    """

    id: str
    kind: str
    pool: str
    keywords: tuple[str, ...]
    must_match: tuple[str, ...]
    must_not_match: tuple[str, ...]
    form: re.Pattern[str] | None = None
    score: float = 0.9
    entropy: float = 2.8
    digit: bool = True
    allow: frozenset[str] = frozenset()
    body: re.Pattern[str] | None = None
    exact: bool = False


def expand(template: str, seed: str) -> str:
    """`template` with its parts made up from `seed`; raises ValueError for an alphabet that is not known.

    >>> expand("a{+}b{x:3}", "")
    'abxxx'
    """
    return _PART.sub(lambda part: _made_up(part[1], f"{seed}/{part.start()}"), template)


def made_up(seed: str, length: int, alphabet: str = "base62") -> str:
    """A body for an example: looks random, is the same on every machine, and opens nothing."""
    if alphabet not in _ALPHABETS:
        raise ValueError(f"alphabet `{alphabet}` is not known; there are {', '.join(_ALPHABETS)}")
    letters = _ALPHABETS[alphabet]
    stream = b"".join(hashlib.sha256(f"{seed}/{block}".encode()).digest() for block in range(length // 32 + 1))
    return "".join(letters[byte % len(letters)] for byte in stream[:length])


def _made_up(part: str, seed: str) -> str:
    if part == "+":
        return ""
    if part == "uuid":
        return "-".join(made_up(f"{seed}.{n}", length, "hex") for n, length in enumerate((8, 4, 4, 4, 12)))
    alphabet, length = part.split(":")
    return made_up(seed, int(length), alphabet)


def load(text: str, source: str = "secret_rules.toml") -> tuple[SecretRule, ...]:
    """The rules of a file.

    Raises ValueError that names the rule and the cure for a table, key, value or expression that is not what this
    module's first lines say, and for an id that is given twice.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{source}: not TOML: {error}") from error
    if unknown := sorted(set(data) - set(SECTIONS)):
        raise ValueError(f"{source}: table `{unknown[0]}` is not known; use [[token]] or [[assigned]]")
    rules = tuple(_rule(section, row, source) for section in SECTIONS for row in data.get(section, ()))
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            raise ValueError(f"{source}: rule `{rule.id}` is given twice; rename one of them")
        seen.add(rule.id)
    return rules


def shipped() -> tuple[SecretRule, ...]:
    """The rules of this release."""
    return load((files("guardrail.detectors.leakage") / "secret_rules.toml").read_text("utf-8"))


def _rule(section: str, row: Mapping[str, Any], source: str) -> SecretRule:
    where = f"{source}: rule `{row.get('id', '?')}`"
    _check(row, where)
    values = {**_OPTIONAL, **row}
    keywords, pattern = tuple(values["keywords"]), values["pattern"]
    start = f"(?:{'|'.join(map(re.escape, keywords))})" if section == "token" else ""
    try:
        body = re.compile(values["body"], re.ASCII) if values["body"] else None
        form = re.compile(f"{start}(?:{pattern})", re.ASCII)
        samples = {name: _expanded(values[name], values["id"]) for name in ("match", "no_match", "allow")}
    except (re.error, ValueError) as error:
        raise ValueError(f"{where}: {error}") from error
    if section == "assigned" and any(keyword != keyword.lower() for keyword in keywords):
        raise ValueError(f"{where}: keywords of [[assigned]] are compared in lower case; write them so")
    return SecretRule(
        values["id"],
        values["kind"],
        "assignment" if section == "assigned" else "wide" if _WIDE.search(pattern.replace("(?:", "(")) else "token",
        keywords,
        samples["match"],
        samples["no_match"],
        form,
        float(values["score"]),
        float(values["entropy"]),
        values["digit"],
        frozenset(samples["allow"]),
        body,
        values["exact"],
    )


def _check(row: Mapping[str, Any], where: str) -> None:
    if missing := sorted(_REQUIRED - set(row)):
        raise ValueError(f"{where}: `{missing[0]}` is missing")
    for key, value in row.items():
        if key not in _TYPES:
            raise ValueError(f"{where}: `{key}` is not known; there are {', '.join(_TYPES)}")
        if not isinstance(value, _TYPES[key]) or (isinstance(value, bool) and _TYPES[key] is not bool):
            raise ValueError(f"{where}: `{key}` has the wrong type {type(value).__name__}")
        if isinstance(value, list) and not all(isinstance(item, str) and item for item in value):
            raise ValueError(f"{where}: `{key}` must be a list of strings that are not empty")
    for key in ("keywords", "match", "no_match"):
        if not row[key]:
            raise ValueError(f"{where}: `{key}` must not be empty")
    if not row["kind"].startswith("secret."):
        raise ValueError(f"{where}: kind `{row['kind']}` must start with `secret.`")
    if not 0 < row.get("score", 0.9) <= 1:
        raise ValueError(f"{where}: score must lie in 0..1")


def _expanded(templates: list[str], seed: str) -> tuple[str, ...]:
    return tuple(expand(template, f"{seed}{number}") for number, template in enumerate(templates))
