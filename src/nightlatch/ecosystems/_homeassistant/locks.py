"""Locks as Home Assistant knows them: which they are, who else knows them, and what is said of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from nightlatch.ecosystems._homeassistant.messages import LONGEST, Device, Entity, Source, State, instant
from nightlatch.ecosystems._serial import serial_key
from nightlatch.ecosystems._told import Told
from nightlatch.model.evidence import Claim, Grade, Item, Ref, Same
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.plugs import Plug

FIELDS = (
    *(Lock.name, Lock.hub, Lock.maker, Lock.model, Lock.serial, Lock.firmware, Lock.radio, Lock.iot_class),
    *(Lock.bolt, Lock.reachable, Lock.battery_percent, Lock.battery_low, Lock.last_heard),
    *(Lock.update_available, Lock.update_version, Lock.update_since, Lock.auto_update),
)
UPDATE_FIELDS = (Hub.update_available, Hub.update_version, Hub.update_since, Hub.auto_update)

MOST = 64
_CORE_UPDATE = "home_assistant_core_version_latest"
"""Unique id of the Supervisor's update entity for Home Assistant itself."""

Bolt = Literal["thrown", "retracted", "jammed", "unknown"]
BOLTS: Mapping[str, Bolt] = {
    "locked": "thrown",
    "unlocked": "retracted",
    "open": "retracted",
    "jammed": "jammed",
    "locking": "unknown",
    "unlocking": "unknown",
    "opening": "unknown",
}
Radio = Literal["zwave", "zigbee", "matter", "ble", "wifi", "proprietary"]

_RADIOS: Mapping[str, Radio] = {"zwave_js": "zwave", "matter": "matter", "zha": "zigbee", "deconz": "zigbee"}

_OWN_RADIO = "zha"
"""The integration that drives its radio within Home Assistant."""

_ZWAVE = re.compile(r"([0-9]{1,10})-([0-9]{1,5})")
_ZIGBEE2MQTT = re.compile(r"zigbee2mqtt_(0x[0-9a-f]{16})")
_MATTER = re.compile(r"deviceid_([0-9A-F]{16})-([0-9A-F]{16})-(MatterNodeDevice|[0-9]{1,5})")
_EUI64 = re.compile(r"([0-9a-f]{2}:){7}[0-9a-f]{2}")
_MAC = re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}")


class Known(msgspec.Struct, frozen=True):
    """A lock entity with what the registries say of it."""

    entity_id: str
    integration: str
    entity: Entity | None
    device: Device | None
    alone: bool
    """It is the only lock of its device, so that the device's identity is its own."""
    friendly: str | None = None
    """What Home Assistant shows it as, where it runs."""

    @property
    def name(self) -> str:
        """What the owner or the device calls it."""
        names = [self.friendly, self.entity.name if self.entity else None]
        if self.device is not None:
            names += [self.device.name_by_user, self.device.name]
        names += [self.entity.original_name if self.entity else None, self.entity_id]
        return next(name for name in names if name)[:LONGEST]


def known(
    entities: Sequence[Entity],
    devices: Sequence[Device],
    states: Mapping[str, State] | None = None,
    sources: Mapping[str, Source] | None = None,
) -> list[Known]:
    """Every lock entity that is in use: of the registry, and, where states are known, of none."""
    states, sources = states or {}, sources or {}
    by_id = {device.id: device for device in devices}
    registered = {one.entity_id: one for one in entities if one.entity_id.startswith("lock.")}
    used = {entity_id: one for entity_id, one in registered.items() if not one.disabled_by}
    on_device = Counter(one.device_id for one in used.values())
    found = [
        Known(
            one.entity_id,
            one.platform,
            one,
            by_id.get(one.device_id or ""),
            alone=on_device[one.device_id] == 1,
            friendly=states[one.entity_id].text("friendly_name") if one.entity_id in states else None,
        )
        for one in used.values()
    ]
    for entity_id, state in states.items():
        if entity_id.startswith("lock.") and entity_id not in registered:
            integration = sources[entity_id].domain if entity_id in sources else ""
            found.append(Known(entity_id, integration, None, None, alone=False, friendly=state.text("friendly_name")))
    return sorted(found, key=lambda one: one.entity_id)[:MOST]


def identity(lock: Ref, one: Known) -> Iterator[Item]:
    """The keys by which other sources know the lock, from the registry's identifiers and connections."""
    if one.device is None or not one.alone:
        return
    keys = [_identifier(pair) for pair in one.device.identifiers] + [
        _connection(pair) for pair in one.device.connections
    ]
    for key in dict.fromkeys([*keys, serial_key(one.device.serial_number)]):
        if key is not None:
            yield Same(lock, key)


