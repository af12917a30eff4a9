"""A lock that Home Assistant knows over MQTT, announced as Zigbee2MQTT announces one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from rigs.homeassistant.client import Client
from rigs.launch import Process
from rigs.namespace import Namespace
from rigs.zigbee.broker import SEARCH, install

ADDRESS = "0x000d6f00b1e55ed0"
"""The lock's IEEE address: the Zigbee integration knows it by the same."""
_BRIDGE = "zigbee2mqtt_bridge_0x00124b0000c0ffee"
_DEVICE = {
    "identifiers": [f"zigbee2mqtt_{ADDRESS}"],
    "manufacturer": "Yale",
    "model": "Assure lock (YRD226HA2619)",
    "name": "Back door",
    "sw_version": "0.0.9",
    "via_device": _BRIDGE,
}


def start_broker(namespace: Namespace, folder: Path, port: int) -> Process:
    """Mosquitto inside the namespace, open to all who are in it."""
    install()
    settings = folder / "mosquitto.conf"
    settings.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nuser root\n")
    broker = Process(
        "Mosquitto",
        namespace.command(str(shutil.which("mosquitto", path=SEARCH)), "-c", str(settings)),
        folder=folder,
        log=folder / "mosquitto.log",
    )
    broker.wait_log("running", 10)
    return broker


def announce_lock(port: int) -> None:
    """Publish the lock, its firmware update and their states, retained."""
    topic = f"zigbee2mqtt/{ADDRESS}"
    lock = {
        "command_topic": f"{topic}/set",
        "device": _DEVICE,
        "name": None,
        "payload_lock": "LOCK",
        "payload_unlock": "UNLOCK",
        "state_topic": topic,
        "unique_id": f"{ADDRESS}_lock_zigbee2mqtt",
        "value_template": "{{ value_json.state }}",
        "state_locked": "LOCK",
        "state_unlocked": "UNLOCK",
    }
    update = {
        "device": _DEVICE,
        "device_class": "firmware",
        "entity_category": "config",
        "name": None,
        "state_topic": topic,
        "unique_id": f"{ADDRESS}_update_zigbee2mqtt",
        # Home Assistant wants versions as text, a device reports numbers.
        "value_template": "{{ {'installed_version': value_json['update']['installed_version'] | string,"
        " 'latest_version': value_json['update']['latest_version'] | string} | tojson }}",
    }
    state = {"state": "LOCK", "update": {"installed_version": 9, "latest_version": 12, "state": "available"}}
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", port)
    client.loop_start()
    for where, what in (
        (f"homeassistant/lock/{ADDRESS}/lock/config", lock),
        (f"homeassistant/update/{ADDRESS}/update/config", update),
        (topic, state),
    ):
        client.publish(where, json.dumps(what), qos=1, retain=True).wait_for_publish(10)
    client.disconnect()
    client.loop_stop()


def set_up(client: Client, token: str, port: int) -> None:
    """Add Home Assistant's MQTT integration with the broker on this port."""
    path = "/api/config/config_entries/flow"
    flow: dict[str, Any] = client.post(path, {"handler": "mqtt"}, token=token)
    client.post(f"{path}/{flow['flow_id']}", {"broker": "127.0.0.1", "port": port}, token=token)
