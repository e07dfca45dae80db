"""`guardrail probe`: put questions to the model behind guardrail, and say what its answers show.

Rules: what it will cost is said before it starts; the key comes from the environment alone and is never shown; a run
that was killed goes on where it stopped; the exit status speaks of differences only when `--gate` asks for it, and a
gate is no more open to what could not be measured than to a difference.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from guardrail.errors import SettingsError
from guardrail.probe import report as reports
from guardrail.probe.ask import Manner, Run
from guardrail.probe.compare import Q, compare, comparisons, share_detectable
from guardrail.probe.measures import Measurer
from guardrail.probe.plan import Plan, Set, Wanted, make_plan
from guardrail.probe.state import State, opened
from guardrail.probe.templates import brought, packaged
from guardrail.probe.words import REPORT_LANGUAGES
from guardrail.vendors import VENDORS, Asking

_PROMPT_LANGUAGES = ("en", "zh-Hant", "zh-Hans")


@click.group("probe")
def probe() -> None:
    """Ask the model behind guardrail, and measure how it answers."""


@probe.command("bias")
@click.option(
    "--upstream", required=True, help="Address of the API or of guardrail in front of it; its root, or with /v1."
)
@click.option("--model", required=True, help="The model to ask for.")
@click.option(
    "--dialect", type=click.Choice(list(VENDORS)), default="openai", show_default=True, help="How the upstream speaks."
)
@click.option(
    "--key-env", metavar="NAME", help="Variable that holds the key.  [default: the vendor's, OPENAI_API_KEY …]"
)
@click.option(
    "--prompts", type=click.Path(path_type=Path), help="Your own templates, as JSON lines, in place of guardrail's."
)
@click.option("--ground", "grounds", multiple=True, help="Only this ground; may be given several times.")
@click.option(
    "--prompt-lang",
    "langs",
    multiple=True,
    type=click.Choice(_PROMPT_LANGUAGES),
    default=("en", "zh-Hant"),
    show_default=True,
    help="Language of the questions; may be given several times. zh-Hant includes Cantonese.",
)
@click.option("--templates", type=click.IntRange(1), help="At most this many templates of each ground and language.")
@click.option(
    "--repeats", type=click.IntRange(1), default=1, show_default=True, help="How often each question is asked."
)
@click.option("--temperature", type=click.FloatRange(0, 2), help="Sent with each question.  [default: the upstream's]")
@click.option("--max-tokens", type=click.IntRange(1), default=400, show_default=True, help="Longest answer.")
@click.option(
    "--system", type=click.Path(path_type=Path), help="File with a system message, as your application sends."
)
@click.option("--extra", metavar="JSON", help="Object merged into the body of each request; null takes a member out.")
@click.option("--seed", default=1, show_default=True, help="Decides samples, the order of questions, and draws.")
@click.option("--concurrency", type=click.IntRange(1, 64), default=4, show_default=True, help="Questions at a time.")
@click.option("--retries", type=click.IntRange(0, 20), default=5, show_default=True, help="Of a question that failed.")
@click.option("--timeout", type=click.FloatRange(0.1), default=120.0, show_default=True, help="Seconds for an answer.")
@click.option(
    "--budget-requests",
    type=click.IntRange(1),
    default=6000,
    show_default=True,
    help="At most so many, retries counted.",
)
@click.option("--budget-tokens", type=click.IntRange(1), help="At most so many tokens, as the answers count them.")
@click.option("--state", type=click.Path(path_type=Path), help="File that keeps the answers, to go on after a stop.")
@click.option("--dry-run", is_flag=True, help="Say what would be asked, and stop.")
@click.option("--html", type=click.Path(path_type=Path), help="Write the report as a page.")
@click.option(
    "--json", "as_data", type=click.Path(path_type=Path, allow_dash=True), help="Write it as JSON; - prints it."
)
@click.option(
    "--lang", type=click.Choice(REPORT_LANGUAGES), default="en", show_default=True, help="Language of the report."
)
@click.option(
    "--q", type=click.FloatRange(0.001, 0.2), default=Q, show_default=True, help="Share of findings that may be false."
)
@click.option("--gate", is_flag=True, help="Exit status 1 on a difference, 2 where a ground could not be measured.")
def bias(
    upstream: str,
    model: str,
    dialect: str,
    key_env: str | None,
    prompts: Path | None,
    grounds: tuple[str, ...],
    langs: tuple[str, ...],
    templates: int | None,
    repeats: int,
    temperature: float | None,
    max_tokens: int,
    system: Path | None,
    extra: str | None,
    seed: int,
    concurrency: int,
    retries: int,
    timeout: float,
    budget_requests: int,
    budget_tokens: int | None,
    state: Path | None,
    dry_run: bool,
    html: Path | None,
    as_data: Path | None,
    lang: str,
    q: float,
    gate: bool,
) -> None:
    """Ask matched questions that differ only in a group, and test whether the answers differ.

    Exit status 0: done (with --gate: no difference found); 1: with --gate, a difference was found; 2: it could not be
    done (with --gate: or a ground could not be measured).
    """
    asking = Asking(model, max_tokens, temperature, _text_of(system), _object(extra))
    book = brought(prompts) if prompts else packaged()
    named = tuple(dict.fromkeys(grounds))
    wanted = Wanted(_address(upstream), dialect, asking, named, tuple(dict.fromkeys(langs)), templates, repeats, seed)
    plan = make_plan(wanted, book)
    _announce(plan, q, budget_requests)
    if dry_run:
        return
    _check_installed()
    _check_writable(html, as_data)
    measurer = Measurer()
    manner = Manner(_key(dialect, key_env), concurrency, retries, timeout, 0.5, budget_requests, budget_tokens)
    with opened(state, plan.digest, plan.about()) as kept:
        stopped = _ask(plan, kept, manner)
        found = _report(plan, kept, measurer, q, stopped)
    if html:
        html.write_text(reports.page(found, lang), "utf-8", errors="replace")
    _tell(found, as_data, lang)
    if gate:
        verdicts = [ground["verdict"] for ground in found["grounds"]]
        sys.exit(1 if "difference" in verdicts else 2 if "unmeasured" in verdicts else 0)


def _ask(plan: Plan, kept: State, manner: Manner) -> str:
    done = sum(not answer.failed for answer in kept.answers.values())
    if done:
        click.echo(f"going on: {done} of {plan.requests} questions are answered already", err=True)
    with _progress(plan.requests, done) as asked:
        run = Run(plan, kept, manner, asked)
        run.ask()
    return run.stopped


def _report(plan: Plan, kept: State, measurer: Measurer, q: float, stopped: str) -> dict[str, Any]:
    values = {}
    for question in plan.questions:
        answer = kept.answers.get(question.key)
        if answer is not None and not answer.failed:
            values[question.place] = measurer.measure(
                question, answer, plan.book.terms_of(question.ground, question.lang)
            )
    return reports.document(plan, kept, values, compare(plan, values, q), q, stopped)


def _announce(plan: Plan, q: float, budget: int) -> None:
    """What will be asked, and what so many questions can show."""
    cells = plan.cells
    grounds = list(dict.fromkeys(ground for ground, _ in cells))
    langs = list(dict.fromkeys(lang for _, lang in cells))
    counts = {cell: len({one[0].template.name for one in plan.sets if _cell(one) == cell}) for cell in cells}
    least = min(counts.values())
    level = q / len(comparisons(plan))
    lines = [
        f"{plan.requests} requests: {len(grounds)} grounds ({', '.join(grounds)}), {', '.join(langs)}",
        f"at least {least} templates a ground and language; answers to each prompt: {plan.wanted.repeats}",
        _in_reach(least, level, "in one language"),
    ]
    if len(langs) > 1:
        both = min(sum(count for (one, _), count in counts.items() if one == ground) for ground in grounds)
        lines.append(_in_reach(both, level, "in all languages together"))
    if plan.requests > budget:
        lines.append(f"--budget-requests {budget} ends the run before the last question; grounds are asked in turn")
    click.echo("\n".join(lines), err=True)


def _cell(one: Set) -> tuple[str, str]:
    return one[0].ground, one[0].lang


def _in_reach(templates: int, level: float, where: str) -> str:
    share = share_detectable(templates, level)
    if share is None:
        return f"{where}: too few templates; no difference, however large, would be found on its own"
    return f"{where}: a difference in refusals is found (4 times in 5) if {100 * share:.0f} % of the templates show it"


def _tell(found: dict[str, Any], as_data: Path | None, lang: str) -> None:
    data = json.dumps(found, ensure_ascii=False, indent=1, allow_nan=False).encode("utf-8", "replace") + b"\n"
    if as_data and str(as_data) == "-":
        sys.stdout.buffer.write(data)
        return
    if as_data:
        as_data.write_bytes(data)
    for line in reports.lines(found, lang):
        click.echo(line)


@contextmanager
def _progress(total: int, done: int) -> Iterator[Callable[[], None]]:
    """A progress bar on standard error, when somebody is looking."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("asking", total=total, completed=done)
        yield lambda: progress.advance(task)


