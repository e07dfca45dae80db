"""`guardrail fingerprint`: keep keyed hashes of confidential documents, for the detector `leakage.documents`.

Rules:
1. Results go to standard output, everything else to standard error.  Exit status 0: done, and `test` found nothing of
   weight; 1: `test` found something; 2: it could not be done, or a document or folder of several could not be read,
   and the message names the cure.
2. What was added is written when much has come together, and at the end: a run that is interrupted is started again and
   goes on where it stood, because a document that is in the store already is passed over.
"""

import os
import stat
import sys
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import orjson
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from guardrail.audit.record import printable
from guardrail.detectors.leakage.cells import Cell
from guardrail.detectors.leakage.documents import Documents, Seen
from guardrail.errors import SettingsError
from guardrail.fingerprints import cells, encodings, extract, file, keys, reading, tables
from guardrail.fingerprints.keys import Keys
from guardrail.fingerprints.store import Document, Draft, content_of, new_document, source_of
from guardrail.types import Finding

_STORE, _KEY = Path("fingerprints.store"), Path("fingerprints.key")
_SAVE_AT = 4_000_000
"""Shingles and cells after which what was added is written: about 100 MB of memory."""
_FIRM = 0.6
"""The score from which on the packaged policy acts, and `test` says that something was found."""
_REASONS = {
    "short": "too short to be told from anything else",
    "long": f"longer than {cells.LONGEST} characters",
    "common": f"in more than {cells.COMMON} rows",
}

_store = click.option(
    "--store",
    "store_file",
    type=click.Path(path_type=Path),
    envvar=keys.STORE_ENV,
    default=_STORE,
    show_default=f"./{_STORE}",
    show_envvar=True,
    help="The store.",
)
_key = click.option(
    "--key",
    "key_file",
    type=click.Path(path_type=Path),
    envvar=keys.KEY_ENV,
    default=_KEY,
    show_default=f"./{_KEY}",
    show_envvar=True,
    help="The key file.  Keep it, and keep it apart from the store.",
)
_encoding = click.option("--encoding", help="Encoding of text files.  [default: told from the bytes, or refused]")
_insist = click.option(
    "--insist", is_flag=True, help="Take --encoding at its word, also where the bytes say otherwise."
)


@click.group()
def fingerprint() -> None:
    """Keep keyed hashes of confidential documents, so that copies of them are found in answers."""


@fingerprint.command()
@_key
def init(key_file: Path) -> None:
    """Make a key file.  `add` makes one by itself where there is neither key nor store."""
    keys.make(key_file)
    click.echo(f"{key_file}: made; the store is worth nothing without it, and with it tells what was put in")


