"""What Zigbee2MQTT says of a lock: its entry among the devices, and its last state."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

import msgspec

from nightlatch.catalogue.structs import Knowledge
from nightlatch.ecosystems._codes import Code
from nightlatch.ecosystems._told import Told
from nightlatch.model.evidence import Item, Ref, Same
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.people import Credential
from nightlatch.plugs import Plug
from nightlatch.secrets import Secret

T = TypeVar("T")

DOOR_LOCK_CLUSTER = 257
MOST_LOCKS = 64
MOST_USERS = 1000
"""Slots that are looked at per lock; the largest of Zigbee2MQTT's locks has 250."""

LOCK_FIELDS = (
    *(Lock.name, Lock.hub, Lock.maker, Lock.model, Lock.zigbee_model, Lock.radio, Lock.security, Lock.path),
    *(Lock.firmware, Lock.can_report_wrong_code, Lock.can_report_tamper, Lock.pin_over_air),
)
STATE_FIELDS = (
    *(Lock.battery_percent, Lock.battery_low, Lock.bolt, Lock.door_open, Lock.auto_relock_s, Lock.last_heard),
    *(Lock.update_available, Lock.update_version, Lock.reachable, Lock.codes_read),
    *(Credential.lock, Credential.slot, Credential.form, Credential.enabled),
)

Bolt = Literal["thrown", "retracted", "jammed", "unknown"]
_BOLTS: Mapping[object, Bolt] = {"locked": "thrown", "unlocked": "retracted", "not_fully_locked": "unknown"}
_WRONG_CODE = "unlock_failure_invalid_pin_or_id"
_SLOT = re.compile(r"[0-9]{1,5}")
_PIN = re.compile(r"[0-9]{1,16}")


class Expose(msgspec.Struct, frozen=True):
    """One thing that a device shows or takes."""

    type: str = ""
    name: str = ""
    values: list[Any] = []


class Definition(msgspec.Struct, frozen=True):
    """The model that Zigbee2MQTT took a device for."""

    model: str = ""
    vendor: str = ""
    supports_ota: bool = False
    exposes: list[Expose] = []


class Clusters(msgspec.Struct, frozen=True):
    """The clusters of an endpoint, by name."""

    input: list[str] = []


class Endpoint(msgspec.Struct, frozen=True):
    """One endpoint of a device."""

    clusters: Clusters = Clusters()


class Device(msgspec.Struct, frozen=True):
    """An entry of `bridge/devices`."""

    ieee_address: str
    friendly_name: str = ""
    manufacturer: str | None = None
    model_id: str | None = None
    software_build_id: str | None = None
    definition: Definition | None = None
    endpoints: dict[str, Endpoint] = {}

    @property
    def is_lock(self) -> bool:
        """It has the Door Lock cluster, or Zigbee2MQTT shows it as a lock."""
        shown = self.definition is not None and any(one.type == "lock" for one in self.definition.exposes)
        return shown or any("closuresDoorLock" in one.clusters.input for one in self.endpoints.values())


def only(value: object, kind: type[T]) -> T | None:
    """The value if it is of that type (a bool is no number), else None."""
    return value if isinstance(value, kind) and (kind is bool or not isinstance(value, bool)) else None


def lock_items(plug: Plug, hub: Ref, device: Device, told: Told) -> Iterator[Item]:
    """What the list of devices says of a lock."""
    lock = plug.ref(Lock, device.ieee_address)
    yield Same(lock, f"ieee:{device.ieee_address.lower()}")
    yield told(Lock.name, lock, device.friendly_name or device.ieee_address, "friendly name")
    yield told(Lock.hub, lock, hub)
    yield told(Lock.radio, lock, "zigbee")
    yield told(Lock.security, lock, "zigbee")
    yield told(Lock.path, lock, "local")
    maker = (device.definition.vendor if device.definition else "") or device.manufacturer
    if maker:
        yield told(Lock.maker, lock, maker, "maker")
    model = (device.definition.model if device.definition else "") or device.model_id
    if model:
        yield told(Lock.model, lock, model, "model")
        yield told(Lock.zigbee_model, lock, model, "model")
    if device.software_build_id:
        yield told(Lock.firmware, lock, device.software_build_id, "software build")
    if device.definition and device.definition.exposes:
        shown = {one.name: one for one in device.definition.exposes}
        actions = shown["action"].values if "action" in shown else []
        yield told(Lock.can_report_wrong_code, lock, _WRONG_CODE in actions, "definition.exposes.action")
        yield told(Lock.can_report_tamper, lock, "tamper" in shown, "definition.exposes")
        if not device.definition.supports_ota:
            yield plug.gap(
                Lock.update_available,
                reason="Zigbee2MQTT cannot update this model, and does not look for updates of it",
                settle="the maker's list of firmware versions",
                about=lock,
            )


