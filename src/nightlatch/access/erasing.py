"""What access keeps of a person, and taking it away: not before every code of theirs is proven gone from its lock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from nightlatch.errors import UsageError
from nightlatch.model.access import OPENS
from nightlatch.store.access import AccessRecords
from nightlatch.store.database import connect
from nightlatch.text import listed

DATABASE = "nightlatch.db"


def name_of(folder: Path, person: str) -> str:
    """What somebody is called who was added by command; nothing where there is nobody."""
    with _records(folder) as records:
        people = records.people() if records is not None else []
    return next((one.name for one in people if one.id == person), "")


def must_be_gone(folder: Path, person: str, names: Mapping[str, str]) -> None:
    """UsageError while a code that Nightlatch put there for somebody may be on a lock.

    `names` are what people call locks and doors. A code of another's making that was said to be theirs
    stays in the ledger, and whose it is is forgotten.
    """
    with _records(folder) as records:
        lines = records.entries_of(person) if records is not None else []
    if found := list(dict.fromkeys(one.lock for one in lines if one.credential and one.state in OPENS)):
        where = listed([names.get(lock) or lock.partition(":")[2] for lock in found])
        raise UsageError(
            f"a code of {person} may still be on {where}: nothing proves it gone",
            todo=f"Run: nightlatch people remove {person}; then erase them once nightlatch who does not name them.",
        )


def forget(folder: Path, person: str) -> int:
    """Take somebody's grants, codes and lines of the ledger away, and themself; how many rows that were."""
    with _records(folder) as records:
        if records is None:
            return 0
        with records.writing() as connection:
            return records.forget_within(connection, person)


def forget_unknown(engine: sa.Engine, known: Callable[[str], bool]) -> int:
    """Take away all that is of people who are not known any more; how many people. For a restored backup."""
    records = AccessRecords(engine)
    people, grants, credentials, _ = records.everything()
    ids = {one.id for one in people} | {one.person for one in credentials}
    ids |= {one.to.partition(":")[2] for one in grants if one.to.startswith("person:")}
    ids |= {one.person for one in records.entries() if one.person}
    gone = [one for one in ids if not known(one)]
    with records.writing() as connection:
        for one in gone:
            records.forget_within(connection, one)
    return len(gone)


@contextmanager
def _records(folder: Path) -> Iterator[AccessRecords | None]:
    if not (folder / DATABASE).exists():
        yield None
        return
    engine = connect(folder)
    try:
        yield AccessRecords(engine)
    finally:
        engine.dispose()
