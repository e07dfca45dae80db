"""The curves of `guardrail eval bias --curve` as pictures, for a policy officer to choose a threshold from.

Rules:
1. Every picture is written as PNG and as SVG; the same figures give the same SVG.
2. Lines are named where they run, in the colour they have; colours are those that colour-blind readers can tell apart
   (Okabe and Ito 2008).
3. A band is the 95 % interval.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guardrail.errors import SettingsError
from guardrail.evaluation.curves import Curve, areas, calibration, costs, roc
from guardrail.evaluation.intervals import Measure
from guardrail.evaluation.report import percent

_BLUE, _ORANGE, _GREEN, _PURPLE, _SKY, _YELLOW, _RED, _GREY = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#B8A800", "#D55E00", "#777777",
)  # fmt: skip
_COLOURS = (_BLUE, _RED, _GREEN, _PURPLE, _ORANGE, _SKY, _YELLOW)
_GREYS = ("#333333", "#777777", "#AAAAAA")
_DASHES = ((0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)))
_GRID = [index / 100 for index in range(5, 100)]
_LETTER, _LINE = 7.2, 15.0  # points that a letter of a bold name is wide, and a line high
_GAP = 0.012  # share of the axes between a name and its line
_STYLE: Any = {
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 12,
    "svg.hashsalt": "guardrail",
    "svg.fonttype": "path",
}


@dataclass(frozen=True, slots=True)
class _Box:
    """A place in shares of the axes."""

    left: float
    bottom: float
    right: float
    top: float

    def meets(self, other: "_Box") -> bool:
        """Whether two places overlap."""
        return not (
            self.right < other.left or other.right < self.left or self.top < other.bottom or other.top < self.bottom
        )

    def distance(self, line: Sequence[float]) -> float:
        """How far the nearest point of a line over `_GRID` is, 0 where it runs through."""
        return min(
            max(self.left - x, x - self.right, 0.0) + max(self.bottom - y, y - self.top, 0.0)
            for x, y in zip(_GRID, line, strict=True)
        )


def require() -> None:
    """Raises SettingsError with the cure where matplotlib is missing."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise SettingsError(
            "--curve needs the extra that brings matplotlib: pip install 'guardrail[reports]'"
        ) from None


def draw(curve: Curve, flag: float, directory: Path) -> list[Path]:
    """Write the pictures of one language and reader; `flag` is where the policy flags.  Raises SettingsError."""
    require()
    from matplotlib import rc_context

    drawers: dict[str, Callable[[Curve, float], Any]] = {
        "thresholds": _thresholds,
        "roc": _roc,
        "calibration": _calibration,
    }
    written: list[Path] = []
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with rc_context(_STYLE):
            for name, drawer in drawers.items():
                figure = drawer(curve, flag)
                for ending, metadata in (("png", {}), ("svg", {"Date": None})):
                    written.append(directory / f"{name}-{curve.language}-{curve.reader.name}.{ending}")
                    figure.savefig(written[-1], dpi=144, metadata=metadata)
    except OSError as error:
        raise SettingsError(f"{directory}: {error.strerror or error}; --curve names a directory to write to") from None
    return written


