"""What a Z-Wave JS server says, as far as Nightlatch reads it. Field names are the server's own.

The API is versioned by a schema number; what stands here holds for schemas 15 to 50 of
@zwave-js/server (its src/lib/state.ts). A value that may be a code stays undecoded (`Raw`).
"""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import TypeVar

import msgspec
from msgspec import Raw, Struct

T = TypeVar("T")

NULL = Raw(b"null")

DOOR_LOCK = 98
USER_CODE = 99
CONFIGURATION = 112
NOTIFICATION = 113
LOCK = 118
FIRMWARE_UPDATE = 122
BATTERY = 128
SCHEDULE_ENTRY_LOCK = 78
CLOCK = 129
TIME = 138
TIME_PARAMETERS = 139
USER_CREDENTIAL = 131

ENTRY_CONTROL = 0x40
DOOR_LOCK_CLASSES = (0x01, 0x02, 0x03, 0x04, 0x0A)
"""Specific device classes of Entry Control that are locks: door locks, keypad locks, lock boxes."""


class Version(Struct, frozen=True):
    """The first message, unasked."""

    type: str = ""
    homeId: int | None = None
    driverVersion: str = ""
    serverVersion: str = ""
    minSchemaVersion: int = 0
    maxSchemaVersion: int = -1


class Answer(Struct, frozen=True):
    """Any later message: an answer, or an event (which has no messageId)."""

    type: str = ""
    messageId: str = ""
    success: bool = False
    result: Raw = NULL
    errorCode: str = ""
    zwaveErrorCode: int | None = None
    zwaveErrorCodeName: str = ""


class Driver(Struct, frozen=True):
    """`state.driver`. `configVersion` is the device database's."""

    statisticsEnabled: bool | None = None
    configVersion: str | None = None


class Controller(Struct, frozen=True):
    """`state.controller`. `inclusionState`: 0 idle, 1 including, 2 excluding, 3 busy, 4 smart start.

    `status` (schema 31): 0 ready, 1 does not answer, 2 cannot send because the radio is jammed.
    """

    inclusionState: int | None = None
    ownNodeId: int | None = None
    status: int | None = None
    firmwareVersion: str | None = None
    sdkVersion: str | None = None


class Metadata(Struct, frozen=True):
    """What a value may be. `states` are its known values with their names."""

    states: dict[str, Raw] = {}
    valueSize: int | None = None


class Value(Struct, frozen=True):
    """A value as the driver last heard, read or assumed it."""

    commandClass: int
    endpoint: int = 0
    property: str | int | None = None
    propertyKey: str | int | None = None
    metadata: Metadata = Metadata()
    value: Raw = NULL

    def read(self, type: type[T]) -> T | None:  # noqa: A002
        """The value as this type, or None where it is of another or absent."""
        return decoded(self.value, type)


class CommandClass(Struct, frozen=True):
    """A command class that an endpoint supports."""

    id: int
    version: int = 0


class Endpoint(Struct, frozen=True):
    """A part of a node; the root has index 0."""

    index: int = 0
    commandClasses: tuple[CommandClass, ...] = ()


class Key(Struct, frozen=True):
    """A device class."""

    key: int | None = None


class DeviceClass(Struct, frozen=True):
    """What sort of device a node says it is."""

    generic: Key = Key()
    specific: Key = Key()


class DeviceConfig(Struct, frozen=True):
    """The driver's definition of the model, where it has one."""

    manufacturer: str = ""
    label: str = ""


class Node(Struct, frozen=True, dict=True):
    """A device of the network. `status`: 0 unknown, 1 asleep, 2 awake, 3 dead, 4 alive."""

    nodeId: int
    isControllerNode: bool = False
    ready: bool = False
    status: int = 0
    interviewStage: str | int | None = None
    highestSecurityClass: int | None = None
    manufacturerId: int | None = None
    productType: int | None = None
    productId: int | None = None
    firmwareVersion: str | None = None
    name: str | None = None
    label: str | None = None
    lastSeen: datetime | None = None
    deviceConfig: DeviceConfig | None = None
    deviceClass: DeviceClass | None = None
    endpoints: tuple[Endpoint, ...] = ()
    values: tuple[Value, ...] = ()

    @cached_property
    def supports(self) -> dict[int, int]:
        """Version by command class, of the root endpoint."""
        root = next((one for one in self.endpoints if one.index == 0), Endpoint())
        return {one.id: one.version for one in root.commandClasses}

    @property
    def is_lock(self) -> bool:
        """It supports a lock's commands, or says that it is one while it is not interviewed yet."""
        kind = self.deviceClass or DeviceClass()
        says_so = kind.generic.key == ENTRY_CONTROL and kind.specific.key in DOOR_LOCK_CLASSES
        return not self.isControllerNode and (says_so or bool({DOOR_LOCK, LOCK} & self.supports.keys()))

    @property
    def heard(self) -> datetime | None:
        """When it last spoke; None where that is not told as an instant."""
        return self.lastSeen if self.lastSeen is not None and self.lastSeen.tzinfo is not None else None

    @property
    def ids(self) -> tuple[int, int, int] | None:
        """Manufacturer id, product type and product id, once known."""
        if self.manufacturerId is None or self.productType is None or self.productId is None:
            return None
        return self.manufacturerId, self.productType, self.productId

    def value(self, command_class: int, property_: str | int, key: str | int | None = None) -> Value | None:
        """The root endpoint's value of that name."""
        return self._index.get((command_class, property_, key))

    @cached_property
    def _index(self) -> dict[tuple[int, str | int | None, str | int | None], Value]:
        return {(one.commandClass, one.property, one.propertyKey): one for one in self.values if one.endpoint == 0}


class State(Struct, frozen=True):
    """Everything that the driver knows."""

    driver: Driver = Driver()
    controller: Controller = Controller()
    nodes: tuple[Node, ...] = ()


class ControllerState(Struct, frozen=True):
    """The result of `controller.get_state`."""

    state: Controller = Controller()


class Listening(Struct, frozen=True):
    """The result of `start_listening`."""

    state: State


class Supported(Struct, frozen=True):
    """The result of `node.get_value` for a count."""

    value: int | None = None


class Response(Struct, frozen=True):
    """The result of `endpoint.invoke_cc_api`: what the lock answered, null when it did not."""

    response: Raw = NULL


class UserCode(Struct, frozen=True):
    """A slot of a lock. `userIdStatus`: 0 empty, 1 enabled, 2 disabled, 254 there is no such slot."""

    userIdStatus: int
    userCode: Raw = NULL


class Operation(Struct, frozen=True):
    """A lock's own word on bolt and door. `currentMode`: 0 unsecured … 255 secured."""

    currentMode: int | None = None
    boltStatus: str | None = None
    doorStatus: str | None = None


class BatteryLevel(Struct, frozen=True):
    """A lock's own word on its battery, %."""

    level: float | None = None
    isLow: bool | None = None


def decoded(raw: Raw | None, type: type[T]) -> T | None:  # noqa: A002
    """A part of a message as this type, or None where it is of another, or absent.

    Errors of msgspec are dropped here, not passed on: their text may quote the value.
    """
    if raw is None:
        return None
    try:
        value: T = msgspec.json.decode(raw, type=type)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None
    return value
