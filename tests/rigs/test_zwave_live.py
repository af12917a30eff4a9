"""Listening to the real driver and server: every event with its latency, commands that end in evidence, every fault."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from nightlatch.ecosystems.zwavejs import ZwaveJs
from nightlatch.model.command import LockDoor, SetParameter, UnlockDoor
from nightlatch.model.event import Event
from nightlatch.model.evidence import Ref
from nightlatch.plugs import Context
from nightlatch.secrets import Fingerprinter
from rigs.zwave.client import connect
from rigs.zwave.rig import ZwaveRig
from tests.rigs.zwave import KWIKSET, OTHER_PIN, SCHLAGE, UNSECURED, YALE, holds
from tests.unit.ecosystems.hearing import Ear, hearing

pytestmark = pytest.mark.rig

BOLT, USER_CODE = 98, 99
SECURED, OPENED = 255, 0


def plug(rig: ZwaveRig) -> ZwaveJs:
    context = Context("zwavejs", "zwavejs", datetime.now(UTC), Fingerprinter())
    return ZwaveJs(ZwaveJs.Settings(url=rig.url), context)


def ref(node: int) -> Ref:
    return Ref("lock", f"zwavejs:{node}")


@asynccontextmanager
async def heard(rig: ZwaveRig) -> AsyncIterator[Ear]:
    """A link that has told every lock's state."""
    async with hearing(plug(rig), states=len(rig.nodes)) as ear:
        yield ear


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Callable[[str, float], None]:
    """Prints how long something took."""

    def say(what: str, seconds: float) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n  {what}: {seconds * 1000:.0f} ms")

    return say


class Watch:
    """Does something to a lock, waits for the event, and says how long that took."""

    def __init__(self, rig: ZwaveRig, ear: Ear, tell: Callable[[str, float], None]) -> None:
        self.rig = rig
        self.ear = ear
        self._tell = tell

    async def __call__(self, kind: str, action: str, **given: Any) -> Event:
        self.ear.forget()
        begun = time.monotonic()
        doing = asyncio.create_task(asyncio.to_thread(self.rig.do, action, **given))
        event = await self.ear.event(kind)
        self._tell(f"{event.kind} of node {given['node']} by {action}", time.monotonic() - begun)
        await doing
        return event

    async def quiet(self, seconds: float = 1.3) -> list[str]:
        """The kinds of all that was heard, once nothing more can follow."""
        await asyncio.sleep(seconds)
        return [event.kind for event in self.ear.events]


@contextmanager
def jammed(rig: ZwaveRig, node: int) -> Iterator[None]:
    rig.do("fault", node=node, fault="jam", value=True)
    try:
        yield
    finally:
        rig.do("fault", node=node, fault="jam", value=False)
        rig.do("notification", node=node, type=6, event=0)


# Hearing


@pytest.mark.parametrize("node", [SCHLAGE, YALE, KWIKSET, UNSECURED])
async def test_a_code_typed_at_the_keypad_is_one_unlocking_by_its_slot(
    zwave_rig: ZwaveRig, tell: Callable[[str, float], None], node: int
) -> None:
    zwave_rig.do("mode", node=node, mode=SECURED)
    async with heard(zwave_rig) as ear:
        watch = Watch(zwave_rig, ear, tell)
        event = await watch("unlocked", "keypad", node=node, user=4)
        assert (event.about, event.by, event.slot) == (f"lock:zwavejs:{node}", "code", 4)
        assert await watch.quiet() == ["unlocked"]
        event = await watch("locked", "keypad", node=node, user=4, lock=True)
        assert (event.by, event.slot) == ("code", 4)
        assert await watch.quiet() == ["locked"]


async def test_every_way_to_operate_a_lock_is_told_apart(
    zwave_rig: ZwaveRig, tell: Callable[[str, float], None]
) -> None:
    async with heard(zwave_rig) as ear:
        watch = Watch(zwave_rig, ear, tell)
        for number, kind, by in (
            (1, "locked", "manual"),
            (2, "unlocked", "manual"),
            (3, "locked", "remote"),
            (4, "unlocked", "remote"),
            (9, "locked", "auto"),
        ):
            event = await watch(kind, "notification", node=YALE, type=6, event=number)
            assert event.by == by
        await asyncio.to_thread(zwave_rig.do, "mode", node=YALE, mode=OPENED)
        event = await watch("locked", "mode", node=YALE, mode=SECURED)
        assert event.by == ""
        await watch("unlocked", "mode", node=YALE, mode=OPENED)


async def test_alarms_and_the_keypad_are_told(zwave_rig: ZwaveRig, tell: Callable[[str, float], None]) -> None:
    async with heard(zwave_rig) as ear:
        watch = Watch(zwave_rig, ear, tell)
        for _ in range(3):
            event = await watch("wrong_code", "notification", node=YALE, type=7, event=4)
            assert event.detail == "Tampering, invalid code"
        await watch("tamper", "notification", node=YALE, type=7, event=3)
        await watch("door_forced", "notification", node=YALE, type=7, event=1)
        await watch("keypad_disabled", "notification", node=YALE, type=6, event=16)
        assert await watch.quiet(0.2) == ["keypad_disabled"]
        await watch("keypad_enabled", "notification", node=YALE, type=6, event=0)
        zwave_rig.do("notification", node=YALE, type=7, event=0)


