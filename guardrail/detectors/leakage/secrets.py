"""Credentials: keys, tokens and passwords that open something, recognised by their issuers' own forms.

Rules:
1. A rule is data: an expression, the words every match contains, and examples that must and must not be found;
   a test runs the examples of every rule.
2. Examples are put together from pieces and made-up bodies when the module is imported, so that the source
   holds nothing that a scanner of repositories would report.
3. What the issuers print in their manuals, and what people write for "your key here" (`xxxx`, `1234567890`,
   `EXAMPLE`, `your-key`), is found with a score of 0.2 at most: a policy may ignore it, nobody is alarmed by it.
4. Expressions start with the issuer's prefix, so ordinary prose is never held back in a stream.

Sources: the token formats documented by each issuer; AWS "Understanding unique ID prefixes"; RFC 7519 (JWT);
RFC 7468 and RFC 4880 (PEM and PGP armour).
"""

import base64
import binascii
import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from guardrail.detectors.leakage.context import either_case
from guardrail.detectors.patterns import Candidate, Pattern, Verdict
from guardrail.types import Unit

Strength = Callable[[str], float | None]
"""How sure a value of the right shape is: a score in 0..1, None when it is not one after all."""

_PLACEHOLDER = 0.2
_MANUAL_WORDS = re.compile(
    r"example|sample|dummy|placeholder|your|my[-_]?(?:key|token|secret)|fake|redacted|changeme|insert"
    r"|x{4}|\*{3}|\.{3}|<|>",
    re.I,
)
_KEYBOARD = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zyxwvutsrqponmlkjihgfedcba",
    "09876543210",
)
_RUNS = frozenset(row[at : at + 7] for row in _KEYBOARD for at in range(len(row) - 6))
_PUBLISHED = frozenset({"4eC39HqLyjWDarj" + "tT1zdp7dc", "TYooMQauvdEDq54" + "NiTphI7jx"})  # Stripe's manual


@dataclass(frozen=True, slots=True)
class SecretRule:
    """One kind of credential.

    `keywords` are lower-case strings of which every match contains one, `group` is the capturing group that is
    the secret itself (0: all of it), `body` cuts the part that is random, which is looked at for placeholders
    (None: it is not) and must have `entropy` bits per character.
    """

    id: str
    kind: str
    expression: str
    strength: Strength
    keywords: tuple[str, ...]
    must_match: tuple[str, ...]
    must_not_match: tuple[str, ...]
    group: int = 0
    entropy: float = 2.8
    body: re.Pattern[str] | None = re.compile(r".+", re.S)


def placeholder(body: str, entropy: float = 2.8) -> str | None:
    """Why `body` is no real secret: words of a manual, a keyboard run, repetition, too little variety; else None.

    `entropy` is the least Shannon entropy in bits per character; random base32 of 16 characters has 3 or more.
    """
    if _MANUAL_WORDS.search(body) or body in _PUBLISHED:
        return "words of a manual"
    lowered = body.lower()
    if any(lowered[at : at + 7] in _RUNS for at in range(len(lowered) - 6)):
        return "a run of the alphabet or the keyboard"
    if re.search(r"(.)\1{5}", body) or re.search(r"(.{2,8})\1{3}", body):
        return "repetition"
    if shannon(body) < entropy:
        return "too little variety"
    return None


def shannon(text: str) -> float:
    """Entropy of the characters of `text` in bits per character.

    >>> shannon("aaaa"), shannon("abab")
    (0.0, 1.0)
    """
    counts = Counter(text).values()
    return abs(-sum(n / len(text) * math.log2(n / len(text)) for n in counts)) if text else 0.0


def _judge(rule: SecretRule, candidate: Candidate) -> Verdict | None:
    value = candidate.value
    score = rule.strength(value)
    if score is None:
        return None
    if rule.body is None:
        return Verdict(score, f"{rule.id} form")
    body = rule.body.search(value)
    reason = placeholder(body.group() if body else value, rule.entropy)
    if reason is not None:
        return Verdict(min(score, _PLACEHOLDER), f"reads as a placeholder: {reason}")
    return Verdict(score, f"{rule.id} form")


