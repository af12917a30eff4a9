"""Witnessing for others: remembers the newest checkpoint of each journal, and co-signs only what goes on from it.

The serving half of https://c2sp.org/tlog-witness. Whether a checkpoint goes on from the remembered one
is looked at in the transaction that replaces it, which is on disk before the signature is given out.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

import msgspec

from nightlatch.configuration.read import Configuration
from nightlatch.errors import JournalError, ReadError
from nightlatch.journal import tree
from nightlatch.journal.cosigning import SIZE_TYPE, Cosigner, Request, read_request
from nightlatch.journal.notes import ED25519, Verifier
from nightlatch.journal.storage import trouble

FILE = "witness.db"
BUSY_S = 10.0
TEXT = "text/plain; charset=utf-8"


class Reply(msgspec.Struct, frozen=True):
    """What a request is answered with, over HTTP."""

    status: int
    text: str
    type: str = TEXT


def cosigned(configuration: Configuration) -> list[Verifier]:
    """The public keys of `[journal] cosigns`; ConfigurationError names the line of one that is none."""
    found: list[Verifier] = []
    for number, text in enumerate(configuration.tables.journal.cosigns):
        try:
            one = Verifier.parse(text)
        except ReadError as error:
            raise configuration.error(f"{text!r} {error.what}", "journal", "cosigns", todo=error.todo) from None
        if one.algorithm != ED25519:
            raise configuration.error(f"key {number + 1} is a witness's key, not a journal's", "journal", "cosigns")
        found.append(one)
    return found


class Witnessing:
    """What a state folder remembers of others' journals; `keys` are the public keys of those it co-signs for."""

    def __init__(self, folder: Path, keys: Sequence[Verifier], now: Callable[[], datetime]) -> None:
        self._path = folder / FILE
        self._keys = tuple(keys)
        self._now = now
        self._cosigner = Cosigner.of(folder)
        self._one = threading.Lock()
        try:
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            with closing(self._connect()) as database:
                database.execute("PRAGMA journal_mode=DELETE")
                database.execute(
                    "CREATE TABLE IF NOT EXISTS signed (origin TEXT PRIMARY KEY, size INTEGER, root BLOB, note TEXT)"
                )
        except OSError as error:
            raise JournalError(f"cannot be opened: {error.strerror}", where=str(self._path)) from None
        except sqlite3.DatabaseError as error:
            raise trouble(error, self._path) from None

    @property
    def verifier(self) -> Verifier:
        """The public key that checks its signatures: what the other side sets as `key`."""
        return self._cosigner.verifier

    async def add(self, body: bytes) -> Reply:
        """Answer one `add-checkpoint` request."""
        return await asyncio.to_thread(self.add_now, body)

    def add_now(self, body: bytes) -> Reply:
        """The same, for callers that may wait. JournalError when what it remembers cannot be read or written."""
        try:
            asked = read_request(body)
        except ReadError as error:
            return Reply(400, f"{error}\n")
        found = asked.checkpoint
        keys = [key for key in self._keys if key.name == found.origin]
        if not keys:
            return Reply(404, "This Nightlatch does not witness this journal.\n")
        if found.signed_by(keys) is None:
            return Reply(403, "The checkpoint does not bear a signature of a key that is configured here.\n")
        if asked.old > found.size:
            return Reply(400, "The old size is larger than the checkpoint's.\n")
        try:
            with self._one, closing(self._connect()) as database:
                return self._go_on(database, asked)
        except sqlite3.DatabaseError as error:
            raise trouble(error, self._path) from None

    def _go_on(self, database: sqlite3.Connection, asked: Request) -> Reply:
        """Compare with what is remembered and replace it, in one transaction."""
        new = asked.checkpoint
        database.execute("BEGIN IMMEDIATE")
        row = database.execute("SELECT size, root FROM signed WHERE origin = ?", (new.origin,)).fetchone()
        size, root = row or (0, tree.EMPTY)
        if asked.old != size:
            return Reply(409, f"{size}\n", SIZE_TYPE)
        if size == new.size and root != new.root:
            return Reply(409, "A checkpoint of this size with another root was signed.\n")
        if not tree.consistent(size, root, new.size, new.root, asked.proof):
            return Reply(422, "The proof does not show that this journal only grew.\n")
        line = self._cosigner.line(new, int(self._now().timestamp()))
        values = (new.origin, new.size, new.root, asked.note + line)
        database.execute("INSERT OR REPLACE INTO signed VALUES (?, ?, ?, ?)", values)
        database.execute("COMMIT")
        return Reply(200, line)

    def newest(self, origin: str) -> str | None:
        """The newest checkpoint of a journal that was co-signed here, with its signatures; None when there is none."""
        try:
            with closing(self._connect()) as database:
                row = database.execute("SELECT note FROM signed WHERE origin = ?", (origin,)).fetchone()
        except sqlite3.DatabaseError as error:
            raise trouble(error, self._path) from None
        return str(row[0]) if row else None

    def _connect(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, isolation_level=None, timeout=BUSY_S)
        database.execute("PRAGMA synchronous=FULL")
        return database
