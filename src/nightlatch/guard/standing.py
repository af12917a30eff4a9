"""How each lock stands by what was last heard of it, how fresh that is, and what a new report changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from nightlatch.model.event import Bolt, DoorState, Event, Kind, State

SECOND = 1_000_000
FRESH = 24 * 3600 * SECOND
"""How long, in µs, a report counts while the connection over which it came stays up."""
REORDERED = 30 * SECOND
"""How far, in µs of the peer's own clock, a late message may lag: what lags more tells of a clock set back."""
RELOCK = "auto_relock_s"
SETTING = "set_parameter "
"""How the name of a command that sets a parameter begins."""

_BOLT: dict[str, Bolt] = {"locked": "thrown", "unlocked": "retracted", "jammed": "jammed"}
_DOOR: dict[str, DoorState] = {"door_opened": "open", "door_forced": "open", "door_closed": "closed"}
_BOLT_KIND: dict[Bolt, Kind] = {"thrown": "locked", "retracted": "unlocked", "jammed": "jammed"}
_DOOR_KIND: dict[DoorState, Kind] = {"open": "door_opened", "closed": "door_closed"}


class Secured(msgspec.Struct, frozen=True):
    """Whether a door is secured: True and False by fresh reports, None when that cannot be said, and why."""

    answer: bool | None
    reason: str


class Standing(msgspec.Struct, frozen=True, omit_defaults=True):
    """The last known state of one lock. Times are µs since 1970; 0: never, or only remembered by a hub."""

    about: str
    source: str = ""
    """Which ecosystem speaks for it."""
    connected: bool = False
    """Whether the connection to that ecosystem is up."""
    heard: int = 0
    listened_since: int = 0
    """Since when it has been listened to without a gap."""
    bolt: Bolt = "unknown"
    bolt_at: int = 0
    """When the lock last reported the bolt."""
    bolt_since: int = 0
    """Since when the bolt is known to be where it is."""
    bolt_told: int = 0
    """The peer's own time of that report."""
    bolt_by: str = ""
    """By what it was last moved."""
    door: DoorState | None = None
    """None: nothing tells of the door."""
    door_at: int = 0
    door_since: int = 0
    door_told: int = 0
    own_sensor: bool = False
    """The lock itself tells of the door."""
    battery: int | None = None
    reachable: bool | None = None
    keypad_disabled: bool | None = None
    security: str | None = None
    relock_s: int | None = None
    codes: dict[int, str] | None = None

    def stale(self, reported: int, now: int) -> str:
        """Why a report of that time does not count now; nothing when it does."""
        if not self.connected:
            return "its hub is not connected"
        if self.reachable is False:
            return "the lock is not reachable"
        if not reported:
            return "the hub only remembers it"
        if now - reported > FRESH:
            return "it was reported more than a day ago"
        return ""

    def secured(self, now: int) -> Secured:
        """Whether the door is closed and the bolt thrown, both freshly reported."""
        if self.bolt == "unknown":
            return Secured(None, "the bolt was never reported")
        if reason := self.stale(self.bolt_at, now):
            return Secured(None, f"where the bolt is: {reason}")
        if self.bolt != "thrown":
            return Secured(False, f"the bolt is {self.bolt}")
        if self.door is None:
            return Secured(None, "nothing tells whether the door is closed")
        if self.door == "unknown":
            return Secured(None, "the door's sensor does not say whether it is closed")
        if reason := self.stale(self.door_at, now):
            return Secured(None, f"whether the door is closed: {reason}")
        if self.door == "open":
            return Secured(False, "the door is open")
        return Secured(True, "the door is closed and the bolt thrown")

    def stepped(self, by: int) -> Standing:
        """The same, as old as it is, after the clock was set by so many µs; what only a peer's clock says stays."""
        times = ("heard", "listened_since", "bolt_at", "bolt_since", "door_at", "door_since")
        return msgspec.structs.replace(self, **{name: at + by for name in times if (at := getattr(self, name))})

    def state(self) -> State:
        """The same as a hub would tell it."""
        return State(
            self.about,
            self.bolt_at,
            self.bolt,
            self.door,
            self.battery,
            self.reachable,
            self.keypad_disabled,
            self.security,
            self.relock_s,
            self.codes,
            self.door_at,
        )

    def without_digests(self) -> Standing:
        """The same for another run: what tells codes apart holds for one run only."""
        return msgspec.structs.replace(self, codes=dict.fromkeys(self.codes, "") if self.codes is not None else None)


def after(standing: Standing, event: Event) -> Standing:
    """The standing once an event was heard: late and repeated messages move nothing back."""
    changes: dict[str, Any] = {"heard": event.at}
    kind = event.kind
    bolt, door = _BOLT.get(kind), _DOOR.get(kind)
    if bolt is not None:
        changes |= _bolt(standing, bolt, event.at, event.told, event.by)
    elif door is not None:
        changes |= _door(standing, door, event.at, event.told)
    else:
        changes |= _other(standing, event)
    # A lock that speaks is there; what was found out by asking the hub does not say so.
    if kind != "offline" and not event.resync:
        changes.setdefault("reachable", True)
    return msgspec.structs.replace(standing, **changes)


def ended(standing: Standing, outcome: Event, value: int | str) -> Standing:
    """The standing once a command ended: only evidence changes it. `value` is what a setting was set to."""
    if outcome.value != "evidence":
        return standing
    changes: dict[str, Any] = {}
    if outcome.name in ("lock", "unlock"):
        changes = _bolt(standing, "thrown" if outcome.name == "lock" else "retracted", outcome.at, 0, "remote")
    elif outcome.name == SETTING + RELOCK and isinstance(value, int):
        changes = {"relock_s": value}
    return msgspec.structs.replace(standing, **changes)


