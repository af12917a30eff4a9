"""Watches one lock: what each changed attribute and each event of it tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from nightlatch.ecosystems._matter import lock as _lock
from nightlatch.ecosystems._matter.attributes import Attributes
from nightlatch.ecosystems._matter.happenings import DOOR_STATE, Happening, NodeEvent, happening
from nightlatch.ecosystems._matter.server import DOOR_LOCK, Node
from nightlatch.ecosystems._pairing import Pairing
from nightlatch.ecosystems._raw import redacted
from nightlatch.model.event import Bolt, DoorState, Event, Kind, State

LOCK_STATE, DOOR, RELOCK = 0, 3, 35
BATTERY = 12

PARAMETERS: Mapping[str, int] = {
    "auto_relock_s": RELOCK,
    "local_programming": 40,
    "one_touch": 41,
    "wrong_code_limit": 48,
    "wrong_code_lockout_s": 49,
    "pin_over_air": 50,
    "pin_for_remote": 51,
    "operating_mode": 37,
}
"""Attributes of the Door Lock cluster that set how it behaves, by the field of `Lock` that tells them."""

_BOLTS: tuple[Bolt, ...] = ("unknown", "thrown", "retracted", "retracted")  # not fully locked, locked, un-, unlatched
_MOVED: Mapping[Bolt, Kind] = {"thrown": "locked", "retracted": "unlocked"}
_DOORS: Mapping[int, tuple[DoorState, Kind]] = {
    0: ("open", "door_opened"),
    1: ("closed", "door_closed"),
    3: ("open", "door_forced"),
    5: ("open", "door_opened"),
}
_FORCED = 3
_REPEATS = 64
_MOST_ATTRIBUTES = 5000


def bolt(value: object) -> Bolt | None:
    """Where LockState says that the bolt is; None for what it cannot be."""
    known = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(_BOLTS)
    return _BOLTS[value] if known and isinstance(value, int) else None


class Watch:
    """What is known of the lock on one endpoint of a node, and what is new."""

    def __init__(self, about: str, source: str, node: Node, endpoint: int) -> None:
        self.node_id = node.node_id
        self.endpoint = endpoint
        self.pairing = Pairing(waits=True)
        self._source = source
        self._names = {self.path(number): name for name, number in PARAMETERS.items()}
        self._values = dict(node.attributes)
        self._attributes = Attributes(self._values, frozenset(), None)
        self._power = _lock.battery_endpoint(self._attributes, endpoint)
        self._numbers: list[int] = []
        self._keypad_disabled = False
        self._away_since: int | None = None if node.available else 0
        """Since when the server does not reach the node, µs (0: from before this connection); None: it does."""
        self.state = State(about, security="matter", reachable=node.available)
        self._know()

    @property
    def paths(self) -> list[str]:
        """What to read from the lock to know its state."""
        found = [self.path(number) for number in (LOCK_STATE, DOOR, RELOCK) if self.path(number) in self._values]
        return [*found, *([self._battery] if self._battery in self._values else [])]

    def path(self, number: int) -> str:
        """The path of an attribute of the Door Lock cluster."""
        return f"{self.endpoint}/{DOOR_LOCK}/{number}"

    @property
    def _battery(self) -> str:
        return f"{self._power}/{_lock.POWER}/{BATTERY}"

    @property
    def attributes(self) -> Attributes:
        """Everything that is known of the node, by the newest values."""
        return self._attributes

    def has(self, number: int) -> bool:
        """Whether the lock has this attribute of the Door Lock cluster."""
        return self.path(number) in self._values

    def fresh(self, values: Mapping[str, Any], at: int) -> list[Event]:
        """What was read from the lock itself just now, and what that shows to have happened."""
        raw = {"event": "read_attribute", "data": values}
        events = [event for path, value in values.items() for event in self.changed(path, value, at, raw)]
        if self.path(LOCK_STATE) in values:
            self.state = replace(self.state, at=at, reachable=True)
            self._away_since = None
        if self.path(DOOR) in values:
            self._door_told(at)
        return events

    def changed(self, path: str, value: object, at: int, raw: Mapping[str, Any]) -> list[Event]:
        """An attribute has this value now."""
        before = self.state
        if self._values.get(path) == value or (path not in self._values and len(self._values) >= _MOST_ATTRIBUTES):
            return []
        was, self._values[path] = self._values.get(path), value
        self._know()
        if path == self.path(LOCK_STATE):
            self.state = replace(self.state, at=at)
            now = self.state.bolt
            if now is None or before.bolt in (None, now) or now not in _MOVED:
                return []
            return self.pairing.state(self._event(_MOVED[now], at, raw))
        return [going for event in self._others(path, was, value, at, raw) for going in self.pairing.other(event)]

    def told(self, event: NodeEvent, at: int, raw: Mapping[str, Any]) -> list[Event]:
        """An event of the Door Lock cluster; one that comes twice is told once."""
        if event.event_number in self._numbers:
            return []
        self._numbers = [*self._numbers[-_REPEATS:], event.event_number]
        data = event.data or {}
        if event.event_id == DOOR_STATE:
            return self.changed(self.path(DOOR), data.get("doorState"), at, raw)
        found = happening(event.event_id, data, _lock.own_fabric(self._attributes))
        if found is None:
            return []
        if found.kind == "door_forced":
            return self.changed(self.path(DOOR), _FORCED, at, raw)
        return self._happened(found, event.told(at), at, raw)

    def updated(self, node: Node, at: int, raw: Mapping[str, Any]) -> list[Event]:
        """The node as the server has it now. What it did while the server did not reach it is found out by this."""
        going: list[Event] = []
        if self.state.reachable is not node.available:
            self.state = replace(self.state, reachable=node.available)
            kind: Kind = "online" if node.available else "offline"
            going += self.pairing.other(replace(self._event(kind, at, raw), resync=False, since=0))
        for path, value in node.attributes.items():
            going += self.changed(path, value, at, raw)
        if node.available:
            self._away_since = None
        elif self._away_since is None:
            self._away_since = at
        return going

    def left(self, at: int, raw: Mapping[str, Any]) -> Event:
        """The node is no longer one of the server's."""
        event = self._event("offline", at, raw, detail="it was removed from the Matter server")
        return replace(event, resync=False, since=0)

    def _happened(self, found: Happening, told: int, at: int, raw: Mapping[str, Any]) -> list[Event]:
        fields: dict[str, Any] = {"by": found.by, "slot": found.slot, "detail": found.detail, "told": told}
        if found.kind == "battery":
            fields["value"] = self.state.battery if self.state.battery is not None else 0
        event = self._event(found.kind, at, raw, **fields)
        if found.kind in _MOVED.values():
            before = []
            if self._keypad_disabled and found.by == "code":
                self._keypad_disabled = False
                before = self.pairing.other(self._event("keypad_enabled", at, raw, detail="a code was taken again"))
            return [*before, *self.pairing.action(event)]
        self._keypad_disabled |= found.kind == "keypad_disabled"
        return self.pairing.other(event)

    def _others(self, path: str, was: object, value: object, at: int, raw: Mapping[str, Any]) -> Iterator[Event]:
        if path == self.path(DOOR):
            self._door_told(at)
            before, now = (_DOORS.get(one) if isinstance(one, int) else None for one in (was, value))
            if before is not None and now is not None and before != now:
                yield self._event(now[1], at, raw)
        elif path == self._battery and was is not None and self.state.battery is not None:
            if self.state.battery != (was // 2 if isinstance(was, int) else None):
                yield self._event("battery", at, raw, value=self.state.battery)
        else:
            name = self._names.get(path)
            if name is not None and was is not None and isinstance(value, int) and 0 <= value < 2**32:
                yield self._event("parameter_changed", at, raw, name=name, value=int(value))

    def _door_told(self, at: int) -> None:
        """The lock itself has just said how the door stands."""
        if self.state.door is not None:
            self.state = replace(self.state, door_at=at)

    def _know(self) -> None:
        """The state by the newest values."""
        attributes = self._attributes
        door = attributes.number(self.path(DOOR))
        half_percents = attributes.number(self._battery)
        bits = _lock.features(attributes, self.endpoint)
        sensor = bits is not None and bool(bits & _lock.DOOR_SENSOR)
        self.state = replace(
            self.state,
            bolt=bolt(self._values.get(self.path(LOCK_STATE))),
            door=_DOORS[door][0] if door is not None and door in _DOORS else "unknown" if sensor else None,
            door_at=(self.state.door_at or 0) if sensor or door in _DOORS else None,
            battery=half_percents // 2 if half_percents is not None and half_percents <= 200 else None,
            relock_s=attributes.number(self.path(RELOCK)),
        )

    def _event(self, kind: Kind, at: int, raw: Mapping[str, Any], **fields: Any) -> Event:
        event = Event(at, kind, self.state.about, self._source, raw=redacted(raw) if raw else "", **fields)
        return event if self._away_since is None else replace(event, resync=True, since=self._away_since)
