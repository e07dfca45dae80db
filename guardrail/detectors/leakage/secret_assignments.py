"""Values that are told by the name they are assigned to: `password = "..."`, `"api_key": "..."`, `密碼係...`, headers.

Rules:
1. One expression proposes every assignment to a name that speaks of a secret, in any notation: code, JSON, YAML, XML,
   INI, shell, command-line options, HTTP headers, query strings, prose in English and Chinese.
2. The name decides what a value must look like.  A provider's name asks for that provider's form (`[[assigned]]` in
   `secret_rules.toml`); a password may be short but not a word; a key must be random.
3. Code that fetches a secret holds none: calls, variables, templates and paths are passed over.
4. The value ends where its notation ends it: at the quote, the `&` of a query, the `,` of a list, the tag.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from string import ascii_lowercase, ascii_uppercase

from guardrail.detectors.leakage.context import either_case
from guardrail.detectors.leakage.secret_rules import SecretRule
from guardrail.detectors.leakage.secret_shapes import is_common
from guardrail.detectors.leakage.secret_values import (
    PLACEHOLDER,
    PLACEHOLDER_SCORE,
    Reading,
    classes,
    decoded,
    is_encoded_text,
    is_mixed,
    is_name,
    is_random_word,
    read,
)
from guardrail.detectors.patterns import CONTEXT, Candidate, Pattern, Verdict

ID = "assignment"
PASSWORD, KEY, COOKIE, HTTP = (
    "secret.password_assignment",
    "secret.key_assignment",
    "secret.session_cookie",
    "secret.http_authorization",
)

_WORD = (
    either_case("secret|token|key|auth|cred|bearer|salt|nonce|sess|api|otp")
    + r"|[pP](?:[aA]{1,2}[sS]|[sS]{1,2}[wW]|[wW])|P(?:A{1,2}S|S{1,2}W|W)"
    + r"|密碼|密码|口令|密鑰|密钥|金鑰|令牌|私鑰|私钥|憑證|凭证|權杖|通行碼|通行码|授權碼|授权码"
    + r"|비밀번호|비번|패스워드|암호|토큰|パスワード|[pP]/[wW]"
)
_TAIL = r"[A-Za-z0-9_-]{0,24}(?:預設|默認|默认|初始|暫時|臨時|临时|設定|设置|已?改)?"
_CLOSE = r"\\{0,3}[\"'`*]{0,3}[\])]{0,2}"
_TYPE = r"(?::\s?(?:&?str|[sS]tring|bytes|char|[tT]ext|any|SecretStr)\s?)?"
_WHOSE = r"(?: (?:for|of|to)(?: [A-Za-z0-9_@.'-]{1,16}){1,4})?"  # `the password for the new account is ...`
_SIGN = (
    rf"{_WHOSE}\s{{0,4}}{_TYPE}"
    + r"(?:=>|->|[:?]{0,3}={1,3}|!={1,2}|:{1,2}|>|%3[dD]|\bis\b|係|系|是|為|为|成)(?:\*{2})?\s{0,4}"
)
# `name: X_KEY` and on the next line `value:`
_PAIRED = r",?(?:\s|\\{1,2}n){1,12}\\{0,3}[\"']?value\\{0,3}[\"']?\s?[:=]\s{0,2}"
_OPERATOR = f"(?:{_SIGN}|{_PAIRED})"
_OPEN = r"(?:[@bBrRuUfF]{0,2}\\{0,3}[\"'`「『*]{1,3})?\(?"
_BLANK = r"\s{1,4}(?:value=)?|\s{0,4}[,(]\s{0,4}"  # only a quoted value may follow: `password abc` is prose
_QUOTE = r"[@bBrRuUfF]{0,2}\\{0,3}[\"'`]"
_SCHEME = "(?:(?:" + either_case("bearer|basic|token|apikey|ssws|bot") + r")\s{1,3})?"
_VALUE = r"[!#-&(-\[\]-_a-~]{4,}"
EXPRESSION = f"(?:{_WORD}){_TAIL}{_CLOSE}(?:{_OPERATOR}{_OPEN}{_SCHEME}|(?:{_BLANK}){_QUOTE}{_SCHEME}){_VALUE}"
_PARTS = re.compile(
    f"(?P<word>{_WORD})(?P<tail>{_TAIL}){_CLOSE}"
    f"(?:(?P<operator>{_OPERATOR})(?P<open>{_OPEN})(?P<scheme>{_SCHEME})|(?:{_BLANK})(?P<quote>{_QUOTE})(?P<plain>{_SCHEME}))"
    f"(?P<value>{_VALUE})",
    re.ASCII,
)
_OPTION = rf"\B-{{1,2}}[A-Za-z0-9_-]{{0,24}}(?:{_WORD}){_TAIL}\s{{1,3}}[\"']?({_VALUE})"
_NETRC = rf"\b(?:login|user|account)\s{{1,3}}[A-Za-z0-9._@+-]{{1,60}}\s{{1,3}}password\s{{1,3}}({_VALUE})"
_CELL = r"\|[ \t]{0,4}`?([!#-&(-\[\]-_a-{}~]{6,})"
_SHORT_OPTION = rf"\B-p\s?[\"']?({_VALUE})"
_PGPASS = rf":[0-9]{{3,5}}:[A-Za-z0-9_*.-]{{1,40}}:[A-Za-z0-9_*.-]{{1,40}}:({_VALUE})"
_BUNDLE = r"\bBUNDLE_[A-Z0-9_]{3,60}\\{0,3}[\"']?\s?[=:]\s?\\{0,3}[\"']?([A-Za-z0-9_.-]{3,}:[A-Za-z0-9_.-]{6,})"

_NAME_BEFORE = re.compile(r"[A-Za-z0-9_.$-]*$")
_WORDS_BEFORE = re.compile(r"(?:[A-Za-z0-9_.$-]+ ){0,2}[A-Za-z0-9_.$-]*$")
_PASSWORD_NAME = re.compile(
    r"pa{1,2}s(?!te|si|ta)|p[as]{0,3}sw|pas?wr?d|pwd|(?<![a-z])pw(?![a-z])|密碼|密码|口令|通行碼|通行码"
    r"|비밀번호|비번|패스워드|암호|パスワード|p/w"
)
_KEY_NAME = re.compile(
    r"secret|token|cred|bearer|(?<=[a-z0-9])[-_]key$|(?:^|[-_.])(?:salt|pepper)\d*$|(?:^|[-_.])api$"
    r"|(?:api|access|auth|private|encrypt\w*|signing|sign|master|service|account|storage|shared|admin"
    r"|server|client|app|application|license|deploy|hmac|aes|ssh|jwt|session|webhook|write|ingest|integration|consumer|user"
    r"|subscription|primary|secondary|data|dev|prod|test|bot|root)[-_ .]?key|(?<![a-z])key[-_]?(?:secret|pass)"
    r"|apikey|authorization|api[-_]?(?:pass|auth)|密鑰|密钥|金鑰|令牌|私鑰|私钥|憑證|凭证|權杖|授權碼|授权码|토큰"
)
_NO_SECRET_NAME = re.compile(
    r"(?:^|[-_.])(?:ids?|names?|file(?:name|path)?|path|dir|ur[il]s?|types?|len(?:gth)?|size|count|hash(?:ed)?|policy|field|label"
    r"|hint|title|expir\w*|ttl|version|format|algo\w*|alg|fingerprint|index|prefix|suffix|regex|pattern|rules?|endpoint|host"
    r"|lifetime|limit|budget|usage|used|page|cursor|created\w*|updated\w*|provider|issuer|method|mode|enabled|required|arn"
    r"|number|column|ring|chain|store|words?|board|ref|checksum|digest|vault|manager|scheme|template|validator|map|set|list"
    r"|reset|changed|info|desc(?:ription)?|email|user|identifier|tag|color|class|style|input|placeholder|error|message|text)$"
    r"|public|(?:^|[-_.])pub(?:[-_.]|$)|primary_key$|foreign|next_|max_|num_|min_|csrf|xsrf|cache|sort_|partition|idempotency"
    r"|(?:^|[-_.])(?:not?|masked)_|tokeniz|key(?:word|board|frame|code|store|chain|ring|stroke|note|pair)|passive|passenger|passag"
    r"|passport|compass|bypass|author(?!iz)|capital|assess|possess|obsess|saltwater|announce|monkey|turkey|hockey|donkey"
)
_CODE = re.compile(
    r"\$[\w({\[]|//|%[\w({]|\{[\{%]|\$\$|<|\[|#\{|@\{|\.\.\.|\*+|process\.|os\.|env[.(\[]|self[.\[]|this[.\[]|new$|config[.\[(]"
    r"|null|none|nil|true|false|undefined|var\.|vault:|ssm:|secretsmanager|op://|ref\+|!|\^|/\^|\(\?|-{2,}|={2,}|_{3,}",
    re.I,
)
_CALL = re.compile(r"[A-Za-z_][A-Za-z0-9_.:>\[\]-]*\([\"'A-Za-z_$)]|[A-Za-z_][A-Za-z0-9_.:>\[\]-]*\($|\(")
_CHAIN = re.compile(r"[A-Za-z_$][A-Za-z_]*(?:(?:\.|->|::|\[)[A-Za-z_\"'][A-Za-z0-9_]*)+[\]})]*$")
_ENDINGS = (
    "json|py|js|ts|txt|pem|key|crt|ya?ml|html?|png|jpe?g|csv|go|java|env|cfg|conf|ini|toml|xml|md|php|rb|sh|so|io|com|org"
    "|net|cn|hk"
)
_PATH = re.compile(
    rf"~?\.{{0,2}}/[A-Za-z0-9_.-]+(?:/|\.[a-z]{{2,4}}$|$)|[A-Za-z]:[\\/]|[A-Za-z0-9_./-]+\.(?:{_ENDINGS})$"
)
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]{1,32}|[0-9.,:/_-]+(?:ms|px|s|h|d|k|kb|mb|gb|%)?$")
_REGEX_LIKE = re.compile(r"\[[a-zA-Z0]-[zZ9]|\{\d+,|\(\?[:=!]|\.\*|\)\?$|\\[dws]")
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+$")
_UUID = re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")
_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
_SHORTEST = 12  # characters of the shortest form of a provider
_DIGIT = re.compile("[0-9]")
_PLAIN = frozenset(ascii_uppercase + ascii_lowercase + "_.-")
_DEPTH = 3
_NESTED = re.compile(r"[\"'{(\[]{0,3}[A-Za-z_/?.][A-Za-z0-9_./?:-]{2,60}[\"']?[=:]")
_PAIR_NAME = re.compile(
    r"(?:^|[^a-z])(?:id|user(?:name)?|login|account|帳號|账号|用戶名|用户名)\s?[/:|]\s?p[a-z/]{1,9}$"
)
_QUERY = re.compile(r"&(?:amp;)?[A-Za-z0-9_.\[\]-]*=|&amp|%26|&$|&lt")
_LONGEST_KEY = 180
_PUBLISHED = frozenset({"MWYyZDFlMmU2" + "N2Rm"})  # kubernetes.io, Secrets
_PAIRS = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True, slots=True)
class _Assignment:
    """A value with the text before it, its name in snake case, and how it was written."""

    value: str
    front: str
    name: str
    scheme: str
    quoted: bool
    equals: bool


@dataclass(frozen=True, slots=True)
class _Providers:
    """The rules by their keywords, and whether a value has a provider's own form: then its rule finds it, not this."""

    rules: Mapping[str, tuple[SecretRule, ...]]
    is_token: Callable[[str], bool]

    def rule(self, front: str, value: str) -> SecretRule | None:
        """The rule whose keyword stands nearest before the value and whose form the value has, or which is exact."""
        if len(value) < _SHORTEST:
            return None
        lowered = front.translate(_LOWER)
        found = ((lowered.rfind(keyword), keyword) for keyword in self.rules if keyword in lowered)
        for at, keyword in sorted(found, key=lambda place: (-place[0], -len(place[1]))):
            if not _begins(front, at):
                continue
            for rule in self.rules[keyword]:
                if rule.exact or (rule.form is not None and rule.form.fullmatch(value)):
                    return rule
        return None


