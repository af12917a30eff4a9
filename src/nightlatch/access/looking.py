"""Who can open which door, put together: of the ledger, the grants, the last audit and the journal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import tzinfo
from functools import partial

from nightlatch.access import recalling
from nightlatch.access.beside import Beside
from nightlatch.access.byhand import home_of, removal
from nightlatch.access.register import Register
from nightlatch.access.schedules import moment_words
from nightlatch.access.who import Entrance, Leave, Line, Scene, by_now, coming, current
from nightlatch.configuration.read import Configuration
from nightlatch.errors import UsageError
from nightlatch.guard.known import credentials
from nightlatch.journal.journal import Journal
from nightlatch.model.access import EVERY_DOOR, Entry, Grant, Person
from nightlatch.model.event import instant
from nightlatch.store.access import AccessRecords
from nightlatch.store.audits import Audits
from nightlatch.text import suggest

Past = Callable[[Sequence[Entry], int, frozenset[str]], Iterable[Line]]
"""The lines of some locks as they stood at an instant, from their lines of today."""
FIRST = 64
"""Entries at the journal's begin among which the first that still has its contents is looked for."""


def nothing_kept(_entries: Sequence[Entry], _at: int, _locks: frozenset[str]) -> Iterable[Line]:
    """What is known of the past without a journal: UsageError."""
    raise UsageError(
        "there is no journal here, so what was in the past is not known",
        todo="Nightlatch writes one while it runs: nightlatch run",
    )


def by_journal(log: Journal, zone: tzinfo) -> Past:
    """What a journal tells of the past. UsageError for an instant that it does not reach back to."""

    def past(entries: Sequence[Entry], at: int, locks: frozenset[str]) -> Iterable[Line]:
        if at < (first := begins(log)):
            what = f"the journal begins on {moment_words(first, zone)}: who could open a door before is not known"
            raise UsageError(what)
        return recalling.at(log, entries, at, locks)

    return past


def meant(settings: Configuration, records: AccessRecords, door: str) -> dict[str, tuple[str, ...]]:
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
    settings: Configuration,
    records: AccessRecords,
    doors: Mapping[str, tuple[str, ...]],
    at: int,
    moment: int,
    *,
    past: Past = nothing_kept,
    register: Register | None = None,
) -> list[Entrance]:
    """Who can open these doors at an instant, of the ledger, the grants and the last audit; before now, of `past`.

    For a time to come `register` is taken where it is given, and loaded otherwise.
    """
    # Whom the configuration names is a person too.
    written = [Person(one.id, one.name.strip() or one.id, groups=tuple(one.groups)) for one in settings.tables.people]
    locks = [lock for of in doors.values() for lock in of]
    entries = records.entries(locks)
    lines: Iterable[Line] = ()
    if at < moment:
        lines = list(past(entries, at, frozenset(locks)))
    if at > moment:
        people, grants = _reaching(register or Register.load(settings, records), {*doors, *locks})
    else:
        whose = {entry.person for entry in entries} | {line.entry.person for line in lines}
        people = records.people(whose)
        groups = {f"group:{group}" for person in (*people, *written) for group in person.groups}
        grants = records.grants({f"person:{person}" for person in whose} | groups)
    people += [one for one in written if at <= moment]
    names = {person.id: person.name for person in people}
    door_of = {f"lock:{lock.id}": f"door:{lock.door}" for lock in settings.tables.locks if lock.door}
    leave = Leave(people, grants, door_of, settings.zone)
    lines = lines if at < moment else by_now(entries, leave, moment)
    scene = scenery(settings, records, doors, names, at)
    return coming(lines, scene, leave, at, moment) if at > moment else current(lines, scene, leave, at)


def _reaching(register: Register, doors: set[str]) -> tuple[list[Person], list[Grant]]:
    """The grants that open one of these doors or locks, and everybody."""
    named = doors | {EVERY_DOOR} | {register.locks.get(one, "") for one in doors}
    grants = [one for one in register.grants.values() if not named.isdisjoint(one.doors)]
    return list(register.people.values()), grants


def scenery(
    settings: Configuration,
    records: AccessRecords,
    doors: Mapping[str, tuple[str, ...]],
    names: Mapping[str, str],
    at: int,
) -> Scene:
    """The names, and what is known beside the ledger, at an instant."""
    audit = Audits(records.engine).latest(str(settings.path), instant(at))
    declared = {(f"lock:{lock}", slot): person for (lock, slot), person in credentials(settings).items()}
    things = audit.things if audit is not None else None
    tables = settings.tables
    labels = {f"door:{one.id}": one.name or one.id for one in tables.doors}
    labels |= {f"lock:{one.id}": one.name or one.id for one in tables.locks}
    labels |= {one: f"{one.partition(':')[2]} (no longer in nightlatch.toml)" for one in doors if one not in labels}
    by_hand = partial(removal, home_of(audit.things, audit.at)) if audit is not None else lambda _, __: ""
    return Scene(doors, labels, names, Beside(things, declared, labels, names, records.rules()), by_hand)


def begins(log: Journal) -> int:
    """When the first entry of a journal was written that still has its contents; 0: none of the first ones has."""
    return next((entry.event.at for entry in log.entries(0, FIRST) if entry.event is not None), 0)
