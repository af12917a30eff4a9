"""What a Z-Wave JS server tells unasked, and its text with every code taken out."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw, Struct

from nightlatch.ecosystems._zwavejs.messages import (
    BATTERY,
    CONFIGURATION,
    DOOR_LOCK,
    LOCK,
    NOTIFICATION,
    NULL,
    decoded,
)
from nightlatch.secrets import DOTS


class Args(Struct, frozen=True):
    """Of a value: its id, what it is and what it was. Of a notification: its type, event and parameters."""

    commandClass: int = -1
    endpoint: int = 0
    property: str | int | None = None
    propertyKey: str | int | None = None
    propertyName: str = ""
    newValue: Raw = NULL
    prevValue: Raw = NULL
    type: int = -1
    event: int = -1
    eventLabel: str = ""
    parameters: Raw = NULL


_NOTHING = Args()


class Happening(Struct, frozen=True):
    """An event of a node, the controller or the driver (@zwave-js/server, src/lib/forward.ts)."""

    source: str = ""
    event: str = ""
    nodeId: int = 0
    endpointIndex: int = 0
    ccId: int = -1
    args: Args | None = None
    state: int | None = None
    status: int | None = None
    error: str = ""
    node: Raw = NULL
    nodeState: Raw = NULL


class Message(Struct, frozen=True):
    """Any message after the first: an answer (it has a messageId) or an event."""

    type: str = ""
    messageId: str = ""
    success: bool = False
    result: Raw = NULL
    errorCode: str = ""
    zwaveErrorCodeName: str = ""
    event: Happening | None = None


class Told(Struct, frozen=True):
    """An event of the server with its text, and when it was heard (µs since 1970)."""

    happening: Happening
    text: bytes
    at: int

    @property
    def args(self) -> Args:
        """Its value or notification."""
        return self.happening.args or _NOTHING

    @property
    def raw(self) -> str:
        """Its text without codes."""
        return without_codes(self.text, self.happening)


class User(Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters of a notification that names a user, and nothing else."""

    userId: int = 0


class Usage(Struct, frozen=True):
    """Who used or changed what, as far as it is told. `credentialType` is that of the User Credential classes."""

    userId: int = 0
    credentialType: int | None = None


_HARMLESS = frozenset((BATTERY, CONFIGURATION, DOOR_LOCK, LOCK, NOTIFICATION))
"""Command classes whose values are never codes; Configuration is looked at again, by the setting's name."""
_HARMLESS_PROPERTIES = frozenset(("userIdStatus",))
_HARMLESS_PARAMETERS = frozenset(("userId", "userIdStatus", "credentialType", "credentialSlot"))
_KEPT = frozenset(("source", "event", "nodeId", "endpointIndex", "ccId"))
_KEPT_OF_ARGS = frozenset(
    (
        *("commandClass", "commandClassName", "endpoint", "property", "propertyName", "propertyKey"),
        *("propertyKeyName", "type", "event", "label", "eventLabel"),
    )
)
_SECRETIVE = ("pin", "code", "password", "passcode")


def may_be_a_code(args: Args) -> bool:
    """A setting whose name says that its value is a code, and not how long or how many codes may be."""
    words = args.propertyName.casefold().replace("-", " ").split()
    return bool(words) and words[-1].rstrip("s") in _SECRETIVE


def without_codes(text: bytes, happening: Happening) -> str:
    """The message as it came when nothing in it can be a code; else only what is known to be none."""
    args = happening.args
    if args is None:
        return text.decode(errors="replace") if happening.event in ("dead", "alive") else _short(happening)
    if args.commandClass in _HARMLESS and not (args.commandClass == CONFIGURATION and may_be_a_code(args)):
        return text.decode(errors="replace")
    if happening.ccId == NOTIFICATION and (args.parameters == NULL or decoded(args.parameters, User) is not None):
        return text.decode(errors="replace")
    return _kept(text)


def _short(happening: Happening, **more: Any) -> str:
    told = {"source": happening.source, "event": happening.event, "nodeId": happening.nodeId or None, **more}
    for name in ("state", "status"):
        told[name] = getattr(happening, name)
    event = {name: value for name, value in told.items() if value is not None}
    return msgspec.json.encode({"type": "event", "event": event}).decode()


def ready_without_values(happening: Happening, security: int | None) -> str:
    """The `ready` of a node without its values, which hold its codes."""
    return _short(happening, nodeState={"highestSecurityClass": security})


def _kept(text: bytes) -> str:
    event = msgspec.json.decode(text)["event"]
    args = event["args"]
    kept = {name: value for name, value in args.items() if name in _KEPT_OF_ARGS}
    harmless = args.get("property") in _HARMLESS_PROPERTIES
    for name in ("newValue", "prevValue"):
        if name in args:
            kept[name] = args[name] if harmless and isinstance(args[name], int) else DOTS
    parameters = args.get("parameters")
    if isinstance(parameters, dict):
        kept["parameters"] = {
            name: value if name in _HARMLESS_PARAMETERS and isinstance(value, int) else DOTS
            for name, value in parameters.items()
        }
    elif parameters is not None:
        kept["parameters"] = DOTS
    told = {name: value for name, value in event.items() if name in _KEPT}
    return msgspec.json.encode({"type": "event", "event": {**told, "args": kept}}).decode()
