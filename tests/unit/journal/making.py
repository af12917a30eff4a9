"""Events and journals for the tests."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nightlatch.journal.journal import Journal
from nightlatch.model.event import Event

AT = 1_780_000_000_000_000


def event(number: int, **fields: Any) -> Event:
    """An event of its own; every third with a slot."""
    if number % 3 == 0:
        given: dict[str, Any] = {"kind": "unlocked", "by": "code", "slot": 1 + number % 5, "raw": f'{{"n":{number}}}'}
    else:
        given = {"kind": "battery", "value": number % 101}
    return Event(**{"at": AT + number, "about": "lock:front", "source": "zwavejs", **given, **fields})


def filled(folder: Path, count: int, *, batch: int = 100) -> Journal:
    """A journal of so many of them."""
    journal = Journal.open(folder)
    for first in range(0, count, batch):
        journal.append([event(number) for number in range(first, min(first + batch, count))])
    return journal


def tamper(folder: Path, change: Callable[[sqlite3.Connection], object]) -> None:
    """Change the closed journal's file by other means than Nightlatch's."""
    connection = sqlite3.connect(folder / "journal.db")
    with connection:
        change(connection)
    connection.close()
