"""How locks stand by what is on disk already: what is remembered must not run ahead of the journal.

A lock's standing moves when an event is heard, and the event is written some milliseconds later. If
Nightlatch dies in between, the event is lost; were the standing remembered with it, nobody would
ever find out that something had changed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from nightlatch.guard.standing import Standing


class _Pending:
    __slots__ = ("after", "since", "written")

    def __init__(self, written: Standing | None, since: int) -> None:
        self.written = written
        """How it stands by the events on disk; None: it was not known."""
        self.since = since
        self.after: deque[Standing | None] = deque()
        """How it stands after each event that is not on disk yet."""


class Unwritten:
    """Counts events in and out, by the thing they change."""

    def __init__(self) -> None:
        self._things: dict[str, _Pending] = {}

    def add(self, about: str, at: int, before: Standing | None, after: Standing | None) -> None:
        """An event moved a thing from one standing to another, and is not on disk yet."""
        pending = self._things.get(about)
        if pending is None:
            pending = self._things[about] = _Pending(before, at)
        pending.after.append(after)

    def written(self, about: str) -> None:
        """The thing's oldest such event is on disk."""
        pending = self._things.get(about)
        if pending is None:
            return
        pending.written = pending.after.popleft()
        if not pending.after:
            del self._things[about]

    def dropped(self, about: str) -> None:
        """The thing's newest such event will never be; what it changed is known with the one before."""
        pending = self._things.get(about)
        if pending is None:
            return
        newest = pending.after.pop()
        if pending.after:
            pending.after[-1] = newest
        else:
            del self._things[about]

    def on_disk(self, standings: Mapping[str, Standing]) -> list[Standing]:
        """Every lock's standing by what is on disk."""
        found = (
            pending.written if (pending := self._things.get(about)) is not None else standing
            for about, standing in standings.items()
        )
        return [standing for standing in found if standing is not None]

    def since(self, now: int) -> int:
        """Until when everything that was heard is on disk, µs."""
        return min((pending.since for pending in self._things.values()), default=now)
