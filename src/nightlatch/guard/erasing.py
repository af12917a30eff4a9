"""Erases a person: their keys in the journal, their names in the database; and says what cannot be erased from here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import datetime
from pathlib import Path

import msgspec

from nightlatch.access.erasing import forget, must_be_gone, name_of
from nightlatch.access.vault import FILE as SEAL
from nightlatch.configuration.read import LIMIT, Configuration
from nightlatch.configuration.tables import PersonTable
from nightlatch.errors import StoreError, UsageError
from nightlatch.journal.journal import FILE as JOURNAL
from nightlatch.journal.journal import Journal
from nightlatch.journal.leaves import BUNDLE
from nightlatch.model.event import Event, micros
from nightlatch.reading.files import read_text
from nightlatch.store.database import connect
from nightlatch.store.scrubbing import Scrubbed, Words, names_of, scrub
from nightlatch.store.users import User, UserRecords

SHORTEST = 3
"""Letters of a part of a name that is looked for by itself."""
DATABASE = "nightlatch.db"
OURS = (
    *(JOURNAL, DATABASE, "witness.db"),
    *("journal.key", "journal.verified", "witness.key", "service.lock", "control.sock", SEAL, "access.lock"),
    *("backup.made", "first-run.json", "secrets"),
)
"""What the state folder holds: databases that are scrubbed, and what never names anybody."""
_SIDES = ("", "-wal", "-shm", "-journal", ".next")
_SEALED = '"sealed":"'
Done = Callable[[int, int], None]


class Erased(msgspec.Struct, frozen=True):
    """What was erased, and what is left for the owner to do."""

    keys: int
    """Keys destroyed: the person's own, and those of credentials that were used before it was known whose they are."""
    entry: int | None
    """The journal's entry that says somebody was erased; None when nothing was found."""
    scrubbed: Scrubbed
    named_in: tuple[str, ...]
    """Lines of nightlatch.toml that still name the person."""
    entries: tuple[int, ...]
    """Entries that name the person outside of what is sealed: only retention ends those."""
    files: tuple[str, ...]
    """Other files in the state folder, which may: they are not Nightlatch's, or are damaged."""


def person_of(configuration: Configuration | None, id_: str) -> PersonTable | None:
    """The configured person with this id."""
    people = configuration.tables.people if configuration else []
    return next((one for one in people if one.id == id_), None)


def erase(
    folder: Path,
    id_: str,
    configuration: Configuration | None,
    *,
    now: datetime,
    also: Iterable[str] = (),
    done: Done = lambda *_: None,
) -> Erased:
    """Erase the person with this id, or what is known of a credential as LOCK/SLOT; `also` are further names.

    An id that neither the configuration, the audits nor the journal's keys know is not looked for: it
    may be any word. It can be done again, and goes on where it was interrupted. JournalError or StoreError when another
    program reads on for too long: then part of it may be left. UsageError, with nothing erased, while a code
    of theirs is not proven gone from its lock.
    """
    must_be_gone(folder, id_, _called(configuration))
    _not_the_last_owner(folder, id_)
    person = person_of(configuration, id_)
    people = (id_, *(person.credentials if person else ()))
    states = [folder, *_put_aside(folder)]
    names = _names(id_, person.name if person else name_of(folder, id_), (*also, *(person.bind if person else ())))
    for state in states:
        names |= _names_in(state, f"person:{id_}")
    keys, scrubbed, unread = 0, Scrubbed(), set[Path]()
    for state in states:
        try:
            keys += _forget(state, people)
        except StoreError:
            if state == folder:
                raise
            unread.add(state)  # it was put aside because it is damaged
    known = person is not None or "/" in id_ or keys > 0 or names != {id_}
    words = Words(names if known else ())
    for state in states if known else ():
        try:
            one = _scrub(state, words, id_)
        except StoreError:
            if state == folder:
                raise
            unread.add(state)
        else:
            scrubbed = Scrubbed(scrubbed.changed + one.changed, scrubbed.dropped + one.dropped)
    entry: int | None = None
    entries: tuple[int, ...] = ()
    if (folder / JOURNAL).exists():
        with closing(Journal.open(folder)) as journal:
            if keys or scrubbed != Scrubbed():
                # Without the name: only that it was done, and how many keys went.
                (entry,) = journal.append([Event(micros(now), "erased", "home", value=keys)])
            entries = tuple(_in_clear(journal, words, done))
    looked_into = [state for state in states if state not in unread]
    others = tuple(_others(folder, configuration, looked_into))
    return Erased(keys, entry, scrubbed, tuple(_lines(configuration, words)), entries, others)