def _always(score: float) -> Strength:
    return lambda value: score


def _of_length(length: int, score: float, otherwise: float | None) -> Strength:
    """Some issuers use one length only; a longer value of the same alphabet is something else around it."""
    return lambda value: score if len(value) == length else otherwise


def _aws_access_key(value: str) -> float:
    """Real ones are base32 (A-Z, 2-7) behind the prefix; older documents allow every digit."""
    return 0.95 if re.fullmatch(r"[A-Z0-9]{4}[A-Z2-7]{16}", value) else 0.7


def _aws_secret_key(value: str) -> float | None:
    """40 characters of base64; a hexadecimal one is a digest or somebody else's secret."""
    if len(value) != 40:
        return None
    return 0.5 if re.fullmatch(r"[0-9a-f]+|[0-9A-F]+", value) else 0.9


def _mixed(score: float) -> Strength:
    """Keys without a checkable form: letters and digits both, or it is a name."""
    return lambda value: score if re.search(r"\d", value[3:]) and re.search(r"[A-Za-z]", value[3:]) else None


def _slack_token(value: str) -> float | None:
    """Slack's tokens carry numbers between their hyphens."""
    if not re.search(r"-[0-9A-Za-z]*\d", value):
        return None
    return 0.95 if len(value) >= 30 else 0.6


def _decoded(part: str) -> str:
    """A base64url part of a JWT as text, empty when it is none."""
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def _jwt(value: str) -> float | None:
    """The header must be JSON with `alg` (RFC 7515, 4.1.1); the sample of the manuals is no secret."""
    header, payload, _ = value.split(".", 2)
    try:
        fields = json.loads(_decoded(header))
    except ValueError:
        return None
    if not isinstance(fields, dict) or "alg" not in fields:
        return None
    claims = _decoded(payload)
    return _PLACEHOLDER if "John Doe" in claims or '"1234567890"' in claims else 0.9


def _private_key(value: str) -> float | None:
    """A key block with something in it; a few characters are a quotation, not a key."""
    body = re.sub(r"-{4,5} ?[A-Z][^-]*-{4,5}|\\+[nrt]|[^A-Za-z0-9+/]", "", value)
    if shannon(body) < 3.5:
        return _PLACEHOLDER
    return 0.98 if len(body) >= 120 else 0.85 if len(body) >= 40 else 0.5


def _password(value: str) -> float | None:
    """Flag level: a chosen password has several kinds of characters; a name in code has dots or none."""
    kinds = sum(bool(re.search(kind, value)) for kind in (r"[a-z]", r"[A-Z]", r"\d", r"[^A-Za-z0-9_.]"))
    if re.search(
        r"passw|secret|pass_|\.(?:get|env|text|value|password)|^(?:str|int|none|null|true|false)", value, re.I
    ):
        return None
    if kinds < 2 or (kinds == 2 and not re.search(r"\d", value)) or re.search(r"^[a-z_]+\.[a-z_.]+$", value, re.I):
        return None
    return 0.65 if kinds >= 3 and len(value) >= 8 else 0.5


_BASE62 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_HEX = "0123456789abcdef"


