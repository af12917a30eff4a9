"""What the web app works with: the running service, a thread for changes, and who hears of what happened."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from nightlatch.access.registrar import Registrar
from nightlatch.configuration.read import Configuration
from nightlatch.guard.detections.registry import detections
from nightlatch.journal.journal import Journal
from nightlatch.journal.lookup import Lookup
from nightlatch.model.event import Event, instant
from nightlatch.plugs import wall as clock
from nightlatch.service.service import Service
from nightlatch.store.database import Busy
from nightlatch.web.kept.commands import Commands
from nightlatch.web.kept.lately import Lately
from nightlatch.web.kept.once import Once
from nightlatch.web.kept.openers import Openers
from nightlatch.web.kept.posture import Postures
from nightlatch.web.live.hub import Hub
from nightlatch.web.signin.who import Who

T = TypeVar("T")
PATIENCE_S, PAUSE_S = 5.0, 0.05
"""For how long a change waits for another process that writes, and how long between two tries."""
LOOK_S, REST_S = 0.02, 0.03
"""For how long the lookup grows at once, and rests: events and pages come first."""


class House:
    """The home as handlers see it."""

    def __init__(self, service: Service, journal: Journal, thread: ThreadPoolExecutor) -> None:
        self.service = service
        self.journal = journal
        """The journal, through a handle of its own: reading it holds up no event."""
        self.lookup = Lookup(journal)
        """Where in it things are; it grows once somebody looks for something."""
        self._looking: asyncio.Task[None] | None = None
        self._thread = thread
        self._open: int | None = None
        self.live = Hub(
            size=lambda: service.pipeline.size,
            entries=service.journal.entries,
            door_of=lambda about: service.household.door_of.get(about, ""),
            severities={id_: detection.severity for id_, detection in detections().items()},
        )
        self.commands = Commands(service.listener, act=self.act, publish=self.live.publish, clock=clock)
        self.lately = Lately()
        self.once = Once()
        self.openers = Openers(service)
        self.postures = Postures(service)
        service.watch(self._hear)
        service.watch(self.lately.hear)
        service.watch(self.live.hear)
        service.listener.watch(lambda lock: self.live.publish("standing", lock))

    def _hear(self, _index: int, event: Event) -> None:
        if event.kind == "alert":
            self._open = None

    def open_alerts(self) -> int:
        """How many alerts are open that nobody acknowledged."""
        if self._open is None:
            self._open = sum(row.state == "open" for row in self.service.alerts.open())
        return self._open

    def count_anew(self) -> None:
        """Alerts were acknowledged: how many are open is to be looked up again."""
        self._open = None

    @property
    def configuration(self) -> Configuration:
        """The configuration that the service runs with."""
        return self.service.configuration

    @property
    def folder(self) -> Path:
        """The state folder."""
        return self.service.folder

    @property
    def name(self) -> str:
        """The home's name."""
        return self.configuration.tables.home.name

    @property
    def zone(self) -> ZoneInfo:
        """The home's time zone."""
        return self.configuration.zone

    def now(self) -> int:
        """The time, µs since 1970."""
        return clock()

    def today(self) -> datetime:
        """The same as an instant in UTC."""
        return instant(self.now())

    async def read(self, look: Callable[[], T]) -> T:
        """What a look at the database, the journal or a file gives; in a thread, beside other looks."""
        return await asyncio.to_thread(look)

    async def change(self, make: Callable[[Registrar, int], T]) -> T:
        """Have people, grants or codes changed; the service has heard of it by the time this returns."""
        service = self.service

        def made() -> T:
            registrar = Registrar(
                service.configuration, service.access.records, service.access.vault, self.journal,
                lengths=service.access.lengths,
            )  # fmt: skip
            return make(registrar, clock())

        try:
            return await self.alone(made)
        finally:
            self.heard()

    async def alone(self, do: Callable[[], T]) -> T:
        """Have something done in the thread of changes, one after the other: in the database, or in files."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, _patient, do)

    def look_back(self) -> None:
        """Have the lookup know all of the journal before long, so that every filter finds what is old at once."""
        if self._looking is None or (self._looking.done() and self._looking.exception() is not None):
            self._looking = asyncio.get_running_loop().create_task(self._extend())

    async def _extend(self) -> None:
        while not await asyncio.to_thread(self.lookup.extend, LOOK_S):  # noqa: ASYNC110  # a rest, not a wait
            await asyncio.sleep(REST_S)

    async def close(self) -> None:
        """End what it does by itself."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait((self._looking,))

    def heard(self) -> None:
        """Let the service hear at once what was changed beside it."""
        self.service.catch_up()
        self.service.access.look()
        self.service.know()

    async def act(self, who: Who | None, name: str, about: str = "home", detail: str = "") -> None:
        """Put into the journal what a user did, or somebody tried. It is on disk before they are answered."""
        await self.service.keep(Event(clock(), "act", about, name=name, person=who.id if who else "", detail=detail))


def _patient(do: Callable[[], T]) -> T:
    """Do something that changes the database: it waits longer for a command beside it than the event loop may."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            return do()
        except Busy:
            if time.monotonic() > until:
                raise
            time.sleep(PAUSE_S)


@asynccontextmanager
async def opened(service: Service) -> AsyncIterator[House]:
    """The house of a running service, until the block ends."""
    journal = await asyncio.to_thread(Journal.open, service.folder)
    thread = ThreadPoolExecutor(1, thread_name_prefix="web")
    try:
        house = House(service, journal, thread)
        filling = asyncio.create_task(house.lately.fill(journal, clock()), name="what happened lately")
        try:
            yield house
        finally:
            filling.cancel()
            await asyncio.wait((filling,))
            await house.commands.close()
            await house.close()
    finally:
        await asyncio.to_thread(thread.shutdown)
        journal.close()
