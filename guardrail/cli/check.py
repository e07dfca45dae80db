"""`guardrail check`: judge text offline, with the policy and the code that judge it on the wire.

Rules: one line out for every line in, in order; nothing is started anew per line; a line that cannot be read stops
the run with its number, after everything before it was written.
"""

import asyncio
import codecs
import secrets
import sys
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Any

import click
import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from guardrail import material
from guardrail.app import load_policy, prepare
from guardrail.audit.record import module_of
from guardrail.errors import SettingsError
from guardrail.proxy import Guard
from guardrail.review import Review, outcome, review
from guardrail.types import Action, Context, Finding, Hit, Segment, Source, Stage

_QUOTED = 160  # characters of a source that are shown
_WORDS = {"id", "text", "prompt", "context", "system", "lang"}


@dataclass(frozen=True, slots=True)
class Item:
    """One text to judge, with what is known of its conversation."""

    id: Any
    text: str
    context: Context


@click.command()
@click.option(
    "--policy",
    type=click.Path(path_type=Path),
    envvar="GUARDRAIL_POLICY",
    show_envvar=True,
    help="Policy file.  [default: the packaged hk-baseline]",
)
@click.option(
    "--format",
    "form",
    default="text",
    type=click.Choice(["text", "jsonl"]),
    show_default=True,
    help="text: each file is one text, for reading; jsonl: an object a line in and out.",
)
@click.option("--prompt", default="", metavar="TEXT", help="What the caller said before; with --format text.")
@click.option("--system", default="", metavar="TEXT", help="The system message; with --format text.")
@click.option(
    "--source",
    "sources",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A text that the answer may be held against, as if the request carried it; may be given several times.",
)
@click.option("--all", "everything", is_flag=True, help="Also write findings below the thresholds (for ROC curves).")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
def check(
    policy: Path | None,
    form: str,
    prompt: str,
    system: str,
    sources: tuple[Path, ...],
    everything: bool,
    files: tuple[Path, ...],
) -> None:
    """Judge FILES, or standard input, by a policy.

    Masks that need a key (`hash`, `format`) use one of this run.

    With --format jsonl: reads {"id", "text", "prompt"?, "context"?, "system"?, "lang"?} a line and writes {"id",
    "action", "text", "findings", "checks_not_run"} a line, in the same order.  "context" is what the answer may be held
    against: a text, or a list of texts and of {"text", "id"?, "title"?, "url"?}.  Exit status 0: nothing was blocked,
    1: something was, 2: could not run.
    """
    if form == "jsonl" and (prompt or system):
        raise SettingsError(
            '--prompt and --system are for --format text; with jsonl each line has "prompt" and "system"'
        )
    loaded = load_policy(policy)
    given = [*map(_source, sources), *loaded.sources]
    known = Context(
        prompt=prompt,
        system=system,
        caller=(prompt,) if prompt else (),
        material=material.distinct((*material.given(prompt, system), *given)),
    )
    blocked = asyncio.run(_check(loaded, form, known, everything, files))
    if blocked:
        sys.exit(1)


async def _check(policy: Any, form: str, known: Context, everything: bool, files: tuple[Path, ...]) -> bool:
    guard = await prepare(policy)
    if guard.scanner.consults:
        click.echo(
            f"guardrail: not run here, because only `serve` asks a model: {', '.join(guard.scanner.consults)}", err=True
        )
    guard = replace(guard, judge=guard.judge.keyed(secrets.token_bytes(32)))
    blocked = False
    try:
        with ExitStack() as stack:
            if form == "text":
                items: Iterable[Item] = _texts(files, known)
            else:
                items = _tracked(_lines(files, known.material), files, stack)
            async for item, result in _judged(guard, items):
                action, text = _outcome(guard, result)
                blocked = blocked or action is Action.BLOCK
                if form == "jsonl":
                    sys.stdout.buffer.write(orjson.dumps(_line(item, action, text, result, everything)) + b"\n")
                else:
                    _explain(item, action, text, result, everything)
    finally:
        guard.scanner.close()
        sys.stdout.flush()
    return blocked


async def _judged(guard: Guard, items: Iterable[Item]) -> AsyncIterator[tuple[Item, Review]]:
    for item in items:
        segment = Segment(Stage.RESPONSE, "assistant", "content", (), item.text)
        judge = guard.judge.within(item.context.caller)
        yield item, await review(guard.scanner, judge, [segment], item.context, Stage.RESPONSE)


def _outcome(guard: Guard, result: Review) -> tuple[Action, str | None]:
    action, text = outcome(result)
    if result.failed and guard.judge.failure_action() > action:
        return guard.judge.failure_action(), None if guard.judge.failure_action() is Action.BLOCK else text
    return action, text


def _line(item: Item, action: Action, text: str | None, result: Review, everything: bool) -> dict[str, Any]:
    hits = result.all_hits if everything else _told(result)
    return {
        "id": item.id,
        "action": action.word,
        "text": text,
        "findings": [_finding(hit) for hit in sorted(hits, key=_place)],
        "checks_not_run": sorted({check.check for check in result.failed}),
    }


def _finding(hit: Hit) -> dict[str, Any]:
    finding = hit.finding
    module = hit.rule.module if hit.rule else module_of(finding.kind)
    return {
        "kind": finding.kind,
        "module": module.value if module else None,
        "rule": hit.rule.id if hit.rule else None,
        "action": hit.action.word,
        "start": finding.start,
        "end": finding.end,
        "score": round(finding.score, 6),
        "detector": finding.detector,
        "basis": finding.basis or None,
        "verdict": finding.verdict or None,
        "message": finding.message or None,
        "passage": asdict(finding.passage) if finding.passage else None,
        "stood_back": hit.stood_back or None,
    }


