"""A lock that Zigbee2MQTT commands and Home Assistant shows is one lock in the report, with evidence from both."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from rigs.homeassistant.rig import HomeAssistantRig
from rigs.zigbee.rig import LOCK, ZigbeeRig
from tests.rigs.fixtures_zigbee import Changed
from tests.rigs.owner import Owner, known

pytestmark = [pytest.mark.rig, pytest.mark.timeout(180)]

HOUSE = """
[[doors]]
id = "front"
name = "Front door"
exterior = true

[[locks]]
id = "front"
name = "Front door lock"
door = "front"
bind = ["zigbee2mqtt:{LOCK}"]

[[sources]]
kind = "zigbee2mqtt"
url = "{zigbee.mqtt_url}"
data = "{zigbee.data}"

[[sources]]
kind = "homeassistant"
url = "{home.url}"
token = "env:TOKEN"
"""
ENTITY = f"lock.{LOCK}"


@contextmanager
def bridged(source: int, target: int) -> Iterator[None]:
    """Passes what Zigbee2MQTT says to its broker on to Home Assistant's, as two brokers with a bridge do.

    Afterwards everything that was announced is taken back.
    """
    kept: set[str] = set()
    to = paho.Client(CallbackAPIVersion.VERSION2)
    to.connect("127.0.0.1", target)
    to.loop_start()

    def forward(_client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        kept.add(message.topic)
        to.publish(message.topic, _for_older(message), qos=1, retain=True)

    of = paho.Client(CallbackAPIVersion.VERSION2)
    of.on_connect = lambda client, *_: client.subscribe([("homeassistant/#", 1), ("zigbee2mqtt/#", 1)])
    of.on_message = forward
    of.connect("127.0.0.1", source)
    of.loop_start()
    try:
        yield
    finally:
        of.disconnect()
        of.loop_stop()
        for topic in kept:
            to.publish(topic, b"", qos=1, retain=True).wait_for_publish(10)
        to.disconnect()
        to.loop_stop()


def _for_older(message: paho.MQTTMessage) -> bytes:
    """An announcement without the one key that Home Assistant 2024.3 refuses; Zigbee2MQTT 2 tells the model twice."""
    if not message.payload or not message.topic.startswith("homeassistant/"):
        return bytes(message.payload)
    announced = json.loads(message.payload)
    announced.get("device", {}).pop("model_id", None)
    return json.dumps(announced).encode()


def state(home: HomeAssistantRig) -> str | None:
    states = {one["entity_id"]: one["state"] for one in home.client.command(home.token, type="get_states")}
    return states.get(ENTITY)


def wait_for(home: HomeAssistantRig, wanted: str | None) -> None:
    deadline = time.monotonic() + 20
    while state(home) != wanted:
        assert time.monotonic() < deadline, f"Home Assistant shows {state(home)!r}, not {wanted!r}"
        time.sleep(0.1)


def test_a_lock_seen_by_zigbee2mqtt_and_by_home_assistant_is_one(
    owner: Owner, zigbee_rig: ZigbeeRig, homeassistant_rig: HomeAssistantRig, changed_zigbee: Changed
) -> None:
    owner.secrets = {"TOKEN": homeassistant_rig.token}
    owner.configure(HOUSE.format(LOCK=LOCK, zigbee=zigbee_rig, home=homeassistant_rig))
    zigbee_port = int(zigbee_rig.mqtt_url.rpartition(":")[2])
    with changed_zigbee(homeassistant=True), bridged(zigbee_port, homeassistant_rig.mqtt_port):
        zigbee_rig.do("manual lock")
        wait_for(homeassistant_rig, "locked")
        report = owner.audit()
    wait_for(homeassistant_rig, None)

    subjects = report.subjects("lock")
    assert "lock:front" in subjects
    assert not [one for one in subjects if LOCK in one]
    [lock] = [one for one in report.said["things"] if one["subject"] == "lock:front"]
    assert lock["keys"] == ["front", f"homeassistant:{ENTITY}", f"ieee:{LOCK}", f"zigbee2mqtt:{LOCK}"]
    finding = report.finding("local-control/local-path", "lock:front")
    assert (finding["verdict"], known(finding["evidence"])) == (
        "pass",
        [("path", "local", "observed", "zigbee2mqtt"), ("iot_class", "local_push", "observed", "homeassistant")],
    )
