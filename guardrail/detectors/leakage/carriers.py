"""Links, images and markup that would carry data out of a conversation as soon as they are shown or clicked.

Rules:
1. An image is fetched by whoever shows the answer, a link only when it is clicked: images, markup that loads by itself
   and reference definitions (which an image may use) score higher than links.
2. A host that is not on the policy's list (`link_hosts`) makes a carrier; a host on it allows those below it.
   With an empty list hosts are not judged, only what the address carries: a plain link or image is nothing.
3. Path, query, fragment and user name are decoded and judged by the plain patterns: personal data and secrets in an
   address are a carrier even to a host on the list.  Long encoded or readable payloads are one to any other host.
4. Addresses that a reader and a browser take differently (`https://good.hk@evil.com`, a backslash before the host, a
   punycode name that reads as another) are carriers whatever the list says.
5. Signatures and keys of stores (`X-Amz-Signature`, `sig`) are long and opaque by nature and not taken for payloads.

What folding hides (escape sequences, invisible text, look-alike letters in host names) is looked for by
`leakage.invisible` in the source text.

Sources: OWASP LLM05:2025 (improper output handling); CVE-2025-32711 (data in the query of reference images); WHATWG
URL, 4.4 (backslash, user name); RFC 3492 (punycode); RFC 2397 (`data:`).
"""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Self

from guardrail.detectors.leakage.context import either_case
from guardrail.detectors.leakage.encoded import gravest, plain_patterns, revealed
from guardrail.detectors.leakage.inner import find
from guardrail.detectors.patterns import Candidate, Pattern, Verdict
from guardrail.detectors.protocol import Options
from guardrail.text import decode
from guardrail.text.fold import fold
from guardrail.types import Finding, Unit

IMAGE, LINK, HTML = "carrier.image", "carrier.link", "carrier.html"

_SCHEME = either_case("https?|ftp|wss?")
_BODY = r"[!#-;=?-_a-~]"
_URL = rf"\b(?:(?:{_SCHEME}):(?:\\?[/\\]){{1,3}}|{either_case('www')}\.){_BODY}+"
_IN = r"[!#-'*-;=?-_a-~]"
_IN_IMAGE = rf"(?:{_IN}|\((?:{_IN}|\((?:{_IN}|\({_IN}*\))*\))*\))"
# CommonMark 6.3 and 6.4: brackets in a link text are balanced or escaped, and no empty line stands in it.
_ALT = r"(?:[^\[\]\\\n]|\\[^\n]|\[[^\[\]\n]*\]|\n[ \t]{0,8}[^\s\[\]\\])*"
_ENTITY = r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,10});?"
# Other ways to write the beginning of an address that a browser reads: no slashes, references to characters.
_NO_SLASHES = rf"(?:{_SCHEME}):[A-Za-z0-9_-]+[.%@]"
_REFERENCES = rf"[A-Za-z:/\\]{{0,10}}{_ENTITY}"
_IMAGE_AT = rf"!\[{_ALT}\]\([ \t]*<?"
_MARKDOWN_IMAGE = (
    rf"{_IMAGE_AT}(?:(?:(?:{_SCHEME}):)?(?:\\?[/\\]){{1,3}}|{_NO_SLASHES}|{_REFERENCES}){_IN_IMAGE}+>?[^()\n]*\)?"
)
_PLACE = r"(?:\]\([ \t]?<?|\]:[ \t]?<?|=[ \t]?[\"']?[ \t]?)"
_UNUSUAL = rf"{_PLACE}((?:{_NO_SLASHES}|{_REFERENCES}){_BODY}+)"
_BROKEN = r"[\t\n\r]"


def _broken_scheme() -> str:
    """`https://` with white space in it, which a browser takes out (WHATWG URL, 4.4): one way for each place where the
    first may stand."""
    letters = [
        either_case("h"),
        either_case("t"),
        either_case("t"),
        either_case("p"),
        f"{either_case('s')}?",
        ":",
        r"[/\\]",
    ]
    ways = [
        "".join(letters[:at]) + f"{_BROKEN}{{1,4}}" + f"{_BROKEN}{{0,4}}".join(letters[at:])
        for at in range(1, len(letters))
    ]
    return f"(?:{'|'.join(ways)})"


