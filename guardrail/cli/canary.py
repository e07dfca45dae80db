"""`guardrail canary`: draw marks to plant in system messages, and look for one in a text.

Rules: results go to standard output, advice to standard error; nothing is stored, for a canary verifies itself.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import click
import orjson

from guardrail.detectors.leakage.canary import Canaries, new, read
from guardrail.detectors.screen import Screen
from guardrail.text.fold import fold

_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Found:
    """A canary in a text: the mark, its place in code points, end exclusive, and how it is written there."""

    canary: str
    start: int
    end: int
    form: str


@click.group()
def canary() -> None:
    """Marks for system messages: one that turns up in an answer proves that the message got out.

    Write one anywhere in a system message, as a line of its own for instance.  The detector `leakage.canary` knows
    every mark by its checksum (kind `prompt.canary`), so nothing has to be stored or configured.
    """


@canary.command("new")
@click.option("--count", default=1, type=click.IntRange(1, _MOST), show_default=True, help="How many to draw.")
@click.option("--note", default="", help="What they are for; printed beside each, for your own records.")
@click.option("--json", "as_json", is_flag=True, help="One object a line: canary, note, created (UTC).")
def new_canary(count: int, note: str, as_json: bool) -> None:
    """Draw canaries, one a line."""
    created = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    for _ in range(count):
        mark = new()
        if as_json:
            click.echo(orjson.dumps({"canary": mark, "note": note, "created": created}))
        else:
            click.echo(f"{mark}\t{note}" if note else mark)


@canary.command("check")
@click.option("--json", "as_json", is_flag=True, help='One object: {"found": [{canary, start, end, form}]}.')
@click.argument("text")
def check_canary(as_json: bool, text: str) -> None:
    """Say whether TEXT, or standard input where it is -, holds a canary.

    Found in any case, with its characters apart, backwards, in rot13 and in Base64.  Exit status 0: it holds one,
    1: it holds none, 2: could not read.
    """
    found = canaries(_given(text))
    if as_json:
        places = [{"canary": f.canary, "start": f.start, "end": f.end, "form": f.form} for f in found]
        click.echo(orjson.dumps({"found": places}))
    elif found:
        for one in found:
            click.echo(f"{one.canary}  characters {one.start}-{one.end}, {one.form}")
    else:
        click.echo("no canary")
    if not found:
        sys.exit(1)


def canaries(text: str) -> Sequence[Found]:
    """The canaries in a text, in its order."""
    folded = fold(text)
    out: list[Found] = []
    for finding in Screen([(Canaries.name, pattern) for pattern in Canaries().patterns]).find(folded.text):
        start, end = finding.start or 0, finding.end or 0
        mark = read(folded.text[start:end])
        if mark is not None:
            out.append(Found(mark[0], *folded.to_source(start, end), mark[1]))
    return out


def _given(text: str) -> str:
    if text != "-":
        return text
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.ClickException(
            f"standard input is not UTF-8 at byte {error.start}; expected text in UTF-8"
        ) from None
