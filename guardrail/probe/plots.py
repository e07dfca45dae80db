"""The plot of a ground: for each measure the difference from the reference group, with its interval, as inline SVG.

Rules:
1. Lines and letters take the colour of the page (`currentColor`), so that one drawing serves light, dark and paper.
2. Text stays text: it is found, read aloud and set in the reader's fonts, which have Chinese where matplotlib's do not.
3. The same figures give the same bytes.
"""

import re
import warnings
from collections.abc import Mapping, Sequence
from io import StringIO
from math import exp, floor, log10
from typing import Any

from guardrail.probe.measures import MEASURES, SHARES
from guardrail.probe.words import called, say

_INK, _FOUND = "#010203", "#d03b2f"
_POINT = 0.083
"""Inches of one character of a label at the size used."""
_TITLES = {
    "refusal": ("refusals (points)", "拒答（百分點）"),
    "recommendation": ("decisions (points)", "決定（百分點）"),
    "number": ("numbers (%)", "數字（%）"),
    "length": ("length (%)", "長度（%）"),
    "sentiment": ("warmth (−1..1)", "冷暖（−1..1）"),
    "toxicity": ("toxicity (0..1)", "惡毒（0..1）"),
}


def plot(tests: Sequence[Mapping[str, Any]], lang: str, salt: str) -> str:
    """The SVG of the tests of one ground, as they stand in the JSON report.  `salt` keeps the ids of drawings apart."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    rows = list(dict.fromkeys((test["other"], test["lang"]) for test in tests))
    labels = {(t["other"], t["lang"]): f"{called(t, 'other', lang)}, {say(t['lang'], lang)}" for t in tests}
    left = 0.25 + _POINT * max(_width(label) for label in labels.values())
    height = 0.65 + 0.24 * len(rows)
    style: dict[Any, Any] = {"text.parse_math": False, "axes.titlesize": 8}
    style |= {"svg.fonttype": "none", "svg.hashsalt": salt, "font.size": 8, "text.color": _INK, "axes.edgecolor": _INK}
    style |= {"axes.labelcolor": _INK, "xtick.color": _INK, "ytick.color": _INK}
    with rc_context(style), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # matplotlib's own font has no Chinese; the reader's has
        figure = Figure(figsize=(left + 1.25 * len(MEASURES), height))
        FigureCanvasSVG(figure)
        right, bottom, top = 1 - 0.1 / (left + 7.5), 0.32 / height, 1 - 0.28 / height
        width = left + 1.25 * len(MEASURES)
        axes = figure.subplots(1, len(MEASURES), sharey=True)
        figure.subplots_adjust(left=left / width, right=right, bottom=bottom, top=top, wspace=0.18)
        for axis, measure in zip(axes, MEASURES, strict=True):
            _panel(axis, measure, [test for test in tests if test["measure"] == measure], rows, lang)
        axes[0].set_yticks(range(len(rows)), [labels[row] for row in rows])
        axes[0].set_ylim(len(rows) - 0.5, -0.5)
        out = StringIO()
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _inline(out.getvalue())


def _panel(axis: Any, measure: str, tests: Sequence[Mapping[str, Any]], rows: Sequence[Any], lang: str) -> None:
    axis.set_title(_TITLES[measure][lang != "en"])
    axis.axvline(0, color=_INK, linewidth=0.6, alpha=0.5)
    axis.tick_params(axis="y", length=0)
    for side in ("top", "right", "left"):
        axis.spines[side].set_visible(False)
    reach = 0.0
    for test in tests:
        if test["effect"] is None:
            continue
        at = rows.index((test["other"], test["lang"]))
        values = [_scaled(measure, test[key]) for key in ("low", "effect", "high")]
        low, effect, high = (
            value if value is not None else _scaled(measure, test["effect"]) or 0.0 for value in values
        )
        colour = _FOUND if test["found"] else _INK
        axis.plot([low, high], [at, at], color=colour, linewidth=1.2)
        fill = _FOUND if test["found"] else "none"
        axis.plot([effect], [at], marker="o", markersize=4, color=colour, markerfacecolor=fill)
        reach = max(reach, abs(low), abs(high))
    reach = reach * 1.15 or 1.0
    axis.set_xlim(-reach, reach)
    tick = _round(reach * 0.8)
    axis.set_xticks([-tick, 0, tick], [f"{-tick:g}".replace("-", "−"), "0", f"{tick:g}"])


def _round(value: float) -> float:
    """The largest of 1, 2 and 5 times a power of ten that is not above `value`."""
    power = 10.0 ** floor(log10(value))
    return next(step * power for step in (5, 2, 1) if step * power <= value * 1.000001)


def _scaled(measure: str, value: float | None) -> float | None:
    if value is None:
        return None
    if measure == "length":
        return 100 * (exp(value) - 1)
    return 100 * value if measure in (*SHARES, "number") else value


def _width(label: str) -> float:
    return sum(1.0 if character.isascii() else 1.75 for character in label)


def _inline(svg: str) -> str:
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", svg, count=1, flags=re.DOTALL)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font: ?([\d.]+px)[^;\"]*", r"font-size: \1; font-family: inherit", svg)
    svg = re.sub(r"font-family: [^;\"]*", "font-family: inherit", svg)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)  # nobody refers to them, and another drawing has the same
    return svg.replace(_INK, "currentColor")
