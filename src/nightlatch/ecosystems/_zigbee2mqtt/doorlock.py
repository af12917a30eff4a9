"""The Door Lock cluster as Zigbee2MQTT speaks of it: slots in a state, and lines of its log.

Names are those of zigbee-herdsman 10.9 (`closuresDoorLock`) and zigbee-herdsman-converters 26.105.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import combinations
from typing import Any, Final, Literal

import msgspec

from nightlatch.ecosystems._zigbee2mqtt.devices import only, users
from nightlatch.model.command import Proof, Slot
from nightlatch.secrets import Secret

CLUSTER = "closuresDoorLock"
MARK = "nightlatch"
"""The field of a payload that tells our question from others; the radio sends only the fields that it knows."""
SLOTS, SHORTEST, LONGEST = "numOfPinUsersSupported", "minPinLen", "maxPinLen"
RULES: Final = (SLOTS, SHORTEST, LONGEST)
_MANDATORY: Final = ("lockState", "lockType", "actuatorEnabled")
TAGS: Final = tuple(frozenset(some) for size in range(4) for some in combinations(_MANDATORY, size))
"""A line that tells attributes names no lock. Read along with others, these, which every lock has, say whose it is."""
LONGEST_LINE = 8192

Why = Literal["", "duplicate", "full", "invalid", "limits", "unheeded", "unsupported", "denied", "slot"]
Status = Literal["empty", "used", "disabled", "unknown"]

_STATUSES: Mapping[object, Status] = {"available": "empty", "enabled": "used", "disabled": "disabled"}
_WHY: Mapping[str, Why] = {
    "DUPLICATE_EXISTS": "duplicate",
    "INSUFFICIENT_SPACE": "full",
    "INVALID_FIELD": "invalid",
    "INVALID_VALUE": "invalid",
    "MALFORMED_COMMAND": "invalid",
    "NOT_AUTHORIZED": "denied",
    "NOT_FOUND": "slot",
}
_PREFIX = r"(?:[\w:.-]{1,64}: )?"
"""The part of Zigbee2MQTT that writes the line: "z2m", "zhc:tz"."""
_FAILED = re.compile(_PREFIX + r"Publish '(?:set|get)' '(\w{1,32})' to '")
_TOLD = re.compile(_PREFIX + rf"Read result of '{CLUSTER}': (.*)", re.DOTALL)
_INVOKED = re.compile(_PREFIX + r"Invoked ZCL command ")
_STATUS = re.compile(r"Status '([A-Z0-9_]{1,40})'")
_PIN = re.compile(r"[0-9]{1,16}")


class Failed(msgspec.Struct, frozen=True):
    """Zigbee2MQTT could not do what it was asked: `what` (a key of the order) failed."""

    what: str
    status: str = ""
    """With what the lock declined. Nothing: it was not reached, or did not answer."""


def failure(line: str, name: str) -> Failed | None:
    """What a line of the log says that failed of the device called `name`; None for every other line."""
    found = _FAILED.match(line)
    if found is None or not line.startswith(f"{name}' failed: ", found.end()):
        return None
    status = _STATUS.search(line)
    return Failed(found[1], status[1] if status else "")


def bears(line: str, mark: str) -> bool:
    """Whether a line is about the question with this mark."""
    return f'"{MARK}":"{mark}"' in line


def answered(line: str) -> bool:
    """Whether a line says that a question was answered by the lock."""
    return _INVOKED.match(line) is not None


def told(line: str, tag: frozenset[str]) -> Mapping[str, int] | None:
    """The numbers among the attributes that a line tells, where it is the answer to who asks with this tag."""
    found = _TOLD.match(line)
    if found is None:
        return None
    try:
        read: dict[str, Any] = msgspec.json.decode(found[1], type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError):
        return None
    if tag != {*read} & {*_MANDATORY}:
        return None
    numbers = ((name, only(read.get(name), int)) for name in RULES)
    return {name: value for name, value in numbers if value is not None and 0 <= value <= 0xFFFF}


def why(status: str) -> Why:
    """What a status with which a lock declines a code means."""
    return "unsupported" if status.startswith("UNSUP") else _WHY.get(status, "")


def entry(content: Mapping[str, Any], slot: int) -> Mapping[str, Any] | None:
    """What a message says of a slot; None: nothing."""
    return next((user for number, user in users(content) if number == slot), None)


def slot_of(slot: int, said: Mapping[str, Any], before: Mapping[str, Any] | None, proof: Proof) -> Slot:
    """A slot as a message has it, and as the message before the question had it.

    Zigbee2MQTT goes on showing the PIN of a slot that is empty now, and of one that was filled anew by a lock that
    does not give it back: a PIN that is the same as before, when the slot was empty, is nobody's word.
    """
    status = _STATUSES.get(only(said.get("status"), str) or "", "unknown")
    shown = only(said.get("pin_code"), str) or ""
    stale = before is not None and before.get("status") == "available" and before.get("pin_code") == shown
    given = status in ("used", "disabled") and not stale and _PIN.fullmatch(shown) is not None
    proven = proof == "presence" and (given or status == "empty")
    return Slot(slot, status, "value" if proven else proof, Secret(shown) if given else None)
