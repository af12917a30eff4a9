"""How many messages and how long it takes until thirty people's codes are on three locks, and again when they are."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from benchmarks.figures import Figure, Target, number
from nightlatch.access.reconciler import Reconciler
from nightlatch.access.wanting import Plan
from nightlatch.ecosystems.interface import Link
from nightlatch.ecosystems.simulated import House, Simulated
from nightlatch.model.access import Credential, Grant, Person
from nightlatch.model.command import Command, Outcome, SetCode
from nightlatch.model.event import Event
from nightlatch.model.evidence import Ref
from nightlatch.plugs import Context, wall
from nightlatch.secrets import Fingerprinter, Secret
from nightlatch.store.access import AccessRecords
from nightlatch.store.database import connect

GROUP = "Thirty people's codes on three simulated locks, each of which answers in 0.1 s"
DOORS = ("front", "garden", "cellar")
PEOPLE, ANSWER_S = 30, 0.1
FIRST, SECOND, ENDED = "first sync", "second sync", "sync after one grant ended"
LOOP = "a plain loop that sets every code, each time it runs"
MESSAGES, SECONDS = "messages", "s"
NOTES = (
    "Syncing: a message is one that a lock is sent. Reading back after each write is included, in the loop too.",
    "The loop does not look whether a slot is empty before it writes to it, and takes no code off that has ended.",
)


class _Register:
    """What is so of access in the measured home."""

    zone: tzinfo = UTC

    def __init__(self, people: int) -> None:
        names = [f"p{index}" for index in range(PEOPLE)]
        self.people = {name: Person(name, name) for name in names}
        self.grants = {name: Grant(name, f"person:{name}", ("*",)) for name in names[:people]}
        self.credentials = {name: Credential(name, name, 6) for name in names}
        self.locks = {f"lock:simulated:{door}": f"door:{door}" for door in DOORS}

    def digits(self, lock: str) -> tuple[int, int]:
        del lock
        return 4, 8


class _Pins:
    def pin(self, credential: str) -> Secret:
        return Secret(str(200_000 + 7_919 * int(credential[1:])))

    def mark(self, pin: Secret) -> str:
        del pin
        return ""


def _home() -> Simulated:
    settings = Simulated.Settings(people=0, doors=DOORS, answer_s=ANSWER_S)
    return Simulated(settings, Context("simulated", "simulated", datetime.now(UTC), Fingerprinter(), wall))


async def _tell(_: Event) -> asyncio.Future[int]:
    written = asyncio.get_running_loop().create_future()
    written.set_result(0)
    return written


async def _synced(link: Link, records: AccessRecords, register: _Register) -> None:
    """A process that makes the locks match, and ends."""
    plan = Plan(register, records.rules(), wall())
    reconciler = Reconciler(plan, records, _Pins(), link.command, clock=wall, tell=_tell, background=False)
    task = asyncio.create_task(reconciler.run())
    await reconciler.settled()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _loop(link: Link) -> None:
    """Set every code, at all locks at once."""

    async def lock(door: str) -> None:
        for index in range(PEOPLE):
            command: Command = SetCode(Ref("lock", f"simulated:{door}"), index + 1, _Pins().pin(f"p{index}"))
            outcome: Outcome = await link.command(command)
            if outcome.ending != "evidence":
                raise RuntimeError(outcome.what)

    await asyncio.gather(*(lock(door) for door in DOORS))


def _figures(name: str, house: House, before: int, begun: float) -> list[Figure]:
    messages = sum(house.messages.values()) - before
    return [
        Figure(GROUP, f"{name}: {MESSAGES}", "", (messages,)),
        Figure(GROUP, f"{name}: time", SECONDS, (time.perf_counter() - begun,)),
    ]


async def _measure() -> list[Figure]:
    found: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder:
        engine = connect(Path(folder))
        records, plug = AccessRecords(engine), _home()
        house = plug.house
        async with plug.connect() as link:
            for name, people in ((FIRST, PEOPLE), (SECOND, PEOPLE), (ENDED, PEOPLE - 1)):
                before, begun = sum(house.messages.values()), time.perf_counter()
                await _synced(link, records, _Register(people))
                found.extend(_figures(name, house, before, begun))
        engine.dispose()
    plug = _home()
    async with plug.connect() as link:
        begun = time.perf_counter()
        await _loop(link)
        found.extend(_figures(LOOP, plug.house, 0, begun))
    return found


def measure() -> list[Figure]:
    """All figures of this part."""
    return asyncio.run(_measure())


def targets(figures: Sequence[Figure]) -> tuple[Target, ...]:
    """What is asked of them."""
    named = {figure.name: figure.median for figure in figures if figure.group == GROUP}
    second = named[f"{SECOND}: {MESSAGES}"]
    return (Target("messages of a second sync, 30 people at 3 locks", "0", number(second), second == 0),)