_WITH_BREAKS = rf"=[ \t]?[\"']?({_broken_scheme()}(?:{_BODY}|{_BROKEN})+)"
_RELATIVE = rf"(?:\]\([ \t]?<?|\]:[ \t]?<?|=[\"']|\([\"'])(//[A-Za-z0-9]{_BODY}*)"
_ACTIVE = (
    rf"(?:\]\([ \t]*<?|\]:[ \t]*<?|=[ \t]?[\"']?[ \t]?)"
    rf"((?:{either_case('javascript|vbscript')}):{_BODY}+|{either_case('data')}:[A-Za-z]+/[A-Za-z0-9.+-]+[;,]{_BODY}*)"
)
_UNICODE_HOST = (  # `。` is a dot in a host (RFC 3490, 3.1)
    rf"\b(?:{_SCHEME})://[A-Za-z0-9.-]{{0,63}}(?:[^\x00-\x7f][^\x00-\x2c/:-@\[-`{{-\x7f]{{0,63}}[.。]|。)"
    rf"[A-Za-z]{{2,24}}\b{_BODY}*"
)
_MAILTO = rf"\b{either_case('mailto')}:[A-Za-z0-9@._%+-]*\?{_BODY}+"

_PARTS = re.compile(r"(?:([A-Za-z]+):)?[/\\]*([^/?#\\]*)(.*)", re.DOTALL)
_END = re.compile(r"\\[nrt\"]|[|`]")
_TRAILING = ".,;:!?*_~'\"\\"
_AUTO_TAGS = frozenset(
    {"img", "picture", "source", "image", "video", "audio", "input", "track", "body", "td", "table", "div"}
)
_AUTO_ATTRIBUTES = frozenset({"src", "srcset", "poster", "background"})
_TAG = re.compile(r"<([a-z][a-z0-9:-]*)(?=[\s/])[^<>]*?([a-z:-]+)\s*=\s*\\?[\"']?[^\"'<>]*$")
_ATTRIBUTE = re.compile(
    r"(?<![a-z])(src|srcset|poster|background|href|action|formaction|data|content)\s*=\s*\\?[\"']?$"
)
_IN_IMAGE_TEXT = re.compile(rf"{_IMAGE_AT}$")
_SENT = re.compile(
    r"<script[^<>]*>[^<]*\b(?:fetch|sendbeacon|importscripts|import|open|get|post|ajax|websocket|eventsource)"
    r"\s*\(\s*[\"'`]$|@import\s+(?:url\(\s*)?\\?[\"']?$"
)
_SIGNATURES = re.compile(
    r"(?:x-amz|x-goog|x-oss)-|^(?:sig|signature|expires|policy|key-pair-id|hmac|integrity|sha\d*|hash|etag|version|v|se|sv"
    r"|token|access_token|oauth\w*|code|state|session\w*|cursor|page_?token|gclid|fbclid|msclkid|ved|ei|usg|utm_\w+)$",
    re.IGNORECASE,
)
_NOT_DATA = ("placeholder.", "pii.ip_address", "pii.mac_address", "pii.url", "pii.crypto_address", "pii.date")
_OPAQUE = 64  # characters of an encoded value from which on it is a payload
_OPAQUE_PATH = 120  # in a path, where stores keep digests and names
_OPAQUE_BITS = 4.0  # bits a character: base64 of text or random has 4.5 and more, hexadecimal at most 4
_SAID = 40  # characters of readable text in the query of an image
_SAID_WORDS = 5


@dataclass(frozen=True, slots=True)
class Address:
    """An address that was taken apart; `rest` is path, query and fragment, `slashes` what stood before the host."""

    scheme: str
    user: str
    host: str
    rest: str
    backslash: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """Where an address stands: the kind of carrier it makes, and whether it is fetched without being asked."""

    kind: str
    fetched: bool


def host_name(host: str) -> str:
    """A host in the form in which two are compared: lower case, punycode, no port, no final dot.

    >>> host_name("Example.HK.:443"), host_name("例子.hk")
    ('example.hk', 'xn--fsqu00a.hk')
    """
    name = re.sub(r":\d*$", "", host).rstrip(".").lower()
    try:
        return name.encode("idna").decode() if not name.isascii() else name
    except UnicodeError:
        return name