async def test_door_and_battery_are_told_when_they_change(
    zwave_rig: ZwaveRig, tell: Callable[[str, float], None]
) -> None:
    async with heard(zwave_rig) as ear:
        watch = Watch(zwave_rig, ear, tell)
        assert next(state for state in ear.states if state.about.endswith("3")).door == "closed"
        await watch("door_opened", "door", node=YALE, door="open")
        await watch("door_closed", "door", node=YALE, door="closed")
        assert (await watch("battery", "battery", node=YALE, level=12)).value == 12
        await watch("battery", "battery", node=YALE, level=87)


async def test_codes_are_told_by_slot_and_their_digits_never(
    zwave_rig: ZwaveRig, tell: Callable[[str, float], None]
) -> None:
    value_id = {"commandClass": USER_CODE, "property": "userCode", "propertyKey": 6}
    async with heard(zwave_rig) as ear, connect(zwave_rig.url) as other:
        watch = Watch(zwave_rig, ear, tell)
        ear.forget()
        for code in (OTHER_PIN, "271604"):
            await other.ask("node.set_value", nodeId=YALE, valueId=value_id, value=code)
            await asyncio.sleep(5.5)
        await other.ask("node.set_value", nodeId=YALE, valueId={**value_id, "property": "userIdStatus"}, value=0)
        await ear.event("code_removed")
        assert [(event.kind, event.slot) for event in ear.events if event.kind.startswith("code")] == [
            ("code_added", 6),
            ("code_changed", 6),
            ("code_removed", 6),
        ]
        event = await watch("code_added", "notification", node=YALE, type=6, event=14, params="63031501")
        assert event.slot == 21
        for one in ear.all:
            text = msgspec.json.encode(one).decode() + repr(one)
            assert not holds(text, OTHER_PIN)
            assert not holds(text, "271604")


async def test_a_network_opened_for_new_devices_is_told(zwave_rig: ZwaveRig) -> None:
    async with heard(zwave_rig) as ear, connect(zwave_rig.url) as other:
        await other.ask("controller.begin_inclusion", options={"strategy": 0})
        assert (await ear.event("join_opened")).about == "hub:zwavejs:controller"
        await other.ask("controller.stop_inclusion")
        await ear.event("join_closed")
    assert [event.kind for event in ear.events] == ["join_opened", "join_closed"]


# Commands


@pytest.mark.parametrize("node", [SCHLAGE, YALE, KWIKSET, UNSECURED])
async def test_lock_and_unlock_end_in_what_the_lock_itself_says(
    zwave_rig: ZwaveRig, tell: Callable[[str, float], None], node: int
) -> None:
    zwave_rig.do("mode", node=node, mode=OPENED)
    async with heard(zwave_rig) as ear:
        for command, bolt, mode in ((LockDoor, "thrown", SECURED), (UnlockDoor, "retracted", OPENED)):
            begun = time.monotonic()
            outcome = await ear.link.command(command(ref(node)))
            tell(f"{command.__name__} of node {node}", time.monotonic() - begun)
            assert (outcome.ending, outcome.what) == ("evidence", f"bolt {bolt}")
            assert outcome.where == f"node {node}, Door Lock boltStatus"
            assert zwave_rig.state(node)["DoorLock_currentMode"] == mode
        await ear.event("unlocked")
    assert [(event.kind, event.by) for event in ear.events] == [("locked", "remote"), ("unlocked", "remote")], ear.all


@pytest.mark.parametrize("node", [SCHLAGE, YALE])
async def test_a_bolt_that_jams_is_refused_though_the_cache_says_locked(
    zwave_rig: ZwaveRig, tell: Callable[[str, float], None], node: int
) -> None:
    zwave_rig.do("mode", node=node, mode=OPENED)
    async with heard(zwave_rig) as ear, connect(zwave_rig.url) as other:
        with jammed(zwave_rig, node):
            begun = time.monotonic()
            outcome = await ear.link.command(LockDoor(ref(node)))
            tell(f"refused by the jam of node {node}", time.monotonic() - begun)
            assert (outcome.ending, outcome.what) == ("refused", "the bolt jammed")
            assert [event.kind for event in ear.events] == ["jammed"]
            # Now as another program would: the driver's cache says locked, nobody believes it.
            ear.forget()
            value_id = {"commandClass": BOLT, "endpoint": 0, "property": "targetMode"}
            await other.ask("node.set_value", nodeId=node, valueId=value_id, value=SECURED)
            value_id["property"] = "currentMode"
            cached = (await other.ask("node.get_value", nodeId=node, valueId=value_id))["value"]
            await asyncio.sleep(2.5)
            assert cached == SECURED
            assert [event.kind for event in ear.events] == ["jammed"]


