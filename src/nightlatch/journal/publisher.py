"""Keeps the witnesses up to date while Nightlatch runs, and tells when one of them says otherwise."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

import msgspec

from nightlatch.errors import JournalError, NightlatchError
from nightlatch.journal.journal import Journal
from nightlatch.journal.witnesses.interface import Contradicted, Witness
from nightlatch.model.event import INTACT, NOT_INTACT, Event, Kind, micros

COMPARE_S = 3600.0
"""How often a witness is compared when nothing new happened: also a silent journal can be rolled back."""
FIRST_RETRY_S, LAST_RETRY_S = 5.0, 900.0
TELL_S = 3600.0
"""For how long a witness may be out of reach before that is an event."""
FINISH_S = 0.8
"""How long the last publication may take, all witnesses at once: a service stops in under 2 s."""


class Standing(msgspec.Struct):
    """How one witness fares."""

    size: int = -1
    """Entries of the newest checkpoint it keeps; -1: not known yet."""
    at: datetime | None = None
    """When it last took one."""
    lost: bool = False
    """It has been out of reach for so long that the journal tells of it."""
    trouble: str = ""
    """Why it does not."""
    agrees: bool | None = None
    """False: it holds what this journal does not, which was rolled back, cut off, forked or replaced."""
    cosigned: str = ""
    """The newest checkpoint with its signature, from a witness that signs."""


class Publisher:
    """One task per witness, so that none delays another. `put` takes an event into the journal."""

    def __init__(
        self,
        journal: Journal,
        witnesses: Sequence[Witness],
        put: Callable[[Event], Awaitable[object]],
        now: Callable[[], datetime],
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._journal = journal
        self._witnesses = {one.id: one for one in witnesses}
        self._put = put
        self._now = now
        self._sleep = sleep
        self._steady = steady
        self._standings = {id_: Standing() for id_ in self._witnesses}

    @property
    def standings(self) -> Mapping[str, Standing]:
        """How each witness fares, by its id."""
        return self._standings

    async def run(self) -> None:
        """Publish until cancelled."""
        async with asyncio.TaskGroup() as group:
            for id_ in self._witnesses:
                group.create_task(self._keep(id_), name=f"witness {id_}")

    async def finish(self) -> None:
        """Publish what is new, for less than a second; a witness that contradicts is left as it is."""
        last = [asyncio.ensure_future(self._publish(id_)) for id_ in self._witnesses if self._behind(id_)]
        if last:
            _, late = await asyncio.wait(last, timeout=FINISH_S)
            for task in late:
                task.cancel()

    def _behind(self, id_: str) -> bool:
        standing = self._standings[id_]
        try:
            return standing.agrees is not False and standing.size != self._journal.size
        except JournalError:
            return True  # why it cannot be read is told when it is published

    async def _keep(self, id_: str) -> None:
        """Publish to one witness when there is something new, compare now and then, retry what failed."""
        every, standing = float(self._witnesses[id_].settings.every_s), self._standings[id_]
        compared, failing, retry = -COMPARE_S, 0.0, FIRST_RETRY_S
        while True:
            wait = every
            if self._behind(id_) or self._steady() - compared >= COMPARE_S:
                if await self._publish(id_):
                    compared, failing, retry = self._steady(), 0.0, FIRST_RETRY_S
                    if standing.lost:
                        await self._tell("connected", id_, "the witness answers again")
                        standing.lost = False
                else:
                    failing = failing or self._steady()
                    if not standing.lost and self._steady() - failing >= TELL_S:
                        await self._tell("disconnected", id_, standing.trouble)
                        standing.lost = True
                    # Jittered, so that two who lost the same witness do not come back as one.
                    wait, retry = retry * random.uniform(0.5, 1.0), min(2 * retry, LAST_RETRY_S)  # noqa: S311  # no secret
            await self._sleep(wait)

    async def _publish(self, id_: str) -> bool:
        """Publish the newest checkpoint; whether the witness answered."""
        standing = self._standings[id_]
        try:
            found = await self._witnesses[id_].publish(self._journal)
        except Contradicted as error:
            standing.trouble = str(error)
            if standing.agrees is not False:
                standing.agrees = False
                await self._verified(id_, NOT_INTACT, f"{error.where} {error.what}")
            return True
        except NightlatchError as error:
            standing.trouble = str(error)
            return False
        standing.size, standing.at, standing.trouble = found.size, self._now(), ""
        standing.cosigned = found.note + found.cosignature if found.cosignature else ""
        if standing.agrees is not True:
            standing.agrees = True
            await self._verified(id_, INTACT, f"agrees on {found.size} entries")
        return True

    async def _verified(self, id_: str, value: str, detail: str) -> None:
        await self._put(Event(micros(self._now()), "verified", "home", value=value, name=id_, detail=detail))

    async def _tell(self, kind: Kind, id_: str, detail: str) -> None:
        await self._put(Event(micros(self._now()), kind, f"witness:{id_}", detail=detail))