def _late(told: int, before: int) -> bool:
    return bool(told) and 0 < before - told <= REORDERED


def _bolt(standing: Standing, bolt: Bolt, at: int, told: int, by: str) -> dict[str, Any]:
    if _late(told, standing.bolt_told):
        return {}
    changes: dict[str, Any] = {"bolt": bolt, "bolt_at": at, "bolt_told": told or standing.bolt_told}
    if bolt != standing.bolt:
        changes |= {"bolt_since": at, "bolt_by": by}
    return changes


def _door(standing: Standing, door: DoorState, at: int, told: int) -> dict[str, Any]:
    if _late(told, standing.door_told):
        return {}
    changes: dict[str, Any] = {"door": door, "door_at": at, "door_told": told or standing.door_told}
    if door != standing.door:
        changes["door_since"] = at
    return changes


def _other(standing: Standing, event: Event) -> dict[str, Any]:
    match event.kind:
        case "battery":
            return {"battery": event.value} if isinstance(event.value, int) else {}
        case "offline" | "online":
            return {"reachable": event.kind == "online"}
        case "keypad_disabled" | "keypad_enabled":
            return {"keypad_disabled": event.kind == "keypad_disabled"}
        case "security_changed":
            return {"security": str(event.value)}
        case "parameter_changed" if event.name == RELOCK and isinstance(event.value, int):
            return {"relock_s": event.value}
        case "code_added" | "code_changed" if event.slot:
            return {"codes": {**(standing.codes or {}), event.slot: ""}}
        case "code_removed" if event.slot:
            return {"codes": {slot: digest for slot, digest in (standing.codes or {}).items() if slot != event.slot}}
    return {}


def told(standing: Standing, state: State, now: int) -> Standing:
    """The standing once a hub told a state. A report older than what was heard moves nothing back."""
    changes: dict[str, Any] = {"heard": now}
    if state.bolt is not None:
        changes |= _bolt_told(standing, state, state.bolt, now)
    if state.door is not None:
        changes |= _door_told(standing, state, state.door, now)
    for name in ("battery", "reachable", "keypad_disabled", "security", "relock_s", "codes"):
        value = getattr(state, name)
        if value is not None:
            changes[name] = value
    return msgspec.structs.replace(standing, **changes)


def _bolt_told(standing: Standing, state: State, bolt: Bolt, now: int) -> dict[str, Any]:
    if bolt == "unknown" or _outdated(standing, state, now):
        # The hub knows less than what was heard: neither counts until the lock itself reports.
        return {"bolt_at": 0} if bolt != standing.bolt else {}
    changes: dict[str, Any] = {"bolt": bolt, "bolt_at": min(state.at, now)}
    if bolt != standing.bolt:
        changes |= {"bolt_since": now, "bolt_by": ""}
    return changes


def _door_told(standing: Standing, state: State, door: DoorState, now: int) -> dict[str, Any]:
    if door == "unknown":
        return {"door": standing.door or door, "door_at": 0, "own_sensor": True}
    reported = state.at if state.door_at is None else state.door_at
    changes: dict[str, Any] = {"door": door, "door_at": min(reported, now), "own_sensor": True}
    if door == standing.door:
        if reported:
            changes["door_at"] = min(max(reported, standing.door_at), now)
    elif standing.door is not None:
        # The sensor reported after what was last heard: when, only the hub knows.
        changes |= {"door_since": now, "door_at": now if reported else 0}
    return changes


def _outdated(standing: Standing, state: State, now: int) -> bool:
    """Whether the bolt's report is older than what was heard of it."""
    # A time of ours that lies ahead was heard before the clock was set back: it proves no order.
    return bool(state.at) and state.at < standing.bolt_at <= now


def differences(standing: Standing, state: State, now: int) -> Iterator[tuple[Kind, dict[str, Any]]]:
    """What must have happened for a standing to have become a state: kinds of events and their fields.

    What either of them does not tell is no difference.
    """
    bolt, door = state.bolt, state.door
    if not _outdated(standing, state, now) and _differ(_known(standing.bolt), _known(bolt)) and bolt in _BOLT_KIND:
        yield _BOLT_KIND[bolt], {}
    if _differ(_known(standing.door), _known(door)) and door in _DOOR_KIND:
        yield _DOOR_KIND[door], {}
    if _differ(standing.battery, state.battery):
        yield "battery", {"value": state.battery}
    if _differ(standing.reachable, state.reachable):
        yield "online" if state.reachable else "offline", {}
    if _differ(standing.keypad_disabled, state.keypad_disabled):
        yield "keypad_disabled" if state.keypad_disabled else "keypad_enabled", {}
    if _differ(standing.security, state.security):
        yield "security_changed", {"value": state.security, "name": standing.security or ""}
    if _differ(standing.relock_s, state.relock_s):
        yield "parameter_changed", {"name": RELOCK, "value": state.relock_s}
    if standing.codes is not None and state.codes is not None:
        yield from _codes(standing.codes, state.codes)


def _differ(before: object, now: object) -> bool:
    return before is not None and now is not None and before != now


def _known(value: str | None) -> str | None:
    return None if value == "unknown" else value


def _codes(before: dict[int, str], now: dict[int, str]) -> Iterator[tuple[Kind, dict[str, Any]]]:
    for slot in sorted(before.keys() | now.keys()):
        was, is_ = before.get(slot), now.get(slot)
        if was is None:
            yield "code_added", {"slot": slot}
        elif is_ is None:
            yield "code_removed", {"slot": slot}
        elif was and is_ and was != is_:
            yield "code_changed", {"slot": slot}
