"""`nightlatch who`: everyone who can open a door, now or at another time, and how that is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import tzinfo
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightlatch.cli.common import ConfigOption, Format, FormatOption, configuration, console, hung, now, print_json
from nightlatch.errors import UsageError

if TYPE_CHECKING:
    from rich.text import Text

    from nightlatch.access.who import Entrance, Line, Opener, Scene
    from nightlatch.configuration.read import Configuration
    from nightlatch.journal.journal import Journal
    from nightlatch.model.access import Entry
    from nightlatch.store.access import AccessRecords

STYLES = {
    "exposed": "bold red",
    "foreign": "bold red",
    "removing": "red",
    "changing": "yellow",
    "setting": "yellow",
    "present": "green",
    "kept": "green",
}
_LOUD = ("exposed", "foreign")
FIRST = 64
"""Entries at the journal's begin among which the first that still has its contents is looked for."""
SHOWN = 40
"""Ways to open one door that are shown as text, unless --all is given; foreign and exposed ones always are."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(who)


def who(
    door: Annotated[str, typer.Argument(metavar="DOOR", help="A door or a lock; otherwise all.")] = "",
    config: ConfigOption = None,
    *,
    at: Annotated[
        str, typer.Option("--at", metavar="TIME", help='A time past or to come: "Sunday 11:00", "2026-11-20 03:00".')
    ] = "",
    everything: Annotated[bool, typer.Option("--all", help=f"Each way, also where a door has over {SHOWN}.")] = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Show who can open each door, and how that is known: foreign and exposed codes first.

    A code is listed until its absence is proven. What nobody looked at is said to be unknown.

    Examples: nightlatch who; nightlatch who front; nightlatch who front --at "Sunday 11:00";
    nightlatch who --at "2026-11-20 03:00" --format json
    """
    from nightlatch.access.schedules.reading import when
    from nightlatch.model.event import micros
    from nightlatch.store.access import AccessRecords
    from nightlatch.store.database import connect

    settings = configuration(config)
    moment = micros(now())
    try:
        wanted = when(at, settings.zone, moment) if at else moment
    except ValueError as error:
        raise UsageError(str(error), where="--at") from None
    engine = connect()
    try:
        records = AccessRecords(engine)
        found = entrances(settings, records, _doors(settings, records, door), wanted, moment)
    finally:
        engine.dispose()
    if form is Format.JSON:
        print_json({"at": _stamp(wanted), "doors": [_document(one) for one in found]})
        return
    _print(found, settings.zone, wanted, moment, everything=everything)


def _doors(settings: Configuration, records: AccessRecords, door: str) -> dict[str, tuple[str, ...]]:
    """As `chosen`; with the locks that are no longer in nightlatch.toml, and on which a code may still be."""
    known = chosen(settings, "")
    names = {about.partition(":")[2] for about in known} | {one.id for one in settings.tables.locks} | set(known)
    if door.removeprefix("lock:") in names or door in names:
        return chosen(settings, door)
    there = {f"lock:{one.id}" for one in settings.tables.locks}
    left = {lock: (lock,) for lock in sorted(records.open_locks() - there)}
    if not door:
        return known | left
    return {lock: of for lock, of in left.items() if door in (lock, lock.partition(":")[2])} or chosen(settings, door)


def chosen(settings: Configuration, door: str) -> dict[str, tuple[str, ...]]:
    """The locks of each door, or of the one meant by "front", "door:front", "lock:shed"; UsageError for no such one."""
    from nightlatch.text import suggest

    tables = settings.tables
    doors: dict[str, tuple[str, ...]] = {f"door:{one.id}": () for one in tables.doors}
    for lock in tables.locks:
        about = f"door:{lock.door}" if lock.door else f"lock:{lock.id}"
        doors[about] = (*doors.get(about, ()), f"lock:{lock.id}")
    if not door:
        return doors
    for about, locks in doors.items():
        if door in (about, about.partition(":")[2]):
            return {about: locks}
    for lock in tables.locks:
        if door in (lock.id, f"lock:{lock.id}"):
            return {f"lock:{lock.id}": (f"lock:{lock.id}",)}
    todo = suggest(door, [about.partition(":")[2] for about in doors]) or "See [[doors]] in nightlatch.toml."
    raise UsageError(f"there is no door or lock {door!r}", todo=todo)


