"""What a Z-Wave JS server tells unasked, and its text with every code taken out."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec import Raw, Struct

from nightlatch.ecosystems._zwavejs.messages import BATTERY, CONFIGURATION, DOOR_LOCK, LOCK, NOTIFICATION, NULL
from nightlatch.secrets import DOTS


class Args(Struct, frozen=True, gc=False):
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


class Happening(Struct, frozen=True, gc=False):
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


class Message(Struct, frozen=True, gc=False):
    """Any message after the first: an answer (it has a messageId) or an event."""

    type: str = ""
    messageId: str = ""
    success: bool = False
    result: Raw = NULL
    errorCode: str = ""
    zwaveErrorCodeName: str = ""
    event: Happening | None = None


class Told(Struct, frozen=True, gc=False):
    """An event of the server with its text, and when it was heard (µs since 1970)."""

    happening: Happening
    text: bytes
    at: int

    @property
    def args(self) -> Args:
        """Its value or notification."""
        return self.happening.args or _NOTHING

    @property
    def words(self) -> str:
        """What the server calls the notification or the value."""
        args = self.args
        return (args.eventLabel or args.propertyName)[:_WORDS]

    @property
    def raw(self) -> str:
        """Its text without codes."""
        return without_codes(self.text, self.happening)


class Usage(Struct, frozen=True, gc=False):
    """Who used or changed what, as far as it is told. `credentialType` is that of the User Credential classes."""

    userId: int = 0
    credentialType: int | None = None


class _User(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    userId: int = 0


class _PlainArgs(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    commandClass: int = -1
    commandClassName: str = ""
    endpoint: int = 0
    property: str | int | None = None
    propertyName: str = ""
    propertyKey: str | int | None = None
    propertyKeyName: str = ""
    newValue: str | float | bool | None = None
    prevValue: str | float | bool | None = None
    type: int = -1
    event: int = -1
    label: str = ""
    eventLabel: str = ""
    parameters: _User | None = None


class _PlainHappening(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    source: str = ""
    event: str = ""
    nodeId: int = 0
    endpointIndex: int = 0
    ccId: int = -1
    args: _PlainArgs | None = None
    oldStatus: int = 0
    state: int = 0
    status: int = 0
    strategy: int = 0


class _Plain(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A message of which every part is known, and none but a value can be a code."""

    type: str
    event: _PlainHappening


_is_plain = msgspec.json.Decoder(_Plain).decode

_HARMLESS = frozenset((BATTERY, CONFIGURATION, DOOR_LOCK, LOCK, NOTIFICATION))
"""Command classes whose values are never codes; Configuration is looked at again, by the setting's name."""
_HARMLESS_PARAMETERS = frozenset(("userId", "userIdStatus", "credentialType", "credentialSlot"))
_KEPT = frozenset(("source", "event", "nodeId", "endpointIndex", "ccId"))
_KEPT_NUMBERS = frozenset(("oldStatus", "state", "status", "strategy"))
_KEPT_OF_ARGS = frozenset(
    (
        *("commandClass", "commandClassName", "endpoint", "property", "propertyName", "propertyKey"),
        *("propertyKeyName", "type", "event", "label", "eventLabel"),
    )
)
_LONGEST = 4096
"""Bytes of a message that is kept as it came; none of those that mean something has more than 1000."""
_WORDS = 200
_SECRETIVE = frozenset(("pin", "code", "pincode", "password", "passcode"))
_MEASURED = frozenset(
    (
        *("length", "lengths", "number", "count", "limit", "max", "maximum", "min", "minimum", "attempts"),
        *("time", "timeout", "lifetime", "lockout", "delay", "mode", "enable", "disable", "wrong", "invalid"),
    )
)
"""With one of these words it is how long or how many codes may be, or what is done about them."""
_LETTERS = re.compile("[a-z]+")


def may_be_a_code(args: Args) -> bool:
    """A setting whose name says that its value is a code, and not how long or how many codes may be."""
    words = {*_LETTERS.findall(args.propertyName.casefold())}
    return not _SECRETIVE.isdisjoint(word.rstrip("s") for word in words) and _MEASURED.isdisjoint(words)


def without_codes(text: bytes, happening: Happening) -> str:
    """The message as it came when nothing in it can be a code; else only those parts that are known to be none."""
    args = happening.args
    value = args.commandClass if args is not None else -1
    harmless = value in _HARMLESS or (value == -1 and happening.ccId in (NOTIFICATION, -1))
    if harmless and len(text) <= _LONGEST and not (args is not None and value == CONFIGURATION and may_be_a_code(args)):
        try:
            _is_plain(text)
        except msgspec.MsgspecError:
            return _kept(text)
        return text.decode()
    return _kept(text)


def ready_without_values(happening: Happening, security: int | None) -> str:
    """The `ready` of a node without its values, which hold its codes."""
    told = {"source": "node", "event": "ready", "nodeId": happening.nodeId}
    event = {**told, "nodeState": {"highestSecurityClass": security}}
    return msgspec.json.encode({"type": "event", "event": event}).decode()


def _kept(text: bytes) -> str:
    event = msgspec.json.decode(text)["event"]
    told: dict[str, Any] = {name: _cut(value) for name, value in event.items() if name in _KEPT}
    told |= {name: value for name, value in event.items() if name in _KEPT_NUMBERS and isinstance(value, int)}
    if isinstance(event.get("args"), dict):
        told["args"] = _kept_of(event["args"])
    return msgspec.json.encode({"type": "event", "event": told}).decode()


def _kept_of(args: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {
        name: _cut(value) for name, value in args.items() if name in _KEPT_OF_ARGS and isinstance(value, str | int)
    }
    kept |= {name: args[name] for name in sorted(_HARMLESS_PARAMETERS & args.keys()) if isinstance(args[name], int)}
    status = args.get("property") == "userIdStatus"
    for name in ("newValue", "prevValue"):
        if name in args:
            kept[name] = args[name] if status and isinstance(args[name], int) else DOTS
    parameters = args.get("parameters")
    if isinstance(parameters, dict):
        kept["parameters"] = {
            name: value if name in _HARMLESS_PARAMETERS and isinstance(value, int) else DOTS
            for name, value in parameters.items()
        }
    elif parameters is not None:
        kept["parameters"] = DOTS
    return kept


def _cut(value: str | int) -> str | int:
    return value[:_WORDS] if isinstance(value, str) else value
