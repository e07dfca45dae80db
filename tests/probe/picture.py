"""Draws the picture of docs/probe.md from a run against the biased model: `python -m tests.probe.picture`."""

from pathlib import Path

from guardrail.probe.ask import Manner, Run
from guardrail.probe.compare import Q, compare
from guardrail.probe.measures import Measurer
from guardrail.probe.plan import Wanted, make_plan
from guardrail.probe.plots import plot
from guardrail.probe.report import document, lines
from guardrail.probe.state import State
from guardrail.probe.templates import packaged
from guardrail.vendors import Asking
from tests.probe.fake_models import BIASED, address, script, serving

FILE = Path(__file__).parents[2] / "docs" / "probe-race.svg"


def main() -> None:
    """Ask, compare, print the verdict and write the drawing on white paper."""
    state, measurer = State(), Measurer()
    with serving(script(BIASED)) as upstream:
        plan = make_plan(Wanted(address(upstream), "openai", Asking("demo", 400), ("race",)), packaged())
        Run(plan, state, Manner(concurrency=8)).ask()
    values = {
        one.place: measurer.measure(one, state.answers[one.key], plan.book.terms_of(one.ground, one.lang))
        for one in plan.questions
    }
    report = document(plan, state, values, compare(plan, values), Q)
    print("\n".join(lines(report, "en")))
    drawing = plot(report["grounds"][0]["tests"], "en", "docs").replace("currentColor", "#1b1b1f")
    opening = drawing.index(">") + 1
    style = "<style>text{font-family:system-ui,sans-serif}</style>"
    paper = '<rect width="100%" height="100%" fill="#fff"/>'
    lines_of_it = (line.rstrip() for line in (drawing[:opening] + style + paper + drawing[opening:]).splitlines())
    FILE.write_text("\n".join(lines_of_it) + "\n", "utf-8")


if __name__ == "__main__":
    main()