@fingerprint.command()
@_store
@_key
@_encoding
@_insist
@click.option("--column", "columns", multiple=True, metavar="NAME", help="Watch the cells of this column of a table.")
@click.option(
    "--with",
    "names",
    multiple=True,
    metavar="NAME",
    help="... and of this one, only beside another cell of its row (names).",
)
@click.option("--label", default="", help="A word for the document in lists.  It is stored as it is, readable.")
@click.option(
    "--public", is_flag=True, help="What these documents say is no secret: passages that stand in them are not found."
)
@click.option("--replace", is_flag=True, help="Remove what was added from the same path before.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
def add(
    store_file: Path,
    key_file: Path,
    encoding: str | None,
    insist: bool,
    columns: Sequence[str],
    names: Sequence[str],
    label: str,
    public: bool,
    replace: bool,
    paths: Sequence[Path],
) -> None:
    """Add documents: files, and folders with all that is in them.

    Text, Markdown, HTML, CSV, TSV, DOCX, PPTX, XLSX, ODT, and PDF with the extra `documents`.  Tables are read as
    running text unless --column names what to watch.  Adding the same document again changes nothing.
    """
    if names and not columns:
        raise SettingsError("--with needs a --column beside which its values count")
    if len(columns) + len(names) > cells.COLUMN + 1:
        raise SettingsError(f"a table is watched in at most {cells.COLUMN + 1} columns; name the ones that identify")
    if public and columns:
        raise SettingsError("--public is for passages; leave --column out")
    task = _Task(_named(encoding, insist), tuple(columns), tuple(names), label, public, replace)
    files, passed_over, refused = _files(paths)
    for reason in refused:
        click.echo(f"guardrail: {reason}", err=True)
    if not files:
        sys.exit(2)
    with file.locked(store_file):
        if not key_file.exists() and not store_file.exists():
            keys.make(key_file)
            click.echo(f"{key_file}: made; keep it, and keep it apart from the store", err=True)
        held = Keys(keys.load(key_file, store_file))
        draft = Draft(store_file, held)
        failed = _add_all(draft, held, task, files)
    if passed_over:
        click.echo(f"{passed_over} files in folders were passed over: not of a form that is read", err=True)
    if failed:
        click.echo(f"{failed} of {len(files)} documents were not added", err=True)
    if failed or refused:
        sys.exit(2)


@fingerprint.command("list")
@_store
@_key
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.argument("paths", metavar="[FILE]...", nargs=-1, type=click.Path(path_type=Path))
def list_documents(store_file: Path, key_file: Path, as_json: bool, paths: Sequence[Path]) -> None:
    """List the documents of the store, or those that were made of FILEs (of folders, with all that is in them).

    The store keeps no names; a file is known by its content, or else by the path that it was added from (`by`), where
    its content has changed since.
    """
    documents = _existing(store_file, key_file).documents
    listed = [(document, "", "") for document in documents]
    if paths:
        listed = _named_documents(documents, Keys(keys.load(key_file)), paths)
    if as_json:
        described = [
            _described(document) | ({"file": name, "by": by} if paths else {}) for document, name, by in listed
        ]
        click.echo(orjson.dumps(described, option=orjson.OPT_INDENT_2))
        return
    if not listed:
        click.echo("No documents.", err=True)
        return
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=1000)  # a pipe has no edge to wrap at
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("id", "added", "form", "words", "shingles", "rows", "cells", "label"):
        table.add_column(heading, justify="right" if heading in ("words", "shingles", "rows", "cells") else "left")
    for heading in ("file", "by") if paths else ():
        table.add_column(heading)
    for one, name, by in listed:
        form = f"{one.form} (public)" if one.public else one.form
        counts = [str(count) if count else "-" for count in (one.words, one.shingles, one.rows, one.cells)]
        named = (printable(name), by) if paths else ()
        table.add_row(*map(Text, (one.id, one.added, form, *counts, printable(one.label), *named)))
    console.print(table)


@fingerprint.command()
@_store
@_key
@click.argument("identifiers", nargs=-1, required=True, metavar="ID...")
def remove(store_file: Path, key_file: Path, identifiers: Sequence[str]) -> None:
    """Remove documents by their ID; the beginning of one will do if it fits only one."""
    with file.locked(store_file):
        draft = _existing(store_file, key_file)
        wanted = {_one(draft.documents, identifier).id for identifier in identifiers}
        for document in draft.remove(lambda one: one.id in wanted):
            click.echo(f"{document.id}: removed")
        draft.save()


@fingerprint.command("test")
@_store
@_key
@_encoding
@_insist
@click.option(
    "--threshold",
    default=_FIRM,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="The score from which on a finding makes the exit status 1.",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.argument("path", metavar="FILE|-", type=click.Path(path_type=Path))
@click.pass_context
def test_text(
    ctx: click.Context,
    store_file: Path,
    key_file: Path,
    encoding: str | None,
    insist: bool,
    threshold: float,
    as_json: bool,
    path: Path,
) -> None:
    """Say what would be found in a text; every finding, also those below the threshold.

    Exit status 0: nothing from --threshold on, 1: something, 2: it cannot be read.
    """
    detector = Documents(store_file, key_file)
    detector.load()
    seen: list[Seen] = []
    watch = detector.follow(seen)
    length = 0
    for piece in [_standard_input()] if str(path) == "-" else extract.pieces(path, _named(encoding, insist)):
        watch.feed(piece)
        length += len(piece)
        watch.settle(final=False)
    watch.settle(final=True)
    told = [_told(finding, document, what, length) for finding, document, what in sorted(seen, key=_place)]
    if as_json:
        click.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2))
    else:
        for one in told:
            _print(one)
    if any(one["score"] >= threshold for one in told):
        ctx.exit(1)
    if not as_json:
        below = f"Nothing reaches a score of {threshold:g}; --threshold names another."
        click.echo(below if told else "Nothing was found.", err=True)


@dataclass(frozen=True, slots=True)
class _Task:
    """How documents are added."""

    encoding: str | None
    columns: tuple[str, ...]
    names: tuple[str, ...]
    label: str
    public: bool
    replace: bool

    @property
    def options(self) -> str:
        """What of it decides what is kept."""
        return "\0".join(("column", *self.columns, "with", *self.names)) if self.columns else ""