def entrances(
    settings: Configuration, records: AccessRecords, doors: dict[str, tuple[str, ...]], at: int, moment: int
) -> list[Entrance]:
    """Who can open these doors at an instant, of the ledger, the journal, the grants and the last audit."""
    from nightlatch.access.who import Leave, by_now, coming, current
    from nightlatch.model.access import Person

    # Whom the configuration names is a person too.
    written = [Person(one.id, one.name.strip() or one.id, groups=tuple(one.groups)) for one in settings.tables.people]
    locks = [lock for of in doors.values() for lock in of]
    entries = records.entries(locks)
    lines: Iterable[Line] = ()
    if at < moment:
        with journal() as log:
            lines = _as_it_was(log, entries, at, locks, settings.zone)
    if at > moment:
        people, grants = records.people(), records.grants()
    else:
        whose = {entry.person for entry in entries} | {line.entry.person for line in lines}
        people = records.people(whose)
        groups = {f"group:{group}" for person in (*people, *written) for group in person.groups}
        grants = records.grants({f"person:{person}" for person in whose} | groups)
    people += written
    names = {person.id: person.name for person in people}
    door_of = {f"lock:{lock.id}": f"door:{lock.door}" for lock in settings.tables.locks if lock.door}
    leave = Leave(people, grants, door_of, settings.zone)
    lines = lines if at < moment else by_now(entries, leave, moment)
    scene = _scene(settings, records, doors, names, at)
    return coming(lines, scene, leave, at, moment) if at > moment else current(lines, scene, leave, at)


def _scene(
    settings: Configuration,
    records: AccessRecords,
    doors: dict[str, tuple[str, ...]],
    names: dict[str, str],
    at: int,
) -> Scene:
    from nightlatch.access.beside import Beside
    from nightlatch.access.byhand import home_of, removal
    from nightlatch.access.who import Scene
    from nightlatch.guard.known import credentials
    from nightlatch.model.event import instant
    from nightlatch.store.audits import Audits

    audit = Audits(records.engine).latest(str(settings.path), instant(at))
    declared = {(f"lock:{lock}", slot): person for (lock, slot), person in credentials(settings).items()}
    things = audit.things if audit is not None else None
    tables = settings.tables
    labels = {f"door:{one.id}": one.name or one.id for one in tables.doors}
    labels |= {f"lock:{one.id}": one.name or one.id for one in tables.locks}
    labels |= {one: f"{one.partition(':')[2]} (no longer in nightlatch.toml)" for one in doors if one not in labels}
    by_hand = partial(removal, home_of(audit.things, audit.at)) if audit is not None else lambda _, __: ""
    return Scene(doors, labels, names, Beside(things, declared, labels, names, records.rules()), by_hand)


def _as_it_was(log: Journal | None, entries: Sequence[Entry], at: int, locks: list[str], zone: tzinfo) -> list[Line]:
    from nightlatch.access import recalling

    if log is None:
        raise UsageError(
            "there is no journal here, so what was in the past is not known",
            todo="Nightlatch writes one while it runs: nightlatch run",
        )
    first = next((entry.event.at for entry in log.entries(0, FIRST) if entry.event is not None), 0)
    if at < first:
        raise UsageError(
            f"the journal begins on {clock(first, zone)}: who could open a door before is not known", where="--at"
        )
    return list(recalling.at(log, entries, at, frozenset(locks)))


