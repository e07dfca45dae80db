"""Credentials that are told by their surroundings: key blocks, tokens with structure, URLs, headers, command lines.

Rules:
1. A shape is an expression for the screen, a judge, and examples, as a provider rule has them.
2. An expression starts with something rare (a header line, `://`, a word such as `password` that an assignment must
   follow), so that ordinary prose is never held back in a stream.
3. What can be decoded is decoded: a JWT has a header, a key in base64 has the structure of its format.  A guess by
   the look alone scores 0.6 at most.
4. The value alone is what is found: the password of a URL, not the URL.

Sources: RFC 7515 and 7519 (JWT); RFC 7517 and 7518 (JWK); RFC 7468 and RFC 4880 (PEM and PGP armour); RFC 5208, 5958,
5915, 8017 and 7292 (PKCS #8, EC, RSA, PKCS #12); RFC 7617 and 6750 (Basic and Bearer); RFC 3986, 3.2.1 (userinfo).
"""

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from guardrail.detectors.leakage.secret_rules import SecretRule, expand, made_up
from guardrail.detectors.leakage.secret_values import (
    PLACEHOLDER,
    PLACEHOLDER_SCORE,
    Reading,
    classes,
    decoded,
    is_mixed,
    is_name,
    read,
    shannon,
)
from guardrail.detectors.patterns import Candidate, Judge, Verdict


@dataclass(frozen=True, slots=True)
class Shape:
    """One expression of the screen with the judge of what it proposes; `group` and `trigger` as in `Pattern`."""

    rule: SecretRule
    expression: str
    judge: Judge
    group: int = 0
    also: tuple[str, ...] = (PLACEHOLDER,)
    trigger: str = ""


