"""What an event of the Door Lock cluster says that happened.

Numbers are those of the Matter Application Cluster Specification 1.3, 5.2.6 (data types) and 5.2.11 (events). The
server gives an event's fields by their names in the specification.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from nightlatch.model.event import By, Kind

ALARM, DOOR_STATE, OPERATION, OPERATION_ERROR, USER_CHANGE = range(5)
"""Events of the Door Lock cluster."""

_BY: tuple[By, ...] = (
    "",
    "manual",
    "remote",  # the maker's own app
    "code",
    "auto",
    "touch",
    "schedule",
    "remote",
    "tag",
    "biometric",
    "tag",  # a phone or watch held to the lock (Aliro)
)
_OPERATIONS: Mapping[int, tuple[Kind, str]] = {
    0: ("locked", ""),
    1: ("unlocked", ""),
    2: ("wrong_code", "a user who may not open"),
    3: ("tamper", "a code for use under threat was used"),
    4: ("unlocked", "latch pulled"),
}
_ERRORS: Mapping[int, tuple[Kind, str]] = {
    1: ("wrong_code", "a code that the lock does not hold"),
    2: ("wrong_code", "a user who is switched off"),
    3: ("wrong_code", "a code of the lock outside its schedule"),
    4: ("battery", "too little charge to move the bolt"),
}
_ALARMS: Mapping[int, tuple[Kind, str]] = {
    0: ("jammed", ""),
    1: ("tamper", "the lock was reset to its factory settings"),
    4: ("keypad_disabled", "too many wrong codes"),
    5: ("tamper", "the front was taken off"),
    6: ("door_forced", ""),
    7: ("door_opened", "ajar: open for too long"),
    8: ("tamper", "a code for use under threat was used"),
}
_ADD, _CLEAR = 0, 1
_CHANGES: Mapping[int, Kind] = {_ADD: "code_added", _CLEAR: "code_removed", 2: "code_changed"}
_USER = 2
_DATA: Mapping[int, str] = {
    1: "the programming code",
    _USER: "a user",
    3: "a schedule",
    4: "a schedule",
    5: "a schedule",
    6: "a PIN",
    7: "a tag",
    8: "a fingerprint",
    9: "a finger vein",
    10: "a face",
    11: "a phone's key",
    12: "a phone's key",
    13: "a phone's key",
}
_SCHEDULES = (3, 4, 5)
_EPOCH = 1
"""The kind of timestamp that counts ms since 1970; the other counts since the lock started."""
_DAY_US = 24 * 3600 * 1_000_000
_MOST_INDEX = 0xFFFD
"""0xFFFE stands for all users or codes."""


class NodeEvent(msgspec.Struct, frozen=True):
    """`node_event`: an event of a cluster of a node."""

    node_id: int
    endpoint_id: int
    cluster_id: int
    event_id: int
    event_number: int
    timestamp: int | None = None
    timestamp_type: int | None = None
    data: dict[str, Any] | None = None

    def told(self, at: int) -> int:
        """When the lock says that it happened, µs since 1970; 0 where it has no clock, or one that is days off."""
        if self.timestamp_type != _EPOCH or self.timestamp is None:
            return 0
        told = self.timestamp * 1000
        return told if abs(told - at) < _DAY_US else 0


class Happening(msgspec.Struct, frozen=True):
    """What an event says that happened."""

    kind: Kind
    by: By = ""
    slot: int = 0
    detail: str = ""


def happening(event: int, data: Mapping[str, Any], own_fabric: int | None) -> Happening | None:
    """What this event says; None when it says nothing that matters here. `own_fabric` is the server's own."""
    if event == ALARM:
        return _known(_ALARMS, data.get("alarmCode"))
    if event == OPERATION:
        found = _known(_OPERATIONS, data.get("lockOperationType"))
    elif event == OPERATION_ERROR:
        found = _known(_ERRORS, data.get("operationError"))
    elif event == USER_CHANGE:
        found = _change(data)
    else:
        found = None
    if found is None:
        return None
    fabric = _number(data.get("fabricIndex"))
    words = (found.detail, f"by fabric {fabric}" if fabric > 0 and fabric != own_fabric else "")
    by = _source(data.get("operationSource")) if event != USER_CHANGE else ""
    slot = _index(data.get("userIndex"))
    return Happening(found.kind, by, slot, ", ".join(word for word in words if word))


def _known(table: Mapping[int, tuple[Kind, str]], number: object) -> Happening | None:
    kind, detail = table.get(_number(number), (None, ""))
    return Happening(kind, detail=detail) if kind is not None else None


def _change(data: Mapping[str, Any]) -> Happening | None:
    what, how = _number(data.get("lockDataType")), _number(data.get("dataOperationType"))
    kind, detail = _CHANGES.get(how), _DATA.get(what)
    if kind is None or detail is None or (what == _USER and how == _ADD):  # a new user opens nothing before a code
        return None
    return Happening("code_changed" if what in _SCHEDULES else kind, detail=detail)


def _source(value: object) -> By:
    number = _number(value)
    return _BY[number] if 0 <= number < len(_BY) else ""


def _index(value: object) -> int:
    number = _number(value)
    return number if 0 < number <= _MOST_INDEX else 0


def _number(value: object) -> int:
    """The number, or -1 for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else -1
