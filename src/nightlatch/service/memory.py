"""What the parts remember across restarts: written down now and then, brought up to date from the journal."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial

import msgspec

from nightlatch.errors import StoreError
from nightlatch.journal.journal import Journal
from nightlatch.model.event import Event
from nightlatch.store.snapshots import Snapshot, Snapshots

log = logging.getLogger(__name__)

MOST = 100_000
"""Entries that are heard again at the start: far more than a service writes between two snapshots."""


class Part(msgspec.Struct, frozen=True):
    """A part of the service that remembers.

    `restore` takes a snapshot (b"": none) and the events since it was made; it raises StoreError when
    the snapshot is damaged, and is then called without one, in a state as if it were new.
    """

    name: str
    snapshot: Callable[[], bytes]
    restore: Callable[[bytes, Sequence[Event]], None]


class Memory:
    """The snapshots of a service's parts."""

    def __init__(self, snapshots: Snapshots, journal: Journal, parts: Sequence[Part]) -> None:
        self._snapshots = snapshots
        self._journal = journal
        self._parts = parts

    def take(self) -> Mapping[str, bytes]:
        """What the parts remember now: for the loop's thread."""
        return {part.name: part.snapshot() for part in self._parts}

    def keep(self, taken: Mapping[str, bytes], size: int) -> None:
        """Write it down as true after `size` entries: for any thread. StoreError when that cannot be."""
        for name, state in taken.items():
            self._snapshots.put(name, Snapshot(size, state))

    def restore(self) -> int:
        """Give every part its snapshot and the events since; how many entries they have heard then."""
        size = self._journal.size
        # Parts are written down together: what one has to hear, the others have as a rule too.
        since_entry = cache(partial(self._events, stop=size))
        for part in self._parts:
            found = self._snapshots.get(part.name)
            if found is not None:
                # One that is shorter than what was heard was begun anew since: all of it is news.
                since = found.size if found.size <= size else 0
                try:
                    part.restore(found.state, since_entry(since))
                    continue
                except StoreError as error:
                    log.warning("%s: %s", part.name, error)
            part.restore(b"", since_entry(max(size - MOST, 0)))
        return size

    def _events(self, start: int, stop: int) -> list[Event]:
        start = max(start, stop - MOST)
        return [entry.event for entry in self._journal.entries(start, stop) if entry.event is not None]
