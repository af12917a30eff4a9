"""Which thing of the owner's a hub means: hubs name things their own way, events carry the owner's ids."""

from __future__ import annotations

from collections.abc import Mapping

from nightlatch.model.door import Door
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock


class Resolver:
    """Names by which ecosystems know locks, doors and hubs, and the owner's for them ("lock:front").

    `owners` maps every name that the merge joined to the thing's id; `locks_at` the locks of a door.
    A name that nobody knows stays as it is.
    """

    def __init__(self, owners: Mapping[str, str] | None = None, locks_at: Mapping[str, tuple[str, ...]] | None = None):
        self._owners = dict(owners or {})
        self._locks_at = dict(locks_at or {})
        self._told: dict[str, list[str]] = {}
        for told, owner in self._owners.items():
            self._told.setdefault(owner, []).append(told)

    @classmethod
    def of(cls, home: Home) -> Resolver:
        """The names of a merged home."""
        owners = {
            f"{thing.kind}:{key}": str(thing.ref)
            for things in (home.all(Lock), home.all(Door), home.all(Hub))
            for thing in things
            for key in thing.keys
        }
        locks_at: dict[str, list[str]] = {}
        for lock in home.all(Lock):
            if lock.door is not None:
                locks_at.setdefault(str(lock.door.value), []).append(str(lock.ref))
        return cls(owners, {door: tuple(locks) for door, locks in locks_at.items()})

    def owner(self, told: str) -> str:
        """The owner's name for what a hub calls so."""
        return self._owners.get(told, told)

    def told(self, owner: str, prefix: str) -> str:
        """What the ecosystem whose keys begin with `prefix` calls it; nothing when it is not known to it."""
        kind, _, key = owner.partition(":")
        for name in (*self._told.get(owner, ()), owner):
            _, _, key = name.partition(":")
            if key.startswith((f"{prefix}:", f"{prefix}/")):
                return f"{kind}:{key}"
        return ""

    def locks_at(self, door: str) -> tuple[str, ...]:
        """The locks that are fitted to a door."""
        return self._locks_at.get(door, ())

    def hub(self, prefix: str) -> str:
        """The hub of the ecosystem whose keys begin with `prefix`: the owner's id, or the prefix itself."""
        for told, owner in self._owners.items():
            kind, _, key = told.partition(":")
            if kind == "hub" and key.startswith((f"{prefix}:", f"{prefix}/")):
                return owner
        return f"hub:{prefix}"
