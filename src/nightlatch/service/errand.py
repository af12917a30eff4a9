"""Locks and hubs reached for one errand of a command, where no service runs that could do it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec
import sqlalchemy as sa

from nightlatch.audit.run import gather
from nightlatch.configuration.plugs import make
from nightlatch.configuration.read import Configuration
from nightlatch.ecosystems.interface import Live
from nightlatch.errors import JournalError
from nightlatch.guard.household import Household
from nightlatch.guard.known import household
from nightlatch.guard.listening import Listener
from nightlatch.guard.resolving import Resolver
from nightlatch.journal.intake import Intake
from nightlatch.journal.journal import Journal
from nightlatch.model.event import Event
from nightlatch.model.home import Home
from nightlatch.plugs import wall as clock
from nightlatch.service import folder as state
from nightlatch.service.clock import wall
from nightlatch.store.database import connect
from nightlatch.tasks import end

log = logging.getLogger(__name__)

CONNECT_S = 20.0
"""How long every hub is given to connect and to tell how its locks stand."""
QUIET_S = 3.0
"""After how long a connected hub that tells of no lock is taken to have none."""
LOOK_S = 0.05


class Errand:
    """What an errand works with. It hears and journals what happens meanwhile, as the service would."""

    def __init__(
        self, configuration: Configuration, folder: Path, *, journal: Journal, database: sa.Engine, home: Home
    ) -> None:
        self.configuration = configuration
        self.folder = folder
        self.journal = journal
        self.database = database
        self.home = home
        self.household: Household = household(configuration, home)
        self.hear: Callable[[int, Event], None] = lambda _index, _event: None
        """Told of each event once it is in the journal."""
        self.intake = Intake(journal, self._committed, _trouble)

    def _committed(self, batch: Sequence[tuple[int, Event]]) -> None:
        for index, event in batch:
            self.hear(index, event)

    async def accept(self, event: Event) -> asyncio.Future[int]:
        """Take an event into the journal, with whose credential it was where that is known."""
        person = self.household.person(event)
        if person != event.person:
            event = msgspec.structs.replace(event, person=person)
        return await self.intake.accept(event)


@asynccontextmanager
async def errand(
    configuration: Configuration, folder: Path, *, env: Mapping[str, str]
) -> AsyncIterator[tuple[Errand, Listener]]:
    """Hold the state folder, connect to every hub, and wait until their locks are known; let go at the end.

    StoreError when a service runs on the folder: that one is to be asked. A hub that does not connect
    in time is left out: commands to its locks end `unknown`.
    """
    async with AsyncExitStack() as stack:
        state.prepare(folder)
        stack.enter_context(state.held(folder))
        journal = await asyncio.to_thread(Journal.open, folder)
        stack.callback(journal.close)
        database = await asyncio.to_thread(connect, folder)
        stack.callback(database.dispose)
        home = await gather(configuration, now=wall(), env=env, only=frozenset(("declared",)))
        work = Errand(configuration, folder, journal=journal, database=database, home=home)
        plugs = [one for one in make(configuration, now=wall(), env=env) if isinstance(one, Live) and one.connects]
        listener = Listener(plugs, work, clock=clock, resolver=Resolver.of(home))
        await stack.enter_async_context(work.intake)
        task = asyncio.create_task(listener.run(), name="listener")
        stack.push_async_callback(end, task)
        await _ready(listener)
        yield work, listener


async def _ready(listener: Listener) -> None:
    """Wait until the hubs are connected and have told of their locks; one without locks tells of none."""
    begun = time.monotonic()
    while (waited := time.monotonic() - begun) < CONNECT_S:
        if all(listener.synced.values()) or (waited > QUIET_S and all(listener.connected.values())):
            return
        await asyncio.sleep(LOOK_S)
    for name, there in listener.connected.items():
        if not there:
            log.warning("%s is not connected: what it commands is left out", name)


def _trouble(error: JournalError | None) -> None:
    if error is not None:
        log.error("journal: %s", error)
