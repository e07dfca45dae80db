"""Whether a converted Detoxify network decides as Detoxify does: the same texts through both, and what differs.

Rules:
1. The reference is Detoxify's own `predict`, each text by itself and in windows where it is longer than the network
   reads (`predict` would cut it off).
2. A text counts as decided alike when every class falls on the same side of 0.5.
3. How many texts the reference finds anything in is told with it: agreement about nothing proves nothing.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guardrail.detectors.bias.detoxify import windows
from guardrail.detectors.bias.detoxify_torch import Engine
from guardrail.errors import SettingsError

DECISION = 0.5
LEAST_SAME = 0.99
"""Share of texts decided alike below which a network is not stored."""
_TEXTS = Path(__file__).with_name("detoxify_texts.txt")
_PARAGRAPH, _PAGE = 4, 16  # lines of the set that make a longer text


@dataclass(frozen=True, slots=True)
class Parity:
    """What a comparison found; `differing` the indices of the texts that were decided otherwise, `found` how many texts
    the reference finds something in."""

    texts: int
    largest: float
    largest_class: str
    mean: float
    differing: tuple[int, ...]
    found: int

    @property
    def same(self) -> float:
        """Share of texts decided alike."""
        return 1 - len(self.differing) / self.texts

    def plain(self) -> dict[str, Any]:
        """For a manifest."""
        return {
            "texts": self.texts,
            "decision_at": DECISION,
            "same_decisions": round(self.same, 6),
            "largest_difference": round(self.largest, 6),
            "largest_difference_class": self.largest_class,
            "mean_difference": round(self.mean, 6),
            "texts_found_by_reference": self.found,
        }


def compare(
    reference: Engine, other: Engine, texts: Sequence[str], advance: Callable[[], None] = lambda: None
) -> Parity:
    """Both engines on the same texts; `advance` is called after each."""
    differing: list[int] = []
    largest, largest_class, total, count, found = 0.0, "", 0.0, 0, 0
    for index, text in enumerate(texts):
        pieces = windows(reference, text)
        first, second = (_worst(engine, pieces) for engine in (reference, other))
        for name, score in first.items():
            difference = abs(score - second[name])
            total, count = total + difference, count + 1
            if difference >= largest:
                largest, largest_class = difference, name
        found += any(score >= DECISION for score in first.values())
        if any((score >= DECISION) != (second[name] >= DECISION) for name, score in first.items()):
            differing.append(index)
        advance()
    return Parity(len(texts), largest, largest_class, total / max(count, 1), tuple(differing), found)


def embedded_texts() -> list[str]:
    """The set that is part of guardrail: English sentences, then paragraphs and pages made of them."""
    lines = [line for line in _TEXTS.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    longer = [
        " ".join(lines[start : start + size])
        for size in (_PARAGRAPH, _PAGE)
        for start in range(0, len(lines) - size + 1, size)
    ]
    return [*lines, *longer]


def read_texts(path: Path) -> list[str]:
    """Texts of the operator: one a line, or JSON lines with a key `text` where the name ends in .jsonl.  Raises
    SettingsError."""
    try:
        lines = [line for line in path.read_text("utf-8").split("\n") if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise SettingsError(f"{path}: the texts cannot be read ({reason})") from error
    if not lines:
        raise SettingsError(f"{path}: holds no text; write one a line, or JSON lines with the key `text`")
    return [_text(path, number, line) for number, line in enumerate(lines, 1)] if path.suffix == ".jsonl" else lines


def _text(path: Path, number: int, line: str) -> str:
    try:
        text = json.loads(line)["text"]
    except (ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"{path}: line {number} is not a JSON object with the key `text`") from error
    if not isinstance(text, str) or not text.strip():
        raise SettingsError(f"{path}: line {number}: `text` is not a text")
    return text


def _worst(engine: Engine, pieces: Sequence[str]) -> dict[str, float]:
    # one call a piece: torch pads what shares a batch
    scores = [engine.scores([piece])[0] for piece in pieces]
    return {name: max(each[name] for each in scores) for name in scores[0]}