def is_allowed(host: str, hosts: Sequence[str]) -> bool:
    """Whether `host` is one of `hosts` or below one.

    >>> is_allowed("img.gov.hk", ["gov.hk"]), is_allowed("evilgov.hk", ["gov.hk"])
    (True, False)
    """
    return any(host == one or host.endswith(f".{one}") for one in hosts)


def reads_as(host: str) -> str | None:
    """The ASCII name that a punycode host reads as, None when it reads as itself.

    >>> reads_as("xn--80ak6aa92e.com")
    'apple.com'
    """
    if "xn--" not in host:
        return None
    try:
        shown = host.encode().decode("idna")
    except UnicodeError:
        return None
    folded = fold(shown).text
    return folded if folded.isascii() and folded != host else None


def _taken_apart(url: str) -> Address:
    """`url` as a browser would read it; never raises."""
    plain = url.replace("\\/", "/")
    parts = _PARTS.match(plain)
    assert parts is not None  # every part may be empty
    scheme, authority, rest = parts.groups()
    lead = plain[: parts.start(2)]
    user, at, host = authority.rpartition("@")
    unescaped = decode.unescape(host)
    name = host_name(unescaped.text if unescaped else host)
    return Address((scheme or "").lower(), user if at else "", name, rest, "\\" in lead or rest.startswith("\\"))


def _trimmed(value: str, before: str) -> str:
    """A bare address without what belongs to the text around it."""
    if (end := _END.search(value)) is not None:
        value = value[: end.start()]
    if before.endswith("'"):
        value = value.partition("'")[0]
    for opening, closing in ("()", "[]", "{}"):
        depth = 0
        for mark in re.finditer(f"[{re.escape(opening + closing)}]", value):
            depth += 1 if mark.group() == opening else -1
            if depth < 0:
                value = value[: mark.start()]
                break
    return value.rstrip(_TRAILING)


def _shape(before: str) -> Shape:
    if _SENT.search(before):
        return Shape(HTML, True)
    if _IN_IMAGE_TEXT.search(before) or re.search(r"(?:url\(|image-set\([^()]*)\s*\\?[\"']?$", before):
        return Shape(IMAGE, True)
    if re.search(r"\]:\s*<?$", before):
        return Shape(LINK, True)
    if (tag := _TAG.search(before)) is not None:
        name, attribute = tag.groups()
        if name in _AUTO_TAGS or (attribute in _AUTO_ATTRIBUTES and name not in ("script", "iframe", "embed", "frame")):
            return Shape(IMAGE, True)
        return Shape(LINK, attribute == "ping") if name in ("a", "area") else Shape(HTML, True)
    if (attribute_only := _ATTRIBUTE.search(before)) is not None and attribute_only.group(1) in _AUTO_ATTRIBUTES:
        return Shape(IMAGE, True)
    return Shape(LINK, False)


def _verdict(hosts: Sequence[str], shape: Shape, url: str, span: tuple[int, int] | None = None) -> Verdict | None:
    address = _taken_apart(url)
    allowed = is_allowed(address.host, hosts)
    reason = _worst(_reasons(address, shape, allowed=allowed, listed=bool(hosts)))
    return Verdict(reason[0], reason[1], shape.kind, span) if reason else None


def _worst(reasons: Iterator[tuple[float, str]]) -> tuple[float, str] | None:
    return max(reasons, key=lambda reason: reason[0], default=None)


def _reasons(address: Address, shape: Shape, *, allowed: bool, listed: bool) -> Iterator[tuple[float, str]]:
    """Why an address is a carrier, each with its score."""
    if "." in address.user or (address.backslash and address.scheme):
        yield 0.9 if shape.fetched else 0.8, "an address that reads as another host than it leads to"
    if reads_as(address.host) is not None:
        yield 0.9 if shape.fetched else 0.8, "a host in punycode that reads as another"
    if listed and not allowed and address.host:
        yield 0.9 if shape.fetched else 0.8, "a host that is not on the list"
    if (found := _carried(address)) is not None:
        yield 0.95 if shape.fetched else 0.85, f"carries {found}"
    if not allowed and (payload := _payload(address, shape)) is not None:
        yield payload


def _is_data(finding: Finding, least: float) -> bool:
    return finding.score >= least and not finding.kind.startswith(_NOT_DATA)


