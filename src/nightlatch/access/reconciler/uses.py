"""Counts how often grants that hold for so many uses were used: each opening once, however often the process ends.

With each use the place in the journal is written down in the same transaction. What the journal holds
from there on is counted after a restart. An opening that no hub heard is not counted.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from datetime import tzinfo

import msgspec

from nightlatch.access.schedules import running
from nightlatch.errors import StoreError
from nightlatch.model.access import Entry, Grant
from nightlatch.model.event import Event
from nightlatch.store.access import AccessRecords, mark, put_mark

log = logging.getLogger(__name__)

MARK = "uses"
"""Under which name the place in the journal is kept from which on nothing was counted."""
AGAIN_S = 5.0


class Opening(msgspec.Struct, frozen=True):
    """A code opened a door."""

    index: int
    """Of the journal's entry."""
    event: Event
    line: Entry
    grants: frozenset[str]
    """Those by which the code is on the lock."""


class Uses:
    """`granted` gives the grants that a person has at an instant; `counted` is called once one was used."""

    def __init__(
        self,
        records: AccessRecords,
        granted: Callable[[str, int], Iterable[Grant]],
        zone: Callable[[], tzinfo],
        counted: Callable[[], None],
    ) -> None:
        self._records = records
        self._granted = granted
        self._zone = zone
        self._counted = counted
        self._waiting: asyncio.Queue[Opening] = asyncio.Queue()
        self._next: Opening | None = None
        """The one that is being counted: it is not lost when that is cut off."""

    def since(self) -> int:
        """From which entry of the journal on openings were not counted yet."""
        with self._records.reading() as connection:
            return int(mark(connection, MARK) or 0)

    def begin(self, index: int) -> None:
        """Nothing before this entry of the journal is to be counted any more, and everything from it on."""
        with self._records.writing() as connection:
            put_mark(connection, MARK, str(index))

    def add(self, opening: Opening) -> None:
        """Count an opening soon."""
        self._waiting.put_nowait(opening)

    async def run(self) -> None:
        """Count until cancelled."""
        while True:
            opening = self._next = self._next or await self._waiting.get()
            grant = self._used(opening)
            while True:
                try:
                    found = await asyncio.to_thread(self._write, opening.index, grant)
                    break
                except StoreError as error:
                    log.warning("a use cannot be written down, and is tried again: %s", error)
                    await asyncio.sleep(AGAIN_S)
            if found is not None:
                self._counted()
            self._next = None
            self._waiting.task_done()

    async def rest(self) -> None:
        """Wait until every opening is counted."""
        await self._waiting.join()

    def _used(self, opening: Opening) -> Grant | None:
        """The grant that an opening used up a use of: the one that ends first, when none holds without a number."""
        at, zone = opening.event.at, self._zone()
        grants = [one for one in self._granted(opening.line.person, at) if one.id in opening.grants]
        spans = [(span[1] or 1 << 62, one.id, one) for one in grants if (span := running(one, zone, at)) is not None]
        if not spans or any(not one.uses for _, _, one in spans):
            return None
        return min(spans)[2]

    def _write(self, index: int, grant: Grant | None) -> Grant | None:
        """Note that this entry of the journal is counted, and the use; None when there was none, or it was counted."""
        with self._records.writing() as connection:
            if int(mark(connection, MARK) or 0) > index:
                return None
            put_mark(connection, MARK, str(index + 1))
            if grant is None:
                return None
            # As it is by now: somebody may have changed it meanwhile.
            fresh = next((one for one in self._records.grants([grant.to]) if one.id == grant.id), None)
            if fresh is None:
                return None
            used = msgspec.structs.replace(fresh, used=fresh.used + 1)
            self._records.change_within(connection, [used])
            return used