def _told(result: Review) -> list[Hit]:
    """What a rule fired on, and what one stood back from."""
    return [hit for hit in result.all_hits if hit.rule or hit.stood_back]


def _place(hit: Hit) -> tuple[int, int, str]:
    finding = hit.finding
    return (-1 if finding.start is None else finding.start, finding.end or 0, finding.kind)


def _explain(item: Item, action: Action, text: str | None, result: Review, everything: bool) -> None:
    console = Console(highlight=False)
    colour = {Action.ALLOW: "green", Action.BLOCK: "red"}.get(action, "yellow")
    console.print(Text.assemble((str(item.id), "bold"), ": ", (action.word, colour)))
    for hit in sorted(result.all_hits if everything else _told(result), key=_place):
        place = "whole text" if hit.finding.start is None else f"{hit.finding.start}-{hit.finding.end}"
        back = f"rule {hit.stood_back} stood back: the caller said it" if hit.stood_back else "below every threshold"
        rule = f"rule {hit.rule.id}{', repaired' * hit.repaired}" if hit.rule else back
        why = f"; {hit.finding.evidence}" if hit.finding.evidence else ""
        console.print(f"  {place:>12}  {hit.finding.kind}  {hit.finding.score:.2f}  {rule}{why}", markup=False)
        for line in _reasons(hit.finding, item.context):
            console.print(f"  {'':>12}  {line}", markup=False)
    for failed in result.failed:
        console.print(f"  did not run: {failed.check} ({failed.reason})", markup=False)
    if text is not None and text != item.text:
        console.print(text, markup=False, soft_wrap=True)


def _reasons(finding: Finding, context: Context) -> Iterator[str]:
    """What the reader of the answer is told, and what in the sources says so."""
    if finding.message:
        yield finding.message
    passage = finding.passage
    if passage is not None and passage.source < len(context.material):
        source = context.material[passage.source]
        words = " ".join(source.text[passage.start : passage.end].split())
        yield f"{source.title or source.key or source.origin}: {words[:_QUOTED]}{'…' if len(words) > _QUOTED else ''}"


def _texts(files: tuple[Path, ...], known: Context) -> Iterator[Item]:
    for path in files or (Path("-"),):
        raw = sys.stdin.buffer.read() if str(path) == "-" else _read(path)
        try:
            yield Item(str(path), raw.decode("utf-8-sig"), known)
        except UnicodeDecodeError as error:
            raise SettingsError(f"{path}: not UTF-8 at byte {error.start}") from None


def _source(path: Path) -> Source:
    try:
        return Source("document", material.readable(_read(path).decode("utf-8-sig")), title=path.name)
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: not UTF-8 at byte {error.start}; a source is a text file") from None


def _lines(files: tuple[Path, ...], known: tuple[Source, ...]) -> Iterator[Item]:
    for path in files or (Path("-"),):
        with ExitStack() as stack:
            stream: IO[bytes] = sys.stdin.buffer if str(path) == "-" else stack.enter_context(_open(path))
            for number, line in enumerate(stream, 1):
                line = line.removeprefix(codecs.BOM_UTF8)
                if line.strip():
                    yield _item(line, str(path), number, known)


def _item(line: bytes, source: str, number: int, known: tuple[Source, ...]) -> Item:
    where = f"{source}:{number}"
    try:
        given = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise SettingsError(f"{where}: not JSON ({error.msg}); expected one object a line") from None
    if not isinstance(given, dict) or not isinstance(given.get("text"), str):
        raise SettingsError(f'{where}: expected an object with a string "text"')
    words = {name: given.get(name) or "" for name in ("prompt", "system", "lang")}
    for name, value in words.items():
        if not isinstance(value, str):
            raise SettingsError(f'{where}: "{name}" must be a string')
    context = given.get("context") or ""
    if not isinstance(context, str) and not _are_documents(context):
        raise SettingsError(f'{where}: "context" must be a string, or a list of strings and of objects with a "text"')
    return Item(
        given.get("id", number),
        given["text"],
        Context(
            prompt=words["prompt"],
            system=words["system"],
            caller=(words["prompt"],) if words["prompt"] else (),
            lang=words["lang"] or None,
            material=material.distinct((*material.given(words["prompt"], words["system"], context), *known)),
        ),
    )


def _are_documents(context: Any) -> bool:
    return isinstance(context, list) and all(
        isinstance(each, str) or (isinstance(each, dict) and isinstance(each.get("text"), str)) for each in context
    )


def _tracked(items: Iterator[Item], files: tuple[Path, ...], stack: ExitStack) -> Iterable[Item]:
    """The items behind a progress bar, when somebody is looking and the output does not go to the same terminal."""
    if not sys.stderr.isatty() or sys.stdout.isatty() or not files or any(str(path) == "-" for path in files):
        return items
    total = sum(1 for path in files for line in _open(path) if line.strip())
    columns = (TextColumn("judging"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    progress = stack.enter_context(Progress(*columns, console=Console(stderr=True)))
    return progress.track(items, total=total)


def _open(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from None


def _read(path: Path) -> bytes:
    with _open(path) as stream:
        return stream.read()
