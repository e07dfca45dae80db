"""Who reads the texts of the bias sets, and what score each of them gives.

Rules:
1. A text is read as on the wire, by its sentences (`guardrail.text.sentences`), and by readers of wording also as a
   whole; its score is the highest.
2. A reader that is not installed or not configured is named as absent; it never stands in with zeros.
3. What a reader has said of a text is kept for the run: figures, curves and listings speak of the same reading.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from guardrail.detectors import registry
from guardrail.detectors.bias.detoxify import DetoxifyToxicity
from guardrail.detectors.bias.toxicity import EmbeddedToxicity
from guardrail.detectors.protocol import Detector
from guardrail.detectors.registry import AnyDetector
from guardrail.evaluation import judging
from guardrail.evaluation.datasets import Item
from guardrail.evaluation.judging import Baseline
from guardrail.evaluation.report import Track, untracked
from guardrail.policy.decide import covers
from guardrail.policy.load import load, packaged
from guardrail.review import Review
from guardrail.text.language import language
from guardrail.text.sentences import sentences
from guardrail.types import Finding, Module, Policy, Unit

HALF = 0.5
_FLAG = 0.8  # where a policy says nothing about toxicity


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader makes of one text."""

    score: float
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Reader:
    """One that reads texts.  A reader with a `verdict` says 1 or 0, which no threshold changes; thresholds in policies
    are set on the scores of one that judges `wording`.  What it does not read (Detoxify knows no Chinese) it is not
    asked about."""

    name: str
    title: str
    read: Callable[[Item], Reading]
    verdict: bool = False
    wording: bool = False
    reads: Callable[[Item], bool] = lambda item: True


@dataclass(slots=True)
class Bench:
    """The readers of a run, with what they have said so far; `absent` names those that are not here, with the cure.

    `flag` is the score from which the policy flags wording.
    """

    readers: tuple[Reader, ...]
    absent: Mapping[str, str]
    base: Baseline
    flag: float
    grounds: tuple[str, ...] = ()
    track: Track = untracked
    stack: ExitStack = field(default_factory=ExitStack)
    made: dict[str, Reader | str] = field(default_factory=dict)
    _said: dict[tuple[str, str, str], Reading] = field(default_factory=dict)
    _reviewed: dict[tuple[str, str], Review] = field(default_factory=dict)

    def readings(self, reader: Reader, what: str, items: Sequence[Item]) -> list[Reading]:
        """What `reader` makes of each text; `what` names them to whoever watches.  Raises CheckError."""
        return [self.reading(reader, item) for item in self.track(f"{what}, {reader.title}", items)]

    def reading(self, reader: Reader, item: Item) -> Reading:
        """What `reader` makes of a text."""
        key = (reader.name, item.prompt, item.text)
        if key not in self._said:
            self._said[key] = reader.read(item)
        return self._said[key]

    def scores(self, reader: Reader, what: str, items: Sequence[Item]) -> list[float]:
        """The scores alone."""
        return [one.score for one in self.readings(reader, what, items)]

    def review(self, item: Item) -> Review:
        """What the rules on bias do with a text.  Raises CheckError."""
        key = (item.prompt, item.text)
        if key not in self._reviewed:
            self._reviewed[key] = judging.reviews(self.base, [item])[0]
        return self._reviewed[key]

    def close(self) -> None:
        """Let go of what the readers hold."""
        self.stack.close()


NAMES: Mapping[str, str] = {
    "embedded": "tier 1",
    "second": "tier 1 with the second reader",
    "detoxify": "Detoxify",
    "groups": "rules on groups",
    "together": "wording and groups",
    "policy": "the policy's rules on bias",
}
"""The readers by name, with what they are called in tables.  `together` is the higher score of the embedded models
(with the second reader where it is here) and the rules on groups; `policy` is whether any rule of the policy fires."""


def open_bench(
    policy: Policy | None = None,
    models: Path | None = None,
    wanted: Collection[str] = (),
    track: Track = untracked,
) -> Bench:
    """The readers `wanted` (all that are here, where none is named) under `policy`, by default the packaged one; with
    `models`, the embedded models of that directory.  Raises CheckError, PolicyError, SettingsError."""
    detectors = [_with(models, detector) for detector in registry.available()]
    whole = policy or load(packaged("hk-baseline"))
    base = judging.baseline(whole, Module.BIAS, detectors)
    with ExitStack() as stack:
        stack.callback(base.scanner.close)
        bench = Bench((), {}, base, flag_threshold(whole), grounds(detectors), track)
        made = {name: _make(name, bench, detectors) for name in NAMES if name in wanted or not wanted}
        bench.readers = tuple(reader for reader in made.values() if isinstance(reader, Reader))
        bench.absent = {name: why for name, why in made.items() if isinstance(why, str)}
        bench.stack = stack.pop_all()
    return bench


def is_chinese(item: Item) -> bool:
    """Whether a text is Chinese of any kind: as its set says, else as it looks."""
    return (item.language or language(item.text)).startswith(("zh", "yue"))


def flag_threshold(policy: Policy) -> float:
    """The lowest score of `bias.toxicity` on which a rule fires."""
    rules = [rule for rule in policy.rules if rule.module is Module.BIAS and covers(rule, "bias.toxicity")]
    return min((rule.threshold for rule in rules), default=_FLAG)


