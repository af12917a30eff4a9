"""What a lock itself answers over the radio: bolt, door, battery, parameters and code slots."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from msgspec import Raw, Struct

from nightlatch.catalogue import Knowledge, Parameter, Role
from nightlatch.ecosystems._codes import Code
from nightlatch.ecosystems._zwavejs import parameters
from nightlatch.ecosystems._zwavejs.messages import (
    BATTERY,
    CONFIGURATION,
    DOOR_LOCK,
    NOTIFICATION,
    USER_CODE,
    BatteryLevel,
    Node,
    Operation,
    UserCode,
    decoded,
)
from nightlatch.ecosystems._zwavejs.parameters import Reading
from nightlatch.ecosystems._zwavejs.server import Mute, Radio, Stopped
from nightlatch.errors import NightlatchError
from nightlatch.model.event import Bolt, DoorState
from nightlatch.model.evidence import Claim, Gap, Grade, Item, Ref
from nightlatch.model.lock import Lock
from nightlatch.model.people import Credential
from nightlatch.secrets import Secret

FIELDS = (
    *(Lock.bolt, Lock.door_open, Lock.battery_percent, Lock.battery_low, Lock.reachable),
    *(Lock.code_slots, Lock.codes_read),
    *parameters.FIELDS,
)

_EMPTY, _ENABLED, _NO_SUCH_SLOT = 0, 1, 254
JAMMED = 11
"""The notification value "Lock state" of a jam."""
BOLTS: dict[str | None, Bolt] = {"locked": "thrown", "unlocked": "retracted"}
DOORS: dict[str | None, DoorState] = {"open": "open", "closed": "closed"}
MODES: dict[int | None, Bolt] = {255: "thrown", 0: "retracted"}
_ADMIN_CODE_VERSION = 2

MAX_SLOT = 255
"""The last slot that the User Code commands of every version can ask for."""


class Slot(Struct, frozen=True):
    """An occupied code slot; `number` is 0 for the administrator's code. `pin` is None where it is hidden."""

    number: int
    enabled: bool
    pin: Secret | None
    grade: Grade | None = None

    @property
    def name(self) -> str:
        """Its name in a credential's key."""
        return str(self.number) if self.number else "master"


def senses(node: Node, name: str) -> bool:
    """It has this sensor, `boltStatus` or `doorStatus`; each report has bits for both, the driver knows which count."""
    return node.value(DOOR_LOCK, name) is not None


def bolt_of(node: Node, operation: Operation) -> Bolt | None:
    """Where the bolt is by the lock's own report; a bolt that it senses is believed before its mode.

    On a jam the mode may say what was asked for.
    """
    return BOLTS.get(operation.boltStatus) if senses(node, "boltStatus") else MODES.get(operation.currentMode)


def jammed(node: Node) -> bool:
    """The last that it said of its bolt, by the driver's cache, was that it is jammed."""
    state = node.value(NOTIFICATION, "Access Control", "Lock state")
    return state is not None and state.read(int) == JAMMED