async def test_a_lock_that_another_program_locked_is_told_once_it_confirms(zwave_rig: ZwaveRig) -> None:
    zwave_rig.do("mode", node=YALE, mode=OPENED)
    value_id = {"commandClass": BOLT, "endpoint": 0, "property": "targetMode"}
    async with heard(zwave_rig) as ear, connect(zwave_rig.url) as other:
        await other.ask("node.set_value", nodeId=YALE, valueId=value_id, value=SECURED)
        await ear.event("locked")
    assert [event.kind for event in ear.events] == ["locked"]


async def test_settings_are_written_read_back_and_told(zwave_rig: ZwaveRig) -> None:
    async with heard(zwave_rig) as ear:
        for node, name, value, ending in (
            (YALE, "auto_relock_s", 60, "evidence"),
            (YALE, "auto_relock_s", 0, "evidence"),
            (YALE, "wrong_code_limit", 4, "evidence"),
            (YALE, "wrong_code_limit", 40, "refused"),
            (SCHLAGE, "tamper_alarm", 1, "evidence"),
            (KWIKSET, "auto_relock_s", 0, "refused"),
        ):
            outcome = await ear.link.command(SetParameter(ref(node), name, value))
            assert outcome.ending == ending, (name, outcome)
        assert zwave_rig.state(YALE)["Configuration_value_4"] == 4
        changed = [(event.name, event.value) for event in ear.events if not event.name.startswith("parameter")]
        assert changed == [("auto_relock_s", 60), ("auto_relock_s", 0), ("wrong_code_limit", 4), ("tamper_alarm", 1)]
        for node, parameter in ((YALE, 2), (YALE, 3), (YALE, 4), (SCHLAGE, 7)):
            zwave_rig.do("parameter", node=node, parameter=parameter, value=None)
    assert "Configuration_value_40" not in zwave_rig.state(KWIKSET)


# Faults


async def test_a_dead_lock_is_told_commands_to_it_are_unknown_and_its_return_is_told(
    fresh_zwave_rig: Callable[..., ZwaveRig], tell: Callable[[str, float], None]
) -> None:
    rig = fresh_zwave_rig(YALE, UNSECURED)
    async with heard(rig) as ear:
        watch = Watch(rig, ear, tell)
        rig.do("silent", node=YALE, value=True)
        begun = time.monotonic()
        dead, other = await asyncio.gather(
            ear.link.command(LockDoor(ref(YALE))), ear.link.command(LockDoor(ref(UNSECURED)))
        )
        tell("command to a dead lock", time.monotonic() - begun)
        assert (dead.ending, dead.what) == ("unknown", "the lock was not reached (Controller_CallbackNOK)")
        assert other.ending == "evidence"
        assert (await ear.event("offline")).about == "lock:zwavejs:3"
        rig.do("silent", node=YALE, value=False)
        await watch("online", "keypad", node=YALE, user=2)
        assert (await ear.event("unlocked")).slot == 2


async def test_a_hub_that_restarts_breaks_the_link_and_the_next_one_asks_the_locks_again(
    fresh_zwave_rig: Callable[..., ZwaveRig], tell: Callable[[str, float], None]
) -> None:
    rig = fresh_zwave_rig(YALE)
    async with heard(rig) as ear:
        begun = time.monotonic()
        await asyncio.to_thread(rig.stop_server)
        error = await ear.ended()
        tell("hub stopped", time.monotonic() - begun)
        assert "closed the connection" in str(error)
    await asyncio.to_thread(rig.do, "plant", node=YALE, slot=1, code=OTHER_PIN)
    await asyncio.to_thread(rig.start_server)
    rig.do("mode", node=YALE, mode=SECURED)
    begun = time.monotonic()
    async with heard(rig) as ear:
        tell("states after a restart", time.monotonic() - begun)
        [state] = ear.states
        assert state.bolt == "thrown"
        assert state.at > 0
        assert not ear.events


async def test_a_stick_that_is_pulled_breaks_the_link_and_is_recovered_from(
    fresh_zwave_rig: Callable[..., ZwaveRig], tell: Callable[[str, float], None]
) -> None:
    rig = fresh_zwave_rig(UNSECURED)
    async with heard(rig) as ear:
        begun = time.monotonic()
        await asyncio.to_thread(rig.pull_stick)
        await ear.ended(30)
        tell("stick pulled", time.monotonic() - begun)
    await asyncio.to_thread(rig.plug_stick_in)
    async with heard(rig) as ear:
        assert (await Watch(rig, ear, tell)("unlocked", "keypad", node=UNSECURED, user=3)).slot == 3


async def test_a_lock_that_is_dead_when_connecting_delays_nobody(fresh_zwave_rig: Callable[..., ZwaveRig]) -> None:
    rig = fresh_zwave_rig(YALE, UNSECURED)
    rig.do("silent", node=YALE, value=True)
    begun = time.monotonic()
    async with heard(rig) as ear:
        assert time.monotonic() - begun < 6
        states = {state.about: state for state in ear.states}
        assert states["lock:zwavejs:3"].at == 0
        assert states["lock:zwavejs:5"].at > 0
        await ear.event("offline")
