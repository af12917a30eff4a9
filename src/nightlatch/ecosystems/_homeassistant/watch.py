"""Makes events of what Home Assistant reports of locks and of the sensors of their devices. No I/O: times come in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

import msgspec

from nightlatch.ecosystems._homeassistant import who
from nightlatch.ecosystems._homeassistant.changes import Changes, Fired, Known, Reported
from nightlatch.ecosystems._homeassistant.locks import BOLTS
from nightlatch.ecosystems._homeassistant.who import NOBODY, Operated, Who
from nightlatch.ecosystems._raw import HIDDEN
from nightlatch.ecosystems.interface import Heard
from nightlatch.model.event import Bolt, DoorState, Event, Kind, State

SAME = 3_000_000
"""µs within which an integration's event and a new state tell of the same turn of the bolt."""
CONTEXTS = 256
"""Commands of assistants and automations that are remembered until their lock has moved."""
VOICE = ("alexa_smart_home", "google_assistant_command")
AUTOMATION = "automation_triggered"
ZWAVE, ZHA = "zwave_js_notification", "zha_event"
_AUTOMATION = Who("remote", detail="an automation of Home Assistant")
_SETTLED: Mapping[str, Kind] = {"locked": "locked", "unlocked": "unlocked", "open": "unlocked", "jammed": "jammed"}
_MOVING = ("locking", "unlocking", "opening")
_AWAY = ("", "unavailable")
_ON_OFF = ("on", "off")

Role = Literal["battery", "door", "tamper"]


class Watched(msgspec.Struct, frozen=True):
    """A lock to watch: its ref, its device, and the entities of that device by what they are."""

    about: str
    entity_id: str
    device: str = ""
    tells_who: bool = False
    """Its integration says who operated it, in an event of its own or a moment after the state."""
    sensors: Mapping[Role, str] = {}
    echoes: bool = False
    """Its state follows a command that was acknowledged: only the integration's event tells of the bolt."""


class _Lock:
    def __init__(self, watched: Watched) -> None:
        self.watched = watched
        self.known = Known()
        self.sensors: dict[Role, Known] = {role: Known() for role in watched.sensors}
        self.settled: Kind | None = None
        """The last state that was told, or that Home Assistant began with."""
        self.told_at = 0
        self.told_by = ""
        self.away_since = 0
        self.percent: int | None = None
        self.held: Event | None = None