def _add_all(draft: Draft, held: Keys, task: _Task, files: Sequence[Path]) -> int:
    """Add files one by one; how many could not be."""
    failed = 0
    with ExitStack() as stack:
        progress = _progress(len(files), stack)
        for path in files:
            notes = extract.Notes()
            try:
                _say(_add_one(draft, held, task, path, notes), progress)
            except SettingsError as error:
                failed += 1
                _say(f"guardrail: {error}", progress, err=True)
            except KeyboardInterrupt:
                draft.save()
                raise
            for note in notes.lines:
                _say(f"{path}: {note}", progress, err=True)
            if draft.pending >= _SAVE_AT:
                draft.save()
            if progress is not None:
                progress.advance(TaskID(0))
        draft.save()
    return failed


def _progress(total: int, stack: ExitStack) -> Progress | None:
    """A progress bar, when there is something to wait for and somebody is looking."""
    if not sys.stderr.isatty() or total < 2:
        return None
    columns = (TextColumn("adding"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    progress = stack.enter_context(Progress(*columns, console=Console(stderr=True, highlight=False)))
    progress.add_task("adding", total=total)
    return progress


def _say(line: str, progress: Progress | None, *, err: bool = False) -> None:
    """Write a line; one for the terminal that shows the bar goes past it."""
    if progress is not None and (err or sys.stdout.isatty()):
        progress.console.print(Text(line), soft_wrap=True)
    else:
        click.echo(line, err=err)


def _add_one(draft: Draft, held: Keys, task: _Task, path: Path, notes: extract.Notes) -> str:
    document = new_document(held, path, label=task.label, public=task.public, options=task.options)
    if draft.holds(document.id):
        return f"{document.id}  {path}: is in the store already"
    if task.columns:
        added, said = _add_table(draft, held, task, path, document)
    else:
        try:
            added = draft.add_passages(document, extract.pieces(path, task.encoding, notes))
        except SettingsError as error:
            raise error if str(path) in str(error) else SettingsError(f"{path}: {error}") from error
        said = f"{added.words} words, {added.shingles} shingles"
        if path.suffix.lower() in tables.SUFFIXES:
            notes.lines.append("read as running text; name columns with --column to watch single cells")
    before = [one for one in draft.documents if one.source == document.source and one.id != document.id]
    again = [one for one in before if one.content == document.content]
    if before and task.replace:
        gone = {one.id for one in before}
        draft.remove(lambda one: one.id in gone)
        said += f"; replaces {', '.join(sorted(gone))}"
    elif again:
        notes.lines.append(
            f"what was kept of it with other options stays ({again[-1].id}); --replace would have removed it"
        )
    elif before:
        notes.lines.append(f"an earlier state of it stays ({before[-1].id}); --replace would have removed it")
    return f"{added.id}  {path}: {said}"


def _add_table(draft: Draft, held: Keys, task: _Task, path: Path, document: Document) -> tuple[Document, str]:
    """Add the cells of a table, of every sheet that has the columns.  Raises SettingsError where a column is of no
    use."""
    wanted = (*task.columns, *task.names)
    collector = cells.Collector(held.hasher("cell"), held.hasher("head"), names=range(len(task.columns), len(wanted)))
    missing: SettingsError | None = None
    taken = 0
    for rows in tables.tables(path, task.encoding):
        header = next(rows, [])
        try:
            places = tables.positions(path, header, wanted)
        except SettingsError as error:
            missing = error
            continue
        taken += 1
        for row in rows:
            try:
                collector.take([row[place] if place < len(row) else "" for place in places])
            except SettingsError as error:
                raise SettingsError(f"{path}: {error}") from error
    if not taken:
        raise missing or SettingsError(f"{path}: there is no table in this file")
    kept = collector.finish()
    for number, column in enumerate(wanted):
        if not kept.by_column[number]:
            raise SettingsError(
                f"{path}: column `{column}` holds no value that can be watched: they are empty, shorter than "
                f"{cells.SHORTEST} characters, or stand in more than {cells.COMMON} rows; choose a column of numbers "
                "or names"
            )
    added = draft.add_cells(document, kept)
    said = f"{added.rows} rows, {added.cells} values"
    left = [f"{count} {_REASONS[reason]}" for reason, count in sorted(kept.left_out.items()) if count]
    return added, said + (f"; left out: {', '.join(left)}" if left else "")


def _named(encoding: str | None, insist: bool) -> str | None:
    if insist and encoding is None:
        raise SettingsError("--insist needs an --encoding to insist on")
    return encodings.Insisted(encoding) if encoding is not None and insist else encoding


def _files(paths: Iterable[Path]) -> tuple[list[Path], int, list[str]]:
    """The files that are meant, folders opened; how many in folders are of no form that is read; and what is wrong with
    folders: one that cannot be opened, and one that holds no document."""
    found: list[Path] = []
    passed_over = 0
    refused: list[str] = []
    for path in paths:
        if not stat.S_ISDIR(_mode(path)):
            found.append(path)
            continue
        inside, closed = _inside(path)
        documents = [inner for inner in inside if inner.suffix.lower() in extract.SUFFIXES]
        found += documents
        passed_over += len(inside) - len(documents)
        refused += closed
        if not documents and not closed:
            refused.append(f"no document in {path}; {reading.FORMS}")
    return found, passed_over, refused


def _inside(folder: Path) -> tuple[list[Path], list[str]]:
    """The files in a folder and below, in order and without hidden ones, and which folders cannot be opened."""
    found: list[Path] = []
    closed: list[str] = []

    def refuse(error: OSError) -> None:
        closed.append(f"{error.filename} cannot be opened: {error.strerror}; let this user read it, or leave it out")

    for directory, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        inner = [Path(directory, name) for name in names if not name.startswith(".")]
        # What cannot be looked at (mode 0) is kept: reading it will say why.  Pipes and devices are no documents.
        found += [path for path in inner if (mode := _mode(path)) == 0 or stat.S_ISREG(mode)]
    return sorted(found), closed


def _mode(path: Path) -> int:
    """The kind of a file as `stat` has it, 0 where there is none or it cannot be looked at."""
    try:
        return path.stat().st_mode
    except OSError:
        return 0


def _named_documents(
    documents: Sequence[Document], held: Keys, paths: Iterable[Path]
) -> list[tuple[Document, str, str]]:
    """The documents that were made of files, with the name of the file and by what it is known; the files that none was
    made of are told."""
    files, _, refused = _files(paths)
    for reason in refused:
        click.echo(f"guardrail: {reason}", err=True)
    listed: list[tuple[Document, str, str]] = []
    for path in files:
        source, content = source_of(held, path), content_of(held, path) if _mode(path) else None
        of_file = [
            (one, str(path), "content" if one.content == content else "path")
            for one in documents
            if one.content == content or one.source == source
        ]
        if not of_file:
            click.echo(f"{path}: no document of the store has this content or came from this path", err=True)
        listed += of_file
    return listed


def _existing(store_file: Path, key_file: Path) -> Draft:
    held = Keys(keys.load(key_file, store_file))
    file.read(store_file, held)  # where there is none, that is an error and no empty store
    return Draft(store_file, held)


def _one(documents: Sequence[Document], identifier: str) -> Document:
    fitting = [document for document in documents if identifier and document.id.startswith(identifier)]
    if len(fitting) == 1:
        return fitting[0]
    many = f"fits {len(fitting)} documents; write more of it" if fitting else "is the ID of no document in the store"
    raise SettingsError(f"`{identifier}` {many}; `guardrail fingerprint list` prints the IDs")


def _described(document: Document) -> dict[str, Any]:
    shown = asdict(document)
    del shown["source"], shown["content"]
    return shown


def _standard_input() -> str:
    raw = sys.stdin.buffer.read(reading.FILE_MOST)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingsError(f"-: not UTF-8 at byte {error.start}") from None


def _place(seen: Seen) -> tuple[int, int]:
    return seen[0].start or 0, seen[0].end or 0


def _told(finding: Finding, document: Document, what: Any, length: int) -> dict[str, Any]:
    """What is told of a finding; shares are of the document's words and of the text's characters."""
    start, end = finding.start or 0, finding.end or 0
    told: dict[str, Any] = {
        "kind": finding.kind,
        "score": round(finding.score, 4),
        "start": start,
        "end": end,
        "document": document.id,
        "label": document.label,
        "share_of_text": round((end - start) / max(1, length), 4),
        "evidence": finding.evidence,
    }
    if isinstance(what, Cell):
        told["row"] = (what.company or what.places[0])[1] + 1
    else:
        words = sum(last - first + 1 for first, last in what.parts)
        told["share_of_document"] = round(words / max(1, document.words), 4)
    return told


def _print(one: dict[str, Any]) -> None:
    share = one.get("share_of_document")
    of_document = f", {share:.1%} of the document" if share is not None else ""
    label = f" ({printable(one['label'])})" if one["label"] else ""
    place = f"{one['start']}-{one['end']}"
    click.echo(
        f"{place:>12}  {one['kind']}  {one['score']:.2f}  document {one['document']}{label}: "
        f"{one['share_of_text']:.1%} of the text{of_document}; {one['evidence']}"
    )
