"""The simulated lock: a Yale YRD226 as Zigbee sees it (Zigbee Cluster Library, revision 8).

It answers attribute reads and writes, binds, reports, and the Door Lock cluster's PIN commands, and keeps
its codes in its own memory (codes.py), so that a test can tell what the lock holds from what a hub believes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from enum import IntEnum, StrEnum

from .codes import LONGEST, SHORTEST, SLOTS, WRITES, Answer, Code, Codes, Happened

BASIC, POWER, ALARMS, DOOR_LOCK = 0x0000, 0x0001, 0x0009, 0x0101
INPUT_CLUSTERS = (BASIC, POWER, 0x0003, ALARMS, 0x000A, 0x0020, DOOR_LOCK)
OUTPUT_CLUSTERS = (0x000A, 0x0019)

UINT8, UINT16, UINT32, BOOLEAN, ENUM8, STRING = 0x20, 0x21, 0x23, 0x10, 0x30, 0x42

NOT_FULLY_LOCKED, LOCKED, UNLOCKED = 0, 1, 2
FAILURE, NOT_AUTHORIZED = 0x01, 0x7E
LOCK_STATE, AUTO_RELOCK, SOUND_VOLUME = 0x0000, 0x0023, 0x0024
BATTERY_HALF_PERCENT = 0x0021
UNSUPPORTED_ATTRIBUTE = 0x86

CLUSTER_SPECIFIC, MANUFACTURER, FROM_SERVER, NO_DEFAULT_RESPONSE = 0x01, 0x04, 0x08, 0x10

Send = Callable[[int, bytes], None]


class Source(IntEnum):
    """Who operated the lock (ZCL 7.3.2.24, operation event source)."""

    KEYPAD = 0
    RADIO = 1
    MANUAL = 2


class Mood(StrEnum):
    """How the lock takes what the hub asks of it."""

    WELL = "well"
    JAMMED = "jammed"  # the bolt gets stuck on its way
    STUBBORN = "stubborn"  # it declines to move
    FORGETFUL = "forgetful"  # it says yes to a setting or a code and does not keep it
    REFUSING = "refusing"  # it answers "failure" to every code that it is given or is to give up
    FULL = "full"  # it answers "memory full" to every code
    DECLINING = "declining"  # it declines to change codes by a default response
    DROPPING = "dropping"  # what is to change codes does not reach it
    SILENT = "silent"  # it answers nothing and says nothing, as with a flat battery


class Operation(IntEnum):
    """What happened (ZCL 7.3.2.24, operation event codes)."""

    LOCK = 1
    UNLOCK = 2
    INVALID_PIN = 5
    MANUAL_LOCK = 13
    MANUAL_UNLOCK = 14


class Lock:
    """The lock; `send(cluster, frame)` puts a ZCL frame on the air."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._sequence = 0
        self.mood = Mood.WELL
        self.state = LOCKED
        self.battery = 82
        self.auto_relock = 0
        self.volume = 1
        self.codes = Codes()
        self.frames = 0
        """How many frames the hub has sent it."""

    # What somebody at the door does

    def keypad_unlock(self, user: int) -> None:
        """Somebody types the code of `user`, and the lock opens."""
        self._move(UNLOCKED)
        self._operation(Source.KEYPAD, Operation.UNLOCK, user)

    def typed(self, pin: bytes) -> bool:
        """Somebody types digits: the lock opens when they are an enabled code of it."""
        user = self.codes.slot_of(pin)
        if user is None:
            self.wrong_code()
            return False
        self.keypad_unlock(user)
        return True

    def programmed_at_keypad(self, user: int, pin: bytes | None, *, quietly: bool) -> Answer:
        """Somebody puts a code into a slot at the keypad, or (None) removes it; `quietly`: the hub is not told."""
        answer, happened = (
            self.codes.put(user, Code(1, 0, pin)) if pin is not None else (Answer.SUCCESS, self.codes.drop(user))
        )
        if happened and not quietly:
            self._programming(Source.KEYPAD, happened)
        return answer

    def wrong_code(self) -> None:
        """Somebody types a code that the lock does not hold."""
        self._operation(Source.KEYPAD, Operation.INVALID_PIN)

    def thumb_turn(self, *, locked: bool) -> None:
        """Somebody inside turns the knob."""
        self._move(LOCKED if locked else UNLOCKED)
        self._operation(Source.MANUAL, Operation.MANUAL_LOCK if locked else Operation.MANUAL_UNLOCK)

    def front_removed(self) -> None:
        """Alarm 5 of the Door Lock cluster: front escutcheon removed from the main body."""
        self._tell(ALARMS, 0x00, struct.pack("<BH", 5, DOOR_LOCK))

    def battery_falls_to(self, percent: int) -> None:
        """Report another battery level."""
        self.battery = percent
        self._report(POWER, BATTERY_HALF_PERCENT)

    # What the hub asks

    def receive(self, cluster: int, frame: bytes) -> None:
        """Answer one ZCL frame from the hub."""
        self.frames += 1
        if self.mood is Mood.SILENT:
            return
        control = frame[0]
        skip = 2 if control & MANUFACTURER else 0
        maker, sequence, command, payload = frame[1 : 1 + skip], frame[1 + skip], frame[2 + skip], frame[3 + skip :]

        def answer(reply: int, data: bytes, flags: int = 0) -> None:
            head = FROM_SERVER | NO_DEFAULT_RESPONSE | flags | control & MANUFACTURER
            self._send(cluster, bytes([head]) + maker + bytes([sequence, reply]) + data)

        if not control & CLUSTER_SPECIFIC:
            if command == 0x00:
                answer(
                    0x01,
                    b"".join(self._read(cluster, a, standard=not maker) for (a,) in struct.iter_unpack("<H", payload)),
                )
            elif command == 0x02:
                self._write(cluster, payload)
                answer(0x04, b"\0")
            elif command == 0x06:
                answer(0x07, b"\0")
            elif not control & NO_DEFAULT_RESPONSE:
                answer(0x0B, bytes([command, 0]))
        elif cluster == DOOR_LOCK and command in (0x00, 0x01) and self.mood is Mood.STUBBORN:
            answer(0x0B, bytes([command, FAILURE]))
        elif cluster == DOOR_LOCK and command in WRITES and self.mood is Mood.DROPPING:
            return
        elif cluster == DOOR_LOCK and command in WRITES and self.mood is Mood.DECLINING:
            answer(0x0B, bytes([command, NOT_AUTHORIZED]))
        elif cluster == DOOR_LOCK:
            reply, happened = self._door_lock(command, payload)
            answer(command, reply, CLUSTER_SPECIFIC)
            if happened:
                self._programming(Source.RADIO, happened)
        elif not control & NO_DEFAULT_RESPONSE:
            answer(0x0B, bytes([command, 0]))

    def _door_lock(self, command: int, payload: bytes) -> tuple[bytes, Happened | None]:
        """The response to a Door Lock command, and what changed among the codes."""
        if command in (0x00, 0x01):
            if self.mood is Mood.JAMMED:
                self._move(NOT_FULLY_LOCKED)
                return b"\0", None
            self._move(LOCKED if command == 0x00 else UNLOCKED)
            self._operation(Source.RADIO, Operation.LOCK if command == 0x00 else Operation.UNLOCK)
            return b"\0", None
        declined = {Mood.FORGETFUL: Answer.SUCCESS, Mood.REFUSING: Answer.FAILURE, Mood.FULL: Answer.FULL}
        if command in WRITES and self.mood in declined:
            return bytes([declined[self.mood]]), None
        return self.codes.command(command, payload)

    # Attributes

    def _attribute(self, cluster: int, attribute: int) -> bytes | None:
        """Type and value of an attribute, or None where this lock has none."""
        numbers: dict[tuple[int, int], tuple[int, bytes]] = {
            (BASIC, 0x0000): (UINT8, b"\3"),
            (BASIC, 0x0001): (UINT8, b"\x08"),
            (BASIC, 0x0002): (UINT8, b"\1"),
            (BASIC, 0x0003): (UINT8, b"\1"),
            (BASIC, 0x0007): (ENUM8, b"\3"),  # battery powered
            (POWER, 0x0020): (UINT8, b"\x3c"),
            (POWER, BATTERY_HALF_PERCENT): (UINT8, bytes([self.battery * 2])),
            (DOOR_LOCK, LOCK_STATE): (ENUM8, bytes([self.state])),
            (DOOR_LOCK, 0x0001): (ENUM8, b"\0"),  # dead bolt
            (DOOR_LOCK, 0x0002): (BOOLEAN, b"\1"),
            (DOOR_LOCK, 0x0012): (UINT16, struct.pack("<H", SLOTS)),
            (DOOR_LOCK, 0x0017): (UINT8, bytes([LONGEST])),
            (DOOR_LOCK, 0x0018): (UINT8, bytes([SHORTEST])),
            (DOOR_LOCK, AUTO_RELOCK): (UINT32, struct.pack("<I", self.auto_relock)),
            (DOOR_LOCK, SOUND_VOLUME): (UINT8, bytes([self.volume])),
        }
        texts = {
            (BASIC, 0x0004): b"Yale",
            (BASIC, 0x0005): b"YRD226 TSDB",
            (BASIC, 0x0006): b"20170601",
            (BASIC, 0x4000): b"0x30680030",
        }
        if text := texts.get((cluster, attribute)):
            return bytes([STRING, len(text)]) + text
        if found := numbers.get((cluster, attribute)):
            return bytes([found[0]]) + found[1]
        return None

    def _read(self, cluster: int, attribute: int, *, standard: bool) -> bytes:
        value = self._attribute(cluster, attribute) if standard else None
        head = struct.pack("<H", attribute)
        return head + bytes([UNSUPPORTED_ATTRIBUTE]) if value is None else head + b"\0" + value

    def _write(self, cluster: int, payload: bytes) -> None:
        attribute, _type = struct.unpack_from("<HB", payload)
        if self.mood is Mood.FORGETFUL:
            return
        if (cluster, attribute) == (DOOR_LOCK, AUTO_RELOCK):
            (self.auto_relock,) = struct.unpack_from("<I", payload, 3)
        elif (cluster, attribute) == (DOOR_LOCK, SOUND_VOLUME):
            self.volume = payload[3]

    # What the lock says of itself

    def _move(self, state: int) -> None:
        self.state = state
        self._report(DOOR_LOCK, LOCK_STATE)

    def _operation(self, source: Source, what: Operation, user: int = 0) -> None:
        self._tell(DOOR_LOCK, 0x20, struct.pack("<BBHBIB", source, what, user, 0, 0, 0))

    def _programming(self, source: Source, happened: Happened) -> None:
        """Programming event (0x21); the PIN itself is left out."""
        code = happened.code
        fields = (source, happened.what, happened.user, 0, code.user_type, code.status, 0, 0)
        self._tell(DOOR_LOCK, 0x21, struct.pack("<BBHBBBIB", *fields))

    def _report(self, cluster: int, attribute: int) -> None:
        value = self._attribute(cluster, attribute)
        assert value is not None, "the lock reports only what it has"
        self._tell(cluster, 0x0A, struct.pack("<H", attribute) + value, flags=0)

    def _tell(self, cluster: int, command: int, payload: bytes, flags: int = CLUSTER_SPECIFIC) -> None:
        self._sequence = (self._sequence + 1) % 256
        head = FROM_SERVER | NO_DEFAULT_RESPONSE | flags
        self._send(cluster, bytes([head, self._sequence, command]) + payload)
