"""Nightlatch over the real Z-Wave driver: what happens at a lock is in the journal and on the phone, and how soon."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from nightlatch.model.event import Event
from rigs.zwave.client import connect
from rigs.zwave.rig import ZwaveRig
from tests.rigs.guard import Guard, guarding, say
from tests.rigs.owner import Owner
from tests.rigs.zwave import YALE

pytestmark = pytest.mark.rig

HOUSE = """
[[doors]]
id = "front"
name = "Front door"
exterior = true

[[locks]]
id = "front"
name = "Front door lock"
door = "front"
bind = ["zwavejs:3"]

[[people]]
id = "anastasia"
name = "Anastasia Featherstone"
role = "resident"
credentials = ["front/4"]

[[sources]]
kind = "zwavejs"
url = "{url}"

[[alerts.notices]]
people = ["anastasia"]
channels = ["phone"]

[detections.offline]
after_s = 3
"""
AUTOLOCK = """
[[autolock]]
lock = "front"
after = "6s"
retries = 1
retry_after = "2s"
"""
DELAY = 6
SECURED, OPENED = 255, 0


@pytest.fixture
def guard(owner: Owner, zwave_rig: ZwaveRig) -> Iterator[Guard]:
    zwave_rig.do("mode", node=YALE, mode=255)
    with guarding(owner, HOUSE.format(url=zwave_rig.url)) as running:
        yield running


def about(kind: str) -> Callable[[Event], bool]:
    return lambda event: (event.kind, event.about) == (kind, "lock:front")


def test_each_happening_at_the_lock_is_an_event_and_reaches_the_phone(guard: Guard, zwave_rig: ZwaveRig) -> None:
    do = zwave_rig.do
    used = guard.measure(
        "keypad unlock", lambda: do("keypad", node=YALE, user=4), about("unlocked"), "unlocked by Anastasia"
    )
    assert (used.by, used.slot, used.person) == ("code", 4, "anastasia")
    do("mode", node=YALE, mode=SECURED)

    def wrong_codes() -> None:
        for _ in range(5):
            do("notification", node=YALE, type=7, event=4)
            time.sleep(0.1)

    guard.measure("wrong codes", wrong_codes, about("wrong_code"), "wrong codes")
    guard.measure("cover tamper", lambda: do("notification", node=YALE, type=7, event=3), about("tamper"), "tamper")
    guard.measure("battery", lambda: do("battery", node=YALE, level=9), about("battery"), "battery")
    do("battery", node=YALE, level=100)
    do("notification", node=YALE, type=7, event=0)
    assert "Featherstone" not in guard.phone.texts()


async def test_a_jam_is_told_though_the_drivers_cache_says_locked(guard: Guard, zwave_rig: ZwaveRig) -> None:
    do = zwave_rig.do
    do("mode", node=YALE, mode=OPENED)
    guard.event(about("unlocked"))
    do("fault", node=YALE, fault="jam", value=True)
    try:
        async with connect(zwave_rig.url) as other:
            value_id = {"commandClass": 98, "endpoint": 0, "property": "targetMode"}
            begun = time.time()
            await other.ask("node.set_value", nodeId=YALE, valueId=value_id, value=SECURED)
            cached = await other.ask("node.get_value", nodeId=YALE, valueId={**value_id, "property": "currentMode"})
            assert cached["value"] == SECURED
        await asyncio.to_thread(guard.event, about("jammed"))
        await asyncio.to_thread(guard.message, "jammed", 15, begun)
        assert [lock.security for lock in guard.status().locks if lock.id == "lock:front"] == ["jammed"]
    finally:
        do("fault", node=YALE, fault="jam", value=False)
        do("notification", node=YALE, type=6, event=0)


def test_a_lock_that_no_longer_answers_is_told_and_so_is_its_return(
    owner: Owner, fresh_zwave_rig: Callable[..., ZwaveRig]
) -> None:
    rig = fresh_zwave_rig(YALE)
    with guarding(owner, HOUSE.format(url=rig.url)) as guard:
        rig.do("silent", node=YALE, value=True)
        begun = time.time()
        # The driver finds out when somebody wants something of it.
        with suppress(Exception):
            asyncio.run(_poll(rig))
        guard.event(about("offline"), 60)
        guard.message("Front door", 60, begun)
        rig.do("silent", node=YALE, value=False)
        rig.do("keypad", node=YALE, user=4)
        guard.event(about("online"))
        guard.until(lambda: not guard.status().alerts.get("high"), 30)


async def _poll(rig: ZwaveRig) -> None:
    async with connect(rig.url) as other:
        value_id = {"commandClass": 98, "endpoint": 0, "property": "currentMode"}
        await other.ask("node.poll_value", nodeId=YALE, valueId=value_id)


# Auto-lock


def test_the_door_locks_after_the_delay_holds_while_it_is_open_and_outlives_a_kill(
    owner: Owner, fresh_zwave_rig: Callable[..., ZwaveRig]
) -> None:
    rig = fresh_zwave_rig(YALE)
    rig.do("mode", node=YALE, mode=SECURED)
    with guarding(owner, HOUSE.format(url=rig.url) + AUTOLOCK) as guard:
        mode = lambda: rig.state(YALE)["DoorLock_currentMode"]  # noqa: E731  # short, and asked often
        rig.do("keypad", node=YALE, user=4)
        begun = time.monotonic()
        guard.until(lambda: mode() == SECURED, 20)
        took = time.monotonic() - begun
        assert DELAY <= took < DELAY + 4
        evidence = guard.event(lambda event: event.kind == "outcome" and event.name == "lock")
        assert evidence.value == "evidence"

        rig.do("keypad", node=YALE, user=4)
        rig.do("door", node=YALE, door="open")
        time.sleep(DELAY + 3)
        assert mode() == OPENED
        rig.do("door", node=YALE, door="closed")
        begun = time.monotonic()
        time.sleep(DELAY / 2)
        guard.stop(signal.SIGKILL)
        guard.start()
        guard.until(lambda: mode() == SECURED, 30)
        # The delay went on while it was down: it was not begun anew.
        restart = time.monotonic() - begun
        assert restart < DELAY + 6
        say(f"locked {took:.1f} s after the unlock, {restart:.1f} s after the door closed, a kill between")


def test_a_jam_of_the_auto_lock_is_tried_again_then_told(
    owner: Owner, fresh_zwave_rig: Callable[..., ZwaveRig]
) -> None:
    rig = fresh_zwave_rig(YALE)
    rig.do("mode", node=YALE, mode=SECURED)
    with guarding(owner, HOUSE.format(url=rig.url) + AUTOLOCK) as guard:
        rig.do("fault", node=YALE, fault="jam", value=True)
        rig.do("keypad", node=YALE, user=4)
        begun = time.time()
        guard.message("could not be locked", 60, begun)
        tries = [event.value for event in guard.events() if event.kind == "outcome"]
        assert tries == ["refused"] * 2