def state_items(plug: Plug, address: str, state: Mapping[str, Any], told: Told) -> Iterator[Item]:
    """What the last state says of a lock and of the codes on it; PINs come from `codes`."""
    lock = plug.ref(Lock, address)
    battery = state.get("battery")
    if isinstance(battery, int | float) and not isinstance(battery, bool) and 0 <= battery <= 100:
        yield told(Lock.battery_percent, lock, round(battery), "battery")
    if (low := only(state.get("battery_low"), bool)) is not None:
        yield told(Lock.battery_low, lock, low, "battery_low")
    if state.get("door_state") == "error_jammed":
        yield told(Lock.bolt, lock, "jammed", "door_state")
    elif (bolt := _BOLTS.get(only(state.get("lock_state"), str))) is not None:
        yield told(Lock.bolt, lock, bolt, "lock_state")
    if state.get("door_state") in ("open", "closed", "error_forced_open"):
        yield told(Lock.door_open, lock, state["door_state"] != "closed", "door_state")
    relock = only(state.get("auto_relock_time"), int)
    if relock is not None and relock >= 0:
        yield told(Lock.auto_relock_s, lock, relock, "auto_relock_time")
    if (heard := heard_at(state.get("last_seen"))) is not None:
        yield told(Lock.last_heard, lock, heard, "last_seen")
    yield from _update(lock, only(state.get("update"), dict) or {}, told)
    yield told(Lock.codes_read, lock, False, "users holds only the slots that were asked for")
    for slot, user in users(state):
        enabled = {"enabled": True, "disabled": False}.get(str(user.get("status")))
        if enabled is not None:
            code = plug.ref(Credential, f"{address}/{slot}")
            yield told(Credential.lock, code, lock, f"users.{slot}")
            yield told(Credential.slot, code, slot, f"users.{slot}")
            yield told(Credential.form, code, "pin", f"users.{slot}")
            yield told(Credential.enabled, code, enabled, f"users.{slot}.status")


def codes(plug: Plug, address: str, state: Mapping[str, Any], told: Told, model: Knowledge | None) -> Iterator[Code]:
    """The PINs in a state: Zigbee2MQTT writes them there when the device's option `expose_pin` is on."""
    for slot, user in users(state):
        pin = user.get("pin_code")
        text = str(pin) if only(pin, int) is not None or isinstance(pin, str) else ""
        if user.get("status") in ("enabled", "disabled") and _PIN.fullmatch(text):
            code = plug.ref(Credential, f"{address}/{slot}")
            yield Code(code, Secret(text), model, f"{told.where} (users.{slot})", told.at, told.grade)


def hub_ref(plug: Plug) -> Ref:
    """The bridge itself."""
    return plug.ref(Hub, "bridge")


def users(state: Mapping[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    """`users` of a state: the slots that somebody asked for, each with its status."""
    users = only(state.get("users"), dict) or {}
    for number, (slot, user) in enumerate(users.items()):
        if number < MOST_USERS and isinstance(user, dict) and _SLOT.fullmatch(str(slot)):
            yield int(slot), user


def _update(lock: Ref, update: Mapping[str, Any], told: Told) -> Iterator[Item]:
    """`update` of a state: available, idle, scheduled or updating, with versions as whole numbers."""
    state, latest = update.get("state"), only(update.get("latest_version"), int)
    if state in ("available", "scheduled", "updating"):
        yield told(Lock.update_available, lock, True, "update.state")
        if latest is not None:
            yield told(Lock.update_version, lock, str(latest), "update.latest_version")
    elif state == "idle" and latest is not None:
        yield told(Lock.update_available, lock, False, "update.state")


def heard_at(value: object) -> datetime | None:
    """`last_seen` as a time: milliseconds since 1970, or ISO 8601 with a zone."""
    try:
        if (number := only(value, int)) is not None:
            return datetime.fromtimestamp(number / 1000, UTC)
        parsed = datetime.fromisoformat(value) if isinstance(value, str) else None
        return parsed.astimezone(UTC) if parsed is not None and parsed.tzinfo is not None else None
    except (ValueError, OverflowError, OSError):
        return None
