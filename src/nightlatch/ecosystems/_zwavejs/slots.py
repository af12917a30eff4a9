"""What a lock says of its code slots, and what is remembered of how it keeps codes."""

from __future__ import annotations

from typing import Literal

from msgspec import Raw, Struct, field

from nightlatch.ecosystems._zwavejs.limits import Room
from nightlatch.ecosystems._zwavejs.messages import UserCode, decoded
from nightlatch.ecosystems._zwavejs.state import Reported
from nightlatch.model.command import Form, Slot
from nightlatch.secrets import Secret

MASTER_SLOT = 251
"""User 251 is the master code of Yale locks (their guides to Z-Wave); no other lock has so many users in version 1."""
ADMIN_SLOT = 0
"""What the administrator's code of User Code version 2 and of User Credential is called here."""

SHORTEST, LONGEST = 4, 10
"""Digits of a code: Z-Wave User Code."""

EMPTY, ENABLED, DISABLED, NO_SUCH_SLOT = 0, 1, 2, 254
_CODE_DELETED, _CODE_ADDED, _KEYPAD_UNLOCK = "13", "14", "6"
_ACCESS_CONTROL = "6"

Status = Literal["empty", "used", "disabled", "unknown"]


class Habits(Struct):
    """How a lock keeps codes, as it showed; outlives a connection."""

    gives: bool | None = None
    """It gives codes back; None: it never had to show one."""
    limited: dict[int, bool] = field(default_factory=dict)
    """By slot whether schedules may hold it; a slot that is not listed may be."""
    own_node: int | None = None
    """The node number of the hub itself."""
    room: Room | None = None
    parks: bool | None = None
    """It keeps a code that is disabled (User Code version 2); None: not asked yet."""
    clock_right: int = 0
    """When its clock was last found right, µs; by the zone `clock_zone`."""
    clock_zone: str = ""
    loses_limits: bool = False
    """It once set a code and lost the schedules that waited in its slot."""


class Tells(Struct, frozen=True):
    """What a lock reports by itself: changes of its codes, and which slot opened it."""

    changes: bool
    use: bool


def reports(reported: Reported | None) -> Tells:
    """By the notifications that it supports, as the hub was told when the lock joined."""
    types = reported.types() if reported is not None else {}
    events = types[_ACCESS_CONTROL].supportedEvents if _ACCESS_CONTROL in types else {}
    return Tells(_CODE_ADDED in events and _CODE_DELETED in events, _KEYPAD_UNLOCK in events)


def pin(raw: Raw | None) -> Secret | None:
    """A PIN made of digits; None where the lock shows asterisks, raw bytes or nothing."""
    text = decoded(raw, str)
    return Secret(text) if text and text.isascii() and text.isdigit() else None


def slot_of(number: int, found: UserCode) -> Slot:
    """A slot as the lock itself answered."""
    form: Form = "master" if number in (ADMIN_SLOT, MASTER_SLOT) else "pin"
    if found.userIdStatus == NO_SUCH_SLOT:
        return Slot(number, "unknown", "none", form=form)
    if found.userIdStatus == EMPTY:
        return Slot(number, "empty", "value", form=form)
    code = pin(found.userCode)
    status: Status = "used" if found.userIdStatus != DISABLED else "disabled"
    return Slot(number, status, "value" if code is not None else "presence", code, form=form)


def admin_slot(code: Raw) -> Slot | None:
    """The administrator's code; None where the lock did not answer."""
    text = decoded(code, str)
    if text is None:
        return None
    secret = pin(code)
    if secret is not None:
        return Slot(ADMIN_SLOT, "used", "value", secret, form="master")
    return Slot(ADMIN_SLOT, "used" if text else "empty", "presence" if text else "value", form="master")


def unfit(code: Secret, shortest: int = SHORTEST, longest: int = LONGEST) -> str:
    """Why a lock cannot take a code; nothing where it can."""
    text = code.reveal()
    if not (text.isascii() and text.isdigit()):
        return "a code is made of digits"
    if not shortest <= len(text) <= longest:
        return f"a code has {shortest} to {longest} digits"
    return ""
