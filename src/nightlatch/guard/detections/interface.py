"""The one interface of a detection: events and due times in, what it noticed out. No I/O and no clock of its own."""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, ClassVar, TypeVar

import msgspec

from nightlatch.guard.duetimes import DueTimes
from nightlatch.guard.household import Household
from nightlatch.guard.localtime import LocalTime
from nightlatch.model.event import Kind
from nightlatch.model.finding import Severity

SECOND = 1_000_000
"""In µs, the unit of an event's time."""
MINUTE = 60 * SECOND
DAY = 86_400 * SECOND
MOST = 32_768
"""How many locks, doors or codes a detection remembers beside those of the household: a flood invents any number."""

K = TypeVar("K")
V = TypeVar("V")
Method = TypeVar("Method", bound=Callable[..., None])


class Thresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What `[detections.ID]` of the configuration sets. A detection subclasses it.

    Each field is Annotated with a msgspec.Meta: its description (what the docs say) and its bounds.
    """

    on: bool = True


class Noticed(msgspec.Struct, frozen=True):
    """Something that a detection noticed, or (`over`) that it is over again.

    `key` tells one case from the next of the same detection: what repeats under an open alert's key
    is counted there and raises no second one.
    """

    detection: str
    about: str
    at: int
    severity: Severity = Severity.MEDIUM
    what: str = ""
    """One sentence for people, without PIN, surname and address; the person by id in `person`."""
    key: str = ""
    person: str = ""
    over: bool = False


class Setting:
    """What the detections of one engine work in: the household, its clocks, and a way to tell."""

    __slots__ = ("door_of", "dues", "household", "known", "local", "locks_of", "noticed", "now", "roaming", "shift")

    def __init__(self, household: Household) -> None:
        self.noticed: list[Noticed] = []
        self.dues = DueTimes()
        self.now = 0
        """Engine time, µs: event time that never goes back. Lengths of time are measured by it."""
        self.shift = 0
        """Engine time minus wall time, µs: what the wall clock was set back by, in sum."""
        self.live_in(household)

    def live_in(self, household: Household) -> None:
        """Take a household in the place of the former one."""
        self.household = household
        self.local = LocalTime(household.zone)
        self.door_of = household.door_of
        self.locks_of: dict[str, list[str]] = {}
        """The locks of each door."""
        for lock, door in household.door_of.items():
            self.locks_of.setdefault(door, []).append(lock)
        self.roaming: dict[tuple[str, int], str] = _roaming(household)
        """The person of each credential (lock, slot) whose person has credentials at several doors."""
        doors = (*household.locks, *household.door_of, *household.door_of.values())
        slots = (f"{lock}/{slot}" for lock, slot in household.holders)
        self.known: frozenset[object] = frozenset((*doors, *household.holders, *slots))
        """The household's locks, doors and credentials, these as (lock, slot) and "lock:front/3"."""


def _roaming(household: Household) -> dict[tuple[str, int], str]:
    doors: dict[str, set[str]] = {}
    for (lock, _), holder in household.holders.items():
        doors.setdefault(holder.person, set()).add(household.door_of.get(lock, lock))
    people = {person for person, found in doors.items() if person and len(found) > 1}
    return {slot: holder.person for slot, holder in household.holders.items() if holder.person in people}


def hears(*kinds: Kind) -> Callable[[Method], Method]:
    """Marks the method of a detection that is given every event of these kinds."""

    def mark(method: Method) -> Method:
        method.__dict__["hears"] = kinds
        return method

    return mark


class Detection(ABC):
    """Watches the events of some kinds. One file each; found by its id. Its docstring is its page.

    The same events in the same order always give the same notices, live, after a restart and in a
    replay: nothing but the events, the due times and the household goes in. `state` is plain data
    that msgspec can encode; it is what survives a restart. It holds no person, only locks and slots,
    and is bounded whatever comes (`self.room`).
    """

    id: ClassVar[str]
    title: ClassVar[str]
    """What it watches for, in words."""
    severity: ClassVar[Severity]
    hearing: ClassVar[Mapping[str, str]]
    """The method that is given the events of a kind."""
    Thresholds: ClassVar[type[Thresholds]] = Thresholds

    def __init_subclass__(cls, id: str = "", **kwargs: object) -> None:  # noqa: A002
        super().__init_subclass__(**kwargs)
        if id:
            cls.id = id
        heard = ((name, kind) for name, method in vars(cls).items() for kind in getattr(method, "hears", ()))
        cls.hearing = {**getattr(cls, "hearing", {}), **{kind: name for name, kind in heard}}

    def __init__(self, thresholds: Any, setting: Setting) -> None:
        self.thresholds = thresholds
        self.setting = setting

    def due(self, at: int, key: str) -> None:
        """A time it asked to be woken at has come (µs, engine time). Called in the order of time, between events."""
        raise NotImplementedError(f"{self.id} asked to be woken, and does not wake")

    def state(self) -> Any:
        """What must survive a restart; None when there is nothing."""
        return None

    def restore(self, state: Any) -> None:
        """Take back what `state` gave, decoded from JSON; not called when that was None.

        It raises msgspec.ValidationError, ValueError, TypeError or LookupError for anything else.
        """
        raise NotImplementedError(f"{self.id} gives a state, and does not take it back")

    def wake(self, after: int, key: str) -> None:
        """Ask for `due` in `after` µs from now, in place of any former time for this key."""
        self.setting.dues.put(self.id, key, self.setting.now + after)

    def sleep(self, key: str) -> None:
        """Ask not to be woken for this key after all."""
        self.setting.dues.drop(self.id, key)

    def tell(
        self, at: int, about: str, what: str, *, key: str = "", person: str = "", severity: Severity | None = None
    ) -> None:
        """Raise a notice."""
        told = Noticed(self.id, about, at, severity or self.severity, what, key or about, person)
        self.setting.noticed.append(told)

    def end(self, at: int, about: str, what: str, *, key: str = "") -> None:
        """Tell that a case is over."""
        self.setting.noticed.append(Noticed(self.id, about, at, self.severity, what, key or about, over=True))

    def wall(self, at: int) -> int:
        """The wall time of an engine time, µs."""
        return at - self.setting.shift

    def room(self, table: MutableMapping[K, V]) -> None:
        """Make room for one more entry, and sleep for the one that goes: strangers, in the order they came.

        What the household knows is put behind on the way and always has its place beside `MOST` strangers:
        a flood of invented locks cannot drive it out, and an entry costs no more the longer the flood lasts.
        """
        if len(table) < MOST:
            return
        known = self.setting.known
        while len(table) >= MOST + len(known):
            key = next(iter(table))
            value = table.pop(key)
            if key in known:
                table[key] = value
            else:
                self.forget(key, value)

    def forget(self, key: Any, value: Any) -> None:  # noqa: ARG002  # what counts its entries looks at them
        """One entry went to make room: nothing is waited for any more."""
        self.sleep(str(key))

    def door(self, about: str) -> str:
        """The door of a lock; what is no lock, or has no door, stands for itself."""
        return self.setting.door_of.get(about, about)

    def place(self, about: str) -> str:
        """What people call the door of a lock, else the thing itself."""
        return self.setting.household.name(self.door(about))