class LockReader:
    """Reads one lock. What it finds of codes it adds to `codes`: PINs leave it as Secrets only."""

    def __init__(
        self, radio: Radio, node: Node, lock: Ref, *, model: Knowledge | None, slots: int | None, codes: list[Code]
    ) -> None:
        self._codes = codes
        self._radio = radio
        self._node = node
        self._lock = lock
        self._model = model
        self._slots = slots
        self._at = f"node {node.nodeId}"
        self._key = lock.key

    async def items(self) -> AsyncIterator[Item]:
        """What the lock answers, then what only the driver's cache holds, marked as recorded."""
        stopped: Stopped | None = None
        broken: NightlatchError | None = None
        readings: dict[Role, Reading] = {}
        slots: dict[int, Slot | None] = {}
        try:
            async for claim in self._condition():
                yield claim
            await self._read_parameters(readings)
            await self._read_slots(slots)
        except Stopped as reason:
            stopped = reason
        except NightlatchError as error:
            # The connection broke: what this lock said before is kept.
            broken = error
        if self._radio.asked and broken is None:
            yield Lock.reachable.claim(self._lock, self._radio.answered, where=self._at)
        if not self._radio.answered:
            for claim in self._cached_battery():
                yield claim
        for item in (*self._parameter_items(readings), *self._code_items(slots)):
            yield item
        if stopped is not None:
            yield self._gap(stopped)
        if broken is not None:
            raise broken

    async def _condition(self) -> AsyncIterator[Claim]:
        if DOOR_LOCK in self._node.supports:
            operation = await self._radio.read(DOOR_LOCK, "get", Operation)
            for claim in self._bolt(operation or Operation()):
                yield claim
        if BATTERY in self._node.supports:
            battery = await self._radio.read(BATTERY, "get", BatteryLevel)
            for claim in self._battery(battery or BatteryLevel()):
                yield claim

    def _bolt(self, operation: Operation) -> Iterator[Claim]:
        bolt = bolt_of(self._node, operation)
        if bolt != "thrown" and jammed(self._node):
            bolt = "jammed"
        where = f"{self._at}, Door Lock operation report"
        if bolt is not None:
            yield Lock.bolt.claim(self._lock, bolt, where=where)
        if senses(self._node, "doorStatus") and operation.doorStatus in ("open", "closed"):
            yield Lock.door_open.claim(self._lock, operation.doorStatus == "open", where=where)

    def _battery(self, battery: BatteryLevel, grade: Grade | None = None) -> Iterator[Claim]:
        at = self._node.heard if grade else None
        where = f"{self._at}, battery report"
        if battery.level is not None and 0 <= battery.level <= 100:
            yield Lock.battery_percent.claim(self._lock, int(battery.level), where=where, grade=grade, at=at)
        if battery.isLow is not None:
            yield Lock.battery_low.claim(self._lock, battery.isLow, where=where, grade=grade, at=at)

    def _cached_battery(self) -> Iterator[Claim]:
        level = self._node.value(BATTERY, "level")
        low = self._node.value(BATTERY, "isLow")
        cached = BatteryLevel(level.read(float) if level else None, low.read(bool) if low else None)
        yield from self._battery(cached, Grade.RECORDED)

    async def _read_parameters(self, readings: dict[Role, Reading]) -> None:
        if CONFIGURATION not in self._node.supports:
            return
        whole: dict[int, int | None] = {}
        for parameter in parameters.to_read(self._model):
            if parameter.number not in whole:
                try:
                    whole[parameter.number] = await self._radio.read(CONFIGURATION, "get", int, parameter.number)
                except Mute:
                    # A lock does not answer for a parameter that its firmware lacks: its codes can be read still.
                    if self._radio.answered:
                        return
                    raise
            value = whole[parameter.number]
            if value is not None:
                size = self._size(parameter)
                readings[parameter.role] = self._reading(parameter, parameters.part(parameter, value, size))

    def _parameter_items(self, readings: dict[Role, Reading]) -> Iterator[Item]:
        if CONFIGURATION not in self._node.supports:
            return
        wanted = parameters.to_read(self._model)
        for parameter in wanted:
            cached = self._node.value(CONFIGURATION, parameter.number, parameter.bits)
            value = cached.read(int) if cached is not None else None
            if parameter.role not in readings and value is not None:
                readings[parameter.role] = self._reading(parameter, value, Grade.RECORDED)
        yield from parameters.claims(self._lock, readings)
        if not wanted and self._model is None:
            yield Gap(
                tuple(field.path for field in parameters.FIELDS),
                f"The catalogue does not know what the parameters of this model mean ({self._at}).",
                "Import the definition of this model from the @zwave-js/config package.",
                self._lock,
            )

    def _reading(self, parameter: Parameter, value: int, grade: Grade | None = None) -> Reading:
        where = f"{self._at}, parameter {parameter.name} ({parameter.label})"
        at = self._node.heard if grade else None
        return Reading(parameter, value, where if grade is None else f"{where} in the driver's cache", grade, at)

    def _size(self, parameter: Parameter) -> int:
        cached = self._node.value(CONFIGURATION, parameter.number, parameter.bits)
        size = cached.metadata.valueSize if cached is not None else None
        return size if size in (1, 2, 4) else 1

    async def _read_slots(self, slots: dict[int, Slot | None]) -> None:
        version = self._node.supports.get(USER_CODE, 0)
        if not version:
            return
        if version >= _ADMIN_CODE_VERSION:
            code = await self._radio.read(USER_CODE, "getAdminCode", Raw)
            pin = _pin(code)
            slots[0] = Slot(0, True, pin) if pin is not None else None
        cached = self._cached_slots()
        if self._slots is None:
            self._slots = await self._radio.read(USER_CODE, "getUsersCount", int)
        # Occupied ones first, by what the cache says, so that a small budget finds them.
        numbers = (
            *cached,
            *(number for number in range(1, min(self._slots or 0, MAX_SLOT) + 1) if number not in cached),
        )
        for number in numbers:
            found = await self._radio.read(USER_CODE, "get", UserCode, number)
            if found is not None:
                slots[number] = _slot(number, found)

    def _cached_slots(self) -> dict[int, Slot]:
        """Slots that the driver's cache lists as occupied, in order."""
        found: dict[int, Slot] = {}
        for value in self._node.values:
            number = value.propertyKey
            if value.commandClass != USER_CODE or value.property != "userIdStatus" or not isinstance(number, int):
                continue
            if not 1 <= number <= MAX_SLOT:
                continue
            cached = self._node.value(USER_CODE, "userCode", number)
            status = value.read(int)
            slot = _slot(number, UserCode(status or 0, cached.value if cached else Raw(b"null")))
            if slot is not None:
                found[number] = Slot(number, slot.enabled, slot.pin, Grade.RECORDED)
        return dict(sorted(found.items()))

    def _code_items(self, slots: dict[int, Slot | None]) -> Iterator[Item]:
        if USER_CODE not in self._node.supports:
            return
        if self._slots is not None and self._slots >= 0:
            yield Lock.code_slots.claim(self._lock, self._slots, where=f"{self._at}, user code slots")
        read = sum(number in slots for number in range(1, min(self._slots or 0, MAX_SLOT) + 1))
        where = f"{self._at}, {read} of {self._slots or 'an unknown number of'} slots read"
        yield Lock.codes_read.claim(self._lock, self._slots is not None and read == self._slots, where=where)
        hidden = False
        for number, slot in {**self._cached_slots(), **slots}.items():
            if slot is not None:
                hidden = hidden or slot.pin is None
                yield from self._credential(number, slot)
        if hidden:
            yield Gap(
                (Credential.default.path, Credential.weaknesses.path),
                f"The lock hides the digits of its codes ({self._at}).",
                "Change its codes to ones of six digits or more that nobody guesses.",
                self._lock,
            )

    def _credential(self, number: int, slot: Slot) -> Iterator[Claim]:
        about = Ref(Credential.kind, f"{self._key}/{slot.name}")
        where = f"{self._at}, {f'user code slot {number}' if number else 'administrator code'}"
        where = where if slot.grade is None else f"{where} in the driver's cache"
        at = self._node.heard if slot.grade else None
        facts: dict[Any, Any] = {
            Credential.lock: self._lock,
            Credential.form: "pin" if number else "master",
            Credential.enabled: slot.enabled,
            **({Credential.slot: number} if number else {}),
        }
        for field, value in facts.items():
            yield field.claim(about, value, where=where, grade=slot.grade, at=at)
        if slot.pin is not None:
            self._codes.append(Code(about, slot.pin, self._model, where, at, slot.grade))

    def _gap(self, stopped: Stopped) -> Gap:
        fields = (Lock.codes_read, Lock.bolt, Lock.door_open, Lock.battery_percent, *parameters.FIELDS)
        return Gap(
            tuple(field.path for field in fields),
            f"{self._at.capitalize()} {stopped}.",
            stopped.todo,
            self._lock,
        )


def _slot(number: int, found: UserCode) -> Slot | None:
    if found.userIdStatus in (_EMPTY, _NO_SUCH_SLOT):
        return None
    return Slot(number, found.userIdStatus == _ENABLED, _pin(found.userCode))


def _pin(raw: Raw | None) -> Secret | None:
    """A PIN made of digits; None where the lock shows asterisks, raw bytes or nothing."""
    text = decoded(raw, str)
    return Secret(text) if text and text.isascii() and text.isdigit() else None
