"""`nightlatch journal`: read, verify, prove, publish, erase and export the journal, while a service runs or not."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nightlatch.cli import journal_keeping, journal_proving
from nightlatch.cli.common import ConfigOption, console, now
from nightlatch.cli.journal_common import opened, settings_or_none, zone_of
from nightlatch.errors import UsageError

if TYPE_CHECKING:
    from nightlatch.configuration.read import Configuration
    from nightlatch.journal.leaves import Entry
    from nightlatch.journal.selecting import Wanted

app = typer.Typer(name="journal", help="The local log that nobody can quietly change.", no_args_is_help=True)
key = typer.Typer(name="key", help="The keys that sign the journal.", no_args_is_help=True)

SHOWN = 50
"""Entries of text that are shown unless --limit says otherwise."""
POLL_S = 0.5


class EntryFormat(StrEnum):
    """How entries are printed."""

    TEXT = "text"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


@app.callback()
def group() -> None:
    """The local log that nobody can quietly change."""


@key.callback()
def key_group() -> None:
    """The keys that sign the journal."""


@app.command()
def show(
    config: ConfigOption = None,
    *,
    door: Annotated[
        list[str] | None, typer.Option("--door", metavar="ID", help="Only this door and its locks. Repeatable.")
    ] = None,
    lock: Annotated[list[str] | None, typer.Option("--lock", metavar="ID", help="Only this lock. Repeatable.")] = None,
    kind: Annotated[
        list[str] | None, typer.Option("--kind", metavar="KIND", help="Only such events, as unlocked. Repeatable.")
    ] = None,
    by: Annotated[
        list[str] | None, typer.Option("--by", metavar="MEANS", help="Only by such means, as code or remote.")
    ] = None,
    person: Annotated[
        str, typer.Option("--person", metavar="ID", help="Only what this person's credentials did.")
    ] = "",
    since: Annotated[str, typer.Option("--since", metavar="WHEN", help="From 12h, 7d, 3w, a day or a time on.")] = "",
    until: Annotated[str, typer.Option("--until", metavar="WHEN", help="Up to a time, or to the end of a day.")] = "",
    limit: Annotated[
        int | None,
        typer.Option("--limit", "-n", min=0, help=f"The newest so many; 0: all. Of text {SHOWN}, of others all."),
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on showing what happens, until Ctrl-C.")] = False,
    form: Annotated[EntryFormat, typer.Option("--format", "-f", help="What to print.")] = EntryFormat.TEXT,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to a file.")] = None,
) -> None:
    """Show what happened, newest last, in the home's time.

    What an erased person did is shown without them. CSV leaves out the hubs' raw messages, which JSON has.

    Examples: nightlatch journal show; nightlatch journal show --door front --since 7d;
    nightlatch journal show --kind wrong_code --kind tamper --follow; nightlatch journal show --since
    2026-10-01 --until 2026-10-31 --format csv -o october.csv
    """
    from nightlatch.guard.journalled import note_reading
    from nightlatch.journal import selecting

    if follow and (until or output is not None or form is EntryFormat.JSON):
        raise UsageError("--follow never ends: it goes with neither --until, --output nor --format json")
    settings = settings_or_none(config)
    zone = zone_of(settings)
    wanted = _wanted(
        settings,
        doors=door or [],
        locks=lock or [],
        kinds=kind or [],
        means=by or [],
        person=person,
        since=since,
        until=until,
    )
    most = (SHOWN if form is EntryFormat.TEXT else 0) if limit is None else limit
    with opened(read_only=True) as journal:
        size = journal.size
        entries: Iterable[Entry] = selecting.newest(journal, wanted, most) if most else selecting.every(journal, wanted)
        if follow:
            entries = _then(entries, selecting.follow(journal, wanted, size, _pause))
        read = _print(entries, settings, zone, form, output)
        folder = journal.folder
    if not read and person and settings and (hint := _meant(person, settings)):
        # Somebody who is no more in the configuration may still be in the journal: so only now.
        console(stderr=True).print(hint, markup=False)
    if read and form is EntryFormat.TEXT:
        note_reading(folder, now().astimezone(zone).date())


def _print(
    entries: Iterable[Entry], settings: Configuration | None, zone: tzinfo, form: EntryFormat, output: Path | None
) -> bool:
    """Print entries or write them to a file; whether there were any."""
    from nightlatch.cli.journal_entries import Names, as_csv, as_json, as_jsonl, given_names, line

    names, out = Names(settings, given_names()), console()
    some = False

    def counted() -> Iterator[Entry]:
        nonlocal some
        for entry in entries:
            some = True
            yield entry

    if form is EntryFormat.TEXT and output is None:
        for entry in counted():
            out.print(line(entry, names, zone), soft_wrap=True)
        if not some:
            console(stderr=True).print("Nothing in the journal fits.")
        return some
    if form is EntryFormat.TEXT:
        parts: Iterable[str] = (f"{line(entry, names, zone).plain}\n" for entry in counted())
    elif form is EntryFormat.CSV:
        parts = as_csv(counted(), zone)
    else:
        parts = as_json(counted()) if form is EntryFormat.JSON else as_jsonl(counted())
    if output is not None:
        _write(output, parts)
        console(stderr=True).print(f"Written: {output}", soft_wrap=True, markup=False)
    else:
        for part in parts:
            typer.echo(part, nl=False)
    return some


def _write(path: Path, parts: Iterable[str]) -> None:
    """Write text to a file that only its owner can read, all of it or nothing, however long."""
    from nightlatch.writing import replacing

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            for part in parts:
                file.write(part.encode())
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", where=str(path)) from None


def _then(first: Iterable[Entry], second: Iterable[Entry]) -> Iterator[Entry]:
    yield from first
    sys.stdout.flush()
    yield from second


def _pause() -> bool:
    time.sleep(POLL_S)
    return True


def _wanted(
    settings: Configuration | None,
    *,
    doors: list[str],
    locks: list[str],
    kinds: list[str],
    means: list[str],
    person: str,
    since: str,
    until: str,
) -> Wanted:
    """What the options ask for; UsageError names the one that cannot be."""
    from typing import get_args

    from nightlatch.journal.selecting import Wanted
    from nightlatch.model.event import KINDS, By, micros
    from nightlatch.text import suggest

    for words, known, what in ((kinds, KINDS, "kind of event"), (means, set(get_args(By)) - {""}, "means")):
        for word in words:
            if word not in known:
                raise UsageError(
                    f"there is no {what} {word!r}", todo=suggest(word, known) or f"Known: {', '.join(sorted(known))}."
                )
    tables = settings.tables if settings else None
    for kind, ids in (("door", doors), ("lock", locks)):
        for id_ in ids:
            named = settings.ids(kind) if settings else []
            # What only a hub names, as zwavejs:3, is in no configuration.
            if named and id_ not in named and ":" not in id_:
                raise UsageError(f"there is no {kind} {id_!r}", todo=suggest(id_, named))
    about = {f"door:{id_}" for id_ in doors} | {f"lock:{id_}" for id_ in locks}
    about |= {f"lock:{one.id}" for one in (tables.locks if tables else []) if one.door in doors}
    found = next((one for one in (tables.people if tables else []) if one.id == person), None)
    credentials = [one.rpartition("/") for one in (found.credentials if found else [])]
    begin, end = between(since, until, now(), zone_of(settings))
    return Wanted(
        frozenset(about),
        frozenset(kinds),
        frozenset(means),
        person,
        frozenset((f"lock:{lock}", int(slot)) for lock, _, slot in credentials if slot.isdecimal()),
        micros(begin) if begin else None,
        micros(end) if end else None,
    )


def _meant(person: str, settings: Configuration) -> str:
    """`Did you mean "…"?` for an id that nobody in the configuration has."""
    from nightlatch.text import suggest

    people = [one.id for one in settings.tables.people]
    return "" if person in people else suggest(person, people)


def between(since: str, until: str, moment: datetime, zone: tzinfo) -> tuple[datetime | None, datetime | None]:
    """The instants of --since and --until; UsageError when no time lies between them."""
    begin = instant_of(since, moment, zone) if since else None
    end = instant_of(until, moment, zone, end=True) if until else None
    if begin and begin >= (end or moment):
        raise UsageError(f"--since {since} is not before {f'--until {until}' if until else 'now'}")
    return begin, end


def instant_of(text: str, moment: datetime, zone: tzinfo, *, end: bool = False) -> datetime:
    """The instant that `12h`, `7d`, `3w`, a day or a time at home means; of a day its beginning, or its end."""
    try:
        if match := re.fullmatch(r"(\d{1,4})([hdw])", text):
            return moment - int(match[1]) * {"h": timedelta(hours=1), "d": timedelta(1), "w": timedelta(7)}[match[2]]
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return datetime.combine(date.fromisoformat(text) + timedelta(end), datetime.min.time(), zone)
        found = datetime.fromisoformat(text)
        return found if found.tzinfo else found.replace(tzinfo=zone)
    except (ValueError, OverflowError):
        raise UsageError(
            f"{text!r} is no time", todo="Write 12h, 7d, 3w, a day as 2026-10-01 or a time as 2026-10-01T18:00."
        ) from None


app.command()(journal_proving.verify)
app.command()(journal_proving.prove)
app.command()(journal_proving.check)
app.command()(journal_proving.checkpoint)
app.command()(journal_keeping.erase)
app.command()(journal_keeping.export)
key.command("show")(journal_keeping.show_keys)
key.command("rotate")(journal_keeping.rotate)
app.add_typer(key)
