"""What a run of `guardrail eval errors` was asked for."""

from dataclasses import dataclass
from pathlib import Path

from guardrail.evaluation.report import Track, untracked
from guardrail.types import Policy


@dataclass(frozen=True, slots=True)
class Run:
    """The directory of the sets, the policy that the set `benign` is judged by (None: hk-baseline), the seed of every
    draw, at most how many texts of each set, and who is told of the progress."""

    data: Path
    policy: Policy | None = None
    seed: int = 1
    limit: int | None = None
    track: Track = untracked
