"""What the service does for its journal by itself: verifies it, and lets old contents go."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta

from nightlatch.errors import JournalError, ReadError
from nightlatch.journal.journal import Journal
from nightlatch.journal.retention import retain
from nightlatch.journal.storage import Damaged
from nightlatch.journal.verify import WHOLE, Report, verify
from nightlatch.model.event import INTACT, NOT_INTACT, Event, micros
from nightlatch.reading.threads import apart
from nightlatch.service.clock import steady

log = logging.getLogger(__name__)

FIRST_S = 5.0
"""How long after the start the first verification begins: hubs are connected first."""
CALM_S = 86_400.0
"""For how long the clock must have gone on undisturbed before contents are dropped by it: a wrong one drops all."""
LEAP = timedelta(days=31)
"""A start so long after the last entry looks like a clock that was set forward."""
AGAIN_S = 15.0
"""After how long it is tried again when the disk did not let it be done."""


class Upkeep:
    """Verifies at the start and then on a cadence; drops old contents after each time."""

    def __init__(
        self,
        journal: Journal,
        put: Callable[[Event], Awaitable[object]],
        now: Callable[[], datetime],
        *,
        every_s: float,
        retention_days: int,
        damaged: Callable[[], None] = lambda: None,
        steady: Callable[[], float] = steady,
    ) -> None:
        """`damaged` is called when the file cannot be read at all: who opens it anew sets it aside."""
        self._journal = journal
        self._put = put
        self._now = now
        self._every_s = every_s
        self._days = retention_days
        self._damaged = damaged
        self._wanted = asyncio.Event()
        self._steady = steady
        self._doubted = -CALM_S if self._follows() else steady()
        self.verifying: tuple[int, int] | None = None
        """(entries that were looked at, entries) while it verifies."""
        self.verified_at: datetime | None = None
        self.intact: bool | None = None
        self.problem = ""
        """Why it is not intact, or why that could not be found out."""

    async def run(self) -> None:
        """Keep at it until cancelled."""
        await asyncio.sleep(FIRST_S)
        while True:
            wait = self._every_s if await self.verify() else min(AGAIN_S, self._every_s)
            if self._steady() - self._doubted >= CALM_S:
                await self._retain()
            self._wanted.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._wanted.wait()

    async def _retain(self) -> None:
        try:
            dropped = await asyncio.to_thread(retain, self._journal, self._days, self._now())
        except JournalError as error:
            log.warning("journal: old contents cannot be dropped: %s", error)
        else:
            if dropped:
                log.info("journal: contents of %d entries older than %d days dropped", dropped, self._days)

    def _follows(self) -> bool:
        """Whether the wall clock goes on from where the journal ends."""
        size = self._journal.size
        last = next((entry.event for entry in self._journal.entries(max(size - 1, 0)) if entry.event), None)
        return last is None or self._now() - last.instant < LEAP

    def stepped(self) -> None:
        """The clock was set: nothing is dropped by it until it has gone on undisturbed for a day."""
        self._doubted = self._steady()

    def want(self) -> None:
        """Verify now."""
        self._wanted.set()

    @property
    def wanted(self) -> bool:
        """Whether it verifies now, or is about to."""
        return self.verifying is not None or self._wanted.is_set()

    async def verify(self) -> bool:
        """Verify, and tell the journal; whether it could be done. A full disk is no sign of another hand."""
        damaged = False
        self.verifying = (0, 0)
        try:
            found = await apart(self._verified)
            self.intact, self.problem = found.sound, str(found.faults[0]) if found.faults else ""
        except (Damaged, ReadError) as error:
            self.intact, self.problem = False, str(error)
            damaged = isinstance(error, Damaged)
        except JournalError as error:
            self.problem = str(error)
            log.warning("journal: could not be verified: %s", error)
            return False
        finally:
            self.verifying = None
        self.verified_at = self._now()
        value = INTACT if self.intact else NOT_INTACT
        log.log(logging.INFO if self.intact else logging.ERROR, "journal: %s", " ".join((value, self.problem)).strip())
        await self._put(Event(micros(self.verified_at), "verified", "home", value=value, detail=self.problem))
        if damaged:
            self._damaged()
        return True

    def _verified(self) -> Report:
        # Through a handle of its own: meanwhile the service reads and writes through the other.
        journal = Journal.open(self._journal.folder, read_only=True)
        try:
            return verify(journal, full=journal.size <= WHOLE, progress=self._seen)
        finally:
            journal.close()

    def _seen(self, done: int, total: int) -> None:
        self.verifying = (done, total)
