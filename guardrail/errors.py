"""Every error that guardrail raises on purpose, and whose fault each one is.

    GuardrailError
    ├── SettingsError            the operator's: a setting, file or model is wrong; exit status 2
    │   └── PolicyError          ... in a policy file, with file and line
    ├── ExchangeError            ends one exchange; carries an HTTP status and a code for the client
    │   ├── RequestError         the client's: too large, not JSON, an endpoint that is not open
    │   ├── UpstreamError        the upstream's: refused, silent, cut off, malformed
    │   └── Blocked              nobody's: the policy withheld the answer
    ├── CheckError               a check could not run; the policy says what then happens
    └── AuditError               the log cannot be written or does not verify

Rule: the message of an ExchangeError reaches the client, so it never holds text of the exchange.
"""


class GuardrailError(Exception):
    """The root: catching it catches what guardrail raises on purpose, and nothing else."""


class SettingsError(GuardrailError):
    """The operator asked for something that cannot be; the message names it and the cure."""


class PolicyError(SettingsError):
    """A policy file cannot be used.  `str()` starts with `file:line:` where they are known."""

    def __init__(self, message: str, *, source: str = "", line: int = 0) -> None:
        self.message, self.source, self.line = message, source, line
        where = f"{source}:{line}: " if source and line else f"{source}: " if source else ""
        super().__init__(where + message)


class ExchangeError(GuardrailError):
    """Ends one exchange with `status` and `code` in the dialect's own error form."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class RequestError(ExchangeError):
    """The client sent what cannot be guarded."""


class UpstreamError(ExchangeError):
    """The upstream did not give an answer that can be guarded."""


class Blocked(ExchangeError):
    """The policy withholds the text.  400, because SDKs retry 408, 409, 429 and 5xx."""

    def __init__(self, message: str) -> None:
        super().__init__(400, "content_filter", message)


class CheckError(GuardrailError):
    """A check could not run or did not finish."""


class AuditError(GuardrailError):
    """The audit log cannot be written, or does not verify."""