def _not_the_last_owner(folder: Path, id_: str) -> None:
    """UsageError for the only owner of the web app: nobody could manage it any more."""
    if not (folder / DATABASE).exists():
        return
    engine = connect(folder)
    try:
        with UserRecords(engine).read() as book:
            owners = [one.id for one in book.every(User) if one.role == "owner"]
    finally:
        engine.dispose()
    if owners == [id_]:
        todo = "Make another user an owner first: nightlatch users add NAME --role owner"
        raise UsageError(f"{id_} is the only owner of the web app", todo=todo)


def _put_aside(folder: Path) -> list[Path]:
    """Former states that a restore, or a damaged journal, left in folders of their own."""
    found = [one for one in sorted(folder.iterdir()) if one.is_dir() and not one.is_symlink()]
    return [one for one in found if (one / JOURNAL).exists() or (one / DATABASE).exists()]


def _forget(folder: Path, people: Iterable[str]) -> int:
    """Destroy these people's keys in a state folder; how many there were."""
    if not (folder / JOURNAL).exists():
        return 0
    with closing(Journal.open(folder)) as journal:
        return journal.sealer.forget(*people)


def _scrub(folder: Path, words: Words, person: str) -> Scrubbed:
    if not (folder / DATABASE).exists():
        return Scrubbed()
    rows = forget(folder, person)
    engine = connect(folder)
    try:
        with UserRecords(engine).begin() as book:
            rows += book.forget(person)
        found = scrub(engine, words)
        return Scrubbed(found.changed, found.dropped + rows)
    finally:
        engine.dispose()


def _names_in(folder: Path, subject: str) -> set[str]:
    if not (folder / DATABASE).exists():
        return set()
    engine = connect(folder)
    try:
        with UserRecords(engine).read() as book:
            user = book.one(User, subject.partition(":")[2])
        return names_of(engine, subject) | ({user.id, user.name} if user is not None else set())
    finally:
        engine.dispose()


def _names(id_: str, name: str, also: Iterable[str]) -> set[str]:
    """What the person is called: id, name, its parts where it is somebody's proper name, and how hubs know them."""
    names = {id_, name, *also}
    parts = name.split()
    if all(part[:1].isupper() for part in parts):
        names |= {part for part in parts if len(part) >= SHORTEST}
    return names - {""}


def _called(configuration: Configuration | None) -> dict[str, str]:
    """What people call each lock."""
    locks = configuration.tables.locks if configuration is not None else []
    return {f"lock:{one.id}": one.name or one.id for one in locks}


def _in_clear(journal: Journal, words: Words, done: Done) -> Iterable[int]:
    """The entries whose readable part names the person. There should be none."""
    size = journal.size
    for n in range(-(-size // BUNDLE)):
        with journal.view() as view:
            leaves = view.bundle(n)
        for index, leaf in enumerate(leaves, n * BUNDLE):
            text = leaf.decode(errors="replace")
            before, mark, after = text.partition(_SEALED)
            if words.within(before + after.partition('"')[2] if mark else text):
                yield index
        done(min(size, (n + 1) * BUNDLE), size)


def _lines(configuration: Configuration | None, words: Words) -> Iterable[str]:
    if configuration is None:
        return
    text = read_text(configuration.path, limit=LIMIT)
    for number, line in enumerate(text.splitlines(), 1):
        if words.within(line):
            yield f"{configuration.path}:{number}"


def _others(folder: Path, configuration: Configuration | None, states: Iterable[Path]) -> Iterable[str]:
    known = {folder / f"{name}{side}" for name in OURS for side in _SIDES} | set(states)
    if configuration is not None:
        known.add(configuration.path)  # told of line by line
    yield from sorted(str(path) for path in folder.iterdir() if path not in known)
