"""The journal's file: SQLite, written so that every append is one durable transaction.

Rows are shaped as C2SP tlog-tiles. The newest entries, up to 255, stand in `tail`, one row for each
commit group; 256 of them move into a `bundle`, their hashes into a `tile`.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nightlatch.errors import JournalError

SCHEMA = 1
BUSY_MS = 10_000
WAL_PAGES = 8_192
"""Pages of the write-ahead log before it is moved into the file: rarely, as that costs three more syncs."""

TABLES = """
CREATE TABLE tail (first INTEGER PRIMARY KEY, count INTEGER, entries BLOB, hashes BLOB, at BLOB, note TEXT);
CREATE TABLE bundle (n INTEGER PRIMARY KEY, first_at INTEGER, last_at INTEGER, entries BLOB);
CREATE TABLE tile (place INTEGER PRIMARY KEY, hashes BLOB);
CREATE TABLE checkpoint (size INTEGER PRIMARY KEY, note TEXT);
CREATE TABLE signer (first INTEGER PRIMARY KEY, key TEXT);
CREATE TABLE retained (before INTEGER PRIMARY KEY, entry INTEGER);
CREATE TABLE person_key (id TEXT PRIMARY KEY, subject BLOB UNIQUE, secret BLOB) WITHOUT ROWID;
CREATE TABLE salt (one INTEGER PRIMARY KEY CHECK (one = 1), salt BLOB);
"""


def place(level: int, n: int) -> int:
    """Where a tile stands in its table: level 0 holds hashes of entries, each above 256 times as many."""
    return level << 48 | n


class Storage:
    """Two connections to `journal.db`: one that writes, one that reads what was committed.

    Both may be used from any thread; each works for one at a time.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.read_only = read_only
        self._writing = threading.RLock()
        self._reading = threading.RLock()
        self._depth = 0
        try:
            if read_only:
                self.reader = self.writer = _readable(path)
                self._writing = self._reading
            else:
                path.touch(mode=0o600)
                path.chmod(0o600)
                self.writer = _connect(f"{path.absolute().as_uri()}?mode=rw")
                self._prepare()
                self.reader = _connect(f"{path.absolute().as_uri()}?mode=rw")
            self._check()
        except OSError as error:
            raise JournalError(
                f"cannot be opened: {error.strerror}",
                where=str(path),
                todo="Make the folder writable for yourself, or set NIGHTLATCH_STATE to a folder of your own.",
            ) from None
        except sqlite3.DatabaseError as error:
            raise trouble(error, path) from None

    def _prepare(self) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
            self.writer.execute(f"PRAGMA {pragma}")
        self.writer.execute(f"PRAGMA wal_autocheckpoint={WAL_PAGES}")
        with self.writing() as writer:
            if not writer.execute("PRAGMA user_version").fetchone()[0]:
                for statement in TABLES.strip().split(";\n"):
                    writer.execute(statement)
                writer.execute(f"PRAGMA user_version={SCHEMA}")

    def _check(self) -> None:
        (found,) = self.reader.execute("PRAGMA user_version").fetchone()
        if found != SCHEMA:
            raise JournalError(
                f"is of schema {found}, and this Nightlatch knows {SCHEMA}",
                where=str(self.path),
                todo="Update Nightlatch." if found > SCHEMA else "It is no journal, or an empty one.",
            )

    @property
    def writes_now(self) -> bool:
        """Whether a transaction is open that writes."""
        return self._depth > 0

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it is on disk when the block ends, or nothing. Within another: part of that."""
        with self._writing:
            writer = self.writer
            if self._depth:
                yield writer
                return
            try:
                writer.execute("BEGIN IMMEDIATE")
                self._depth = 1
                try:
                    yield writer
                    writer.execute("COMMIT")
                except BaseException:
                    if writer.in_transaction:
                        writer.execute("ROLLBACK")
                    raise
                finally:
                    self._depth = 0
            except sqlite3.DatabaseError as error:
                raise trouble(error, self.path) from None

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One unchanging view of what was committed."""
        with self._reading:
            reader, outermost = self.reader, not self.reader.in_transaction
            try:
                if outermost:
                    reader.execute("BEGIN")
                try:
                    yield reader
                finally:
                    if outermost and reader.in_transaction:
                        reader.execute("COMMIT")
            except sqlite3.DatabaseError as error:
                raise trouble(error, self.path) from None

    def flush(self) -> None:
        """Move everything into the file itself and empty the write-ahead log, so that no former page is left in it."""
        with self._writing:
            try:
                (busy, _, _) = self.writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except sqlite3.DatabaseError as error:
                raise trouble(error, self.path) from None
        if busy:
            raise JournalError(
                "is being read by another program, so what was deleted still stands in its write-ahead log",
                where=str(self.path),
                todo="End the other program, then run the command again.",
            )

    def close(self) -> None:
        """Close both connections."""
        with self._writing, self._reading:
            self.reader.close()
            self.writer.close()


def _connect(uri: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        uri, uri=True, isolation_level=None, check_same_thread=False, timeout=BUSY_MS / 1000, cached_statements=64
    )
    connection.execute("PRAGMA temp_store=MEMORY")
    return connection


def _readable(path: Path) -> sqlite3.Connection:
    """Read without writing; from a disk that cannot be written, where nothing can change, without WAL's help files."""
    if not path.exists():
        raise JournalError("there is no journal", where=str(path), todo="Nightlatch writes one while it runs.")
    connection = _connect(f"{path.absolute().as_uri()}?mode=ro")
    try:
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        log = path.with_name(f"{path.name}-wal")
        if log.exists() and log.stat().st_size:
            raise
        connection.close()
        connection = _connect(f"{path.absolute().as_uri()}?immutable=1")
    return connection


def trouble(error: sqlite3.DatabaseError, path: Path) -> JournalError:
    """What SQLite met, and what to do about it."""
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        what, todo = "another program has been writing to it for too long", "Try again when that has ended."
    elif name.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
        what, todo = f"cannot be read or written: {error}", "Make room on the disk, or check it for errors."
    elif name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        what = f"cannot be written: {error}"
        todo = "Make the disk and the folder writable for yourself, or set NIGHTLATCH_STATE to a folder of your own."
    else:
        what = f"is damaged: {error}"
        todo = "Run: nightlatch journal verify. Keep the file, and restore the last backup beside it."
    return JournalError(what, where=str(path), todo=todo)
