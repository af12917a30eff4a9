"""The state folder of a running Nightlatch: private, and used by one service at a time."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nightlatch.errors import StoreError
from nightlatch.store.occupied import LOCK, running

TRIES, PAUSE_S = 5, 0.01
"""How often the folder's lock is tried, and how long apart."""

log = logging.getLogger(__name__)

LEFT = (".restoring-*", ".journal.db.*", ".nightlatch.db.*", ".witness.db.*", ".access.key.*")
"""Private copies that backup, restore and a change of the key make on the same disk, and remove."""
HOUR = 3600
__all__ = ["LOCK", "held", "prepare", "running"]


def prepare(folder: Path) -> None:
    """Make the folder, readable by its owner alone; StoreError when that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise StoreError(
            f"cannot be used: {error.strerror}",
            where=str(folder),
            todo="Set NIGHTLATCH_STATE to a folder of your own.",
        ) from None


def _locked(file: int) -> bool:
    """Whether the lock could be had. Who only asks `running` has it for some µs, and is no other service."""
    for _ in range(TRIES):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            time.sleep(PAUSE_S)
        else:
            return True
    return False


def sweep(folder: Path, now: float) -> None:
    """Remove what a killed backup or restore left, keys included (now: seconds since 1970). For who holds the folder.

    A backup needs no hold: what changed within the hour may still be its own.
    """
    for pattern in LEFT:
        for path in folder.glob(pattern):
            try:
                if now - path.stat().st_mtime < HOUR:
                    continue
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            except OSError as error:
                log.warning("%s cannot be removed: %s", path.name, error.strerror)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the folder for this process; StoreError names the one that holds it already.

    The kernel lets go of the lock when the process ends, however it ends: nothing is left to clear away.
    """
    path = folder / LOCK
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(f"cannot be written: {error.strerror}", where=str(path)) from None
    try:
        if not _locked(file):
            holder = os.read(file, 20).decode("ascii", "replace").strip()
            raise StoreError(
                f"another Nightlatch is running on this folder{f' (process {holder})' if holder.isdecimal() else ''}",
                where=str(folder),
                todo="Ask it with: nightlatch status. Stop it first to run another.",
            )
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(file)
