"""Matter live, against the real server and a commissioned lock: events, orders with evidence, restarts."""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nightlatch.ecosystems.matter import Matter
from nightlatch.errors import SourceError
from nightlatch.model.command import Command, LockDoor, Outcome, SetParameter, UnlockDoor
from nightlatch.model.lock import Lock
from rigs.matter.rig import MatterRig
from tests.unit.ecosystems.asking import context
from tests.unit.ecosystems.hearing import hearing

pytestmark = [pytest.mark.rig, pytest.mark.timeout(240)]

PIN = "471109"


def say(what: str) -> None:
    """A figure for who runs this with -s."""
    sys.stdout.write(f"\n  {what}")


def plug(rig: MatterRig) -> Matter:
    return Matter(Matter.Settings(url=rig.url), context("matter"))


def ref(rig: MatterRig) -> Any:
    return plug(rig).ref(Lock, rig.server.node)


@pytest.fixture(autouse=True)
def _as_found(matter_rig: MatterRig) -> Iterator[None]:
    """Locked, closed and with a full battery, and well again afterwards."""
    yield
    for act in ({"act": "mood", "is": "well"}, {"act": "turn", "to": "locked"}, {"act": "door", "open": False}):
        matter_rig.act(act)
    matter_rig.act({"act": "battery", "percent": 87})


async def test_what_happens_at_the_door_is_heard(matter_rig: MatterRig) -> None:
    acts: list[tuple[dict[str, Any], str, str, int]] = [
        ({"act": "turn", "to": "unlocked", "userIndex": 1}, "unlocked", "code", 1),
        ({"act": "turn", "to": "locked"}, "locked", "manual", 0),
        ({"act": "wrongCode"}, "wrong_code", "code", 0),
        ({"act": "door", "open": True}, "door_opened", "", 0),
        ({"act": "door", "open": False}, "door_closed", "", 0),
        ({"act": "battery", "percent": 9}, "battery", "", 0),
        ({"act": "alarm", "name": "frontEsceutcheonRemoved"}, "tamper", "", 0),
        ({"act": "alarm", "name": "wrongCodeEntryLimit"}, "keypad_disabled", "", 0),
        ({"act": "turn", "to": "unlocked", "userIndex": 1}, "keypad_enabled", "", 0),
        ({"act": "alarm", "name": "lockJammed"}, "jammed", "", 0),
        ({"act": "alarm", "name": "doorForcedOpen"}, "door_forced", "", 0),
    ]
    async with hearing(plug(matter_rig)) as ear:
        (state,) = ear.states
        assert (state.bolt, state.door, state.battery, state.reachable) == ("thrown", "closed", 87, True)
        for act, kind, by, slot in acts:
            ear.forget()
            begin = time.perf_counter()
            await asyncio.to_thread(matter_rig.act, act)
            event = await ear.event(kind)
            say(f"{act}: {kind} heard after {(time.perf_counter() - begin) * 1000:.0f} ms")
            assert (event.by, event.slot, event.resync, event.detail.startswith("by fabric")) == (
                by,
                slot,
                False,
                False,
            )
            assert json.loads(event.raw)["event"] in ("node_event", "attribute_updated")
        await asyncio.sleep(1)
        assert [event.kind for event in ear.events] == ["door_forced"]


async def test_people_who_are_added_and_removed_are_heard_and_their_pins_are_not(matter_rig: MatterRig) -> None:
    async with hearing(plug(matter_rig)) as ear:
        await asyncio.to_thread(matter_rig.server.add_user, 4, "Ana", PIN)
        added = await ear.event("code_added")
        await asyncio.to_thread(matter_rig.server.remove_user, 4)
        removed = await ear.event("code_removed")
        assert (added.slot, added.detail, removed.slot) == (4, "a PIN", 4)
        assert PIN not in repr(ear.all)


async def carried_out(rig: MatterRig, command: Command, mood: str = "well") -> Outcome:
    async with hearing(plug(rig)) as ear:
        await asyncio.to_thread(rig.act, {"act": "mood", "is": mood})
        begin = time.perf_counter()
        outcome = await ear.link.command(command)
        took = time.perf_counter() - begin
        say(f"{type(command).__name__}, lock {mood}: {outcome.ending}, {outcome.what}, after {took:.3f} s")
        assert took < 30
        return outcome


async def test_orders_end_in_evidence_that_is_the_lock_s_own_memory(matter_rig: MatterRig) -> None:
    for command, bolt, state in ((UnlockDoor, "retracted", 2), (LockDoor, "thrown", 1), (LockDoor, "thrown", 1)):
        outcome = await carried_out(matter_rig, command(ref(matter_rig)))
        assert (outcome.ending, outcome.what) == ("evidence", f"bolt {bolt}")
        assert outcome.where == "read_attribute 1/257/0 (LockState)"
        assert (await asyncio.to_thread(matter_rig.act, {"act": "memory"}))["lockState"] == state


