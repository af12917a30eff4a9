"""Listening: nothing is lost, nothing is invented, what may have been missed is said, and nobody waits for another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from nightlatch.ecosystems._simulated import faults
from nightlatch.ecosystems.interface import Heard, Link, Live
from nightlatch.errors import SourceError, StoreError
from nightlatch.guard.backoff import Backoff
from nightlatch.guard.listening import Listener
from nightlatch.guard.resolving import Resolver
from nightlatch.guard.waiting import Waiting
from nightlatch.model.command import Command, LockDoor, Outcome, SetParameter
from nightlatch.model.event import Event, State
from nightlatch.model.evidence import Item, Ref
from nightlatch.plugs import Context, Settings, wall
from nightlatch.secrets import Fingerprinter
from tests.unit.guard.simulating import QUICK, Kept, listening, simulated, until

FRONT = "lock:front"


class Told(Live):
    """An ecosystem that tells what the test gives it."""

    gives = ()

    def __init__(self, id_: str, kind: str, *first: Heard) -> None:
        super().__init__(Settings(), Context(id_, kind, datetime.now(UTC), Fingerprinter()))
        self.kind = kind  # type: ignore[misc]  # each double is of another kind
        self.states = list(first)
        self.said: asyncio.Queue[Heard | Exception] = asyncio.Queue()
        self.refused = 0
        self.up = True
        self.commands: list[Command] = []
        self.answer: Outcome | Exception = Outcome("evidence", "bolt thrown", at=1)

    async def collect(self) -> AsyncIterator[Item]:
        for item in ():
            yield item

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Link]:
        if not self.up:
            self.refused += 1
            raise SourceError("nobody answers", where=self.kind)
        yield ToldLink(self)


class ToldLink(Link):
    def __init__(self, plug: Told) -> None:
        self._plug = plug

    async def hear(self) -> AsyncIterator[Heard]:
        for state in self._plug.states:
            yield state
        while True:
            heard = await self._plug.said.get()
            if isinstance(heard, Exception):
                raise heard
            yield heard

    async def command(self, command: Command) -> Outcome:
        self._plug.commands.append(command)
        if isinstance(self._plug.answer, Exception):
            raise self._plug.answer
        return self._plug.answer


def event(kind: Any, about: str = "lock:zwavejs:3", **more: Any) -> Event:
    return Event(wall(), kind, about, **more)


def state(about: str = "lock:zwavejs:3", **more: Any) -> State:
    return State(about, **({"at": wall(), "bolt": "thrown", "door": "closed", "reachable": True} | more))


# What a hub tells


async def test_events_come_by_the_owner_s_names_with_their_source() -> None:
    plug, intake = simulated(), Kept()
    async with listening(plug, intake=intake) as listener:
        await until(lambda: FRONT in listener.states)
        plug.house.order(faults.WrongCodes(lock="front", times=1))
        await until(lambda: intake.of("wrong_code"))
    (wrong,) = intake.of("wrong_code")
    assert (wrong.about, wrong.source) == (FRONT, "simulated")
    assert intake.of("connected")[0].about == "hub:hub"


async def test_a_thing_that_nobody_named_keeps_its_hub_s_name() -> None:
    plug, intake = simulated(doors=("attic",)), Kept()
    async with listening(plug, intake=intake) as listener:
        await until(lambda: "lock:simulated:attic" in listener.states)


async def test_the_first_states_are_no_events() -> None:
    plug, intake = simulated(), Kept()
    async with listening(plug, intake=intake) as listener:
        await until(lambda: len(listener.states) == 2)
    assert intake.kinds() == ["connected"]


async def test_a_door_s_own_sensor_tells_of_the_lock_that_is_fitted_to_it() -> None:
    plug, intake = Told("z", "zigbee2mqtt", state(FRONT, door=None)), Kept()
    async with listening(plug, intake=intake) as listener:
        plug.said.put_nowait(event("door_opened", "door:front"))
        await until(lambda: listener.states.get(FRONT) and listener.states[FRONT].door == "open")
    assert intake.of("door_opened")[0].about == "door:front"


# Losing a hub and finding it again


async def test_a_reconnect_tells_the_gap_and_what_changed_in_it() -> None:
    plug, intake = simulated(), Kept()
    house = plug.house
    async with listening(plug, intake=intake) as listener:
        await until(lambda: len(listener.states) == 2)
        before = wall()
        house.order(faults.HubLost(seconds=0.2))
        front = house.locks["front"]
        house.unlock(front, "thumb")
        house.open_door(front)
        house.order(faults.ForeignCode(lock="garden", slot=9))
        house.order(faults.Downgrade(lock="garden"))
        await until(lambda: intake.of("gap"))
        await until(lambda: listener.states["lock:garden"].security == "none")
    assert intake.kinds()[:4] == ["connected", "disconnected", "connected", "gap"]
    (gap,) = intake.of("gap")
    assert gap.since <= before + 100_000
    assert gap.about == "hub:hub"
    found = {(e.kind, e.about, e.slot, e.value) for e in intake.events if e.resync}
    assert found == {
        ("unlocked", FRONT, 0, ""),
        ("door_opened", FRONT, 0, ""),
        ("code_added", "lock:garden", 9, ""),
        ("security_changed", "lock:garden", 0, "none"),
    }
    assert {e.since for e in intake.events if e.resync} == {gap.since}


async def test_a_reconnect_to_an_unchanged_home_invents_nothing() -> None:
    plug, intake = simulated(), Kept()
    async with listening(plug, intake=intake) as listener:
        await until(lambda: len(listener.states) == 2)
        plug.house.unlock(plug.house.locks["front"], "thumb")
        plug.house.order(faults.ForeignCode(lock="front"))
        await until(lambda: intake.of("code_added"))
        for _ in range(3):
            plug.house.order(faults.HubLost(seconds=0.03))
            gaps = len(intake.of("gap"))
            await until(lambda gaps=gaps: len(intake.of("gap")) > gaps)
        await until(lambda: listener.states[FRONT].connected)
    assert [e.kind for e in intake.events if e.resync] == []


async def test_a_restart_of_nightlatch_tells_its_own_gap_and_what_changed() -> None:
    plug, intake = simulated(), Kept()
    async with listening(plug, intake=intake) as listener:
        await until(lambda: len(listener.states) == 2)
        snapshot = listener.snapshot()
        plug.house.unlock(plug.house.locks["garden"], "thumb")
        await until(lambda: intake.of("unlocked"))
    stopped = intake.events[-1].at
    plug.house.unlock(plug.house.locks["front"], "thumb")
    again = Kept()
    async with listening(simulated(plug.house), intake=again, snapshot=snapshot, since=intake.events) as listener:
        await until(lambda: again.of("unlocked"))
    assert again.kinds() == ["connected", "gap", "unlocked"]
    assert again.of("gap")[0].since == stopped
    assert (again.events[2].about, again.events[2].resync) == (FRONT, True)


async def test_a_restart_without_a_change_invents_nothing_though_digests_are_another_run_s() -> None:
    plug, intake = simulated(people=2), Kept()
    async with listening(plug, intake=intake) as listener:
        await until(lambda: len(listener.states) == 2)
        snapshot = listener.snapshot()
    lock = plug.house.locks["front"]
    lock.codes = {slot: f"another-{slot}" for slot in lock.codes}
    again = Kept()
    async with listening(simulated(plug.house), intake=again, snapshot=snapshot) as listener:
        await until(lambda: listener.states[FRONT].connected)
    assert again.kinds() == ["connected", "gap"]


async def test_what_was_heard_and_not_written_when_nightlatch_was_killed_is_found_out_again() -> None:
    plug, intake = simulated(), Kept()
    keep = intake.accept

    async def full(one: Event) -> asyncio.Future[int]:
        """A disk that takes nothing more once the door is unlocked."""
        if one.kind == "unlocked":
            return asyncio.get_running_loop().create_future()
        return await keep(one)

    intake.accept = full  # type: ignore[method-assign]
    async with listening(plug, intake=intake) as listener:
        await until(lambda: len(listener.states) == 2)
        before = wall()
        plug.house.unlock(plug.house.locks["front"], "thumb")
        await until(lambda: listener.states[FRONT].bolt == "retracted")
        await asyncio.sleep(0.01)
        snapshot = listener.snapshot()
    again = Kept()
    async with listening(simulated(plug.house), intake=again, snapshot=snapshot):
        await until(lambda: again.of("unlocked"))
    assert before - 1000 <= again.of("gap")[0].since <= before + 100_000
    assert again.of("unlocked")[0].resync


async def test_a_damaged_memory_is_told_apart_from_none() -> None:
    async with listening(simulated(), intake=Kept()) as listener:
        with pytest.raises(StoreError, match="is damaged"):
            listener.restore(b"{", [])


async def test_a_hub_that_says_nothing_is_found_out_and_the_gap_covers_its_silence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("nightlatch.ecosystems.simulated.SILENCE_S", 0.2)
    plug, intake = simulated(), Kept()
    async with listening(plug, intake=intake) as listener:
        await until(lambda: len(listener.states) == 2)
        silent = wall()
        plug.house.order(faults.HubSilent(seconds=0.6))
        plug.house.unlock(plug.house.locks["front"], "thumb")
        await until(lambda: intake.of("unlocked"))
    assert "silent" in intake.of("disconnected")[0].detail
    assert intake.of("gap")[-1].since <= silent
    assert intake.of("unlocked")[0].resync


async def test_an_outage_is_told_once_however_often_it_is_tried_again() -> None:
    plug, intake = Told("z", "zwavejs"), Kept()
    plug.up = False
    async with listening(plug, intake=intake):
        await until(lambda: plug.refused > 4)
    assert intake.kinds() == ["disconnected"]
    assert intake.events[0].detail == "zwavejs: nobody answers."


async def test_a_defect_in_one_ecosystem_ends_no_other() -> None:
    broken, plug, intake = Told("z", "zwavejs"), simulated(), Kept()
    broken.said.put_nowait(KeyError("a secret of the peer"))
    async with listening(broken, plug, intake=intake):
        await until(lambda: intake.of("disconnected"))
        plug.house.order(faults.WrongCodes(lock="front", times=1))
        await until(lambda: intake.of("wrong_code"))
    (told,) = intake.of("disconnected")
    assert told.detail == "broke on what it heard (KeyError). This is a defect: please report it."


def test_waits_double_up_to_a_cap_and_are_spread_by_chance() -> None:
    backoff = Backoff(first_s=1, cap_s=60)
    assert [backoff.wait(attempt, 1.0) for attempt in (0, 1, 2, 5, 6, 500)] == [1, 2, 4, 32, 60, 60]
    assert backoff.wait(3, 0.0) == 4


async def test_a_flapping_hub_is_tried_less_and_less_often() -> None:
    plug, intake = Told("z", "zwavejs"), Kept()
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        plug.said.put_nowait(SourceError("broke"))
        await asyncio.sleep(0)

    plug.said.put_nowait(SourceError("broke"))
    listener = Listener([plug], intake, clock=wall, chance=Random(1), sleep=sleep, backoff=Backoff())
    task = asyncio.create_task(listener.run())
    await until(lambda: len(waits) > 8)
    task.cancel()
    assert waits[8] > 25 > waits[1]


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
