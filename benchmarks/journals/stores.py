"""The three that append: Nightlatch's journal, a plain SQLite table, pymerkle's tree on SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pymerkle import SqliteTree

from nightlatch.journal.journal import Journal
from nightlatch.journal.leaves import encode
from nightlatch.journal.seal import Sealer
from nightlatch.model.event import Event


class Store(NamedTuple):
    """Something that keeps entries durably: what it appended is on disk when `one` or `batch` returns."""

    ready: Callable[[Sequence[Event]], Sequence[Any]]
    """The events as this store takes them, made before its time is taken."""
    one: Callable[[Any], object]
    batch: Callable[[Sequence[Any]], object]
    close: Callable[[], None]


def ours(journal: Journal) -> Store:
    """The journal, from the event: encoding, sealing, hashing and signing are inside what is measured."""
    return Store(lambda events: events, lambda event: journal.append([event]), journal.append, journal.close)


def plain(folder: Path, sealer: Sealer) -> Store:
    """A table of a row id and a blob: WAL, synchronous=FULL, all else as SQLite has it. It gets ready bytes."""
    connection = sqlite3.connect(folder / "plain.db", isolation_level=None)
    for statement in (
        "PRAGMA journal_mode=WAL",
        "PRAGMA synchronous=FULL",
        "CREATE TABLE entry (seq INTEGER PRIMARY KEY, data BLOB)",
    ):
        connection.execute(statement)
    insert = "INSERT INTO entry (data) VALUES (?)"

    def batch(rows: Sequence[tuple[bytes]]) -> None:
        connection.execute("BEGIN")
        connection.executemany(insert, rows)
        connection.execute("COMMIT")

    return Store(
        lambda events: [(leaf,) for leaf in encode(events, sealer)],
        lambda row: connection.execute(insert, row),
        batch,
        connection.close,
    )


def pymerkle(folder: Path, sealer: Sealer) -> Store:
    """A SqliteTree of pymerkle, WAL, synchronous=FULL. It gets ready bytes and gives the root; it signs nothing."""
    tree = SqliteTree(str(folder / "pymerkle.db"))
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        tree.con.execute(f"PRAGMA {pragma}")

    def one(leaf: bytes) -> None:
        tree.append_entry(leaf)
        tree.get_root()

    def batch(leaves: Sequence[bytes]) -> None:
        tree.append_entries(leaves)
        tree.get_root()

    return Store(lambda events: encode(events, sealer), one, batch, tree.close)
