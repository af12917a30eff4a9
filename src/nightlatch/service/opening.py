"""Opens what a running Nightlatch keeps, damaged or not, and makes the service of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from nightlatch.audit.run import gather
from nightlatch.configuration.read import Configuration
from nightlatch.journal.aside import open_anyway
from nightlatch.model.event import Event
from nightlatch.plugs import wall as clock
from nightlatch.service.clock import wall
from nightlatch.service.service import Service
from nightlatch.store.database import connect_anyway

BUSY_MS = 500
"""How long the event loop waits for another process that writes to the database; whoever is refused tries again."""


@asynccontextmanager
async def running(
    configuration: Configuration, folder: Path, *, env: Mapping[str, str], broken: bool = False
) -> AsyncIterator[Service]:
    """A service whose parts are made; what they hold is let go when the block ends.

    `broken`: the journal could not be written any more, and is set aside.
    """
    async with AsyncExitStack() as stack:
        journal = await asyncio.to_thread(open_anyway, folder, clock(), broken=broken)
        stack.callback(journal.close)
        database, aside = await asyncio.to_thread(connect_anyway, folder, wall(), busy_ms=BUSY_MS)
        stack.callback(database.dispose)
        if aside:
            detail = f"the database was damaged: it is set aside as {aside}, and another begins"
            journal.append([Event(clock(), "restored", "home", name=aside, detail=detail)])
        # What the owner declared is enough to know things by their names until the first audit is made.
        home = await gather(configuration, now=wall(), env=env, only=frozenset(("declared",)))
        yield Service(configuration, folder, env=env, journal=journal, database=database, home=home)
