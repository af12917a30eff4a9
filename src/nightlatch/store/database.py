"""Opens the database: a state folder of its own 0700, file 0600, WAL, migrated to the newest schema."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from nightlatch.errors import StoreError

HEAD = "0005"
"""The newest migration; a test holds it in step with the migrations folder."""
BUSY_MS = 10_000


def state_folder(env: Mapping[str, str] = os.environ) -> Path:
    """Where Nightlatch keeps its state: NIGHTLATCH_STATE, or the user's state folder.

    StoreError when it is there and cannot be entered: it is another user's.
    """
    if env.get("NIGHTLATCH_STATE"):
        folder = Path(env["NIGHTLATCH_STATE"]).expanduser()
    else:
        import platformdirs

        folder = Path(platformdirs.user_state_dir("nightlatch", appauthor=False))
    try:
        # `access` alone would not tell what is not there, or is no folder, from what cannot be entered.
        closed = stat.S_ISDIR(folder.stat().st_mode) and not os.access(folder, os.R_OK | os.X_OK)
    except PermissionError:
        closed = True
    except OSError:
        closed = False  # nothing is there yet, or what is will be told by who uses it
    if closed:
        raise StoreError(
            "cannot be entered: it is another user's",
            where=str(folder),
            todo="Run this as that user (sudo -u USER), or set NIGHTLATCH_STATE to a folder of your own.",
        )
    return folder


def connect(folder: Path | None = None, *, busy_ms: int | None = None) -> sa.Engine:
    """An engine on the state folder's database, made and migrated when needed; StoreError otherwise.

    `busy_ms` is how long it waits for another process that writes; None: BUSY_MS.
    """
    folder = folder or state_folder()
    path = folder / "nightlatch.db"
    try:
        if not folder.is_dir():
            # A folder that is there already may be somebody's for other things too: its mode stays.
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
        path.touch(mode=0o600)
        path.chmod(0o600)
        engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)))
        sa.event.listen(engine, "connect", partial(_pragmas, busy_ms=BUSY_MS if busy_ms is None else busy_ms))
        _migrate(engine)
    except OSError as error:
        raise StoreError(
            f"cannot be used: {error.strerror}", where=str(folder), todo="Set NIGHTLATCH_STATE to a folder of your own."
        ) from None
    except (sa.exc.DatabaseError, sqlite3.DatabaseError) as error:
        raise unusable(error, path) from None
    return engine


class Broken(StoreError):
    """The file itself is damaged: trying again does not help."""


class Busy(StoreError):
    """Another process was writing to it for too long: trying again helps."""


def connect_anyway(folder: Path, now: datetime, *, busy_ms: int | None = None) -> tuple[sa.Engine, str]:
    """An engine, as `connect` gives. A damaged database is set aside, and another begun: then also its new name."""
    path = folder / "nightlatch.db"
    try:
        engine = connect(folder, busy_ms=busy_ms)
        try:
            with engine.connect() as connection:
                if (found := connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()) != "ok":
                    raise Broken(f"cannot be used: {found}", where=str(path))
        except sa.exc.DatabaseError as error:
            raise unusable(error, path) from None
        except Broken:
            engine.dispose()
            raise
    except Broken:
        aside = f"nightlatch-damaged-{now:%Y%m%dT%H%M%SZ}.db"
        for end in ("", "-wal", "-shm"):
            if (folder / f"{path.name}{end}").exists():
                (folder / f"{path.name}{end}").rename(folder / f"{aside}{end}")
        return connect(folder, busy_ms=busy_ms), aside
    return engine, ""


def unusable(error: Exception, path: Path | str) -> StoreError:
    """What SQLite said, and what to do about it: a full disk is no reason to give up the kept audits."""
    said = str(getattr(error, "orig", error))
    todo = (
        "Restore it from a backup (nightlatch restore). Moved away, a new one begins without its people, grants, codes"
        " and audits: codes on locks are foreign then."
    )
    if "locked" in said:
        todo = "Another Nightlatch is writing to it: try again when that has ended."
        return Busy(f"cannot be used: {said}", where=str(path), todo=todo)
    if "full" in said or "disk I/O" in said:
        todo = "Make room on the disk, or set NIGHTLATCH_STATE to a folder on another."
    elif "readonly" in said:
        todo = "Make it writable for yourself, or set NIGHTLATCH_STATE to a folder of your own."
    elif "malformed" in said or "not a database" in said:
        return Broken(f"cannot be used: {said}", where=str(path), todo=todo)
    return StoreError(f"cannot be used: {said}", where=str(path), todo=todo)


def _pragmas(connection: sqlite3.Connection, _: object, *, busy_ms: int) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={busy_ms}"):
        connection.execute(f"PRAGMA {pragma}")


def _migrate(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        found = _revision(connection)
    if found == HEAD:
        return  # the usual case, which spares the start-up the import of Alembic
    if found and found > HEAD:
        raise StoreError(
            f"was written by a newer Nightlatch (schema {found}, this one knows {HEAD})",
            where=str(engine.url.database),
            todo="Update Nightlatch.",
        )
    from alembic import command
    from alembic.config import Config

    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    with engine.connect() as connection:
        # Two that start at once: the second waits here, and then finds the work done.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")
        connection.commit()


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return str(found) if found is not None else None