async def test_a_setting_is_written_and_read_back(matter_rig: MatterRig) -> None:
    for value in (45, 0):
        outcome = await carried_out(matter_rig, SetParameter(ref(matter_rig), "auto_relock_s", value))
        assert (outcome.ending, outcome.what) == ("evidence", f"the lock reports {value}")
    other = await carried_out(matter_rig, SetParameter(ref(matter_rig), "keypad_sheltered", 1))
    assert (other.ending, other.what) == ("refused", "this lock has no setting keypad_sheltered in Matter")


async def test_a_lock_that_wants_a_pin_for_remote_unlocks_declines_without_one(matter_rig: MatterRig) -> None:
    want = SetParameter(ref(matter_rig), "pin_for_remote", 1)
    assert (await carried_out(matter_rig, want)).ending == "evidence"
    try:
        outcome = await carried_out(matter_rig, UnlockDoor(ref(matter_rig)))
    finally:
        matter_rig.server.write(51, False)
    assert (outcome.ending, outcome.what) == ("refused", "the lock declined (status Failure)")


@pytest.mark.parametrize(
    ("mood", "what"),
    [("stubborn", "the lock declined (status Failure)"), ("jammed", "the lock reports its bolt not fully thrown")],
)
async def test_a_lock_that_does_not_do_it_is_no_success(matter_rig: MatterRig, mood: str, what: str) -> None:
    outcome = await carried_out(matter_rig, UnlockDoor(ref(matter_rig)), mood)
    assert (outcome.ending, outcome.what) == ("refused", what)


async def test_a_jam_under_way_is_an_event_and_ends_with_the_next_movement(matter_rig: MatterRig) -> None:
    async with hearing(plug(matter_rig)) as ear:
        await asyncio.to_thread(matter_rig.act, {"act": "mood", "is": "jammed"})
        await ear.link.command(UnlockDoor(ref(matter_rig)))
        await ear.event("jammed")
        ear.forget()
        await asyncio.to_thread(matter_rig.act, {"act": "mood", "is": "well"})
        await ear.link.command(LockDoor(ref(matter_rig)))
        assert (await ear.event("locked")).by == "remote"


async def test_a_restart_of_the_server_ends_the_link_and_the_next_one_resyncs(matter_rig: MatterRig) -> None:
    one = plug(matter_rig)
    async with hearing(one) as ear:
        restart = asyncio.create_task(asyncio.to_thread(matter_rig.server.restart))
        error = await ear.ended()
        say(str(error))
        assert isinstance(error, SourceError)
        with pytest.raises(SourceError):
            await ear.link.command(LockDoor(ref(matter_rig)))
        await asyncio.to_thread(matter_rig.act, {"act": "turn", "to": "unlocked"})  # nobody hears this
        await restart
    deadline = time.monotonic() + 60
    while True:
        async with hearing(one) as ear:
            (state,) = ear.states[:1]
            if state.reachable:
                break
            # The server first looks for its devices; it tells when it has found them.
            await ear.event("online", 60)
        assert time.monotonic() < deadline
    assert (state.bolt, bool(state.at)) == ("retracted", True)


async def test_a_lock_without_batteries_is_offline(tmp_path: Path) -> None:
    rig = MatterRig(tmp_path)  # one of its own: its lock is gone for good
    try:
        async with hearing(plug(rig)) as ear:
            begin = time.perf_counter()
            await asyncio.to_thread(rig.unplug)
            await ear.event("offline", 60)
            say(f"offline told after {time.perf_counter() - begin:.1f} s")
            outcome = await ear.link.command(LockDoor(ref(rig)))
            assert outcome.ending == "unknown"
    finally:
        rig.stop()


async def test_a_lock_that_hears_nothing_makes_an_order_unknown(tmp_path: Path) -> None:
    rig = MatterRig(tmp_path)  # one of its own: its server may take minutes to find the lock again
    try:
        async with hearing(plug(rig)) as ear:
            await asyncio.to_thread(rig.act, {"act": "freeze", "seconds": 40})
            await asyncio.sleep(0.2)
            begin = time.perf_counter()
            outcome = await ear.link.command(UnlockDoor(ref(rig)))
            say(f"{outcome.ending}, {outcome.what}, after {time.perf_counter() - begin:.1f} s")
            assert outcome.ending == "unknown"
            assert time.perf_counter() - begin < 30
    finally:
        rig.stop()


async def test_latency_of_twenty_unlocks(matter_rig: MatterRig) -> None:
    times = []
    async with hearing(plug(matter_rig)) as ear:
        for _ in range(20):
            await asyncio.to_thread(matter_rig.act, {"act": "turn", "to": "locked"})
            await asyncio.sleep(0.6)
            ear.forget()
            begin = time.perf_counter()
            await asyncio.to_thread(matter_rig.act, {"act": "turn", "to": "unlocked", "userIndex": 1})
            await ear.event("unlocked")
            times.append((time.perf_counter() - begin) * 1000)
            await asyncio.sleep(0.6)
    median, worst = statistics.median(times), max(times)
    say(f"keypad to event: median {median:.0f} ms, worst of 20 {worst:.0f} ms")
    assert worst < 3000
