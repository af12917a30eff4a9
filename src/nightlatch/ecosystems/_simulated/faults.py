"""What can be ordered to go wrong in the simulated home."""

from __future__ import annotations

import msgspec

from nightlatch.model.command import Why


class _Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind"):
    """`at` ("18:30", the home's own time) is when the settings' script orders it; tests order it at once."""

    at: str = ""


class _AtLock(_Fault, frozen=True):
    """`lock` is the lock's id in the simulated home."""

    lock: str


class Jam(_AtLock, frozen=True, tag="jam"):
    """The next `times` throws of the bolt jam."""

    times: int = 1


class Dead(_AtLock, frozen=True, tag="dead"):
    """The lock answers nothing and tells nothing for so long."""

    seconds: float


class HubLost(_Fault, frozen=True, tag="hub_lost"):
    """Every connection breaks, and none can be made for so long. What happens meanwhile nobody hears."""

    seconds: float


class HubSilent(_Fault, frozen=True, tag="hub_silent"):
    """Half-open connections: they stay, and carry nothing for so long."""

    seconds: float


class Slow(_AtLock, frozen=True, tag="slow"):
    """The lock takes so much longer to do what it is told; 0: no longer."""

    seconds: float


class WrongCodes(_AtLock, frozen=True, tag="wrong_codes"):
    """Somebody tries so many codes that are none."""

    times: int = 5
    every_s: float = 2.0


class KeypadDisabled(_AtLock, frozen=True, tag="keypad_disabled"):
    """The lock switches its keypad off for so long."""

    seconds: float = 60.0


class CoverTamper(_AtLock, frozen=True, tag="cover_tamper"):
    """Somebody takes the cover off."""


class ForcedDoor(_AtLock, frozen=True, tag="forced_door"):
    """The door opens while the bolt is thrown."""


class LeftOpen(_AtLock, frozen=True, tag="left_open"):
    """Somebody unlocks from inside and leaves the door open for so long."""

    seconds: float


class ForeignCode(_AtLock, frozen=True, tag="foreign_code"):
    """Somebody puts a code that is nobody's here into a slot, in the place of what is there.

    Without `reported` the lock does not tell it, so that only reading the slot finds it out.
    """

    slot: int = 20
    reported: bool = True


class CodeDeleted(_AtLock, frozen=True, tag="code_deleted"):
    """Somebody deletes the code of a slot at the keypad."""

    slot: int
    reported: bool = True


class CodesLost(_AtLock, frozen=True, tag="codes_lost"):
    """The lock loses every code, and its hub still lists them unless it is `reported`."""

    reported: bool = False


class Refuse(_AtLock, frozen=True, tag="refuse"):
    """The lock says no to the next `times` commands that would change something.

    `why` is told with it, as in `Outcome.why`; "full" and "duplicate" are kept for commands that set a code.
    """

    times: int = 1
    why: Why = ""


class Unheeded(_AtLock, frozen=True, tag="unheeded"):
    """The lock says yes to the next `times` commands that would change something, and does nothing."""

    times: int = 1


class Dropped(_AtLock, frozen=True, tag="dropped"):
    """The link drops the next `times` commands: no answer comes. `done`: the lock did each all the same."""

    times: int = 1
    done: bool = False


class Battery(_AtLock, frozen=True, tag="battery"):
    """The charge falls to so many %."""

    percent: int


class Downgrade(_AtLock, frozen=True, tag="downgrade"):
    """The lock talks with a weaker security class from now on."""

    security: str = "none"


class JoinOpened(_Fault, frozen=True, tag="join_opened"):
    """The hub lets new devices in for so long."""

    seconds: float = 60.0


class Flood(_Fault, frozen=True, tag="flood"):
    """So many events a second over all locks, or over one; for ever when `seconds` is 0."""

    per_second: float
    seconds: float = 0.0
    lock: str = ""


Fault = (
    Jam
    | Dead
    | HubLost
    | HubSilent
    | Slow
    | WrongCodes
    | KeypadDisabled
    | CoverTamper
    | ForcedDoor
    | LeftOpen
    | ForeignCode
    | CodeDeleted
    | CodesLost
    | Refuse
    | Unheeded
    | Dropped
    | Battery
    | Downgrade
    | JoinOpened
    | Flood
)
