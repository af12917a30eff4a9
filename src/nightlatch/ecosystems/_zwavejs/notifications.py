"""What the numbers of notifications mean: Z-Wave specification, as zwave-js lists them.

zwave-js, packages/core/src/registries/Notifications.ts. Some come as events, others as states of a value.
"""

from __future__ import annotations

from nightlatch.model.event import By, Kind

ACCESS_CONTROL, HOME_SECURITY = 6, 7

KEYPAD_DISABLED = 16
OPEN, CLOSED = (22, 0x1600, 0x1601), 23
"""Of a door: open, open in regular position, tilted; closed."""
NOT_FULLY_LOCKED = (7, 8, 10, 11)
"""By hand, by radio, by itself; jammed."""
ALL_CODES_DELETED, CODE_DELETED, CODE_ADDED, PROGRAM_CODE = 12, 13, 14, 18
DUPLICATE_CODE, KEYPAD_BUSY = 15, 17
"""Why a code was not added."""
KEYPAD_LOCK = 5

OPERATIONS: dict[int, tuple[Kind, By]] = {
    1: ("locked", "manual"),
    2: ("unlocked", "manual"),
    3: ("locked", "remote"),
    4: ("unlocked", "remote"),
    KEYPAD_LOCK: ("locked", "code"),
    6: ("unlocked", "code"),
    9: ("locked", "auto"),
    33: ("locked", "code"),
    34: ("unlocked", "code"),
    35: ("locked", "code"),
    36: ("unlocked", "code"),
}
"""Of Access Control: the lock was operated, and by what."""

BY_CREDENTIAL: dict[int | None, By] = {
    3: "tag",
    5: "tag",
    7: "biometric",
    8: "biometric",
    9: "biometric",
    10: "biometric",
}
"""Credential types of the User Credential classes: RFID, NFC; eye, face, finger, hand. Others count as codes."""

DENIED = frozenset(((HOME_SECURITY, 4), *((ACCESS_CONTROL, event) for event in (19, 20, 21, 47, 48, 49, 50))))
"""A code was tried and not taken: wrong, too often, by radio (20, 21), of a disabled user, outside its schedule."""
DENIED_BY_RADIO = frozenset(((ACCESS_CONTROL, 20), (ACCESS_CONTROL, 21)))
FORCED = frozenset((HOME_SECURITY, event) for event in (1, 2, 5, 6))
"""Intrusion, glass breakage."""
TAMPERED = frozenset((HOME_SECURITY, event) for event in (3, 9, 10, 12))
"""Cover removed, moved, impact, radio jamming."""

REPLACE_BATTERY = {10: "the lock asks for new batteries soon", 11: "the lock asks for new batteries now"}
"""Power Management."""
