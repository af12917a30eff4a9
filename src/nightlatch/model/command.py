"""What Nightlatch asks of a lock or a hub, and how that can end."""

from __future__ import annotations

from typing import Literal

import msgspec

from nightlatch.model.evidence import Ref
from nightlatch.secrets import Secret


class LockDoor(msgspec.Struct, frozen=True, tag="lock"):
    """Throw the bolt."""

    about: Ref


class UnlockDoor(msgspec.Struct, frozen=True, tag="unlock"):
    """Retract the bolt."""

    about: Ref


class SetParameter(msgspec.Struct, frozen=True, tag="set_parameter"):
    """Set one of the lock's own settings: `name` is a field of `Lock` (auto_relock_s, wrong_code_limit, …)."""

    about: Ref
    name: str
    value: int


class CloseJoin(msgspec.Struct, frozen=True, tag="close_join"):
    """Let no new device into the hub's network any more. `about` is the hub."""

    about: Ref


class YearDay(msgspec.Struct, frozen=True, tag="year_day"):
    """A code works from `begins` to `ends`, µs since 1970."""

    begins: int
    ends: int


class WeekDay(msgspec.Struct, frozen=True, tag="week_day"):
    """A code works on `days` (Monday 0 to Sunday 6), from minute `begins` to before minute `ends` (1 to 1440).

    Local time at home; it does not cross midnight.
    """

    days: tuple[int, ...]
    begins: int
    ends: int


Limit = YearDay | WeekDay
"""What a lock by itself holds a code to."""


class SetCode(msgspec.Struct, frozen=True, tag="set_code"):
    """Put a PIN into a slot, in the place of what is there, and hold it to `limits` (none: it always works).

    The ecosystem writes only what it can do whole: where the lock cannot keep these limits it refuses
    before it writes (`why` "limits"), and a code whose limits could not be proven is taken off again.
    Between its commands no code works outside its limits. `zone` is the IANA zone of the home.
    """

    about: Ref
    slot: int
    code: Secret
    limits: tuple[Limit, ...] = ()
    zone: str = "UTC"


class ClearCode(msgspec.Struct, frozen=True, tag="clear_code"):
    """Empty a slot, its limits included, and read back that it is empty."""

    about: Ref
    slot: int


class ReadCodes(msgspec.Struct, frozen=True, tag="read_codes"):
    """Read slots from the lock itself, never from the hub's memory.

    Without `slots`: what the lock keeps to (`Outcome.rules`), and the slots that it can list without
    being asked for each one. It changes nothing.
    """

    about: Ref
    slots: tuple[int, ...] = ()


Command = LockDoor | UnlockDoor | SetParameter | CloseJoin | SetCode | ClearCode | ReadCodes

Proof = Literal["none", "assumed", "acknowledged", "presence", "value"]
"""How it is known what is in a slot, weakest first.

`value`: the lock gave back the code itself, or told that the slot is empty. `presence`: it told
that something is there. `acknowledged`: it, or its hub, said yes to a command. `assumed`: its hub
remembers it.
"""

Form = Literal["pin", "tag", "fingerprint", "face", "app", "master", "other"]


class Slot(msgspec.Struct, frozen=True):
    """What is in one slot of a lock. Its code stays in memory: a Secret cannot be encoded."""

    slot: int
    status: Literal["empty", "used", "disabled", "unknown"]
    proof: Proof
    code: Secret | None = None
    """The code, where the lock gives it back."""
    form: Form = "pin"
    name: str = ""
    """What the lock or the hub calls it."""
    creator: str = ""
    """Which controller put it there, in words, where the lock tells."""
    foreign: bool | None = None
    """Whether that controller is another than the hub that was asked; None: not told."""
    limits: tuple[Limit, ...] | None = None
    """The schedules on the lock; None: they were not read."""


class Rules(msgspec.Struct, frozen=True):
    """What a lock keeps to about codes, as it tells itself. None: it does not tell."""

    slots: int
    """Slots 1 to this number."""
    shortest: int | None = None
    """Digits."""
    longest: int | None = None
    gives_codes: bool = False
    """It gives codes back when read; otherwise only whether there is one."""
    reports_changes: bool = False
    """It tells by itself when a code is added or removed, at its keypad too."""
    reports_use: bool = False
    """It tells which slot opened it."""
    year_days: int = 0
    """How many `YearDay` limits one code can have."""
    week_days: int = 0
    """How many `WeekDay` limits one code can have, each day of the week counted."""
    days_together: bool = False
    """A `WeekDay` of several days counts once against `week_days`."""
    master: bool = False
    """It has a master (admin) code beside its slots."""
    reads_each: bool = True
    """Each slot costs a message to read; otherwise a ReadCodes without slots lists every one in use."""


Why = Literal["", "duplicate", "full", "invalid", "limits", "unheeded", "unsupported", "denied", "slot"]


class Outcome(msgspec.Struct, frozen=True):
    """How a command ended. An acknowledgement alone is `unknown`: acknowledged is not done.

    `evidence`: the lock reported the wanted state after the command. `refused`: the lock or hub said
    no, or reported another state (a jam). `unknown`: nothing was read back in time.
    """

    ending: Literal["evidence", "refused", "unknown"]
    what: str
    """In words: "bolt thrown", "the bolt jammed", "no answer within 10 s"."""
    where: str = ""
    """The place of the evidence: "node 3, Door Lock boltStatus"."""
    at: int = 0
    """When the evidence was heard, µs since 1970."""
    why: Why = ""
    """Why a code command was refused, where that is known.

    `unheeded`: the lock said yes, or nothing, and what it gave back shows that it did not do it.
    `slot`: there is no such slot, or it is not to be written. `denied`: the hub does not allow it.
    """
    slots: tuple[Slot, ...] = ()
    """What was read of slots, by every code command."""
    rules: Rules | None = None
    sent: int = 0
    """How many messages were sent to the lock for it."""
