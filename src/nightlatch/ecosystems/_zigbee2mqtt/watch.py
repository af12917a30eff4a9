"""Watches one lock: what each message about it tells that the one before did not.

Zigbee2MQTT repeats everything that it remembers of a lock in every message, so that only differences and actions
are events. Most locks tell a movement twice, as a state that changed and as an action that says by whom: the two
become one event.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from nightlatch.ecosystems._pairing import Pairing
from nightlatch.ecosystems._raw import redacted
from nightlatch.ecosystems._zigbee2mqtt.devices import Device
from nightlatch.ecosystems._zigbee2mqtt.reports import USED, Happening, Report
from nightlatch.model.event import Bolt, DoorState, Event, Kind, State

_KINDS: Mapping[Bolt, Kind] = {"thrown": "locked", "retracted": "unlocked", "jammed": "jammed"}
_DOORS: Mapping[DoorState, Kind] = {"open": "door_opened", "closed": "door_closed"}
_CODES: Mapping[tuple[bool, bool], Kind] = {
    (False, True): "code_added",
    (True, False): "code_removed",
    (True, True): "code_changed",
    (False, False): "code_changed",
}
"""By whether a slot held a code before, and holds one now."""
_OF_BOLT = frozenset(("lock_state", "state", "door_state", "linkquality", "last_seen", "elapsed", "update", "device"))


class Message(msgspec.Struct, frozen=True):
    """One message about a lock, and what it says."""

    report: Report
    content: Mapping[str, Any]
    at: int
    """When it was heard, µs since 1970."""
    kept: bool = False
    """It may be older than the connection: retained, or kept by the broker while nobody was listening."""
    retained: bool = False
    resync: bool = False
    """It came before the states were told: what it tells may have happened while nobody was listening."""


def answers(message: Message, before: Mapping[str, Any], asked_for: str = "") -> bool:
    """Whether a message can be the answer to a question for the bolt, or for the setting `asked_for`.

    `before` is the message before it. What changes something else is the lock's report of that, with the rest
    from Zigbee2MQTT's memory.
    """
    if message.kept:
        return False
    names = {*message.content, *before} - _OF_BOLT - {asked_for} if before else set()
    return all(message.content.get(name) == before.get(name) for name in names if not name.startswith("action"))


class Memory:
    """What outlives a connection: of a lock's codes and alarms Zigbee2MQTT gives no complete state."""

    def __init__(self) -> None:
        self.codes: dict[int, str] = {}
        """The last status of each slot that was listed or told of."""
        self.pins: dict[int, str] = {}
        self.tells_of_codes = False
        """It has told of a code that was added, changed or removed. No definition says which lock does."""
        self.tamper: bool | None = None
        self.alarm: Happening | None = None
        self.heard = False


def _door_at(before: State, door: DoorState | None, message: Message) -> int | None:
    """When the door was told: Zigbee2MQTT repeats what it remembers of it, so only a change shows that it was."""
    if door is None or (before.door is not None and (message.kept or door == before.door)):
        return before.door_at
    return 0 if before.door is None else message.at


