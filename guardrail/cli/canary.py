"""`guardrail canary`: draw marks to plant in system messages, and look for one in a text.

Rules: results go to standard output, advice to standard error; nothing is stored, for a canary verifies itself; the
exit status of `check` speaks as that of `fingerprint test` does: 1 says that something was found.
"""

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import click
import orjson

from guardrail.audit.record import printable
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
@click.option("--text", "given", help="Look in this text instead.")
@click.option("--json", "as_json", is_flag=True, help='One object: {"found": [{file, canary, start, end, form}]}.')
@click.argument("files", metavar="[FILES]...", nargs=-1, type=click.Path(path_type=Path))
def check_canary(given: str | None, as_json: bool, files: tuple[Path, ...]) -> None:
    """Say whether FILES, standard input (also -) or --text hold a canary.

    Found in any case, with its characters apart, backwards, in rot13 and in Base64.  Exit status 0: none was found, 1:
    one was, 2: a file could not be read (the others are looked at all the same).
    """
    if given is not None and files:
        raise click.UsageError(
            "--text and FILES: name one of the two; a text that begins like an option goes to --text"
        )
    texts, failed = ([("", given)], 0) if given is not None else _read(files or (Path("-"),))
    found = [(name, one) for name, text in texts for one in canaries(text)]
    if as_json:
        places = [{"file": name, **asdict(one)} for name, one in found]
        click.echo(orjson.dumps({"found": places}))
    else:
        for name, one in found:
            where = f"{printable(name)}: " if name else ""
            click.echo(f"{where}{one.canary}  characters {one.start}-{one.end}, {one.form}")
        if not found and not failed:
            click.echo("no canary", err=True)
    if failed or found:
        sys.exit(2 if failed else 1)


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


def _read(files: Sequence[Path]) -> tuple[list[tuple[str, str]], int]:
    """The texts of files by name (of standard input: ""), and how many could not be read; each of those is told."""
    texts: list[tuple[str, str]] = []
    failed = 0
    for path in files:
        name = "" if str(path) == "-" else str(path)
        try:
            raw = path.read_bytes() if name else sys.stdin.buffer.read()
            texts.append((name, raw.decode("utf-8-sig")))
        except OSError as error:
            failed += 1
            click.echo(f"guardrail: {path}: cannot be read ({error.strerror}); for a text itself: --text", err=True)
        except UnicodeDecodeError as error:
            failed += 1
            what = name or "standard input"
            click.echo(f"guardrail: {what}: not UTF-8 at byte {error.start}; save it as text in UTF-8", err=True)
    return texts, failed
