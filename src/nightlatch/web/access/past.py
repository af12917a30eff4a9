"""How the ledger stood in the days before: the journal's changes of it, read once and then only what is new."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import tzinfo

from nightlatch.access import ledger, recalling
from nightlatch.access.looking import begins
from nightlatch.access.schedules import moment_words
from nightlatch.access.schedules.wall import DAY
from nightlatch.access.who import Line
from nightlatch.errors import UsageError
from nightlatch.journal.journal import Journal
from nightlatch.journal.leaves import Entry as Told
from nightlatch.model.access import Entry
from nightlatch.web.texts import _

DAYS = 8
"""So far back the changes are kept in memory: what the slider shows, and a day."""
MOST = 400_000
"""Entries of the journal that are looked at for it: a first look must not take long."""


class Past:
    """The changes of the last days. Used from threads, one at a time."""

    def __init__(self, journal: Journal, zone: tzinfo) -> None:
        self._journal = journal
        self._zone = zone
        self._lock = threading.Lock()
        self._told: list[Told] = []
        self._ats: list[int] = []
        self._read = -1
        """Up to which entry it is read; -1: nothing is."""
        self._since = 0
        self._older: dict[ledger.Key, Line | None] = {}
        """How a line stood before the first change of it that is kept here."""

    def begins(self, now: int) -> int:
        """From when on the past can be told."""
        with self._lock:
            self._catch_up(now)
            return self._since

    def at(self, entries: Sequence[Entry], instant: int, locks: frozenset[str]) -> Iterable[Line]:
        """The lines of some locks as they stood at an instant. UsageError for one that is too long ago."""
        with self._lock:
            if instant < self._since:
                begun = moment_words(self._since, self._zone)
                raise UsageError(_("what was before %(time)s is not shown here", time=begun))
            return list(self._at(entries, instant, locks))

    def _at(self, entries: Sequence[Entry], instant: int, locks: frozenset[str]) -> Iterator[Line]:
        place = bisect_right(self._ats, instant)
        changed: dict[ledger.Key, Told] = {}
        for told in self._told[place:]:
            if told.event is not None and told.event.about in locks:
                changed.setdefault(recalling.key(told.event), told)
        for entry in entries:
            if entry.lock in locks and ledger.key(entry) not in changed:
                yield Line(entry)
        sought = {key for key, told in changed.items() if told.event is not None and not recalling.fresh(told.event)}
        for told in reversed(self._told[:place]):
            if not sought:
                return
            if told.event is not None and (key := recalling.key(told.event)) in sought:
                sought.discard(key)
                if (line := recalling.line(told)) is not None:
                    yield line
        unknown = sought - self._older.keys()
        if unknown:
            found = {ledger.key(one.entry): one for one in recalling.before(self._journal, self._since, set(unknown))}
            self._older |= {key: found.get(key) for key in unknown}
        yield from (line for key in sought if (line := self._older[key]) is not None)

    def _catch_up(self, now: int) -> None:
        size = self._journal.size
        if self._read < 0:
            with self._journal.view() as view:
                first = view.first_since(now - DAYS * DAY)
            self._read = max(first, size - MOST)
            self._since = max(begins(self._journal), now - DAYS * DAY)
            if self._read > first:
                entry = next(iter(self._journal.entries(self._read, self._read + 1)))
                self._since = max(self._since, entry.event.at if entry.event is not None else now)
        for told in self._journal.entries(self._read, size):
            if told.event is not None and told.event.kind == "ledger":
                self._told.append(told)
                self._ats.append(told.event.at)
        self._read = size
