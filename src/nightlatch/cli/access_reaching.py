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
    from nightlatch.service.accessing import Access, Progress

LOOK_S = 0.3
READS = frozenset(("learn", "read"))


class Reach(Protocol):
    """Who talks to the locks."""

    served: bool
    """A running service does: it needs no leave, and goes on by itself."""

    def start(self) -> None:
        """From now on, what is to be done may be sent."""

    async def progress(self, since: int) -> Progress:
        """What was done after the first `since` steps, and what is left."""

    async def survey(self, locks: list[str]) -> None:
        """Have every slot of these locks read."""


class _Service:
    served = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def start(self) -> None:
        """It does so by itself."""

    async def progress(self, since: int) -> Progress:
        from nightlatch.service.accessing import Progress
        from nightlatch.service.control import ask

        return await asyncio.to_thread(ask, self._folder, "access-progress", Progress, since=since)

    async def survey(self, locks: list[str]) -> None:
        from nightlatch.service.control import tell

        await asyncio.to_thread(tell, self._folder, "access-survey", locks=locks)


class _Own:
    served = False

    def __init__(self, access: Access) -> None:
        self._access = access
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._access.run(), name="access")

    async def progress(self, since: int) -> Progress:
        return self._access.progress(since)

    async def survey(self, locks: list[str]) -> None:
        self._access.survey(locks)

    async def stop(self) -> None:
        """Send nothing more."""
        from nightlatch.tasks import end

        if self._task is not None:
            await end(self._task)


def every(_step: Step) -> bool:
    """Leave for whatever is to be done."""
    return True


@asynccontextmanager
async def reached(settings: Configuration, folder: Path, may: Callable[[Step], bool] = every) -> AsyncIterator[Reach]:
    """The locks, while the block lasts; `may` tells which steps this command takes where no service runs.

    Nothing is sent, and the ledger stays as it is, until it is told to start.
    """
    from nightlatch.plugs import wall as clock
    from nightlatch.service.accessing import Access
    from nightlatch.service.control import tell
    from nightlatch.service.errand import errand
    from nightlatch.service.folder import running
    from nightlatch.store.access import AccessRecords

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
        own = _Own(access)
        try:
            yield own
        finally:
            await own.stop()


async def survey(settings: Configuration, folder: Path, locks: Collection[str], wait: float) -> dict[str, str]:
    """Have locks read whole, with progress on standard error; why one could not be, by lock."""
    until = time.monotonic() + wait
    with console(stderr=True).status("Connecting …") as status:
        async with reached(settings, folder, lambda step: step.act.value in READS) as reach:
            since = (await reach.progress(0)).number
            reach.start()
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
            reach.start()
            while not await asyncio.to_thread(done):
                if time.monotonic() > until:
                    return False
                left = (await reach.progress(0)).todo
                status.update(f"Waiting for the locks: {len(left)} to do …")
                await asyncio.sleep(LOOK_S)
            return True
