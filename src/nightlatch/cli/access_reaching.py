"""Reaching the locks for a command of access: through the running service, or by connections of its own."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Protocol

from nightlatch.cli.access_common import CHANGED
from nightlatch.cli.common import console
from nightlatch.text import count

if TYPE_CHECKING:
    from pathlib import Path

    from nightlatch.access.reconciler.chooser import Step
    from nightlatch.configuration.read import Configuration
    from nightlatch.service.accessing import Progress

LOOK_S = 0.3
READS = frozenset(("learn", "read"))


class Reach(Protocol):
    """Who talks to the locks."""

    async def progress(self, since: int) -> Progress:
        """What was done after the first `since` steps, and what is left."""

    async def survey(self, locks: list[str]) -> None:
        """Have every slot of these locks read."""


class _Service:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def progress(self, since: int) -> Progress:
        from nightlatch.service.accessing import Progress
        from nightlatch.service.control import ask

        return await asyncio.to_thread(ask, self._folder, "access-progress", Progress, since=since)

    async def survey(self, locks: list[str]) -> None:
        from nightlatch.service.control import tell

        await asyncio.to_thread(tell, self._folder, "access-survey", locks=locks)


@asynccontextmanager
async def reached(settings: Configuration, folder: Path, may: Callable[[Step], bool]) -> AsyncIterator[Reach]:
    """The locks, while the block lasts; `may` tells which steps this command takes where no service runs."""
    from nightlatch.plugs import wall as clock
    from nightlatch.service.accessing import Access
    from nightlatch.service.control import tell
    from nightlatch.service.errand import errand
    from nightlatch.service.folder import running
    from nightlatch.store.access import AccessRecords
    from nightlatch.tasks import end

    if running(folder):
        await asyncio.to_thread(tell, folder, CHANGED)
        yield _Service(folder)
        return
    async with errand(settings, folder, env=os.environ) as (work, listener):
        access = Access(
            settings,
            folder,
            AccessRecords(work.database),
            listener,
            env=os.environ,
            clock=clock,
            tell=work.accept,
            journal=work.journal,
            background=False,
            may=may,
        )
        work.hear = access.heard

        class Own:
            async def progress(self, since: int) -> Progress:
                return access.progress(since)

            async def survey(self, locks: list[str]) -> None:
                access.survey(locks)

        task = asyncio.create_task(access.run(), name="access")
        try:
            yield Own()
        finally:
            await end(task)


async def survey(settings: Configuration, folder: Path, locks: Collection[str], wait: float) -> dict[str, str]:
    """Have locks read whole, with progress on standard error; why one could not be, by lock."""
    until = time.monotonic() + wait
    with console(stderr=True).status("Connecting …") as status:
        async with reached(settings, folder, lambda step: step.act.value in READS) as reach:
            since = (await reach.progress(0)).number
            await reach.survey(list(locks))
            silent: dict[str, str] = {}
            while True:
                found = await reach.progress(since)
                silent |= {one.lock: one.what for one in found.done if one.act in READS and one.ending != "evidence"}
                for one in found.done:
                    if one.ending == "evidence":
                        silent.pop(one.lock, None)
                since = found.number
                left = [one for one in found.todo if one.lock in locks and one.act in READS]
                open_ = [one for one in left if one.lock not in silent]
                if not open_ or time.monotonic() > until:
                    late = {one.lock: "it was not read in time" for one in open_}
                    return {lock: why for lock, why in (silent | late).items() if any(one.lock == lock for one in left)}
                status.update(f"Reading the locks: {count(len(open_), 'slot')} to go …")
                await asyncio.sleep(LOOK_S)


async def settle(
    settings: Configuration,
    folder: Path,
    may: Callable[[Step], bool],
    done: Callable[[], bool],
    wait: float,
) -> bool:
    """Have what was decided done; whether it was, within `wait` seconds."""
    until = time.monotonic() + wait
    with console(stderr=True).status("Waiting for the locks …") as status:
        async with reached(settings, folder, may) as reach:
            while not await asyncio.to_thread(done):
                if time.monotonic() > until:
                    return False
                left = (await reach.progress(0)).todo
                status.update(f"Waiting for the locks: {len(left)} to do …")
                await asyncio.sleep(LOOK_S)
            return True
