"""What one message about a lock says: its state, and the action that it names, if it names one.

Names and values are those of zigbee-herdsman-converters 26.105: the converters of the Door Lock cluster, and those
of Yale's, Datek's and Kwikset's own locks. Everything else in a message is left alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from nightlatch.ecosystems._zigbee2mqtt.devices import heard_at, only, users
from nightlatch.model.event import Bolt, By, DoorState, Kind, micros
from nightlatch.plugs import Context
from nightlatch.secrets import Secret

RELOCK = "auto_relock_time"
USED = ("enabled", "disabled")
"""Statuses of a slot that holds a code; `available` holds none."""

_BOLTS: Mapping[str, Bolt] = {"locked": "thrown", "unlocked": "retracted", "not_fully_locked": "jammed"}
_STATES: Mapping[str, Bolt] = {"LOCK": "thrown", "LOCKED": "thrown", "UNLOCK": "retracted", "UNLOCKED": "retracted"}
_DOORS: Mapping[str, DoorState] = {"open": "open", "closed": "closed", "error_forced_open": "open"}
_BY: Mapping[str, By] = {
    "keypad": "code",
    "rf": "remote",
    "manual": "manual",
    "rfid": "tag",
    "fingerprint": "biometric",
}
_WRONG = "a code that the lock does not hold"
_EARLY = "a code of the lock outside its schedule"

_ACTIONS: Mapping[str, tuple[Kind, By, str]] = {
    "lock": ("locked", "", ""),
    "unlock": ("unlocked", "", ""),
    "lock_failure_invalid_pin_or_id": ("wrong_code", "", f"{_WRONG}, to lock"),
    "unlock_failure_invalid_pin_or_id": ("wrong_code", "", f"{_WRONG}, to unlock"),
    "lock_failure_invalid_schedule": ("wrong_code", "", f"{_EARLY}, to lock"),
    "unlock_failure_invalid_schedule": ("wrong_code", "", f"{_EARLY}, to unlock"),
    "one_touch_lock": ("locked", "touch", ""),
    "manual_lock_touch": ("locked", "touch", ""),
    "key_lock": ("locked", "key", ""),
    "key_unlock": ("unlocked", "key", ""),
    "auto_lock": ("locked", "auto", ""),
    "schedule_lock": ("locked", "schedule", ""),
    "schedule_unlock": ("unlocked", "schedule", ""),
    "manual_lock": ("locked", "manual", ""),
    "manual_unlock": ("unlocked", "manual", ""),
    "manual_lock_key_or_thumbturn": ("locked", "manual", ""),
    "manual_unlock_key_or_thumbturn": ("unlocked", "manual", ""),
    "keypad_lock": ("locked", "code", ""),
    "keypad_unlock": ("unlocked", "code", ""),
    "password_unlock": ("unlocked", "code", ""),
    "rfid_unlock": ("unlocked", "tag", ""),
    "fingerprint_unlock": ("unlocked", "biometric", ""),
    "lock_module": ("locked", "remote", ""),
    "unlock_module": ("unlocked", "remote", ""),
    "zigbee_unlock": ("unlocked", "remote", ""),
    "error_jammed": ("jammed", "", ""),
    "pin_code_added": ("code_added", "", "a PIN"),
    "pin_code_changed": ("code_changed", "", "a PIN"),
    "pin_code_deleted": ("code_removed", "", "a PIN"),
    "rfid_code_added": ("code_added", "", "a tag"),
    "rfid_code_deleted": ("code_removed", "", "a tag"),
    "master_code_changed": ("code_changed", "", "the master code"),
}
_ALARMS: Mapping[str, tuple[Kind, By, str]] = {
    "deadbolt_jammed": ("jammed", "", ""),
    "tamper_alarm_keypad_attempts": ("keypad_disabled", "", "too many wrong codes"),
    "tamper_alarm_front_escutcheon": ("tamper", "", "the front was taken off"),
    "lock_reset_to_factory_defaults": ("tamper", "", "the lock was reset to its factory settings"),
    "master_code_changed": ("code_changed", "", "the master code"),
}
_MOVES = ("locked", "unlocked")
_MOST_USER = 0xFFFE
"""Door Lock cluster, 7.3.2.24: the user 0xFFFF stands for none."""


class Happening(msgspec.Struct, frozen=True):
    """What an action or alarm says that happened."""

    kind: Kind
    by: By = ""
    slot: int = 0
    detail: str = ""


class Report(msgspec.Struct, frozen=True):
    """One message about a lock. None: it says nothing of this."""

    action: Happening | None = None
    alarm: Happening | None = None
    bolt: Bolt | None = None
    door: DoorState | None = None
    forced: bool = False
    battery: int | None = None
    tamper: bool | None = None
    relock_s: int | None = None
    codes: Mapping[int, str] = {}
    """The status of every slot that it lists, empty ones included."""
    pins: Mapping[int, str] = {}
    """A fingerprint of each PIN that it shows: it tells a change, and nothing else."""
    told: int = 0


def read(message: Mapping[str, Any], context: Context) -> Report:
    """What a message on a lock's topic says."""
    door = only(message.get("door_state"), str) or ""
    heard = heard_at(message.get("last_seen"))
    codes: dict[int, str] = {}
    pins: dict[int, str] = {}
    for slot, user in users(message):
        codes[slot] = str(user.get("status"))[:32]
        if (pin := user.get("pin_code")) is not None:
            pins[slot] = context.fingerprint(Secret(str(pin)))
    alarm = _ALARMS.get(only(message.get("alarm"), str) or "")
    return Report(
        _action(message),
        Happening(alarm[0], alarm[1], detail=alarm[2]) if alarm else None,
        "jammed" if door == "error_jammed" else _bolt(message),
        _DOORS.get(door),
        door == "error_forced_open",
        _percent(message.get("battery")),
        only(message.get("tamper"), bool),
        _seconds(message.get(RELOCK)),
        codes,
        pins,
        micros(heard) if heard is not None else 0,
    )


def _bolt(message: Mapping[str, Any]) -> Bolt | None:
    """`lock_state` is what the lock reported; `state` may be what was asked of it."""
    if "lock_state" in message:
        return _BOLTS.get(only(message["lock_state"], str) or "")
    return _STATES.get(only(message.get("state"), str) or "")


def _action(message: Mapping[str, Any]) -> Happening | None:
    known = _ACTIONS.get(only(message.get("action"), str) or "")
    if known is None:
        return None
    kind, by, detail = known
    source = _BY.get(only(message.get("action_source_name"), str) or "", "")
    # A lock that says "unlock" tells in the source by what; where the action itself tells more, it counts.
    by = by or (source if kind in (*_MOVES, "wrong_code") else "")
    return Happening(kind, by, _slot(message), detail)


def _slot(message: Mapping[str, Any]) -> int:
    for name in ("action_user", "action_source_user"):
        user = only(message.get(name), int)
        if user is not None and 0 < user <= _MOST_USER:
            return user
    return 0


def _percent(value: object) -> int | None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        return None
    return round(value) if 0 <= value <= 100 else None


def _seconds(value: object) -> int | None:
    number = only(value, int)
    return number if number is not None and 0 <= number < 2**32 else None
