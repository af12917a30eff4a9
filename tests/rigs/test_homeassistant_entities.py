"""Nightlatch's own entities in the real Home Assistant, by MQTT discovery."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from nightlatch.ecosystems import _mqtt
from nightlatch.guard.entities.publisher import Account, Publisher
from nightlatch.guard.entities.showing import DoorStanding, Names, OpenAlerts, Picture, Posture
from nightlatch.model.event import micros
from nightlatch.model.finding import Severity
from rigs.homeassistant.rig import HomeAssistantRig
from tests.rigs.test_homeassistant_live import say
from tests.unit.ecosystems.asking import NOW

pytestmark = [pytest.mark.rig, pytest.mark.timeout(180)]

FRONT = DoorStanding("front", "Front door", "secured", 61, "locked", micros(NOW))
CELLAR = DoorStanding("keller.tür", "Cellar door", "open", None)
PICTURE = Picture(
    Posture(81.5, 0.642, Severity.CRITICAL, "Keep UPnP and NAT-PMP off"),
    OpenAlerts(2, "Repeated wrong codes"),
    "intact",
    (FRONT, CELLAR),
)


@asynccontextmanager
async def publishing(rig: HomeAssistantRig, picture: Picture) -> AsyncIterator[Publisher]:
    publisher = Publisher(Account(_mqtt.parse(f"mqtt://127.0.0.1:{rig.mqtt_port}")), Names())
    publisher.show(picture)
    task = asyncio.create_task(publisher.run())
    try:
        yield publisher
    finally:
        began = time.monotonic()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert time.monotonic() - began < 2


async def shown(rig: HomeAssistantRig, entity_id: str, state: str | None) -> None:
    began = time.monotonic()
    await asyncio.to_thread(rig.wait_state, entity_id, state)
    say(f"{entity_id} is {state} after {time.monotonic() - began:.2f} s")


def attributes(rig: HomeAssistantRig, entity_id: str) -> dict[str, Any]:
    states = rig.client.command(rig.token, type="get_states")
    found: dict[str, Any] = next(each["attributes"] for each in states if each["entity_id"] == entity_id)
    return found


def entities(rig: HomeAssistantRig) -> set[str]:
    states = rig.client.command(rig.token, type="get_states")
    return {each["entity_id"] for each in states if "nightlatch" in each["entity_id"]}


async def test_entities_appear_update_become_unavailable_and_vanish(homeassistant_rig: HomeAssistantRig) -> None:
    rig = homeassistant_rig
    async with publishing(rig, PICTURE) as publisher:
        for entity_id, state in {
            "sensor.nightlatch_front_door_last_event": "locked",
            "sensor.nightlatch_front_door_security": "secured",
            "sensor.nightlatch_front_door_battery": "61",
            "sensor.nightlatch_cellar_door_security": "open",
            "sensor.nightlatch_cellar_door_battery": "unknown",
            "sensor.nightlatch_score": "81.5",
            "sensor.nightlatch_coverage": "64.2",
            "sensor.nightlatch_worst_open_finding": "Keep UPnP and NAT-PMP off",
            "sensor.nightlatch_open_alerts": "2",
            "sensor.nightlatch_newest_alert": "Repeated wrong codes",
            "binary_sensor.nightlatch_journal": "off",
        }.items():
            await shown(rig, entity_id, state)
        assert len(entities(rig)) == 12
        assert attributes(rig, "sensor.nightlatch_worst_open_finding")["severity"] == "critical"
        assert attributes(rig, "sensor.nightlatch_front_door_last_event")["at"] == NOW.isoformat()
        devices = rig.client.command(rig.token, type="config/device_registry/list")
        names = {each["name"]: each for each in devices if each["manufacturer"] == "Nightlatch"}
        assert set(names) == {"Nightlatch", "Nightlatch Front door", "Nightlatch Cellar door"}
        assert names["Nightlatch Front door"]["via_device_id"] == names["Nightlatch"]["id"]

        publisher.show(
            Picture(doors=(DoorStanding("front", "Front door", "unlocked", 60, "unlocked"),), journal="damaged")
        )
        await shown(rig, "sensor.nightlatch_front_door_security", "unlocked")
        await shown(rig, "binary_sensor.nightlatch_journal", "on")
        await shown(rig, "sensor.nightlatch_score", "unknown")
        await shown(rig, "sensor.nightlatch_newest_alert", "none")
        await shown(rig, "sensor.nightlatch_cellar_door_security", None)

    await shown(rig, "sensor.nightlatch_front_door_security", "unavailable")
    await shown(rig, "sensor.nightlatch_open_alerts", "unavailable")

    # A door that was removed while Nightlatch was away is gone from Home Assistant too.
    async with publishing(rig, Picture()):
        await shown(rig, "sensor.nightlatch_open_alerts", "0")
        await shown(rig, "sensor.nightlatch_front_door_security", None)
    assert len(entities(rig)) == 6


async def test_a_nightlatch_that_is_killed_is_shown_as_unavailable(homeassistant_rig: HomeAssistantRig) -> None:
    rig = homeassistant_rig
    program = f"""
import asyncio
from nightlatch.ecosystems import _mqtt
from nightlatch.guard.entities.publisher import Account, Publisher
from nightlatch.guard.entities.showing import Names
asyncio.run(Publisher(Account(_mqtt.parse("mqtt://127.0.0.1:{rig.mqtt_port}")), Names()).run())
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
    try:
        await shown(rig, "sensor.nightlatch_open_alerts", "0")
    finally:
        process.kill()
        await process.wait()

    await shown(rig, "sensor.nightlatch_open_alerts", "unavailable")


async def test_entities_are_there_again_after_a_restart_of_home_assistant(homeassistant_rig: HomeAssistantRig) -> None:
    rig = homeassistant_rig
    async with publishing(rig, PICTURE):
        await shown(rig, "sensor.nightlatch_front_door_security", "secured")
        await asyncio.to_thread(rig.restart)
        await shown(rig, "sensor.nightlatch_front_door_security", "secured")
        await shown(rig, "sensor.nightlatch_score", "81.5")
