"""The report of a probe: one plain JSON document, and an HTML page made of that document and nothing else.

Rules:
1. The page is one file without scripts and without anything from elsewhere; a policy in its head forbids both.
2. What a model said is escaped wherever it stands, without controls that could turn its direction, and cut at a length.
3. A verdict is "difference", "none" or "unmeasured"; "none" is given only where something could have been found.
"""

import math
import random
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import guardrail
from guardrail.probe import words
from guardrail.probe.compare import BOTH, POWER, Pairing, Test
from guardrail.probe.grounds import GUIDELINE, ground_of
from guardrail.probe.measures import MEASURES, Measured
from guardrail.probe.plan import Place, Plan
from guardrail.probe.plots import plot
from guardrail.probe.state import Answer, State

SCHEMA = "guardrail.probe.bias/1"
_SHOWN = 2
_LONGEST = 900
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff\ufffe\uffff]"
)
Json = dict[str, Any]


def document(
    plan: Plan, state: State, values: Mapping[Place, Measured], tests: Sequence[Test], q: float, stopped: str = ""
) -> Json:
    """The report as JSON."""
    measured = [test for test in tests if test.measured]
    grounds = [
        _ground(plan, state, values, name, [test for test in tests if test.ground == name])
        for name in dict.fromkeys(test.ground for test in tests)
    ]
    verdicts = [each["verdict"] for each in grounds]
    verdict = next((one for one in ("difference", "none") if one in verdicts), "unmeasured")
    return {
        "schema": SCHEMA,
        "guardrail": guardrail.__version__,
        "created": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "verdict": verdict,
        "run": _run(plan, state, values, stopped),
        "method": {
            "test": "paired permutation over templates, two-sided",
            "family": len(measured),
            "correction": "Benjamini-Hochberg",
            "q": q,
            "interval": 0.95,
            "power": POWER,
            "templates": max((test.templates for test in tests), default=0),
        },
        "cites": [GUIDELINE],
        "grounds": grounds,
    }


def _run(plan: Plan, state: State, values: Mapping[Place, Measured], stopped: str) -> Json:
    keys = {question.key for question in plan.questions}
    answers = [state.answers[key] for key in keys if key in state.answers]
    return {
        **plan.about(),
        "system": bool(plan.wanted.asking.system),
        "languages": list(plan.wanted.langs),
        "planned": len(keys),
        "answered": sum(not answer.failed for answer in answers),
        "failed": sum(bool(answer.failed) for answer in answers),
        "cut": sum(answer.cut for answer in answers),
        "requests": state.sent,
        "tokens": state.tokens or None,
        "stopped": stopped or None,
    }


def _ground(plan: Plan, state: State, values: Mapping[Place, Measured], name: str, tests: Sequence[Test]) -> Json:
    ground = ground_of(name)
    found = [test for test in tests if test.found]
    reach = _reach(tests)
    able = any(least is not None for least in reach.values())
    verdict = "difference" if found else "none" if able else "unmeasured"
    return {
        "ground": name,
        "name": {"en": ground.en, "zh-Hant": ground.zh},
        "statutory": ground.statutory,
        "law": {"en": ground.law[0], "zh-Hant": ground.law[1]} if ground.law else None,
        "verdict": verdict,
        "detectable": {measure: _real(least) for measure, least in reach.items()},
        "detectable_share": _real(_share(tests, [measure for measure, least in reach.items() if least is not None])),
        "tests": [_test(plan, test) for test in tests],
        "examples": _examples(plan, state, values, name, found, tests),
    }


def _reach(tests: Sequence[Test]) -> dict[str, float | None]:
    """For each measure the difference that is found whatever pair of terms has it, in the best comparison that the
    pair has (mostly that over all languages); None where a pair has no comparison that could find anything."""
    found: dict[str, float | None] = {}
    for measure in MEASURES:
        pairs: dict[str, list[float]] = {test.other: [] for test in tests}
        for test in tests:
            if test.measure == measure and test.detectable is not None:
                pairs[test.other].append(test.detectable)
        found[measure] = max(min(least) for least in pairs.values()) if all(pairs.values()) else None
    return found


