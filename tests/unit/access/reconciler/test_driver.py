"""The whole way on real time: grants in a register, a plan, a vault of PINs, a listener, and simulated locks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any, ClassVar

import pytest

from nightlatch.access.reconciler import Reconciler
from nightlatch.access.reconciler.uses import Uses
from nightlatch.access.wanting import Plan
from nightlatch.ecosystems._simulated import faults
from nightlatch.ecosystems._simulated.plan import CodeRules
from nightlatch.ecosystems.simulated import Simulated
from nightlatch.model.access import Credential, Entry, Grant, Person
from nightlatch.model.command import Command, Outcome
from nightlatch.model.event import Event
from nightlatch.plugs import wall
from nightlatch.secrets import Secret
from nightlatch.store.access import AccessRecords
from nightlatch.store.database import connect
from nightlatch.tasks import end
from tests.unit.access.reconciler.homes import Pins, pin
from tests.unit.guard.simulating import Kept, listening, simulated, until

SECOND = 1_000_000
FRONT, GARDEN = "lock:front", "lock:garden"


class Register:
    """What is so of access."""

    zone: tzinfo = UTC
    locks: ClassVar[dict[str, str]] = {FRONT: "door:front", GARDEN: "door:garden"}

    def __init__(self, records: AccessRecords) -> None:
        self.people = {one.id: one for one in records.people()}
        self.grants = {one.id: one for one in records.grants()}
        self.credentials = {one.id: one for one in records.credentials()}

    def digits(self, lock: str) -> tuple[int, int]:
        return 4, 8


class Given(Kept):
    """An intake that hands on what is in the journal to the reconciler, as the service does."""

    reconciler: Reconciler | None = None

    async def accept(self, event: Event) -> asyncio.Future[int]:
        written = await super().accept(event)
        if self.reconciler is not None:
            self.reconciler.heard(event, written.result())
        return written


class Running:
    """A reconciler that runs."""

    task: asyncio.Task[None]

    def __init__(self, reconciler: Reconciler, records: AccessRecords, plug: Simulated, intake: Given) -> None:
        self.reconciler, self.records, self.plug, self.intake = reconciler, records, plug, intake

    def give(self, person: str, *, doors: tuple[str, ...] = ("*",), **more: Any) -> None:
        self.records.put(
            Person(person, person),
            Credential(f"{person}-1", person, 6),
            Grant(person, f"person:{person}", doors, **more),
        )
        self.renew()

    def renew(self) -> None:
        self.reconciler.renew(Register(self.records))

    def lines(self, state: str) -> list[Entry]:
        return [line for line in self.records.entries() if line.state == state]

    def codes(self, door: str) -> set[Secret | None]:
        return {kept.code for kept in self.plug.house.locks[door].codes.values()}


@pytest.fixture
def records(tmp_path: Path) -> Iterator[AccessRecords]:
    engine = connect(tmp_path)
    yield AccessRecords(engine)
    engine.dispose()


@asynccontextmanager
async def running(records: AccessRecords, plug: Simulated, **more: Any) -> AsyncIterator[Running]:
    intake = Given()
    async with listening(plug, intake=intake) as listener:
        await until(lambda: FRONT in listener.states)

        async def command(command: Command) -> Outcome:
            return await listener.command(command)

        pins = Pins()
        for number in range(40):
            pins.all[f"p{number}-1"] = pin(f"p{number}")
        for name in ("ana", "ben"):
            pins.all[f"{name}-1"] = pin(name)
        plan = Plan(Register(records), records.rules(), wall())
        home: Running

        def granted(person: str, at: int) -> list[Grant]:
            return [one for one in records.grants() if one.to == f"person:{person}"]

        uses = Uses(records, granted, lambda: UTC, lambda: home.renew())  # noqa: PLW0108  # there is no home yet
        reconciler = Reconciler(plan, records, pins, command, clock=wall, tell=intake.accept, uses=uses, **more)
        home = Running(reconciler, records, plug, intake)
        intake.reconciler = reconciler
        home.task = asyncio.create_task(reconciler.run())
        try:
            yield home
        finally:
            await end(home.task)


async def test_a_grant_for_a_second_and_a_half_puts_the_code_on_the_lock_and_takes_it_off(
    records: AccessRecords,
) -> None:
    async with running(records, simulated()) as home:
        home.give("ana", doors=("door:front",), ends=wall() + 3 * SECOND // 2)
        await until(lambda: len(home.lines("present")) == 1)
        assert home.codes("front") == {pin("ana")}
        assert home.codes("garden") == set()
        await until(lambda: len(home.lines("absent")) == 1)
        assert home.codes("front") == set()
        told = [event.value for event in home.intake.of("ledger")]
        assert told == ["planned", "setting", "present", "removing", "absent"]


async def test_the_one_use_of_a_code_is_its_last(records: AccessRecords) -> None:
    async with running(records, simulated()) as home:
        home.give("ana", doors=("door:front",), uses=1)
        await until(lambda: len(home.lines("present")) == 1)
        front = home.plug.house.locks["front"]
        assert home.plug.house.type_code(front, pin("ana")) == 1
        await until(lambda: home.codes("front") == set())
        assert home.records.grants()[0].used == 1
        front.thrown = True
        assert home.plug.house.type_code(front, pin("ana")) == 0


async def test_a_lock_that_tells_that_it_is_back_is_tried_at_once_however_long_it_was_to_wait(
    records: AccessRecords,
) -> None:
    async with running(records, simulated()) as home:
        home.give("ana", doors=("door:front",))
        await until(lambda: len(home.lines("present")) == 1)
        home.plug.house.order(faults.Dead(lock="front", seconds=1.2))
        home.records.remove(*home.records.grants())
        home.renew()
        await until(lambda: len(home.lines("removing")) == 1)
        home.reconciler.keepers[FRONT].waits.hold("link", home.reconciler.keepers[FRONT].waits.until("link") + 3600)
        await until(lambda: len(home.lines("absent")) == 1)


async def test_a_code_that_was_removed_at_the_keypad_is_put_back_as_soon_as_the_lock_tells(
    records: AccessRecords,
) -> None:
    async with running(records, simulated()) as home:
        home.give("ana", doors=("door:front",))
        await until(lambda: len(home.lines("present")) == 1)
        home.plug.house.order(faults.CodeDeleted(lock="front", slot=1))
        await until(
            lambda: [event.value for event in home.intake.of("ledger")][3:] == ["planned", "setting", "present"]
        )
        assert home.codes("front") == {pin("ana")}


async def test_what_a_dry_run_tells_is_what_is_then_sent(records: AccessRecords) -> None:
    plug = simulated()
    records.put(Person("ana", "Ana"), Credential("ana-1", "ana", 6), Grant("g", "person:ana", ("*",)))
    plan = Plan(Register(records), {}, wall())
    reconciler = Reconciler(plan, records, Pins(), _never, clock=wall, tell=Kept().accept)
    assert [(step.lock, step.act.value) for step in reconciler.steps()] == [
        (FRONT, "learn"),
        (FRONT, "set"),
        (GARDEN, "learn"),
        (GARDEN, "set"),
    ]
    async with running(records, plug, background=False) as home:
        await home.reconciler.settled()
        assert home.reconciler.steps() == []
        assert len(home.lines("present")) == 2


async def _never(_: Command) -> Outcome:
    raise AssertionError("a dry run sends nothing")


@pytest.mark.parametrize(("each", "first"), [(True, 270 + 3), (False, 180 + 3)])
async def test_thirty_people_at_three_locks_take_three_messages_a_code_and_a_second_sync_none(
    records: AccessRecords, each: bool, first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A loop that sets every code takes 180 messages each time it runs, and reads no slot before it writes."""
    plug = simulated(doors=("front", "garden", "cellar"), codes=CodeRules(reads_each=each))
    monkeypatch.setattr(Register, "locks", Register.locks | {"lock:simulated:cellar": "door:cellar"})
    for number in range(30):
        name = f"p{number}"
        records.put(Person(name, name), Credential(f"{name}-1", name, 6), Grant(name, f"person:{name}", ("*",)))
    async with running(records, plug, background=False) as home:
        await home.reconciler.settled()
        assert len(home.lines("present")) == 90
    assert sum(plug.house.messages.values()) == first
    async with running(records, plug, background=False) as home:
        await home.reconciler.settled()
        await asyncio.sleep(0.05)
        assert sum(plug.house.messages.values()) == first
        home.records.remove(home.records.grants()[0])
        home.renew()
        await until(lambda: len(home.lines("absent")) == 3)
    assert sum(plug.house.messages.values()) == first + 9


