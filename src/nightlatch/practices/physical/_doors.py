"""Which locks are in which door."""

from __future__ import annotations

from nightlatch.model.home import Home
from nightlatch.model.lock import Lock


def locks_by_door(home: Home) -> dict[str, list[Lock]]:
    """The locks of each door, by the door's id; read it with `home.cached(locks_by_door)`."""
    found: dict[str, list[Lock]] = {}
    for lock in home.all(Lock):
        if lock.door is not None:
            found.setdefault(lock.door.value.key, []).append(lock)
    return found
