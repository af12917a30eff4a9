"""Zigbee2MQTT live, against the real one: events with their latency, orders with evidence, restarts of everything."""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from nightlatch.ecosystems.zigbee2mqtt import Zigbee2Mqtt
from nightlatch.errors import SourceError
from nightlatch.model.command import Command, LockDoor, SetParameter, UnlockDoor
from nightlatch.model.lock import Lock
from rigs.zigbee.rig import LOCK, ZigbeeRig
from tests.rigs.fixtures_zigbee import Changed
from tests.unit.ecosystems.asking import context
from tests.unit.ecosystems.hearing import Ear, hearing

pytestmark = [pytest.mark.rig, pytest.mark.timeout(180)]

PIN = "264813"


def say(what: str) -> None:
    """A figure for who runs this with -s."""
    sys.stdout.write(f"\n  {what}")


def plug(rig: ZigbeeRig) -> Zigbee2Mqtt:
    return Zigbee2Mqtt(Zigbee2Mqtt.Settings(url=rig.mqtt_url), context("zigbee2mqtt"))


def ref(rig: ZigbeeRig) -> Any:
    return plug(rig).ref(Lock, LOCK)


@pytest.fixture(autouse=True)
def _as_found(zigbee_rig: ZigbeeRig) -> None:
    """Locked and with a full battery, and Zigbee2MQTT knows it."""
    since = zigbee_rig.traffic.mark()
    for order in ("manual lock", "batt 82"):
        zigbee_rig.do(order)
    zigbee_rig.traffic.wait(
        LOCK, lambda message: (message.get("battery"), message.get("lock_state")) == (82, "locked"), since=since
    )


async def test_what_happens_at_the_door_is_heard_at_once(zigbee_rig: ZigbeeRig) -> None:
    acts: list[tuple[str, str, str, object]] = [
        ("keypad 3", "unlocked", "code", 3),
        ("manual lock", "locked", "manual", 0),
        ("badpin", "wrong_code", "code", 0),
        ("manual", "unlocked", "manual", 0),
        ("batt 12", "battery", "", 0),
        ("manual lock", "locked", "manual", 0),
        ("batt 82", "battery", "", 0),
    ]
    async with hearing(plug(zigbee_rig)) as ear:
        (state,) = ear.states
        assert (state.bolt, state.battery, state.reachable) == ("thrown", 82, True)
        for act, kind, by, slot in acts:
            ear.forget()
            begin = time.perf_counter()
            zigbee_rig.do(act)
            event = await ear.event(kind)
            say(f"{act}: {kind} heard after {(time.perf_counter() - begin) * 1000:.1f} ms")
            assert (event.by, event.slot, event.resync) == (by, slot, False)
            assert json.loads(event.raw)
        await asyncio.sleep(1)
        assert len(ear.events) == 1  # the last act's, once


async def test_a_code_that_is_set_and_cleared_is_heard_and_its_pin_is_not(zigbee_rig: ZigbeeRig) -> None:
    traffic = zigbee_rig.traffic
    async with hearing(plug(zigbee_rig)) as ear:
        traffic.publish(f"{LOCK}/set", {"pin_code": {"user": 7, "pin_code": int(PIN)}})
        added = await ear.event("code_added")
        traffic.publish(f"{LOCK}/get", {"pin_code": {"user": 7}})
        traffic.publish(f"{LOCK}/set", {"pin_code": {"user": 7, "pin_code": None}})
        removed = await ear.event("code_removed")
        traffic.publish(f"{LOCK}/get", {"pin_code": {"user": 7}})
        await asyncio.sleep(0.5)
        assert (added.slot, removed.slot) == (7, 7)
        assert [event.kind for event in ear.events] == ["code_added", "code_removed"]
        assert PIN not in repr(ear.all)


async def test_opening_the_network_for_new_devices_is_heard(zigbee_rig: ZigbeeRig) -> None:
    async with hearing(plug(zigbee_rig)) as ear:
        await asyncio.to_thread(zigbee_rig.permit_join, True)
        await ear.event("join_opened")
        await asyncio.to_thread(zigbee_rig.permit_join, False)
        await ear.event("join_closed")


async def carried_out(rig: ZigbeeRig, command: Command, mood: str = "well") -> tuple[str, str, float]:
    """How a command ended, in words, and after how many seconds."""
    async with hearing(plug(rig)) as ear:
        rig.do(f"mood {mood}")
        begin = time.perf_counter()
        outcome = await ear.link.command(command)
        took = time.perf_counter() - begin
        say(f"{type(command).__name__}, lock {mood}: {outcome.ending}, {outcome.what}, after {took:.3f} s")
        assert bool(outcome.at) is (outcome.ending == "evidence") or outcome.ending == "refused"
        return outcome.ending, outcome.what, took


async def test_orders_end_in_evidence_that_is_the_lock_s_own_memory(zigbee_rig: ZigbeeRig) -> None:
    def locked() -> bool:
        memory: dict[str, Any] = json.loads(zigbee_rig.do("memory"))
        return bool(memory["locked"])

    for command, bolt in ((UnlockDoor, "retracted"), (LockDoor, "thrown"), (LockDoor, "thrown")):
        ending, what, took = await carried_out(zigbee_rig, command(ref(zigbee_rig)))
        assert (ending, what) == ("evidence", f"bolt {bolt}")
        assert took < 2
        assert locked() is (bolt == "thrown")


