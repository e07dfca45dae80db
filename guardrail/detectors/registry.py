"""Which detectors there are: everything registered under the entry point group `guardrail.detectors`.

Rules: built-in detectors come through the same door as anybody else's; only those that a policy needs are loaded,
because loading may be slow; a rule that no detector can serve is an error, since a check that never runs looks like
one that passes.
"""

import difflib
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from importlib.metadata import entry_points

from guardrail.detectors.protocol import Consulting, Detector, PatternSource, Watcher
from guardrail.errors import SettingsError

GROUP = "guardrail.detectors"
AnyDetector = Detector | PatternSource | Watcher | Consulting


def available() -> list[AnyDetector]:
    """Every registered detector that is configured, not loaded yet.  Raises SettingsError for a broken plug-in."""
    return [detector for detector in _registered() if getattr(detector, "configured", True)]


def _registered() -> list[AnyDetector]:
    found: list[AnyDetector] = []
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            found.append(entry.load()())
        except Exception as error:
            raise SettingsError(f"detector `{entry.name}` ({entry.value}) cannot be imported: {error}") from error
    return found


def serving(detectors: Iterable[AnyDetector], covers: Callable[[str], bool]) -> list[AnyDetector]:
    """The detectors that can produce at least one kind that `covers` accepts."""
    return [detector for detector in detectors if any(covers(kind) for kind in detector.kinds)]


def nearest_kind(kind: str, detectors: Sequence[AnyDetector]) -> str:
    """Words that help somebody who wrote a kind nothing can find."""
    for detector in _registered():
        if not getattr(detector, "configured", True) and any(fnmatchcase(name, kind) for name in detector.kinds):
            setup = getattr(detector, "setup", "see docs/leakage.md and docs/detectors.md")
            return f"`{detector.name}` does, where it is configured: {setup}"
    known = sorted({name for detector in detectors for name in detector.kinds})
    near = difflib.get_close_matches(kind, known, n=1, cutoff=0.5)
    return f"did you mean `{near[0]}`?" if near else f"known kinds: {', '.join(known)}"