async def test_a_lock_at_which_something_is_broken_is_left_alone_for_a_while_though_a_code_on_it_is_overdue(
    records: AccessRecords,
) -> None:
    records.put_entries([Entry(FRONT, "ana-1", 1, "removing", due=1)])
    plan = Plan(Register(records), {}, wall())
    reconciler = Reconciler(plan, records, Pins(), _never, clock=wall, tell=Kept().accept)
    looks = 0

    async def look() -> float:
        nonlocal looks
        looks += 1
        raise ZeroDivisionError

    reconciler.keepers[FRONT].look = look  # type: ignore[method-assign]
    task = asyncio.create_task(reconciler.run())
    await asyncio.sleep(0.1)
    task.cancel()
    assert looks == 1


async def test_a_reconciler_that_is_begun_again_keeps_the_locks_as_before(records: AccessRecords) -> None:
    async with running(records, simulated()) as home:
        home.give("ana", doors=("door:front",))
        await until(lambda: len(home.lines("present")) == 1)
        await end(home.task)
        home.records.remove(*home.records.grants())
        home.renew()
        home.reconciler.survey(["lock:new"])
        home.task = asyncio.create_task(home.reconciler.run())
        await until(lambda: len(home.lines("absent")) == 1)
        assert home.codes("front") == set()
