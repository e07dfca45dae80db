"""Credentials: keys, tokens and passwords that open something, recognised by their issuers' own forms.

Rules:
1. Three sources, one detector: provider rules as data (`secret_rules.toml`), shapes with structure
   (`secret_shapes.py`), assignments to a name that speaks of a secret (`secret_assignments.py`).  Each carries examples
   that must and must not be found; a test runs all of them.
2. Examples are put together from pieces and made-up bodies, so that the source holds nothing that a scanner of
   repositories would report.
3. What issuers print in their manuals has the form of a key and opens nothing: it is a kind of its own,
   `placeholder.secret`.  What people write for "your key here" (`xxxx`, `your-key`) is nothing at all.
4. Provider tokens start with their issuer's prefix and share one expression an alphabet: prose is never held back in a
   stream, and more providers cost nothing on clean text.

Sources: the token formats documented by each issuer, named in the rules.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial

from guardrail.detectors.leakage import secret_assignments as assignments
from guardrail.detectors.leakage.secret_rules import SecretRule, shipped
from guardrail.detectors.leakage.secret_shapes import SHAPES, is_jwt
from guardrail.detectors.leakage.secret_values import (
    PLACEHOLDER,
    PLACEHOLDER_SCORE,
    Reading,
    decoded,
    is_mixed,
    is_random_word,
    placeholder,
    read,
)
from guardrail.detectors.patterns import Candidate, Pattern, Verdict
from guardrail.types import Unit

__all__ = ["PLACEHOLDER", "RULES", "SecretRule", "Secrets", "placeholder"]

_CLASSES = {"token": "A-Za-z0-9_-", "wide": "A-Za-z0-9_.~+/=:!@$%-"}
_LEAST = 8  # characters behind the keyword
_SAME_GROUPS = re.compile(r"([0-9]{3,})-\1-\1")
_WORD = re.compile(r"[A-Za-z0-9_]")

_BODY = "Lm29XcVb41KdPw8R"
_ASSIGNED_RULES = (
    SecretRule(
        "password_assignment",
        assignments.PASSWORD,
        assignments.ID,
        ("passw", "passcode", "passphrase", "pwd", "密碼", "密码", "口令"),
        ("password = 'hV7#" + "qLm2x'", "我嘅密碼係Tr0ub4" + "dor&3", "DB_PASSWORD: k3Qz" + "9wLm2Xc7"),
        ("password = input()", "password: str", "password = os.environ.get", "密碼係你的生日", "pwd=your_password"),
    ),
    SecretRule(
        "option_value",
        assignments.PASSWORD,
        "option",
        ("-",),
        ("mysqldump --password hV7#" + "qLm2x app", "login -p-pass 'hV7#" + "qLm2x'"),
        ("tool --password PASSWORD", "tool --token-file tokens.txt", "a-password hV7"),
    ),
    SecretRule(
        "netrc_password",
        assignments.PASSWORD,
        "netrc",
        ("password",),
        ("machine api.internal login build password k3Qz" + "9wLm2Xc7",),
        ("machine api.internal login build password yourpassword",),
    ),
    SecretRule(
        "short_option_password",
        assignments.PASSWORD,
        "short_option",
        ("-p",),
        ("mysql -u root -phV7#" + "qLm2x db", "sshpass -p 'hV7#" + "qLm2x' ssh host"),
        ("mysql -u root -p db", "docker run -p 8080:80 app", "mkdir -p build/Release1"),
    ),
    SecretRule(
        "pgpass_password",
        assignments.PASSWORD,
        "pgpass",
        (":",),
        ("db.internal:5432:app:app:hV7#" + "qLm2x",),
        ("db.internal:5432:app:app:password", "2026-01-05T10:30:45:123:abc:def"),
    ),
    SecretRule(
        "bundler_credentials",
        "secret.package_token",
        "bundler",
        ("bundle_",),
        ('export BUNDLE_GEMS__INTERNAL="8f3a91c2' + ':d04b7e65"',),
        ('export BUNDLE_GEMS__INTERNAL="user:password"', "BUNDLE_PATH: vendor/bundle"),
    ),
    SecretRule(
        "key_assignment",
        assignments.KEY,
        assignments.ID,
        ("secret", "token", "key", "金鑰", "密钥"),
        ("api_key: 'q7Zt" + _BODY + "'", "金鑰是q7Zt" + _BODY, 'client_secret="q7Zt' + _BODY + '"'),
        ("api_key: <your-key>", "token: abcdef", "secret_name = prod-database-credentials-2"),
    ),
    SecretRule(
        "session_cookie",
        assignments.COOKIE,
        assignments.ID,
        ("sess", "sid"),
        ("Cookie: theme=dark; sessionid=q7zt" + "lm29xcvb41kdpw8r5n6y", ),
        ("sessionid=xxxxxxxxxxxxxxxxxxxxxxxx",),
    ),
    SecretRule(
        "http_authorization",
        assignments.HTTP,
        assignments.ID,
        ("authorization",),
        ("Authorization: Basic YnVpbGQ6" + "aFY3I3FMbTJ4", "'Authorization': 'Bearer q7Zt" + "Lm29XcVb41KdPw8R'"),
        ("Authorization: Basic ...", "Authorization: Bearer <token>"),
    ),
)  # fmt: skip

_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def _has_bech32_checksum(value: str) -> bool:
    """BIP 173; age writes its keys so, in upper case.

    >>> _has_bech32_checksum("A12UEL5L")
    True
    """
    prefix, _, data = value.lower().rpartition("1")
    if any(letter not in _BECH32 for letter in data):
        return False
    values = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix] + [_BECH32.index(c) for c in data]
    check = 1
    for item in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ item
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> bit & 1 else 0
    return check == 1


_CHECKS: dict[str, Callable[[str], bool]] = {
    "age_secret_key": _has_bech32_checksum,
    "jwt_in_base64": lambda value: is_jwt(decoded(value).decode("ascii", "replace")),
    "jfrog_reference_token": lambda value: re.match(rb"reftkn:[0-9]+:[0-9]+:", decoded(value)) is not None,
    "kubeconfig_key": lambda value: b"PRIVATE KEY" in decoded(value[:80]),
}
_SHIPPED = shipped()
RULES: tuple[SecretRule, ...] = (*_SHIPPED, *(shape.rule for shape in SHAPES), *_ASSIGNED_RULES)


def _expression(pool: str, rules: Sequence[SecretRule]) -> str:
    keywords = sorted({keyword for rule in rules for keyword in rule.keywords})
    return rf"\b(?:{'|'.join(map(re.escape, keywords))})[{_CLASSES[pool]}]{{{_LEAST},}}"


Index = dict[str, list[tuple[str, SecretRule]]]


def _index(rules: Sequence[SecretRule]) -> Index:
    """Rules by the first two characters of their keywords, the longest keyword first."""
    index: Index = defaultdict(list)
    for rule in rules:
        for keyword in rule.keywords:
            index[keyword[:2]].append((keyword, rule))
    for entries in index.values():
        entries.sort(key=lambda entry: -len(entry[0]))
    return dict(index)


def _judge(index: Index, candidate: Candidate) -> Verdict | None:
    value = candidate.value
    for keyword, rule in index.get(value[:2], ()):
        if not value.startswith(keyword) or rule.form is None or (match := rule.form.match(value)) is None:
            continue
        end = match.end()
        if end < len(value) and _WORD.match(value[end]) and _WORD.match(value[end - 1]):
            continue  # longer than the issuer's form: something else around it
        return _verdict(rule, keyword, candidate, end)
    return None


def _verdict(rule: SecretRule, keyword: str, candidate: Candidate, length: int) -> Verdict | None:
    value = candidate.value[:length]
    span = (candidate.start, candidate.start + length)
    if value in rule.allow:
        return Verdict(0.9, f"the sample that the issuer of {rule.id} publishes", PLACEHOLDER, span)
    if (check := _CHECKS.get(rule.id)) is not None and not check(value):
        return None
    part = rule.body.search(value[len(keyword) :]) if rule.body else None
    body = part.group() if part else value[len(keyword) :]
    if _SAME_GROUPS.search(value):
        return Verdict(
            PLACEHOLDER_SCORE, f"{rule.id} form, reads as a sample: the same number thrice", PLACEHOLDER, span
        )
    if rule.digit and not (is_mixed(body) or is_random_word(body)):
        return None
    reading, reason = read(body, rule.entropy)
    if reading is Reading.FILL_IN:
        return None
    if reading is Reading.SAMPLE:
        return Verdict(PLACEHOLDER_SCORE, f"{rule.id} form, reads as a sample: {reason}", PLACEHOLDER, span)
    return Verdict(rule.score, f"{rule.id} form", rule.kind, span)


_POOLS = {pool: [rule for rule in _SHIPPED if rule.pool == pool] for pool in (*_CLASSES, assignments.ID)}
_INDEXES = {pool: _index(_POOLS[pool]) for pool in _CLASSES}


def _is_token(value: str) -> bool:
    """Is all of `value` in the form of a provider's token, which is found by itself?"""
    return any(
        value.startswith(keyword) and rule.form is not None and rule.form.fullmatch(value) is not None
        for index in _INDEXES.values()
        for keyword, rule in index.get(value[:2], ())
    )


def _pooled(pool: str) -> Pattern:
    rules = _POOLS[pool]
    kinds = list(dict.fromkeys(rule.kind for rule in rules))
    judge = partial(_judge, _INDEXES[pool])
    return Pattern(pool, kinds[0], _expression(pool, rules), judge, also=(*kinds[1:], PLACEHOLDER))


_PATTERNS = (
    *(_pooled(pool) for pool in _CLASSES),
    *(
        Pattern(s.rule.id, s.rule.kind, s.expression, s.judge, group=s.group, also=s.also, trigger=s.trigger)
        for s in SHAPES
    ),
    *assignments.patterns(_POOLS[assignments.ID], _is_token),
)


class Secrets:
    """The SPAN detector of this module."""

    name = "leakage.secrets"
    kinds: tuple[str, ...] = (*dict.fromkeys(rule.kind for rule in RULES), PLACEHOLDER)
    unit = Unit.SPAN
    heavy = False

    @property
    def patterns(self) -> Sequence[Pattern]:
        """One pattern for all provider tokens of an alphabet, one a shape, one for assignments; no loading needed."""
        return _PATTERNS

    def load(self) -> None:
        """Nothing to load."""
