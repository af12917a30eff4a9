"""Whose code is in each slot, and when it may be used: what the guard judges events at doors by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
from msgspec.structs import replace

from nightlatch.guard.household import Holder
from nightlatch.model.access import EVERY_DOOR, OPENS, Entry, Grant, Person


class Given(msgspec.Struct, frozen=True):
    """What the guard is told of access."""

    holders: Mapping[tuple[str, int], Holder] = {}
    """By (lock, slot): every code that a grant or the owner explains."""
    people: tuple[Person, ...] = ()


def given(
    entries: Iterable[Entry], people: Iterable[Person], grants: Iterable[Grant], door_of: Mapping[str, str]
) -> Given:
    """The holders of what may be on the locks; `door_of` is the door of each lock.

    Of a grant for so many uses the last one is still leave: what comes after it finds the code being
    removed, and its grant ended.
    """
    everybody = {person.id: person for person in people}
    to: dict[str, list[Grant]] = {}
    for grant in grants:
        to.setdefault(grant.to, []).append(grant)
    found: dict[tuple[str, int], Holder] = {}
    for entry in entries:
        if entry.state not in OPENS or not entry.slot or (not entry.credential and not entry.kept):
            continue
        if entry.kept or not entry.credential:
            found[entry.lock, entry.slot] = Holder(entry.person)
            continue
        person = everybody.get(entry.person)
        leave = _leave(entry, person, to, door_of) if person is not None and not person.ended else ()
        if entry.state in ("removing", "exposed"):
            leave = tuple(grant for grant in leave if not grant.uses or grant.used < grant.uses)
        over = 0 if leave else entry.since
        found[entry.lock, entry.slot] = Holder(
            entry.person, ends=over, grants=tuple(replace(grant, uses=0) if grant.uses else grant for grant in leave)
        )
    return Given(found, tuple(one for one in everybody.values() if not one.ended))


def _leave(
    entry: Entry, person: Person, to: Mapping[str, list[Grant]], door_of: Mapping[str, str]
) -> tuple[Grant, ...]:
    here = {EVERY_DOOR, entry.lock, door_of.get(entry.lock, entry.lock)}
    names = (f"person:{person.id}", *(f"group:{group}" for group in person.groups))
    return tuple(grant for name in names for grant in to.get(name, ()) if not here.isdisjoint(grant.doors))