class Watch:
    """What is known of one lock, and what is new in the next message."""

    def __init__(self, about: str, source: str, device: Device, memory: Memory) -> None:
        self.device = device
        self._memory = memory
        self.state = State(about, security="zigbee")
        self.content: Mapping[str, Any] = {}
        """The newest message; `live`: it came while we were listening."""
        self.live = False
        self.muted = ""
        """A setting that is being set, of which Zigbee2MQTT says what it hopes before the lock has said anything."""
        self._source = source
        self._door: tuple[str | None, bool] = (None, False)
        self._missed: int | None = None
        """Since when (µs; 0: from before this connection) the bolt may have moved while the lock was offline."""
        names = {one.name for one in device.definition.exposes} if device.definition else set()
        self.pairing = Pairing(waits="action" in names)

    @property
    def tells_of_codes(self) -> bool:
        """Whether the lock is known to tell by itself when a code changes."""
        return self._memory.tells_of_codes

    def take(self, message: Message) -> list[Event | State]:
        """The events in a message, and the state where it tells something for the first time."""
        report, before = message.report, self.state
        fresh = not message.kept and (
            report.bolt != before.bolt or report.action is not None or answers(message, self.content)
        )
        parts: dict[str, Any] = {
            "bolt": report.bolt,
            "door": report.door,
            "battery": report.battery,
            "relock_s": None if self.muted == "auto_relock_s" else report.relock_s,
        }
        told = {name: value for name, value in parts.items() if value is not None}
        going = [] if message.retained else list(self._events(message))
        learned = any(getattr(before, name) is None for name in told) or (message.retained and bool(told))
        self.state = replace(
            before,
            **told,
            at=message.at if fresh and report.bolt is not None else before.at,
            door_at=_door_at(before, report.door, message),
            reachable=before.reachable if message.kept else True,
        )
        self.content, self.live = message.content, not message.kept
        if before.reachable is False and not message.kept:
            going.insert(0, self._event("online", message))
        return [*([self.state] if learned else []), *going]

    def reachable(self, message: Message, online: bool) -> list[Event | State]:
        """What the availability of the lock, as its hub tells it, adds."""
        before, self.state = self.state, replace(self.state, reachable=online)
        if before.reachable is online:
            return []
        if not online:
            self._missed = 0 if message.retained else message.at
        if message.retained or before.reachable is None:
            return [self.state]
        return [self._event("online" if online else "offline", message)]

    def member(self, message: Message, *, joined: bool) -> Event:
        """The lock has become one of the hub's devices, or is one no longer."""
        if joined:
            return self._event("online", message, detail="it joined the Zigbee network")
        return self._event("offline", message, detail="it left the Zigbee network")

    def _events(self, message: Message) -> Iterator[Event]:
        yield from self._movement(message)
        for event in self._others(message):
            yield from self.pairing.other(event)

    def _movement(self, message: Message) -> Iterator[Event]:
        action, bolt, before = message.report.action, message.report.bolt, self.state.bolt
        if action is not None:
            event = self._event(action.kind, message, by=action.by, slot=action.slot, detail=action.detail)
            yield from (self.pairing.action if action.kind in _KINDS.values() else self.pairing.other)(event)
        missed, self._missed = (None, self._missed) if bolt is None or message.kept else (self._missed, None)
        if bolt is not None and before not in (None, bolt):
            event = self._event(_KINDS[bolt], message)
            if missed is not None and action is None:
                event = replace(event, resync=True, since=missed)
            yield from self.pairing.state(event)

    def _others(self, message: Message) -> Iterator[Event]:
        report, before = message.report, self.state
        door = (report.door, report.forced)
        if report.door is not None:
            if door != self._door and self._door[0] is not None:
                yield self._event("door_forced" if report.forced else _DOORS[report.door], message)
            self._door = door
        yield from self._alarms(message)
        if report.battery is not None and before.battery not in (None, report.battery):
            yield self._event("battery", message, value=report.battery)
        relock = report.relock_s if self.muted != "auto_relock_s" else None
        if relock is not None and before.relock_s not in (None, relock):
            yield self._event("parameter_changed", message, name="auto_relock_s", value=relock)
        yield from self._code_events(message)

    def _alarms(self, message: Message) -> Iterator[Event]:
        report, memory = message.report, self._memory
        if report.tamper and not memory.tamper:
            # Without a word from before, an alarm that is on may be of any age: better told twice than never.
            yield self._event("tamper", message, resync=message.resync or memory.tamper is None)
        if report.alarm is not None and report.alarm != memory.alarm and memory.heard:
            yield self._event(report.alarm.kind, message, detail=report.alarm.detail)
        memory.tamper = report.tamper if report.tamper is not None else memory.tamper
        memory.alarm, memory.heard = report.alarm, True

    def _code_events(self, message: Message) -> Iterator[Event]:
        report, memory = message.report, self._memory
        action = report.action
        if action is not None and action.slot and action.kind in _CODES.values():
            memory.tells_of_codes = True
            # Told by the action: the list of slots that follows says the same once more.
            memory.codes[action.slot] = "available" if action.kind == "code_removed" else "enabled"
            memory.pins.pop(action.slot, None)
            return
        for slot, status in report.codes.items():
            was, pin, pin_was = memory.codes.get(slot), report.pins.get(slot), memory.pins.get(slot)
            if was is not None and status != was:
                kind = _CODES[was in USED, status in USED]
                yield self._event(kind, message, slot=slot, detail=f"{was}, now {status}")
            elif was is not None and pin is not None and pin_was not in (None, pin):
                yield self._event("code_changed", message, slot=slot, detail="another PIN")
        memory.codes.update(report.codes)
        memory.pins.update(report.pins)

    def _event(
        self,
        kind: Kind,
        message: Message,
        *,
        resync: bool | None = None,
        **fields: Any,
    ) -> Event:
        return Event(
            at=message.at,
            kind=kind,
            about=self.state.about,
            source=self._source,
            told=message.report.told,
            resync=message.resync if resync is None else resync,
            raw=redacted(message.content),
            **fields,
        )
