"""Nightlatch over the real Home Assistant: what happens at its locks is written down, told, and shown there again."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import pytest

from rigs.homeassistant.lock import MqttLock
from rigs.homeassistant.rig import HomeAssistantRig
from tests.rigs.guard import Guard, guarding, say
from tests.rigs.owner import Owner

pytestmark = [pytest.mark.rig, pytest.mark.timeout(180)]

HOUSE = """
[[doors]]
id = "front"
name = "Front door"
exterior = true
[[doors]]
id = "garage"
name = "Garage door"
exterior = true

[[locks]]
id = "front"
door = "front"
bind = ["homeassistant:lock.front_door"]
[[locks]]
id = "garage"
door = "garage"
bind = ["homeassistant:lock.garage_door"]

[[sources]]
kind = "homeassistant"
url = "{url}"
token = "env:HA_TOKEN"

[entities]
url = "mqtt://127.0.0.1:{port}"
"""
SECURITY = "sensor.nightlatch_garage_door_security"


@pytest.fixture
def garage(homeassistant_rig: HomeAssistantRig) -> Iterator[MqttLock]:
    rig = homeassistant_rig
    lock = MqttLock(rig.mqtt_port, "garage")
    try:
        rig.wait_state(lock.entity_id, "locked")
        yield lock
    finally:
        lock.forget()


@pytest.fixture
def guard(homeassistant_rig: HomeAssistantRig, garage: MqttLock, owner: Owner) -> Iterator[Guard]:
    rig = homeassistant_rig
    owner.secrets["HA_TOKEN"] = rig.token
    with guarding(owner, HOUSE.format(url=rig.url, port=rig.mqtt_port)) as found:
        yield found


def shown(rig: HomeAssistantRig, entity_id: str, state: str | None) -> None:
    began = time.monotonic()
    rig.wait_state(entity_id, state, 20)
    say(f"{entity_id} is {state} after {time.monotonic() - began:.2f} s")


def test_what_happens_at_a_door_is_in_the_journal_and_in_home_assistant(
    homeassistant_rig: HomeAssistantRig, garage: MqttLock, guard: Guard
) -> None:
    rig = homeassistant_rig
    garage.report(state="UNLOCKED")
    event = guard.event(lambda one: one.kind == "unlocked" and one.about == "lock:garage")
    shown(rig, SECURITY, "unlocked")
    shown(rig, "sensor.nightlatch_garage_door_last_event", "unlocked")
    garage.report(contact="open")
    shown(rig, SECURITY, "open")
    garage.report(contact="closed")
    garage.report(state="LOCKED", battery=55)
    shown(rig, SECURITY, "secured")
    shown(rig, "sensor.nightlatch_garage_door_battery", "55")
    rig.ask_alexa("Unlock", "lock.front_door")
    spoken = guard.event(lambda one: one.kind == "unlocked" and one.about == "lock:front")

    assert event.source == "homeassistant"
    assert spoken.by == "voice"
    assert float(str(rig.state("sensor.nightlatch_coverage"))) > 0
    assert str(rig.state("sensor.nightlatch_worst_open_finding")) != "none"
    journal = b"".join(path.read_bytes() for path in guard.state.rglob("*") if path.is_file())
    assert rig.token.encode() not in journal + guard.log.read_bytes()


def test_a_restart_of_home_assistant_is_survived_and_the_gap_is_written(
    homeassistant_rig: HomeAssistantRig, garage: MqttLock, guard: Guard
) -> None:
    rig = homeassistant_rig
    rig.end()
    lost = guard.event(lambda one: one.kind == "disconnected")
    garage.report(state="UNLOCKED")
    rig.begin()
    gap = guard.event(lambda one: one.kind == "gap", 60)
    missed = guard.event(lambda one: one.kind == "unlocked" and one.about == "lock:garage")
    say(f"the gap was {(gap.at - gap.since) / 1e6:.1f} s")

    assert gap.since <= lost.at < gap.at
    assert missed.resync


def test_a_nightlatch_that_is_killed_is_unavailable_and_one_that_stops_too(
    homeassistant_rig: HomeAssistantRig, guard: Guard
) -> None:
    rig = homeassistant_rig
    for number in (signal.SIGKILL, signal.SIGTERM):
        shown(rig, SECURITY, "unknown")
        guard.stop(number)
        shown(rig, SECURITY, "unavailable")
        guard.start()
