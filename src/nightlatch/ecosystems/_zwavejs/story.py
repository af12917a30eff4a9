"""What is told of one lock, made into events: each happening once, whoever tells it and in whatever order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from msgspec.structs import replace

from nightlatch.catalogue import Knowledge
from nightlatch.ecosystems._zwavejs import notifications as notes
from nightlatch.ecosystems._zwavejs.asking import Report
from nightlatch.ecosystems._zwavejs.codes import Codes, Digest
from nightlatch.ecosystems._zwavejs.happenings import Told, Usage, may_be_a_code, ready_without_values
from nightlatch.ecosystems._zwavejs.lock import BOLTS, DOORS, JAMMED, MODES, bolt_of, jammed, senses
from nightlatch.ecosystems._zwavejs.messages import (
    BATTERY,
    CONFIGURATION,
    DOOR_LOCK,
    LOCK,
    NOTIFICATION,
    NULL,
    USER_CODE,
    Node,
    Operation,
    decoded,
)
from nightlatch.ecosystems._zwavejs.notifications import ACCESS_CONTROL, HOME_SECURITY
from nightlatch.ecosystems._zwavejs.settings import LockSettings
from nightlatch.ecosystems._zwavejs.state import SECURITY
from nightlatch.ecosystems.interface import Heard
from nightlatch.model.event import Bolt, By, DoorState, Event, Kind, State
from nightlatch.model.evidence import Ref

ONE_REPORT = 1_000_000
"""Within so many µs, what comes both as a notification and as a value is the same report."""
COMMANDED = 10_000_000
"""For so many µs after a command a bolt that moves as it asked has moved by it."""

_UNKNOWN_STATUS, _DEAD = 0, 3
_NOBODY = Usage()


class Story:
    """What is known of one lock. Nothing is asked and nothing waited for here.

    `given` once its first State was; `settled` once the lock itself has said, or will not say, where its
    bolt is: until then a bolt or a door that is told only completes that state. `waiting` is a move of
    the bolt that nobody has explained yet. `doubt`: the bolt may have moved, and only the lock knows.
    """

    def __init__(
        self, node: Node, lock: Ref, source: str, *, model: Knowledge | None, digest: Digest, unread: dict[int, bool]
    ) -> None:
        self.node = node
        self.model = model
        self.given = False
        self.settled = False
        self.waiting: Event | None = None
        self.doubt = False
        self.jammed_at = 0
        self._lock = lock
        self._about = str(lock)
        self._source = source
        self._digest = digest
        self._unread = unread
        self._bolt_at = 0
        self._door_at = 0
        self._missed: dict[str, int] = {"bolt": 0, "door": 0} if node.status == _DEAD else {}
        """What may have moved since this instant (µs; 0: from before this connection), while the lock was dead."""
        self._mode: Bolt | None = None
        self._told: dict[Kind, tuple[str, int]] = {}
        self._commanded: dict[Bolt, int] = {}
        self._remote_at = 0
        self._bolt = self._remembered_bolt()
        self._remember()

    def _remembered_bolt(self) -> Bolt | None:
        if DOOR_LOCK not in self.node.supports:
            locked = self._cached(LOCK, "locked", bool)
            return None if locked is None else "thrown" if locked else "retracted"
        mode, status = self._cached(DOOR_LOCK, "currentMode", int), self._cached(DOOR_LOCK, "boltStatus", str)
        bolt = bolt_of(self.node, Operation(mode, status))
        # A notification, or a command that jammed, moved one of them and not the other: neither can be believed.
        return bolt if MODES.get(mode, bolt) == bolt else None

    def _remember(self) -> None:
        """What the driver remembers: all there is until the lock speaks."""
        node = self.node
        self._jammed = jammed(node)
        door = self._cached(DOOR_LOCK, "doorStatus", str)
        state = self._cached(NOTIFICATION, "Access Control", int, "Door state")
        self._door: DoorState | None = None
        if door is not None or state in (*notes.OPEN, notes.CLOSED):
            self._door = "open" if door == "open" or state in notes.OPEN else "closed"
        self._battery: float | None = self._cached(BATTERY, "level", float)
        self._low: bool | None = self._cached(BATTERY, "isLow", bool)
        keypad = self._cached(NOTIFICATION, "Access Control", int, "Keypad state")
        self._keypad_disabled = None if keypad is None else keypad == notes.KEYPAD_DISABLED
        self._reachable = None if node.status == _UNKNOWN_STATUS else node.status != _DEAD
        self._security = None if node.highestSecurityClass is None else SECURITY.get(node.highestSecurityClass)
        self._settings = LockSettings(node, self._lock, self.model)
        self._codes = Codes(node, self._digest, self._unread)

    def _cached(self, command_class: int, property_: str | int, type_: type[Any], key: str | None = None) -> Any:
        value = self.node.value(command_class, property_, key)
        return value.read(type_) if value is not None else None

    @property
    def dead(self) -> bool:
        """The driver gave it up: asking it costs time and battery for nothing."""
        return self._reachable is False

    @property
    def charge(self) -> int | None:
        """Its battery's charge, %."""
        return round(self._battery) if self._battery is not None and 0 <= self._battery <= 100 else None

    def state(self) -> State:
        """How it stands now."""
        return State(
            self._about,
            at=self._bolt_at,
            bolt="jammed" if self._jammed and self._bolt != "thrown" else self._bolt,
            door=self._door,
            door_at=self._door_at if self._door is not None else None,
            battery=self.charge,
            reachable=self._reachable,
            keypad_disabled=self._keypad_disabled,
            security=self._security,
            relock_s=self._settings.relock_s,
            codes=self._codes.digests,
        )

    def settle(self) -> Iterator[Event]:
        """Nobody explained the bolt's move: it is told as it is."""
        if self.waiting is not None:
            event, self.waiting = self.waiting, None
            yield event

    def commanded(self, wanted: Bolt, at: int) -> None:
        """A command to move the bolt is sent."""
        self._commanded[wanted] = at

    def learned(self, report: Report, at: int) -> None:
        """The lock answered for the first time where bolt and door are: that is its state, and no move."""
        if report.bolt is not None:
            self._bolt, self._bolt_at = report.bolt, at
            self._missed.pop("bolt", None)
        if report.door is not None:
            self._door, self._door_at = report.door, at
            self._missed.pop("door", None)

    def read(self, bolt: Bolt, at: int) -> Iterator[Heard]:
        """The lock answered again where its bolt is."""
        self.doubt = False
        yield from self._moved(bolt, at, "")

    def assumed(self, at: int) -> Iterator[Heard]:
        """The lock could not be asked. Where it senses no bolt, what the driver says is told, and marked."""
        self.doubt = False
        if self._mode is not None and not senses(self.node, "boltStatus"):
            yield from self._moved(self._mode, at, "", "as the hub has it; the lock was not asked")

    def take(self, told: Told) -> Iterator[Heard]:
        """What an event of the server means for this lock."""
        args = told.args
        match told.happening.event:
            case "value updated" | "value added" if args.endpoint == 0:
                if args.commandClass == CONFIGURATION:
                    return self._parameter(told)
                take = _VALUES.get((args.commandClass, args.property))
                if take is not None:
                    return take(self, told)
            case "notification" if told.happening.ccId in (NOTIFICATION, -1):
                return self._notification(told)
            case "dead" | "alive":
                return self._reached(told.happening.event == "alive", told)
            case "ready":
                return self._ready(told)
        return iter(())

    # The bolt

    def _bolt_status(self, told: Told) -> Iterator[Heard]:
        bolt = BOLTS.get(decoded(told.args.newValue, str))
        if bolt is not None:
            self.doubt = False
            yield from self._moved(bolt, told.at, told)

    def _mode_told(self, told: Told) -> Iterator[Heard]:
        """The driver sets the mode to what was asked for before the lock has done it: it raises doubt, no event."""
        if told.args.commandClass == LOCK:
            locked = decoded(told.args.newValue, bool)
            self._mode = None if locked is None else "thrown" if locked else "retracted"
        else:
            self._mode = MODES.get(decoded(told.args.newValue, int))
        self.doubt = self.settled and self._mode is not None and self._mode != self._bolt
        return iter(())

    def _moved(self, bolt: Bolt, at: int, told: Told | str, detail: str = "") -> Iterator[Heard]:
        before, self._bolt, self._bolt_at = self._bolt, bolt, at
        missed = self._missed.pop("bolt", None)
        if bolt == "thrown":
            self._jammed = False
        if not self.settled or before == bolt:
            return
        if before is None:
            yield self.state()
            return
        yield from self.settle()
        # By then the next command, the other way, may have been sent.
        commanded = self._commanded.pop(bolt, None)
        by_us = commanded is not None and at - commanded < COMMANDED
        kind: Kind = "locked" if bolt == "thrown" else "unlocked"
        raw = told if isinstance(told, str) else told.raw
        event = self._event(kind, at, raw, by="remote" if by_us else "", detail=detail)
        if by_us:
            self._remote_at = at
            yield event
        else:
            self.waiting = _found_out(event, missed)

    def _operated(self, kind: Kind, by: By, slot: int, told: Told) -> Iterator[Event]:
        if self.waiting is not None and self.waiting.kind == kind:
            self.waiting = None
        yield from self.settle()
        bolt: Bolt = "thrown" if kind == "locked" else "retracted"
        again = by == "remote" and self._bolt == bolt and told.at - self._remote_at < COMMANDED
        self._bolt, self._bolt_at, self._jammed, self.doubt = bolt, told.at, False, False
        self._missed.pop("bolt", None)
        if not again:
            yield self._event(kind, told.at, told.raw, by=by, slot=slot)

    def _jams(self, told: Told, detail: str = "") -> Iterator[Event]:
        self._jammed, self.jammed_at = True, told.at
        yield from self.settle()
        yield from self._alarm("jammed", told, detail)

    # Notifications, as events and as states of a value

    def _notification(self, told: Told) -> Iterator[Heard]:
        args = told.args
        usage = _NOBODY if args.parameters == NULL else decoded(args.parameters, Usage) or _NOBODY
        slot = max(0, usage.userId)
        number = (args.type, args.event)
        if number in notes.DENIED:
            by: By = "remote" if number in notes.DENIED_BY_RADIO else ""
            return iter((self._event("wrong_code", told.at, told.raw, by=by, slot=slot, detail=told.words),))
        if number in notes.FORCED or number in notes.TAMPERED:
            return self._alarm("door_forced" if number in notes.FORCED else "tamper", told, told.words)
        if args.type != ACCESS_CONTROL:
            return iter(())
        if args.event in notes.OPERATIONS:
            kind, by = notes.OPERATIONS[args.event]
            if args.event == notes.KEYPAD_LOCK and not slot:
                by = "touch"
            return self._operated(kind, notes.BY_CREDENTIAL.get(usage.credentialType, by), slot, told)
        if args.event in notes.NOT_FULLY_LOCKED:
            return self._jams(told, told.words)
        if args.event in notes.OPEN or args.event == notes.CLOSED:
            return self._door_is("closed" if args.event == notes.CLOSED else "open", told)
        if args.event == notes.KEYPAD_DISABLED:
            return self._keypad_is(True, told)
        return self._code_notified(args.event, slot, told)

    def _code_notified(self, event: int, slot: int, told: Told) -> Iterator[Event]:
        if event == notes.ALL_CODES_DELETED:
            for cleared in self._codes.cleared() or (0,):
                yield self._event("code_removed", told.at, told.raw, slot=cleared, detail="all codes were deleted")
        elif event == notes.PROGRAM_CODE:
            yield self._event("code_changed", told.at, told.raw, detail="the programming code")
        elif event in (notes.CODE_DELETED, notes.CODE_ADDED):
            change = (self._codes.removed if event == notes.CODE_DELETED else self._codes.added)(slot, told.at)
            if change is not None:
                yield self._event(change[0], told.at, told.raw, slot=slot, detail=change[1])

    def _access_control(self, told: Told) -> Iterator[Heard]:
        value = decoded(told.args.newValue, int)
        match told.args.propertyKey, value:
            case "Lock state", int():
                self._jammed = value == JAMMED
                if value == JAMMED:
                    yield from self._jams(told)
            case "Keypad state", int() if value in (0, notes.KEYPAD_DISABLED):
                yield from self._keypad_is(value == notes.KEYPAD_DISABLED, told)
            case "Door state", int() if value == notes.CLOSED or value in notes.OPEN:
                yield from self._door_is("closed" if value == notes.CLOSED else "open", told)

    def _home_security(self, told: Told) -> Iterator[Heard]:
        number = (HOME_SECURITY, decoded(told.args.newValue, int) or 0)
        if number in notes.FORCED or number in notes.TAMPERED:
            kind: Kind = "door_forced" if number in notes.FORCED else "tamper"
            yield from self._alarm(kind, told, str(told.args.propertyKey)[:200])

    def _alarm(self, kind: Kind, told: Told, detail: str) -> Iterator[Event]:
        way = told.happening.event
        before, self._told[kind] = self._told.get(kind), (way, told.at)
        if before is None or before[0] == way or told.at - before[1] >= ONE_REPORT:
            yield self._event(kind, told.at, told.raw, detail=detail)

    def _keypad_is(self, disabled: bool, told: Told) -> Iterator[Event]:
        before, self._keypad_disabled = self._keypad_disabled, disabled
        if disabled != bool(before):
            yield self._event("keypad_disabled" if disabled else "keypad_enabled", told.at, told.raw)

    # The door

    def _door_status(self, told: Told) -> Iterator[Heard]:
        door = DOORS.get(decoded(told.args.newValue, str))
        if door is not None:
            yield from self._door_is(door, told)

    def _door_is(self, door: DoorState, told: Told) -> Iterator[Heard]:
        before, self._door, self._door_at = self._door, door, told.at
        missed = self._missed.pop("door", None)
        if not self.settled or before == door:
            return
        if before is None:
            yield self.state()
        else:
            event = self._event("door_opened" if door == "open" else "door_closed", told.at, told.raw)
            yield _found_out(event, missed if told.happening.event != "notification" else None)

    # Battery, settings, codes, link

    def _battery_level(self, told: Told) -> Iterator[Heard]:
        before, self._battery = self.charge, decoded(told.args.newValue, float)
        if self.charge is not None and self.charge != before:
            yield self._event("battery", told.at, told.raw, value=self.charge)

    def _battery_low(self, told: Told) -> Iterator[Heard]:
        before, self._low = self._low, decoded(told.args.newValue, bool)
        if self._low and not before:
            yield self._wants_battery(told, "the lock says that its battery is low")

    def _power(self, told: Told) -> Iterator[Heard]:
        words = notes.REPLACE_BATTERY.get(decoded(told.args.newValue, int) or 0)
        if words is not None:
            yield self._wants_battery(told, words)

    def _wants_battery(self, told: Told, words: str) -> Event:
        value = self.charge if self.charge is not None else ""
        return self._event("battery", told.at, told.raw, value=value, detail=words)

    def _parameter(self, told: Told) -> Iterator[Heard]:
        args = told.args
        value = decoded(args.newValue, int)
        if value is None or value == decoded(args.prevValue, int) or not isinstance(args.property, int):
            return
        changed = self._settings.change(args.property, args.propertyKey, value)
        unmapped: dict[str, int | str] = {f"parameter {args.property}": "" if may_be_a_code(args) else value}
        for name, now in (changed or unmapped).items():
            yield self._event("parameter_changed", told.at, told.raw, name=name, value=now, detail=told.words)

    def _code_status(self, told: Told) -> Iterator[Heard]:
        args = told.args
        slot, status = args.propertyKey, decoded(args.newValue, int)
        if isinstance(slot, int) and status is not None:
            change = self._codes.status(slot, status, decoded(args.prevValue, int), told.at)
            if change is not None:
                yield self._event(change[0], told.at, told.raw, slot=slot, detail=change[1])

    def _code(self, told: Told) -> Iterator[Heard]:
        slot = told.args.propertyKey
        if isinstance(slot, int):
            change = self._codes.code(slot, told.args.newValue, told.at)
            if change is not None:
                yield self._event(change[0], told.at, told.raw, slot=slot)

    def _reached(self, alive: bool, told: Told) -> Iterator[Event]:
        before, self._reachable = self._reachable, alive
        # What it did while it could not be heard, only it can tell.
        self.doubt = alive and before is False and self.settled
        if not alive and before is not False:
            self._missed = {"bolt": told.at, "door": told.at}
        if before is not alive and not (before is None and alive):
            yield self._event("online" if alive else "offline", told.at, told.raw)

    def _ready(self, told: Told) -> Iterator[Heard]:
        """It was interviewed again: what it is and how it is reached may have changed."""
        node = decoded(told.happening.nodeState, Node)
        if node is None:
            return
        before = self._security
        self.node = node
        self._remember()
        if before is not None and self._security is not None and self._security != before:
            raw = ready_without_values(told.happening, node.highestSecurityClass)
            detail = f"it was {before}"
            yield self._event("security_changed", told.at, raw, value=self._security, name=before, detail=detail)
        yield self.state()

    def _event(self, kind: Kind, at: int, raw: str, **more: Any) -> Event:
        return Event(at, kind, self._about, self._source, raw=raw, **more)


def _found_out(event: Event, since: int | None) -> Event:
    """The event, marked if it is of a move that may have happened since an instant; None: it was heard at once."""
    return event if since is None else replace(event, resync=True, since=since)


_VALUES: dict[tuple[int, str | int | None], Callable[[Story, Told], Iterator[Heard]]] = {
    (DOOR_LOCK, "boltStatus"): Story._bolt_status,
    (DOOR_LOCK, "currentMode"): Story._mode_told,
    (DOOR_LOCK, "doorStatus"): Story._door_status,
    (LOCK, "locked"): Story._mode_told,
    (BATTERY, "level"): Story._battery_level,
    (BATTERY, "isLow"): Story._battery_low,
    (NOTIFICATION, "Access Control"): Story._access_control,
    (NOTIFICATION, "Home Security"): Story._home_security,
    (NOTIFICATION, "Power Management"): Story._power,
    (USER_CODE, "userIdStatus"): Story._code_status,
    (USER_CODE, "userCode"): Story._code,
}