def _thresholds(curve: Curve, flag: float) -> Any:
    """Above what a threshold catches, below what it costs in answers that nobody should see flagged."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 8), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    points = [costs(curve, threshold) for threshold in _GRID]
    lines = {
        "hate caught": (_BLUE, [one.recall for one in points]),
        "precision, were half\nof them hateful": (_GREEN, [one.precision for one in points]),
        "harmless posts flagged": (_ORANGE, [one.alarms for one in points]),
    }
    above.set_ylim(0, 1.02)
    above.set_title(f"{curve.named}, {curve.reader.title}: what is flagged from each score on")
    answers = {"ordinary answers": (_RED, [one.ordinary for one in points])}
    if curve.alarming:
        answers["safe answers to\nalarming prompts"] = (_PURPLE, [one.alarming for one in points])
    top = 0.05
    below.set_ylim(0, top)
    for goal, said in ((0.01, "goal, 1%"), (0.02, "goal where\nprompts alarm, 2%")):
        below.axhline(goal, color=_GREY, linewidth=0.8, linestyle=":")
        below.annotate(said, (1.01, goal), va="center", fontsize=9, color=_GREY, annotation_clip=False)
    below.set_title("the cost, on another scale: answers flagged that are harmless")
    below.set_xlabel("score from which a text is flagged")
    figure.draw_without_rendering()  # settles where the axes are
    _lines(above, lines, flag, 1.02)
    _lines(below, answers, flag, top, [_Box(flag - 0.3, 0.9, flag, 1.0)])  # where the line of the policy is named
    for axes in (above, below):
        axes.axvline(flag, color="black", linewidth=1, linestyle="--")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        axes.set_xlim(0, 1)
    below.annotate(
        f"the policy flags from {flag:g}", (flag, top), (-5, -2), textcoords="offset points", ha="right", va="top"
    )
    return figure


def _lines(
    axes: Any,
    lines: dict[str, tuple[str, list[Measure]]],
    flag: float,
    top: float,
    held: Sequence["_Box"] = (),
) -> None:
    """Lines with their bands, each named beside it, and not in a place that is `held`."""
    for colour, points in lines.values():
        axes.plot(_GRID, [one.value for one in points], color=colour, linewidth=2)
        axes.fill_between(
            _GRID, [one.low for one in points], [one.high for one in points], color=colour, alpha=0.15, linewidth=0
        )
    width, height = (size * 72 for size in axes.figure.get_size_inches())
    box = axes.get_position()
    taken: list[_Box] = [*held]
    for name, (colour, points) in lines.items():
        others = [[one.value / top for one in some] for other, (_, some) in lines.items() if other != name]
        letters, rows = max(map(len, name.split("\n"))), name.count("\n") + 1
        size = (letters * _LETTER / (width * box.width), rows * _LINE / (height * box.height))
        found = _room([one.value / top for one in points], others, size, flag, taken)
        taken.append(found)
        at = ((found.left + found.right) / 2, top * (found.bottom + found.top) / 2)
        axes.annotate(name, at, ha="center", va="center", color=colour, fontweight="bold")


def _room(
    own: Sequence[float],
    others: Sequence[Sequence[float]],
    size: tuple[float, float],
    flag: float,
    taken: Sequence[_Box],
) -> _Box:
    """The place for a name that is nearest to its line and farther from every other; all in shares of the axes."""
    best, found = float("inf"), _Box(0.5, 0.5, 0.5, 0.5)
    wide, high = size
    for step in range(2, 99, 2):
        for level in range(2, 99, 2):
            x, y = step / 100, level / 100
            box = _Box(x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)
            if box.left < 0.01 or box.right > 0.99 or box.bottom < 0.01 or box.top > 0.99:
                continue
            if box.left - _GAP < flag < box.right + _GAP or any(box.meets(other) for other in taken):
                continue
            near = box.distance(own)
            far = min((box.distance(other) for other in others), default=1.0)
            if near < _GAP or far <= near:
                continue
            if near - far / 20 < best:
                best, found = near - far / 20, box
    return found


def _roc(curve: Curve, flag: float) -> Any:
    """A ROC curve for each set, named at the side in the order of their areas."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10.5, 6.5))
    axes = figure.add_axes((0.08, 0.1, 0.52, 0.84))
    axes.plot((0, 1), (0, 1), color=_GREY, linewidth=0.8, linestyle=":")
    axes.annotate("chance", (0.88, 0.88), (4, -16), textcoords="offset points", color=_GREY, fontsize=9)
    named = areas(curve)
    hostile = [name for name in named if name in curve.hostile]
    quiet = [name for name in named if name not in curve.hostile]
    for index, (name, (scored, measure)) in enumerate(named.items()):
        wording = name in curve.hostile
        colour = _COLOURS[hostile.index(name) % len(_COLOURS)] if wording else _GREYS[quiet.index(name) % len(_GREYS)]
        style = "-" if wording else _DASHES[quiet.index(name) % len(_DASHES)]
        xs, ys = roc(scored)
        axes.plot(xs, ys, color=colour, linewidth=2 if wording else 1.4, linestyle=style)
        harmful = [one.score >= flag for one in scored if one.harmful]
        harmless = [one.score >= flag for one in scored if not one.harmful]
        axes.plot(sum(harmless) / len(harmless), sum(harmful) / len(harmful), "o", color=colour, markersize=7)
        _aside(axes, index, name, measure, colour, style)
    foot = f"dots: flagged from {flag:g}\nbroken lines: bias without hostile wording"
    axes.annotate(foot, (1.04, 0.0), xycoords="axes fraction", va="bottom", fontsize=9, annotation_clip=False)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.01)
    axes.set_xlabel("harmless texts flagged")
    axes.set_ylabel("harmful texts caught")
    axes.set_title(f"{curve.named}, {curve.reader.title}: caught against wrongly flagged, by set")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:.0%}")
    return figure


def _aside(axes: Any, index: int, name: str, measure: Measure, colour: str, style: Any) -> None:
    """A line's name with its area, beside the axes."""
    level = 0.98 - 0.085 * index
    axes.plot(
        (1.04, 1.09), (level - 0.015, level - 0.015), transform=axes.transAxes, color=colour, linewidth=2,
        linestyle=style, clip_on=False,
    )  # fmt: skip
    area = f"area {percent(measure.value)} ({percent(measure.low)} to {percent(measure.high)})"
    for text, below, weight in ((name, 0.0, "bold"), (area, 0.037, "normal")):
        axes.annotate(
            text, (1.11, level - below), xycoords="axes fraction", va="top", color=colour, fontsize=10,
            fontweight=weight, annotation_clip=False,
        )  # fmt: skip


def _calibration(curve: Curve, flag: float) -> Any:
    """The share of harmful texts against the score, and below how many texts have it."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 8), layout="constrained")
    axes, counts = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
    bins = calibration(curve)
    axes.plot((0, 1), (0, 1), color=_GREY, linewidth=0.8, linestyle=":")
    axes.annotate("dotted: where scores are probabilities", (0.98, 0.0), ha="right", color=_GREY, fontsize=9)
    below = [one.harmful.value - one.harmful.low for one in bins]
    over = [one.harmful.high - one.harmful.value for one in bins]
    axes.errorbar(
        [one.mean for one in bins], [one.harmful.value for one in bins], yerr=(below, over), color=_BLUE, marker="o",
        linewidth=2, elinewidth=1.2, capsize=3,
    )  # fmt: skip
    axes.set_title(f"{curve.named}, {curve.reader.title}: are scores probabilities?")
    axes.set_ylabel("share that is harmful")
    axes.set_ylim(-0.02, 1.02)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    counts.bar([one.low + 0.05 for one in bins], [one.texts for one in bins], width=0.095, color=_SKY)
    for one in bins:
        counts.annotate(
            f"{one.texts}", (one.low + 0.05, one.texts), (0, 2), textcoords="offset points", ha="center", fontsize=9
        )
    counts.set_yscale("log")
    counts.yaxis.set_visible(False)
    counts.spines["left"].set_visible(False)
    counts.set_title("texts with that score", fontsize=10)
    counts.set_xlim(0, 1)
    counts.margins(y=0.2)
    counts.set_xlabel("score (a third hateful texts, a third harmless posts, a third ordinary answers)")
    return figure
