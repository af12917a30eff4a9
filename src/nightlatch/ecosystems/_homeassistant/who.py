"""By what a lock was operated, as far as Home Assistant tells: context, `changed_by`, and events of integrations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from nightlatch.model.event import By, Kind

Told = tuple[Kind, By]

LONGEST_SLOT = 1000
"""Slots above it are no slots: integrations fill the field with 65535 or 65536 where nobody was."""

ZWAVE_NOTIFICATIONS: Mapping[tuple[int, int], Told] = {
    (6, 1): ("locked", "manual"),
    (6, 2): ("unlocked", "manual"),
    (6, 3): ("locked", "remote"),
    (6, 4): ("unlocked", "remote"),
    (6, 5): ("locked", "code"),
    (6, 6): ("unlocked", "code"),
    (6, 7): ("jammed", "manual"),
    (6, 8): ("jammed", "remote"),
    (6, 9): ("locked", "auto"),
    (6, 10): ("jammed", "auto"),
    (6, 11): ("jammed", ""),
    (6, 12): ("code_removed", ""),
    (6, 13): ("code_removed", ""),
    (6, 14): ("code_added", ""),
    (6, 16): ("keypad_disabled", ""),
    (6, 19): ("wrong_code", "code"),
    (6, 20): ("wrong_code", "remote"),
    (6, 21): ("wrong_code", "remote"),
    (7, 4): ("wrong_code", "code"),
}
"""By type and event of the Notification command class (Z-Wave SDS13713, Access Control and Home Security).

What Home Assistant also shows as an entity of the lock's device (door, tamper) is heard from there.
"""

_ZHA_SOURCES: Mapping[str, By] = {"keypad": "code", "rf": "remote", "manual": "manual", "rfid": "tag"}
_ZHA_OPERATIONS: Mapping[str, Told] = {
    "lock": ("locked", ""),
    "unlock": ("unlocked", ""),
    "onetouchlock": ("locked", "touch"),
    "keylock": ("locked", "key"),
    "keyunlock": ("unlocked", "key"),
    "autolock": ("locked", "auto"),
    "schedulelock": ("locked", "schedule"),
    "scheduleunlock": ("unlocked", "schedule"),
    "manuallock": ("locked", "manual"),
    "manualunlock": ("unlocked", "manual"),
    "lockfailureinvalidpinorid": ("wrong_code", ""),
    "unlockfailureinvalidpinorid": ("wrong_code", ""),
}
"""Of `operation_event_notification` (Zigbee Cluster Library, Door Lock), as ZHA names them."""

_CHANGED_BY: Mapping[str, By] = {
    "manual": "manual",
    "keypad": "code",
    "code": "code",
    "auto": "auto",
    "auto lock": "auto",
    "button": "touch",
    "schedule": "schedule",
    "remote": "remote",
    "proprietary remote": "remote",
    "rfid": "tag",
    "biometric": "biometric",
    "fingerprint": "biometric",
    "key": "key",
    "thumbturn": "thumb",
}
_SLOT = re.compile(r"(?:keypad )?(?:user|code|slot|code slot) ?#?([0-9]{1,4})")


class Who(msgspec.Struct, frozen=True):
    """By what, in which slot, and in words."""

    by: By = ""
    slot: int = 0
    detail: str = ""


NOBODY = Who()


class Operated(msgspec.Struct, frozen=True):
    """What an integration's own event says of a lock: what happened, by whom, and the event without secrets."""

    kind: Kind
    who: Who
    device: str
    raw: dict[str, Any]


def changed_by(text: object) -> Who:
    """The attribute `changed_by`, where it is a way or a slot. A person's name is not taken over."""
    if not isinstance(text, str):
        return NOBODY
    word = text.strip().lower()
    if word in _CHANGED_BY:
        return Who(_CHANGED_BY[word], detail=f"changed by {word}")
    if match := _SLOT.fullmatch(word):
        return Who("code", _slot(int(match[1])))
    return NOBODY


def zwave_notification(data: Mapping[str, Any]) -> Operated | None:
    """A `zwave_js_notification`; None for what says nothing of a lock."""
    type_, event, device = data.get("type"), data.get("event"), data.get("device_id")
    if not (type(type_) is int and type(event) is int and isinstance(device, str)):
        return None
    told = ZWAVE_NOTIFICATIONS.get((type_, event))
    if told is None:
        return None
    parameters = data.get("parameters")
    slot = _slot(parameters.get("userId")) if isinstance(parameters, dict) else 0
    raw = {"event_type": "zwave_js_notification", "type": type_, "event": event, "userId": slot}
    return Operated(told[0], Who(told[1], slot), device, raw)


def zha_event(data: Mapping[str, Any]) -> Operated | None:
    """A `zha_event` of a door lock; None for any other."""
    device, args = data.get("device_id"), data.get("args")
    if data.get("command") != "operation_event_notification" or not isinstance(device, str):
        return None
    if not isinstance(args, dict):
        return None
    source, operation = _word(args.get("source")), _word(args.get("operation"))
    told = _ZHA_OPERATIONS.get(operation)
    if told is None:
        return None
    by = told[1] or _ZHA_SOURCES.get(source, "")
    slot = _slot(args.get("code_slot")) if by in ("code", "tag") and told[0] != "wrong_code" else 0
    raw = {"event_type": "zha_event", "source": source, "operation": operation, "code_slot": slot}
    return Operated(told[0], Who(by, slot), device, raw)


def _slot(value: object) -> int:
    return value if type(value) is int and 0 < value <= LONGEST_SLOT else 0


def _word(value: object) -> str:
    return value.replace("_", "").lower()[:64] if isinstance(value, str) else ""