@contextmanager
def journal() -> Iterator[Journal | None]:
    """The state folder's journal to read, or None where there is none."""
    from nightlatch.journal.journal import FILE, Journal
    from nightlatch.store.database import state_folder

    folder: Path = state_folder()
    if not (folder / FILE).exists():
        yield None
        return
    log = Journal.open(folder, read_only=True)
    try:
        yield log
    finally:
        log.close()


def _print(found: list[Entrance], zone: tzinfo, at: int, moment: int, *, everything: bool) -> None:
    from rich.text import Text

    from nightlatch.text import count

    out = console()
    if not found:
        out.print("No door and no lock is configured: add [[doors]] and [[locks]] to nightlatch.toml.", markup=False)
        return
    if at != moment:
        what = "As it was" if at < moment else "As it will be, by what is known now,"
        out.print(f"{what} on {clock(at, zone)}:", markup=False)
    # What is not known at any door is said once, at the end.
    everywhere = [one for one in found[0].unknown if all(one in other.unknown for other in found[1:])]
    for number, one in enumerate(found):
        if number:
            out.print()
        out.print(_heading(one))
        urgent = sum(opener.state in _LOUD for opener in one.openers)
        most = len(one.openers) if everything else max(SHOWN, urgent)
        for opener in one.openers[:most]:
            hung(out, _row(opener, zone, min(at, moment)))
            if opener.by_hand:
                hung(out, Text(f"By hand: {opener.by_hand}"), by=6)
        if len(one.openers) > most:
            rest = len(one.openers) - most
            out.print(f"  … and {count(rest, 'more way', 'more ways')} to open it: --all shows each", markup=False)
        if not one.openers:
            out.print("  nobody that is known of", style="dim")
        for sentence in one.unknown:
            if sentence not in everywhere:
                hung(out, Text(f"? {sentence}", "dim"))
    for sentence in everywhere:
        hung(out, Text(f"? {sentence}", "dim"), by=0)


def _heading(one: Entrance) -> Text:
    from rich.text import Text

    from nightlatch.text import count

    text = Text(one.name, style="bold")
    people = {opener.person or opener.who for opener in one.openers if opener.means not in ("account", "app", "key")}
    told = [count(len(people), "person or code", "people or codes")]
    for state in _LOUD:
        if number := sum(opener.state == state for opener in one.openers):
            told.append(f"{number} {state}")
    text.append(f"  {', '.join(told)}", style="bold red" if len(told) > 1 else "dim")
    return text


def _row(opener: Opener, zone: tzinfo, at: int) -> Text:
    from rich.text import Text

    from nightlatch.cli.journal_entries import printable
    from nightlatch.text import span

    where = f", slot {opener.slot}" if opener.slot else ""
    until = f", until {clock(opener.until, zone)}" if opener.until else ""
    age = f" {span(max(at - opener.seen, 0))} ago" if opener.seen else ""
    note = f"; {opener.note}" if opener.note else ""
    head = "" if opener.state == "known" else f"{opener.state.upper() if opener.state in _LOUD else opener.state}  "
    words = f"{head}{opener.who} ({opener.means}{where}{until}): {opener.evidence}{age}{note}"
    text = Text(printable(words))
    text.stylize(STYLES.get(opener.state, ""), 0, len(head))
    return text


def clock(at: int, zone: tzinfo) -> str:
    """`Sun 22 Nov 2026 11:00`, at home."""
    from nightlatch.model.event import instant

    return f"{instant(at).astimezone(zone):%a %d %b %Y %H:%M}"


def _document(one: Entrance) -> dict[str, Any]:
    openers = []
    for opener in one.openers:
        found = {name: getattr(opener, name) for name in opener.__struct_fields__}
        openers.append({**found, "seen": _stamp(opener.seen), "until": _stamp(opener.until)})
    return {"door": one.about, "name": one.name, "openers": openers, "unknown": one.unknown}


def _stamp(at: int) -> str | None:
    from nightlatch.model.event import instant

    return instant(at).isoformat() if at else None
