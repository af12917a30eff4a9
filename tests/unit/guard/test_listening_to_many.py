"""Many hubs and many locks: who speaks for a lock, who is commanded, and that nobody waits for another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import pytest

from nightlatch.ecosystems._simulated import faults
from nightlatch.errors import SourceError
from nightlatch.guard.listening import Listener
from nightlatch.guard.resolving import Resolver
from nightlatch.guard.waiting import Waiting
from nightlatch.model.command import LockDoor, Outcome, SetParameter
from nightlatch.model.event import Event
from nightlatch.model.evidence import Ref
from nightlatch.plugs import wall
from tests.unit.guard.simulating import QUICK, Kept, listening, simulated, until
from tests.unit.guard.telling import Told, event, state

FRONT = "lock:front"


# Two hubs for one lock

NAMES = Resolver({"lock:zwavejs:3": FRONT, "lock:homeassistant:lock.front": FRONT})


@asynccontextmanager
async def both(intake: Kept) -> AsyncIterator[tuple[Listener, Told, Told]]:
    far = Told("ha", "homeassistant", state("lock:homeassistant:lock.front"))
    near = Told("z", "zwavejs", state())
    listener = Listener([far, near], intake, clock=wall, resolver=NAMES, chance=Random(1), backoff=QUICK)
    task = asyncio.create_task(listener.run())
    try:
        await until(lambda: listener.states.get(FRONT) and listener.states[FRONT].source == "z")
        yield listener, far, near
    finally:
        task.cancel()


async def test_of_two_hubs_the_nearer_speaks_for_a_lock() -> None:
    intake = Kept()
    async with both(intake) as (listener, far, near):
        far.said.put_nowait(event("unlocked", "lock:homeassistant:lock.front"))
        near.said.put_nowait(event("unlocked"))
        await until(lambda: listener.states[FRONT].bolt == "retracted" and far.said.empty())
        await asyncio.sleep(0.02)
        await listener.command(LockDoor(Ref("lock", "front")))
        assert near.commands == [LockDoor(Ref("lock", "zwavejs:3"))]
        assert far.commands == []
    assert [one.source for one in intake.of("unlocked")] == ["z"]


async def test_when_the_nearer_hub_is_lost_the_other_speaks_and_nothing_is_told_twice() -> None:
    intake = Kept()
    async with both(intake) as (listener, far, near):
        near.up = False
        near.said.put_nowait(SourceError("broke"))
        await until(lambda: listener.states[FRONT].source == "ha")
        far.said.put_nowait(event("unlocked", "lock:homeassistant:lock.front"))
        await until(lambda: intake.of("unlocked"))
        near.states = [state(bolt="retracted")]
        near.up = True
        await until(lambda: listener.states[FRONT].source == "z")
    assert [(one.source, one.resync) for one in intake.of("unlocked")] == [("ha", False)]


async def test_what_only_the_farther_hub_heard_of_is_told_when_it_takes_over() -> None:
    intake = Kept()
    async with both(intake) as (listener, far, near):
        far.said.put_nowait(event("unlocked", "lock:homeassistant:lock.front"))
        await asyncio.sleep(0.02)
        assert listener.states[FRONT].bolt == "thrown"
        near.up = False
        near.said.put_nowait(SourceError("broke"))
        await until(lambda: intake.of("unlocked"))
    assert [(one.source, one.resync) for one in intake.of("unlocked")] == [("ha", True)]


async def test_two_hubs_of_which_an_audit_finds_that_they_mean_one_lock_have_one_speaker_from_then_on() -> None:
    intake = Kept()
    near, far = Told("z", "zwavejs", state()), Told("ha", "homeassistant", state("lock:homeassistant:lock.front"))
    for plugs in ((far, near), (near, far)):
        async with listening(*plugs, intake=intake) as listener:
            await until(lambda listener=listener: len(listener.states) == 2)
            listener.resolve(NAMES)
            assert {about: one.source for about, one in listener.states.items()} == {FRONT: "z"}
            before = len(intake.of("unlocked"))
            far.said.put_nowait(event("unlocked", "lock:homeassistant:lock.front"))
            near.said.put_nowait(event("unlocked"))
            await until(lambda listener=listener: listener.states[FRONT].bolt == "retracted" and far.said.empty())
            await asyncio.sleep(0.01)
            assert [one.source for one in intake.of("unlocked")[before:]] == ["z"]


# Commands


async def test_a_command_and_its_end_are_written_down_and_evidence_moves_the_standing() -> None:
    plug, intake = simulated(), Kept()
    async with listening(plug, intake=intake) as listener:
        await until(lambda: FRONT in listener.states)
        plug.house.unlock(plug.house.locks["front"], "thumb")
        await until(lambda: intake.of("unlocked"))
        outcome = await listener.command(LockDoor(Ref("lock", "front")))
        assert outcome.ending == "evidence"
        assert listener.states[FRONT].secured(wall()).answer is True
    told = [(e.kind, e.name, e.value) for e in intake.of("command", "outcome")]
    assert told == [("command", "lock", ""), ("outcome", "lock", "evidence")]


@pytest.mark.parametrize(
    ("answer", "ending", "what"),
    [
        (Outcome("refused", "the bolt jammed"), "refused", "the bolt jammed"),
        (SourceError("the connection is gone", where="zwavejs"), "unknown", "zwavejs: the connection is gone."),
    ],
)
async def test_what_is_no_evidence_changes_no_standing(answer: Any, ending: str, what: str) -> None:
    plug, intake = Told("z", "zwavejs", state(FRONT, bolt="retracted")), Kept()
    plug.answer = answer
    async with listening(plug, intake=intake) as listener:
        await until(lambda: FRONT in listener.states)
        outcome = await listener.command(LockDoor(Ref("lock", "front")))
        assert (outcome.ending, outcome.what) == (ending, what)
        assert listener.states[FRONT].bolt == "retracted"


async def test_without_a_hub_a_command_ends_unknown() -> None:
    plug, intake = simulated(), Kept()
    async with listening(plug, intake=intake) as listener:
        outcome = await listener.command(LockDoor(Ref("lock", "attic")))
    assert outcome == Outcome("unknown", "no hub that commands this lock is connected")
    assert intake.of("outcome")[0].value == "unknown"


async def test_a_setting_that_was_set_is_no_change_to_be_found_after_a_restart() -> None:
    plug, intake = simulated(), Kept()
    async with listening(plug, intake=intake) as listener:
        await until(lambda: FRONT in listener.states)
        snapshot = listener.snapshot()
        await listener.command(SetParameter(Ref("lock", "front"), "auto_relock_s", 60))
        assert listener.states[FRONT].relock_s == 60
    written = intake.of("command", "outcome")
    again = Kept()
    async with listening(simulated(plug.house), intake=again, snapshot=snapshot, since=written) as listener:
        await until(lambda: listener.states[FRONT].connected)
    assert again.of("parameter_changed") == []


async def test_commands_to_one_lock_wait_for_each_other_and_those_to_others_do_not() -> None:
    plug, intake = simulated(answer_s=0.1), Kept()
    async with listening(plug, intake=intake) as listener:
        await until(lambda: len(listener.states) == 2)
        begun = wall()
        front, garden = LockDoor(Ref("lock", "front")), LockDoor(Ref("lock", "garden"))
        await asyncio.gather(*(listener.command(one) for one in (front, front, garden)))
        took = (wall() - begun) / 1e6
    assert 0.2 <= took < 0.3


# Nobody waits for another


async def test_a_flooding_hub_does_not_delay_another_s_events() -> None:
    flooding = Told("z", "zwavejs", *(state(f"lock:zwavejs:{number}") for number in range(200)))
    plug = simulated()
    intake = Kept()
    keep = intake.accept

    async def slow(one: Event) -> asyncio.Future[int]:
        await asyncio.sleep(0.001)
        return await keep(one)

    intake.accept = slow  # type: ignore[method-assign]
    async with listening(flooding, plug, intake=intake) as listener:
        await until(lambda: len(listener.states) > 200)
        for number in range(4000):
            flooding.said.put_nowait(event("battery", f"lock:zwavejs:{number % 200}", value=number % 100))
        await asyncio.sleep(0.05)
        ordered = wall()
        plug.house.order(faults.WrongCodes(lock="front", times=1))
        await until(lambda: intake.of("wrong_code"))
        assert (wall() - ordered) / 1e6 < 0.5
        assert listener.waiting > 1000


async def test_a_flooding_lock_does_not_delay_another_of_its_hub_and_what_was_dropped_is_said() -> None:
    plug, intake = Told("z", "zwavejs", state(), state("lock:zwavejs:4")), Kept()
    keep = intake.accept

    async def slow(one: Event) -> asyncio.Future[int]:
        await asyncio.sleep(0.001)
        return await keep(one)

    intake.accept = slow  # type: ignore[method-assign]
    waiting = Waiting(wall, per_lane=10_000, per_thing=100)
    listener = Listener([plug], intake, clock=wall, backoff=QUICK, waiting=waiting)
    task = asyncio.create_task(listener.run())
    await until(lambda: len(listener.states) == 2)
    for number in range(1000):
        plug.said.put_nowait(event("battery", value=number))
    plug.said.put_nowait(event("tamper", "lock:zwavejs:4"))
    await until(lambda: intake.of("tamper"))
    assert len(intake.of("battery")) < 50
    await until(lambda: intake.of("gap"))
    task.cancel()
    (gap,) = intake.of("gap")
    assert gap.about == "lock:zwavejs:3"
    assert int(gap.value) + len(intake.of("battery")) == 1000
    assert listener.states["lock:zwavejs:3"].battery == 999


async def test_a_dead_lock_delays_no_other() -> None:
    plug, intake = simulated(), Kept()
    async with listening(plug, intake=intake) as listener:
        await until(lambda: len(listener.states) == 2)
        plug.house.order(faults.Slow(lock="front", seconds=5))
        stuck = asyncio.create_task(listener.command(LockDoor(Ref("lock", "front"))))
        await asyncio.sleep(0)
        begun = wall()
        await listener.command(LockDoor(Ref("lock", "garden")))
        assert (wall() - begun) / 1e6 < 0.5
        stuck.cancel()


async def test_names_of_a_newer_audit_move_what_is_known() -> None:
    plug, intake = simulated(), Kept()
    async with listening(plug, intake=intake) as listener:
        await until(lambda: FRONT in listener.states)
        listener.resolve(Resolver({"lock:simulated:front": "lock:main", FRONT: "lock:main"}))
        assert "lock:main" in listener.states
        assert (await listener.command(LockDoor(Ref("lock", "main")))).ending == "evidence"
