"""What tests of listening and auto-lock share: a simulated home, and an intake that keeps all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from random import Random
from typing import Any

from nightlatch.ecosystems.simulated import House, Simulated
from nightlatch.guard.backoff import Backoff
from nightlatch.guard.listening import Listener
from nightlatch.guard.resolving import Resolver
from nightlatch.guard.waiting import Waiting
from nightlatch.model.event import Event
from nightlatch.plugs import Context, wall
from nightlatch.secrets import Fingerprinter

NAMES = Resolver(
    {
        "lock:simulated:front": "lock:front",
        "lock:simulated:garden": "lock:garden",
        "hub:simulated:controller": "hub:hub",
    },
    {"door:front": ("lock:front",)},
)
QUICK = Backoff(first_s=0.02, cap_s=0.1)


class Kept:
    """An intake that writes at once, to memory."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    async def accept(self, event: Event) -> asyncio.Future[int]:
        self.events.append(event)
        written = asyncio.get_running_loop().create_future()
        written.set_result(len(self.events) - 1)
        return written

    def of(self, *kinds: str) -> list[Event]:
        return [event for event in self.events if event.kind in kinds]

    def kinds(self, about: str = "") -> list[str]:
        return [event.kind for event in self.events if not about or event.about == about]


def simulated(house: House | None = None, clock: Callable[[], int] = wall, **settings: Any) -> Simulated:
    """A simulated home in which nobody comes and goes; the same house again is a restarted Nightlatch."""
    settings = {"people": 0, "answer_s": 0.0, "doors": ("front", "garden")} | settings
    context = Context("simulated", "simulated", datetime.now(UTC), Fingerprinter(), clock)
    return Simulated(Simulated.Settings(**settings), context, house)


@asynccontextmanager
async def listening(
    *plugs: Any,
    intake: Any,
    clock: Callable[[], int] = wall,
    snapshot: bytes = b"",
    since: Iterable[Event] = (),
    waiting: Waiting | None = None,
) -> AsyncIterator[Listener]:
    """A listener that runs until the block ends."""
    listener = Listener(plugs, intake, clock=clock, resolver=NAMES, chance=Random(1), backoff=QUICK, waiting=waiting)
    if snapshot or since:
        listener.restore(snapshot, since)
    task = asyncio.create_task(listener.run())
    try:
        yield listener
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(met: Callable[[], object], seconds: float = 5.0) -> None:
    """Wait until something is so; it fails the test when it is not in time."""
    try:
        async with asyncio.timeout(seconds):
            while not met():  # noqa: ASYNC110  # what is waited for tells nobody
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError("did not come about in time") from None