def _carried(address: Address) -> str | None:
    """Personal data or secrets in the address, as they stand or encoded: `pii.hkid`, `pii.hkid in base64`."""
    rest = address.rest[: decode.BUDGET]
    unescaped = decode.unescape(rest)
    plain = fold(unescaped.text if unescaped else rest).text
    # An underscore is part of a word to a pattern, to whoever reads the address it is a blank.
    for text in (plain, plain.replace("_", " ")) if "_" in plain else (plain,):
        if best := gravest(one for one in find(plain_patterns(), " ", text) if _is_data(one, 0.7)):
            return best.kind
    for key, value in (*_values(plain), ("", address.user)):
        for name, said in _readings(value):
            deeper = revealed(f"{key} ", said, name)
            if deeper is not None and _is_data(deeper[0], 0.6):
                return f"{deeper[0].kind} in {deeper[1]}"
    return None


def _values(rest: str) -> Iterator[tuple[str, str]]:
    """The names and values of a query and the parts of a path."""
    path, _, query = rest.partition("?")
    for part in re.split(r"[/.;#]", path):
        yield "", part
    for part in re.split(r"[&;#?]", query):
        key, equals, value = part.partition("=")
        yield (key, value) if equals else ("", key)


def _readings(value: str) -> Iterator[tuple[str, str]]:
    if len(value) < 11:
        return
    for name, decoder in (
        ("base64", decode.from_base64),
        ("base32", decode.from_base32),
        ("hexadecimal", decode.from_hex),
    ):
        if (said := decoder(value)) is not None:
            yield name, said


def _payload(address: Address, shape: Shape) -> tuple[float, str] | None:
    """Long text or long encoded data: what an address has no need of."""
    rest = address.rest[: decode.BUDGET]
    _, question, query = rest.partition("?")
    for key, value in _values(rest):
        if _SIGNATURES.search(key):
            continue
        unescaped = decode.unescape(value)
        plain = unescaped.text if unescaped else value
        said = next((text for _, text in _readings(plain)), None)
        if said is not None and len(said) >= 24 and " " in said:
            return (0.85 if shape.fetched else 0.6), "carries encoded text"
        least = _OPAQUE if key or (question and value in query) else _OPAQUE_PATH
        if len(plain) >= least and re.fullmatch(r"[A-Za-z0-9+/_=-]+", plain) and decode.variety(plain) >= _OPAQUE_BITS:
            return (0.7 if shape.fetched else 0.45), "carries a long encoded value"
        words = re.findall(r"[A-Za-z]{2,}|[\u4e00-\u9fff]", plain.replace("+", " "))
        if shape.fetched and key and len(plain) >= _SAID and len(words) >= _SAID_WORDS and re.search(r"[ +]", plain):
            return 0.7, "carries readable text"
    return None


_IMAGE_ADDRESS = re.compile(rf"{_IMAGE_AT}({_IN_IMAGE}+)")


def _image(hosts: Sequence[str], candidate: Candidate) -> Verdict | None:
    match = _IMAGE_ADDRESS.match(candidate.value)
    url = _as_read(match.group(1)) if match is not None else None
    return _verdict(hosts, Shape(IMAGE, True), url) if url is not None else None


_ABSOLUTE = re.compile(rf"(?:{_SCHEME}):|(?:\\?[/\\]){{2}}")


def _as_read(value: str) -> str | None:
    """An address as a browser takes it, its references and white space gone; None when it leads to no other host."""
    url = re.sub(r"[\t\n\r]", "", html.unescape(value)).strip()
    return url if _ABSOLUTE.match(url) else None


def _unusual(hosts: Sequence[str], candidate: Candidate) -> Verdict | None:
    """An address whose beginning is written with references to characters, without slashes, or with breaks in it."""
    value = candidate.value.rstrip() if _BREAK.search(candidate.value) else _trimmed(candidate.value, candidate.before)
    span = (candidate.start, candidate.start + len(value))
    plain = re.sub(r"[\t\n\r]", "", html.unescape(value)).strip()
    if _SCRIPT.match(plain):
        verdict = _script(plain)
        return Verdict(verdict.score, verdict.evidence, HTML, span) if verdict else None
    return _verdict(hosts, _shape(candidate.before), plain, span) if _ABSOLUTE.match(plain) else None


