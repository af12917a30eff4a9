"""The journal's file: SQLite, written so that every append is one durable transaction.

Rows are shaped as C2SP tlog-tiles. The newest entries, up to 255, stand in `tail`, one row for each
commit group; 256 of them move into a `bundle`, their hashes into a `tile`.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nightlatch.errors import JournalError

SCHEMA = 1
BUSY_MS = 10_000
PAGE = 4_096
WAL_PAGES = 6_144
"""Pages of the write-ahead log before it is moved into the file: rarely, as that costs three more syncs."""
ROOM_PAGES = 256
DAMAGE = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_FORMAT", "SQLITE_ERROR", "SQLITE_CONSTRAINT", "SQLITE_MISMATCH")
"""What SQLite says of a file that is broken; SQLITE_ERROR: a table or column is not there."""

TABLES = """
CREATE TABLE tail (first INTEGER PRIMARY KEY, count INTEGER, entries BLOB, hashes BLOB, at BLOB, note TEXT);
CREATE TABLE bundle (n INTEGER PRIMARY KEY, first_at INTEGER, last_at INTEGER, entries BLOB);
CREATE TABLE tile (place INTEGER PRIMARY KEY, hashes BLOB);
CREATE TABLE checkpoint (size INTEGER PRIMARY KEY, note TEXT);
CREATE TABLE signer (first INTEGER PRIMARY KEY, key TEXT);
CREATE TABLE retained (before INTEGER PRIMARY KEY, entry INTEGER);
CREATE TABLE person_key (id TEXT PRIMARY KEY, subject BLOB UNIQUE, secret BLOB) WITHOUT ROWID;
CREATE TABLE room (blank BLOB);
CREATE TABLE salt (one INTEGER PRIMARY KEY CHECK (one = 1), salt BLOB);
"""


class Damaged(JournalError):
    """The file itself is broken: trying again does not help."""


def place(level: int, n: int) -> int:
    """Where a tile stands in its table: level 0 holds hashes of entries, each above 256 times as many."""
    return level << 48 | n


class Transaction:
    """What `Storage.writing` gives. Every append passes here, so it is a class and no generator."""

    __slots__ = ("_failed", "_storage")

    def __init__(self, storage: Storage, failed: Callable[[], None]) -> None:
        self._storage, self._failed = storage, failed

    def __enter__(self) -> sqlite3.Connection:
        storage = self._storage
        storage.lock.acquire()
        try:
            if not storage.depth:
                if storage.writer.in_transaction:
                    storage.writer.execute("ROLLBACK")  # an earlier one could not be, on a failing disk
                storage.writer.execute("BEGIN IMMEDIATE")
        except sqlite3.DatabaseError as error:
            storage.lock.release()
            raise trouble(error, storage.path) from None
        storage.depth += 1
        return storage.writer

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        storage = self._storage
        storage.depth -= 1
        try:
            if storage.depth:
                return
            if error is None:
                try:
                    storage.writer.execute("COMMIT")
                    return
                except sqlite3.DatabaseError as met:
                    error = met
            self._failed()
            with suppress(sqlite3.DatabaseError):  # what is told is why it came to this; the next one tries again
                storage.writer.execute("ROLLBACK")
            if isinstance(error, sqlite3.DatabaseError):
                raise trouble(error, storage.path) from None
        finally:
            storage.lock.release()


class Storage:
    """Two connections to `journal.db`: one that writes, one that reads what was committed.

    Both may be used from any thread; each works for one at a time.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.read_only = read_only
        self.lock = threading.RLock()
        self._reading = threading.RLock()
        self.depth = 0
        try:
            if read_only:
                self.reader = self.writer = _readable(path)
                self.lock = self._reading
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
        with self.writing() as writer:
            if not writer.execute("PRAGMA user_version").fetchone()[0]:
                for statement in TABLES.strip().split(";\n"):
                    writer.execute(statement)
                writer.execute(f"PRAGMA user_version={SCHEMA}")
        self._make_room()
        self.writer.execute(f"PRAGMA wal_autocheckpoint={WAL_PAGES}")

    def _make_room(self) -> None:
        """Grow the write-ahead log once, so that later commits overwrite it: a disk syncs that sooner than growth.

        Nothing of this needs to last, so it is not synced; the move into the file at the end is.
        """
        log = self.path.with_name(f"{self.path.name}-wal")
        if log.stat().st_size >= WAL_PAGES * PAGE:
            return  # another process has the file open, and did so
        for pragma in ("synchronous=OFF", "wal_autocheckpoint=0"):
            self.writer.execute(f"PRAGMA {pragma}")
        for _ in range(WAL_PAGES // ROOM_PAGES // 2):
            with self.writing() as writer:
                writer.execute("INSERT INTO room VALUES (zeroblob(?))", (ROOM_PAGES * PAGE,))
            with self.writing() as writer:
                writer.execute("DELETE FROM room")
        self.writer.execute("PRAGMA synchronous=FULL")
        self.writer.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def _check(self) -> None:
        (found,) = self.reader.execute("PRAGMA user_version").fetchone()
        if found != SCHEMA:
            kind = JournalError if found > SCHEMA else Damaged
            raise kind(
                f"is of schema {found}, and this Nightlatch knows {SCHEMA}",
                where=str(self.path),
                todo="Update Nightlatch." if found > SCHEMA else "It is no journal, or an empty one.",
            )

    def writing(self, failed: Callable[[], None] = lambda: None) -> Transaction:
        """One transaction: all of it is on disk when the block ends, or nothing. Within another: part of that.

        `failed` is called when nothing was written.
        """
        return Transaction(self, failed)

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
                        reader.execute("ROLLBACK")  # nothing was written; a damaged file refuses to commit even that
            except sqlite3.DatabaseError as error:
                raise trouble(error, self.path) from None

    def version(self) -> int:
        """A number that changes with every commit by another connection than the one that reads."""
        with self._reading:
            return int(self.reader.execute("PRAGMA data_version").fetchone()[0])

    def flush(self) -> None:
        """Move everything into the file itself and empty the write-ahead log, so that no former page is left in it."""
        with self.lock:
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
        with self.lock, self._reading:
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
    elif name.startswith(DAMAGE):
        todo = "Run: nightlatch journal verify. Keep the file, and restore the last backup beside it."
        return Damaged(f"is damaged: {error}", where=str(path), todo=todo)
    else:
        what, todo = f"cannot be used: {error}", "Try again; if it stays so, restart Nightlatch."
    return JournalError(what, where=str(path), todo=todo)
