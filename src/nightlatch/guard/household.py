"""What the guard knows of the home beside events: doors, people, codes, and what is switched on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, tzinfo

import msgspec

from nightlatch.model.access import Grant
from nightlatch.model.event import Event


class Holder(msgspec.Struct, frozen=True):
    """What is known of one credential: whose it is, and when it may be used.

    `starts` and `ends` are µs since 1970, 0: unbounded. `windows` are minutes of the week at home,
    Monday 00:00 = 0, as (begin, end) with begin < end; none: always. Where there are `grants`, one of
    them must hold too.
    """

    person: str = ""
    starts: int = 0
    ends: int = 0
    windows: tuple[tuple[int, int], ...] = ()
    grants: tuple[Grant, ...] = ()


def _by_nobody(lock: str, slot: int) -> str:  # noqa: ARG001  # what stands in until the home is known
    return ""


class Household(msgspec.Struct, frozen=True):
    """The home as the guard sees it; replaced whole when the configuration or an audit tells otherwise.

    Locks and doors are named as in events: "lock:front", "door:front".
    """

    zone: tzinfo = UTC
    locks: tuple[str, ...] = ()
    names: Mapping[str, str] = {}
    """What people call each thing."""
    door_of: Mapping[str, str] = {}
    """The door of each lock."""
    holders: Mapping[tuple[str, int], Holder] = {}
    """By (lock, slot): every credential that the owner has explained."""
    people: Mapping[str, str] = {}
    """The first name of each person, by id: what a message may say."""
    residents: frozenset[str] = frozenset()
    remote: bool | None = None
    """Whether the owner needs unlocking from afar; None: never said."""
    voice: bool | None = None
    by_hand: Callable[[str, int], str] = _by_nobody
    """How somebody takes a code off a lock themselves, in a sentence; nothing when that is not known."""

    def name(self, about: str) -> str:
        """What people call a thing: its name, else its key."""
        return self.names.get(about) or about.partition(":")[2] or about

    def person(self, event: Event) -> str:
        """The id of the person behind an event; nothing when that is not known."""
        if event.person or not event.slot:
            return event.person
        holder = self.holders.get((event.about, event.slot))
        return holder.person if holder else ""