def described(plug: Plug, hub: Ref, one: Known, told: Told) -> Iterator[Claim]:
    """What the registries say. Recorded, not observed: Home Assistant wrote down what an integration told it once."""
    lock = plug.ref(Lock, one.entity_id)
    yield told(Lock.name, lock, one.name, one.entity_id)
    radio = _radio(one)
    if radio is not None:
        yield told(Lock.radio, lock, radio, f"identifiers of {one.entity_id}")
    if radio is None or one.integration == _OWN_RADIO:
        # Other radios have a hub beside Home Assistant, which tells itself that it commands the lock.
        yield told(Lock.hub, lock, hub, one.entity_id)
    device = one.device
    if device is None:
        return
    for field, value, name in (
        (Lock.maker, device.manufacturer, "manufacturer"),
        (Lock.model, device.model, "model"),
        (Lock.firmware, device.sw_version, "sw_version"),
        (Lock.serial, device.serial_number, "serial_number"),
    ):
        if value and value.strip():
            yield told(field, lock, value.strip()[:LONGEST], f"{name} of {one.entity_id}'s device")


def state_claims(plug: Plug, one: Known, states: Mapping[str, State], entities: Sequence[Entity]) -> Iterator[Claim]:
    """What the states of the lock and of its device's other entities say, each with the time it was last heard."""
    lock = plug.ref(Lock, one.entity_id)
    state = states.get(one.entity_id)
    if state is not None:
        told = _at(state)
        yield told(Lock.reachable, lock, state.state != "unavailable", "state")
        if state.state in BOLTS:
            yield told(Lock.bolt, lock, BOLTS[state.state], "state")
            if told.at is not None:
                yield told(Lock.last_heard, lock, told.at, "last_updated")
    if not one.alone or one.device is None:
        return
    beside = [
        states[each.entity_id] for each in entities if each.device_id == one.device.id and each.entity_id in states
    ]
    for each in beside:
        domain = each.entity_id.partition(".")[0]
        if domain == "update":
            yield from _update(
                lock, each, (Lock.update_available, Lock.update_version, Lock.update_since, Lock.auto_update)
            )
        elif each.text("device_class") == "battery":
            yield from _battery(lock, domain, each)


def core_update(hub: Ref, states: Mapping[str, State], entities: Sequence[Entity]) -> Iterator[Claim]:
    """The update of Home Assistant itself, which only installations with a Supervisor have an entity for."""
    for entity in entities:
        if entity.platform == "hassio" and entity.unique_id == _CORE_UPDATE and entity.entity_id in states:
            yield from _update(hub, states[entity.entity_id], UPDATE_FIELDS)


def _update(about: Ref, state: State, fields: tuple[Any, ...]) -> Iterator[Claim]:
    available, version, since, automatic = fields
    if state.state not in ("on", "off"):
        return
    told = _at(state)
    latest, installed = state.text("latest_version"), state.text("installed_version")
    skipped = latest is not None and latest == state.text("skipped_version") and latest != installed
    offered = state.state == "on" or skipped
    yield told(available, about, offered, "skipped_version" if skipped else "state")
    if latest:
        yield told(version, about, latest, "latest_version")
    changed = instant(state.last_changed)
    if offered and not skipped and changed is not None:
        yield told(since, about, changed.date(), "last_changed: offered since that day or longer")
    if isinstance(auto := state.attributes.get("auto_update"), bool):
        yield told(automatic, about, auto, "auto_update")


def _battery(lock: Ref, domain: str, state: State) -> Iterator[Claim]:
    told = _at(state)
    if domain == "sensor":
        try:
            percent = float(state.state)
        except ValueError:
            return
        if 0 <= percent <= 100:
            yield told(Lock.battery_percent, lock, int(percent), "state")
    elif domain == "binary_sensor" and state.state in ("on", "off"):
        yield told(Lock.battery_low, lock, state.state == "on", "state")


def _at(state: State) -> Told:
    return Told(f"get_states {state.entity_id}", instant(state.last_updated), Grade.RECORDED)


def _radio(one: Known) -> Radio | None:
    """The radio that an integration speaks, or that Zigbee2MQTT speaks behind MQTT."""
    if one.integration == "mqtt" and one.device is not None:
        return "zigbee" if any(_key_of(_ZIGBEE2MQTT, "mqtt", pair) for pair in one.device.identifiers) else None
    return _RADIOS.get(one.integration)


def _identifier(pair: Sequence[object]) -> str | None:
    if match := _key_of(_ZWAVE, "zwave_js", pair):
        return f"zwave:0x{int(match[1]):08x}/{int(match[2])}"
    if match := _key_of(_ZIGBEE2MQTT, "mqtt", pair):
        return f"ieee:{match[1]}"
    if match := _key_of(_EUI64, "zha", pair):
        return f"ieee:0x{match[0].replace(':', '')}"
    if match := _key_of(_MATTER, "matter", pair):
        node = f"matter:{match[1].lower()}/{int(match[2], 16)}"
        return node if match[3] == "MatterNodeDevice" else f"{node}/{match[3]}"
    return None


def _connection(pair: Sequence[object]) -> str | None:
    if match := _key_of(_MAC, "mac", pair):
        return f"mac:{match[0]}"
    if match := _key_of(_EUI64, "zigbee", pair):
        return f"ieee:0x{match[0].replace(':', '')}"
    return None


def _key_of(pattern: re.Pattern[str], domain: str, pair: Sequence[object]) -> re.Match[str] | None:
    if len(pair) < 2 or pair[0] != domain or not isinstance(pair[1], str):
        return None
    return pattern.fullmatch(pair[1] if pattern is _MATTER else pair[1].lower())
