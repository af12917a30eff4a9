"""What is done to a journal behind Nightlatch's back, and what stays as it was."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from nightlatch.journal.journal import Journal
from tests.unit.journal.making import event, filled

Attack = Callable[[Path], Journal]


def published(folder: Path, count: int = 300) -> Journal:
    """A journal of so many entries, with a copy of its state beside it as somebody kept it earlier."""
    journal = filled(folder, count - 40)
    journal.close()
    shutil.copytree(folder, folder.with_name("earlier"))
    journal = Journal.open(folder)
    journal.append([event(number) for number in range(40)])
    return journal


def put_back(folder: Path) -> None:
    """Restore the older copy of journal.db."""
    for name in ("journal.db", "journal.db-wal", "journal.db-shm"):
        (folder / name).unlink(missing_ok=True)
        if (folder.with_name("earlier") / name).exists():
            shutil.copy(folder.with_name("earlier") / name, folder / name)


def rolled_back(folder: Path) -> Journal:
    """The older copy, used as it is."""
    put_back(folder)
    return Journal.open(folder)


def cut_off(folder: Path) -> Journal:
    """The last entries taken away, and the shorter tree signed anew by who has the key."""
    put_back(folder)
    journal = Journal.open(folder)
    journal.append([event(number) for number in range(10)])
    return journal


def forked(folder: Path) -> Journal:
    """Another history with the same key, and longer."""
    put_back(folder)
    journal = Journal.open(folder)
    journal.append([event(number, value=77) for number in range(200)])
    return journal


def replaced(folder: Path) -> Journal:
    """Another history of the same length."""
    put_back(folder)
    journal = Journal.open(folder)
    journal.append([event(number, detail="never mind") for number in range(40)])
    return journal


ATTACKS: tuple[tuple[Attack, str], ...] = (
    (rolled_back, "rolled back or cut off"),
    (cut_off, "rolled back or cut off"),
    (forked, "with other contents"),
    (replaced, "with other contents"),
)
