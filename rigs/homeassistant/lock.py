"""A lock of its own over MQTT, with a contact and a battery, that does as it is told, or not."""

from __future__ import annotations

import json
import threading
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion


class MqttLock:
    """Appears in Home Assistant as `lock.NAME_door`, `binary_sensor.NAME_door_contact`, `sensor.NAME_door_battery`.

    It does what it is told after `delay` s, unless `mute`. `more` is added to the lock's configuration: a
    `code_format`, or `optimistic`. `told` holds the commands that it was given.
    """

    def __init__(self, port: int, name: str, *, mute: bool = False, delay: float = 0.1, **more: Any) -> None:
        self.mute = mute
        self.delay = delay
        self.told: list[str] = []
        self.entity_id = f"lock.{name}_door"
        self._topic = f"rig/{name}"
        self._state: dict[str, Any] = {"state": "LOCKED", "contact": "closed", "battery": 80}
        common = {
            "availability_topic": f"{self._topic}/available",
            "device": {"identifiers": [f"rig_{name}"], "name": f"{name.capitalize()} door", "manufacturer": "Rig"},
            "state_topic": self._topic,
        }
        lock = {
            **common,
            "command_topic": f"{self._topic}/set",
            "name": None,
            "unique_id": f"rig_{name}",
            "value_template": "{{ value_json.state }}",
            **more,
        }
        contact = {
            **common,
            "device_class": "door",
            "name": "Contact",
            "payload_off": "closed",
            "payload_on": "open",
            "unique_id": f"rig_{name}_contact",
            "value_template": "{{ value_json.contact }}",
        }
        battery = {
            **common,
            "device_class": "battery",
            "name": "Battery",
            "unique_id": f"rig_{name}_battery",
            "unit_of_measurement": "%",
            "value_template": "{{ value_json.battery }}",
        }
        self._configurations = {
            f"homeassistant/lock/rig_{name}/lock/config": lock,
            f"homeassistant/binary_sensor/rig_{name}/contact/config": contact,
            f"homeassistant/sensor/rig_{name}/battery/config": battery,
        }
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = lambda *came: self._commanded(came[-1].payload.decode())
        self._client.connect("127.0.0.1", port)
        self._client.subscribe(f"{self._topic}/set")
        self._client.loop_start()
        for topic, configuration in self._configurations.items():
            self._publish(topic, json.dumps(configuration))
        self.available(True)
        self.report()

    def report(self, **changes: Any) -> None:
        """Say how it stands: `state` (LOCKED, UNLOCKED, JAMMED, …), `contact` (open, closed), `battery`."""
        self._state |= changes
        self._publish(self._topic, json.dumps(self._state))

    def available(self, there: bool) -> None:
        """Be there, or be out of reach."""
        self._publish(f"{self._topic}/available", "online" if there else "offline")

    def forget(self) -> None:
        """Be gone from Home Assistant, and from the broker."""
        for topic in (*self._configurations, self._topic, f"{self._topic}/available"):
            self._publish(topic, "")
        self._client.disconnect()
        self._client.loop_stop()

    def _publish(self, topic: str, payload: str) -> None:
        self._client.publish(topic, payload, qos=1, retain=True)

    def _commanded(self, command: str) -> None:
        self.told.append(command)
        if not self.mute:
            # Waiting here would keep the library from sending.
            threading.Timer(self.delay, self.report, kwargs={"state": f"{command}ED"}).start()
