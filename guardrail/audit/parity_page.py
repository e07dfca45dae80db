"""The parity report as one HTML page with plots, for a reader who knows neither the log nor statistics.

Rules: one file, no script, nothing loaded from anywhere; text of the log is escaped.
"""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from guardrail.audit.parity import OUTCOMES, Parity, Row, compares
from guardrail.audit.parity_words import (
    LANGUAGE_NAMES,
    OUTCOME_NAMES,
    difference,
    group_name,
    p_value,
    percent,
    times,
)
from guardrail.errors import SettingsError

TEMPLATE = Path(__file__).with_name("parity.html")
_PLOTTED = 20
"""Groups in a plot; the tables have all of them."""


def render(parity: Parity, records: int, problems: Sequence[str]) -> str:
    """The page.  Raises SettingsError when the extra `reports` is not installed."""
    try:
        import jinja2
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise SettingsError(
            f"--html needs {error.name or 'jinja2 and matplotlib'}: pip install 'guardrail[reports]', or leave it out"
        ) from None
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        parity=parity,
        records=records,
        problems=problems,
        outcomes=OUTCOME_NAMES,
        language=lambda name: LANGUAGE_NAMES.get(name, name),
        group=group_name,
        percent=percent,
        difference=difference,
        times=times,
        p_value=p_value,
        compares=compares,
        plots=[plot for rows in (parity.languages, parity.groups) for plot in _plots(rows)],
    )


def _plots(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """A plot of each outcome that happened: its title, and the SVG."""
    shown = [row for row in rows if not row.suppressed][:_PLOTTED]
    by_group = any(not row.name for row in shown) or any(row.name not in LANGUAGE_NAMES for row in shown)
    kind = "by group mentioned 按提及的群體" if by_group else "by language 按語言"
    return [
        (f"{OUTCOME_NAMES[outcome]}, {kind}", _svg(shown, outcome))
        for outcome in OUTCOMES
        if len(shown) > 1 and any(rate.rate.hits for row in shown for rate in row.rates if rate.outcome == outcome)
    ]


def _svg(rows: Sequence[Row], outcome: str) -> str:
    """Rates as dots with their intervals, one line for each row."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    rates = [rate for row in rows for rate in row.rates if rate.outcome == outcome]
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "guardrail", "font.family": "sans-serif"}):
        figure = Figure(figsize=(7, 0.9 + 0.32 * len(rows)), layout="constrained")
        axes: Any = figure.add_subplot()
        for number, rate in enumerate(rates):
            if rate.rate.total:
                colour = "#b3261e" if rate.differs else "#30506e"
                axes.plot([100 * rate.rate.low, 100 * rate.rate.high], [number, number], color=colour, linewidth=2)
                axes.plot([100 * rate.rate.value], [number], "o", color=colour)
        axes.set_yticks(range(len(rows)), [(row.name or "no group mentioned").replace("_", " ") for row in rows])
        axes.invert_yaxis()
        axes.set_xlim(left=0)
        axes.set_xlabel("% of exchanges, with 95 % interval")
        axes.spines[["top", "right"]].set_visible(False)
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    drawn = out.getvalue()
    return drawn[drawn.index("<svg") :]
