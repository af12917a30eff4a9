"""Whether a service uses a state folder now: it holds a lock on a file there, which ends with it however it ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

LOCK = "service.lock"


def running(folder: Path) -> bool:
    """Whether a service holds the folder now."""
    try:
        file = os.open(folder / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(file)
    return False
