"""What happened at each lock and door lately, and how batteries fell: in memory, so that no page reads the journal.

It is fed with every entry as it is written, and filled once, at the start, from what the journal holds.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Iterable, Iterator

import msgspec

from nightlatch.emergency.battery import DAY, Forecast, Sample, forecast
from nightlatch.errors import JournalError
from nightlatch.journal.journal import Journal
from nightlatch.journal.leaves import BUNDLE, Entry
from nightlatch.model.event import Event

log = logging.getLogger(__name__)

AT_DOOR = frozenset(
    (
        *("locked", "unlocked", "jammed", "wrong_code", "keypad_disabled", "keypad_enabled", "tamper"),
        *("offline", "online", "door_opened", "door_closed", "door_forced"),
        *("code_added", "code_changed", "code_removed"),
    )
)
"""Kinds that are the last event of a door."""
KEPT = AT_DOOR | {"act", "outcome", "autolock"}
EACH = 60
"""Entries kept for each thing."""
MOST_THINGS = 2_000
MOST_SAMPLES = 2_048
"""Charges kept of each lock."""
APART = 3_600_000_000
"""Of charges told within an hour (µs) the last one counts."""
MOST_READ = 4_000_000
"""Entries of the journal that are looked at when it is filled."""
FILLED_AGAIN = 20_000
"""Entries before the newest among which events at doors are looked for; charges are looked for in all."""
BREATH_S = 0.0005
"""After each 256 entries: the service has more to do."""


class Lately:
    """What pages remember of each thing, by its name in events. It belongs to the event loop."""

    def __init__(self) -> None:
        self._happened: dict[str, deque[Entry]] = {}
        self._charges: dict[str, list[Sample]] = {}
        self._forecasts: dict[str, tuple[int, Forecast]] = {}

    def hear(self, index: int, event: Event) -> None:
        """Take an entry of the journal."""
        if event.kind == "battery":
            self._charge(event)
        elif event.kind in KEPT:
            kept = self._happened.get(event.about)
            if kept is None:
                if len(self._happened) >= MOST_THINGS:
                    return
                kept = self._happened[event.about] = deque(maxlen=EACH)
            kept.append(Entry(index, event))

    def _charge(self, event: Event) -> None:
        if type(event.value) is not int:
            return
        samples = self._charges.setdefault(event.about, [])
        if samples and 0 <= event.at - samples[-1][0] < APART:
            samples.pop()
        samples.append((event.at, event.value))
        if len(samples) > MOST_SAMPLES:
            del samples[: MOST_SAMPLES // 4]
        self._forecasts.pop(event.about, None)

    def happened(self, things: Iterable[str]) -> list[Entry]:
        """What happened at these things, newest first."""
        found = [entry for thing in things for entry in self._happened.get(thing, ())]
        return sorted(found, key=lambda entry: -entry.index)

    def last(self, things: Iterable[str]) -> Entry | None:
        """The last event at these things that is one of a door."""
        newest = (self._newest(thing) for thing in things)
        return max((entry for entry in newest if entry is not None), key=lambda entry: entry.index, default=None)

    def _newest(self, thing: str) -> Entry | None:
        kept = reversed(self._happened.get(thing, ()))
        return next((entry for entry in kept if entry.event is not None and entry.event.kind in AT_DOOR), None)

    def battery(self, lock: str, now: int) -> Forecast:
        """The forecast of a lock's battery; worked out anew each day, and when its charge is told."""
        day, found = self._forecasts.get(lock, (-1, None))
        if found is None or day != now // DAY:
            found = forecast(self._charges.get(lock, ()), now)
            self._forecasts[lock] = (now // DAY, found)
        return found

    async def fill(self, journal: Journal, now: int) -> None:
        """Take what the journal holds already."""
        size = journal.size
        older = await asyncio.to_thread(_read, journal, size, now)
        newer, self._happened = self._happened, older._happened
        for thing, entries in newer.items():
            kept = self._happened.setdefault(thing, deque(maxlen=EACH))
            kept.extend(entry for entry in entries if entry.index >= size)
        heard = set(self._charges)
        for lock, samples in self._charges.items():
            before = older._charges.get(lock, [])
            older._charges[lock] = before + [one for one in samples if not before or one[0] > before[-1][0]]
        self._charges = older._charges
        self._forecasts = {lock: one for lock, one in older._forecasts.items() if lock not in heard}


def _read(journal: Journal, size: int, now: int) -> Lately:
    """What the entries before `size` hold: only those are decoded that are about a charge, or new."""
    found = Lately()
    first = max(size - MOST_READ, 0)
    for n in range(first // BUNDLE, -(-size // BUNDLE)):
        begin = n * BUNDLE
        if begin + BUNDLE > size - FILLED_AGAIN:
            entries = journal.entries(begin, min(begin + BUNDLE, size))
        else:
            entries = _charged(journal, begin)
        for entry in entries:
            if entry.event is not None:
                found.hear(entry.index, entry.event)
        time.sleep(BREATH_S)
    for lock in found._charges:
        found.battery(lock, now)
    return found


def _charged(journal: Journal, begin: int) -> Iterator[Entry]:
    try:
        with journal.view() as view:
            leaves = view.bundle(begin // BUNDLE)
    except JournalError as error:
        log.warning("batteries: entries from %d cannot be read: %s", begin, error)
        return
    for within, leaf in enumerate(leaves):
        if b'"kind":"battery"' in leaf:
            try:
                yield Entry(begin + within, msgspec.json.decode(leaf, type=Event))
            except msgspec.MsgspecError:
                log.warning("batteries: entry %d cannot be read", begin + within)