def _providers(rules: Sequence[SecretRule], is_token: Callable[[str], bool]) -> _Providers:
    by_keyword: dict[str, tuple[SecretRule, ...]] = {}
    for rule in rules:
        for keyword in rule.keywords:
            by_keyword[keyword] = (*by_keyword.get(keyword, ()), rule)
    return _Providers(by_keyword, is_token)


def patterns(rules: Sequence[SecretRule], is_token: Callable[[str], bool]) -> tuple[Pattern, ...]:
    """The patterns of assignments; `rules` are those that are told by the name a value is assigned to, `is_token` says
    whether a value is found by its own form anyway."""
    kinds = tuple(dict.fromkeys([KEY, COOKIE, HTTP, PLACEHOLDER, *(rule.kind for rule in rules)]))
    given = _providers(rules, is_token)
    return (
        Pattern(ID, PASSWORD, EXPRESSION, partial(_judge, given), also=kinds),
        Pattern("option", PASSWORD, _OPTION, partial(_option, given), group=1, also=kinds),
        Pattern("netrc", PASSWORD, _NETRC, _netrc, group=1),
        Pattern("table_cell", PASSWORD, _CELL, _cell, group=1, also=(KEY,)),
        Pattern("short_option", PASSWORD, _SHORT_OPTION, _short_option, group=1),
        Pattern("pgpass", PASSWORD, _PGPASS, _pgpass, group=1),
        Pattern("bundler", "secret.package_token", _BUNDLE, _bundle, group=1),
    )