def _share(tests: Sequence[Test], measures: Sequence[str]) -> float | None:
    """In which share of the templates a difference has to show to be found, whatever pair of terms and of these
    measures has it; None where there is no measure."""
    found: dict[tuple[str, str], list[float]] = {}
    for test in tests:
        if test.measure in measures and test.detectable_share is not None:
            found.setdefault((test.measure, test.other), []).append(test.detectable_share)
    return max((min(shares) for shares in found.values()), default=None)


def _test(plan: Plan, test: Test) -> Json:
    langs = [test.lang] if test.lang != BOTH else [lang for ground, lang in plan.cells if ground == test.ground]
    terms = [term for lang in langs for term in plan.book.terms_of(test.ground, lang)]

    def named(name: str) -> str:
        return clean(" / ".join(dict.fromkeys(term.words for term in terms if term.name == name)))

    return {
        "lang": test.lang,
        "reference": test.reference,
        "other": test.other,
        "reference_words": named(test.reference),
        "other_words": named(test.other),
        "measure": test.measure,
        "templates": test.templates,
        "pairs": test.pairs,
        "effect": _real(test.effect),
        "low": _real(test.low),
        "high": _real(test.high),
        "p": _real(test.p),
        "adjusted_p": _real(test.adjusted),
        "found": test.found,
        "detectable": _real(test.detectable),
        "detectable_share": _real(test.detectable_share),
        "mean_reference": _real(test.mean_reference),
        "mean_other": _real(test.mean_other),
    }


def _real(value: float | None) -> float | None:
    return round(value, 6) if value is not None and math.isfinite(value) else None


def _examples(
    plan: Plan, state: State, values: Mapping[Place, Measured], name: str, found: Sequence[Test], tests: Sequence[Test]
) -> list[Json]:
    chosen: dict[tuple[str, str], tuple[Test, Pairing]] = {}
    for test in found:
        side = 1 if test.effect > 0 else -1
        for pairing in sorted(test.examples, key=lambda one: -side * one.difference)[:_SHOWN]:
            chosen.setdefault((pairing.matched.first.key, pairing.matched.second.key), (test, pairing))
    if not found:
        dice = random.Random(f"{plan.wanted.seed} {name}")
        some = [(test, pairing) for test in tests for pairing in test.examples if test.lang != BOTH]
        if some:
            test, pairing = dice.choice(some)
            chosen["drawn", "at random"] = test, pairing
    return [_example(state, values, test, pairing) for test, pairing in chosen.values()]


def _example(state: State, values: Mapping[Place, Measured], test: Test, pairing: Pairing) -> Json:
    matched = pairing.matched
    first, second = matched.first, matched.second
    return {
        "lang": matched.lang,
        "template": matched.template,
        "measure": test.measure,
        "difference": _real(pairing.difference),
        "drawn": not test.found,
        "reference": _side(matched.reference.words, first.prompt, state.answers[first.key], values[first.place]),
        "other": _side(matched.other.words, second.prompt, state.answers[second.key], values[second.place]),
    }


def _side(term: str, prompt: str, answer: Answer, value: Measured) -> Json:
    measured = {measure: _real(getattr(value, measure)) for measure in MEASURES}
    return {
        "term": clean(term),
        "prompt": clean(prompt),
        "answer": clean(answer.text),
        "native": clean(answer.native),
        "refused": bool(value.refusal),
        "measured": measured,
    }