def _rule(
    id: str, kind: str, keywords: tuple[str, ...], match: tuple[str, ...], no_match: tuple[str, ...]
) -> SecretRule:
    def made(texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(expand(text, f"{id}{number}") for number, text in enumerate(texts))

    return SecretRule(id, f"secret.{kind}", id, keywords, made(match), made(no_match))


def _sample(evidence: str) -> Verdict:
    return Verdict(PLACEHOLDER_SCORE, f"reads as a sample: {evidence}", PLACEHOLDER)


def judged(value: str, score: float, evidence: str, entropy: float = 2.8) -> Verdict | None:
    """A verdict on a value whose form is right: real, a sample, or None for a fill-in."""
    reading, reason = read(value, entropy)
    if reading is Reading.FILL_IN:
        return None
    return _sample(reason) if reading is Reading.SAMPLE else Verdict(score, evidence)


# --- key blocks -----------------------------------------------------------------------------------------------------

# What may stand between the lines of a key: quoting, indents, escapes, and what a log prints before each line.
_GAP = r"(?:[\s>|\"'+,#*]|\\{1,4}[nrt]|//|\n[#0-9\[][0-9A-Za-z:.,#/\] -]{0,40}[ :])"
_PRIVATE_KEY = (
    r"-{4,5} ?BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)? ?-{4,5}"
    rf"(?:{_GAP}+[A-Z][A-Za-z-]{{3,20}}: ?[^\n\\]*)*"
    rf"(?:{_GAP}*[A-Za-z0-9/+=]{{16,}})+"
    rf"(?:{_GAP}*[A-Za-z0-9/+]{{0,15}}={{0,2}}(?:{_GAP}+=[A-Za-z0-9/+]{{4}})?{_GAP}*-{{4,5}} ?END [A-Z0-9 ]+-{{4,5}})?"
)
_LINE_END = r"(?:\s|\\[nr])+"
_PUTTY = (
    rf"PuTTY-User-Key-File-[0-9]: [a-z0-9-]+(?:{_LINE_END}[A-Z][A-Za-z-]+: [^\n\\]*|{_LINE_END}[A-Za-z0-9+/=]{{16,}})+"
)
_MINISIGN = (
    rf"untrusted comment: [^\n\\]{{0,100}}(?:secret|SECRET) (?:key|KEY){_LINE_END}(RW[A-Za-z0-9+/]{{80,}}={{0,2}})"
)


def _private_key(candidate: Candidate) -> Verdict | None:
    """A key block with something in it; a few characters are a quotation, not a key."""
    body = re.sub(r"-{4,5} ?[A-Z][^-]*-{4,5}|\\+[nrt]|[^A-Za-z0-9+/]", "", candidate.value)
    if shannon(body) < 3.5:
        return None
    return Verdict(0.98 if len(body) >= 120 else 0.85 if len(body) >= 40 else 0.5, "private key block")


def _putty(candidate: Candidate) -> Verdict | None:
    if "Private-Lines" not in candidate.value:
        return None
    return Verdict(0.98, "PuTTY key file with its private lines")


def _pem(label: str, lines: int = 4, newline: str = "\n", end: bool = True) -> str:
    dashes = "-" * 5
    body = newline.join(made_up(f"{label}{line}", 64) for line in range(lines))
    closing = f"{newline}{dashes}END {label}{dashes}" if end else ""
    return f"{dashes}BEGIN {label}{dashes}{newline}{body}{closing}"


# --- key material without a header ----------------------------------------------------------------------------------

_KEY_GAP = r"(?:\s|\\{1,4}[nrt]|[\"',+#>|*]|//)"
_KEY_BODY = (
    rf"[A-Za-z0-9+/]{{48,}}(?:{_KEY_GAP}{{1,12}}[A-Za-z0-9+/]{{48,}})*"
    rf"(?:{_KEY_GAP}{{1,12}}[A-Za-z0-9+/]{{1,47}}={{1,2}}|={{1,2}}| ?\\{{1,4}}[nr])?"
)
_KEY_TAIL = (
    r"([A-Za-z0-9+/]{20,}={0,2})(?:\s|\\{1,4}[nrt]|[\"',+#>|*]){1,12}-{5}END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-{5}"
)
_PUBLIC_BEFORE = re.compile(
    r"certificate|public|ssh-(?:rsa|ed25519|dss)|ecdsa-|sha\d{3}-|integrity|base64,|signature|-----begin (?!.*private)"
    r"|csr|x509|x5c|image|[?&=%][a-z0-9_]*$"
)
_MARGIN = re.compile(r"(?:^|[^\x00-\x7f]|[\s\"'`:>|*/#+=(,]|\\[nrt])$")
_OPENSSH = "b3BlbnNzaC1rZXktdjE"  # "openssh-key-v1" (openssh/PROTOCOL.key)
_KEYSTORES = {b"\xfe\xed\xfe\xed": "Java keystore", b"\xce\xce\xce\xce": "JCEKS keystore"}
_PACKETS = {  # tags of the old format and a version number behind the length (RFC 4880, 4.2 and 4.3)
    **dict.fromkeys((b"\x94", b"\x95", b"\x9c", b"\x9d"), "OpenPGP secret key in base64"),
    **dict.fromkeys((b"\x84", b"\x85", b"\x88", b"\x89", b"\x98", b"\x99"), ""),  # messages, signatures, public keys
}
_MAGIC = (
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"%PDF",
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"RIFF",
    b"wOF",
    b"\x00\x01\x00\x00",
)


def _key_body(candidate: Candidate) -> Verdict | None:
    """Base64 that is a private key by its structure, or a line in the shape of a key's body."""
    near = candidate.text[max(0, candidate.start - 2) : candidate.start].lower()
    if re.search(r"[a-z0-9+/]$", near) and not re.search(r"\\[nrt]$|//$|\*$", near):
        return None
    value, before = candidate.value, candidate.before
    known = _structure(value)
    if known is not None:
        return Verdict(0.95, known) if known else None
    return _bare_line(value, before)


def _key_tail(candidate: Candidate) -> Verdict | None:
    """The last line of a key, whose first lines stand elsewhere."""
    if re.search(r"[a-z0-9+/=]{20,}[^a-z0-9]*$", candidate.before) or not is_mixed(candidate.value):
        return None
    return judged(candidate.value, 0.8, "last line of a private key", 3.0)


def _structure(value: str) -> str | None:
    """What the decoded bytes are: the name of a private format, "" for something public, None when nothing is known."""
    if value.startswith(_OPENSSH):
        return "OpenSSH private key in base64"
    body = re.sub(r"\\+[nrt]|[^A-Za-z0-9+/]", "", value[:400])
    data = decoded(body[: len(body) // 4 * 4])
    if data[:4] in _KEYSTORES:
        return f"{_KEYSTORES[data[:4]]} in base64"
    if data.startswith(_MAGIC):
        return ""
    if data[:1] in _PACKETS and len(data) > 4 and data[3 if data[0] & 1 else 2] in (3, 4, 5, 6):
        return _PACKETS[data[:1]]
    return _der(data) if data[:1] == b"\x30" else None


def _der(data: bytes) -> str | None:
    """The structure of a DER sequence by its first element: private keys begin with a version, certificates and public
    keys with another sequence (RFC 5280, 4.1; RFC 5958, 2; RFC 5915, 3; RFC 8017, A.1.2; RFC 7292, 4)."""
    if len(data) < 40:
        return None
    head = data[2 + (data[1] & 0x7F if data[1] & 0x80 else 0) :]
    if data[1] & 0x80 and data[1] & 0x7F not in (1, 2):
        return None
    if head[:3] == b"\x02\x01\x03":
        return "PKCS #12 store in base64"
    if head[:3] == b"\x02\x01\x00" and head[3:4] in (b"\x30", b"\x02"):
        return "PKCS #8 or PKCS #1 private key in base64"
    if head[:3] == b"\x02\x01\x01" and head[3:4] in (b"\x04", b"\x30"):
        return "EC or PKCS #8 private key in base64"
    if head[:1] == b"\x30":
        # An encrypted PKCS #8 key names PBES2 or a scheme of PKCS #12 (RFC 8018, A.4); what is public does not.
        scheme = b"\x2a\x86\x48\x86\xf7\x0d\x01\x05" in head[:24] or b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c" in head[:24]
        return "encrypted PKCS #8 private key in base64" if scheme else ""
    return None


def _bare_line(value: str, before: str) -> Verdict | None:
    """A line as long as PEM and OpenSSH print them (64 and 70 characters), and as random as only a key is."""
    line = re.match(r"[A-Za-z0-9+/]+", value)
    first = line.group() if line else ""
    written = value.endswith(("\\n", "\\r"))  # as a line of a string in code
    if (
        not (len(first) in (64, 70) or (written and len(first) <= 128))
        or not _MARGIN.search(before)
        or _PUBLIC_BEFORE.search(before)
    ):
        return None
    if shannon(first) < 4.4 or classes(first) < 2 or is_name(first) or not re.search(r"[A-Z]", first):
        return None
    if read(first, 4.0)[0] is not Reading.REAL or _is_text(decoded(first[:64])):
        return None
    return Verdict(0.6, "a line in the shape of a key's body, without its header")


def _is_text(data: bytes) -> bool:
    return sum(32 <= byte < 127 or byte in (9, 10, 13) for byte in data) * 10 >= len(data) * 9


# --- tokens with structure ------------------------------------------------------------------------------------------

_JWT = r"\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]*){0,3}"


def _jwt(candidate: Candidate) -> Verdict | None:
    """The header must be JSON with `alg` (RFC 7515, 4.1.1); the sample of the manuals is no secret."""
    header, payload, *rest = candidate.value.split(".")
    if "alg" not in (_members(header) or ()):
        return None
    claims = decoded(payload).decode("utf-8", "replace")
    if "John Doe" in claims or ('"1234567890"' in claims and "".join(rest)):
        return _sample("the claims of the manuals")
    signature = rest[-1] if rest else ""
    if signature and read(signature, 2.8)[0] is not Reading.REAL:
        return _sample("its signature is written")
    if len(rest) < 3 and _members(payload) is None:
        return None
    return Verdict(0.9 if signature else 0.65, "JWT with its header")


def is_jwt(text: str) -> bool:
    """Does `text` start with the header of a JWT?"""
    return "alg" in (_members(text.partition(".")[0]) or ())


_PARSED = 1 << 14  # bytes of JSON that are parsed, and the brackets in them: parsers recurse, and a token nests little
_BRACKETS = 256
_MEMBER = re.compile(rb'"([A-Za-z0-9_]{1,32})"\s{0,8}:')


def _members(part: str) -> frozenset[str] | None:
    """The names in the JSON object that `part` encodes, None when it encodes none; never raises.

    What is too long or nested too deep to be parsed is an object if it begins like one: whoever makes a token must not
    choose that it is not judged.
    """
    data = decoded(part)
    if len(data) > _PARSED or data.count(b"[") + data.count(b"{") > _BRACKETS:
        if not data.lstrip().startswith(b"{"):
            return None
        return frozenset(name.decode() for name in _MEMBER.findall(data))
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError):  # ValueError: no JSON, no UTF-8, a number of more digits than Python reads
        return None
    return frozenset(fields) if isinstance(fields, dict) else None


def _jwt_example(payload: str, header: str = '{"alg":"HS256","typ":"JWT"}') -> str:
    def part(text: str) -> str:
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    return ".".join((part(header), part(payload), made_up("jwt", 43)))


_DISCORD = r"\b[A-Z][A-Za-z0-9_-]{22,25}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}"
_TELEGRAM = r"\b[0-9]{8,10}:AA[A-Za-z0-9_-]{33,}"
_MAILCHIMP = r"\b[0-9a-f]{32}-us[0-9]{1,2}\b"
_AZURE_AD = r"[A-Za-z0-9_~.]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,}"
_TERRAFORM = r"\b[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{60,}"
_FACEBOOK_APP = r"\b[0-9]{15,16}(?:\||%7C)[A-Za-z0-9_-]{27,}"
_AZURE_MARKS = r"(?:APIM|ACDb|AzFu|AzSe|AzCa|\+ASt|\+ABa|\+AMC|\+AIoT|\+ARm|\+AEh|\+ACR)"
_AZURE_MARKED = rf"[A-Za-z0-9+/_-]{{32,}}{_AZURE_MARKS}[A-Za-z0-9+/_-]{{5,}}={{0,2}}"
_ATLASSIAN_PAT = r"\b[MNO][ADgjQTwz][A-Za-z0-9+/]{42,}"
_AZURE_SAS = r"[?&]sig=([A-Za-z0-9%+/]{43,}(?:%3[dD]|=){0,2})"
_JWK = r"\\{0,3}\"(?:d|k|dp|dq|qi)\\{0,3}\"\s{0,3}:\s{0,3}\\{0,3}\"([A-Za-z0-9_-]{22,})"


def _random(score: float, evidence: str, lengths: frozenset[int] | range | None = None) -> Judge:
    """Letters and digits both, of one of the lengths that the issuer uses."""

    def judge(candidate: Candidate) -> Verdict | None:
        value = candidate.value
        if (lengths is not None and len(value) not in lengths) or not is_mixed(value):
            return None
        return judged(value, score, evidence)

    return judge


def _discord(candidate: Candidate) -> Verdict | None:
    """The first part is the bot's number in base64 (discord.com/developers, Authentication)."""
    first, _, last = candidate.value.split(".")
    if len(last) > 40 or not is_mixed(candidate.value):
        return None
    number = re.match(rb"[0-9]{3}", decoded(first[:4])) is not None
    return judged(candidate.value, 0.9 if number else 0.5, "Discord bot token form")


def _atlassian_pat(candidate: Candidate) -> Verdict | None:
    """A number, a colon and twenty random bytes in base64 (confluence.atlassian.com, personal access tokens)."""
    value = candidate.value[:44]
    data = decoded(value)
    if len(candidate.value) != 44 or not re.match(rb"[0-9]{8,12}:", data) or _is_text(data[13:]):
        return None
    return Verdict(0.95, "Jira or Confluence token form")


def _azure_marked(candidate: Candidate) -> Verdict | None:
    """Azure's identifiable keys carry a mark before their checksum."""
    return judged(candidate.value, 0.9, "Azure key with its mark") if 40 <= len(candidate.value) <= 100 else None


# --- URLs, command lines, SQL ---------------------------------------------------------------------------------------

_URL = r"://[A-Za-z0-9._%+~!$@-]{0,64}:([A-Za-z0-9._~!$&()*+,;=:%^#?{}|-]{3,})@[A-Za-z0-9\[{$<]"
_ORACLE = r"jdbc:oracle:[a-z]{3,5}:[A-Za-z0-9_$]{1,30}/([^\s/@\"'`]{3,})@"
_STORES = re.compile(
    r"(?:postgres(?:ql)?|mysqlx?|mariadb|mongodb(?:\+srv)?|redis[s]?|valkey|amqps?|kafka|mssql|sqlserver|sybase|oracle|db2"
    r"|cockroach(?:db)?|clickhouse|cassandra|neo4j(?:\+s)?|bolt|couchdb|couchbase|elasticsearch|influxdb|snowflake|redshift"
    r"|trino|presto|hive|vertica|memcached|nats|mqtts?|stomp|ldaps?|smtps?|jdbc:[a-z0-9]+)(?:\+[a-z0-9]+)?$"
)
_COMMON = frozenset({
    "password", "pass", "passwd", "secret", "root", "admin", "postgres", "mysql", "guest", "changeme", "test", "1234",
    "12345", "123456", "pwd", "user", "token", "mypassword", "example", "hunter2", "pw", "none", "null", "foo", "bar",
    "username", "x-oauth-basic", "x-access-token", "redis", "rabbitmq", "minio", "minioadmin", "sa",
})  # fmt: skip


def is_common(value: str) -> bool:
    """A word that stands for a password in manuals and default installations."""
    return value.lower() in _COMMON or bool(
        re.fullmatch(r"(?:my|your|the|some)?[-_]?pass(?:word|wd)?\d{0,3}", value, re.I)
    )


def _url(candidate: Candidate) -> Verdict | None:
    value = candidate.value
    if is_common(value) or _is_reference(value) or re.fullmatch(r"[0-9]{2,5}", value):
        return None
    reading, reason = read(value, 1.5)
    if reading is Reading.FILL_IN:
        return None
    if reading is Reading.SAMPLE:
        return _sample(reason)
    scheme = re.search(r"[a-z0-9+.:-]+$", candidate.before.rsplit("://", 1)[0])
    store = scheme is not None and _STORES.search(scheme.group())
    score = 0.8 if classes(value) >= 2 or len(value) >= 12 else 0.6
    return Verdict(score, "password in a URL", "secret.connection_string" if store else None)


def _is_reference(value: str) -> bool:
    """A variable of a shell, a template or a format string."""
    return bool(re.match(r"\$|%[sd({]|\{|<|\[|#\{|:", value))


_CURL = (
    r"(?:-u|--user|--proxy-user|USERPWD)\\{0,3}[\"']?[\s=,]{1,3}\\{0,3}[\"']?[A-Za-z0-9._@+~-]{0,60}:"
    r"([!#-&(-\[\]-_a-~]{3,})"
)


_CURL_TOKEN = r"(?:-u|--user)[\s=]{1,3}[\"']?([!#-&(-9;-\[\]-_a-~]{10,}):[\"'\s]"


def _curl_token(candidate: Candidate) -> Verdict | None:
    """A token as the user, with an empty password: how many APIs want it."""
    value = candidate.value
    if not re.search(r"curl|http", candidate.before) or _is_reference(value) or is_name(value) or classes(value) < 3:
        return None
    return judged(value, 0.75, "token of a curl command", 2.5)


def _curl(candidate: Candidate) -> Verdict | None:
    value = candidate.value
    known = re.search(r"curl|http|wget|userpwd", candidate.before)
    if not known or is_common(value) or _is_reference(value) or "://" in value or value.startswith("/"):
        return None
    return judged(value, 0.75, "password of a curl command", 1.5)


_SQL = (
    r"(?:[iI][dD][eE][nN][tT][iI][fF][iI][eE][dD](?: [wW][iI][tT][hH] [^\s]{1,40})? (?:[bB][yY]|[aA][sS])"
    r"(?: PASSWORD)?|[pP][aA][sS][sS][wW][oO][rR][dD](?: =)?)(?: [\"'(]{0,2}|[\"'(]{1,2})([!#-&(-\[\]-_a-~]{6,})"
)


def _sql(candidate: Candidate) -> Verdict | None:
    """`IDENTIFIED BY x`, and `PASSWORD 'x'` of CREATE and ALTER."""
    value = candidate.value.rstrip(";),")
    before = candidate.before
    if not re.search(r"identified|(?:user|role|login|encrypted|alter|create|set)\b.*password", before, re.S):
        return None
    if is_common(value) or _is_reference(value) or not is_mixed(value) or is_name(value):
        return None
    verdict = judged(value, 0.75, "password in SQL", 1.5)
    if verdict is None:
        return None
    return Verdict(verdict.score, verdict.evidence, verdict.kind, (candidate.start, candidate.start + len(value)))


_BEARER = r"\b[bB]earer\s{1,3}([A-Za-z0-9._~+/-]{20,}={0,2})"


def _bearer(candidate: Candidate) -> Verdict | None:
    if not is_mixed(candidate.value) or is_name(candidate.value):
        return None
    return judged(candidate.value, 0.75, "Bearer token", 3.0)


_SECURE_STRING = r"ConvertTo-SecureString(?: -String)? \\{0,2}[\"']([!#-&(-\[\]-_a-~]{4,})"


def _secure_string(candidate: Candidate) -> Verdict | None:
    """A password in clear in PowerShell (learn.microsoft.com, ConvertTo-SecureString)."""
    if is_common(candidate.value) or _is_reference(candidate.value):
        return None
    return judged(candidate.value, 0.75, "clear text of a secure string", 1.5)


_COMPARED = (
    r"[\"']([!#-&(-\[\]-_a-~]{6,})\\{0,3}[\"']\s?[!=]={1,2}\s?\$?[A-Za-z0-9_.]{0,24}"
    r"(?:[pP]ass|PASS|[pP]wd|[sS]ecret|SECRET|[tT]oken|TOKEN|[kK]ey|KEY)"
)


def _compared(candidate: Candidate) -> Verdict | None:
    """`if ("value" == password)`."""
    value = candidate.value
    if is_common(value) or _is_reference(value) or is_name(value) or classes(value) < 2:
        return None
    return judged(value, 0.65, "compared with a password", 2.0)


def _shape(
    id: str,
    kind: str,
    keywords: tuple[str, ...],
    expression: str,
    judge: Callable[[Candidate], Verdict | None],
    match: tuple[str, ...],
    no_match: tuple[str, ...],
    *,
    group: int = 0,
    also: tuple[str, ...] = (),
    trigger: str = "",
) -> Shape:
    return Shape(_rule(id, kind, keywords, match, no_match), expression, judge, group, (*also, PLACEHOLDER), trigger)


SHAPES: tuple[Shape, ...] = (
    _shape(
        "private_key",
        "private_key",
        ("private key",),
        _PRIVATE_KEY,
        _private_key,
        (
            _pem("PRIVATE KEY"),
            _pem("RSA PRIVATE KEY"),
            _pem("EC PRIVATE KEY", lines=2),
            _pem("DSA PRIVATE KEY"),
            _pem("OPENSSH PRIVATE KEY"),
            _pem("ENCRYPTED PRIVATE KEY"),
            _pem("PGP PRIVATE KEY BLOCK"),
            _pem("SSH2 ENCRYPTED PRIVATE KEY").replace("-----", "----"),
            _pem("PRIVATE KEY", newline="\\n"),
            _pem("RSA PRIVATE KEY", end=False),
        ),
        (
            "a file that starts with -----BEGIN " + "PRIVATE KEY----- holds a key, never paste it",
            "-----BEGIN " + "PUBLIC KEY-----\n" + made_up("pub", 64) + "\n-----END PUBLIC KEY-----",
            "-----BEGIN " + "RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----",
        ),
    ),
    _shape(
        "putty_key",
        "private_key",
        ("putty-user-key-file",),
        _PUTTY,
        _putty,
        (
            "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: build\nPublic-Lines: 1\n{base62:64}\n"
            "Private-Lines: 1\n{base62:44}\nPrivate-MAC: {hex:64}",
        ),
        ("PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\nComment: x",),
    ),
    _shape(
        "minisign_key",
        "private_key",
        ("untrusted comment",),
        _MINISIGN,
        lambda candidate: judged(candidate.value, 0.95, "minisign or signify secret key"),
        ("untrusted comment: minisign encrypted secret key\nRWRTY0Iy{base62:200}==",),
        ("untrusted comment: minisign public key\nRWQf6LRC{base62:48}", "untrusted comment: the secret key is kept"),
        group=1,
    ),
    _shape(
        "key_material",
        "private_key",
        ("",),
        _KEY_BODY,
        _key_body,
        (
            "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIB{base62:80}=",
            "MHcCAQEEI{base62:120}==",
            _OPENSSH + "AAAAABG5vbmUAAAAEbm9uZQ{base62:60}",
            "{base62:64}",
        ),
        (
            "MIIDXTCCAkWgAwIBAgIJ{base62:80}",
            "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA{base62:80}",
            "{hex:64}",
            "sha384-{base62:64}",
            "iVBORw0KGgoAAAANSUhEUg{base62:80}",
            "ssh-rsa {base62:64}",
            "{base62:90}",
        ),
    ),
    _shape(
        "private_key_tail",
        "private_key",
        ("private key",),
        _KEY_TAIL,
        _key_tail,
        ("{base62:28}\n-----END RSA {+}PRIVATE KEY-----",),
        ("yourkeygoesheretoday\n-----END RSA {+}PRIVATE KEY-----", "{base62:28}\n-----END CERTIFICATE-----"),
        group=1,
    ),
    _shape(
        "jwt",
        "jwt",
        ("eyj",),
        _JWT,
        _jwt,
        (_jwt_example('{"sub":"u-8841","role":"payroll","exp":1893456000}'),),
        (_jwt_example('{"sub":"1234567890","name":"John Doe","iat":1516239022}'), "eyJhbGciOiJIUzI1NiJ9.only.two"),
    ),
    _shape(
        "jwk",
        "private_key",
        ('"d"', '"k"'),
        _JWK,
        _random(0.85, "private member of a JWK"),
        ('{"kty":"EC","crv":"P-256","d":"{base62:43}"}', '"k": "{base62:86}"'),
        ('"d": "none"', '"n":"{base62:43}"', '"d": "{x:43}"'),
        group=1,
    ),
    _shape(
        "discord_token",
        "messaging_token",
        (".",),
        _DISCORD,
        _discord,
        ("MTAyOTQ4MTU5OTU5MTkwMDE2.{base62:6}.{base62:38}",),
        ("Mexample-of-a-long-module-name.module.and-another-name-of-a-module",),
        trigger=r"[A-Za-z0-9_-]\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{5}",
    ),
    _shape(
        "telegram_bot_token",
        "messaging_token",
        (":aa",),
        _TELEGRAM,
        _random(0.95, "Telegram bot token form", range(44, 48)),
        ("{digits:9}:AA{base62:33}",),
        ("{digits:9}:AA{x:33}", "{digits:9}:AA{base62:60}"),
    ),
    _shape(
        "mailchimp_key",
        "messaging_token",
        ("-us",),
        _MAILCHIMP,
        _random(0.95, "Mailchimp key form"),
        ("{hex:32}-us12",),
        ("{x:32}-us12", "{hex:31}-us12"),
    ),
    _shape(
        "azure_client_secret",
        "azure_credential",
        ("q~",),
        _AZURE_AD,
        _random(0.95, "Azure client secret form", range(37, 41)),
        ("{base62:3}8Q~{base62:34}",),
        ("{base62:3}8Q~{base62:60}", "~~~8Q~{x:34}"),
    ),
    _shape(
        "azure_marked_key",
        "azure_credential",
        ("apim", "acdb", "azfu", "azse", "azca", "+a"),
        _AZURE_MARKED,
        _azure_marked,
        ("{base62:76}ACDb{base62:6}==", "{base62:76}+ASt{base62:6}==", "{base62:44}AzFu{base62:6}=="),
        ("{x:76}ACDb{x:6}==", "{base62:20}ACDb{base62:6}"),
        trigger=f"{_AZURE_MARKS}[A-Za-z0-9+/_-]{{5}}",
    ),
    _shape(
        "atlassian_personal_token",
        "provider_token",
        ("m", "n", "o"),
        _ATLASSIAN_PAT,
        _atlassian_pat,
        ("OTI2NjA3NjU1NTI2O{base62:27}",),
        ("{base62:44}", "OTI2NjA3NjU1NTI2Onh4eHh4eHh4eHh4eHh4eHh4eHh4"),
    ),
    _shape(
        "azure_sas",
        "azure_credential",
        ("sig=",),
        _AZURE_SAS,
        _random(0.85, "signature of a shared access URL"),
        ("https://a.blob.core.windows.net/c?sv=2022-11-02&sig={base62:43}%3D",),
        ("https://x.hk/?sig={x:43}", "?sig={base62:12}"),
        group=1,
    ),
    _shape(
        "terraform_token",
        "ci_token",
        (".atlasv1.",),
        _TERRAFORM,
        _random(0.95, "Terraform Cloud token form"),
        ("{base62:14}.atlasv1.{base62:67}",),
        ("{x:14}.atlasv1.{x:67}",),
    ),
    _shape(
        "facebook_app_token",
        "messaging_token",
        ("|", "%7c"),
        _FACEBOOK_APP,
        lambda c: judged(c.value, 0.85, "Facebook app token form") if len(c.value) <= 48 else None,
        ("911602140448729|{base62:27}",),
        ("911602140448729|{x:27}", "12345|{base62:27}"),
    ),
    _shape(
        "url_password",
        "url_password",
        ("://",),
        _URL,
        _url,
        ("https://deploy:{base62:14}@git.internal/app.git", "ftp://app:hV7#{+}qLm2x@files.hk"),
        ("https://user:password@example.org", "https://x.hk:8080/a?b=c@d", "https://${USER}:${TOKEN}@github.com"),
        group=1,
        also=("secret.connection_string",),
    ),
    _shape(
        "connection_string",
        "connection_string",
        ("jdbc:oracle:",),
        _ORACLE,
        lambda c: None if is_common(c.value) or _is_reference(c.value) else judged(c.value, 0.8, "Oracle URL", 1.5),
        ("jdbc:oracle:thin:app/{base62:12}@//db.internal:1521/PROD",),
        ("jdbc:oracle:thin:scott/password@db:1521:XE", "jdbc:oracle:thin:@db:1521:XE"),
        group=1,
    ),
    _shape(
        "curl_password",
        "password_assignment",
        ("-u", "--user", "userpwd"),
        _CURL,
        _curl,
        ("curl -u admin:{base62:10} https://api.internal", "curl --user 'ops:hV7#{+}qLm2x' https://x.hk"),
        ("curl -u user:password https://x.hk", "docker run -u 1000:1000 app", "curl -u $USER:$PASS https://x.hk"),
        group=1,
    ),
    _shape(
        "curl_token",
        "key_assignment",
        ("-u", "--user"),
        _CURL_TOKEN,
        _curl_token,
        ("curl https://api.internal -u q7Zt{+}Lm29XcVb41KdPw8R: ",),
        ("curl -u username-only: https://x.hk",),
        group=1,
    ),
    _shape(
        "sql_password",
        "password_assignment",
        ("identified", "password"),
        _SQL,
        _sql,
        ("CREATE USER app IDENTIFIED BY '{base62:11}'", "ALTER ROLE app WITH ENCRYPTED PASSWORD '{base62:12}'"),
        ("CREATE USER app IDENTIFIED BY 'password'", "the user is identified by a number"),
        group=1,
    ),
    _shape(
        "bearer_token",
        "http_authorization",
        ("bearer",),
        _BEARER,
        _bearer,
        ("Bearer {base62:40}",),
        ("Bearer {x:40}", "bearer authentication-and-authorization"),
        group=1,
    ),
    _shape(
        "secure_string",
        "password_assignment",
        ("convertto-securestring",),
        _SECURE_STRING,
        _secure_string,
        ("$p = ConvertTo-SecureString 'hV7#{+}qLm2x' -AsPlainText -Force",),
        ("$p = ConvertTo-SecureString $plain -AsPlainText", 'ConvertTo-SecureString "password"'),
        group=1,
    ),
    _shape(
        "compared_value",
        "password_assignment",
        ("pass", "pwd", "secret", "token", "key"),
        _COMPARED,
        _compared,
        ('if ("hV7#{+}qLm2x!" == password) {',),
        ('if ("password" == password) {', 'if "token" == token'),
        group=1,
    ),
)