def _judge(providers: _Providers, candidate: Candidate) -> Verdict | None:
    parts = _PARTS.match(candidate.value)
    for _ in range(_DEPTH):  # `key: API_TOKEN=...`: the inner name tells more
        inner = (
            _PARTS.search(candidate.value, parts.start("value")) if parts and _NESTED.match(parts["value"]) else None
        )
        parts = inner or parts
    return _judged(providers, candidate, parts) if parts and _may_be(parts["value"]) else None


def _may_be(value: str) -> bool:
    """Cheap and before everything else: no digit, too short for random letters, and hardly a symbol is a word."""
    return _DIGIT.search(value) is not None or len(value) >= 16 or len(set(value) - _PLAIN) >= 3


def _judged(providers: _Providers, candidate: Candidate, parts: re.Match[str]) -> Verdict | None:
    at = candidate.start + parts.start()
    before = candidate.text[max(0, at - CONTEXT) : at]
    start, value = _trimmed(parts, before.lower())
    assignment = _Assignment(
        value,
        before + parts["word"] + parts["tail"],
        _snake(_last(_NAME_BEFORE, before) + parts["word"] + parts["tail"]),
        (parts["scheme"] or parts["plain"] or "").strip().lower(),
        quoted=bool(parts["quote"] or parts["open"]),
        equals="=" in (parts["operator"] or ""),
    )
    return _placed(_verdict(providers, assignment), candidate.start + start, value)