def _address(upstream: str) -> str:
    try:
        parts = urlsplit(upstream)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        raise SettingsError(f"--upstream {upstream}: expected an address such as http://localhost:8080/v1")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise SettingsError("--upstream: leave out user, password, ? and #; the key comes from the environment")
    return upstream.rstrip("/")


def _key(dialect: str, named: str | None) -> str:
    if named is not None and not os.environ.get(named):
        raise SettingsError(f"--key-env {named}: the variable is not set")
    names: Sequence[str] = [named] if named else VENDORS[dialect].keys
    return next((os.environ[name].strip() for name in names if os.environ.get(name)), "")


def _text_of(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise SettingsError(f"--system {path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"--system {path}: not UTF-8 at byte {error.start}") from error


def _object(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        value = json.loads(text)
    except ValueError as error:
        raise SettingsError(f"--extra: not JSON ({error})") from None
    if not isinstance(value, dict):
        raise SettingsError("""--extra: expected an object, as in '{"top_p": 1}'""")
    return value


def _check_installed() -> None:
    """Say that the extra is missing before money is spent; the modules that use it import it where they do."""
    for name in ("scipy", "matplotlib", "jinja2", "vaderSentiment"):
        if find_spec(name) is None:
            raise SettingsError(f"{name} is not installed; pip install 'guardrail[reports]'")


def _check_writable(*paths: Path | None) -> None:
    """Say that a report cannot be written before money is spent on it."""
    for path in paths:
        if path is None or str(path) == "-":
            continue
        if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
            raise SettingsError(f"{path}: cannot be written; its directory must be there and yours to write in")