def _made_up(seed: str, length: int, alphabet: str = _BASE62) -> str:
    """A body for an example: looks random, is the same on every machine, and opens nothing."""
    stream = b"".join(hashlib.sha256(f"{seed}/{block}".encode()).digest() for block in range(length // 32 + 1))
    return "".join(alphabet[byte % len(alphabet)] for byte in stream[:length])


def _pem(label: str, lines: int = 4, newline: str = "\n", end: bool = True) -> str:
    dashes = "-" * 5
    body = newline.join(_made_up(f"{label}{line}", 64) for line in range(lines))
    closing = f"{newline}{dashes}END {label}{dashes}" if end else ""
    return f"{dashes}BEGIN {label}{dashes}{newline}{body}{closing}"


def _jwt_example(payload: str) -> str:
    def part(text: str) -> str:
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    return ".".join((part('{"alg":"HS256","typ":"JWT"}'), part(payload), _made_up("jwt", 43)))


_GAP = r"(?:[\s>|\"'+,#*]|\\{1,2}[nrt])"  # what may stand between the lines of a key: quoting, indents, escapes
_PRIVATE_KEY = (
    r"-{4,5} ?BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)? ?-{4,5}"
    rf"(?:{_GAP}+[A-Z][A-Za-z-]{{3,20}}: ?[^\n\\]*)*"
    rf"(?:{_GAP}*[A-Za-z0-9/+=]{{16,}})+"
    rf"(?:{_GAP}*[A-Za-z0-9/+]{{0,15}}={{0,2}}(?:{_GAP}+=[A-Za-z0-9/+]{{4}})?{_GAP}*-{{4,5}} ?END [A-Z0-9 ]+-{{4,5}})?"
)
_ASSIGN = r"\\{0,3}[\"'`]?\s{0,4}(?:=>|:=|==|=|:|\bis\b|係|是|為|为)\s{0,4}\\{0,3}[\"'`「]?"
_AWS_SECRET = "(?:{aws}{gap})?{secret}{gap}(?:{access}{gap})?{key}|{aws}{gap}{secret}".format(
    gap="[ _.-]?", **{word: either_case(word) for word in ("aws", "secret", "access", "key")}
)
_AWS_EXAMPLE = "AKIA" + "IOSFODNN7" + "EXAMPLE"

_COMMON = frozenset({
    "password", "pass", "passwd", "secret", "root", "admin", "postgres", "mysql", "guest", "changeme", "test", "1234",
    "12345", "123456",
})  # fmt: skip

RULES: tuple[SecretRule, ...] = (
    SecretRule(
        "aws_access_key",
        "secret.aws_access_key",
        r"\b(?:AKIA|ASIA|ABIA|ACCA|A3T[A-Z0-9])[A-Z0-9]{16}\b",
        _aws_access_key,
        ("akia", "asia", "abia", "acca", "a3t"),
        ("AKIA" + _made_up("akia", 16, _BASE32), "ASIA" + _made_up("asia", 16, _BASE32)),
        (
            _AWS_EXAMPLE,
            "AKIA" + "X" * 16,
            "AKIAZZZ",
            "ASIAN MARKETS ROSE AGAIN",
            "AKIA" + _made_up("akia", 17, _BASE32),
        ),
        body=re.compile(r"(?<=^....).+"),
    ),
    SecretRule(
        "aws_secret_key",
        "secret.aws_secret_key",
        f"(?:{_AWS_SECRET})" + _ASSIGN + r"([A-Za-z0-9/+]{40,})",
        _aws_secret_key,
        ("secret",),
        (
            "aws_secret_access_key = " + _made_up("aws", 40),
            '"SecretAccessKey" : "' + _made_up("aws/", 40, _BASE62 + "/+") + '"',
            "secret access key係" + _made_up("aws3", 40),
        ),
        (
            "AWS_SECRET_ACCESS_KEY=" + "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCY" + "EXAMPLEKEY",
            "aws_secret_access_key = " + _made_up("long", 52),
            "aws_secret_access_key = <your-key>",
        ),
        group=1,
    ),
    SecretRule(
        "github_token",
        "secret.github_token",
        r"\bgh[pousr]_(?:[A-Za-z0-9]{36,}\b|[0-9]+_eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)",
        _always(0.95),
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
        tuple("gh" + letter + "_" + _made_up("gh" + letter, 36) for letter in "pousr"),
        (
            "gh" + "p_" + "x" * 36,
            "gh" + "p_" + "abcdefghijklmnopqrstuvwxyz0123456789",
            "gh" + "x_" + _made_up("ghx", 36),
        ),
        body=re.compile(r"(?<=_).+"),
    ),
    SecretRule(
        "github_fine_grained_token",
        "secret.github_token",
        r"\bgithub_pat_[A-Za-z0-9]{16,24}_[A-Za-z0-9]{40,}\b",
        _always(0.95),
        ("github_pat_",),
        ("github" + "_pat_" + _made_up("pat", 22) + "_" + _made_up("pat2", 59),),
        ("github" + "_pat_" + "1" * 22 + "_" + "a" * 59, "github" + "_pat_your_token_here"),
        body=re.compile(r"(?<=pat_).+"),
    ),
    SecretRule(
        "openai_key",
        "secret.openai_key",
        r"\bsk-(?:(?:proj|svcacct|admin|service|None)-)?[A-Za-z0-9_-]{8,}T3BlbkFJ[A-Za-z0-9_-]{16,}",
        _always(0.98),
        ("t3blbkfj",),
        tuple(
            "sk" + infix + _made_up(infix, 24) + "T3Blbk" + "FJ" + _made_up(infix, 24)
            for infix in ("-", "-proj-", "-svcacct-")
        ),
        ("sk" + "-" + "x" * 20 + "T3Blbk" + "FJ" + "x" * 20,),
    ),
    SecretRule(
        "openai_project_key",
        "secret.openai_key",
        r"\bsk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{32,}",
        _mixed(0.85),
        ("sk-proj-", "sk-svcacct-", "sk-admin-"),
        ("sk" + "-proj-" + _made_up("proj", 120),),
        ("sk" + "-proj-" + "x" * 48, "sk-proj-your-key-goes-here-and-nowhere-else"),
    ),
    SecretRule(
        "openai_style_key",
        "secret.openai_key",
        r"\bsk-(?:or-v1-)?[A-Za-z0-9]{32,}\b",
        _mixed(0.7),
        ("sk-",),
        (
            "sk" + "-" + _made_up("sk", 48),
            "sk" + "-" + _made_up("deep", 32, _HEX),
            "sk" + "-or-v1-" + _made_up("or", 64, _HEX),
        ),
        (
            "sk" + "-" + "x" * 48,
            "sk" + "-1234567890abcdef1234567890abcdef",
            "sk-estimator-id-1",
            "task-" + _made_up("t", 40),
        ),
    ),
    SecretRule(
        "anthropic_key",
        "secret.anthropic_key",
        r"\bsk-ant-[a-z]{3,8}\d{2}-[A-Za-z0-9_-]{32,}",
        lambda value: 0.98 if len(value) >= 95 else 0.8,
        ("sk-ant-",),
        (
            "sk" + "-ant-" + "api03-" + _made_up("ant", 93) + "AA",
            "sk" + "-ant-" + "admin01-" + _made_up("adm", 93) + "AA",
        ),
        ("sk" + "-ant-" + "api03-" + "x" * 93, "sk" + "-ant-" + "api03-your-key-goes-right-here-please-thanks"),
        body=re.compile(r"(?<=\d\d-).+"),
    ),
    SecretRule(
        "slack_token",
        "secret.slack_token",
        r"\b(?:xox[abeoprs](?:\.xox[bp])?|xapp)-[A-Za-z0-9]+-[A-Za-z0-9-]{6,}",
        _slack_token,
        ("xox", "xapp"),
        (
            "xox"
            + "b-"
            + _made_up("s1", 12, "0123456789")
            + "-"
            + _made_up("s2", 12, "0123456789")
            + "-"
            + _made_up("s3", 24),
            "xox" + "p-" + _made_up("s4", 11, "0123456789") + "-" + _made_up("s5", 32, _HEX),
            "xapp"
            + "-1-A0"
            + _made_up("s6", 9)
            + "-"
            + _made_up("s7", 13, "0123456789")
            + "-"
            + _made_up("s8", 64, _HEX),
        ),
        ("xox" + "b-xxxxxxxxxxx-xxxxxxxxxxxxxxxxxxxxxxxx", "xox" + "b-your-token-here", "xox" + "b-abcdef-abcdef"),
        body=re.compile(r"[^-]+$"),
    ),
    SecretRule(
        "slack_webhook",
        "secret.slack_webhook",
        r"\bhooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9]{8,16}/[A-Za-z0-9/_-]{16,}",
        _always(0.9),
        ("hooks.slack.com",),
        (
            "https://hooks.slack"
            + ".com/services/T"
            + _made_up("t", 9)
            + "/B"
            + _made_up("b", 10)
            + "/"
            + _made_up("w", 24),
        ),
        ("https://hooks.slack" + ".com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",),
        body=re.compile(r"(?<=s/).+"),
    ),
    SecretRule(
        "google_api_key",
        "secret.google_api_key",
        r"\bAIza[A-Za-z0-9_-]{35,}",
        _of_length(39, 0.9, None),
        ("aiza",),
        ("AIza" + "Sy" + _made_up("g", 33), "AIza" + "Sy" + _made_up("g2", 32) + "-"),
        ("AIza" + "Sy" + "abcdefghijklmnopqrstuvwxyz1234567", "AIza" + "a" * 35, "AIza" + _made_up("g", 50)),
        body=re.compile(r"(?<=AIza).+"),
    ),
    SecretRule(
        "stripe_key",
        "secret.stripe_key",
        r"\b(?:sk|rk)_(?:live|test|prod)_[A-Za-z0-9]{16,}\b",
        lambda value: 0.6 if "_test_" in value else 0.95,
        ("sk_", "rk_"),
        (
            "sk" + "_live_" + _made_up("st", 24),
            "rk" + "_live_" + _made_up("st2", 99),
            "sk" + "_test_" + _made_up("st3", 24),
        ),
        (
            "sk" + "_test_" + "4eC39HqLyjWDarj" + "tT1zdp7dc",
            "sk" + "_live_" + "x" * 24,
            "pk" + "_live_" + _made_up("st", 24),
        ),
        body=re.compile(r"(?<=e_).+|(?<=t_).+|(?<=d_).+"),
    ),
    SecretRule(
        "stripe_webhook_secret",
        "secret.stripe_key",
        r"\bwhsec_[A-Za-z0-9+/]{32,}",
        _always(0.9),
        ("whsec_",),
        ("wh" + "sec_" + _made_up("wh", 32),),
        ("wh" + "sec_" + "x" * 32,),
        body=re.compile(r"(?<=_).+"),
    ),
    SecretRule(
        "jwt",
        "secret.jwt",
        r"\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
        _jwt,
        ("eyj",),
        (_jwt_example('{"sub":"u-8841","role":"payroll","exp":1893456000}'),),
        (_jwt_example('{"sub":"1234567890","name":"John Doe","iat":1516239022}'), "eyJhbGciOiJIUzI1NiJ9.only.two"),
        body=re.compile(r"[^.]+$"),
    ),
    SecretRule(
        "private_key",
        "secret.private_key",
        _PRIVATE_KEY,
        _private_key,
        ("private key",),
        (
            _pem("PRIVATE KEY"),
            _pem("RSA PRIVATE KEY"),
            _pem("EC PRIVATE KEY", lines=2),
            _pem("OPENSSH PRIVATE KEY"),
            _pem("ENCRYPTED PRIVATE KEY"),
            _pem("PGP PRIVATE KEY BLOCK"),
            _pem("PRIVATE KEY", newline="\\n"),
            _pem("RSA PRIVATE KEY", end=False),
        ),
        (
            "a file that starts with -----BEGIN " + "PRIVATE KEY----- holds a key, never paste it",
            "-----BEGIN " + "PUBLIC KEY-----\n" + _made_up("pub", 64) + "\n-----END PUBLIC KEY-----",
            "-----BEGIN " + "RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----",
        ),
        body=None,
    ),
    SecretRule(
        "gitlab_token",
        "secret.gitlab_token",
        r"\bgl(?:pat|dt|rt|rtr|cbt|ptt|ft|ffct|imt|agent|soat|oas|wt)-[A-Za-z0-9_-]{20,}",
        _always(0.9),
        ("gl",),
        ("gl" + "pat-" + _made_up("gl", 20),),
        ("gl" + "pat-" + "x" * 20, "gl" + "pat-your_access_token"),
        body=re.compile(r"(?<=-).+"),
    ),
    SecretRule(
        "huggingface_token",
        "secret.huggingface_token",
        r"\b(?:hf_|api_org_)[A-Za-z]{34}\b",
        _always(0.9),
        ("hf_", "api_org_"),
        ("h" + "f_" + _made_up("hf", 34, _BASE62[:52]),),
        ("h" + "f_" + "x" * 34, "hf_hub_download_from_the_model_hub"),
        body=re.compile(r"(?<=_).+"),
    ),
    SecretRule(
        "npm_token",
        "secret.npm_token",
        r"\bnpm_[A-Za-z0-9]{36}\b",
        _mixed(0.9),
        ("npm_",),
        ("np" + "m_" + _made_up("npm", 36),),
        ("np" + "m_" + "x" * 36, "npm_config_registry"),
        body=re.compile(r"(?<=_).+"),
    ),
    SecretRule(
        "url_password",
        "secret.url_password",
        r"\b[a-z][a-z0-9+]{2,20}://[A-Za-z0-9._%+-]*:([A-Za-z0-9._~!&*+,;=%^#?-]{4,})@[A-Za-z0-9]",
        lambda value: _PLACEHOLDER if value.lower() in _COMMON else 0.7,
        ("://",),
        ("postgres://app:" + _made_up("pg", 14) + "@db.internal:5432/app",),
        ("postgres://user:password@localhost/db", "mysql://root:your_password@host/db", "https://x.hk:8080/a?b=c@d"),
        group=1,
        entropy=1.5,
    ),
    SecretRule(
        "password_assignment",
        "secret.password_assignment",
        r"(?:\b[A-Za-z0-9_]{0,24}(?:"
        + either_case("password|passwd|passcode|passphrase|pwd")
        + r")\b|密碼|密码|口令)"
        + _ASSIGN
        + r"([A-Za-z0-9!#$%&*+./?@^_~-]{5,}[A-Za-z0-9!#$%&*@^~])",
        _password,
        ("passw", "passcode", "passphrase", "pwd", "密碼", "密码", "口令"),
        ("password = 'hV7#" + "qLm2x'", "我嘅密碼係Tr0ub4" + "dor&3", "DB_PASSWORD: " + _made_up("db", 12) + "7"),
        (
            "password = input()",
            "password: str",
            "password = os.environ.get",
            "密碼係你的生日",
            "password=your_password",
        ),
        group=1,
        entropy=1.5,
    ),
)


def _pattern(rule: SecretRule) -> Pattern:
    return Pattern(rule.id, rule.kind, rule.expression, partial(_judge, rule), group=rule.group)


_PATTERNS = tuple(_pattern(rule) for rule in RULES)


class Secrets:
    """The SPAN detector of this module."""

    name = "leakage.secrets"
    kinds: tuple[str, ...] = tuple(dict.fromkeys(rule.kind for rule in RULES))
    unit = Unit.SPAN
    heavy = False

    @property
    def patterns(self) -> Sequence[Pattern]:
        """One pattern a rule; no loading needed."""
        return _PATTERNS

    def load(self) -> None:
        """Nothing to load."""
