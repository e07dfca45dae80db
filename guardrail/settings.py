"""What the operator can set, checked before anything starts.

Every flag of `guardrail serve` is also an environment variable `GUARDRAIL_<FLAG>`; clients can set none of them.
"""

import difflib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from guardrail.errors import SettingsError

UPSTREAM_NAMES = ("openai", "azure", "anthropic", "gemini", "ollama")
"""Whose APIs `--upstream NAME=URL` can send elsewhere."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one sidecar; sizes in bytes, times in seconds.  `upstream` is a URL, or several, each with the
    name of the API that it serves in front (`anthropic=https://…`), separated by white space."""

    upstream: str
    policy: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8080
    audit: Path = field(default_factory=lambda: Path("audit"))
    workers: int = 1
    audit_fsync: str = "interval"
    request_limit: int = 32 << 20
    response_limit: int = 32 << 20
    connect_timeout: float = 10.0
    read_timeout: float = 300.0
    drain: float = 30.0
    annotate: bool = True
    parity: bool = False
    parity_sample: float = 0.0
    parity_requests: int = 100
    parity_tokens: int = 200_000

    def __post_init__(self) -> None:
        for url in self.upstreams.values():
            self._require_plain(url)
        for name in ("request_limit", "response_limit", "connect_timeout", "read_timeout", "drain", "workers"):
            if getattr(self, name) <= 0:
                raise SettingsError(f"{name.replace('_', '-')} must be more than zero")
        self._require_parity()

    def _require_parity(self) -> None:
        if not 0 <= self.parity_sample <= 1:  # nor is NaN
            raise SettingsError(f"parity-sample is a share between 0 and 1, not {self.parity_sample}")
        if self.parity_sample and not self.parity:
            raise SettingsError(
                "parity-sample asks questions again and records which groups they mention; say so with --parity as well"
            )
        for name in ("parity_requests", "parity_tokens"):
            if getattr(self, name) < 1:
                raise SettingsError(
                    f"{name.replace('_', '-')} must be at least 1; `--parity-sample 0` is what switches sampling off"
                )

    @property
    def upstreams(self) -> dict[str, str]:
        """The upstreams by vendor, "" for every other.  Raises SettingsError."""
        found: dict[str, str] = {}
        for entry in self.upstream.split():
            name, mark, url = entry.partition("=")
            name, url = (name, url) if mark and "/" not in name else ("", entry)
            if name and name not in UPSTREAM_NAMES:
                near = difflib.get_close_matches(name, UPSTREAM_NAMES, n=1)
                cure = f"did you mean `{near[0]}`?" if near else f"valid are {', '.join(UPSTREAM_NAMES)}"
                raise SettingsError(f"--upstream {entry}: nobody's API is called `{name}`; {cure}")
            if "://" not in url:
                self._require_plain(url)
            if name in found:
                raise SettingsError(f"--upstream is given twice for {name or 'everything'}; keep one")
            found[name] = url
        if not found:
            raise SettingsError("--upstream is empty; give the URL of the LLM API, such as https://api.openai.com")
        return found

    def _require_plain(self, url: str) -> None:
        parts, port = _split(url)
        if parts.hostname in (self.host, "localhost", "127.0.0.1", "::1") and port == self.port != 0:
            raise SettingsError(f"--upstream {url} is this sidecar itself; choose another --port")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingsError(f"--upstream must be an http or https URL such as https://api.openai.com, not `{url}`")
        if "?" in url or "#" in url or "@" in parts.netloc:
            raise SettingsError("--upstream takes no query, fragment or credentials; clients send their own")


def _split(url: str) -> tuple[SplitResult, int | None]:
    """A URL in parts, with its port.  Raises SettingsError for a port that is none."""
    try:
        parts = urlsplit(url)
        return parts, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        raise SettingsError(f"--upstream `{url}` has a host or port that cannot be") from None


_VARIABLES: dict[str, Callable[[str], Any]] = {
    "upstream": str, "policy": Path, "host": str, "port": int, "audit": Path, "workers": int, "audit_fsync": str,
    "request_limit": int, "response_limit": int, "connect_timeout": float, "read_timeout": float, "drain": float,
    "annotate": lambda word: word.lower() in ("1", "true", "yes", "on"),
    "parity": lambda word: word.lower() in ("1", "true", "yes", "on"),
    "parity_sample": float, "parity_requests": int, "parity_tokens": int,
}  # fmt: skip


def to_environment(settings: Settings) -> dict[str, str]:
    """The settings as environment variables, for worker processes."""
    pairs = {name: getattr(settings, name) for name in _VARIABLES}
    return {f"GUARDRAIL_{name.upper()}": str(value) for name, value in pairs.items() if value is not None}


def from_environment() -> Settings:
    """The settings in the environment.  Raises SettingsError."""
    given = {}
    for name, convert in _VARIABLES.items():
        word = os.environ.get(f"GUARDRAIL_{name.upper()}")
        if not word:
            continue
        try:
            given[name] = convert(word)
        except ValueError:
            raise SettingsError(f"GUARDRAIL_{name.upper()}: `{word}` is not a valid value") from None
    if "upstream" not in given:
        raise SettingsError("GUARDRAIL_UPSTREAM is not set")
    return Settings(**given)