def clean(text: str) -> str:
    """Foreign text that can be shown: no control characters, not too long."""
    text = _CONTROLS.sub("\ufffd", text.replace("\r\n", "\n"))
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def marked(prompt: str, other: str, term: str = "") -> tuple[str, str, str]:
    """A prompt in three: what it begins with like the other, what differs, what it ends with like the other; the words
    of the term are not cut where the two terms share letters.

    >>> marked("a Muslim patient", "a deaf patient"), marked("一名華裔病人", "一名南亞裔病人", "華裔")
    (('a ', 'Muslim', ' patient'), ('一名', '華裔', '病人'))
    """
    start = 0
    while start < min(len(prompt), len(other)) and prompt[start] == other[start]:
        start += 1
    end = 0
    while end < min(len(prompt), len(other)) - start and prompt[-1 - end] == other[-1 - end]:
        end += 1
    while start and not _boundary(prompt, start):
        start -= 1
    while end and not _boundary(prompt, len(prompt) - end):
        end -= 1
    stop = len(prompt) - end
    for part in (one.removesuffix("的") for one in term.split(" … ") if one):
        at = prompt.find(part, max(0, start - len(part)))
        if at != -1 and at <= stop and at + len(part) >= start:
            start, stop = min(start, at), max(stop, at + len(part))
    return prompt[:start], prompt[start:stop], prompt[stop:]


def _boundary(text: str, at: int) -> bool:
    return not (text[at - 1 : at].isascii() and text[at - 1 : at].isalnum() and text[at : at + 1].isalnum())


def page(report: Json, lang: str) -> str:
    """The report as an HTML page."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((files("guardrail.probe") / "report.html.j2").read_text("utf-8"))
    plots = {
        ground["ground"]: plot(ground["tests"], lang, f"{ground['ground']} {lang}") for ground in report["grounds"]
    }
    method = report["method"]
    return template.render(
        report=report,
        lang=lang,
        summary=_summary(report, lang),
        notices=_notices(report, lang),
        plots=plots,
        method=[
            words.pick(each, lang).format(templates=method["templates"], tests=method["family"], q=method["q"])
            for each in words.METHOD
        ],
        limits=[words.pick(each, lang) for each in words.LIMITS],
        serves=[words.pick(each, lang) for each in words.SERVES],
        h=lambda key: words.heading(key, lang),
        w=lambda key: words.say(key, lang),
        size=lambda measure, value: words.size(measure, value, lang),
        least=lambda measure, value: words.size(measure, value, lang, signed=False),
        called=lambda test, which: words.called(test, which, lang),
        span=lambda measure, low, high: words.span(measure, low, high, lang),
        finding=lambda test: words.finding(test, lang),
        missed=lambda ground: words.missed(ground, lang),
        marked=marked,
        some=lambda least: any(value is not None for value in least.values()),
    )


def _counts(report: Json) -> dict[str, int]:
    verdicts = [ground["verdict"] for ground in report["grounds"]]
    one_by_one = {"many": "difference", "none": "none", "unmeasured": "unmeasured"}
    return {"all": len(verdicts)} | {name: verdicts.count(verdict) for name, verdict in one_by_one.items()}


def _summary(report: Json, lang: str) -> str:
    return words.pick(words.SUMMARY[report["verdict"]], lang).format(**_counts(report))


def _notices(report: Json, lang: str) -> list[str]:
    """What a reader must know before any verdict: that the run is not whole, or a ground was not measured."""
    run, counts = report["run"], _counts(report)
    said = [words.STOPPED[run["stopped"]]] if run["stopped"] else []
    said += [words.UNANSWERED] if run["failed"] else []
    said += [words.UNMEASURED] if 0 < counts["unmeasured"] < counts["all"] else []
    return [words.pick(one, lang).format(**run, **counts) for one in said]


def lines(report: Json, lang: str) -> list[str]:
    """The verdicts as lines for a terminal."""
    out = [_summary(report, lang), *_notices(report, lang)]
    for ground in report["grounds"]:
        out.append(f"{ground['name'][lang]} ({ground['ground']}): {words.say(ground['verdict'], lang)}")
        out += [f"  {words.finding(test, lang)}" for test in ground["tests"] if test["found"]]
        if ground["verdict"] == "none":
            out.append(f"  {words.missed(ground, lang)}")
    return out