_BREAK = re.compile(_BROKEN)
_SCRIPT = re.compile(r"(?:javascript|vbscript|data):", re.IGNORECASE)


def _url(hosts: Sequence[str], candidate: Candidate) -> Verdict | None:
    url = _trimmed(candidate.value, candidate.before)
    if not url:
        return None
    if url[:4].lower() == "www.":
        url, span = f"//{url}", (candidate.start, candidate.start + len(url))
    else:
        span = (candidate.start, candidate.start + len(url))
    return _verdict(hosts, _shape(candidate.before), url, span)


def _unicode_host(hosts: Sequence[str], candidate: Candidate) -> Verdict | None:
    """A host that is not ASCII; one that has a name of its own before the first such letter is a name with text glued
    to it (`https://x.hk呀`)."""
    ascii_part = re.match(r"[A-Za-z]+://([A-Za-z0-9.-]*)", candidate.value)
    if ascii_part is None or re.search(r"\.[A-Za-z]{2,}$", ascii_part.group(1)):
        return None
    url = _trimmed(candidate.value, candidate.before)
    return _verdict(hosts, _shape(candidate.before), url, (candidate.start, candidate.start + len(url)))


def _active(candidate: Candidate) -> Verdict | None:
    """`javascript:` and `data:` in the place of an address."""
    return _script(candidate.value)


def _script(value: str) -> Verdict | None:
    lowered = value.lower()
    if lowered.startswith("data:"):
        if re.match(r"data:(?:image/(?!svg)|font/|audio/|video/|text/(?:plain|css|csv))", lowered):
            return None
        return Verdict(0.8, "a document inside an address")
    if re.fullmatch(r"javascript:(?:void\(?0?\)?)?[;'\")\]>]*(?:return)?", lowered):
        return Verdict(0.2, "an address that does nothing")
    sends = re.search(r"fetch|xmlhttp|sendbeacon|cookie|location|storage|import|eval|document|window\.open", lowered)
    return Verdict(0.9 if sends else 0.6, "script in the place of an address")


def _mailto(candidate: Candidate) -> Verdict | None:
    value = _trimmed(candidate.value, candidate.before)
    found = _carried(Address("mailto", "", "", value.partition("?")[2], False))
    span = (candidate.start, candidate.start + len(value))
    return Verdict(0.85, f"a message that carries {found}", span=span) if found else None


class Carriers:
    """The SPAN detector of this module, for one list of hosts."""

    name = "leakage.carriers"
    kinds: tuple[str, ...] = (IMAGE, LINK, HTML)
    unit = Unit.SPAN
    heavy = False

    def __init__(self, link_hosts: Sequence[str] = ()) -> None:
        """`link_hosts` are the hosts that addresses may lead to, with those below them; empty: hosts are not judged."""
        self._hosts = tuple(host_name(host.removeprefix("*.")) for host in link_hosts)

    def configure(self, options: Options) -> Self:
        """A detector for the hosts of one policy."""
        return type(self)(options.link_hosts)

    @property
    def patterns(self) -> Sequence[Pattern]:
        """Images, addresses of every other place, and script in the place of an address."""
        hosts = self._hosts
        return (
            Pattern("image", IMAGE, _MARKDOWN_IMAGE, partial(_image, hosts)),
            Pattern("url", LINK, _URL, partial(_url, hosts), also=(IMAGE, HTML)),
            Pattern("relative_url", LINK, _RELATIVE, partial(_url, hosts), group=1, also=(IMAGE, HTML)),
            Pattern("unicode_url", LINK, _UNICODE_HOST, partial(_unicode_host, hosts), also=(IMAGE, HTML)),
            Pattern("unusual_url", LINK, _UNUSUAL, partial(_unusual, hosts), group=1, also=(IMAGE, HTML)),
            Pattern("broken_url", LINK, _WITH_BREAKS, partial(_unusual, hosts), group=1, also=(IMAGE, HTML)),
            Pattern("active_url", HTML, _ACTIVE, _active, group=1),
            Pattern("mailto", LINK, _MAILTO, _mailto),
        )

    def load(self) -> None:
        """Compile the patterns that judge what an address carries."""
        plain_patterns()
