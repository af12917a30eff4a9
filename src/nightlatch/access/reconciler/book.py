"""The ledger's lines of one lock: in memory, on the disk, and told to the journal."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

import msgspec

from nightlatch.access import ledger
from nightlatch.access.reconciler.chooser import GONE
from nightlatch.access.reconciler.desk import Desk
from nightlatch.errors import StoreError
from nightlatch.model.access import Entry
from nightlatch.model.event import Event

log = logging.getLogger(__name__)


class Book:
    """Those of one lock."""

    def __init__(self, lock: str, lines: Iterable[Entry], desk: Desk) -> None:
        self._lock, self._desk = lock, desk
        self.lines: dict[ledger.Key, Entry] = {ledger.key(line): line for line in lines}
        self._unwritten: set[ledger.Key] = set()

    async def write_first(self, line: Entry) -> None:
        """Have a line on the disk before anything is sent for it; StoreError when that cannot be, and it is as before.

        The journal is told of what is on the disk, and not waited for.
        """
        key = ledger.key(line)
        events = list(self._events(self.lines.get(key), line))
        await self._put({key: line}, [])
        self.lines[key] = line
        await self._tell(events)

    async def write(self, after: Mapping[ledger.Key, Entry], gone: Iterable[ledger.Key] = ()) -> None:
        """Tell the journal and keep the lines. What cannot be written is kept in memory, and written with the next.

        The journal comes first: what it tells twice after a crash harms nobody, what it never tells does.
        """
        keys = list(gone)
        steady = {key: _steady(self.lines.get(key), line) for key, line in after.items()}
        changed = {key: line for key, line in steady.items() if self.lines.get(key) != line}
        if not changed and not keys and not self._unwritten:
            return
        events = [event for key, line in changed.items() for event in self._events(self.lines.get(key), line)]
        # Before it is told: whoever hears of it looks here at once.
        self.lines.update(changed)
        for key in keys:
            self.lines.pop(key, None)
        await self._tell(events)
        try:
            await self._put(changed, keys)
        except StoreError as error:
            if not self._unwritten:
                log.warning("%s: the ledger cannot be written: %s", self._lock, error)
            self._unwritten |= changed.keys() | set(keys)

    async def _put(self, changed: dict[ledger.Key, Entry], gone: list[ledger.Key]) -> None:
        late = {key: self.lines[key] for key in self._unwritten if key in self.lines}
        await self._desk.put(tuple((late | changed).values()), [*gone, *(self._unwritten - self.lines.keys())])
        self._unwritten.clear()

    async def _tell(self, events: list[Event]) -> None:
        try:
            await self._desk.tell(events)
        except StoreError as error:
            log.warning("%s: what became of codes is told late: %s", self._lock, error)

    def _events(self, before: Entry | None, after: Entry) -> Iterable[Event]:
        """What the journal is told of a change; of a code that was there before the lock was read once: found late."""
        late = before is None and after.state == "foreign" and not self._desk.owner.surveyed(self._lock)
        for event in ledger.events(before, after, self._desk.clock()):
            yield msgspec.structs.replace(event, resync=True) if late else event


def _steady(before: Entry | None, after: Entry) -> Entry:
    """A line that is going, or gone, went when it did: a clock that was set back since does not make it sooner."""
    if before is None or before.state not in GONE or after.state not in GONE or after.since >= before.since:
        return after
    return msgspec.structs.replace(after, since=before.since)
