"""What becomes of an entry of the journal: detections look at it, alerts tell of it, the other parts hear it."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from nightlatch.guard.alerts.alerts import Alerts
from nightlatch.guard.detections.interface import Noticed
from nightlatch.guard.engine import Engine
from nightlatch.journal.leaves import Entry
from nightlatch.model.event import Event
from nightlatch.service.metrics import Metrics

log = logging.getLogger(__name__)

MOST_MISSED = 10_000
"""How many entries alerts are reminded of at most: a start must not take long."""

Hear = Callable[[int, Event], None]
"""Told of each entry: its index in the log, and the event."""


class Pipeline:
    """Hears every entry once it is on disk, in the order of the log, on the event loop's thread."""

    def __init__(
        self,
        engine: Callable[[], Engine],
        alerts: Alerts,
        metrics: Metrics,
        *,
        clock: Callable[[], int],
        hearers: Sequence[Hear],
        entries: Callable[[int, int], Iterable[Entry]],
    ) -> None:
        self._make = engine
        self.engine = engine()
        self._alerts = alerts
        self._metrics = metrics
        self._clock = clock
        self._hearers = hearers
        self._entries = entries
        self.size = 0
        """How many entries it has heard."""
        self.broke = ""
        """What broke in it and should not have; nothing when all is well."""

    def restore(self, snapshot: bytes, events: Sequence[Event]) -> None:
        """Go on from what the detections remembered, and hear what was written since.

        What that brings is known to the alerts already, or is told now. StoreError when the snapshot
        is damaged; it may be called again then, with another.
        """
        self.engine = self._make()
        if snapshot:
            self.engine.restore(snapshot)
        self._noticed(lambda: self.engine.feed(events))

    def remind(self) -> None:
        """Give the alerts the newest entries that a sudden end kept from them; what they heard changes nothing."""
        self._alerts.begin(self.size)
        for one in self._entries(max(self._alerts.size, self.size - MOST_MISSED), self.size):
            if one.event is not None:
                self._alerts.event(one.index, one.event)

    def snapshot(self) -> bytes:
        """What the detections remember."""
        return self.engine.snapshot()

    def committed(self, batch: Sequence[tuple[int, Event]]) -> None:
        """Hear a group of entries. Never raises: a defect in one part must not stop the journal."""
        self._guarded("the journal", partial(self.catch_up, batch[0][0]))
        batch = [one for one in batch if one[0] >= self.size]
        if batch:
            self._metrics.commit.observe(max(self._clock() - batch[0][1].at, 0) / 1e6)
            self._hear(batch)

    def catch_up(self, size: int) -> None:
        """Hear what was written up to `size` by others: a command that verified the journal or erased a person."""
        if size > self.size:
            missed = [(one.index, one.event) for one in self._entries(self.size, size) if one.event is not None]
            if missed:
                self._hear(missed)
            self.size = size

    def _hear(self, batch: Sequence[tuple[int, Event]]) -> None:
        self.size = batch[-1][0] + 1
        for _, event in batch:
            self._metrics.events.labels(event.kind).inc()
        noticed = self._noticed(lambda: self.engine.feed(event for _, event in batch))
        if noticed:
            now = self._clock()
            for one in noticed:
                self._metrics.alert.observe(max(now - one.at, 0) / 1e6)
        for index, event in batch:
            self._guarded("alerts", partial(self._alerts.event, index, event))
            for hear in self._hearers:
                self._guarded("a part of the service", partial(hear, index, event))

    def advance(self, at: int) -> None:
        """Let time pass for the detections: doors stay open and locks offline without an event."""
        self._noticed(lambda: self.engine.advance(at))

    def take(self, noticed: Sequence[Noticed]) -> None:
        """Hand on what another part noticed."""
        self._guarded("alerts", lambda: self._alerts.take(noticed))

    def _noticed(self, look: Callable[[], list[Noticed]]) -> list[Noticed]:
        found: list[Noticed] = []
        self._guarded("detections", lambda: found.extend(look()))
        if found:
            self.take(found)
        return found

    def _guarded(self, part: str, act: Callable[[], object]) -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001  # the boundary where one part's defect must not stop the others
            self.tell_broken(part, error)

    def tell_broken(self, part: str, error: BaseException) -> None:
        """Log a defect, and say it in the status."""
        self.broke = f"{part} broke ({type(error).__name__}). This is a defect: please report it."
        # Without the exception's text, which might hold what was being read.
        place = "".join(traceback.format_tb(error.__traceback__))
        log.error("%s broke (%s)\n%s", part, type(error).__name__, place)