def _option(providers: _Providers, candidate: Candidate) -> Verdict | None:
    """`--password abc` on a command line."""
    value = candidate.value.rstrip(";|&)")
    before = candidate.text[max(0, candidate.start - CONTEXT) : candidate.start]
    name = re.search(r"-([A-Za-z0-9_-]+)\s{1,3}[\"']?$", before)
    if name is None:
        return None
    front = before[: name.end(1)]
    verdict = _verdict(providers, _Assignment(value, front, _snake(name[1]), "", quoted=True, equals=False))
    return _placed(verdict, candidate.start, value)


def _netrc(candidate: Candidate) -> Verdict | None:
    value = candidate.value
    return None if _is_code(value) else _placed(_of_password(value, quoted=True), candidate.start, value)


def _cell(candidate: Candidate) -> Verdict | None:
    """A cell below a head that says password or key."""
    value = candidate.value
    if not (is_mixed(value) or classes(value) >= 3) or _is_code(value):
        return None
    head = _snake(candidate.heading).replace(" ", "_")
    if not head or _NO_SECRET_NAME.search(head):
        return None
    if _PASSWORD_NAME.search(head):
        return _of_password(value, quoted=True)
    return _of_key(value, strong=True) if _KEY_NAME.search(head) else None


def _short_option(candidate: Candidate) -> Verdict | None:
    """`mysql -pabc`, `sshpass -p abc`."""
    value = candidate.value.rstrip(";|&)")
    if not re.search(r"(?:mysql\w*|mariadb|sshpass|mongo\w*)\b[^\n]*$", candidate.before) or _is_code(value):
        return None
    return _placed(_of_password(value, quoted=True), candidate.start, value)


