"""The lock's own memory of PINs, and the Door Lock commands about it (Zigbee Cluster Library 8, 7.3.2.15)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

SET, GET, CLEAR, SET_STATUS, GET_STATUS = 0x05, 0x06, 0x07, 0x09, 0x0A
WRITES = (SET, CLEAR, SET_STATUS)
SLOTS = 250
SHORTEST, LONGEST = 4, 8
AVAILABLE, ENABLED = 0, 1


class Answer(IntEnum):
    """How the lock answers a PIN that it is given (ZCL 7.3.2.17.6)."""

    SUCCESS = 0
    FAILURE = 1
    FULL = 2
    DUPLICATE = 3


class Programmed(IntEnum):
    """What a programming event tells (ZCL 7.3.2.26.3)."""

    PIN_ADDED = 2
    PIN_DELETED = 3
    PIN_CHANGED = 4


@dataclass
class Code:
    """One slot; status 1 is enabled, 3 is disabled."""

    status: int
    user_type: int
    pin: bytes


@dataclass
class Happened:
    """What changed in which slot, for the programming event."""

    what: Programmed
    user: int
    code: Code


class Codes(dict[int, Code]):
    """The slots that hold a code. `masked`: asked for a code, the lock tells only that there is one."""

    masked = False

    def put(self, user: int, code: Code) -> tuple[Answer, Happened | None]:
        """Take a code into a slot; another slot's own code is declined, and one of the wrong length."""
        if not SHORTEST <= len(code.pin) <= LONGEST or not 0 <= user < SLOTS:
            return Answer.FAILURE, None
        if any(other.pin == code.pin for slot, other in self.items() if slot != user):
            return Answer.DUPLICATE, None
        what = Programmed.PIN_CHANGED if user in self else Programmed.PIN_ADDED
        self[user] = code
        return Answer.SUCCESS, Happened(what, user, code)

    def drop(self, user: int) -> Happened | None:
        """Empty a slot; None when it was empty."""
        code = self.pop(user, None)
        return Happened(Programmed.PIN_DELETED, user, code) if code else None

    def slot_of(self, pin: bytes) -> int | None:
        """The slot whose enabled code this is."""
        return next((user for user, code in self.items() if code.pin == pin and code.status == ENABLED), None)

    def command(self, command: int, payload: bytes) -> tuple[bytes, Happened | None]:
        """The response to a command from the hub, and what changed."""
        user = int.from_bytes(payload[:2], "little")
        code = self.get(user)
        if command == SET:
            answer, happened = self.put(user, Code(payload[2], payload[3], payload[5 : 5 + payload[4]]))
            return bytes([answer]), happened
        if command == GET:
            shown = code or Code(AVAILABLE, 0, b"")
            pin = b"" if self.masked else shown.pin
            return struct.pack("<HBBB", user, shown.status, shown.user_type, len(pin)) + pin, None
        if command == CLEAR:
            return bytes([Answer.SUCCESS]), self.drop(user)
        if command == GET_STATUS:
            return struct.pack("<HB", user, code.status if code else AVAILABLE), None
        if command == SET_STATUS and code:
            code.status = payload[2]
        return bytes([Answer.SUCCESS]), None
