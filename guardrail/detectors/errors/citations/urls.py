"""Links in an answer that stand in nothing the request brought along; only where the request has sources.

A notice never says that an address does not exist: only that it is in none of the sources.

Rules:
1. An answer that is drawn from sources takes its links from them, from the system's words or from the caller's; a link
   from elsewhere was made up or remembered.  Without sources nothing is said.
2. Addresses are compared without scheme, `www.`, case of the host, percent signs, fragment, tracking parameters, a
   closing slash or an index page.  A link to a page above one of the sources (the site itself) is no error.
3. A bare host that no source has is a hint: models name the site of an authority.  A page of it is likely wrong.
4. Examples (example.com, localhost, addresses in code) are no references.
"""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from guardrail.detectors.errors.citations.found import Found
from guardrail.text.wording import Wording
from guardrail.types import Context

KIND = "error.url_not_in_source"

_URL = re.compile(
    r"https?://[^\s<>\"'`\\|{}^\[\]（）()「」『』《》【】，。；：！？、\u3000]+(?:\([^\s()]*\)[^\s<>\"'`\\|{}^\[\]（）"
    r"()「」『』《》【】，。；：！？、\u3000]*)?",
    re.IGNORECASE,
)
_CODE = re.compile(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]*`", re.DOTALL)
_TRACKING = re.compile(r"^(?:utm_\w+|fbclid|gclid|ref|source|mc_[a-z]+)=", re.IGNORECASE)
_EXAMPLE = re.compile(
    r"^(?:[\w.-]*\.)?(?:example\.(?:com|org|net)|[\w-]+\.(?:example|test|invalid|local)|localhost|127\.|0\.0\.0\.0|"
    r"10\.|192\.168\.|your[\w-]*\.|xxx)",
    re.IGNORECASE,
)
_ORIGINS = frozenset({"document", "tool", "passage", "policy"})
_MOST = 200  # links that are looked at
_LEVELS = 32  # pages above a page; an address with more was made to be slow

_NOT_IN_SOURCE = Wording(
    "The link {said} is in none of the sources of this answer; please check it before relying on it.",
    "連結 {said} 不在這個回答所用的資料之內，使用前請先核實。",
    "链接 {said} 不在这个回答所用的资料之内，使用前请先核实。",
)


def maybe(text: str) -> bool:
    """Whether there is anything to look at."""
    return "://" in text


def find(text: str, context: Context) -> Iterator[Found]:
    """The links of `text` that nothing in the request has."""
    if not maybe(text) or not any(source.origin in _ORIGINS for source in context.material):
        return
    prose = _CODE.sub(lambda hit: " " * len(hit.group()), text)
    links = [hit for hit, _ in zip(_URL.finditer(prose), range(_MOST), strict=False)]
    if not links:
        return
    known, hosts = _known(context)
    for hit in links:
        said = _trimmed(hit.group())
        address = normalised(said)
        host = address.split("/", 1)[0]
        if _EXAMPLE.search(host) or "." not in host or address in known:
            continue
        page = "/" in address
        if not page and host in hosts:
            continue
        score = 0.85 if page else 0.5
        yield Found(
            KIND, score, hit.start(), hit.start() + len(said), "a link that is in no source", _NOT_IN_SOURCE,
            {"said": said if len(said) < 90 else f"{said[:87]}..."},
        )  # fmt: skip


def _known(context: Context) -> tuple[set[str], set[str]]:
    texts: list[str] = [
        context.system,
        context.prompt,
        *context.caller,
        *context.history,
        *context.tools,
    ]
    for source in context.material:
        texts += (source.text, source.key, source.title, f" {source.url} ")
    addresses = set(_addresses(texts))
    above = {page for address in addresses for page in _above(address)}
    return addresses | above, {address.split("/", 1)[0] for address in addresses}


def _above(address: str) -> Iterator[str]:
    """The pages above one, from the site on."""
    at = -1
    for _ in range(_LEVELS):
        at = address.find("/", at + 1)
        if at < 0:
            return
        yield address[:at]


def _addresses(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for hit in _URL.finditer(text) if "://" in text else ():
            yield normalised(_trimmed(hit.group()))
        for hit in re.finditer(r"(?<![A-Za-z0-9.])www\.[^\s<>\"'，。、）)]+", text) if "www." in text else ():
            yield normalised(_trimmed(hit.group()))


def _trimmed(url: str) -> str:
    return url.rstrip(".,;:!?*_~'\"…")


def normalised(url: str) -> str:
    """An address as it is compared.

    >>> normalised("HTTP://WWW.Gov.HK/en/index.html?utm_source=x#top")
    'gov.hk/en'
    """
    bare = unquote(re.sub(r"^https?://", "", url, flags=re.IGNORECASE)).split("#", 1)[0]
    path, _, query = bare.partition("?")
    host, _, rest = path.partition("/")
    host = host.lower().removeprefix("www.").removesuffix(":443").removesuffix(":80")
    rest = re.sub(r"(?:^|/)(?:index|default)\.\w{3,4}$", "", rest.rstrip("/"))
    kept = "&".join(sorted(part for part in query.split("&") if part and not _TRACKING.match(part)))
    address = f"{host}/{rest}".rstrip("/")
    return f"{address}?{kept}" if kept else address