def _pgpass(candidate: Candidate) -> Verdict | None:
    """host:port:database:user:password (postgresql.org, The Password File)."""
    value = candidate.value
    if len(value) < 8 or classes(value) < 3 or _is_code(value) or ":" in value:
        return None
    return _placed(_of_password(value, quoted=True), candidate.start, value)


def _bundle(candidate: Candidate) -> Verdict | None:
    """Bundler reads the credentials of a gem server from BUNDLE_<HOST> (bundler.io, bundle config)."""
    value = candidate.value
    if read(value, 2.0)[0] is not Reading.REAL or is_common(value.partition(":")[2]):
        return None
    return Verdict(0.8, "credentials of a gem server")


def _placed(verdict: Verdict | None, start: int, value: str) -> Verdict | None:
    if verdict is None:
        return None
    return Verdict(verdict.score, verdict.evidence, verdict.kind, (start, start + len(value)))


def _trimmed(parts: re.Match[str], before: str) -> tuple[int, str]:
    """Where the value starts in the match, and the value without what the notation put behind it."""
    value, start = parts["value"], parts.start("value")
    quoted = bool(parts["quote"]) or any(mark in parts["open"] for mark in "\"'`「『")
    query = re.search(r"[?&][a-z0-9_.-]*$|%26$|%3f$", before) is not None or "%3D" in parts["value"][:3]
    if (end := _QUERY.search(value)) and (query or not quoted or end.group().startswith(("%", "&amp", "&lt"))):
        value = value[: end.start()]
    if _PAIR_NAME.search(before + parts["word"].lower() + parts["tail"].lower()):
        user = re.match(r"[A-Za-z0-9_.@-]{2,31}[/:,|]", value)
        start, value = (start + user.end(), value[user.end() :]) if user else (start, value)
    if not quoted:
        value = re.split(r"[,;]|</|<br|<[a-z]", value, maxsplit=1)[0]
        value = value.rstrip(".,:;?*|")
        while value and value[-1] in _PAIRS and value.count(value[-1]) > value.count(_PAIRS[value[-1]]):
            value = value[:-1]
    return start, value


def _verdict(providers: _Providers, this: _Assignment) -> Verdict | None:
    value, name = this.value, this.name
    if len(value) < 4 or _is_code(value) or providers.is_token(value):
        return None
    if value in _PUBLISHED:
        return Verdict(PLACEHOLDER_SCORE, "a sample of a manual", PLACEHOLDER)
    provider = providers.rule(this.front, value)
    if provider is not None:
        return _of_provider(provider, value)
    if "authorization" in name or this.scheme:
        return _of_header(this.scheme, value)
    if _NO_SECRET_NAME.search(name):
        return None
    if re.search(r"(?<![a-z])auth$", name):
        return _of_docker(value)
    if _PASSWORD_NAME.search(name):
        return _of_password(value, quoted=this.quoted)
    if re.search(r"sess(?:ion)?[-_]?(?:id)?$|sid$|cookie$", name):
        return _of_cookie(value) if this.equals else None
    words = _snake(_last(_WORDS_BEFORE, this.front))
    return _of_key(value, strong=bool(_KEY_NAME.search(name) or _KEY_NAME.search(words)), name=name)


def _last(expression: re.Pattern[str], before: str) -> str:
    match = expression.search(before)
    return match.group() if match else ""


