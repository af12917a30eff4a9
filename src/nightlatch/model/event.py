"""What happens at a door, at a hub and in Nightlatch itself: one flat struct, whoever told it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

import msgspec

Kind = Literal[
    # at the lock
    "locked",
    "unlocked",
    "jammed",
    "wrong_code",
    "keypad_disabled",
    "keypad_enabled",
    "tamper",
    "battery",
    "offline",
    "online",
    "parameter_changed",
    "code_added",
    "code_changed",
    "code_removed",
    # at the door
    "door_opened",
    "door_closed",
    "door_forced",
    # at the hub
    "connected",
    "disconnected",
    "gap",
    "security_changed",
    "join_opened",
    "join_closed",
    # by Nightlatch
    "started",
    "stopped",
    "clock_step",
    "command",
    "outcome",
    "autolock",
    "alert",
    "delivery",
    "audited",
    "verified",
    "key_rotated",
    "erased",
    "retained",
    "restored",
    # of access
    "person",
    "grant",
    "credential",
    "ledger",
    "feed",
    # in the web app
    "act",
]
"""What happened.

`battery` carries the charge in %; `offline` and `online` are the lock's own reachability;
`connected` and `disconnected` are a hub's, and each `connected` after the first is followed by a
`gap`: from `since` to `at` things may have happened that nobody heard. `command` is what Nightlatch
sent, `outcome` how it ended. `retained` tells that contents older than `value` days were dropped.
`person`, `grant` and `credential` are what people did to access (`name`: added, changed, ended, …);
`ledger` is a change of one line of the ledger: `value` its new state (`kept`: a foreign one that the owner
lets stay), `slot` where it is or was, `name` the credential, `since` when its evidence was had.
`act` is what a user of the web app did, or tried to: `name` which (unlock, reveal, sign-in, …), `person` who.
"""
KINDS: frozenset[str] = frozenset(get_args(Kind))
INTACT, NOT_INTACT = "intact", "not intact"
"""What a `verified` event carries; its name is the witness that was asked, nothing: the journal by itself."""

By = Literal["", "code", "tag", "biometric", "key", "thumb", "manual", "touch", "remote", "voice", "auto", "schedule"]
"""By what a lock was locked or unlocked.

`manual` is a key or a thumb-turn where the lock does not say which; `touch` a button outside;
`remote` any command over the radio, hub or app; `auto` the lock's own relock; nothing: not told.
"""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(at: datetime) -> int:
    """An instant as whole µs since 1970-01-01T00:00:00Z: what events carry, exact and quick to compare."""
    return (at - EPOCH) // _MICROSECOND


def instant(at: int) -> datetime:
    """The instant of `micros`, in UTC."""
    return EPOCH + at * _MICROSECOND


class Event(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Something that happened, as it was heard.

    It holds no secret: the PIN that somebody typed is never part of it, and `raw` is the peer's
    message with every PIN, key and token taken out.
    """

    at: int
    """When Nightlatch heard it, µs since 1970 (`micros`, `instant`)."""
    kind: Kind
    about: str
    """The thing it happened to, as `str(Ref)`: "lock:front", "hub:zwavejs:controller", "home"."""
    source: str = ""
    """The id of the ecosystem that told it; nothing when Nightlatch itself did."""
    by: By = ""
    slot: int = 0
    """The code slot or user index that was used or changed; 0: none, or not told."""
    person: str = ""
    """The id of the person whose credential it was, once that is known."""
    value: int | str = ""
    """What it carries: a charge in %, a parameter's new value, a security class."""
    name: str = ""
    """Which parameter, command or detection it is about."""
    since: int = 0
    """Where it began, µs since 1970: a gap's, a clock step's former time."""
    told: int = 0
    """When the peer says it happened, where the peer has a clock; µs since 1970."""
    resync: bool = False
    """Found out late, after a reconnect or once its hub reached the lock again: it happened some time since `since`."""
    detail: str = ""
    """In words for people: what the peer said that the fields do not hold."""
    raw: str = ""
    """The peer's own message, redacted, as JSON."""

    @property
    def instant(self) -> datetime:
        """When it was heard, in UTC."""
        return instant(self.at)


Bolt = Literal["thrown", "retracted", "jammed", "unknown"]
DoorState = Literal["closed", "open", "unknown"]


class State(msgspec.Struct, frozen=True, omit_defaults=True):
    """How one lock stands, as its hub tells it when asked. None: this lock or hub does not tell.

    `at` is when the lock itself last reported the bolt; 0 when the hub only remembers it.
    """

    about: str
    at: int = 0
    bolt: Bolt | None = None
    door: DoorState | None = None
    """None: it has no door sensor."""
    battery: int | None = None
    """Charge in %."""
    reachable: bool | None = None
    keypad_disabled: bool | None = None
    security: str | None = None
    """The link's security, as `Lock.security` has it."""
    relock_s: int | None = None
    """After how many seconds it locks itself; 0: never."""
    codes: dict[int, str] | None = None
    """Slots in use, each with a digest that tells a change (never the code), where the hub lists them."""
    door_at: int | None = None
    """When the door's sensor last reported; 0: the hub only remembers it; None: together with the bolt."""