class Watch:
    """What is known of every watched lock, and what follows from each message."""

    def __init__(self, source: str, locks: Iterable[Watched]) -> None:
        self._source = source
        self.locks = {one.entity_id: _Lock(one) for one in locks}
        self._by_device = {one.watched.device: one for one in self.locks.values() if one.watched.device}
        self._sensors = {
            entity_id: (one, role) for one in self.locks.values() for role, entity_id in one.watched.sensors.items()
        }
        self._contexts: dict[str, Who] = {}
        self.holding: list[Event] = []
        """Changes that began to wait for somebody to say who: whoever keeps time takes them, and calls `late`."""

    @property
    def entities(self) -> list[str]:
        """Every entity to subscribe to."""
        return [*self.locks, *self._sensors]

    def begin(self, changes: Changes, at: int) -> Iterator[Heard]:
        """The first message of the subscription: how everything stands."""
        for entity_id, whole in changes.a.items():
            if (known := self._known(entity_id)) is not None:
                known.replace(whole)
        for lock in self.locks.values():
            lock.settled = _SETTLED.get(lock.known.state)
            lock.away_since = at if lock.known.state in _AWAY else 0
            lock.percent = lock.sensors["battery"].battery if "battery" in lock.sensors else None
            yield self._state(lock)

    def changed(self, changes: Changes, at: int) -> Iterator[Heard]:
        """A later message of the subscription."""
        for entity_id, whole in changes.a.items():
            if (known := self._known(entity_id)) is not None:
                before = known.state
                known.replace(whole)
                yield from self._moved(entity_id, before, whole, at)
        for entity_id, difference in changes.c.items():
            if (known := self._known(entity_id)) is not None:
                before = known.state
                known.change(difference)
                yield from self._moved(entity_id, before, difference.new, at)
        for entity_id in changes.r:
            if (known := self._known(entity_id)) is not None:
                before = known.state
                known.replace(Reported(s=""))
                yield from self._moved(entity_id, before, Reported(), at)

    def fired(self, fired: Fired, at: int) -> Iterator[Heard]:
        """An event of the bus."""
        if fired.event_type in VOICE or fired.event_type == AUTOMATION:
            if isinstance(id_ := fired.context.get("id"), str):
                voice = fired.event_type in VOICE
                self._contexts[id_[:64]] = Who("voice", detail=fired.event_type) if voice else _AUTOMATION
                if len(self._contexts) > CONTEXTS:
                    del self._contexts[next(iter(self._contexts))]
            return
        read = {ZWAVE: who.zwave_notification, ZHA: who.zha_event}.get(fired.event_type)
        operated = read(fired.data) if read is not None else None
        lock = self._by_device.get(operated.device) if operated is not None else None
        if lock is not None and operated is not None:
            yield from self._operated(lock, operated, at)

    def late(self, event: Event) -> Iterator[Heard]:
        """A change of `holding` has waited long enough for somebody to say who."""
        for lock in self.locks.values():
            if lock.held is event:
                yield from self._release(lock, who.changed_by(lock.known.attributes.get("changed_by")))
                yield from self._unreported(lock)

    def _known(self, entity_id: str) -> Known | None:
        if (lock := self.locks.get(entity_id)) is not None:
            return lock.known
        if entity_id not in self._sensors:
            return None
        lock, role = self._sensors[entity_id]
        return lock.sensors[role]

    def _moved(self, entity_id: str, before: str, new: Reported, at: int) -> Iterator[Heard]:
        lock = self.locks.get(entity_id)
        if lock is None:
            lock, role = self._sensors[entity_id]
            if before != lock.sensors[role].state:
                yield from self._sensed(lock, role, before, at)
        elif before != lock.known.state:
            yield from self._turned(lock, before, new, at)
        elif lock.held is not None and "changed_by" in new.a:
            yield from self._release(lock, who.changed_by(new.a["changed_by"]))

    def _turned(self, lock: _Lock, before: str, new: Reported, at: int) -> Iterator[Heard]:
        """The lock's own state is another."""
        state = lock.known.state
        about, raw = lock.watched.about, _raw(lock.watched.entity_id, before, lock.known)
        yield from self._release(lock, NOBODY)
        if state in _AWAY and before in _AWAY:
            return
        if state in _AWAY:
            lock.away_since = at
            yield Event(at, "offline", about, self._source, told=lock.known.changed, raw=raw)
            return
        since = 0
        if before in _AWAY:
            since = lock.away_since or at
            yield Event(at, "online", about, self._source, told=lock.known.changed, raw=raw)
        kind = _SETTLED.get(state)
        if kind is None:
            if state not in BOLTS:
                lock.settled = None
                yield self._state(lock)
            return
        if kind == lock.settled and kind != "jammed":
            return
        if lock.settled is None and before not in _MOVING:
            # What it was before is not known: this is how it stands, not something that happened.
            lock.settled = kind
            yield self._state(lock)
            return
        lock.settled = kind
        told = self._by(lock, new)
        event = Event(at, kind, about, self._source, since=since, told=lock.known.changed, resync=since > 0, raw=raw)
        if told == NOBODY and lock.watched.tells_who and not since:
            lock.held = event
            self.holding.append(event)
        else:
            yield self._told(lock, event, told)
            yield from self._unreported(lock)

    def _unreported(self, lock: _Lock) -> Iterator[State]:
        """What was asked of the lock, and no report: neither secured nor proof that it can be locked."""
        if lock.watched.echoes or lock.known.attributes.get("assumed_state") is True:
            yield State(lock.watched.about, bolt=BOLTS.get(lock.known.state, "unknown"))

    def _by(self, lock: _Lock, new: Reported) -> Who:
        """Who it was, by what comes with the state itself."""
        if "changed_by" in new.a and (said := who.changed_by(new.a["changed_by"])) != NOBODY:
            return said
        context = lock.known.context
        if (known := self._contexts.get(context.get("id") or "")) is not None:
            return known
        if user := context.get("user_id"):
            return Who("remote", detail=f"by the account user-{user[:8]} of Home Assistant")
        if context.get("parent_id"):
            return _AUTOMATION
        return NOBODY if lock.watched.tells_who else who.changed_by(lock.known.attributes.get("changed_by"))

    def _operated(self, lock: _Lock, operated: Operated, at: int) -> Iterator[Heard]:
        """An integration said what happened and who it was."""
        if lock.held is not None and lock.held.kind == operated.kind:
            yield from self._release(lock, operated.who, operated.raw)
            return
        event = Event(at, operated.kind, lock.watched.about, self._source, raw=_json(operated.raw))
        if operated.kind in ("locked", "unlocked", "jammed"):
            if operated.kind == lock.settled and at - lock.told_at < SAME and lock.told_by:
                if lock.watched.echoes:
                    # Told already, on the word of who asked for it; now the lock has said so itself.
                    yield State(lock.watched.about, at=at, bolt=BOLTS.get(lock.known.state, "unknown"))
                return
            lock.settled = operated.kind
            yield self._told(lock, event, operated.who)
            return
        yield msgspec.structs.replace(event, by=operated.who.by, slot=operated.who.slot)

    def _release(self, lock: _Lock, told: Who, raw: dict[str, Any] | None = None) -> Iterator[Heard]:
        if (event := lock.held) is not None:
            lock.held = None
            if raw is not None:
                event = msgspec.structs.replace(event, raw=_json({"said_by": raw, **msgspec.json.decode(event.raw)}))
            yield self._told(lock, event, told)

    def _told(self, lock: _Lock, event: Event, told: Who) -> Event:
        lock.told_at, lock.told_by = event.at, told.by
        return msgspec.structs.replace(event, by=told.by, slot=told.slot, detail=told.detail)

    def _sensed(self, lock: _Lock, role: Role, before: str, at: int) -> Iterator[Heard]:
        """A sensor of the lock's device shows something else."""
        known, about = lock.sensors[role], lock.watched.about
        raw = _json({"entity_id": lock.watched.sensors[role], "state": known.state, "lc": known.changed})
        if role == "battery":
            if (percent := known.battery) is not None and percent != lock.percent:
                lock.percent = percent
                yield Event(at, "battery", about, self._source, value=percent, told=known.changed, raw=raw)
        elif role == "door" and (known.state not in _ON_OFF or before not in _ON_OFF):
            yield self._state(lock)
        elif role == "door":
            kind: Kind = "door_opened" if known.state == "on" else "door_closed"
            yield Event(at, kind, about, self._source, told=known.changed, raw=raw)
        elif known.state == "on":
            yield Event(at, "tamper", about, self._source, told=known.changed, raw=raw)

    def _state(self, lock: _Lock) -> State:
        """How it stands. Home Assistant may only remember it from before its own restart, and does not tell: at=0."""
        state, door, battery = lock.known.state, lock.sensors.get("door"), lock.sensors.get("battery")
        bolt: Bolt = BOLTS.get(state, "unknown")
        doors: Mapping[str, DoorState] = {"on": "open", "off": "closed"}
        return State(
            lock.watched.about,
            bolt=bolt,
            door=doors.get(door.state, "unknown") if door is not None else None,
            battery=battery.battery if battery is not None else None,
            reachable=state not in _AWAY,
        )


def _raw(entity_id: str, before: str, known: Known) -> str:
    """The change as Home Assistant told it, without what may name a person or hold a code."""
    context = {name: (text or "")[:8] if name == "user_id" else text for name, text in known.context.items()}
    states = {"from": _state_word(before), "to": _state_word(known.state)}
    changed = {"entity_id": entity_id, **states, "lc": known.changed, "context": context}
    return _json(changed)


def _state_word(state: str) -> str:
    """A state that a lock can have; an integration's own may say anything."""
    return state if state in BOLTS or state in (*_MOVING, *_AWAY) else HIDDEN


def _json(raw: Mapping[str, Any]) -> str:
    return msgspec.json.encode(raw).decode()
