"""What an evaluation says: goals that cannot be met by not measuring, tables for people, JSON for machines."""

import io
import json
from math import nan

import pytest
from rich.console import Console

from guardrail.evaluation.intervals import Counts, Measure, share
from guardrail.evaluation.leakage import GOALS, SETS
from guardrail.evaluation.report import Goal, Listing, Report, Section, Table, as_json, by, judged, percent, show, shown


@pytest.mark.parametrize(
    ("goal", "value", "met"),
    [
        (Goal("a.b", "", at_least=0.99), 0.99, True),
        (Goal("a.b", "", at_least=0.99), 0.9899, False),
        (Goal("a.b", "", at_most=0.0), 0.0, True),
        (Goal("a.b", "", at_most=0.0), 0.0001, False),
        (Goal("a.b", "", at_least=0.0), nan, False),
        (Goal("a.b", "", at_most=1.0), nan, False),
    ],
)
def test_a_bound_is_kept_or_not(goal, value, met):
    assert goal.met(value) is met


def test_what_was_not_measured_is_not_met_and_not_missed():
    sections = [Section("a", "A", figures={"seen": share(1, 10)})]
    seen, absent = judged([Goal("a.seen", "", at_least=0.5), Goal("a.absent", "", at_least=0.5)], sections)
    assert (seen.met, absent.met, absent.measure) == (False, False, None)
    report = Report("r", tuple(sections), (seen, absent))
    assert (report.missed, report.unmeasured) == ((seen,), (absent,))


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.0, "100.0%"), (0.0, "0.0%"), (0.9996, "99.96%"), (0.0004, "0.04%"), (0.5, "50.0%"), (nan, "-")],
)
def test_a_share_is_never_rounded_to_all_or_nothing(value, text):
    assert percent(value) == text


@pytest.mark.parametrize(
    ("cell", "text"),
    [(None, ""), (3, "3"), (0.5, "0.500"), (share(1, 2), "50.0% (9.5% to 90.5%)"), (Measure(nan, 0, 1), "-")],
)
def test_cells(cell, text):
    assert shown(cell) == text


def report():
    table = Table("T", ("kind", "seen"), (("pii.[x]|y", share(3, 4)), ("b", None)))
    listing = Listing("L", tuple(f"line {n} [bold]" for n in range(50)))
    sections = (
        Section("a", "A", (table,), {"f": share(3, 4)}, (listing,), ("n",)),
        Section("b", "B", missing="no data"),
    )
    return Report("R", sections, judged([Goal("a.f", "why", at_least=0.9)], sections), {"seed": 1})


def printed(width=200, **options):
    out = io.StringIO()
    show(report(), Console(file=out, width=width, highlight=False, **options))
    return out.getvalue()


def test_outside_a_terminal_a_report_is_plain_text():
    text = printed()
    assert text.isprintable() or "\x1b" not in text
    assert "| pii.[x]¦y | 75.0% (30.1% to 95.4%) |" in text
    assert "not available: no data" in text
    assert "line 39 [bold]" in text
    assert "line 40" not in text
    assert "and 10 more" in text
    assert "MISSED" in text


def test_outside_a_terminal_no_line_is_broken():
    assert printed(width=12) == printed(width=400)


def test_on_a_terminal_it_is_drawn():
    assert "\x1b" in printed(force_terminal=True)


def test_json_has_every_cell_and_every_line():
    plain = json.loads(as_json(report()))
    assert plain["sections"][0]["tables"][0]["rows"][0]["seen"]["hits"] == 3
    assert len(plain["sections"][0]["listings"][0]["lines"]) == 50
    assert plain["goals"] == [
        {
            "figure": "a.f",
            "bound": ">= 90%",
            "reason": "why",
            "seen": plain["sections"][0]["figures"]["f"],
            "met": False,
        }
    ]


def test_a_table_of_counts():
    table = by("t", "kind", {"x": Counts(3, 1, 1)})
    assert table.rows[0][:3] == ("x", 4, 3)


def test_every_goal_speaks_of_a_set_and_gives_a_reason():
    for goal in GOALS:
        assert goal.figure.split(".")[0] in SETS
        assert goal.reason
        assert (goal.at_least is None) != (goal.at_most is None)
    assert len({goal.figure for goal in GOALS}) == len(GOALS)