def _snake(name: str) -> str:
    """`clientSecretId` as `client_secret_id`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _is_code(value: str) -> bool:
    if _CODE.match(value) or _CALL.match(value) or _NUMBER.fullmatch(value) or _PATH.match(value):
        return True
    if "://" in value or _REGEX_LIKE.search(value) or _EMAIL.match(value):
        return True
    return bool(_CHAIN.match(value)) and (is_name(value) or not re.search(r"[0-9]", value))


def _begins(text: str, at: int) -> bool:
    """Does a word begin at `at`, in `some_name` or in `someName`?"""
    if at == 0 or not (text[at - 1].isascii() and text[at - 1].isalpha()):
        return True
    return text[at].isupper() and text[at - 1].islower()


def _of_provider(rule: SecretRule, value: str) -> Verdict | None:
    if value in rule.allow:
        return Verdict(PLACEHOLDER_SCORE, f"the sample of {rule.id}", PLACEHOLDER)
    if rule.form is None or not rule.form.fullmatch(value):
        return _read(value, 0.5, f"beside the name of {rule.id}, but not of its form", KEY, 3.0)
    reading, reason = read(value, rule.entropy)
    if reading is Reading.FILL_IN or not (is_mixed(value) or is_random_word(value)):
        return None
    if reading is Reading.SAMPLE:
        return Verdict(PLACEHOLDER_SCORE, f"reads as a sample: {reason}", PLACEHOLDER)
    return Verdict(rule.score, f"{rule.id} form beside its name", rule.kind)


def _of_header(scheme: str, value: str) -> Verdict | None:
    """RFC 7617: Basic is `user:password` in base64; RFC 6750: a Bearer token opens by itself."""
    if scheme == "basic":
        user, colon, password = decoded(value).decode("utf-8", "replace").partition(":")
        if not colon or len(password) < 3 or not user.isprintable() or is_common(password):
            return None
        return Verdict(0.85, "user and password in a Basic header", HTTP)
    if len(value) < 16 or not is_mixed(value) or is_name(value):
        return None
    return _read(value, 0.8, "token in an Authorization header", HTTP, 3.0)


def _of_docker(value: str) -> Verdict | None:
    """`auth` of a Docker configuration is `user:password` in base64."""
    verdict = _of_header("basic", value) if len(value) >= 8 else None
    return verdict or _of_key(value, strong=False)


def _of_password(value: str, *, quoted: bool) -> Verdict | None:
    """Chosen passwords mix kinds of characters; names in code and words do not."""
    if is_common(value) or re.search(r"passw|passphrase|pwd|secret|^pass_|^str$|^string$", value, re.I):
        return None
    symbols = set(re.findall(r"[^A-Za-z0-9_.-]", value))
    kinds = classes(value)
    if len(value) < 6 or (kinds < 2 and not (re.search(r"[0-9]", value) and len(value) >= 8 and not is_name(value))):
        return None
    if not is_mixed(value) and len(symbols) < (1 if kinds >= 3 else 3) and not is_random_word(value):
        return None
    if not symbols and is_name(value):
        return _read(value, 0.5, "a word with a number as a password", PASSWORD, 1.5)
    score = 0.7 if kinds >= 3 and len(value) >= 8 else 0.6
    if not quoted and kinds < 3 and len(value) < 8:
        score = 0.5
    return _read(value, score, "value assigned to a password", PASSWORD, 1.5)


def _of_cookie(value: str) -> Verdict | None:
    if len(value) < 16 or not is_mixed(value) or is_name(value):
        return None
    return _read(value, 0.7, "value of a session cookie", COOKIE, 3.0)


def _of_key(value: str, *, strong: bool, name: str = "") -> Verdict | None:
    """Keys and tokens are long and random; a short one needs a name that leaves no doubt, and what is longer than any
    key is something enciphered or encoded."""
    symbols = set(re.findall(r"[^A-Za-z0-9_.-]", value))
    if len(value) > _LONGEST_KEY or is_common(value) or is_encoded_text(value):
        return None
    if not symbols and is_name(value):
        return None
    if not (is_mixed(value) or is_random_word(value) or len(symbols) >= 4):
        return None
    if _UUID.fullmatch(value):
        return _read(value, 0.6, "UUID assigned to a key", KEY, 2.5) if strong else None
    if not strong:
        return _read(value, 0.5, "random value beside a word for keys", KEY, 3.5)
    if len(value) >= 16:
        return _read(value, 0.75 if len(value) >= 20 else 0.65, "random value assigned to a key", KEY, 2.8)
    if len(value) >= (8 if "secret" in name else 10) and classes(value) >= 3:
        return _read(value, 0.6, "mixed value assigned to a key", KEY, 2.5)
    return None


def _read(value: str, score: float, evidence: str, kind: str, entropy: float) -> Verdict | None:
    """Without a form of their own, words of a manual in a value mean that it is none."""
    if read(value, min(entropy, _most(value)))[0] is not Reading.REAL:
        return None
    return Verdict(score, evidence, kind)


def _most(value: str) -> float:
    """Most of the entropy, in bits per character, that so short a value can have at all."""
    return 0.85 * math.log2(len(value))