def grounds(detectors: Iterable[AnyDetector]) -> tuple[str, ...]:
    """The grounds (`race`, `sex`) that an installed detector finds harm on."""
    kinds = {kind for detector in _of_groups(detectors) for kind in detector.kinds}
    return tuple(sorted(kind.removeprefix("bias.") for kind in kinds if kind.startswith("bias.")))


def _of_groups(detectors: Iterable[AnyDetector]) -> list[AnyDetector]:
    """The detectors of bias that do not judge wording alone."""
    others = [one for one in detectors if not isinstance(one, EmbeddedToxicity) and one.name != DetoxifyToxicity.name]
    return [one for one in others if any(kind.startswith("bias.") for kind in one.kinds)]


def pieces(text: str, *, whole: bool = True) -> list[str]:
    """What is read of a text: its sentences, and where there are several also the `whole`."""
    cut = [text[start:end] for start, end in sentences(text)] or [text]
    return [*cut, text] if whole and len(cut) > 1 else cut


def of_detectors(
    detectors: Sequence[Detector], wanted: Callable[[str], bool] = bool, *, whole: bool = True
) -> Callable[[Item], Reading]:
    """Reads with detectors, those of sentences by sentences and the `whole`; the highest finding of a `wanted` kind
    counts."""

    def read(item: Item) -> Reading:
        context = judging.context_of(item)
        found: list[Finding] = []
        for detector in detectors:
            texts = pieces(item.text, whole=whole) if detector.unit is Unit.SENTENCE else [item.text]
            for each in detector.detect(texts, context):
                found += [finding for finding in each if wanted(finding.kind)]
        return Reading(max((finding.score for finding in found), default=0.0), tuple(found))

    return read


def _with(models: Path | None, detector: AnyDetector) -> AnyDetector:
    return type(detector)(models) if models is not None and isinstance(detector, EmbeddedToxicity) else detector


def _wording(name: str, detectors: Iterable[AnyDetector]) -> Reader | None:
    """A reader of wording, None without a detector."""
    found = _loaded(detectors)
    return Reader(name, NAMES[name], of_detectors(found), wording=True) if found else None


def _loaded(detectors: Iterable[AnyDetector]) -> list[Detector]:
    found = [detector for detector in detectors if isinstance(detector, Detector)]
    for detector in found:
        detector.load()
    return found


def _make(name: str, bench: Bench, detectors: Sequence[AnyDetector]) -> Reader | str:
    """A reader, or why it is not here; each is made once, for a network takes its time to load."""
    if name not in bench.made:
        bench.made[name] = _MAKERS[name](bench, detectors)
    return bench.made[name]


def _embedded(bench: Bench, detectors: Sequence[AnyDetector]) -> Reader | str:
    found = [detector.alone() for detector in detectors if type(detector) is EmbeddedToxicity]
    return _wording("embedded", found) or "bias.toxicity is not installed; reinstall guardrail"


def second_of(detector: EmbeddedToxicity) -> EmbeddedToxicity | None:
    """The embedded scorer with its second readers, None where they are not here."""
    detector.load()
    return detector if detector.readers else None


def _second(bench: Bench, detectors: Sequence[AnyDetector]) -> Reader | str:
    found = [made for one in detectors if type(one) is EmbeddedToxicity and (made := second_of(one)) is not None]
    return _wording("second", found) or "it needs the extra that brings onnxruntime: pip install 'guardrail[models]'"


def _detoxify(bench: Bench, detectors: Sequence[AnyDetector]) -> Reader | str:
    found = [detector for detector in detectors if detector.name == DetoxifyToxicity.name]
    made = _wording("detoxify", found)
    if made is None:
        return f"Detoxify is not configured: {DetoxifyToxicity.setup}"
    return replace(made, reads=lambda item: not is_chinese(item))


def _groups(bench: Bench, detectors: Sequence[AnyDetector]) -> Reader | str:
    found = _loaded(_of_groups(detectors))
    if not found:
        return "no detector of harm to groups is installed"
    return Reader("groups", NAMES["groups"], of_detectors(found, lambda kind: kind.startswith("bias."), whole=False))


def _together(bench: Bench, detectors: Sequence[AnyDetector]) -> Reader | str:
    second = _make("second", bench, detectors)
    wording = second if isinstance(second, Reader) else _make("embedded", bench, detectors)
    parts = [part for part in (wording, _make("groups", bench, detectors)) if isinstance(part, Reader)]
    if not parts:
        return "there is no reader to combine"

    def read(item: Item) -> Reading:
        said = [bench.reading(part, item) for part in parts]
        return Reading(max(one.score for one in said), tuple(finding for one in said for finding in one.findings))

    return Reader("together", NAMES["together"], read)


def _policy(bench: Bench, detectors: Sequence[AnyDetector]) -> Reader | str:
    def read(item: Item) -> Reading:
        fired = bench.review(item).fired
        return Reading(float(bool(fired)), tuple(hit.finding for hit in fired))

    return Reader("policy", NAMES["policy"], read, verdict=True)


_MAKERS: Mapping[str, Callable[[Bench, Sequence[AnyDetector]], Reader | str]] = {
    "embedded": _embedded,
    "second": _second,
    "detoxify": _detoxify,
    "groups": _groups,
    "together": _together,
    "policy": _policy,
}
