"""Who may open which door when, and what is known of the codes on locks. Times are µs since 1970; 0: none."""

from __future__ import annotations

from datetime import date
from typing import Literal, get_args

import msgspec

from nightlatch.model.command import Form, Limit, Proof

Role = Literal["resident", "regular", "guest", "service"]
ROLES: tuple[Role, ...] = get_args(Role)

EVERY_DOOR = "*"
"""In a grant's doors: every door that there is, now and later."""


class Person(msgspec.Struct, frozen=True):
    """Somebody who is given access. `groups` name what they belong to: "family", "cleaners"."""

    id: str
    name: str
    role: Role = "guest"
    groups: tuple[str, ...] = ()
    ended: int = 0
    """When they were removed: they have no grants any more, and stay listed until every code is proven gone."""


class Always(msgspec.Struct, frozen=True, tag="always"):
    """At any time between the grant's start and end."""


class Weekly(msgspec.Struct, frozen=True, tag="weekly"):
    """Windows of the week at home: (begin, end) in minutes from Monday 00:00, begin from 0 to 10079.

    `end` is after `begin`, at most 10080 later: a window may cross midnight, and Sunday's into Monday.
    """

    windows: tuple[tuple[int, int], ...]


class Dates(msgspec.Struct, frozen=True, tag="dates"):
    """Days at home, first and last included; on each from minute `begins` to minute `ends`.

    `ends` is after `begins`, at most 1440 later: it may be the next day's.
    """

    ranges: tuple[tuple[date, date], ...]
    begins: int = 0
    ends: int = 1440


class Recurring(msgspec.Struct, frozen=True, tag="recurring"):
    """An RFC 5545 RRULE from `start` (local time at home, ISO without a zone), each time for so many minutes."""

    rule: str
    start: str
    minutes: int


Schedule = Always | Weekly | Dates | Recurring


class Grant(msgspec.Struct, frozen=True):
    """A person's, or a group's, leave to open doors."""

    id: str
    to: str
    """"person:ana" or "group:family"."""
    doors: tuple[str, ...]
    """"door:front"; "lock:shed" for a lock without a door; or EVERY_DOOR."""
    schedule: Schedule = Always()
    starts: int = 0
    ends: int = 0
    uses: int = 0
    """After how many uses it ends; 0: any number."""
    used: int = 0
    """How often it was used by now; counted where `uses` is set."""
    reason: str = ""
    by: str = ""
    """Who gave it, in words."""
    made: int = 0
    ended: int = 0
    """When it was ended before its time."""
    feed: str = ""
    """The id of the calendar feed that it came from, and `booking` the key of its entry there."""
    booking: str = ""


class Credential(msgspec.Struct, frozen=True):
    """A person's PIN. Its digits are in the vault, under this id."""

    id: str
    person: str
    digits: int
    """How many."""
    made: int = 0
    ended: int = 0
    """When another took its place, or its person was removed: it is wanted nowhere from then on."""
    chosen: bool = False
    """The owner chose it; otherwise it was made by chance."""


class Feed(msgspec.Struct, frozen=True):
    """A calendar whose entries are stays. Its address holds a token and is in the vault, under this id."""

    id: str
    doors: tuple[str, ...]
    name: str = ""
    checkin: int = 15 * 60
    """For entries that are whole days: the minute of the first day at home."""
    checkout: int = 11 * 60
    """The minute of the day after the last night."""
    read: int = 0
    """When it was last read well."""
    tried: int = 0
    trouble: str = ""
    """Why it could not be read then; nothing when it could."""


LedgerState = Literal[
    "planned", "setting", "present", "changing", "removing", "exposed", "absent", "foreign", "blocked"
]
LEDGER_STATES: tuple[LedgerState, ...] = get_args(LedgerState)
OPENS: frozenset[LedgerState] = frozenset(("setting", "present", "changing", "removing", "exposed", "foreign"))
"""States in which the code may be on the lock."""


class Entry(msgspec.Struct, frozen=True):
    """One line of the ledger: what is known of one credential on one lock, or of one foreign slot.

    `planned`: wanted, now or later, and nothing was sent. `setting`: sent, not proven. `present`:
    proven by value or presence. `changing`: on the lock, and to be written anew. `removing`: to be
    gone, within its deadline. `exposed`: should be gone, and is not proven gone. `absent`: proven
    gone. `foreign`: on the lock, explained by no grant. `blocked`: wanted, and cannot be.
    """

    lock: str
    """"lock:front"."""
    credential: str = ""
    """Nothing: foreign."""
    slot: int = 0
    """0: none was taken yet."""
    state: LedgerState = "planned"
    since: int = 0
    """Since when it is in this state."""
    proof: Proof = "none"
    """Of the last evidence of what is in the slot, at `seen`."""
    seen: int = 0
    present: bool | None = None
    """Whether that evidence showed this code on the lock; None: there is none."""
    limits: tuple[Limit, ...] = ()
    """What the lock holds it to by itself."""
    due: int = 0
    """By when it must be gone."""
    tries: int = 0
    """Attempts in a row that did not end in what was wanted."""
    unheeded: int = 0
    """How many of them in a row the lock said yes to, and did not do."""
    after: int = 0
    """Not to be tried again before."""
    reason: str = ""
    """In words: why it is blocked or exposed, what the lock said last."""
    form: Form = "pin"
    name: str = ""
    """What the lock or hub calls a foreign one, or what the owner called it when they kept it."""
    creator: str = ""
    kept: bool = False
    """A foreign one that the owner knows of, and lets stay."""
    declared: bool = False
    """It is kept because nightlatch.toml says whose the code in its slot is, and for as long as it does."""
    person: str = ""
    """Whose it is; of a foreign one, once the owner said so."""
    used: int = 0
    """When it last opened the door."""
    mark: str = ""
    """Of a foreign one that the lock gives back: tells it from another code in its slot, by a keyed digest."""


class Decision(msgspec.Struct, frozen=True):
    """What the owner said of a foreign code. It holds for the code that was in the slot then, and for no other."""

    id: str
    """"lock:front/3"."""
    lock: str
    slot: int
    does: Literal["keep", "take", "remove"]
    """`take`: keep it, and manage it as the person's code once it was read."""
    since: int
    """Since when the line was foreign, as the owner saw it."""
    mark: str = ""
    """The line's, as the owner saw it."""
    name: str = ""
    person: str = ""
    at: int = 0


class Retired(msgspec.Struct, frozen=True):
    """A lock that is given up: codes come off it, and no grant puts one there."""

    id: str
    """"lock:front"."""
    at: int
    foreign: bool = False
    """Codes that Nightlatch did not put there go too."""