async def test_a_setting_is_evidence_once_the_lock_itself_says_it(zigbee_rig: ZigbeeRig) -> None:
    set_it = SetParameter(ref(zigbee_rig), "auto_relock_s", 45)
    assert (await carried_out(zigbee_rig, set_it))[:2] == ("evidence", "the lock reports 45 s")
    assert json.loads(zigbee_rig.do("memory"))["auto_relock"] == 45
    # Zigbee2MQTT publishes what it sent; the lock did not keep it.
    other = SetParameter(ref(zigbee_rig), "auto_relock_s", 90)
    assert (await carried_out(zigbee_rig, other, "forgetful"))[:2] == ("refused", "the lock reports 45 s")
    zero = SetParameter(ref(zigbee_rig), "auto_relock_s", 0)
    assert (await carried_out(zigbee_rig, zero))[0] == "evidence"


@pytest.mark.parametrize(
    ("mood", "ending", "what"),
    [
        ("jammed", "refused", "the lock reports its bolt jammed"),
        ("stubborn", "refused", "the lock reports its bolt thrown"),
        ("silent", "unknown", ""),
    ],
)
async def test_a_lock_that_does_not_do_it_is_no_success(
    zigbee_rig: ZigbeeRig, mood: str, ending: str, what: str
) -> None:
    said = await carried_out(zigbee_rig, UnlockDoor(ref(zigbee_rig)), mood)
    assert said[0] == ending
    assert said[1] == (what or said[1])
    assert said[2] < 30


async def test_a_jam_is_an_event(zigbee_rig: ZigbeeRig) -> None:
    async with hearing(plug(zigbee_rig)) as ear:
        zigbee_rig.do("mood jammed")
        await ear.link.command(UnlockDoor(ref(zigbee_rig)))
        await ear.event("jammed")


async def reconnected(one: Zigbee2Mqtt, ear_seconds: float, check: Callable[[Ear], Any]) -> None:
    """Connect as often as it takes, as who listens does; then check."""
    deadline = time.monotonic() + ear_seconds
    while True:
        try:
            async with hearing(one) as ear:
                await check(ear)
                return
        except SourceError:
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(0.5)


async def test_a_restart_of_zigbee2mqtt_ends_the_link_and_the_next_one_resyncs(zigbee_rig: ZigbeeRig) -> None:
    one = plug(zigbee_rig)
    async with hearing(one) as ear:
        restart = asyncio.create_task(asyncio.to_thread(zigbee_rig.restart_zigbee2mqtt))
        assert "Zigbee2MQTT has stopped" in str(await ear.ended())
        with pytest.raises(SourceError, match="not running"):
            async with one.connect():
                pass
        await restart
    zigbee_rig.do("manual")

    async def check(ear: Ear) -> None:
        await ear.until(lambda now: any(state.bolt == "retracted" for state in now.states))

    await reconnected(one, 20, check)


async def test_a_restart_of_the_broker_ends_the_link_and_the_next_one_resyncs(zigbee_rig: ZigbeeRig) -> None:
    one = plug(zigbee_rig)
    async with hearing(one) as ear:
        restart = asyncio.create_task(asyncio.to_thread(zigbee_rig.restart_broker))
        # Mosquitto, on its way out, may still tell of Zigbee2MQTT's end: its last will.
        assert str(await ear.ended()).startswith((zigbee_rig.mqtt_url, "zigbee2mqtt/bridge/state"))
        await restart

    async def check(ear: Ear) -> None:
        assert ear.states[0].bolt == "thrown"
        zigbee_rig.do("keypad 2")
        assert (await ear.event("unlocked")).slot == 2

    await reconnected(one, 30, check)


async def test_with_qos_1_events_wait_at_the_broker_while_nightlatch_restarts(
    zigbee_rig: ZigbeeRig, changed_zigbee: Changed
) -> None:
    with changed_zigbee(device_options={"qos": 1}):
        async with hearing(plug(zigbee_rig)):
            pass
        since = zigbee_rig.traffic.mark()
        for act in ("keypad 3", "badpin", "manual lock"):
            zigbee_rig.do(act)
        zigbee_rig.traffic.wait(LOCK, lambda message: message.get("action") == "manual_lock", since=since)
        async with hearing(plug(zigbee_rig)) as ear:  # a new one: nothing remembered
            await ear.until(lambda now: len(now.events) == 3 and len(now.states) == 2)
            told = [(event.kind, event.slot, event.resync) for event in ear.events]
            assert told == [("unlocked", 3, True), ("wrong_code", 0, True), ("locked", 0, True)]
            assert [state.bolt for state in ear.states] == [None, "thrown"]


async def test_with_qos_0_only_the_present_state_is_known_after_a_restart(zigbee_rig: ZigbeeRig) -> None:
    async with hearing(plug(zigbee_rig)):
        pass
    since = zigbee_rig.traffic.mark()
    zigbee_rig.do("keypad 3")
    zigbee_rig.traffic.wait(LOCK, lambda message: message.get("action") == "unlock", since=since)
    async with hearing(plug(zigbee_rig)) as ear:
        assert [state.bolt for state in ear.states] == ["retracted"]
        await asyncio.sleep(0.5)
        assert ear.events == []


async def test_latency_of_fifty_unlocks(zigbee_rig: ZigbeeRig) -> None:
    times = []
    async with hearing(plug(zigbee_rig)) as ear:
        for _ in range(50):
            zigbee_rig.do("manual lock")
            await ear.event("locked")
            ear.forget()
            begin = time.perf_counter()
            zigbee_rig.do("keypad 3")
            await ear.event("unlocked")
            times.append((time.perf_counter() - begin) * 1000)
            ear.forget()
    median, worst = statistics.median(times), max(times)
    say(f"keypad to event: median {median:.1f} ms, worst of 50 {worst:.1f} ms")
    assert median < 250
