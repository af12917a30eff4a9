"""The state folder of a running Nightlatch: private, and used by one service at a time."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nightlatch.errors import StoreError
from nightlatch.store.occupied import LOCK, running

TRIES, PAUSE_S = 5, 0.01
"""How often the folder's lock is tried, and how long apart."""

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
